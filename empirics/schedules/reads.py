"""What delays do: how often an iterate is read, how many gradients are in flight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from empirics.schedules.base import Block, Delays


@dataclass(frozen=True, eq=False, kw_only=True)
class Reads:
    """What a sequence of delays does, taken over all replicas that were counted.

    Fields: reads, the largest number of times one replica reads one iterate, without the cold
    start; cold_reads, the largest number of times it reads x_0 at updates t < tau_max, where the
    history is too short for the full delay; counts[k], the gradients with delay k, (tau_max + 1,);
    flying = N, the largest number of gradients in flight over one update j: read before or at it
    and applied after it, t - tau_t <= j < t; average, the largest (tau_0 + ... + tau_{T-1})/T of a
    replica at any T so far; discarded, the gradients that were computed and thrown away.

    Where workers hold what they have read, cold_reads are the readings of x_0 but for one, and
    gradients count as in flight as soon as they are, whatever becomes of them later.
    """

    reads: int
    cold_reads: int
    counts: NDArray[np.int64]
    flying: int
    average: float
    discarded: int = 0

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
            counts=_padded_sum(self.counts, other.counts),
            flying=max(self.flying, other.flying),
            average=max(self.average, other.average),
            discarded=self.discarded + other.discarded,
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
    """Counts reads block by block, in memory that does not grow with time.

    Parameters: tau_max, the largest delay; gradients = K, of which an update applies the mean.
    """

    def __init__(self, tau_max: int, gradients: int = 1) -> None:
        self._tau_max, self._gradients = tau_max, gradients
        self._counts = np.zeros(tau_max + 1, dtype=np.int64)
        self._pending: NDArray[np.int64] | None = None  # reads of the last tau_max iterates
        self._cold: NDArray[np.int64] | int = 0  # (replicas,)
        self._most = 0
        self._aloft: NDArray[np.int64] | None = None  # in flight over the last tau_max updates
        self._flying = 0
        self._total: NDArray[np.int64] | int = 0  # of the delays, (replicas,)
        self._average = 0.0

    def take(self, start: int, block: Block, kept: int) -> None:
        """Take in a block whose first update is `start`, of the first `kept` replicas."""
        delays = block.delays
        self.add(start, delays if delays.ndim == 1 else delays[:, :kept])

    def add(self, start: int, delays: Delays) -> None:
        """Take in the updates start, start + 1, ...: delays (n,) or (n, replicas).

        Raises ValueError if one is not in 0, ..., min(t, tau_max).
        """
        K = self._gradients
        delays = delays.reshape(len(delays) // K, K, -1)
        steps, _, replicas = delays.shape
        most = np.minimum(np.arange(start, start + steps), self._tau_max)[:, None, None]
        if (delays < 0).any() or (delays > most).any():
            raise ValueError(
                f"reads need delays 0 <= tau_t <= min(t, tau_max = {self._tau_max}), got one "
                "outside; clip the delays"
            )
        self._counts += np.bincount(delays.ravel(), minlength=self._tau_max + 1)
        totals = _running(delays.sum(axis=1))
        totals += self._total
        self._total = totals[-1]
        averages = totals.max(axis=1) / (K * np.arange(start + 1, start + steps + 1))
        self._average = max(self._average, float(averages.max()))
        rows = np.arange(self._tau_max, self._tau_max + steps)[:, None, None] - delays
        cells = (rows * replicas + np.arange(replicas)).ravel()
        reads = np.bincount(cells, minlength=(steps + self._tau_max) * replicas)
        reads = reads.reshape(-1, replicas)  # of iterates start - tau_max, ..., start + steps - 1
        applied = K * np.maximum(np.arange(len(reads)) - self._tau_max + 1, 0)[:, None]
        flying = _running(reads)
        flying -= applied  # read so far, less applied so far
        if self._aloft is not None:
            flying[: self._tau_max] += self._aloft
        self._flying = max(self._flying, int(flying.max()))
        self._aloft = flying[steps:]
        if start < self._tau_max:
            first = self._tau_max - start  # the row of x_0, and the updates left of the cold start
            cold = (rows[:first] == first).sum(axis=(0, 1))
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


class WorkerCounter:
    """The same where workers hold what they have read.

    Delays have no bound there, but workers are few: nothing but `counts` is as long as a delay.
    """

    def __init__(self, gradients: int = 1) -> None:
        self._gradients = gradients
        self._counts = np.zeros(64, dtype=np.int64)  # with room to spare: doubled when it is full
        self._aloft: NDArray[np.int64] | int = 0  # in flight by now, (replicas,)
        self._total: NDArray[np.int64] | int = 0  # of the delays, (replicas,)
        self._most = self._cold = self._flying = self._discarded = 0
        self._average = 0.0

    def take(self, start: int, block: Block, kept: int) -> None:
        """Take in a block whose first update is `start`, of the first `kept` replicas."""
        K, starts, n = self._gradients, block.starts, len(block.delays)
        if starts is None:
            raise RuntimeError("a schedule with workers needs blocks that say who reads when")
        delays = block.delays.reshape(n, -1)
        lanes = delays.shape[1]
        cells = starts.before if starts.lane is None else starts.before * lanes + starts.lane
        begun = np.bincount(cells, minlength=n * lanes).reshape(n, lanes)[:, :kept]
        delays = delays[:, :kept]
        self._count(delays, 1 if lanes > 1 else kept)
        self._read(start, begun.reshape(n // K, K, -1).sum(axis=1))
        begun -= 1  # less those that are used: one a row
        if block.discarded is not None:
            lost = block.discarded.reshape(n, -1)[:, :kept]
            self._discarded += int(lost.sum()) * (1 if lanes > 1 else kept)
            begun -= lost
        flying = _running(begun)
        flying += self._aloft
        self._aloft = flying[-1]
        self._flying = max(self._flying, int(flying[K - 1 :: K].max()))
        totals = _running(delays.reshape(n // K, K, -1).sum(axis=1))
        totals += self._total
        self._total = totals[-1]
        averages = totals.max(axis=1) / (K * np.arange(start + 1, start + n // K + 1))
        self._average = max(self._average, float(averages.max()))

    def _count(self, delays: Delays, times: int) -> None:
        """Add `times` each of these delays."""
        counts = np.bincount(delays.ravel()) * times
        while len(counts) > len(self._counts):
            self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)])
        self._counts[: len(counts)] += counts

    def _read(self, start: int, readings: NDArray[np.int64]) -> None:
        """Take in how often x_start, x_{start + 1}, ... are read by each replica."""
        if start == 0:
            self._cold = int(readings[0].max()) - 1
            readings[0] = 1
        self._most = max(self._most, int(readings.max()))

    def result(self) -> Reads:
        """The facts so far."""
        return Reads(
            reads=self._most,
            cold_reads=self._cold,
            counts=np.trim_zeros(self._counts, "b"),
            flying=self._flying,
            average=self._average,
            discarded=self._discarded,
        )


def _padded_sum(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """The sum of two counts, the shorter one continued by zeros."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    total = longer.copy()
    total[: len(shorter)] += shorter
    return total


def _running(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Running sums down the rows, by doubling: several times as fast as `cumsum` on this axis."""
    total, reach = rows.copy(), 1
    while reach < len(rows):
        total[reach:] += total[:-reach]
        reach *= 2
    return total
