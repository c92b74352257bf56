r"""Moments where W workers have exponential service times, from the iterate and what they hold.

Worker i arrives next with chance q_i, whatever was; it holds c_i, the iterate that it has read:

.. math:: x_{t+1} = x_t - \eta_t (h c_i + \xi_t), \qquad c_i \leftarrow x_{t+1}

so x and the c_i together are a Markov chain with linear moments. Of the delays alone this cannot be
said: they are geometric, but they are not independent.
"""

from __future__ import annotations

import numpy as np

from empirics.exact.recursion import ROOM, Found, Tables
from empirics.problems.base import Array


def queue(tables: Tables, shares: Array) -> Found:
    """The moments, one update after the other. State 0 is x, state 1 + i is c_i.

    Means are kept apart from covariances, as in `recursion`; a covariance therefore takes in that
    of the means given who arrives. Momentum is not a part of the state.
    """
    steps, dim, s, n = len(tables.eta), len(tables.h), tables.window, len(shares) + 1
    if n * max(n, s) * dim > ROOM:
        raise ValueError(
            f"exact.moments needs (workers + 1)^2 dim <= {ROOM} numbers for the covariances of "
            f"what workers hold, got {n}^2 * {dim}; take fewer modes at a time, or simulate"
        )
    q, i = shares[:, None], np.arange(1, n)
    both = 1 - shares[:, None] - shares[None, :]  # neither j nor k arrives
    C, m, past = np.zeros((n, n, dim)), np.tile(tables.start, (n, 1)), np.zeros((s, n, dim))
    mean, covariance = np.empty((steps + 1, dim)), np.zeros((steps + 1, s, dim))
    read = np.empty((3, steps, dim))
    mean[0] = tables.start
    for t, eta in enumerate(tables.eta.tolist()):
        a, c, own = eta * tables.h, m[1:], C[i, i]
        held = (q * c).sum(axis=0)
        second = own + c**2  # E c_i^2
        read[:, t] = (
            held,
            (q * (own + np.square(c - held))).sum(axis=0),
            (q * C[0, 1:]).sum(axis=0),
        )
        # row i: of x_{t+1} with the state before, given that i arrives
        given = C[0] - a * C[1:]
        squared = given[:, 0] - a * given[i - 1, i]
        squared = squared + eta**2 * tables.noise.variance + a**2 * tables.noise.relative * second
        moved, jump = a * (held - c), m[0] - a * c - c  # of the means of x and of c_i
        C_new = np.empty_like(C)
        C_new[0, 0] = (q * (squared + np.square(moved))).sum(axis=0)
        C_new[0, 1:] = np.einsum("i,ijd->jd", shares, given[:, 1:])
        C_new[0, 1:] += q * (squared - given[i - 1, i] + jump * moved)
        C_new[1:, 0] = C_new[0, 1:]
        turned = q[:, None] * given[:, 1:] - (q * jump)[:, None] * (q * jump) / 2
        C_new[1:, 1:] = both[:, :, None] * C[1:, 1:] + turned + turned.transpose(1, 0, 2)
        C_new[i, i] = (1 - q) * own + q * (squared + (1 - q) * jump**2)
        C, m = C_new, _on(m, a, q)
        past[1:], past[0] = _on(past[:-1], a, q), C[0]
        mean[t + 1], covariance[t + 1] = m[0], past[:, 0]
    return Found(mean=mean, covariance=covariance, read=read)


def _on(state: Array, a: Array, q: Array) -> Array:
    """What is linear in the state before, on average over who arrives, (..., n, dim)."""
    x, c = state[..., :1, :], state[..., 1:, :]
    return np.concatenate(
        [x - a * (q * c).sum(axis=-2, keepdims=True), (1 - q) * c + q * (x - a * c)], axis=-2
    )
