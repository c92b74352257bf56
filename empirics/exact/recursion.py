"""Covariances of the latest n iterates, carried from update to update in a ring: any schedule.

A shared delay costs O(n) numbers an update and mode, a law of delays O(n^2), in one product of
matrix and vector.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from empirics.exact.reading import Drawn, Shared
from empirics.problems.base import Array

ROOM = 2**27  # a gigabyte

# mean (T + 1, dim), covariance (T + 1, window, dim), moments of the points read (3, T, dim)
Found: TypeAlias = tuple[Array, Array, Array]


@dataclass(frozen=True, eq=False, kw_only=True)
class Tables:
    """What the moments depend on.

    Fields: h, (dim,); start = x_0, (dim,); variance, of the noise in each coordinate; eta, (T,);
    momentum; reading, the delays or their law; window, how many lags are asked for.
    """

    h: Array
    start: Array
    variance: float
    eta: Array
    momentum: float
    reading: Shared | Drawn
    window: int


def recursion(tables: Tables) -> Found:
    """The moments, one update after the other. C[i, j] is the covariance of slots i and j."""
    steps, dim, s = len(tables.eta), len(tables.h), tables.window
    n = max(tables.reading.longest + 1, s, 2)
    if n * n * dim > ROOM:
        raise ValueError(
            f"exact.moments needs (tau + 1)^2 dim <= {ROOM} numbers for the covariances of the "
            f"latest iterates, got {n}^2 * {dim}; take fewer modes at a time, or simulate"
        )
    C, m = np.zeros((n, n, dim)), np.tile(tables.start, (n, 1))  # before x_0 lies x_0
    flat, variances = C.reshape(n, n * dim), C.reshape(n * n, dim)[:: n + 1]
    mean, covariance = np.empty((steps + 1, dim)), np.zeros((steps + 1, s, dim))
    read = np.empty((3, steps, dim))
    mean[0] = tables.start
    delays: list[int] | None = None
    weights = np.empty(0)
    if isinstance(tables.reading, Shared):
        delays = tables.reading.delays.tolist()
    else:
        weights = _wheel(tables.reading.pmf, n)
    lags, betas = np.arange(s), _betas(tables.eta, tables.momentum)
    for t, eta in enumerate(tables.eta.tolist()):
        i, before, new, a = t % n, (t - 1) % n, (t + 1) % n, eta * tables.h
        if delays is not None:
            r = (t - delays[t]) % n
            with_y, y, var_y = C[r], m[r], C[r, r]
        else:
            w = weights[(n - 1 - t) % n :][:n]  # of the slots
            with_y, y = (w @ flat).reshape(n, dim), w @ m
            var_y = w @ (variances + np.square(m - y))
        read[:, t] = y, var_y, with_y[i]
        u, row = m[i], C[i] - a * with_y
        var_u, u_with_y = C[i, i], with_y[i]
        if beta := betas[t]:
            u, row = u + beta * (u - m[before]), row + beta * (C[i] - C[before])
            along = C[i, i] - C[i, before]
            across = along - C[i, before] + C[before, before]
            var_u = var_u + 2 * beta * along + beta**2 * across
            u_with_y = u_with_y + beta * (with_y[i] - with_y[before])
        row[new] = var_u - a * (2 * u_with_y - a * var_y) + eta**2 * tables.variance
        mean[t + 1] = m[new] = u - a * y
        C[new] = row
        C[:, new] = row
        covariance[t + 1] = row[(new - lags) % n]
    return mean, covariance, read


def _betas(eta: Array, momentum: float) -> list[float]:
    """What x_t - x_{t-1} is multiplied by: the running sum of gradients outlives its step size."""
    if not momentum:
        return [0.0] * len(eta)
    return [0.0, *(momentum * eta[1:] / eta[:-1]).tolist()]


def _wheel(pmf: Array, n: int) -> Array:
    """The law turned so that a slice of it, from n - 1 - t (mod n) on, gives slot i its weight.

    Slot i holds the iterate of lag (t - i) mod n.
    """
    padded = np.zeros(n)
    padded[: len(pmf)] = pmf
    return np.tile(padded[::-1], 2)
