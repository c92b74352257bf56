"""Stale gradient descent along many sequences of delays at once, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array, Problem
from empirics.schedules.base import Delays

MEASURES = ("squared gradient", "gap", "squared distance")
SUMMARIES = ("largest", "mean", "least")  # over x_0, ..., x_T; none: at x_T
GOALS = (*MEASURES, *(f"{over} {measure}" for over in SUMMARIES for measure in MEASURES))
MOST = float(np.finfo(np.float64).max)  # stands for what is larger, and for what is not a number
NUMBERS = 2**18  # held at a time, about: sequences are tried in batches

Measure = Callable[[Array, Array], Array]  # of points and their gradients, (n, dim) -> (n,)


class Descents:
    """x_{t+1} = x_t - eta_t grad f(x_{t - tau_t}) for any sequences of delays, and their goal."""

    def __init__(self, problem: Problem, eta: Array, tau_max: int, goal: str) -> None:
        self.problem, self.eta, self.tau_max = problem, eta, tau_max
        words = goal.split(" ", 1)
        self._over = words[0] if words[0] in SUMMARIES else ""
        self.measure = _measure(problem, words[1] if self._over else goal)

    def first(self) -> tuple[Array, Array, Array]:
        """x_0, its gradient and the goal so far, of one sequence: (1, dim), (1, dim), (1,)."""
        x = np.array(self.problem.start[None])
        g = self.problem.gradient(x)
        return x, g, self.measure(x, g)

    def sofar(self, before: Array, measured: Array, t: int) -> Array:
        """The goal over x_0, ..., x_t: what it was over the earlier ones, and what x_t adds."""
        if self._over == "mean":
            return before + (measured - before) / (t + 1)
        pick: dict[str, Callable[[Array, Array], Array]]
        pick = {"": lambda _, new: new, "largest": np.maximum, "least": np.minimum}
        return pick[self._over](before, measured)

    def values(self, delays: Delays) -> Array:
        """The goal of each sequence of delays, (n, T) -> (n,)."""
        parts = [self._values(delays[part]) for part in self._parts(*delays.shape)]
        return np.concatenate(parts) if parts else np.empty(0)

    def changed(self, delays: Delays, at: NDArray[np.intp], to: Delays) -> Array:
        """The goal of one sequence, (T,), with tau_at = to instead: one change each, (n,)."""
        values = [np.empty(0)]
        for part in self._parts(len(at), len(delays)):
            tries = np.repeat(delays[None], len(at[part]), axis=0)
            tries[np.arange(len(tries)), at[part]] = to[part]
            values.append(self._values(tries))
        return np.concatenate(values)

    def _parts(self, n: int, T: int) -> list[slice]:
        """So many sequences at a time that what is needed for them stays small."""
        rows = max(1, NUMBERS // max((self.tau_max + 2) * self.problem.dim, T))
        return [slice(a, a + rows) for a in range(0, n, rows)]

    def _values(self, delays: Delays) -> Array:
        n, size = len(delays), self.tau_max + 1
        x, g, total = (np.repeat(start, n, axis=0) for start in self.first())
        ring = np.repeat(g[None], size, axis=0)  # gradients at x_t, ..., x_{t - tau_max}
        lanes = np.arange(n)
        for t, taus in enumerate(delays.T):
            x -= self.eta[t] * ring[(t - taus) % size, lanes]
            g = self.problem.gradient(x, out=ring[(t + 1) % size])
            total = self.sofar(total, self.measure(x, g), t + 1)
        return total


def _measure(problem: Problem, name: str) -> Measure:
    """The measure of that name, capped at `MOST`."""
    lowest = np.nan if problem.minimiser is None else problem.minimiser

    def plain(x: Array, g: Array) -> Array:
        if name == "gap":
            return problem.value(x) - problem.infimum
        v = g if name == "squared gradient" else x - lowest
        return np.asarray(np.vecdot(v, v))

    return lambda x, g: np.nan_to_num(plain(x, g), nan=MOST, posinf=MOST)
