r"""One stale step on a smooth strongly convex function: what contracts, and what it costs.

Notation: b_t = E|grad F(y_t)|^2 at the point read, S_t the sum of b_j over the window of update t,
kappa = 1 + 2 eta mu tau.
"""

from functools import cache

from sympy import Integer, Sum

from theory.assumptions import (
    FROM_ZERO,
    BoundedVariance,
    F,
    gradient,
    x,
    x_star,
)
from theory.claims import formula, le
from theory.hilbert import Inner, squared_norm
from theory.kernel import (
    Fact,
    axiom,
    combine,
    nonnegative_by_sign,
    substitute,
    sum_over,
)
from theory.lemmas.constant_step import WINDOW, longest_delay, read_gradient
from theory.lemmas.counting import reads_past
from theory.lemmas.descent import only
from theory.lemmas.distance import (
    applied_squared,
    distance,
    gap_above_gradient,
    read_gap,
    stale_distance_window,
)
from theory.lemmas.drift import drift
from theory.proofs.stich2020.smooth import agreement_in_window
from theory.symbols import F_star, L, eta, eta0, j, mu_sc, r, sigma, t, tau_max
from theory.tactics import apply, conclude

CONTRACTION = 1 - eta0 * mu_sc / 2
KAPPA = 1 + 2 * eta0 * mu_sc * tau_max
READ = x(r(t))
IN_WINDOW = Sum(read_gradient(j), WINDOW)


@cache
def toward_minimiser_strongly() -> Fact:
    r"""Strong convexity at the read point, carried over to the iterate.

    .. math:: F(y_t)-\inf F+\tfrac\mu4\|x_t-x_\star\|^2
              \leq\langle\nabla F(y_t),y_t-x_\star\rangle+\tfrac\mu2\|x_t-y_t\|^2
    """
    return conclude(
        le(
            read_gap() + mu_sc / 4 * distance(t),
            Inner(gradient(r(t)), READ - x_star) + mu_sc / 2 * squared_norm(x(t) - READ),
        ),
        axiom("strong_convexity", F, mu_sc, READ, x_star, label="strong convexity"),
        axiom("least_value", F, x_star, F_star),
        squares=[(2 * READ - x_star - x(t), mu_sc / 4)],
        label="away from the minimiser, seen from the iterate",
    )


@cache
def window_drift() -> Fact:
    r"""E|x_t - y_t|^2 <= 2 eta^2 tau (S_t + sigma^2)."""
    positive = nonnegative_by_sign(le(0, eta0), label="steps are >= 0")
    moved = apply(drift(), {eta: formula(t, eta0)}, positive, label="drift, constant step")
    squares = sum_over(
        nonnegative_by_sign(le(0, read_gradient(j))), *WINDOW, evidence=[reads_past(FROM_ZERO)]
    )
    return combine(
        le(
            squared_norm(x(t) - READ),
            2 * eta0**2 * tau_max * (IN_WINDOW + sigma**2),
        ),
        moved,
        (longest_delay(), squares, 2 * eta0**2),
        (longest_delay(), 2 * eta0**2 * sigma**2),
        label="drift over at most tau steps",
    )


@cache
def one_step() -> Fact:
    r"""One step: what contracts, the gap, and the gradients that half of the gap pays for.

    .. math:: D_{t+1}+\eta E(F(y_t)-\inf F)
              \leq\bigl(1-\tfrac{\eta\mu}2\bigr)D_t
              -\eta\bigl(\tfrac1{2L}-\eta(1+\tau)\bigr)b_t+\eta^2\kappa(S_t+\sigma^2)
    """
    moved = substitute(stale_distance_window(), {eta: formula(t, eta0)}, label="a constant step")
    variance = only(BoundedVariance(count=FROM_ZERO))["bounded variance"]
    return combine(
        le(
            distance(t + 1) + eta0 * read_gap(),
            CONTRACTION * distance(t)
            - eta0 * (1 / (2 * L) - eta0 * (1 + tau_max)) * read_gradient(t)
            + eta0**2 * KAPPA * (IN_WINDOW + sigma**2),
        ),
        (moved, 1),
        (toward_minimiser_strongly(), 2 * eta0),
        (gap_above_gradient(), eta0),
        (agreement_in_window(Integer(1)), eta0**2),
        (longest_delay(), eta0**2 * read_gradient(t)),
        (window_drift(), eta0 * mu_sc),
        (applied_squared(), eta0**2),
        (variance, eta0**2),
        label="one step",
    )
