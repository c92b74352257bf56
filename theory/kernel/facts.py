r"""Facts, their records, and checking them again.

A fact says: *for all values of its free symbols that make every condition >= 0, the claim holds,
provided its assumptions do.* It carries the rule that made it and what the rule was given, so that
`replay` can redo every step from the axioms up. Possession of a `Fact` proves nothing; a replay
does. The rules are in the files beside this one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any

from theory.claims import Assumption, Claim, nonnegative
from theory.refute import Counterexample, find


class StepError(Exception):
    """A step that does not follow: which, what is missing, and numbers that break it if found."""

    def __init__(
        self,
        reason: str,
        *,
        claim: Claim | None = None,
        premises: Sequence[Claim] = (),
        conditions: Iterable[Any] = (),
        step: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.claim = claim
        self.premises = tuple(premises)
        self.conditions = frozenset(conditions)
        self.step = step
        self._searched: Counterexample | bool | None = False

    @property
    def counterexample(self) -> Counterexample | None:
        """Exact values for which the premises hold and the claim fails, searched when asked for."""
        if isinstance(self._searched, bool):
            self._searched = (
                None
                if self.claim is None
                else find(self.claim, premises=self.premises, conditions=self.conditions)
            )
        return self._searched

    def __str__(self) -> str:
        where = f"{self.step}: " if self.step else ""
        found = self.counterexample
        return where + self.reason + (f"; {found}" if found is not None else "")


@dataclass(frozen=True)
class Conclusion:
    """What a rule establishes."""

    claim: Claim
    conditions: frozenset[Any] = frozenset()
    assumptions: frozenset[Assumption] = frozenset()


@dataclass(frozen=True, eq=False)
class Fact:
    """A claim under conditions and assumptions, with the rule and the inputs that gave it."""

    conclusion: Conclusion
    rule: str
    inputs: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)
    label: str = ""

    @property
    def claim(self) -> Claim:
        return self.conclusion.claim

    @property
    def expression(self) -> Any:
        """``right - left`` of the claim, in normal form."""
        return self.conclusion.claim.expression

    @property
    def conditions(self) -> frozenset[Any]:
        return self.conclusion.conditions

    @property
    def assumptions(self) -> frozenset[Assumption]:
        return self.conclusion.assumptions

    @property
    def premises(self) -> tuple["Fact", ...]:
        """The facts among the inputs, in order, each once."""
        return tuple(dict.fromkeys(facts_in((self.inputs, self.options))))

    def __str__(self) -> str:
        given_ = sorted(str(nonnegative(c)) for c in self.conditions)
        return str(self.claim) + (f", if {' and '.join(given_)}" if given_ else "")

    def __repr__(self) -> str:
        return f"<Fact {self}>"


RULES: dict[str, Callable[..., Conclusion]] = {}


def rule(check: Callable[..., Conclusion]) -> Callable[..., Fact]:
    """Make the rule return a Fact that remembers it; a failing rule names its step."""
    RULES[check.__name__] = check

    @wraps(check)
    def make(*inputs: Any, label: str = "", **options: Any) -> Fact:
        return _make(check.__name__, inputs, options, label)

    return make


def _make(name: str, inputs: tuple[Any, ...], options: dict[str, Any], label: str) -> Fact:
    try:
        conclusion = RULES[name](*inputs, **options)
    except StepError as error:
        if not error.step:
            error.step = f"{label} ({name})" if label else name
        raise
    return Fact(conclusion, name, inputs, options, label)


def facts_in(thing: Any) -> Iterator[Fact]:
    """The facts inside nested tuples, lists and dictionaries."""
    if isinstance(thing, Fact):
        yield thing
    elif isinstance(thing, dict):
        for a in thing.values():
            yield from facts_in(a)
    elif isinstance(thing, tuple | list):
        for a in thing:
            yield from facts_in(a)


# --------------------------------------------------------------------------- checking again


def steps(fact: Fact) -> list[Fact]:
    """All facts a fact rests on, premises first, itself last."""
    order: dict[int, Fact] = {}
    stack: list[tuple[Fact, bool]] = [(fact, False)]
    while stack:
        current, ready = stack.pop()
        if id(current) in order:
            continue
        if ready:
            order[id(current)] = current
        else:
            stack.append((current, True))
            stack += [(p, False) for p in reversed(current.premises)]
    return list(order.values())


Edit = Callable[[Fact, tuple[Any, ...], dict[str, Any]], tuple[tuple[Any, ...], dict[str, Any]]]


def replay(fact: Fact, edit: Edit | None = None) -> Fact:
    """Redo every step of a proof by its rule, and compare each result with the record.

    With `edit`, inputs are changed on the way (a mutated proof): only what a change touches is
    redone, and results are not compared.
    Raises StepError at the first step that does not follow or is not what its rule gives.
    """
    again: dict[int, Fact] = {}
    for number, old in enumerate(steps(fact), start=1):
        place = f"step {number} ({old.label or old.rule})"
        if old.rule not in RULES:
            raise StepError(f"'{old.rule}' is not a rule of the kernel", step=place)
        inputs, options = old.inputs, old.options
        if edit is None or any(again[id(p)] is not p for p in old.premises):
            inputs, options = _with_replayed(inputs, again), _with_replayed(options, again)
        if edit is not None:
            inputs, options = edit(old, inputs, options)
            if inputs is old.inputs and options is old.options:
                again[id(old)] = old
                continue
        try:
            new = _make(old.rule, inputs, options, old.label)
        except StepError as error:
            error.step = place
            raise
        except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise StepError(
                f"the inputs of '{old.rule}' make no sense: {error}", step=place
            ) from error
        if edit is None and new.conclusion != old.conclusion:
            raise StepError(
                f"the record says {old}, but its rule gives {new}: not made by the rule", step=place
            )
        again[id(old)] = new
    return again[id(fact)]


def _with_replayed(thing: Any, again: dict[int, Fact]) -> Any:
    if isinstance(thing, Fact):
        return again[id(thing)]
    if isinstance(thing, dict):
        return {a: _with_replayed(b, again) for a, b in thing.items()}
    if isinstance(thing, tuple | list):
        return type(thing)(_with_replayed(a, again) for a in thing)
    return thing


def relabel(fact: Fact, label: str) -> Fact:
    """The same fact under another label."""
    return replace(fact, label=label)
