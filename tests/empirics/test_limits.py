"""Limits of means by other ways than Student's: exact facts, coverage, and lost replicas."""

import numpy as np
import pytest
from scipy import stats

from empirics.statistics import (
    Family,
    bernstein_limits,
    bootstrap_limits,
    limits_of_means,
    simultaneous_limits,
)
from empirics.statistics.bootstrap import MOST, resamples

ALPHA, FAMILIES = 0.05, 300
MOST_WRONG = stats.binom.ppf(1 - 1e-6, FAMILIES, ALPHA)


def parts(x):
    return x.mean(axis=1), x.std(axis=1, ddof=1) / np.sqrt(x.shape[1]), x.shape[1]


def chosen(x, alpha=ALPHA, **more):
    return limits_of_means(*parts(x), alpha, **more)


# ------------------------------------------------------------------ exact facts


def test_bernstein_is_the_formula_of_maurer_and_pontil():
    x = np.random.default_rng(3).uniform(0, 2, size=(3, 500))
    mean, error, n = parts(x)
    found = bernstein_limits(mean, error, n, 0.06, within=2.0)
    unit = x / 2  # their values lie in [0, 1], their delta is that of one mean
    V, odds = unit.var(axis=1, ddof=1), np.log(2 / 0.02)
    spread = 2 * (np.sqrt(2 * V * odds / n) + 7 * odds / (3 * (n - 1)))
    assert np.allclose(found.upper, mean + spread, rtol=1e-13)
    assert np.allclose(found.lower, mean - spread, rtol=1e-13)


def test_bernstein_stays_within_the_range():
    found = bernstein_limits(np.array([0.1]), np.array([0.01]), 10, 0.01, within=1.0)
    assert (found.lower[0], found.upper[0]) == (0, 1)


def test_bootstrap_agrees_with_a_plain_loop():
    """A readable twin with its own resamples: quantiles agree as far as resamples tell."""
    x = np.random.default_rng(5).exponential(size=(4, 40))
    mean, error, n = parts(x)
    rng, extremes = np.random.default_rng(6), []
    for _ in range(4000):
        y = x[:, rng.integers(0, n, n)]
        t = (y.mean(axis=1) - mean) / (y.std(axis=1, ddof=1) / np.sqrt(n))
        extremes.append((t.max(), (-t).max()))
    q, p = np.quantile(extremes, 1 - 0.05, axis=0)
    found = bootstrap_limits(x, 0.05)
    below, above = (mean - found.lower) / error, (found.upper - mean) / error
    assert np.ptp(below) < 1e-12  # one quantile for all times
    assert below[0] == pytest.approx(q, rel=0.08)
    assert above[0] == pytest.approx(p, rel=0.08)
    assert above[0] > 1.3 * below[0]  # skewed to the right: the mean may be far above


def test_bootstrap_is_free_of_units_and_repeats():
    x = np.random.default_rng(5).exponential(size=(3, 30))
    one, other = bootstrap_limits(x, 0.05, seed=4), bootstrap_limits(x * 2.0**-600, 0.05, seed=4)
    assert np.allclose(other.upper * 2.0**600, one.upper, rtol=1e-12)
    assert (bootstrap_limits(x, 0.05, seed=4).lower == one.lower).all()
    assert (bootstrap_limits(x, 0.05, seed=5).lower != one.lower).any()


def test_times_that_depend_on_each_other_cost_less_than_bonferroni():
    z = np.random.default_rng(8).normal(size=(1, 200))
    same = bootstrap_limits(np.repeat(z, 50, axis=0), 0.05)
    assert np.allclose(same.upper, bootstrap_limits(z, 0.05).upper, rtol=0.1)
    wide = simultaneous_limits(*parts(np.repeat(z, 50, axis=0)), 0.05)
    assert wide.upper[0] - z.mean() > 1.5 * (same.upper[0] - z.mean())


@pytest.mark.parametrize("method", ["student", "bootstrap"])
def test_where_all_replicas_are_the_same_there_is_no_error(method):
    x = np.vstack([np.full(50, 1.7), np.random.default_rng(1).exponential(size=50)])
    found = chosen(x, each=x, method=method).limits
    assert found.lower[0] == pytest.approx(1.7, rel=1e-12)
    assert found.upper[0] == pytest.approx(1.7, rel=1e-12)
    assert found.lower[1] < x[1].mean() < found.upper[1]


# ------------------------------------------------------------------ lost replicas and few


@pytest.mark.parametrize("method", ["student", "bootstrap", "bernstein"])
def test_a_lost_replica_makes_the_limits_infinite_by_every_method(method):
    x = np.random.default_rng(2).uniform(size=(2, 60))
    x[1, 7] = np.inf
    mean = x.mean(axis=1)
    error = np.array([x[0].std(ddof=1) / np.sqrt(60), np.inf])
    found = limits_of_means(mean, error, 60, 0.05, each=x, within=1.0, method=method).limits
    assert np.isfinite([found.lower[0], found.upper[0]]).all()
    assert found.lower[1] == found.upper[1] == np.inf


@pytest.mark.parametrize("method", ["student", "bootstrap", "bernstein"])
def test_one_replica_tells_nothing(method):
    x = np.array([[0.4], [0.5]])
    nothing = np.full(2, np.nan)
    found = limits_of_means(x[:, 0], nothing, 1, 0.05, each=x, within=1.0, method=method).limits
    assert (found.lower <= 0).all()
    assert (found.upper >= 1).all()


# ------------------------------------------------------------------ coverage


