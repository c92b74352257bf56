"""Workers against a heap of events, and against what is exactly true of them."""

import heapq
import itertools
import json
import tracemalloc
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from empirics import schedules, simulate
from empirics.optimisers import SGD
from empirics.problems import Constant, Problem
from empirics.problems.quadratic import quadratic
from empirics.schedules import (
    Asynchronous,
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
from empirics.schedules.base import Block
from empirics.schedules.reads import WorkerCounter
from empirics.tile import Plan, Tile

ALPHA = 1e-6


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


# ---- the twin ----


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


def lane_of(block, j, K):
    """The same log of a block of ours that holds all."""
    part = [block.workers, block.delays, block.times, block.discarded]
    columns = [column if column.ndim == 1 else column[:, j] for column in part]
    starts = block.starts
    mine = slice(None) if starts.lane is None else starts.lane == j
    before = starts.before[mine]
    begun = (before, starts.worker[mine], starts.times[mine], before // K)
    used = list(zip(*(column.tolist() for column in columns), strict=True))
    return Lane(used, list(zip(*(column.tolist() for column in begun), strict=True)))


@every_case
def test_the_heap_agrees_to_the_last_bit(schedule):
    steps, lanes, K = 60, 7, schedule.buffer
    block = schedule.course(generator(), lanes).draw(steps)
    expected = twin(schedule, steps, lanes, generator())
    for j in range(lanes):
        ours = lane_of(block, j, K)
        assert ours.used == expected[j].used
        assert ours.begun == [b for b in expected[j].begun if b[0] < steps * K]
    if not all(law.deterministic for law in schedule.laws):
        assert twin(schedule, steps, lanes, generator(1))[0].used != expected[0].used


laws = st.lists(st.floats(0, 10), min_size=1, max_size=4).map(lambda v: Listed(tuple(v)))
rules = st.one_of(
    st.just(Asynchronous()), st.just(Barrier()), st.integers(0, 3).map(BoundedStaleness)
)


@st.composite
def schedules_of_workers(draw):
    W = draw(st.integers(1, 5))
    rule = draw(rules)
    divisors = [K for K in range(1, W + 1) if W % K == 0]
    buffer = draw(st.sampled_from(divisors) if rule == Barrier() else st.integers(1, 7))
    free = rule == Asynchronous()
    oldest = draw(st.one_of(st.none(), st.integers(0, 6))) if free else None
    service = draw(st.lists(laws, min_size=W, max_size=W))
    return Workers(service=service, rule=rule, buffer=buffer, oldest=oldest)


@settings(max_examples=100, deadline=None)
@given(schedule=schedules_of_workers(), seed=st.integers(0, 2**32))
def test_the_heap_agrees_for_any_workers_and_nothing_ever_stops(schedule, seed):
    steps, lanes, K = 12, 3, schedule.buffer
    block = schedule.course(generator(seed), lanes).draw(steps)
    expected = twin(schedule, steps, lanes, generator(seed))
    assert [lane_of(block, j, K).used for j in range(lanes)] == [lane.used for lane in expected]
    if schedule.tau_max is not None:
        assert block.delays.max() <= schedule.tau_max


@every_case
@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.integers(0, 200), max_size=6))
def test_blocks_do_not_matter(schedule, cuts):
    edges = [0, *sorted(cuts), 200]
    course, K = schedule.course(generator(), 3), schedule.buffer
    whole = schedule.course(generator(), 3).draw(200)
    spans = [(a, b) for a, b in itertools.pairwise(edges) if b > a]
    parts = [course.draw(b - a) for a, b in spans]
    for name in ("delays", "workers", "times", "discarded"):
        together = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(together, getattr(whole, name))
    before = np.concatenate(
        [p.starts.before + a * K for p, (a, _) in zip(parts, spans, strict=True)]
    )
    np.testing.assert_array_equal(before, whole.starts.before)
    for name in ("worker", "times") if whole.starts.lane is None else ("worker", "lane", "times"):
        together = np.concatenate([getattr(part.starts, name) for part in parts])
        np.testing.assert_array_equal(together, getattr(whole.starts, name))


# ---- through the simulator ----


def small(lanes=5, dim=3):
    problem = quadratic(dim=dim, mu=0.1, L=1.0, sigma=0.5, noise="gaussian")
    return replace(problem, lanes=lanes, tile=np.tile(problem.spectrum, (lanes, 1)))


def tile_streams(seed=0):
    pair = np.random.SeedSequence(seed, spawn_key=(0,)).spawn(2)
    return [np.random.Generator(np.random.SFC64(sequence)) for sequence in pair]


