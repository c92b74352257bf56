"""Where the points lie that gradients are computed at: in a ring of iterates, or with workers.

With delays of at most tau_max the iterates x_t, ..., x_{t - tau_max} are enough, and who reads is
no matter. Without a bound every worker keeps what it has read: memory then depends on the number
of workers, however long a gradient takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array
from empirics.schedules.base import Block, Starts


class Points(Protocol):
    """Gives the points of a block of gradients, one after the other."""

    def of(self, start: int, block: Block) -> Iterator[Array]:
        """For each gradient of the block the point it was computed at, (lanes, dim).

        `start` is the first update of the block. Each is asked for when the iterate of its update
        is there and not yet replaced; it is valid until the next one is asked for.
        """


class InRing:
    """The points of delayed reads, taken from the ring of the latest iterates."""

    def __init__(self, ring: Array, gradients: int) -> None:
        self._slots, self._gradients = list(ring), gradients
        self._size, self._lanes, dim = ring.shape
        self._rows = ring.reshape(-1, dim)
        self._read = np.empty_like(self._slots[0])

    def of(self, start: int, block: Block) -> Iterator[Array]:
        t = start + np.arange(len(block.delays)) // self._gradients
        if block.delays.ndim == 1:  # a slot for all lanes
            for slot in ((t - block.delays) % self._size).tolist():
                yield self._slots[slot]
            return
        # a row of the flat ring for each lane; those of slots before the first are negative, and
        # `take` wraps them for nothing
        rows = block.delays * -self._lanes
        rows += (t % self._size * self._lanes)[:, None]
        rows += np.arange(self._lanes)
        for row in rows:
            yield self._rows.take(row, 0, self._read, "wrap")


class WithWorkers:
    """The points that workers hold: each has a copy of the iterate it read last."""

    def __init__(self, ring: Array, workers: int, gradients: int) -> None:
        self._slots, self._size, self._gradients = list(ring), len(ring), gradients
        _, self._lanes, dim = ring.shape
        self._held = np.empty((workers, self._lanes, dim))
        self._rows = self._held.reshape(-1, dim)
        self._read = np.empty_like(self._slots[0])

    def of(self, start: int, block: Block) -> Iterator[Array]:
        workers, starts, n = block.workers, block.starts, len(block.delays)
        if workers is None or starts is None:
            raise RuntimeError("a schedule with workers needs blocks that say who reads when")
        ends = np.searchsorted(starts.before, np.arange(n), side="right").tolist()
        shared = workers.ndim == 1
        own = None if shared else workers * self._lanes + np.arange(self._lanes)
        rows = starts.worker if shared else starts.worker * self._lanes + _lanes(starts)
        begin = 0
        for a, end in enumerate(ends):
            if end > begin:
                x = self._slots[(start + a // self._gradients) % self._size]
                if shared:
                    self._held[rows[begin:end]] = x
                elif end - begin == self._lanes and _all_once(_lanes(starts)[begin:end]):
                    self._rows[rows[begin:end]] = x
                else:
                    self._rows[rows[begin:end]] = x[_lanes(starts)[begin:end]]
            begin = end
            if own is None:
                yield self._held[workers[a]]
            else:
                yield self._rows.take(own[a], 0, self._read, "wrap")


def _lanes(starts: Starts) -> NDArray[np.int64]:
    if starts.lane is None:
        raise RuntimeError("starts need a lane each where replicas differ")
    return starts.lane


def _all_once(lanes: NDArray[np.int64]) -> bool:
    """Whether these are 0, 1, ..., in this order: every replica once."""
    return bool((lanes == np.arange(len(lanes))).all())
