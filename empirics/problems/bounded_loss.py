r"""Losses of a residual that are bounded, so that no outlier counts for more than a constant.

Each is rho(r) = c^2 phi(r/c) with phi''(0) = 1, the largest; curvature and slope are bounded, and
as phi'' is somewhere negative, a mean of them is not convex.

.. math:: \phi(s) = \frac{s^2}{2 (1 + s^2)}, \qquad
          \phi(s) = \frac{1 - e^{-s^2}}{2}, \qquad
          \phi(s) = \frac{1 - (1 - s^2)_+^3}{6}

Source: Geman, McClure, Bull. Int. Stat. Inst. 52 (1987); Dennis, Welsch, Commun. Stat. B7 (1978);
Beaton, Tukey, Technometrics 16 (1974).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array

FAR = 1e50  # a residual as large is flat already, and its sixth power is still finite


@dataclass(frozen=True, eq=False, kw_only=True)
class BoundedLoss:
    """phi with two derivatives, of s^2 = u: phi = value(u), phi' = s weight(u), phi'' = curve(u).

    lowest and steepest are min phi'' and max |phi'|; both are exact.
    """

    value: Callable[[Array], Array]
    weight: Callable[[Array], Array]
    curve: Callable[[Array], Array]
    lowest: float
    steepest: float


LOSSES = {
    "geman-mcclure": BoundedLoss(
        value=lambda u: u / (2 * (1 + u)),
        weight=lambda u: 1 / np.square(1 + u),
        curve=lambda u: (1 - 3 * u) / (1 + u) ** 3,
        lowest=-1 / 4,  # at s^2 = 1
        steepest=3 * np.sqrt(3) / 16,  # at s^2 = 1/3
    ),
    "welsch": BoundedLoss(
        value=lambda u: -np.expm1(-u) / 2,
        weight=lambda u: np.exp(-u),
        curve=lambda u: (1 - 2 * u) * np.exp(-u),
        lowest=-2 * np.exp(-3 / 2),  # at s^2 = 3/2
        steepest=np.exp(-1 / 2) / np.sqrt(2),  # at s^2 = 1/2
    ),
    "tukey": BoundedLoss(
        value=lambda u: (1 - np.maximum(1 - u, 0) ** 3) / 6,
        weight=lambda u: np.square(np.maximum(1 - u, 0)),
        curve=lambda u: np.maximum(1 - u, 0) * (1 - 5 * u),
        lowest=-4 / 5,  # at s^2 = 3/5
        steepest=16 / (25 * np.sqrt(5)),  # at s^2 = 1/5
    ),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Residuals:
    """Mean over the rows X, (n, dim), of rho(<x_i, w> - y_i), at iterates w, (m, dim)."""

    X: Array
    y: Array  # (n,)
    squares: Array  # |x_i|^2, (n,)
    phi: BoundedLoss
    scale: float  # c

    @property
    def dim(self) -> int:
        return int(self.X.shape[1])

    def value(self, w: Array) -> Array:
        """(m, dim) -> (m,)."""
        s = self._scaled(w @ self.X.T, self.y)
        return np.asarray(self.scale**2 * self.phi.value(s * s).mean(axis=-1))

    def gradient(self, w: Array, out: Array) -> None:
        """(m, dim) into (m, dim)."""
        np.matmul(self._slopes(w @ self.X.T, self.y) / len(self.X), self.X, out=out)

    def minibatch(self, w: Array, picked: NDArray[np.int64], out: Array) -> None:
        """The gradients at w, (m, dim), over the rows that `picked`, (m, b), names for each."""
        rows = self.X.take(picked, axis=0)  # (m, b, dim)
        z = np.matmul(rows, w[..., None])[..., 0]  # (m, b)
        slopes = self._slopes(z, self.y.take(picked))
        slopes /= picked.shape[1]
        if picked.shape[1] == 1:  # a product of 1 by 1 with 1 by dim is slow in BLAS
            np.multiply(slopes, rows[:, 0], out=out)
        else:
            np.matmul(slopes[:, None], rows, out=out[:, None])

    def scatter(self, w: Array) -> Array:
        """Variance of the gradient of one row picked at random, (m, dim) -> (m,)."""
        slopes = self._slopes(w @ self.X.T, self.y)  # (m, n)
        mean = slopes @ self.X / len(self.X)
        second = slopes**2 @ self.squares / len(self.X)
        return np.asarray(np.maximum(second - np.vecdot(mean, mean), 0))

    def hessian(self, w: Array) -> Array:
        """The Hessian at w, (dim,), as a matrix."""
        s = self._scaled(self.X @ w, self.y)
        return np.asarray((self.X.T * self.phi.curve(s * s)) @ self.X / len(self.X))

    def _scaled(self, z: Array, y: Array) -> Array:
        """s = (z - y)/c."""
        s = z - y
        s /= self.scale
        return np.clip(s, -FAR, FAR, out=s)

    def _slopes(self, z: Array, y: Array) -> Array:
        """rho' = c s weight(s^2)."""
        s = self._scaled(z, y)
        weights = self.phi.weight(s * s)
        weights *= s
        weights *= self.scale
        return weights
