"""What delays can do in any run, which is what theorems ask of runs that were not drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from empirics.exact.reading import Drawn, Memoryless, Shared
from empirics.problems.base import Array
from empirics.schedules.base import Schedule
from empirics.schedules.caches import Caches
from empirics.schedules.deliveries import Deliveries
from empirics.schedules.reads import Counter, Reads, multiplicity


def reads(delays: Shared | Drawn | Memoryless, steps: int, schedule: Schedule) -> Reads:
    """The most reads of one iterate, gradients in flight and average delay; counts as expected.

    Counts are rounded up, so that no delay that can occur has a count of 0.
    """
    if isinstance(delays, Shared):
        K = delays.delays.shape[1]
        counter = Counter(delays.longest if schedule.tau_max is None else schedule.tau_max, K)
        counter.add(0, delays.delays.ravel())
        return counter.result()
    if isinstance(delays, Memoryless):
        return _of_workers(delays.shares, steps)
    longest = np.minimum(np.arange(steps), delays.longest)
    worst, possible = multiplicity(longest, delays.longest), np.flatnonzero(delays.pmf)
    k = np.arange(len(delays.pmf))
    longer = np.append(np.cumsum(delays.pmf[:0:-1])[::-1], 0.0)  # P(tau > k): clipped at t = k
    expected = np.where(k < steps, delays.pmf * (steps - k) + longer, 0.0)
    counts = np.ceil(expected - 1e-9).astype(np.int64)
    return replace(worst, reads=min(len(possible), steps), counts=counts)


def _of_workers(shares: Array, steps: int) -> Reads:
    """Of workers who arrive with these chances: each holds one iterate, and all began with x_0."""
    W, k, q = len(shares), np.arange(steps), shares[:, None]
    with np.errstate(under="ignore"):
        held = q * (1 - q) ** k  # never arrived before, at t = k; else q times as much
        expected = (held + q * held * (steps - 1 - k)).sum(axis=0)
    return Reads(
        reads=1,
        cold_reads=W - 1,
        counts=np.maximum(np.ceil(expected - 1e-9), 1).astype(np.int64)[: steps if W > 1 else 1],
        flying=W - 1,
        average=float(min(W - 1, (steps - 1) / 2)),
    )


def deliveries(schedule: Caches, steps: int) -> Deliveries:
    """The messages expected to take each extra delay, rounded up."""
    expected = steps * schedule.chances.sum(axis=(0, 1))
    return Deliveries(counts=np.ceil(expected - 1e-9).astype(np.int64))
