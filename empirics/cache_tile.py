"""One tile of replicas of workers with caches: the loop of iterations, on preallocated arrays.

In memory the P caches of a lane follow each other: (lanes, P, dim). Where gradients are computed
the same numbers are groups of as many rows as the problem has lanes, or fewer, so a problem sees no
more of workers than that there are P times as many gradients to an iteration.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from empirics.leaving import Watch
from empirics.pending import Pending
from empirics.problems.base import Array
from empirics.schedules.base import Delays, OwnCaches
from empirics.schedules.deliveries import Deliveries
from empirics.tile import LOOK, Plan, generators, stop_lost


class CacheTile:
    """One tile of replicas on its way through time: caches, and updates on their way to them."""

    read = None  # a gradient is computed at a cache, which is no old iterate
    reads = None
    delays: Delays | None = None
    shared = False  # messages may take the same time in all replicas, but nobody asks for it

    def __init__(self, plan: Plan, index: int) -> None:
        schedule, lanes, dim = plan.schedule, plan.lanes, plan.problem.dim
        if not isinstance(schedule, OwnCaches):
            raise TypeError(f"a tile of caches needs a schedule of caches, got {schedule!r}")
        P = schedule.workers
        self.plan = plan
        self.kept = min(lanes, plan.replicas - index * lanes)  # the rest is surplus
        self.lost_at = np.full(lanes, -1)  # by which iteration a replica has diverged; -1: not
        self.watch = Watch(plan.problem, lanes, self.kept, 1)
        self._schedule = schedule
        self._noise, messages = generators(plan, index)
        self._course = schedule.course(messages, lanes)
        self.caches = np.empty((lanes, P, dim))  # at the start of an iteration, all have arrived
        self.caches[:] = plan.problem.start
        self._pending = Pending(lanes, P, schedule.longest, dim)
        self._rule = plan.optimiser.begin((lanes * P, dim))
        self._counts = np.zeros(schedule.longest + 1, dtype=np.int64)
        # what is evaluated, at the latest times of the window
        self._ring = np.empty((max(1, plan.window), lanes, dim))
        self._ring[:] = plan.problem.start

    def iterate(self, t: int) -> Array:
        """What is evaluated of every lane at time t, (lanes, dim), for every t of the window."""
        x: Array = self._ring[t % len(self._ring)]
        return x

    def run(self) -> Iterator[int]:
        """Go through all iterations; stop at every recorded t, when what is due at t has arrived.

        There `iterate` holds what is evaluated, at t and before.
        """
        plan, P, pending = self.plan, self._schedule.workers, self._pending
        eta, gradient, step = plan.eta.item, plan.problem.stochastic_gradient, self._rule.step
        lanes, dim = plan.lanes, plan.problem.dim
        # at full width if the rows can be cut so: what a problem has prepared is for this shape
        full = plan.problem.lanes
        rows = full if lanes * P % full == 0 else lanes * P if lanes * P < full else lanes
        groups = lanes * P // rows
        u = np.empty_like(self.caches)
        flat_x, flat_u = self.caches.reshape(-1, dim), u.reshape(-1, dim)
        xs, us = list(self.caches.reshape(groups, rows, dim)), list(u.reshape(groups, rows, dim))
        recorded = iter(plan.times.tolist())
        stop = next(recorded)
        for start in range(0, plan.steps, plan.block):
            n = min(plan.block, plan.steps - start)
            over = bool((self.lost_at[: self.kept] >= 0).all())
            if not over:  # else there is nothing left to follow but the messages
                samples = iter(plan.problem.draw(self._noise, n * groups, rows))
            delays = self._course.draw(n)
            self._count(delays)
            for t, r in enumerate(delays, start):
                self._arrive(t)
                if t == stop:
                    self._look(t)
                    yield t
                    stop = next(recorded, -1)
                if over:
                    continue
                for x, g in zip(xs, us, strict=True):
                    gradient(x, next(samples), g)
                step(flat_u, eta(t), flat_x)
                pending.send(t, r, u)
        self._arrive(plan.steps)
        if stop == plan.steps:
            self._look(stop)
            yield stop

    @property
    def deliveries(self) -> Deliveries:
        """How long the messages took so far."""
        return Deliveries(counts=self._counts.copy())

    def known(self, name: str) -> Array:
        """The "disagreement" of the caches, mean_p |x_p - mean_q x_q|^2, (lanes,)."""
        apart = self.caches - self.caches.mean(axis=1, keepdims=True)
        return np.asarray(np.vecdot(apart, apart).mean(axis=1))

    def _arrive(self, t: int) -> None:
        self._pending.arrive(t, self.caches)
        if self.watch.every and t:  # every cache is a point at which a gradient is computed
            self.watch.take(self.caches[None], t)
        if t % LOOK == 0 or t == self.plan.steps:
            stop_lost(self.caches, self.lost_at, t)
        if self.plan.window:  # gradients of all the window are looked at when t is recorded
            self._look(t)

    def _look(self, t: int) -> None:
        """Evaluate the caches at time t."""
        if self._schedule.evaluate == "mean":
            np.mean(self.caches, axis=1, out=self.iterate(t))
        else:
            np.copyto(self.iterate(t), self.caches[:, 0])

    def _count(self, delays: Delays) -> None:
        kept = delays[:, : self.kept].ravel()
        self._counts += np.bincount(kept, minlength=len(self._counts))
