"""Expectations in the shape of runs, and the whole catalogue against them, without any chance."""

import importlib.util
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sympy import Rational

from empirics import compare, measure, optimisers, problems, schedules, simulate, steps_for
from empirics.compare import measures_for, why_not
from empirics.exact import exact_runs
from empirics.moments import Moments
from empirics.problems.quadratic import quadratic
from empirics.runs import Runs
from theory import results
from theory.latex import shown

_spec = importlib.util.spec_from_file_location(
    "slack", Path(__file__).parents[2] / "benchmarks" / "slack.py"
)
slack = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(slack)

ALL = (
    "squared gradient",
    "gap",
    "squared distance",
    "squared gradient at read points",
    "gap at read points",
    "squared distance at read points",
    "direction",
)
NOISY = quadratic(spectrum=[0.1, 0.4, 1.0], sigma=0.5)


@pytest.mark.parametrize("schedule", [schedules.Constant(3), schedules.Cyclic([0, 4, 1])], ids=repr)
@pytest.mark.parametrize("record", ["all", "log", 7, [0, 3, 60]])
def test_without_chance_they_are_the_runs_of_the_simulator(schedule, record):
    problem = quadratic(spectrum=[0.0, 0.3, 1.0])
    given = dict(step=0.25, steps=60, measures=ALL, window=4, record=record)
    seen = simulate(problem, schedule, replicas=1, noise=True, **given)
    found = exact_runs(problem, schedule, **given)
    for field in fields(seen.statistics):
        a, b = (getattr(runs.statistics, field.name) for runs in (seen, found))
        if isinstance(a, Moments):
            assert a.count == b.count == 1
            np.testing.assert_allclose(a.mean, b.mean, rtol=1e-11, atol=1e-15)
            a, b = a.M2, b.M2
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-15, err_msg=field.name)
    for field in fields(seen):
        a, b = getattr(seen, field.name), getattr(found, field.name)
        if field.name == "reads":
            assert all(np.array_equal(v, vars(b)[name]) for name, v in vars(a).items())
        elif field.name == "settings":
            assert {**a, "exact": True} == b
        elif isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
        elif field.name != "statistics":
            assert a == b, field.name
    assert found.deterministic
    assert found.certain


@pytest.mark.parametrize("schedule", [schedules.Constant(3), schedules.Uniform(3)], ids=repr)
def test_with_chance_they_are_certain_and_not_deterministic(schedule, tmp_path):
    runs = exact_runs(NOISY, schedule, step=0.05, steps=80, measures=ALL, window=3)
    assert runs.certain
    assert not runs.deterministic
    assert runs.replicas == 1
    assert np.isnan(runs.statistics.coherence_min).all()  # of single paths nothing is known
    verdict = compare(results.lian2015.nonconvex, runs)
    assert verdict.holds
    np.testing.assert_array_equal(verdict.lower, verdict.mean)
    np.testing.assert_array_equal(verdict.upper, verdict.mean)
    assert verdict.power == verdict.slack
    small = replace(
        results.lian2015.nonconvex,
        bound=shown(
            results.lian2015.nonconvex.bound.expression / Rational(str(1.000001 * verdict.slack))
        ),
    )
    assert compare(small, runs).outcome == "violated"  # not a part in a million is left open

    online = compare(results.langford2009.regret, runs)
    assert online.outcome == "not applicable"
    assert "these runs are random" in online.reason

    runs.save(tmp_path / "exact.nc")
    again = Runs.load(tmp_path / "exact.nc")
    assert again.certain
    np.testing.assert_array_equal(compare(results.lian2015.nonconvex, again).upper, verdict.upper)

    seen = simulate(NOISY, schedule, step=0.05, steps=80, replicas=1, measures=ALL)
    assert not seen.certain


def test_coherence_in_expectation_is_exact():
    given = dict(step=0.2, steps=60, window=4)
    runs = exact_runs(NOISY, schedules.Uniform(3), **given)
    seen = simulate(NOISY, schedules.Uniform(3), replicas=20000, seed=3, **given)
    one, other = measure.coherence(runs).expected, measure.coherence(seen).expected
    np.testing.assert_allclose(one, other, atol=0.05)
    assert np.abs(one - 1).max() > 0.3  # not trivially coherent


