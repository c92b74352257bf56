"""Workers through the simulator: which points they read, what is counted, what the clock says."""

import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest
from heap import every_case, generator, slow_sgd, small, tile_streams, twin
from scipy import stats

from empirics import schedules, simulate
from empirics.optimisers import Correction
from empirics.optimisers.base import Corrector
from empirics.problems import Constant, Problem
from empirics.problems.quadratic import quadratic
from empirics.schedules import (
    Barrier,
    Deterministic,
    Exponential,
    ParetoService,
    Pausing,
    Workers,
)
from empirics.schedules.base import Block
from empirics.schedules.reads import WorkerCounter

ALPHA = 1e-6


# ---- the iterates ----


@every_case
def test_iterates_agree_with_the_slow_twin_to_the_last_bit(schedule, iterates):
    problem, eta = small(), np.full(40, 0.2)
    expected = slow_sgd(problem, schedule, eta)
    np.testing.assert_array_equal(iterates(problem, schedule, eta), expected)
    np.testing.assert_array_equal(iterates(problem, schedule, eta, block=100), expected)
    assert (iterates(problem, schedule, eta, seed=1)[1:] != expected[1:]).any()


@every_case
def test_samples_are_applied_again_only_if_delays_have_a_bound(schedule, iterates):
    """Gradient k of an update takes the sample that was drawn for gradient k of what it reads."""
    problem, eta = small(), np.full(30, 0.2)
    if schedule.tau_max is None:
        with pytest.raises(ValueError, match=r"bound on its delays to apply samples again, got Wo"):
            simulate(problem, schedule, step=0.2, steps=30, reuse=True)
        return
    expected = slow_sgd(problem, schedule, eta, reuse=True)
    np.testing.assert_array_equal(iterates(problem, schedule, eta, reuse=True), expected)
    same = (expected == slow_sgd(problem, schedule, eta)).all()
    stale = schedule.course(tile_streams()[1], problem.lanes).draw(30).delays.any()
    assert same == (not stale)


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


class Suspect(Corrector):
    """Whoever sees another delay, x or y than the twin makes another number of the gradient."""

    def correct(self, g, t, delay, x, y):
        delay = np.reshape(delay, (-1, 1))
        g *= 1 / (1 + delay)
        g += 0.1 * (x - y) + 0.001 * t


class Suspicious(Correction):
    @property
    def settings(self):
        return {"kind": "suspicious"}

    def begin(self, shape, eta):
        return Suspect()


@every_case
def test_every_gradient_is_corrected_for_its_own_delay(schedule, iterates):
    """Before the mean of K is taken; to the last bit."""
    problem, eta = small(), np.full(40, 0.2)
    expected = slow_sgd(problem, schedule, eta, correct=Suspect().correct)
    found = iterates(problem, schedule, eta, correction=Suspicious())
    np.testing.assert_array_equal(found, expected)
    assert (slow_sgd(problem, schedule, eta)[1:] != expected[1:]).any()


@every_case
def test_a_replica_depends_on_neither_the_others_nor_blocks(schedule, iterates):
    problem, eta = small(), np.full(30, 0.2)
    whole = iterates(problem, schedule, eta, tile=1)
    for replicas, block in ((problem.lanes + 1, 1), (100, 4), (100, 1000)):
        part = iterates(problem, schedule, eta, tile=1, replicas=replicas, block=block)
        np.testing.assert_array_equal(part, whole)
    assert (iterates(problem, schedule, eta, tile=2)[1:] != whole[1:]).any()


@every_case
def test_what_one_replica_did_is_done_again_by_all(schedule, iterates):
    """The history of a replica, with delays in a ring of iterates and no workers, mean of K."""
    problem, eta, j = small(), np.full(40, 0.2), 3
    past = schedules.history(schedule, 40, replica=j, lanes=problem.lanes)
    again = iterates(problem, past.replay(), eta)[:, j]
    np.testing.assert_array_equal(again, iterates(problem, schedule, eta)[:, j])


