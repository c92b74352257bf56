"""What delays do: how often an iterate is read, how many gradients are in flight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from empirics.schedules.base import Delays


@dataclass(frozen=True, eq=False, kw_only=True)
class Reads:
    """What a sequence of delays does, taken over all replicas that were counted.

    Fields: reads, the largest number of times one replica reads one iterate, without the cold
    start; cold_reads, the largest number of times it reads x_0 at updates t < tau_max, where the
    history is too short for the full delay; counts[k], the updates with delay k, (tau_max + 1,);
    flying = N, the largest number of gradients in flight over one update j: read before or at it
    and applied after it, t - tau_t <= j < t; average, the largest (tau_0 + ... + tau_{T-1})/T of a
    replica at any T so far.
    """

    reads: int
    cold_reads: int
    counts: NDArray[np.int64]
    flying: int
    average: float

    @property
    def longest(self) -> int:
        """The longest delay that occurs."""
        return int(np.flatnonzero(self.counts)[-1])

    @property
    def mean(self) -> float:
        """Mean delay over updates and replicas, the cold start included."""
        return float(self.counts @ np.arange(len(self.counts)) / self.counts.sum())

    def merge(self, other: Reads) -> Reads:
        """The facts about both sets of replicas together."""
        return Reads(
            reads=max(self.reads, other.reads),
            cold_reads=max(self.cold_reads, other.cold_reads),
            counts=self.counts + other.counts,
            flying=max(self.flying, other.flying),
            average=max(self.average, other.average),
        )


def multiplicity(delays: Delays, tau_max: int | None = None) -> Reads:
    """How often iterates are read under delays tau_0, tau_1, ..., already clipped to tau_t <= t.

    Parameters: delays, (steps,) or (steps, replicas), in updates; tau_max, the length of the cold
    start, the largest delay that occurs unless given.
    Raises ValueError if there are no delays, or one is not in 0, ..., min(t, tau_max).

    >>> constant = multiplicity(np.minimum(3, np.arange(20)))  # single use, but for x_0
    >>> constant.reads, constant.cold_reads
    (1, 3)
    >>> constant.flying, constant.average  # (0 + 1 + 2 + 17 * 3)/20
    (3, 2.7)
    >>> multiplicity(np.arange(20) % 5).reads  # a block of five reads its first iterate
    5

    Source: Dai et al., Theorem 1: its factor s is this number, not the delay.
    """
    delays = np.asarray(delays)
    if delays.ndim not in (1, 2) or delays.size == 0 or delays.dtype.kind not in "iu":
        raise ValueError(
            "multiplicity needs whole delays of shape (steps,) or (steps, replicas), got "
            f"{delays.dtype} of shape {delays.shape}"
        )
    counter = Counter(int(delays.max()) if tau_max is None else tau_max)
    counter.add(0, delays)
    return counter.result()


class Counter:
    """Counts reads block by block, in memory that does not grow with time."""

    def __init__(self, tau_max: int) -> None:
        self._tau_max = tau_max
        self._counts = np.zeros(tau_max + 1, dtype=np.int64)
        self._pending: NDArray[np.int64] | None = None  # reads of the last tau_max iterates
        self._cold: NDArray[np.int64] | int = 0  # (replicas,)
        self._most = 0
        self._aloft: NDArray[np.int64] | None = None  # in flight over the last tau_max updates
        self._flying = 0
        self._total: NDArray[np.int64] | int = 0  # of the delays, (replicas,)
        self._average = 0.0

    def add(self, start: int, delays: Delays) -> None:
        """Take in the updates start, start + 1, ...: delays (steps,) or (steps, replicas).

        Raises ValueError if one is not in 0, ..., min(t, tau_max).
        """
        delays = delays.reshape(len(delays), -1)
        steps, replicas = delays.shape
        most = np.minimum(np.arange(start, start + steps), self._tau_max)[:, None]
        if (delays < 0).any() or (delays > most).any():
            raise ValueError(
                f"reads need delays 0 <= tau_t <= min(t, tau_max = {self._tau_max}), got one "
                "outside; clip the delays"
            )
        self._counts += np.bincount(delays.ravel(), minlength=self._tau_max + 1)
        totals = _running(delays)
        totals += self._total
        self._total = totals[-1]
        averages = totals.max(axis=1) / np.arange(start + 1, start + steps + 1)
        self._average = max(self._average, float(averages.max()))
        rows = np.arange(self._tau_max, self._tau_max + steps)[:, None] - delays
        cells = (rows * replicas + np.arange(replicas)).ravel()
        reads = np.bincount(cells, minlength=(steps + self._tau_max) * replicas)
        reads = reads.reshape(-1, replicas)  # of iterates start - tau_max, ..., start + steps - 1
        applied = np.maximum(np.arange(len(reads)) - self._tau_max + 1, 0)[:, None]
        flying = _running(reads)
        flying -= applied  # read so far, less applied so far
        if self._aloft is not None:
            flying[: self._tau_max] += self._aloft
        self._flying = max(self._flying, int(flying.max()))
        self._aloft = flying[steps:]
        if start < self._tau_max:
            first = self._tau_max - start  # the row of x_0, and the updates left of the cold start
            cold = (rows[:first] == first).sum(axis=0)
            reads[first] -= cold
            self._cold = self._cold + cold
        if self._pending is not None:
            reads[: self._tau_max] += self._pending
        self._most = max(self._most, int(reads.max()))
        self._pending = reads[steps:]

    def result(self) -> Reads:
        """The facts so far."""
        return Reads(
            reads=self._most,
            cold_reads=int(np.max(self._cold)),
            counts=self._counts.copy(),
            flying=self._flying,
            average=self._average,
        )


def _running(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Running sums down the rows, by doubling: several times as fast as `cumsum` on this axis."""
    total, reach = rows.copy(), 1
    while reach < len(rows):
        total[reach:] += total[:-reach]
        reach *= 2
    return total
