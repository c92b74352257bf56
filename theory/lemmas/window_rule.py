r"""Steps whose sum over every window stays below c: how much weight lies on one update.

The window of update k goes from its read to its write, and the rule counts the step of the update
itself: sum_{j=r_k}^{k} eta_j <= c. Delays may be of any length.

>>> print(load_below_limit())
sum_{k=0..n - 1} eta[k]*[r[k] <= j <= k - 1] <= c - eta[j], if 0 <= j
"""

from functools import cache
from typing import Any

from sympy import Sum

from theory.algebra import Within
from theory.assumptions import (
    ReadsThePast,
    WindowRule,
    objective,
    squared_gradient,
)
from theory.claims import eq, le
from theory.kernel import (
    Fact,
    axiom,
    combine,
    given,
    induct,
    substitute,
    sum_over,
    when,
)
from theory.lemmas.constant_step import read_gradient
from theory.lemmas.descent import only
from theory.lemmas.drift import drifting_descent, window, window_in_range
from theory.lemmas.step_weights import step_nonnegative, window_gradients_nonnegative
from theory.symbols import L, c, eta, i, j, k, n, r, sigma, t
from theory.tactics import conclude

IN_WINDOW = Within(j, r(k), k - 1)  # update j lies in the window of update k
EARLIER = (k, 0, n - 1)


def whole_window(index: Any) -> Fact:
    """The window rule at an update."""
    rule = only(WindowRule())["window rule"]
    return substitute(rule, {t: index}) if index != t else rule


@cache
def window_sum() -> Fact:
    """The steps of a window, that of the update itself split off."""
    own = axiom("split", eta(j), j, r(t), t - 1, t, label="the update's own step")
    return combine(
        eq(Sum(eta(j), (j, r(t), t)), Sum(eta(j), window()) + eta(t)), own, label="a window"
    )


@cache
def window_nonnegative() -> Fact:
    """The steps from a read to just before its write add up to something >= 0."""
    return sum_over(
        step_nonnegative(j), *window(), evidence=window_in_range(), label="steps in the window"
    )


@cache
def window_below_limit() -> Fact:
    """The steps in a window and the update's own: sum_j eta_j <= c - eta_t."""
    return conclude(
        le(Sum(eta(j), window()), c - eta(t)), whole_window(t), window_sum(), label="window rule"
    )


@cache
def before_write() -> Fact:
    """The steps in a window alone: sum_j eta_j <= c."""
    return combine(
        le(Sum(eta(j), window()), c),
        window_below_limit(),
        step_nonnegative(),
        label="before the write",
    )


@cache
def step_below_limit() -> Fact:
    """eta_t <= c."""
    return combine(
        le(eta(t), c), window_below_limit(), window_nonnegative(), label="one step of a window"
    )


@cache
def later_part() -> Fact:
    r"""What is left of the window of update n after one of its updates.

    .. math:: \sum_{i=j+1}^{n}\eta_i \leq c - \eta_j \quad\text{if}\quad r_n\leq j<n
    """
    reads = only(ReadsThePast())
    begun = combine(
        le(0, i),
        substitute(reads["reads start at x_0"], {t: n}),
        given(le(r(n), i)),
        label="after the start",
    )
    is_range = combine(le(r(n), j), given(le(r(n), j)))
    until = sum_over(
        step_nonnegative(i), i, r(n), j - 1, evidence=[begun, is_range], label="up to update j"
    )
    return conclude(
        le(Sum(eta(i), (i, j + 1, n)), c - eta(j)),
        whole_window(n),
        axiom("split", eta(i), i, r(n), j - 1, n, label="before update j, and from it on"),
        axiom("split", eta(i), i, j, j, n, label="update j itself"),
        until,
        label="the later part of a window",
    )


