r"""One mode where W workers have exponential service times: x and what each of them holds.

The next arrival is worker i's with chance q_i, whatever was (see `queue`). If all are equally fast,
second moments need seven numbers, those of x, of the x before it, of c_i and of a c_j; without
momentum

.. math:: a < 2 (2W - 1) \quad \text{in the mean}, \qquad
          W a^2 - a - 2 < 0 \quad \text{in the mean square.}
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empirics.exact.periodic import first_unstable
from empirics.problems.base import Array

MOST = 24  # workers of different speeds: there are (W + 2)^2 second moments, and eigenvalues


@dataclass(frozen=True, eq=False, kw_only=True)
class Queued:
    """One mode: the chances q of the workers, (W,); momentum; nu. a is step times curvature."""

    shares: Array
    momentum: float = 0.0
    relative: float = 0.0

    def limit(self, square: bool) -> float:
        """The least a > 0 at which the mean, or the mean square, stops to be stable."""
        W = len(self.shares)
        low = 0.5 * (1 - self.momentum) ** 2 / W
        return first_unstable(lambda a: self.rate(a, square), low, 1e4 * W)

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

    @property
    def even(self) -> bool:
        """Whether all workers are equally fast."""
        return bool((self.shares == self.shares[0]).all())

    def first(self, a: float) -> Array:
        """What carries the mean of x, the x before it, and the c_i (one of them if all are alike).

        Without momentum the x before it is left out.
        """
        q, b = (self.shares[:1] if self.even else self.shares), self.momentum
        n = len(q) + 2
        matrix = np.zeros((n, n))
        arrives = np.ones(1) if self.even else q  # that it is one that is alike is certain
        matrix[0, :2], matrix[0, 2:], matrix[1, 0] = (1 + b, -b), -a * arrives, 1
        matrix[2:, 0], matrix[2:, 1] = q * (1 + b), -q * b
        matrix[2:, 2:] = np.diag(1 - q - q * a)
        some = np.arange(n) != 1
        return matrix if b else matrix[np.ix_(some, some)]

    def second(self, a: float) -> tuple[Array, Array]:
        """What carries second moments, and what the noise adds to them; E x^2 comes first."""
        return self._alike(a) if self.even else self._each(a)

    def _alike(self, a: float) -> tuple[Array, Array]:
        """Of E x^2, E x x_-, E x_-^2, E x c, E x_- c, E c^2, E c c', x_- the x before x."""
        q, b, plus = self.shares[0], self.momentum, 1 + self.momentum
        now, before, old, xc, pc, cc, apart = np.eye(7)
        new = (
            plus**2 * now - 2 * plus * b * before + b**2 * old - 2 * a * plus * xc + 2 * a * b * pc
        )
        new = new + a**2 * (1 + self.relative) * cc
        with_x, with_c = plus * now - b * before - a * xc, plus * xc - b * pc - a * apart
        rows = np.array(
            [
                new,
                with_x,
                now,
                (1 - q) * with_c + q * new,
                (1 - q) * xc + q * with_x,
                (1 - q) * cc + q * new,
                (1 - 2 * q) * apart + 2 * q * with_c,
            ]
        )
        kept = 6 if len(self.shares) == 1 else 7  # one worker has no other
        return rows[:kept, :kept], np.array([1, 0, 0, q, 0, q, 0.0])[:kept]

    def _each(self, a: float) -> tuple[Array, Array]:
        """Of all products of the state with itself."""
        n, b = len(self.shares) + 2, self.momentum
        matrix, noise = np.zeros((n * n, n * n)), np.zeros((n, n))
        for i, q in enumerate(self.shares, 2):
            A = np.eye(n)
            A[1] = A[0]
            A[0, :2] = 1 + b, -b
            A[0, i] = -a
            A[i] = A[0]
            fresh = np.zeros((n, n))
            fresh[np.ix_([0, i], [0, i])] = 1
            matrix += q * np.kron(A, A)
            matrix[:, i * n + i] += q * a**2 * self.relative * fresh.ravel()
            noise += q * fresh
        return matrix, noise.ravel()
