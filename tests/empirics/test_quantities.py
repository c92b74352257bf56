"""What theorems bound, read off runs: least, average, weighted, last, total; with honest limits."""

from dataclasses import replace

import numpy as np
import pytest
from sympy import Sum

from empirics import compare, measures_for, problems, schedules, simulate
from empirics.compare.numbers import Numbers
from empirics.compare.quantity import see
from empirics.moments import OF_ITERATES
from empirics.problems.quadratic import quadratic
from theory.algebra import FiniteProduct
from theory.latex import shown
from theory.quantities import (
    GAP,
    REGRET,
    SQUARED_DISTANCE,
    SQUARED_GRADIENT,
    average,
    last,
    least,
    total,
)
from theory.results import lian2015
from theory.symbols import L, T, eta, eta0, j, r, t, tau_max

STEPS, TAU = 30, 3
ALL = tuple(OF_ITERATES)
FIELDS = {SQUARED_GRADIENT: "squared_norm", GAP: "gap", SQUARED_DISTANCE: "squared_distance"}


def theorem_about(quantity):
    return replace(lian2015.nonconvex, quantity=quantity)


def runs_of(problem=None, schedule=None, **more):
    problem = problem or quadratic(dim=3, mu=0.2, L=1.0, sigma=0.4, noise="gaussian")
    options = {"step": 0.1, "steps": STEPS, "measures": ALL, "replicas": 64, **more}
    return simulate(problem, schedule or schedules.Constant(TAU), **options)


@pytest.fixture(scope="module")
def runs():
    return runs_of()


def seen(quantity, runs, alpha=1e-6, **sequences):
    sequences = {"eta": runs.step_sizes, **sequences}
    values = {"L": 1.0, "eta": 0.1}
    return see(theorem_about(quantity), runs, Numbers(values=values, sequences=sequences), alpha)


# ------------------------------------------------------------------ summaries and places


@pytest.mark.parametrize("measure", FIELDS, ids=lambda m: m.name)
def test_averages_are_averages_of_the_means(measure, runs):
    mean = getattr(runs.statistics, FIELDS[measure]).mean
    counts = np.arange(1, STEPS + 1)
    found = seen(average(measure, T), runs)
    assert found.horizons.tolist() == counts.tolist()
    assert found.iterates.tolist() == counts.tolist()
    np.testing.assert_allclose(found.mean, np.cumsum(mean[:-1]) / counts, rtol=1e-12)
    after = seen(average(measure, T, at="next iterate"), runs)
    np.testing.assert_allclose(after.mean, np.cumsum(mean[1:]) / counts, rtol=1e-12)
    assert after.iterates.tolist() == (counts + 1).tolist()
    read = seen(average(measure, T, at="read point"), runs)
    places = np.maximum(np.arange(STEPS) - TAU, 0)
    np.testing.assert_allclose(read.mean, np.cumsum(mean[places]) / counts, rtol=1e-12)


def test_least_and_last(runs):
    mean = runs.statistics.gap.mean
    found = seen(least(GAP, T + 1), runs)
    np.testing.assert_array_equal(found.mean, np.minimum.accumulate(mean)[1:])
    found = seen(last(GAP, T), runs)
    np.testing.assert_array_equal(found.mean, mean[1:])
    assert found.horizons.tolist() == list(range(1, STEPS + 1))
    assert found.path[0].tolist() == list(range(1, STEPS + 2))


def test_regret_is_the_sum_of_gaps_at_the_points_read(runs):
    read = runs.statistics.read_gap.mean[:-1]
    found = seen(total(REGRET, T), runs)
    np.testing.assert_allclose(found.mean, np.cumsum(read), rtol=1e-12)


def test_weights_are_formulas_or_the_steps_of_the_run():
    steps = 0.3 / np.sqrt(np.arange(1, STEPS + 1))
    runs = runs_of(step=steps)
    mean = runs.statistics.squared_norm.mean[:-1]
    found = seen(average(SQUARED_GRADIENT, T, weights=shown(eta(t))), runs)
    np.testing.assert_allclose(found.mean, np.cumsum(steps * mean) / np.cumsum(steps), rtol=1e-12)
    weights = 0.9 ** -np.arange(1.0, STEPS + 1)
    found = seen(average(SQUARED_GRADIENT, T, weights=shown((1 - L * eta0) ** (-t - 1))), runs)
    expected = np.cumsum(weights * mean) / np.cumsum(weights)
    np.testing.assert_allclose(found.mean, expected, rtol=1e-12)


