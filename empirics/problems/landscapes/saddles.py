"""A saddle, from which plain gradient descent escapes as slowly as it likes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.additive import Additive
from empirics.problems.base import Array, flag, real
from empirics.problems.landscapes.base import exact, fields, point


def saddle(
    up: float = 1.0,
    down: float = 1.0,
    *,
    bounded: bool = False,
    sigma: float = 0.0,
    noise: str = "two-point",
    start: ArrayLike = (1.0, 0.01),
) -> Saddle:
    r"""Up along x, down along y: for ever, or into two valleys that become flat.

    .. math:: f(x, y) = \tfrac u2 x^2 - \tfrac d2 y^2, \qquad
              \text{bounded:}\quad f(x, y) = \tfrac u2 x^2 - \tfrac d2 \frac{y^2}{1 + y^2}

    Parameters: up = u > 0 and down = d > 0, curvatures at the saddle 0; bounded, which of the two;
    sigma, the standard deviation of the noise, and its law; start = x_0. The first has no infimum.
    The other has the infimum -d/2, which no point attains, so that it knows no minimiser.
    Raises ValueError if a number is out of its range.

    With w = y^2, the second derivative of y^2/(1 + y^2)/2 is (1 - 3 w)/(1 + w)^3, which falls from
    1 at w = 0 to -1/4 at w = 1 and then grows to 0. So L = max(u, d) and mu_sc = -d hold
    everywhere, for both, and are attained at 0.

    >>> problem = saddle(bounded=True)
    >>> problem.L, problem.mu_sc, problem.infimum, "infimum" in saddle().constants
    (1.0, -1.0, -0.5, False)

    Source: any; for why it is escaped at all, Lee et al., Gradient descent converges to minimizers
    (2016), Theorem 4.
    """
    u, d = (real("saddle", name, a, 0, ends="()") for name, a in (("up", up), ("down", down)))
    constants = {
        "L": exact(max(u, d), "largest curvature in size, at the saddle"),
        "mu_sc": exact(-d, "smallest curvature, at the saddle"),
    }
    if flag("saddle", "bounded", bounded):
        constants["infimum"] = exact(-d / 2, "limit along y, not attained")
    return Saddle(
        **fields(
            "bounded saddle" if bounded else "saddle",
            start=point("saddle", "start", start, 2),
            sigma=sigma,
            noise=noise,
            constants=constants,
            settings={"kind": "saddle", "up": u, "down": d, "bounded": bool(bounded)},
        ),
        up=u,
        down=d,
        bounded=bool(bounded),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Saddle(Additive):
    """What `saddle` makes. Fields beyond Additive: its two curvatures, and whether it ends."""

    up: float
    down: float
    bounded: bool

    def value(self, x: Array) -> Array:
        w = np.square(x[..., 1])
        fall = w / (1 + w) if self.bounded else w
        return np.asarray(self.up / 2 * np.square(x[..., 0]) - self.down / 2 * fall)

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        out = np.multiply(x, (self.up, -self.down), out=out)
        if self.bounded:
            out[..., 1] /= np.square(1 + np.square(x[..., 1]))
        return out
