"""Replicas that leave the region of their problem, on which alone its constants hold.

Every iterate is looked at, not only the recorded ones, since a replica may leave and come back. It
is looked at later, many iterates at a time: one by one the look would cost as much as an update.
"""

from __future__ import annotations

import numpy as np

from empirics.problems.base import Array, Problem

MEMORY = 2**15  # numbers held back to be looked at together, at most: they stay in the cache


class Watch:
    """Keeps when each replica is first outside; where the problem has no region, never.

    Fields: left_at, for each of the replicas that are kept the first t at which x_t lies outside,
    -1 if none does; every, how many iterates are looked at together, at most: 0 for none.
    """

    def __init__(self, problem: Problem, lanes: int, kept: int, most: int) -> None:
        self._region = problem.region
        self._seen = 0  # the last time that was looked at
        self.left_at = np.full(kept, -1)
        self.every = 0
        if self._region is None:
            return
        self.every = max(1, min(most, MEMORY // (lanes * problem.dim)))
        if not self._region.contains(problem.start):
            self.left_at[:] = 0

    def look(self, ring: Array, t: int) -> None:
        """Look at all iterates up to x_t since the last look; x_u lies in ring[u % its length]."""
        times = np.arange(self._seen + 1, t + 1)
        if times.size and (self.left_at < 0).any():
            self.take(ring[times % len(ring)], self._seen + 1)
        self._seen = t

    def take(self, points: Array, first: int) -> None:
        """Look at what there is of each replica at times first, first + 1, ....

        points: (times, lanes, ..., dim); a replica is outside if any of its points is.
        """
        if self._region is None:
            return
        inside = self._region.contains(points)  # at full width, as all that is computed
        if inside.all():
            return
        inside = inside.reshape(*points.shape[:2], -1)[:, : len(self.left_at)]
        outside = np.asarray(~inside.all(axis=-1))
        new = outside.any(axis=0) & (self.left_at < 0)
        self.left_at[new] = first + outside[:, new].argmax(axis=0)
