import random

import pytest
from sympy import Dummy, Integer, Rational, Sum, Symbol, sqrt

from theory.algebra import FiniteProduct, Minimum, Within, is_zero, normal, same, with_named_indices
from theory.claims import Substitution, formula, readable
from theory.symbols import F_star, L, eta, eta0, i, j, k, m, mu_sc, n, r, s, sequence, tau

u = sequence("u")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Sum(L * eta(k), (k, 1, n)), L * Sum(eta(j), (j, 1, n))),
        (Sum(eta(k) + 1, (k, 1, n)), Sum(eta(k), (k, 1, n)) + n),
        (
            Sum(eta(k) * Sum(u(j), (j, 1, k)), (k, 1, n)),
            Sum(Sum(eta(i) * u(k), (k, 1, i)), (i, 1, n)),
        ),
        (Sum(1 / k, (k, 1, 3)), Rational(11, 6)),
        (Sum(u(k), (k, n, n + 1)), u(n) + u(n + 1)),
        (Sum(u(k), (k, 1, 0)), 0),
        (Sum(u(k), (k, 1, -1)), -u(0)),  # the usual convention: backwards sums subtract
        (1 / (n + 1) - 1 / (n + 2), 1 / ((n + 1) * (n + 2))),
        (sqrt(n + 1) - sqrt(n), 1 / (sqrt(n + 1) + sqrt(n))),
    ],
)
def test_equal_expressions_have_difference_zero(one, other):
    assert is_zero(one - other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Sum(eta(k), (k, 1, n)), Sum(eta(k), (k, 1, n + 1))),
        (Sum(eta(k) * u(j), (k, 1, n)), Sum(eta(j) * u(k), (k, 1, n))),
        (Sum(eta(k), (k, 1, n)) ** 2, Sum(eta(k) ** 2, (k, 1, n))),
        (Sum(1, (k, 1, n)), n + 1),
        (eta(k), eta(j)),
    ],
)
def test_different_expressions_are_not_confused(one, other):
    assert not is_zero(one - other)


def test_normal_form_is_stable():
    nested = Sum(eta(k) * Sum(u(j) * tau(k), (j, 1, k)) + L, (k, 1, n))
    assert normal(normal(nested)) == normal(nested)


def test_sums_agree_with_their_terms_at_small_numbers():
    # the normal form, evaluated at a number of terms, equals adding the terms
    chance = random.Random(1)
    term = L * eta(k) ** 2 - 2 * eta(k) * m + 3
    for length in range(6):
        values = {eta(Integer(p)): Rational(chance.randint(-9, 9), 7) for p in range(1, 7)}
        written = normal(Sum(term, (k, 1, n))).xreplace({n: Integer(length)})
        added = sum((term.xreplace({k: Integer(p)}) for p in range(1, length + 1)), Integer(0))
        assert is_zero(normal(written).xreplace(values) - normal(added).xreplace(values))


def test_substituted_formula_does_not_catch_the_summation_index():
    # u(k) := k * sum_{i<=n} i; put into a sum whose index is k as well
    inside = formula(k, k * Sum(eta(i), (i, 1, n)))
    result = Substitution({u: inside})(Sum(u(j), (j, 1, m)))
    assert is_zero(result - Sum(j, (j, 1, m)) * Sum(eta(i), (i, 1, n)))


def test_minimum_keeps_its_index_to_itself():
    least = normal(Minimum(u(k), (k, 1, n + 1)))
    assert least.free_symbols == {n}
    assert least.xreplace({k: Integer(5)}) == least
    assert Substitution({n: s})(least) == normal(Minimum(u(j), (j, 1, s + 1)))


def test_bracket_at_numbers():
    assert Within(Integer(2), Integer(1), Integer(3)) == 1
    assert Within(Integer(4), Integer(1), Integer(3)) == 0
    assert Within(j, tau(k), tau(k)).xreplace({j: Integer(2), tau(k): Integer(2)}) == 1


def test_reserved_names_are_not_free_in_normal_forms():
    assert all(not a.name.startswith("#") for a in normal(Sum(u(k), (k, 1, n))).free_symbols)
    assert (
        Symbol("#1", integer=True) not in normal(Sum(Sum(u(k), (k, 1, j)), (j, 1, n))).free_symbols
    )


def test_nameless_indices_get_letters_of_their_own():
    """Sums side by side share letters, sums inside one another do not, nor with a sequence."""
    a, b = Dummy("j", integer=True), Dummy("j", integer=True)
    inside = Sum(eta(a) * Sum(r(b) * a, (b, 0, a)), (a, 0, n))
    beside = Sum(eta(a), (a, 0, n)) * Sum(r(b), (b, 0, n))
    assert readable(inside) == "sum_{j=0..n} eta[j] sum_{k=0..j} j*r[k]"
    assert readable(beside) == "(sum_{k=0..n} eta[k])*(sum_{k=0..n} r[k])"
    assert same(with_named_indices(inside), inside)


def test_a_power_has_one_form_alone_and_in_a_product():
    """`expand` writes (1 - a/2)^n as (2 - a)^n/2^n beside a factor only."""
    base = 1 - eta0 * mu_sc / 2
    alone, beside = base ** (-n), F_star * base ** (-n)
    assert normal(F_star * normal(alone)) == normal(beside)
    assert normal(Sum(beside, (k, 0, n)) / F_star) == normal(Sum(alone, (k, 0, n)))
    values = {eta0: Rational(1, 2), mu_sc: Rational(1, 3), n: Integer(3)}
    assert normal(alone).xreplace(values) == (1 - Rational(1, 12)) ** -3
    assert not same(alone, base ** (1 - n))


def test_products_are_equal_if_their_factors_are():
    one = FiniteProduct(1 - L * eta(k), (k, 1, n))
    assert same(one, FiniteProduct(1 - eta(j) * L, (j, 1, n)))
    assert not same(one, FiniteProduct(1 - L * eta(j), (j, 1, n + 1)))
    assert not same(one, FiniteProduct(1 - L * eta(j), (k, 1, n)))
    assert normal(normal(one)) == normal(one)
    assert one.free_symbols == {L, n}


def test_products_of_few_factors_are_written_out():
    assert same(FiniteProduct(eta(k), (k, 1, 3)), eta(1) * eta(2) * eta(3))
    assert same(FiniteProduct(eta(k), (k, n, n)), eta(n))
    assert normal(FiniteProduct(eta(k), (k, 1, 0))) == 1
    assert normal(FiniteProduct(eta(k), (k, 1, -5))) == 1  # backwards is empty, unlike for sums


def test_substitution_does_not_catch_the_index_of_a_product():
    whole = FiniteProduct(u(k), (k, 0, n - 1))
    assert same(Substitution({k: j})(whole), whole)
    put = Substitution({u: formula(i, FiniteProduct(eta(k) + i, (k, 0, i)))})
    nested = FiniteProduct(FiniteProduct(eta(j) + k, (j, 0, k)), (k, 0, n - 1))
    assert same(put(whole), nested)
    assert same(Substitution({n: k})(whole), FiniteProduct(u(j), (j, 0, k - 1)))


def test_products_as_text():
    assert readable(L * FiniteProduct(1 + u(k), (k, 0, n))) == "L*prod_{k=0..n} (u[k] + 1)"
