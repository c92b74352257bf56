"""Factorised ratings: gradient, noise by enumeration, infimum and bounds against searches."""

import json
import pickle
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from scipy import optimize

from empirics import problems, schedules, simulate
from empirics.problems import factors, ratings_constants

NAN = float("nan")
SPARSE = [[1.0, NAN, 2.0], [NAN, -1.0, NAN], [0.5, 3.0, NAN], [NAN, NAN, NAN]]
TWICE = ([7, 7, 3, 7], [1, 2, 2, 1], [5.0, 4.0, 3.0, 4.5])  # user 7 rates item 1 twice
FULL = np.random.default_rng(3).standard_normal((5, 4))
DATA = {"sparse": SPARSE, "twice": TWICE, "full": FULL}


def made(data="sparse", **options):
    return problems.ratings(DATA[data], **{"rank": 2, "batch": 2, "radius": 4.0, **options})


def points(problem, number=5, scale=0.7, seed=1):
    return scale * np.random.default_rng(seed).standard_normal((number, problem.dim))


def by_hand(problem, x):
    """The formula, rating by rating."""
    loss, k = problem.loss, problem.loss.rank
    U, V = x[: loss.shape[0] * k].reshape(-1, k), x[loss.shape[0] * k :].reshape(-1, k)
    total = 0.0
    for i, j, r in zip(loss.users, loss.items, loss.values, strict=True):
        total += (U[i] @ V[j] - r) ** 2
    return total / (2 * len(loss.values)) + problem.l2 / 2 * x @ x


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_value_and_gradient_are_those_of_the_formula(data, l2):
    problem = made(data, l2=l2)
    x, e = points(problem), 1e-6
    np.testing.assert_allclose(problem.value(x), [by_hand(problem, a) for a in x], rtol=1e-12)
    steps = e * np.eye(problem.dim)
    for row, slope in zip(x, problem.gradient(x), strict=True):
        differences = (problem.value(row + steps) - problem.value(row - steps)) / (2 * e)
        np.testing.assert_allclose(slope, differences, atol=1e-8)
    assert problem.gradient(x[0]).shape == x[0].shape
    assert problem.value(x[None]).shape == (1, 5)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("data", DATA)
def test_noise_is_unbiased_and_has_the_stated_variance_and_bounds(data, compiled, monkeypatch):
    """Over all minibatches of two ratings, whose rows of factors may be the same."""
    if not compiled:
        monkeypatch.setattr(factors, "in_place", lambda: None)
    for replacement in (True, False):
        problem = made(data, replacement=replacement, l2=0.2)
        n, x = problem.picks.rows, points(problem, 1, 0.5)[0]
        sets = product(range(n), repeat=2) if replacement else combinations(range(n), 2)
        picked = np.array(list(sets))
        out = np.full((len(picked), problem.dim), NAN)
        problem.stochastic_gradient(np.tile(x, (len(picked), 1)), picked, out)
        gradient = problem.gradient(x)
        np.testing.assert_allclose(out.mean(axis=0), gradient, rtol=1e-10, atol=1e-13)
        squares = ((out - gradient) ** 2).sum(axis=1)
        assert problem.noise_variance(x) == pytest.approx(squares.mean(), rel=1e-10)
        assert problem.region.contains(x)
        assert squares.mean() <= problem.sigma**2
        assert squares.max() <= problem.constants["noise_bound"].value ** 2


def test_looking_up_and_multiplying_all_find_the_same(monkeypatch):
    dense = problems.ratings(users=30, items=20, density=0.3, noise=0.1, rank=3)
    monkeypatch.setattr(factors, "SPARSE", 1)
    monkeypatch.setattr(factors, "AT_ONCE", 50)
    sparse = problems.ratings(users=30, items=20, density=0.3, noise=0.1, rank=3)
    monkeypatch.setattr(factors, "CELLS", 1300)
    assert sparse.loss.dense is None
    assert dense.loss.dense is not None
    x = points(dense, 5)
    for found in ("value", "gradient", "noise_variance"):
        expected = getattr(sparse, found)(x)
        np.testing.assert_allclose(getattr(dense, found)(x), expected, rtol=1e-11, atol=1e-14)


