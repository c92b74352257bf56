"""Dai et al. 2019: every theorem against the audit's formulas and numbers, typed independently."""

import importlib.util
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sympy import Integer, Rational, cancel, log, sqrt

from theory import results
from theory.algebra import is_zero, normal
from theory.assumptions import BoundedVariance, GradientCoherence, Multiplicity, StaleSGD
from theory.axioms import AXIOMS
from theory.kernel import StepError, axiom, replay, steps
from theory.latex import Shown, shown
from theory.proofs.dai2019 import fresh, published
from theory.results import dai2019
from theory.symbols import L, T, k, m, mu, s, sigma

_spec = importlib.util.spec_from_file_location(
    "reference_dai2019", Path(__file__).parents[1] / "reference" / "dai2019.py"
)
reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reference)

PROVED = [t for t in dai2019.THEOREMS if t.proof is not None]
REFUTED = [dai2019.published, dai2019.published_reuse, dai2019.published_from_zero]


def name_of(theorem):
    return theorem.name.split(".")[1]


# ------------------------------------------------------------------ status


@pytest.mark.parametrize("theorem", PROVED, ids=name_of)
def test_proved(theorem):
    report = theorem.verify()
    assert theorem.status == "proved"
    assert len(report.lines) > 30


@pytest.mark.parametrize("theorem", REFUTED, ids=name_of)
def test_refuted_in_exact_arithmetic(theorem):
    assert theorem.status == "refuted"
    with pytest.raises(StepError, match=r"the statement is false: for F = x\^2/2"):
        theorem.verify()
    for counterexample in theorem.refutations:
        found = theorem.refute(counterexample)
        assert found.quantity.is_Rational
        assert found.quantity > found.bound


def test_every_theorem_is_settled():
    assert {t.name: t.status for t in dai2019.THEOREMS} == {
        t.name: "refuted" if t in REFUTED else "proved" for t in dai2019.THEOREMS
    }
    assert len(dai2019.THEOREMS) == 14


# ------------------------------------------------------------------ formulas


@pytest.mark.parametrize(
    ("theorem", "formula"),
    [
        (dai2019.sharp, reference.SHARP),
        (dai2019.single_use, reference.SINGLE_USE),
        (dai2019.constant_step, reference.CONSTANT_STEP),
        (dai2019.published, reference.PUBLISHED),
        (dai2019.published_from_zero, reference.PUBLISHED),
    ],
    ids=lambda a: name_of(a) if hasattr(a, "name") else "",
)
def test_bound_equals_the_formula_typed_by_hand(theorem, formula):
    assert is_zero(theorem.bound.expression - formula)


def test_reuse_is_the_audits_inequality_with_the_last_gradient_used():
    ours = 1 / dai2019.reuse.bound.expression
    theirs = 1 / reference.REUSE_WITHOUT_TAIL
    top = s**2 * L * dai2019.Delta / mu**2 + (2 * s - 1) * sigma**2 * reference.H_n / (2 * s**2)
    assert is_zero(cancel(ours - theirs) - s**2 / (2 * mu**2) / top)


def test_synchronous_limits_agree():
    # s = 1 (no delay, m = 1): sharp, single_use and reuse are the same theorem, symbol for symbol
    one = {m: Integer(1), s: Integer(1)}
    bounds = [
        normal(t.bound.expression.xreplace(one))
        for t in (dai2019.sharp, dai2019.single_use, dai2019.reuse)
    ]
    assert all(is_zero(bounds[0] - b) for b in bounds[1:])
    rules = [
        t.step.expression.xreplace(one) for t in (dai2019.sharp, dai2019.single_use, dai2019.reuse)
    ]
    assert rules[0] == rules[1] == rules[2] == mu / (L * sqrt(k))


def test_single_use_depends_on_s_through_the_harmonic_sum_only():
    values = {"L": 1, "mu": Rational(1, 2), "sigma": 1, "Delta": 1, "n": 100}
    at = [dai2019.single_use.evaluate(s=v, **values) for v in (1, 2, 3, 5)]
    differences = [b - a for a, b in pairwise(at)]
    unit = differences[0]  # H_1 = 1
    assert is_zero(differences[1] - unit / 2)
    assert is_zero(differences[2] - unit * (Rational(1, 3) + Rational(1, 4)))


# ------------------------------------------------------------------ numbers of the audit


