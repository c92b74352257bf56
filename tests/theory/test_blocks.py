"""Blocks of coordinates: the axioms on exact instances in two dimensions, and what they refuse."""

import random

import pytest
from sympy import Integer, Matrix, Rational, diff, symbols
from sympy.core.symbol import Str

from theory import assumptions
from theory.axioms import AXIOMS, block_smooth
from theory.claims import Substitution, formula
from theory.hilbert import Fixed, Gradient, Inner, Partial, fixed, known_at, partial_grad
from theory.kernel import StepError, axiom, replay, substitute
from theory.lemmas.blocks import blocks_apart, gradient_changed
from theory.symbols import B, L, ell, eta, i, j, k, nu, t

p, q = symbols("p q", real=True)
ONE, TWO = Integer(1), Integer(2)
x, y = fixed("x"), fixed("y")
ALONG = {"e1": Matrix([1, 0]), "e2": Matrix([0, 1])}


def random_polynomial(chance):
    """A polynomial of degree four in two variables; block 1 holds the first, block 2 the other."""
    powers = [(a, b) for a in range(4) for b in range(4) if 1 <= a + b <= 4]
    return sum(chance.randint(-3, 3) * p**a * q**b for a, b in powers)


def value_of(atom, F, points):
    """A vector atom as a column of two numbers; `F` is a polynomial in p and q."""
    match atom:
        case Fixed():
            name = str(atom)
            return ALONG[name] if name in ALONG else points[name]
        case Gradient() | Partial():
            at = dict(zip((p, q), points[str(atom.args[-1])], strict=True))
            whole = Matrix([diff(F, p).subs(at), diff(F, q).subs(at)])
            if isinstance(atom, Gradient):
                return whole
            return Matrix([whole[0], 0]) if atom.args[1] == 1 else Matrix([0, whole[1]])
    raise TypeError(atom)


def number(expression, F, points):
    """A scalar with its inner products worked out."""
    table = {
        e: value_of(e.args[0], F, points).dot(value_of(e.args[1], F, points))
        for e in expression.atoms(Inner)
    }
    return expression.xreplace(table)


def places(chance):
    return {
        name: Matrix([Rational(chance.randint(-8, 8), 4) for _ in range(2)]) for name in ("x", "y")
    }


@pytest.mark.parametrize("seed", range(15))
def test_the_gradient_is_the_sum_of_its_blocks(seed):
    chance = random.Random(seed)
    F, points = random_polynomial(chance), places(chance)
    claim = AXIOMS["block_sum"].instantiate("F", TWO, k, x).claim
    parts = claim.right.doit()
    for name in ALONG:
        assert number(Inner(claim.left - parts, fixed(name)), F, points) == 0
    one_is_missing = Inner(claim.left - Partial("F", ONE, x), fixed("e2"))
    assert number(one_is_missing, F, points) != 0 or diff(F, q) == 0


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("blocks", [(ONE, ONE), (ONE, TWO), (TWO, ONE), (TWO, TWO)])
def test_different_blocks_are_orthogonal(seed, blocks):
    chance = random.Random(seed)
    F, points = random_polynomial(chance), places(chance)
    first, second = blocks
    claim = AXIOMS["blocks_orthogonal"].instantiate("F", TWO, first, x, second, y).claim
    assert number(claim.expression, F, points) == 0


def test_the_same_block_is_not_orthogonal_to_itself():
    """Negative control: the bracket of the axiom may not be left out, nor turned around."""
    F, points = p + q, {"x": Matrix([0, 0]), "y": Matrix([1, 1])}
    product = Inner(Partial("F", ONE, x), Partial("F", ONE, y))
    assert number(product, F, points) == 1


