r"""Moments where workers have caches of their own: of what each will hold once all has arrived.

Let Y_{qk} be the cache of worker q as it will be k iterations from now if nothing more is sent, for
k = 0, ..., s; so x_q = Y_{q0}, and with updates u_p = eta_t g_p under way for r_{pq}

.. math:: Y'_{qk} = Y_{q, \min(k+1, s)} - \sum_p [r_{pq} \le k]\, u_p

is linear in Y, with random factors [r <= k] that are fresh at every iteration. Their means are
distribution functions c_{pq}(k); M Y being the mean of Y' given Y, covariances are carried on by

.. math:: C' = M C M' + \sum_p \bigl( E u_p^2\, \mathrm{Cov}([r_{p\cdot} \le \cdot])
          + \mathrm{Var}(\eta_t \xi_p)\, c_p c_p' \bigr).

Y_{qk} lies at place (t + k) mod (s + 1), so nothing is moved from one iteration to the next. With
momentum u_p is beta times the one before it (times eta_t/eta_{t-1}) plus eta_t g_p.
"""

from __future__ import annotations

import numpy as np

from empirics.exact.recursion import ROOM, Found, Tables, betas
from empirics.problems.base import Array
from empirics.schedules.base import Law
from empirics.schedules.caches import Caches


def caches(tables: Tables, schedule: Caches) -> Found:
    """The moments of the cache that is evaluated, and what caches disagree by."""
    alike = isinstance(schedule.law, Law) and schedule.topology is None
    with_own = schedule.own == "delayed" or schedule.workers == 1
    S, P, dim = schedule.longest + 1, schedule.workers, len(tables.h)
    if alike and with_own and schedule.workers > 1 and not tables.momentum:
        _room(4 * S * S * (dim + 1) + tables.window * S * dim, schedule, dim)
        return _all_alike(tables, schedule)
    tables_of = P * P * S * S * (P if schedule.destinations == "shared" else 1)
    _room(4 * tables_of + (3 * P * S + tables.window) * P * S * dim, schedule, dim)
    return _each(tables, schedule)


def _all_alike(tables: Tables, schedule: Caches) -> Found:
    """Caches that can be exchanged: C[q, k, q', k'] is F[k, k'], and D[k, k'] more if q = q'."""
    P, dim = schedule.workers, len(tables.h)
    late = _Indicators(schedule.chances[:1, :1], together=False)
    S, s, shared = late.length, tables.window, schedule.destinations == "shared"
    share = 1 / P if schedule.evaluate == "mean" else 1.0  # of D, in the cache evaluated
    D, F, m = np.zeros((dim, S, S)), np.zeros((dim, S, S)), np.tile(tables.start[:, None], (1, S))
    pair, change = np.empty((dim, 2, S)), np.empty((dim, S, S))  # reused: memory is slow to get
    A, B = np.zeros((2, s, dim, S))  # covariance of x_1 at t - l with Y_q: B, and A more if q = 1
    found = _Kept(tables)
    for t, eta in enumerate(tables.eta.tolist()):
        now, end, then = t % S, (t - 1) % S, (t + 1) % S
        a, x = eta * tables.h[:, None], m[:, now, None].copy()
        second = (D[:, now, now] + F[:, now, now])[:, None] + x**2
        noise = eta**2 * tables.noise.variance[:, None]
        noise = noise + a**2 * tables.noise.relative[:, None] * second
        G = late.mean(t)[0, 0]
        drift = a * (D[:, now] + P * F[:, now])  # covariance of all updates together with Y
        total = (P * a * drift[:, now, None] + P * noise) / 2 * G
        behind = a * (A[..., now, None] + P * B[..., now, None])
        for array in (m, D, D.transpose(0, 2, 1), F, F.transpose(0, 2, 1), A, B, drift):
            array[..., now] = array[..., end]
        m -= P * a * x * G
        B -= behind * G
        pair[:, 0], pair[:, 1] = total - drift, G
        np.matmul(pair.transpose(0, 2, 1), pair[:, ::-1], out=change)  # and its transpose, at once
        F += change
        if late.random:
            (F if shared else D)[:] += (
                P * (a**2 * second + noise)[:, :, None] * late.spread(t)[0, 0]
            )
        A[1:], B[1:], A[0], B[0] = A[:-1], B[:-1], D[:, then], F[:, then]
        found.mean[t + 1] = m[:, then]
        found.covariance[t + 1] = share * A[..., then] + B[..., then]
        found.apart[t + 1] = (1 - 1 / P) * D[:, then, then].sum()
    return found.result()