def test_what_independent_delays_do_at_worst():
    """Never less than what was drawn; the counts are those expected."""
    schedule, steps = schedules.Pmf([0.5, 0.0, 0.3, 0.2]), 40
    runs = exact_runs(NOISY, schedule, step=0.1, steps=steps)
    seen = simulate(NOISY, schedule, step=0.1, steps=steps, replicas=40000, record=[0])
    worst, drawn = runs.reads, seen.reads
    assert drawn.reads <= worst.reads == 3  # an iterate is read at delays 0, 2 and 3
    assert drawn.cold_reads <= worst.cold_reads
    assert drawn.flying <= worst.flying == 3
    assert drawn.average <= worst.average
    assert worst.longest == drawn.longest == 3
    # P(tau_t = k): the law, or what is longer, at t = k
    expected = np.zeros(4)
    for t in range(steps):
        for k, p in enumerate(schedule.pmf):
            expected[min(k, t)] += p
    np.testing.assert_array_equal(worst.counts, np.ceil(expected - 1e-9))
    np.testing.assert_allclose(drawn.counts / 40000, expected, rtol=0.02)
    short = exact_runs(NOISY, schedules.Uniform(9), step=0.1, steps=4)
    assert short.reads.longest == 3
    assert short.reads.counts.sum() >= 4


def test_caches_are_certain_runs_with_deliveries_and_disagreement(tmp_path):
    caches = schedules.Caches(3, schedules.Pmf([0.5, 0.0, 0.5]))
    given = dict(step=0.05, steps=41, measures=("gap", "disagreement"), window=2)
    runs = exact_runs(NOISY, caches, **given)
    seen = simulate(NOISY, caches, replicas=512, **given)
    assert runs.certain
    assert not runs.deterministic
    assert runs.reads is None
    assert runs.tau_max is None
    assert runs.deliveries.counts.tolist() == [185, 0, 185]  # 41 9/2, rounded up
    np.testing.assert_allclose(seen.deliveries.counts / 512, [184.5, 0, 184.5], rtol=0.01)
    for name in ("squared_norm", "gap", "disagreement"):
        a, b = getattr(runs.statistics, name).mean, getattr(seen.statistics, name)
        assert (np.abs(a - b.mean)[5:] < 6 * b.standard_error[5:]).all()
    assert np.isnan(runs.statistics.direction.mean).all()
    runs.save(tmp_path / "caches.nc")
    again = Runs.load(tmp_path / "caches.nc")
    np.testing.assert_array_equal(
        again.statistics.disagreement.mean, runs.statistics.disagreement.mean
    )
    verdict = compare(results.lian2015.nonconvex, runs)
    assert verdict.outcome == "not applicable"


def test_what_memoryless_workers_do_at_worst():
    """Never less than what was drawn: their delays have no bound but the length of the run."""
    workers = schedules.Workers(service=[schedules.Exponential(m) for m in (1.0, 4.0)])
    runs = exact_runs(NOISY, workers, step=0.1, steps=30)
    seen = simulate(NOISY, workers, step=0.1, steps=30, replicas=20000, record=[0])
    worst, drawn = runs.reads, seen.reads
    assert drawn.longest <= worst.longest == 29
    assert (drawn.reads, drawn.cold_reads, drawn.flying) == (worst.reads, 1, worst.flying)
    assert drawn.average <= worst.average == 1
    sums = np.zeros(30)  # P(tau_t = k), over who arrives
    for t in range(30):
        for q in (0.8, 0.2):
            for k in range(t):
                sums[k] += q * q * (1 - q) ** k
            sums[t] += q * (1 - q) ** t
    assert sums.sum() == pytest.approx(30)
    np.testing.assert_array_equal(worst.counts, np.maximum(np.ceil(sums - 1e-9), 1))
    counts = np.pad(drawn.counts, (0, 30 - len(drawn.counts))) / 20000
    np.testing.assert_allclose(counts, sums, atol=0.1)
    alone = exact_runs(NOISY, schedules.Workers(1), step=0.1, steps=30).reads
    assert alone.counts.tolist() == [30]
    assert (alone.reads, alone.cold_reads, alone.flying, alone.average) == (1, 0, 0, 0)


