"""Which bound is smaller, and which theorems apply: exact answers, and honest unknowns."""

import pytest
from sympy import Rational, log, sqrt

from theory import applicable, larger_step, results, tighter
from theory.assumptions import (
    BoundedDelay,
    BoundedVariance,
    Convex,
    ExogenousDelays,
    GradientCoherence,
    InitialGap,
    Minimiser,
    Multiplicity,
    Smooth,
    StronglyConvex,
    UnbiasedNoise,
)
from theory.claims import le
from theory.ordering import ordering
from theory.symbols import L, N, b, eta0, h, m, mu, s, tau_avg, tau_max

gd, sgd = results.lian2015.gradient_descent, results.lian2015.nonconvex
FUNCTION = [Smooth(), InitialGap()]
NOISE = [UnbiasedNoise(), ExogenousDelays(), BoundedVariance()]


# ------------------------------------------------------------------ formulas


def test_equal_formulas_are_equal():
    assert ordering((h + 1) ** 2, h**2 + 2 * h + 1).order == "equal"


@pytest.mark.parametrize(
    ("first", "second", "given", "order"),
    [
        (h, 2 * h, (), "first"),
        (2 * h, h, (), "second"),
        (h**2, h, (le(h, 1),), "first"),
        (sqrt(1 + 4 * tau_max**2), sqrt(1 + 8 * tau_max**2), (), "first"),
        (1 / (L * (1 + sqrt(1 + 8 * tau_max**2))), 1 / L, (), "first"),
        (h**2, h, (), "depends"),
        (log(h + 1), h, (), "unknown"),  # true, but not by signs alone
    ],
)
def test_order_of_formulas(first, second, given, order):
    assert ordering(first, second, given).order == order


def test_where_it_depends_both_kinds_of_points_are_shown():
    found = ordering(L * h**2, mu * h)
    below, above = found.examples
    assert below["L"] * below["h"] < below["mu"]
    assert above["L"] * above["h"] > above["mu"]
    assert str(found.where) == "L*h <= mu"


def test_conditions_are_kept_by_the_points():
    found = ordering(h**2, h, [le(2, L), le(L, 3)])
    assert all(2 <= point["L"] <= 3 for point in found.examples)


# ------------------------------------------------------------------ theorems


def test_noise_costs_something():
    assert tighter(gd, sgd).found.order == "first"
    assert tighter(sgd, gd).found.order == "second"
    assert str(tighter(sgd, gd)).endswith(
        "looser than lian2015.gradient_descent wherever both hold"
    )


def test_a_theorem_against_itself():
    assert tighter(sgd, sgd).found.order == "equal"
    assert "the same bound" in str(tighter(sgd, sgd))


def test_without_delay_a_sample_applied_again_costs_nothing():
    at_one = {m: 1, s: 1}
    found = tighter(results.dai2019.sharp, results.dai2019.reuse, substituting=at_one)
    assert found.same_quantity
    assert found.found.order == "equal"
    assert tighter(results.dai2019.sharp, results.dai2019.reuse).found.order != "equal"


def test_bounds_of_different_quantities_say_so():
    found = tighter(results.dai2019.any_constant_step, sgd, substituting={mu: 1})
    assert not found.same_quantity
    assert "of different quantities" in str(found)


def test_step_limits_are_ordered():
    assert larger_step(gd, sgd).found.order == "second"
    assert "at least as large" in str(larger_step(gd, sgd))
    with pytest.raises(ValueError, match="has no step limit"):
        larger_step(gd, results.dai2019.sharp)


# ------------------------------------------------------------------ orderings of the field

K, S, F, W = (
    results.koloskova2022,
    results.stich2020,
    results.free_staleness,
    results.wu2022,
)
WORST = {N: tau_max, tau_avg: tau_max}


def test_the_worst_concurrency_gives_the_theorem_of_bounded_delays():
    assert tighter(K.concurrency, sgd, substituting=WORST).found.order == "equal"
    assert larger_step(K.concurrency, sgd, substituting=WORST).found.order == "first"
    assert tighter(K.concurrency, sgd, given=[le(tau_avg, tau_max)]).found.order == "first"
    assert larger_step(S.concurrency, S.convex, substituting=WORST).found.order == "equal"


def test_steps_shrink_in_the_known_order():
    for larger, smaller in ((gd, sgd), (sgd, S.convex), (gd, F.nonconvex), (F.convex, F.nonconvex)):
        assert larger_step(larger, smaller).found.order == "second", (larger.name, smaller.name)


def test_smoothness_beats_bounded_gradients_and_reserves():
    """At one step: Stich and Karimireddy <= Agarwal and Duchi, and <= Feyzmahdavian et al."""
    A, P = results.agarwal2011, results.feyzmahdavian2016
    assert tighter(S.convex, A.convex).found.order == "first"
    assert tighter(A.convex, S.convex).found.order == "second"
    at_one = {eta0: P.convex.step.expression}
    same_step = S.convex.bound.expression.xreplace(at_one)
    assert ordering(same_step, P.convex.bound.expression.xreplace({b: 1})).order == "first"


