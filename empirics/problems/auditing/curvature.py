r"""Smoothness and convexity: the steepest and the least change of the gradient between two points.

.. math:: L \ge \frac{|\nabla f(a) - \nabla f(b)|}{|a - b|}, \qquad
          \mu \le \frac{\langle \nabla f(a) - \nabla f(b), a - b \rangle}{|a - b|^2}

In a convex region both are decided by pairs as near as one likes, so pairs c +- s v are enough. For
many of them v goes towards the extreme eigenvectors of the Hessian at c by a few products; from the
best ones L-BFGS moves c and v.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from empirics.problems.auditing.ground import Ground
from empirics.problems.auditing.record import Finding
from empirics.problems.base import Array, Constant
from empirics.problems.calling import point

NARROW, WIDE = -5.0, -2.0  # logarithms of the half distances s of pairs, in units of the scale
ROUNDS = 4  # products towards an eigenvector
SLACK = 1e-6  # relative: what a constant may be exceeded by
UNITS = 256.0  # of rounding, that a difference of gradients may be off
MOST = 60  # pairs of one search
NEAR = 1e-3  # differences in the search, in units of s


@dataclass(frozen=True, eq=False, kw_only=True)
class Pair:
    """The worst pair of points: a and b, (dim,), their quotient, and how far rounding reaches."""

    a: Array
    b: Array
    quotient: float
    rounding: float
    tried: int


def smoothness(ground: Ground, claimed: Constant) -> Finding:
    """L by maximising the quotient."""
    found = worst(ground, least=False)
    return _judged(ground, "L", claimed, found, found.quotient - found.rounding, ">")


def convexity(ground: Ground, claimed: Constant) -> Finding:
    """mu_sc by minimising the quotient."""
    found = worst(ground, least=True)
    return _judged(ground, "mu_sc", claimed, found, found.quotient + found.rounding, "<")


def _judged(
    ground: Ground, key: str, claimed: Constant, found: Pair, sure: float, sign: str
) -> Finding:
    told = ground.problem.constants
    size = max([abs(told[name].value) for name in ("L", "mu_sc") if name in told])
    claim = f"{key} = {claimed.value:.6g} ({claimed.provenance})"
    if not np.isfinite(found.quotient):
        words = "no two points were found with finite gradients"
        return Finding(claim=claim, key=key, outcome="not tried", tried=0, worst=None, words=words)
    slack = SLACK * size
    broken = sure > claimed.value + slack if sign == ">" else sure < claimed.value - slack
    if not broken:
        extreme = "largest" if sign == ">" else "smallest"
        words = f"{found.tried} pairs of points: {extreme} quotient {found.quotient:.6g}"
        outcome: Any = "stands"
    else:
        words = f"quotient {found.quotient:.6g} between x = {point(found.a)}, y = {point(found.b)}"
        outcome = "exceeded" if claimed.provenance == "estimate" else "refuted"
    return Finding(
        claim=claim,
        key=key,
        outcome=outcome,
        tried=found.tried,
        worst=found.quotient,
        words=words,
        witness={"x": found.a.tolist(), "y": found.b.tolist()} if broken else {},
    )


def worst(ground: Ground, *, least: bool) -> Pair:
    """The pair with the largest quotient of lengths, or with the least quotient of L and mu."""
    n, draw = max(ground.points // (2 * ROUNDS), 4), ground.generator
    c = np.concatenate([ground.centres, ground.sample(n)])
    s = ground.scale * 10 ** draw.uniform(NARROW, WIDE, len(c))
    v = _unit(draw.standard_normal(c.shape))
    quotient, rounding, tried = np.full(len(c), np.nan), np.zeros(len(c)), 0
    largest = 0.0
    for _ in range(ROUNDS):
        used = v = _unit(v)
        a, b, change, found, error = _pairs(ground, c, s, v, least)
        tried += len(c)
        with np.errstate(invalid="ignore"):
            size = np.linalg.norm(change, axis=1) / (2 * s)
        largest = max(largest, float(np.nanmax(size, initial=0.0)))
        quotient, rounding = found, error
        ahead = largest * v - change / (2 * s[:, None]) if least else change
        there = np.asarray(np.isfinite(ahead).all(axis=1) & ahead.any(axis=1))
        v = np.where(there[:, None], ahead, draw.standard_normal(c.shape))
    sure = quotient + rounding if least else -(quotient - rounding)
    order = np.argsort(np.where(np.isnan(sure), np.inf, sure))
    if not np.isfinite(sure[order[0]]):
        return Pair(a=a[0], b=b[0], quotient=np.nan, rounding=0.0, tried=0)
    top = order[0]
    best = Pair(
        a=a[top], b=b[top], quotient=float(quotient[top]), rounding=float(rounding[top]), tried=0
    )
    for k in order[: ground.starts]:
        if np.isfinite(sure[k]):
            found_here, evaluations = _searched(ground, c[k], float(s[k]), used[k], least)
            tried += evaluations
            for pair in found_here:
                gain = best.quotient - pair.quotient if least else pair.quotient - best.quotient
                best = pair if gain > 0 else best
    return Pair(a=best.a, b=best.b, quotient=best.quotient, rounding=best.rounding, tried=tried)


def _pairs(
    ground: Ground, c: Array, s: Array, v: Array, least: bool
) -> tuple[Array, Array, Array, Array, Array]:
    """The ends a and b, the change of the gradient, the quotient and what rounding can do to it."""
    c = ground.inside(c, 2 * s)
    a, b = (ground.inside(x) for x in (c + s[:, None] * v, c - s[:, None] * v))
    g = ground.gradient(np.concatenate([a, b]))
    above, below = g[: len(c)], g[len(c) :]
    apart = a - b
    distance = np.linalg.norm(apart, axis=1)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        change = above - below
        quotient = np.vecdot(change, apart) / distance if least else np.linalg.norm(change, axis=1)
        quotient = quotient / distance
        size = np.linalg.norm(above, axis=1) + np.linalg.norm(below, axis=1)
        size = size + quotient * np.linalg.norm(c, axis=1)  # the points are rounded, too
        rounding = UNITS * ground.rounding * np.abs(size) / distance
    quotient = np.where(ground.contains(a, b) & (distance > 0), quotient, np.nan)
    return a, b, change, quotient, rounding


def _searched(ground: Ground, c: Array, s: float, v: Array, least: bool) -> tuple[list[Pair], int]:
    """L-BFGS from one pair; s stays, c may leave the region and is moved back into it."""
    from scipy.optimize import minimize

    seen: list[Pair] = []
    d = len(c)

    def objective(z: Array, best: list[float]) -> tuple[float, Array]:
        where, direction = z[:d], z[d:]
        size = float(np.linalg.norm(direction)) or 1.0
        u = direction / size
        x = ground.inside(where[None], 2 * s)[0]
        a, b, change, quotient, rounding = _pairs(ground, x[None], np.array([s]), u[None], least)
        if not np.isfinite(quotient[0]):
            return 1e300, np.zeros(2 * d)
        w = u if least else _unit(change)[0]
        h = NEAR * s
        g = ground.gradient(np.stack([a[0] + h * w, a[0] - h * w, b[0] + h * w, b[0] - h * w]))
        at_a, at_b = (g[0] - g[1]) / (2 * h), (g[2] - g[3]) / (2 * h)  # products with H
        sign = 1.0 if least else -1.0
        along_x = sign * (at_a - at_b) / (2 * s)
        along_u = sign * (at_a + at_b) / 2 + (change[0] / (2 * s) if least else 0.0)
        along_u = (along_u - (along_u @ u) * u) / size
        value = sign * float(quotient[0])
        if value < best[0]:
            best[0] = value
            seen[:] = [
                Pair(
                    a=a[0],
                    b=b[0],
                    quotient=float(quotient[0]),
                    rounding=float(rounding[0]),
                    tried=0,
                )
            ]
        slope = np.concatenate([ground.slope(where, along_x, 2 * s), along_u])
        return value, slope if np.isfinite(slope).all() else np.zeros(2 * d)

    found = minimize(
        partial(objective, best=[np.inf]),
        np.concatenate([c, v]),
        jac=True,
        method="L-BFGS-B",
        options={"maxfun": min(ground.points, MOST)},
    )
    return seen, int(found.nfev)


def _unit(v: Array) -> Array:
    size = np.linalg.norm(v, axis=-1, keepdims=True)
    return np.asarray(np.divide(v, size, out=np.zeros_like(v), where=size > 0))
