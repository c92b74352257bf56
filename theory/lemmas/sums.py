r"""Closed forms that bound S_n = 1 + 1/sqrt 2 + ... + 1/sqrt n and H_n = 1 + 1/2 + ... + 1/n.

Theorems keep their sums; these are separate facts, proved by induction.

>>> print(root_sum())
2*sqrt(n + 1) - 2 <= sum_{k=1..n} 1/sqrt(k)
>>> print(harmonic_sum())
sum_{k=1..n + 1} 1/k <= log(n + 1) + 1
"""

from functools import cache
from typing import Any

from sympy import Sum, log, sqrt

from theory.claims import le
from theory.kernel import (
    Fact,
    axiom,
    combine,
    given,
    induct,
    nonnegative_by_sign,
    substitute,
    sum_over,
)
from theory.symbols import T, j, k, n, t
from theory.tactics import conclude


def term_below_sum(nonnegative: Fact, limits: tuple[Any, Any, Any], place: Any) -> Fact:
    """From 0 <= u(i) at every index of a range: u(place) <= the sum of u over it."""
    index, low, high = limits
    term = nonnegative.claim.right
    return conclude(
        le(term.xreplace({index: place}), Sum(term, limits)),
        axiom("split", term, index, low, place - 1, high),
        axiom("split", term, index, place, place, high),
        sum_over(nonnegative, index, low, place - 1, evidence=[given(le(low, place))]),
        sum_over(nonnegative, index, place + 1, high, evidence=[given(le(place, high))]),
        label="one term is below the sum",
    )


@cache
def root_increases() -> Fact:
    """sqrt(j) <= sqrt(k) for 1 <= j <= k."""
    return combine(
        le(sqrt(j), sqrt(k)),
        (given(le(j, k)), 1 / (sqrt(k) + sqrt(j))),
        under=[le(1, j)],
        label="the root increases",
    )


def root_below_tangent(a: Any, b: Any, *under: Any) -> Fact:
    """sqrt(b) <= sqrt(a) + (b - a)/(2 sqrt(a)) for a > 0, b >= 0: (sqrt a - sqrt b)^2 >= 0."""
    return combine(
        le(sqrt(b), sqrt(a) + (b - a) / (2 * sqrt(a))),
        squares=[(sqrt(a) - sqrt(b), 1 / (2 * sqrt(a)))],
        under=under,
        label="the root lies below its tangent",
    )


@cache
def root_sum() -> Fact:
    """sum_{k<=n} 1/sqrt(k) >= 2 (sqrt(n+1) - 1), by induction on n."""
    claim = le(2 * sqrt(n + 1) - 2, Sum(1 / sqrt(k), (k, 1, n)))
    base = nonnegative_by_sign(le(0, 0), label="n = 0: both sides are 0")
    split = axiom("split", 1 / sqrt(k), k, 1, n, n + 1)
    step = conclude(
        le(2 * sqrt(n + 2) - 2, Sum(1 / sqrt(k), (k, 1, n + 1))),
        given(claim),
        (root_below_tangent(n + 1, n + 2), 2),
        split,
        label="from n to n + 1",
    )
    return induct(claim, n, 0, base, step, label="sum of 1/sqrt(k) from below")


@cache
def root_sum_above_root() -> Fact:
    """sqrt(T) <= sum_{k<=T} 1/sqrt(k): each of the T terms is at least 1/sqrt(T)."""
    each = combine(
        le(1 / sqrt(T), 1 / sqrt(k)),
        (substitute(root_increases(), {j: k, k: T}), 1 / (sqrt(k) * sqrt(T))),
        label="no term is smaller than the last",
    )
    return combine(
        le(sqrt(T), Sum(1 / sqrt(k), (k, 1, T))),
        sum_over(each, k, 1, T),
        label="sum of 1/sqrt(k) above its root",
    )


@cache
def root_sum_below_twice_root() -> Fact:
    """sum_{t<n} 1/sqrt(t+1) <= 2 sqrt(n), by induction on n."""
    claim = le(Sum(1 / sqrt(t + 1), (t, 0, n - 1)), 2 * sqrt(n))
    base = nonnegative_by_sign(le(0, 0), label="n = 0: both sides are 0")
    split = axiom("split", 1 / sqrt(t + 1), t, 0, n - 1, n)
    step = conclude(
        le(Sum(1 / sqrt(t + 1), (t, 0, n)), 2 * sqrt(n + 1)),
        given(claim),
        (root_below_tangent(n + 1, n), 2),
        split,
        label="from n to n + 1",
    )
    return induct(claim, n, 0, base, step, label="sum of 1/sqrt(t + 1) from above")


@cache
def harmonic_sum() -> Fact:
    """sum_{k<=n+1} 1/k <= 1 + log(n+1), by induction on n."""
    claim = le(Sum(1 / k, (k, 1, n + 1)), 1 + log(n + 1))
    base = nonnegative_by_sign(le(1, 1), label="one term: both sides are 1")
    tangent = axiom("log_tangent", n + 2, n + 1)
    split = axiom("split", 1 / k, k, 1, n + 1, n + 2)
    step = conclude(
        le(Sum(1 / k, (k, 1, n + 2)), 1 + log(n + 2)),
        given(claim),
        tangent,
        split,
        label="from n to n + 1",
    )
    return induct(claim, n, 0, base, step, label="harmonic sum from above")


@cache
def harmonic_from_zero() -> Fact:
    """sum_{t<T} 1/(t+1) <= 1 + log T: the same sum counted from 0, by induction."""
    claim = le(Sum(1 / (t + 1), (t, 0, n)), 1 + log(n + 1))
    base = nonnegative_by_sign(le(1, 1), label="one term: both sides are 1")
    tangent = axiom("log_tangent", n + 2, n + 1)
    split = axiom("split", 1 / (t + 1), t, 0, n, n + 1)
    step = conclude(
        le(Sum(1 / (t + 1), (t, 0, n + 1)), 1 + log(n + 2)),
        given(claim),
        tangent,
        split,
        label="from n to n + 1",
    )
    whole = induct(claim, n, 0, base, step, label="harmonic sum from above, counted from 0")
    return substitute(whole, {n: T - 1})


@cache
def harmonic_below_twice_log() -> Fact:
    """sum_{k<=n} 1/k <= 2 log(n+1), by induction on n."""
    claim = le(Sum(1 / k, (k, 1, n)), 2 * log(n + 1))
    base = nonnegative_by_sign(le(0, 0), label="n = 0: both sides are 0")
    tangent = axiom("log_tangent", n + 2, n + 1)
    split = axiom("split", 1 / k, k, 1, n, n + 1)
    enough = nonnegative_by_sign(le(1 / (n + 1), 2 / (n + 2)))
    step = conclude(
        le(Sum(1 / k, (k, 1, n + 1)), 2 * log(n + 2)),
        given(claim),
        (tangent, 2),
        enough,
        split,
        label="from n to n + 1",
    )
    return induct(claim, n, 0, base, step, label="harmonic sum below twice the logarithm")
