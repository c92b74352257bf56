"""The memory that workers share: two places for the iterate, and the log of what was done.

Version v of the iterate is in place v % 2. The next one is written into the other place, then its
row of the log, and the version number last: whoever is killed in between has written nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from multiprocessing.context import BaseContext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.live.worker import clock
from empirics.problems.base import Array

PATIENCE = 0.1  # seconds to wait for the lock before looking whether all is over


@dataclass(frozen=True, eq=False, kw_only=True)
class Memory:
    """What is handed to every worker: arrays without a type, as they can be sent, and the lock."""

    dim: int
    points: Any  # x_v and x_{v+1}
    log: Any  # (updates, 5): worker, read, begun, ended, seconds of computing
    steps: Any  # eta_t
    held: Any  # (workers,): the version each has read last
    state: Any  # the version; whether to stop
    lock: Any

    @classmethod
    def of(cls, context: BaseContext, start: Array, eta: Array, workers: int) -> Memory:
        """All at x_0."""
        made = cls(
            dim=len(start),
            points=context.RawArray("d", 2 * len(start)),
            log=context.RawArray("d", 5 * len(eta)),
            steps=context.RawArray("d", len(eta)),
            held=context.RawArray("q", workers),
            state=context.RawArray("q", 2),
            lock=context.Lock(),
        )
        views = made.views()
        views.points[0], views.steps[:] = start, eta
        return made

    def views(self) -> Views:
        """It as arrays."""
        return Views(self)


class Views:
    """The shared memory as one process sees it."""

    def __init__(self, memory: Memory) -> None:
        self.points: Array = np.frombuffer(memory.points).reshape(2, memory.dim)
        self.log: Array = np.frombuffer(memory.log).reshape(-1, 5)
        self.steps: Array = np.frombuffer(memory.steps)
        self.held: NDArray[np.int64] = np.frombuffer(memory.held, np.int64)
        self._state: NDArray[np.int64] = np.frombuffer(memory.state, np.int64)
        self._lock = memory.lock
        self.updates = len(self.steps)

    @property
    def version(self) -> int:
        """The number of updates so far."""
        return int(self._state[0])

    @property
    def iterate(self) -> Array:
        """The iterate of this version: a view."""
        x: Array = self.points[self.version % 2]
        return x

    def stop(self) -> None:
        """Ask all to stop, with or without the lock."""
        self._state[1] = 1

    def enter(self) -> bool:
        """Take the lock, unless all is over: who held it may have been killed."""
        while not self._state[1]:
            if self._lock.acquire(timeout=PATIENCE):
                return True
        return False

    def leave(self) -> None:
        self._lock.release()

    def read(self, worker: int) -> Array:
        """A copy of the iterate, as whoever holds the lock sees it."""
        self.held[worker] = self.version
        return self.iterate.copy()

    def write(self, worker: int, read: int, begun: float, took: float, g: Array) -> bool:
        """The next update, by whoever holds the lock, which is given back; False if T are done."""
        t = self.version
        if t < self.updates:
            np.multiply(g, self.steps[t], out=g)
            np.subtract(self.points[t % 2], g, out=self.points[(t + 1) % 2])
            self.log[t] = worker, read, begun, clock(), took
            self._state[0] = t + 1
        self.leave()
        return t < self.updates
