"""Mania et al. 2017: proved, reduced to known results, tried on exact runs, broken on purpose."""

from dataclasses import replace

import pytest
from sympy import Integer, Rational, cancel, sqrt
from trials import broken, quadratic, random_run, weakened

from theory.claims import le
from theory.exact_runs import ExactRun
from theory.kernel import StepError
from theory.results import mania2017
from theory.symbols import G, R, T, eta0, mu_sc, tau_max

LAST = mania2017.last_iterate


def test_it_is_proved():
    assert LAST.status == "proved"


def test_without_delay_it_is_the_bound_of_sgd():
    """Mania et al., Section 2: D_{t+1} <= (1 - eta mu) D_t + eta^2 M^2 for serial SGD, summed."""
    sgd = (1 - eta0 * mu_sc) ** T * R**2 + eta0 * G**2 / mu_sc
    assert cancel(LAST.bound.expression.subs(tau_max, 0) - sgd) == 0


def test_the_bound_is_the_fixed_point_of_the_recursion():
    """From R = 0 the bound is what the recursion with R_0, R_1 and R_2 tends to."""
    floor = LAST.bound.expression.subs(R, 0)
    r_0, r_1, r_2 = G**2, eta0**2 * tau_max**2 * G**2, eta0 * tau_max * G**2
    again = (1 - eta0 * mu_sc) * floor + eta0**2 * r_0 + 2 * eta0 * mu_sc * r_1 + 2 * eta0 * r_2
    assert cancel(again - floor) == 0


def run_of(seed: int, share: Rational) -> ExactRun:
    """A random strongly convex run with a share of the largest step, G read off."""
    found = random_run(LAST, seed, noise=seed % 3 != 0, delay=3)
    curvature = found.function.convexity
    step = share / curvature
    path = found.path([step] * len(found.reads))
    constants = {**found.constants, "eta": step, "G": sqrt(path.second_moment)}
    return replace(found, constants=constants)


@pytest.mark.parametrize("seed", range(30))
def test_exact_runs_respect_it(seed):
    for share in (Rational(1), Rational(1, 3), Rational(1, 20)):
        run = run_of(seed, share)
        if run.constants["G"] > 0 and run.constants["R"] > 0:
            assert not broken(LAST, [run])


def one_update(step: Rational) -> ExactRun:
    """x^2/2 from 1, once."""
    constants = {"mu_sc": 1, "R": 1, "G": 1, "T": 1, "tau": 0, "eta": step}
    return ExactRun(
        words="a parabola",
        constants={a: Integer(b) if isinstance(b, int) else b for a, b in constants.items()},
        function=quadratic(Integer(1)),
        start=Integer(1),
        reads=(1,),
    )


def test_half_the_bound_is_broken():
    assert not broken(LAST, [one_update(Rational(1, 10))])
    assert broken(LAST, [one_update(Rational(1, 10))], Rational(1, 2))


def late_growth(delay: int) -> ExactRun:
    """x^2/2 from 1, eta = 1, all gradients taken at the start: x_T = 1 - T."""
    updates = delay + 1
    constants = {"mu_sc": 1, "R": 1, "G": 1, "T": updates, "tau": delay, "eta": 1}
    return ExactRun(
        words="a parabola",
        constants={a: Integer(b) for a, b in constants.items()},
        function=quadratic(Integer(1)),
        start=Integer(1),
        reads=(1,) * updates,
    )


@pytest.mark.parametrize("delay", [1, 2, 5])
def test_the_square_of_the_delay_is_needed(delay):
    """After T = tau + 1 updates at the start x_T = -tau: tau^2, where 1 + 2 tau would not do."""
    run = late_growth(delay)
    replayed = LAST.replay(run)
    assert replayed.quantity == delay**2
    assert replayed.bound == 1 + 2 * delay + 2 * delay**2
    if delay > 2:  # without the square it would be false
        assert replayed.quantity > 1 + 2 * delay


def test_a_smaller_bound_is_not_what_the_proof_shows():
    with pytest.raises(StepError, match="the proof shows"):
        weakened(LAST).verify()


@pytest.mark.parametrize("place", range(len(LAST.assumptions)))
def test_every_assumption_is_needed(place):
    fewer = (*LAST.assumptions[:place], *LAST.assumptions[place + 1 :])
    with pytest.raises(StepError, match="which is not assumed"):
        replace(LAST, assumptions=fewer).verify()


def test_the_step_limit_is_needed():
    with pytest.raises(StepError, match="not among the conditions"):
        replace(LAST, step_limit=None, conditions=(le(eta0, 2 / mu_sc),)).verify()
    run = one_update(Rational(3))  # x_1 = -2, and the bound is -2 + 3 = 1
    with pytest.raises(StepError, match="does not meet eta"):
        LAST.replay(run)
    assert replace(LAST, step_limit=None).replay(run).exceeds
