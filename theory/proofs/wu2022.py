r"""Steps that adapt to delays of any length: their sum over every window stays below a limit.

Notation: a_t = E|grad F(x_t)|^2, b_t = E|grad F(y_t)|^2 at the point read.
"""

from functools import cache
from typing import Any

from sympy import Integer, Rational, Sum, sqrt

from theory.algebra import Within
from theory.assumptions import (
    FROM_ZERO,
    InterferenceRule,
    SomeStep,
    objective,
    squared_gradient,
    x,
    x_star,
)
from theory.claims import eq, formula, le
from theory.kernel import (
    Fact,
    combine,
    discharge,
    nonnegative_by_sign,
    reciprocal,
    substitute,
    sum_over,
    suppose,
)
from theory.lemmas import only, telescoped, windows_exchanged
from theory.lemmas.constant_step import STEPS, read_gradient
from theory.lemmas.convex_step import convex_step
from theory.lemmas.counting import u, v, w
from theory.lemmas.distance import distances_telescoped, read_gap
from theory.lemmas.drift import window
from theory.lemmas.step_weights import step_nonnegative, weighed_gradient
from theory.lemmas.window_rule import (
    adaptive_descent,
    load_below_limit,
    whole_window,
    window_sum,
)
from theory.symbols import Delta, L, R, T, c, eta, j, k, n, r, sigma, t
from theory.tactics import apply, conclude


def exchanged(value: Any, bound: Any, *proofs: Fact) -> Fact:
    """Windows weighed by their steps: `windows_exchanged` for formulas of t."""
    return apply(
        windows_exchanged(),
        {u: formula(t, eta(t)), v: formula(t, value), w: formula(t, bound)},
        *proofs,
        label="windows, taken by the updates they contain",
    )


def weighted_average(summed: Fact, scale: Any, values: Any, bound: Any) -> Fact:
    """From a fact on n steps: scale times it, at n = T, divided by the sum of the steps."""
    positive = only(SomeStep())["some step"]
    total = Sum(eta(t), (t, 0, T - 1))
    return combine(
        le(Sum(eta(t) * values, (t, 0, T - 1)) / total, bound / total),
        (substitute(summed, {n: T}), scale, reciprocal(positive)),
        evidence=[positive],
        label="the average, with the steps as weights",
    )


# ------------------------------------------------------------------------- nonconvex


@cache
def gradients_of_windows() -> Fact:
    r"""What the gradients of the windows cost, by the load of each update.

    .. math:: \sum_{t<n}\eta_t\sum_j\eta_jb_j \leq \sum_{t<n}(c-\eta_t)\,\eta_tb_t
    """
    return exchanged(eta(t) * read_gradient(t), c - eta(t), load_below_limit(), weighed_gradient())


@cache
def noise_of_windows() -> Fact:
    r"""The same for the noise.

    .. math:: \sum_{t<n}\eta_t\sum_j\eta_j^2 \leq c\sum_{t<n}\eta_t^2
    """
    at_most = combine(
        le(load_below_limit().claim.left, c),
        load_below_limit(),
        step_nonnegative(j),
        label="the load of an update",
    )
    return exchanged(eta(t) ** 2, c, at_most, nonnegative_by_sign(le(0, eta(t) ** 2)))


def gradients_summed(noisy: bool, limit: Any, *kept: Fact) -> Fact:
    r"""n steps under the window rule with a limit c.

    .. math:: \sum_{t<n}\eta_ta_t \leq 2\Delta + (1+2Lc)\,L\sigma^2\sum_{t<n}\eta_t^2

    `kept` says that 1 - L eta_t - f L^2 c (c - eta_t) >= 0, unless that is 0 by itself, with f = 2;
    without noise f = 1 and the last term goes.
    """
    step = substitute(adaptive_descent(noisy), {c: limit})
    decrease = objective(t) - step.claim.right
    factor = 2 if noisy else 1
    right = 2 * Delta
    parts: list[Any] = []
    if noisy:
        right += (1 + 2 * L * limit) * L * sigma**2 * Sum(eta(t) ** 2, STEPS)
        parts.append((substitute(noise_of_windows(), {c: limit}), 2 * L**2 * sigma**2))
    for fact in kept:
        rest = fact.claim.right * eta(t) * read_gradient(t)
        paid = combine(le(0, rest), (fact, weighed_gradient()))
        parts.append(sum_over(paid, *STEPS, label="gradients read are paid for"))
    return combine(
        le(Sum(eta(t) * squared_gradient(t), STEPS), right),
        (telescoped(step, decrease, FROM_ZERO), 2),
        (substitute(gradients_of_windows(), {c: limit}), factor * limit * L**2),
        nonnegative_by_sign(le(0, squared_gradient(n) / L), label="the last gradient"),
        *parts,
        label="n steps under the window rule",
    )


