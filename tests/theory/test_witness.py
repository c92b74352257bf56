import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Integer, Rational, oo, sqrt

from theory.witness import PiecewiseQuadratic, huber, quadratic, run, scaled_staircase, staircase

rationals = st.fractions(min_value=-8, max_value=8, max_denominator=6).map(
    lambda q: Rational(q.numerator, q.denominator)
)


@settings(deadline=None, max_examples=60)
@given(rationals, rationals)
def test_values_are_integrals_of_the_derivative(a, b):
    f = PiecewiseQuadratic(
        ((Integer(-2), Integer(1)), (Integer(0), Integer(-1)), (Integer(1), Integer(2))),
        Integer(1),
        Integer(1),
    )
    L = f.smoothness
    assert abs(f.derivative(a) - f.derivative(b)) <= L * abs(a - b)
    assert abs(f.value(b) - f.value(a) - f.derivative(a) * (b - a)) <= L * (b - a) ** 2 / 2
    assert f.value(a) >= f.infimum


def test_infimum():
    assert quadratic(Integer(3)).infimum == 0
    assert PiecewiseQuadratic(((Integer(0), Integer(1)),), Integer(0), Integer(0)).infimum == -oo
    assert PiecewiseQuadratic(((Integer(0), Integer(0)),), Integer(-1), Integer(1)).infimum == -oo
    shifted = PiecewiseQuadratic(((Integer(0), Integer(-2)),), Integer(2), Integer(2))
    assert shifted.infimum == -1  # x^2 - 2x


WAVE = PiecewiseQuadratic(
    ((Integer(0), Integer(0)), (Integer(1), Integer(1)), (Integer(2), Rational(1, 2))), 1, 1
)


@settings(deadline=None, max_examples=60)
@given(rationals)
def test_the_polyak_constant_is_one(a):
    assert WAVE.polyak == Rational(1, 10)
    assert WAVE.convexity == Rational(-1, 2)
    assert WAVE.derivative(a) ** 2 >= 2 * WAVE.polyak * (WAVE.value(a) - WAVE.infimum)


def test_the_polyak_constant_is_the_largest():
    """Negative control: twice the constant fails, at the end of the valley."""
    a = Integer(2)
    assert WAVE.derivative(a) ** 2 == 2 * WAVE.polyak * (WAVE.value(a) - WAVE.infimum)
    assert quadratic(Integer(3)).polyak == 3
    huber = PiecewiseQuadratic(((Integer(-1), Integer(-1)), (Integer(1), Integer(1))), 0, 0)
    assert huber.polyak == 0  # |F'| = 1 however large F is
    assert PiecewiseQuadratic(((Integer(0), Integer(1)),), 0, 0).polyak == 0  # no infimum
    flat = PiecewiseQuadratic(((Integer(0), Integer(0)),), 0, 0)
    assert flat.polyak == oo
    step = ((Integer(0), Integer(0)), (Integer(1), Integer(1)), (Integer(2), Integer(0)))
    assert PiecewiseQuadratic(step, 1, 0).polyak == 0  # a plateau above the infimum


def test_the_lipschitz_constant():
    assert quadratic(Integer(1)).lipschitz == oo
    huber = PiecewiseQuadratic(((Integer(-1), Integer(-3)), (Integer(1), Integer(2))), 0, 0)
    assert huber.lipschitz == 3


def test_the_direction_applied_compared_with_the_gradient_by_hand():
    # x1 = 1, x2 = 1 - 3/2 = -1/2; the second step applies the gradient at x1 again
    path = run(quadratic(Integer(1)), 1, steps=[Rational(3, 2)] * 2, reads=[1, 1], noise=2)
    assert path.along(0) == 1
    ahead = (-Rational(1, 2) - 3, -Rational(1, 2) + 3)  # x2 for either sign of the noise
    assert path.along(1) == sum(ahead) / 2  # the second noise is fresh and averages out


