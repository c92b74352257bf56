"""Covariances of the latest n iterates, carried from update to update in a ring.

K shared delays cost O(K n) numbers an update and mode, a law of delays O(n^2), in one product of
matrix and vector.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empirics.exact.noise import Noise
from empirics.exact.reading import Drawn, Shared
from empirics.problems.base import Array

ROOM = 2**27  # a gigabyte


@dataclass(frozen=True, eq=False, kw_only=True)
class Found:
    """Moments of every mode, as `moments.Exact` has them.

    Fields: mean, (T + 1, dim); covariance, (T + 1, window, dim); read, the mean and variance of the
    points read and their covariance with x_t, (3, T, dim), None where none is an old iterate;
    disagreement, of caches, (T + 1,), None where there are none.
    """

    mean: Array
    covariance: Array
    read: Array | None = None
    disagreement: Array | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Tables:
    """What the moments depend on.

    Fields: h, (dim,); start = x_0, (dim,); noise, of one gradient; eta, (T,); momentum; window, how
    many lags are asked for.
    """

    h: Array
    start: Array
    noise: Noise
    eta: Array
    momentum: float
    window: int


def recursion(tables: Tables, reading: Shared | Drawn) -> Found:
    """The moments, one update after the other. C[i, j] is the covariance of slots i and j."""
    steps, dim, s = len(tables.eta), len(tables.h), tables.window
    n = max(reading.longest + 1, s, 2)
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
    delays: list[list[int]] | None = None
    weights, K = np.empty(0), 1
    if isinstance(reading, Shared):
        delays, K = reading.delays.tolist(), reading.delays.shape[1]
    else:
        weights = _wheel(reading.pmf, n)
    lags, grown = np.arange(s), betas(tables.eta, tables.momentum)
    variance, relative = tables.noise.variance / K, tables.noise.relative / K
    grows = bool(relative.any())
    for t, eta in enumerate(tables.eta.tolist()):
        i, before, new, a = t % n, (t - 1) % n, (t + 1) % n, eta * tables.h
        if delays is None:
            w = weights[(n - 1 - t) % n :][:n]  # of the slots
            with_y, y = (w @ flat).reshape(n, dim), w @ m
            var_y = w @ (variances + np.square(m - y))
            squares = var_y + y**2 if grows else var_y
        elif K == 1:
            r = (t - delays[t][0]) % n
            with_y, y, var_y = C[r], m[r], C[r, r]
            squares = var_y + y**2 if grows else var_y
        else:
            rows = [(t - delay) % n for delay in delays[t]]
            with_y, y = C[rows].mean(axis=0), m[rows].mean(axis=0)
            var_y = with_y[rows].mean(axis=0)
            squares = (C[rows, rows] + m[rows] ** 2).mean(axis=0)
        read[:, t] = y, var_y, with_y[i]
        u, row = m[i], C[i] - a * with_y
        var_u, u_with_y = C[i, i], with_y[i]
        if beta := grown[t]:
            u, row = u + beta * (u - m[before]), row + beta * (C[i] - C[before])
            along = C[i, i] - C[i, before]
            across = along - C[i, before] + C[before, before]
            var_u = var_u + 2 * beta * along + beta**2 * across
            u_with_y = u_with_y + beta * (with_y[i] - with_y[before])
        row[new] = var_u - a * (2 * u_with_y - a * var_y) + eta**2 * variance
        if grows:
            row[new] += a**2 * relative * squares
        mean[t + 1] = m[new] = u - a * y
        C[new] = row
        C[:, new] = row
        covariance[t + 1] = row[(new - lags) % n]
    return Found(mean=mean, covariance=covariance, read=read)


def betas(eta: Array, momentum: float) -> list[float]:
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