def coupled(chance):
    """A quadratic with coupled coordinates, and the sharp constants of its blocks."""
    a, b, c = (Rational(chance.randint(-6, 6), 2) for _ in range(3))
    return a * p**2 / 2 + b * p * q + c * q**2 / 2, {1: a**2 + b**2, 2: b**2 + c**2}


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("block", [ONE, TWO])
def test_a_partial_gradient_is_lipschitz_in_all_coordinates(seed, block):
    chance = random.Random(seed)
    F, squares = coupled(chance)
    points, constant = places(chance), squares[int(block)] ** Rational(1, 2)
    claim = AXIOMS["lipschitz_partial"].instantiate("F", k, ell(k), x, y).claim
    claim = Substitution({k: block, ell: formula(j, constant)}).of(claim)
    assert number(claim.expression, F, points) >= 0


def test_the_constant_of_a_block_is_sharp_and_counts_the_coupling():
    """Negative control: F = 2pq; block 1 moves with q alone, by exactly 2."""
    points = {"x": Matrix([0, 0]), "y": Matrix([0, 1])}
    claim = AXIOMS["lipschitz_partial"].instantiate("F", k, ell(k), x, y).claim
    for constant, holds in ((2, True), (Rational(19, 10), False), (0, False)):
        at_one = Substitution({k: ONE, ell: formula(j, constant)}).of(claim)
        assert bool(number(at_one.expression, 2 * p * q, points) >= 0) is holds


def test_the_property_names_the_constants_of_all_blocks():
    """Other constants put in later change the assumption with the claim."""
    F = Str("F")
    fact = axiom("lipschitz_partial", "F", i, ell(i), x, y)
    assert fact.assumptions == {block_smooth(F, i, ell(i))}
    assert block_smooth(F, i, ell(i)) == block_smooth(F, k, ell(k))
    smaller = substitute(fact, {ell: formula(i, L * i / 2)})
    assert smaller.assumptions == {block_smooth(F, i, L * i / 2)}
    assert smaller.assumptions != {block_smooth(F, i, L * i)}
    at_two = substitute(fact, {i: Integer(2)})
    assert at_two.assumptions == fact.assumptions
    caught = substitute(axiom("lipschitz_partial", "F", i, L * ell(i), x, y), {L: 1 + eta(i) ** 2})
    (granted,) = caught.assumptions
    assert granted != block_smooth(F, i, (1 + eta(i) ** 2) * ell(i))  # this i is one block alone
    assert i in granted.parameters


def test_a_sum_over_blocks_takes_one_point():
    with pytest.raises(StepError, match="all blocks are taken at one point"):
        axiom("block_sum", "F", B, i, fixed("x") * nu(t, i))
    with pytest.raises(StepError, match="not known to be one"):
        axiom("blocks_orthogonal", "F", B, L, x, i, y)


def test_partial_gradients_are_known_with_their_points():
    iterate, xi = assumptions.x, assumptions.xi
    assert known_at(partial_grad("F", i, iterate(nu(t, i)))) == [nu(t, i)]
    assert known_at(partial_grad("F", i, xi(t))) == [t + 1]
    assert str(partial_grad("F", i, iterate(t))) == "grad_i F(x[t])"


@pytest.mark.parametrize("lemma", [blocks_apart, gradient_changed])
def test_the_lemmas_replay(lemma):
    assert replay(lemma()).conclusion == lemma().conclusion


def test_the_errors_of_the_blocks_add_up_by_squares_on_numbers():
    """Two blocks read at different points: |grad F(x_t) - G_t|^2, worked out."""
    F = p**2 + 3 * p * q + q**2
    points = {"x": Matrix([1, 2]), "y": Matrix([0, 1]), "z": Matrix([3, -1])}
    now = [Partial("F", b, x) for b in (ONE, TWO)]
    read = [Partial("F", ONE, y), Partial("F", TWO, fixed("z"))]
    whole = Inner(Gradient("F", x) - sum(read), Gradient("F", x) - sum(read))
    parts = sum(Inner(a - b, a - b) for a, b in zip(now, read, strict=True))
    assert number(whole - parts, F, points) == 0
