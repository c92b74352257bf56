r"""Proximal and projected steps along stale gradients of a convex smooth function F.

Notation: D_t = E|x_t - x*|^2 and m_t = E|x_{t+1} - x_t|^2, the square of a step; x* is any fixed
point (of the set).
"""

from functools import cache
from typing import Any

from sympy import Integer, Sum

from theory.assumptions import (
    FROM_ZERO,
    PSI,
    F,
    ProjectedSGD,
    ProximalSGD,
    ReadsThePast,
    gradient,
    objective,
    x,
    x_star,
    xi,
)
from theory.claims import eq, le
from theory.hilbert import Inner, Scalar, squared_norm, value
from theory.kernel import (
    Fact,
    axiom,
    combine,
    nonnegative_by_sign,
    pair,
    sum_over,
    suppose,
)
from theory.lemmas.constant_step import longest_delay
from theory.lemmas.descent import only
from theory.lemmas.distance import distance
from theory.lemmas.drift import applied
from theory.lemmas.vectors import cauchy
from theory.symbols import L, eta0, j, r, t, tau_max
from theory.tactics import conclude

TRAVEL = (j, r(t), t)  # the updates from the read of update t to its own, which is included


def moved(index: Any) -> Scalar:
    """m_t, the squared length of a step."""
    return squared_norm(x(index + 1) - x(index))


def excess(index: Any) -> Scalar:
    """F(x_t) - F(x*)."""
    return objective(index) - value(F, x_star)


@cache
def ahead() -> Fact:
    r"""Convexity at x*, smoothness at the read point, for the iterate that update t makes.

    .. math:: F(x_{t+1})-F(x_\star) \leq \langle\nabla F(y_t),x_{t+1}-x_\star\rangle
              + \tfrac L2\|x_{t+1}-y_t\|^2
    """
    read = x(r(t))
    return combine(
        le(
            excess(t + 1),
            Inner(gradient(r(t)), x(t + 1) - x_star) + L / 2 * squared_norm(x(t + 1) - read),
        ),
        axiom("descent", F, L, read, x(t + 1), label="smoothness at the read point"),
        axiom("convexity", F, read, x_star, label="convexity"),
        label="from the read point to the next iterate",
    )


@cache
def noise_met() -> Fact:
    """E<xi_t, x_{t+1} - x*> = E<xi_t, x_{t+1} - x_t>: x_t was known before xi_t."""
    return conclude(
        eq(Inner(xi(t), x(t + 1) - x_star), Inner(xi(t), x(t + 1) - x(t))),
        axiom("unbiased", xi(t), x(t) - x_star, label="the noise does not see x_t"),
        label="the noise meets its own step alone",
    )


@cache
def proximal_step() -> Fact:
    r"""One proximal step, compared with x*; the noise meets the step it makes.

    .. math:: \eta\,[(F+\Psi)(x_{t+1})-(F+\Psi)(x_\star)] \leq \tfrac12(D_t-D_{t+1}-m_t)
              - \eta\langle\xi_t,x_{t+1}-x_t\rangle + \tfrac{\eta L}2\|x_{t+1}-y_t\|^2
    """
    update = only(ProximalSGD(eta0))[ProximalSGD.name]
    return _compared(update, value(PSI, x(t + 1)) - value(PSI, x_star))


@cache
def projected_step() -> Fact:
    """The same for a projected step, without Psi."""
    update = only(ProjectedSGD(eta0))["projection, seen from x_star"]
    return _compared(update, 0)


def _compared(update: Fact, further: Scalar) -> Fact:
    new, old = x(t + 1), x(t)
    return conclude(
        le(
            eta0 * (excess(t + 1) + further),
            (distance(t) - distance(t + 1) - moved(t)) / 2
            - eta0 * Inner(xi(t), new - old)
            + eta0 * L / 2 * squared_norm(new - x(r(t))),
        ),
        (ahead(), eta0),
        (update, 1),
        noise_met(),
        label="one step, compared with x*",
    )


@cache
def projected_move() -> Fact:
    """A projected step is no longer than before the projection: m_t <= eta^2 E|g_t|^2."""
    new, old, step = x(t + 1), x(t), applied(t)
    update = only(ProjectedSGD(eta0))["projection, seen from x[t]"]
    return combine(
        le(moved(t), eta0**2 * squared_norm(step)),
        (update, 2),
        squares=[(new - old + eta0 * step, 1)],
        label="the projection shortens",
    )


@cache
def travelled() -> Fact:
    r"""From the read point to the next iterate, by the squares of the steps on the way.

    .. math:: \|x_{t+1}-y_t\|^2 \leq (\tau+1)\sum_{j=t-\tau_t}^{t} m_j

    for delays at most tau.
    """
    reads = ReadsThePast(FROM_ZERO)
    past = suppose(reads.past)
    telescopes = axiom("telescope", x(j), *TRAVEL, label="the iterates telescope")
    step, way = x(j + 1) - x(j), x(t + 1) - x(r(t))
    by_steps = cauchy(
        Integer(1),
        step,
        TRAVEL,
        nonnegative=nonnegative_by_sign(le(0, 1)),
        evidence=[past],
    )
    squares = sum_over(
        combine(le(0, moved(j)), squares=[(step, 1)]),
        *TRAVEL,
        evidence=[past],
        label="squares of the steps on the way",
    )
    return conclude(
        le(squared_norm(way), (tau_max + 1) * Sum(moved(j), TRAVEL)),
        pair(telescopes, Sum(step, TRAVEL)),
        pair(telescopes, way),
        by_steps,
        (longest_delay(), squares),
        label="from the read point to the next iterate, by steps",
    )
