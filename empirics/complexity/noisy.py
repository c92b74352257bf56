r"""The best step of each staleness, with noise: whether depth matters is decided by the noise.

Near the minimum a chain is one mode of curvature lambda, and with a = step times lambda its
expected gap, as a share of that at the start, is

.. math:: \frac{E f(x_t)}{f(x_0)} = m_t^2 + a^2 \nu \sum_{n<t} h_n^2, \qquad
          \nu = \frac{v}{2 \lambda f(x_0)}

where v is the variance of the gradient along the mode, m_t and h_n the responses to the start and
to an impulse. Depth acts through nu alone: noise of the target has v proportional to lambda, and nu
knows nothing of depth; noise of the gradient that is the same everywhere has nu = v/(2 lambda f).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from empirics.exact import stability_limit
from empirics.exact.constant import denominator, response
from empirics.problems.base import Array, real, whole
from empirics.problems.deep_linear import deep_linear_chain
from empirics.schedules import Constant
from empirics.tolerance import slack_law
from empirics.tuning import Reach, tune

GRID = np.geomspace(1e-3, 0.999, 64)  # shares of the limit of stability that are tried first
FINER = np.linspace(-1, 1, 15)  # then between the neighbours of the best, in the logarithm
MOST = 2**17

Kind = Literal["target", "gradient"]


def updates_to(share: float, noise: float, tau: int) -> tuple[float, float]:
    """The best a = step times curvature of one mode, and the updates it needs, exact.

    Parameters: share of the gap at the start, in (0, 1), below which the expected gap has to stay;
    noise = nu >= 0 of the module; tau, constant. The steps tried last lie 2 % apart.
    Raises ValueError if an argument is not of its kind, or more than 2^17 updates are needed.

    >>> a, updates = updates_to(0.05, 1.0, 0)
    >>> a < 0.1, updates > 20  # a nu/(2 - a) has to be below 0.05
    (True, True)
    """
    goal = real("updates", "share", share, 0, 1, ends="()")
    nu = real("updates", "noise", noise, 0)
    delay = whole("updates", "tau", tau, 0)
    limit, most = stability_limit(Constant(delay)), 64
    while most <= MOST:

        def best_of(steps: Array, most: int = most) -> tuple[float, float]:
            found = [_first(_gaps(float(a), nu, delay, most), goal) for a in steps]
            return float(steps[np.argmin(found)]), min(found)

        a, updates = best_of(GRID * limit)
        if updates < most / 2:
            finer = a * (GRID[1] / GRID[0]) ** FINER
            return best_of(finer[finer < limit])
        most *= 2
    raise ValueError(f"updates need a goal that {MOST} of them reach, got share = {share}")


def _gaps(a: float, nu: float, tau: int, most: int) -> Array:
    """The expected gap over that at the start, t = 0, ..., most."""
    taps = denominator(tau, a)
    mean = np.append(1.0, response(taps, most, np.ones(len(taps) - 1)))
    impulse = np.append(1.0, response(taps, most, np.append(1.0, np.zeros(len(taps) - 2))))
    return np.asarray(mean**2 + a**2 * nu * np.append(0.0, np.cumsum(impulse**2)[:-1]))


def _first(gaps: Array, share: float) -> float:
    """From when on they stay below the share; between updates in the logarithm."""
    above = int(np.flatnonzero(gaps > share)[-1])
    if above == len(gaps) - 1:
        return np.inf
    high, low = gaps[above], max(gaps[above + 1], 1e-300)
    return float(above + np.log(high / share) / np.log(high / low))


@dataclass(frozen=True, kw_only=True)
class Noisy:
    """A chain with noise: what a delay costs, each at its best step.

    Fields: depth; kind of the noise, of the "target" or of the "gradient"; tau; a, the best step
    without delay times the sharpness; slowdown, exact for the linearised chain; law, what the slack
    law says; simulated, the slowdown of chains in runs, not a number if not asked for.
    """

    depth: int
    kind: Kind
    tau: int
    a: float
    slowdown: float
    law: float
    simulated: float


def with_noise(
    kind: Kind,
    depths: Sequence[int] = (1, 4, 16, 64),
    tau: int = 16,
    *,
    share: float = 0.02,
    noise: float = 2.0,
    simulated: Sequence[int] = (),
    replicas: int = 128,
    seed: int = 0,
) -> list[Noisy]:
    """Statement (iii): tuned with noise, it depends on the noise whether depth matters.

    Chains with target 1, so that the sharpness is D, started near the minimum; noise, nu of depth
    1; share of the gap at the start, the goal; simulated, the depths that are run as well, in so
    many replicas from one seed.
    Raises ValueError if an argument is not of its kind.

    >>> target = with_noise("target", [1, 64])
    >>> gradient = with_noise("gradient", [1, 64])
    >>> [round(row.slowdown, 2) for row in (*target, *gradient)]
    [0.94, 0.94, 0.94, 9.12]
    """
    if kind not in ("target", "gradient"):
        raise ValueError(f'with noise needs kind = "target" or "gradient", got {kind!r}')
    rows = []
    for depth in (whole("with noise", "depth", d, 1) for d in depths):
        nu = noise / depth if kind == "gradient" else noise
        a, fresh = updates_to(share, nu, 0)
        _, stale = updates_to(share, nu, tau)
        runs = np.nan
        if depth in simulated:
            runs = _simulated(kind, depth, tau, share, noise, fresh, stale, replicas, seed)
        rows.append(
            Noisy(
                depth=depth,
                kind=kind,
                tau=tau,
                a=a,
                slowdown=stale / fresh,
                law=slack_law(a, Constant(tau)),
                simulated=runs,
            )
        )
    return rows


def _simulated(
    kind: Kind,
    depth: int,
    tau: int,
    share: float,
    noise: float,
    fresh: float,
    stale: float,
    replicas: int,
    seed: int,
) -> float:
    """The slowdown of a chain of that depth, started at 0.9 of the target."""
    chain = deep_linear_chain(depth, 1.0, share=0.9)
    size = np.sqrt(2 * noise * chain.gap)  # v = 2 nu lambda f; nu is that of depth 1 times its own
    if kind == "target":
        chain = deep_linear_chain(depth, 1.0, share=0.9, labels=size, noise="gaussian")
    else:
        each = size * np.sqrt(depth)  # of the whole vector: the same in every coordinate
        chain = deep_linear_chain(depth, 1.0, share=0.9, sigma=each, noise="gaussian")
    problem, updates = replace(chain, lanes=min(replicas, 256)), []
    for delay, expected in ((0, fresh), (tau, stale)):
        goal = Reach(int(4 * expected) + 20, "gap", target=share * problem.gap)
        limit = stability_limit(Constant(delay)) / depth
        steps = limit * 2.0 ** (np.arange(-18, 0) / 2)
        found = tune(problem, Constant(delay), goal, steps=steps, replicas=replicas, seed=seed)
        updates.append(found.score)
    return updates[1] / updates[0]
