"""Hypotheses on exact runs: every instance along the run is computed, and unknown stays unknown."""

import pytest
from sympy import Integer, Rational, Sum

from theory.assumptions import (
    FROM_ONE,
    Stated,
    gradient,
    objective,
    squared_gradient,
    x,
    x_star,
    xi,
)
from theory.claims import eq, le, lt
from theory.exact_checks import meets
from theory.hilbert import Inner, fixed, squared_norm
from theory.symbols import F_star, L, eta, eta0, j, k, n, r, sequence, sigma, t, tau
from theory.witness import quadratic, run

STEPS = [Rational(1, 2)] * 3
FRESH = run(quadratic(Integer(1)), Integer(1), steps=STEPS, reads=[1, 2, 3])
STALE = run(quadratic(Integer(1)), Integer(1), steps=STEPS, reads=[1, 1, 2])
NOISY = run(quadratic(Integer(1)), Integer(1), steps=STEPS, reads=[1, 2, 3], noise=2)
CONSTANTS = {"eta": Rational(1, 2), "L": Integer(1), "sigma": Integer(2)}


def answer(claim, path, *given, over=(t,)):
    stated = Stated("stated", claim, over, (le(0, over[0]), *given) if over else given)
    return meets(stated, CONSTANTS, path, STEPS)


def test_an_update_is_recognised():
    descent = eq(x(t + 1), x(t) - eta0 * gradient(t))
    assert answer(descent, FRESH) is True
    assert answer(descent, STALE) is False
    assert answer(descent, NOISY) is False
    stale = eq(x(t + 1), x(t) - eta(t) * gradient(r(t)))
    assert answer(stale, STALE) is True
    noisy = eq(x(t + 1), x(t) - eta(t) * (gradient(r(t)) + xi(t)))
    assert answer(noisy, NOISY) is True


def test_other_countings():
    stated = Stated(
        "from one", eq(x(k + 1), x(k) - eta(k) * gradient(tau(k))), (k,), (le(1, k),), FROM_ONE
    )
    assert meets(stated, CONSTANTS, STALE, STEPS) is True


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (le(squared_norm(xi(t)), sigma**2), True),
        (lt(squared_norm(xi(t)), sigma**2), False),
        (eq(Inner(xi(t), gradient(t)), 0), True),
        (eq(Inner(xi(t), x(t + 1)), 0), False),
        (le(F_star, objective(t)), True),
        (le(squared_gradient(t + 1), squared_gradient(t)), False),  # noise has come in
        (eq(squared_gradient(t), 2 * L * (objective(t) - F_star)), True),
    ],
    ids=str,
)
def test_expectations_are_exact(claim, expected):
    assert answer(claim, NOISY) is expected


def test_conditions_choose_the_instances():
    small = le(objective(t), Rational(1, 8))
    assert answer(small, FRESH) is False
    assert answer(small, FRESH, le(1, t)) is True
    near = le(squared_norm(x(0) - x_star), Integer(1))
    assert answer(near, FRESH, over=()) is True


@pytest.mark.parametrize(
    "claim",
    [
        le(squared_norm(fixed("u")), 1),
        le(0, sequence("v")(t)),
        le(Sum(eta(j) * squared_gradient(j), (j, 0, n)), 1),
    ],
    ids=str,
)
def test_what_runs_do_not_record_is_not_known(claim):
    assert answer(claim, FRESH) is None


def test_a_hypothesis_about_later_iterates_than_there_are_is_not_known():
    assert answer(le(objective(t + 9), 1), FRESH) is None
