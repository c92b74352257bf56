r"""One round with late feedback: what the loss there costs, for any steps eta_t > 0.

Throughout g_t is a subgradient of the loss f_t at the point y_t, and D_t = |x_t - x*|^2.
"""

from functools import cache
from typing import Any

from sympy import Rational, Sum

from theory.assumptions import FROM_ZERO, ReadsThePast, x, x_star
from theory.assumptions.online import (
    PLAYED,
    BoundedFeedback,
    ConvexLosses,
    DelayedFeedback,
    GrowingDelays,
    excess,
    feedback,
)
from theory.claims import eq, formula, le
from theory.hilbert import Inner, squared_norm
from theory.kernel import Fact, axiom, combine, given, induct, pair, substitute, sum_over, suppose
from theory.lemmas.counting import v, values_nonnegative, windows_counted
from theory.lemmas.descent import only
from theory.lemmas.distance import distance
from theory.lemmas.drift import window, window_in_range
from theory.symbols import G, eta, j, n, r, s, sequence, t, tau_max
from theory.tactics import apply, conclude

STEPS = (t, 0, n - 1)

w = sequence("w")  # 1/(2 eta_t), so that no lemma divides by a step

STEP = FROM_ZERO.hypothesis("steps are >= 0", le(0, eta(t)))
SHARE = FROM_ZERO.hypothesis("shares are >= 0", le(0, w(t)))
INVERSE = FROM_ZERO.hypothesis("shares are 1/(2 eta)", eq(2 * w(t) * eta(t), 1))


def projected(towards: Any) -> Fact:
    """The projection of an update, seen from a point of the set."""
    return only(DelayedFeedback())[f"projection, seen from {towards}"]


@cache
def closer() -> Fact:
    r"""A projection onto a set that contains x* does not lead away from it.

    .. math:: D_{t+1} \leq D_t - 2\eta_t\langle g_t, x_t-x_\star\rangle + \eta_t^2\|g_t\|^2
    """
    target = x(t) - eta(t) * feedback()
    return combine(
        le(
            distance(t + 1),
            distance(t)
            - 2 * eta(t) * Inner(feedback(), x(t) - x_star)
            + eta(t) ** 2 * squared_norm(feedback()),
        ),
        (projected(x_star), 2),
        squares=[(target - x(t + 1), 1)],
        label="a projected step, seen from x*",
    )


@cache
def short() -> Fact:
    """A projected step is no longer than the step: |x_{t+1} - x_t|^2 <= eta_t^2 |g_t|^2."""
    target = x(t) - eta(t) * feedback()
    return combine(
        le(squared_norm(x(t + 1) - x(t)), eta(t) ** 2 * squared_norm(feedback())),
        (projected(x(t)), 2),
        squares=[(target - x(t + 1), 1)],
        label="a projected step is short",
    )


@cache
def lateness() -> Fact:
    r"""What late feedback costs.

    .. math:: \langle g_t, y_t-x_t\rangle \leq G^2\sum_j\eta_j

    with the sum over the updates between the round and its feedback.
    """
    bounded = only(BoundedFeedback())["bounded feedback"]
    positive, share, inverse = (substitute(suppose(a), {t: j}) for a in (STEP, SHARE, INVERSE))
    step, own, other = x(j) - x(j + 1), feedback(), feedback(j)
    one = conclude(
        le(Inner(own, step), eta(j) * G**2),
        (bounded, positive, Rational(1, 2)),
        (substitute(bounded, {t: j}), positive, Rational(1, 2)),
        (substitute(short(), {t: j}), share),
        (inverse, eta(j) * (squared_norm(own) + squared_norm(other)) / 2 - Inner(own, step)),
        squares=[(eta(j) * own - step, w(j))],
        label="one step between read and write",
    )
    summed = sum_over(one, *window(), evidence=window_in_range(), label="sum over the window")
    telescopes = axiom("telescope", x(j), *window(), label="the iterates telescope")
    return conclude(
        le(Inner(own, PLAYED - x(t)), G**2 * Sum(eta(j), window())),
        pair(telescopes, own),
        summed,
        label="cost of late feedback",
    )


