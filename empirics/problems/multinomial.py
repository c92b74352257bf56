r"""The logistic loss of K classes, without its regulariser, from rows x_i and labels y_i.

.. math:: \ell_i(W) = \log \sum_k e^{z_{ik}} - z_{i y_i}, \qquad z_i = W' x_i, \qquad
          \nabla \ell_i(W) = x_i (p_i - e_{y_i})', \qquad p_i = \mathrm{softmax}(z_i)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array, Constant
from empirics.problems.datasets import Table
from empirics.problems.finite_sum import ROUNDING, row_bounds
from empirics.problems.minibatch import Minibatches


@dataclass(frozen=True, eq=False)
class Multinomial:
    """Mean over the rows X, (n, p), of the loss. Iterates W, (p, K), are flat rows: (m, p K)."""

    X: Array
    Y: Array  # e_{y_i}, (n, K)
    squares: Array  # |x_i|^2, (n,)

    @property
    def dim(self) -> int:
        return int(self.X.shape[1] * self.Y.shape[1])

    def value(self, w: Array) -> Array:
        """(m, dim) -> (m,)."""
        z = self.X @ self._matrix(w)  # (m, n, K)
        z -= z.max(axis=-1, keepdims=True)
        losses = np.log(np.exp(z).sum(axis=-1)) - np.vecdot(z, self.Y)
        return np.asarray(losses.mean(axis=-1))

    def gradient(self, w: Array, out: Array) -> None:
        """(m, dim) into (m, dim)."""
        np.matmul(self.X.T, self._residuals(w) / len(self.X), out=self._matrix(out))

    def minibatch(self, w: Array, picked: NDArray[np.int64], out: Array) -> None:
        """The gradients at w, (m, dim), over the rows that `picked`, (m, b), names for each."""
        rows = self.X.take(picked, axis=0)  # (m, b, p)
        q = _softmax(np.matmul(rows, self._matrix(w)))  # (m, b, K)
        q -= self.Y.take(picked, axis=0)
        q /= picked.shape[1]
        np.matmul(rows.swapaxes(-1, -2), q, out=self._matrix(out))

    def scatter(self, w: Array) -> Array:
        """Variance of the gradient of one row picked at random, (m, dim) -> (m,)."""
        q = self._residuals(w)
        mean = (self.X.T @ q).reshape(w.shape) / len(self.X)
        second = np.vecdot(q, q) @ self.squares / len(self.X)
        return np.asarray(np.maximum(second - np.vecdot(mean, mean), 0))

    def hessian_product(self, w: Array, v: Array) -> Array:
        """The Hessian at w, (dim,), times v, (dim,)."""
        p = _softmax(self.X @ self._matrix(w))  # (n, K)
        u = self.X @ self._matrix(v)
        u -= np.vecdot(p, u)[:, None]
        return np.asarray((self.X.T @ (p * u)).ravel() / len(self.X))

    def farthest(self, a: Array) -> tuple[float, Array]:
        """Of the corners x_i (e_k - e_{y_i})' of every row the one farthest from a, (dim,).

        Returns the mean of |v - a|^2 over these n corners, and their mean.
        """
        s = self.X @ self._matrix(a)  # (n, K)
        own = np.vecdot(s, self.Y)[:, None]
        distances = 2 * (self.squares[:, None] * (1 - self.Y) - s + own)  # less |a|^2
        e = np.eye(self.Y.shape[1])[distances.argmax(axis=1)]
        mean = (self.X.T @ (e - self.Y)).ravel() / len(self.X)
        return float(distances.max(axis=1).mean() + a @ a), mean

    def _residuals(self, w: Array) -> Array:
        """p_i - e_{y_i} at every w, (m, n, K)."""
        q = _softmax(self.X @ self._matrix(w))
        q -= self.Y
        return q

    def _matrix(self, w: Array) -> Array:
        return w.reshape(*w.shape[:-1], self.X.shape[1], self.Y.shape[1])


def multinomial(table: Table) -> Multinomial:
    """One column of W for each class, in the order of the table."""
    X = table.X
    return Multinomial(X, np.eye(len(table.classes))[table.y], np.vecdot(X, X))


def softmax_bounds(X: Array, picks: Minibatches, l2: float) -> dict[str, Constant]:
    """The constants of softmax regression but for its infimum; a row gives x_i (p_i - e_{y_i})'."""
    top = float(np.linalg.eigvalsh(X.T @ X)[-1]) / len(X)
    curved = Constant(
        value=(top / 2 + l2) * (1 + ROUNDING), provenance="bound", why="Boehning's bound"
    )
    return {
        "L": curved,
        "mu_sc": Constant(value=l2, provenance="bound", why="the loss is convex, l2 is added"),
        **row_bounds(
            picks,
            np.sqrt(2 * np.vecdot(X, X)),
            longest=(2 * top) ** 0.5,  # |X'D|/n <= |X| |D|/n, and D has rows of length sqrt 2
            l2=l2,
            why="two probabilities differ by at most sqrt 2",
        ),
    }


def _softmax(z: Array) -> Array:
    """In place, along the last axis."""
    z -= z.max(axis=-1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=-1, keepdims=True)
    return z
