r"""How many gradients can be dropped, as long as no gradient is as small as asked for."""

from functools import cache

from sympy import Rational, Sum

from theory.algebra import Within
from theory.assumptions import FROM_ZERO, AverageDelay, x
from theory.claims import formula, le, lt
from theory.hilbert import squared_norm
from theory.kernel import (
    Fact,
    axiom,
    cases,
    combine,
    given,
    nonnegative_by_sign,
    reciprocal,
    substitute,
    sum_over,
    suppose,
    when,
)
from theory.lemmas import only, windows_exchanged
from theory.lemmas.counting import reads_past, u, v, w
from theory.lemmas.drift import drift, window, window_in_range
from theory.proofs.cohen2021.applied import (
    DROPPED,
    RULE,
    STEPS,
    dropped_or_not,
    not_small,
    not_smaller,
    positive,
    read_gradient,
)
from theory.symbols import L, W, eps, eta, j, n, r, t, tau_avg
from theory.tactics import apply

SHORT = Within(r(t), t - W, t)  # the delay is at most W
SEEN = Sum(eta(j) * read_gradient(j), window())  # the gradients of the window


@cache
def read_paid() -> Fact:
    """0 <= eta_t b_t."""
    return combine(
        le(0, eta(t) * read_gradient(t)), (positive(), read_gradient(t)), label="a gradient read"
    )


@cache
def travelled() -> Fact:
    r"""How far the gradients of the window have moved the iterate, none of which was small.

    .. math:: |x_t-y_t|^2 \leq \frac4{\epsilon^2}\Bigl(\sum_{j=t-\tau_t}^{t-1}\eta_jb_j\Bigr)^2
    """
    long = combine(
        le(eta(t) * eps**2 / 4, eta(t) * read_gradient(t)),
        not_smaller(),
        (not_small(), positive(), Rational(1, 4)),
        label="a step goes along a gradient that is not small",
    )
    early = combine(
        le(j, n - 1), given(le(j, t - 1)), given(le(t, n - 1)), nonnegative_by_sign(le(0, 1))
    )
    steps = sum_over(
        substitute(long, {t: j}),
        *window(),
        evidence=[*window_in_range(), early],
        label="the steps of the window",
    )
    return combine(
        le(squared_norm(x(t) - x(r(t))), 4 * SEEN**2 / eps**2),
        apply(drift(FROM_ZERO, noisy=False), {}, positive()),
        (steps, seen(), 4 / eps**2),
        label="how far the iterate has moved",
    )


@cache
def seen() -> Fact:
    """The gradients of the window add up to something."""
    return sum_over(
        substitute(read_paid(), {t: j}),
        *window(),
        evidence=window_in_range(),
        label="the gradients of the window",
    )


@cache
def moved() -> Fact:
    r"""A dropped gradient has seen much movement.

    .. math:: (1-\theta_t)\,\epsilon^2 \leq (1-\theta_t)\,4L\sum_{j=t-\tau_t}^{t-1}\eta_jb_j
    """
    total = combine(
        lt(0, 4 * L * SEEN + eps**2), (seen(), 4 * L), nonnegative_by_sign(lt(0, eps**2))
    )
    return combine(
        le(DROPPED * eps**2, DROPPED * 4 * L * SEEN),
        (suppose(RULE.dropped_if_far), 16 * L**3 * eps**2, reciprocal(total)),
        (travelled(), dropped_or_not(), 4 * L**2 * eps**2, reciprocal(total)),
        label="a dropped gradient has seen movement",
    )


@cache
def met() -> Fact:
    """An update lies in the windows of at most W dropped gradients that are at most W late."""
    within, late = Within(j, r(t), t - 1), Within(t, j + 1, j + W)
    after = combine(le(j + 1, t), given(le(j, t - 1)), label="later than the update")
    soon = combine(
        le(t, j + W), given(le(t - W, r(t))), given(le(r(t), j)), label="not later than W"
    )
    is_late = axiom("bracket_inside", t, j + 1, j + W, evidence=[after, soon])
    both = when(when(is_late, j, r(t), t - 1), r(t), t - W, t, label="in a short window")
    per_step = combine(
        le(DROPPED * SHORT * within, late),
        (positive(), 4 * L * SHORT * within),
        (both, -1),
        (axiom("bracket_at_most_one", j, r(t), t - 1), SHORT * late),
        (axiom("bracket_at_most_one", r(t), t - W, t), late),
        label="dropped and met only if late enough, and not too late",
    )
    return combine(
        le(Sum(DROPPED * SHORT * within, STEPS), W),
        sum_over(per_step, *STEPS),
        axiom("bracket_count", t, 0, n - 1, (j + 1, j + W)),
        label="at most W of them",
    )


@cache
def dropped() -> Fact:
    r"""Dropped gradients that are at most W late, counted.

    .. math:: \epsilon^2\sum_{t<n}(1-\theta_t)[\tau_t\leq W] \leq 4LW\sum_{t<n}\eta_tb_t
    """
    weighed = combine(
        le(DROPPED * SHORT * eps**2, DROPPED * SHORT * 4 * L * SEEN),
        (moved(), SHORT),
        label="dropped, and at most W late",
    )
    exchanged = apply(
        windows_exchanged(),
        {
            u: formula(t, DROPPED * SHORT),
            v: formula(t, eta(t) * read_gradient(t)),
            w: formula(t, W),
        },
        met(),
        read_paid(),
        label="by the updates that they have seen",
    )
    return combine(
        le(
            eps**2 * Sum(DROPPED * SHORT, STEPS),
            4 * L * W * Sum(eta(t) * read_gradient(t), STEPS),
        ),
        sum_over(weighed, *STEPS),
        (exchanged, 4 * L),
        label="dropped gradients, counted",
    )


@cache
def short_delays() -> Fact:
    """Delays of at most W make up half of the rounds, if W is at least twice the average delay."""
    late, past = t - r(t), reads_past(FROM_ZERO)
    shorter, longer = given(le(t - W, r(t))), given(le(r(t), t - W - 1))
    inside = combine(
        le((1 - SHORT) * (W + 1), late),
        (axiom("bracket_inside", r(t), t - W, t, evidence=[shorter, past]), -W - 1),
        past,
        label="a delay of at most W",
    )
    outside = combine(
        le((1 - SHORT) * (W + 1), late),
        (axiom("bracket_before", r(t), t - W, t, evidence=[longer]), -W - 1),
        longer,
        label="a longer one",
    )
    each = cases(inside, outside, r(t) - t + W, label="short or not")
    return combine(
        le(Rational(1, 2) * n, Sum(SHORT, STEPS)),
        (sum_over(each, *STEPS), 1 / (W + 1)),
        (only(AverageDelay(T=n))["average delay"], 1 / (W + 1)),
        (given(le(2 * tau_avg, W)), n / (2 * (W + 1))),
        nonnegative_by_sign(le(0, n / (2 * (W + 1)))),
        label="half of the delays are short",
    )