@cache
def one_round(modulus: Any = 0) -> Fact:
    r"""One round, divided by twice its step; w_t = 1/(2 eta_t).

    .. math:: f_t(y_t)-f_t(x_\star)+\tfrac\lambda2\|y_t-x_\star\|^2
              \leq w_t(D_t-D_{t+1})+\frac{\eta_tG^2}2+G^2\sum_j\eta_j
    """
    positive, share, inverse = (suppose(a) for a in (STEP, SHARE, INVERSE))
    below = only(ConvexLosses(modulus))["convex losses"]
    bounded = only(BoundedFeedback())["bounded feedback"]
    own = feedback()
    return combine(
        le(
            excess() + modulus * squared_norm(PLAYED - x_star) / 2,
            w(t) * (distance(t) - distance(t + 1))
            + eta(t) * G**2 / 2
            + G**2 * Sum(eta(j), window()),
        ),
        below,
        (closer(), share),
        lateness(),
        (bounded, positive, Rational(1, 2)),
        (inverse, eta(t) * squared_norm(own) / 2 - Inner(own, x(t) - x_star)),
        label="one round",
    )


@cache
def rounds(modulus: Any = 0) -> Fact:
    r"""Rounds summed, delays at most tau: each step lies in at most tau windows; w_t = 1/(2 eta_t).

    .. math:: \sum_{t<n}f_t(y_t)-f_t(x_\star)+\tfrac\lambda2\|y_t-x_\star\|^2
              \leq \sum_{t<n}w_t(D_t-D_{t+1})+\bigl(\tfrac12+\tau\bigr)G^2\sum_{t<n}\eta_t
    """
    counted = apply(
        substitute(windows_counted(FROM_ZERO), {s: tau_max + 1}),
        {v: formula(t, eta(t))},
        suppose(STEP),
        label="steps summed over the windows",
    )
    return conclude(
        le(
            Sum(excess() + modulus * squared_norm(PLAYED - x_star) / 2, STEPS),
            Sum(w(t) * (distance(t) - distance(t + 1)), STEPS)
            + (Rational(1, 2) + tau_max) * G**2 * Sum(eta(t), STEPS),
        ),
        sum_over(one_round(modulus), *STEPS, label="sum over the rounds"),
        (counted, G**2),
        label="the rounds, summed",
    )


@cache
def reads_advance() -> Fact:
    r"""Delays that never shrink: reads meet the iterates in turn, but for those of the last window.

    .. math:: \sum_{t<n}(v_t-v_{t-\tau_t}) \leq \sum_{j=n-\tau_n}^{n-1}v_j

    for values v >= 0, by induction on n.
    """
    claim = le(Sum(v(t) - v(r(t)), STEPS), Sum(v(j), (j, r(n), n - 1)))
    value = substitute(suppose(values_nonnegative(FROM_ZERO)), {t: j})
    reads = ReadsThePast(FROM_ZERO)
    start, past = suppose(reads.start), suppose(reads.past)
    base = sum_over(
        value,
        j,
        r(0),
        -1,
        evidence=[after(start, 0), substitute(past, {t: 0})],
        label="n = 0: nothing was read",
    )
    grows = substitute(only(GrowingDelays())["growing delays"], {t: n})
    again = sum_over(
        value, j, r(n + 1), r(n), evidence=[after(start, n + 1), grows], label="read once more"
    )
    step = conclude(
        le(Sum(v(t) - v(r(t)), (t, 0, n)), Sum(v(j), (j, r(n + 1), n))),
        given(claim),
        again,
        axiom("split", v(t) - v(r(t)), t, 0, n - 1, n),
        axiom("split", v(j), j, r(n), n - 1, n),
        axiom("split", v(j), j, r(n), r(n), n),
        axiom("split", v(j), j, r(n + 1), r(n), n),
        label="from n to n + 1",
    )
    return induct(claim, n, 0, base, step, label="reads meet the iterates in turn")


def after(start: Fact, place: Any) -> Fact:
    """Where j is not before the read of an update, it is not before the start."""
    begun = substitute(start, {t: place})
    return combine(le(0, j), begun, given(le(r(place), j)), label="after the start")
