"""Networks: gradients against differences, noise against enumeration.

That training reaches what it does elsewhere is in test_sklearn_reference.py.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from empirics import problems, schedules

SIZES = [(0, "relu"), (1, "relu"), (3, "relu"), (1, "tanh"), (6, "tanh")]
SMALL = {"width": 5, "batch": 3}


def tables(rows=40, features=4, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows, features))
    return X, (X @ rng.standard_normal((features, classes))).argmax(axis=1)


def made(depth=1, activation="relu", **options):
    options = {"depth": depth, "activation": activation, **SMALL, **options}
    return problems.perceptron(tables(), **options)


def points(problem, count=3, seed=1):
    rng = np.random.default_rng(seed)
    return problem.start + 0.3 * rng.standard_normal((count, problem.dim))


def by_hand(problem, x):
    """Loss of one iterate by the formula, one layer after the other."""
    h, cut = problem.X[:, :-1], 0
    for place, (i, o) in enumerate(pairwise(problem.sizes)):
        W, b = x[cut : cut + i * o].reshape(i, o), x[cut + i * o : cut + (i + 1) * o]
        cut += (i + 1) * o
        h = h @ W + b
        if place < len(problem.sizes) - 2:
            h = np.tanh(h) if problem.smooth else np.maximum(h, 0)
    logits = h - np.log(np.exp(h).sum(axis=1, keepdims=True))
    return -(logits * problem.Y).sum(axis=1).mean() + problem.l2 / 2 * x @ x


@pytest.mark.parametrize(("depth", "activation"), SIZES)
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_the_value_is_the_formula(depth, activation, l2):
    problem = made(depth, activation, l2=l2)
    x = points(problem)
    expected = [by_hand(problem, row) for row in x]
    np.testing.assert_allclose(problem.value(x), expected, rtol=1e-12)
    assert problem.value(x[0]).shape == ()
    assert problem.value(x[None]).shape == (1, 3)


@pytest.mark.parametrize(("depth", "activation"), SIZES)
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_the_gradient_is_that_of_the_value(depth, activation, l2):
    problem = made(depth, activation, l2=l2)
    x, e = points(problem), 1e-6
    g = problem.gradient(x)
    steps = e * np.eye(problem.dim)
    for row, slope in zip(x, g, strict=True):
        differences = (problem.value(row + steps) - problem.value(row - steps)) / (2 * e)
        np.testing.assert_allclose(slope, differences, atol=1e-7)
    assert abs(g).max() > 0.1


@pytest.mark.parametrize(("depth", "activation"), SIZES)
def test_the_noise_is_unbiased_and_of_the_variance_it_says(depth, activation):
    """Over all minibatches of one row, which are few enough to be taken one by one."""
    problem = made(depth, activation, batch=1, l2=0.1)
    x = points(problem, count=1)
    n = len(problem.X)
    picked = np.arange(n)[:, None]
    out = np.empty((n, problem.dim))
    problem.stochastic_gradient(np.repeat(x, n, axis=0), picked, out)
    mean = problem.gradient(x)[0]
    np.testing.assert_allclose(out.mean(axis=0), mean, rtol=1e-9, atol=1e-12)
    squares = ((out - mean) ** 2).sum(axis=1)
    variance = squares.mean()
    np.testing.assert_allclose(problem.noise_variance(x)[0], variance, rtol=1e-9)
    if not depth:
        assert squares.max() <= problem.constants["noise_bound"].value ** 2
    four = made(depth, activation, batch=4, l2=0.1)
    np.testing.assert_allclose(four.noise_variance(x)[0], variance / 4, rtol=1e-9)


def test_a_minibatch_is_the_mean_of_its_rows():
    problem = made(2, "tanh", batch=3)
    x = points(problem, count=2)
    picked = np.array([[0, 7, 7], [1, 2, 3]])
    whole, single = np.empty_like(x), np.empty((3, problem.dim))
    problem.stochastic_gradient(x, picked, whole)
    for lane in range(2):
        rows = np.repeat(x[lane][None], 3, axis=0)
        problem.stochastic_gradient(rows, picked[lane][:, None], single)
        np.testing.assert_allclose(whole[lane], single.mean(axis=0), rtol=1e-10, atol=1e-14)


def test_depth_0_is_softmax_regression():
    network = made(0, l2=0.1, standardise=False)
    logistic = problems.logistic(tables(), l2=0.1, batch=3, standardise=False)
    assert network.dim == logistic.dim
    x = points(network)
    np.testing.assert_allclose(network.value(x), logistic.value(x), rtol=1e-12)
    np.testing.assert_allclose(network.gradient(x), logistic.gradient(x), rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(network.noise_variance(x), logistic.noise_variance(x), rtol=1e-9)


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_depth_0_has_constants_that_hold(l2):
    """Far out, where gradients are longest, and at two classes that share all probability."""
    problem = made(0, l2=l2, batch=1)
    x = np.concatenate([points(problem) * scale for scale in (0.01, 1.0, 100.0)])
    noise = problem.noise_variance(x)
    assert noise.max() <= problem.sigma**2
    assert noise.max() > problem.sigma**2 / 5
    g = problem.gradient(x)
    slopes = np.linalg.norm(np.diff(g, axis=0), axis=1) / np.linalg.norm(np.diff(x, axis=0), axis=1)
    assert slopes.max() <= problem.L
    assert slopes.max() > problem.L / 20
    assert problem.mu_sc == l2
    assert ("gradient_bound" in problem.constants) == (l2 == 0)
    if not l2:
        longest = np.vecdot(g, g).max()
        assert longest <= problem.constants["gradient_bound"].value ** 2
        assert (np.vecdot(g, g) + noise).max() <= problem.constants["second_moment"].value
    assert set(made(1).constants) == {"infimum"}


@pytest.mark.parametrize(("depth", "activation"), SIZES)
def test_single_precision_is_nearly_double(depth, activation):
    double, single = (made(depth, activation, precision=p) for p in ("double", "single"))
    np.testing.assert_array_equal(double.start, single.start)
    x = points(double)
    np.testing.assert_allclose(single.gradient(x), double.gradient(x), rtol=1e-3, atol=1e-5)
    assert (single.gradient(x) != double.gradient(x)).any()  # the option does something
    out = np.empty_like(x)
    picked = np.array([[0, 1, 2]] * 3)
    single.stochastic_gradient(x, picked, out)
    reference = np.empty_like(x)
    double.stochastic_gradient(x, picked, reference)
    np.testing.assert_allclose(out, reference, rtol=1e-3, atol=1e-5)


def test_huge_scores_do_not_overflow():
    problem = made(0)
    x = 1e4 * points(problem)
    assert np.isfinite(problem.value(x)).all()
    assert np.isfinite(problem.gradient(x)).all()


def test_a_replica_does_not_depend_on_the_others(iterates):
    problem = replace(made(2), lanes=4)
    whole = iterates(problem, schedules.Uniform(3), [0.2] * 20)
    part = iterates(problem, schedules.Uniform(3), [0.2] * 20, block=3, replicas=1)
    np.testing.assert_array_equal(whole, part)
    assert len({row.tobytes() for row in whole[-1]}) == 4


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"depth": -1}, r"perceptron needs a whole number depth >= 0, got -1"),
        ({"width": 0}, r"perceptron needs a whole number width >= 1, got 0"),
        ({"batch": 1.5}, r"perceptron needs a whole number batch >= 1, got 1\.5"),
        ({"seed": -3}, r"perceptron needs a whole number seed >= 0, got -3"),
        ({"activation": "sigmoid"}, r'needs activation = "relu" or "tanh", got \'sigmoid\''),
        ({"precision": "half"}, r'needs precision = "double" or "single", got \'half\''),
        ({"l2": float("nan")}, r"perceptron needs a finite l2 >= 0, got nan"),
        ({"data": "mnist"}, r"perceptron needs data among digits, .* got 'mnist'"),
        ({"classes": [3]}, r"perceptron needs 2 or more different classes"),
    ],
)
def test_bad_input_gets_one_sentence(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        problems.perceptron(**options)


CHANGES = {
    "depth": 2,
    "width": 6,
    "activation": "tanh",
    "l2": 0.5,
    "seed": 1,
    "standardise": False,
    "classes": [0, 1],
}


@pytest.mark.parametrize("option", CHANGES)
def test_every_option_changes_something(option):
    one, other = made(), made(**{option: CHANGES[option]})
    assert one.settings != other.settings
    same = one.dim == other.dim and (one.value(points(one)) == other.value(points(other))).all()
    assert not same
