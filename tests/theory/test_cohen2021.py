"""Cohen et al. 2021: proved, tried on exact runs with drops, broken on purpose."""

import random
from dataclasses import replace

import pytest
from mutations import survivors
from sympy import Integer, Rational, ceiling, sqrt
from trials import broken, quadratic, some_function, weakened

from theory.assumptions import (
    FROM_ZERO,
    AverageDelay,
    InitialGap,
    PickySteps,
    ReadsThePast,
    Smooth,
    StaleSGD,
)
from theory.claims import le
from theory.exact_checks import meets
from theory.exact_runs import ExactRun
from theory.kernel import StepError
from theory.results import cohen2021
from theory.symbols import Delta, L, T, W, eps, tau_avg
from theory.witness import staircase

PICKY = cohen2021.picky


def test_it_is_proved():
    assert PICKY.status == "proved"


def test_the_number_of_rounds_is_below_the_plain_estimate():
    """T >= (256 + 576 ceil(2 tau_avg))/7 L Delta/eps^2, from disjoint windows and crude lengths."""
    _, enough = PICKY.conditions
    assert enough == le((256 + 576 * W) * L * Delta / (39 * eps**2), T)
    for average in (Rational(1, 4), Integer(3), Rational(17, 2)):
        window = ceiling(2 * average)
        at = {W: window, L: 1, Delta: 1, eps: 1, T: 0}
        ours, plain = -enough.expression.subs(at), Rational(256 + 576 * window, 7)
        assert plain / ours == Rational(39, 7)


def picky_run(function, start, delays, *, width=None):
    """A run by the rule, eps the smallest accuracy that the theorem promises after it."""
    rounds = len(delays)
    average = Rational(sum(delays), rounds)
    window = max(Integer(1), ceiling(2 * average)) if width is None else Integer(width)
    L, gap = function.smoothness, function.value(start) - function.infimum
    accuracy = sqrt((256 + 576 * window) * L * gap / (39 * rounds))
    points, steps = [start], []
    for t, delay in enumerate(delays):
        read = points[t - delay]
        near = (points[t] - read) ** 2 <= accuracy**2 / (4 * L**2)
        steps.append(1 / (4 * L) if near else Integer(0))
        points.append(points[t] - steps[t] * function.derivative(read))
    constants = {"L": L, "Delta": gap, "eps": accuracy, "tau_avg": average, "W": window}
    return ExactRun(
        words="picky gradient descent",
        constants={**constants, "T": Integer(rounds), "eta": steps},
        function=function,
        start=start,
        reads=tuple(t - delay + 1 for t, delay in enumerate(delays)),
    )


@pytest.mark.parametrize("seed", range(8))
def test_exact_runs_respect_it(seed):
    chance = random.Random(seed)
    delays = [min(t, chance.choice([0, 0, 0, 0, 1, 6])) for t in range(26)]
    function = some_function(chance, convex=seed % 2 == 0)
    run = picky_run(function, Integer(chance.choice([-3, 2, 4])), delays)
    assert not broken(PICKY, [run])


def test_gradients_are_dropped_in_such_runs():
    run = picky_run(quadratic(Integer(1)), Integer(1), [0, 0, 0, 3, 0] + [0] * 20)
    assert [t for t, step in enumerate(run.constants["eta"]) if step == 0] == [3]
    assert PICKY.replay(run).bound < 1  # and the bound says something: it began with 1


def test_a_sixth_of_the_bound_is_broken():
    """Negative control: without delay, on the staircase function."""
    run = picky_run(staircase([Rational(1, 4)] * 21), Integer(0), [0] * 22)
    assert not broken(PICKY, [run])
    assert broken(PICKY, [run], Rational(1, 6))


def test_with_fewer_rounds_it_is_false():
    few = replace(PICKY, conditions=PICKY.conditions[:1])
    run = picky_run(quadratic(Integer(1)), Integer(1), [0])
    short = replace(run, constants={**run.constants, "eps": Rational(1, 2)})
    assert few.replay(short).exceeds
    with pytest.raises(StepError, match="the run does not meet"):
        PICKY.replay(short)


# ------------------------------------------------------------------------- the rule on runs


@pytest.mark.parametrize(
    ("step", "answer"), [(0, False), (Rational(1, 4), True), (Rational(1, 8), False)]
)
def test_a_near_gradient_must_be_applied_with_the_one_step(step, answer):
    run = picky_run(quadratic(Integer(1)), Integer(1), [0])
    path = run.path([Integer(0) + step])
    assert meets(PickySteps(), run.constants, path, [Integer(0) + step]) is answer


def test_a_far_gradient_must_be_dropped():
    run = picky_run(quadratic(Integer(1)), Integer(1), [0, 0, 0, 3])
    constants = {**run.constants, "eps": Rational(1, 2)}
    for last, answer in ((Integer(0), True), (Rational(1, 4), False)):
        steps = [Rational(1, 4)] * 3 + [last]
        assert meets(PickySteps(), constants, run.path(steps), steps) is answer


# ------------------------------------------------------------------------- negative controls


def test_a_smaller_bound_is_not_what_the_proof_shows():
    with pytest.raises(StepError, match="the proof shows"):
        weakened(PICKY).verify()


@pytest.mark.parametrize("dropped", [AverageDelay, InitialGap, PickySteps, ReadsThePast, Smooth])
def test_every_assumption_is_needed(dropped):
    fewer = tuple(a for a in PICKY.assumptions if not isinstance(a, dropped))
    with pytest.raises(StepError, match="which is not assumed"):
        replace(PICKY, assumptions=fewer).verify()


@pytest.mark.parametrize(
    "conditions",
    [
        (le(tau_avg, W), PICKY.conditions[1]),
        (PICKY.conditions[0], le((255 + 576 * W) * L * Delta / (39 * eps**2), T)),
        (PICKY.conditions[0], le((256 + 575 * W) * L * Delta / (39 * eps**2), T)),
    ],
)
def test_weaker_conditions_are_not_enough(conditions):
    with pytest.raises(StepError, match="not among the conditions"):
        replace(PICKY, conditions=conditions).verify()


def test_a_wider_radius_is_not_enough():
    wider = tuple(
        PickySteps(radius=eps / L) if isinstance(a, PickySteps) else a for a in PICKY.assumptions
    )
    with pytest.raises(StepError, match="which is not assumed"):
        replace(PICKY, assumptions=wider).verify()


def test_noise_is_not_covered():
    noisy = tuple(
        StaleSGD(count=FROM_ZERO) if isinstance(a, StaleSGD) else a for a in PICKY.assumptions
    )
    with pytest.raises(StepError, match="stale gradient descent"):
        replace(PICKY, assumptions=noisy).verify()


def test_no_mutant_survives():
    alive = survivors(PICKY, set())
    assert not alive, "\n".join(map(str, alive))
