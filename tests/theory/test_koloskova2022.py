"""Koloskova et al. 2022: proved, reduced to known results, tried on runs, broken on purpose."""

from dataclasses import replace

import pytest
from sympy import Integer, Rational, cancel, simplify, sqrt
from trials import broken, quadratic, random_run, weakened

from theory.assumptions import (
    AverageDelay,
    BoundedDelay,
    BoundedVariance,
    Concurrency,
    ExogenousDelays,
    UnbiasedNoise,
)
from theory.claims import le
from theory.exact_runs import ExactRun
from theory.kernel import StepError
from theory.results import koloskova2022, lian2015
from theory.symbols import Delta, L, N, T, eta0, sigma, tau_avg, tau_max

AVERAGE = koloskova2022.concurrency
WORKERS = koloskova2022.workers


@pytest.mark.parametrize("theorem", [AVERAGE, WORKERS], ids=lambda t: t.name)
def test_it_is_proved(theorem):
    assert theorem.status == "proved"


def test_without_delay_it_is_the_theorem_of_sgd():
    """Ghadimi and Lan (2013), Theorem 2.1, at the same step."""
    sgd = 2 * Delta / (eta0 * T) + L * eta0 * sigma**2
    assert cancel(AVERAGE.bound.expression.subs(tau_avg, 0) - sgd) == 0
    assert cancel(WORKERS.bound.expression.subs(N, 0) - sgd) == 0
    assert WORKERS.largest_step(L=3, tau=7, N=0) == Rational(1, 3)


def test_full_concurrency_is_the_bound_of_lian_with_a_step_almost_as_long():
    """N = tau_avg = tau: the same bound; the step limit is below the root of Lian et al."""
    same = AVERAGE.bound.expression.subs(tau_avg, tau_max) - lian2015.nonconvex.bound.expression
    assert cancel(same) == 0
    for tau in range(12):
        ours = WORKERS.largest_step(L=1, tau=tau, N=tau)
        assert Rational(7, 10) < ours / lian2015.nonconvex.largest_step(L=1, tau=tau) <= 1


def test_a_straggler_costs_a_root():
    """Three workers, one of them 100 updates late: sqrt(2 tau N) = 20, where sqrt(2) tau = 141."""
    assert simplify(WORKERS.largest_step(L=1, tau=100, N=2) - Rational(1, 21)) == 0


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("theorem", [AVERAGE, WORKERS], ids=lambda t: t.name)
def test_exact_runs_respect_it(theorem, seed):
    assert not broken(theorem, [random_run(theorem, seed, convex=seed % 2 == 0)])


def test_half_the_bound_is_broken():
    """Negative control: the trials have power."""
    runs = [random_run(AVERAGE, seed, noise=False) for seed in range(25)]
    assert broken(AVERAGE, runs, Rational(1, 2))


@pytest.mark.parametrize("theorem", [AVERAGE, WORKERS], ids=lambda t: t.name)
def test_a_smaller_bound_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        weakened(theorem).verify()


@pytest.mark.parametrize(
    "dropped",
    [AverageDelay, BoundedDelay, BoundedVariance, Concurrency, ExogenousDelays, UnbiasedNoise],
)
def test_every_assumption_is_needed(dropped):
    fewer = tuple(a for a in AVERAGE.assumptions if not isinstance(a, dropped))
    with pytest.raises(StepError, match="which is not assumed"):
        replace(AVERAGE, assumptions=fewer).verify()


def test_the_step_limit_is_needed():
    longer = 1 / (L * (1 + sqrt(tau_max * N)))
    with pytest.raises(StepError, match="not among the conditions"):
        replace(AVERAGE, step_limit=None, conditions=(le(eta0, longer),)).verify()


def slow_parabola(step, T):
    """F = x^2/2, the constant delay 1."""
    return ExactRun(
        words="a parabola",
        constants={
            "L": Integer(1),
            "Delta": Rational(1, 2),
            "sigma": Integer(0),
            "tau": Integer(1),
            "tau_avg": Integer(1),
            "N": Integer(1),
            "T": Integer(T),
            "eta": step,
        },
        function=quadratic(Integer(1)),
        start=Integer(1),
        reads=(1, *range(1, T)),
    )


def test_four_times_the_step_breaks_it():
    """At tau = N = 1 the limit is 1/(1 + sqrt 2) = 0.41; at 8/5 the run grows."""
    long = slow_parabola(Rational(8, 5), 6)
    with pytest.raises(StepError, match="does not meet eta <="):
        AVERAGE.replay(long)
    assert replace(AVERAGE, step_limit=None).replay(long).exceeds


@pytest.mark.parametrize(
    ("constant", "too_small", "message"),
    [("N", Integer(0), "concurrency"), ("tau_avg", Rational(1, 2), "average delay")],
)
def test_a_run_with_more_in_flight_is_not_admitted(constant, too_small, message):
    run = slow_parabola(Rational(1, 4), 6)
    AVERAGE.replay(run)
    other = replace(run, constants={**run.constants, constant: too_small})
    with pytest.raises(StepError, match=message):
        AVERAGE.replay(other)
