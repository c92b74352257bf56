"""Rules for cases, least values, vectors and strong induction, each tried with false instances."""

import pytest
from sympy import Integer, Sum, Symbol

from theory.algebra import Minimum
from theory.assumptions import gradient, x
from theory.claims import Hypothesis, eq, le, lt
from theory.kernel import (
    StepError,
    cases,
    combine,
    combine_vectors,
    earlier,
    either,
    given,
    induct,
    induct_strongly,
    least_at_least,
    nonnegative_by_sign,
    replay,
    substitute,
    sum_over,
    suppose,
)
from theory.symbols import L, h, i, j, k, n, sequence

a, b = sequence("a"), sequence("b")


def known(name, claim, variables=(), conditions=()):
    return suppose(Hypothesis(name, claim, variables, frozenset(conditions)))


# ------------------------------------------------------------------ cases


def test_both_signs_give_the_claim():
    claim = le(2 * h * L, h**2 + L**2)
    larger = combine(claim, squares=[(h - L, 1)], under=[le(L, h)])
    smaller = combine(claim, squares=[(h - L, 1)], under=[le(h, L)])
    fact = cases(larger, smaller, h - L)
    assert fact.claim == claim
    assert not fact.conditions


def test_one_sign_alone_is_not_enough():
    claim = le(L, h)
    larger = given(claim)
    with pytest.raises(StepError, match="show different things"):
        cases(larger, given(le(h, L)), h - L)
    assert cases(larger, larger, h - L).conditions  # the second case still needs L <= h


def test_only_integers_have_no_room_between_minus_one_and_zero():
    claim = le(0, a(k) ** 2)
    above = combine(claim, squares=[(a(k), 1)], under=[le(0, h - 2)])
    below = combine(claim, squares=[(a(k), 1)], under=[le(0, 1 - h)])
    assert cases(above, below, h - 2).conditions == {1 - h}  # 1 < h < 2 stays open for a real h
    above = combine(claim, squares=[(a(k), 1)], under=[le(0, k - 2)])
    below = combine(claim, squares=[(a(k), 1)], under=[le(0, 1 - k)])
    assert not cases(above, below, k - 2).conditions


def test_an_equation_and_an_inequality_do_not_make_a_case():
    with pytest.raises(StepError, match="one case shows an equation"):
        cases(known("e", eq(a(k), 0)), known("f", le(0, -a(k))), h)


# ------------------------------------------------------------------ either


def test_one_factor_of_a_product_is_zero():
    product = known("product", eq((h - 1) * (h - 2), 0))
    claim = le(1, h)
    first = combine(claim, given(le(0, h - 1)))
    second = combine(claim, given(le(0, h - 2)), nonnegative_by_sign(le(0, 1)))
    assert not either(product, first, second, (h - 1, h - 2)).conditions


def test_the_product_must_be_the_one_of_the_factors():
    product = known("product", eq((h - 1) * (h - 3), 0))
    first = combine(le(1, h), given(le(0, h - 1)))
    second = combine(le(1, h), given(le(0, h - 2)), nonnegative_by_sign(le(0, 1)))
    with pytest.raises(StepError, match="does not say"):
        either(product, first, second, (h - 1, h - 2))
    with pytest.raises(StepError, match="a product that is 0 is needed"):
        either(known("p", le((h - 1) * (h - 2), 0)), first, second, (h - 1, h - 2))


# ------------------------------------------------------------------ least values


def test_a_number_below_every_value_is_below_the_least():
    each = known("each", le(h, a(k)), (k,), {k - 1})
    fact = least_at_least(each, k, 1, n + 1)
    assert fact.expression == Minimum(a(k), (k, 1, n + 1)) - h or fact.claim.left == h


def test_a_least_value_needs_its_whole_range_and_a_range():
    each = known("each", le(h, a(k)), (k,), {k - 2})
    with pytest.raises(StepError, match="is needed for 1 <= k"):
        least_at_least(each, k, 1, n + 1)
    each = known("each", le(h, a(k)), (k,), {k - 1})
    with pytest.raises(StepError, match="not empty"):
        least_at_least(each, k, 1, n)
    with pytest.raises(StepError, match="lies below every"):
        least_at_least(known("both", le(b(k), a(k)), (k,), {k - 1}), k, 1, n + 1)


def test_a_range_may_not_end_at_its_own_index():
    """The k that runs and the k of the end are two things: a sum of 106 numbers is not 530."""
    small = given(le(k, 5))
    with pytest.raises(StepError, match="depends on k itself"):
        sum_over(small, k, 2 * k - 5, 2 * k + 100)
    with pytest.raises(StepError, match="depends on k itself"):
        least_at_least(small, k, 2 * k - 5, 2 * k + 100)
    claim = le(a(k), h)
    with pytest.raises(StepError, match="depends on k itself"):
        induct(claim, k, 4 - 5 * k, known("e", claim, (k,)), known("e", claim, (k,)))


