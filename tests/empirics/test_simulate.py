"""The simulator against a slow, readable twin, and the promise that only the seed decides."""

import itertools
from dataclasses import dataclass, fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from empirics import problems, schedules, simulate, stepsizes
from empirics.moments import OF_ITERATES, Moments
from empirics.problems import Constant, Problem
from empirics.problems.quadratic import quadratic
from empirics.schedules import multiplicity
from empirics.schedules.base import Law

SCHEDULES = [
    schedules.Constant(0),
    schedules.Constant(3),
    schedules.Uniform(4),
    schedules.Geometric(p=0.4, tau_max=6),
    schedules.Cyclic(range(4)),
]


def small(noise="two-point", lanes=5, dim=3):
    """A noisy bowl in a narrow tile, so that slow twins stay quick."""
    problem = quadratic(dim=dim, mu=0.1, L=1.0, sigma=0.5, noise=noise)
    return replace(problem, lanes=lanes, tile=np.tile(problem.spectrum, (lanes, 1)))


def streams(seed=0, tile=0):
    """The generators of the samples and of the delays of a tile."""
    pair = np.random.SeedSequence(seed, spawn_key=(tile,)).spawn(2)
    return [np.random.Generator(np.random.SFC64(sequence)) for sequence in pair]


def twin(problem, schedule, eta, *, seed=0, tile=0, reuse=False, late=0):
    """x_0, ..., x_T of every lane, one update at a time: no ring, no blocks, all is kept.

    `late` is for negative controls: it adds to every delay, as far as the history goes.
    """
    steps, lanes = len(eta), problem.lanes
    noise, timing = streams(seed, tile)
    samples = problem.draw(noise, steps, lanes)
    delays = schedule.draw(timing, 0, steps, lanes).reshape(steps, -1)
    delays = np.broadcast_to(delays, (steps, lanes))
    x = np.empty((steps + 1, lanes, problem.dim))
    x[0] = problem.start
    g = np.empty((1, problem.dim))
    for j in range(lanes):
        for t in range(steps):
            read = max(t - delays[t, j] - late, 0)
            sample = samples[read if reuse else t, j]
            problem.stochastic_gradient(x[read, j][None], sample[None], g)
            x[t + 1, j] = x[t, j] - eta[t] * g[0]
    return x


def assert_same_statistics(one, other):
    """Bit for bit."""
    assert one.reads.counts.tolist() == other.reads.counts.tolist()
    assert (one.reads.reads, one.reads.cold_reads) == (other.reads.reads, other.reads.cold_reads)
    assert list(one.each) == list(other.each)
    for name, values in one.each.items():
        np.testing.assert_array_equal(values, other.each[name], name)
    for field in fields(one.statistics):
        a, b = (getattr(runs.statistics, field.name) for runs in (one, other))
        if isinstance(a, Moments):
            assert a.count == b.count
            np.testing.assert_array_equal(a.mean, b.mean, field.name)
            np.testing.assert_array_equal(a.M2, b.M2, field.name)
        else:
            np.testing.assert_array_equal(a, b, field.name)


# ---- the iteration ----


@pytest.mark.parametrize("noise", ["two-point", "gaussian"])
def test_without_delay_one_replica_is_five_lines_of_sgd(noise, iterates):
    problem = quadratic(dim=10, mu=0.1, L=1.0, sigma=0.5, noise=noise)
    samples = problem.draw(streams(seed=7)[0], 50, problem.lanes)[:, 0]

    x, path = problem.start, [problem.start]
    for t in range(50):
        g = problem.spectrum * x + samples[t]
        x = x - 0.1 * g
        path.append(x)

    simulated = iterates(problem, schedules.Constant(0), [0.1] * 50, seed=7)[:, 0]
    np.testing.assert_array_equal(simulated, path)
    runs = simulate(problem, schedules.Constant(0), step=0.1, steps=50, replicas=1, seed=7)
    norms = [np.vecdot(problem.spectrum * x, problem.spectrum * x) for x in path]
    np.testing.assert_allclose(runs.statistics.squared_norm.mean, norms, rtol=1e-14)
    assert np.isnan(
        runs.statistics.squared_norm.standard_error
    ).all()  # one replica knows no spread


