"""What is measured along a run, at iterates and at the points read, against the iterates."""

from dataclasses import replace

import numpy as np
import pytest

from empirics import problems, schedules, simulate
from empirics.moments import OF_ITERATES
from empirics.problems.quadratic import quadratic
from empirics.recorder import Recorder

STEPS = 25
SCHEDULES = [
    schedules.Constant(0),
    schedules.Constant(3),
    schedules.Uniform(4),
    schedules.Cyclic(range(4)),
]


def bowl():
    problem = quadratic(dim=3, mu=0.1, L=1.0, sigma=0.5, start=[1.0, -2.0, 0.5])
    return replace(problem, lanes=6, tile=np.tile(problem.spectrum, (6, 1)))


def logistic():
    return replace(problems.logistic(batch=2), lanes=6)


def drawn(schedule, lanes):
    """The delays of the first tile, (STEPS, lanes)."""
    stream = np.random.SeedSequence(0, spawn_key=(0,)).spawn(2)[1]
    delays = schedule.draw(np.random.Generator(np.random.SFC64(stream)), 0, STEPS, lanes)
    return np.broadcast_to(delays.reshape(STEPS, -1), (STEPS, lanes))


def by_hand(problem, name, x):
    """A measure at iterates (..., dim)."""
    if name in ("squared gradient", "squared gradient mapping"):  # there is no penalty
        return (problem.gradient(x) ** 2).sum(axis=-1)
    if name == "gap":
        return problem.value(x) - problem.infimum
    return ((x - problem.minimiser) ** 2).sum(axis=-1)


@pytest.mark.parametrize("make", [bowl, logistic])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_every_measure_is_that_of_the_iterates(schedule, make, iterates):
    problem = make()
    path = iterates(problem, schedule, [0.3] * STEPS)
    delays = drawn(schedule, problem.lanes)
    read = path[np.arange(STEPS)[:, None] - delays, np.arange(problem.lanes)]
    runs = simulate(
        problem, schedule, step=0.3, steps=STEPS, replicas=6, measures=tuple(OF_ITERATES)
    )
    for name, field in OF_ITERATES.items():
        mean = getattr(runs.statistics, field).mean
        if name == "direction":
            expected = (problem.gradient(path[:-1]) * problem.gradient(read)).sum(axis=-1)
            assert np.isnan(mean[-1])
            mean = mean[:-1]
        elif name.endswith(" at read points"):
            expected = by_hand(problem, name.removesuffix(" at read points"), read)
            assert np.isnan(mean[-1])  # there is no update after the last
            mean = mean[:-1]
        else:
            expected = by_hand(problem, name, path)
        np.testing.assert_allclose(mean, expected.mean(axis=1), rtol=1e-9, atol=1e-12)
    if schedule.tau_max:  # negative control: another point gives other numbers
        other = by_hand(problem, "gap", path[:-1]).mean(axis=1)
        assert abs(runs.statistics.read_gap.mean[:-1] - other).max() > 1e-3


@pytest.mark.parametrize("make", [bowl, logistic])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_sparse_recording_measures_the_same_bits(schedule, make):
    """Values looked up because the iterate was measured before, or measured afresh at the point."""
    problem, options = make(), {"step": 0.3, "steps": STEPS, "replicas": 6}
    whole = simulate(problem, schedule, **options, measures=tuple(OF_ITERATES))
    sparse = simulate(problem, schedule, **options, measures=tuple(OF_ITERATES), record=[3, 9, 10])
    alone = simulate(problem, schedule, **options, measures=["gap at read points"])
    for field in OF_ITERATES.values():
        every, some = (getattr(runs.statistics, field) for runs in (whole, sparse))
        np.testing.assert_array_equal(some.mean, every.mean[[3, 9, 10]])
        np.testing.assert_array_equal(some.M2, every.M2[[3, 9, 10]])
    np.testing.assert_array_equal(alone.statistics.read_gap.mean, whole.statistics.read_gap.mean)


def test_what_is_not_asked_for_costs_nothing_and_is_not_a_number(monkeypatch):
    asked = []
    measure = Recorder._of
    monkeypatch.setattr(
        Recorder, "_of", lambda self, name, x: (asked.append(name), measure(self, name, x))[1]
    )
    options = {"step": 0.3, "steps": 4, "replicas": 2}
    runs = simulate(bowl(), schedules.Constant(1), **options)
    assert set(asked) == {"gap"}
    assert runs.settings["measures"] == ["squared gradient", "gap"]
    assert np.isnan(runs.statistics.squared_distance.mean).all()
    assert np.isnan(runs.statistics.read_gap.mean).all()
    asked.clear()
    bare = simulate(bowl(), schedules.Constant(1), **options, measures=())
    assert not asked
    assert np.isnan(bare.statistics.gap.mean).all()
    np.testing.assert_array_equal(
        bare.statistics.squared_norm.mean, runs.statistics.squared_norm.mean
    )
    simulate(bowl(), schedules.Constant(1), **options, measures=["gap", "gap at read points"])
    assert asked == ["gap"] * 5  # the points read were measured as iterates


def test_lost_replicas_make_every_measure_infinite():
    runs = simulate(
        bowl(), schedules.Constant(2), step=90.0, steps=120, replicas=3, measures=tuple(OF_ITERATES)
    )
    lost = runs.statistics.diverged > 0
    assert lost.any()
    for field in OF_ITERATES.values():
        mean = getattr(runs.statistics, field).mean[:-1]
        gone = np.isnan(mean) if field == "direction" else np.isinf(mean)
        assert gone.tolist() == lost[:-1].tolist()


@pytest.mark.parametrize(
    ("problem", "schedule", "expected"),
    [
        (quadratic(dim=2, mu=0.5), schedules.Constant(1), True),
        (quadratic(dim=2, mu=0.5), schedules.Uniform(1), False),
        (quadratic(dim=2, mu=0.5, sigma=0.1), schedules.Constant(1), False),
        (problems.noiseless(problems.logistic()), schedules.Constant(1), True),
        (quadratic(dim=2, mu=0.5), schedules.Workers(3, schedules.Deterministic(), buffer=3), True),
        (quadratic(dim=2, mu=0.5), schedules.Workers(3, buffer=3), False),
        (quadratic(dim=2, mu=0.5), schedules.Caches(2, schedules.Uniform(3)), False),
    ],
)
def test_runs_are_deterministic_without_noise_and_with_shared_delays(problem, schedule, expected):
    runs = simulate(problem, schedule, step=0.1, steps=30, replicas=3)
    assert runs.deterministic is expected
    spread = runs.statistics.squared_norm.M2
    assert (spread < 1e-20).all() == expected