def total_weight_without_last(steps_):
    return float(sum(k_**-0.5 - 0.5 / k_ for k_ in range(1, steps_ + 1)))


@pytest.mark.parametrize(("horizon", "needed"), reference.FIRST_TERM_NEEDS.items())
def test_where_the_first_term_follows(horizon, needed):
    threshold = 2 * (horizon**0.5 - total_weight_without_last(horizon - 1))
    assert threshold == pytest.approx(needed, abs=6e-4)
    (condition,) = dai2019.published_if_weighty.conditions
    for factor, met in ((1.001, True), (0.999, False)):
        q = Rational(str(round(threshold * factor, 9)))
        at = condition.expression.xreplace({T: Integer(horizon), s: Integer(1), mu: 1 / sqrt(q)})
        assert (float(normal(at)) >= 0) == met


@pytest.mark.parametrize(("horizon", "needed"), reference.NOISE_TERM_NEEDS.items())
def test_where_the_noise_term_follows(horizon, needed):
    # H_{T-1} sqrt T <= 2 D log T, D = weights + q/2
    harmonic = sum(1 / k_ for k_ in range(1, horizon))
    q = 2 * (
        harmonic * horizon**0.5 / (2 * np.log(horizon)) - total_weight_without_last(horizon - 1)
    )
    assert q == pytest.approx(needed, abs=6e-4)


def test_where_the_second_reading_follows_at_two():
    condition = dai2019.published_from_zero_if_weighty.conditions[0]
    q = reference.FROM_ZERO_AT_TWO_NEEDS
    for value, met in ((q + 0.001, True), (q - 0.001, False)):
        at = condition.expression.xreplace(
            {T: Integer(2), s: Integer(1), mu: 1 / sqrt(Rational(str(value)))}
        )
        assert (float(normal(at)) >= 0) == met


@pytest.mark.parametrize(("case", "ratios"), reference.WORST_CASE_RATIO.items())
def test_sharp_is_above_every_exact_worst_case(case, ratios):
    window, coherence = case[0], Rational(case[1])
    for horizon, ratio in enumerate(ratios, start=1):
        printed = dai2019.published.evaluate(
            L=1, Delta=1, mu=coherence, s=window, sigma=0, T=horizon
        )
        sharp = dai2019.sharp.evaluate(L=1, Delta=1, mu=coherence, m=window, sigma=0, n=horizon - 1)
        worst = ratio * float(printed)
        assert float(sharp) >= worst * (1 - 1e-3)
        # where a range says the printed form is true, it is above the worst case as well
        if window >= 2 or horizon >= 5:
            assert float(printed) >= worst * (1 - 1e-3)
        if ratio > 1.001:
            assert window == 1
            assert horizon <= 2


@pytest.mark.parametrize(("case", "values"), reference.WORST_CASE.items())
def test_sharp_is_above_the_exact_value_at_longer_horizons(case, values):
    for horizon, worst in values.items():
        bound = dai2019.sharp.evaluate(
            L=1, Delta=1, mu=Rational(case[1]), m=case[0], sigma=0, n=horizon - 1
        )
        assert float(bound) >= worst


def test_constants_are_half_and_a_quarter_of_the_printed_ones():
    n_ = np.arange(1, 4_000_001)
    S_, H_ = np.sum(n_**-0.5), np.sum(1 / n_)
    first = (1 / (S_ - H_ / 2)) * np.sqrt(len(n_))
    second = (H_ / 2 / (S_ - H_ / 2)) * np.sqrt(len(n_)) / np.log(len(n_))
    assert first == pytest.approx(0.5, abs=2e-3)
    assert second == pytest.approx(0.25, abs=2e-2)


def test_the_crude_weight_never_gives_the_printed_first_constant():
    # 2 sqrt T / S_T > 1 for every T, tending to 1
    for T_, factor in ((1, 2.00), (2, 1.66), (4, 1.44), (10, 1.26), (100, 1.08), (1000, 1.02)):
        assert 2 * T_**0.5 / sum(k_**-0.5 for k_ in range(1, T_ + 1)) == pytest.approx(
            factor, abs=6e-3
        )


# ------------------------------------------------------------------ the refutations


def test_the_two_counterexamples_of_the_printed_form():
    first, second = (dai2019.published.refute(r) for r in dai2019.published.refutations)
    assert (first.quantity, first.bound) == (1, Rational(1, 2))
    assert second.quantity == 1
    at_zero_noise = dai2019.published.evaluate(L=1, mu=1, s=1, sigma=0, Delta=Rational(5, 4), T=2)
    assert at_zero_noise == 5 / (4 * sqrt(2))  # 0.8 L Delta against 0.7071 L Delta