@pytest.mark.parametrize("reuse", [False, True])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_the_twin_agrees_to_the_last_bit(schedule, reuse, iterates):
    problem, eta = small(), stepsizes.inverse_sqrt(0.3)(40)
    expected = twin(problem, schedule, eta, reuse=reuse)
    np.testing.assert_array_equal(iterates(problem, schedule, eta, reuse=reuse), expected)
    late = twin(problem, schedule, eta, reuse=reuse, late=1)
    assert abs(late - expected).max() > 1e-3
    if schedule.tau_max:
        other = twin(problem, schedule, eta, reuse=not reuse)
        assert abs(other - expected).max() > 1e-3


@settings(max_examples=30, deadline=None)
@given(
    raw=st.lists(st.integers(0, 5), min_size=1, max_size=8),
    block=st.integers(1, 12),
    seed=st.integers(0, 2**64),
    reuse=st.booleans(),
)
def test_the_twin_agrees_for_any_pattern(raw, block, seed, reuse, iterates):
    problem, schedule, eta = small(), schedules.Cyclic(raw), [0.2] * 25
    np.testing.assert_array_equal(
        iterates(problem, schedule, eta, seed=seed, reuse=reuse, block=block),
        twin(problem, schedule, eta, seed=seed, reuse=reuse),
    )


@pytest.mark.parametrize("reuse", [False, True])
def test_the_twin_agrees_on_logistic_regression(reuse, iterates):
    problem = replace(problems.logistic(batch=2), lanes=4)
    eta, schedule = np.full(30, 0.3), schedules.Uniform(3)
    expected = twin(problem, schedule, eta, reuse=reuse)
    simulated = iterates(problem, schedule, eta, reuse=reuse)
    np.testing.assert_allclose(simulated, expected, rtol=1e-10, atol=1e-12)
    assert abs(twin(problem, schedule, eta, reuse=not reuse) - expected).max() > 1e-3


@pytest.mark.parametrize("tau", [0, 1, 2, 5, 8])
def test_without_noise_it_converges_exactly_below_the_threshold(tau):
    """x_{t+1} = x_t - a x_{t-tau} is stable iff a < 2 sin(pi / (2 (2 tau + 1))) [Levin & May]."""
    problem = quadratic(dim=1, L=1.0)
    threshold = 2 * np.sin(np.pi / (2 * (2 * tau + 1)))
    last = []
    for factor in (0.98, 1.02):
        runs = simulate(
            problem,
            schedules.Constant(tau),
            step=factor * threshold,
            steps=20000,
            replicas=1,
            record=[20000],
        )
        last.append(runs.statistics.squared_norm.mean[0])
    assert last[0] < 1e-6
    assert last[1] > 1e6


def test_a_re_read_block_with_reuse_is_sgd_with_s_times_the_step(iterates):
    """s updates from x_{bs} with the same sample are one update with step s eta."""
    s, problem = 4, small(lanes=3)
    fast = iterates(problem, schedules.Cyclic(range(s)), [0.05] * 40, reuse=True)
    samples = problem.draw(streams()[0], 40, problem.lanes)
    x = np.tile(problem.start, (3, 1))
    for b in range(10):
        np.testing.assert_allclose(fast[b * s], x, rtol=1e-12, atol=1e-14)
        x = x - s * 0.05 * (problem.spectrum * x + samples[b * s])


# ---- which sample is applied ----


@dataclass(frozen=True, eq=False, kw_only=True)
class Tagged(Problem):
    """f = 0, samples that carry the time and lane of their draw, and a log of what is applied."""

    log: list
    drawn: list

    def value(self, x):
        return np.zeros(x.shape[:-1])

    def gradient(self, x, out=None):
        out = np.empty_like(x) if out is None else out
        out[:] = 0
        return out

    def draw(self, generator, steps, lanes):
        t = sum(self.drawn) + np.arange(steps)
        self.drawn.append(steps)
        return np.stack(np.broadcast_arrays(t[:, None], np.arange(lanes)), axis=-1)

    def stochastic_gradient(self, x, sample, out):
        self.log.append(sample.copy())
        out[:] = 0

    def noise_variance(self, x):
        return np.zeros(x.shape[:-1])


