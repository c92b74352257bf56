"""Wu et al. 2022: proved, reduced to known results, tried on exact runs, broken on purpose."""

from dataclasses import replace

import pytest
from sympy import Integer, Lambda, Rational, cancel, sqrt
from trials import adaptive_run, broken, quadratic, weakened

from theory.algebra import normal
from theory.assumptions import (
    FROM_ZERO,
    BoundedVariance,
    Convex,
    ExogenousDelays,
    InterferenceRule,
    Minimiser,
    PositiveSteps,
    ReadsThePast,
    SomeStep,
    UnbiasedNoise,
    WindowRule,
)
from theory.exact_runs import ExactRun
from theory.kernel import StepError
from theory.results import lian2015, wu2022
from theory.symbols import Delta, L, R, T, eta, eta0, sigma

NOISELESS = wu2022.gradient_descent
NOISY = wu2022.nonconvex
CONVEX = wu2022.convex
SHARP = wu2022.interference
LIMITS = {  # in units of 1/L; 7/10 is just below 1/sqrt 2
    NOISELESS.name: Integer(1),
    NOISY.name: Rational(7, 10),
    CONVEX.name: Rational(1, 2),
    SHARP.name: Integer(1),
}


def some_run(theorem, seed, scale=1):
    """A run at the limit of the theorem's rule, or at `scale` times it."""
    return adaptive_run(
        theorem,
        seed,
        scale * LIMITS[theorem.name],
        load=theorem is SHARP,
        noise=theorem is not NOISELESS,
        convex=seed % 2 == 0 or theorem in (CONVEX, SHARP),
    )


@pytest.mark.parametrize("theorem", wu2022.THEOREMS, ids=lambda t: t.name)
def test_it_is_proved(theorem):
    assert theorem.status == "proved"


def at_constant_step(theorem):
    return normal(theorem.bound.expression.replace(eta, Lambda(T, eta0)))


def test_with_a_constant_step_they_are_known():
    """Lian et al. without noise; Nemirovski et al. (2009), (2.20), and every text on SGD since."""
    assert at_constant_step(NOISELESS) == lian2015.gradient_descent.bound.expression
    sgd = R**2 / (2 * eta0 * T) + eta0 * sigma**2 / 2
    assert cancel(at_constant_step(CONVEX) - sgd) == 0
    assert CONVEX.bound == SHARP.bound
    noise = (1 + sqrt(2)) * L * eta0 * sigma**2
    assert cancel(at_constant_step(NOISY) - 2 * Delta / (eta0 * T) - noise) == 0


@pytest.mark.parametrize("tau", [1, 4])
def test_the_largest_constant_steps_that_keep_the_rules(tau):
    """1/(L (tau + 1)), and 1/(L (2 tau + 1)) for the interference rule; longer ones do not."""
    for theorem, step in ((NOISELESS, Rational(1, tau + 1)), (SHARP, Rational(1, 2 * tau + 1))):
        run = replace(parabola([step] * 11), reads=late(11, tau))
        assert not theorem.replay(run).exceeds
        longer = replace(run, constants={**run.constants, "eta": [step * Rational(11, 10)] * 11})
        with pytest.raises(StepError, match=r"(window|interference) rule"):
            theorem.replay(longer)
        with pytest.raises(StepError, match="window rule"):
            CONVEX.replay(run)


def late(steps, tau):
    """The constant delay tau, clipped at the start."""
    return tuple(max(1, k - tau) for k in range(1, steps + 1))


def parabola(steps):
    """F = x^2/2 from 1, without delays or noise."""
    return ExactRun(
        words="a parabola",
        constants={
            "L": Integer(1),
            "Delta": Rational(1, 2),
            "R": Integer(1),
            "sigma": Integer(0),
            "T": Integer(len(steps)),
            "eta": list(steps),
        },
        function=quadratic(Integer(1)),
        start=Integer(1),
        reads=tuple(range(1, len(steps) + 1)),
    )


