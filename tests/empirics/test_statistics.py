import numpy as np
import pytest
from scipy import stats

from empirics.statistics import simultaneous_limits


def test_limits_are_students_with_bonferroni():
    mean, error = np.array([1.0, 2.0]), np.array([0.1, 0.3])
    found = simultaneous_limits(mean, error, 11, 0.02)
    quantile = stats.t.ppf(1 - 0.01, df=10)
    assert np.allclose(found.upper, mean + quantile * error)
    assert np.allclose(found.lower, mean - quantile * error)


def test_quantiles_far_out_are_those_of_the_style_page():
    # one-sided at 1e-6 over 1000 looks: 23.7 with 10 replicas, 8.6 with 30, 6.3 with 200
    for count, quantile in ((10, 23.7), (30, 8.6), (200, 6.3)):
        found = simultaneous_limits(np.zeros(1000), np.ones(1000), count, 1e-6)
        assert found.upper[0] == pytest.approx(quantile, abs=0.06)


def test_coverage_is_at_least_what_it_says():
    """5,000 families of 10 means each: wrong somewhere at most as often as alpha allows."""
    generator, alpha, families = np.random.default_rng(7), 0.05, 5000
    wrong = 0
    for _ in range(families):
        x = generator.normal(size=(10, 8))
        found = simultaneous_limits(x.mean(1), x.std(1, ddof=1) / 8**0.5, 8, alpha)
        wrong += bool((found.upper < 0).any())
    assert wrong <= stats.binom.ppf(1 - 1e-6, families, alpha)
    assert wrong >= stats.binom.ppf(1e-6, families, alpha / 2)  # and not absurdly wide


def test_limits_too_narrow_are_caught():
    """Negative control: without the correction for ten looks the families are wrong too often."""
    generator, families = np.random.default_rng(7), 5000
    wrong = 0
    for _ in range(families):
        x = generator.normal(size=(10, 8))
        found = simultaneous_limits(x.mean(1), x.std(1, ddof=1) / 8**0.5, 8, 0.5)
        wrong += bool((found.upper < 0).any())
    assert wrong > stats.binom.ppf(1 - 1e-6, families, 0.05)


def test_infinite_means_and_single_replicas():
    found = simultaneous_limits(np.array([1.0, np.inf]), np.array([0.1, np.inf]), 9, 0.1)
    assert np.isfinite(found.upper[0])
    assert found.upper[1] == found.lower[1] == np.inf
    alone = simultaneous_limits(np.array([1.0]), np.array([np.nan]), 1, 0.1)
    assert (alone.lower[0], alone.upper[0]) == (-np.inf, np.inf)


@pytest.mark.parametrize("alpha", [0, 1, -0.1, 2, np.nan])
def test_alpha_is_a_probability(alpha):
    with pytest.raises(ValueError, match="0 < alpha < 1"):
        simultaneous_limits(np.ones(1), np.ones(1), 5, alpha)
