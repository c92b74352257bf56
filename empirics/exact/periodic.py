"""One mode under a pattern of delays that repeats: the matrix of one period, its powers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from empirics.problems.base import Array
from empirics.schedules.base import Delays

FINER = 1.02  # steps are tried this close to each other, in ratio
MOST = 1e4  # and up to here


@dataclass(frozen=True, eq=False, kw_only=True)
class Periodic:
    """One mode: the delays of one period, (L, K), and the momentum. a is step times curvature.

    An update applies the mean of K gradients, and its noise has 1/K of the variance of one.
    """

    pattern: Delays
    momentum: float

    def period(self, a: float) -> tuple[Array, Array]:
        """How (x_t, ..., x_{t-n+1}) is carried over one period, and every x on the way.

        Returns (n, n), and (L, n + L): x at each place of the period, over the n values at its
        start and over the L values of the noise.
        """
        L, beta = len(self.pattern), self.momentum
        n = max(int(self.pattern.max()) + 1, 2)
        x = np.zeros((n + L, n + L))  # by time: the n values at the start, then those to come
        x[np.arange(n), np.arange(n - 1, -1, -1)] = 1
        loud = self.pattern.shape[1] ** -0.5
        for k, delays in enumerate(self.pattern):
            t = n - 1 + k
            x[t + 1] = x[t] + beta * (x[t] - x[t - 1]) - a * x[t - delays].mean(axis=0)
            x[t + 1, n + k] -= loud
        return x[L:, :][::-1][:n, :], x[n:]

    def rate(self, a: float, square: bool) -> float:
        """What |E x_t| shrinks by an update in the long run; E x_t^2 by its square."""
        latest, _ = self.period(a)
        n = len(latest)
        radius = float(np.abs(np.linalg.eigvals(latest[:, :n])).max())
        return float(radius ** (1 / len(self.pattern)))

    def limit(self, square: bool) -> float:
        """The least a at which it stops to be stable, found on a fine grid and by bisection."""
        low = (1 - self.momentum) ** 2 / (8 * (int(self.pattern.max()) + 1))
        return first_unstable(lambda a: self.rate(a, square), low)

    def variance(self, a: float) -> float:
        """Stationary variance, on average over a period, where the noise has variance 1.

        The covariance at the start of a period is A S A' + Q, its own image; the powers A, A^2,
        A^4, ... sum it up.
        """
        if self.rate(a, True) >= 1:
            return np.inf
        latest, way = self.period(a)
        n = len(latest)
        A, S = latest[:, :n], latest[:, n:] @ latest[:, n:].T
        while np.abs(A).max() > 1e-18:
            S, A = S + A @ S @ A.T, A @ A
        start, noise = way[:, :n], way[:, n:]
        return float((np.sum((start @ S) * start, axis=1) + np.sum(noise**2, axis=1)).mean())


def first_unstable(rate: Callable[[float], float], low: float, most: float = MOST) -> float:
    """The least a with a rate of 1, looked for from `low` on; infinite if it is beyond `most`."""
    while rate(low) >= 1:
        low /= 2
    high = low
    while rate(high) < 1:
        low, high = high, high * FINER
        if high > most:
            return np.inf
    while high - low > 1e-14 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if rate(middle) < 1 else (low, middle)
    return high
