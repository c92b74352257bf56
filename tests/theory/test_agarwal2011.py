"""Agarwal and Duchi 2011: proved, tried on exact projected runs, broken on purpose."""

from dataclasses import replace

import pytest
from proximal_runs import far, random_proximal
from sympy import Integer, Rational, cancel, sqrt
from trials import random_run, weakened

from theory.assumptions import (
    BoundedDelay,
    BoundedSecondMoment,
    BoundedVariance,
    Convex,
    ExogenousDelays,
    ProjectedSGD,
    Smooth,
    UnbiasedNoise,
)
from theory.assumptions.online import Comparator
from theory.kernel import StepError
from theory.results import agarwal2011
from theory.symbols import G, L, R, T, eta0, sigma, tau_max

ANY = agarwal2011.convex
TUNED = agarwal2011.tuned_step


def names(theorem):
    return theorem.name.removeprefix("agarwal2011.")


@pytest.mark.parametrize("theorem", agarwal2011.THEOREMS, ids=names)
def test_it_is_proved(theorem):
    assert theorem.status == "proved"


def test_without_delay_it_is_the_theorem_of_projected_sgd():
    """One stale step remains, as the gap is taken after the step: L eta^2 G^2/2."""
    sgd = R**2 / (2 * eta0 * T) + eta0 * sigma**2 / 2
    assert cancel(ANY.bound.expression.subs(tau_max, 0) - sgd - L * eta0**2 * G**2 / 2) == 0


def test_the_tuned_step_is_inserted():
    step = R / (sigma * sqrt(T))
    assert cancel(TUNED.bound.expression - ANY.bound.expression.subs(eta0, step)) == 0
    assert TUNED.step_size(0, R=3, sigma=2, T=9) == Rational(1, 2)


def test_the_delay_falls_like_one_over_t():
    """The rate of the paper, as recalled: only the noise term falls like 1/sqrt T."""
    late = TUNED.bound.expression - TUNED.bound.expression.subs(tau_max, 0)
    assert cancel(late * T).diff(T) == 0


# ------------------------------------------------------------------------- exact runs


@pytest.mark.parametrize("seed", range(20))
def test_a_projection_does_what_is_assumed_of_it(seed):
    run, step = random_proximal(seed), Rational(2, 3)
    assert len(ProjectedSGD(eta0).allows) == 2
    for hypothesis in ProjectedSGD(eta0).allows:
        for slack in run.slacks(hypothesis.claim.expression, step):
            assert slack >= 0


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("step", [Rational(1, 4), Integer(2)])
def test_exact_runs_respect_it(seed, step):
    run = random_proximal(seed)
    moment = run.second_moment(step)
    known = run.known(eta=step, G=sqrt(moment) if moment else 1)
    assert run.excess(step) <= ANY.evaluate(**known)


@pytest.mark.parametrize("seed", range(20))
def test_exact_runs_respect_the_tuned_step(seed):
    run = replace(random_proximal(seed), noise=Integer(1), delays=(0, 1, 0, 2))
    known = run.known()
    step = TUNED.step_size(0, R=known["R"], sigma=1, T=4)
    assert run.excess(step) <= TUNED.evaluate(**known, G=sqrt(run.second_moment(step)))


def test_three_quarters_of_the_bound_are_broken():
    """Negative control: twelve steps of length 1 on Huber's function."""
    run = far(12, Integer(1))
    bound = ANY.evaluate(**run.known(eta=1, G=1))
    assert Rational(3, 4) * bound < run.excess(Integer(1)) <= bound


def test_the_age_is_needed():
    """Negative control: without the term of the age, late gradients break the bound."""
    run = replace(far(6, Integer(1)), delays=(0, 1, 2, 3, 4, 5), start=Integer(2))
    step, known = Integer(1), run.known(eta=1)
    without = known["R"] ** 2 / (2 * step * known["T"])
    assert without < run.excess(step) <= ANY.evaluate(**known, G=1)


# ------------------------------------------------------------------------- broken on purpose


@pytest.mark.parametrize("theorem", agarwal2011.THEOREMS, ids=names)
def test_a_smaller_bound_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        weakened(theorem).check(theorem.proof())


@pytest.mark.parametrize(
    "dropped",
    [
        BoundedDelay,
        BoundedSecondMoment,
        BoundedVariance,
        Comparator,
        Convex,
        ExogenousDelays,
        ProjectedSGD,
        Smooth,
        UnbiasedNoise,
    ],
)
def test_every_assumption_is_needed(dropped):
    fewer = tuple(a for a in ANY.assumptions if not isinstance(a, dropped))
    assert len(fewer) == len(ANY.assumptions) - 1
    with pytest.raises(StepError, match="which is not assumed"):
        replace(ANY, assumptions=fewer).check(ANY.proof())


def test_a_run_that_is_not_projected_is_refused():
    run = random_run(ANY, 0)
    with pytest.raises(StepError, match="does not meet 'projected stale SGD"):
        ANY.replay(replace(run, constants={**run.constants, "eta": 1, "G": 9}))
