r"""One mode where P workers have caches of their own, and updates reach them after random delays.

With a = step times curvature, A = P a, extra delays r of law pi and distribution c, the mean of a
cache is that of one sequence with step A and delays r. The arrivals are white around their mean, so
that the variance X_t of a cache renews itself through a^2 K_n: under independent destinations

.. math:: K_n = \sum_i \pi_i h_{n-i}^2 - H_n^2 + (P - 1)\, c_n (1 - c_n), \qquad
          H_n = \sum_i \pi_i h_{n-i}

of which the last part is what caches differ by; under shared ones it is P times the first part.
Beside noise of variance v = 1, such of variance nu (h x_p)^2 makes it (1 + nu) K_n + nu P H_n^2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from empirics.exact.filters import radius
from empirics.exact.independent import Independent, first_limit, slowest
from empirics.problems.base import Array


@dataclass(frozen=True, eq=False, kw_only=True)
class Cached:
    """One mode: how many workers; the mode of the mean; whether destinations share a delay; nu."""

    workers: int
    mean: Independent
    shared: bool
    relative: float = 0.0

    def limit(self, square: bool) -> float:
        """The least a > 0 at which the mean, or the mean square, stops to be stable."""
        P, top = self.workers, self.mean.mean_limit()
        if not square or self.sure:
            return top / P

        def look(A: Array) -> Array:
            read, together = (part / P**2 for part in self.mean.looks(A))
            return np.asarray(self._kernel(read, together, (A / P) ** 2 * self.apart()))

        return first_limit(top, look, lambda A: self.kernel(A / P)) / P

    def rate(self, a: float, square: bool) -> float:
        """What |E x|, or the root of E x^2, shrinks by in an iteration in the long run."""
        low = radius(self.mean.filter(self.workers * a))
        return slowest(low, lambda r: self.kernel(a, r)) if square and not self.sure else low

    def variance(self, a: float) -> float:
        """Stationary variance of a cache where each gradient's noise has variance 1 or more."""
        read, together, _ = self.mean.sums(self.workers * a)
        if not (np.isfinite(read) and self.kernel(a) < 1):
            return np.inf
        sums = (self.workers if self.shared else 1) * (read - together)
        sums += 0.0 if self.shared else self.apart()
        return float((self.workers * together + sums) / (1 - self.kernel(a)))

    def disagreement(self, a: float) -> float:
        """E(x_p - x_q)^2 of two caches in the long run."""
        if self.shared or not self.apart():
            return 0.0
        squares = a**2 * (1 + self.relative) * self.variance(a) + 1
        return 2 * self.workers * squares * self.apart() / (self.workers - 1)

    @property
    def sure(self) -> bool:
        """Whether nothing is random but noise that is the same everywhere."""
        return self.mean.sure and not self.relative

    def kernel(self, a: float, r: float = 1.0) -> float:
        """a^2 times the sum of (1 + nu) K_n + nu P H_n^2 over r^(2n + 2)."""
        read, together, _ = self.mean.sums(self.workers * a, r)
        if np.isinf(read):
            return np.inf
        return float((a / r) ** 2 * self._kernel(read, together, self.apart(r)))

    def _kernel(self, read: Any, together: Any, apart: Any) -> Any:
        spread = self.workers * (read - together) if self.shared else read - together + apart
        return (1 + self.relative) * spread + self.relative * self.workers * together

    def apart(self, r: float = 1.0) -> float:
        """(P - 1) times the sum of c_n (1 - c_n) r^(-2n); at r = 1, of E|r - r'|/2."""
        c = np.cumsum(self.mean.pmf)[:-1]
        n = np.arange(len(c))
        with np.errstate(over="ignore"):
            return float((self.workers - 1) * (c * (1 - c) * r ** (-2.0 * n)).sum())
