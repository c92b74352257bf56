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

from empirics.problems.base import Array
from empirics.problems.scalar import Scalar

FAR = 1e50  # a residual as large is flat already, and its sixth power is still finite


@dataclass(frozen=True, eq=False, kw_only=True)
class Shape:
    """phi with two derivatives, of s^2 = u: phi = value(u), phi' = s weight(u), phi'' = curve(u).

    lowest and steepest are min phi'' and max |phi'|; both are exact.
    """

    value: Callable[[Array], Array]
    weight: Callable[[Array], Array]
    curve: Callable[[Array], Array]
    lowest: float
    steepest: float


LOSSES = {
    "geman-mcclure": Shape(
        value=lambda u: u / (2 * (1 + u)),
        weight=lambda u: 1 / np.square(1 + u),
        curve=lambda u: (1 - 3 * u) / (1 + u) ** 3,
        lowest=-1 / 4,  # at s^2 = 1
        steepest=3 * np.sqrt(3) / 16,  # at s^2 = 1/3
    ),
    "welsch": Shape(
        value=lambda u: -np.expm1(-u) / 2,
        weight=lambda u: np.exp(-u),
        curve=lambda u: (1 - 2 * u) * np.exp(-u),
        lowest=-2 * np.exp(-3 / 2),  # at s^2 = 3/2
        steepest=np.exp(-1 / 2) / np.sqrt(2),  # at s^2 = 1/2
    ),
    "tukey": Shape(
        value=lambda u: (1 - np.maximum(1 - u, 0) ** 3) / 6,
        weight=lambda u: np.square(np.maximum(1 - u, 0)),
        curve=lambda u: np.maximum(1 - u, 0) * (1 - 5 * u),
        lowest=-4 / 5,  # at s^2 = 3/5
        steepest=16 / (25 * np.sqrt(5)),  # at s^2 = 1/5
    ),
}


@dataclass(frozen=True)
class Bounded(Scalar):
    """rho of every entry of an array: the name of phi, and scale = c.

    The name, because functions without one cannot be sent to another process.
    """

    name: str
    scale: float

    @property
    def phi(self) -> Shape:
        return LOSSES[self.name]

    @property
    def steepest(self) -> float:
        return self.scale * self.phi.steepest

    def value(self, r: Array) -> Array:
        return np.asarray(self.scale**2 * self.phi.value(self._scaled(r) ** 2))

    def slope(self, r: Array) -> Array:
        s = self._scaled(r)
        weights = self.phi.weight(s * s)
        weights *= s
        weights *= self.scale
        return weights

    def curvature(self, r: Array) -> Array:
        return self.phi.curve(self._scaled(r) ** 2)

    def _scaled(self, r: Array) -> Array:
        return np.clip(r / self.scale, -FAR, FAR)
