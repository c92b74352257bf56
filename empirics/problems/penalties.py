r"""What is added to a function and taken care of by a proximal step: a norm, or a set to stay in.

.. math:: \mathrm{prox}_{\eta h}(x) = \arg\min_z h(z) + \frac{|z - x|^2}{2 \eta}
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array
from empirics.problems.regions import Ball, Box, Region, ball, box

NEAR = 1e-9  # relative: how far outside of a set rounding may put its points


@dataclass(frozen=True, eq=False, kw_only=True)
class Penalty(ABC):
    """A convex function h whose proximal map has a formula, every row for itself."""

    @abstractmethod
    def value(self, x: Array) -> Array:
        """h at every row, (..., dim) -> (...)."""

    @abstractmethod
    def proximal(self, x: Array, eta: float) -> None:
        """Replace every row by its proximal point; a row that is not a number stays one."""

    @abstractmethod
    def reach(self, x: Array, above: float) -> float:
        """How far a minimiser of f + h can be from x, if (f + h)(x) is above inf f by so much."""

    @property
    @abstractmethod
    def words(self) -> str:
        """What the step is, as said in sentences: "a projection onto |x| <= 2"."""

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """What it can be rebuilt from, ready for JSON."""


@dataclass(frozen=True, eq=False, kw_only=True)
class L1(Penalty):
    """h = weight |x|_1; its proximal map moves every coordinate towards 0 by eta weight."""

    weight: float

    def value(self, x: Array) -> Array:
        return np.asarray(self.weight * abs(x).sum(axis=-1))

    def proximal(self, x: Array, eta: float) -> None:
        # x less what it is cut to, in place: |x| is moved down by eta weight, and not below 0
        x -= np.clip(x, -eta * self.weight, eta * self.weight)

    def reach(self, x: Array, above: float) -> float:
        """weight |x*|_1 <= (f + h)(x*) - inf f."""
        return float(np.linalg.norm(x)) + above / self.weight

    @property
    def words(self) -> str:
        return f"a proximal step of {self.weight:g} |x|_1"

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"kind": "l1", "weight": self.weight}


@dataclass(frozen=True, eq=False, kw_only=True)
class Projection(Penalty):
    """h = 0 on a convex set and infinite outside: the proximal point is the nearest of the set."""

    onto: Region

    def value(self, x: Array) -> Array:
        """Infinite only beyond what rounding does to a point that was projected."""
        near = x.copy()
        self.proximal(near, 1.0)
        apart = np.linalg.norm(near - x, axis=-1)
        size = self.span + np.linalg.norm(near, axis=-1)
        return np.where(apart <= NEAR * size, 0.0, np.where(np.isnan(apart), np.nan, np.inf))

    def proximal(self, x: Array, eta: float) -> None:
        match self.onto:
            case Ball(centre=centre, radius=radius):
                x -= centre
                length = np.sqrt(np.vecdot(x, x))[..., None]
                x *= radius / np.maximum(length, radius)
                x += centre
            case Box(low=low, high=high):
                np.clip(x, low, high, out=x)
            case Simplex(total=total):
                _onto_simplex(x, total)
            case _:
                raise TypeError(f"a projection needs a ball, a box or a simplex, got {self.onto!r}")

    def reach(self, x: Array, above: float) -> float:
        return self.span

    @property
    def span(self) -> float:
        """The largest distance of two points of the set."""
        return 2 * self.around.radius

    @property
    def around(self) -> Ball:
        """The smallest ball that holds the set."""
        match self.onto:
            case Ball():
                return self.onto
            case Box(low=low, high=high):
                centre = (low + high) / 2
                return ball(centre, max(float(np.linalg.norm(high - centre)), NEAR))
            case Simplex(total=total, dim=dim):
                return ball(np.full(dim, total / dim), max(total * (1 - 1 / dim) ** 0.5, NEAR))
        raise TypeError(f"a projection needs a ball, a box or a simplex, got {self.onto!r}")

    def holds(self, x: Array, margin: float) -> bool:
        """Whether the set holds all points within the margin of x, (dim,)."""
        match self.onto:
            case Ball(centre=centre, radius=radius):
                return bool(np.linalg.norm(x - centre) + margin <= radius)
            case Box(low=low, high=high):
                return bool((low + margin <= x).all() and (x <= high - margin).all())
        return margin == 0 and bool(self.onto.contains(x))

    @property
    def words(self) -> str:
        return f"a projection onto {self.onto.words}"

    @property
    def settings(self) -> Mapping[str, Any]:
        return {**self.onto.settings, "kind": f"onto {self.onto.settings['kind']}"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Simplex(Region):
    """The points with x >= 0 in every coordinate and sum total."""

    total: float
    dim: int

    def contains(self, x: Array) -> NDArray[np.bool_]:
        total = x.sum(axis=-1)
        return np.asarray((x >= 0).all(axis=-1) & (abs(total - self.total) <= NEAR * self.total))

    @property
    def bounds(self) -> tuple[Array, Array]:
        return np.zeros(self.dim), np.full(self.dim, self.total)

    @property
    def words(self) -> str:
        return f"x >= 0 with sum {self.total:g}"

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"kind": "simplex", "total": self.total, "dim": self.dim}


def rebuilt(settings: Mapping[str, Any]) -> Penalty:
    """The penalty with these settings; ValueError if there is no such kind.

    >>> rebuilt({"kind": "onto ball", "centre": [0.0, 0.0], "radius": 2.0}).words
    'a projection onto |x| <= 2'
    """
    match settings:
        case {"kind": "l1", "weight": weight}:
            return L1(weight=weight)
        case {"kind": "onto ball", "centre": centre, "radius": radius}:
            return Projection(onto=ball(centre, radius))
        case {"kind": "onto box", "low": low, "high": high}:
            return Projection(onto=box(low, high))
        case {"kind": "onto simplex", "total": total, "dim": dim}:
            return Projection(onto=Simplex(total=total, dim=dim))
    raise ValueError(f"there is no penalty with settings {dict(settings)!r}")


def _onto_simplex(x: Array, total: float) -> None:
    """max(x - theta, 0), theta such that the sum is right.

    Of the sorted coordinates u_1 >= u_2 >= ..., as many are kept as leave theta below the least.

    Source: M. Held, P. Wolfe, H. Crowder, Mathematical Programming 6 (1974) 62-88.
    """
    u = np.flip(np.sort(x, axis=-1), axis=-1)
    thetas = (np.cumsum(u, axis=-1) - total) / np.arange(1, x.shape[-1] + 1)
    kept = (u > thetas).sum(axis=-1, keepdims=True)  # the first so many, since total > 0
    theta = np.take_along_axis(thetas, np.maximum(kept, 1) - 1, axis=-1)
    x -= theta
    np.maximum(x, 0, out=x)
