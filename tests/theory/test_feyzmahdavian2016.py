"""Feyzmahdavian et al. 2016: proved, tried on exact proximal runs, broken on purpose."""

from dataclasses import replace

import pytest
from proximal_runs import far, random_proximal
from sympy import Integer, Rational, cancel
from trials import weakened

from theory.assumptions import (
    BoundedDelay,
    Convex,
    ExogenousDelays,
    MiniBatch,
    ProximalSGD,
    Smooth,
    UnbiasedNoise,
)
from theory.assumptions.online import Comparator
from theory.kernel import StepError
from theory.results import feyzmahdavian2016
from theory.symbols import L, R, T, b, beta, eta0, sigma, tau_max

RESERVE = feyzmahdavian2016.convex
TUNED = feyzmahdavian2016.tuned_step


def names(theorem):
    return theorem.name.removeprefix("feyzmahdavian2016.")


@pytest.mark.parametrize("theorem", feyzmahdavian2016.THEOREMS, ids=names)
def test_it_is_proved(theorem):
    assert theorem.status == "proved"


def test_written_with_the_step_it_is_the_published_bound():
    """As recalled from the paper: for eta < 1/(L (tau + 1)^2) and mini-batches of b samples."""
    limit = L * (tau_max + 1) ** 2
    published = R**2 / (2 * eta0 * T) + eta0 * sigma**2 / (2 * b * (1 - eta0 * limit))
    reserve = 1 / eta0 - limit
    assert cancel(RESERVE.bound.expression.subs(beta, reserve) - published) == 0
    assert cancel(RESERVE.step.expression.subs(beta, reserve) - eta0) == 0


def test_without_delay_it_is_the_theorem_of_proximal_sgd():
    """Lan (2012), Theorem 1, of composite mirror descent: steps 1/(L + beta)."""
    sgd = (L + beta) * R**2 / (2 * T) + sigma**2 / (2 * b * beta)
    assert cancel(RESERVE.bound.expression.subs(tau_max, 0) - sgd) == 0
    assert RESERVE.step_size(0, L=3, beta=1, tau=0) == Rational(1, 4)


def test_the_tuned_reserve_is_inserted():
    known = {"L": 1, "R": 2, "sigma": 3, "tau": 1, "T": 8, "b": 2}
    best = Rational(3, 1) * 2 / 2  # sigma sqrt(T/b)/R
    assert TUNED.step_size(0, **known) == RESERVE.step_size(0, L=1, tau=1, beta=best)
    assert TUNED.evaluate(**known) == RESERVE.evaluate(**known, beta=best)
    for other in (best / 2, best * 2):
        assert TUNED.evaluate(**known) < RESERVE.evaluate(**known, beta=other)


# ------------------------------------------------------------------------- exact runs


@pytest.mark.parametrize("regularised", [True, False])
@pytest.mark.parametrize("seed", range(15))
def test_a_proximal_step_does_what_is_assumed_of_it(seed, regularised):
    run, step = random_proximal(seed, regularised=regularised), Rational(2, 3)
    (hypothesis,) = ProximalSGD(eta0).allows
    for slack in run.slacks(hypothesis.claim.expression, step):
        assert slack >= 0


@pytest.mark.parametrize("regularised", [True, False])
@pytest.mark.parametrize("reserve", [Rational(1, 8), Integer(2)])
@pytest.mark.parametrize("seed", range(20))
def test_exact_runs_respect_it(seed, reserve, regularised):
    run = random_proximal(seed, regularised=regularised)
    known = run.known(beta=reserve, b=1)
    step = RESERVE.step_size(0, L=known["L"], tau=known["tau"], beta=reserve)
    assert run.excess(step) <= RESERVE.evaluate(**known)


def test_samples_of_a_batch_share_the_variance():
    """Four samples of noise 2 make noise 1."""
    run = replace(random_proximal(3), noise=Integer(1))
    known = run.known(beta=1, b=4) | {"sigma": 2}
    alone = run.known(beta=1, b=1)
    assert RESERVE.evaluate(**known) == RESERVE.evaluate(**alone)


def test_three_quarters_of_the_bound_are_broken():
    """Negative control: twelve steps of almost 1/L on Huber's function."""
    step = Rational(10, 11)
    run = far(12, step)
    bound = RESERVE.evaluate(**run.known(beta=Rational(1, 10), b=1))
    assert Rational(3, 4) * bound < run.excess(step) <= bound


def test_the_step_of_the_synchronous_method_breaks_it():
    """Negative control: with delays up to 3 and steps that forget them, the run grows."""
    run = replace(far(12, Integer(1)), delays=tuple(min(t, 3) for t in range(12)))
    run = replace(run, start=Integer(1))
    bound = RESERVE.evaluate(**run.known(beta=Rational(1, 10), b=1) | {"tau": 0})
    assert run.excess(Rational(10, 11)) > bound


# ------------------------------------------------------------------------- broken on purpose


@pytest.mark.parametrize("theorem", feyzmahdavian2016.THEOREMS, ids=names)
def test_a_smaller_bound_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        weakened(theorem).check(theorem.proof())


@pytest.mark.parametrize(
    "dropped",
    [
        BoundedDelay,
        Comparator,
        Convex,
        ExogenousDelays,
        MiniBatch,
        ProximalSGD,
        Smooth,
        UnbiasedNoise,
    ],
)
def test_every_assumption_is_needed(dropped):
    fewer = tuple(a for a in RESERVE.assumptions if not isinstance(a, dropped))
    assert len(fewer) == len(RESERVE.assumptions) - 1
    with pytest.raises(StepError, match="which is not assumed"):
        replace(RESERVE, assumptions=fewer).check(RESERVE.proof())


def test_a_longer_step_is_not_what_the_proof_takes():
    longer = tuple(
        ProximalSGD(eta0) if isinstance(a, ProximalSGD) else a for a in RESERVE.assumptions
    )
    with pytest.raises(StepError, match="which is not assumed"):
        replace(RESERVE, assumptions=longer).check(RESERVE.proof())
