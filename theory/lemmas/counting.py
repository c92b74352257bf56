r"""How often an iterate is read, and in how many windows an update lies: sums over reads, counted.

The sequences u (weights) and v (values) stand for whatever a theorem puts there; all of it follows
from Iverson's bracket and exchanging two finite sums. Each lemma is stated for a `Counting`.

>>> print(reads_counted())
sum_{k=1..n} u[k]*v[tau[k]] <= m sum_{k=1..n} u[k]*v[k]
>>> print(windows_exchanged())
sum_{t=0..n - 1} u[t] sum_{j=r[t]..t - 1} v[j] <= sum_{j=0..n - 1} v[j]*w[j]
"""

from functools import cache
from typing import Any

from sympy import Integer, Sum

from theory.algebra import Within
from theory.assumptions import (
    FROM_ONE,
    FROM_ZERO,
    BoundedDelay,
    Counting,
    Multiplicity,
    ReadsThePast,
)
from theory.claims import Claim, Hypothesis, formula, le
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
from theory.symbols import T, i, j, m, n, s, sequence
from theory.tactics import apply, conclude

u, v, w = sequence("u"), sequence("v"), sequence("w")


def reads_past(count: Counting = FROM_ONE) -> Fact:
    """The index read is not after the present one."""
    return suppose(ReadsThePast(count).past)


def reads_start(count: Counting = FROM_ONE) -> Fact:
    """The index read is not before the first one."""
    return suppose(ReadsThePast(count).start)


def reads_lag(count: Counting = FROM_ONE, window: Any = s) -> Fact:
    """The index read is one of the last `window`."""
    return suppose(BoundedDelay(window, count=count).lag)


def weights_nonnegative(count: Counting) -> Hypothesis:
    """u(k) >= 0."""
    return count.hypothesis("weights are >= 0", le(0, u(count.index)))


def weights_decrease(count: Counting) -> Hypothesis:
    """u(k) <= u(j) for j <= k."""
    k = count.index
    return count.hypothesis(
        "weights do not increase", le(u(k), u(j)), j - count.first, k - j, over=(j, k)
    )


def values_nonnegative(count: Counting) -> Hypothesis:
    """v(k) >= 0."""
    return count.hypothesis("values are >= 0", le(0, v(count.index)))


def started(index: Any, count: Counting) -> Claim:
    """The condition that an index is not before the first one."""
    return le(count.first, index)


@cache
def brackets_counted(count: Counting = FROM_ONE) -> Fact:
    r"""Reads, counted: each index at most m times.

    .. math:: \sum_{k=1}^n\sum_{j=1}^n [j=\tau_k]\,u_k v_j \leq m\sum_{k=1}^n u_k v_k

    for weights u >= 0 that do not increase, values v >= 0 and tau_k <= k.
    """
    k, read = count.index, count.read
    (_, first, last), steps = count.range(n), count.range(n)
    value_at_j = substitute(suppose(values_nonnegative(count)), {k: j})
    weight_at_j = substitute(suppose(weights_nonnegative(count)), {k: j})
    earlier = combine(
        le(j, k), reads_past(count), given(le(j, read(k))), label="the index read lies before"
    )
    larger = discharge(suppose(weights_decrease(count)), le(j, k), earlier)
    at_the_read = combine(
        le(u(k) * v(j), u(j) * v(j)), (larger, value_at_j), label="the earlier weight is larger"
    )
    bracketed = when(at_the_read, j, read(k), read(k), label="inside the bracket of the read")
    summed = sum_over(sum_over(bracketed, j, first, last), *steps, label="sum over both")
    is_read = Within(j, read(k), read(k))
    swapped = axiom("exchange", is_read * u(j) * v(j), (j, first, last), steps)
    (multiplicity,) = Multiplicity(count=count).allows
    per_index = combine(
        le(u(j) * v(j) * Sum(is_read, steps), m * u(j) * v(j)),
        (suppose(multiplicity), weight_at_j, value_at_j),
        label="at most m reads of index j",
    )
    counted = sum_over(per_index, j, first, last, label="sum over the indices read")
    double = Sum(Sum(is_read * u(k) * v(j), (j, first, last)), steps)
    return conclude(
        le(double, m * Sum(u(k) * v(k), steps)), summed, swapped, counted, label="counting"
    )


