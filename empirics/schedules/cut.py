"""Laws with two numbers, cut off at tau_max: geometric, Poisson, and the heavy-tailed ones.

Each is a law on 0, 1, 2, ... restricted to 0, ..., tau_max and renormalised. Its second number may
be given as it stands in the formula, or as the mean of what is left *after* the cut, so that laws
of different shape can be compared at the same mean delay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array, real, whole
from empirics.schedules.base import settle
from empirics.schedules.independent import Independent


@dataclass(frozen=True, init=False)
class Geometric(Independent):
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
            mean = _within("geometric delay", mean, most / 2)
            # the mean falls from tau_max/2 (p = 0, uniform) to 0 (p = 1)
            p = _root(lambda p: _mean(_geometric(p, most)) - mean, 0, 1)
        settle(self, p=real("geometric delay", "p", p, 0, 1, ends="(]"), tau_max=most)

    @property
    def pmf(self) -> Array:
        return _geometric(self.p, self.tau_max)


@dataclass(frozen=True, init=False)
class Poisson(Independent):
    r"""A Poisson law cut off at tau_max and renormalised, independent over time and replicas.

    .. math:: P(\tau = k) \propto \lambda^k / k!, \qquad k = 0, \dots, \tau_{\max}

    It counts the writes of many workers, independent of each other, while one gradient takes a
    fixed time. Parameters: tau_max; either rate = lambda > 0 or the mean of the law *after* the
    cut, in (0, tau_max). Raises ValueError if both or none are given or one is out of its range.

    >>> round(Poisson(mean=3.0, tau_max=20).mean, 12)
    3.0
    >>> Poisson(rate=1.0, tau_max=2).pmf
    array([0.4, 0.4, 0.2])
    """

    rate: float
    tau_max: int

    def __init__(
        self, *, tau_max: int, mean: float | None = None, rate: float | None = None
    ) -> None:
        most = whole("Poisson delay", "tau_max", tau_max, 0)
        if (mean is None) == (rate is None):
            raise ValueError(f"Poisson delay needs mean or rate, got mean = {mean}, rate = {rate}")
        if mean is not None:
            mean = _within("Poisson delay", mean, most)
            # the mean rises with the rate and stays below both the rate and tau_max
            rate = _far_root(lambda rate: _mean(_poisson(rate, most)) - mean)
        settle(self, rate=_positive("Poisson delay", "rate", rate), tau_max=most)

    @property
    def pmf(self) -> Array:
        return _poisson(self.rate, self.tau_max)


@dataclass(frozen=True, init=False)
class Zipf(Independent):
    r"""Zipf's law on 0, ..., tau_max: a heavy tail from the first delay on.

    .. math:: P(\tau = k) \propto (k + 1)^{-a}, \qquad k = 0, \dots, \tau_{\max}

    One number says both how heavy the tail and how long the mean delay is; `Pareto` has one for
    each. Parameters: tau_max; either exponent = a > 0 or the mean of the law *after* the cut, in
    (0, tau_max/2). Without the cut the mean is infinite for a <= 2, so tau_max then decides it.
    Raises ValueError if both or none are given or one is out of its range.

    >>> round(Zipf(mean=3.0, tau_max=100).mean, 12)
    3.0
    >>> Zipf(exponent=1.0, tau_max=2).pmf * 11
    array([6., 3., 2.])
    """

    exponent: float
    tau_max: int

    def __init__(
        self, *, tau_max: int, mean: float | None = None, exponent: float | None = None
    ) -> None:
        most = whole("Zipf delay", "tau_max", tau_max, 0)
        if (mean is None) == (exponent is None):
            raise ValueError(
                f"Zipf delay needs mean or exponent, got mean = {mean}, exponent = {exponent}"
            )
        if mean is not None:
            mean = _within("Zipf delay", mean, most / 2)
            # the mean falls from tau_max/2 (a = 0, uniform) to 0
            exponent = _far_root(lambda a: mean - _mean(_zipf(a, most)))
        settle(self, exponent=_positive("Zipf delay", "exponent", exponent), tau_max=most)

    @property
    def pmf(self) -> Array:
        return _zipf(self.exponent, self.tau_max)


@dataclass(frozen=True, init=False)
class Pareto(Independent):
    r"""The whole part of a Pareto variable that starts at 0 (Lomax's law), cut off at tau_max.

    .. math:: P(\tau \ge k) = (1 + k/s)^{-\alpha} \quad \text{before the cut, } k = 0, 1, \dots

    Most delays are below the scale s, the rest fall off like k^-(alpha + 1) whatever s is: unlike
    with `Zipf` the mean can be held while the tail gets heavier. Parameters: tau_max; shape =
    alpha > 0; either scale = s > 0, in updates, or the mean of the law *after* the cut, in
    (0, tau_max/2). Raises ValueError if both or none are given or one is out of its range.

    >>> round(Pareto(shape=1.5, mean=3.0, tau_max=100).mean, 12)
    3.0
    >>> Pareto(shape=1.0, scale=1.0, tau_max=1).pmf  # 1/2 and 1/6 before the cut
    array([0.75, 0.25])
    """

    shape: float
    scale: float
    tau_max: int

    def __init__(
        self, *, shape: float, tau_max: int, mean: float | None = None, scale: float | None = None
    ) -> None:
        most = whole("Pareto delay", "tau_max", tau_max, 0)
        shape = _positive("Pareto delay", "shape", shape)
        if (mean is None) == (scale is None):
            raise ValueError(
                f"Pareto delay needs mean or scale, got mean = {mean}, scale = {scale}"
            )
        if mean is not None:
            mean = _within("Pareto delay", mean, most / 2)
            # the mean rises from 0 to tau_max/2 (uniform) as the scale grows
            scale = _far_root(lambda s: _mean(_pareto(shape, s, most)) - mean)
        scale = _positive("Pareto delay", "scale", scale)
        settle(self, shape=shape, scale=scale, tau_max=most)

    @property
    def pmf(self) -> Array:
        return _pareto(self.shape, self.scale, self.tau_max)


def _geometric(p: float, most: int) -> Array:
    return _shares((1 - p) ** np.arange(most + 1))


def _poisson(rate: float, most: int) -> Array:
    k = np.arange(1, most + 1)
    logarithms = np.append(0.0, np.cumsum(np.log(rate) - np.log(k)))  # of lambda^k / k!
    return _shares(np.exp(logarithms - logarithms.max()))


def _zipf(exponent: float, most: int) -> Array:
    return _shares(np.exp(-exponent * np.log1p(np.arange(most + 1))))


def _pareto(shape: float, scale: float, most: int) -> Array:
    """(1 + k/s)^-alpha - (1 + (k + 1)/s)^-alpha, without cancellation."""
    k = np.arange(most + 1, dtype=np.float64)
    logarithms = -shape * np.log1p(k / scale)
    return _shares(np.exp(logarithms) * -np.expm1(-shape * np.log1p(1 / (scale + k))))


def _shares(weights: NDArray[np.floating[Any]]) -> Array:
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _mean(pmf: Array) -> float:
    return float(pmf @ np.arange(len(pmf)))


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq  # half the import time of everything here

    return float(brentq(function, low, high, xtol=1e-15))


def _far_root(rising: Callable[[float], float]) -> float:
    """Where a function that rises over the positive numbers becomes 0; to relative accuracy."""
    low = high = 1.0
    while rising(high) < 0:
        high *= 2
    while rising(low) > 0 and low > 1e-300:
        low /= 2
    if rising(low) >= 0:  # so close to the end of its range that rounding decides
        return low
    return float(np.exp(_root(lambda u: rising(np.exp(u)), np.log(low), np.log(high))))


def _positive(who: str, what: str, value: object) -> float:
    return real(who, what, value, 0, ends="()")


def _within(who: str, mean: object, most: float) -> float:
    """The mean of what is left after the cut, if there is such a law."""
    try:
        return real(who, "mean", mean, 0, most, ends="()")
    except ValueError as reason:
        raise ValueError(f"{reason}; raise tau_max") from None
