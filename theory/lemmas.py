r"""Lemmas proved once and used by many theorems: counting reads, averages, sums, one stale step.

Each is a function that returns a `Fact`; its hypotheses name what an instance has to supply, and
`theory.tactics.apply` supplies it. The sequences u, v, w stand for whatever a theorem puts there.

>>> print(reads_counted())
sum_{k=1..n} u[k]*v[tau[k]] <= m sum_{k=1..n} u[k]*v[k]
>>> print(root_sum())
2*sqrt(n + 1) - 2 <= sum_{k=1..n} 1/sqrt(k)
"""

from functools import cache
from typing import Any

from sympy import Rational, Sum, log, sqrt

from theory.algebra import Minimum, Within
from theory.assumptions import (
    BoundedDelay,
    BoundedVariance,
    F,
    Multiplicity,
    StaleSGD,
    gradient,
    objective,
    squared_gradient,
    x,
    xi,
)
from theory.claims import Hypothesis, le
from theory.facts import Fact
from theory.hilbert import Inner
from theory.kernel import (
    axiom,
    combine,
    discharge,
    given,
    induct,
    minimum,
    nonnegative_by_sign,
    rewrite,
    substitute,
    sum_over,
    suppose,
    when,
)
from theory.symbols import L, c, eta, i, j, k, m, n, s, sequence, sigma, tau
from theory.tactics import conclude

u, v, w = sequence("u"), sequence("v"), sequence("w")

HALF = Rational(1, 2)


def from_first(name: str, claim: Any, *conditions: Any, over: tuple[Any, ...] = (k,)) -> Hypothesis:
    """A hypothesis for all k >= 1."""
    return Hypothesis(name, claim, over, frozenset({k - 1, *conditions}))


WEIGHTS_NONNEGATIVE = from_first("weights are >= 0", le(0, u(k)))
WEIGHTS_DECREASE = from_first("weights do not increase", le(u(k), u(j)), j - 1, k - j, over=(j, k))
VALUES_NONNEGATIVE = from_first("values are >= 0", le(0, v(k)))
AVERAGE_WEIGHTS = Hypothesis("weights w are >= 0", le(0, w(k)), (k,), frozenset({k - 1, n - k}))

READS = {a.name.split(" by")[0]: a for a in BoundedDelay().allows if isinstance(a, Hypothesis)}
READS_PAST = suppose(READS["reads the past"])
READS_LAG = suppose(READS["reads lag"])
READS_START = suppose(READS["reads start at x_1"])
(MULTIPLICITY,) = Multiplicity().allows


@cache
def brackets_counted() -> Fact:
    r"""Reads, counted: each index at most m times.

    .. math:: \sum_{k=1}^n\sum_{j=1}^n [j=\tau_k]\,u_k v_j \le m\sum_{k=1}^n u_k v_k

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

    .. math:: \sum_{k=1}^n u_k v_{\tau_k} \le m\sum_{k=1}^n u_k v_k
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

    .. math:: \sum_{k=1}^n\sum_{i=\tau_k}^{k-1} v_i \le (s-1)\sum_{i=1}^n v_i

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
def least_below_average() -> Fact:
    r"""The least of n + 1 values is below their weighted average, the last with weight c >= 0.

    .. math:: \min_{k\le n+1} v_k\,\Bigl(\sum_{k=1}^n w_k + c\Bigr)
              \le \sum_{k=1}^n w_k v_k + c\,v_{n+1}
    """
    weight = suppose(AVERAGE_WEIGHTS)
    least = Minimum(v(k), (k, 1, n + 1))
    each = minimum(v(k), k, 1, n + 1)
    weighed = combine(le(w(k) * least, w(k) * v(k)), (each, weight), label="each value weighed")
    summed = sum_over(weighed, k, 1, n, label="sum over the first n")
    last = substitute(each, {k: n + 1}, label="the last value")
    return combine(
        le(least * (Sum(w(k), (k, 1, n)) + c), Sum(w(k) * v(k), (k, 1, n)) + c * v(n + 1)),
        summed,
        (last, c),
        label="the least value is below the weighted average",
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


# ------------------------------------------------------------------------- sums in closed form


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


# ------------------------------------------------------------------------- one stale step


def only(*assumed: Any) -> dict[str, Fact]:
    """Each hypothesis of the assumptions as a fact, by name."""
    return {
        a.name: suppose(a, label=a.name)
        for one in assumed
        for a in one.allows
        if isinstance(a, Hypothesis)
    }


@cache
def stale_descent() -> Fact:
    r"""One step with fresh noise, before anything is assumed of how old the gradient is.

    .. math:: E F(x_{k+1}) \le E F(x_k) - \eta_k E\langle\nabla F(x_k),\nabla F(x_{\tau_k})\rangle
              + \tfrac L2\eta_k^2\,(E|\nabla F(x_{\tau_k})|^2 + \sigma^2)
    """
    have = only(StaleSGD(), BoundedVariance())
    smooth = axiom("descent", F, L, x(k), x(k + 1), label="descent lemma")
    followed = rewrite(smooth, have["stale SGD"], x(k + 1), label="insert the update")
    here = axiom("unbiased", xi(k), gradient(k), label="the noise does not see grad F(x_k)")
    read = axiom(
        "unbiased", xi(k), gradient(tau(k)), evidence=[READS_PAST], label="nor the gradient read"
    )
    inner = Inner(gradient(k), gradient(tau(k)))
    return conclude(
        le(
            objective(k + 1),
            objective(k)
            - eta(k) * inner
            + L * HALF * eta(k) ** 2 * (squared_gradient(tau(k)) + sigma**2),
        ),
        followed,
        here,
        read,
        (have["bounded variance"], L * HALF * eta(k) ** 2),
        label="one stale step",
    )
