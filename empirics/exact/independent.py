r"""One mode under independent delays: its mean is a filter, its variance renews itself.

With P(w) = sum_d p_d w^d, h_n the response of the mean to an impulse and D the delay,

.. math:: x_{t+1} = x_t + \beta (x_t - x_{t-1}) - a \sum_d p_d x_{t-d} + e_t - w_t, \qquad
          E e_t^2 = a^2 E\,\mathrm{Var}(x_{t-D} \mid x_t, x_{t-1}, \dots)

where the e_t are uncorrelated, so that the variance renews itself through the kernel

.. math:: a^2 q_n = a^2 \Bigl((1 + \nu) \sum_d p_d h_{n-d}^2
          - \bigl(\sum_d p_d h_{n-d}\bigr)^2\Bigr) \ge 0

and E x_t^2 stays bounded exactly if the mean is stable and a^2 (q_0 + q_1 + ...) < 1. Beside w,
noise of variance nu (a x_{t-D})^2 has the same effect as the chance in the delay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from empirics.exact.filters import autocovariance, radius, scaled
from empirics.problems.base import Array

GRID = 64  # places for each half wave of the fastest term of a trigonometric polynomial
SCAN = 64  # steps tried between 0 and the limit of the mean, and half as many below the first


@dataclass(frozen=True, eq=False, kw_only=True)
class Independent:
    """One mode: the law of its delays, (tau_max + 1,), and the momentum. a is step times curvature.

    A delay that is always the same is the law with one entry. relative = nu, of the noise that
    grows with the gradient.
    """

    pmf: Array
    momentum: float
    relative: float = 0.0

    @property
    def sure(self) -> bool:
        """Whether there is only one delay, and nothing but w is random."""
        return int(np.count_nonzero(self.pmf)) == 1 and not self.relative

    def filter(self, a: float) -> Array:
        """1 + c_1 z + c_2 z^2 + ... of the mean, z one step back."""
        c = np.zeros(max(len(self.pmf) + 1, 3 if self.momentum else 2))
        c[1 : len(self.pmf) + 1] = a * self.pmf
        c[0], c[1] = 1, c[1] - 1 - self.momentum
        if self.momentum:
            c[2] += self.momentum
        return c

    def sums(self, a: float, r: float = 1.0) -> tuple[float, float, float]:
        """The sums of sum_d p_d h_{n-d}^2, of (sum_d p_d h_{n-d})^2 and of h_n^2, over r^(2n).

        Infinite if roots of the mean reach r.
        """
        gamma = autocovariance(scaled(self.filter(a), r), len(self.pmf))
        if gamma is None:
            return np.inf, np.inf, np.inf
        read = float(gamma[0] * scaled(self.pmf, r * r).sum())
        if np.count_nonzero(self.pmf) == 1:
            return read, read, float(gamma[0])
        p = scaled(self.pmf, r)
        own = gamma[0] * p @ p
        alike = np.correlate(p, p, "full")[len(p) - 1 :] @ gamma
        return read, min(float(2 * alike - own), read), float(gamma[0])

    def spread(self, a: float, r: float = 1.0) -> float:
        """The sum of q_n over r^(2n)."""
        read, together, _ = self.sums(a, r)
        if np.isinf(read):
            return 0.0 if self.sure else np.inf
        return read - together + self.relative * read

    def kernel(self, a: float, r: float = 1.0) -> float:
        """a^2 times the sum of q_n r^(-2n-2)."""
        return self.spread(a, r) * (a / r) ** 2

    def look(self, a: Array) -> Array:
        """The kernel at many a at once, roughly where the mean is slow: a first look, no more."""
        read, together = self.looks(a)
        return np.asarray((1 + self.relative) * read - together)

    def looks(self, a: Array) -> tuple[Array, Array]:
        """a^2 times the first two of `sums`, at many a at once, as roughly."""
        n = 4 * len(self.pmf) + 64
        theta = np.pi * (np.arange(n) + 0.5) / n
        P = self._P(theta)
        across = _move(theta, self.momentum) / a[:, None] + P
        whole = 1 / np.abs(across) ** 2
        return whole.mean(axis=1), (np.abs(P) ** 2 * whole).mean(axis=1)

    def variance(self, a: float) -> float:
        """Stationary variance where w has variance 1; infinite if there is none."""
        total, kernel = self.sums(a)[2], self.kernel(a)
        return total / (1 - kernel) if kernel < 1 and np.isfinite(total) else np.inf

    def rate(self, a: float, square: bool) -> float:
        """What |E x_t|, or the root of E x_t^2, shrinks by in the long run without noise."""
        low = radius(self.filter(a))
        return slowest(low, lambda r: self.kernel(a, r)) if square and not self.sure else low

    def limit(self, square: bool) -> float:
        """The least a > 0 at which the mean, or the mean square, stops to be stable."""
        top = self.mean_limit()
        return first_limit(top, self.look, self.kernel) if square and not self.sure else top

    def mean_limit(self) -> float:
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
            at = self._crossing(theta[k[j]], theta[k[j] + 1])
            z, P_there = _move(np.array(at), self.momentum), self._P(np.array([at]))[0]
            found.append(float((-z * np.conj(P_there)).real / abs(P_there) ** 2))
        return min(a for a in found if a > 0)

    def _crossing(self, low: float, high: float) -> float:
        """Where `_imaginary` is 0; an end, if it is 0 there up to rounding."""
        ends = {theta: self._imaginary(theta) for theta in (low, high)}
        if ends[low] * ends[high] > 0:  # the transform that found it rounds otherwise
            return min(ends, key=lambda theta: abs(ends[theta]))
        return _root(self._imaginary, low, high)

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


def first_limit(
    top: float, look: Callable[[Array], Array], kernel: Callable[[float], float]
) -> float:
    """The least a below the limit of the mean at which the kernel of the variance sums to 1."""

    @cache  # the ends of the bracket are asked for again
    def margin(a: float) -> float:
        return _margin(kernel(a))

    even = np.arange(1, SCAN + 1) / (SCAN + 1)
    steps = top * np.append(np.geomspace(1e-6, even[0], SCAN // 2, endpoint=False), even)
    over = np.flatnonzero(look(steps) >= 1)
    low = int(over[0]) if over.size else len(steps)
    high, tried = low + 1, [1e-9 * top, *steps.tolist(), top]
    while low and margin(tried[low]) <= 0:
        low -= 1
    while high <= len(steps) and margin(tried[high]) >= 0:
        high += 1
    return _root(margin, tried[low], tried[high])


def slowest(mean: float, kernel: Callable[[float], float]) -> float:
    """The r at which the kernel, weighted by r^(-2n-2), sums to 1; the rate of the mean at least.

    Source: a renewal equation grows like its kernel's root, as the kernel is >= 0.
    """
    high = max(mean, 1e-3)
    while (sums := kernel(high)) >= 1:
        high *= 2 if np.isinf(sums) else 1.1
    low = mean * (1 + 1e-13)
    if _margin(kernel(low)) >= 0:
        return mean
    return _root(lambda r: _margin(kernel(r)), low, high)


def _margin(kernel: float) -> float:
    """1/kernel - 1, cut off above: has the sign of stability, is 0 at the limit, and smooth."""
    return min(1 / kernel, 1e6) - 1 if kernel > 0 else 1e6


def _move(theta: Array, momentum: float) -> Array:
    """(z - 1)(1 - beta/z) at z = exp(i theta)."""
    z = np.exp(1j * theta)
    return np.asarray((z - 1) * (1 - momentum / z))


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq  # slow to import

    return float(brentq(function, low, high, xtol=1e-300, rtol=4e-13))
