"""Tuned steps against exact ones, slowdowns against direct runs, races that keep the best."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from empirics import problems, schedules, simulate
from empirics.optimisers import Adam
from empirics.problems.quadratic import quadratic
from empirics.tuning import After, Reach, slowdown, tune

FINER = 2**0.25


def noisy(lanes=64, sigma=1.0):
    problem = quadratic(dim=1, L=1.0, sigma=sigma, noise="gaussian")
    return replace(problem, lanes=lanes, tile=np.tile(problem.spectrum, (lanes, 1)))


def exact(eta, T):
    """E f(x_T) of SGD on x^2/2 with unit noise from x_0 = 1."""
    q = (1 - eta) ** (2 * T)
    return (q + eta**2 * (1 - q) / (1 - (1 - eta) ** 2)) / 2


@pytest.mark.parametrize("T", [5, 40])
def test_the_best_step_is_found(T):
    found = tune(noisy(), schedules.Constant(0), After(T), replicas=4096)
    best = minimize_scalar(lambda eta: exact(eta, T), bounds=(1e-4, 1), method="bounded").x
    assert found.step_interval[0] <= best <= found.step_interval[1]
    assert best / FINER**1.5 <= found.step <= best * FINER**1.5
    low, high = found.interval
    spread = high - low
    assert low - spread <= exact(found.step, T) <= high + spread
    assert not found.at_edge


def test_the_race_spares_replicas_and_tells_fates():
    found = tune(noisy(), schedules.Constant(0), After(30), replicas=1024)
    fates = {one.step: one for one in found.tried}
    assert fates[found.step].fate == "best"
    assert fates[found.step].replicas == 1024
    assert fates[16.0].fate == "diverged" or fates[16.0].score > 1e6
    dropped = [one for one in found.tried if one.fate == "dropped"]
    assert len(dropped) > 10
    assert min(one.replicas for one in dropped) == 64
    scores = [one.score for one in dropped]
    assert min(scores) > found.score


def test_all_candidates_see_the_same_random_numbers():
    """What a candidate scores is what one run with its step and this seed shows."""
    problem, schedule = noisy(), schedules.Uniform(2)
    found = tune(problem, schedule, After(20), replicas=128, seed=5)
    for one in found.tried[::4]:
        runs = simulate(
            problem, schedule, step=one.step, steps=20, replicas=one.replicas, seed=5, record=[20]
        )
        np.testing.assert_allclose(runs.statistics.gap.mean[0], one.score, rtol=1e-9)
    again = tune(problem, schedule, After(20), replicas=128, seed=5)
    other = tune(problem, schedule, After(20), replicas=128, seed=6)
    assert again.score == found.score != other.score


def test_momentum_is_tuned_with_the_step():
    """Without noise, on an ill-conditioned bowl, heavy ball beats gradient descent."""
    problem = quadratic(spectrum=[0.01, 1.0])
    plain = tune(problem, schedules.Constant(0), Reach(3000, "gap", target=1e-8), replicas=2)
    both = tune(
        problem,
        schedules.Constant(0),
        Reach(3000, "gap", target=1e-8),
        momenta=[0.0, 0.5, 0.8],
        replicas=2,
    )
    assert both.momentum == 0.8
    assert both.score < plain.score / 2
    assert {one.momentum for one in both.tried} == {0.0, 0.5, 0.8}


def test_another_optimiser_is_used():
    goal, problem = After(50), noisy(sigma=0.1)
    adam = tune(problem, schedules.Constant(0), goal, optimiser=Adam(), replicas=64)
    runs = simulate(
        problem,
        schedules.Constant(0),
        step=adam.step,
        steps=50,
        replicas=64,
        optimiser=Adam(),
        record=[50],
    )
    np.testing.assert_allclose(runs.statistics.gap.mean[0], adam.score, rtol=1e-9)
    assert adam.score != tune(problem, schedules.Constant(0), goal, replicas=64).score


def test_a_best_step_at_the_edge_is_said():
    found = tune(noisy(), schedules.Constant(0), After(30), steps=[1e-3, 2e-3], replicas=64)
    assert found.at_edge
    assert "at the edge of the candidates: widen them" in str(found)
    inside = tune(noisy(), schedules.Constant(0), After(30), replicas=64)
    assert "edge" not in str(inside)
    assert "64 replicas, 95% intervals" in str(inside)


def test_reaching_a_target():
    """x_t = (1 - eta)^t, f <= 1e-3 after log(2e-3)/(2 log(1 - eta)) updates, in between."""
    goal = Reach(100, "gap", target=1e-3)
    for eta in (0.1, 0.3):
        runs = simulate(
            quadratic(dim=1), schedules.Constant(0), step=eta, steps=100, replicas=2, each=True
        )
        score = goal.scores(runs.each["gap"][goal.times], np.full((2, 1), 0.5))[0]
        assert score == pytest.approx(np.log(2e-3) / (2 * np.log(1 - eta)), rel=1e-9)
    assert goal.score(np.full(len(goal.times), 0.5)) == np.inf
    assert goal.score(np.full(len(goal.times), 1e-9)) == 0


def test_a_diverged_replica_makes_the_score_infinite():
    goal = After(5)
    values = np.array([[1.0, np.inf, 3.0]])
    shares = np.array([[1 / 3, 0.5], [1 / 3, 0.0], [1 / 3, 0.5]])
    assert goal.scores(values, shares).tolist() == [np.inf, 2.0]


# ---- what staleness costs ----


def test_slowdown_without_noise_is_that_of_direct_runs():
    problem, goal = quadratic(spectrum=[0.1, 1.0]), Reach(2000, "gap", target=1e-6)
    found = slowdown(problem, [0, 1, 8], goal, replicas=2, fixed_step=0.5)

    def updates(tau, eta):
        runs = simulate(
            problem,
            schedules.Constant(tau),
            step=eta,
            steps=2000,
            replicas=1,
            each=True,
            record=goal.times,
        )
        return goal.score(runs.each["gap"][:, 0])

    for k, tau in enumerate([0, 1, 8]):
        expected = updates(tau, 0.5) / updates(0, 0.5)
        assert found.fixed[k] == pytest.approx(expected) or expected == np.inf == found.fixed[k]
        tuned = updates(tau, found.steps[k]) / updates(0, found.steps[0])
        assert found.tuned[k] == pytest.approx(tuned)
    assert found.fixed[2] == np.inf  # 0.5 > 2 sin(pi/34): it never gets there
    assert 1 < found.tuned[2] < 30
    assert (np.diff(found.steps) < 0).all()
    assert "never there at step 0.5" in str(found)


def test_a_tuned_step_is_never_slower_than_the_fixed_one_by_more_than_noise():
    problem = quadratic(dim=5, mu=0.1, sigma=0.3)
    found = slowdown(problem, [0, 2, 6], Reach(3000, "gap", target=0.02), replicas=256)
    assert (found.tuned <= found.fixed_interval[1] * 1.02).all()
    assert found.fixed[0] == found.tuned[0] == 1
    for interval, values in (
        (found.fixed_interval, found.fixed),
        (found.tuned_interval, found.tuned),
    ):
        assert (interval[0] <= values).all()
        assert (values <= interval[1]).all()
    assert found.tuned_interval[0, 2] < found.tuned_interval[1, 2]
    assert found.fixed[2] > 1.5 > found.tuned[1]


def test_other_schedules_per_level():
    problem, goal = quadratic(dim=1), Reach(300, "gap", target=1e-4)
    constant = slowdown(problem, [0, 6], goal, replicas=2)
    uniform = slowdown(problem, [0, 6], goal, replicas=2, schedule=schedules.Uniform)
    assert uniform.tuned[1] < constant.tuned[1]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: After(0), r"a goal needs a whole number updates >= 1, got 0"),
        (lambda: After(5, "loss"), r"a goal needs a measure such as \"gap\", got 'loss'"),
        (lambda: Reach(5, target=0.0), r"a goal needs a number target with target > 0, got 0.0"),
        (lambda: Reach(5, target=float("nan")), r"needs a number target with target > 0, got nan"),
        (lambda: Reach(5, target="low"), r"needs a number target with target > 0, got 'low'"),
        (lambda: After(5, "time"), r"a goal needs a measure such as \"gap\", got 'time'"),
        (lambda: tuned(problem=3), r"tune needs a Problem such as .*, got 3"),
        (lambda: tuned(schedule=3), r"tune needs a Schedule such as .*, got 3"),
        (lambda: tuned(momenta=0.5), r"tune needs a sequence of momenta, got 0\.5"),
        (lambda: tuned(momenta=["much"]), r"tune needs a number momentum with .*, got 'much'"),
        (lambda: tuned(steps=[]), r"tune needs finite steps > 0, \(m,\), got \[\]"),
        (lambda: tuned(steps=[0.1, -1.0]), r"tune needs finite steps > 0"),
        (lambda: tuned(steps=[float("nan")]), r"tune needs finite steps > 0"),
        (lambda: tuned(steps="fast"), r"tune needs steps > 0, \(m,\), got 'fast'"),
        (lambda: tuned(momenta=[1.0]), r"number momentum with 0 <= momentum < 1, got 1\.0"),
        (lambda: tuned(momenta=[]), r"tune needs at least one momentum, got none"),
        (lambda: tuned(momenta=[0.5], optimiser=Adam()), r"momenta or an optimiser of your own"),
        (lambda: tuned(replicas=1), r"tune needs a whole number replicas >= 2, got 1"),
        (lambda: tuned(goal="fast"), r"tune needs a goal such as After\(1000\)"),
        (lambda: tuned(steps=[1e3]), r"tune needs a candidate that serves the goal, got none: gap"),
        (lambda: slow([]), r"slowdown needs at least one level of staleness, got none"),
        (lambda: slow([-1]), r"slowdown needs a whole number staleness >= 0, got -1"),
        (lambda: slow([0], fixed_step=-1.0), r"number fixed_step with fixed_step > 0, got -1\.0"),
        (lambda: slow([0], fixed_step="a"), r"number fixed_step with fixed_step > 0, got 'a'"),
        (lambda: slow(3), r"slowdown needs a sequence of levels of staleness, got 3"),
        (lambda: slow([0], fixed_step=50.0), r"a first level that serves the goal at the fixed"),
    ],
)
def test_bad_input_gets_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def tuned(goal=None, **options):
    options = {"replicas": 2, **options}
    goal = goal or After(200)
    problem = options.pop("problem", problems.quadratic(dim=1))
    return tune(problem, options.pop("schedule", schedules.Constant(0)), goal, **options)


def slow(levels, **options):
    problem, goal = problems.quadratic(dim=1), Reach(200, "gap", target=1e-3)
    return slowdown(problem, levels, goal, replicas=2, **options)
