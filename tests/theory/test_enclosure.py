from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import E, EulerGamma, Float, Rational, Symbol, exp, log, sqrt

from theory.enclosure import enclose, sign_of_constant

numbers = st.fractions(min_value=Fraction(1, 1000), max_value=1000, max_denominator=1000)


def rational(x: Fraction) -> Rational:
    return Rational(x.numerator, x.denominator)


def inside(expression, exact) -> bool:
    """Whether the enclosure contains mpmath's value at 60 digits, and is narrow."""
    interval = enclose(expression, 64)
    with mpmath.workdps(60):
        low, high = (mpmath.mpf(a.numerator) / a.denominator for a in interval)
        slip = mpmath.mpf(10) ** -50 * (1 + abs(exact()))  # of mpmath's own rounding
        width = mpmath.mpf(2) ** -30 * (1 + abs(exact()))
        return low - slip <= exact() <= high + slip and high - low < width


@given(numbers)
def test_logarithms_are_enclosed(x):
    assert inside(log(rational(x)), lambda: mpmath.log(mpmath.mpf(x.numerator) / x.denominator))


@given(st.fractions(min_value=-20, max_value=20, max_denominator=1000))
def test_exponentials_are_enclosed(x):
    assert inside(exp(rational(x)), lambda: mpmath.exp(mpmath.mpf(x.numerator) / x.denominator))


@given(numbers, st.integers(1, 5), st.integers(1, 4))
def test_roots_are_enclosed(x, p, q):
    e = rational(x) ** Rational(p, q)
    assert inside(e, lambda: (mpmath.mpf(x.numerator) / x.denominator) ** (mpmath.mpf(p) / q))


@given(numbers, numbers)
def test_products_and_sums_are_enclosed(x, y):
    e = log(rational(x)) * sqrt(rational(y)) - rational(y)

    def exact():
        a, b = (mpmath.mpf(z.numerator) / z.denominator for z in (x, y))
        return mpmath.log(a) * mpmath.sqrt(b) - b

    assert inside(e, exact)


@pytest.mark.parametrize(
    ("expression", "sign"),
    [
        (log(3) - Rational(11, 12), 1),
        (1 + 1 / sqrt(2) + 1 / sqrt(3) + 1 - Rational(25, 24) - sqrt(5), 1),  # 0.0067
        (sqrt(2) - Rational(141421356237309505, 10**17), -1),
        (Rational(0), 0),
        (exp(-1) - Rational(36787944, 10**8), 1),
        (exp(-1) - Rational(36787945, 10**8), -1),
        (E - (1 + Rational(1, 1000)) ** 1000, 1),
        (3 * sqrt(2) / 2 - 2 * log(2) * (Rational(5, 4) + 1 / sqrt(2)), -1),
    ],
)
def test_signs_of_the_constants_our_proofs_need(expression, sign):
    assert sign_of_constant(expression) == sign


@pytest.mark.parametrize(
    "unknown",
    [
        Symbol("a"),
        EulerGamma,
        Float("0.5"),
        exp(100),
        exp(EulerGamma),
        sqrt(2) * sqrt(3) - sqrt(5) + Symbol("b"),
        log(-2),
        sqrt(-3),
    ],
)
def test_what_is_not_understood_has_no_sign(unknown):
    assert sign_of_constant(unknown) is None


def test_a_difference_that_is_zero_but_not_seen_to_be_is_unknown():
    assert sign_of_constant(log(4) - 2 * log(2)) in (None, 0)
    assert sign_of_constant(sqrt(3 + 2 * sqrt(2)) - 1 - sqrt(2)) is None
