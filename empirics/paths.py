"""The iterates themselves, of a few replicas: to draw them, or to look at what no mean shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirics.cache_tile import CacheTile
from empirics.optimisers.base import Correction, Optimiser
from empirics.planning import planned
from empirics.problems.base import Array, Problem
from empirics.recording import Record
from empirics.schedules.base import OwnCaches, Schedule
from empirics.stepsizes import StepSizes
from empirics.tile import Tile

MOST = 2**26  # numbers kept, half a gigabyte: more is no drawing


@dataclass(frozen=True, eq=False, kw_only=True)
class Paths:
    """What `paths` keeps.

    Fields: times, the recorded t, (K,); points, x_t of every replica, (K, n, dim), not a number
    from where a replica has diverged on; left_at, the first t, recorded or not, at which the
    replica is outside the region of the problem, -1 if never, (n,).
    """

    times: NDArray[np.int64]
    points: Array
    left_at: NDArray[np.int64]


def paths(
    problem: Problem,
    schedule: Schedule,
    *,
    step: StepSizes | ArrayLike,
    steps: int,
    replicas: int = 1,
    seed: int = 0,
    optimiser: Optimiser | None = None,
    correction: Correction | None = None,
    reuse: bool = False,
    record: Record = "all",
) -> Paths:
    """The iterates of the first replicas that `simulate` runs with the same arguments, bit for bit.

    Parameters are those of `simulate`. Where workers have caches, x_t is the cache that is
    evaluated. Raises ValueError where `simulate` does, and if all that is asked for would take more
    than half a gigabyte.

    >>> from empirics import problems, schedules
    >>> well = problems.double_well(start=[0.5])
    >>> paths(well, schedules.Constant(1), step=0.5, steps=3).points.ravel()
    array([0.5       , 0.6875    , 0.875     , 1.05627441])
    """
    plan, _ = planned(
        problem,
        schedule,
        step=step,
        steps=steps,
        replicas=replicas,
        seed=seed,
        optimiser=optimiser,
        correction=correction,
        reuse=reuse,
        record=record,
        measures=(),
    )
    shape = (len(plan.times), plan.replicas, problem.dim)
    if (numbers := int(np.prod(shape, dtype=object))) > MOST:
        raise ValueError(
            f"paths need at most {MOST} numbers, got {shape[0]} times x {shape[1]} replicas x "
            f"{shape[2]} coordinates = {numbers}; record fewer"
        )
    points, left_at = np.empty(shape), np.empty(plan.replicas, dtype=np.int64)
    kind = CacheTile if isinstance(schedule, OwnCaches) else Tile
    for index in range(-(-plan.replicas // plan.lanes)):
        tile = kind(plan, index)
        first = index * plan.lanes
        here = slice(first, first + tile.kept)
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            for k, t in enumerate(tile.run()):
                points[k, here] = tile.iterate(t)[: tile.kept]
        left_at[here] = tile.watch.left_at
    return Paths(times=plan.times, points=points, left_at=left_at)
