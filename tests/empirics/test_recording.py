"""One random time in each window: a fair share of all times, where a grid is not."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from empirics import Runs, measure, problems, schedules, simulate
from empirics.recording import recorded_times, windows

ALPHA = 1e-6
T = 2000
DECAY = 1 - 5.85e-4  # of |grad f(x_t)|^2 from one update to the next
BOWL = problems.quadratic(dim=1, L=1.0)
CURVE = DECAY ** np.arange(T)


def run(record, *, steps=60, problem=None, schedule=None, **options):
    problem = problem or problems.quadratic(dim=3, mu=0.1, sigma=0.5)
    given = {"step": 0.1, "replicas": 30, "window": 2, **options}
    schedule = schedule or schedules.Uniform(3)
    return simulate(problem, schedule, steps=steps, record=record, **given)


@given(steps=st.integers(1, 300), m=st.integers(1, 350), seed=st.integers(0, 2**70))
def test_there_is_one_time_in_each_window(steps, m, seed):
    times = recorded_times(("random", m), steps, seed)
    assert times[-1] == steps
    lengths = windows(("random", m), steps)
    starts = np.arange(0, steps, m)
    assert len(times) == len(starts) + 1 == len(lengths) + 1
    assert (starts <= times[:-1]).all()
    assert (times[:-1] < starts + lengths).all()
    assert lengths.sum() == steps
    assert (lengths[:-1] == m).all()
    assert (windows("all", steps) == 1).all()


def test_every_place_in_a_window_is_as_likely():
    """By chi-square, the short last window too; and windows do not know of each other."""
    offsets = np.array(
        [recorded_times(("random", 8), 60, seed)[:-1] - np.arange(0, 60, 8) for seed in range(4000)]
    )
    for column, places in ((offsets[:, 0], 8), (offsets[:, 5], 8), (offsets[:, 7], 4)):
        assert stats.chisquare(np.bincount(column, minlength=places)).pvalue > ALPHA
    assert stats.chisquare(np.bincount(offsets[:, 7], minlength=8)).pvalue < ALPHA
    pairs = np.bincount(offsets[:, 0] * 8 + offsets[:, 1], minlength=64)
    assert stats.chisquare(pairs).pvalue > ALPHA


@pytest.mark.parametrize(("m", "grid_bias", "error"), [(10, 0.0026, 0.00012), (100, 0.029, 0.0039)])
def test_a_grid_is_biased_and_random_times_are_not(m, grid_bias, error):
    """Along |grad f(x_t)|^2 = q^t: of every m-th time exactly m (1 - q)/(1 - q^m) - 1."""
    truth = CURVE.mean()
    grid = CURVE[recorded_times(m, T)[:-1]].mean() / truth - 1
    assert grid == pytest.approx(m * (1 - DECAY) / (1 - DECAY**m) - 1)
    assert grid == pytest.approx(grid_bias, rel=0.1)

    seeds = 8000
    means = [CURVE[recorded_times(("random", m), T, seed)[:-1]].mean() for seed in range(seeds)]
    within = CURVE.reshape(-1, m).var(axis=1)  # of one draw from each window
    exact = np.sqrt(within.sum()) / (T / m) / truth
    z = (np.mean(means) / truth - 1) / exact * np.sqrt(seeds)
    assert abs(z) < stats.norm.isf(ALPHA / 2)
    assert grid / exact * np.sqrt(seeds) > 100  # that many errors of the mean is the grid away
    ratio = (np.std(means) / truth / exact) ** 2 * seeds
    assert stats.chi2.ppf(ALPHA, seeds - 1) < ratio < stats.chi2.isf(ALPHA, seeds - 1)
    assert exact == pytest.approx(error, rel=0.1)


def test_the_average_over_time_is_unbiased():
    """Through `simulate`, where the last window is a short one: its time counts less."""
    options = {"problem": BOWL, "schedule": schedules.Constant(0), "steps": 50, "replicas": 1}
    step = 1 - 0.9**0.5  # |grad f|^2 falls by a tenth
    curve = 0.9 ** np.arange(50)
    everything = measure.average_over_time(run("all", step=step, **options))
    assert everything == pytest.approx(curve.mean(), rel=1e-12)
    seeds = 800
    averages = [
        measure.average_over_time(run(("random", 15), step=step, seed=seed, **options))
        for seed in range(seeds)
    ]
    blocks = np.split(curve, [15, 30, 45])
    error = np.sqrt(sum((len(b) / 50) ** 2 * b.var() for b in blocks) / seeds)
    bound = stats.norm.isf(ALPHA / 2) * error
    assert abs(np.mean(averages) - curve.mean()) < bound
    # were all windows to count the same, it would be far off
    assert abs(np.mean([b.mean() for b in blocks]) - curve.mean()) > 2 * bound


def test_what_is_recorded_is_what_everything_shows_at_these_times():
    """The recorded times have a stream of their own: nothing else is changed by them."""
    everything, runs = run("all").statistics, run(("random", 7))
    assert len(runs.times) == 10
    for name in ("squared_norm", "gap", "inner"):
        part, whole = getattr(runs.statistics, name), getattr(everything, name)
        np.testing.assert_array_equal(part.mean, whole.mean[runs.times])
        np.testing.assert_array_equal(part.M2, whole.M2[runs.times])


def test_only_the_seed_decides_where():
    reference = run(("random", 7), replicas=600)
    for options in ({"processes": 2}, {"block": 5}):
        runs = run(("random", 7), **{"replicas": 600, **options})
        np.testing.assert_array_equal(runs.times, reference.times)
        np.testing.assert_array_equal(
            runs.statistics.squared_norm.M2, reference.statistics.squared_norm.M2
        )
    for options in ({"replicas": 1}, {"schedule": schedules.Constant(2)}, {"step": 0.2}):
        np.testing.assert_array_equal(run(("random", 7), **options).times, reference.times)
    assert (run(("random", 7), seed=1).times != reference.times).any()
    assert len(run(("random", 8)).times) != len(reference.times)


def test_the_settings_ask_for_the_same_times_again(tmp_path):
    runs = run(("random", np.int64(7)), seed=5)
    runs.save(tmp_path / "runs.nc")
    settings = json.loads(json.dumps(Runs.load(tmp_path / "runs.nc").settings))
    assert settings["record"] == ["random", 7]
    again = run(settings["record"], seed=settings["seed"])
    np.testing.assert_array_equal(again.times, runs.times)
    loaded = Runs.load(tmp_path / "runs.nc")
    assert measure.average_over_time(loaded) == measure.average_over_time(runs)


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (("random", 0), r'simulate needs a whole number m in record = \("random", m\) >= 1, got 0'),
        (("random", 2.5), r"m in record = .* >= 1, got 2\.5"),
        (("random", "7"), r"m in record = .* >= 1, got '7'"),
        (("random",), r'record = "all", .*, or \("random", m\), got \(\'random\',\)'),
        (("chance", 3), r'record = "all", .* or \("random", m\), got \(\'chance\', 3\)'),
        (("random", 3, 4), r'or \("random", m\), got'),
        ("random", r"or \(\"random\", m\), got 'random'"),
    ],
)
def test_bad_records_get_one_sentence(record, sentence):
    with pytest.raises(ValueError, match=sentence):
        run(record)


@pytest.mark.parametrize("record", [5, "log", [0, 3, 4]])
def test_other_times_are_no_fair_share(record):
    with pytest.raises(ValueError, match=r"average over time needs record = .* fair share of all"):
        measure.average_over_time(run(record))


def test_an_average_of_what_was_not_recorded_gets_one_sentence():
    with pytest.raises(ValueError, match=r"needs runs with the direction, got none; simulate with"):
        measure.average_over_time(run("all"), "direction")
    with pytest.raises(ValueError, match=r"needs a measure among squared gradient, .* got 'speed'"):
        measure.average_over_time(run("all"), "speed")
    gap = measure.average_over_time(run("all"), "gap")
    assert gap == pytest.approx(run("all").statistics.gap.mean[:-1].mean())


def test_an_average_with_lost_replicas_is_infinite():
    runs = run("all", problem=BOWL, step=1e9, steps=200)
    assert measure.average_over_time(runs) == np.inf
