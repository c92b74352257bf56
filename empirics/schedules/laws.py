"""Delays from a law: constant, uniform, any probability mass function, any pattern."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.base import Array, whole
from empirics.schedules.base import Delays, Law, clip, settle
from empirics.schedules.independent import Independent


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
class Pmf(Independent):
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
