"""Wells: one variable with two or many minima, and bowls or more wells beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.additive import Additive
from empirics.problems.base import Array, real, whole
from empirics.problems.landscapes.base import exact, fields, point
from empirics.problems.regions import ball


def double_well(
    dim: int = 1,
    *,
    curvature: float = 1.0,
    radius: float = 2.0,
    sigma: float = 0.0,
    noise: str = "two-point",
    start: ArrayLike | None = None,
) -> DoubleWell:
    r"""Two wells along the first coordinate, a bowl along the others.

    .. math:: f(x) = \tfrac14 (x_1^2 - 1)^2 + \tfrac c2 \sum_{i \ge 2} x_i^2

    Parameters: dim; curvature = c > 0, of the bowl; radius = r >= 1, of the ball |x| <= r on which
    the constants hold; sigma, the standard deviation of the noise, and its law, as everywhere;
    start = x_0, (0.2, b, ..., b) with |(b, ..., b)| = 1/2 unless given. The minimiser is the one of
    (+-1, 0, ..., 0) on the side of x_0, the infimum 0; between them, at 0, lies a saddle (dim = 1:
    a maximum).
    Raises ValueError if a number is out of its range or the start outside the ball.

    The Hessian is diagonal with 3 x_1^2 - 1 and c, so that in the ball L = max(1, 3 r^2 - 1, c)
    and mu_sc = -1, both attained: at |x_1| = r and at 0. For a given s = x_1^2 gradients are
    largest on |x| = r, and their square s (s - 1)^2 + c^2 (r^2 - s) is largest at an end or a root
    of its derivative.

    >>> problem = double_well()
    >>> problem.L, problem.mu_sc, problem.region.words, problem.minimiser
    (11.0, -1.0, '|x| <= 2', array([1.]))

    Source: the standard picture of bistability; no theorem.
    """
    d = whole("double well", "dim", dim, 1)
    c = real("double well", "curvature", curvature, 0, ends="()")
    r = real("double well", "radius", radius, 1)
    x = np.full(d, 0.5 / max(d - 1, 1) ** 0.5)
    x[0] = 0.2
    if start is not None:
        x = point("double well", "start", start, d)
    lowest = np.zeros(d)
    lowest[0] = 1.0 if x[0] >= 0 else -1.0
    bowl = c if d > 1 else 0.0
    return DoubleWell(
        **fields(
            "double well",
            start=x,
            sigma=sigma,
            noise=noise,
            constants={
                "L": exact(max(1.0, 3 * r**2 - 1, bowl), "largest of 1, 3 r^2 - 1, c; |x| <= r"),
                "mu_sc": exact(-1.0, "f'' = 3 x^2 - 1 at 0"),
                "sharpness": exact(max(2.0, bowl), "largest of 2 and c, at (+-1, 0)"),
                "infimum": exact(0.0, "value at (+-1, 0)"),
                "gradient_bound": exact(_longest(bowl, r), "largest |grad f|, over s = x_1^2"),
            },
            settings={"kind": "double_well", "dim": d, "curvature": c, "radius": r},
            minimiser=lowest,
            region=ball(np.zeros(d), r),
        ),
        curvature=c,
    )


def _longest(c: float, r: float) -> float:
    """The largest |grad f| on |x| <= r: the root of the largest s (s - 1)^2 + c^2 (r^2 - s)."""
    roots = (2 + np.array([1, -1]) * np.sqrt(1 + 3 * c**2)) / 3  # of 3 s^2 - 4 s + 1 - c^2
    s = np.clip([0.0, r**2, *roots], 0, r**2)
    return float(np.sqrt((s * (s - 1) ** 2 + c**2 * (r**2 - s)).max()))


@dataclass(frozen=True, eq=False, kw_only=True)
class DoubleWell(Additive):
    """What `double_well` makes. Fields beyond Additive: curvature, of the bowl beside the wells."""

    curvature: float

    def value(self, x: Array) -> Array:
        bowl = self.curvature / 2 * np.square(x[..., 1:]).sum(axis=-1)
        return np.asarray(np.square(np.square(x[..., 0]) - 1) / 4 + bowl)

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        out = np.multiply(x, self.curvature, out=out)
        first = x[..., 0]
        out[..., 0] = first * (first * first - 1)
        return out
