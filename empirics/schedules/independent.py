"""Delays drawn independently from one law, by Walker's alias table."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from empirics.problems.base import Array
from empirics.schedules.base import Delays, Law, clip


@dataclass(frozen=True)
class Independent(Law):
    """tau_t follows `pmf` before it is clipped, independent over time and replicas."""

    @property
    @abstractmethod
    def pmf(self) -> Array:
        """P(tau = k) for k = 0, ..., tau_max."""

    def draw(self, generator: np.random.Generator, start: int, steps: int, lanes: int) -> Delays:
        return clip(self._table.sample(generator, steps, lanes), start)

    @cached_property
    def _table(self) -> Columns:  # as long as tau_max: made once, not for every block
        return columns(self.pmf)


@dataclass(frozen=True, eq=False)
class Columns:
    """Walker's alias table of a law on 0, ..., n - 1: column k gives k below `cut`, else `other`.

    A number costs the same whatever n is, unlike a search in the cumulated law.
    """

    cut: Array  # (n,)
    other: Delays  # (n,)

    def sample(self, generator: np.random.Generator, steps: int, lanes: int) -> Delays:
        """One uniform number gives the column and the place in it, shape (steps, lanes)."""
        place = generator.random((steps, lanes))
        place *= len(self.cut)
        column = place.astype(np.int64)
        place -= column
        return np.where(place < self.cut.take(column), column, self.other.take(column))


def columns(pmf: Array) -> Columns:
    """The alias table: fill each short column of height n P(k) <= 1 up to 1 from a tall one.

    >>> columns(np.array([0.25, 0.75]))
    Columns(cut=array([0.5, 1. ]), other=array([1, 1]))

    Source: A. J. Walker, ACM Transactions on Mathematical Software 3 (1977) 253-256.
    """
    n = len(pmf)
    height = pmf * n
    cut, other = np.ones(n), np.arange(n)
    short = [k for k in range(n) if height[k] < 1]
    tall = [k for k in range(n) if height[k] >= 1]
    while short and tall:
        k, donor = short.pop(), tall[-1]
        cut[k], other[k] = height[k], donor
        height[donor] -= 1 - height[k]
        if height[donor] < 1:
            short.append(tall.pop())
    return Columns(cut, other)  # what is left over is 1 up to rounding
