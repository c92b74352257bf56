r"""The logistic loss of two classes, without its regulariser, from rows A_i = s_i x_i, s_i = +-1.

.. math:: \ell_i(w) = \log(1 + e^{-z_i}), \qquad z_i = \langle A_i, w \rangle, \qquad
          \nabla \ell_i(w) = -c_i A_i, \qquad c_i = \frac{1}{1 + e^{z_i}} \in (0, 1)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array
from empirics.problems.datasets import Table


@dataclass(frozen=True, eq=False)
class Binary:
    """Mean over the rows A, (n, dim), of the loss, at iterates w that are rows, (m, dim)."""

    A: Array
    squares: Array  # |A_i|^2, (n,)

    @property
    def dim(self) -> int:
        return int(self.A.shape[1])

    def value(self, w: Array) -> Array:
        """(m, dim) -> (m,)."""
        z = w @ self.A.T  # (m, n)
        losses = np.log1p(np.exp(-abs(z)))
        losses -= np.minimum(z, 0)
        return np.asarray(losses.mean(axis=-1))

    def gradient(self, w: Array, out: Array) -> None:
        """(m, dim) into (m, dim)."""
        np.matmul(_weights(w @ self.A.T, -len(self.A)), self.A, out=out)

    def minibatch(self, w: Array, picked: NDArray[np.int64], out: Array) -> None:
        """The gradients at w, (m, dim), over the rows that `picked`, (m, b), names for each."""
        rows = self.A.take(picked, axis=0)  # (m, b, dim)
        z = np.matmul(rows, w[..., None])[..., 0]  # (m, b)
        c = _weights(z, -picked.shape[1])
        if picked.shape[1] == 1:  # a product of 1 by 1 with 1 by dim is slow in BLAS
            np.multiply(c, rows[:, 0], out=out)
        else:
            np.matmul(c[:, None], rows, out=out[:, None])

    def scatter(self, w: Array) -> Array:
        """Variance of the gradient of one row picked at random, (m, dim) -> (m,)."""
        c = _weights(w @ self.A.T, len(self.A))  # (m, n), over n
        mean = c @ self.A
        second = c**2 @ self.squares * len(self.A)
        return np.asarray(np.maximum(second - np.vecdot(mean, mean), 0))

    def hessian_product(self, w: Array, v: Array) -> Array:
        """The Hessian at w, (dim,), times v, (dim,)."""
        c = _weights(self.A @ w, 1)
        return np.asarray((c * (1 - c) * (self.A @ v)) @ self.A / len(self.A))

    def farthest(self, a: Array) -> tuple[float, Array]:
        """Of the corners 0 and -A_i of every row the one farthest from a, (dim,).

        Returns the mean of |v - a|^2 over these n corners, and their mean.
        """
        distances = self.squares + 2 * self.A @ a  # to -A_i, less the |a|^2 it is to 0
        far = distances > 0
        mean = -(far @ self.A) / len(self.A)
        return float(np.where(far, distances, 0).mean() + a @ a), mean


def binary(table: Table) -> Binary:
    """The second class has the sign +1."""
    A = np.where(table.y == 1, 1.0, -1.0)[:, None] * table.X
    return Binary(A, np.vecdot(A, A))


def _weights(z: Array, over: int) -> Array:
    """c_i over a number: cut off at 700, where exp is still finite and c_i 1e-304."""
    c = np.minimum(z, 700.0)
    np.exp(c, out=c)
    c += 1
    return np.divide(1 / over, c, out=c)
