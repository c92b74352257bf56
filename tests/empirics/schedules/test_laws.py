"""Every law draws what it promises: goodness of fit, clipping, chunks, and bad input."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from empirics import schedules
from empirics.schedules.independent import columns

ALPHA = 1e-6
LAWS = [
    schedules.Uniform(7),
    schedules.Geometric(p=0.3, tau_max=12),
    schedules.Geometric(mean=4.0, tau_max=30),
    schedules.Pmf([0.5, 0.0, 0.1, 0.4]),
    schedules.Poisson(rate=3.0, tau_max=9),
    schedules.Poisson(mean=40.0, tau_max=400),
    schedules.Zipf(exponent=2.5, tau_max=1000),
    schedules.Zipf(mean=4.0, tau_max=50),
    schedules.Pareto(shape=1.2, mean=7.0, tau_max=500),
    schedules.Pareto(shape=0.8, scale=3.0, tau_max=20),
]
ALL = [*LAWS, schedules.Constant(3), schedules.Cyclic([2, 0, 5])]


def generator(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


def pooled(values, expected):
    """Sums over neighbouring cells, so that at least 10 delays are expected in each."""
    cell = np.floor(np.cumsum(expected) / 10 - 1e-9).clip(0, expected.sum() // 10 - 1).astype(int)
    return np.bincount(cell, values)[np.bincount(cell, expected) > 0]


def fit(schedule, pmf, seed=0):
    """p-value of the chi-square test of a hundred thousand warm delays against a law."""
    delays = schedule.draw(generator(seed), start=10**5, steps=400, lanes=256)
    counts = np.bincount(delays.ravel(), minlength=len(pmf))
    assert not counts[pmf == 0].any()
    expected = pmf * delays.size
    cells = pooled(expected, expected)
    assert cells.min() > 5
    return stats.chisquare(pooled(counts, expected), cells).pvalue


@pytest.mark.parametrize("schedule", LAWS, ids=repr)
def test_delays_follow_the_law(schedule):
    assert fit(schedule, schedule.pmf) > ALPHA


@pytest.mark.parametrize("schedule", LAWS, ids=repr)
def test_a_slightly_different_law_is_rejected(schedule):
    wrong = schedule.pmf.copy()
    wrong[: np.searchsorted(wrong.cumsum(), 0.5) + 1] *= 1.1  # up to the median
    assert fit(schedule, wrong / wrong.sum()) < ALPHA


@pytest.mark.parametrize(
    ("schedule", "neighbour"),
    [
        (schedules.Uniform(20), schedules.Uniform(21)),
        (schedules.Geometric(p=0.3, tau_max=12), schedules.Geometric(p=0.31, tau_max=12)),
        (schedules.Poisson(rate=3.0, tau_max=9), schedules.Poisson(rate=3.05, tau_max=9)),
        (schedules.Poisson(mean=5.0, tau_max=30), schedules.Geometric(mean=5.0, tau_max=30)),
        (schedules.Zipf(exponent=2.0, tau_max=99), schedules.Zipf(exponent=2.06, tau_max=99)),
        (schedules.Zipf(mean=5.0, tau_max=99), schedules.Pareto(shape=1.5, mean=5.0, tau_max=99)),
        (
            schedules.Pareto(shape=1.5, mean=5.0, tau_max=99),
            schedules.Pareto(shape=2.0, mean=5.0, tau_max=99),
        ),
    ],
    ids=str,
)
def test_a_neighbouring_law_is_rejected(schedule, neighbour):
    longest = max(schedule.tau_max, neighbour.tau_max)
    wrong = np.pad(neighbour.pmf, (0, longest - neighbour.tau_max))
    assert fit(schedule, schedule.pmf) > ALPHA
    assert fit(schedule, wrong) < ALPHA


def test_the_formulas_of_the_laws():
    """Term by term, as they are printed."""
    k = np.arange(31)
    shares = {
        schedules.Geometric(p=0.2, tau_max=30): 0.8**k,
        schedules.Poisson(rate=4.5, tau_max=30): stats.poisson(4.5).pmf(k),
        schedules.Zipf(exponent=1.7, tau_max=30): (k + 1) ** -1.7,
        schedules.Pareto(shape=1.3, scale=2.5, tau_max=30): (
            stats.lomax(1.3, scale=2.5).sf(k) - stats.lomax(1.3, scale=2.5).sf(k + 1)
        ),
    }
    for law, weights in shares.items():
        np.testing.assert_allclose(law.pmf, weights / weights.sum(), rtol=1e-11)


def dyadic(masses):
    """Mass in [1, 2), [2, 4), [4, 8), ... of k + 1."""
    return np.add.reduceat(masses, 2 ** np.arange(np.log2(len(masses) + 1).astype(int)) - 1)


def slope(masses):
    """Least squares of log2 of the masses, and how it weighs each of them."""
    j = np.arange(len(masses)) - (len(masses) - 1) / 2
    weights = j / (j @ j)
    return weights @ np.log2(masses), weights


@pytest.mark.parametrize(
    ("schedule", "index"),
    [
        (schedules.Zipf(exponent=1.5, tau_max=2**14 - 2), 0.5),
        (schedules.Zipf(exponent=2.2, tau_max=2**14 - 2), 1.2),
        (schedules.Pareto(shape=0.5, scale=4.0, tau_max=2**14 - 2), 0.5),
        (schedules.Pareto(shape=1.2, scale=0.5, tau_max=2**14 - 2), 1.2),
    ],
    ids=repr,
)
def test_a_heavy_tail_falls_like_a_power(schedule, index):
    """P(tau >= k) ~ k^-index: of the law exactly, and of what is drawn."""
    law = dyadic(schedule.pmf)
    assert slope(law[8:14])[0] == pytest.approx(-index, abs=0.02)

    delays = schedule.draw(generator(3), start=10**5, steps=400, lanes=256)
    counts = dyadic(np.bincount(delays.ravel(), minlength=schedule.tau_max + 1))
    drawn, weights = slope(counts[2:8])
    error = np.sqrt(weights**2 @ (1 / counts[2:8])) / np.log(2)
    bound = stats.norm.isf(ALPHA / 2) * error
    assert bound < 0.3
    assert abs(drawn - slope(law[2:8])[0]) < bound
    # nothing is left there of an exponential tail of the same mean
    light = dyadic(schedules.Geometric(mean=schedule.mean, tau_max=schedule.tau_max).pmf)
    assert light[13] < 1e-6 * law[13]


def test_equal_means_of_all_laws():
    """What makes them comparable; the longest delay that occurs in practice differs a lot."""
    laws = [
        schedules.Geometric(mean=7.0, tau_max=1000),
        schedules.Poisson(mean=7.0, tau_max=1000),
        schedules.Zipf(mean=7.0, tau_max=1000),
        schedules.Pareto(shape=1.5, mean=7.0, tau_max=1000),
    ]
    far = []
    for law in laws:
        assert law.mean == pytest.approx(7.0, abs=1e-12)
        far.append(law.pmf[100:].sum())
    assert far[1] < 1e-60 < far[0] < 1e-5 < far[3] < far[2]


@given(
    share=st.floats(1e-6, 1 - 1e-6),
    tau_max=st.integers(1, 300),
    shape=st.floats(0.05, 20),
)
@settings(deadline=None)
def test_the_mean_after_the_cut_is_met_wherever_it_can_be(share, tau_max, shape):
    half = share * tau_max / 2
    for law, mean in (
        (schedules.Geometric(mean=half, tau_max=tau_max), half),
        (schedules.Poisson(mean=2 * half, tau_max=tau_max), 2 * half),
        (schedules.Zipf(mean=half, tau_max=tau_max), half),
        (schedules.Pareto(shape=shape, mean=half, tau_max=tau_max), half),
    ):
        assert law.mean == pytest.approx(mean, rel=1e-9)
        assert law.pmf.min() >= 0
        assert law.pmf.sum() == pytest.approx(1, abs=1e-12)


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
        (lambda: schedules.Constant(10**26), r"whole number tau <= 9007199254740992, got 1000"),
        (lambda: schedules.Uniform(10**20), r"whole number tau_max <= 9007199254740992, got 10"),
        (lambda: schedules.Cyclic([0, 10**20]), r"cyclic delay needs a whole number .* <= 9007"),
        (lambda: schedules.Constant(1.5), r"constant delay needs a whole number .* got 1\.5"),
        (lambda: schedules.Constant(True), r"constant delay needs a whole number .* got True"),
        (lambda: schedules.Uniform(-2), r"uniform delay needs .* tau_max >= 0, got -2"),
        (lambda: schedules.Uniform(float("nan")), r"uniform delay needs .* got nan"),
        (lambda: schedules.Geometric(tau_max=4), r"needs mean or p, got mean = None, p = None"),
        (lambda: schedules.Geometric(tau_max=4, mean=1.0, p=0.5), r"needs mean or p, got mean"),
        (lambda: schedules.Geometric(tau_max=4, p=0.0), r"number p with 0 < p <= 1, got 0\.0"),
        (
            lambda: schedules.Geometric(tau_max=4, p=float("nan")),
            r"number p with 0 < p <= 1, got nan",
        ),
        (
            lambda: schedules.Geometric(tau_max=4, mean=2.0),
            r"0 < mean < 2, got 2\.0; raise tau_max",
        ),
        (lambda: schedules.Geometric(tau_max=-1, p=0.5), r"geometric delay needs .* got -1"),
        (lambda: schedules.Geometric(tau_max=4, p="half"), r"number p with 0 < p <= 1, got 'half'"),
        (lambda: schedules.Geometric(tau_max=4, mean="1"), r"with 0 < mean < 2, got '1'; raise"),
        (lambda: schedules.Poisson(tau_max=4), r"needs mean or rate, got mean = None, rate = None"),
        (lambda: schedules.Poisson(tau_max=4, mean=1, rate=1), r"needs mean or rate, got mean = 1"),
        (lambda: schedules.Poisson(tau_max=4, rate=0), r"needs a number rate with rate > 0, got 0"),
        (lambda: schedules.Poisson(tau_max=4, rate=float("inf")), r"rate > 0, got inf"),
        (lambda: schedules.Poisson(tau_max=4, rate=[1.0]), r"rate > 0, got \[1\.0\]"),
        (
            lambda: schedules.Poisson(tau_max=4, mean=4),
            r"number mean with 0 < mean < 4, got 4; raise",
        ),
        (lambda: schedules.Poisson(tau_max=1.5, mean=1), r"Poisson delay needs a whole number"),
        (lambda: schedules.Zipf(tau_max=4), r"Zipf delay needs mean or exponent, got mean = None"),
        (
            lambda: schedules.Zipf(tau_max=4, exponent=-1),
            r"number exponent with exponent > 0, got -1",
        ),
        (lambda: schedules.Zipf(tau_max=4, exponent=True), r"exponent > 0, got True"),
        (lambda: schedules.Zipf(tau_max=4, mean=2.0), r"0 < mean < 2, got 2\.0; raise tau_max"),
        (lambda: schedules.Zipf(tau_max=0, mean=1.0), r"0 < mean < 0, got 1\.0; raise tau_max"),
        (
            lambda: schedules.Pareto(tau_max=4, shape=1),
            r"needs mean or scale, got mean = None, sca",
        ),
        (
            lambda: schedules.Pareto(tau_max=4, shape=0, scale=1),
            r"number shape with shape > 0, got 0",
        ),
        (lambda: schedules.Pareto(tau_max=4, shape=1, scale=None, mean=None), r"mean or scale"),
        (
            lambda: schedules.Pareto(tau_max=4, shape=1, scale=-1.0),
            r"number scale with scale > 0, got -1\.0",
        ),
        (
            lambda: schedules.Pareto(tau_max=4, shape=1, mean=float("nan")),
            r"got nan; raise tau_max",
        ),
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
