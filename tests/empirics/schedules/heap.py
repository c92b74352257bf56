"""A slow, readable twin of the workers, and workers to try it on."""

import heapq
import itertools
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import strategies as st

from empirics.problems.quadratic import quadratic
from empirics.schedules import (
    Barrier,
    BoundedStaleness,
    Deterministic,
    Exponential,
    Lognormal,
    ParetoService,
    Pausing,
    Service,
    Workers,
)


@dataclass(frozen=True)
class Listed(Service):
    """A service time from a list, each equally likely: any times at all, ties among them."""

    values: tuple

    @property
    def mean(self):
        return sum(self.values) / len(self.values)

    def quantile(self, u):
        return np.array(self.values)[(np.asarray(u) * len(self.values)).astype(int)]


MIXED = [Exponential(), Lognormal(1, 2), Pausing(Exponential(2), 0.1, 20), Exponential(5)]
CASES = {
    "one": Workers(1),
    "asynchronous": Workers(4),
    "ties": Workers(3, Listed((1, 2, 2, 3))),
    "mixed": Workers(service=MIXED),
    "heavy tails": Workers(5, ParetoService(1, 1.2)),
    "equal": Workers(3, Deterministic()),
    "unequal": Workers(service=[Deterministic(1), Deterministic(0.3), Deterministic(2.7)]),
    "one of two is random": Workers(service=[Deterministic(2), Exponential()]),
    "buffer": Workers(4, buffer=3),
    "long buffer": Workers(2, buffer=5),
    "equal with buffer": Workers(4, Deterministic(), buffer=3),
    "oldest": Workers(5, oldest=3),
    "only fresh": Workers(service=MIXED, oldest=0),
    "oldest with buffer": Workers(service=MIXED, oldest=1, buffer=3),
    "unequal and oldest": Workers(service=[Deterministic(1), Deterministic(7)], oldest=4),
    "slack": Workers(4, rule=BoundedStaleness(2)),
    "no slack": Workers(service=MIXED, rule=BoundedStaleness(0)),
    "slack with buffer": Workers(service=MIXED, rule=BoundedStaleness(1), buffer=3),
    "slack with ties": Workers(3, Listed((1, 2, 2, 3)), rule=BoundedStaleness(1)),
    "unequal with slack": Workers(
        service=[Deterministic(1), Deterministic(7)], rule=BoundedStaleness(3)
    ),
    "barrier": Workers(4, rule=Barrier()),
    "mean at the barrier": Workers(4, rule=Barrier(), buffer=4),
    "means at the barrier": Workers(4, rule=Barrier(), buffer=2),
}
every_case = pytest.mark.parametrize("schedule", CASES.values(), ids=CASES.keys())


def generator(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


laws = st.lists(st.floats(0, 10), min_size=1, max_size=4).map(lambda v: Listed(tuple(v)))


@dataclass
class Lane:
    """What happened in one replica."""

    used: list  # (worker, delay, time, discarded before it)
    begun: list  # (gradient used next, worker, time, version read)


def twin(schedule, steps, lanes, rng):
    """One heap of (time, worker) a replica; a row of uniform numbers an arrival, shared by all."""
    W, K, slack, oldest = schedule.count, schedule.buffer, schedule.rule.slack, schedule.oldest
    u = rng.random((W + (W + 1) * steps * K, lanes))
    times = [law.quantile(u) for law in schedule.laws]
    rows = itertools.count(W)
    heaps = [[(times[w][w, j], w) for w in range(W)] for j in range(lanes)]
    read = [[0] * W for _ in range(lanes)]
    clock = [[0] * W for _ in range(lanes)]
    waiting = [{} for _ in range(lanes)]  # worker: how long its next gradient takes
    logs = [Lane([], [(0, w, 0.0, 0) for w in range(W)]) for _ in range(lanes)]

    def begin(j, worker, now, service, a):
        read[j][worker] = a // K
        logs[j].begun.append((a, worker, now, a // K))
        heapq.heappush(heaps[j], (now + service, worker))

    for heap in heaps:
        heapq.heapify(heap)
    for a in range(steps * K):
        lost = [0] * lanes
        while oldest is not None:
            late = [j for j in range(lanes) if a // K - read[j][heaps[j][0][1]] > oldest]
            if not late:
                break
            row = next(rows)
            for j in late:
                now, worker = heapq.heappop(heaps[j])
                begin(j, worker, now, times[worker][row, j], a)
                lost[j] += 1
        row = next(rows)
        for j in range(lanes):
            now, worker = heapq.heappop(heaps[j])
            logs[j].used.append((worker, a // K - read[j][worker], now, lost[j]))
            clock[j][worker] += 1
            waiting[j][worker] = times[worker][row, j]
            for w in sorted(waiting[j], key=lambda w: (w != worker, w)):
                if slack is None or clock[j][w] <= min(clock[j]) + slack:
                    begin(j, w, now, waiting[j].pop(w), a + 1)
    return logs


def small(lanes=5, dim=3):
    problem = quadratic(dim=dim, mu=0.1, L=1.0, sigma=0.5, noise="gaussian")
    return replace(problem, lanes=lanes, tile=np.tile(problem.spectrum, (lanes, 1)))


def tile_streams(seed=0):
    pair = np.random.SeedSequence(seed, spawn_key=(0,)).spawn(2)
    return [np.random.Generator(np.random.SFC64(sequence)) for sequence in pair]


def slow_sgd(problem, schedule, eta, seed=0, correct=None, reuse=False):
    """x_0, ..., x_T of every lane: all iterates kept, one gradient after the other."""
    steps, K, lanes = len(eta), schedule.buffer, problem.lanes
    noise, timing = tile_streams(seed)
    samples = problem.draw(noise, steps * K, lanes)
    logs = twin(schedule, steps, lanes, timing)
    x = np.empty((steps + 1, lanes, problem.dim))
    x[0] = problem.start
    g = np.empty((1, problem.dim))
    for j, t in itertools.product(range(lanes), range(steps)):
        total = np.zeros(problem.dim)
        for a in range(t * K, (t + 1) * K):
            version = t - logs[j].used[a][1]
            drawn = version * K + a % K if reuse else a
            problem.stochastic_gradient(x[version, j][None], samples[drawn, j][None], g)
            if correct is not None:
                correct(g, t, t - version, x[t, j][None], x[version, j][None])
            total = total + g[0]
        x[t + 1, j] = x[t, j] - eta[t] * (total / K)
    return x
