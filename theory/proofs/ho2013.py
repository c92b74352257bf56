r"""Workers with clocks: regret at partial views, clock by clock.

What a view costs is `theory.lemmas.views` and `theory.lemmas.views_in_order`; here it is put into
the step, and the squared distances D_t = |x_t - x*|^2 of the reference sequence telescope, first
over the workers of a clock, then over the clocks.
"""

from functools import cache
from typing import Any

from sympy import Max, Sum, sqrt

from theory.assumptions import x, x_star
from theory.assumptions.clocks import HERE, VIEW, ClockUpdates, view_feedback
from theory.assumptions.online import BoundedFeedback, Comparator, ConvexLosses, excess
from theory.claims import le
from theory.hilbert import Inner
from theory.kernel import Fact, axiom, combine, pair, substitute, sum_over, suppose
from theory.lemmas import views, views_in_order
from theory.lemmas.descent import only
from theory.lemmas.distance import distance
from theory.symbols import C, G, P, R, ahead, behind, eta0, k, p, t
from theory.tactics import conclude

ROW, CLOCKS = (p, 0, P - 1), (k, 0, C - 1)
RULE = Max(behind, 1)  # clocks by which others may be ahead, the present one included


def regret_at_views() -> Any:
    """The sum of f_t(y_t) - f_t(x*) over all updates, clock by clock."""
    return Sum(excess(HERE, VIEW), ROW, CLOCKS)


def tuned_step(missed: Any) -> Any:
    """The constant step that makes the bound least, for 2 W = missed."""
    return R / (G * sqrt((1 + missed) * P * C))


def one_update(cost: Fact) -> Fact:
    """2 eta (f_t(y_t) - f_t(x*)) <= D_t - D_{t+1} + eta^2 G^2 + 2 eta (cost of the view)."""
    update = suppose(ClockUpdates().reference)
    convex = only(ConvexLosses(point=VIEW))["convex losses"]
    bounded = only(BoundedFeedback(point=VIEW))["bounded feedback"]
    lag = Inner(view_feedback(), VIEW - x(t))
    one = conclude(
        le(
            2 * eta0 * excess(t, VIEW),
            distance(t) - distance(t + 1) + eta0**2 * G**2 + 2 * eta0 * lag,
        ),
        pair(update, x(t + 1)),
        pair(update, x(t)),
        pair(update, x_star),
        pair(update, view_feedback()),
        (convex, 2 * eta0),
        (bounded, eta0**2),
        label="one update",
    )
    return combine(
        le(
            2 * eta0 * excess(HERE, VIEW),
            distance(HERE) - distance(HERE + 1) + eta0**2 * G**2 + 2 * eta0 * cost.claim.right,
        ),
        substitute(one, {t: HERE}),
        (cost, 2 * eta0),
        label="one update at its view",
    )


def all_updates(cost: Fact, bound: Any, *counted: Fact) -> Fact:
    """The updates summed, over the workers of a clock and over the clocks."""
    clock = sum_over(one_update(cost), *ROW, label="one clock")
    row = axiom("telescope", distance(HERE), *ROW, label="distances within a clock")
    return conclude(
        le(regret_at_views(), bound),
        (sum_over(clock, *CLOCKS, label="all clocks"), 1 / (2 * eta0)),
        sum_over(row, *CLOCKS, label="distances, summed"),
        axiom("telescope", distance(P * k), *CLOCKS, label="distances from clock to clock"),
        (only(Comparator())["comparator"], 1 / (2 * eta0)),
        *counted,
        squares=[(x(P * C) - x_star, 1 / (2 * eta0))],
        label="the regret",
    )


def bound(missed: Any) -> Any:
    """R^2/(2 eta) + eta G^2 P C (1 + 2 W)/2 for 2 W = missed."""
    return R**2 / (2 * eta0) + eta0 * G**2 * P * C * (1 + missed) / 2


def at_best_step(fact: Fact, missed: Any) -> Fact:
    """R G sqrt((1 + 2 W) P C) for 2 W = missed."""
    return combine(
        le(regret_at_views(), R * G * sqrt((1 + missed) * P * C)),
        substitute(fact, {eta0: tuned_step(missed)}),
        label="the best step inserted",
    )


@cache
def partial_views() -> Fact:
    """Views with s + a clocks of each other worker in doubt: W = (P - 1)(s + a)."""
    return all_updates(views.missed(), bound(2 * (P - 1) * (behind + ahead)))


@cache
def stale_synchronous() -> Fact:
    """No worker is more than s clocks ahead: W = (P - 1)(s + max(s, 1))."""
    return substitute(partial_views(), {ahead: RULE}, label="the rule of the clocks")


@cache
def best_step() -> Fact:
    """The same with the best constant step."""
    return at_best_step(stale_synchronous(), 2 * (P - 1) * (behind + RULE))


@cache
def in_order() -> Fact:
    """Updates in order: W = s (P - 1) + p for worker p, (P - 1)(2 s + 1)/2 on average."""
    places = axiom("telescope", p**2 / 2, *ROW, label="places in a row, summed")
    return all_updates(views_in_order.missed(), bound((P - 1) * (2 * behind + 1)), places)


@cache
def in_order_best_step() -> Fact:
    """The same with the best constant step."""
    return at_best_step(in_order(), (P - 1) * (2 * behind + 1))


@cache
def bulk_synchronous() -> Fact:
    """Everybody waits for everybody, s = 0: R^2/(2 eta) + eta G^2 P^2 C/2."""
    return substitute(in_order(), {behind: 0}, label="nobody is ahead")
