r"""How often an iterate is read, and in how many windows a step lies: sums over reads, counted.

The sequences u (weights) and v (values) stand for whatever a theorem puts there; the index read at
step k is tau(k). All of it follows from Iverson's bracket and exchanging two finite sums.

>>> print(reads_counted())
sum_{k=1..n} u[k]*v[tau[k]] <= m sum_{k=1..n} u[k]*v[k]
>>> print(windows_counted())
sum_{k=1..n} sum_{i=tau[k]..k - 1} v[i] <= (s - 1) sum_{i=1..n} v[i]
"""

from functools import cache
from typing import Any

from sympy import Sum

from theory.algebra import Within
from theory.assumptions import BoundedDelay, Multiplicity
from theory.claims import Hypothesis, le
from theory.kernel import (
    Fact,
    axiom,
    combine,
    discharge,
    given,
    nonnegative_by_sign,
    substitute,
    sum_over,
    suppose,
    when,
)
from theory.symbols import i, j, k, m, n, s, sequence, tau
from theory.tactics import conclude

u, v = sequence("u"), sequence("v")


def from_first(name: str, claim: Any, *conditions: Any, over: tuple[Any, ...] = (k,)) -> Hypothesis:
    """A hypothesis for all k >= 1."""
    return Hypothesis(name, claim, over, frozenset({k - 1, *conditions}))


WEIGHTS_NONNEGATIVE = from_first("weights are >= 0", le(0, u(k)))
WEIGHTS_DECREASE = from_first("weights do not increase", le(u(k), u(j)), j - 1, k - j, over=(j, k))
VALUES_NONNEGATIVE = from_first("values are >= 0", le(0, v(k)))

READS = {a.name.split(" by")[0]: a for a in BoundedDelay().allows if isinstance(a, Hypothesis)}
READS_PAST = suppose(READS["reads the past"])
READS_LAG = suppose(READS["reads lag"])
READS_START = suppose(READS["reads start at x_1"])
(MULTIPLICITY,) = Multiplicity().allows


@cache
def brackets_counted() -> Fact:
    r"""Reads, counted: each index at most m times.

    .. math:: \sum_{k=1}^n\sum_{j=1}^n [j=\tau_k]\,u_k v_j \leq m\sum_{k=1}^n u_k v_k

    for weights u >= 0 that do not increase, values v >= 0 and tau_k <= k.
    """
    value_at_j = substitute(suppose(VALUES_NONNEGATIVE), {k: j})
    weight_at_j = substitute(suppose(WEIGHTS_NONNEGATIVE), {k: j})
    earlier = combine(le(j, k), READS_PAST, given(le(j, tau(k))), label="j = tau_k lies before k")
    larger = discharge(suppose(WEIGHTS_DECREASE), le(j, k), earlier)
    at_the_read = combine(
        le(u(k) * v(j), u(j) * v(j)), (larger, value_at_j), label="the earlier weight is larger"
    )
    bracketed = when(at_the_read, j, tau(k), tau(k), label="inside the bracket j = tau_k")
    summed = sum_over(sum_over(bracketed, j, 1, n), k, 1, n, label="sum over j and k")
    read = Within(j, tau(k), tau(k))
    swapped = axiom("exchange", read * u(j) * v(j), (j, 1, n), (k, 1, n))
    per_index = combine(
        le(u(j) * v(j) * Sum(read, (k, 1, n)), m * u(j) * v(j)),
        (suppose(MULTIPLICITY), weight_at_j, value_at_j),
        label="at most m reads of index j",
    )
    counted = sum_over(per_index, j, 1, n, label="sum over the indices read")
    double = Sum(Sum(read * u(k) * v(j), (j, 1, n)), (k, 1, n))
    return conclude(
        le(double, m * Sum(u(k) * v(k), (k, 1, n))), summed, swapped, counted, label="counting"
    )