@pytest.mark.parametrize("tau", [0, 1, 3, 10])
@pytest.mark.parametrize("curvature", [Rational(1, 100), Rational(1, 2), 1])
def test_the_last_iterate_takes_no_larger_steps(tau, curvature):
    last = results.linear_rates.sgd.largest_step(L=1, tau=tau, mu_sc=curvature)
    assert sgd.largest_step(L=1, tau=tau) - last >= 0


def test_equal_steps_need_no_window_rule():
    """At one constant step the delay-adaptive bound is that of the constant step."""
    constant = W.convex.evaluate(T=4, R=1, sigma=1, eta=[Rational(1, 8)] * 4)
    assert constant == S.convex.evaluate(T=4, R=1, sigma=1, eta=Rational(1, 8))


def test_the_best_step_is_the_best():
    some, best = results.langford2009.stochastic, results.langford2009.best_step
    assert tighter(best, some).found.order == "first"


# ------------------------------------------------------------------ which theorems apply


def names(found):
    return [match.theorem.name for match in found]


def test_what_is_assumed_decides():
    without = names(applicable([*FUNCTION, BoundedDelay()]))
    assert "lian2015.gradient_descent" in without
    assert "dai2019.sharp" not in without  # coherence is not assumed
    noisy = names(applicable([*FUNCTION, *NOISE, BoundedDelay()]))
    assert "lian2015.nonconvex" in noisy
    assert "lian2015.gradient_descent" not in noisy
    coherent = [*FUNCTION, *NOISE, BoundedDelay(), GradientCoherence(), Multiplicity()]
    assert {"dai2019.sharp", "lian2015.nonconvex"} <= set(names(applicable(coherent)))
    assert "dai2019.single_use" not in names(applicable(coherent))  # m = 1 is more than any m
    assert not applicable([Smooth()])


def test_what_follows_need_not_be_said():
    """Bounded delays bound the gradients in flight; a strongly convex function is convex."""
    without = names(applicable([*FUNCTION, *NOISE, BoundedDelay()], L=1, Delta=1, tau=2, T=9))
    assert "koloskova2022.concurrency" in without
    curved = [Smooth(), StronglyConvex(), Minimiser(), *NOISE, BoundedDelay()]
    assert "stich2020.convex" in names(applicable(curved))
    assert "stich2020.strong_distance" not in names(
        applicable([*curved[:1], *curved[2:], Convex()])
    )


def test_refuted_statements_never_apply():
    everything = [a for t in results.theorems().values() for a in t.assumptions]
    assert not {"dai2019.published", "dai2019.published_reuse"} & set(names(applicable(everything)))


def test_the_tightest_comes_first():
    found = applicable([*FUNCTION, BoundedDelay()], L=1, Delta=1, tau=2, T=100)
    known = [m.bound for m in found if m.bound is not None and "gradient" in str(m)]
    assert known
    by_measure = [m for m in found if m.theorem.quantity.measure.name == "squared gradient"]
    values = [float(m.bound) for m in by_measure if m.bound is not None]
    assert values == sorted(values)
    assert len(values) >= 2


def test_numbers_that_break_a_condition_leave_the_theorem_out():
    fits = applicable([*FUNCTION, BoundedDelay()], L=1, Delta=1, tau=2, T=100, eta="1/5")
    assert "lian2015.gradient_descent" in names(fits)
    large = applicable([*FUNCTION, BoundedDelay()], L=1, Delta=1, tau=2, T=100, eta=3)
    assert "lian2015.gradient_descent" not in names(large)


def test_numbers_that_follow_need_not_be_given():
    coherent = [*FUNCTION, *NOISE, BoundedDelay(), GradientCoherence(), Multiplicity()]
    found = applicable(coherent, L=1, Delta=1, tau=2, T=100, sigma=0.5, mu=1)
    sharp = next(m for m in found if m.theorem.name == "dai2019.sharp")
    exact = results.dai2019.sharp.evaluate(L=1, Delta=1, m=3, n=99, sigma=Rational(1, 2), mu=1)
    assert sharp.bound == exact


def test_what_is_missing_is_named():
    (match,) = applicable([*FUNCTION, BoundedDelay()], among=[gd], L=1, T=5)
    assert match.bound is None
    assert set(match.missing) == {"Delta", "eta", "tau"}
    assert "needs Delta, eta, tau" in str(match)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"needs records such as Smooth\(\), got 'smooth'"):
        applicable(["smooth"])
    with pytest.raises(ValueError, match="needs L > 0, got -1"):
        applicable([*FUNCTION, BoundedDelay()], among=[gd], L=-1, Delta=1, tau=2, T=9, eta=1)
