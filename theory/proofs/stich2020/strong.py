r"""Smooth strongly convex functions: weights (1 - eta mu/2)^{-t}.

Notation: b_t = E|grad F(y_t)|^2 at the point read, S_t the sum of b_j over the window of update t,
kappa = 1 + 2 eta mu tau, and q = 1 - eta mu/2, which is a symbol until the end.
"""

from functools import cache

from sympy import Rational, Sum

from theory.assumptions import (
    FROM_ZERO,
    F,
    Minimiser,
    x,
    x_star,
)
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
from theory.lemmas.constant_step import STEPS, WINDOW, read_gradient
from theory.lemmas.counting import reads_past, v
from theory.lemmas.descent import only
from theory.lemmas.distance import (
    distance,
    read_gap,
)
from theory.lemmas.geometric import weighed_telescope, weights_summed, windows_weighed
from theory.proofs.stich2020.strong_step import CONTRACTION, IN_WINDOW, KAPPA, READ, one_step
from theory.symbols import F_star, L, R, T, eta0, j, mu_sc, n, q, sigma, t, tau_max
from theory.tactics import apply, conclude

LIMIT = 1 / (2 * L * (3 * tau_max + 1))
WEIGHT = q ** (-t)


# ------------------------------------------------------------------------- the step limit


@cache
def gradients_paid() -> Fact:
    r"""What the step limit 1/(2 L (3 tau + 1)) is for, with mu <= L:

    .. math:: \eta\tau\kappa\leq\bigl(\tfrac1{2L}-\eta(1+\tau)\bigr)
              \bigl(1-\tfrac{\tau\eta\mu}2\bigr)
    """
    limit, order = given(le(eta0, LIMIT)), given(le(mu_sc, L))
    below_half = combine(
        le(eta0, 1 / (2 * L)),
        limit,
        nonnegative_by_sign(le(LIMIT, 1 / (2 * L))),
        label="eta <= 1/(2L)",
    )
    slope = combine(
        le(0, eta0 * tau_max / 2 * (1 / (2 * L) - eta0 + 3 * eta0 * tau_max)),
        (below_half, eta0 * tau_max / 2),
        nonnegative_by_sign(le(0, 3 * eta0**2 * tau_max**2 / 2)),
        label="a larger mu leaves less",
    )
    linear = 1 + Rational(9, 4) * tau_max + 3 * tau_max**2 / (4 * (3 * tau_max + 1))
    return combine(
        le(
            eta0 * tau_max * KAPPA,
            (1 / (2 * L) - eta0 * (1 + tau_max)) * (1 - tau_max * eta0 * mu_sc / 2),
        ),
        (order, slope),
        (limit, linear + 3 * L * eta0 * tau_max**2 / 2),
        nonnegative_by_sign(le(0, L * eta0**2 * tau_max / 2)),
        nonnegative_by_sign(le(0, 1 / (2 * L) - linear * LIMIT)),
        label="gradients are paid for",
    )


# ------------------------------------------------------------------------- n steps, weighed


@cache
def windows_paid() -> Fact:
    r"""Half of the gap pays for the gradients in flight, where 1 - eta mu/2 <= q <= 1.

    .. math:: \eta^2\kappa\sum_{t<n}q^{-t}S_t
              \leq\eta\bigl(\tfrac1{2L}-\eta(1+\tau)\bigr)\sum_{t<n}q^{-t}b_t
    """
    windows = apply(
        windows_weighed(),
        {v: formula(t, read_gradient(t))},
        nonnegative_by_sign(le(0, read_gradient(t))),
        label="gradients of the windows, weighed",
    )
    inside = sum_over(
        nonnegative_by_sign(le(0, read_gradient(j))), *WINDOW, evidence=[reads_past(FROM_ZERO)]
    )
    in_windows = sum_over(combine(le(0, WEIGHT * IN_WINDOW), (inside, WEIGHT)), *STEPS)
    read = sum_over(nonnegative_by_sign(le(0, WEIGHT * read_gradient(t))), *STEPS)
    share = 1 - tau_max * eta0 * mu_sc / 2
    room = reciprocal(
        nonnegative_by_sign(lt(0, share), under=[le(eta0, LIMIT), le(mu_sc, L)]),
    )
    return combine(
        le(
            eta0**2 * KAPPA * Sum(WEIGHT * IN_WINDOW, STEPS),
            eta0 * (1 / (2 * L) - eta0 * (1 + tau_max)) * Sum(WEIGHT * read_gradient(t), STEPS),
        ),
        (windows, room, eta0**2 * KAPPA),
        (in_windows, given(le(CONTRACTION, q)), room, eta0**2 * KAPPA * tau_max),
        (gradients_paid(), read, room, eta0),
        label="gradients in flight are paid for",
    )