@cache
def reads_counted(count: Counting = FROM_ONE) -> Fact:
    r"""The same when every read is at or after the start.

    .. math:: \sum_{k=1}^n u_k v_{\tau_k} \leq m\sum_{k=1}^n u_k v_k
    """
    k, read = count.index, count.read
    (_, first, last), steps = count.range(n), count.range(n)
    in_range = combine(le(read(k), last), reads_past(count), given(le(k, last)))
    sifted = axiom(
        "sift",
        u(k) * v(j),
        j,
        first,
        last,
        (read(k), read(k)),
        evidence=[reads_start(count), in_range],
    )
    written = sum_over(sifted, *steps, label="write the value read as a sum of brackets")
    return conclude(
        le(Sum(u(k) * v(read(k)), steps), m * Sum(u(k) * v(k), steps)),
        written,
        brackets_counted(count),
        label="reads counted",
    )


@cache
def window_multiplicity(count: Counting = FROM_ONE) -> Fact:
    """Reads that lag by at most s - 1 meet no index more than s times."""
    k, read = count.index, count.read
    is_read, late = Within(j, read(k), read(k)), Within(k, j, j + s - 1)
    after = combine(le(j, k), reads_past(count), given(le(j, read(k))))
    soon = combine(le(k, j + s - 1), reads_lag(count), given(le(read(k), j)))
    is_late = axiom("bracket_inside", k, j, j + s - 1, evidence=[after, soon])
    bracketed = when(is_late, j, read(k), read(k), label="read at k only if j <= k < j + s")
    at_most_one = axiom("bracket_at_most_one", j, read(k), read(k))
    per_step = conclude(
        le(is_read, late), (bracketed, -1), (at_most_one, late), label="read only if late enough"
    )
    (_, first, last), steps = count.range(n), count.range(n)
    summed = sum_over(per_step, *steps)
    counted = axiom("bracket_count", k, first, last, (j, j + s - 1))
    return conclude(le(Sum(is_read, steps), s), summed, counted, label="multiplicity at most s")


@cache
def reads_covering() -> Fact:
    r"""The values of the first T indices are among those read, if each of these is read.

    .. math:: \sum_{j<T} v_j \leq \sum_{t<n} v_{t-\tau_t}
              \quad\text{if}\quad 1\leq\#\{t<n:t-\tau_t=j\}\text{ for every }j<T

    for values v >= 0 and n >= T updates, counted from 0.
    """
    count = FROM_ZERO
    k, read, (_, first, last), steps = count.index, count.read, count.range(n), count.range(n)
    is_read = Within(j, read(k), read(k))
    reads = Sum(is_read, steps)
    each = suppose(Hypothesis("each is read", le(1, reads), (j,), frozenset({j, T - 1 - j})))
    enough = given(le(T, n))
    in_range = combine(le(read(k), last), reads_past(count), given(le(k, last)))
    sifted = axiom(
        "sift",
        v(j),
        j,
        first,
        last,
        (read(k), read(k)),
        evidence=[reads_start(count), in_range],
    )
    value = substitute(suppose(values_nonnegative(count)), {k: j})
    once = combine(le(v(j), v(j) * reads), (each, value), label="read once or more")
    some = combine(le(0, v(j) * reads), (value, reads), label="read or not")
    return conclude(
        le(Sum(v(j), (j, 0, T - 1)), Sum(v(read(k)), steps)),
        sum_over(sifted, *steps, label="write the value read as a sum of brackets"),
        axiom("exchange", is_read * v(j), (j, first, last), steps),
        axiom("split", v(j) * reads, j, first, T - 1, last),
        sum_over(once, j, first, T - 1, label="the first T"),
        sum_over(some, j, T, last, evidence=[enough], label="the others"),
        label="values read cover the first T",
    )


# ------------------------------------------------------------------------- windows


def load(count: Counting) -> Hypothesis:
    """The weights of the windows that contain j add up to at most w(j), for j among the n."""
    k, (_, first, last) = count.index, count.range(n)
    total = Sum(u(k) * Within(j, count.read(k), k - 1), count.range(n))
    among = frozenset({j - first, last - j})
    return Hypothesis("load of an update", le(total, w(j)), (j,), among)