def test_a_gradient_is_written_where_it_belongs_also_between_other_numbers():
    problem = made()
    x, picked = points(problem, 3), np.array([[0, 1], [2, 2], [4, 0]])
    whole, wide = np.empty_like(x), np.full((3, problem.dim + 1), 9.0)
    problem.stochastic_gradient(x, picked, whole)
    problem.stochastic_gradient(x, picked, wide[:, :-1])
    np.testing.assert_allclose(wide[:, :-1], whole, rtol=1e-13)
    assert (wide[:, -1] == 9).all()


@pytest.mark.parametrize("l2", [0.0, 0.02, 0.05])
@pytest.mark.parametrize("rank", [1, 2, 6])
def test_the_infimum_of_a_full_matrix_is_exact(rank, l2):
    """No start leads lower, and the stated minimiser is stationary and has that value."""
    problem = problems.ratings(FULL, rank=rank, l2=l2, batch=2)
    assert problem.constants["infimum"].provenance == "exact"
    assert problem.value(problem.minimiser) == pytest.approx(problem.infimum, abs=1e-14)
    np.testing.assert_allclose(problem.gradient(problem.minimiser), 0, atol=1e-13)
    found = [
        optimize.minimize(lambda x: float(problem.value(x)), x, jac=problem.gradient).fun
        for x in points(problem, 4)
    ]
    assert min(found) >= problem.infimum - 1e-12
    assert min(found) == pytest.approx(problem.infimum, abs=1e-8)


def test_l2_lifts_the_infimum_by_what_the_singular_values_say():
    """Negative control: the formula without the shrinking is noticed."""
    plain, shrunk = (problems.ratings(FULL, rank=2, l2=l2) for l2 in (0.0, 0.05))
    s = np.linalg.svd(FULL)[1]
    without = plain.infimum + 0.05 * s[:2].sum()
    assert plain.infimum < shrunk.infimum < without - 1e-4


def test_a_generated_set_without_errors_is_fitted_exactly():
    problem = problems.ratings(users=12, items=9, density=0.6, rank=3)
    assert (problem.infimum, problem.constants["infimum"].provenance) == (0.0, "exact")
    assert problem.value(problem.minimiser) < 1e-28
    assert problem.rmse(problem.minimiser) < 1e-14
    for options in ({"noise": 0.1}, {"rank": 1}, {"l2": 0.1}, {"centre": True}):
        other = problems.ratings(**{"users": 12, "items": 9, "density": 0.6, "rank": 3, **options})
        assert other.constants["infimum"].provenance == "bound"
        assert other.minimiser is None
        assert other.region is None
        assert set(other.constants) == {"infimum"}


def test_where_l2_leaves_no_factors_the_region_holds_the_start():
    problem = problems.ratings(FULL, l2=9.0)
    assert not problem.minimiser.any()
    assert problem.region.contains(problem.start)
    assert problem.infimum == pytest.approx(np.square(FULL).mean() / 2)


def hessian(problem, x, e=1e-5):
    steps = e * np.eye(problem.dim)
    return (problem.gradient(x + steps) - problem.gradient(x - steps)) / (2 * e)


@pytest.mark.parametrize("data", DATA)
def test_no_curvature_in_the_ball_is_beyond_its_bounds(data):
    problem = made(data, l2=0.1)
    x = points(problem, 60)
    x *= 4.0 / np.linalg.norm(x, axis=1, keepdims=True)  # on its surface, where it is largest
    eigenvalues = np.array([np.linalg.eigvalsh(hessian(problem, a)) for a in x])
    assert eigenvalues.max() <= problem.L
    assert eigenvalues.min() >= problem.mu_sc
    g = problem.gradient(x)
    squares, bound = np.vecdot(g, g), problem.constants["gradient_bound"].value
    assert squares.max() <= bound**2
    moment = problem.constants["second_moment"].value
    assert (squares + problem.noise_variance(x)).max() <= moment