def tagged(lanes=6):
    return Tagged(
        name="tagged",
        dim=1,
        start=np.zeros(1),
        constants={"infimum": Constant(value=0.0, provenance="exact", why="f = 0")},
        settings={},
        lanes=lanes,
        sample_size=2,
        log=[],
        drawn=[],
    )


@pytest.mark.parametrize("block", [1, 3, None])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_reuse_applies_the_sample_drawn_with_the_iterate(schedule, block):
    steps = 30
    delays = schedule.draw(streams()[1], 0, steps, 6).reshape(steps, -1)
    t = np.arange(steps)[:, None]
    for reuse, expected in ((True, t - delays), (False, t)):
        problem = tagged()
        simulate(problem, schedule, step=1.0, steps=steps, replicas=6, reuse=reuse, block=block)
        times, lanes = np.moveaxis(problem.log, -1, 0)
        np.testing.assert_array_equal(times, np.broadcast_to(expected, (steps, 6)))
        np.testing.assert_array_equal(lanes, np.broadcast_to(np.arange(6), (steps, 6)))


# ---- only the seed decides the bits ----


def logistic():
    return replace(problems.logistic(batch=2), lanes=16)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
@pytest.mark.parametrize("make", [small, logistic])
def test_a_replica_does_not_depend_on_the_others_or_on_blocks(make, schedule, iterates):
    problem, eta = make(), [0.2] * 20
    whole = iterates(problem, schedule, eta, tile=1)
    for replicas, block in itertools.product((problem.lanes + 1, 100), (1, 4, 1000)):
        part = iterates(problem, schedule, eta, tile=1, replicas=replicas, block=block)
        np.testing.assert_array_equal(part, whole)
    assert (iterates(problem, schedule, eta, tile=2)[1:] != whole[1:]).any()
    shifted = schedules.Cyclic([1]) if schedule.tau_max == 0 else schedules.Constant(0)
    assert (iterates(problem, shifted, eta, tile=1) != whole).any()