def test_weights_may_leave_the_floating_numbers():
    """0.9^(-8000) is infinite; the average of the last hundred or so terms is not."""
    runs = runs_of(problem=quadratic(dim=1, L=1.0), steps=8000, replicas=1, measures=ALL[:1])
    found = seen(average(SQUARED_GRADIENT, T, weights=shown((1 - L * eta0) ** (-t - 1))), runs)
    mean = runs.statistics.squared_norm.mean[:-1]
    weights = 0.9 ** np.arange(600.0)[::-1]
    assert found.mean[5000] == pytest.approx(
        (weights * mean[5001 - 600 : 5001]).sum() / weights.sum(), rel=1e-9
    )


def test_steps_of_zero_have_no_weight():
    steps = np.tile([0.1, 0.0], STEPS // 2)
    runs = runs_of(step=steps)
    mean = runs.statistics.squared_norm.mean[:-1]
    found = seen(average(SQUARED_GRADIENT, T, weights=shown(eta(t))), runs)
    np.testing.assert_allclose(found.mean, np.cumsum(steps * mean) / np.cumsum(steps), rtol=1e-12)


# ------------------------------------------------------------------ limits


def test_limits_hold_together_for_every_average():
    """Many small samples of the same runs: the true average leaves the limits once in a while."""
    problem = quadratic(dim=2, mu=0.5, sigma=0.5, noise="gaussian")
    common = {"problem": problem, "schedule": schedules.Constant(1), "steps": 8, "step": 0.3}
    truth = seen(average(GAP, T), runs_of(**common, replicas=200_000)).mean
    missed = 0
    for seed in range(300):
        found = seen(average(GAP, T), runs_of(**common, replicas=12, seed=seed), alpha=0.2)
        missed += bool((found.lower > truth).any())
        assert (found.lower <= found.mean).all()
        assert (found.mean <= found.upper).all()
    assert missed <= 0.2 * 300
    narrow = [  # negative control: limits at a fiftieth of the width are left all the time
        seen(average(GAP, T), runs_of(**common, replicas=12, seed=seed), alpha=0.2)
        for seed in range(20)
    ]
    left = [np.any(s.mean - (s.mean - s.lower) / 50 > truth) for s in narrow]
    assert sum(left) >= 5


def test_without_noise_and_with_shared_delays_there_is_no_error():
    runs = runs_of(problem=quadratic(dim=2, mu=0.5), replicas=1)
    found = seen(average(GAP, T), runs)
    np.testing.assert_array_equal(found.lower, found.mean)
    np.testing.assert_array_equal(found.upper, found.mean)
    apart = runs_of(problem=quadratic(dim=2, mu=0.5), schedule=schedules.Uniform(2), replicas=1)
    assert np.isinf(seen(average(GAP, T), apart).upper).all()  # one schedule of many


def test_an_infimum_known_only_from_below_widens_the_limits():
    runs = runs_of()
    tight, loose = (
        seen(last(GAP, T), runs),
        seen(last(GAP, T), replace(runs, looseness={"gap": 0.01})),
    )
    np.testing.assert_allclose(loose.lower, np.maximum(tight.lower - 0.01, 0))
    np.testing.assert_array_equal(loose.upper, tight.upper)
    unknown = seen(last(GAP, T), replace(runs, looseness={}))
    assert np.isnan(unknown.lower).all()
    np.testing.assert_array_equal(unknown.upper, tight.upper)


def test_a_minimiser_known_only_nearly_widens_the_limits():
    runs = runs_of()
    tight = seen(last(SQUARED_DISTANCE, T), runs)
    near = replace(runs, looseness={"squared distance": 0.1})
    loose = seen(last(SQUARED_DISTANCE, T), near)
    np.testing.assert_allclose(np.sqrt(loose.upper), np.sqrt(tight.upper) + 0.1)
    np.testing.assert_allclose(np.sqrt(loose.lower), np.maximum(np.sqrt(tight.lower) - 0.1, 0))


# ------------------------------------------------------------------ what is missing


def test_a_sparse_record_says_what_an_average_needs():
    sparse = runs_of(record=[0, 1, 2, 5, 30])
    found = seen(average(GAP, T), sparse)
    assert found.missing == (
        'an average needs every iterate, and x_3 was not recorded; simulate with record="all"'
    )
    assert found.horizons.tolist() == [1, 2, 3]
    assert not seen(last(GAP, T), sparse).missing
    assert seen(last(GAP, T), sparse).horizons.tolist() == [1, 2, 5, 30]
    late = seen(average(GAP, T), runs_of(record=[5, 6]))
    assert "x_0 was not recorded" in late.missing
    assert not late.horizons.size


def test_a_sparse_record_leaves_the_verdict_open_unless_it_shows_a_violation():
    sparse = runs_of(record="log", steps=400)
    verdict = compare(lian2015.nonconvex, sparse)
    assert verdict.outcome == "inconclusive"
    assert 'was not recorded; simulate with record="all"' in verdict.reason
    small = replace(lian2015.nonconvex, bound=shown(lian2015.nonconvex.bound.expression / 1000))
    assert compare(small, sparse).outcome == "violated"


def test_a_measure_that_was_not_asked_for_is_named():
    bare = runs_of(measures=())
    distant = theorem_about(last(SQUARED_DISTANCE, T))
    verdict = compare(distant, bare)
    assert verdict.outcome == "inconclusive"
    assert "the squared distance was not measured; simulate with measures=(" in verdict.reason
    assert compare(distant, runs_of(measures=measures_for(distant))).outcome != "inconclusive"


def test_measures_for_a_theorem():
    base = ("squared gradient", "gap")
    assert measures_for(theorem_about(average(GAP, T, at="read point"))) == (
        *base,
        "gap at read points",
    )
    assert measures_for(theorem_about(last(SQUARED_DISTANCE, T))) == (*base, "squared distance")
    assert measures_for(theorem_about(total(REGRET, T))) == (*base, "gap at read points")


# ------------------------------------------------------------------ formulas


def test_sums_of_sums_and_sequences():
    steps, delays = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0, 1, 1, 3])
    numbers = Numbers(values={"tau": 1.0}, sequences={"eta": steps, "r": (np.arange(4.0) - delays)})
    window = Sum(eta(j) ** 2, (j, r(t), t - 1))
    found = numbers.at(Sum(eta(t) * window, (t, 0, T - 1)), T, np.array([1, 2, 3, 4]))
    by_hand = [
        eta_t * (steps[t - tau : t] ** 2).sum()
        for t, (eta_t, tau) in enumerate(zip(steps, delays, strict=True))
    ]
    np.testing.assert_allclose(found, np.cumsum(by_hand), atol=1e-15)
    late = numbers.at(Sum(eta(r(j)) + tau_max, (j, 0, T - 1)), T, np.array([4]))
    assert late[0] == pytest.approx(0.1 + 0.1 + 0.2 + 0.1 + 4)