@pytest.mark.parametrize("rank", [1, 3, 6])
def test_the_sharpness_of_a_full_matrix_is_exact(rank):
    problem = problems.ratings(FULL, rank=rank)
    largest = np.linalg.eigvalsh(hessian(problem, problem.minimiser))[-1]
    assert largest == pytest.approx(problem.constants["sharpness"].value, rel=1e-8)
    assert "sharpness" not in problems.ratings(FULL, rank=rank, l2=0.01).constants


@pytest.mark.parametrize("sign", [-1.0, 1.0])
@pytest.mark.parametrize("times", [1, 3])
def test_bounds_in_the_ball_are_attained_by_one_entry(sign, times):
    """f = (u v - r)^2/2, however often the one entry is rated: nothing smaller would do."""
    problem = problems.ratings(
        ([1] * times, [1] * times, [sign * 2.0] * times), rank=1, radius=3.0, l2=0.1, batch=1
    )
    x = 3 / np.sqrt(2) * np.array([1.0, -sign])
    eigenvalues = np.linalg.eigvalsh(hessian(problem, x))
    assert eigenvalues[-1] == pytest.approx(problem.L, rel=1e-8)
    assert eigenvalues[0] == pytest.approx(problem.mu_sc, rel=1e-8)
    longest = np.linalg.norm(problem.gradient(x))
    assert longest == pytest.approx(problem.constants["gradient_bound"].value, rel=1e-9)


def test_the_variance_bound_is_nearly_attained():
    """Where one entry is large and all factors are its own."""
    data = np.zeros((3, 3))
    data[0, 0] = 50.0
    problem = problems.ratings(data, rank=1, radius=4.0, batch=1)
    x = np.zeros(6)
    x[0], x[3] = 4 / np.sqrt(2), -4 / np.sqrt(2)
    assert 0.85 * problem.sigma**2 < problem.noise_variance(x) <= problem.sigma**2


def test_a_large_matrix_has_a_bound_of_its_singular_values(monkeypatch):
    exact = made("full")
    monkeypatch.setattr(ratings_constants, "DENSE", 1)
    assert exact.L < made("full").L < 2 * exact.L


def test_centring_takes_the_mean_away():
    plain, centred = made("full"), made("full", centre=True)
    np.testing.assert_allclose(centred.loss.values, plain.loss.values - FULL.mean())
    assert centred.value(np.zeros(18)) == pytest.approx(FULL.var() / 2)


def test_a_replica_does_not_depend_on_the_others(iterates):
    problem = replace(made(), lanes=4)
    whole = iterates(problem, schedules.Uniform(3), [0.1] * 20)
    part = iterates(problem, schedules.Uniform(3), [0.1] * 20, block=3, replicas=1)
    np.testing.assert_array_equal(whole, part)
    assert len({row.tobytes() for row in whole[-1]}) == 4


def test_training_finds_the_factors_of_a_generated_set():
    """And a delay of 30 at the same step does not."""
    problem = problems.ratings(batch=64)
    ends = {}
    for tau in (0, 30):
        runs = simulate(
            replace(problem, lanes=4),
            schedules.Constant(tau),
            step=12.0,
            steps=1500,
            replicas=4,
            record=[0, 1500],
        )
        ends[tau] = runs.statistics.gap.mean
    assert ends[0][0] > 0.3
    assert ends[0][1] < 1e-6
    assert not ends[30][1] < 1e-2


def test_a_problem_can_be_sent_to_another_process():
    problem = made()
    sent, x = pickle.loads(pickle.dumps(problem)), points(problem)
    np.testing.assert_array_equal(sent.gradient(x), problem.gradient(x))


CHANGES = {
    "rank": 3,
    "l2": 0.5,
    "batch": 3,
    "replacement": False,
    "centre": True,
    "radius": 5.0,
    "seed": 1,
    "start": [0.1] * 14,
}
SIZES = {"users": 9, "items": 9, "true_rank": 1, "density": 1.0, "noise": 0.2, "data_seed": 1}


