"""Every law of service times is what it says: goodness of fit, means, speed, and bad input."""

import json
import math

import numpy as np
import pytest
from scipy import stats

from empirics import schedules
from empirics.schedules import Deterministic, Exponential, Lognormal, ParetoService, Pausing, slower

ALPHA = 1e-6
N = 100_000


def pausing_cdf(x):
    """Exponential(2), one job in four 5 longer."""
    base = stats.expon(scale=2).cdf
    return 0.75 * base(x) + 0.25 * base(x - 5)


# law, its distribution function, and that of a law a little different
LAWS = [
    (Exponential(3), stats.expon(scale=3).cdf, stats.expon(scale=3.15).cdf),
    (
        Lognormal(mean=2, cv=0.5),
        stats.lognorm(s=math.sqrt(math.log(1.25)), scale=2 / math.sqrt(1.25)).cdf,
        stats.lognorm(s=math.sqrt(math.log(1.3)), scale=2 / math.sqrt(1.25)).cdf,
    ),
    (
        ParetoService(mean=3, shape=1.2),
        stats.pareto(1.2, scale=0.5).cdf,
        stats.pareto(1.26, scale=0.5).cdf,
    ),
    (Pausing(Exponential(2), chance=0.25, length=5), pausing_cdf, lambda x: pausing_cdf(1.03 * x)),
]
ALL = [law for law, _, _ in LAWS] + [Deterministic(2), Pausing(Deterministic(1), 0.5, 3)]


