r"""Constant delay and step, no momentum: sums over the impulse response, which filters give.

.. math:: x_t = m_t - \eta \sum_{k < t} g_{t-1-k} \xi_k, \qquad
          \mathrm{Cov}(x_t, x_{t-l}) = v \sum_{n < t-l} g_n g_{n+l}

Momentum is left to the recursion: 1 + beta is rounded, and a filter with a root next to 1 feels it.
"""

from __future__ import annotations

import numpy as np

from empirics.exact.recursion import Found, Tables
from empirics.problems.base import Array

CHUNK = 4096
GONE = 1e-200  # squares of smaller numbers are 0, and arithmetic with the very smallest is slow


def constant_delay(tables: Tables, tau: int) -> Found:
    """The moments of all modes. Source: theory of linear filters; h_n of linear recursions."""
    steps, dim, s = len(tables.eta), len(tables.h), tables.window
    eta = float(tables.eta[0])
    mean, covariance = np.empty((steps + 1, dim)), np.zeros((steps + 1, s, dim))
    read = np.zeros((3, steps, dim))
    for mode, h in enumerate(tables.h.tolist()):
        taps = denominator(tau, eta * h)
        # x_{-j} = x_0: what reading x_0 in the clipped start amounts to
        past = np.full(len(taps) - 1, tables.start[mode])
        mean[:, mode] = np.append(past[0], response(taps, steps, past))
        if v := eta**2 * tables.noise.variance[mode]:
            g = np.append(1.0, response(taps, steps, np.append(1.0, np.zeros(len(taps) - 2))))
            for lag in range(min(s, steps + 1)):
                covariance[lag:, lag, mode] = v * _products(g, lag, steps)
            lag = min(tau, steps)
            read[2, lag:, mode] = v * _products(g, lag, steps)[:-1]
    at = np.maximum(np.arange(steps) - tau, 0)
    read[0], read[1] = mean[at], covariance[at, 0]
    return Found(mean=mean, covariance=covariance, read=read)


def denominator(tau: int, a: float) -> Array:
    """1 - z + a z^(tau + 1), z one step back.

    >>> denominator(2, 0.5)
    array([ 1. , -1. ,  0. ,  0.5])
    """
    taps = np.zeros(tau + 2)
    taps[:2] = 1, -1
    taps[tau + 1] += a
    return taps


def response(taps: Array, steps: int, past: Array) -> Array:
    """x_1, ..., x_steps of the recursion without input, from x_0, x_{-1}, ... = past."""
    from scipy.signal import lfilter, lfiltic

    x = np.zeros(steps)
    state = lfiltic([1.0], taps, past)
    for start in range(0, steps, CHUNK):
        part = x[start : start + CHUNK]
        part[:], state = lfilter([1.0], taps, np.zeros(len(part)), zi=state)
        if np.abs(part).max() < GONE and np.abs(state).max() < GONE:
            break
    return x


def _products(g: Array, lag: int, steps: int) -> Array:
    """Sums of g_n g_{n+lag} over n < t - lag, for t = lag, ..., steps."""
    return np.append(0.0, np.cumsum(g[: steps - lag] * g[lag:steps]))
