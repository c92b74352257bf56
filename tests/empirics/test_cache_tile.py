"""The loop of workers with caches against a twin that keeps every message on a list."""

import itertools
from collections import defaultdict
from dataclasses import dataclass, fields, replace

import numpy as np
import pytest
from scipy.stats import norm

from empirics import pending, problems, schedules, simulate, stepsizes
from empirics.cache_tile import CacheTile
from empirics.moments import Moments
from empirics.optimisers import SGD, Adam, AdamW, Correction, Momentum
from empirics.pending import Pending
from empirics.problems import Problem
from empirics.problems.quadratic import quadratic
from empirics.schedules import Caches, Constant, Geometric, Uniform
from empirics.schedules import base as base_module
from empirics.tile import Plan

EVERYONE = [
    Caches(1),
    Caches(1, Uniform(4)),
    Caches(3),
    Caches(3, Uniform(4)),
    Caches(3, Uniform(4), destinations="shared"),
    Caches(4, Geometric(p=0.4, tau_max=6), own="immediate", evaluate="mean"),
    Caches(2, [Constant(1), Uniform(5)]),
    Caches(4, Uniform(1), topology=schedules.ring(4), destinations="shared"),
    Caches(4, topology=schedules.star(4), own="immediate"),
]


def small(noise="two-point", lanes=5, dim=3):
    """A noisy bowl in a narrow tile, so that slow twins stay quick."""
    problem = quadratic(dim=dim, mu=0.1, L=1.0, sigma=0.5, noise=noise)
    return replace(problem, lanes=lanes, tile=np.tile(problem.spectrum, (lanes, 1)))


def logistic():
    return replace(problems.logistic(batch=2), lanes=4)


def tile_of(problem, schedule, eta, **options):
    plan = {
        "optimiser": SGD(),
        "correction": None,
        "replicas": 10**6,
        "seed": 0,
        "reuse": False,
        "times": np.arange(len(eta) + 1),
        "measures": ("squared gradient",),
        "window": 0,
        "noise": False,
        "each": False,
        "block": 7,
    }
    index = options.pop("tile", 0)
    plan |= {"problem": problem, "schedule": schedule, "eta": np.asarray(eta, dtype=float)}
    return CacheTile(Plan(**{**plan, **options}), index)


def every_cache(problem, schedule, eta, **options):
    """x_p^t of all lanes and workers, (T + 1, lanes, P, dim), from the simulator's own loop."""
    tile = tile_of(problem, schedule, eta, **options)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.array([tile.caches.copy() for _ in tile.run()])


def streams(seed=0, tile=0):
    """The generators of the samples and of the messages of a tile."""
    pair = np.random.SeedSequence(seed, spawn_key=(tile,)).spawn(2)
    return [np.random.Generator(np.random.SFC64(sequence)) for sequence in pair]


