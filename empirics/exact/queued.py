r"""One mode where W workers have exponential service times: x and what each of them holds.

The next arrival is worker i's with chance q_i, whatever was (see `queue`). If all are equally fast,
second moments need four numbers, E x^2, E x c_i, E c_i^2 and E c_i c_j, and

.. math:: a < 2 (2W - 1) \quad \text{in the mean}, \qquad
          W a^2 - a - 2 < 0 \quad \text{in the mean square.}
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empirics.exact.periodic import first_unstable
from empirics.problems.base import Array

MOST = 24  # workers of different speeds: there are (W + 1)^2 second moments, and eigenvalues


@dataclass(frozen=True, eq=False, kw_only=True)
class Queued:
    """One mode: the chances q of the workers, (W,); relative = nu. a is step times curvature."""

    shares: Array
    relative: float = 0.0

    def limit(self, square: bool) -> float:
        """The least a > 0 at which the mean, or the mean square, stops to be stable."""
        return first_unstable(lambda a: self.rate(a, square), 0.5 / len(self.shares))

    def rate(self, a: float, square: bool) -> float:
        """What |E x_t|, or the root of E x_t^2, shrinks by in an update in the long run."""
        matrix = self.second(a)[0] if square else self.first(a)
        radius = float(np.abs(np.linalg.eigvals(matrix)).max())
        return radius**0.5 if square else radius

    def variance(self, a: float) -> float:
        """Stationary variance where the noise has variance 1."""
        if self.rate(a, True) >= 1:
            return np.inf
        matrix, noise = self.second(a)
        return float(np.linalg.solve(np.eye(len(matrix)) - matrix, noise)[0])

    def first(self, a: float) -> Array:
        """What carries the mean of (x, c_1, ..., c_W), or of (x, c) if all are equally fast."""
        q = self.shares
        if self.even:
            return np.array([[1, -a], [q[0], 1 - q[0] - q[0] * a]])
        matrix = np.diag(np.append(1.0, 1 - q - q * a))
        matrix[0, 1:], matrix[1:, 0] = -a * q, q
        return matrix

    def second(self, a: float) -> tuple[Array, Array]:
        """What carries second moments, and what the noise adds to them; E x^2 comes first."""
        n, grows = len(self.shares) + 1, 1 + self.relative
        if self.even:
            q = self.shares[0]
            new = np.array([1, -2 * a, a**2 * grows, 0.0])  # of E x^2, E x c, E c^2, E c c'
            rows = [new, q * new, q * new, np.zeros(4)]
            rows[1] = rows[1] + (1 - q) * np.array([0, 1, 0, -a])
            rows[2] = rows[2] + (1 - q) * np.array([0, 0, 1, 0])
            rows[3] = np.array([0, 2 * q, 0, 1 - 2 * q - 2 * q * a])
            kept = 3 if n == 2 else 4  # one worker has no other
            return np.array(rows)[:kept, :kept], np.array([1, q, q, 0.0])[:kept]
        matrix, noise = np.zeros((n * n, n * n)), np.zeros((n, n))
        for i, q in enumerate(self.shares, 1):
            A = np.eye(n)
            A[i] = A[0]
            A[[0, i], i] = -a  # row i was that of x: its entry i is free
            fresh = np.zeros((n, n))
            fresh[np.ix_([0, i], [0, i])] = 1
            matrix += q * np.kron(A, A)
            matrix[:, i * n + i] += q * a**2 * self.relative * fresh.ravel()
            noise += q * fresh
        return matrix, noise.ravel()

    @property
    def even(self) -> bool:
        """Whether all workers are equally fast."""
        return bool((self.shares == self.shares[0]).all())