def light(rng):
    return 2 + rng.normal(size=(5, 40)).cumsum(axis=0), 2.0


def skewed(rng):
    """Squared norms of Gaussian gradients in one dimension, along paths."""
    z = rng.normal(size=(5, 40)).cumsum(axis=0) / np.sqrt(np.arange(1, 6))[:, None]
    return z**2, 1.0


def heavy(rng):
    return np.exp(rng.normal(size=(5, 40)) - 0.5), 1.0


def bounded(rng):
    return (rng.uniform(size=(5, 40)) < 0.1).astype(float), 0.1


def wrong(law, seed, **more):
    """Families with a wrong lower limit, which is a false "violated", and with a wrong upper."""
    rng, low, high = np.random.default_rng(seed), 0, 0
    for _ in range(FAMILIES):
        x, true = law(rng)
        options = {key: x if key == "each" else value for key, value in more.items()}
        found = chosen(x, **{"alpha": ALPHA, **options}).limits
        low += bool((found.lower > true).any())
        high += bool((found.upper < true).any())
    return low, high


@pytest.mark.parametrize("law", [light, skewed, heavy, bounded])
@pytest.mark.parametrize("known", [{}, {"each": True}])
def test_false_violations_are_at_most_alpha(law, known):
    assert wrong(law, 11, **known)[0] <= MOST_WRONG


def test_false_violations_by_bernstein_are_at_most_alpha_on_either_side():
    assert max(wrong(bounded, 12, within=1.0)) <= MOST_WRONG


def test_limits_that_are_not_simultaneous_are_caught():
    assert min(wrong(lambda rng: (rng.normal(size=(5, 40)), 0.0), 13, alpha=5 * ALPHA)) > MOST_WRONG


def test_student_is_caught_on_skewed_values_and_the_bootstrap_mends_it():
    """Their mean is too often above the upper limit; to the left, a bound would be violated."""
    assert wrong(skewed, 14)[1] > MOST_WRONG
    assert wrong(skewed, 14, each=True)[1] <= MOST_WRONG
    assert wrong(lambda rng: (9 - skewed(rng)[0], 8.0), 14)[0] > MOST_WRONG
    assert wrong(lambda rng: (9 - skewed(rng)[0], 8.0), 14, each=True)[0] <= MOST_WRONG


# ------------------------------------------------------------------ the choice


def test_the_choice_goes_by_what_is_known_of_the_tails():
    x = np.random.default_rng(0).exponential(size=(3, 50))
    assert chosen(x).method == "student"
    assert chosen(x).why == "the tails are not known"
    assert chosen(x, each=x).method == "bootstrap"
    assert "skewness up to" in chosen(x, each=x).why
    assert chosen(x, within=20.0).method == "bernstein"
    far = chosen(x, alpha=1e-6, each=x)
    assert far.method == "student"
    assert "too small to resample" in far.why
    few = chosen(x[:, :9], each=x[:, :9])
    assert few.method == "student"
    assert "too few" in few.why
    straight = np.repeat(stats.norm.ppf(np.arange(1, 400) / 400)[None], 3, axis=0)
    assert chosen(straight, each=straight).method == "student"
    assert chosen(x, within=20.0, each=x, method="student").method == "student"


def test_resamples_grow_with_the_level_until_there_are_too_many():
    assert resamples(0.5) == 1999
    assert resamples(0.001) == 19_999
    assert 0 < resamples(20 / MOST) <= MOST
    assert resamples(19 / MOST) == 0


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"method": "median"}, "needs? a method among auto, student, bootstrap, bernstein"),
        ({"method": "bernstein"}, "need a range of the values"),
        ({"method": "bootstrap"}, "simulate with each=True"),
        ({"within": 0.0}, "need a range within > 0, got 0"),
        ({"within": np.nan}, "need a range within > 0, got nan"),
        ({"within": 0.5}, r"need values in \[0, 0.5\], got a mean of 1"),
        ({"alpha": 0.0}, "0 < alpha < 1"),
        ({"alpha": np.nan, "within": 9.0}, "0 < alpha < 1"),
        ({"alpha": 1e-6, "method": "bootstrap", "each": np.ones((1, 9))}, "take Student limits"),
    ],
)
def test_what_has_no_limits_is_refused(more, words):
    with pytest.raises(ValueError, match=words):
        limits_of_means(np.ones(1), np.ones(1), 9, **{"alpha": 0.05, **more})


def test_a_range_has_to_hold_for_every_replica():
    x = np.array([[0.1, 0.2, 3.0]])
    with pytest.raises(ValueError, match=r"got 3 in a replica"):
        chosen(x, each=x, within=2.0)
    with pytest.raises(ValueError, match=r"shape \(K, replicas\), got \(3,\)"):
        bootstrap_limits(np.ones(3), 0.05)


# ------------------------------------------------------------------ families


def test_a_family_counts_all_its_verdicts():
    family = Family(theorems=("a", "b", "c"), cells=4, looks=5)
    assert family.size == 60
    assert family.words == "3 theorems x 4 cells x 5 looks"
    assert Family(theorems=("a",)).words == "1 theorem"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"theorems": ()}, "different names"),
        ({"theorems": ("a", "a")}, "different names"),
        ({"theorems": "a"}, "different names"),
        ({"theorems": (1,)}, "by their names"),
        ({"theorems": ("a",), "cells": 0}, "cells"),
        ({"theorems": ("a",), "looks": 1.5}, "looks"),
    ],
)
def test_no_family(more, words):
    with pytest.raises(ValueError, match=words):
        Family(**more)
