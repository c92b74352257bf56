r"""Weights q^{-t}, 0 < q <= 1, which turn a contraction D_{t+1} <= q D_t + ... into a sum.

All of it is for a symbol q; a theorem puts its contraction, such as 1 - eta mu, in its place.

>>> print(bernoulli())
1 - n*(1 - q) <= q^n
>>> print(weights_summed())
(1 - q) sum_{t=0..n - 1} q^(-t) == q*(q^(-n) - 1)
"""

from functools import cache
from typing import Any

from sympy import Sum

from theory.algebra import Within
from theory.assumptions import FROM_ZERO, BoundedDelay
from theory.claims import eq, formula, le
from theory.kernel import (
    Fact,
    axiom,
    combine,
    given,
    induct,
    nonnegative_by_sign,
    substitute,
    sum_over,
    suppose,
    when,
)
from theory.lemmas.counting import u, w, windows_containing, windows_exchanged
from theory.symbols import j, n, q, r, s, t, tau_max
from theory.tactics import apply, conclude

STEPS = (t, 0, n - 1)


@cache
def bernoulli() -> Fact:
    """Bernoulli's inequality q^n >= 1 - n (1 - q), by induction on n."""
    claim = le(1 - n * (1 - q), q**n)
    base = nonnegative_by_sign(le(0, 0), label="n = 0: both sides are 1")
    step = combine(
        le(1 - (n + 1) * (1 - q), q ** (n + 1)),
        (given(claim), q),
        squares=[(1 - q, n)],
        label="from n to n + 1",
    )
    return induct(claim, n, 0, base, step, label="Bernoulli's inequality")


@cache
def growth() -> Fact:
    """Weights grow little over a window: (1 - tau (1 - q)) q^{-t} <= q^{-j}, j in the window of t.

    For q <= 1 and delays at most tau.
    """
    age = t - j
    lag = suppose(BoundedDelay(tau_max + 1, count=FROM_ZERO).lag)
    young = combine(le(age, tau_max), lag, given(le(r(t), j)), label="no older than tau")
    shrunk = substitute(bernoulli(), {n: age}, under=[le(j, t - 1)])
    return combine(
        le((1 - tau_max * (1 - q)) * q ** (-t), q ** (-j)),
        (shrunk, q ** (-t)),
        (young, given(le(q, 1)), q ** (-t)),
        label="weights over a window",
    )


@cache
def windows_weighed() -> Fact:
    r"""A sum over windows with these weights, taken by the updates they contain.

    .. math:: (1-\tau(1-q))\sum_{t<n}q^{-t}\sum_{j=t-\tau_t}^{t-1}v_j\leq\tau\sum_{t<n}q^{-t}v_t

    for values v >= 0, q <= 1 and delays at most tau.
    """
    within = Within(j, r(t), t - 1)
    inside = when(growth(), j, r(t), t - 1, label="inside the window")
    contained = substitute(windows_containing(), {s: tau_max + 1})
    load = combine(
        le(Sum((1 - tau_max * (1 - q)) * q ** (-t) * within, STEPS), tau_max * q ** (-j)),
        sum_over(inside, *STEPS),
        (contained, q ** (-j)),
        label="the load of an update",
    )
    weight = (1 - tau_max * (1 - q)) * q ** (-t)
    return apply(
        windows_exchanged(),
        {u: formula(t, weight), w: formula(t, tau_max * q ** (-t))},
        load,
        label="windows with growing weights",
    )


@cache
def weights_summed() -> Fact:
    r"""The weights add up: (1 - q) sum_{t<n} q^{-t} = q (q^{-n} - 1)."""
    return conclude(
        eq((1 - q) * Sum(q ** (-t), STEPS), q * (q ** (-n) - 1)),
        axiom("telescope", q ** (1 - t), *STEPS),
        label="the weights, summed",
    )


def weighed_telescope(distance: Any) -> Fact:
    r"""What contracts, telescoped: `distance` is D_t as an expression in t.

    .. math:: \sum_{t<n}q^{-t}(qD_t-D_{t+1}) = qD_0-q^{1-n}D_n
    """
    later, first, last = (distance.xreplace({t: a}) for a in (t + 1, 0 * t, n))
    return conclude(
        eq(
            Sum(q ** (-t) * (q * distance - later), STEPS),
            q * first - q ** (1 - n) * last,
        ),
        axiom("telescope", q ** (1 - t) * distance, *STEPS),
        label="the distances telescope",
    )
