r"""N + 1 workers, steps cut for late gradients: the longest delay does not matter.

The sums are shown for capped steps of which only this is known: 0 <= eta_t <= eta and
c max(1, tau_t) eta_t <= 1, with c = L, or 2L on a convex function. The rule comes last.
"""

from functools import cache

from sympy import Rational, Sum

from theory.assumptions import FROM_ZERO, objective, squared_gradient, x, x_star
from theory.claims import le
from theory.kernel import Fact, combine, given, nonnegative_by_sign, sum_over
from theory.lemmas import telescoped
from theory.lemmas.capped_steps import (
    cap,
    capped_squares,
    cut,
    gradients_of_windows,
    noise_of_windows,
    steps_of_window,
)
from theory.lemmas.constant_step import STEPS, read_gradient
from theory.lemmas.convex_step import convex_step
from theory.lemmas.distance import distance, distances_telescoped, read_gap
from theory.lemmas.drift import drifting_descent, window
from theory.lemmas.late_step import LATENESS, averaged
from theory.lemmas.step_weights import (
    step_nonnegative,
    weighed_gradient,
    window_gradients_nonnegative,
)
from theory.symbols import Delta, L, N, R, T, eta, eta0, j, n, sigma, t

NONCONVEX_LIMIT = 1 / (L * (2 * N + 1))
CONVEX_LIMIT = 1 / (2 * L * (N + 1))


# ------------------------------------------------------------------------- nonconvex


@cache
def one_step() -> Fact:
    r"""One stale step; its step times the steps of its window is at most eta/L.

    .. math:: E F(x_{t+1}) \leq E F(x_t) - \tfrac{\eta_t}2a_t - \tfrac{\eta_t}2(1-L\eta_t)b_t
              + L\eta\sum_j\eta_jb_j + \tfrac{L\eta_t^2\sigma^2}2 + L^2\eta_t\sigma^2\sum_j\eta_j^2
    """
    return combine(
        le(
            objective(t + 1),
            objective(t)
            - eta(t) / 2 * squared_gradient(t)
            - eta(t) / 2 * (1 - L * eta(t)) * read_gradient(t)
            + L * eta0 * Sum(eta(j) * read_gradient(j), window())
            + L / 2 * eta(t) ** 2 * sigma**2
            + L**2 * eta(t) * sigma**2 * Sum(eta(j) ** 2, window()),
        ),
        drifting_descent(),
        (steps_of_window(), L**2, step_nonnegative(), window_gradients_nonnegative()),
        (cut(L), L * eta0, window_gradients_nonnegative()),
        label="one stale step, cut if it is late",
    )


@cache
def gradients_summed() -> Fact:
    r"""n steps of N + 1 workers, if L eta (2N + 1) <= 1.

    .. math:: \sum_{t<n}\eta_ta_t \leq 2\Delta + (1+2L\eta N)\,L\sigma^2\eta\sum_{t<n}\eta_t
    """
    kept = combine(
        le(0, 1 - L * eta(t) - 2 * L * eta0 * N),
        (cap(), L),
        (given(le(eta0, NONCONVEX_LIMIT)), L * (2 * N + 1)),
        label="what is kept of a gradient read",
    )
    paid = combine(le(0, kept.claim.right * eta(t) * read_gradient(t)), (kept, weighed_gradient()))
    noise = (1 + 2 * L * eta0 * N) * L * sigma**2
    return combine(
        le(
            Sum(eta(t) * squared_gradient(t), STEPS),
            2 * Delta + noise * eta0 * Sum(eta(t), STEPS),
        ),
        (telescoped(one_step(), objective(t) - one_step().claim.right, FROM_ZERO), 2),
        (gradients_of_windows(), 2 * L * eta0),
        sum_over(paid, *STEPS, label="gradients read are paid for"),
        (noise_of_windows(), 2 * L**2 * sigma**2),
        (capped_squares(), noise),
        nonnegative_by_sign(le(0, squared_gradient(n) / L), label="the last gradient"),
        label="n steps of the workers",
    )


