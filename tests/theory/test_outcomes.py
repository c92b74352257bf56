"""What holds in every outcome holds on average: tried on finite spaces, and refused where false."""

import random

import pytest
from sympy import Add, Integer, Rational, Sum, Symbol

from theory import axioms
from theory.algebra import bound_index, normal
from theory.assumptions import (
    FROM_ONE,
    PathwiseGradientCoherence,
    gradient,
    squared_gradient,
    x,
)
from theory.axioms import surely
from theory.claims import Hypothesis, eq, le, nonnegative
from theory.hilbert import Inner, grad, squared_norm, value
from theory.kernel import StepError, axiom, given, replay, substitute, sum_over
from theory.lemmas import expected_coherence
from theory.symbols import T, eta, j, k, mu, n

AXIOM = axioms.AXIOMS["monotone_expectation"]


def everywhere(claim, *conditions):
    return Hypothesis("in every outcome", claim, (k,), frozenset(conditions))


@pytest.mark.parametrize("seed", range(30))
def test_on_finite_spaces(seed):
    """Plane vectors u, v, w on three outcomes; mu is the largest level that holds in all."""
    chance = random.Random(seed)
    weights = [Rational(chance.randint(1, 5)) for _ in range(3)]
    u, v = ([[chance.randint(-4, 4) for _ in range(2)] for _ in weights] for _ in range(2))

    def inner(a, b):
        return [sum(p * q for p, q in zip(*pair, strict=True)) for pair in zip(a, b, strict=True)]

    def mean(values):
        return Add(*(p * a for p, a in zip(weights, values, strict=True))) / Add(*weights)

    ratios = [Rational(a, b) for a, b in zip(inner(u, v), inner(u, u), strict=True) if b != 0]
    level = min(ratios, default=Integer(0))
    claim = AXIOM.instantiate(everywhere(le(level * squared_norm(x(0)), Inner(x(0), x(1))))).claim
    table = {squared_norm(x(0)): mean(inner(u, u)), Inner(x(0), x(1)): mean(inner(u, v))}
    assert claim.expression.xreplace(table) >= 0
    best = max(ratios, default=Integer(0))  # negative control: it must hold in every outcome
    if best > level and mean(inner(u, v)) < best * mean(inner(u, u)):
        wrong = AXIOM.instantiate(everywhere(le(best * squared_norm(x(0)), Inner(x(0), x(1)))))
        assert wrong.claim.expression.xreplace(table) < 0


@pytest.mark.parametrize(
    "claim",
    [
        le(Inner(x(k), x(j)) ** 2, 1),
        le(Inner(x(k), x(j)) * value("F", x(k)), 0),
        le(squared_gradient(k) / squared_gradient(j), 1),
        le(1 / (1 + squared_gradient(k)), 1),
        le(Sum(squared_gradient(k), (k, 0, T)), 1),
    ],
    ids=str,
)
def test_only_what_is_linear_has_the_expectation_of_its_form(claim):
    with pytest.raises(StepError, match="cannot be used like this"):
        axiom("monotone_expectation", everywhere(claim))


@pytest.mark.parametrize(
    ("hypothesis", "message"),
    [
        (everywhere(eq(grad("F", x(k)), 0)), "form u <= v"),
        (everywhere(eq(squared_gradient(k), 1)), "form u <= v"),
        (everywhere(le(0, squared_gradient(k)), squared_gradient(k) - 1), "may not depend"),
        (le(0, squared_gradient(k)), "form u <= v"),
    ],
)
def test_what_it_is_not_about(hypothesis, message):
    with pytest.raises(StepError, match=message):
        axiom("monotone_expectation", hypothesis)


def test_it_holds_only_where_it_is_assumed():
    hypothesis = everywhere(le(0, value("F", x(k))), k - 3)
    with pytest.raises(StepError, match="is assumed only there"):
        axiom("monotone_expectation", hypothesis)
    fact = axiom("monotone_expectation", hypothesis, evidence=[given(nonnegative(k - 3))])
    assert fact.conditions == {k - 3}


def test_the_property_keeps_its_own_variables():
    """What is substituted for k and j is an instance; what is substituted for mu is not caught."""
    fact = expected_coherence(FROM_ONE)
    (sure,) = fact.assumptions
    assert sure == surely(PathwiseGradientCoherence().hypothesis)
    assert not sure.parameters & {j, k}
    (still,) = substitute(fact, {j: k, k: n}).assumptions
    assert still == sure
    level = 1 + k**2  # of one fixed k
    (other,) = substitute(fact, {mu: level}).assumptions
    inner, outer = (gradient(bound_index(place)) for place in (1, 2))
    assert normal(other.about[0]) == normal(Inner(inner, outer) - level * squared_norm(outer))


@pytest.mark.parametrize("name", ["#1", "#2"])
def test_its_names_cannot_be_used(name):
    reserved = Symbol(name, integer=True)
    with pytest.raises(StepError, match="kernel's own"):
        substitute(expected_coherence(), {mu: 1 + reserved**2})
    with pytest.raises(StepError, match="kernel's own"):
        substitute(expected_coherence(), {reserved: k})


def test_a_sequence_in_the_level_is_not_fixed_by_the_property():
    hypothesis = everywhere(le(eta(k) * squared_gradient(k), value("F", x(k))), k)
    fact = axiom("monotone_expectation", hypothesis, evidence=[given(nonnegative(k))])
    assert replay(sum_over(fact, k, 0, T)).claim.left.has(eta)
