"""Lian et al. 2015: proved, reduced to known results, tried on exact runs, broken on purpose."""

from dataclasses import replace

import pytest
from sympy import Integer, Rational, cancel, sqrt
from trials import broken, quadratic, random_run, weakened

from theory.assumptions import BoundedDelay, BoundedVariance, UnbiasedNoise
from theory.claims import le
from theory.kernel import StepError
from theory.results import lian2015
from theory.symbols import Delta, L, T, eta0, sigma, tau_max

NOISELESS = lian2015.gradient_descent
NOISY = lian2015.nonconvex


@pytest.mark.parametrize("theorem", [NOISELESS, NOISY], ids=lambda t: t.name)
def test_it_is_proved(theorem):
    assert theorem.status == "proved"


def test_without_delay_it_is_the_theorem_of_sgd():
    """Ghadimi and Lan (2013), Theorem 2.1, at the same step."""
    sgd = 2 * Delta / (eta0 * T) + L * eta0 * sigma**2
    assert cancel(NOISY.bound.expression.subs(tau_max, 0) - sgd) == 0
    for theorem in (NOISELESS, NOISY):
        assert theorem.largest_step(L=3, tau=0) == Rational(1, 3)


def test_the_step_limits_are_the_roots():
    assert NOISY.largest_step(L=1, tau=4) == 2 / (1 + sqrt(129))
    h = NOISELESS.largest_step(L=1, tau=3)
    assert cancel(1 - h - 9 * h**2) == 0
    with pytest.raises(ValueError, match="needs tau"):
        NOISY.largest_step(L=1)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("convex", [True, False])
def test_exact_runs_respect_it(seed, convex):
    run = random_run(NOISELESS, seed, convex=convex, noise=False)
    assert not broken(NOISELESS, [run])
    assert not broken(NOISY, [random_run(NOISY, seed, convex=convex)])


def test_half_the_bound_is_broken():
    """Negative control: the trials have power."""
    runs = [random_run(NOISELESS, seed, noise=False) for seed in range(20)]
    assert broken(NOISELESS, runs, Rational(1, 2))


@pytest.mark.parametrize("theorem", [NOISELESS, NOISY], ids=lambda t: t.name)
def test_a_smaller_bound_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        weakened(theorem).verify()


@pytest.mark.parametrize("dropped", [BoundedDelay, BoundedVariance, UnbiasedNoise])
def test_every_assumption_is_needed(dropped):
    fewer = tuple(a for a in NOISY.assumptions if not isinstance(a, dropped))
    with pytest.raises(StepError, match="which is not assumed"):
        replace(NOISY, assumptions=fewer).verify()


def test_the_step_limit_is_needed():
    with pytest.raises(StepError, match="not among the conditions"):
        replace(NOISY, step_limit=None, conditions=(le(eta0, 1 / L),)).verify()


def test_twice_the_step_breaks_it():
    """F = x^2/2, tau = 1: the step limit is (sqrt 5 - 1)/2; at 8/5 the run grows."""
    run = random_run(NOISELESS, 0, noise=False)
    constants = {"L": Integer(1), "Delta": Rational(1, 2), "tau": Integer(1), "T": Integer(6)}
    long = replace(
        run,
        constants={**constants, "eta": Rational(8, 5)},
        function=quadratic(Integer(1)),
        start=Integer(1),
        reads=(1, 1, 2, 3, 4, 5),
    )
    with pytest.raises(StepError, match="does not meet eta <="):
        NOISELESS.replay(long)
    assert replace(NOISELESS, step_limit=None).replay(long).exceeds
