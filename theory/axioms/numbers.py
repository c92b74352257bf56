"""Real numbers: tangents of the logarithm and the exponential, powers, least and largest."""

from typing import Any

from sympy import Max, Min, exp, log, sympify

from theory.axioms.base import Instance, Need, axiom, need_numbers
from theory.claims import eq, le


@axiom(
    "log y <= log x + (y - x)/x for x, y > 0",
    "Rudin, Principles of Mathematical Analysis (1976), 8.18",
    "log is concave and this is its tangent at x",
)
def log_tangent(x: Any, y: Any) -> Instance:
    x, y = sympify(x), sympify(y)
    need_numbers(x, y)
    return Instance(
        le(log(y), log(x) + (y - x) / x),
        (Need(">", x, "the logarithm of x"), Need(">", y, "the logarithm of y")),
    )


@axiom(
    "exp y >= exp x + exp(x) (y - x)",
    "Rudin, Principles of Mathematical Analysis (1976), 8.6",
    "exp is convex and this is its tangent at x",
)
def exp_tangent(x: Any, y: Any) -> Instance:
    x, y = sympify(x), sympify(y)
    need_numbers(x, y)
    return Instance(le(exp(x) + exp(x) * (y - x), exp(y)))


@axiom(
    "x^b <= x^a for 0 < x <= 1 and a <= b, real exponents",
    "Rudin, Principles of Mathematical Analysis (1976), exercise 1.6",
    "x^(b - a) <= 1, as log x <= 0",
)
def power_decreases(x: Any, a: Any, b: Any) -> Instance:
    x, a, b = sympify(x), sympify(a), sympify(b)
    need_numbers(x, a, b)
    return Instance(
        le(x**b, x**a),
        (
            Need(">", x, "the base of a real power"),
            Need(">=", 1 - x, "the base is at most 1"),
            Need(">=", b - a, "the exponents are in order"),
        ),
    )


@axiom("min(a, b) <= a", "order of the reals", "definition of the minimum")
def least_below(a: Any, b: Any) -> Instance:
    need_numbers(a, b)
    return Instance(le(Min(a, b), a))


@axiom("(min(a, b) - a)(min(a, b) - b) = 0", "order of the reals", "the minimum is one of them")
def least_is_one(a: Any, b: Any) -> Instance:
    need_numbers(a, b)
    return Instance(eq((Min(a, b) - a) * (Min(a, b) - b), 0))


@axiom("a <= max(a, b)", "order of the reals", "definition of the maximum")
def largest_above(a: Any, b: Any) -> Instance:
    need_numbers(a, b)
    return Instance(le(a, Max(a, b)))


@axiom("(max(a, b) - a)(max(a, b) - b) = 0", "order of the reals", "the maximum is one of them")
def largest_is_one(a: Any, b: Any) -> Instance:
    need_numbers(a, b)
    return Instance(eq((Max(a, b) - a) * (Max(a, b) - b), 0))