# ------------------------------------------------------------------------- convex


@cache
def gaps_summed() -> Fact:
    r"""n steps of N + 1 workers on a convex function, if 2 L eta (N + 1) <= 1.

    .. math:: 2\sum_{t<n}\eta_t\,E[F(y_t)-\inf F] \leq R^2 + \sigma^2\eta\sum_{t<n}\eta_t
    """
    rho = 1 / (2 * L * eta0 * LATENESS)  # what a late gradient has in common with others: little
    step = convex_step(rho)
    weight = weighed_gradient().claim.right
    read = Sum(eta(j) * read_gradient(j), window())
    shorter = combine(
        le(
            distance(t + 1),
            distance(t)
            - 2 * eta(t) * read_gap()
            - (1 / (2 * L) - eta(t)) * weight
            + eta0 * read
            + eta(t) ** 2 * sigma**2,
        ),
        step,
        (steps_of_window(), rho, weighed_gradient()),
        (cut(2 * L), eta0, window_gradients_nonnegative()),
        label="one stale step, cut if it is late",
    )
    kept = combine(
        le(0, 1 / (2 * L) - eta(t) - eta0 * N),
        cap(),
        (given(le(eta0, CONVEX_LIMIT)), N + 1),
        label="what is kept of a gradient read",
    )
    paid = combine(le(0, kept.claim.right * weight), (kept, weighed_gradient()))
    return combine(
        le(2 * Sum(eta(t) * read_gap(), STEPS), R**2 + sigma**2 * eta0 * Sum(eta(t), STEPS)),
        sum_over(shorter, *STEPS, label="sum over the steps"),
        distances_telescoped(),
        (gradients_of_windows(), eta0),
        sum_over(paid, *STEPS, label="gradients read are paid for"),
        (capped_squares(), sigma**2),
        squares=[(x(n) - x_star, 1)],
        label="n steps of the workers",
    )


# ------------------------------------------------------------------------- averages


@cache
def nonconvex() -> Fact:
    """The average of a_t: 2 Delta/(eta T (1 - L eta N/4)) + (1 + 2 L eta N) L eta sigma^2."""
    noise = (1 + 2 * L * eta0 * N) * L * eta0 * sigma**2
    return averaged(gradients_summed(), L, squared_gradient(t), 2 * Delta, noise, NONCONVEX_LIMIT)


@cache
def nonconvex_simple() -> Fact:
    """The same without N: L eta N <= 1/2, so that at most one eighth is cut off."""
    sharp = nonconvex()
    limit = given(le(eta0, NONCONVEX_LIMIT))
    eighth = combine(
        le(L * eta0 * N / 4, Rational(1, 8)),
        (limit, L * N / 4),
        nonnegative_by_sign(le(N / (4 * (2 * N + 1)), Rational(1, 8))),
        label="at most one eighth is cut off",
    )
    return combine(
        le(sharp.claim.left, 16 * Delta / (7 * eta0 * T) + 2 * L * eta0 * sigma**2),
        sharp,
        (eighth, 16 * Delta / (7 * eta0 * T), 1 / (1 - L * eta0 * N / 4)),
        (eighth, 8 * L * eta0 * sigma**2),
        label="with plain constants",
    )


@cache
def convex() -> Fact:
    """The average of E F(y_t) - inf F: R^2/(2 eta T (1 - L eta N/2)) + eta sigma^2/2."""
    half = combine(
        le(
            Sum(eta(t) * read_gap(), STEPS),
            R**2 / 2 + sigma**2 * eta0 / 2 * Sum(eta(t), STEPS),
        ),
        (gaps_summed(), Rational(1, 2)),
    )
    return averaged(half, 2 * L, read_gap(), R**2 / 2, eta0 * sigma**2 / 2, CONVEX_LIMIT)
