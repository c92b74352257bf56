"""Waves: cosines in every coordinate, alone or on a bowl that they fill with wells."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sqrt, tau

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.additive import Additive
from empirics.problems.base import Array, Constant, real, whole
from empirics.problems.landscapes.base import bound, exact, fields, point
from empirics.problems.regions import ball

CELLS = 50_000  # of the line, in each of which the Polyak-Lojasiewicz quotient is bounded
FAR = 0.9  # the quotient beyond the last cell is at least that


def cosine(
    dim: int = 1,
    *,
    radius: float | None = None,
    sigma: float = 0.0,
    noise: str = "two-point",
    start: ArrayLike | None = None,
) -> Waves:
    r"""One minus the cosine of every coordinate: gradients are bounded, and L = 1 everywhere.

    .. math:: f(x) = \sum_i (1 - \cos x_i)

    Parameters: dim; radius = r < pi, of a ball |x| <= r on which f is better than it is everywhere,
    none unless given; sigma, the standard deviation of the noise, and its law; start = x_0,
    (2, ..., 2)/sqrt(dim) unless given. The minimiser is 0 (and every multiple of 2 pi in each
    coordinate), the infimum 0. Raises ValueError if a number is out of its range or the start
    outside the ball.

    f'' = cos x is in [-1, 1] and 1 at 0: L = 1, mu_sc = -1, and |grad f| <= sqrt(dim), at
    x_i = pi/2. In the ball mu_sc = cos r, and since sin^2 x = (1 + cos x)(1 - cos x), the gradient
    dominates the gap with pl = (1 + cos r)/2, attained on an axis.

    >>> problem = cosine(radius=2.5)
    >>> problem.L, round(problem.constants["pl"].value, 4), round(problem.mu_sc, 4)
    (1.0, 0.0994, -0.8011)

    Source: any; a pendulum.
    """
    who = "cosine"
    d = whole(who, "dim", dim, 1)
    x = np.full(d, 2 / sqrt(d)) if start is None else point(who, "start", start, d)
    constants = {
        "L": exact(1.0, "f'' = cos x at 0"),
        "mu_sc": exact(-1.0, "f'' = cos x at pi"),
        "sharpness": exact(1.0, "f'' at 0"),
        "infimum": exact(0.0, "value at 0"),
        "gradient_bound": exact(sqrt(d), "every sine is 1"),
    }
    r = None if radius is None else real(who, "radius", radius, 0, pi, ends="()")
    if r is not None:
        constants["mu_sc"] = exact(cos(r), "f'' = cos x at |x_1| = r")
        constants["pl"] = exact((1 + cos(r)) / 2, "sin^2 x/(2 - 2 cos x) at |x_1| = r")
        constants["gradient_bound"] = bound(min(sqrt(d), r), "|sin x| <= 1 and <= |x|; |x| <= r")
    return Waves(
        **fields(
            who,
            start=x,
            sigma=sigma,
            noise=noise,
            constants=constants,
            settings={"kind": who, "dim": d, "radius": r},
            minimiser=np.zeros(d),
            region=None if r is None else ball(np.zeros(d), r),
        ),
        bowl=0.0,
        amplitude=1.0,
        frequency=1.0,
    )


def many_wells(
    dim: int = 1,
    *,
    amplitude: float = 0.5,
    frequency: float = tau,
    sigma: float = 0.0,
    noise: str = "two-point",
    start: ArrayLike | None = None,
) -> Waves:
    r"""A bowl full of wells: Rastrigin's function, with waves of any height and length.

    .. math:: f(x) = \sum_i \tfrac12 x_i^2 + A (1 - \cos \omega x_i)

    Parameters: dim; amplitude = A > 0 and frequency = omega > 0 of the waves; sigma, the standard
    deviation of the noise, and its law; start = x_0, (2.5, ..., 2.5)/sqrt(dim) unless given. The
    minimiser is 0, where both terms are least, the infimum 0. All constants hold everywhere.
    Raises ValueError if a number is out of its range.

    f'' = 1 + A omega^2 cos(omega x) gives L = 1 + A omega^2, at 0, and mu_sc = 1 - A omega^2. Waves
    that are low enough leave no well but the one at 0, and then the gradient dominates the gap
    though f is not convex: "pl" is a lower bound of f'^2/(2 f), found cell by cell (`dominance`).

    >>> many_wells().L, "pl" in many_wells().constants
    (20.739208802178716, False)
    >>> low = many_wells(amplitude=0.75, frequency=2.0)
    >>> low.mu_sc, round(low.constants["pl"].value, 3)
    (-2.0, 0.087)

    Source: Rastrigin, Systems of extremal control (1974); the case A = 3/4, omega = 2 is half of
    x^2 + 3 sin^2 x in Karimi, Nutini and Schmidt, Linear convergence of gradient and
    proximal-gradient methods under the Polyak-Lojasiewicz condition (2016), section 2.2.
    """
    who = "many wells"
    d = whole(who, "dim", dim, 1)
    A = real(who, "amplitude", amplitude, 0, ends="()")
    w = real(who, "frequency", frequency, 0, ends="()")
    x = np.full(d, 2.5 / sqrt(d)) if start is None else point(who, "start", start, d)
    constants = {
        "L": exact(1 + A * w**2, "1 + A omega^2, at 0"),
        "mu_sc": exact(1 - A * w**2, "1 - A omega^2, at pi/omega"),
        "sharpness": exact(1 + A * w**2, "1 + A omega^2"),
        "infimum": exact(0.0, "value at 0"),
    }
    found = dominance(A, w)
    if found is not None:
        constants["pl"] = found
    return Waves(
        **fields(
            who,
            start=x,
            sigma=sigma,
            noise=noise,
            constants=constants,
            settings={"kind": "many_wells", "dim": d, "amplitude": A, "frequency": w},
            minimiser=np.zeros(d),
        ),
        bowl=1.0,
        amplitude=A,
        frequency=w,
    )


def dominance(A: float, w: float) -> Constant | None:
    """A lower bound of f'^2/(2 f) over the line, for one coordinate of many wells; None if 0.

    A sum over coordinates has the bound of each. Up to |x| = pi/(2 w) curvatures are at least 1,
    and so is the quotient. In a cell of half-width h around m, |f'| >= |f'(m)| - L h and
    f <= f(m) + |f'(m)| h + L h^2/2. Beyond X, f' >= x - A w and f <= x^2/2 + 2 A, whose quotient
    (x - A w)^2/(x^2 + 4 A) grows with x.

    >>> dominance(0.5, 1.0).value > 1 - 0.5, dominance(1.0, 4.0)  # where mu_sc = 1/2, and wells
    (True, None)
    """
    L, a, first = 1 + A * w**2, A * w, pi / (2 * w)
    last = max(first, 2 * a, 2 * sqrt(A))
    while (last - a) ** 2 < FAR * (last**2 + 4 * A):
        last *= 2
    edges = np.linspace(first, last, CELLS + 1)
    h, m = (edges[1:] - edges[:-1]).max() / 2 * (1 + 1e-9), (edges[1:] + edges[:-1]) / 2
    slope = np.abs(m + a * np.sin(w * m))
    height = m**2 / 2 + A * (1 - np.cos(w * m)) + slope * h + L * h**2 / 2
    least = (np.square(np.maximum(slope - L * h, 0)) / (2 * height)).min()
    value = min(1.0, FAR, float(least) * (1 - 1e-9))
    return bound(value, "least |f'|^2/(2 f) of one coordinate, cell by cell") if value else None


@dataclass(frozen=True, eq=False, kw_only=True)
class Waves(Additive):
    """What `cosine` and `many_wells` make. Fields beyond Additive: bowl, 0 or 1; the waves."""

    bowl: float
    amplitude: float
    frequency: float

    def value(self, x: Array) -> Array:
        waves = self.amplitude * (1 - np.cos(self.frequency * x))
        return np.asarray((self.bowl / 2 * np.square(x) + waves).sum(axis=-1))

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        slope = np.sin(self.frequency * x)
        slope *= self.amplitude * self.frequency
        return np.add(slope, x, out=out) if self.bowl else np.add(slope, 0.0, out=out)
