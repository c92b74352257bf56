"""Where an audit looks: in the region of the constants, or at all scales around what is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from empirics.problems.base import Array, Problem
from empirics.problems.regions import Ball, Box

NEAREST, FARTHEST = -2.0, 1.0  # logarithms of the distances from centres, in units of the scale
EDGE = 1 - 1e-12  # points of the boundary, inside in spite of rounding
HALVINGS = 60
SINGLE, DOUBLE = float(np.finfo(np.float32).eps), float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False, kw_only=True)
class Ground:
    """The problem, and all an audit needs to look around in it.

    Fields: problem; generator of all random numbers; points, how many are tried for each claim;
    starts, from how many of them a search goes on; samples, how many stochastic gradients are drawn
    at a point; alpha, the chance that noise alone refutes anything; failures, what functions said
    at points at which they do not work.
    """

    problem: Problem
    generator: np.random.Generator
    points: int
    starts: int
    samples: int
    alpha: float
    failures: list[str] = field(default_factory=list)

    @property
    def centres(self) -> Array:
        """The points that are known: start, minimiser, origin; those in the region, (k, dim)."""
        known = [self.problem.start, np.zeros(self.problem.dim)]
        if self.problem.minimiser is not None:
            known.insert(1, self.problem.minimiser)
        x = np.array(known)
        region = self.problem.region
        return x if region is None else x[region.contains(x)]

    @property
    def scale(self) -> float:
        """A length that says how far is far: of the region, or of the centres."""
        match self.problem.region:
            case Ball(radius=radius):
                return radius
            case Box(low=low, high=high):
                return float((high - low).max()) / 2 or 1.0
        x = self.centres
        return max(float(np.linalg.norm(x - x[0], axis=1).max()), 0.0) or 1.0

    @property
    def rounding(self) -> float:
        """Of values and gradients, relative."""
        return SINGLE if self.problem.settings.get("precision") == "single" else DOUBLE

    def sample(self, n: int) -> Array:
        """Points, (n, dim): of a ball or box uniformly, and a quarter of them on its boundary;
        else around the centres, at distances from a hundredth to ten times the scale.
        """
        draw, dim = self.generator, self.problem.dim
        direction = draw.standard_normal((n, dim))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        share = draw.random((n, 1))
        edge = np.arange(n) % 4 == 0
        match self.problem.region:
            case Ball(centre=centre, radius=radius):
                size = np.where(edge[:, None], 1.0, share) * radius * EDGE
                return np.asarray(centre + size * direction)
            case Box(low=low, high=high):
                x: Array = draw.uniform(low, high, (n, dim))
                at = draw.integers(0, 3, (n, dim))  # low, high or between
                faces = np.where(at == 0, low, np.where(at == 1, high, x))
                return np.where(edge[:, None], faces, x)
        size = self.scale * 10 ** (NEAREST + (FARTHEST - NEAREST) * share)
        around = self.centres[draw.integers(0, len(self.centres), n)]
        return self.inside(around + size * direction)

    def inside(self, x: Array, margin: Array | float = 0.0) -> Array:
        """The points moved into the region, so far that `margin` around them is in it, too.

        (n, dim) and (n,) or a number -> (n, dim).
        """
        region, margin = self.problem.region, np.asarray(margin)[..., None]
        match region:
            case None:
                return x
            case Ball(centre=centre, radius=radius):
                away = x - centre
                size = np.linalg.norm(away, axis=-1, keepdims=True)
                room = np.maximum(radius * EDGE - margin, 0.0)
                return np.asarray(centre + away * np.minimum(1, room / np.maximum(size, 1e-300)))
            case Box(low=low, high=high):
                middle = (low + high) / 2
                room = np.maximum((high - low) / 2 - margin, 0.0)
                return np.clip(x, middle - room, middle + room)
        # of another region only membership is known: go towards a known point of it
        to, low, high = self.centres[0], np.zeros((len(x), 1)), np.ones((len(x), 1))
        out = ~region.contains(x)
        for _ in range(HALVINGS if out.any() else 0):
            half = (low + high) / 2
            there = region.contains(to + half * (x - to))[:, None]
            low, high = np.where(there, half, low), np.where(there, high, half)
        return np.where(out[:, None], to + low * (x - to), x)

    def slope(self, x: Array, g: Array, margin: float) -> Array:
        """The derivative of a function of `inside(x)` whose derivative there is g, (dim,) each."""
        match self.problem.region:
            case Ball(centre=centre, radius=radius):
                away = x - centre
                size, room = float(np.linalg.norm(away)), max(radius * EDGE - margin, 0.0)
                if size <= room:
                    return g
                return np.asarray((g - (g @ away) * away / size**2) * room / size)
            case Box():
                moved: Array = self.inside(x[None], margin)[0]
                return np.where(moved == x, g, 0.0)
        return g

    def contains(self, *x: Array) -> Any:
        """Whether all of these points lie in the region, row by row."""
        region = self.problem.region
        here = np.ones(len(x[0]), dtype=bool)
        for points in x if region is not None else ():
            here &= region.contains(points)  # type: ignore[union-attr]  # it is not None
        return here

    def value(self, x: Array) -> Array:
        """f at every row, not a number where it cannot be computed."""
        return self._tried(self.problem.value, x, x.shape[:1])

    def objective(self, x: Array) -> Array:
        """f, or F = f + h where a penalty is added, at every row."""
        return self._tried(self.problem.objective, x, x.shape[:1])

    def gradient(self, x: Array) -> Array:
        """The gradient at every row, not a number where it cannot be computed."""
        return self._tried(self.problem.gradient, x, x.shape)

    def variance(self, x: Array) -> Array:
        """E|xi|^2 at every row as the problem states it."""
        return self._tried(self.problem.noise_variance, x, x.shape[:1])

    def _tried(self, function: Callable[[Array], Array], x: Array, shape: tuple[int, ...]) -> Array:
        """Far from where a problem is at home it may overflow, or refuse."""
        with np.errstate(all="ignore"):
            try:
                return np.array(function(x), dtype=np.float64)
            except ValueError:
                out = np.full(shape, np.nan)
            for i in range(len(x)):
                try:
                    out[i] = function(x[i : i + 1])[0]
                except ValueError as reason:
                    self.failures.append(str(reason))
        return out

    def climb(
        self, score: Callable[[Array], Array], first: Array | None = None
    ) -> tuple[float, Array, int]:
        """The largest score that evolution finds: its value, where, and the points it tried.

        score, (n, dim) -> (n,); what is not a number counts for nothing. The best eighth of the
        points have children around them, nearer and nearer.
        """
        n = max(self.points // 8, 8)
        x = np.concatenate([self.centres, self.sample(n)])
        x = x if first is None else np.concatenate([x, self.inside(first)])
        scores, tried, spread = _numbers(score(x)), len(x), self.scale
        for _ in range(7):
            best = np.argsort(-scores)[: max(n // 8, 1)]
            x, scores = x[best], scores[best]
            spread *= 0.4
            away = self.generator.standard_normal((n, self.problem.dim)) / self.problem.dim**0.5
            children = self.inside(x[np.arange(n) % len(x)] + spread * away)
            x, scores = (
                np.concatenate([x, children]),
                np.concatenate([scores, _numbers(score(children))]),
            )
            tried += n
        at = int(scores.argmax())
        return float(scores[at]), x[at], tried


def _numbers(scores: Array) -> Array:
    return np.where(np.isnan(scores), -np.inf, scores)
