r"""Steps that are cut for late gradients: eta_t = min(eta, 1/(c max(1, tau_t))), tau_t = t - r_t.

For eta <= 1/c that is min(eta, 1/(c tau_t)), with eta where there is no delay. Such a step is at
most eta, times c tau_t it is at most 1, and on the average it is not much shorter than eta:

>>> from theory.symbols import L
>>> print(step_from_below(L))
eta - L*eta^2*(t - r[t])/4 <= Min(eta, 1/(L*Max(1, t - r[t]))), if 0 <= t and L*eta <= 1
"""

from functools import cache
from typing import Any

from sympy import Max, Min, Sum

from theory.assumptions import ReadsThePast
from theory.claims import formula, le, lt
from theory.kernel import (
    Fact,
    axiom,
    combine,
    discharge,
    either,
    given,
    nonnegative_by_sign,
    substitute,
    sum_over,
)
from theory.lemmas.constant_step import STEPS, delays_summed
from theory.lemmas.descent import only
from theory.symbols import N, T, eta, eta0, n, r, t
from theory.tactics import apply

DELAY = t - r(t)
LATENESS = Max(1, DELAY)


def late_step(scale: Any) -> Any:
    """min(eta, 1/(scale max(1, tau_t)))."""
    return Min(eta0, 1 / (scale * LATENESS))


def not_early() -> Fact:
    """0 <= tau_t."""
    past = only(ReadsThePast())["reads the past"]
    return combine(le(0, DELAY), past, label="delays are >= 0")


@cache
def step_below_cap(scale: Any) -> Fact:
    """eta_t <= eta."""
    return axiom("least_below", eta0, 1 / (scale * LATENESS), label="the cap")


@cache
def step_times_lateness(scale: Any) -> Fact:
    """scale max(1, tau_t) eta_t <= 1."""
    cut = axiom("least_below", 1 / (scale * LATENESS), eta0, label="the cut")
    return combine(
        le(scale * LATENESS * late_step(scale), 1),
        (cut, scale * LATENESS),
        label="a step times its lateness",
    )


@cache
def step_positive(scale: Any) -> Fact:
    """0 < eta_t."""
    return nonnegative_by_sign(lt(0, late_step(scale)), label="steps are > 0")


@cache
def cut_from_below(scale: Any) -> Fact:
    r"""The cut is not below the cap by much.

    .. math:: \eta - \tfrac14 c\,\eta^2\tau_t \leq \frac1{c\max(1,\tau_t)}
              \quad\text{if}\quad c\,\eta\leq 1

    If the maximum is tau_t the difference is (1 - c eta tau_t/2)^2/(c tau_t), else there is no cut.
    """
    cut = 1 / (scale * LATENESS)
    claim = le(eta0 - scale * eta0**2 * DELAY / 4, cut)
    weight = scale * eta0**2 / 4
    early = combine(
        claim,
        (given(le(LATENESS, 1)), 1 / scale),
        (given(le(scale * eta0, 1)), 1 / scale),
        (not_early(), weight),
        squares=[(1 - LATENESS, cut)],
        label="without a delay of 1 or more",
    )
    late = combine(
        claim,
        (given(le(LATENESS, DELAY)), weight),
        squares=[(1 - scale * eta0 * LATENESS / 2, cut)],
        label="with one",
    )
    one = axiom("largest_is_one", 1, DELAY)
    return either(one, early, late, (LATENESS - 1, LATENESS - DELAY), label="the cut from below")


@cache
def step_from_below(scale: Any) -> Fact:
    """eta - scale eta^2 tau_t/4 <= eta_t, if scale eta <= 1."""
    step, cut = late_step(scale), 1 / (scale * LATENESS)
    claim = le(eta0 - scale * eta0**2 * DELAY / 4, step)
    whole = combine(claim, given(le(eta0, step)), (not_early(), scale * eta0**2 / 4))
    shorter = combine(claim, given(le(cut, step)), cut_from_below(scale))
    one = axiom("least_is_one", eta0, cut)
    return either(one, whole, shorter, (step - eta0, step - cut), label="a step from below")


@cache
def steps_from_below(scale: Any) -> Fact:
    r"""The steps of N + 1 workers, whose delays are at most N on the average.

    .. math:: n\,\eta\,\bigl(1-\tfrac14c\,\eta N\bigr) \leq \sum_{t<n}\eta_t
    """
    return combine(
        le(n * eta0 * (1 - scale * eta0 * N / 4), Sum(late_step(scale), STEPS)),
        sum_over(step_from_below(scale), *STEPS),
        (delays_summed(), scale * eta0**2 / 4),
        label="the steps, summed",
    )


# ------------------------------------------------------------------------- averages


def with_late_steps(summed: Fact, scale: Any) -> Fact:
    """A fact on n steps, at n = T, for the rule that cuts late steps."""
    instance = apply(
        summed,
        {eta: formula(t, late_step(scale))},
        step_below_cap(scale),
        step_times_lateness(scale),
        step_positive(scale),
        label="steps that are cut",
    )
    return substitute(instance, {n: T})


def averaged(summed: Fact, scale: Any, values: Any, fixed: Any, noise: Any, limit: Any) -> Fact:
    """From sum eta_t v_t <= A + B sum eta_t: the average, with T eta (1 - c eta N/4) <= sum eta_t.

    `limit` is the step limit; c times it is at most 1, and less than 4/N.
    """
    uncut = combine(
        le(scale * eta0, 1),
        (given(le(eta0, limit)), scale),
        nonnegative_by_sign(le(0, 1 - scale * limit)),
        label="steps that are not late are not cut",
    )
    long_enough = discharge(steps_from_below(scale), le(scale * eta0, 1), uncut)
    step = late_step(scale)
    total, left = Sum(step, (t, 0, T - 1)), 1 - scale * eta0 * N / 4
    return combine(
        le(Sum(step * values, (t, 0, T - 1)) / total, fixed / (T * eta0 * left) + noise),
        (with_late_steps(summed, scale), 1 / total),
        (substitute(long_enough, {n: T}), fixed / (T * eta0), 1 / left, 1 / total),
        label="the average, with the steps as weights",
    )
