"""What is measured while a tile runs, and when a replica counts as lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from empirics.moments import AT_READ_POINTS, MAPPING, OF_THE_TILE, Statistics
from empirics.problems.base import Array, Problem
from empirics.schedules.base import Delays
from empirics.smoothness import Smoothness

LOST = 1e100  # a replica with a larger |grad f(x_t)|^2 has diverged


@dataclass(frozen=True, eq=False, kw_only=True)
class Read:
    """What an update reads: its delays, (lanes,) or one for all, and the points, (lanes, dim)."""

    delays: Delays | np.int64
    points: Array


class Recorder:
    """Measures the replicas of one tile as it goes, and takes means over them in batches."""

    DEPTH = 64  # recorded times held back until their means are taken together

    def __init__(
        self,
        problem: Problem,
        lanes: int,
        kept: int,
        *,
        measures: Sequence[str],
        window: int,
        noise: bool,
        smoothness: bool,
        each: bool,
        tau_max: int,
    ) -> None:
        s = max(window, 1)
        self._problem, self._kept, self._window, self._ask_noise = problem, kept, window, noise
        self._minimiser = np.nan if problem.minimiser is None else problem.minimiser
        self._infimum = problem.infimum if "infimum" in problem.constants else np.nan
        # gradients at x_t, x_{t-1}, ...: a ring of their own, each place stamped with its time
        self._gradients = np.empty((s, lanes, problem.dim))
        self._gradients[:] = problem.gradient(problem.start)
        self._stamps = list(range(-s, 0))  # nothing but x_0 so far
        self._measured = {name: np.full((self.DEPTH, lanes), np.nan) for name in measures}
        # what was measured at x_t, x_{t-1}, ..., for the updates that read these: another ring
        self._read_from = [m.removesuffix(AT_READ_POINTS) for m in measures if AT_READ_POINTS in m]
        again = [name for name in self._read_from if name in measures]
        self._recent = {name: np.empty((tau_max + 1, lanes)) for name in again}
        self._recent_stamps = [-1] * (tau_max + 1)
        self._lanes = np.arange(lanes)
        self._noise = np.full((self.DEPTH, lanes), np.nan)
        self._smoothness = Smoothness(problem, lanes) if smoothness else None
        self._steepest = np.full((self.DEPTH, lanes), np.nan)
        self._inner = np.empty((self.DEPTH, window, lanes))
        self._held = 0
        self._lost = np.zeros(kept, dtype=bool)
        self._times: list[int] = []
        self.lost_at = np.full(kept, -1)  # the recorded time at which a replica is lost; -1: not
        self._parts: list[Statistics] = []
        self._each: dict[str, list[Array]] | None = (
            {name: [] for name in measures} if each else None
        )

    def take(
        self,
        t: int,
        iterate: Callable[[int], Array],
        read: Read | None,
        known: Callable[[str], Array | float],
        lost: NDArray[np.bool_],
    ) -> None:
        """Measure x_t; `iterate` gives x_u, (lanes, dim), for every u of the window.

        `read` is what update t reads, None after the last one; `known` gives what only the tile
        knows, by name: when x_t came to be, how caches disagree; lost, which replicas have been
        stopped, (lanes,). Each gradient has a call of its own: the shape, hence the last bit, is
        always the same.
        """
        problem, k, s = self._problem, self._held, len(self._gradients)
        for u in range(t - s + 1, t + 1):
            if self._stamps[u % s] != u:  # not measured at an earlier time
                problem.gradient(iterate(u), out=self._gradients[u % s])
                self._stamps[u % s] = u
        x, g = iterate(t), self._gradients[t % s]
        norm = np.vecdot(g, g, out=self._measured["squared gradient"][k])
        norm[lost] = np.nan  # whatever the problem makes of a point that is not a number
        for name, values in self._measured.items():
            if name in ("gap", "squared distance", MAPPING):
                values[k] = self._of(name, x)
            elif name in OF_THE_TILE:
                values[k] = known(name)
        self._take_read_points(t, read)
        if "direction" in self._measured:
            applied = np.nan if read is None else np.vecdot(g, problem.gradient(read.points))
            self._measured["direction"][k] = applied
        if self._window:
            self._inner[k] = np.vecdot(g, self._gradients)[(t - np.arange(s)) % s]
        if self._ask_noise:
            self._noise[k] = problem.noise_variance(x)
        if self._smoothness is not None:
            self._steepest[k] = self._smoothness.take(x, g, read)
        self._held += 1
        self._times.append(t)
        if self._held == self.DEPTH:
            self._flush()

    def result(self) -> Statistics:
        """The statistics at all times taken."""
        self._flush()
        return Statistics.join(self._parts)

    @property
    def each(self) -> dict[str, Array]:
        """Every measure of every replica at the times taken, (K, kept), if asked for."""
        self._flush()
        return {name: np.concatenate(blocks) for name, blocks in (self._each or {}).items()}

    def _of(self, name: str, x: Array) -> Array:
        """A measure at every row, (lanes, dim) -> (lanes,)."""
        if name == "gap":
            return self._problem.objective(x)  # less the infimum, all at once, when it is flushed
        if name == "squared gradient":
            v = self._problem.gradient(x)
        elif name == MAPPING:
            v = mapping(self._problem, x)
        else:
            v = x - self._minimiser
        return np.asarray(np.vecdot(v, v))

    def _take_read_points(self, t: int, read: Read | None) -> None:
        """Measure what update t reads: looked up if it was measured as an iterate, else afresh."""
        s, k = len(self._recent_stamps), self._held
        self._recent_stamps[t % s] = t
        for name, values in self._recent.items():
            values[t % s] = self._measured[name][k]
        if read is None or not self._read_from:
            for name in self._read_from:
                self._measured[name + AT_READ_POINTS][k] = np.nan
            return
        lags = range(int(np.min(read.delays)), int(np.max(read.delays)) + 1)
        seen = lags.stop <= s and all(self._recent_stamps[(t - lag) % s] == t - lag for lag in lags)
        for name in self._read_from:
            if seen and name in self._recent:
                there = self._recent[name][(t - read.delays) % s, self._lanes]
            else:
                there = self._of(name, read.points)
            self._measured[name + AT_READ_POINTS][k] = there

    def _flush(self) -> None:
        if not self._held:
            return
        held, kept = slice(self._held), slice(self._kept)
        measured = {name: values[held, kept] for name, values in self._measured.items()}
        for name in ("gap", "gap" + AT_READ_POINTS):
            if name in measured:
                measured[name] = measured[name] - self._infimum
        inner, noise = self._inner[held, :, kept], self._noise[held, kept]
        lost = ~(measured["squared gradient"] <= LOST)  # true for what is not a number
        lost[0] |= self._lost
        if lost.any():  # once lost, always lost
            lost = np.logical_or.accumulate(lost, axis=0)
        self._parts.append(Statistics.of(measured, inner, noise, lost, self._steepest[held, kept]))
        for name, blocks in (self._each or {}).items():
            beyond = np.nan if name == "direction" else np.inf
            known = lost if name != "time" else np.False_
            blocks.append(np.where(known, beyond, measured[name]))
        new = lost[-1] & (self.lost_at < 0)
        self.lost_at[new] = np.array(self._times)[lost[:, new].argmax(axis=0)]
        self._lost = lost[-1]
        self._held = 0
        self._times.clear()


def mapping(problem: Problem, x: Array) -> Array:
    """L (x - p), p what a proximal step of size 1/L makes of every row; the gradient without one.

    >>> from empirics.problems import on_box, quadratic
    >>> problem = on_box(quadratic(spectrum=[1.0, 2.0]), 0.5, 1.0)
    >>> mapping(problem, np.array([[0.5, 0.5], [1.0, 0.5]]))
    array([[0., 0.],
           [1., 0.]])
    """
    g = problem.gradient(x)
    if problem.penalty is None:
        return g
    point = x - g / problem.L
    problem.penalty.proximal(point, 1 / problem.L)
    return np.asarray(problem.L * (x - point))
