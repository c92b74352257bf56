r"""The perturbed iterate: strong convexity and bounded second moments, last iterate."""

from functools import cache
from typing import Any

from theory.assumptions import FROM_ZERO, F, Minimiser, x, x_star
from theory.assumptions import gradient as gradient_at
from theory.claims import formula, le
from theory.hilbert import Inner, squared_norm
from theory.kernel import (
    Fact,
    axiom,
    combine,
    given,
    induct,
    nonnegative_by_sign,
    rewrite,
    substitute,
)
from theory.lemmas.bounded_gradient import bounded_drift, read_point_cost, second_moment
from theory.lemmas.constant_step import longest_delay
from theory.lemmas.descent import only
from theory.lemmas.distance import distance, stale_distance
from theory.lemmas.late_step import not_early
from theory.symbols import F_star, G, R, T, eta, eta0, mu_sc, r, t, tau_max
from theory.tactics import apply, conclude

READ = x(r(t))
NOISE = G**2 * (1 + 2 * tau_max + 2 * eta0 * mu_sc * tau_max**2)


@cache
def strongly_monotone() -> Fact:
    """mu |y_t - x*|^2 <= <grad F(y_t), y_t - x*>: strong convexity at both points."""
    still = axiom("stationary", F, x_star, F_star, label="the gradient at the minimiser")
    below = axiom("strong_convexity", F, mu_sc, x_star, READ, label="seen from the minimiser")
    return conclude(
        le(mu_sc * squared_norm(READ - x_star), Inner(gradient_at(r(t)), READ - x_star)),
        rewrite(below, still, still.claim.left),
        axiom("strong_convexity", F, mu_sc, READ, x_star, label="seen from the point read"),
        label="the gradient is strongly monotone",
    )


@cache
def one_step() -> Fact:
    r"""One stale step; R_1 = E|x_t - y_t|^2 and R_2 = E<g_t, y_t - x_t> are what staleness costs.

    .. math:: D_{t+1} \leq (1-\eta\mu)D_t + \eta^2G^2(1+2\tau+2\eta\mu\tau^2)
    """
    constant = {eta: formula(t, eta0)}
    positive = nonnegative_by_sign(le(0, eta0), label="steps are >= 0")
    drift = apply(bounded_drift(), constant, positive, label="a constant step")
    cost = apply(read_point_cost(), constant, positive, label="a constant step")
    age, longest = t - r(t), longest_delay()
    squares = combine(
        le(age**2, tau_max**2),
        (longest, tau_max),
        (longest, not_early()),
        label="the square of the delay",
    )
    return conclude(
        le(distance(t + 1), (1 - eta0 * mu_sc) * distance(t) + eta0**2 * NOISE),
        apply(stale_distance(), constant, label="a constant step"),
        (strongly_monotone(), 2 * eta0),
        (drift, 2 * eta0 * mu_sc),
        (squares, 2 * eta0**3 * mu_sc * G**2),
        (cost, 2 * eta0),
        (longest, 2 * eta0**2 * G**2),
        (second_moment(), eta0**2),
        squares=[(x(t) - x_star - 2 * (x(t) - READ), eta0 * mu_sc)],
        label="one stale step",
    )


def bound(updates: Any) -> Any:
    """(1 - eta mu)^n R^2 + eta G^2 (1 + 2 tau + 2 eta mu tau^2)/mu."""
    return (1 - eta0 * mu_sc) ** updates * R**2 + eta0 * NOISE / mu_sc


@cache
def last_iterate() -> Fact:
    """E|x_T - x*|^2 <= (1 - eta mu)^T R^2 + eta G^2 (1 + 2 tau + 2 eta mu tau^2)/mu."""
    claim = le(distance(T), bound(T))
    short = le(eta0, 1 / mu_sc)
    kept = combine(le(0, 1 - eta0 * mu_sc), (given(short), mu_sc), label="a contraction")
    near = only(Minimiser(count=FROM_ZERO))["initial distance"]
    spare = nonnegative_by_sign(le(0, NOISE), label="the noise is >= 0")
    first = combine(
        le(distance(1), bound(1)),
        substitute(one_step(), {t: 0}),
        (near, kept),
        (spare, kept, eta0 / mu_sc),
        label="the first update",
    )
    step = combine(
        le(distance(T + 1), bound(T + 1)),
        substitute(one_step(), {t: T}),
        (given(claim, under=[short]), kept),
        label="one update more",
    )
    return induct(claim, T, 1, first, step, label="update after update")