# ------------------------------------------------------------------------- exact runs


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("theorem", wu2022.THEOREMS, ids=lambda t: t.name)
def test_exact_runs_respect_it(theorem, seed):
    assert not broken(theorem, [some_run(theorem, seed)])


def test_one_step_to_the_minimum_attains_them():
    for theorem in (NOISELESS, SHARP):
        for example in theorem.attained_by:
            assert theorem.replay(example).attains
        assert theorem.attained_by


def test_every_gradient_may_be_the_first():
    """All updates read x_0: the delays grow without bound, the steps share one window."""
    run = replace(parabola([Rational(1, 6)] * 6), reads=(1,) * 6)
    for theorem in (NOISELESS, SHARP):
        assert not theorem.replay(run).exceeds
    late_by_two = replace(parabola([1, 0, 0, Rational(1, 2)]), reads=(1, 1, 1, 3))
    assert not NOISELESS.replay(late_by_two).exceeds


@pytest.mark.parametrize("theorem", wu2022.THEOREMS, ids=lambda t: t.name)
def test_part_of_the_bound_is_broken(theorem):
    """Negative control: the trials have power."""
    runs = [some_run(theorem, seed) for seed in range(10, 25)]
    assert broken(theorem, runs, Rational(6, 10))


def test_longer_steps_break_them():
    """Windows of 5/4 instead of 1 (and, where the rule has room, of 8/5 instead of 1/2)."""
    slack = ((NOISELESS, Rational(5, 4)), (SHARP, Rational(5, 4)), (CONVEX, Rational(8, 5)))
    for theorem, step in slack:
        long = parabola([step] * 8)
        with pytest.raises(StepError, match=r"does not meet '(window|interference) rule"):
            theorem.replay(long)
        rules = (WindowRule, InterferenceRule)
        free = tuple(a for a in theorem.assumptions if not isinstance(a, rules))
        assert replace(theorem, assumptions=free).replay(long).exceeds


def test_a_run_without_steps_has_no_average():
    with pytest.raises(StepError, match="some step"):
        NOISELESS.replay(parabola([0, 0]))


def test_bounds_are_evaluated_at_lists_of_steps():
    assert NOISELESS.evaluate(Delta=1, T=3, eta=[Rational(1, 2), 0, 1]) == Rational(4, 3)
    assert CONVEX.evaluate(R=1, sigma=2, T=2, eta=[1, 0.5]) == 2
    with pytest.raises(ValueError, match="eta is needed at index 2"):
        NOISELESS.evaluate(Delta=1, T=3, eta=[1, 1])


# ------------------------------------------------------------------------- broken on purpose


@pytest.mark.parametrize("theorem", wu2022.THEOREMS, ids=lambda t: t.name)
def test_a_smaller_bound_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        weakened(theorem).verify()


@pytest.mark.parametrize(
    "dropped",
    [
        BoundedVariance,
        Convex,
        ExogenousDelays,
        Minimiser,
        PositiveSteps,
        ReadsThePast,
        SomeStep,
        UnbiasedNoise,
        WindowRule,
    ],
)
def test_every_assumption_is_needed(dropped):
    fewer = tuple(a for a in CONVEX.assumptions if not isinstance(a, dropped))
    with pytest.raises(StepError, match="which is not assumed"):
        replace(CONVEX, assumptions=fewer).verify()


@pytest.mark.parametrize("theorem", [NOISELESS, NOISY, CONVEX], ids=lambda t: t.name)
def test_a_larger_window_is_not_what_the_proof_uses(theorem):
    wider = tuple(
        WindowRule(11 * a.limit.expression / 10, count=FROM_ZERO)
        if isinstance(a, WindowRule)
        else a
        for a in theorem.assumptions
    )
    with pytest.raises(StepError, match=r"window rule.*is not assumed"):
        replace(theorem, assumptions=wider).verify()