def test_products_of_sequences():
    steps = np.array([0.1, 0.2, 0.5, 0.0])
    numbers = Numbers(values={"L": 2.0}, sequences={"eta": steps})
    whole = FiniteProduct(1 - L * eta(t), (t, 0, T - 1))
    found = numbers.at(3 * whole, T, np.array([0, 1, 2, 3, 4]))
    np.testing.assert_allclose(found, 3 * np.array([1, 0.8, 0.48, 0, 0]), atol=1e-15)
    assert numbers.at(whole, T, np.array([], dtype=np.int64)).size == 0
    with pytest.raises(ValueError, match="its first index depends on T"):
        numbers.at(FiniteProduct(eta(t), (t, T - 1, 3)), T, np.array([2, 3]))


def test_formulas_that_are_not_numbers_say_so():
    numbers = Numbers(values={}, sequences={"eta": np.ones(3)})
    with pytest.raises(
        ValueError, match=r"eta\(t\) is needed from index 0 to 4, known from 0 to 2"
    ):
        numbers.at(Sum(eta(t), (t, 0, T - 1)), T, np.array([5]))
    with pytest.raises(ValueError, match="its terms depend on T"):
        numbers.at(Sum(eta(t) * T, (t, 0, T - 1)), T, np.array([2]))
    with pytest.raises(KeyError, match="L"):
        numbers.at(L * T, T, np.array([2]))


# ------------------------------------------------------------------ the page of the design


def test_the_example_of_the_design():
    from empirics import plots
    from theory import results

    theorem = results.lian2015.nonconvex
    theorem.verify()
    problem = problems.quadratic(dim=10, mu=0.1, L=1.0, sigma=0.5)
    step = theorem.largest_step(L=1, tau=4)
    runs = simulate(
        problem, schedules.Constant(4), step=float(step), steps=1000, replicas=256, seed=0
    )
    verdict = compare(theorem, runs)
    assert str(verdict).startswith("consistent: bound / mean >= ")
    ax = plots.bound_and_runs(verdict)
    assert ax.get_ylabel() == r"average $\mathbb{E}\,\|\nabla F(x_{t})\|^2$ so far"
