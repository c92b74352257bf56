r"""One stale step on a convex smooth function: what the gradients of the window cost, and pay for.

Notation: D_k = E|x_k - x*|^2, b_k = E|grad F(y_k)|^2 at the point read, sums over the window of k.
"""

from functools import cache

from sympy import Sum

from theory.assumptions import FROM_ZERO, BoundedVariance, PositiveSteps, gradient
from theory.claims import le
from theory.hilbert import Inner, Scalar
from theory.kernel import Fact, combine, substitute, sum_over
from theory.lemmas.constant_step import read_gradient
from theory.lemmas.descent import only
from theory.lemmas.distance import (
    applied_squared,
    distance,
    read_gap,
    stale_distance_window,
    toward_minimiser_smoothly,
)
from theory.lemmas.drift import window, window_in_range
from theory.symbols import L, eta, j, r, sigma, t
from theory.tactics import conclude


@cache
def agreement(rho: Scalar) -> Fact:
    r"""What two gradients of a window have in common, with a weight rho > 0 that may depend on t.

    .. math:: 2\sum_j\eta_j E\langle\nabla F(y_t),\nabla F(y_j)\rangle
              \leq \rho\,b_t\sum_j\eta_j + \tfrac1\rho\sum_j\eta_jb_j
    """
    here, there = gradient(r(t)), gradient(r(j))
    apart = combine(
        le(2 * Inner(here, there), rho * read_gradient(t) + read_gradient(j) / rho),
        squares=[(rho * here - there, 1 / rho)],
        label="two gradients, weighed",
    )
    positive = substitute(only(PositiveSteps(FROM_ZERO))["steps are >= 0"], {t: j})
    weighed = combine(
        le(
            2 * eta(j) * Inner(here, there),
            eta(j) * rho * read_gradient(t) + eta(j) * read_gradient(j) / rho,
        ),
        (apart, positive),
    )
    summed = sum_over(weighed, *window(), evidence=window_in_range(), label="over the window")
    return combine(
        le(
            2 * Sum(eta(j) * Inner(here, there), window()),
            rho * read_gradient(t) * Sum(eta(j), window())
            + Sum(eta(j) * read_gradient(j), window()) / rho,
        ),
        summed,
        label="gradients of the window",
    )


@cache
def convex_step(rho: Scalar) -> Fact:
    r"""One stale step on a convex smooth function.

    .. math:: D_{t+1} \leq D_t - 2\eta_t\,E[F(y_t)-\inf F]
              - \eta_t\bigl(\tfrac1L-\eta_t-\rho\sum_j\eta_j\bigr)b_t
              + \tfrac{\eta_t}\rho\sum_j\eta_jb_j + \eta_t^2\sigma^2
    """
    positive = only(PositiveSteps(FROM_ZERO))["steps are >= 0"]
    variance = only(BoundedVariance(count=FROM_ZERO))["bounded variance"]
    paid = eta(t) * (1 / L - eta(t) - rho * Sum(eta(j), window())) * read_gradient(t)
    cost = eta(t) / rho * Sum(eta(j) * read_gradient(j), window())
    return conclude(
        le(
            distance(t + 1),
            distance(t) - 2 * eta(t) * read_gap() - paid + cost + eta(t) ** 2 * sigma**2,
        ),
        stale_distance_window(),
        (applied_squared(), eta(t) ** 2),
        (variance, eta(t) ** 2),
        (toward_minimiser_smoothly(), 2, positive),
        (agreement(rho), positive),
        label="one stale step on a convex function",
    )
