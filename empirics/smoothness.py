"""How fast the gradient changes along a run: a measured L, from below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from empirics.problems.base import Array, Problem

if TYPE_CHECKING:
    from empirics.recorder import Read

CLOSE = 1e-5  # relative: pairs closer than this, or gradients, leave too few digits of a difference
TINY = 1e-150  # lengths whose squares leave the floating numbers


class Smoothness:
    r"""The largest \|grad f(x) - grad f(y)\|/\|x - y\| of each replica, recorded time by time.

    The pairs at a recorded time t are x_t with the iterate recorded before, and x_t with the point
    that update t reads. A pair that tells nothing beyond rounding, or of a lost replica, is left
    out: the largest of what is left is still no more than L.
    """

    def __init__(self, problem: Problem, lanes: int) -> None:
        self._problem = problem
        self._there = np.empty((lanes, problem.dim))
        self._before: tuple[Array, Array] | None = None  # what was recorded before: x, gradient

    def take(self, x: Array, g: Array, read: Read | None) -> Array:
        """The larger ratio at x_t with gradient g, both (lanes, dim); not a number without any."""
        found = np.full(len(x), np.nan)
        if self._before is not None:
            found = np.fmax(found, ratios(x, self._before[0], g, self._before[1]))
        if read is not None and np.any(read.delays):
            there = self._problem.gradient(read.points, out=self._there)
            found = np.fmax(found, ratios(x, read.points, g, there))
        self._before = x.copy(), g.copy()
        return found


def ratios(x: Array, y: Array, g: Array, h: Array) -> Array:
    """|g - h|/|x - y| of every row, (n, dim) -> (n,); not a number where it is rounding.

    >>> x, y = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 0.0], [1.0, 0.0]])
    >>> ratios(x, y, 3 * x, 3 * y)
    array([ 3., nan])
    """
    apart, change = _length(x - y), _length(g - h)
    sure = (apart > CLOSE * (_length(x) + _length(y))) & (
        change > CLOSE * (_length(g) + _length(h))
    )
    sure &= (apart > TINY) & (change > TINY) & np.isfinite(apart) & np.isfinite(change)
    return np.divide(change, apart, out=np.full_like(apart, np.nan), where=sure)


def _length(v: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.sqrt(np.vecdot(v, v)))