@pytest.mark.parametrize(
    ("mu_", "false"), [("0.926", True), ("0.925", False), ("0.9256", True), ("0.9254", False)]
)
def test_two_steps_are_false_exactly_above_the_threshold(mu_, false):
    coherence = Rational(mu_)
    assert bool((4 * sqrt(2) + 1) * coherence**2 > 4 * coherence + 2) == false
    worst = 4 / (4 * coherence - coherence**2 + 2)
    bound = dai2019.published.evaluate(L=1, mu=coherence, s=1, sigma=0, Delta=1, T=2)
    assert bool(worst > bound) == false


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"constants": {"mu": Rational(7, 10)}}, "which the bound .* allows"),
        ({"constants": {"L": Rational(1, 2)}}, "does not meet 'smooth"),
        ({"constants": {"Delta": Rational(1, 4)}}, "does not meet 'initial gap"),
        ({"constants": {"T": Integer(5)}, "reads": (1, 2, 3, 4)}, "allows"),
        ({"constants": {"T": Integer(3)}, "reads": (1, 1)}, "does not meet 'bounded delay"),
    ],
)
def test_a_counterexample_that_is_none_is_refused(change, message):
    honest = dai2019.published.refutations[0]
    constants = {**honest.constants, **change["constants"]}
    broken = replace(honest, constants=constants, reads=change.get("reads", honest.reads))
    with pytest.raises(StepError, match=message):
        dai2019.published.refute(broken)


def test_noise_beyond_its_bound_is_no_counterexample():
    honest = dai2019.published_from_zero.refutations[0]
    with pytest.raises(StepError, match="does not meet 'bounded variance"):
        dai2019.published_from_zero.refute(replace(honest, noise=Integer(2)))


def test_the_counterexamples_lie_outside_the_ranges_that_are_proved():
    for theorem in REFUTED:
        for valid in theorem.holds_when:
            for counterexample in theorem.refutations:
                with pytest.raises(StepError, match=r"does not meet|allows"):
                    valid.refute(counterexample)


# ------------------------------------------------------------------ trust base


def test_the_trust_base_is_what_it_says():
    assert dai2019.sharp.verify().axioms == (
        "descent",
        "exchange",
        "gradient_below_gap",
        "sift",
        "telescope",
        "unbiased",
    )
    assert "lipschitz_gradient" in dai2019.reuse.verify().axioms
    assert "log_tangent" in dai2019.published_if_long.verify().axioms
    for theorem in PROVED:
        assert set(theorem.verify().axioms) <= set(AXIOMS)


def test_coherence_is_used_at_the_index_read_only():
    used = [f for f in steps(fresh.master()) if f.label == "gradient coherence"]
    assert len(used) == 1  # one hypothesis, one use: sufficient direction in expectation


def test_the_fresh_noise_proof_fails_for_reuse_where_the_noise_is_met_again():
    """Every step of `one stale step` but unbiasedness goes through with xi(tau_k)."""
    from theory import lemmas
    from theory.assumptions import gradient, xi
    from theory.symbols import tau

    axiom("unbiased", xi(tau(k)), gradient(tau(k)))  # the noise does not see its own iterate
    with pytest.raises(StepError, match="is known only by k"):
        axiom("unbiased", xi(tau(k)), gradient(k), evidence=[lemmas.reads_past()])


# ------------------------------------------------------------------ mutants of the statement


def scaled(bound: Shown, factor) -> Shown:
    return shown(factor * bound.expression)


@pytest.mark.parametrize("theorem", PROVED, ids=name_of)
@pytest.mark.parametrize("factor", [Rational(1, 2), Rational(1, 4), Rational(99, 100), 2])
def test_another_bound_is_not_proved(theorem, factor):
    with pytest.raises(StepError, match="the theorem claims"):
        replace(theorem, bound=scaled(theorem.bound, factor)).verify()


@pytest.mark.parametrize(
    "theorem", [dai2019.sharp, dai2019.published_if_stale, dai2019.constant_step], ids=name_of
)
def test_a_quarter_of_the_bound_has_an_exact_counterexample(theorem):
    broken = replace(
        theorem, bound=scaled(theorem.bound, Rational(1, 4)), conditions=()
    ).find_counterexample()
    assert broken is not None
    assert broken.quantity > broken.bound
    assert "staircase" in str(broken)
    assert theorem.find_counterexample() is None


