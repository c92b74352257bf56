"""What `sign` and `provably` say must be true at every value; random values try to refute it."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Integer, Max, Min, Rational, Sum, exp, log, sqrt

from theory.algebra import FiniteProduct, Minimum
from theory.hilbert import Inner, iterate, noise
from theory.sign import provably, sign, undefined_part
from theory.symbols import Delta, L, T, eta, h, j, k, m, mu, n, s, tau

x, xi = iterate("x"), noise("xi")


@pytest.mark.parametrize(
    ("relation", "expression", "conditions"),
    [
        (">", mu / (m * L * sqrt(k)), [k - 1]),
        (">=", 1 / sqrt(k) - 1 / (2 * k), [k - 1]),
        (">=", s - 1, []),
        (">=", s * L - L, []),
        (">", Sum(1 / sqrt(k) - 1 / (2 * k), (k, 1, n)) + s / mu**2, []),
        (">=", Sum(eta(k) ** 2, (k, 1, n)), []),
        (">=", 1 - h, [1 - h]),
        (">=", 1 / L - h, [1 / L - h]),
        (">=", s - m / 2, [s - m]),
        (">=", Inner(x(k), x(k)), []),
        (">=", Minimum(Inner(x(k), x(k)), (k, 1, n + 1)), []),
        (">", Min(mu / L, Delta), []),
        (">=", Max(eta(k), h), []),
        (">", exp(eta(k)), []),
        (">", log(n + 2), []),
        (">=", log(T), []),
        (">=", n**2 + n - 2, [n - 1]),
        (">=", h / L - h**2, [1 / L - h]),  # h (1/L - h): factor by factor
        (">=", h * (h - 1) * (h - mu), [1 - h, mu - 1]),
        (">", h * k - h, [k - 2]),
    ],
)
def test_true_signs_are_found(relation, expression, conditions):
    assert provably(relation, expression, conditions)


@pytest.mark.parametrize(
    ("relation", "expression", "conditions"),
    [
        (">=", eta(k), []),  # a sequence carries no sign
        (">=", k, []),
        (">=", 1 / k, [k]),  # undefined at 0
        (">", n, []),
        (">=", s - 2, []),
        (">=", 1 - h, []),
        (">", 1 - h, [1 - h]),
        (">=", tau(k) - 1, [k - 1]),
        (">=", Inner(x(k), xi(k)), []),
        (">=", Sum(eta(k), (k, 1, n)), []),
        (">=", Sum(eta(k) ** 2, (k, 3, n)), []),  # backwards if n = 0: not >= 0 by convention
        (">=", Minimum(Inner(x(k), x(k)), (k, 1, n)), []),  # empty if n = 0
        (">", Inner(x(k), x(k)), []),
        (">=", log(L), []),
        (">=", 1 / sqrt(k) - 1 / k - Rational(1, 5), [k - 1]),
        (">=", 1 / sqrt(k) - 2 / k, [k - 1]),
        (">=", h**2 - h / L, [1 / L - h]),  # one negative factor
        (">", h / L - h**2, [1 / L - h]),
        (">=", h * (h - 1) * (h - mu), [1 - h]),
    ],
)
def test_what_is_false_or_unknown_is_not_proved(relation, expression, conditions):
    assert not provably(relation, expression, conditions)


def leaves():
    return st.sampled_from(
        [L, mu, h, Delta, n, s, m, k, j, Integer(1), Integer(2), Rational(1, 3), Integer(-1)]
    )


def expressions():
    return st.recursive(
        leaves(),
        lambda inner: st.one_of(
            st.builds(lambda a, b: a + b, inner, inner),
            st.builds(lambda a, b: a - b, inner, inner),
            st.builds(lambda a, b: a * b, inner, inner),
            st.builds(lambda a: a**2, inner),
            st.builds(lambda a: 1 / (1 + a**2), inner),
            st.builds(lambda a: sqrt(1 + a**2), inner),
        ),
        max_leaves=6,
    )


@settings(max_examples=150, deadline=None)
@given(expressions(), st.lists(expressions(), max_size=2), st.integers(0, 10**6))
def test_nothing_false_is_proved(expression, conditions, seed):
    """Soundness by random trial: a proved sign holds at every value that meets the conditions."""
    found = [r for r in (">", ">=") if provably(r, expression, conditions)]
    chance = random.Random(seed)
    for _ in range(20):
        values = {}
        for symbol in set(expression.free_symbols).union(*(c.free_symbols for c in conditions)):
            low = 1 if symbol.is_positive else 0 if symbol.is_nonnegative else -4
            if symbol.is_integer:
                values[symbol] = Integer(chance.randint(low, 5))
            else:
                values[symbol] = Rational(chance.randint(1, 40), chance.randint(1, 20))
        if all(c.xreplace(values) >= 0 for c in conditions):
            number = expression.xreplace(values)
            assert ">" not in found or number > 0
            assert ">=" not in found or number >= 0


def test_signs_of_opposite_expressions_are_opposite():
    for e in (L + 1, -L - 1, eta(k), Integer(0), L * mu):
        assert {sign(e), sign(-e)} in ({">", "<"}, {"?"}, {"="}, {">=", "<="})


@pytest.mark.parametrize(
    ("expression", "conditions", "defined"),
    [
        (1 / k, [k - 1], True),
        (1 / k, [k], False),
        (1 / (L - h), [], False),
        (1 / (-L), [], True),
        (sqrt(k), [k], True),
        (sqrt(k - 1), [k], False),
        (log(k), [k - 1], True),
        (log(n), [], False),
        (Sum(1 / k, (k, 1, n)), [], True),
        (Sum(1 / k, (k, 0, n)), [], False),
        (Sum(Sum(1 / j, (j, 1, k)), (k, 1, n)), [], True),
        (Sum(Sum(1 / j, (j, 0, k)), (k, 1, n)), [], False),
        (FiniteProduct(1 / k, (k, 1, n)), [], True),
        (FiniteProduct(1 / k, (k, 0, n)), [], False),
        (Minimum(1 / k, (k, 1, n + 1)), [], True),
        (Minimum(1 / k, (k, 1, n)), [], False),
        (1 / eta(k), [], False),
        ((1 - h) ** T, [1 - h], True),
    ],
)
def test_definedness(expression, conditions, defined):
    assert (undefined_part(expression, conditions) is None) == defined