@cache
def windows_exchanged(count: Counting = FROM_ZERO) -> Fact:
    r"""A sum over windows from read to write, taken by the updates they contain.

    .. math:: \sum_{t<n} u_t \sum_{j=t-\tau_t}^{t-1} v_j \leq \sum_{j<n} w_j v_j
              \quad\text{if}\quad \sum_{t<n} u_t\,[t-\tau_t\leq j<t] \leq w_j \text{ for every } j

    for values v >= 0; the weights u may have any sign.
    """
    k, read = count.index, count.read
    (_, first, last), steps = count.range(n), count.range(n)
    within = Within(j, read(k), k - 1)
    early = combine(le(k - 1, last), given(le(k, last)), nonnegative_by_sign(le(0, 1)))
    sifted = axiom(
        "sift",
        v(j),
        j,
        first,
        last,
        (read(k), k - 1),
        evidence=[reads_start(count), reads_past(count), early],
    )
    weighed = combine(
        Claim(
            u(k) * Sum(within * v(j), (j, first, last)), "==", u(k) * Sum(v(j), (j, read(k), k - 1))
        ),
        (sifted, u(k)),
    )
    written = sum_over(weighed, *steps, label="write the windows with brackets")
    swapped = axiom("exchange", within * u(k) * v(j), (j, first, last), steps)
    value_at_j = substitute(suppose(values_nonnegative(count)), {k: j})
    per_index = combine(
        le(v(j) * Sum(u(k) * within, steps), w(j) * v(j)),
        (suppose(load(count)), value_at_j),
        label="the load of update j",
    )
    summed = sum_over(per_index, j, first, last, label="sum over the updates")
    return conclude(
        le(
            Sum(u(k) * Sum(v(j), (j, read(k), k - 1)), steps),
            Sum(w(j) * v(j), (j, first, last)),
        ),
        written,
        swapped,
        summed,
        label="windows exchanged",
    )


@cache
def windows_containing(count: Counting = FROM_ZERO) -> Fact:
    r"""An update lies in at most s - 1 windows, if reads lag by at most s - 1.

    .. math:: \sum_{t<n} [t-\tau_t\leq j<t] \leq s - 1
    """
    k, read = count.index, count.read
    within, late = Within(j, read(k), k - 1), Within(k, j + 1, j + s - 1)
    after = combine(le(j + 1, k), given(le(j, k - 1)))
    soon = combine(le(k, j + s - 1), reads_lag(count), given(le(read(k), j)))
    is_late = axiom("bracket_inside", k, j + 1, j + s - 1, evidence=[after, soon])
    bracketed = when(is_late, j, read(k), k - 1, label="in the window only if j < k < j + s")
    at_most_one = axiom("bracket_at_most_one", j, read(k), k - 1)
    per_step = conclude(
        le(within, late), (bracketed, -1), (at_most_one, late), label="in the window only if late"
    )
    (_, first, last), steps = count.range(n), count.range(n)
    summed = sum_over(per_step, *steps)
    counted = axiom("bracket_count", k, first, last, (j + 1, j + s - 1))
    return conclude(
        le(Sum(within, steps), s - 1), summed, counted, label="at most s - 1 windows contain j"
    )


@cache
def windows_counted(count: Counting = FROM_ONE) -> Fact:
    r"""Windows from read to write, counted: each update lies in at most s - 1 of them.

    .. math:: \sum_{k=1}^n\sum_{j=\tau_k}^{k-1} v_j \leq (s-1)\sum_{j=1}^n v_j
    """
    k = count.index
    exchanged = apply(
        windows_exchanged(count),
        {u: formula(k, Integer(1)), w: formula(k, s - 1)},
        windows_containing(count),
    )
    (_, first, last), steps = count.range(n), count.range(n)
    return combine(
        le(
            Sum(Sum(v(i), (i, count.read(k), k - 1)), steps),
            (s - 1) * Sum(v(i), (i, first, last)),
        ),
        exchanged,
        label="windows counted",
    )
