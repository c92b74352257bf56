"""The bowl, its gradient and its noise are exactly what the constants say."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from empirics import problems
from empirics.problems import noise
from empirics.problems.quadratic import WIDE

ALPHA = 1e-6
NOISES = ["two-point", "gaussian"]


def generator(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


def test_value_and_gradient_by_hand():
    problem = problems.quadratic(spectrum=[1.0, 4.0], start=[3.0, 1.0])
    assert problem.value(problem.start) == 6.5
    assert problem.gradient(problem.start).tolist() == [3.0, 4.0]
    assert problem.gap == 6.5
    assert (problem.L, problem.mu_sc, problem.sigma, problem.infimum) == (4, 1, 0, 0)
    assert all(constant.provenance == "exact" for constant in problem.constants.values())


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (256,)])
def test_gradient_is_the_derivative_of_the_value(shape):
    problem = problems.quadratic(dim=4, mu=0.1, L=2.0)
    x = generator().standard_normal((*shape, 4))
    gradient = problem.gradient(x)
    for i in range(4):  # complex step: no subtraction, no rounding
        moved = x.astype(complex)
        moved[..., i] += 1e-30j
        slope = problem.value(moved).imag / 1e-30
        np.testing.assert_allclose(gradient[..., i], slope, rtol=1e-14)
    out = np.empty_like(x)
    assert problem.gradient(x, out=out) is out
    np.testing.assert_array_equal(out, gradient)


def test_the_spectrum():
    np.testing.assert_allclose(problems.quadratic(dim=3, mu=1e-2).spectrum, [0.01, 0.1, 1])
    condition = problems.quadratic(dim=2, L=8.0, condition=4)
    assert condition.spectrum.tolist() == [2.0, 8.0]
    assert problems.quadratic(dim=1, L=3.0).spectrum.tolist() == [3.0]
    flat = problems.quadratic(spectrum=[0.0, 1.0])
    assert flat.mu_sc == 0
    third = problems.quadratic(dim=7, mu=0.1, L=0.3)
    assert (third.spectrum[0], third.spectrum[-1]) == (0.1, 0.3)  # not nearly


def test_wide_problems_run_in_narrow_tiles():
    assert problems.quadratic(dim=WIDE - 1, mu=0.1).lanes == 256
    assert problems.quadratic(dim=WIDE, mu=0.1).lanes == 64


@pytest.mark.parametrize("law", NOISES)
def test_no_curvature_is_ever_above_L_or_below_mu(law):
    problem = problems.quadratic(dim=6, mu=0.2, L=1.5, sigma=1.0, noise=law)
    x, y = generator().standard_normal((2, 500, 6))
    gap = problem.gradient(x) - problem.gradient(y)
    slope = np.linalg.norm(gap, axis=1) / np.linalg.norm(x - y, axis=1)
    assert slope.max() <= problem.L * (1 + 1e-12)
    assert slope.min() >= problem.mu_sc * (1 - 1e-12)


def moments(law, sigma, dim=10, steps=400, lanes=256):
    """z-scores of the mean noise and of its mean square, the latter against sigma^2 = 0.25."""
    problem = problems.quadratic(dim=dim, mu=0.1, sigma=sigma, noise=law)
    x = np.tile(problem.start, (lanes, 1))
    out, xi = np.empty_like(x), np.empty((steps, lanes, dim))
    for t, sample in enumerate(problem.draw(generator(), steps, lanes)):
        problem.stochastic_gradient(x, sample, out)
        xi[t] = out - problem.gradient(x)
    n = steps * lanes
    mean = xi.reshape(n, dim).mean(axis=0) / (xi.std() / np.sqrt(n))
    square = (xi**2).sum(axis=-1).ravel()
    spread = max(square.std(), 1e-12) / np.sqrt(n)  # two-point: |xi|^2 does not vary
    return mean, (square.mean() - 0.25) / spread


@pytest.mark.parametrize("law", NOISES)
def test_gradients_are_unbiased_and_have_the_stated_variance(law):
    mean, variance = moments(law, sigma=0.5)
    assert abs(mean).max() < stats.norm.isf(ALPHA / 20)
    assert abs(variance) < stats.norm.isf(ALPHA / 2)


@pytest.mark.parametrize("law", NOISES)
def test_a_variance_four_percent_off_is_rejected(law):
    _, variance = moments(law, sigma=0.51)
    assert abs(variance) > stats.norm.isf(ALPHA / 2)


@pytest.mark.parametrize("law", NOISES)
def test_coordinates_and_times_are_independent(law):
    xi = noise.draw(law, 1.0, generator(), 500, (64, 4))
    pairs = [(xi[1:], xi[:-1]), (xi[:, 1:], xi[:, :-1]), (xi[..., 1:], xi[..., :-1])]
    for a, b in pairs:
        assert abs((a * b).mean()) * np.sqrt(a.size) < stats.norm.isf(ALPHA / 6)


def test_two_point_noise_takes_two_values():
    xi = noise.draw("two-point", 0.3, generator(), 50, (4, 5))
    assert set(np.unique(xi)) == {-0.3, 0.3}


def test_gaussian_noise_is_gaussian():
    xi = noise.draw("gaussian", 2.0, generator(), 100, (64, 4)).ravel()
    assert stats.kstest(xi / 2, "norm").pvalue > ALPHA
    assert stats.kstest(xi, "norm").pvalue < ALPHA  # the same test, a wrong scale


@pytest.mark.parametrize("law", NOISES)
@settings(max_examples=20, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 20), max_size=4),
    lanes=st.sampled_from([1, 3, 64]),
    dim=st.integers(1, 9),
)
def test_blocks_do_not_matter(law, cuts, lanes, dim):
    problem = problems.quadratic(dim=dim, condition=1, sigma=1.0, noise=law)
    edges = [0, *sorted(cuts), 20]
    stream, whole = generator(3), problem.draw(generator(3), 20, lanes)
    parts = [problem.draw(stream, b - a, lanes) for a, b in itertools.pairwise(edges)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert whole.shape == (20, lanes, dim)


def test_without_noise_nothing_is_drawn():
    problem = problems.quadratic(dim=2, mu=0.1)
    stream = generator()
    assert problem.draw(stream, 5, 7).shape == (5, 7, 0)
    assert stream.random() == generator().random()
    out = np.empty((7, 2))
    problem.stochastic_gradient(np.ones((7, 2)), np.empty((7, 0)), out)
    np.testing.assert_array_equal(out, np.tile(problem.spectrum, (7, 1)))


def test_noise_variance_has_a_value_for_every_row():
    problem = problems.quadratic(dim=2, mu=0.1, sigma=0.5)
    assert problem.noise_variance(np.ones((3, 4, 2))).tolist() == [[0.25] * 4] * 3


@pytest.mark.parametrize(
    "arguments",
    [
        {"dim": 3, "mu": 0.1, "L": 2.0, "sigma": 0.5, "noise": "gaussian"},
        {"dim": 3, "condition": 7.0},
        {"spectrum": [0.3, 0.1], "start": [1.0, 2.0]},
    ],
)
def test_a_problem_can_be_rebuilt_from_its_settings(arguments):
    problem = problems.quadratic(**arguments)
    given_back = json.loads(json.dumps(problem.settings))
    rebuilt = getattr(problems, given_back.pop("kind"))(**given_back)
    np.testing.assert_array_equal(rebuilt.spectrum, problem.spectrum)
    np.testing.assert_array_equal(rebuilt.start, problem.start)
    assert (rebuilt.noise, rebuilt.constants) == (problem.noise, problem.constants)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, r"quadratic needs a whole number dim \(or a spectrum\) >= 1, got None"),
        ({"dim": 0, "mu": 1}, r"quadratic needs a whole number dim .* got 0"),
        ({"dim": 2}, r"needs mu or condition = L/mu at dim = 2, got neither"),
        ({"dim": 2, "mu": 0.1, "condition": 3}, r"needs mu or condition, got both; drop one"),
        ({"dim": 2, "mu": 0.0}, r"needs 0 < mu <= L < inf, got mu = 0\.0, L = 1\.0"),
        ({"dim": 2, "mu": 2.0}, r"needs 0 < mu <= L < inf, got mu = 2\.0, L = 1\.0"),
        ({"dim": 2, "mu": float("nan")}, r"needs 0 < mu <= L < inf, got mu = nan"),
        ({"dim": 2, "mu": 1, "L": float("inf")}, r"needs 0 < mu <= L < inf, got mu = 1, L = inf"),
        ({"dim": 2, "condition": 0.0}, r"needs condition = L/mu >= 1, got 0\.0"),
        ({"dim": 1, "mu": 0.5}, r"needs mu = L at dim = 1, got mu = 0\.5, L = 1\.0"),
        ({"dim": 2, "spectrum": [1]}, r"needs either a spectrum or dim .* got both; drop one"),
        ({"spectrum": []}, r"needs a finite spectrum of shape \(dim,\), got \[\]"),
        ({"spectrum": [[1.0]]}, r"needs a finite spectrum of shape"),
        ({"spectrum": [1, float("nan")]}, r"needs a finite spectrum of shape"),
        ({"spectrum": [1, -0.5]}, r"needs a spectrum >= 0, got -0\.5; else inf f = -inf"),
        ({"spectrum": [0, 0]}, r"needs a spectrum with a positive entry, got zeros only"),
        ({"spectrum": [1], "sigma": -1}, r"quadratic needs a finite sigma >= 0, got -1"),
        ({"spectrum": [1], "sigma": float("nan")}, r"needs a finite sigma >= 0, got nan"),
        (
            {"spectrum": [1], "noise": "pink"},
            r"needs noise among two-point, gaussian, student:DF, got 'pink'",
        ),
        ({"spectrum": [1], "start": [1, 2]}, r"quadratic needs a finite start of shape \(1,\)"),
    ],
)
def test_bad_input_gets_one_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        problems.quadratic(**arguments)


def test_an_unknown_noise_law_is_refused():
    with pytest.raises(
        ValueError, match="noise needs noise among two-point, gaussian, student:DF, got 'x'"
    ):
        noise.draw("x", 1.0, generator(), 1, (1,))
