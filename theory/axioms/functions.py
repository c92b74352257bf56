"""Smooth, convex and strongly convex functions, and those that meet the PL inequality.

With noise present all claims are between expectations: an inequality that holds for every outcome
holds on average.
"""

from typing import Any

from sympy import sympify
from sympy.core.symbol import Str

from theory.axioms.base import NESTEROV, Instance, Need, axiom
from theory.claims import Property, eq, le
from theory.hilbert import Gradient, Inner, Value, VectorLike, squared_norm


def smooth(f: Any, L: Any) -> Property:
    """The property "grad f is L-Lipschitz"."""
    return Property("smooth", (sympify(f), sympify(L)))


def bounded_below(f: Any, low: Any) -> Property:
    """The property "f(x) >= low for every x"."""
    return Property("bounded below", (sympify(f), sympify(low)))


@axiom(
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


@axiom(
    "f(y) >= f(x) + <grad f(x), y - x> - L/2 |y - x|^2",
    f"{NESTEROV}, Lemma 1.2.3",
    "the descent lemma for -f, which is L-smooth too",
)
def ascent(f: str, L: Any, x: VectorLike, y: VectorLike) -> Instance:
    name = Str(f)
    step = y - x
    lower = Value(name, x) + Inner(Gradient(name, x), step) - sympify(L) / 2 * squared_norm(step)
    return Instance(
        le(lower, Value(name, y)),
        (Need(">=", L, "a smoothness constant is >= 0"),),
        frozenset({smooth(name, L)}),
    )


@axiom(
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


@axiom(
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


def convex(f: Any) -> Property:
    """The property "f is convex"; where f has a kink, grad f is one of its subgradients."""
    return Property("convex", (sympify(f),))


def strongly_convex(f: Any, mu: Any) -> Property:
    """The property "f - mu/2 |.|^2 is convex"."""
    return Property("strongly convex", (sympify(f), sympify(mu)))


def polyak_lojasiewicz(f: Any, mu: Any, low: Any) -> Property:
    """The property "|grad f(x)|^2 >= 2 mu (f(x) - low) for every x"."""
    return Property("Polyak-Lojasiewicz", (sympify(f), sympify(mu), sympify(low)))


def minimiser(f: Any, point: VectorLike, low: Any) -> Property:
    """The property "grad f(point) = 0 and f(point) = low"."""
    return Property("minimiser", (sympify(f), sympify(point), sympify(low)))


@axiom(
    "f(y) >= f(x) + <grad f(x), y - x> for convex f",
    f"{NESTEROV}, Definition 2.1.2",
    "the definition of convexity; it holds for every subgradient",
)
def convexity(f: str, x: VectorLike, y: VectorLike) -> Instance:
    name = Str(f)
    lower = Value(name, x) + Inner(Gradient(name, x), y - x)
    return Instance(le(lower, Value(name, y)), (), frozenset({convex(name)}))


@axiom(
    "f(y) >= f(x) + <grad f(x), y - x> + |grad f(x) - grad f(y)|^2/(2L) for convex L-smooth f",
    f"{NESTEROV}, Theorem 2.1.5, (2.1.10)",
    "minimise the convex function f - <grad f(x), .> by one step of length 1/L from y",
)
def convex_smooth(f: str, L: Any, x: VectorLike, y: VectorLike) -> Instance:
    name = Str(f)
    change = Gradient(name, x) - Gradient(name, y)
    lower = (
        Value(name, x) + Inner(Gradient(name, x), y - x) + squared_norm(change) / (2 * sympify(L))
    )
    return Instance(
        le(lower, Value(name, y)),
        (Need(">", L, "dividing by L"),),
        frozenset({convex(name), smooth(name, L)}),
    )


@axiom(
    "f(y) >= f(x) + <grad f(x), y - x> + mu/2 |y - x|^2 for mu-strongly convex f",
    f"{NESTEROV}, Definition 2.1.3",
    "the definition of strong convexity",
)
def strong_convexity(f: str, mu: Any, x: VectorLike, y: VectorLike) -> Instance:
    name = Str(f)
    lower = Value(name, x) + Inner(Gradient(name, x), y - x) + sympify(mu) / 2 * squared_norm(y - x)
    return Instance(
        le(lower, Value(name, y)),
        (Need(">=", mu, "a strong convexity constant is >= 0"),),
        frozenset({strongly_convex(name, mu)}),
    )


@axiom(
    "2 mu (f(x) - inf f) <= |grad f(x)|^2",
    "Polyak, USSR Comput. Math. Math. Phys. 3 (1963) 864-878",
    "the definition of the Polyak-Lojasiewicz inequality",
)
def gradient_above_gap(f: str, mu: Any, low: Any, x: VectorLike) -> Instance:
    name = Str(f)
    return Instance(
        le(2 * sympify(mu) * (Value(name, x) - low), squared_norm(Gradient(name, x))),
        (),
        frozenset({polyak_lojasiewicz(name, mu, low)}),
    )


def bounded_gradient(f: Any, G: Any) -> Property:
    """The property "|grad f(x)| <= G for every x"; a convex f is then G-Lipschitz."""
    return Property("bounded gradient", (sympify(f), sympify(G)))


@axiom(
    "|grad f(x)|^2 <= G^2",
    "definition",
    "the length of the gradient is bounded, and so is its square",
)
def gradient_bounded(f: str, G: Any, x: VectorLike) -> Instance:
    name = Str(f)
    return Instance(
        le(squared_norm(Gradient(name, x)), sympify(G) ** 2),
        (),
        frozenset({bounded_gradient(name, G)}),
    )


@axiom(
    "grad f(x*) = 0 at a minimiser",
    "Fermat; Nesterov, Theorem 1.2.1",
    "the derivative in every direction is zero there",
)
def stationary(f: str, point: VectorLike, low: Any) -> Instance:
    name = Str(f)
    granted = frozenset({minimiser(name, point, low)})
    return Instance(eq(Gradient(name, point), sympify(0)), (), granted)


@axiom("f(x*) = inf f at a minimiser", "definition", "a minimiser attains the infimum")
def least_value(f: str, point: VectorLike, low: Any) -> Instance:
    name = Str(f)
    return Instance(eq(Value(name, point), low), (), frozenset({minimiser(name, point, low)}))


@axiom(
    "f(x) >= inf f",
    "definition",
    "an infimum lies below every value",
)
def above_infimum(f: str, point: VectorLike, low: Any, x: VectorLike) -> Instance:
    name = Str(f)
    return Instance(le(low, Value(name, x)), (), frozenset({minimiser(name, point, low)}))
