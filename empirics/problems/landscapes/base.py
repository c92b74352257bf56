"""Functions of few variables that are not convex, with noise added to their gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems import noise as noises
from empirics.problems.base import Array, Constant, real
from empirics.problems.regions import Ball, Box, Region

LANES = 256


def exact(value: float, why: str) -> Constant:
    return Constant(value=float(value), provenance="exact", why=why)


def bound(value: float, why: str) -> Constant:
    return Constant(value=float(value), provenance="bound", why=why)


def point(who: str, what: str, value: ArrayLike, dim: int | None = None) -> Array:
    """A finite vector, (dim,) of any length unless dim is given; else one sentence.

    >>> point("saddle", "start", [1, 2], 2)
    array([1., 2.])
    >>> point("saddle", "start", [1.0], 2)
    Traceback (most recent call last):
    ValueError: saddle needs a finite start of shape (2,), got [1.0]
    """
    words = f"{who} needs a finite {what} of shape ({dim or 'dim'},), got {value!r}"
    try:
        found = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(words) from None
    if found.ndim != 1 or not found.size or not np.isfinite(found).all():
        raise ValueError(words)
    if dim is not None and len(found) != dim:
        raise ValueError(words)
    return found


def fields(
    name: str,
    *,
    start: Array,
    sigma: float,
    noise: str,
    constants: Mapping[str, Constant],
    settings: Mapping[str, Any],
    minimiser: Array | None = None,
    region: Region | None = None,
) -> dict[str, Any]:
    """What all landscapes tell `Additive` alike; `settings` are those of the function alone.

    A bounded region with the minimiser x* in it bounds the gradient, if nothing better is known:
    |grad f(x)| <= L |x - x*|. Raises ValueError if sigma < 0 or the start is not in the region.
    """
    spread = real(name, "sigma", sigma, 0)
    if region is not None and not region.contains(start):
        raise ValueError(
            f"{name} needs a start in its region {region.words}, got {start.tolist()[:4]}"
            f"{' and more' * (len(start) > 4)}; make the region larger"
        )
    known = {**constants, **noises.constants(name, noise, spread)}
    if region is not None and minimiser is not None and region.contains(minimiser):
        far = farthest(region, minimiser)
        steepest = bound(known["L"].value * far, "L times the largest distance to the minimiser")
        known.setdefault("gradient_bound", steepest)
    if "gradient_bound" in known:
        why = "gradient_bound^2 + sigma^2"
        known["second_moment"] = bound(known["gradient_bound"].value ** 2 + spread**2, why)
    return {
        "name": name,
        "dim": len(start),
        "start": start,
        "constants": known,
        "settings": {**settings, "sigma": spread, "noise": noise, "start": start.tolist()},
        "lanes": LANES,
        "sample_size": len(start) if spread else 0,
        "minimiser": minimiser,
        "region": region,
        "noise": noise,
    }


def farthest(region: Region, x: Array) -> float:
    """The largest distance of a point of the region from x.

    >>> from empirics.problems.regions import ball, box
    >>> farthest(ball([1.0], 2.0), np.zeros(1)), farthest(box([-1, 0], [1, 2]), np.zeros(2))
    (3.0, 2.23606797749979)
    """
    match region:
        case Ball(centre=centre, radius=radius):
            return float(np.linalg.norm(centre - x)) + radius
        case Box(low=low, high=high):
            return float(np.linalg.norm(np.maximum(np.abs(low - x), np.abs(high - x))))
    raise TypeError(f"farthest needs a ball or a box, got {region!r}")
