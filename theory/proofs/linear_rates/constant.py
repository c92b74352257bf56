r"""Constant steps and delays at most tau: the gap contracts by q = 1 - eta mu an update.

Notation: G_t = E F(x_t) - inf F, b_t = E|grad F(y_t)|^2 at the point read, S_t the sum of b_j over
the window of update t, and f = 2 with noise, f = 1 without.
"""

from functools import cache
from typing import Any

from sympy import Integer, Min, Rational, Sum, sqrt

from theory.assumptions import FROM_ZERO, F, InitialGap, objective, squared_gradient, x
from theory.claims import formula, le, lt
from theory.kernel import (
    Fact,
    axiom,
    combine,
    given,
    nonnegative_by_sign,
    reciprocal,
    substitute,
    sum_over,
)
from theory.lemmas.constant_step import STEPS, WINDOW, longest_delay, read_gradient
from theory.lemmas.counting import reads_past, v
from theory.lemmas.descent import only
from theory.lemmas.drift import drifting_descent
from theory.lemmas.geometric import weighed_telescope, weights_summed, windows_weighed
from theory.symbols import Delta, F_star, L, T, eta, eta0, j, mu_sc, n, q, sigma, t, tau_max
from theory.tactics import apply, conclude

CONTRACTION = 1 - eta0 * mu_sc
WEIGHT = q ** (-t)
IN_WINDOW = Sum(read_gradient(j), WINDOW)
SHARE = 1 - tau_max * (1 - q)  # what is left of a weight over the longest window


def gap(index: Any) -> Any:
    """G_t = E F(x_t) - inf F."""
    return objective(index) - F_star


def slope() -> Any:
    """A = L + mu tau."""
    return L + mu_sc * tau_max


def root(factor: int) -> Any:
    """The root of (L + mu tau) eta + f L^2 tau^2 eta^2 = 1."""
    return 2 / (slope() + sqrt(slope() ** 2 + 4 * factor * L**2 * tau_max**2))


def limit(factor: int) -> Any:
    """The step limit: the root, and 2/(3 mu), which keeps the contraction above 0."""
    return Min(root(factor), 2 / (3 * mu_sc))


def noise(noisy: bool) -> Any:
    """What the noise adds to one update, at most."""
    return L * eta0**2 * sigma**2 / 2 * (1 + 2 * L * eta0 * tau_max) if noisy else Integer(0)


# ------------------------------------------------------------------------- the step limit


@cache
def below_root(factor: int) -> Fact:
    """(L + mu tau) eta + f L^2 tau^2 eta^2 <= 1."""
    top = root(factor)
    cut = axiom("least_below", top, 2 / (3 * mu_sc), label="the root")
    return combine(
        le(0, 1 - slope() * eta0 - factor * L**2 * tau_max**2 * eta0**2),
        (given(le(eta0, limit(factor))), slope() + factor * L**2 * tau_max**2 * (top + eta0)),
        (cut, slope() + factor * L**2 * tau_max**2 * (top + eta0)),
        label="the step limit",
    )


@cache
def contracts(factor: int) -> Fact:
    """0 < 1 - eta mu."""
    cut = axiom("least_below", 2 / (3 * mu_sc), root(factor), label="the other limit")
    return combine(
        lt(0, CONTRACTION),
        (given(le(eta0, limit(factor))), mu_sc),
        (cut, mu_sc),
        nonnegative_by_sign(lt(0, Rational(1, 3))),
        label="the contraction is > 0",
    )


# ------------------------------------------------------------------------- one step


@cache
def one_step(noisy: bool) -> Fact:
    r"""One update; the inequality of Polyak and Lojasiewicz makes the gap contract.

    .. math:: G_{t+1} \leq (1-\eta\mu)G_t - \tfrac\eta2(1-L\eta)b_t + \tfrac f2L^2\eta^3\tau S_t
              + \tfrac{L\eta^2\sigma^2}2(1+2L\eta\tau)
    """
    factor = 2 if noisy else 1
    positive = nonnegative_by_sign(le(0, eta0), label="steps are >= 0")
    step = apply(
        drifting_descent(noisy=noisy), {eta: formula(t, eta0)}, positive, label="a constant step"
    )
    each = nonnegative_by_sign(le(0, read_gradient(j)))
    inside = sum_over(each, *WINDOW, evidence=[reads_past(FROM_ZERO)], label="of a window")
    steep = axiom("gradient_above_gap", F, mu_sc, F_star, x(t), label="the gradient is steep")
    late = [(longest_delay(), L**2 * eta0**3 * sigma**2)] if noisy else []
    return combine(
        le(
            gap(t + 1),
            CONTRACTION * gap(t)
            - eta0 / 2 * (1 - L * eta0) * read_gradient(t)
            + factor * L**2 * eta0**3 * tau_max / 2 * IN_WINDOW
            + noise(noisy),
        ),
        step,
        (steep, eta0 / 2),
        (longest_delay(), factor * L**2 * eta0**3 / 2, inside),
        *late,
        label="one update contracts",
    )


# ------------------------------------------------------------------------- n steps, weighed