def test_several_gradients_an_update_are_counted_one_by_one():
    problem = quadratic(spectrum=[0.3, 1.0])
    several = schedules.Trace([[0, 0], [1, 0], [2, 2], [1, 3]])
    given = dict(step=0.2, steps=4)
    runs = exact_runs(problem, several, **given)
    seen = simulate(problem, several, replicas=1, **given)
    assert vars(runs.reads).keys() == vars(seen.reads).keys()
    assert all(np.array_equal(v, vars(seen.reads)[k]) for k, v in vars(runs.reads).items())
    assert runs.delays is None
    assert runs.deterministic
    np.testing.assert_allclose(
        runs.statistics.squared_norm.mean, seen.statistics.squared_norm.mean, rtol=1e-13
    )
    with pytest.raises(ValueError, match="exact_runs needs one gradient an update to measure the"):
        exact_runs(problem, several, measures="direction", **given)
    with pytest.raises(ValueError, match="exact_runs needs a schedule of one iterate for the dir"):
        exact_runs(problem, schedules.Caches(2), measures="direction", **given)


def test_noise_that_grows_is_certain_in_the_mean_and_unknown_at_most():
    """And a theorem of multiplicative noise is held against expectations."""
    problem = problems.with_noise(quadratic(spectrum=[0.2, 1.0]), sigma=0.2, relative=0.5)
    theorem = results.find("stich2020.multiplicative")
    schedule = schedules.Constant(2)
    rule = steps_for(theorem, problem, schedule, steps=60)
    given = dict(step=rule, steps=60, measures=measures_for(theorem))
    runs = exact_runs(problem, schedule, **given)
    verdict = compare(theorem, runs)
    assert verdict.outcome == "consistent", str(verdict)
    assert verdict.slack >= 1
    seen = simulate(problem, schedule, replicas=4096, noise=True, **given).statistics
    norm, mean = runs.statistics.squared_norm.mean, runs.statistics.noise_mean
    np.testing.assert_allclose(mean, 0.04 + 0.5 * norm, rtol=1e-12)
    np.testing.assert_allclose(mean, seen.noise_mean, rtol=0.2)
    assert np.isnan(runs.statistics.noise_max).all()
    assert "no variance" not in str(verdict)
    heavy = problems.with_noise(quadratic(spectrum=[1.0]), "student:1.5", sigma=0.2)
    with pytest.raises(ValueError, match=r"needs noise with a variance, got student:1\.5"):
        exact_runs(heavy, schedule, step=0.1, steps=5)
    still = problems.with_noise(quadratic(spectrum=[1.0], sigma=1.0))  # none instead of its own
    assert exact_runs(still, schedule, step=0.1, steps=5).deterministic


def test_momentum_is_in_the_settings_and_in_the_means():
    plain, heavy = (
        exact_runs(NOISY, schedules.Constant(1), step=0.05, steps=30, momentum=beta)
        for beta in (0.0, 0.5)
    )
    assert heavy.settings["optimiser"] == optimisers.Momentum(0.5).settings
    assert plain.settings["optimiser"] == {"kind": "SGD"}
    assert (heavy.statistics.gap.mean[3:] < plain.statistics.gap.mean[3:]).all()
    verdict = compare(results.lian2015.nonconvex, heavy)
    assert verdict.outcome == "not applicable"
    assert "the optimiser is Momentum" in verdict.reason


def test_a_run_that_leaves_the_floating_numbers_is_lost():
    problem = quadratic(spectrum=[1.0], sigma=1.0)
    runs = exact_runs(problem, schedules.Uniform(2), step=3.0, steps=2000)
    first = runs.first_divergence
    assert runs.lost_at.tolist() == [first]
    assert np.isfinite(runs.statistics.gap.mean[:first]).all()
    assert np.isinf(runs.statistics.squared_norm.mean[first:]).all()
    assert (runs.statistics.diverged[first:] == 1).all()


