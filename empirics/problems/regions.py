"""Convex sets on which the constants of a problem hold, where they do not hold everywhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirics.problems.base import Array, real

SHORT = 32  # rows of so many numbers are not summed or compared one by one: NumPy is slow at that


@dataclass(frozen=True, eq=False, kw_only=True)
class Region(ABC):
    """A convex set, so that a bound of the Hessian in it is a smoothness constant between any two
    of its points, and a step from one to the other stays in it.
    """

    @abstractmethod
    def contains(self, x: Array) -> NDArray[np.bool_]:
        """Whether each row lies in it, (..., dim) -> (...); what is not a number does not."""

    @property
    @abstractmethod
    def bounds(self) -> tuple[Array, Array]:
        """The lower and the upper corner of the least box around it, (dim,) each."""

    @property
    @abstractmethod
    def words(self) -> str:
        """What it is, as said in sentences: "|x| <= 2"."""

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """What it can be rebuilt from, ready for JSON."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Ball(Region):
    """The points x with |x - centre| <= radius. `ball` makes it."""

    centre: Array
    radius: float

    def contains(self, x: Array) -> NDArray[np.bool_]:
        away = x - self.centre if self.centre.any() else x
        if x.shape[-1] > SHORT:
            return np.asarray(np.vecdot(away, away) <= self.radius**2)
        return np.asarray(np.square(away) @ np.ones(x.shape[-1]) <= self.radius**2)

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.centre - self.radius, self.centre + self.radius

    @property
    def words(self) -> str:
        return f"|x - {_point(self.centre)}| <= {self.radius:g}".replace("x - 0|", "x|")

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"kind": "ball", "centre": self.centre.tolist(), "radius": self.radius}


@dataclass(frozen=True, eq=False, kw_only=True)
class Box(Region):
    """The points x with low <= x <= high in every coordinate. `box` makes it."""

    low: Array
    high: Array

    def contains(self, x: Array) -> NDArray[np.bool_]:
        if x.shape[-1] > SHORT:
            return np.asarray(((self.low <= x) & (x <= self.high)).all(axis=-1))
        inside = np.ones(x.shape[:-1], dtype=bool)
        for low, high, here in zip(self.low, self.high, np.moveaxis(x, -1, 0), strict=True):
            inside &= (low <= here) & (here <= high)
        return inside

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.low, self.high

    @property
    def words(self) -> str:
        return f"{_point(self.low)} <= x <= {_point(self.high)}"

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"kind": "box", "low": self.low.tolist(), "high": self.high.tolist()}


def ball(centre: ArrayLike, radius: float) -> Ball:
    """A ball around `centre`, (dim,). Raises ValueError if it is not finite, or the radius <= 0.

    >>> near = ball([0.0, 0.0], 2.0)
    >>> near.words, near.contains(np.array([[1.0, 1.0], [2.0, 1.0], [np.nan, 0.0]]))
    ('|x| <= 2', array([ True, False, False]))
    """
    return Ball(
        centre=_vector("ball", "centre", centre),
        radius=real("ball", "radius", radius, 0, ends="()"),
    )


def box(low: ArrayLike, high: ArrayLike) -> Box:
    """The box from `low` to `high`, (dim,) each. Raises ValueError if it is empty or not finite.

    >>> box([-1.0, 0.0], [1.0, 3.0]).words
    '(-1, 0) <= x <= (1, 3)'
    """
    ends = _vector("box", "low", low), _vector("box", "high", high)
    if ends[0].shape != ends[1].shape or (ends[0] > ends[1]).any():
        raise ValueError(f"box needs low <= high of one shape, got {low!r} and {high!r}")
    return Box(low=ends[0], high=ends[1])


def _vector(who: str, what: str, value: ArrayLike) -> Array:
    found = np.array(value, dtype=np.float64)
    if found.ndim != 1 or not found.size or not np.isfinite(found).all():
        raise ValueError(f"{who} needs a finite {what} of shape (dim,), got {value!r}")
    return found


def _point(x: Array) -> str:
    """A vector in few words: a number if all its entries are that, else the first of them."""
    if (x == x[0]).all():
        return f"{x[0]:g}"
    return "(" + ", ".join(f"{a:g}" for a in x[:4]) + (", ..." if len(x) > 4 else "") + ")"
