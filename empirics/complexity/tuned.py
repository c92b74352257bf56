r"""The best step of each staleness, without noise: what a delay costs, whatever the depth.

.. math:: S(\kappa, \tau) = \frac{\log \rho^*(\kappa, 0)}{\log \rho^*(\kappa, \tau)}
          \;\downarrow\; \frac{1}{\sin\frac{\pi}{2(2\tau+1)}} \quad (\kappa \to \infty)

where rho*(kappa, tau) is the rate of the slower of two modes, curvatures 1 and 1/kappa, at the step
that is best for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from empirics.exact import best_step
from empirics.problems.base import real, whole
from empirics.problems.deep_network import deep_linear_network
from empirics.schedules import Constant
from empirics.tuning import Reach, tune

TARGET = 1e-8  # of the gap at the start
FINE = 2.0 ** (np.arange(-12, 1) / 8)  # shares of the limit of stability that are tried


def slowest_two(condition: float, tau: int) -> float:
    """S(kappa, tau), exact: how many times as many updates two modes need, tuned, without noise.

    condition = kappa > 1, inf for the limit. Raises ValueError if an argument is not of its kind.

    >>> round(slowest_two(10, 16), 2), round(slowest_two(float("inf"), 16), 2)
    (22.41, 21.02)
    """
    delay = whole("slowdown", "tau", tau, 0)
    if condition == np.inf:
        return float(1 / np.sin(np.pi / (2 * (2 * delay + 1))))
    kappa = real("slowdown", "condition", condition, 1, ends="()")
    fresh = -2 * np.arctanh(1 / kappa)  # log((kappa - 1)/(kappa + 1))
    return float(fresh / np.log(best_step(Constant(delay), condition=kappa).rate))


@dataclass(frozen=True, kw_only=True)
class Condition:
    """S(kappa, tau) of two modes, exact."""

    condition: float
    tau: int
    slowdown: float


def conditions(
    values: Sequence[float] = (2, 10, 100, 1000, np.inf), taus: Sequence[int] = (1, 4, 16)
) -> list[Condition]:
    """S(kappa, tau): worse conditioned problems lose less, down to a limit."""
    return [
        Condition(condition=float(kappa), tau=tau, slowdown=slowest_two(kappa, tau))
        for tau in taus
        for kappa in values
    ]


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """A deep linear network without noise: updates at the best step, simulated.

    Fields: depth; condition, of its curvatures lambda_11 and lambda_22; tau; fresh and stale,
    updates to 10^-8 of the gap without and with delay; exact, the slowdown of two modes.
    """

    depth: int
    condition: float
    tau: int
    fresh: float
    stale: float
    exact: float

    @property
    def slowdown(self) -> float:
        return self.stale / self.fresh


def without_noise(
    depths: Sequence[int] = (2, 4, 8), condition: float = 10.0, tau: int = 16
) -> list[Tuned]:
    """Statement (ii), of speed: tuned and without noise, a delay costs the same at every depth.

    Networks of two singular values, chosen for the same condition number at every depth, started
    at 0.9 of the target, so that the whole run is near the minimum.
    Raises ValueError if an argument is not of its kind, or a depth is below 2: one layer has
    curvature 1 only.
    """
    kappa = real("without noise", "condition", condition, 1, ends="()")
    rows = []
    for depth in (whole("without noise", "depth", d, 2) for d in depths):
        small = kappa ** (-1 / (2 - 2 / depth))
        network = deep_linear_network(depth, [1.0, small], share=0.9)
        problem, updates = replace(network, lanes=1), []
        for delay in (0, whole("without noise", "tau", tau, 1)):
            a = 2 * np.sin(np.pi / (2 * (2 * delay + 1)))
            most = int(20 * kappa * (delay + 1))
            goal = Reach(most, "gap", target=TARGET * problem.gap)
            steps = FINE * a / network.constants["sharpness"].value
            updates.append(tune(problem, Constant(delay), goal, steps=steps, replicas=2).score)
        rows.append(
            Tuned(
                depth=depth,
                condition=float(network.curvatures[0, 0] / network.curvatures[1, 1]),
                tau=tau,
                fresh=updates[0],
                stale=updates[1],
                exact=slowest_two(kappa, tau),
            )
        )
    return rows
