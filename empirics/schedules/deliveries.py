"""What became of the messages between caches: how long each was under way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Deliveries:
    """How long messages take, counted over all replicas. One update makes P messages, one a cache.

    Fields: counts[r], the messages that arrive at the start of iteration t + 1 + r, if they were
    sent in iteration t, (longest + 1,); those of the last iterations arrive after the run.

    >>> Deliveries(counts=np.array([3, 0, 1])).mean
    1.5
    """

    counts: NDArray[np.int64]

    @property
    def longest(self) -> int:
        """The largest extra delay r that occurs."""
        return int(np.flatnonzero(self.counts)[-1])

    @property
    def mean(self) -> float:
        """Mean delay 1 + r in iterations, s/2 + 1 for r uniform on 0, ..., s."""
        return float(1 + self.counts @ np.arange(len(self.counts)) / self.counts.sum())

    def merge(self, other: Deliveries) -> Deliveries:
        """Of both sets of replicas together, of one schedule."""
        return Deliveries(counts=self.counts + other.counts)
