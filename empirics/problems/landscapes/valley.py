"""Rosenbrock's valley: curved, flat along and steep across."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.additive import Additive
from empirics.problems.base import Array, Constant, real
from empirics.problems.landscapes.base import bound, exact, fields, point
from empirics.problems.regions import box

Pair = tuple[float, float]


def rosenbrock(
    a: float = 1.0,
    b: float = 100.0,
    *,
    low: ArrayLike = (-2.0, -1.0),
    high: ArrayLike = (2.0, 3.0),
    sigma: float = 0.0,
    noise: str = "two-point",
    start: ArrayLike = (-1.2, 1.0),
) -> Rosenbrock:
    r"""The valley y = x^2, along which f falls slowly to (a, a^2).

    .. math:: f(x, y) = (a - x)^2 + b (y - x^2)^2

    Parameters: a; b > 0; low and high, corners of the box on which the constants hold, with the
    minimiser (a, a^2) in it; sigma, the standard deviation of the noise, and its law; start = x_0,
    Rosenbrock's own unless given. Raises ValueError if a number is out of its range or the start
    or the minimiser outside the box.

    The Hessian has entries p = 2 + 12 b x^2 - 4 b y, q = -4 b x and 2 b. Its larger eigenvalue
    grows with p and |q|, both largest at the largest |x| and least y. Its smaller one grows with p,
    and below 2 b/3 with x^2 too: there the characteristic polynomial at a fixed value v has the
    derivative 8 b^2 - 12 b v in x^2. So L and mu_sc are eigenvalues in two corners of the box (for
    least |x|, its closest point to the axis): exact. With residuals r = (a - x, sqrt(b) (y - x^2))
    and their derivative J, grad f = 2 J' r, so that pl is twice the least eigenvalue of J J', which
    falls with |x|.

    >>> problem = rosenbrock()
    >>> round(problem.L, 3), problem.mu_sc, round(problem.constants["sharpness"].value, 3)
    (5326.833, -1198.0, 1001.601)
    >>> round(problem.constants["pl"].value, 4)
    0.1176

    Source: Rosenbrock, An automatic method for finding the greatest or least value of a function
    (1960).
    """
    who = "rosenbrock"
    a, b = real(who, "a", a, -np.inf, ends="()"), real(who, "b", b, 0, ends="()")
    region = box(point(who, "low", low, 2), point(who, "high", high, 2))
    lowest = np.array([a, a**2])
    if not region.contains(lowest):
        raise ValueError(f"{who} needs its minimiser {lowest.tolist()} in {region.words}")
    near, far = _sizes(region.low[0], region.high[0])
    least = _eigenvalues(near, region.high[1], b)[0]
    largest = _eigenvalues(far, region.low[1], b)[1]
    J = np.array([[-1.0, 0.0], [-2 * b**0.5 * far, b**0.5]])
    across = 2 * b * max(region.high[1] - near**2, far**2 - region.low[1])  # at most |df/dy|
    along = 2 * max(a - region.low[0], region.high[0] - a) + 2 * far * across
    dominated = 2 * float(np.linalg.svd(J, compute_uv=False)[-1]) ** 2
    return Rosenbrock(
        **fields(
            who,
            start=point(who, "start", start, 2),
            sigma=sigma,
            noise=noise,
            constants={
                "L": exact(max(largest, -least), f"eigenvalue in a corner of {region.words}"),
                "mu_sc": _lowest(least, b),
                "pl": bound(dominated, "2 s^2, s the least singular value of the residuals' slope"),
                "sharpness": exact(_eigenvalues(a, a**2, b)[1], "larger eigenvalue at (a, a^2)"),
                "gradient_bound": bound(float(np.hypot(along, across)), "each part at its largest"),
                "infimum": exact(0.0, "value at (a, a^2)"),
            },
            settings={
                "kind": who,
                "a": a,
                "b": b,
                "low": region.low.tolist(),
                "high": region.high.tolist(),
            },
            minimiser=lowest,
            region=region,
        ),
        a=a,
        b=b,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Rosenbrock(Additive):
    """What `rosenbrock` makes. Fields beyond Additive: a, where the valley ends, and b, how steep
    it is.
    """

    a: float
    b: float

    def value(self, x: Array) -> Array:
        u, v = x[..., 0], x[..., 1]
        return np.asarray((self.a - u) ** 2 + self.b * (v - u * u) ** 2)

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        out = np.empty_like(x) if out is None else out
        u = x[..., 0]
        across = 2 * self.b * (x[..., 1] - u * u)
        out[..., 0] = 2 * (u - self.a) - 2 * u * across
        out[..., 1] = across
        return out


def _eigenvalues(x: float, y: float, b: float) -> Pair:
    """Of the Hessian at (x, y), ascending."""
    p, q = 2 + 12 * b * x**2 - 4 * b * y, -4 * b * x
    values = np.linalg.eigvalsh(np.array([[p, q], [q, 2 * b]]))
    return float(values[0]), float(values[1])


def _sizes(low: float, high: float) -> Pair:
    """The least and the largest |x| in an interval."""
    near = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    return near, max(abs(low), abs(high))


def _lowest(least: float, b: float) -> Constant:
    """mu_sc from the smaller eigenvalue in its corner: beyond 2 b/3 it is only known to be that."""
    if least <= 2 * b / 3:
        return exact(least, "smaller eigenvalue at the least |x| and largest y of the box")
    return bound(2 * b / 3, "2 b/3, which the smaller eigenvalue exceeds")