@cache
def weighed() -> Fact:
    r"""n steps with weights q^{-t}, where 1 - eta mu/2 <= q <= 1.

    .. math:: \eta\sum_{t<n}q^{-t}E(F(y_t)-\inf F)+q^{1-n}D_n
              \leq qR^2+\eta^2\sigma^2\kappa\sum_{t<n}q^{-t}
    """
    squares = combine(le(0, distance(t)), squares=[(x(t) - x_star, 1)])
    step = combine(
        le(
            WEIGHT * (eta0 * read_gap() - (q * distance(t) - distance(t + 1))),
            WEIGHT * eta0**2 * KAPPA * (IN_WINDOW + sigma**2)
            - WEIGHT * eta0 * (1 / (2 * L) - eta0 * (1 + tau_max)) * read_gradient(t),
        ),
        (one_step(), WEIGHT),
        (squares, given(le(CONTRACTION, q)), WEIGHT),
        label="one step, weighed",
    )
    near = only(Minimiser(count=FROM_ZERO))["initial distance"]
    return conclude(
        le(
            eta0 * Sum(WEIGHT * read_gap(), STEPS) + q ** (1 - n) * distance(n),
            q * R**2 + eta0**2 * sigma**2 * KAPPA * Sum(WEIGHT, STEPS),
        ),
        (sum_over(step, *STEPS), 1),
        windows_paid(),
        weighed_telescope(distance(t)),
        (near, q),
        label="n steps, weighed",
    )


# ------------------------------------------------------------------------- the two bounds


WEIGHTS = Sum(WEIGHT, (t, 0, T - 1))


def at_horizon(fact: Fact) -> Fact:
    """T updates."""
    return substitute(fact, {n: T}, label="T updates")


def at_contraction(fact: Fact) -> Fact:
    """q = 1 - eta mu/2."""
    return substitute(fact, {q: CONTRACTION}, label="the contraction of an update")


@cache
def average_gap() -> Fact:
    """The average gap at the points read, with weights (1 - eta mu/2)^{-t}."""
    grown = q ** (-T) - 1
    weights = at_horizon(weights_summed())
    positive = combine(
        lt(0, grown),
        (weights, 1 / q),
        (given(le(q, CONTRACTION)), WEIGHTS / q),
        nonnegative_by_sign(lt(0, eta0 * mu_sc / 2 * WEIGHTS / q)),
        label="the weights grow",
    )
    divided = reciprocal(positive)
    fact = combine(
        le(
            Sum(WEIGHT * read_gap(), (t, 0, T - 1)) / WEIGHTS,
            mu_sc / 2 * R**2 / grown + eta0 * sigma**2 * KAPPA,
        ),
        (at_horizon(weighed()), 1 / (eta0 * WEIGHTS)),
        (weights, -(R**2) / (eta0 * WEIGHTS), divided),
        (given(le(CONTRACTION, q)), R**2 / eta0, divided),
        squares=[(x(T) - x_star, q ** (1 - T) / (eta0 * WEIGHTS))],
        evidence=[positive],
        label="the weighted average",
    )
    return at_contraction(fact)


@cache
def last_distance() -> Fact:
    """The distance after T updates."""
    above = axiom("above_infimum", F, x_star, F_star, READ, label="gaps are >= 0")
    gaps = sum_over(
        combine(le(0, WEIGHT * read_gap()), (above, WEIGHT)), *STEPS, label="gaps, summed"
    )
    fact = combine(
        le(distance(T), q**T * R**2 + 2 * eta0 * sigma**2 / mu_sc * KAPPA),
        (at_horizon(weighed()), q ** (T - 1)),
        (at_horizon(gaps), eta0 * q ** (T - 1)),
        (at_horizon(weights_summed()), 2 * eta0 * sigma**2 / mu_sc * KAPPA * q ** (T - 1)),
        (given(le(q, CONTRACTION)), WEIGHTS, 2 * eta0 * sigma**2 / mu_sc * KAPPA * q ** (T - 1)),
        nonnegative_by_sign(le(0, 2 * eta0 * sigma**2 / mu_sc * KAPPA * q**T)),
        label="the last distance",
    )
    return at_contraction(fact)
