"""One tile of replicas: the loop itself, on preallocated arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.moments import Statistics
from empirics.problems.base import Array, Problem
from empirics.recorder import Read, Recorder
from empirics.schedules.base import Delays, Schedule
from empirics.schedules.reads import Counter, Reads

DELAYS = 64  # steps whose delays are drawn in one go, at least


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan:
    """Checked arguments of `simulate`: all that a tile needs, ready to be sent elsewhere."""

    problem: Problem
    schedule: Schedule
    eta: Array  # (steps,)
    replicas: int
    seed: int
    reuse: bool
    times: NDArray[np.int64]  # recorded, ascending
    measures: tuple[str, ...]
    window: int
    noise: bool
    block: int

    @property
    def steps(self) -> int:
        return len(self.eta)


class Tile:
    """One tile of replicas on its way through time. The state is a ring of the latest iterates."""

    def __init__(self, plan: Plan, index: int) -> None:
        lanes = plan.problem.lanes
        streams = np.random.SeedSequence(plan.seed, spawn_key=(index,)).spawn(2)
        noise, delays = (np.random.Generator(np.random.SFC64(stream)) for stream in streams)
        size = max(plan.schedule.tau_max + 1, plan.window)
        self.plan = plan
        self.kept = min(lanes, plan.replicas - index * lanes)  # the rest is surplus
        self.reads = Counter(plan.schedule.tau_max)
        self.read: Read | None = None  # what the next update reads, at a recorded time
        self._noise, self._delays = noise, delays
        self._ring = np.empty((size, lanes, plan.problem.dim))
        self._ring[:] = plan.problem.start  # so that reading from before x_0 reads x_0
        self._shared: list[Delays] = []  # delays so far, if all lanes have the same
        self._memory: NDArray[Any] | None = None  # samples of the last tau_max steps, for reuse

    def iterate(self, t: int) -> Array:
        """x_t of every lane, (lanes, dim): a view, valid until the ring comes round."""
        x: Array = self._ring[t % len(self._ring)]
        return x

    def run(self) -> Iterator[int]:
        """Go through all steps; stop at every recorded t, where `iterate` holds x_t and before.

        There `read` is what update t is about to read; nothing at the end.
        """
        plan, eta = self.plan, self.plan.eta.tolist()
        gradient, slots, size = plan.problem.stochastic_gradient, list(self._ring), len(self._ring)
        rows = self._ring.reshape(-1, plan.problem.dim)
        g, read = np.empty_like(slots[0]), np.empty_like(slots[0])
        recorded = iter(plan.times.tolist())
        stop = next(recorded)
        span = max(plan.block, DELAYS)
        for start in range(0, plan.steps, span):
            steps = range(start, min(start + span, plan.steps))
            delays = plan.schedule.draw(self._delays, start, len(steps), len(g))
            self.reads.add(start, delays if delays.ndim == 1 else delays[:, : self.kept])
            sources, shared = self._sources(start, delays), delays.ndim == 1
            if shared:
                self._shared.append(delays)
            for t, sample, source in zip(steps, self._samples(delays), sources, strict=True):
                y = slots[source] if shared else rows.take(source, 0, read, "wrap")
                if t == stop:
                    self.read = Read(delays=delays[t - start], points=y)
                    yield t
                    stop = next(recorded, -1)
                gradient(y, sample, g)
                np.multiply(g, eta[t], out=g)
                np.subtract(slots[t % size], g, out=slots[(t + 1) % size])
        if stop == plan.steps:
            self.read = None
            yield stop

    @property
    def delays(self) -> Delays | None:
        """The delays of all updates so far, (steps,), if every lane has the same."""
        return np.concatenate(self._shared) if self._shared else None

    def _sources(self, start: int, delays: Delays) -> Any:
        """Where x_{t - tau_t} lies: a slot for all lanes, or a row of the flat ring for each.

        Rows of slots before the first are negative, and `take` wraps them for nothing.
        """
        size, lanes, _ = self._ring.shape
        t = np.arange(start, start + len(delays))
        if delays.ndim == 1:
            return ((t - delays) % size).tolist()
        rows = delays * -lanes
        rows += (t % size * lanes)[:, None]
        rows += np.arange(lanes)
        return rows

    def _samples(self, delays: Delays) -> Iterator[NDArray[Any]]:
        """The sample to apply at each step, drawn a block at a time."""
        for start in range(0, len(delays), self.plan.block):
            yield from self._block(delays[start : start + self.plan.block])

    def _block(self, delays: Delays) -> NDArray[Any]:
        """The samples of a block of steps: their own, or with reuse those drawn at t - tau_t."""
        steps, lanes = len(delays), self._ring.shape[1]
        fresh = self.plan.problem.draw(self._noise, steps, lanes)
        if not self.plan.reuse:
            return fresh
        depth = self.plan.schedule.tau_max
        past = np.zeros_like(fresh, shape=(depth, *fresh.shape[1:]))  # never read: tau_t <= t
        known = np.concatenate([past if self._memory is None else self._memory, fresh])
        self._memory = known[steps:]
        lane = np.arange(lanes)
        drawn = np.arange(depth, depth + steps)[:, None]
        if delays.ndim == 1:
            delays = delays[:, None]
        applied: NDArray[Any] = known[drawn - delays, lane]
        return applied


@dataclass(frozen=True, eq=False, kw_only=True)
class Part:
    """What one or more finished tiles contribute."""

    statistics: Statistics
    reads: Reads
    delays: Delays | None

    def merge(self, other: Part) -> Part:
        return Part(
            statistics=self.statistics.merge(other.statistics),
            reads=self.reads.merge(other.reads),
            delays=self.delays,
        )


def tile_part(plan: Plan, index: int) -> Part:
    """Simulate one tile from start to end. Overflow of a diverging replica is no news here."""
    tile = Tile(plan, index)
    recorder = Recorder(
        plan.problem,
        tile.kept,
        measures=plan.measures,
        window=plan.window,
        noise=plan.noise,
        tau_max=plan.schedule.tau_max,
    )
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for t in tile.run():
            recorder.take(t, tile.iterate, tile.read)
        statistics = recorder.result()
    return Part(statistics=statistics, reads=tile.reads.result(), delays=tile.delays)