def seen(problem):
    x = points(problem, 1)[0]
    known = {key: constant.value for key, constant in problem.constants.items()}
    return [*problem.start, problem.value(x), problem.noise_variance(x), known]


@pytest.mark.parametrize("option", CHANGES)
def test_every_option_changes_something(option):
    one, other = made(), made(**{option: CHANGES[option]})
    assert one.settings != other.settings
    assert seen(one) != seen(other)


@pytest.mark.parametrize("option", SIZES)
def test_every_option_of_a_generated_set_changes_something(option):
    small = {"users": 8, "items": 6, "radius": 9.0}
    one, other = (problems.ratings(**{**small, **more}) for more in ({}, {option: SIZES[option]}))
    assert one.settings != other.settings
    assert seen(one) != seen(other)


def test_a_problem_can_be_rebuilt_from_its_settings():
    problem = problems.ratings(users=8, items=6, noise=0.1, radius=9.0, seed=4)
    given = json.loads(json.dumps(problem.settings))
    rebuilt = getattr(problems, given.pop("kind"))(**given)
    assert rebuilt.constants == problem.constants
    np.testing.assert_array_equal(rebuilt.start, problem.start)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"rank": 0}, r"ratings needs a whole number rank >= 1, got 0"),
        ({"l2": -0.1}, r"ratings needs a number l2 with l2 >= 0, got -0\.1"),
        ({"batch": 2.5}, r"ratings needs a whole number batch >= 1, got 2\.5"),
        ({"batch": 1201, "replacement": False}, r"needs a batch <= 1200, the number of rows"),
        ({"centre": "no"}, r"ratings needs centre = True or False, got 'no'"),
        ({"radius": NAN}, r"ratings needs a number radius with radius > 0, got nan"),
        ({"radius": 0.1}, r"needs a start with \|x\| <= 0\.1, the radius .* raise the radius"),
        ({"seed": -1}, r"ratings needs a whole number seed >= 0, got -1"),
        ({"start": [1.0]}, r"ratings needs a finite start of shape \(200,\), got shape \(1,\)"),
        ({"start": [NAN] * 200}, r"needs a finite start of shape \(200,\), .* with 0 finite"),
        ({"rank": 101}, r"ratings needs a whole number rank <= 100, got 101"),
        ({"users": 10**5, "items": 10**5}, r"at most 134217728 entries, users times items, got 1"),
        ({"users": 0}, r"ratings needs a whole number users >= 1, got 0"),
        ({"items": 1.5}, r"ratings needs a whole number items >= 1, got 1\.5"),
        ({"true_rank": 41}, r"ratings needs a whole number true_rank <= 40, got 41"),
        ({"density": 0}, r"ratings needs a number density with 0 < density <= 1, got 0"),
        ({"noise": -1}, r"ratings needs a number noise with noise >= 0, got -1"),
        ({"data_seed": -1}, r"ratings needs a whole number data_seed >= 0, got -1"),
        ({"data": FULL, "users": 5, "noise": 0.1}, r"needs users, noise for a generated set only"),
        ({"data": 3.0}, r"ratings needs a matrix of shape \(users, items\) .* got shape \(\)"),
        ({"data": [["a"]]}, r"needs a file, a matrix, or a tuple .* as data, got list"),
        ({"data": [[NAN]]}, r"got shape \(1, 1\) with 0 finite entries"),
        ({"data": [[float("inf"), 1.0]]}, r"got shape \(1, 2\) with 1 finite entries"),
        ({"data": ([1], [1, 2], [1.0])}, r"needs lists of users, items and ratings of one length"),
        ({"data": ([], [], [])}, r"needs lists of users, items and ratings of one length > 0"),
        ({"data": ([1, 1.5], [1, 2], [1.0, 2.0])}, r"needs whole numbers .* got 1\.5, 2, 2 at pl"),
        ({"data": ([1], [1], [NAN])}, r"needs whole numbers .* got 1, 1, nan at place 0"),
    ],
)
def test_bad_input_gets_one_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        problems.ratings(**arguments)