@cache
def load_while_inside() -> Fact:
    r"""The load of update j up to update n, if j lies in the window of n.

    .. math:: \sum_{k<n}\eta_k\,[r_k\leq j<k] + \eta_n \leq c - \eta_j
              \quad\text{if}\quad r_n\leq j<n
    """
    over = axiom("bracket_after", j, r(k), k - 1, evidence=[given(le(k, j))])
    nothing = combine(eq(eta(k) * IN_WINDOW, 0), (over, eta(k)))
    started = given(le(0, j))
    none_yet = sum_over(nothing, k, 0, j, evidence=[started], label="updates up to j")
    at_most_one = axiom("bracket_at_most_one", j, r(k), k - 1)
    later = combine(le(eta(k) * IN_WINDOW, eta(k)), (at_most_one, step_nonnegative(k)))
    before = given(le(j, n - 1))
    after = sum_over(later, k, j + 1, n - 1, evidence=[started, before], label="updates after j")
    return conclude(
        le(Sum(eta(k) * IN_WINDOW, EARLIER) + eta(n), c - eta(j)),
        axiom("split", eta(k) * IN_WINDOW, k, 0, j, n - 1, label="updates up to j and after it"),
        none_yet,
        after,
        axiom("split", eta(i), i, j + 1, n - 1, n, label="update n itself"),
        later_part(),
        label="the load while the window of update n holds j",
    )


@cache
def load_below_limit() -> Fact:
    r"""The windows that contain update j, weighed by their steps.

    .. math:: \sum_{k<n}\eta_k\,[r_k\leq j<k] \leq c - \eta_j
              \quad\text{if}\quad \sum_{i=r_k}^k\eta_i\leq c \text{ for every } k

    By induction on n: if the window of n holds j, all earlier ones that do start at or before j and
    end inside it, so the steps after j in this one window count them all; if not, nothing is added.
    """
    load = Sum(eta(k) * IN_WINDOW, EARLIER)
    claim = le(load, c - eta(j))
    base = combine(le(0, c - eta(j)), substitute(step_below_limit(), {t: j}), label="no update yet")
    here = Within(j, r(n), n - 1)
    inside = when(load_while_inside(), j, r(n), n - 1, label="the window of n holds j")
    room = axiom("bracket_at_most_one", j, r(n), n - 1)
    step = conclude(
        le(load + eta(n) * here, c - eta(j)),
        inside,
        (given(claim), room),
        label="one window more",
    )
    grown = axiom("split", eta(k) * IN_WINDOW, k, 0, n - 1, n)
    larger = conclude(
        le(Sum(eta(k) * IN_WINDOW, (k, 0, n)), c - eta(j)), step, grown, label="from n to n + 1"
    )
    return induct(claim, n, 0, base, larger, label="load of an update below the limit")


# ------------------------------------------------------------------------- one stale step


@cache
def adaptive_descent(noisy: bool = True) -> Fact:
    r"""One stale step with the steps of its window estimated by c.

    .. math:: E F(x_{t+1}) \leq E F(x_t) - \tfrac{\eta_t}2a_t - \tfrac{\eta_t}2(1-L\eta_t)b_t
              + cL^2\eta_t\sum_j\eta_jb_j + \tfrac{L\eta_t^2\sigma^2}2
              + L^2\eta_t\sigma^2\sum_j\eta_j^2

    with a_t, b_t the squared gradients at x_t and y_t; without noise the sum over gradients is
    halved, and the terms with sigma^2 go.
    """
    share = L**2 if noisy else L**2 / 2
    right = (
        objective(t)
        - eta(t) / 2 * squared_gradient(t)
        - eta(t) / 2 * (1 - L * eta(t)) * read_gradient(t)
        + c * share * eta(t) * Sum(eta(j) * read_gradient(j), window())
    )
    if noisy:
        right += L / 2 * eta(t) ** 2 * sigma**2
        right += L**2 * eta(t) * sigma**2 * Sum(eta(j) ** 2, window())
    return combine(
        le(objective(t + 1), right),
        drifting_descent(noisy=noisy),
        (before_write(), share, step_nonnegative(), window_gradients_nonnegative()),
        label="one stale step under the window rule",
    )
