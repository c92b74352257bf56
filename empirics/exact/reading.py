"""Who reads what, as a recursion for moments needs it: the same for all, or drawn by a law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empirics.problems.base import Array
from empirics.schedules.base import Delays, Law, Schedule, SharedIterate
from empirics.schedules.rules import Asynchronous, Barrier
from empirics.schedules.service import Exponential
from empirics.schedules.workers import Workers

PROBE = 64  # updates drawn to see whether all replicas have the same delays


@dataclass(frozen=True, eq=False, kw_only=True)
class Shared:
    """The same delays in every replica, clipped to tau_t <= t, those of K gradients an update.

    delays, (T, K).
    """

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


@dataclass(frozen=True, eq=False, kw_only=True)
class Memoryless:
    """Workers with exponential service times: who arrives next depends on nothing that was.

    shares, (W,): the chance that the next arrival is each worker's, its speed over that of all.
    """

    shares: Array


def reading(who: str, schedule: Schedule, steps: int) -> Shared | Drawn | Memoryless:
    """The delays of so many updates, or how they are drawn.

    Raises ValueError unless the schedule is one sequence of iterates, with delays that are the same
    in every replica, or independent with a law and read once an update, or those of workers whose
    service times are exponential, who never wait and never throw away.

    >>> from empirics import schedules
    >>> reading("moments", schedules.Constant(2), 4).delays.ravel()
    array([0, 1, 2, 2])
    >>> reading("moments", schedules.Uniform(1), 4).pmf
    array([0.5, 0.5])
    >>> fast, slow = schedules.Exponential(1.0), schedules.Exponential(4.0)
    >>> reading("moments", schedules.Workers(service=[fast, slow]), 4).shares
    array([0.8, 0.2])
    """
    if not isinstance(schedule, Schedule):
        raise ValueError(f"{who} needs a Schedule such as Constant(4), got {schedule!r}")
    if not isinstance(schedule, SharedIterate):
        raise ValueError(f"{who} needs one sequence of iterates, got {schedule!r}; simulate it")
    if isinstance(schedule, Workers):
        if isinstance(schedule.rule, Barrier):
            rounds = barrier(schedule)
            return Shared(delays=rounds[np.arange(steps) % len(rounds)])
        if memoryless(schedule):
            speeds = np.array([1 / law.mean for law in schedule.laws])
            return Memoryless(shares=speeds / speeds.sum())
    generator, K = np.random.default_rng(0), schedule.gradients
    if isinstance(schedule, Law) and K > 1:
        raise ValueError(
            f"{who} needs a law of one gradient an update, got {schedule!r}; simulate it"
        )
    probe = schedule.course(generator, 2).draw(min(PROBE, steps)).delays  # a trace may be short
    if probe.ndim == 1:
        delays = schedule.course(generator, 1).draw(steps).delays
        return Shared(delays=delays.reshape(steps, K))
    pmf = schedule.pmf if isinstance(schedule, Law) else None
    if pmf is None:
        raise ValueError(
            f"{who} needs delays that are the same in every replica, independent with a law (a "
            f"`pmf`), or of workers with exponential service times, got {schedule!r}; take Pmf of "
            "the delays it has, or replay one history"
        )
    return Drawn(pmf=pmf)


def barrier(schedule: Workers) -> Delays:
    """One round of workers with a barrier, (W/K, K): whoever is slow, all have read one iterate."""
    W, K = schedule.count, schedule.gradients
    return np.repeat(np.arange(W // K), K).reshape(-1, K)


def memoryless(schedule: Workers) -> bool:
    """Whether the next arrival forgets the past: all that is known is what each worker holds."""
    return (
        schedule.rule == Asynchronous()
        and schedule.oldest is None
        and schedule.buffer == 1
        and all(isinstance(law, Exponential) for law in schedule.laws)
    )
