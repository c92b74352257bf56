r"""Small steps let x fall slowly: the induction behind coherence, in the kernel.

The run is counted from the first value that is read: x(0) = ... = x(tau) is the start, and update t
reads x(t - tau), for t >= tau.

>>> print(ratio_kept())
tau*x[k]/(tau + 1) <= x[k + 1], if 0 <= k and 1 <= tau and
    a <= tau^tau/(tau*(tau + 1)^tau + (tau + 1)^tau)
"""

from functools import cache
from typing import Any

from sympy import Symbol

from theory.claims import Hypothesis, eq, le
from theory.kernel import (
    Fact,
    axiom,
    cases,
    combine,
    discharge,
    earlier,
    given,
    induct_strongly,
    substitute,
    sum_over,
    suppose,
)
from theory.linear.constant_delay import a
from theory.linear.roots import best_step
from theory.symbols import i, j, k, sequence, t, tau_max, z

x = sequence("x")
EARLIER = Symbol("earlier", integer=True)

RUN = Hypothesis("the run", eq(x(t + 1), x(t) - a * x(t - tau_max)), (t,), frozenset({t - tau_max}))
START = Hypothesis("a constant start", eq(x(t + 1), x(t)), (t,), frozenset({t, tau_max - 1 - t}))
SIGN = Hypothesis("a start that is not negative", le(0, x(0)))
SMALL = le(a * (1 + z) ** (tau_max + 1), z)
LARGEST = best_step["step"]


def keeps(index: Any) -> Any:
    """x_k <= (1 + z) x_{k+1}."""
    return le(x(index), (1 + z) * x(index + 1))


def compounded(each: Fact) -> Fact:
    """From x_i <= (1 + z) x_{i+1} before k: x_j <= (1 + z)^(k-j) x_k for 0 <= j <= k."""
    grown = (1 + z) ** i * x(i)
    weighed = combine(le(grown, grown.xreplace({i: i + 1})), (each, (1 + z) ** i), label="weighed")
    begun = combine(le(0, i), given(le(0, j)), given(le(j, i)))
    forward = given(le(j, k))
    summed = sum_over(weighed, i, j, k - 1, evidence=[begun, forward], label="from j to k")
    telescopes = axiom("telescope", grown, i, j, k - 1, label="the weighed ones telescope")
    return combine(
        le(x(j), (1 + z) ** (k - j) * x(k)),
        (summed, (1 + z) ** (-j)),
        (telescopes, (1 + z) ** (-j)),
        label="compounded",
    )


def not_negative(each: Fact) -> Fact:
    """From the same: 0 <= x_k."""
    grown = substitute(compounded(each), {j: 0}, label="from the start")
    weight = (1 + z) ** (-k)
    return combine(le(0, x(k)), (suppose(SIGN), weight), (grown, weight), label="x is not negative")


@cache
def kept() -> Fact:
    """x_k <= (1 + z) x_{k+1} if a (1 + z)^(tau+1) <= z, by strong induction."""
    before = substitute(suppose(earlier(keeps(k), k, 0)), {EARLIER: i}, label="what came earlier")
    positive = not_negative(before)
    read = substitute(compounded(before), {j: k - tau_max}, label="at the index read")
    later, cold = (substitute(suppose(h), {t: k}) for h in (RUN, START))
    warm = combine(
        keeps(k),
        (later, -(1 + z)),
        (read, a * (1 + z)),
        (given(SMALL), positive),
        label="an update takes away a part",
    )
    still = combine(keeps(k), (cold, -(1 + z)), (positive, z), label="at the start")
    step = cases(warm, still, k - tau_max, label="every update")
    return induct_strongly(keeps(k), k, 0, step, label="x falls slowly")


def _at_best_step(fact: Fact) -> Fact:
    """A fact that needs a (1 + z)^(tau+1) <= z, up to the best step: z = 1/tau."""
    some = le(1, tau_max)
    fact = substitute(fact, {z: 1 / tau_max}, under=[some], label="at the largest step")
    power = (1 + 1 / tau_max) ** (tau_max + 1)
    small = combine(
        le(a * power, 1 / tau_max),
        (given(le(a, LARGEST), under=[some]), power),
        label="the step",
    )
    return discharge(fact, le(a * power, 1 / tau_max), small)


@cache
def ratio_kept() -> Fact:
    """tau/(tau + 1) x_k <= x_{k+1}, up to the best step."""
    share = tau_max / (tau_max + 1)
    return combine(le(share * x(k), x(k + 1)), (_at_best_step(kept()), share), label="the ratio")


@cache
def falls() -> Fact:
    """x_{k+1} <= x_k, up to the best step."""
    positive = not_negative(substitute(kept(), {k: i}))
    read = substitute(positive, {k: k - tau_max}, label="what is read")
    later, cold = (substitute(suppose(h), {t: k}) for h in (RUN, START))
    warm = combine(le(x(k + 1), x(k)), later, (read, a), label="an update takes something away")
    still = combine(le(x(k + 1), x(k)), cold, label="at the start")
    return _at_best_step(cases(warm, still, k - tau_max, label="every update"))