def times(law, seed=0):
    return law.quantile(np.random.default_rng(seed).random((N // 100, 100)))


@pytest.mark.parametrize(("law", "cdf", "other"), LAWS, ids=[repr(case[0]) for case in LAWS])
def test_service_times_follow_the_law(law, cdf, other):
    sample = times(law)
    assert sample.shape == (N // 100, 100)
    assert stats.kstest(sample.ravel(), cdf).pvalue > ALPHA
    assert stats.kstest(sample.ravel(), other).pvalue < ALPHA


@pytest.mark.parametrize(("law", "cdf", "_"), LAWS[:3], ids=[repr(case[0]) for case in LAWS[:3]])
def test_quantiles_invert_the_distribution_function(law, cdf, _):
    u = np.linspace(0.001, 0.999, 999)
    np.testing.assert_allclose(cdf(law.quantile(u)), u, rtol=1e-12)


def test_the_paused_jobs_are_those_of_the_last_part():
    law = Pausing(Exponential(2), chance=0.25, length=5)
    u = np.linspace(0, 1, 1000, endpoint=False)
    quick = u < 0.75
    np.testing.assert_allclose(law.quantile(u[quick]), Exponential(2).quantile(u[quick] / 0.75))
    late = Exponential(2).quantile((u[~quick] - 0.75) / 0.25)
    np.testing.assert_allclose(law.quantile(u[~quick]), 5 + late)
    always, never = Pausing(Exponential(2), 1, 5), Pausing(Exponential(2), 0, 5)
    np.testing.assert_array_equal(always.quantile(u), 5 + Exponential(2).quantile(u))
    np.testing.assert_array_equal(never.quantile(u), Exponential(2).quantile(u))


@pytest.mark.parametrize("law", ALL, ids=repr)
def test_the_mean_is_the_integral_of_the_quantiles(law):
    if isinstance(law, Pausing):  # not monotone: midpoints fall on neither side of the break
        u = (np.arange(2**20) + 0.5) / 2**20
        assert law.quantile(u).mean() == pytest.approx(law.mean, rel=1e-4)
        return
    v = np.linspace(-30 * math.log(2), 0, 2**20 + 1)  # log(1 - u), so that tails are seen
    middle = (v[1:] + v[:-1]) / 2
    integral = (law.quantile(-np.expm1(middle)) * np.exp(middle)).sum() * (v[1] - v[0])
    if isinstance(
        law, ParetoService
    ):  # 3/6 times the integral of w^(-1/1.2) over w = 1 - u < 2^-30
        integral += 0.5 * 6 * 2 ** (-30 / 6)
    assert integral == pytest.approx(law.mean, rel=1e-4)


@pytest.mark.parametrize("law", ALL, ids=repr)
def test_the_smallest_and_the_largest_uniform_number_give_finite_times(law):
    extreme = law.quantile(np.array([0, np.nextafter(1, 0)]))
    assert (extreme >= 0).all()
    assert np.isfinite(extreme).all()


@pytest.mark.parametrize("law", ALL, ids=repr)
def test_a_slower_worker_takes_a_factor_longer(law):
    u = np.random.default_rng(0).random(1000)
    np.testing.assert_allclose(slower(law, 3).quantile(u), 3 * law.quantile(u), rtol=1e-14)
    assert slower(law, 3).mean == pytest.approx(3 * law.mean)
    assert type(slower(law, 3)) is type(law)


@pytest.mark.parametrize("law", ALL, ids=repr)
def test_the_form_gives_the_very_same_times(law):
    u = np.random.default_rng(0).random(1000)
    form, factor = law.form
    np.testing.assert_array_equal(factor * form.quantile(u), law.quantile(u))
    if not isinstance(law, Pausing):
        assert slower(law, 3).form[0] == form  # of another speed, but of the same form


def test_only_what_is_not_random_is_deterministic():
    deterministic = [law for law in ALL if law.deterministic]
    assert deterministic == [Deterministic(2)]
    assert Pausing(Deterministic(1), chance=1, length=2).deterministic
    assert Pausing(Deterministic(1), chance=1, length=2).quantile(0.3) == 3
    assert not Pausing(Exponential(1), chance=1, length=2).deterministic


def rebuilt(settings):
    given = dict(settings)
    make = getattr(schedules, given.pop("kind"))
    return make(**{k: rebuilt(v) if isinstance(v, dict) else v for k, v in given.items()})


@pytest.mark.parametrize("law", ALL, ids=repr)
def test_a_law_can_be_rebuilt_from_its_settings(law):
    assert rebuilt(json.loads(json.dumps(law.settings))) == law


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Deterministic(0), r"deterministic service time needs .* mean > 0, got 0"),
        (lambda: Exponential(-1), r"exponential service time needs .* mean > 0, got -1"),
        (lambda: Exponential(math.inf), r"exponential service time needs .* mean > 0, got inf"),
        (lambda: Exponential(math.nan), r"exponential service time needs .* mean > 0, got nan"),
        (lambda: Exponential("1"), r"exponential service time needs a number mean .* got '1'"),
        (lambda: Exponential(True), r"exponential service time needs a number mean .* got True"),
        (lambda: Exponential([1, 2]), r"exponential .* a number mean .* got \[1, 2\]"),
        (lambda: Exponential(np.ones(2)), r"exponential .* a number mean .* got array"),
        (lambda: Lognormal(1, 0), r"lognormal service time needs .* 0 < cv < 1e\+100, got 0"),
        (lambda: Lognormal(1, 1e200), r"lognormal .* 0 < cv < 1e\+100, got 1e\+200"),
        (lambda: Lognormal(0, 1), r"lognormal service time needs .* mean > 0, got 0"),
        (lambda: ParetoService(1, 1), r"pareto service time needs .* shape > 1, got 1"),
        (lambda: ParetoService(1, math.nan), r"pareto service time needs .* shape > 1, got nan"),
        (lambda: ParetoService(None, 2), r"pareto service time needs a number mean .* got None"),
        (lambda: Pausing(3, 0.1, 1), r"pausing .* needs a law of service times .* got 3"),
        (lambda: Pausing(Exponential(), 1.5, 1), r"pausing .* 0 <= chance <= 1, got 1\.5"),
        (lambda: Pausing(Exponential(), math.nan, 1), r"pausing .* 0 <= chance <= 1, got nan"),
        (lambda: Pausing(Exponential(), 0.5, 0), r"pausing .* length > 0, got 0"),
        (lambda: slower(Exponential(), 0), r"a slower worker needs .* factor > 0, got 0"),
        (lambda: slower(2, 2), r"a slower worker needs a law such as Exponential\(\), got 2"),
    ],
)
def test_bad_input_gets_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
