"""Finite sums and products, and Iverson's bracket."""

from typing import Any

from sympy import Sum, sympify

from theory.algebra import FiniteProduct, Within, normal
from theory.axioms.base import (
    ARITHMETIC,
    Instance,
    Need,
    axiom,
    need_index,
    need_integers,
    need_numbers,
    need_range,
)
from theory.claims import eq, le


@axiom(
    "sum_{i=a}^{b} (u(i+1) - u(i)) = u(b+1) - u(a), for numbers or vectors",
    ARITHMETIC,
    "neighbouring terms cancel",
)
def telescope(term: Any, index: Any, low: Any, high: Any) -> Instance:
    need_index(index, low, high)
    u = sympify(term)

    def at(place: Any) -> Any:
        return u.xreplace({index: sympify(place)})

    return Instance(eq(Sum(at(index + 1) - u, (index, low, high)), at(high + 1) - at(low)))


@axiom(
    "sum_{i=a}^{b} u(i) = sum_{i=a}^{c} u(i) + sum_{i=c+1}^{b} u(i)",
    ARITHMETIC,
    "additivity of sums over ranges (any order of a, b, c, with the usual convention)",
)
def split(term: Any, index: Any, low: Any, middle: Any, high: Any) -> Instance:
    need_index(index, low, middle, high)
    u = sympify(term)
    return Instance(
        eq(
            Sum(u, (index, low, high)),
            Sum(u, (index, low, middle)) + Sum(u, (index, sympify(middle) + 1, high)),
        )
    )


@axiom(
    "sum_k sum_j u(j, k) = sum_j sum_k u(j, k) over a rectangle",
    ARITHMETIC,
    "a finite double sum may be taken in either order",
)
def exchange(term: Any, inner: Any, outer: Any) -> Instance:
    (j, a, b), (k, c, d) = inner, outer
    need_index(j, a, b)
    need_index(k, c, d)
    for edge, index in ((a, k), (b, k), (c, j), (d, j)):
        if index in sympify(edge).free_symbols:
            raise TypeError(f"the ranges must form a rectangle, but {edge} depends on {index}")
    return Instance(
        eq(
            Sum(Sum(term, (j, a, b)), (k, c, d)),
            Sum(Sum(term, (k, c, d)), (j, a, b)),
        )
    )


@axiom(
    "sum_{j=a}^{b} [lo <= j <= hi] u(j) = sum_{j=lo}^{hi} u(j) for a <= lo, hi <= b, also vectors",
    ARITHMETIC + " (Iverson's bracket)",
    "the bracket is 1 on lo..hi and 0 elsewhere",
)
def sift(term: Any, index: Any, low: Any, high: Any, inside: Any) -> Instance:
    first, last = (sympify(e) for e in inside)
    need_index(index, low, high, first, last)
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


@axiom(
    "sum_{j=a}^{b} [lo <= j <= hi] <= hi - lo + 1",
    ARITHMETIC + " (Iverson's bracket)",
    "at most hi - lo + 1 integers lie in lo..hi",
)
def bracket_count(index: Any, low: Any, high: Any, inside: Any) -> Instance:
    first, last = (sympify(e) for e in inside)
    need_index(index, low, high, first, last)
    if index in first.free_symbols | last.free_symbols:
        raise TypeError(f"the inner range may not depend on {index}")
    return Instance(
        le(Sum(Within(index, first, last), (index, low, high)), last - first + 1),
        (
            Need(">=", last - first + 1, "the inner range does not run backwards"),
            Need(">=", sympify(high) - low + 1, "the outer range does not run backwards"),
        ),
    )


@axiom("[lo <= j <= hi] = 1 inside the range", "Iverson's bracket", "its definition")
def bracket_inside(position: Any, low: Any, high: Any) -> Instance:
    need_integers(position, low, high)
    return Instance(
        eq(Within(position, low, high), 1),
        (
            Need(">=", sympify(position) - low, "the position is not before the range"),
            Need(">=", sympify(high) - position, "the position is not after the range"),
        ),
    )


@axiom("[lo <= j <= hi] = 0 before the range", "Iverson's bracket", "its definition")
def bracket_before(position: Any, low: Any, high: Any) -> Instance:
    need_integers(position, low, high)
    return Instance(
        eq(Within(position, low, high), 0),
        (Need(">=", sympify(low) - position - 1, "the position is before the range"),),
    )


@axiom("[lo <= j <= hi] = 0 after the range", "Iverson's bracket", "its definition")
def bracket_after(position: Any, low: Any, high: Any) -> Instance:
    need_integers(position, low, high)
    return Instance(
        eq(Within(position, low, high), 0),
        (Need(">=", sympify(position) - high - 1, "the position is after the range"),),
    )


@axiom("[lo <= j <= hi] <= 1", "Iverson's bracket", "it is 0 or 1")
def bracket_at_most_one(position: Any, low: Any, high: Any) -> Instance:
    return Instance(le(Within(position, low, high), 1))


@axiom(
    "prod_{i=a}^{b+1} u(i) = (prod_{i=a}^{b} u(i)) u(b+1) for a <= b + 1",
    "arithmetic of finite products",
    "the definition of a product, by its last factor",
)
def product_last(factor: Any, index: Any, low: Any, high: Any) -> Instance:
    need_range(index, low, high)
    need_numbers(factor)
    u, high = normal(factor), sympify(high)
    return Instance(
        eq(
            FiniteProduct(u, (index, low, high + 1)),
            FiniteProduct(u, (index, low, high)) * u.xreplace({index: high + 1}),
        ),
        (Need(">=", high + 1 - low, "there is a last factor"),),
    )


@axiom("prod_{i=a}^{b} u(i) = 1 for b < a", "arithmetic of finite products", "its definition")
def product_empty(factor: Any, index: Any, low: Any, high: Any) -> Instance:
    need_range(index, low, high)
    need_numbers(factor)
    return Instance(
        eq(FiniteProduct(factor, (index, low, high)), 1),
        (Need(">=", sympify(low) - high - 1, "the range is empty"),),
    )