def _each(tables: Tables, schedule: Caches) -> Found:
    """Any caches: C[q, k, q', k'] in full."""
    P, dim, s = schedule.workers, len(tables.h), tables.window
    shared = schedule.destinations == "shared"
    late = _Indicators(schedule.chances, together=shared)
    S = late.length
    n = P * S
    C, m = np.zeros((dim, P, S, P, S)), np.tile(tables.start[:, None, None], (1, P, S))
    flat, within = C.reshape(dim, n, n), np.einsum("dqiqj->dqij", C)  # views
    past, past_u = np.zeros((s, dim, P, S)), np.zeros((s, dim, P))
    with_u, of_u, u = np.zeros((dim, P, P, S)), np.zeros((dim, P, P)), np.zeros((dim, P))
    weights = np.full(P, 1 / P) if schedule.evaluate == "mean" else np.eye(P)[0]
    found, grown = _Kept(tables), betas(tables.eta, tables.momentum)
    for t, (eta, beta) in enumerate(zip(tables.eta.tolist(), grown, strict=True)):
        now, end, then = t % S, (t - 1) % S, (t + 1) % S
        a, x = eta * tables.h[:, None], m[:, :, now]
        second = np.einsum("dpp->dp", C[:, :, now, :, now]) + x**2
        noise = eta**2 * tables.noise.variance[:, None]
        noise = noise + a**2 * tables.noise.relative[:, None] * second
        G = late.mean(t).reshape(P, n)
        # u_p but for its noise: its mean, its covariances with Y, (dim, P, P, S), and with others
        drift = a[:, :, None, None] * C[:, :, now] + beta * with_u
        inner = a[:, :, None] * drift[..., now]
        inner += beta * (a[:, :, None] * with_u[..., now].transpose(0, 2, 1) + beta * of_u)
        u, behind = a * x + beta * u, a * past[..., now] + beta * past_u
        for array in (m, C, C.transpose(0, 1, 4, 3, 2), past, drift):
            array[..., now] = array[..., end]
        m -= (u @ G).reshape(dim, P, S)
        past -= (behind @ G).reshape(s, dim, P, S)
        of_u = inner + noise[:, :, None] * np.eye(P)
        total = of_u @ G
        change = G.T @ (total / 2 - drift.reshape(dim, P, n))
        flat += change
        flat += change.transpose(0, 2, 1)
        if late.random:
            squares = np.einsum("dpp->dp", of_u) + u**2
            if shared:
                flat += np.tensordot(squares, late.together(t).reshape(P, n, n), 1)
            else:
                within += np.tensordot(squares, late.spread(t), 1)
        with_u = drift - total.reshape(dim, P, P, S)
        past[1:], past[0] = past[:-1], np.einsum("q,dqrk->drk", weights, C[:, :, then])
        past_u[1:], past_u[0] = behind[:-1], with_u[..., then] @ weights
        found.mean[t + 1] = m[:, :, then] @ weights
        found.covariance[t + 1] = past[..., then] @ weights
        off = m[:, :, then] - m[:, :, then].mean(axis=1, keepdims=True)
        covariances = C[:, :, then, :, then]
        sums = np.einsum("dpp->d", covariances) - covariances.sum(axis=(1, 2)) / P
        found.apart[t + 1] = ((off**2).sum(axis=1) + np.maximum(sums, 0)).sum() / P
    return found.result()


class _Kept:
    """What is kept of every time."""

    def __init__(self, tables: Tables) -> None:
        steps, dim = len(tables.eta), len(tables.h)
        self.mean = np.empty((steps + 1, dim))
        self.mean[0] = tables.start
        self.covariance = np.zeros((steps + 1, tables.window, dim))
        self.apart = np.zeros(steps + 1)

    def result(self) -> Found:
        return Found(mean=self.mean, covariance=self.covariance, disagreement=self.apart)


class _Indicators:
    """Mean and covariance of [r_{pq} <= k], laid out for the places of any time.

    chances, P(r_{pq} = k), (source, destination, longest + 1). Twice over, so that what is asked
    for is a slice.
    """

    def __init__(self, chances: Array, together: bool) -> None:
        c = np.minimum(np.cumsum(chances, axis=2), 1.0)
        c[:, :, -1] = 1
        self.length = c.shape[2]
        self.random = bool(((c > 0) & (c < 1)).any())
        c = np.tile(c, 2)
        self._mean = c
        if together:  # functions of one number that all grow with it: P(both) is the lesser
            left, right = c[..., None, None], c[:, None, None]
        else:
            left, right = c[..., None], c[..., None, :]
        self._spread = np.minimum(left, right) - left * right if self.random else c[..., :0]

    def mean(self, t: int) -> Array:
        """After iteration t, (source, destination, place)."""
        return self._mean[..., self._places(t)]

    def spread(self, t: int) -> Array:
        """The same for covariances, (source, destination, place, place)."""
        places = self._places(t)
        return self._spread[..., places, places]

    def together(self, t: int) -> Array:
        """Where destinations share a delay, (source, destination, place, destination, place)."""
        places = self._places(t)
        return self._spread[:, :, places, :, places]

    def _places(self, t: int) -> slice:
        begin = -(t + 1) % self.length
        return slice(begin, begin + self.length)


def _room(numbers: int, schedule: Caches, dim: int) -> None:
    if numbers > ROOM:
        raise ValueError(
            f"exact.moments needs at most {ROOM} numbers for what is on its way to caches, got "
            f"{numbers} with {schedule.workers} workers, extra delays up to {schedule.longest} and "
            f"{dim} modes; take fewer modes at a time, or simulate"
        )
