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
from empirics.schedules.base import Block


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
    """The points that workers hold: each has a copy of the iterate it read last.

    A row of numbers is moved as one item of many bytes, which takes a third of the time.
    """

    def __init__(self, ring: Array, workers: int, gradients: int) -> None:
        size, self._lanes, dim = ring.shape
        row = np.dtype((np.void, dim * ring.itemsize))
        self._gradients = gradients
        self._slots: list[NDArray[np.void]] = list(ring.view(row).reshape(size, self._lanes))
        self._held = np.empty((workers, self._lanes, dim))
        self._rows = self._held.view(row).reshape(-1)  # by worker, then lane
        self._read = np.empty_like(ring[0])
        self._read_rows = self._read.view(row).reshape(-1)

    def of(self, start: int, block: Block) -> Iterator[Array]:
        workers, starts, n = block.workers, block.starts, len(block.delays)
        if workers is None or starts is None:
            raise RuntimeError("a schedule with workers needs blocks that say who reads when")
        ends = np.searchsorted(starts.before, np.arange(n), side="right").tolist()
        if starts.lane is None:
            return self._shared(start, workers.tolist(), starts.worker, ends)
        own = workers * self._lanes + np.arange(self._lanes)
        cells = starts.worker * self._lanes + starts.lane
        return self._apart(start, own, cells, starts.lane, ends)

    def _slot(self, start: int, a: int) -> NDArray[np.void]:
        """The iterate that is there before gradient a of the block is used."""
        t = start + a // self._gradients
        return self._slots[t % len(self._slots)]

    def _shared(
        self, start: int, workers: list[int], reads: NDArray[np.int64], ends: list[int]
    ) -> Iterator[Array]:
        """In all replicas the same workers read and arrive."""
        rows, begin = self._rows.reshape(-1, self._lanes), 0
        for a, (worker, end) in enumerate(zip(workers, ends, strict=True)):
            if end > begin:
                rows[reads[begin:end]] = self._slot(start, a)
                begin = end
            yield self._held[worker]

    def _apart(
        self,
        start: int,
        own: NDArray[np.int64],
        cells: NDArray[np.int64],
        lanes: NDArray[np.int64],
        ends: list[int],
    ) -> Iterator[Array]:
        """Each replica has workers that read and arrive in an order of their own."""
        begin = 0
        for a, end in enumerate(ends):
            if end > begin:
                self._rows.put(cells[begin:end], self._slot(start, a).take(lanes[begin:end]))
                begin = end
            self._rows.take(own[a], 0, self._read_rows, "wrap")
            yield self._read
