"""The distance lemmas: proved, and tried on exact runs with two-point noise."""

import pytest
from sympy import Add, Integer, Rational

from theory.assumptions import FROM_ONE, FROM_ZERO, gradient, x
from theory.evaluation import with_sequences
from theory.hilbert import Gradient, Inner, Iterate, Noise, Value
from theory.kernel import replay
from theory.lemmas import distance
from theory.lemmas.constant_step import read_gradient
from theory.lemmas.convex_step import agreement, convex_step
from theory.symbols import F_star, L, R, eta, n, r, sigma, t
from theory.witness import PiecewiseQuadratic, run

LEMMAS = (
    distance.stale_distance,
    distance.stale_distance_window,
    distance.applied_squared,
    distance.toward_minimiser,
    distance.toward_minimiser_smoothly,
    distance.gap_above_gradient,
    distance.distances_telescoped,
)
STEPS = (Rational(1, 2), Rational(1, 3), Integer(1))
READS = (0, 0, 1)
HUBER = PiecewiseQuadratic(
    ((Integer(-1), Integer(-1)), (Integer(0), Integer(0)), (Integer(2), Integer(1))), 0, 0
)
PATH = run(HUBER, Integer(3), steps=STEPS, reads=[r + 1 for r in READS], noise=Integer(1))


def number(expression):
    """The expression on the run above: every inner product and value as an exact mean."""
    patterns = range(len(PATH.points))

    def vector(atom, p):
        if isinstance(atom, Iterate):
            return PATH.points[p][int(atom.args[1])]
        if isinstance(atom, Gradient):
            return HUBER.derivative(vector(atom.args[1], p))
        if isinstance(atom, Noise):
            place = int(atom.args[1])
            return PATH.applied[p][place] - HUBER.derivative(PATH.points[p][READS[place]])
        return Integer(0)  # x*

    e = with_sequences(expression, {"r": READS, "eta": STEPS}, 0)
    table = {a: Add(*(HUBER.value(vector(a.args[1], p)) for p in patterns)) for a in e.atoms(Value)}
    for a in e.atoms(Inner):
        table[a] = Add(*(vector(a.args[0], p) * vector(a.args[1], p) for p in patterns))
    constants = {F_star: HUBER.infimum, L: Integer(1), R: Integer(3), sigma: Integer(1)}
    return e.xreplace({a: b / len(patterns) for a, b in table.items()}).xreplace(constants)


@pytest.mark.parametrize("lemma", LEMMAS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("count", [FROM_ZERO, FROM_ONE], ids=str)
def test_it_is_proved(lemma, count):
    replay(lemma(count))


@pytest.mark.parametrize("lemma", LEMMAS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("place", range(3))
def test_it_holds_on_an_exact_run(lemma, place):
    fact = lemma()
    found = number(fact.expression.xreplace({t: Integer(place), n: Integer(place)}))
    assert found == 0 if fact.claim.relation == "==" else found >= 0


def test_without_the_gain_of_the_window_it_fails():
    """Negative control: the iterate that is moved is not the one that was read."""
    gain = Inner(gradient(r(t)), x(r(t)) - x(t))
    naive = distance.stale_distance().expression - 2 * eta(t) * gain
    assert number(naive.xreplace({t: Integer(0)})) == 0
    assert number(naive.xreplace({t: Integer(2)})) != 0


@pytest.mark.parametrize("lemma", [agreement, convex_step])
@pytest.mark.parametrize("rho", [Integer(1), Rational(1, 2), Integer(3)])
def test_gradients_of_a_window_cost_what_is_said(lemma, rho):
    fact = replay(lemma(rho))
    for place in range(3):
        assert number(fact.expression.xreplace({t: Integer(place)})) >= 0


def test_a_smaller_cost_is_too_small():
    """Negative control: nine tenths of what the window of the last update is said to cost."""
    at_two = {t: Integer(2)}
    cost = number(agreement(Integer(1)).claim.right.xreplace(at_two))
    assert number(agreement(Integer(1)).expression.xreplace(at_two)) - cost / 10 < 0
    assert number(read_gradient(t).xreplace(at_two)) > 0
