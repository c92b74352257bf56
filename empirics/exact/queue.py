r"""Moments where W workers have exponential service times, from the iterate and what they hold.

Worker i arrives next with chance q_i, whatever was; it holds c_i, the iterate that it has read:

.. math:: x_{t+1} = x_t + \beta (x_t - x_{t-1}) - \eta_t (h c_i + \xi_t), \qquad
          c_i \leftarrow x_{t+1}

so x, the x before it and the c_i together are a Markov chain with linear moments. Of the delays
alone this cannot be said: they are geometric, but they are not independent.
"""

from __future__ import annotations

import numpy as np

from empirics.exact.recursion import ROOM, Found, Tables, betas
from empirics.problems.base import Array


def queue(tables: Tables, shares: Array) -> Found:
    """The moments, one update after the other. State 0 is x, 1 the x before it, 2 + i is c_i.

    Means are kept apart from covariances, as in `recursion`; a covariance therefore takes in that
    of the means given who arrives.
    """
    steps, dim, s, n = len(tables.eta), len(tables.h), tables.window, len(shares) + 2
    if n * max(n, s) * dim > ROOM:
        raise ValueError(
            f"exact.moments needs (workers + 2)^2 dim <= {ROOM} numbers for the covariances of "
            f"what workers hold, got {n}^2 * {dim}; take fewer modes at a time, or simulate"
        )
    q, i = shares[:, None], np.arange(2, n)
    both = 1 - shares[:, None] - shares[None, :]  # neither j nor k arrives
    C, m, past = np.zeros((n, n, dim)), np.tile(tables.start, (n, 1)), np.zeros((s, n, dim))
    mean, covariance = np.empty((steps + 1, dim)), np.zeros((steps + 1, s, dim))
    read = np.empty((3, steps, dim))
    mean[0] = tables.start
    grown = betas(tables.eta, tables.momentum)
    for t, (eta, beta) in enumerate(zip(tables.eta.tolist(), grown, strict=True)):
        a, c, own = eta * tables.h, m[2:], C[i, i]
        held = (q * c).sum(axis=0)
        second = own + c**2  # E c_i^2
        read[:, t] = (
            held,
            (q * (own + np.square(c - held))).sum(axis=0),
            (q * C[0, 2:]).sum(axis=0),
        )
        # row i: of x_{t+1} with the state before, given that i arrives
        given = (1 + beta) * C[0] - beta * C[1] - a * C[2:]
        squared = (1 + beta) * given[:, 0] - beta * given[:, 1] - a * given[i - 2, i]
        squared = squared + eta**2 * tables.noise.variance + a**2 * tables.noise.relative * second
        moved = a * (held - c)  # of the mean of x, off its own mean
        jump = (1 + beta) * m[0] - beta * m[1] - a * c - c  # of the mean of c_i
        C_new = np.empty_like(C)
        C_new[0, 0] = (q * (squared + np.square(moved))).sum(axis=0)
        C_new[0, 1] = (q * given[:, 0]).sum(axis=0)
        C_new[1, 1] = C[0, 0]
        C_new[0, 2:] = np.einsum("i,ijd->jd", shares, given[:, 2:])
        C_new[0, 2:] += q * (squared - given[i - 2, i] + jump * moved)
        C_new[1, 2:] = (1 - q) * C[0, 2:] + q * given[:, 0]
        C_new[1:, 0], C_new[2:, 1] = C_new[0, 1:], C_new[1, 2:]
        turned = q[:, None] * given[:, 2:] - (q * jump)[:, None] * (q * jump) / 2
        C_new[2:, 2:] = both[:, :, None] * C[2:, 2:] + turned + turned.transpose(1, 0, 2)
        C_new[i, i] = (1 - q) * own + q * (squared + (1 - q) * jump**2)
        C, m = C_new, _on(m, a, beta, q)
        past[1:], past[0] = _on(past[:-1], a, beta, q), C[0]
        mean[t + 1], covariance[t + 1] = m[0], past[:, 0]
    return Found(mean=mean, covariance=covariance, read=read)


def _on(state: Array, a: Array, beta: float, q: Array) -> Array:
    """What is linear in the state before, on average over who arrives, (..., n, dim)."""
    x, c = state[..., :1, :], state[..., 2:, :]
    ahead = (1 + beta) * x - beta * state[..., 1:2, :]
    new = ahead - a * (q * c).sum(axis=-2, keepdims=True)
    return np.concatenate([new, x, (1 - q) * c + q * (ahead - a * c)], axis=-2)