@cache
def gradient_descent() -> Fact:
    """sum eta_t a_t / sum eta_t <= 2 Delta / sum eta_t, without noise."""
    summed = gradients_summed(False, 1 / L)  # at this limit nothing is left over
    return weighted_average(summed, Integer(1), squared_gradient(t), 2 * Delta)


@cache
def nonconvex() -> Fact:
    """The same with noise: (2 Delta + (1 + sqrt 2) L sigma^2 sum eta_t^2) / sum eta_t."""
    limit = 1 / (sqrt(2) * L)
    kept = combine(
        le(0, 1 - L * eta(t) - 2 * L**2 * limit * (limit - eta(t))),
        (step_nonnegative(), (sqrt(2) - 1) * L),
        label="gradients read are paid for",
    )
    summed = gradients_summed(True, limit, kept)
    noise = (1 + sqrt(2)) * L * sigma**2 * Sum(eta(t) ** 2, (t, 0, T - 1))
    return weighted_average(summed, Integer(1), squared_gradient(t), 2 * Delta + noise)


# ------------------------------------------------------------------------- convex


@cache
def load_beside_window() -> Fact:
    """The load of an update is at most what its own window leaves of 1/L."""
    rule = InterferenceRule(T=n).rule
    load = Sum(eta(k) * Within(j, r(k), k - 1), (k, 0, n - 1))
    return combine(
        le(load, 1 / L - Sum(eta(k), (k, r(j), j))),
        suppose(rule),
        label="interference rule",
    )


@cache
def gaps_summed() -> Fact:
    r"""n steps on a convex function under the interference rule.

    .. math:: 2\sum_{t<n}\eta_t\,E[F(y_t)-\inf F] \leq R^2 + \sigma^2\sum_{t<n}\eta_t^2
    """
    weight = eta(t) * read_gradient(t)
    left = 1 / L - Sum(eta(j), (j, r(t), t))
    windows = exchanged(weight, left, load_beside_window(), weighed_gradient())
    own = combine(
        eq(Sum(eta(j), (j, r(t), t)) * weight, (Sum(eta(j), window()) + eta(t)) * weight),
        (window_sum(), weight),
    )
    return conclude(
        le(2 * Sum(eta(t) * read_gap(), STEPS), R**2 + sigma**2 * Sum(eta(t) ** 2, STEPS)),
        sum_over(convex_step(Integer(1)), *STEPS, label="sum over the steps"),
        windows,
        sum_over(own, *STEPS, label="each update's own step"),
        distances_telescoped(),
        squares=[(x(n) - x_star, 1)],
        label="n steps on a convex function",
    )


@cache
def interference() -> Fact:
    """sum eta_t E[F(y_t) - inf F] / sum eta_t <= (R^2 + sigma^2 sum eta_t^2) / (2 sum eta_t)."""
    noise = sigma**2 * Sum(eta(t) ** 2, (t, 0, T - 1))
    return weighted_average(gaps_summed(), Rational(1, 2), read_gap(), (R**2 + noise) / 2)


@cache
def convex() -> Fact:
    """The same under the window rule with 1/(2L), which implies the interference rule."""
    half = {c: 1 / (2 * L)}
    rule = InterferenceRule().rule
    load = substitute(load_below_limit(), {n: T, **half})
    implied = combine(
        le(rule.claim.left, 1 / L),
        load,
        substitute(whole_window(j), half),
        step_nonnegative(j),
        label="the window rule implies the interference rule",
    )
    return discharge(interference(), rule, implied, label="under the window rule")
