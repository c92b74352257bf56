r"""Projected steps with a bounded second moment: any step size, for smooth convex functions."""

from functools import cache

from sympy import Rational, Sum, sqrt

from theory.assumptions import FROM_ZERO, BoundedSecondMoment, BoundedVariance, x, x_star, xi
from theory.claims import le
from theory.hilbert import squared_norm
from theory.kernel import Fact, combine, substitute, sum_over
from theory.lemmas.constant_step import STEPS, longest_delay
from theory.lemmas.descent import only
from theory.lemmas.distance import distance, distances_telescoped
from theory.lemmas.drift import window_in_range
from theory.lemmas.proximal import (
    TRAVEL,
    excess,
    moved,
    projected_move,
    projected_step,
    travelled,
)
from theory.symbols import G, L, R, T, eta0, j, n, r, sigma, t, tau_max

FAR = eta0**2 * (tau_max + 1) ** 2 * G**2


@cache
def far_at_most() -> Fact:
    """E|x_{t+1} - y_t|^2 <= eta^2 (tau + 1)^2 G^2."""
    moment = only(BoundedSecondMoment(count=FROM_ZERO))["bounded second moment"]
    move = combine(
        le(moved(t), eta0**2 * G**2), projected_move(), (moment, eta0**2), label="a step"
    )
    steps = sum_over(
        substitute(move, {t: j}), *TRAVEL, evidence=window_in_range(), label="its steps"
    )
    return combine(
        le(squared_norm(x(t + 1) - x(r(t))), FAR),
        travelled(),
        (steps, tau_max + 1),
        (longest_delay(), (tau_max + 1) * eta0**2 * G**2),
        label="from the read point to the next iterate, at most",
    )


@cache
def convex() -> Fact:
    """(1/T) sum of E F(x_{t+1}) - F(x*), for any constant step."""
    variance = only(BoundedVariance(count=FROM_ZERO))["bounded variance"]
    step = combine(
        le(
            eta0 * excess(t + 1),
            (distance(t) - distance(t + 1)) / 2 + eta0**2 * sigma**2 / 2 + eta0 * L / 2 * FAR,
        ),
        projected_step(),
        (far_at_most(), eta0 * L / 2),
        (variance, eta0**2 / 2),
        squares=[(x(t + 1) - x(t) + eta0 * xi(t), Rational(1, 2))],
        label="one step",
    )
    total = combine(
        le(
            eta0 * Sum(excess(t + 1), STEPS),
            R**2 / 2 + n * (eta0**2 * sigma**2 / 2 + eta0 * L / 2 * FAR),
        ),
        sum_over(step, *STEPS),
        (distances_telescoped(), Rational(1, 2)),
        squares=[(x(n) - x_star, Rational(1, 2))],
        label="n steps",
    )
    return combine(
        le(
            Sum(excess(t + 1), (t, 0, T - 1)) / T,
            R**2 / (2 * eta0 * T) + eta0 * sigma**2 / 2 + L / 2 * FAR,
        ),
        (substitute(total, {n: T}), 1 / (eta0 * T)),
        label="the average excess",
    )


@cache
def tuned_step() -> Fact:
    """The step R/(sigma sqrt T) balances distance and noise."""
    return substitute(convex(), {eta0: R / (sigma * sqrt(T))}, label="insert the tuned step")
