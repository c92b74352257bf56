r"""The loss of a linear fit, without its regulariser: psi of what is left of every target.

.. math:: \ell_i(w) = \psi(r_i), \qquad r_i = \langle x_i, w \rangle - y_i, \qquad
          \nabla \ell_i(w) = \psi'(r_i) x_i
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array
from empirics.problems.scalar import Scalar


@dataclass(frozen=True, eq=False)
class Residuals:
    """Mean over the rows X, (n, dim), of psi, at iterates w that are rows, (m, dim)."""

    X: Array
    y: Array  # (n,)
    psi: Scalar
    squares: Array  # |x_i|^2, (n,)

    @property
    def dim(self) -> int:
        return int(self.X.shape[1])

    def value(self, w: Array) -> Array:
        """(m, dim) -> (m,)."""
        return np.asarray(self.psi.value(self.left(w)).mean(axis=-1))

    def gradient(self, w: Array, out: Array) -> None:
        """(m, dim) into (m, dim)."""
        np.matmul(self.psi.slope(self.left(w)) / len(self.X), self.X, out=out)

    def minibatch(self, w: Array, picked: NDArray[np.int64], out: Array) -> None:
        """The gradients at w, (m, dim), over the rows that `picked`, (m, b), names for each."""
        rows = self.X.take(picked, axis=0)  # (m, b, dim)
        r = np.matmul(rows, w[..., None])[..., 0] - self.y.take(picked)  # (m, b)
        s = self.psi.slope(r) / picked.shape[1]
        if picked.shape[1] == 1:  # a product of 1 by 1 with 1 by dim is slow in BLAS
            np.multiply(s, rows[:, 0], out=out)
        else:
            np.matmul(s[:, None], rows, out=out[:, None])

    def scatter(self, w: Array) -> Array:
        """Variance of the gradient of one row picked at random, (m, dim) -> (m,)."""
        s = self.psi.slope(self.left(w))  # (m, n)
        mean = s @ self.X / len(self.X)
        second = s**2 @ self.squares / len(self.X)
        return np.asarray(np.maximum(second - np.vecdot(mean, mean), 0))

    def left(self, w: Array) -> Array:
        """r_i, (m, dim) -> (m, n), or (dim,) -> (n,)."""
        return np.asarray(w @ self.X.T - self.y)

    def hessian(self, w: Array, reach: float = 0.0) -> Array:
        """The Hessian at w, (dim,); with a reach the least that one within it can be, (dim, dim).

        If psi is convex, psi'' falls with |r|, and |r_i| grows by at most reach |x_i|.
        """
        c = self.psi.curvature(abs(self.left(w)) + reach * np.sqrt(self.squares))
        return np.asarray((self.X.T * c) @ self.X / len(self.X))
