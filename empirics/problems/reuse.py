r"""A problem on which applying the same stochastic gradient again breaks Theorem 1 of Dai et al.

In the plane of y the function is L |y|^2/2 and the noise is +-r times the direction orthogonal to
y. A third coordinate, the clock, falls down a slope so slight that it adds nothing, but tells the
block: with delays 0, 1, ..., s - 1, 0, 1, ... a block reads its first iterate s times, and if the
very same noise comes each time, the block moves like one step E = eta_1 + ... + eta_s. With
r^2 = |y|^2 (2L/E - L^2) that step leaves |y| where it was: nothing converges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirics.problems import noise as noises
from empirics.problems.base import Array, Constant, Problem, whole

SLOPE = 1e-6  # of the clock, in units of sigma


def reuse_counterexample(
    eta: ArrayLike, window: int, *, L: float = 1.0, sigma: float = 1.0
) -> ReuseCounterexample:
    r"""The problem for given step sizes and window; run it with Cyclic(range(window)), reuse=True.

    .. math:: f(y, c) = \tfrac L2 |y|^2 + \varphi(c), \qquad g = \nabla f + \pm r(c)\, y^\perp/|y|

    Parameters: eta, the step sizes, (T,); window = s; L; sigma, the largest r. L, sigma, the
    minimiser and the infimum are exact; every point has noise of variance at most sigma^2.
    Raises ValueError if the steps are not positive or a block moves further than 1/L.

    >>> problem = reuse_counterexample(0.1 / np.sqrt(np.arange(1, 101)), window=10)
    >>> problem.dim, problem.sigma
    (3, 1.0)

    Source: the audit of Theorem 1, section 5.3; Dai et al. 2019 write the sample as xi(tau_k).
    """
    steps = np.array(eta, dtype=np.float64)
    s = whole("reuse counterexample", "window", window, 1)
    if steps.ndim != 1 or len(steps) < s or not (np.isfinite(steps) & (steps > 0)).all():
        raise ValueError(f"reuse counterexample needs at least {s} finite step sizes > 0")
    if not (np.isfinite([L, sigma]).all() and L > 0 and sigma > 0):
        raise ValueError(f"reuse counterexample needs L > 0 and sigma > 0, got {L} and {sigma}")
    blocks = len(steps) // s
    moves = steps[: blocks * s].reshape(blocks, s).sum(axis=1)  # E of each block
    if moves.max() * L > 1:
        raise ValueError(f"reuse counterexample needs blocks of steps below 1/L, got {moves.max()}")
    slack = 2 * L / moves - L**2  # r^2 / |y|^2
    radius = sigma / np.sqrt(slack.max())
    slope = SLOPE * sigma
    begins = slope * np.concatenate([[0.0], np.cumsum(moves)])
    end = slope * steps.sum()
    drop = slope * end + slope**2 / (2 * L)  # of the clock's part, from 0 to its infimum
    exact = {"L": L, "mu_sc": 0.0, "sigma": sigma, "infimum": -drop}
    why = "by construction"
    return ReuseCounterexample(
        name="reuse counterexample",
        dim=3,
        start=np.array([radius, 0.0, 0.0]),
        constants={
            key: Constant(value=float(value), provenance="exact", why=why)
            for key, value in exact.items()
        },
        settings={
            "kind": "reuse counterexample",
            "window": s,
            "L": L,
            "sigma": sigma,
            "steps": len(steps),
            "first step": float(steps[0]),
        },
        lanes=8,  # every replica has the same norms: few are enough
        sample_size=1,
        minimiser=np.array([0.0, 0.0, end + slope / L]),
        middles=(begins[:-2] + begins[1:-1]) / 2,
        sizes=radius * np.sqrt(slack),
        curvature=L,
        slope=slope,
        end=end,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class ReuseCounterexample(Problem):
    """What `reuse_counterexample` makes. Fields beyond Problem: the clock and the noise it tells.

    middles, clock readings between the starts of blocks, (B - 1,); sizes, r of each block, (B,).
    """

    middles: Array
    sizes: Array
    curvature: float
    slope: float
    end: float

    def value(self, x: Array) -> Array:
        y, c = x[..., :2], x[..., 2]
        beyond = np.clip(c - self.end, 0, self.slope / self.curvature)
        clock = -self.slope * (np.minimum(c, self.end) + beyond) + self.curvature / 2 * beyond**2
        return np.asarray(self.curvature / 2 * np.vecdot(y, y) + clock)

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        out = np.empty_like(x) if out is None else out
        np.multiply(self.curvature, x[..., :2], out=out[..., :2])
        flat = np.clip(self.curvature * (x[..., 2] - self.end), 0, self.slope)
        out[..., 2] = flat - self.slope
        return out

    def draw(self, generator: np.random.Generator, steps: int, lanes: int) -> Array:
        return noises.draw("two-point", 1.0, generator, steps, (lanes, 1))

    def stochastic_gradient(self, x: Array, sample: NDArray[Any], out: Array) -> None:
        self.gradient(x, out)
        size = self._size(x) * sample[..., 0] / np.maximum(np.hypot(x[..., 0], x[..., 1]), 1e-300)
        out[..., 0] -= size * x[..., 1]
        out[..., 1] += size * x[..., 0]

    def noise_variance(self, x: Array) -> Array:
        at_origin = (x[..., 0] == 0) & (x[..., 1] == 0)
        return np.where(at_origin, 0.0, self._size(x) ** 2)

    def _size(self, x: Array) -> Array:
        """r at every row, told by the clock."""
        block = np.searchsorted(self.middles, x[..., 2], side="right")
        return self.sizes[np.minimum(block, len(self.sizes) - 1)]