def test_the_mean_over_replicas_is_the_mean_of_the_replicas(iterates):
    """Through all tiles, the last one cut short."""
    problem, schedule, eta = small(), schedules.Uniform(3), [0.2] * 15
    paths = np.concatenate([iterates(problem, schedule, eta, tile=i) for i in range(3)], axis=1)
    for replicas in (1, 5, 6, 13, 15):
        runs = simulate(problem, schedule, step=0.2, steps=15, replicas=replicas)
        g = problem.gradient(paths[:, :replicas])
        norms = np.vecdot(g, g)
        norm = runs.statistics.squared_norm
        assert norm.count == runs.replicas == replicas
        np.testing.assert_allclose(norm.mean, norms.mean(axis=1), rtol=1e-12)
        spread = ((norms - norms.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        np.testing.assert_allclose(norm.M2, spread, rtol=1e-9, atol=1e-15)
        gaps = problem.value(paths[:, :replicas])
        np.testing.assert_allclose(runs.statistics.gap.mean, gaps.mean(axis=1), rtol=1e-12)


def test_each_replica_is_kept_if_asked_for(iterates):
    problem, schedule, options = small(), schedules.Uniform(3), {"step": 0.2, "steps": 15}
    paths = np.concatenate([iterates(problem, schedule, [0.2] * 15, tile=i) for i in range(3)], 1)
    runs = simulate(problem, schedule, **options, replicas=13, each=True, record=[2, 9, 15])
    at = paths[[2, 9, 15], :13]
    assert list(runs.each) == ["squared gradient", "gap"]
    np.testing.assert_allclose(runs.each["gap"], problem.value(at), rtol=1e-12)
    g = problem.gradient(at)
    np.testing.assert_array_equal(runs.each["squared gradient"], np.vecdot(g, g))
    means = runs.each["gap"].mean(axis=1)
    np.testing.assert_allclose(means, runs.statistics.gap.mean, rtol=1e-12)
    assert not simulate(problem, schedule, **options, replicas=13).each


def test_lost_replicas_are_infinite_each():
    problem = quadratic(dim=2, mu=0.1)
    runs = simulate(problem, schedules.Constant(1), step=9.0, steps=120, replicas=3, each=True)
    lost = runs.times >= runs.lost_at[0]
    assert 0 < lost.sum() < len(lost)
    for values in runs.each.values():
        assert np.isinf(values[lost]).all()
        assert np.isfinite(values[~lost]).all()


@pytest.mark.parametrize("make", [small, logistic])
def test_blocks_and_processes_leave_no_trace(make):
    problem = make()
    options = {"step": 0.2, "steps": 150, "replicas": 4 * problem.lanes - 1, "window": 3}
    options |= {"noise": True, "reuse": True, "measures": tuple(OF_ITERATES), "each": True}
    options |= {"smoothness": True}
    reference = simulate(problem, schedules.Uniform(4), **options)
    for block in (1, 9, 1000):
        runs = simulate(problem, schedules.Uniform(4), **options, block=block)
        assert_same_statistics(runs, reference)
    done = []
    runs = simulate(
        problem,
        schedules.Uniform(4),
        **options,
        processes=2,
        progress=lambda *counts: done.append(counts),
    )
    assert_same_statistics(runs, reference)
    n = problem.lanes
    assert done == [(n, 4 * n - 1), (2 * n, 4 * n - 1), (3 * n, 4 * n - 1), (4 * n - 1, 4 * n - 1)]
    other = simulate(problem, schedules.Constant(4), **options)
    with pytest.raises(AssertionError):
        assert_same_statistics(other, reference)


@dataclass(frozen=True, eq=False, kw_only=True)
class Watchful(Tagged):
    """Notes how many threads BLAS may use while it is simulated."""

    def draw(self, generator, steps, lanes):
        threads = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
        self.drawn.extend(threads)
        return np.empty((steps, lanes, 0))


def test_linear_algebra_runs_in_one_thread():
    """Else the bits could depend on the number of cores, and processes would fight for them."""
    problem = Watchful(**vars(tagged()))
    with threadpool_limits(2, "blas"):
        simulate(problem, schedules.Constant(0), step=0.1, steps=3)
        after = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert set(problem.drawn) == {1}
    assert set(after) == {2}  # and gives back what it took


def test_samples_and_delays_have_streams_of_their_own(iterates):
    """Another law of delays leaves the noise alone; another noise leaves the delays alone."""
    eta = [1.0] * 10
    flat = replace(small(), spectrum=np.zeros(3), tile=np.zeros((5, 3)))  # x_t = -sum of noise
    walks = [iterates(flat, schedule, eta) for schedule in SCHEDULES]
    for walk in walks[1:]:
        np.testing.assert_array_equal(walk, walks[0])
    assert (iterates(flat, SCHEDULES[0], eta, seed=1)[1:] != walks[0][1:]).any()

    def delays(problem, seed):
        runs = simulate(problem, schedules.Uniform(4), step=0.1, steps=50, replicas=5, seed=seed)
        return runs.reads.counts.tolist()

    assert delays(small(), 0) == delays(small("gaussian"), 0) != delays(small(), 1)


# ---- every option does something, and only what it says ----

CHANGES = {
    "step": {"step": 0.2},
    "steps": {"steps": 31},
    "replicas": {"replicas": 21},
    "seed": {"seed": 1},
    "reuse": {"reuse": True},
    "record": {"record": 2},
    "measures": {"measures": ["gap at read points"]},
    "window": {"window": 2},
    "noise": {"noise": True},
    "smoothness": {"smoothness": True},
    "each": {"each": True},
}


@pytest.mark.parametrize("option", CHANGES)
def test_every_option_changes_something(option):
    options = {"step": 0.1, "steps": 30, "replicas": 20}
    reference = simulate(small(), schedules.Uniform(3), **options)
    changed = simulate(small(), schedules.Uniform(3), **{**options, **CHANGES[option]})
    assert changed.settings != reference.settings
    with pytest.raises(AssertionError):
        assert_same_statistics(changed, reference)


@pytest.mark.parametrize(
    ("record", "times"),
    [
        ("all", list(range(11))),
        (4, [0, 4, 8, 10]),
        (5, [0, 5, 10]),
        (99, [0, 10]),
        ([7, 3, 7], [3, 7]),
        (np.array([0]), [0]),
        ("log", list(range(11))),
    ],
)
def test_recorded_times(record, times):
    """What is recorded is what recording everything would show at these times."""
    options = {"step": 0.1, "steps": 10, "window": 6, "replicas": 7}  # longer than the delays
    everything = simulate(small(), schedules.Uniform(3), **options).statistics
    runs = simulate(small(), schedules.Uniform(3), record=record, **options)
    assert runs.times.tolist() == times
    for name in ("squared_norm", "gap", "inner"):
        part, whole = getattr(runs.statistics, name), getattr(everything, name)
        np.testing.assert_array_equal(part.mean, whole.mean[times])
        np.testing.assert_array_equal(part.M2, whole.M2[times])


def test_logarithmic_times():
    runs = simulate(small(), schedules.Constant(1), step=0.1, steps=9000, replicas=1, record="log")
    assert runs.times[0] == 0
    assert runs.times[1] == 1
    assert runs.times[-1] == 9000
    assert 150 < len(runs.times) <= 201
    ratios = runs.times[60:] / runs.times[59:-1]
    assert ratios.max() < 1.1


def test_noise_variance_along_the_run(iterates):
    problem, eta = logistic(), [0.5] * 20
    runs = simulate(problem, schedules.Constant(2), step=0.5, steps=20, replicas=16, noise=True)
    variance = problem.noise_variance(iterates(problem, schedules.Constant(2), eta))
    np.testing.assert_allclose(runs.statistics.noise_mean, variance.mean(axis=1), rtol=1e-10)
    np.testing.assert_allclose(runs.statistics.noise_max, variance.max(axis=1), rtol=1e-10)
    without = simulate(problem, schedules.Constant(2), step=0.5, steps=20, replicas=16)
    assert np.isnan(without.statistics.noise_mean).all()
    assert np.isnan(without.statistics.noise_max).all()


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_facts_about_the_delays(schedule):
    problem, steps, replicas = small(), 200, 8
    runs = simulate(problem, schedule, step=0.1, steps=steps, replicas=replicas)
    parts = [schedule.draw(streams(tile=i)[1], 0, steps, 5).reshape(steps, -1) for i in (0, 1)]
    if parts[0].shape[1] > 1:
        parts[1] = parts[1][:, :3]  # the surplus lanes of the second tile do not count
    facts = multiplicity(np.hstack(parts), schedule.tau_max)
    assert (runs.reads.reads, runs.reads.cold_reads) == (facts.reads, facts.cold_reads)
    assert (runs.reads.flying, runs.reads.average) == (facts.flying, facts.average)
    if runs.delays is None:
        assert parts[0].shape[1] > 1
    else:
        assert runs.delays.tolist() == parts[0][:, 0].tolist()
    assert runs.reads.counts.tolist() == facts.counts.tolist()


class Careless(Law):
    """A schedule that forgets to clip, or lies about its largest delay."""

    def __init__(self, delay, tau_max):
        object.__setattr__(self, "delay", delay)
        object.__setattr__(self, "tau_max", tau_max)

    def draw(self, generator, start, steps, lanes):
        return np.full((steps, lanes), self.delay)


@pytest.mark.parametrize(("delay", "tau_max"), [(2, 2), (-1, 2)])
def test_a_careless_schedule_is_caught(delay, tau_max):
    with pytest.raises(ValueError, match=r"reads need delays 0 <= tau_t <= min\(t, tau_max = 2\)"):
        simulate(small(), Careless(delay, tau_max), step=0.1, steps=10)


def test_without_an_infimum_there_is_no_gap():
    problem = small()
    constants = {key: c for key, c in problem.constants.items() if key != "infimum"}
    runs = simulate(replace(problem, constants=constants), schedules.Constant(1), step=0.1, steps=3)
    assert np.isnan(runs.statistics.gap.mean).all()
    assert np.isfinite(runs.statistics.squared_norm.mean).all()
    assert "Delta" not in runs.constants


# ---- divergence and interruption ----


def test_lost_replicas_are_never_dropped():
    """Random delays near the limit: replicas are lost one after another."""
    problem = quadratic(dim=2, mu=0.5, sigma=0.1)
    runs = simulate(
        problem,
        schedules.Uniform(3),
        step=3.0,
        steps=400,
        replicas=300,
        window=2,
        noise=True,
        record=5,
    )
    s, lost = runs.statistics, runs.statistics.diverged
    assert (np.diff(lost) >= 0).all()
    assert ((lost > 0) & (lost < 300)).any()
    assert lost[-1] == 300
    assert runs.first_divergence == runs.times[np.argmax(lost > 0)]
    for values in (s.squared_norm.mean, s.gap.mean, s.squared_norm.M2, s.noise_mean, s.noise_max):
        np.testing.assert_array_equal(np.isinf(values), lost > 0)
    for values in (s.inner.mean, s.inner.M2, s.comoment):
        np.testing.assert_array_equal(np.isnan(values), np.tile(lost > 0, (2, 1)).T)
    np.testing.assert_array_equal(np.isnan(s.coherence_min), lost > 0)
    before = simulate(
        problem, schedules.Uniform(3), step=3.0, steps=400, replicas=300, record=[0, 5]
    )
    np.testing.assert_array_equal(before.statistics.gap.mean, s.gap.mean[:2])


def test_overflow_between_records_is_noticed_and_silent():
    runs = simulate(
        quadratic(dim=1, L=1.0), schedules.Constant(0), step=1e9, steps=100, record=[0, 100]
    )
    assert runs.statistics.diverged.tolist() == [0, 256]
    assert runs.first_divergence == 100


def test_a_lost_replica_stays_lost():
    """One huge step and one back to the minimum: finite again, but not found again."""
    eta = np.concatenate([[1e60], np.ones(99)])
    runs = simulate(quadratic(dim=1, L=1.0), schedules.Constant(0), step=eta, steps=100, replicas=2)
    assert runs.statistics.diverged.tolist() == [0] + [2] * 100
    assert runs.first_divergence == 1


def test_a_run_that_stays_finite_has_lost_nobody():
    runs = simulate(small(), schedules.Constant(2), step=0.1, steps=10)
    assert runs.first_divergence is None
    assert not runs.statistics.diverged.any()


@pytest.mark.parametrize("processes", [1, 2])
def test_interruption_keeps_the_finished_tiles(processes):
    def stop(done, total):
        assert total == 23
        if done == 10:
            raise KeyboardInterrupt

    options = {"step": 0.1, "steps": 30, "window": 2}
    runs = simulate(
        small(),
        schedules.Uniform(2),
        replicas=23,
        progress=stop,
        processes=processes,
        **options,
    )
    assert not runs.complete
    assert runs.replicas == 10
    assert runs.settings["replicas"] == 23
    fewer = simulate(small(), schedules.Uniform(2), replicas=10, **options)
    assert fewer.complete
    assert_same_statistics(runs, fewer)


@dataclass(frozen=True, eq=False, kw_only=True)
class Interrupted(Tagged):
    def draw(self, generator, steps, lanes):
        raise KeyboardInterrupt


def test_interruption_before_the_first_tile_is_passed_on():
    problem = Interrupted(**vars(tagged()))
    with pytest.raises(KeyboardInterrupt):
        simulate(problem, schedules.Constant(0), step=0.1, steps=3)


# ---- bad input ----


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"problem": 3}, r"simulate needs a Problem such as quadratic\(\.\.\.\), got 3"),
        ({"schedule": 4}, r"simulate needs a Schedule such as Constant\(4\), got 4"),
        ({"step": float("nan")}, r"step sizes eta need finite values >= 0, got nan at t = 0"),
        ({"step": [0.1]}, r"step sizes table need 10 values, one a step, got shape \(1,\)"),
        ({"steps": 0}, r"simulate needs a whole number steps >= 1, got 0"),
        ({"steps": 2.5}, r"simulate needs a whole number steps >= 1, got 2\.5"),
        ({"replicas": 0}, r"simulate needs a whole number replicas >= 1, got 0"),
        ({"seed": -1}, r"simulate needs a whole number seed >= 0, got -1"),
        ({"seed": None}, r"simulate needs a whole number seed >= 0, got None"),
        ({"window": 1}, r"simulate needs a window of at least 2 gradients or 0, got 1"),
        ({"optimiser": 3}, r"simulate needs optimiser = an object of Optimiser or none, got 3"),
        ({"correction": 3}, r"simulate needs correction = an object of Correction or none, got 3"),
        ({"reuse": "no"}, r"simulate needs reuse = True or False, got 'no'"),
        ({"noise": 1}, r"simulate needs noise = True or False, got 1"),
        ({"smoothness": None}, r"simulate needs smoothness = True or False, got None"),
        ({"each": "yes"}, r"simulate needs each = True or False, got 'yes'"),
        ({"measures": 3}, r"simulate needs a sequence of measures, got 3"),
        ({"window": 12}, r"simulate needs a window of at most the 11 gradients at .*, got 12"),
        ({"window": 10**30}, r"simulate needs a whole number window <= 9007199254740992, got 1000"),
        ({"window": -2}, r"simulate needs a whole number window >= 0, got -2"),
        (
            {"measures": ["gap", "speed"]},
            r"simulate needs measures among squared gradient, gap, .*, got 'speed'",
        ),
        (
            {"problem": tagged(), "measures": "squared distance at read points"},
            r"simulate needs the minimiser for the squared distance at .*; tagged has none",
        ),
        ({"processes": 0}, r"simulate needs a whole number processes >= 1, got 0"),
        ({"block": 0}, r"simulate needs a whole number block >= 1, got 0"),
        (
            {"record": "some"},
            r'needs record = "all", "log", a number or times, or .*, got \'some\'',
        ),
        ({"record": 0}, r"simulate needs a whole number record >= 1, got 0"),
        ({"record": 0.5}, r"simulate needs a whole number record >= 1, got"),
        ({"record": []}, r"simulate needs whole times to record, shape \(K,\), got float64"),
        ({"record": [0.5]}, r"simulate needs whole times to record"),
        ({"record": [[1]]}, r"simulate needs whole times .* shape \(1, 1\)"),
        ({"record": [0, 11]}, r"times to record in 0, \.\.\., steps = 10, got 0, \.\.\., 11"),
        ({"record": [-1]}, r"times to record in 0, \.\.\., steps = 10, got -1"),
    ],
)
def test_bad_input_gets_one_sentence(change, sentence):
    good = {"problem": small(), "schedule": schedules.Constant(1), "step": 0.1, "steps": 10}
    arguments = {**good, **change}
    with pytest.raises(ValueError, match=sentence):
        simulate(arguments.pop("problem"), arguments.pop("schedule"), **arguments)


@pytest.mark.parametrize("reuse", [False, True])
def test_delays_beyond_the_run_take_no_memory(reuse):
    """A bound of 10^12 updates, in a run of 70: a ring of that length would be refused."""
    problem = problems.quadratic(dim=2, mu=0.5, sigma=0.5)
    given = {"step": 0.1, "steps": 70, "replicas": 8, "reuse": reuse, "block": 7}
    measures = ("gap", "gap at read points", "squared distance at read points")
    far, all_of_it = (
        simulate(problem, schedules.Constant(tau), measures=measures, each=True, **given)
        for tau in (10**12, 70)
    )
    for name in measures:
        assert np.array_equal(far.each[name], all_of_it.each[name], equal_nan=True)
    assert (far.reads.cold_reads, far.reads.flying) == (70, 69)
    near = simulate(problem, schedules.Constant(60), measures=measures, each=True, **given)
    assert not np.array_equal(far.each["gap"], near.each["gap"])