def slow_sgd(problem, schedule, eta, seed=0):
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
            problem.stochastic_gradient(x[version, j][None], samples[a, j][None], g)
            total = total + g[0]
        x[t + 1, j] = x[t, j] - eta[t] * (total / K)
    return x


@every_case
def test_iterates_agree_with_the_slow_twin_to_the_last_bit(schedule, iterates):
    problem, eta = small(), np.full(40, 0.2)
    expected = slow_sgd(problem, schedule, eta)
    np.testing.assert_array_equal(iterates(problem, schedule, eta), expected)
    np.testing.assert_array_equal(iterates(problem, schedule, eta, block=100), expected)
    assert (iterates(problem, schedule, eta, seed=1)[1:] != expected[1:]).any()


def test_one_worker_is_five_lines_of_sgd(iterates):
    problem = quadratic(dim=10, mu=0.1, L=1.0, sigma=0.5)
    samples = problem.draw(tile_streams()[0], 200, problem.lanes)[:, 0]
    x, path = problem.start, [problem.start]
    for t in range(200):
        g = problem.spectrum * x + samples[t]
        x = x - 0.1 * g
        path.append(x)
    one = iterates(problem, Workers(1), [0.1] * 200)[:, 0]
    np.testing.assert_array_equal(one, path)
    assert (iterates(problem, Workers(2), [0.1] * 200)[:, 0] != one).any()


def test_the_mean_at_a_barrier_is_a_larger_batch(iterates):
    """W gradients at one point, and their mean: the noise of W samples, and no delay."""
    problem, eta = small(), np.full(30, 0.2)
    samples = problem.draw(tile_streams()[0], 120, problem.lanes).reshape(30, 4, 5, -1)
    x = np.tile(problem.start, (5, 1))
    path = [x]
    for t in range(30):
        x = x - eta[t] * (problem.spectrum * x + samples[t].mean(axis=0))
        path.append(x)
    simulated = iterates(problem, Workers(4, rule=Barrier(), buffer=4), eta)
    np.testing.assert_allclose(simulated, path, rtol=1e-12, atol=1e-14)


@dataclass(frozen=True, eq=False, kw_only=True)
class Counting(Problem):
    """Gradients of -1 everywhere, so that x_t = t says its version; a log of what was applied."""

    log: list

    def value(self, x):
        return np.zeros(x.shape[:-1])

    def gradient(self, x, out=None):
        out = np.empty_like(x) if out is None else out
        out[:] = -1
        return out

    def draw(self, generator, steps, lanes):
        return np.empty((steps, lanes, 0))

    def stochastic_gradient(self, x, sample, out):
        self.log.append(x[:, 0].copy())
        out[:] = -1

    def noise_variance(self, x):
        return np.zeros(x.shape[:-1])


@every_case
@pytest.mark.parametrize("block", [1, 7, None])
def test_every_gradient_is_of_the_version_that_its_worker_has_read(schedule, block):
    """And so the past of one replica says, which tells who read what when."""
    steps, lanes, K = 30, 6, schedule.buffer
    problem = Counting(
        name="counting",
        dim=1,
        start=np.zeros(1),
        constants={"infimum": Constant(value=0.0, provenance="exact", why="none is asked for")},
        settings={},
        lanes=lanes,
        sample_size=0,
        log=[],
    )
    simulate(problem, schedule, step=1.0, steps=steps, replicas=lanes, block=block)
    versions = np.array(problem.log).astype(int)  # (gradients, lanes)
    logs = twin(schedule, steps, lanes, tile_streams()[1])
    for j in range(lanes):
        assert versions[:, j].tolist() == [
            a // K - tau for a, (_, tau, _, _) in enumerate(logs[j].used)
        ]
        past = schedules.history(schedule, steps, replica=j, lanes=lanes)
        used = past.applied >= 0
        assert past.read[used].tolist() == versions[:, j].tolist()
        assert past.worker[used].tolist() == [worker for worker, *_ in logs[j].used]
        assert past.ended[used].tolist() == [time for _, _, time, _ in logs[j].used]
        assert (~used).sum() == sum(lost for *_, lost in logs[j].used)


# ---- exact facts ----


