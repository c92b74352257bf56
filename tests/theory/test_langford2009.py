"""Langford et al. 2009: proved, reduced to known results, tried on runs, broken on purpose."""

import random
from dataclasses import replace
from fractions import Fraction

import pytest
from online import Online, all_late, random_online
from sympy import Integer, Rational, cancel, log, sqrt
from trials import broken, random_run, weakened

from theory.exact_runs import ExactRun
from theory.kernel import StepError
from theory.results import langford2009
from theory.symbols import D, G, R, T, alpha, eta0, mu_sc, tau_avg, tau_max
from theory.witness import PiecewiseQuadratic

STOCHASTIC = langford2009.stochastic
REGRET = langford2009.regret
TUNED = langford2009.best_step_regret


@pytest.mark.parametrize("theorem", langford2009.THEOREMS, ids=lambda t: t.name)
def test_it_is_proved(theorem):
    assert theorem.status == "proved"


# ------------------------------------------------------------------ known results


def test_without_delay_it_is_the_subgradient_method():
    """Nesterov (2018), Section 3.2.3; Zinkevich (2003), Theorem 1, with a constant step."""
    known = R**2 / (2 * eta0 * T) + eta0 * G**2 / 2
    assert cancel(STOCHASTIC.bound.expression.subs(tau_avg, 0) - known) == 0
    assert cancel(REGRET.bound.expression.subs(tau_avg, 0) - T * known) == 0
    best = langford2009.best_step
    assert cancel(best.bound.expression.subs(tau_avg, 0) - R * G / sqrt(T)) == 0


def test_without_delay_strong_convexity_gives_the_known_logarithm():
    """Hazan, Agarwal, Kale (2007), Theorem 1: G^2 (1 + log T)/(2 lambda)."""
    known = G**2 * (1 + log(T)) / (2 * mu_sc)
    found = langford2009.strongly_convex.bound.expression.subs(tau_max, 0)
    assert cancel(found - known) == 0


def test_without_delay_decreasing_steps_are_those_of_zinkevich():
    """Zinkevich (2003), Theorem 1, steps alpha/sqrt t: D^2 sqrt T/(2 alpha) + alpha G^2 sqrt T."""
    known = D**2 * sqrt(T) / (2 * alpha) + alpha * G**2 * sqrt(T)
    found = langford2009.decreasing_steps.bound.expression.subs(tau_max, 0)
    assert cancel(found - known) == 0


def test_the_best_step_is_the_best():
    slope = STOCHASTIC.bound.expression.diff(eta0)
    step = langford2009.best_step.step.expression
    assert cancel(slope.subs(eta0, step)) == 0
    there = STOCHASTIC.bound.expression.subs(eta0, step)
    assert cancel(there**2 - langford2009.best_step.bound.expression**2) == 0


@pytest.mark.parametrize("tau", [1, 2, 7])
def test_the_recalled_bound_is_not_smaller(tau):
    """Theorem 2 as recalled, F^2 = D^2/2: it has another term sg G^2 tau^2/2."""
    recalled = (
        D**2 * sqrt(T) / (2 * alpha)
        + alpha * G**2 * sqrt(T)
        + alpha * G**2 * tau_max**2 / 2
        + 2 * alpha * G**2 * tau_max * sqrt(T)
    )
    ours = langford2009.decreasing_steps.bound.expression
    assert cancel(recalled - ours - alpha * G**2 * tau_max**2 / 2) == 0
    # and its corollary 4 F G sqrt(tau T) at the step tuned to the delay, F = D/sqrt 2
    best = 2 * sqrt((1 + 2 * Integer(tau)) / 2)  # in units of D G sqrt T
    assert best < 4 * sqrt(Rational(tau, 2))


# ------------------------------------------------------------------ exact runs


def stochastic_run(seed: int) -> ExactRun:
    """A run with a step of its own, G and the average delay read off."""
    found = random_run(STOCHASTIC, seed, noise=seed % 3 != 0, delay=3)
    step = Rational(random.Random(seed).choice([1, 2, 5]), 4)
    path = found.path([step] * len(found.reads))
    constants = {**found.constants, "eta": step, "G": sqrt(path.second_moment)}
    return replace(found, constants=constants)


@pytest.mark.parametrize("seed", range(12))
def test_exact_runs_respect_it(seed):
    if stochastic_run(seed).constants["G"] != 0 and stochastic_run(seed).constants["R"] != 0:
        assert not broken(STOCHASTIC, [stochastic_run(seed)])


