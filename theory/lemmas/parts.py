r"""Updates made of parts that were read at iterates of their own: the windows from read to write.

The window of part i of update t holds the updates from its read to just before its write; all of
them lie in the last tau updates before t.

>>> print(window_widened())
sum_{j=nu[t, i]..t - 1} v[j] <= sum_{j=Max(0, t - tau)..t - 1} v[j], if 0 <= t and 1 <= i and i <= B
"""

from functools import cache
from typing import Any

from sympy import Max, Sum

from theory.algebra import Within
from theory.assumptions import FROM_ZERO, DelaysOfParts
from theory.claims import formula, le
from theory.kernel import (
    Fact,
    axiom,
    combine,
    either,
    given,
    nonnegative_by_sign,
    substitute,
    sum_over,
    suppose,
    when,
)
from theory.lemmas.counting import u, v, values_nonnegative, w, windows_exchanged
from theory.symbols import i, j, n, nu, r, t, tau_max
from theory.tactics import apply, conclude

DELAYS = DelaysOfParts()
WINDOW = (j, nu(t, i), t - 1)
EARLIEST = Max(0, t - tau_max)  # the first of the last tau updates
RECENT = (j, EARLIEST, t - 1)


@cache
def window_in_range() -> list[Fact]:
    """What a sum over the window of a part needs: it starts after the start, and is a range."""
    started_ = combine(le(0, j), suppose(DELAYS.start), given(le(nu(t, i), j)))
    return [started_, suppose(DELAYS.past)]


def earliest_at_most(place: Any, after_start: Fact, late: Fact) -> Fact:
    """max(0, t - tau) <= place, from 0 <= place and t - tau <= place."""
    latest = axiom("largest_is_one", 0, t - tau_max)
    claim = le(EARLIEST, place)
    at_start = combine(claim, after_start, given(le(EARLIEST, 0)))
    tau_back = combine(claim, late, given(le(EARLIEST, t - tau_max)))
    return either(latest, at_start, tau_back, (EARLIEST, EARLIEST - t + tau_max))


@cache
def recent_in_range() -> list[Fact]:
    """The same for the last tau updates."""
    first = axiom("largest_above", 0, t - tau_max)
    after_start = combine(le(0, j), first, given(le(EARLIEST, j)))
    now = earliest_at_most(t, given(le(0, t)), nonnegative_by_sign(le(t - tau_max, t)))
    return [after_start, now]


@cache
def window_widened() -> Fact:
    r"""The window of a part lies in the last tau updates.

    .. math:: \sum_{j=t-\tau_{t,i}}^{t-1} v_j \leq \sum_{j=\max(0,t-\tau)}^{t-1} v_j

    for values v >= 0.
    """
    value_at_j = substitute(suppose(values_nonnegative(FROM_ZERO)), {t: j})
    opened = earliest_at_most(nu(t, i), suppose(DELAYS.start), suppose(DELAYS.lag))
    before = sum_over(value_at_j, j, EARLIEST, nu(t, i) - 1, evidence=[opened], label="before it")
    parts = axiom("split", v(j), j, EARLIEST, nu(t, i) - 1, t - 1)
    return conclude(
        le(Sum(v(j), WINDOW), Sum(v(j), RECENT)),
        before,
        parts,
        label="the window lies in the last tau updates",
    )


@cache
def recent_exchanged() -> Fact:
    r"""Sums over the last tau updates, taken by the updates they contain.

    .. math:: \sum_{t<n} u_t \sum_{j=\max(0,t-\tau)}^{t-1} v_j
              \leq \sum_{j<n} v_j \sum_{t=j+1}^{j+\tau} u_t

    for values v >= 0 and weights u >= 0.
    """
    within, late = Within(j, EARLIEST, t - 1), Within(t, j + 1, j + tau_max)
    later, first = given(le(j, t - 1)), axiom("largest_above", t - tau_max, 0)
    after = combine(le(j + 1, t), later)
    soon = combine(le(t, j + tau_max), first, given(le(EARLIEST, j)))
    is_late = axiom("bracket_inside", t, j + 1, j + tau_max, evidence=[after, soon])
    bracketed = when(is_late, j, EARLIEST, t - 1, label="recent only if j < t <= j + tau")
    weight = suppose(FROM_ZERO.hypothesis("weights are >= 0", le(0, u(t))))
    at_most_one = axiom("bracket_at_most_one", j, EARLIEST, t - 1)
    per_update = conclude(
        le(u(t) * within, u(t) * late),
        (bracketed, -u(t)),
        (at_most_one, weight, late),
        label="recent only if late enough",
    )
    summed = sum_over(per_update, t, 0, n - 1)
    more = sum_over(
        combine(le(0, u(t) * late), (weight, late)),
        t,
        n,
        n + j + tau_max,
        evidence=[given(le(0, j))],
        label="further updates",
    )
    parts = axiom("split", u(t) * late, t, 0, n - 1, n + j + tau_max)
    sifted = axiom(
        "sift", u(t), t, 0, n + j + tau_max, (j + 1, j + tau_max), evidence=[given(le(0, j))]
    )
    following = Sum(u(t), (t, j + 1, j + tau_max))
    load = conclude(
        le(Sum(u(t) * within, (t, 0, n - 1)), following),
        summed,
        more,
        parts,
        sifted,
        label="the load of update j",
    )
    exchanged = substitute(windows_exchanged(), {r: formula(t, EARLIEST)})
    reads = [axiom("largest_above", 0, t - tau_max), recent_in_range()[1]]
    return apply(exchanged, {w: formula(j, following)}, load, *reads, label="recent updates")
