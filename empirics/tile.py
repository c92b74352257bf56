"""One tile of replicas: the loop itself, on preallocated arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.leaving import Watch
from empirics.optimisers.base import Correction, Optimiser
from empirics.problems.base import Array, Problem
from empirics.reading import InRing, Points, WithWorkers
from empirics.recorder import Read
from empirics.schedules.base import Delays, Schedule, SharedIterate
from empirics.schedules.reads import Counter, Reads, WorkerCounter

DELAYS = 64  # steps whose delays are drawn in one go, at least
FAR = 1e150  # a replica with a larger coordinate has diverged
LOOK = 64  # updates from one look at the coordinates to the next: what is found must not depend on
# how many steps are drawn ahead


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan:
    """Checked arguments of `simulate`: all that a tile needs, ready to be sent elsewhere."""

    problem: Problem
    schedule: Schedule
    optimiser: Optimiser
    correction: Correction | None
    eta: Array  # (steps,)
    replicas: int
    seed: int
    reuse: bool
    times: NDArray[np.int64]  # recorded, ascending
    measures: tuple[str, ...]
    window: int
    noise: bool
    each: bool
    block: int
    smoothness: bool = False

    @property
    def steps(self) -> int:
        return len(self.eta)

    @property
    def reach(self) -> int | None:
        """How far back an update may read, which no run outlasts; None if there is no bound."""
        longest = self.schedule.tau_max
        return None if longest is None else min(longest, self.steps)

    @property
    def lanes(self) -> int:
        """The width of a tile."""
        return self.schedule.width(self.problem.lanes, self.problem.dim)


def generators(plan: Plan, index: int) -> tuple[np.random.Generator, np.random.Generator]:
    """The random numbers of a tile: for samples, and for delays."""
    streams = np.random.SeedSequence(plan.seed, spawn_key=(index,)).spawn(2)
    noise, delays = (np.random.Generator(np.random.SFC64(stream)) for stream in streams)
    return noise, delays


class Tile:
    """One tile of replicas on its way through time. The state is a ring of the latest iterates."""

    deliveries = None  # one iterate: nothing is sent to other copies of it

    def __init__(self, plan: Plan, index: int) -> None:
        schedule, lanes = plan.schedule, plan.lanes
        if not isinstance(schedule, SharedIterate):
            raise TypeError(f"a tile needs a schedule of one iterate, got {schedule!r}")
        noise, delays = generators(plan, index)
        K, reach = schedule.gradients, plan.reach
        held = schedule.workers > 0
        if reach is None and not held:
            raise TypeError(f"a tile needs a bound on the delays or workers, got {schedule!r}")
        shape = (lanes, plan.problem.dim)
        self.plan = plan
        self.kept = min(lanes, plan.replicas - index * lanes)  # the rest is surplus
        self.read: Read | None = None  # what the next update reads, at a recorded time
        self.clock: Array | float = np.nan  # when the current iterate came to be, (lanes,)
        self.lost_at = np.full(lanes, -1)  # by which update a replica has diverged; -1: not
        self._noise, self._gradients = noise, K
        self._course = schedule.course(delays, lanes)
        self.watch = Watch(plan.problem, lanes, self.kept, LOOK)
        deep = max(1 if held else (reach or 0) + 1, plan.window, self.watch.every)
        self._ring = np.empty((deep, *shape))
        self._ring[:] = plan.problem.start  # so that reading from before x_0 reads x_0
        self._points: Points = (
            WithWorkers(self._ring, schedule.workers, K) if held else InRing(self._ring, K)
        )
        self._counter = WorkerCounter(K) if held else Counter(reach or 0, K)
        self._rule = plan.optimiser.begin(shape)
        correction = plan.correction
        self._corrector = None if correction is None else correction.begin(shape, plan.eta)
        if self._corrector is not None:
            self._corrector.take(plan.problem.penalty)
        self.shared = True  # whether all lanes have had the same delays
        self._shared: list[Delays] = []  # delays so far, if all lanes have the same
        self._memory: NDArray[Any] | None = None  # samples of the last updates, for reuse

    def iterate(self, t: int) -> Array:
        """x_t of every lane, (lanes, dim): a view, valid until the ring comes round."""
        x: Array = self._ring[t % len(self._ring)]
        return x

    def run(self) -> Iterator[int]:
        """Go through all steps; stop at every recorded t, where `iterate` holds x_t and before.

        There `read` is what update t is about to read; nothing at the end.
        """
        plan, K = self.plan, self._gradients
        gradient, slots, size = plan.problem.stochastic_gradient, list(self._ring), len(self._ring)
        step, subtract, corrector = self._rule.step, np.subtract, self._corrector
        penalty = plan.problem.penalty
        if plan.correction is not None and plan.correction.proximal:
            penalty = None  # the correction has it
        g, more = np.empty_like(slots[0]), np.empty_like(slots[0])
        recorded = iter(plan.times.tolist())
        stop = next(recorded)
        span, watch = max(plan.block, DELAYS), self.watch.every
        timed: Array | None = None
        for start in range(0, plan.steps, span):
            steps = range(start, min(start + span, plan.steps))
            block = self._course.draw(len(steps))
            delays = block.delays
            self._counter.take(start, block, self.kept)
            self.shared &= delays.ndim == 1
            if self.shared and K == 1:
                self._shared.append(delays)
            points, samples = self._points.of(start, block), self._samples(delays)
            over = self._over(start)
            if over:  # there is nothing left to follow but the delays
                points, samples = repeat(slots[0]), repeat(slots[0])
            etas = plan.eta[start : steps.stop].tolist()  # no more of them: a list is large
            # `zip` asks for a point and a sample once there is a step, and the loop for K - 1 more
            for t, eta, y, sample in zip(steps, etas, points, samples, strict=False):
                x, a = slots[t % size], (t - start) * K
                if t == stop:
                    self.read = Read(delays=delays[a], points=y) if K == 1 else None
                    self.clock = _clock(t, start, K, block.times, timed)
                    yield t
                    stop = next(recorded, -1)
                if over:
                    continue
                gradient(y, sample, g)
                if corrector is not None:
                    corrector.correct(g, t, delays[a], x, y)
                if K > 1:
                    for k in range(1, K):
                        y = next(points)
                        gradient(y, next(samples), more)
                        if corrector is not None:
                            corrector.correct(more, t, delays[a + k], x, y)
                        g += more
                    g /= K
                step(g, eta, x)
                subtract(x, g, out=slots[(t + 1) % size])
                if penalty is not None:
                    penalty.proximal(slots[(t + 1) % size], eta)
                if watch and (not (t + 1) % watch or t + 1 == plan.steps):
                    self.watch.look(self._ring, t + 1)
                if not (t + 1) % LOOK or t + 1 == plan.steps:
                    stop_lost(self.iterate(t + 1), self.lost_at, t + 1)
            timed = None if block.times is None else block.times[-1]
        if stop == plan.steps:
            self.read = None
            self.clock = np.nan if timed is None else timed
            yield stop

    @property
    def delays(self) -> Delays | None:
        """The delays of all updates so far, (steps,), if every lane has the same, and one each."""
        return np.concatenate(self._shared) if self.shared and self._shared else None

    @property
    def reads(self) -> Reads:
        """What the delays did so far."""
        return self._counter.result()

    def known(self, name: str) -> Array | float:
        """The "time" at which the current iterate came to be."""
        return self.clock

    def _over(self, t: int) -> bool:
        """Whether every replica that is kept has diverged; then all there is, is not a number."""
        over = bool((self.lost_at[: self.kept] >= 0).all())
        if over:
            self.watch.look(self._ring, t)
            self._ring[:] = np.nan
        return over

    def _samples(self, delays: Delays) -> Iterator[NDArray[Any]]:
        """The sample of each gradient, drawn a block at a time."""
        block = self.plan.block * self._gradients
        for start in range(0, len(delays), block):
            yield from self._block(delays[start : start + block])

    def _block(self, delays: Delays) -> NDArray[Any]:
        """The samples of a block of gradients: their own, or with reuse those of their reads."""
        n, lanes = len(delays), self._ring.shape[1]
        fresh = self.plan.problem.draw(self._noise, n, lanes)
        if not self.plan.reuse:
            return fresh
        depth = (self.plan.reach or 0) * self._gradients
        past = np.zeros_like(fresh, shape=(depth, *fresh.shape[1:]))  # never read: tau_t <= t
        known = np.concatenate([past if self._memory is None else self._memory, fresh])
        self._memory = known[n:]
        lane = np.arange(lanes)
        drawn = np.arange(depth, depth + n)[:, None]
        if delays.ndim == 1:
            delays = delays[:, None]
        applied: NDArray[Any] = known[drawn - self._gradients * delays, lane]
        return applied


def stop_lost(x: Array, lost_at: NDArray[np.int64], t: int) -> None:
    """Stop the replicas that have diverged by update t: they are not a number from then on.

    x is all there is of them, (lanes, ...); lost_at, (lanes,), is told which are new.
    """
    lost = ~(np.abs(x).reshape(len(x), -1).max(axis=1) <= FAR)
    if lost.any():
        lost_at[lost & (lost_at < 0)] = t
        x[lost] = np.nan


def _clock(t: int, start: int, K: int, times: Array | None, before: Array | None) -> Any:
    """When x_t came to be: as the last gradient of the update before arrived."""
    if times is None:
        return np.nan
    if t == 0:
        return 0.0
    return times[(t - start) * K - 1] if t > start else before