def late_kink(rounds: int) -> ExactRun:
    """Almost |x| from 1, every gradient taken at the start, the best step."""
    sharp = PiecewiseQuadratic(
        (
            (Integer(0), Integer(0)),
            (Rational(1, 100), Integer(1)),
            (Integer(2), Integer(1)),
        ),
        Integer(100),
        Integer(0),
    )
    delay = Rational(rounds - 1, 2)
    constants = {"R": Integer(1), "G": Integer(1), "T": Integer(rounds), "tau_avg": delay}
    return ExactRun(
        words="almost the absolute value",
        constants=constants,
        function=sharp,
        start=Integer(1),
        reads=(1,) * rounds,
    )


@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_the_best_step_is_almost_attained_when_all_reads_are_at_the_start(rounds):
    best = langford2009.best_step
    assert not broken(best, [late_kink(rounds)])
    assert broken(best, [late_kink(rounds)], Rational(99, 100))


def constants_of(run: Online, step, comparator) -> dict:
    """Every constant at its sharpest on an online run."""
    points, applied = run.played(step)
    return {
        "R": abs(run.start - comparator),
        "G": max(abs(g) for g in applied),
        "D": max(abs(x - comparator) for x in points),
        "T": len(run.losses),
        "tau": max(run.delays),
        "tau_avg": Fraction(sum(run.delays), len(run.delays)),
    }


def excess(theorem, run: Online, step, comparator, **more) -> float:
    """Regret minus bound."""
    constants = {**constants_of(run, step, comparator), **more}
    if constants["G"] == 0 or constants["D"] == 0 or constants["R"] == 0:
        return -1.0
    own = {a: b for a, b in constants.items() if a in theorem.constants}
    points, _ = run.played(step)
    return float(run.regret(points, comparator)) - float(theorem.evaluate(**own))


@pytest.mark.parametrize("seed", range(40))
def test_online_runs_respect_it(seed):
    run = random_online(seed)
    for comparator in (Fraction(-2), Fraction(0), Fraction(1)):
        for eta in (Fraction(1, 3), Fraction(2)):
            assert excess(REGRET, run, lambda t: eta, comparator, eta=eta) <= 0  # noqa: B023
        decreasing = langford2009.decreasing_steps
        for scale in (0.5, 2.0):
            step = lambda t: scale / (t + 1) ** 0.5  # noqa: B023, E731
            assert excess(decreasing, run, step, comparator, alpha=scale) <= 1e-12
    curved = random_online(seed, curvature=Fraction(2), grow=True)
    for comparator in (Fraction(-2), Fraction(0), Fraction(1)):
        step = lambda t: Fraction(1, 2 * (t + 1))  # noqa: E731
        found = excess(langford2009.strongly_convex, curved, step, comparator, mu_sc=Fraction(2))
        assert found <= 1e-12


@pytest.mark.parametrize("rounds", [1, 2, 3, 6])
def test_the_tuned_regret_is_attained_when_all_feedback_comes_at_the_end(rounds):
    run = all_late(rounds)
    constants = constants_of(run, lambda t: 0, Fraction(0))
    own = {a: b for a, b in constants.items() if a in TUNED.constants}
    points, _ = run.played(lambda t: TUNED.step_size(t, **own))
    assert run.regret(points, Fraction(0)) == TUNED.evaluate(**own) == 6 * rounds


# ------------------------------------------------------------------ negative controls


def test_half_the_bounds_are_broken():
    """By the first round alone, without delay."""
    run, zero = all_late(1), Fraction(0)
    step = Fraction(3, 2)
    assert 6 > REGRET.evaluate(R=3, G=2, T=1, eta=step, tau_avg=0) / 2
    assert excess(REGRET, run, lambda t: step, zero, eta=step) == 0
    decreasing = langford2009.decreasing_steps.evaluate(D=3, G=2, T=1, alpha=1, tau=0)
    assert 6 > decreasing / 2
    curved = langford2009.strongly_convex.evaluate(mu_sc=2, D=3, G=6, T=1, tau=0)
    assert curved == 9  # attained by x^2 from 3 to 0


def test_the_delay_is_needed_in_the_regret():
    """Negative control: without the term with the delay the bound is false."""
    run, step = all_late(4), Fraction(3, 4)
    constants = constants_of(run, lambda t: step, Fraction(0))
    points, _ = run.played(lambda t: step)
    undelayed = REGRET.evaluate(R=3, G=2, T=4, eta=step, tau_avg=0)
    assert run.regret(points, Fraction(0)) > undelayed
    assert constants["tau_avg"] == Fraction(3, 2)


@pytest.mark.parametrize("theorem", langford2009.THEOREMS, ids=lambda t: t.name)
def test_a_smaller_bound_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        weakened(theorem).verify()


@pytest.mark.parametrize("theorem", langford2009.THEOREMS, ids=lambda t: t.name)
def test_every_assumption_is_needed(theorem):
    for dropped in theorem.assumptions:
        fewer = tuple(a for a in theorem.assumptions if a is not dropped)
        with pytest.raises(StepError, match="which is not assumed"):
            replace(theorem, assumptions=fewer).verify()