# ------------------------------------------------------------------ vectors


def test_vector_equations_combine():
    one = known("one", eq(x(k + 1), x(k) - h * gradient(k)), (k,), {k})
    two = substitute(one, {k: k + 1})
    both = eq(x(k + 2), x(k) - h * gradient(k) - h * gradient(k + 1))
    assert combine_vectors(both, (one, Integer(1)), (two, Integer(1))).claim == both
    with pytest.raises(StepError, match="should be the vector 0"):
        combine_vectors(both, (one, Integer(1)), (two, Integer(2)))
    with pytest.raises(StepError, match="a vector equation is needed"):
        combine_vectors(both, (one, Integer(1)), (known("number", eq(h, 1)), Integer(1)))
    with pytest.raises(StepError, match="not an equation between vectors"):
        combine_vectors(eq(h, 1), (one, Integer(1)))


# ------------------------------------------------------------------ strong induction


def test_strong_induction_proves_a_true_claim():
    """A sequence that starts below h and never increases stays below h: by cases on k."""
    claim = le(a(k), h)
    hypothesis = earlier(claim, k, 1)
    (before,) = hypothesis.variables
    last = substitute(suppose(hypothesis), {before: k - 1})
    later = combine(claim, last, known("decreases", le(a(k), a(k - 1)), (k,), {k - 2}))
    first = known("starts low", le(a(k), h), (k,), {1 - k})
    step = cases(later, first, k - 2)
    fact = induct_strongly(claim, k, 1, step)
    assert fact.conditions == {k - 1}
    assert not any(k in assumption.parameters for assumption in fact.assumptions)
    assert hypothesis not in fact.assumptions
    assert replay(fact).conclusion == fact.conclusion


def test_strong_induction_needs_its_start():
    """Without the first value the claim is false, and the condition k >= 2 gives it away."""
    claim = le(a(k), h)
    hypothesis = earlier(claim, k, 1)
    (before,) = hypothesis.variables
    last = substitute(suppose(hypothesis), {before: k - 1})
    later = combine(claim, last, known("decreases", le(a(k), a(k - 1)), (k,), {k - 2}))
    with pytest.raises(StepError, match="the induction step needs 2 <= k"):
        induct_strongly(claim, k, 1, later)


def test_strong_induction_may_not_use_the_claim_itself_or_later_ones():
    claim = le(a(k), h)
    with pytest.raises(StepError, match="the induction step needs"):
        induct_strongly(claim, k, 1, given(claim))  # the claim as a condition
    hypothesis = earlier(claim, k, 1)
    (before,) = hypothesis.variables
    itself = substitute(suppose(hypothesis), {before: k})
    assert -1 in induct_strongly(claim, k, 1, itself).conditions  # "if 0 <= -1": says nothing
    wider = Hypothesis("wider", le(a(i), h), (i,), frozenset({i - 1, k - i}))
    whole = substitute(suppose(wider), {i: k})
    with pytest.raises(StepError, match="k is fixed by the assumption"):
        induct_strongly(claim, k, 1, whole)


def test_strong_induction_over_another_start_or_claim_is_refused():
    claim = le(a(k), h)
    hypothesis = earlier(claim, k, 0)  # leans on more than index 1 offers
    (before,) = hypothesis.variables
    step = substitute(suppose(hypothesis), {before: k - 1})
    with pytest.raises(StepError, match="k is fixed by the assumption"):
        induct_strongly(claim, k, 1, combine(claim, step, known("d", le(a(k), a(k - 1)), (k,))))
    with pytest.raises(StepError, match="the claim reads"):
        induct_strongly(le(a(k), 2 * h), k, 1, known("c", claim, (k,)))
    with pytest.raises(StepError, match="the step shows"):
        induct_strongly(lt(a(k), h), k, 1, known("c", claim, (k,)))
    with pytest.raises(StepError, match="depends on k itself"):
        induct_strongly(claim, k, k - 1, known("c", claim, (k,)))
    with pytest.raises(StepError, match="is not an integer symbol"):
        induct_strongly(le(0, h), h, 1, nonnegative_by_sign(le(0, h)))


def test_the_name_of_an_earlier_index_is_taken():
    """A free index of that name would be caught: a(k) <= b(earlier) is about one b, not all."""
    other = Symbol("earlier", integer=True)
    with pytest.raises(StepError, match="rename yours"):
        earlier(le(a(k), b(other)), k, 1)
    with pytest.raises(StepError, match="rename yours"):
        induct_strongly(le(a(k), b(other)), k, 1, known("c", le(a(k), b(other)), (k,)))


def test_strong_induction_over_a_hypothesis_that_fixes_the_index_is_refused():
    claim = le(Sum(a(j), (j, 1, k)), h)
    fixed = Hypothesis("about this k", claim)
    with pytest.raises(StepError, match="k is fixed by the assumption"):
        induct_strongly(claim, k, 1, suppose(fixed))