@cache
def reads_counted() -> Fact:
    r"""The same when every read is at or after the start, tau_k >= 1.

    .. math:: \sum_{k=1}^n u_k v_{\tau_k} \leq m\sum_{k=1}^n u_k v_k
    """
    in_range = combine(le(tau(k), n), READS_PAST, given(le(k, n)))
    sifted = axiom("sift", u(k) * v(j), j, 1, n, (tau(k), tau(k)), evidence=[READS_START, in_range])
    written = sum_over(sifted, k, 1, n, label="write the value read as a sum of brackets")
    total = Sum(u(k) * v(k), (k, 1, n))
    return conclude(
        le(Sum(u(k) * v(tau(k)), (k, 1, n)), m * total),
        written,
        brackets_counted(),
        label="reads counted",
    )


@cache
def windows_counted() -> Fact:
    r"""Each step lies in at most s - 1 windows from a read to its write.

    .. math:: \sum_{k=1}^n\sum_{i=\tau_k}^{k-1} v_i \leq (s-1)\sum_{i=1}^n v_i

    for values v >= 0 and k - s + 1 <= tau_k <= k, tau_k >= 1.
    """
    value_at_i = substitute(suppose(VALUES_NONNEGATIVE), {k: i})
    in_window, late = Within(i, tau(k), k - 1), Within(k, i + 1, i + s - 1)
    after = combine(le(i + 1, k), given(le(i, k - 1)))
    soon = combine(le(k, i + s - 1), READS_LAG, given(le(tau(k), i)))
    is_late = axiom("bracket_inside", k, i + 1, i + s - 1, evidence=[after, soon])
    inside = conclude(le(v(i), late * v(i)), is_late, label="then i < k < i + s")
    bracketed = when(inside, i, tau(k), k - 1, label="inside the window of step k")
    at_most_one = axiom("bracket_at_most_one", i, tau(k), k - 1)
    late_value = combine(
        le(0, late * v(i)), (value_at_i, late), label="a bracket times a value is >= 0"
    )
    per_pair = combine(
        le(in_window * v(i), late * v(i)), bracketed, (at_most_one, late_value), label="drop it"
    )
    sifted = axiom(
        "sift",
        v(i),
        i,
        1,
        n,
        (tau(k), k - 1),
        evidence=[
            READS_START,
            READS_PAST,
            combine(le(k - 1, n), given(le(k, n)), nonnegative_by_sign(le(0, 1))),
        ],
    )
    written = sum_over(sifted, k, 1, n, label="write the window sum with brackets")
    bounded = sum_over(sum_over(per_pair, i, 1, n), k, 1, n, label="sum over both")
    swapped = axiom("exchange", late * v(i), (i, 1, n), (k, 1, n))
    count = axiom("bracket_count", k, 1, n, (i + 1, i + s - 1))
    per_index = combine(
        le(v(i) * Sum(late, (k, 1, n)), (s - 1) * v(i)), (count, value_at_i), label="s - 1 of them"
    )
    counted = sum_over(per_index, i, 1, n)
    return conclude(
        le(Sum(Sum(v(i), (i, tau(k), k - 1)), (k, 1, n)), (s - 1) * Sum(v(i), (i, 1, n))),
        written,
        bounded,
        swapped,
        counted,
        label="windows counted",
    )


@cache
def window_multiplicity() -> Fact:
    """Reads that lag by at most s - 1 meet no index more than s times."""
    read, late = Within(j, tau(k), tau(k)), Within(k, j, j + s - 1)
    after = combine(le(j, k), READS_PAST, given(le(j, tau(k))))
    soon = combine(le(k, j + s - 1), READS_LAG, given(le(tau(k), j)))
    is_late = axiom("bracket_inside", k, j, j + s - 1, evidence=[after, soon])
    bracketed = when(is_late, j, tau(k), tau(k), label="j = tau_k only if j <= k < j + s")
    at_most_one = axiom("bracket_at_most_one", j, tau(k), tau(k))
    per_step = conclude(
        le(read, late), (bracketed, -1), (at_most_one, late), label="read only if late enough"
    )
    summed = sum_over(per_step, k, 1, n)
    count = axiom("bracket_count", k, 1, n, (j, j + s - 1))
    return conclude(le(Sum(read, (k, 1, n)), s), summed, count, label="multiplicity at most s")