def test_knots_must_increase():
    with pytest.raises(ValueError, match="knots need increasing positions"):
        PiecewiseQuadratic(((Integer(1), Integer(0)), (Integer(0), Integer(0))), 0, 0)


def test_run_is_gradient_descent_without_delay():
    path = run(quadratic(Integer(1)), Integer(1), steps=[Rational(1, 2)] * 3, reads=[1, 2, 3])
    assert path.squared_gradients == (1, Rational(1, 4), Rational(1, 16), Rational(1, 64))
    assert path.gap == Rational(1, 2)


def test_run_with_delay_by_hand():
    # x1 = 1, x2 = 1 - 1/2, x3 = 1/2 - 1/2 * x1 = 0
    path = run(quadratic(Integer(1)), 1, steps=[Rational(1, 2)] * 2, reads=[1, 1])
    assert path.squared_gradients == (1, Rational(1, 4), 0)
    assert path.coherence(2) == 1  # at x2: <g2, g1>/g2^2 = 2, but the window contains x2 itself
    assert path.inner(0, 1) == Rational(1, 2)


def test_a_longer_window_asks_for_more():
    # x = 1, -1/2, 1/4: neighbours have opposite gradients, every second one does not
    path = run(quadratic(Integer(1)), 1, steps=[Rational(3, 2)] * 2, reads=[1, 2])
    assert [path.coherence(s) for s in (1, 2, 3)] == [1, -2, -2]
    assert path.inner(2, 0) / path.inner(2, 2) == 4


def test_two_point_noise_adds_its_variance():
    path = run(quadratic(Integer(1)), 1, steps=[Integer(1)], reads=[1], noise=Integer(3))
    assert path.squared_gradients == (1, 9)
    assert path.variance == 9


@pytest.mark.parametrize("reads", [[2], [0], [1, 3], []])
def test_reads_must_be_possible(reads):
    with pytest.raises(ValueError, match="must read an index"):
        run(quadratic(Integer(1)), 1, steps=[Integer(1)], reads=reads)


@pytest.mark.parametrize("steps", [[1], [Rational(1, 2), Rational(1, 3)], [Rational(1, 5)] * 4])
@pytest.mark.parametrize("delay", [0, 1, 2])
def test_staircase_meets_the_same_gradient_at_every_iterate(steps, delay):
    reads = [max(1, k - delay) for k in range(1, len(steps) + 1)]
    f = staircase(steps)
    path = run(f, Integer(0), steps=steps, reads=reads)
    assert set(path.squared_gradients) == {1}
    assert f.smoothness == 1
    assert path.coherence(delay + 1) == 1
    exact = 4 * path.gap / (sum(h * (4 - h) for h in map(Rational, steps)) + 2)
    assert exact == 1


def test_scaled_staircase_has_the_gap_and_smoothness_asked_for():
    f, g = scaled_staircase([Rational(1, 3), Rational(1, 4)], Integer(2), Integer(5))
    assert f.smoothness == 2
    assert f.value(Integer(0)) - f.infimum == 5
    assert (
        run(f, Integer(0), steps=[Rational(1, 3), Rational(1, 4)], reads=[1, 1]).squared_gradients
        == (g**2,) * 3
    )
    assert sqrt(g**2) == g


@pytest.mark.parametrize("reads", [[1, 2, 3], [1, 1, 1], [1, 1, 2]])
def test_huber_meets_the_same_gradient_at_every_iterate(reads):
    steps = [Rational(1, 3), Rational(1, 4), Rational(1, 8)]
    f, start = huber(steps, Integer(2), Integer(5))
    assert f.smoothness == 2
    assert f.convexity == 0
    path = run(f, start, steps=steps, reads=reads)
    assert path.gap == 5
    exact = 2 * 2 * path.gap / (2 * 2 * sum(steps) + 1)
    assert set(path.squared_gradients) == {exact}
