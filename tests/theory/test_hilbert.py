import pytest
from sympy import Sum
from sympy.core.symbol import Str

from theory.algebra import is_zero, normal
from theory.hilbert import (
    Inner,
    Vector,
    components,
    direction,
    fixed,
    grad,
    is_scalar,
    iterate,
    known_at,
    noise,
    value,
)
from theory.symbols import L, eta, i, j, k, n, tau

x, xi = iterate("x"), noise("xi")


def test_inner_product_is_bilinear_and_symmetric():
    u, v, w = x(k), xi(k), grad("F", x(j))
    assert is_zero(Inner(2 * u + L * v, w) - 2 * Inner(u, w) - L * Inner(v, w))
    assert Inner(u, v) == Inner(v, u)
    assert Inner(u - u, v) == 0


def test_square_of_a_sum_is_a_double_sum():
    total = Sum(eta(j) * xi(j), (j, 1, n))
    other = Sum(Sum(eta(i) * eta(j) * Inner(xi(i), xi(j)), (i, 1, n)), (j, 1, n))
    assert is_zero(Inner(total, total) - other)


def test_double_sums_are_linear_too():
    total = Sum(eta(j) * x(i), (i, 1, j), (j, 1, n))
    product = Sum(Sum(eta(j) * Inner(x(i), xi(k)), (i, 1, j)), (j, 1, n))
    assert is_zero(Inner(total, xi(k)) - product)
    assert not is_zero(Inner(total, xi(k)) - 2 * product)
    with pytest.raises(TypeError, match="runs over two indices"):
        Inner(Sum(x(i), (i, 1, j), (i, 1, n)), xi(k))


def test_summation_index_is_not_caught():
    # the index of the sum is also the index of the other vector
    product = Inner(Sum(x(k), (k, 1, n)), xi(k))
    assert is_zero(product - Sum(Inner(x(j), xi(k)), (j, 1, n)))
    assert k in product.free_symbols


@pytest.mark.parametrize("not_linear", [x(k) * xi(k), x(k) ** 2, x(k) + 1, 1 / x(k)])
def test_only_linear_combinations_are_vectors(not_linear):
    with pytest.raises(TypeError, match="a vector must be linear in its atoms"):
        components(not_linear)


def test_scalars_and_vectors_are_told_apart():
    assert is_scalar(eta(k) * Inner(x(k), xi(k)) + value("F", x(k)))
    assert not is_scalar(x(k))
    assert not is_scalar(Sum(x(k), (k, 1, n)))


def test_when_vectors_become_known():
    assert known_at(x(k)) == [k]
    assert known_at(xi(k)) == [k + 1]
    assert known_at(direction("g")(k)) == [k + 1]
    assert known_at(grad("F", x(tau(k)))) == [tau(k)]
    assert known_at(fixed("x_star")) == []
    (latest,) = known_at(Sum(eta(j) * xi(j), (j, 1, k - 1)))
    assert (k - latest).is_nonnegative  # known before time k, whatever the term
    assert normal(k - latest) != 0


def test_nested_sums_have_no_known_time():
    nested = Sum(Sum(x(i), (i, 1, j)), (j, 1, n))
    with pytest.raises(TypeError, match="a sum of single vectors over one index"):
        known_at(nested)


def test_a_vector_of_unknown_kind_is_not_taken_to_be_known():
    class Other(Vector):
        """Known nobody knows when."""

    with pytest.raises(TypeError, match="becomes known is not said"):
        known_at(Other(Str("o"), k))
    assert known_at(fixed("x_star")) == []
