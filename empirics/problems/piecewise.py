"""Functions of one variable with piecewise linear derivative: exact counterexamples, to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from empirics.problems import noise as noises
from empirics.problems.additive import Additive
from empirics.problems.base import Array, Constant


def piecewise_quadratic(
    knots: Sequence[tuple[float, float]],
    *,
    left: float,
    right: float,
    start: float,
    sigma: float = 0.0,
    name: str = "piecewise quadratic",
) -> PiecewiseQuadratic:
    r"""f with f' linear between the knots (position, f' there), and two-point noise of size sigma.

    Parameters: knots, positions strictly increasing; left and right, the slopes of f' outside them;
    start = x_0; sigma >= 0. f is 0 at the first knot. L and mu_sc (the largest slope in size, and
    the smallest), the minimiser and the infimum are exact. Raises ValueError if the knots do not
    increase, a number is not finite, or f is not bounded below.

    >>> dip = piecewise_quadratic([(-1.0, 0.0), (0.0, 1.0)], left=0.0, right=0.0, start=0.0)
    >>> dip.gradient(np.array([[-0.5], [3.0]])).ravel(), dip.L, dip.gap
    (array([0.5, 1. ]), 1.0, 0.5)
    """
    table = np.array(knots, dtype=np.float64)
    if table.ndim != 2 or table.shape[1:] != (2,) or not np.isfinite(table).all():
        raise ValueError(f"{name} needs finite knots (position, derivative), got {knots!r}")
    places, slopes = table.T
    if (np.diff(places) <= 0).any():
        raise ValueError(f"{name} needs knots at increasing positions, got {places.tolist()}")
    if not np.isfinite([left, right, start, sigma]).all() or sigma < 0:
        raise ValueError(f"{name} needs finite slopes and start and sigma >= 0, got {sigma}")
    if left < 0 or right < 0 or (left == 0 and slopes[0] > 0) or (right == 0 and slopes[-1] < 0):
        raise ValueError(f"{name} needs a function bounded below; f' points downwards outside")
    curvatures = [left, right, *(np.diff(slopes) / np.diff(places))]
    steps = np.diff(places) * (slopes[:-1] + slopes[1:]) / 2
    bare = PiecewiseQuadratic(
        name=name,
        dim=1,
        start=np.array([float(start)]),
        constants={},
        settings={
            "kind": "piecewise quadratic",
            "knots": table.tolist(),
            "left": left,
            "right": right,
            "start": start,
            "sigma": sigma,
        },
        lanes=256,
        sample_size=1 if sigma else 0,
        places=places,
        slopes=slopes,
        values=np.concatenate([[0.0], np.cumsum(steps)]),
        left=left,
        right=right,
        noise="two-point",
    )
    lowest = bare.lowest()
    exact = {
        "L": np.abs(curvatures).max(),
        "mu_sc": min(curvatures),
        "infimum": bare.value(lowest),
    }
    why = "read off the knots"
    constants = {
        key: Constant(value=float(value), provenance="exact", why=why)
        for key, value in exact.items()
    }
    constants |= noises.constants(name, "two-point", sigma)
    return replace(bare, constants=constants, minimiser=lowest)


@dataclass(frozen=True, eq=False, kw_only=True)
class PiecewiseQuadratic(Additive):
    """What `piecewise_quadratic` makes. Fields beyond Additive: the knots and values of f there."""

    places: Array  # (K,)
    slopes: Array  # f' at the knots
    values: Array  # f at the knots
    left: float
    right: float

    def value(self, x: Array) -> Array:
        at = np.clip(x[..., 0], self.places[0], self.places[-1])
        before = np.clip(np.searchsorted(self.places, at, side="right") - 1, 0, None)
        moved = at - self.places[before]
        inside = self.values[before] + moved * (self.slopes[before] + self._inside(at)) / 2
        outside = x[..., 0] - at  # != 0 beyond the knots only
        curve = np.where(outside < 0, self.left, self.right)
        return np.asarray(inside + outside * (self._inside(at) + curve * outside / 2))

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        out = np.empty_like(x) if out is None else out
        at = np.clip(x, self.places[0], self.places[-1])
        outside = x - at
        out[...] = self._inside(at) + np.where(outside < 0, self.left, self.right) * outside
        return out

    def lowest(self) -> Array:
        """A minimiser, (1,): a knot, or where f' crosses 0 between knots or outside."""
        p, q, s = self.places, self.slopes, np.diff(self.slopes) / np.diff(self.places)
        candidates = [*p]
        crossing = np.flatnonzero(q[:-1] * q[1:] < 0)
        candidates += [p[i] - q[i] / s[i] for i in crossing]
        if self.left > 0 and q[0] > 0:
            candidates.append(p[0] - q[0] / self.left)
        if self.right > 0 and q[-1] < 0:
            candidates.append(p[-1] - q[-1] / self.right)
        points = np.array(candidates, dtype=np.float64)[:, None]
        lowest: Array = points[self.value(points).argmin()]
        return lowest

    def _inside(self, at: Array) -> Array:
        """f' at points between the first and the last knot."""
        return np.interp(at, self.places, self.slopes)
