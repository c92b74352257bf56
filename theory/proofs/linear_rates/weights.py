r"""Weights that grow by 1/(1 - eta_t mu) an update, under the window rule.

All is for weights Q with (1 - eta_t mu) Q_{t+1} = Q_t > 0. The limit c of the window rule is the
root of L^2 c^2 + mu c = 1, so that over a window they grow by at most 1/(1 - mu c) = 1/(L c)^2.
"""

from functools import cache
from typing import Any

from sympy import Sum, sqrt

from theory.algebra import Within
from theory.assumptions import FROM_ZERO
from theory.claims import eq, le, lt
from theory.kernel import (
    Fact,
    axiom,
    combine,
    discharge,
    given,
    induct,
    nonnegative_by_sign,
    substitute,
    sum_over,
    suppose,
    when,
)
from theory.lemmas.step_weights import step_nonnegative
from theory.lemmas.window_rule import later_part, load_below_limit
from theory.symbols import L, c, eta, i, j, k, mu_sc, n, r, sequence, t
from theory.tactics import conclude

LIMIT = 2 / (mu_sc + sqrt(mu_sc**2 + 4 * L**2))
LEFT = L**2 * LIMIT**2  # 1 - mu c, at the limit c
weight = sequence("Q")

GROWS = FROM_ZERO.hypothesis("weights grow", eq((1 - eta(t) * mu_sc) * weight(t + 1), weight(t)))
POSITIVE = FROM_ZERO.hypothesis("weights are > 0", lt(0, weight(t)))


def started(fact: Fact, place: Any, *why: Fact) -> Fact:
    """The fact without the condition place >= 0, which the others add up to."""
    claim = le(0, place)
    room = nonnegative_by_sign(le(0, place - sum(f.expression for f in why)))
    return discharge(fact, claim, combine(claim, *why, room, label="not before the start"))


@cache
def growth() -> Fact:
    r"""Bernoulli: the weights grow by little from one update to a later one.

    .. math:: Q_{k+1}\Bigl(1-\mu\sum_{i=j+1}^{k}\eta_i\Bigr) \leq Q_{j+1},\qquad 0\leq j\leq k
    """
    since = (given(le(0, j)), given(le(j, k)))
    between = Sum(eta(i), (i, j + 1, k))
    claim = le(weight(k + 1) * (1 - mu_sc * between), weight(j + 1))
    base = nonnegative_by_sign(le(0, 0), label="k = j: both sides are the same")
    later = started(step_nonnegative(i), i, given(le(0, j)), given(le(j + 1, i)))
    steps = sum_over(later, i, j + 1, k, evidence=[since[1]], label="the steps between")
    grows = started(substitute(suppose(GROWS), {t: k + 1}), k + 1, *since)
    positive = started(substitute(suppose(POSITIVE), {t: k + 2}), k + 2, *since)
    own = started(step_nonnegative(k + 1), k + 1, *since)
    grown = conclude(
        le(weight(k + 2) * (1 - mu_sc * Sum(eta(i), (i, j + 1, k + 1))), weight(j + 1)),
        given(claim),
        (grows, 1 - mu_sc * between),
        (steps, own, positive, mu_sc**2),
        (axiom("split", eta(i), i, j + 1, k, k + 1), -mu_sc * weight(k + 2)),
        label="from k to k + 1",
    )
    return induct(claim, k, j, base, grown, label="weights between two updates")


@cache
def growth_in_window() -> Fact:
    """If the window of k contains j: (1 - mu c) Q_{k+1} <= Q_{j+1}."""
    inside = (given(le(0, j)), given(le(j, k - 1)))
    later = started(substitute(later_part(), {n: k, c: LIMIT}, under=[le(0, k)]), k, *inside)
    positive = started(substitute(suppose(POSITIVE), {t: k + 1}), k + 1, *inside)
    own = substitute(step_nonnegative(), {t: j})
    grown = discharge(
        growth(), le(j, k), combine(le(j, k), inside[1], nonnegative_by_sign(le(0, 1)))
    )
    return combine(
        le(LEFT * weight(k + 1), weight(j + 1)),
        grown,
        (later, mu_sc, positive),
        (own, mu_sc, positive),
        label="weights over a window",
    )


@cache
def load() -> Fact:
    """The windows that contain update j, weighed: at most Q_{j+1} (c - eta_j)/(1 - mu c)."""
    within = Within(j, r(k), k - 1)
    inside = when(growth_in_window(), j, r(k), k - 1, label="inside the window")
    weighed = combine(
        le(weight(k + 1) * eta(k) * within, weight(j + 1) * eta(k) * within / LEFT),
        (inside, step_nonnegative(k), 1 / LEFT),
    )
    positive = started(substitute(suppose(POSITIVE), {t: j + 1}), j + 1, given(le(0, j)))
    return combine(
        le(
            Sum(weight(k + 1) * eta(k) * within, (k, 0, n - 1)),
            weight(j + 1) * (LIMIT - eta(j)) / LEFT,
        ),
        sum_over(weighed, k, 0, n - 1),
        (substitute(load_below_limit(), {c: LIMIT}), positive, 1 / LEFT),
        label="the load of an update",
    )