def twin(problem, schedule, eta, *, seed=0, tile=0, optimiser=None, late=0, rows=None):
    """The same, one message at a time: each is a line (destination, update) under its arrival.

    `late` is for negative controls: it adds to every delay. rows, how many are drawn at a time.
    """
    steps, lanes, P = len(eta), problem.lanes, schedule.workers
    noise, timing = streams(seed, tile)
    rows = rows or lanes
    samples = problem.draw(noise, steps * P * lanes // rows, rows)
    samples = samples.reshape(steps, lanes, P, *samples.shape[2:])
    r = schedule.draw(timing, steps, lanes)
    paths = np.empty((steps + 1, lanes, P, problem.dim))
    for j in range(lanes):
        caches = [problem.start.copy() for _ in range(P)]
        rules = [(optimiser or SGD()).begin((1, problem.dim)) for _ in range(P)]
        arriving = defaultdict(list)
        for t in range(steps + 1):
            due = [np.zeros(problem.dim) for _ in range(P)]
            for destination, update in arriving.pop(t, []):
                due[destination] -= update
            caches = [x + sum_ for x, sum_ in zip(caches, due, strict=True)]
            paths[t, j] = caches
            for p in range(P) if t < steps else ():
                u = np.empty((1, problem.dim))
                problem.stochastic_gradient(caches[p][None], samples[t, j, p][None], u)
                rules[p].step(u, eta[t], caches[p][None])
                for q in range(P):
                    arriving[t + 1 + r[t, j, p, q] + late].append((q, u[0]))
    return paths


# ---- the iteration ----


@pytest.mark.parametrize("schedule", EVERYONE, ids=repr)
def test_the_twin_agrees_to_the_last_bit(schedule):
    problem, eta = small(), stepsizes.inverse_sqrt(0.1)(30)
    expected = twin(problem, schedule, eta)
    np.testing.assert_array_equal(every_cache(problem, schedule, eta), expected)
    assert abs(twin(problem, schedule, eta, late=1) - expected).max() > 1e-3


@pytest.mark.parametrize("optimiser", [Momentum(0.8), Adam(), AdamW(weight_decay=0.5)], ids=repr)
def test_every_worker_has_an_optimiser_of_its_own(optimiser):
    """The twin has one for each; a memory that they share, or none, would differ."""
    problem, schedule, eta = small(), Caches(3, Uniform(3)), [0.02] * 25
    expected = twin(problem, schedule, eta, optimiser=optimiser)
    simulated = every_cache(problem, schedule, eta, optimiser=optimiser)
    np.testing.assert_array_equal(simulated, expected)
    assert abs(twin(problem, schedule, eta) - expected).max() > 1e-3


@pytest.mark.parametrize("schedule", EVERYONE, ids=repr)
def test_the_twin_agrees_on_logistic_regression_up_to_rounding(schedule):
    problem, eta = logistic(), np.full(20, 0.1)
    expected = twin(problem, schedule, eta)
    simulated = every_cache(problem, schedule, eta)
    np.testing.assert_allclose(simulated, expected, rtol=1e-10, atol=1e-12)
    assert abs(twin(problem, schedule, eta, late=1) - expected).max() > 1e-3


@pytest.mark.parametrize("noise", ["two-point", "gaussian"])
def test_one_worker_without_extra_delay_is_plain_sgd_to_the_last_bit(noise, iterates):
    problem, eta = small(noise), stepsizes.inverse_sqrt(0.3)(150)
    plain = iterates(problem, Constant(0), eta)
    np.testing.assert_array_equal(every_cache(problem, Caches(1), eta)[:, :, 0], plain)
    options = {"step": 0.2, "steps": 150, "replicas": 12, "window": 3, "noise": True}
    one = simulate(problem, Caches(1), **options).statistics
    other = simulate(problem, Constant(0), **options).statistics
    for field in ("squared_norm", "gap", "inner"):
        assert_equal(getattr(one, field), getattr(other, field))
    late = simulate(problem, Caches(1, Constant(1)), **options).statistics
    assert (late.gap.mean != one.gap.mean).any()


def test_a_fixed_delay_of_one_worker_is_one_of_the_shared_iterate(iterates):
    """x^{t+1} = x^t - u^{t-r}: the gradient of t - r is applied at t, so tau = r, but the cold
    start waits for it where the shared iterate reads x_0 again."""
    quiet, r, steps = quadratic(dim=3, mu=0.1, L=1.0), 3, 20
    x = every_cache(quiet, Caches(1, Constant(r)), [0.1] * (steps + r))[:, :, 0]
    for t in range(r + 1):
        np.testing.assert_array_equal(x[t], x[0])
    for t in range(r, steps + r):
        np.testing.assert_array_equal(x[t + 1], x[t] - 0.1 * quiet.gradient(x[t - r]))


def test_without_extra_delay_all_updates_are_made_at_one_point():
    """P separate updates, not their mean: one step with P times the mean gradient."""
    problem, P, eta = small(), 4, 0.05
    samples = problem.draw(streams()[0], 30 * P, problem.lanes).reshape(30, 5, P, 3)
    x = np.tile(problem.start, (5, 1))
    paths = every_cache(problem, Caches(P), [eta] * 30)
    for t in range(30):
        np.testing.assert_array_equal(paths[t], np.broadcast_to(paths[t][:, :1], (5, P, 3)))
        np.testing.assert_allclose(paths[t][:, 0], x, rtol=1e-12, atol=1e-14)
        x = x - eta * (problem.spectrum * x[:, None] + samples[t]).sum(axis=1)


# ---- every update reaches every cache once, when it should ----


@dataclass(frozen=True, eq=False, kw_only=True)
class Marking(Problem):
    """f = 0 but for the mark that each gradient leaves: 1 in the coordinate of its number."""

    drawn: list

    def value(self, x):
        return np.zeros(x.shape[:-1])

    def gradient(self, x, out=None):
        out = np.empty_like(x) if out is None else out
        out[:] = 0
        return out

    def draw(self, generator, steps, lanes):
        numbers = sum(self.drawn) + np.arange(steps * lanes)
        self.drawn.append(steps * lanes)
        return numbers.reshape(steps, lanes)

    def stochastic_gradient(self, x, sample, out):
        out[:] = 0
        out[np.arange(len(x)), sample % self.dim] = 1

    def noise_variance(self, x):
        return np.zeros(x.shape[:-1])


def marking(lanes, P, steps):
    """One coordinate for every gradient of all lanes, in order of iteration, lane, worker."""
    dim = lanes * P * steps
    return Marking(
        name="marking",
        dim=dim,
        start=np.zeros(dim),
        constants={},
        settings={},
        lanes=lanes,
        sample_size=1,
        drawn=[],
    )


@pytest.mark.parametrize("schedule", EVERYONE, ids=repr)
def test_every_update_reaches_every_cache_exactly_once(schedule):
    lanes, P, steps, s = 3, schedule.workers, 12, schedule.longest
    problem = marking(lanes, P, steps + s + 1)
    eta = [1.0] * steps + [0.0] * (s + 1)  # until the last message has arrived
    x = -every_cache(problem, schedule, eta)  # (T + 1, lanes, P, dim)
    x = x.reshape(len(eta) + 1, lanes, P, len(eta), lanes, P)
    r = schedule.draw(streams()[1], len(eta), lanes)
    assert r.min() >= 0
    assert r.max() == s or s == 6  # 12 iterations of a geometric law may not show its tail
    for t, j, p, q in itertools.product(range(len(eta)), range(lanes), range(P), range(P)):
        mark = x[:, j, q, t, j, p]
        expected = np.arange(len(eta) + 1) >= t + 1 + r[t, j, p, q]
        np.testing.assert_array_equal(mark, expected * (t < steps))
    for j, other in itertools.permutations(range(lanes), 2):  # nothing leaks between replicas
        assert not x[:, j, :, :, other].any()


def test_a_law_a_worker_makes_stragglers():
    """Only the updates of the slow one are late, to all caches alike."""
    P, steps, lanes = 3, 200, 2
    r = Caches(P, [Constant(0), Constant(1), Uniform(9)]).draw(streams()[1], steps, lanes)
    assert not r[:, :, 0].any()
    assert (r[:, :, 1] == 1).all()
    assert set(np.unique(r[:, :, 2])) == set(range(10))


# ---- means that are known exactly ----


def mean_path(schedule, h, eta, steps, start=1.0):
    """E x_q^t for every cache at curvature h, (steps + 1, P): delays meet updates they ignore.

    E x_q^{t+1} = E x_q^t - eta h sum_{p, r} P(r_{p,q} = r) E x_p^{t-r}
    """
    P, s = schedule.workers, schedule.longest
    draws = schedule.draw(np.random.default_rng(0), 1, 1).shape  # checked below, not used
    assert draws == (1, 1, P, P)
    law = np.zeros((P, P, s + 1))
    laws = schedule.law if isinstance(schedule.law, tuple) else (schedule.law,) * P
    extra = np.zeros((P, P), int) if schedule.topology is None else schedule.topology.extra
    for p, q in itertools.product(range(P), range(P)):
        if p == q and schedule.own == "immediate":
            law[p, q, 0] = 1
        else:
            pmf = laws[p].pmf
            law[p, q, extra[p, q] : extra[p, q] + len(pmf)] = pmf[: s + 1 - extra[p, q]]
    np.testing.assert_allclose(law.sum(axis=2), 1)
    x = np.zeros((s + steps + 1, P))
    x[s] = start
    for t in range(s, s + steps):
        window = x[t - s : t + 1][::-1]  # x^{t-r}, r = 0, ..., s; none before the start
        x[t + 1] = x[t] - eta * h * np.einsum("rp,pqr->q", window, law)
    return x[s:]


MEANS = [
    Caches(3, Uniform(5)),
    Caches(3, Uniform(5), destinations="shared"),
    Caches(2, [Constant(0), Geometric(p=0.3, tau_max=8)]),
    Caches(3, Uniform(4), own="immediate"),
    Caches(4, Uniform(1), topology=schedules.grid(2, 2)),
]


@pytest.mark.parametrize("schedule", MEANS, ids=repr)
def test_the_mean_is_that_of_the_recursion(schedule):
    problem, eta, steps = quadratic(spectrum=[1.0, 0.3], start=[1.0, 1.0]), 0.15, 40
    wide = replace(problem, lanes=4001, tile=np.tile(problem.spectrum, (4001, 1)))
    x = every_cache(wide, schedule, [eta] * steps)  # (T + 1, lanes, P, 2)
    expected = np.stack([mean_path(schedule, h, eta, steps) for h in problem.spectrum], axis=-1)
    error = x.std(axis=1) / np.sqrt(4001 - 1)
    random = error > 1e-12
    assert random.any()
    limit = norm.isf(1e-6 / random.sum() / 2)
    z = abs(x.mean(axis=1) - expected)[random] / error[random]
    assert z.max() < limit
    np.testing.assert_allclose(x.mean(axis=1)[~random], expected[~random], atol=1e-10)
    other = replace_law(schedule)
    wrong = np.stack([mean_path(other, h, eta, steps) for h in problem.spectrum], axis=-1)
    assert (abs(x.mean(axis=1) - wrong)[random] / error[random]).max() > limit


def replace_law(schedule):
    """The same with longer delays: a negative control."""
    return Caches(schedule.workers, Uniform(7), own=schedule.own, topology=schedule.topology)


def test_shared_and_independent_destinations_are_two_models():
    """Their means agree (see above); what differs is how caches, and replicas, scatter."""
    problem, times = small(), np.arange(10, 61, 10)

    def run(kind, seed=0):
        return simulate(
            problem,
            Caches(4, Uniform(6), destinations=kind),
            measures=["disagreement"],
            record=times,
            step=0.2,
            steps=60,
            replicas=4000,
            seed=seed,
        ).statistics

    def z(one, other):
        errors = np.hypot(one.squared_norm.standard_error, other.squared_norm.standard_error)
        return abs((one.squared_norm.mean - other.squared_norm.mean) / errors).max()

    independent, shared = run("independent"), run("shared")
    assert (independent.disagreement.mean > 1e-3).all()
    assert (shared.disagreement.mean < 1e-30).all()  # they add the same numbers in the same order
    limit = norm.isf(1e-6 / len(times) / 2)
    assert z(independent, shared) > limit
    assert z(independent, run("independent", seed=1)) < limit


# ---- only the seed decides the bits ----


def assert_equal(one, other):
    if isinstance(one, Moments):
        assert one.count == other.count
        one, other = (one.mean, one.M2), (other.mean, other.M2)
    np.testing.assert_array_equal(one, other)


def assert_same_runs(one, other):
    """Bit for bit."""
    for field in fields(one.statistics):
        assert_equal(*(getattr(runs.statistics, field.name) for runs in (one, other)))
    assert one.deliveries.counts.tolist() == other.deliveries.counts.tolist()
    assert one.lost_at.tolist() == other.lost_at.tolist()


@pytest.mark.parametrize("schedule", EVERYONE, ids=repr)
@pytest.mark.parametrize("make", [small, logistic])
def test_a_replica_does_not_depend_on_the_others_or_on_blocks(make, schedule):
    problem, eta = make(), [0.05] * 20
    whole = every_cache(problem, schedule, eta, tile=1)
    for replicas, block in itertools.product((problem.lanes + 1, 100), (1, 4, 1000)):
        part = every_cache(problem, schedule, eta, tile=1, replicas=replicas, block=block)
        np.testing.assert_array_equal(part, whole)
    assert (every_cache(problem, schedule, eta, tile=2)[1:] != whole[1:]).any()
    assert (every_cache(problem, schedule, eta, tile=1, seed=1)[1:] != whole[1:]).any()


@pytest.mark.parametrize("make", [small, logistic])
def test_blocks_and_processes_leave_no_trace(make):
    problem, schedule = make(), Caches(3, Uniform(4), evaluate="mean")
    options = {"step": 0.1, "steps": 80, "replicas": 4 * problem.lanes - 1, "window": 3}
    options |= {"noise": True, "measures": ("gap", "squared distance", "disagreement")}
    options["optimiser"] = Momentum(0.5)
    reference = simulate(problem, schedule, **options)
    for more in ({"block": 1}, {"block": 9}, {"block": 1000}, {"processes": 2}):
        assert_same_runs(simulate(problem, schedule, **options, **more), reference)
    with pytest.raises(AssertionError):
        assert_same_runs(simulate(problem, schedule, **options, seed=1), reference)
    first = simulate(problem, schedule, **{**options, "replicas": problem.lanes})
    assert reference.deliveries.counts.sum() == 80 * 9 * reference.replicas
    assert first.deliveries.counts.sum() == 80 * 9 * first.replicas


def test_wide_tiles_are_cut_where_they_would_be_too_large(monkeypatch):
    """Rows of gradients then come at the full width of the problem, or not: no matter."""
    problem = small(lanes=32)
    for P, rows in ((4, 32), (3, 24), (5, 8)):
        schedule = Caches(P, Uniform(4))
        assert schedule.width(32, 3) == 32
        with monkeypatch.context() as patch:
            patch.setattr(base_module, "ROOMY", P * 15 * 8)
            assert schedule.width(32, 3) == 8
            narrow = every_cache(problem, schedule, [0.1] * 20)
            expected = twin(small(lanes=8), schedule, [0.1] * 20, rows=rows)
            np.testing.assert_array_equal(narrow, expected)
            runs = simulate(problem, schedule, step=0.1, steps=20, replicas=20, block=6)
            assert runs.replicas == 20
            x = narrow[:, :, 0]
            gaps = problem.value(x).mean(axis=1)
            eighth = simulate(problem, schedule, step=0.1, steps=20, replicas=8)
            np.testing.assert_allclose(eighth.statistics.gap.mean, gaps, rtol=1e-12)


# ---- what is measured ----


def test_what_is_evaluated_and_how_caches_disagree():
    problem, eta = small(), [0.1] * 30
    options = {"step": 0.1, "steps": 30, "replicas": 5, "window": 2}
    measures = ["gap", "squared distance", "disagreement"]
    x = every_cache(problem, Caches(3, Uniform(4)), eta)
    mean = x.mean(axis=2)
    apart = ((x - mean[:, :, None]) ** 2).sum(axis=-1).mean(axis=-1)
    for kind, seen in (("first", x[:, :, 0]), ("mean", mean)):
        for record in ("all", [0, 7, 29, 30]):
            runs = simulate(
                problem,
                Caches(3, Uniform(4), evaluate=kind),
                measures=measures,
                record=record,
                **options,
            )
            t, s = runs.times, runs.statistics
            g = problem.gradient(seen)
            before = g[np.maximum(t - 1, 0)]
            for moments, values in (
                (s.gap, problem.value(seen)[t]),
                (s.squared_norm, np.vecdot(g, g)[t]),
                (s.squared_distance, (seen**2).sum(axis=-1)[t]),
                (s.disagreement, apart[t]),
            ):
                np.testing.assert_allclose(moments.mean, values.mean(axis=1), rtol=1e-11)
                spread = values - values.mean(axis=1, keepdims=True)
                np.testing.assert_allclose(moments.M2, (spread**2).sum(axis=1), rtol=1e-9)
            inner = np.vecdot(g[t], before).mean(axis=1)
            np.testing.assert_allclose(s.inner.mean[:, 1], inner, rtol=1e-11)


def test_runs_of_caches_have_deliveries_instead_of_reads():
    runs = simulate(small(), Caches(4, Uniform(6)), step=0.01, steps=500, replicas=10)
    assert runs.reads is None
    assert runs.delays is None
    assert runs.tau_max is None
    messages = 500 * 10 * 16
    assert runs.deliveries.counts.sum() == messages
    assert runs.deliveries.longest == 6
    error = np.sqrt(((7**2 - 1) / 12) / messages)
    assert abs(runs.deliveries.mean - (6 / 2 + 1)) < norm.isf(5e-7) * error
    fixed = simulate(small(), Caches(2, Constant(3)), step=0.01, steps=20, replicas=3)
    assert fixed.deliveries.counts.tolist() == [0, 0, 0, 20 * 3 * 4]
    assert fixed.deliveries.mean == 4


def test_diverging_replicas_stop():
    """All of them at this step, each by a time that neither blocks nor others decide."""
    problem = small(lanes=8)
    schedule = Caches(3, Uniform(9))
    runs = simulate(problem, schedule, step=30.0, steps=640, replicas=11, measures=["disagreement"])
    assert (runs.lost_at > 0).all()
    assert runs.statistics.diverged[-1] == 11
    assert np.isinf(runs.statistics.squared_norm.mean[-1])
    assert np.isinf(runs.statistics.disagreement.mean[-1])
    again = simulate(problem, schedule, step=30.0, steps=640, replicas=11, block=11)
    assert again.lost_at.tolist() == runs.lost_at.tolist()
    few = simulate(problem, schedule, step=30.0, steps=640, replicas=11, record=[0])
    assert set(few.lost_at % 64) == {0}
    assert (few.lost_at < 640).all()  # they were looked at before the end
    calm = simulate(problem, schedule, step=0.01, steps=640, replicas=11)
    assert (calm.lost_at == -1).all()


@dataclass(frozen=True, eq=False, kw_only=True)
class Plateau(Marking):
    """A bowl on |x| < 1.2 and a force outwards beyond its rim: some replicas fall off, some not."""

    def gradient(self, x, out=None):
        out = np.empty_like(x) if out is None else out
        out[...] = np.where(abs(x) < 1.2, x, -30 * x)
        return out

    def draw(self, generator, steps, lanes):
        return generator.standard_normal((steps, lanes, 1))

    def stochastic_gradient(self, x, sample, out):
        self.gradient(x, out)
        out += sample


def test_some_replicas_diverge_and_nobody_else_notices():
    bowl = Plateau(**{**vars(marking(8, 1, 1)), "dim": 1, "start": np.zeros(1)})
    schedule, options = Caches(2, Uniform(3)), {"step": 0.15, "steps": 640}
    with np.errstate(all="ignore"):
        x = every_cache(bowl, schedule, [0.15] * 640)
    runs = simulate(bowl, schedule, replicas=8, **options)
    lost = runs.lost_at >= 0
    assert 0 < lost.sum() < 8
    stayed = np.abs(x).max(axis=(0, 2, 3)) < 1.2 * 31  # and whoever did not stay went very far
    np.testing.assert_array_equal(stayed, ~lost)
    first = np.where(lost, runs.lost_at, 640).argmin()
    assert np.isnan(x[-1, first]).all()  # stopped, in all caches
    again = simulate(bowl, schedule, replicas=13, block=9, **options)
    assert again.lost_at[:8].tolist() == runs.lost_at.tolist()
    assert runs.divergence.endswith(f"{lost.sum()} of 8 replicas are lost")


# ---- messages on their way ----


@pytest.mark.parametrize("private", [True, False])
def test_pending_sums(private, monkeypatch):
    """SciPy's private function, and what is done without it, against a loop over the messages."""
    if not private:
        monkeypatch.setattr(pending, "in_place", lambda: None)
    lanes, P, s, dim = 4, 3, 5, 2
    rng = np.random.default_rng(1)
    post, x = Pending(lanes, P, s, dim), np.zeros((lanes, P, dim))
    expected = np.zeros((40, lanes, P, dim))
    for t in range(30):
        post.arrive(t, x)
        np.testing.assert_allclose(x, expected[t], rtol=1e-13, atol=1e-13)
        r, u = rng.integers(0, s + 1, (lanes, P, P)), rng.standard_normal((lanes, P, dim))
        post.send(t, r, u)
        for j, p, q in np.ndindex(lanes, P, P):
            expected[t + 1 + r[j, p, q] :, j, q] -= u[j, p]
    assert abs(expected).max() > 1


# ---- what has no meaning for caches ----


class Halving(Correction):
    """Any correction."""

    def begin(self, shape, eta):
        raise AssertionError("it is refused before it begins")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"correction": Halving()}, "one iterate for a correction, got caches, which miss some"),
        ({"reuse": True}, "one iterate for reuse=True, got caches, where every gradient has its"),
        ({"measures": ["direction"]}, "one iterate for the direction, got caches, where gradients"),
        ({"measures": ["gap at read points"]}, "for the gap at read points, got caches, where gra"),
        ({"measures": ["time"]}, 'for the "time", got caches, whose workers go in step; leave it'),
    ],
)
def test_what_has_no_meaning_is_refused(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        simulate(small(), Caches(2), step=0.1, steps=5, **change)


def test_disagreement_needs_caches():
    with pytest.raises(ValueError, match='needs a schedule of caches to measure the "disagreemen'):
        simulate(small(), Constant(0), step=0.1, steps=5, measures=["disagreement"])
