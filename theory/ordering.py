r"""Which of two formulas is smaller, and where: decided exactly, or said to be unknown.

>>> from theory import results
>>> gd, sgd = results.lian2015.gradient_descent, results.lian2015.nonconvex
>>> print(tighter(gd, sgd))
lian2015.gradient_descent is tighter than lian2015.nonconvex wherever both hold
>>> print(larger_step(gd, sgd))
lian2015.gradient_descent allows steps at least as large as lian2015.nonconvex everywhere
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

from sympy import Add, Expr, Integer, Mul, Rational, factor, sympify, together

from theory.algebra import is_zero, normal
from theory.claims import Claim, le, nonnegative
from theory.enclosure import sign_of_constant
from theory.sign import provably, sign
from theory.theorem import Theorem

Order = Literal["equal", "first", "second", "depends", "unknown"]

SAMPLES = (Rational(1, 7), Integer(1), Integer(3))  # tried for every constant
WHOLE = (Integer(0), Integer(1), Integer(4))
TRIALS = 2000  # points at most
FEW = 6  # terms; squares of longer sums get out of hand


@dataclass(frozen=True)
class Ordering:
    """Where the first of two formulas is at most the second.

    `order` is `equal`, `first` or `second` (smaller wherever the conditions hold, which is proved),
    `depends` (each is smaller somewhere: `examples` holds a point of either kind), or `unknown`
    (not proved, and no point found to the contrary). `where` is the exact condition for the first
    to be the smaller.
    """

    order: Order
    where: Claim
    examples: tuple[dict[str, Any], ...] = ()


def ordering(first: Any, second: Any, conditions: Iterable[Claim] = ()) -> Ordering:
    """Compare two formulas under conditions on their symbols.

    >>> from theory.symbols import L, h, mu
    >>> ordering(h**2, h, [le(h, 1)]).order
    'first'
    >>> found = ordering(L*h**2, mu*h)
    >>> found.order, str(found.where)
    ('depends', 'L*h <= mu')
    """
    known = list(conditions)
    given = [c.expression for c in known]
    difference = normal(sympify(second) - sympify(first))
    if is_zero(difference):
        return Ordering("equal", le(0, 0))
    rest = _without_positive_factors(difference, given)
    where = nonnegative(rest)
    for order, e in (("first", rest), ("second", -rest)):
        if _proved(e, given):
            return Ordering(order, where)  # type: ignore[arg-type]
    below = _example(rest, given)
    above = _example(-rest, given)
    if below is not None and above is not None:
        return Ordering("depends", where, (below, above))
    return Ordering("unknown", where, tuple(e for e in (below, above) if e is not None))


@dataclass(frozen=True)
class Tighter:
    """Two theorems, or their step limits, side by side; it prints as one sentence."""

    first: Theorem
    second: Theorem
    found: Ordering
    about: Literal["bound", "step"] = "bound"

    @property
    def same_quantity(self) -> bool:
        """Whether both bound the same quantity; if not, only the numbers are compared."""
        return self.first.quantity.expression == self.second.quantity.expression

    def __str__(self) -> str:
        a, b = self.first.name, self.second.name
        where = "wherever both hold" if self.about == "bound" else "everywhere"
        smaller = "is tighter than" if self.about == "bound" else "allows steps at most as large as"
        larger = "is looser than" if self.about == "bound" else "allows steps at least as large as"
        match self.found.order:
            case "equal":
                what = "bound" if self.about == "bound" else "step limit"
                said = f"{a} and {b} have the same {what}"
            case "first":
                said = f"{a} {smaller} {b} {where}"
            case "second":
                said = f"{a} {larger} {b} {where}"
            case "depends":
                said = f"{a} {smaller} {b} exactly if {self.found.where}"
            case _:
                said = f"whether {a} {smaller} {b} is not decided: it is if {self.found.where}"
        if self.about == "bound" and not self.same_quantity:
            said += f" (of different quantities: {self.first.quantity}; {self.second.quantity})"
        return said


def tighter(
    first: Theorem,
    second: Theorem,
    *,
    substituting: dict[Any, Any] | None = None,
    given: Sequence[Claim] = (),
) -> Tighter:
    """Which of two bounds is smaller, where both theorems hold.

    `substituting` puts constants of the two in relation, such as ``{N: tau_max}`` or
    ``{s: tau_max + 1}``; `given` are further conditions, such as ``le(tau_avg, tau_max)``.
    Exact: proved, or with a point of either kind, or said to be undecided.
    """
    change = dict(substituting or {})
    conditions = [*first.restrictions, *second.restrictions]
    return Tighter(
        first,
        second,
        ordering(
            first.bound.expression.xreplace(change),
            second.bound.expression.xreplace(change),
            [*(_changed(c, change) for c in conditions), *given],
        ),
    )


def larger_step(
    first: Theorem,
    second: Theorem,
    *,
    substituting: dict[Any, Any] | None = None,
    given: Sequence[Claim] = (),
) -> Tighter:
    """Which of two theorems allows the larger constant step.

    Raises ValueError if one of them has no step limit.
    """
    change = dict(substituting or {})
    limits = []
    for theorem in (first, second):
        if theorem.step_limit is None:
            raise ValueError(f"{theorem.name} has no step limit; it takes {theorem.step}")
        limits.append(theorem.step_limit.expression.xreplace(change))
    return Tighter(first, second, ordering(limits[0], limits[1], given), "step")


def _changed(claim: Claim, change: dict[Any, Any]) -> Claim:
    return Claim(claim.left.xreplace(change), claim.relation, claim.right.xreplace(change))


def _without_positive_factors(difference: Expr, given: Sequence[Any]) -> Any:
    """An expression of the same sign, without factors that are proved to be > 0."""
    numerator, denominator = together(difference).as_numer_denom()
    # a factor of the denominator has the sign of its inverse
    parts = [*Mul.make_args(factor(numerator)), *Mul.make_args(factor(denominator))]
    kept = []
    for part in parts:
        if provably(">", part, given):
            continue
        kept.append(-1 if provably(">", -part, given) else part)
    return normal(Mul(*kept))


def _proved(e: Any, given: Sequence[Any], depth: int = 2) -> bool:
    """Whether e >= 0 is proved: as it stands, or as P >= Q from P^2 >= Q^2 for P, Q >= 0."""
    if provably(">=", e, given) or provably(">=", together(e), given):
        return True
    if depth == 0:
        return False
    terms = Add.make_args(normal(e))
    if len(terms) > FEW:
        return False
    above = [a for a in terms if provably(">=", a, given)]
    below = [-a for a in terms if a not in above]
    if not all(provably(">=", a, given) for a in below):
        return False
    return _proved(normal(Add(*above) ** 2 - Add(*below) ** 2), given, depth - 1)


def _example(e: Any, given: Sequence[Any]) -> dict[str, Any] | None:
    """A point that meets the conditions and makes e > 0 exactly."""
    symbols = sorted(set(e.free_symbols).union(*(c.free_symbols for c in given)), key=str)
    ranges = [
        [a for a in (WHOLE if s.is_integer else SAMPLES) if not (s.is_positive and a == 0)]
        for s in symbols
    ]
    for tried, values in enumerate(product(*ranges)):
        if tried == TRIALS:
            return None
        point = dict(zip(symbols, values, strict=True))
        if all(_sign_at(c, point) in (0, 1) for c in given) and _sign_at(e, point) == 1:
            return {s.name: a for s, a in point.items()}
    return None


def _sign_at(e: Any, point: dict[Any, Any]) -> int | None:
    value = normal(e.xreplace(point))
    if not value.is_number:
        return None
    found = sign_of_constant(value)
    if found is None and sign(value) == ">":
        return 1
    return found
