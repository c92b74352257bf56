r"""Convex functions of one number, flat far out or not, all with curvature 1 at 0.

.. math:: \text{squares: } \tfrac12 r^2, \qquad
          \text{huber: } \tfrac12 r^2 \text{ if } |r| \le \delta \text{ else }
          \delta |r| - \tfrac12 \delta^2, \qquad
          \text{log-cosh: } \delta^2 \log\cosh(r/\delta)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from empirics.problems.base import Array, real

LOSSES = ("squares", "huber", "log-cosh")


@dataclass(frozen=True)
class Scalar(ABC):
    """psi of every entry of an array; its slope is at most `steepest`, its curvature at most 1."""

    @property
    @abstractmethod
    def steepest(self) -> float:
        """sup |psi'|, infinite if there is none."""

    @abstractmethod
    def value(self, r: Array) -> Array:
        """psi."""

    @abstractmethod
    def slope(self, r: Array) -> Array:
        """psi'."""

    @abstractmethod
    def curvature(self, r: Array) -> Array:
        """psi''; the smaller of the two where it jumps. Of convex ones it falls as |r| grows."""


@dataclass(frozen=True)
class Squares(Scalar):
    steepest = np.inf

    def value(self, r: Array) -> Array:
        return r * r / 2

    def slope(self, r: Array) -> Array:
        return r

    def curvature(self, r: Array) -> Array:
        return np.ones_like(r)


@dataclass(frozen=True)
class Huber(Scalar):
    """Source: P. J. Huber, Annals of Mathematical Statistics 35 (1964) 73-101."""

    width: float

    @property
    def steepest(self) -> float:
        return self.width

    def value(self, r: Array) -> Array:
        s = self.slope(r)
        return np.asarray(s * (r - s / 2))

    def slope(self, r: Array) -> Array:
        return np.clip(r, -self.width, self.width)

    def curvature(self, r: Array) -> Array:
        return np.asarray(abs(r) < self.width, dtype=np.float64)


@dataclass(frozen=True)
class LogCosh(Scalar):
    width: float

    @property
    def steepest(self) -> float:
        return self.width

    def value(self, r: Array) -> Array:
        a = abs(r / self.width)
        near = np.log1p(2 * np.sinh(np.minimum(a, 1) / 2) ** 2)  # cosh a = 1 + 2 sinh^2(a/2)
        far = a + np.log1p(np.exp(-2 * a)) - np.log(2)
        return np.asarray(self.width**2 * np.where(a < 1, near, far))

    def slope(self, r: Array) -> Array:
        return np.asarray(self.width * np.tanh(r / self.width))

    def curvature(self, r: Array) -> Array:
        return np.asarray(1 - np.tanh(r / self.width) ** 2)


def scalar(who: str, loss: str, width: float | None) -> Scalar:
    """The loss of that name; width = delta > 0, where it begins to flatten, 1 unless given.

    >>> float(scalar("it", "huber", 1.0).value(np.array(3.0)))
    2.5
    >>> scalar("it", "cubes", 1.0)
    Traceback (most recent call last):
    ValueError: it needs loss among squares, huber, log-cosh, got 'cubes'
    """
    if loss not in LOSSES:
        raise ValueError(f"{who} needs loss among {', '.join(LOSSES)}, got {loss!r}")
    if loss == "squares":
        if width is not None:
            raise ValueError(f"{who} needs no width for squares, got {width!r}; leave it out")
        return Squares()
    delta = real(who, "width", 1.0 if width is None else width, 0, ends="()")
    return Huber(delta) if loss == "huber" else LogCosh(delta)
