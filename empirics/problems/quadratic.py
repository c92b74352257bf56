"""Quadratics in their eigenbasis, where every constant and every second moment is exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems import noise as noises
from empirics.problems.additive import Additive
from empirics.problems.base import Array, Constant, whole

WIDE = 500  # dimensions from which narrower tiles stay in the cache


def quadratic(
    dim: int | None = None,
    *,
    mu: float | None = None,
    L: float | None = None,
    condition: float | None = None,
    spectrum: ArrayLike | None = None,
    sigma: float = 0.0,
    noise: str = "two-point",
    start: ArrayLike | None = None,
) -> Quadratic:
    r"""A quadratic bowl with additive noise.

    .. math:: f(x) = \tfrac12 \sum_i h_i x_i^2, \qquad g = \nabla f(x) + \xi, \qquad
              E|\xi|^2 = \sigma^2, \quad \sigma^2/\mathrm{dim} \text{ in each coordinate}

    Parameters: either spectrum = h, shape (dim,), curvatures >= 0, not all 0; or dim with L (1
    unless given) and mu or condition = L/mu, for h spaced evenly in the logarithm from mu to L.
    sigma, the standard deviation of the whole gradient vector. noise, "two-point" (each coordinate
    +-sigma/sqrt(dim)), "gaussian" or "student:DF" with DF > 2 degrees of freedom. start = x_0,
    shape (dim,), the unit vector of equal entries unless given. The minimiser is 0 and the infimum
    0; all constants are exact.
    Raises ValueError if the bowl is described twice or not at all, or a number is out of its range.

    >>> problem = quadratic(dim=3, mu=0.01, L=1.0, sigma=0.5)
    >>> problem.spectrum
    array([0.01, 0.1 , 1.  ])
    >>> problem.constants["L"]
    Constant(value=1.0, provenance='exact', why='largest entry of the spectrum')
    >>> problem.gap, problem.noise_variance(problem.start)
    (0.185, array(0.25))

    Source: any; the eigenbasis loses nothing, as SGD with isotropic noise commutes with rotations.
    """
    h = _spectrum(dim, mu, L, condition, spectrum)
    if not (np.isfinite(sigma) and sigma >= 0):
        raise ValueError(f"quadratic needs a finite sigma >= 0, got {sigma}")
    d = len(h)
    x = np.full(d, d**-0.5) if start is None else np.array(start, dtype=np.float64)
    lanes = 64 if d >= WIDE else 256
    return Quadratic(
        name="quadratic",
        dim=d,
        start=x,
        constants={
            "L": _exact(h.max(), "largest entry of the spectrum"),
            "mu_sc": _exact(h.min(), "smallest entry of the spectrum"),
            **noises.constants("quadratic", noise, float(sigma)),
            "infimum": _exact(0.0, "value at the minimiser 0"),
        },
        settings={
            "kind": "quadratic",
            **(
                {"spectrum": h.tolist()}
                if dim is None
                else {"dim": d, "mu": float(h[0]), "L": float(h[-1])}
            ),
            "sigma": float(sigma),
            "noise": noise,
            "start": None if start is None else x.tolist(),
        },
        lanes=lanes,
        sample_size=d if sigma else 0,
        # the nearest, where f is flat; a start of another shape is refused by `Problem`
        minimiser=np.where(h > 0, 0.0, x) if x.shape == h.shape else None,
        spectrum=h,
        noise=noise,
        tile=np.tile(h, (lanes, 1)),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Quadratic(Additive):
    """What `quadratic` makes.

    Fields beyond Additive: spectrum = h, (dim,); tile, h repeated for every lane,
    (lanes, dim), because NumPy is slow at multiplying by a short row.
    """

    spectrum: Array
    tile: Array

    def value(self, x: Array) -> Array:
        return np.asarray(np.square(x) @ (self.spectrum / 2))

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        h = self.tile if x.shape[-2:] == self.tile.shape else self.spectrum
        return np.multiply(x, h, out=out)


def _exact(value: float, why: str) -> Constant:
    return Constant(value=float(value), provenance="exact", why=why)


def _spectrum(
    dim: int | None,
    mu: float | None,
    L: float | None,
    condition: float | None,
    spectrum: ArrayLike | None,
) -> Array:
    if spectrum is not None:
        if not (dim is None and mu is None and L is None and condition is None):
            raise ValueError(
                "quadratic needs either a spectrum or dim with mu and L, got both; drop one of them"
            )
        h = np.array(spectrum, dtype=np.float64)
        if h.ndim != 1 or h.size == 0 or not np.isfinite(h).all():
            raise ValueError(f"quadratic needs a finite spectrum of shape (dim,), got {spectrum!r}")
        if h.min() < 0:
            raise ValueError(f"quadratic needs a spectrum >= 0, got {h.min()}; else inf f = -inf")
        if h.max() == 0:
            raise ValueError("quadratic needs a spectrum with a positive entry, got zeros only")
        return h
    d = whole("quadratic", "dim (or a spectrum)", dim, 1)
    if mu is not None and condition is not None:
        raise ValueError("quadratic needs mu or condition, got both; drop one of them")
    top = 1.0 if L is None else L
    if condition is not None and not condition >= 1:
        raise ValueError(f"quadratic needs condition = L/mu >= 1, got {condition}")
    if mu is None and condition is None and d > 1:
        raise ValueError(f"quadratic needs mu or condition = L/mu at dim = {d}, got neither")
    bottom = mu if mu is not None else top / (condition or 1.0)
    if not (np.isfinite(top) and 0 < bottom <= top):
        raise ValueError(f"quadratic needs 0 < mu <= L < inf, got mu = {bottom}, L = {top}")
    if d == 1 and bottom != top:
        raise ValueError(
            f"quadratic needs mu = L at dim = 1, got mu = {bottom}, L = {top}; take dim >= 2"
        )
    h = np.geomspace(bottom, top, d)
    h[0], h[-1] = bottom, top  # no rounding in the constants
    return h
