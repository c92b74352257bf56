"""Every law draws what it promises: goodness of fit, clipping, chunks, and bad input."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from empirics import schedules
from empirics.schedules.laws import columns

ALPHA = 1e-6
LAWS = [
    schedules.Uniform(7),
    schedules.Geometric(p=0.3, tau_max=12),
    schedules.Geometric(mean=4.0, tau_max=30),
    schedules.Pmf([0.5, 0.0, 0.1, 0.4]),
]
ALL = [*LAWS, schedules.Constant(3), schedules.Cyclic([2, 0, 5])]


def generator(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


def fit(schedule, pmf):
    """p-value of the chi-square test of a hundred thousand warm delays against a law."""
    delays = schedule.draw(generator(), start=1000, steps=400, lanes=256)
    counts = np.bincount(delays.ravel(), minlength=len(pmf))
    assert not counts[pmf == 0].any()
    expected = pmf[pmf > 0] * delays.size
    return stats.chisquare(counts[pmf > 0], expected / expected.sum() * delays.size).pvalue


@pytest.mark.parametrize("schedule", LAWS, ids=repr)
def test_delays_follow_the_law(schedule):
    assert fit(schedule, schedule.pmf) > ALPHA


@pytest.mark.parametrize("schedule", LAWS, ids=repr)
def test_a_slightly_different_law_is_rejected(schedule):
    wrong = schedule.pmf.copy()
    wrong[wrong.argmax()] *= 1.1
    assert fit(schedule, wrong / wrong.sum()) < ALPHA


@pytest.mark.parametrize("schedule", LAWS, ids=repr)
def test_successive_delays_and_lanes_are_uncorrelated(schedule):
    delays = schedule.draw(generator(), start=1000, steps=400, lanes=256).astype(float)
    for shifted in (delays[1:] * 1.0, delays[:-1, 1:]):
        first = delays[: len(shifted), : shifted.shape[1]]
        r = np.corrcoef(first.ravel(), shifted.ravel())[0, 1]
        assert abs(r) * np.sqrt(shifted.size) < stats.norm.isf(ALPHA / 4)


def test_deterministic_schedules_are_shared_by_all_lanes():
    assert schedules.Constant(2).draw(generator(), 0, 6, 9).tolist() == [0, 1, 2, 2, 2, 2]
    assert schedules.Cyclic([2, 0, 5]).draw(generator(), 3, 6, 9).tolist() == [2, 0, 5, 2, 0, 5]
    assert schedules.Cyclic([2, 0, 5]).draw(generator(), 0, 6, 9).tolist() == [0, 0, 2, 2, 0, 5]


@pytest.mark.parametrize("schedule", ALL, ids=repr)
def test_no_update_reads_from_before_the_start(schedule):
    cold = schedule.draw(generator(), start=0, steps=20, lanes=64).reshape(20, -1)
    warm = schedule.draw(generator(), start=1002, steps=20, lanes=64).reshape(20, -1)
    np.testing.assert_array_equal(cold, np.minimum(warm, np.arange(20)[:, None]))
    assert warm.min() >= 0
    assert warm.max() <= schedule.tau_max


@pytest.mark.parametrize("schedule", ALL, ids=repr)
@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, 40), max_size=5), lanes=st.sampled_from([1, 3, 64]))
def test_blocks_do_not_matter(schedule, cuts, lanes):
    edges = [0, *sorted(cuts), 40]
    stream, whole = generator(1), schedule.draw(generator(1), 0, 40, lanes)
    parts = [schedule.draw(stream, a, b - a, lanes) for a, b in itertools.pairwise(edges) if b > a]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("schedule", ALL, ids=repr)
def test_pmf_mean_and_tau_max_agree(schedule):
    assert schedule.pmf.shape == (schedule.tau_max + 1,)
    assert schedule.pmf.sum() == pytest.approx(1, abs=1e-14)
    assert schedule.mean == pytest.approx(schedule.pmf @ np.arange(schedule.tau_max + 1))
    assert schedule.exogenous


def test_means():
    assert schedules.Constant(4).mean == 4
    assert schedules.Uniform(9).mean == pytest.approx(4.5)
    assert schedules.Geometric(mean=6.5, tau_max=40).mean == pytest.approx(6.5, abs=1e-12)
    assert schedules.Cyclic(range(5)).mean == 2
    workers = 8  # exponential service: mean delay W - 1 when nothing is cut off
    assert schedules.Geometric(p=1 / workers, tau_max=400).mean == pytest.approx(workers - 1)


@pytest.mark.parametrize("schedule", ALL, ids=repr)
def test_a_schedule_can_be_rebuilt_from_its_settings(schedule):
    given_back = json.loads(json.dumps(schedule.settings))
    rebuilt = getattr(schedules, given_back.pop("kind"))(**given_back)
    assert rebuilt == schedule


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=40).filter(lambda weights: sum(weights) > 1e-3)
)
def test_the_alias_table_is_the_law(weights):
    pmf = np.array(weights) / np.sum(weights)
    table = columns(pmf)
    n = len(pmf)
    law = np.bincount(np.arange(n), table.cut, n) + np.bincount(table.other, 1 - table.cut, n)
    np.testing.assert_allclose(law / n, pmf, atol=1e-14)
    assert (table.cut[pmf == 0] == 0).all()  # the impossible stays impossible
    assert (pmf[np.unique(table.other[table.cut < 1])] > 0).all()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: schedules.Constant(-1), r"constant delay needs a whole number tau >= 0, got -1"),
        (lambda: schedules.Constant(1.5), r"constant delay needs a whole number .* got 1\.5"),
        (lambda: schedules.Constant(True), r"constant delay needs a whole number .* got True"),
        (lambda: schedules.Uniform(-2), r"uniform delay needs .* tau_max >= 0, got -2"),
        (lambda: schedules.Uniform(float("nan")), r"uniform delay needs .* got nan"),
        (lambda: schedules.Geometric(tau_max=4), r"needs mean or p, got mean = None, p = None"),
        (lambda: schedules.Geometric(tau_max=4, mean=1.0, p=0.5), r"needs mean or p, got mean"),
        (lambda: schedules.Geometric(tau_max=4, p=0.0), r"needs 0 < p <= 1, got 0\.0"),
        (lambda: schedules.Geometric(tau_max=4, p=float("nan")), r"needs 0 < p <= 1, got nan"),
        (lambda: schedules.Geometric(tau_max=4, mean=2.0), r"tau_max/2 = 2\.0, got 2\.0; raise"),
        (lambda: schedules.Geometric(tau_max=-1, p=0.5), r"geometric delay needs .* got -1"),
        (lambda: schedules.Pmf([]), r"pmf delay needs probabilities >= 0 of shape"),
        (lambda: schedules.Pmf([1.2, -0.2]), r"pmf delay needs probabilities >= 0"),
        (lambda: schedules.Pmf([float("nan"), 1.0]), r"pmf delay needs probabilities >= 0"),
        (lambda: schedules.Pmf([[1.0]]), r"pmf delay needs probabilities >= 0 of shape"),
        (lambda: schedules.Pmf([0.5, 0.4]), r"pmf delay needs a sum of 1, got 0\.9; divide"),
        (lambda: schedules.Cyclic([]), r"cyclic delay needs a pattern of at least 1 delay, got 0"),
        (lambda: schedules.Cyclic([1, -1]), r"cyclic delay needs a whole number .* got -1"),
        (lambda: schedules.Cyclic([0.5]), r"cyclic delay needs a whole number .* got 0\.5"),
    ],
)
def test_bad_input_gets_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
