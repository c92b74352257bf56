r"""Gradients do not vanish at once, however old the ones applied, if the steps are small enough.

Steps are at most z/(L (1 + z)^(tau+1)) for some z > 0 (the largest such limit is at z = 1/tau), and
there is no noise; g_k is the gradient at iterate k.

>>> print(no_vanishing())
|grad F(x[t])|^2 <= (z + 1)^2*|grad F(x[t + 1])|^2, if 0 <= t
"""

from functools import cache
from typing import Any

from sympy import Symbol

from theory.assumptions import FROM_ZERO, Counting, gradient, squared_gradient
from theory.claims import Claim, le
from theory.kernel import (
    Fact,
    axiom,
    combine,
    discharge,
    earlier,
    given,
    induct_strongly,
    substitute,
    sum_over,
    suppose,
)
from theory.lemmas.changes import change_by_read, changed
from theory.lemmas.counting import reads_lag, reads_past, reads_start
from theory.lemmas.powers import power_increases
from theory.symbols import L, i, j, tau_max, z

LIMIT = z / (L * (1 + z) ** (tau_max + 1))
EARLIER = Symbol("earlier", integer=True)
SHARE = z / (1 + z)  # the largest part of the gradient that an update may take away
LONGEST = (1 + z) ** (2 * tau_max)  # what a squared gradient may have lost over a delay


def shrinks(index: Any) -> Claim:
    """|g_k|^2 <= (1 + z)^2 |g_{k+1}|^2."""
    return le(squared_gradient(index), (1 + z) ** 2 * squared_gradient(index + 1))


def compounded(each: Fact, low: Any, high: Any, first: int) -> Fact:
    r"""From `each`, which says it of update i, to several updates.

    .. math:: \|g_j\|^2\leq(1+z)^{2(k-j)}\|g_k\|^2\quad\text{for } j\leq k

    with the symbols `low` for j and `high` for k; `first` is the first index of all.
    """
    grown = (1 + z) ** (2 * i) * squared_gradient(i)
    weighed = combine(
        le(grown, grown.xreplace({i: i + 1})), (each, (1 + z) ** (2 * i)), label="weighed"
    )
    begun = combine(le(first, i), given(le(first, low)), given(le(low, i)))
    forward = given(le(low, high))
    summed = sum_over(weighed, i, low, high - 1, evidence=[begun, forward], label="from j to k")
    telescopes = axiom("telescope", grown, i, low, high - 1, label="the weighed ones telescope")
    return combine(
        le(squared_gradient(low), (1 + z) ** (2 * (high - low)) * squared_gradient(high)),
        (summed, (1 + z) ** (-2 * low)),
        (telescopes, (1 + z) ** (-2 * low)),
        label="compounded",
    )


def within_a_delay(each: Fact, low: Any, high: Any, first: int) -> Fact:
    r"""The same for k - j at most tau.

    .. math:: \|g_j\|^2\leq(1+z)^{2\tau}\|g_k\|^2
    """
    near = combine(le(2 * (high - low), 2 * tau_max), (given(le(high - tau_max, low)), 2))
    larger = power_increases(2 * (high - low), 2 * tau_max, near)
    return combine(
        le(squared_gradient(low), LONGEST * squared_gradient(high)),
        compounded(each, low, high, first),
        (larger, squared_gradient(high)),
        label="within a delay",
    )


def at_the_read(fact: Fact, count: Counting) -> Fact:
    """A fact about j with the index read for j: it lies before, is recent, and exists."""
    k, read = count.index, count.read(count.index)
    fact = substitute(fact, {j: read}, label="at the index read")
    for condition, known in (
        (le(count.first, read), reads_start(count)),
        (le(read, k), reads_past(count)),
        (le(k - tau_max, read), reads_lag(count, tau_max + 1)),
    ):
        fact = discharge(fact, condition, known, label="at the index read")
    return fact


@cache
def no_vanishing(count: Counting = FROM_ZERO) -> Fact:
    r"""No update shrinks the gradient by more than 1 + z, by strong induction.

    .. math:: \|g_k\|^2\leq(1+z)^2\|g_{k+1}\|^2

    The gradient applied is at most (1+z)^tau times the present one, so the change is at most the
    part z/(1+z) of it.
    """
    k = count.index
    before = substitute(
        suppose(earlier(shrinks(k), k, count.first)), {EARLIER: i}, label="what came earlier"
    )
    applied = at_the_read(within_a_delay(before, j, k, count.first), count)
    moved = change_by_read(LIMIT, count)
    small = combine(
        le(changed(k), SHARE**2 * squared_gradient(k)),
        moved,
        (applied, L**2 * LIMIT**2),
        label="the change is a part of the gradient",
    )
    step = combine(
        shrinks(k),
        (small, (1 + z) ** 2 / z),
        squares=[(gradient(k) - (1 + z) * gradient(k + 1), (1 + z) / z)],
        label="the gradient keeps the rest",
    )
    return induct_strongly(shrinks(k), k, count.first, step, label="no vanishing")