@cache
def gradients_paid(factor: int) -> Fact:
    """f L^2 eta^2 tau^2 <= (1 - L eta)(1 - tau eta mu), up to the step limit."""
    return combine(
        le(factor * L**2 * eta0**2 * tau_max**2, (1 - L * eta0) * (1 - tau_max * eta0 * mu_sc)),
        below_root(factor),
        nonnegative_by_sign(le(0, L * mu_sc * eta0**2 * tau_max)),
        label="gradients are paid for",
    )


@cache
def room(factor: int) -> Fact:
    """0 < 1 - tau eta mu, so that one may divide by it."""
    return combine(
        lt(0, 1 - tau_max * eta0 * mu_sc),
        below_root(factor),
        nonnegative_by_sign(lt(0, L * eta0 + factor * L**2 * tau_max**2 * eta0**2)),
        label="weights grow by a finite factor over a window",
    )


@cache
def windows_paid(factor: int) -> Fact:
    r"""The gradients read pay for those of the windows, where 1 - eta mu <= q <= 1.

    .. math:: f L^2\eta^2\tau\sum_{t<n}q^{-t}S_t \leq (1-L\eta)\sum_{t<n}q^{-t}b_t
    """
    windows = apply(
        windows_weighed(),
        {v: formula(t, read_gradient(t))},
        nonnegative_by_sign(le(0, read_gradient(t))),
        label="gradients of the windows, weighed",
    )
    each = nonnegative_by_sign(le(0, read_gradient(j)))
    inside = sum_over(each, *WINDOW, evidence=[reads_past(FROM_ZERO)], label="of a window")
    in_windows = sum_over(combine(le(0, WEIGHT * IN_WINDOW), (inside, WEIGHT)), *STEPS)
    read = sum_over(nonnegative_by_sign(le(0, WEIGHT * read_gradient(t))), *STEPS)
    divided, cost = reciprocal(room(factor)), factor * L**2 * eta0**2 * tau_max
    return combine(
        le(
            cost * Sum(WEIGHT * IN_WINDOW, STEPS),
            (1 - L * eta0) * Sum(WEIGHT * read_gradient(t), STEPS),
        ),
        (windows, cost, divided),
        (in_windows, given(le(CONTRACTION, q)), divided, cost * tau_max),
        (gradients_paid(factor), read, divided),
        label="gradients of the windows are paid for",
    )


@cache
def weighed(noisy: bool) -> Fact:
    r"""n steps with weights q^{-t}, where 1 - eta mu <= q <= 1.

    .. math:: q^{1-n}G_n \leq qG_0 + \tfrac{L\eta^2\sigma^2}2(1+2L\eta\tau)\sum_{t<n}q^{-t}
    """
    factor = 2 if noisy else 1
    below = axiom("gradient_below_gap", F, L, F_star, x(t), label="gaps are >= 0")
    above = combine(
        le(0, gap(t)),
        (below, 1 / (2 * L)),
        nonnegative_by_sign(le(0, squared_gradient(t) / (2 * L))),
    )
    saved = (1 - L * eta0) * read_gradient(t) - factor * L**2 * eta0**2 * tau_max * IN_WINDOW
    step = combine(
        le(
            WEIGHT * (eta0 / 2 * saved - (q * gap(t) - gap(t + 1))),
            WEIGHT * noise(noisy),
        ),
        (one_step(noisy), WEIGHT),
        (above, given(le(CONTRACTION, q)), WEIGHT),
        label="one update, weighed",
    )
    return conclude(
        le(q ** (1 - n) * gap(n), q * gap(0) + noise(noisy) * Sum(WEIGHT, STEPS)),
        (sum_over(step, *STEPS, label="sum over the updates"), 1),
        (windows_paid(factor), eta0 / 2),
        weighed_telescope(gap(t)),
        label="n updates, weighed",
    )


@cache
def last_gap(noisy: bool) -> Fact:
    r"""The gap after T updates.

    .. math:: G_T \leq (1-\eta\mu)^T\Delta
              + \tfrac{L\eta\sigma^2}{2\mu}(1+2L\eta\tau)\bigl(1-(1-\eta\mu)^T\bigr)
    """
    factor = 2 if noisy else 1
    near = only(InitialGap(count=FROM_ZERO))["initial gap"]
    floor = noise(noisy) / (eta0 * mu_sc)
    right = q**T * Delta + floor * (1 - q**T)
    parts: list[Any] = []
    if noisy:
        summed = substitute(weights_summed(), {n: T})
        grow = given(le(q, CONTRACTION))
        parts.append((summed, floor * q ** (T - 1)))
        parts.append((grow, Sum(WEIGHT, (t, 0, T - 1)), floor * q ** (T - 1)))
    fact = combine(
        le(gap(T), right),
        (substitute(weighed(noisy), {n: T}), q ** (T - 1)),
        (near, q**T),
        *parts,
        label="the last gap",
    )
    return substitute(fact, {q: CONTRACTION}, evidence=[contracts(factor)], label="q = 1 - eta mu")


@cache
def gradient_descent() -> Fact:
    """The gap after T updates without noise: (1 - eta mu)^T Delta."""
    return last_gap(noisy=False)


@cache
def sgd() -> Fact:
    """The gap after T updates."""
    return last_gap(noisy=True)
