r"""The inequalities that proofs may start from, each with its source and the reason it is true.

An axiom is a schema: `instantiate` makes the claim for given vectors or expressions, with the side
conditions the kernel must see proved and the properties it takes for granted ("F is L-smooth").
Everything here is textbook or plain arithmetic; nothing about stale gradients is assumed.

Of functions, with noise present all claims are between expectations: an inequality that holds for
every outcome holds on average.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sympy import Max, Min, Sum, Symbol, log, sympify
from sympy.core.symbol import Str

from theory.algebra import Within
from theory.claims import Assumption, Claim, Property, eq, le
from theory.hilbert import (
    Gradient,
    Inner,
    Noise,
    Value,
    VectorLike,
    components,
    is_scalar,
    known_at,
    squared_norm,
)


class Need(NamedTuple):
    """A side condition: ``expression > 0`` (or ``>= 0``) and why it is needed."""

    relation: Literal[">", ">="]
    expression: Any
    why: str


@dataclass(frozen=True)
class Instance:
    """An axiom at given arguments."""

    claim: Claim
    needs: tuple[Need, ...] = ()
    assumptions: frozenset[Assumption] = frozenset()


@dataclass(frozen=True)
class Axiom:
    """A schema with its source and the reason it holds."""

    name: str
    statement: str
    source: str
    reason: str
    instantiate: Callable[..., Instance]


AXIOMS: dict[str, Axiom] = {}


def _axiom(statement: str, source: str, reason: str) -> Callable[..., Callable[..., Instance]]:
    def register(instantiate: Callable[..., Instance]) -> Callable[..., Instance]:
        name = instantiate.__name__
        AXIOMS[name] = Axiom(name, statement, source, reason, instantiate)
        return instantiate

    return register


NESTEROV = "Nesterov, Lectures on Convex Optimization (2018)"
ARITHMETIC = "arithmetic of finite sums"


# --------------------------------------------------------------------------- smooth functions


def smooth(f: Any, L: Any) -> Property:
    """The property "grad f is L-Lipschitz"."""
    return Property("smooth", (sympify(f), sympify(L)))


def bounded_below(f: Any, low: Any) -> Property:
    """The property "f(x) >= low for every x"."""
    return Property("bounded below", (sympify(f), sympify(low)))


@_axiom(
    "f(y) <= f(x) + <grad f(x), y - x> + L/2 |y - x|^2",
    f"{NESTEROV}, Lemma 1.2.3",
    "integrate the gradient along the segment; it moves by at most L times the distance",
)
def descent(f: str, L: Any, x: VectorLike, y: VectorLike) -> Instance:
    name = Str(f)
    step = y - x
    upper = Value(name, x) + Inner(Gradient(name, x), step) + sympify(L) / 2 * squared_norm(step)
    return Instance(
        le(Value(name, y), upper),
        (Need(">=", L, "a smoothness constant is >= 0"),),
        frozenset({smooth(name, L)}),
    )


@_axiom(
    "|grad f(x) - grad f(y)|^2 <= L^2 |x - y|^2",
    f"{NESTEROV}, Section 1.2.2",
    "the definition of L-smoothness",
)
def lipschitz_gradient(f: str, L: Any, x: VectorLike, y: VectorLike) -> Instance:
    name = Str(f)
    difference = squared_norm(Gradient(name, x) - Gradient(name, y))
    return Instance(
        le(difference, sympify(L) ** 2 * squared_norm(x - y)),
        (Need(">=", L, "a smoothness constant is >= 0"),),
        frozenset({smooth(name, L)}),
    )


@_axiom(
    "|grad f(x)|^2 <= 2 L (f(x) - inf f)",
    f"{NESTEROV}, Section 1.2.3",
    "a step of length |grad f(x)|/L from x cannot fall below the infimum",
)
def gradient_below_gap(f: str, L: Any, low: Any, x: VectorLike) -> Instance:
    name = Str(f)
    return Instance(
        le(squared_norm(Gradient(name, x)), 2 * sympify(L) * (Value(name, x) - low)),
        (Need(">", L, "dividing by L"),),
        frozenset({smooth(name, L), bounded_below(name, low)}),
    )


# --------------------------------------------------------------------------- noise


def unbiased_noise(xi: Any) -> Property:
    """The property "xi(k) has mean zero given all that was drawn before it"."""
    return Property("unbiased", (sympify(xi),))


def exogenous_schedule() -> Property:
    """The property "which iterate is read, and with which step, does not depend on the noise"."""
    return Property("exogenous schedule", ())


@_axiom(
    "E<xi_k, v> = 0 for every v known before xi_k is drawn",
    "definition of a martingale difference; Williams, Probability with Martingales (1991), 9.7",
    "condition on all that is known before xi_k is drawn: v is fixed then, and xi_k has mean zero; "
    "delays and steps are functions of the step index alone, so they are fixed too",
)
def unbiased(noise: VectorLike, v: VectorLike) -> Instance:
    if not isinstance(noise, Noise):
        raise TypeError(f"unbiasedness is about a noise atom, got {noise}")
    drawn = noise.args[1]
    needs = [
        Need(">=", drawn - time, f"{noise} is drawn at time {drawn}, {v} is known only by {time}")
        for time in known_at(v)
    ]
    for _, part in components(v):
        if isinstance(part, Sum):
            _, low, high = part.limits[0]
            needs.append(Need(">=", high - low + 1, "the range of a sum may not run backwards"))
    granted = frozenset({unbiased_noise(noise.args[0]), exogenous_schedule()})
    return Instance(eq(Inner(noise, v), 0), tuple(needs), granted)


# --------------------------------------------------------------------------- finite sums


def _index(index: Any, *ends: Any) -> None:
    if not isinstance(index, Symbol) or not index.is_integer:
        raise TypeError(f"a summation index must be an integer symbol, got {index}")
    _integers(*ends)


def _integers(*expressions: Any) -> None:
    for e in expressions:
        if not sympify(e).is_integer:
            raise TypeError(f"the ends of a range are integers, and {e} is not known to be one")


def _numbers(*expressions: Any) -> None:
    for e in expressions:
        if not is_scalar(e):
            raise TypeError(f"a number is needed, got the vector {e}")


@_axiom(
    "sum_{i=a}^{b} (u(i+1) - u(i)) = u(b+1) - u(a), for numbers or vectors",
    ARITHMETIC,
    "neighbouring terms cancel",
)
def telescope(term: Any, index: Any, low: Any, high: Any) -> Instance:
    _index(index, low, high)
    u = sympify(term)

    def at(place: Any) -> Any:
        return u.xreplace({index: sympify(place)})

    return Instance(eq(Sum(at(index + 1) - u, (index, low, high)), at(high + 1) - at(low)))


@_axiom(
    "sum_{i=a}^{b} u(i) = sum_{i=a}^{c} u(i) + sum_{i=c+1}^{b} u(i)",
    ARITHMETIC,
    "additivity of sums over ranges (any order of a, b, c, with the usual convention)",
)
def split(term: Any, index: Any, low: Any, middle: Any, high: Any) -> Instance:
    _index(index, low, middle, high)
    u = sympify(term)
    return Instance(
        eq(
            Sum(u, (index, low, high)),
            Sum(u, (index, low, middle)) + Sum(u, (index, sympify(middle) + 1, high)),
        )
    )


@_axiom(
    "sum_k sum_j u(j, k) = sum_j sum_k u(j, k) over a rectangle",
    ARITHMETIC,
    "a finite double sum may be taken in either order",
)
def exchange(term: Any, inner: Any, outer: Any) -> Instance:
    (j, a, b), (k, c, d) = inner, outer
    _index(j, a, b)
    _index(k, c, d)
    for edge, index in ((a, k), (b, k), (c, j), (d, j)):
        if index in sympify(edge).free_symbols:
            raise TypeError(f"the ranges must form a rectangle, but {edge} depends on {index}")
    return Instance(
        eq(
            Sum(Sum(term, (j, a, b)), (k, c, d)),
            Sum(Sum(term, (k, c, d)), (j, a, b)),
        )
    )


@_axiom(
    "sum_{j=a}^{b} [lo <= j <= hi] u(j) = sum_{j=lo}^{hi} u(j) for a <= lo, hi <= b",
    ARITHMETIC + " (Iverson's bracket)",
    "the bracket is 1 on lo..hi and 0 elsewhere",
)
def sift(term: Any, index: Any, low: Any, high: Any, inside: Any) -> Instance:
    first, last = (sympify(e) for e in inside)
    _index(index, low, high, first, last)
    _numbers(term)
    if index in first.free_symbols | last.free_symbols:
        raise TypeError(f"the inner range may not depend on {index}")
    return Instance(
        eq(
            Sum(Within(index, first, last) * term, (index, low, high)),
            Sum(term, (index, first, last)),
        ),
        (
            Need(">=", first - low, "the inner range starts inside the outer one"),
            Need(">=", sympify(high) - last, "the inner range ends inside the outer one"),
            Need(">=", last - first + 1, "the inner range does not run backwards"),
        ),
    )


@_axiom(
    "sum_{j=a}^{b} [lo <= j <= hi] <= hi - lo + 1",
    ARITHMETIC + " (Iverson's bracket)",
    "at most hi - lo + 1 integers lie in lo..hi",
)
def bracket_count(index: Any, low: Any, high: Any, inside: Any) -> Instance:
    first, last = (sympify(e) for e in inside)
    _index(index, low, high, first, last)
    if index in first.free_symbols | last.free_symbols:
        raise TypeError(f"the inner range may not depend on {index}")
    return Instance(
        le(Sum(Within(index, first, last), (index, low, high)), last - first + 1),
        (
            Need(">=", last - first + 1, "the inner range does not run backwards"),
            Need(">=", sympify(high) - low + 1, "the outer range does not run backwards"),
        ),
    )


@_axiom("[lo <= j <= hi] = 1 inside the range", "Iverson's bracket", "its definition")
def bracket_inside(position: Any, low: Any, high: Any) -> Instance:
    _integers(position, low, high)
    return Instance(
        eq(Within(position, low, high), 1),
        (
            Need(">=", sympify(position) - low, "the position is not before the range"),
            Need(">=", sympify(high) - position, "the position is not after the range"),
        ),
    )


@_axiom("[lo <= j <= hi] = 0 before the range", "Iverson's bracket", "its definition")
def bracket_before(position: Any, low: Any, high: Any) -> Instance:
    _integers(position, low, high)
    return Instance(
        eq(Within(position, low, high), 0),
        (Need(">=", sympify(low) - position - 1, "the position is before the range"),),
    )


@_axiom("[lo <= j <= hi] = 0 after the range", "Iverson's bracket", "its definition")
def bracket_after(position: Any, low: Any, high: Any) -> Instance:
    _integers(position, low, high)
    return Instance(
        eq(Within(position, low, high), 0),
        (Need(">=", sympify(position) - high - 1, "the position is after the range"),),
    )


@_axiom("[lo <= j <= hi] <= 1", "Iverson's bracket", "it is 0 or 1")
def bracket_at_most_one(position: Any, low: Any, high: Any) -> Instance:
    return Instance(le(Within(position, low, high), 1))


# --------------------------------------------------------------------------- numbers


@_axiom(
    "log y <= log x + (y - x)/x for x, y > 0",
    "Rudin, Principles of Mathematical Analysis (1976), 8.18",
    "log is concave and this is its tangent at x",
)
def log_tangent(x: Any, y: Any) -> Instance:
    x, y = sympify(x), sympify(y)
    _numbers(x, y)
    return Instance(
        le(log(y), log(x) + (y - x) / x),
        (Need(">", x, "the logarithm of x"), Need(">", y, "the logarithm of y")),
    )


@_axiom("min(a, b) <= a", "order of the reals", "definition of the minimum")
def least_below(a: Any, b: Any) -> Instance:
    _numbers(a, b)
    return Instance(le(Min(a, b), a))


@_axiom("(min(a, b) - a)(min(a, b) - b) = 0", "order of the reals", "the minimum is one of them")
def least_is_one(a: Any, b: Any) -> Instance:
    _numbers(a, b)
    return Instance(eq((Min(a, b) - a) * (Min(a, b) - b), 0))


@_axiom("a <= max(a, b)", "order of the reals", "definition of the maximum")
def largest_above(a: Any, b: Any) -> Instance:
    _numbers(a, b)
    return Instance(le(a, Max(a, b)))


def trust_base() -> str:
    """The axioms as a table: name, statement, source."""
    width = max(len(name) for name in AXIOMS)
    return "\n".join(f"{a.name:<{width}}  {a.statement}  [{a.source}]" for a in AXIOMS.values())
