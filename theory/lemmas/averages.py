r"""From a weighted sum of squared gradients to the least of them."""

from functools import cache
from typing import Any

from sympy import Integer, Sum

from theory.algebra import Minimum, normal
from theory.assumptions import FROM_ZERO, squared_gradient
from theory.claims import Claim, Hypothesis, formula, le, lt
from theory.kernel import (
    Fact,
    combine,
    discharge,
    given,
    minimum,
    nonnegative_by_sign,
    reciprocal,
    substitute,
    sum_over,
    suppose,
)
from theory.lemmas.counting import reads_past, reads_start
from theory.sign import provably
from theory.symbols import Delta, L, c, k, n, r, sequence, t
from theory.tactics import apply

v, w = sequence("v"), sequence("w")

AVERAGE_WEIGHTS = Hypothesis("weights w are >= 0", le(0, w(k)), (k,), frozenset({k - 1, n - k}))


def least_gradient(last: Any) -> Any:
    """min over k = 1, ..., last of E|grad F(x_k)|^2."""
    return Minimum(squared_gradient(k), (k, 1, last))


@cache
def least_below_average() -> Fact:
    r"""The least of n + 1 values is below their weighted average, the last with weight c >= 0.

    .. math:: \min_{k\leq n+1} v_k\,\Bigl(\sum_{k=1}^n w_k + c\Bigr)
              \leq \sum_{k=1}^n w_k v_k + c\,v_{n+1}
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


def least_times_weights(
    fact: Fact, nonnegative: Fact, last_weight: Any, scale: Any, right: Any
) -> Fact:
    """From scale * (sum_k w_k a_k + c a_{n+1}) <= R and 0 <= w_k: min a_k (sum w_k + c) <= R."""
    weight = nonnegative.claim.right
    average = apply(
        substitute(least_below_average(), {c: last_weight}),
        {w: formula(k, weight), v: formula(k, squared_gradient(k))},
        nonnegative,
        label="the least gradient is below the average",
    )
    total = Sum(weight, (k, 1, n)) + last_weight
    return combine(
        le(least_gradient(n + 1) * total, right),
        (fact, scale),
        average,
        label="least gradient, summed",
    )


def divided(fact: Fact, total: Any, bound: Any, last: Any) -> Fact:
    """From min a_k * total <= R with total > 0: min a_k <= R/total."""
    positive = reciprocal(
        nonnegative_by_sign(Claim(Integer(0), "<", total), label="the total weight is > 0")
    )
    return combine(
        le(least_gradient(last), bound),
        (fact, positive),
        label="divide by the weights",
    )


# ------------------------------------------------------------------------- updates from 0

LEAST = Minimum(squared_gradient(t), (t, 0, n))


@cache
def least_at() -> Fact:
    """The least of a_0, ..., a_n is at most a_t."""
    return minimum(squared_gradient(t), t, 0, n)


@cache
def least_read() -> Fact:
    """The least of a_0, ..., a_n is at most the squared gradient that update t reads."""
    at_read = substitute(least_at(), {t: r(t)}, label="at the index read")
    at_read = discharge(at_read, le(0, r(t)), reads_start(FROM_ZERO))
    within = combine(le(r(t), n), reads_past(FROM_ZERO), given(le(t, n)))
    return discharge(at_read, le(r(t), n), within, label="the least is below what is read")


def least_of_gains(gains: Fact, charged: Fact, nonnegative: Fact, scale: Any) -> Fact:
    r"""From what n updates gain to the least of n + 1 squared gradients.

    .. math:: \min_{t\leq n} a_t \leq \frac{c\,\Delta}{c\sum_{t<n}w_t + c/(2L)}

    if the gains and a_n/(2L) add up to at most Delta (`gains`), the gains to at least the w_t times
    the least (`charged`), and w_t >= 0 (`nonnegative`); c is `scale`.
    """
    steps = (t, 0, n - 1)
    weights = scale * Sum(nonnegative.claim.right, steps)
    some = sum_over(nonnegative, *steps, label="the weights, summed")
    last = substitute(least_at(), {t: n}, label="the last iterate")
    rest = nonnegative_by_sign(lt(0, scale / (2 * L)))
    total = weights + scale / (2 * L)
    positive = combine(lt(0, total), (some, scale), rest, label="the total weight")
    told = [] if provably(">", normal(total)) else [positive]
    return combine(
        le(LEAST, scale * Delta / total),
        (gains, reciprocal(positive), scale),
        (charged, reciprocal(positive), scale),
        (last, reciprocal(positive), scale / (2 * L)),
        evidence=told,
        label="divide by the weights",
    )