def test_measures_are_those_of_the_twin():
    """At iterates and at read points, with a window, over two tiles, in two processes or one."""
    problem, schedule, eta = small(), Workers(4), np.full(30, 0.2)
    options = {"step": 0.2, "steps": 30, "replicas": 5, "window": 3}
    options["measures"] = ["gap", "squared gradient at read points", "direction"]
    found = simulate(problem, schedule, **options).statistics
    x = slow_sgd(problem, schedule, eta)
    logs = twin(schedule, 30, problem.lanes, tile_streams()[1])
    read = np.array([[t - log.used[t][1] for log in logs] for t in range(30)])
    y = x[read, np.arange(problem.lanes)]
    g, at_read = problem.gradient(x), problem.gradient(y)
    close = {"rtol": 1e-12}
    np.testing.assert_allclose(found.gap.mean, problem.value(x).mean(axis=1), **close)
    norms = np.vecdot(at_read, at_read).mean(axis=1)
    np.testing.assert_allclose(found.read_squared_norm.mean[:30], norms, **close)
    directions = np.vecdot(g[:30], at_read).mean(axis=1)
    np.testing.assert_allclose(found.direction.mean[:30], directions, rtol=1e-9)
    for lag in range(3):
        inner = np.vecdot(g[lag:], g[: 31 - lag]).mean(axis=1)
        np.testing.assert_allclose(found.inner.mean[lag:, lag], inner, rtol=1e-9)
    options["replicas"] = 13
    one = simulate(problem, schedule, **options)
    two = simulate(problem, schedule, **options, processes=2, block=3)
    np.testing.assert_array_equal(one.statistics.gap.mean, two.statistics.gap.mean)
    np.testing.assert_array_equal(one.statistics.direction.M2, two.statistics.direction.M2)
    assert one.reads.counts.tolist() == two.reads.counts.tolist()


@pytest.mark.parametrize("schedule", [Workers(4, buffer=3), Workers(3, Deterministic(), buffer=2)])
def test_a_window_keeps_iterates_beside_what_workers_hold(schedule):
    """Which of those kept is the current one, when an update takes several gradients."""
    problem, eta = small(), np.full(30, 0.2)
    found = simulate(problem, schedule, step=0.2, steps=30, replicas=5, window=4)
    g = problem.gradient(slow_sgd(problem, schedule, eta))
    for lag in range(4):
        inner = np.vecdot(g[lag:], g[: 31 - lag]).mean(axis=1)
        np.testing.assert_allclose(found.statistics.inner.mean[lag:, lag], inner, rtol=1e-9)


def test_a_replica_that_diverges_stays_lost_though_its_workers_hold_finite_points():
    runs = simulate(small(), Workers(3, ParetoService(1, 1.2)), step=50.0, steps=400, replicas=5)
    assert (runs.lost_at > 0).all()
    assert runs.statistics.diverged[-1] == 5


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


def test_the_first_update_reads_once():
    """All else that is read of x_0 is the cold start."""
    counter = WorkerCounter()
    counter.take(0, Workers(4).course(generator(), 3).draw(1), 3)
    found = counter.result()
    assert (found.reads, found.cold_reads, found.flying, found.average) == (1, 3, 3, 0)


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


@pytest.mark.parametrize("law", [ParetoService(9_000, 1.2), Pausing(Exponential(), 0.5, 3_000)])
def test_memory_does_not_grow_with_delays(law, walk):
    """Beyond 10^4 of a worker that all but stands still: points are held, iterates are not kept."""
    steps, problem = 24_000, small(lanes=4)
    service = [Exponential()] * 7 + [law]
    tile = walk(
        problem, Workers(service=service), np.full(steps, 1e-3), block=64, times=[1000, steps]
    )
    held = []
    tracemalloc.start()
    for _ in tile.run():
        held.append(tracemalloc.get_traced_memory())
        tracemalloc.reset_peak()
    tracemalloc.stop()
    assert tile.reads.longest > 10_000
    iterates = 8 * 4 * 3 * tile.reads.longest  # what it would take to keep them
    assert iterates > 1_500_000
    assert held[1][1] - held[0][0] < 1_000_000  # counts, which are as long as a delay, and a block


# ---- time ----


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
