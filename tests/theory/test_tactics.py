"""Equalities find their multipliers, vector equations their partners; what is left is shown."""

import pytest
from sympy import Rational, Sum

from theory.assumptions import F, gradient, objective, squared_gradient, x, x_star, xi
from theory.claims import Hypothesis, eq, le
from theory.hilbert import Inner, fixed, squared_norm
from theory.insertion import Equation
from theory.kernel import StepError, axiom, replay, suppose
from theory.symbols import L, eta, eta0, j, n, sigma, t
from theory.tactics import conclude, multipliers


def known(name, claim):
    return suppose(Hypothesis(name, claim, (t,), frozenset({t})))


UPDATE = known("update", eq(x(t + 1), x(t) - eta0 * gradient(t)))
DESCENT = axiom("descent", F, L, x(t), x(t + 1))


def test_an_update_is_inserted_by_itself():
    claim = le(objective(t + 1), objective(t) - eta0 * (1 - L * eta0 / 2) * squared_gradient(t))
    fact = conclude(claim, DESCENT, UPDATE)
    assert fact.claim == claim
    rules = [p.rule for p in fact.premises]
    assert rules == ["axiom", "combine", "pair", "pair"]  # |x_{t+1}|^2, <x_{t+1}, two vectors>
    assert replay(fact).conclusion == fact.conclusion


@pytest.mark.parametrize("sides", [(0, 1), (1, 0)])
def test_it_does_not_matter_how_the_equation_is_written(sides):
    ends = (x(t + 1) - x(t), -eta0 * gradient(t))
    equation = known("update", eq(*(ends[a] for a in sides)))
    moved = eq(squared_norm(x(t + 1) - x(t)), eta0**2 * squared_gradient(t))
    assert conclude(moved, equation).claim == moved


def test_one_equation_may_need_another():
    later = known("later", eq(x(t + 2), x(t + 1) - eta0 * gradient(t + 1)))
    moved = eta0**2 * squared_norm(gradient(t) + gradient(t + 1))
    for equations in ((later, UPDATE), (UPDATE, later)):
        claim = eq(squared_norm(x(t + 2) - x(t)), moved)
        assert conclude(claim, *equations).claim == claim


def test_a_sum_of_vectors_is_inserted_whole():
    total = Sum(eta(j) * gradient(j), (j, 0, n))
    equation = known("walk", eq(fixed("u") - fixed("v"), -total))
    claim = eq(squared_norm(fixed("u") - fixed("v")), squared_norm(total))
    assert conclude(claim, equation).claim == claim
    inside = eq(
        Sum(eta(j) * Inner(fixed("u"), gradient(j)), (j, 0, n)),
        Sum(eta(j) * Inner(fixed("v"), gradient(j)), (j, 0, n)) - squared_norm(total),
    )
    assert conclude(inside, equation).claim == inside


def test_numbers_and_vectors_together():
    """Noise that is orthogonal to the gradient, in an update."""
    noisy = known("update", eq(x(t + 1), x(t) - eta0 * (gradient(t) + xi(t))))
    unseen = axiom("unbiased", xi(t), gradient(t))
    variance = known("variance", le(squared_norm(xi(t)), sigma**2))
    size = squared_gradient(t) + sigma**2
    claim = le(objective(t + 1), objective(t) - eta0 * squared_gradient(t) + L * eta0**2 / 2 * size)
    assert conclude(claim, DESCENT, noisy, unseen, (variance, L * eta0**2 / 2)).claim == claim
    with pytest.raises(StepError) as caught:  # what is left speaks of what is missing alone
        conclude(claim, DESCENT, noisy, unseen)
    assert "L*eta^2*sigma^2/2 - L*eta^2*|xi[t]|^2/2 is left" in str(caught.value)


def test_what_is_left_is_shown_with_numbers_that_break_the_claim():
    claim = le(objective(t + 1), objective(t) - eta0 * squared_gradient(t))
    with pytest.raises(StepError) as caught:
        conclude(claim, DESCENT, UPDATE, label="too much")
    message = str(caught.value)
    assert message.startswith("too much (combine): F(x[t + 1]) <= ")
    assert "-L*eta^2*|grad F(x[t])|^2/2 is left and should be 0" in message
    assert caught.value.counterexample is not None
    assert "f[" not in message


def test_an_equation_that_defines_nothing_is_refused():
    with pytest.raises(StepError, match="cannot be solved"):
        Equation(known("no number", eq(L * x(t), sigma * x_star)))
    with pytest.raises(StepError, match="cannot be solved"):
        Equation(known("circle", eq(x(t), L * gradient(t))))


def test_an_equation_with_a_factor_is_solved():
    equation = known("twice", eq(2 * x(t), -3 * x_star))
    claim = eq(4 * squared_norm(x(t)), 9 * squared_norm(x_star))
    assert conclude(claim, equation).claim == claim


def test_equalities_that_are_not_needed_get_no_multiplier():
    a, b = Inner(x(t), x_star), squared_norm(x(t))
    assert multipliers(3 * a, [a - b, b]) == [3, 3]
    assert multipliers(3 * a, [b, 2 * a]) == [0, Rational(3, 2)]
    assert multipliers(a + b, [b], keep=a) == [1]