def test_a_quantity_next_to_0_has_an_infinite_ratio_and_no_warning():
    problem = quadratic(spectrum=[1.0])
    runs = exact_runs(problem, schedules.Constant(0), step=0.9, steps=159)
    assert 0 < runs.statistics.squared_norm.mean[-1] < 1e-308
    verdict = compare(results.linear_rates.gradient_descent, runs)
    assert verdict.slack < np.inf
    assert verdict.outcome in ("consistent", "not applicable")
    assert compare(results.lian2015.nonconvex, runs).outcome == "consistent"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"problem": problems.logistic()}, "needs a problem made by quadratic"),
        ({"measures": ("time",)}, "exact_runs needs measures without the time"),
        ({"measures": "disagreement"}, "exact_runs needs a schedule of caches to measure the .dis"),
        ({"measures": ("speed",)}, "needs measures among squared gradient"),
        ({"window": 1}, "exact_runs needs a window of at least 2 gradients or 0, got 1"),
        ({"window": -1}, "exact_runs needs a whole number window >= 0, got -1"),
        ({"record": "some"}, 'needs record = "all"'),
        ({"steps": 0}, "needs a whole number steps >= 1, got 0"),
        ({"step": np.nan}, "step sizes eta need finite values"),
        ({"momentum": 1}, r"needs momentum in \[0, 1\), got 1"),
    ],
)
def test_bad_input_is_answered_by_one_sentence(changed, message):
    given = {
        "problem": NOISY,
        "schedule": schedules.Constant(1),
        "step": 0.1,
        "steps": 9,
        **changed,
    }
    with pytest.raises(ValueError, match=message):
        exact_runs(given.pop("problem"), given.pop("schedule"), **given)


# ---- the catalogue ----

THINNER = replace(slack.THIN, taus=(3,), shares=(1.0,), lengths=(25,))
CATALOGUE = [
    name
    for name, theorem in results.theorems().items()
    if not why_not(theorem) and not theorem.refutations
]


@cache
def thinned(name):
    return slack.examine(results.find(name), THINNER)


@pytest.mark.parametrize("name", CATALOGUE)
def test_no_bound_is_below_the_exact_expectation(name):
    row = thinned(name)
    assert not row.below
    assert row.least >= 1 - 1e-9
    assert row.horizons or set(row.outcomes) <= {"not applicable", "no step", "inconclusive"}


def test_most_of_the_catalogue_is_really_looked_at():
    seen = [name for name in CATALOGUE if thinned(name).horizons]
    assert len(seen) >= 30


def test_a_false_theorem_is_found_out():
    """The printed Theorem 1 at s = 1; and a bound a little below what was seen of a true one."""
    row = slack.examine(
        results.find("dai2019.published"), replace(THINNER, taus=(0,), levels=(1.0,))
    )
    assert row.least < 1
    assert row.below
    theorem = results.find("stich2020.convex")
    least = thinned("stich2020.convex").least
    small = shown(theorem.bound.expression / Rational(str(1.001 * least)))
    row = slack.examine(replace(theorem, bound=small), THINNER)
    assert row.least == pytest.approx(1 / 1.001, rel=1e-9)
    assert row.below


def test_a_bound_that_is_attained_has_no_slack():
    """One mode without noise, step 1/2 and mu = 1: the first squared gradient meets the bound."""
    theorem = results.find("dai2019.published_if_stale")
    problem, schedule = quadratic(spectrum=[1.0]), schedules.Uniform(1)
    rule = steps_for(theorem, problem, schedule, steps=10, mu=1.0)
    runs = exact_runs(problem, schedule, step=rule, steps=10, window=2)
    verdict = compare(theorem, runs)
    assert verdict.holds, str(verdict)
    assert verdict.slack == pytest.approx(1, rel=1e-12)
