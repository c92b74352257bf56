r"""Which theorems apply, given what one is ready to assume; the tightest first at given numbers.

>>> from theory.assumptions import BoundedDelay, InitialGap, Smooth
>>> found = applicable([Smooth(), InitialGap(), BoundedDelay()], L=1, Delta=1, tau=2, T=100)
>>> [match.theorem.name for match in found if match.theorem.name.startswith("lian2015")][0]
'lian2015.gradient_descent'
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sympy import Integer, sympify

from theory.assumptions import (
    Assumed,
    BoundedDelay,
    DelayedProximalGradient,
    ReadsThePast,
    StaleSGD,
)
from theory.assumptions.base import Counting
from theory.enclosure import sign_of_constant
from theory.theorem import Theorem

NOISE = "theory.assumptions.noise"


@dataclass(frozen=True)
class Applicable:
    """A theorem whose assumptions are met.

    `bound` is its value at the given numbers, None if a constant it needs was not given; `missing`
    names these constants, and the sequences (such as free step sizes) it would need.
    """

    theorem: Theorem
    bound: Any = None
    missing: tuple[str, ...] = ()

    def __str__(self) -> str:
        value = (
            f"{float(self.bound):.6g}"
            if self.bound is not None
            else f"needs {', '.join(self.missing)}"
        )
        return f"{self.theorem.name}: {self.theorem.quantity} <= {value}"


def applicable(
    assumptions: Iterable[Assumed], among: Iterable[Theorem] | None = None, **numbers: Any
) -> list[Applicable]:
    """The theorems that apply, tightest first at given numbers.

    `assumptions` is what may be assumed of function, noise and delays, in any counting; the names
    of their constants do not matter, and what follows by the map of the assumptions need not be
    said. No record of noise among them means that there is none. The
    method and the rule for its steps are the theorem's own choice. `numbers` are constants by name;
    those that follow from others need not be given: s = tau + 1, m = s, N = tau, tau_avg = N, a
    horizon n = T - 1, sigma = 0 without noise, and eta, the largest the theorem allows. Theorems
    whose conditions the numbers break are left out, those whose bound is not known come last;
    bounds of one measure stand together.
    Raises ValueError if a number is not one, or not what its symbol allows.
    """
    given = [*assumptions]
    for assumption in given:
        if not isinstance(assumption, Assumed):
            raise ValueError(f"applicable needs records such as Smooth(), got {assumption!r}")
    given = with_what_follows(given)
    if among is None:
        from theory.results import theorems

        among = theorems().values()
    found = []
    for theorem in among:
        if theorem.status == "refuted" or unmet(theorem, given):
            continue
        match = _at(theorem, _completed(numbers, theorem, given))
        if match is not None:
            found.append(match)
    measures = [match.theorem.quantity.measure.name for match in found]
    return sorted(
        found,
        key=lambda match: (
            match.bound is None,
            measures.index(match.theorem.quantity.measure.name),
            float(match.bound) if match.bound is not None else 0,
        ),
    )


def unmet(theorem: Theorem, given: Sequence[Assumed]) -> tuple[Assumed, ...]:
    """What the theorem assumes of function, noise and delays that is not among the given."""
    noisy = any(type(a).__module__ == NOISE for a in given)
    missing: list[Assumed] = []
    for needed in theorem.assumptions:
        if isinstance(needed, StaleSGD | DelayedProximalGradient) and noisy and not needed.noisy:
            missing.append(needed)
        elif needed.chosen or (not noisy and needed.about_noise):
            continue
        elif not any(_covers(a, needed) for a in given):
            missing.append(needed)
    return tuple(missing)


def _covers(given: Assumed, needed: Assumed) -> bool:
    """Whether a given record is the needed one, up to the names of constants and the counting."""
    if type(given) is not type(needed):
        return False
    for field in fields(needed):
        mine, theirs = getattr(given, field.name), getattr(needed, field.name)
        if isinstance(theirs, Counting):
            continue
        fixed = isinstance(theirs, bool) or sympify(theirs).is_number
        if fixed and mine != theirs:
            return False
    return True


def with_what_follows(given: Sequence[Assumed]) -> list[Assumed]:
    """The given, and what the map of the assumptions derives from them; delays read the past."""
    from theory.implications import ARROWS, Implication

    known = list(given)
    known += [ReadsThePast() for a in known if isinstance(a, BoundedDelay) and not a.prehistory]
    noisy = any(type(a).__module__ == NOISE for a in known)

    def met(needed: Assumed) -> bool:
        by_itself = needed.about_noise and not noisy
        return by_itself or any(_covers(a, needed) for a in known)

    # what holds for some constants only, or for some steps, does not follow
    arrows = [a for a in ARROWS if isinstance(a, Implication) and not a.conditions]
    while new := [
        arrow.conclusion
        for arrow in arrows
        if all(map(met, arrow.premises))
        and all(a.chosen or met(a) for a in arrow.given)
        and not met(arrow.conclusion)
    ]:
        known += new
    return known


def _completed(
    numbers: dict[str, Any], theorem: Theorem, given: Sequence[Assumed]
) -> dict[str, Any]:
    """The numbers, with those that follow from them."""
    known = {name: number for name, number in numbers.items() if number is not None}
    if not any(type(a).__module__ == NOISE for a in given):
        known.setdefault("sigma", Integer(0))
    for name, source, added in (
        ("tau", "s", -1),
        ("s", "tau", 1),
        ("m", "s", 0),
        ("N", "tau", 0),
        ("tau_avg", "N", 0),
        ("n", "T", -1),
    ):
        if name not in known and source in known:
            known[name] = sympify(known[source]) + added
    return known


def _at(theorem: Theorem, known: dict[str, Any]) -> Applicable | None:
    """The bound at the numbers; None if they break a condition of the theorem."""
    own = {name: known[name] for name in theorem.constants if name in known}
    if theorem.step_limit is not None and "eta" not in own:
        wanted = {a.name for a in theorem.step_limit.expression.free_symbols}
        if wanted <= set(own):
            own["eta"] = theorem.largest_step(**{name: own[name] for name in wanted})
    missing = sorted({*theorem.constants, *theorem.sequences} - set(own))
    if missing:
        return Applicable(theorem, missing=tuple(missing))
    if not all(sign_of_constant(left) in (0, 1) for left in theorem.margins(**own)):
        return None
    return Applicable(theorem, theorem.evaluate(**own))
