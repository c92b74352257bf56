"""What is measured while a tile runs, and when a replica counts as lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from empirics.moments import Statistics
from empirics.problems.base import Array, Problem

LOST = 1e100  # a replica with a larger |grad f(x_t)|^2 has diverged


class Recorder:
    """Measures the replicas of one tile as it goes, and takes means over them in batches."""

    DEPTH = 64  # recorded times held back until their means are taken together

    def __init__(self, problem: Problem, kept: int, window: int, noise: bool) -> None:
        s, lanes = max(window, 1), problem.lanes
        self._problem, self._kept, self._window, self._ask_noise = problem, kept, window, noise
        self._infimum = problem.infimum if "infimum" in problem.constants else np.nan
        # gradients at x_t, x_{t-1}, ...: a ring of their own, each place stamped with its time
        self._gradients = np.empty((s, lanes, problem.dim))
        self._gradients[:] = problem.gradient(problem.start)
        self._stamps = list(range(-s, 0))  # nothing but x_0 so far
        self._norm, self._gap = np.empty((2, self.DEPTH, lanes))
        self._noise = np.full((self.DEPTH, lanes), np.nan)
        self._inner = np.empty((self.DEPTH, window, lanes))
        self._held = 0
        self._lost = np.zeros(kept, dtype=bool)
        self._parts: list[Statistics] = []

    def take(self, t: int, iterate: Callable[[int], Array]) -> None:
        """Measure x_t; `iterate` gives x_u, (lanes, dim), for every u of the window.

        Each gradient has a call of its own: the shape, hence the last bit, is always the same.
        """
        problem, k, s = self._problem, self._held, len(self._gradients)
        for u in range(t - s + 1, t + 1):
            if self._stamps[u % s] != u:  # not measured at an earlier time
                problem.gradient(iterate(u), out=self._gradients[u % s])
                self._stamps[u % s] = u
        x, g = iterate(t), self._gradients[t % s]
        np.vecdot(g, g, out=self._norm[k])
        self._gap[k] = problem.value(x)
        if self._window:
            self._inner[k] = np.vecdot(g, self._gradients)[(t - np.arange(s)) % s]
        if self._ask_noise:
            self._noise[k] = problem.noise_variance(x)
        self._held += 1
        if self._held == self.DEPTH:
            self._flush()

    def result(self) -> Statistics:
        """The statistics at all times taken."""
        self._flush()
        return Statistics.join(self._parts)

    def _flush(self) -> None:
        if not self._held:
            return
        held, kept = slice(self._held), slice(self._kept)
        norm, inner = self._norm[held, kept], self._inner[held, :, kept]
        gap, noise = self._gap[held, kept] - self._infimum, self._noise[held, kept]
        lost = ~(norm <= LOST)  # true for what is not a number
        lost[0] |= self._lost
        if lost.any():  # once lost, always lost
            lost = np.logical_or.accumulate(lost, axis=0)
        self._parts.append(Statistics.of(norm, gap, inner, noise, lost))
        self._lost = lost[-1]
        self._held = 0
