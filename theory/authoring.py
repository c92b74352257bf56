r"""Everything a proof of one's own needs, in one place.

A proof has four kinds of lines. *Declare* what is assumed, as records (`Smooth`, `Convex`, ..., or
`Stated` in one's own words), and take each up with `assume`. *Start* from an `axiom` (`axioms`
lists them) or a condition (`given`). *Combine* facts into a claim with `conclude`, which inserts
updates and fits equations by itself; multipliers of inequalities, and squares, are the author's to
give. *Sum* over an index with `sum_over`, or use another rule of `theory.kernel`. Each line is a
fact, checked when it is made; one that does not follow raises `StepError`, with what is left and,
where a search finds them, numbers that break it.

>>> update = Stated("gradient descent", eq(x(t + 1), x(t) - eta*gradient(t)), (t,), (le(0, t),))
>>> claim = le(objective(t + 1), objective(t) - eta/2*squared_gradient(t))
>>> step = conclude(
...     claim,
...     axiom("descent", F, L, x(t), x(t + 1)),
...     assume(update),
...     squares=[(gradient(t), eta/2*(1 - L*eta))],
...     under=[le(eta, 1/L)],
... )
>>> print(step)
F(x[t + 1]) <= F(x[t]) - eta*|grad F(x[t])|^2/2, if 0 <= t and eta <= 1/L

A final fact becomes a theorem with `theorem`, whose `verify` replays it and compares it with what
is claimed and assumed; `page` shows any fact as a proof.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sympy import Rational, Sum, sqrt

from theory.assumptions import (
    FROM_ZERO,
    Assumed,
    BoundedDelay,
    BoundedVariance,
    Convex,
    ExogenousDelays,
    F,
    InitialGap,
    Minimiser,
    PolyakLojasiewicz,
    Smooth,
    StaleSGD,
    Stated,
    StronglyConvex,
    UnbiasedNoise,
    gradient,
    objective,
    squared_gradient,
    x,
    x_star,
    xi,
)
from theory.axioms import trust_base as axioms
from theory.claims import Claim, Hypothesis, eq, le, lt
from theory.hilbert import Inner, fixed, grad, iterate, squared_norm, value
from theory.kernel import (
    Fact,
    StepError,
    axiom,
    cases,
    combine,
    discharge,
    given,
    induct,
    nonnegative_by_sign,
    replay,
    substitute,
    sum_over,
    suppose,
)
from theory.latex import Shown, power, ratio, root, shown, terms, times
from theory.pages.tex import document
from theory.quantities import (
    GAP,
    SQUARED_DISTANCE,
    SQUARED_GRADIENT,
    Quantity,
    average,
    last,
    least,
)
from theory.report import Report
from theory.symbols import Delta, F_star, G, L, R, T, j, k, mu_sc, n, r, sigma, t
from theory.symbols import eta0 as eta
from theory.tactics import apply, conclude
from theory.theorem import Source, Theorem


def assume(assumption: Assumed, name: str = "") -> Fact:
    """What an assumption says, as a fact that leans on it.

    If it says several things, `name` picks one. Raises ValueError if there is no such thing, or if
    it says nothing but a property that axioms use by themselves, as `Smooth` does.
    """
    said = {a.name: a for a in assumption.allows if isinstance(a, Hypothesis)}
    if not said:
        raise ValueError(f"'{assumption.name}' is used by axioms alone; there is nothing to assume")
    if not name and len(said) == 1:
        name = next(iter(said))
    if name not in said:
        raise ValueError(f"assume needs one of {sorted(said)} as name, got {name!r}")
    return suppose(said[name], label=name)


def theorem(
    name: str,
    proof: Fact | Callable[[], Fact],
    *,
    assume: Sequence[Assumed],
    quantity: Quantity,
    bound: Any,
    step: Any = eta,
    conditions: Sequence[Claim] = (),
    horizon: Any = T,
    title: str = "",
) -> Theorem:
    """A theorem of the author's own; `verify` compares the proof with what is claimed here.

    `conditions` restrict the constants; with no `bound` laid out by hand a formula will do.
    """
    source = Source(citation="the author", statement=title or name, status="checked by the kernel")
    return Theorem(
        name=name,
        title=title or name,
        source=source,
        assumptions=tuple(assume),
        step=shown(step),
        quantity=quantity,
        bound=shown(bound),
        horizon=horizon,
        steps=horizon,
        conditions=tuple(conditions),
        proof=(lambda: proof) if isinstance(proof, Fact) else proof,
    )


def page(heading: str, fact: Fact) -> Report:
    """Any fact, replayed, as a page: print it, or take its `latex`.

    Raises StepError at the first line that does not follow.
    """
    return Report(heading, replay(fact))


__all__ = [
    "FROM_ZERO",
    "GAP",
    "SQUARED_DISTANCE",
    "SQUARED_GRADIENT",
    "Assumed",
    "BoundedDelay",
    "BoundedVariance",
    "Claim",
    "Convex",
    "Delta",
    "ExogenousDelays",
    "F",
    "F_star",
    "Fact",
    "G",
    "Hypothesis",
    "InitialGap",
    "Inner",
    "L",
    "Minimiser",
    "PolyakLojasiewicz",
    "Quantity",
    "R",
    "Rational",
    "Report",
    "Shown",
    "Smooth",
    "Source",
    "StaleSGD",
    "Stated",
    "StepError",
    "StronglyConvex",
    "Sum",
    "T",
    "Theorem",
    "UnbiasedNoise",
    "apply",
    "assume",
    "average",
    "axiom",
    "axioms",
    "cases",
    "combine",
    "conclude",
    "discharge",
    "document",
    "eq",
    "eta",
    "fixed",
    "given",
    "grad",
    "gradient",
    "induct",
    "iterate",
    "j",
    "k",
    "last",
    "le",
    "least",
    "lt",
    "mu_sc",
    "n",
    "nonnegative_by_sign",
    "objective",
    "page",
    "power",
    "r",
    "ratio",
    "replay",
    "root",
    "shown",
    "sigma",
    "sqrt",
    "squared_gradient",
    "squared_norm",
    "substitute",
    "sum_over",
    "suppose",
    "t",
    "terms",
    "theorem",
    "times",
    "value",
    "x",
    "x_star",
    "xi",
]