@pytest.mark.parametrize("theorem", PROVED, ids=name_of)
def test_every_assumption_is_needed(theorem):
    final = theorem.proof()
    for place, assumption in enumerate(theorem.assumptions):
        fewer = theorem.assumptions[:place] + theorem.assumptions[place + 1 :]
        with pytest.raises(StepError, match="which is not assumed"):
            replace(theorem, assumptions=fewer).check(final)
        assert assumption.words


@pytest.mark.parametrize("theorem", [t for t in PROVED if t.conditions], ids=name_of)
def test_every_condition_is_needed(theorem):
    final = theorem.proof()
    for place in range(len(theorem.conditions)):
        fewer = theorem.conditions[:place] + theorem.conditions[place + 1 :]
        with pytest.raises(StepError, match="which is not among the conditions"):
            replace(theorem, conditions=fewer).check(final)


@pytest.mark.parametrize(
    "weaker",
    [
        BoundedVariance(2 * sigma),
        GradientCoherence(mu=mu / 2),
        GradientCoherence(s=s - 1),
        Multiplicity(m=m + 1),
        StaleSGD(mu / (m * L * sqrt(k)), reuse=True),
        StaleSGD(2 * mu / (m * L * sqrt(k))),
    ],
    ids=lambda a: a.name,
)
def test_weaker_assumptions_do_not_carry_the_proof(weaker):
    others = tuple(a for a in dai2019.sharp.assumptions if type(a) is not type(weaker))
    with pytest.raises(StepError, match="which is not assumed"):
        replace(dai2019.sharp, assumptions=(*others, weaker)).check(dai2019.sharp.proof())


def test_replaying_does_not_depend_on_what_was_proved_before():
    final = published.if_long()
    assert replay(final).claim == final.claim == dai2019.published_if_long.claim


# ------------------------------------------------------------------ evaluation


def test_evaluation_is_exact():
    value = dai2019.sharp.evaluate(L=2, Delta=3, mu=Rational(1, 2), m=2, sigma=1, n=2)
    assert is_zero(value - (48 + Rational(3, 8)) / (1 + 1 / sqrt(2) - Rational(3, 4) + 4))
    assert dai2019.sharp.step_size(4, L=2, mu=Rational(1, 2), m=2) == Rational(1, 16)
    assert dai2019.published.evaluate(L=1, Delta=1, mu=1, s=2, sigma=1, T=4) == 1 + log(2) / 2


def test_no_noise_is_the_limit_of_little_noise():
    constants = {"L": 1, "Delta": 1, "mu": Rational(1, 2), "m": 3, "T": 10}
    assert dai2019.constant_step.evaluate(sigma=0, **constants) == Rational(12, 5)
    assert dai2019.constant_step.step_size(1, sigma=0, **constants) == Rational(1, 6)


@pytest.mark.parametrize(
    ("constants", "message"),
    [
        ({}, "needs"),
        ({"L": 1}, "needs"),
        ({"L": -1}, r"needs L > 0, got -1"),
        ({"L": float("nan")}, "needs a real number for L|needs a number for L"),
        ({"L": float("inf")}, "number for L"),
        ({"L": "large"}, "needs a real number for L, got 'large'"),
        ({"L": 1j}, "number for L"),
        ({"m": 1.5}, "needs an integer for m, got 1.5"),
        ({"m": 0}, "needs m > 0, got 0"),
        ({"n": -1}, "needs n >= 0, got -1"),
        ({"tau": 3}, "has no constant tau; it has Delta, L, m, mu, sigma, n"),
    ],
)
def test_bad_constants_get_one_sentence(constants, message):
    good = {"L": 1, "Delta": 1, "mu": 1, "m": 1, "sigma": 1, "n": 1}
    given = {**good, **constants} if len(constants) == 1 and constants != {"L": 1} else constants
    with pytest.raises(ValueError, match=f"dai2019.sharp.*({message})"):
        dai2019.sharp.evaluate(**given)


def test_unknown_theorems_are_named():
    with pytest.raises(ValueError, match=r"no theorem 'dai2019.sharpest'; there are dai2019.publ"):
        results.find("dai2019.sharpest")
