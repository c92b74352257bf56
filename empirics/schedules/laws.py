"""Delays from a law: constant, uniform, geometric, any probability mass function, any pattern."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.base import Array, whole
from empirics.schedules.base import Delays, Law, clip, settle


@dataclass(frozen=True)
class Constant(Law):
    """tau_t = tau: every iterate is read once, x_0 tau + 1 times. tau = 0 is plain SGD.

    Raises ValueError unless tau is a whole number >= 0.

    >>> Constant(2).draw(np.random.default_rng(0), start=0, steps=5, lanes=1)
    array([0, 1, 2, 2, 2])
    """

    tau: int

    def __post_init__(self) -> None:
        tau = whole("constant delay", "tau", self.tau, 0)
        settle(self, tau=tau, tau_max=tau)

    @property
    def pmf(self) -> Array:
        law = np.zeros(self.tau + 1)
        law[self.tau] = 1
        return law

    def draw(self, generator: np.random.Generator, start: int, steps: int, lanes: int) -> Delays:
        return clip(np.full(steps, self.tau, dtype=np.int64), start)


@dataclass(frozen=True)
class Uniform(Law):
    """tau_t uniform on 0, 1, ..., tau_max, independent over time and replicas.

    Raises ValueError unless tau_max is a whole number >= 0.

    >>> Uniform(4).mean
    2.0
    """

    tau_max: int

    def __post_init__(self) -> None:
        settle(self, tau_max=whole("uniform delay", "tau_max", self.tau_max, 0))

    @property
    def pmf(self) -> Array:
        return np.full(self.tau_max + 1, 1 / (self.tau_max + 1))

    def draw(self, generator: np.random.Generator, start: int, steps: int, lanes: int) -> Delays:
        return clip(generator.integers(0, self.tau_max + 1, (steps, lanes)), start)


@dataclass(frozen=True, init=False)
class Geometric(Law):
    r"""A geometric law cut off at tau_max and renormalised, independent over time and replicas.

    .. math:: P(\tau = k) \propto (1 - p)^k, \qquad k = 0, \dots, \tau_{\max}

    W workers with exponential service times have p = 1/W when nothing is cut off. Parameters:
    tau_max; either p in (0, 1] or the mean of the law *after* the cut, in (0, tau_max/2).
    Raises ValueError if both or none are given or one is out of its range.

    >>> round(Geometric(mean=3.0, tau_max=20).mean, 12)
    3.0
    >>> Geometric(p=0.5, tau_max=1).pmf
    array([0.66666667, 0.33333333])
    """

    p: float
    tau_max: int

    def __init__(self, *, tau_max: int, mean: float | None = None, p: float | None = None) -> None:
        most = whole("geometric delay", "tau_max", tau_max, 0)
        if (mean is None) == (p is None):
            raise ValueError(f"geometric delay needs mean or p, got mean = {mean}, p = {p}")
        if mean is not None:
            if not 0 < mean < most / 2:
                raise ValueError(
                    f"geometric delay needs 0 < mean < tau_max/2 = {most / 2}, got {mean}; "
                    "raise tau_max"
                )
            from scipy.optimize import brentq  # half the import time of everything here

            # the mean falls from tau_max/2 (p = 0, uniform) to 0 (p = 1)
            p = brentq(lambda p: _geometric(p, most) @ np.arange(most + 1) - mean, 0, 1, xtol=1e-15)
        if p is None or not 0 < p <= 1:
            raise ValueError(f"geometric delay needs 0 < p <= 1, got {p}")
        settle(self, p=float(p), tau_max=most)

    @property
    def pmf(self) -> Array:
        return _geometric(self.p, self.tau_max)

    def draw(self, generator: np.random.Generator, start: int, steps: int, lanes: int) -> Delays:
        return clip(_sample(self.pmf, generator, steps, lanes), start)


@dataclass(frozen=True, init=False)
class Pmf(Law):
    """Any law on 0, 1, ..., tau_max, independent over time and replicas.

    Parameters: probabilities, P(tau = k) for k = 0, 1, ..., summing to 1 within 1e-9 (the rest is
    divided out); trailing zeros do not count for tau_max.
    Raises ValueError if they are empty, negative, not finite, or do not sum to 1.

    >>> Pmf([0.5, 0.0, 0.5]).mean
    1.0
    """

    probabilities: tuple[float, ...]

    def __init__(self, probabilities: ArrayLike) -> None:
        law = np.array(probabilities, dtype=np.float64)
        if law.ndim != 1 or law.size == 0 or not (np.isfinite(law) & (law >= 0)).all():
            raise ValueError(
                f"pmf delay needs probabilities >= 0 of shape (tau_max + 1,), got {probabilities!r}"
            )
        if abs(law.sum() - 1) > 1e-9:
            raise ValueError(f"pmf delay needs a sum of 1, got {law.sum()}; divide by it")
        law = np.trim_zeros(law, "b")
        shares = tuple((law / law.sum()).tolist())
        settle(self, probabilities=shares, tau_max=law.size - 1)

    @property
    def pmf(self) -> Array:
        return np.array(self.probabilities)

    def draw(self, generator: np.random.Generator, start: int, steps: int, lanes: int) -> Delays:
        return clip(_sample(self.pmf, generator, steps, lanes), start)


@dataclass(frozen=True, init=False)
class Cyclic(Law):
    """A list of delays, repeated. Cyclic(range(s)) reads the first iterate of each block s times.

    Its `pmf` is the share of each delay in one period. Raises ValueError if the pattern is empty
    or holds anything but whole numbers >= 0.

    >>> Cyclic(range(3)).draw(np.random.default_rng(0), start=2, steps=5, lanes=1)
    array([2, 0, 1, 2, 0])
    """

    pattern: tuple[int, ...]

    def __init__(self, pattern: Iterable[int]) -> None:
        delays = tuple(whole("cyclic delay", "in its pattern", tau, 0) for tau in pattern)
        if not delays:
            raise ValueError("cyclic delay needs a pattern of at least 1 delay, got 0")
        settle(self, pattern=delays, tau_max=max(delays))

    @property
    def pmf(self) -> Array:
        return np.bincount(self.pattern) / len(self.pattern)

    def draw(self, generator: np.random.Generator, start: int, steps: int, lanes: int) -> Delays:
        t = np.arange(start, start + steps)
        return clip(np.array(self.pattern, dtype=np.int64)[t % len(self.pattern)], start)


@dataclass(frozen=True, eq=False)
class Columns:
    """Walker's alias table of a law on 0, ..., n - 1: column k gives k below `cut`, else `other`.

    A number costs the same whatever n is, unlike a search in the cumulated law.
    """

    cut: Array  # (n,)
    other: Delays  # (n,)


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


def _sample(pmf: Array, generator: np.random.Generator, steps: int, lanes: int) -> Delays:
    """One uniform number gives the column and the place in it, shape (steps, lanes)."""
    table = columns(pmf)
    place = generator.random((steps, lanes))
    place *= len(pmf)
    column = place.astype(np.int64)
    place -= column
    return np.where(place < table.cut.take(column), column, table.other.take(column))


def _geometric(p: float, tau_max: int) -> Array:
    weights = (1 - p) ** np.arange(tau_max + 1)
    return np.asarray(weights / weights.sum())
