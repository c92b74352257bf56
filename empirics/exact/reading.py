"""Who reads what, as a recursion for moments needs it: the same for all, or a law of delays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empirics.problems.base import Array
from empirics.schedules.base import Delays, Law, Schedule, SharedIterate

PROBE = 64  # updates drawn to see whether all replicas have the same delays


@dataclass(frozen=True, eq=False, kw_only=True)
class Shared:
    """The same delays in every replica, clipped to tau_t <= t: tau_0, ..., tau_{T-1}, (T,)."""

    delays: Delays

    @property
    def longest(self) -> int:
        return int(self.delays.max())


@dataclass(frozen=True, eq=False, kw_only=True)
class Drawn:
    """Delays drawn anew at every update: P(tau = k) before clipping, (longest + 1,)."""

    pmf: Array

    @property
    def longest(self) -> int:
        return len(self.pmf) - 1


def reading(who: str, schedule: Schedule, steps: int) -> Shared | Drawn:
    """The delays of so many updates, or their law.

    Raises ValueError unless the schedule is one sequence of iterates, read once an update, with
    delays that are the same in every replica or independent with a law.

    >>> from empirics import schedules
    >>> reading("moments", schedules.Constant(2), 4).delays
    array([0, 1, 2, 2])
    >>> reading("moments", schedules.Uniform(1), 4).pmf
    array([0.5, 0.5])
    """
    if not isinstance(schedule, Schedule):
        raise ValueError(f"{who} needs a Schedule such as Constant(4), got {schedule!r}")
    if not isinstance(schedule, SharedIterate) or schedule.gradients != 1:
        raise ValueError(
            f"{who} needs one sequence of iterates and one gradient an update, got {schedule!r}; "
            "simulate it"
        )
    generator = np.random.default_rng(0)
    probe = schedule.course(generator, 2).draw(min(PROBE, steps)).delays  # a trace may be short
    if probe.ndim == 1:
        delays = schedule.course(generator, 1).draw(steps).delays
        return Shared(delays=delays)
    pmf = schedule.pmf if isinstance(schedule, Law) else None
    if pmf is None:
        raise ValueError(
            f"{who} needs delays that are the same in every replica, or independent with a law "
            f"(a `pmf`), got {schedule!r}; take Pmf of the delays it has, or replay one history"
        )
    return Drawn(pmf=pmf)
