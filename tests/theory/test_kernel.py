"""The kernel must not prove what is false: every rule is tried with false instances."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sympy import Float, Function, Integer, Rational, Sum, Symbol, log, sqrt, zoo

from theory.algebra import Within
from theory.assumptions import F, gradient, objective, x, xi
from theory.claims import Claim, Hypothesis, eq, formula, le, lt
from theory.hilbert import Inner, grad
from theory.kernel import (
    Conclusion,
    Fact,
    StepError,
    axiom,
    combine,
    discharge,
    given,
    induct,
    minimum,
    nonnegative_by_sign,
    pair,
    reciprocal,
    replay,
    rewrite,
    substitute,
    sum_over,
    suppose,
    when,
)
from theory.symbols import L, eta, h, j, k, m, mu, n, s, sequence, tau

FALSE = le(1, 0)
u = sequence("u")


# ------------------------------------------------------------------ false is not provable


def test_false_does_not_follow_from_nothing():
    with pytest.raises(StepError, match="-1 is left"):
        combine(FALSE)
    with pytest.raises(StepError, match="sign"):
        nonnegative_by_sign(FALSE)


@pytest.mark.parametrize("claim", [le(1, 0), lt(0, 0), eq(1, 0), le(h, h**2), le(eta(k), L)])
def test_false_or_unknown_claims_fail(claim):
    with pytest.raises(StepError):
        combine(claim)
    with pytest.raises(StepError):
        nonnegative_by_sign(claim)


def test_false_follows_only_with_a_false_hypothesis_on_the_list():
    wrong = Hypothesis("wrong", FALSE)
    fact = combine(FALSE, suppose(wrong))
    assert fact.assumptions == {wrong}


def test_unknown_is_a_failure():
    # true for h <= 1 only, and nothing is known of h
    with pytest.raises(StepError, match="is left and should be 0"):
        combine(le(h**2, h))
    with pytest.raises(StepError, match="the multiplier of an inequality must be >= 0"):
        combine(le(eta(k) * h, eta(k)), (given(le(h, 1)), eta(k)))


def test_dividing_by_zero_in_disguise_proves_nothing():
    equal = suppose(Hypothesis("equal", eq(h, L)))
    with pytest.raises(StepError, match=r"1/\(L - h\) is not proved to be defined"):
        combine(eq(1, 0), (equal, 1 / (L - h)))


@pytest.mark.parametrize("multiplier", [zoo, Integer(0) / 1 * zoo, 1 / (n - n)])
def test_infinite_multipliers_are_refused(multiplier):
    with pytest.raises(StepError):
        combine(FALSE, (given(le(h, 1)), multiplier))


def test_floats_are_not_numbers_here():
    with pytest.raises(StepError):
        nonnegative_by_sign(le(0, Float("0.5")))


def test_a_vector_is_not_a_number():
    with pytest.raises(StepError, match="is a vector where a number is needed"):
        combine(le(0, x(k)))
    with pytest.raises(StepError, match="is a vector where a number is needed"):
        combine(le(h, 1), (given(le(h, 1)), x(k)))


@pytest.mark.parametrize("square", [Symbol("z") ** 2, Function("w")(k) ** 2])
def test_squares_of_what_may_be_complex_have_no_sign(square):
    with pytest.raises(StepError, match="is not declared to be real"):
        nonnegative_by_sign(le(0, square))
    with pytest.raises(StepError, match="is not declared to be real"):
        combine(le(0, square), squares=[(sqrt(square), 1)])
    with pytest.raises(StepError, match="is not declared to be real"):
        given(le(square, 1))


# ------------------------------------------------------------------ combine


def test_inequalities_take_no_negative_multiplier():
    with pytest.raises(StepError, match="multiplier"):
        combine(le(-1, -h), (given(le(h, 1)), -1))


def test_squares_take_no_negative_weight():
    with pytest.raises(StepError, match="multiplier"):
        combine(le(Inner(x(k), x(k)), 0), squares=[(x(k), -1)])
    assert combine(le(0, Inner(x(k), x(k))), squares=[(x(k), 1)])


def test_a_square_of_vectors_expands():
    young = le(2 * Inner(x(k), xi(k)), Inner(x(k), x(k)) + Inner(xi(k), xi(k)))
    assert combine(young, squares=[(x(k) - xi(k), 1)])
    with pytest.raises(StepError, match="is left"):
        combine(young, squares=[(x(k) + xi(k), 1)])


def test_equality_needs_equalities():
    with pytest.raises(StepError, match="the premises give <= only"):
        combine(eq(h, 1), (given(le(h, 1)), 1))


def test_strict_needs_strict():
    with pytest.raises(StepError, match="the premises give <= only"):
        combine(lt(h, 1), (given(le(h, 1)), 1))
    positive = nonnegative_by_sign(lt(0, L))
    assert combine(lt(h - L, 1), (given(le(h, 1)), 1), (positive, 1))
    with pytest.raises(StepError):  # weight that may be 0
        combine(lt(n * h - n * L, n), (given(le(h, 1)), n), (positive, n))


def test_conditions_are_inherited():
    fact = combine(le(L * h**2, h), (given(le(h, 1 / L)), L * h))
    assert fact.conditions == {given(le(h, 1 / L)).expression}


def test_a_failing_step_says_what_is_missing_and_numbers_that_break_it():
    with pytest.raises(StepError, match=r"-L\*h\^2 is left") as caught:
        combine(le(2 * L * h**2, h), (given(le(h, 1 / L)), L * h), label="too strong")
    broken = caught.value.counterexample
    values = dict(broken.values)
    assert values[h] <= 1 / values[L]
    assert 2 * values[L] * values[h] ** 2 > values[h]
    assert "too strong" in str(caught.value)
    assert "fails" in str(caught.value)


def test_the_printed_counterexample_is_exact():
    with pytest.raises(StepError) as caught:
        combine(le(h, h**2))
    assert caught.value.counterexample.gap.is_Rational
    assert caught.value.counterexample.gap < 0


# ------------------------------------------------------------------ forgery


def forged(claim: Claim) -> Fact:
    return Fact(Conclusion(claim), "combine", (claim,))


def test_a_fact_made_around_the_rules_is_noticed():
    with pytest.raises(StepError, match="is left"):
        replay(forged(FALSE))


def test_a_forged_premise_is_noticed():
    fact = combine(le(2, 0), (forged(FALSE), 2))
    with pytest.raises(StepError, match="step 1"):
        replay(fact)


def test_a_changed_conclusion_is_noticed():
    honest = combine(le(L * h**2, h), (given(le(h, 1 / L)), L * h))
    stronger = replace(honest, conclusion=Conclusion(honest.claim))  # the condition forgotten
    with pytest.raises(StepError, match="not made by the rule"):
        replay(stronger)
    other = replace(honest, conclusion=replace(honest.conclusion, claim=FALSE))
    with pytest.raises(StepError, match="not made by the rule"):
        replay(other)


def test_an_invented_rule_is_noticed():
    with pytest.raises(StepError, match="'trust me' is not a rule of the kernel"):
        replay(Fact(Conclusion(FALSE), "trust me", ()))


def test_a_hypothesis_with_a_forged_cache_is_read_anew():
    """It looks like the harmless one to whoever compares, but says that 1 <= 0."""
    harmless = Hypothesis("harmless", le(h, 1))
    false = le(1, 0)
    false.__dict__["expression"] = harmless.claim.expression
    forged = Hypothesis("harmless", false)
    assert forged == harmless
    assert harmless not in suppose(forged).assumptions


def test_an_axiom_about_a_forged_hypothesis_reads_it_anew():
    """Every outcome meets |x|^2 <= |x|^2; that does not make 1 <= 0 on average."""
    harmless = le(Inner(x(k), x(k)), Inner(x(k), x(k)))
    harmless.__dict__["expression"] = Integer(-1)
    fact = axiom("monotone_expectation", Hypothesis("harmless", harmless))
    assert fact.expression == 0


def test_a_claim_with_a_forged_cache_is_read_anew():
    claim = le(1, 0)
    claim.__dict__["expression"] = Integer(0)
    with pytest.raises(StepError):
        combine(claim)


class Pretender:
    """Has all that a Fact has, and is none."""

    claim = lt(0, -1)
    expression = Integer(-1)
    conditions = frozenset()
    assumptions = frozenset()


@pytest.mark.parametrize(
    "use",
    [
        lambda p: combine(FALSE, p),
        lambda p: combine(FALSE, (p, 1)),
        lambda p: reciprocal(p),
        lambda p: sum_over(p, k, 1, n),
        lambda p: when(p, k, 1, n),
        lambda p: substitute(p, {}),
        lambda p: discharge(p, FALSE, p),
        lambda p: induct(le(0, n), n, 0, p, p),
        lambda p: rewrite(p, p, x(k)),
        lambda p: pair(p, x(k)),
    ],
)
def test_only_facts_are_premises(use):
    with pytest.raises(StepError, match=r"must be a [Ff]act"):
        use(Pretender())


def test_optimised_python_changes_nothing():
    """`python -O` drops every assert: a checker made of asserts would accept everything."""
    code = (
        "from theory.claims import le\n"
        "from theory.kernel import StepError, combine\n"
        "try:\n"
        "    combine(le(1, 0))\n"
        "except StepError:\n"
        "    print('refused')\n"
        "from theory.results import dai2019\n"
        "dai2019.sharp.verify()\n"
        "print('verified')\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-O", "-c", code], capture_output=True, text=True, cwd=root, check=True
    )
    assert done.stdout.split() == ["refused", "verified"]


def test_no_assert_in_theory():
    root = Path(__file__).parents[2] / "theory"
    for file in root.rglob("*.py"):
        for number, line in enumerate(file.read_text().splitlines(), start=1):
            assert not line.strip().startswith("assert "), f"{file}:{number}"


# ------------------------------------------------------------------ sums


FIRST = Hypothesis("first", le(0, u(k)), (k,), frozenset({k - 1}))


def test_a_sum_needs_its_conditions_in_the_whole_range():
    fact = suppose(FIRST)
    assert sum_over(fact, k, 1, n).claim == le(0, Sum(u(k), (k, 1, n)))
    with pytest.raises(StepError, match="1 <= k is needed for 0 <= k <= n"):
        sum_over(fact, k, 0, n)


@pytest.mark.parametrize("high", [n - 1, k, tau(k)])
def test_a_sum_may_not_run_backwards(high):
    with pytest.raises(StepError, match=r"may not run backwards|is needed|depends on k itself"):
        sum_over(suppose(FIRST), k, 2, high)


def test_an_equality_may_not_be_summed_backwards_either():
    # for k >= 1 only: backwards the sum would run over k <= 0
    equal = suppose(Hypothesis("equal", eq(u(k), 1), (k,), frozenset({k - 1})))
    with pytest.raises(StepError, match="may not run backwards"):
        sum_over(equal, k, 1, j)


@pytest.mark.parametrize("end", [Rational(1, 2), L, n / 2])
def test_ranges_end_at_integers(end):
    with pytest.raises(StepError, match="integers"):
        sum_over(suppose(FIRST), k, 1, end)
    with pytest.raises(StepError, match="integers"):
        minimum(u(k), k, 1, end)
    with pytest.raises(StepError, match="integers"):
        axiom("bracket_count", k, 1, n, (1, end))


def test_an_index_fixed_by_an_assumption_cannot_run():
    about_n = suppose(Hypothesis("about n", le(0, u(n))))
    with pytest.raises(StepError, match="n is fixed by the assumption"):
        sum_over(about_n, n, 0, m)


def test_minimum_holds_in_its_range_only():
    fact = minimum(u(k), k, 1, n)
    with pytest.raises(StepError):
        discharge(substitute(fact, {k: Integer(0)}), le(1, 0), given(le(0, n)))
    assert substitute(fact, {k: Integer(0)}).conditions  # 1 <= 0 stays as a condition


def test_brackets_only_guard_their_own_range():
    inside = combine(le(j, k), given(le(j, tau(k))), given(le(tau(k), k)))
    guarded = when(inside, j, tau(k), tau(k))
    assert given(le(tau(k), k)).expression in guarded.conditions
    assert guarded.claim == le(Within(j, tau(k), tau(k)) * j, Within(j, tau(k), tau(k)) * k)


def test_a_bracket_does_not_excuse_what_is_undefined():
    with pytest.raises(StepError, match="not proved to be defined"):
        when(nonnegative_by_sign(le(0, 1 / k), under=[le(1, k), le(k, n)]), k, 1, n)


# ------------------------------------------------------------------ induction


def test_induction_proves_a_true_claim():
    claim = le(n, n**2)
    base = nonnegative_by_sign(le(0, 0))
    step = combine(
        le(n + 1, (n + 1) ** 2), given(claim), (nonnegative_by_sign(le(0, n)), 2), label="step"
    )
    assert induct(claim, n, 0, base, step).claim == claim


def test_induction_needs_its_base():
    claim = le(n + 1, n)  # false everywhere; the step alone is fine
    step = combine(le(n + 2, n + 1), given(claim))
    with pytest.raises(StepError, match="at n = 0 the claim reads"):
        induct(claim, n, 0, nonnegative_by_sign(le(0, 0)), step)


def test_induction_needs_its_step():
    claim = le(n, 3)  # true at 0, 1, 2, 3
    with pytest.raises(StepError, match=r"at n = n \+ 1 the claim reads"):
        induct(claim, n, 0, nonnegative_by_sign(le(0, 3)), given(claim))


def test_induction_step_may_not_use_a_later_start():
    claim = le(2 * n, n**2 + 1)
    base = nonnegative_by_sign(le(0, 1))
    late = combine(
        le(2 * n + 2, (n + 1) ** 2 + 1),
        given(claim),
        (given(le(1, n)), 2),
        nonnegative_by_sign(le(0, 1)),
    )
    with pytest.raises(StepError, match="the induction step needs 1 <= n"):
        induct(claim, n, 0, base, late)
    assert induct(claim, n, 1, nonnegative_by_sign(le(2, 2)), late)


def test_induction_needs_a_start_its_symbol_allows():
    claim = le(0, n)
    with pytest.raises(StepError, match="n is >= 0"):
        induct(claim, n, -3, given(le(0, -3)), nonnegative_by_sign(le(0, n + 1)))


def test_induction_over_an_odd_symbol_is_refused():
    odd = Symbol("odd", integer=True, odd=True)
    with pytest.raises(StepError, match="not understood"):
        induct(le(0, odd**2), odd, 1, nonnegative_by_sign(le(0, 1)), given(le(0, (odd + 1) ** 2)))


# ------------------------------------------------------------------ instances


@pytest.mark.parametrize(
    ("symbol", "value", "message"),
    [
        (L, -1, "L is positive"),
        (L, h - mu, "L is positive"),
        (s, Rational(1, 2), "s is an integer"),
        (s, 0, "s is positive"),
        (n, k, "n is >= 0"),
        (L, x(k), "is a vector"),
        (L, 1 / (h - mu), "defined"),
        (L, Symbol("#1", integer=True), "kernel's own"),
    ],
)
def test_values_must_meet_what_is_declared(symbol, value, message):
    fact = nonnegative_by_sign(lt(0, L + s + n + h))
    with pytest.raises(StepError, match=message):
        substitute(fact, {symbol: value})


def test_substitution_reaches_conditions_and_hypotheses():
    fact = combine(
        le(L * h**2 * u(n), h * u(n)),
        (given(le(h, 1 / L)), L * h, suppose(Hypothesis("about n", le(0, u(n))))),
    )
    instance = substitute(fact, {L: 2 * mu, n: m})
    assert instance.conditions == {given(le(h, 1 / (2 * mu))).expression}
    assert instance.assumptions == {Hypothesis("about n", le(0, u(m)))}


def test_a_hypothesis_keeps_its_own_variable():
    fact = suppose(FIRST)
    moved = substitute(fact, {k: j})
    assert moved.assumptions == {FIRST}
    assert moved.claim == le(0, u(j))


def test_a_formula_may_not_be_caught_by_a_hypothesis():
    fact = suppose(FIRST)
    with pytest.raises(StepError, match="as its own variable"):
        substitute(fact, {u: formula(j, eta(k))})


def test_integer_sequences_take_integer_formulas():
    fact = nonnegative_by_sign(le(0, tau(k) ** 2))
    with pytest.raises(StepError, match="formula of its kind"):
        substitute(fact, {tau: formula(k, L * k)})
    assert substitute(fact, {tau: formula(k, k - 1)})


def test_discharge_needs_a_proof_at_least_as_strong():
    fact = suppose(FIRST)
    wrong = Hypothesis("u is eta^2", eq(u(k), eta(k) ** 2), (k,))
    weaker = nonnegative_by_sign(le(0, eta(k) ** 2))
    with pytest.raises(StepError, match="does not prove"):
        discharge(fact, FIRST, weaker)
    with pytest.raises(StepError, match="is not among the assumptions"):
        discharge(fact, wrong, weaker)
    chosen = substitute(fact, {u: formula(k, eta(k) ** 2)})
    (hypothesis,) = chosen.assumptions
    assert not discharge(chosen, hypothesis, weaker).assumptions


def test_an_equation_does_not_prove_a_strict_inequality():
    strict = Hypothesis("strict", lt(h, h))
    with pytest.raises(StepError, match="does not prove"):
        discharge(suppose(strict), strict, nonnegative_by_sign(eq(h, h)))
    with pytest.raises(StepError, match="does not prove"):
        discharge(suppose(strict), strict, nonnegative_by_sign(le(h, h)))


def test_discharge_needs_the_whole_range():
    chosen = substitute(suppose(FIRST), {u: formula(k, 1 / k)})
    (hypothesis,) = chosen.assumptions
    later = nonnegative_by_sign(le(0, 1 / k), under=[le(3, k)])
    with pytest.raises(StepError, match="has the condition 3 <= k"):
        discharge(chosen, hypothesis, later)
    assert not discharge(
        chosen, hypothesis, nonnegative_by_sign(le(0, 1 / k), under=[le(1, k)])
    ).assumptions


def test_a_condition_is_discharged_by_what_proves_it():
    fact = given(le(h, 1))
    with pytest.raises(StepError, match="does not prove the condition"):
        discharge(fact, le(h, 1), given(le(h, 2)))
    half = given(le(h, Rational(1, 2)))
    assert discharge(fact, le(h, 1), half).conditions == half.conditions


# ------------------------------------------------------------------ vectors and noise


UPDATE = Hypothesis(
    "update", eq(x(k + 1), x(k) - eta(k) * (gradient(tau(k)) + xi(k))), (k,), frozenset({k - 1})
)


def test_rewriting_inserts_the_update():
    fact = axiom("descent", F, L, x(k), x(k + 1))
    followed = rewrite(fact, suppose(UPDATE), x(k + 1))
    assert not any(x(k + 1) in a.args for a in followed.expression.atoms(Inner))
    assert followed.expression.has(objective(k + 1))  # the value stays


def test_rewriting_needs_an_equation_that_can_be_solved():
    fact = axiom("descent", F, L, x(k), x(k + 1))
    inside = suppose(Hypothesis("inside", eq(x(k), gradient(k))))
    with pytest.raises(StepError, match="occurs inside"):
        rewrite(fact, inside, x(k))
    twice = suppose(Hypothesis("twice", eq(2 * x(k + 1), x(k))))
    with pytest.raises(StepError, match="cannot be solved"):
        rewrite(fact, twice, x(k + 1))


def test_the_noise_does_not_see_the_past():
    past = suppose(Hypothesis("past", le(tau(k), k), (k,), frozenset({k - 1})))
    assert axiom("unbiased", xi(k), x(k))
    assert axiom("unbiased", xi(k), gradient(tau(k)), evidence=[past])
    assert axiom("unbiased", xi(k), xi(k - 1))
    assert axiom("unbiased", xi(k), Sum(eta(j) * xi(j), (j, 1, k - 1)), evidence=[given(le(1, k))])


@pytest.mark.parametrize(
    "later", [xi(k), x(k + 1), gradient(k + 1), xi(k + 3), x(tau(k)), Sum(xi(j), (j, 1, k))]
)
def test_the_noise_is_not_independent_of_what_comes_after_it(later):
    with pytest.raises(StepError, match=r"known only by|backwards"):
        axiom("unbiased", xi(k), later)


def test_a_backwards_sum_inside_a_gradient_reaches_the_future():
    """sum_{j=k+5}^{k-1} xi_j = -(xi_k + ... + xi_{k+4}) by the convention for sums."""
    ahead = Sum(xi(j), (j, k + 5, k - 1))
    for later in (ahead, grad("F", ahead), grad("F", x(k) + Sum(xi(j), (j, n, k - 1)))):
        with pytest.raises(StepError, match="backwards"):
            axiom("unbiased", xi(k), later)
    started = [given(le(1, k))]
    assert axiom("unbiased", xi(k), grad("F", Sum(xi(j), (j, 1, k - 1))), evidence=started)


def test_reused_noise_is_not_fresh():
    """The literal xi(tau_k): the proof for fresh noise fails at exactly this step."""
    past = suppose(Hypothesis("past", le(tau(k), k), (k,), frozenset({k - 1})))
    with pytest.raises(StepError, match=r"xi\[tau\(k\)\] is drawn at time tau\(k\)") as caught:
        axiom("unbiased", xi(tau(k)), gradient(k), evidence=[past])
    values = dict(caught.value.counterexample.values)
    assert values[tau(values[k])] < values[k]  # a delay is all it takes
    assert axiom("unbiased", xi(tau(k)), gradient(tau(k)))


def test_unknown_axioms_and_wrong_arguments_are_named():
    with pytest.raises(StepError, match="there is no axiom 'concavity'"):
        axiom("concavity", F)
    with pytest.raises(StepError, match="cannot be used like this"):
        axiom("descent", F)
    with pytest.raises(StepError, match="a noise atom"):
        axiom("unbiased", x(k), x(k))


def test_logarithms_need_positive_arguments():
    assert axiom("log_tangent", n + 1, n + 2)
    with pytest.raises(StepError, match="the logarithm of y"):
        axiom("log_tangent", n + 1, n)
    with pytest.raises(StepError, match="defined"):
        given(le(log(n), 1))
    with pytest.raises(StepError, match="defined"):
        given(le(sqrt(k), 1))