@settings(max_examples=100, deadline=None)
@given(
    service=st.lists(laws, min_size=1, max_size=6),
    steps=st.integers(1, 40),
    seed=st.integers(0, 2**32),
)
def test_the_mean_delay_is_conserved(service, steps, seed):
    """sum(tau) + sum(age in flight) = (W - 1) T for all service times, at every T."""
    W, lanes = len(service), 3
    block = Workers(service=service).course(generator(seed), lanes).draw(steps)
    for j in range(lanes):
        read, total = [0] * W, 0
        for t in range(steps):
            worker = block.workers[t, j]
            assert block.delays[t, j] == t - read[worker]
            total += t - read[worker]
            read[worker] = t + 1
            ages = sum(t + 1 - version for version in read)
            assert total + ages == (W - 1) * (t + 1)


@pytest.mark.parametrize("W", [1, 2, 5])
def test_equal_service_times_give_a_constant_delay(W):
    block = Workers(W, Deterministic(2)).course(generator(), 9).draw(3 * W)
    assert block.delays.tolist() == [min(t, W - 1) for t in range(3 * W)]
    assert block.workers.tolist() == [t % W for t in range(3 * W)]
    assert block.times.tolist() == [2.0 * (t // W + 1) for t in range(3 * W)]
    assert block.starts.lane is None


def geometric(delays, W):
    """p-value that thinned delays have P(tau = k) = (1/W) (1 - 1/W)^k."""
    most = 6 * W
    law = (1 / W) * (1 - 1 / W) ** np.arange(most)
    counts = np.bincount(np.minimum(delays.ravel(), most), minlength=most + 1)
    expected = np.append(law, 1 - law.sum()) * delays.size
    return stats.chisquare(counts, expected).pvalue


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("W", [2, 5])
def test_exponential_service_gives_the_geometric_law(W, seed):
    """Thinned, as successive delays depend on each other; whatever the mean of the law."""
    delays = Workers(W, Exponential(3)).course(generator(seed), 256).draw(40 * W * 12).delays
    thin = delays[20 * W :: 10 * W]
    assert geometric(thin, W) > ALPHA
    assert geometric(thin, W + 1) < ALPHA
    other = Workers(W, Deterministic()).course(generator(seed), 1).draw(4000).delays[20 * W :]
    assert geometric(other, W) < ALPHA


def clocks(block, W):
    """Gradients that have arrived of every worker, after each arrival, (n, W, lanes)."""
    return (block.workers[:, None] == np.arange(W)[:, None]).cumsum(axis=0)


ERRATIC = Listed((0.001, 0.001, 1.0, 1000.0))


@pytest.mark.parametrize(("W", "slack"), [(2, 0), (2, 1), (3, 1), (3, 2), (4, 0)])
def test_clocks_and_delays_stay_within_the_slack_and_reach_it(W, slack):
    schedule = Workers(W, ERRATIC, rule=BoundedStaleness(slack))
    block = schedule.course(generator(), 256).draw(3000)
    clock = clocks(block, W)
    spread = clock.max(axis=1) - clock.min(axis=1)
    assert spread.max() == slack + 1
    assert schedule.tau_max == (W - 1) * (2 * slack + 1)
    assert block.delays.max() == schedule.tau_max
    free = clocks(Workers(W, ERRATIC).course(generator(), 256).draw(3000), W)
    assert (free.max(axis=1) - free.min(axis=1)).max() > slack + 1


def same_blocks(one, other):
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("delays", "workers", "times")
    )


def test_slack_leads_from_the_barrier_to_no_waiting():
    def drawn(rule):
        return Workers(service=MIXED, rule=rule).course(generator(), 4).draw(300)

    assert same_blocks(drawn(BoundedStaleness(0)), drawn(Barrier()))
    assert same_blocks(drawn(BoundedStaleness(300)), drawn(Asynchronous()))
    assert not same_blocks(drawn(BoundedStaleness(1)), drawn(Barrier()))
    assert not same_blocks(drawn(BoundedStaleness(1)), drawn(Asynchronous()))
    ends = [drawn(rule).times[-1] for rule in (Barrier(), BoundedStaleness(2), Asynchronous())]
    assert (ends[0] > ends[1]).all()  # who waits takes longer
    assert (ends[1] > ends[2]).all()


def test_at_a_barrier_all_read_the_same_iterate():
    W, block = 4, Workers(4, rule=Barrier()).course(generator(), 6).draw(80)
    rounds = block.workers.reshape(20, W, 6)
    np.testing.assert_array_equal(
        np.sort(rounds, axis=1), np.tile(np.arange(W)[:, None], (20, 1, 6))
    )
    np.testing.assert_array_equal(block.delays, np.tile(np.arange(W)[:, None], (20, 6)))
    assert (block.starts.before % W == 0).all()
    mean = Workers(4, rule=Barrier(), buffer=4).course(generator(), 6).draw(20)
    assert (mean.delays == 0).all()
    np.testing.assert_array_equal(mean.times, block.times)


@pytest.mark.parametrize("oldest", [0, 1, 5])
def test_what_is_too_old_is_thrown_away(oldest):
    W, free = 5, Workers(5)
    schedule = replace_oldest(free, oldest)
    block = schedule.course(generator(), 64).draw(1000)
    assert schedule.tau_max == block.delays.max() == oldest
    assert 0 < block.discarded.sum()
    assert block.discarded.max() <= W - 1  # nobody is thrown away twice at one version
    assert free.course(generator(), 64).draw(1000).delays.max() > oldest
    begun = len(block.starts.before)  # all that begun: used, thrown away, or still in flight
    in_flight = begun - block.delays.size - block.discarded.sum()
    assert in_flight == (W - 1) * 64  # those that begin after the last gradient are not in it
    never = replace_oldest(free, 10_000).course(generator(), 64).draw(1000)
    assert same_blocks(never, free.course(generator(), 64).draw(1000))
    assert never.discarded.sum() == 0


def replace_oldest(schedule, oldest):
    return Workers(schedule.count, schedule.service, buffer=schedule.buffer, oldest=oldest)


def test_workers_of_a_buffer_go_on_at_once():
    """The order and the times of arrivals are those without a buffer; only the versions differ."""
    plain = Workers(4).course(generator(), 8).draw(300)
    mean = Workers(4, buffer=3).course(generator(), 8).draw(100)
    np.testing.assert_array_equal(plain.workers, mean.workers)
    np.testing.assert_array_equal(plain.times, mean.times)
    a = np.arange(300)[:, None]
    np.testing.assert_array_equal(mean.delays, a // 3 - (a - plain.delays) // 3)


# ---- what is counted ----


def counted_by_hand(lanes, steps, K):
    """The fields of Reads, from the logs of all lanes, one gradient after the other."""
    delays = [tau for lane in lanes for _, tau, _, _ in lane.used]
    reads = cold = flying = 0
    average = 0.0
    for lane in lanes:
        versions = [version for before, _, _, version in lane.begun if before < steps * K]
        cold = max(cold, versions.count(0) - 1)
        reads = max([reads, 1, *(versions.count(v) for v in range(1, steps))])
        total = 0
        for t in range(steps):
            done = sum(1 + lost for *_, lost in lane.used[: (t + 1) * K])
            begun = sum(before < (t + 1) * K for before, *_ in lane.begun)
            flying = max(flying, begun - done)
            total += sum(tau for _, tau, _, _ in lane.used[t * K : (t + 1) * K])
            average = max(average, total / (K * (t + 1)))
    lost = sum(lost for lane in lanes for *_, lost in lane.used)
    return reads, cold, np.bincount(delays).tolist(), flying, pytest.approx(average), lost


@every_case
@pytest.mark.parametrize("cut", [1, 7, 40])
def test_reads_are_those_counted_by_hand(schedule, cut):
    steps, K, kept = 40, schedule.buffer, 5
    expected = counted_by_hand(twin(schedule, steps, 7, generator())[:kept], steps, K)
    course, counter = schedule.course(generator(), 7), WorkerCounter(K)
    for start in range(0, steps, cut):
        counter.take(start, course.draw(min(cut, steps - start)), kept)
    found = counter.result()
    assert found.counts.sum() == steps * K * kept
    assert (
        found.reads,
        found.cold_reads,
        found.counts.tolist(),
        found.flying,
        found.average,
        found.discarded,
    ) == expected
    assert found.flying <= schedule.workers - 1


def test_reads_through_the_simulator():
    """Once an iterate if nobody waits, W times at a barrier; W - 1 are in flight."""
    options = {"step": 0.1, "steps": 100, "replicas": 12}  # two tiles and a bit
    free = simulate(small(), Workers(4), **options).reads
    assert (free.reads, free.cold_reads, free.flying, free.discarded) == (1, 3, 3, 0)
    assert free.counts.sum() == 1200
    barrier = simulate(small(), Workers(4, rule=Barrier()), **options).reads
    assert (barrier.reads, barrier.cold_reads, barrier.flying) == (4, 3, 3)
    assert barrier.counts.tolist() == [300] * 4
    mean = simulate(small(), Workers(4, rule=Barrier(), buffer=4), **options).reads
    assert (mean.reads, mean.flying, mean.counts.tolist()) == (4, 0, [4800])
    fresh = simulate(small(), Workers(4, oldest=0), **options).reads
    assert fresh.counts.tolist() == [1200]
    assert fresh.discarded > 1000


def test_a_counter_of_workers_needs_to_know_who_reads():
    with pytest.raises(RuntimeError, match="blocks that say who reads when"):
        WorkerCounter().take(0, Block(delays=np.zeros(3, dtype=int)), 1)


@pytest.mark.parametrize("law", [ParetoService(1, 1.2), Pausing(Exponential(), 0.5, 4_000)])
def test_memory_does_not_grow_with_delays(law):
    """Beyond 10^4 of a worker that all but stands still: points are held, iterates are not kept."""
    steps, problem = 60_000, small(lanes=4)
    service = [Exponential()] * 7 + [schedules.slower(law, 1000 if law.mean == 1 else 1)]
    plan = Plan(
        problem=problem,
        schedule=Workers(service=service),
        optimiser=SGD(),
        correction=None,
        eta=np.full(steps, 1e-3),
        replicas=4,
        seed=0,
        reuse=False,
        times=np.array([1000, steps]),
        measures=("squared gradient",),
        window=0,
        noise=False,
        block=64,
    )
    walk, held = Tile(plan, 0), []
    tracemalloc.start()
    for _ in walk.run():
        held.append(tracemalloc.get_traced_memory())
        tracemalloc.reset_peak()
    tracemalloc.stop()
    assert walk.reads.longest > 10_000
    iterates = 8 * 4 * 3 * walk.reads.longest  # what it would take to keep them
    assert iterates > 2_500_000
    assert held[1][1] - held[0][0] < 1_000_000  # counts, which are as long as a delay, and a block


# ---- options, settings, time ----


OPTIONS = {
    "count": {"count": 5},
    "service": {"service": Exponential(2)},
    "other law": {"service": ParetoService(1, 1.5)},
    "one slow": {"service": [Exponential()] * 3 + [Exponential(10)]},
    "rule": {"rule": BoundedStaleness(1)},
    "slack": {"rule": BoundedStaleness(2)},
    "barrier": {"rule": Barrier()},
    "buffer": {"buffer": 2},
    "oldest": {"oldest": 2},
}


def test_every_option_changes_something():
    seen = [Workers(4)]
    for change in OPTIONS.values():
        seen.append(Workers(**{"count": 4, **change}))
    facts = []
    for schedule in seen:
        block = schedule.course(generator(), 4).draw(300 // schedule.buffer)
        facts.append((block.delays.tolist(), block.times.tolist()))
    for one, other in itertools.combinations(range(len(seen)), 2):
        assert facts[one] != facts[other], (seen[one], seen[other])
        assert seen[one].settings != seen[other].settings


def rebuilt(settings):
    def value(v):
        if isinstance(v, dict):
            return rebuilt(v)
        return [value(w) for w in v] if isinstance(v, list) else v

    given = dict(settings)
    return getattr(schedules, given.pop("kind"))(**{k: value(v) for k, v in given.items()})


def replace_law(schedule, kind, law):
    """The same workers, with another law for those of one kind."""
    service = [law if isinstance(old, kind) else old for old in schedule.laws]
    options = {name: getattr(schedule, name) for name in ("rule", "buffer", "oldest")}
    return Workers(service=service, **options)


@every_case
def test_a_schedule_can_be_rebuilt_from_its_settings(schedule):
    schedule = replace_law(schedule, Listed, Lognormal(2, 0.5))
    assert rebuilt(json.loads(json.dumps(schedule.settings))) == schedule


def test_what_is_the_same_is_equal():
    assert Workers(3) == Workers(service=[Exponential()] * 3) == Workers(3, [Exponential()] * 3)
    assert Workers(3).tau_max is None
    assert (Workers(3).workers, Workers(3, buffer=2).gradients, Workers(3).timed) == (3, 2, True)


@pytest.mark.parametrize("factor", [1, 4])
def test_the_clock_shifts_with_the_service_law(factor):
    """W = 4 workers of mean service m make 4/m updates a unit of time; the delays stay."""
    options = {"step": 0.05, "steps": 400, "replicas": 256, "measures": ["time"]}
    problem = quadratic(dim=2, mu=0.5, L=1.0, sigma=0.1)
    runs = simulate(problem, Workers(4, Exponential(factor)), **options)
    clock = runs.statistics.time
    assert clock.mean[0] == 0
    # arrivals are a Poisson process of rate 4/factor: mean t factor/4, variance t (factor/4)^2
    t = runs.times[1:]
    z = (clock.mean[1:] - t * factor / 4) / (np.sqrt(t / 256) * factor / 4)
    assert abs(z).max() < stats.norm.isf(ALPHA / 800)
    wrong = (clock.mean[1:] - 1.1 * t * factor / 4) / (np.sqrt(t / 256) * factor / 4)
    assert abs(wrong).max() > stats.norm.isf(ALPHA / 800)
    slow = simulate(problem, Workers(4, schedules.slower(Exponential(factor), 2)), **options)
    np.testing.assert_allclose(slow.statistics.time.mean, 2 * clock.mean, rtol=1e-12)
    np.testing.assert_array_equal(
        slow.statistics.squared_norm.mean, runs.statistics.squared_norm.mean
    )


@pytest.mark.parametrize("block", [1, 7, None])
def test_the_time_of_an_iterate_is_when_its_last_gradient_arrives(block):
    schedule, problem = Workers(3, buffer=2), small(lanes=1)
    drawn = schedule.course(tile_streams()[1], 1).draw(150)
    runs = simulate(
        problem, schedule, step=0.1, steps=150, replicas=1, measures=["time"], block=block
    )
    assert runs.statistics.time.mean.tolist() == [0.0, *drawn.times[1::2, 0]]
    part = simulate(
        problem, schedule, step=0.1, steps=150, replicas=1, measures=["time"], record=[0, 64, 150]
    )
    assert part.statistics.time.mean.tolist() == [0.0, drawn.times[127, 0], drawn.times[299, 0]]


def test_barrier_time_is_that_of_the_slowest():
    """Deterministic times: a round takes as long as its slowest worker."""
    service = [Deterministic(1), Deterministic(3), Deterministic(2)]
    runs = simulate(
        small(),
        Workers(service=service, rule=Barrier(), buffer=3),
        step=0.1,
        steps=10,
        measures=["time"],
    )
    assert runs.statistics.time.mean.tolist() == [3.0 * t for t in range(11)]
    assert runs.delays is None
    shared = simulate(small(), Workers(service=service), step=0.1, steps=10)
    assert shared.delays.tolist() == [0, 0, 2, 1, 4, 1, 3, 1, 0, 4]  # by hand


# ---- bad input ----


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Workers(), r"workers needs a whole number count >= 1, got None"),
        (lambda: Workers(0), r"workers needs a whole number count >= 1, got 0"),
        (lambda: Workers(2.5), r"workers needs a whole number count >= 1, got 2\.5"),
        (lambda: Workers(float("nan")), r"workers needs a whole number count >= 1, got nan"),
        (lambda: Workers(4, service=1.0), r"workers need a law of service times .* got 1\.0"),
        (lambda: Workers(service=[]), r"workers need a law of service times .* got \[\]"),
        (lambda: Workers(service="ab"), r"workers need a law of service times .* got 'ab'"),
        (lambda: Workers(service=[Exponential(), 2]), r"workers need a law .* sequence of them"),
        (lambda: Workers(3, [Exponential()] * 2), r"workers need one law each, got 2 laws for 3"),
        (lambda: Workers(3, rule="bsp"), r"workers need a rule such as .* got 'bsp'"),
        (lambda: Workers(3, rule=Barrier), r"workers need a rule such as"),
        (lambda: Workers(3, buffer=0), r"workers needs a whole number buffer >= 1, got 0"),
        (lambda: Workers(3, oldest=-1), r"workers needs a whole number oldest >= 0, got -1"),
        (lambda: Workers(3, oldest=1.5), r"workers needs a whole number oldest >= 0, got 1\.5"),
        (
            lambda: Workers(4, rule=Barrier(), buffer=3),
            r"workers with a barrier need a buffer that divides their number 4, got 3; an update",
        ),
        (
            lambda: Workers(4, rule=BoundedStaleness(2), oldest=3),
            r"workers that throw gradients away need the rule Asynchronous\(\), got Bounded",
        ),
        (lambda: BoundedStaleness(-1), r"bounded staleness needs a whole number slack >= 0"),
        (lambda: BoundedStaleness(None), r"bounded staleness needs .* got None"),
    ],
)
def test_bad_input_gets_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_a_law_of_ones_own_with_impossible_times_is_refused(bad):
    with pytest.raises(ValueError, match=r"workers need service times >= 0 and finite, got others"):
        Workers(2, Listed((1.0, bad))).course(generator(), 100)
