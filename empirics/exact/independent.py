r"""One mode under independent delays: its mean is a filter, its variance renews itself.

With P(w) = sum_d p_d w^d, h_n the response of the mean to an impulse and D the delay,

.. math:: x_{t+1} = x_t + \beta (x_t - x_{t-1}) - a \sum_d p_d x_{t-d} + e_t - w_t, \qquad
          E e_t^2 = a^2 E\,\mathrm{Var}(x_{t-D} \mid x_t, x_{t-1}, \dots)

where the e_t are uncorrelated, so that the variance renews itself through the kernel

.. math:: a^2 q_n = a^2 \Bigl(\sum_d p_d h_{n-d}^2 - \bigl(\sum_d p_d h_{n-d}\bigr)^2\Bigr) \ge 0

and E x_t^2 stays bounded exactly if the mean is stable and a^2 (q_0 + q_1 + ...) < 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from empirics.exact.filters import autocovariance, radius, scaled
from empirics.problems.base import Array

GRID = 64  # places for each half wave of the fastest term of a trigonometric polynomial
SCAN = 64  # steps tried between 0 and the limit of the mean


@dataclass(frozen=True, eq=False, kw_only=True)
class Independent:
    """One mode: the law of its delays, (tau_max + 1,), and the momentum. a is step times curvature.

    A delay that is always the same is the law with one entry.
    """

    pmf: Array
    momentum: float

    @property
    def sure(self) -> bool:
        """Whether there is only one delay."""
        return int(np.count_nonzero(self.pmf)) == 1

    def filter(self, a: float) -> Array:
        """1 + c_1 z + c_2 z^2 + ... of the mean, z one step back."""
        c = np.zeros(max(len(self.pmf) + 1, 3 if self.momentum else 2))
        c[1 : len(self.pmf) + 1] = a * self.pmf
        c[0], c[1] = 1, c[1] - 1 - self.momentum
        if self.momentum:
            c[2] += self.momentum
        return c

    def kernel(self, a: float, r: float = 1.0) -> float:
        """a^2 times the sum of q_n r^(-2n-2); infinite if roots of the mean reach modulus r."""
        gamma = autocovariance(scaled(self.filter(a), r), len(self.pmf))
        if gamma is None:
            return np.inf
        p = scaled(self.pmf, r)
        alike = np.correlate(p, p, "full")[len(p) - 1 :] @ gamma
        spread = gamma[0] * (scaled(self.pmf, r * r).sum() - p @ p) - 2 * (alike - gamma[0] * p @ p)
        return max(float(spread), 0.0) * (a / r) ** 2

    def variance(self, a: float) -> float:
        """Stationary variance where w has variance 1; infinite if there is none."""
        gamma = autocovariance(self.filter(a), 1)
        kernel = 0.0 if self.sure else self.kernel(a)
        return float(gamma[0]) / (1 - kernel) if gamma is not None and kernel < 1 else np.inf

    def rate(self, a: float, square: bool) -> float:
        """What |E x_t|, or the root of E x_t^2, shrinks by in the long run without noise."""
        low = radius(self.filter(a))
        if not square or self.sure:
            return low
        high = max(low, 1e-3)
        while (top := self.kernel(a, high)) >= 1:
            high *= 2 if np.isinf(top) else 1.1
        low *= 1 + 1e-13
        if self._renewal(a, low) >= 0:
            return low
        return _root(lambda r: self._renewal(a, r), low, high)

    def limit(self, square: bool) -> float:
        """The least a > 0 at which the mean, or the mean square, stops to be stable."""
        top = self._mean_limit()
        if not square or self.sure:
            return top
        n = 4 * len(self.pmf) + 64
        theta = np.pi * (np.arange(n) + 0.5) / n
        P = self._P(theta)
        steps = top * np.arange(1, SCAN + 1) / (SCAN + 1)
        across = _move(theta, self.momentum) / steps[:, None] + P
        sums = ((1 - np.abs(P) ** 2) / np.abs(across) ** 2).mean(axis=1)  # a first look, no more
        over = np.flatnonzero(sums >= 1)
        first = int(over[0]) if over.size else SCAN
        steps = np.array([1e-9 * top, *steps, top])
        low, high = first, first + 1
        while low and self._renewal(steps[low]) <= 0:
            low -= 1
        while high <= SCAN and self._renewal(steps[high]) >= 0:
            high += 1
        return _root(self._renewal, steps[low], steps[high])

    def _renewal(self, a: float, r: float = 1.0) -> float:
        """1/kernel - 1, cut off above: has the sign of stability, is 0 at the limit, and smooth."""
        kernel = self.kernel(a, r)
        return min(1 / kernel, 1e6) - 1 if kernel > 0 else 1e6

    def _mean_limit(self) -> float:
        """The least a at which a root is on the unit circle, z = exp(i theta).

        It is -(z - 1)(1 - beta/z)/P(1/z) there, for the theta in (0, pi] where this is real.
        """
        n = GRID * (len(self.pmf) + 1)
        theta = np.pi * np.arange(1, n) / n
        P = np.fft.rfft(self.pmf, 2 * n)[1:-1]
        crossing = _move(theta, self.momentum) * np.conj(P)
        g = crossing.imag
        k = np.flatnonzero(g[:-1] * g[1:] <= 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(g[k] == g[k + 1], 0.0, g[k] / (g[k] - g[k + 1]))
            size = -crossing.real / np.abs(P) ** 2
            a = size[k] + share * (size[k + 1] - size[k])
        alternating = float(self.pmf @ (-1.0) ** np.arange(len(self.pmf)))
        found = [2 * (1 + self.momentum) / alternating] if alternating > 0 else []
        near = np.flatnonzero(a > 0)
        least = min([*found, *a[near].tolist()])
        for j in near[a[near] < 1.1 * least].tolist():
            at = _root(self._imaginary, theta[k[j]], theta[k[j] + 1])
            z, P_there = _move(np.array(at), self.momentum), self._P(np.array([at]))[0]
            found.append(float((-z * np.conj(P_there)).real / abs(P_there) ** 2))
        return min(a for a in found if a > 0)

    def _imaginary(self, theta: float) -> float:
        move = _move(np.array(theta), self.momentum)
        return float((move * np.conj(self._P(np.array([theta]))[0])).imag)

    def _P(self, theta: Array) -> Array:
        """P(exp(-i theta))."""
        if len(theta) > 1:  # in the middles of a grid: one transform
            n = len(theta)
            turn = self.pmf * np.exp(-0.5j * np.pi / n * np.arange(len(self.pmf)))
            return np.asarray(np.fft.fft(turn, 2 * n)[:n])
        return np.asarray(np.exp(-1j * np.outer(theta, np.arange(len(self.pmf)))) @ self.pmf)


def _move(theta: Array, momentum: float) -> Array:
    """(z - 1)(1 - beta/z) at z = exp(i theta)."""
    z = np.exp(1j * theta)
    return np.asarray((z - 1) * (1 - momentum / z))


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq  # slow to import

    return float(brentq(function, low, high, xtol=1e-300, rtol=4e-13))
