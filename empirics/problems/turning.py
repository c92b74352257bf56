"""A round bowl in the plane with noise on one circle only, which turns the iterate once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empirics.problems import noise as noises
from empirics.problems.base import Array, Constant, Problem, real

NEAR = 1e-9  # relative: how close to the circle an iterate is on it, so that rounding is forgiven


def turning_plane(radius: float, push: float, *, start: float = 1.0) -> TurningPlane:
    r"""A round bowl with noise at right angles to x, where |x| = radius, and none elsewhere.

    .. math:: f(x) = \tfrac12 |x|^2, \quad x \in \mathbb{R}^2, \qquad
              \xi(x) = \pm\,\mathrm{push} \cdot x^\perp \ \text{if } |x| = \mathrm{radius}

    A run that comes to the circle once is turned there, to either side with probability 1/2; the
    two sides are mirror images. From then on, under a delay, it may turn for ever, as no run does
    that starts with constant past: its iterates stay on a line.
    Parameters: radius > 0, push > 0; start, x_0 = (start, 0). All constants are exact.
    Raises ValueError if one is not a finite number, or not > 0.

    >>> plane = turning_plane(0.5, 2.0)
    >>> plane.noise_variance(np.array([[1.0, 0.0], [0.0, 0.5]])), plane.sigma
    (array([0., 1.]), 1.0)
    """
    r, p = (
        real("turning plane", what, value, 0, ends="()")
        for what, value in (("radius", radius), ("push", push))
    )
    x = np.array([real("turning plane", "start", start, 0, ends="()"), 0.0])
    exact = {
        "L": (1.0, "the Hessian is the identity"),
        "mu_sc": (1.0, "the Hessian is the identity"),
        "sharpness": (1.0, "the Hessian is the identity"),
        "sigma": (p * r, "push times radius, on the circle"),
        "noise_bound": (p * r, "push times radius, on the circle"),
        "infimum": (0.0, "value at the minimiser 0"),
    }
    return TurningPlane(
        name="turning plane",
        dim=2,
        start=x,
        constants={
            key: Constant(value=value, provenance="exact", why=why)
            for key, (value, why) in exact.items()
        },
        settings={"kind": "turning plane", "radius": r, "push": p, "start": float(start)},
        lanes=256,
        sample_size=1,
        minimiser=np.zeros(2),
        radius=r,
        push=p,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class TurningPlane(Problem):
    """What `turning_plane` makes. Fields beyond Problem: radius and push."""

    radius: float
    push: float

    def value(self, x: Array) -> Array:
        return np.asarray(np.vecdot(x, x) / 2)

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        out = np.empty_like(x) if out is None else out
        out[...] = x
        return out

    def draw(self, generator: np.random.Generator, steps: int, lanes: int) -> Array:
        return noises.draw("two-point", self.push, generator, steps, (lanes, 1))

    def stochastic_gradient(self, x: Array, sample: Array, out: Array) -> None:
        across = sample[:, 0] * self._on_the_circle(x)
        turned = np.stack([-x[:, 1] * across, x[:, 0] * across], axis=-1)
        np.add(x, turned, out=out)

    def noise_variance(self, x: Array) -> Array:
        return np.asarray(self._on_the_circle(x) * self.push**2 * np.vecdot(x, x))

    def _on_the_circle(self, x: Array) -> Array:
        off = np.abs(np.linalg.norm(x, axis=-1) - self.radius)
        return np.asarray(off <= NEAR * self.radius, dtype=np.float64)
