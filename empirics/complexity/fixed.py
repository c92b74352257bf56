r"""One step for all depths, and the same share of the stable interval for all.

.. math:: \text{unstable iff } \tau > \frac{\pi}{4 \arcsin(\eta D/2)} - \frac12
          \quad (c = 1, \text{ where the sharpness is } D)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from empirics.complexity.limits import near, simulated_delay, simulated_limit
from empirics.exact import largest_delay, stability_limit
from empirics.problems.base import Problem, real, whole
from empirics.problems.deep_linear import deep_linear_chain
from empirics.schedules import Constant
from empirics.simulate import simulate
from empirics.tuning.goals import Reach

TARGET = 1e-6  # of the gap at the start
UPDATES = 2000


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """A chain at a step that all depths share.

    Fields: depth; a, step times sharpness; exact, the largest stable delay by the formula;
    simulated, as runs show it that start close to the minimum; fastest, the delay with the fewest
    updates to 10^-6 of the gap (from half the target), and speed, the share of the updates without
    delay that it needs.
    """

    depth: int
    a: float
    exact: int
    simulated: int
    fastest: int
    speed: float


def fixed_step(
    depths: Sequence[int] = (1, 2, 4, 8, 16), step: float = 0.024, target: float = 1.0
) -> list[Fixed]:
    """Statement (i): at one step, deeper chains bear less staleness; below, staleness is faster.

    Raises ValueError if an argument is not of its kind, or a depth is unstable without delay.

    >>> [(row.depth, row.exact, row.simulated) for row in fixed_step([8], 0.1)]
    [(8, 1, 1)]
    """
    rows = []
    for depth in _depths(depths):
        chain = deep_linear_chain(depth, target)
        a = real("fixed step", "step", step, 0, ends="()") * chain.constants["sharpness"].value
        exact = largest_delay(a)
        updates = [_updates(chain, tau, step) for tau in _sample(exact)]
        best = int(np.argmin(updates))
        rows.append(
            Fixed(
                depth=depth,
                a=a,
                exact=exact,
                simulated=simulated_delay(near(chain), step),
                fastest=_sample(exact)[best],
                speed=updates[best] / updates[0],
            )
        )
    return rows


@dataclass(frozen=True, kw_only=True)
class Same:
    """A chain under a constant delay: its limit of step times sharpness, by runs and by formula."""

    depth: int
    target: float
    tau: int
    simulated: float
    exact: float


def same_share(
    depths: Sequence[int] = (1, 4, 16),
    taus: Sequence[int] = (1, 8),
    target: float = 1.0,
    accuracy: float = 2e-3,
) -> list[Same]:
    """Statement (ii), of limits: in step times sharpness they are the same at every depth.

    Raises ValueError if an argument is not of its kind.
    """
    rows = []
    for depth in _depths(depths):
        chain = near(deep_linear_chain(depth, target))
        for tau in taus:
            limit = simulated_limit(chain, Constant(tau), accuracy=accuracy)
            rows.append(
                Same(
                    depth=depth,
                    target=target,
                    tau=tau,
                    simulated=limit * chain.constants["sharpness"].value,
                    exact=stability_limit(Constant(tau)),
                )
            )
    return rows


def _depths(depths: Iterable[int]) -> list[int]:
    found = [whole("the study", "depth", depth, 1) for depth in depths]
    if not found:
        raise ValueError("the study needs at least one depth, got none")
    return found


def _sample(largest: int) -> list[int]:
    """Delays up to the largest, nine at most."""
    return sorted(set(np.rint(np.linspace(0, largest, 9)).astype(int).tolist()))


def _updates(problem: Problem, tau: int, step: float) -> float:
    goal = Reach(UPDATES, "gap", target=TARGET * problem.gap)
    runs = simulate(
        replace(problem, lanes=1),
        Constant(tau),
        step=step,
        steps=goal.updates,
        replicas=1,
        record=goal.times,
        measures=["gap"],
    )
    return goal.score(runs.statistics.gap.mean)
