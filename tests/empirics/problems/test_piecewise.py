import numpy as np
import pytest
from sympy import Integer, Rational

from empirics.problems import piecewise_quadratic
from theory.witness import PiecewiseQuadratic

KNOTS = [(-2.0, 1.0), (0.0, -1.0), (1.0, 2.0)]


@pytest.fixture
def bump():
    return piecewise_quadratic(KNOTS, left=1.0, right=0.5, start=0.25)


def test_values_and_gradients_equal_the_exact_function(bump):
    exact = PiecewiseQuadratic(
        tuple((Integer(int(p)), Integer(int(q))) for p, q in KNOTS), Integer(1), Rational(1, 2)
    )
    for place in np.linspace(-6, 5, 45):
        at = Rational(str(place))
        x = np.array([[float(at)]])
        assert bump.value(x)[0] == pytest.approx(float(exact.value(at)), abs=1e-12)
        assert bump.gradient(x)[0, 0] == pytest.approx(float(exact.derivative(at)), abs=1e-12)
    assert bump.infimum == pytest.approx(float(exact.infimum))
    assert float(exact.smoothness) == bump.L


def test_gradient_is_the_derivative_of_the_value(bump):
    x = np.linspace(-5, 4, 91)[:, None] + 0.013
    h = 1e-6
    slope = (bump.value(x + h) - bump.value(x - h)) / (2 * h)
    assert np.allclose(bump.gradient(x)[:, 0], slope, atol=1e-6)


def test_smoothness_and_infimum_are_not_exceeded(bump):
    x = np.random.default_rng(0).uniform(-8, 8, (2000, 1))
    y = np.roll(x, 1)
    quotient = np.abs(bump.gradient(x) - bump.gradient(y)) / np.abs(x - y)
    assert quotient.max() <= bump.L * (1 + 1e-12)
    assert quotient.max() >= 0.9 * bump.L  # else the constant has not been tried
    assert bump.value(x).min() >= bump.infimum


def test_noise_has_the_variance_it_says():
    problem = piecewise_quadratic([(0.0, 0.0)], left=1, right=1, start=1.0, sigma=3.0)
    sample = problem.draw(np.random.default_rng(0), 1, 1000)[0]
    out = np.empty((1000, 1))
    problem.stochastic_gradient(np.ones((1000, 1)), sample, out)
    assert set(np.unique(out)) == {-2.0, 4.0}
    assert problem.noise_variance(np.ones((5, 1))).tolist() == [9.0] * 5


@pytest.mark.parametrize(
    ("knots", "more", "message"),
    [
        ([(0, 0), (0, 1)], {}, "increasing positions"),
        ([(0, np.nan)], {}, "finite knots"),
        ([], {}, "finite knots"),
        ([(0, 1)], {"left": -1}, "bounded below"),
        ([(0, 1)], {"left": 0}, "bounded below"),
        ([(0, -1)], {"right": 0}, "bounded below"),
        ([(0, 0)], {"sigma": -1}, "sigma >= 0"),
        ([(0, 0)], {"start": np.inf}, "finite slopes and start"),
    ],
)
def test_bad_input_gets_one_sentence(knots, more, message):
    given = {"left": 1.0, "right": 1.0, "start": 0.0, **more}
    with pytest.raises(ValueError, match=message):
        piecewise_quadratic(knots, **given)
