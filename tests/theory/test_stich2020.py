"""Stich and Karimireddy 2020: proved, reduced to known results, tried on exact runs, broken."""

from dataclasses import replace
from itertools import product

import pytest
from sympy import Add, Integer, Rational, cancel, oo, simplify, sqrt
from trials import broken, random_run, weakened

from theory.assumptions import (
    BoundedDelay,
    BoundedVariance,
    Concurrency,
    ConstantDelay,
    Convex,
    ExogenousDelays,
    Minimiser,
    MultiplicativeNoise,
    Smooth,
    StronglyConvex,
    UnbiasedNoise,
)
from theory.claims import le
from theory.exact_runs import ExactRun
from theory.kernel import StepError
from theory.results import stich2020
from theory.symbols import L, M, N, R, T, eta0, mu_sc, sigma, tau_max
from theory.witness import PiecewiseQuadratic

CONVEX = stich2020.convex
STRONG = stich2020.strong_distance
BY_LIMIT = [a for a in stich2020.THEOREMS if a.step_limit is not None]
HUBER = PiecewiseQuadratic(
    ((Integer(-1), Integer(-1)), (Integer(1), Integer(1))), Integer(0), Integer(0)
)


def names(theorem):
    return theorem.name.removeprefix("stich2020.")


def some_run(theorem, seed, **options):
    """A random run; with the constant delay where the theorem asks for it."""
    run = random_run(theorem, seed, **options)
    if any(isinstance(a, ConstantDelay) for a in theorem.assumptions):
        tau = int(run.constants["tau"])
        run = replace(run, reads=tuple(max(t - tau, 0) + 1 for t in range(len(run.reads))))
    return run


@pytest.mark.parametrize("theorem", stich2020.THEOREMS, ids=names)
def test_it_is_proved(theorem):
    assert theorem.status == "proved"


# ------------------------------------------------------------------------- known results


def test_without_delay_it_is_the_theorem_of_sgd():
    """Nemirovski, Juditsky, Lan, Shapiro (2009), Section 2.2, for smooth F and steps up to 1/L."""
    sgd = R**2 / (2 * eta0 * T) + eta0 * sigma**2 / 2
    for theorem in (CONVEX, stich2020.concurrency, stich2020.multiplicative):
        assert cancel(theorem.bound.expression - sgd) == 0
    assert cancel(stich2020.iterates.bound.expression.subs(tau_max, 0) - sgd) == 0
    assert CONVEX.largest_step(L=3, tau=0) == Rational(1, 3)


def test_without_delay_it_is_the_theorem_of_strongly_convex_sgd():
    """The noise floor 2 eta sigma^2/mu, and the contraction 1 - eta mu/2 of the analysis."""
    sgd = (1 - eta0 * mu_sc / 2) ** T * R**2 + 2 * eta0 * sigma**2 / mu_sc
    assert simplify(STRONG.bound.expression.subs(tau_max, 0) - sgd) == 0
    assert STRONG.largest_step(L=3, mu_sc=1, tau=0) == Rational(1, 6)


def test_the_steps_are_longer_than_the_published_ones():
    """As recalled, the paper takes steps up to 1/(10 L (tau + M)), with tau >= 1."""
    ours = stich2020.multiplicative.step_limit.expression
    ratio = cancel(ours * 10 * L * (tau_max + M)).subs(tau_max, 1 + N)
    assert cancel(ratio - 1).as_numer_denom()[0].subs({M: 0, N: 0}) > 0
    assert ratio.subs(M, 0).limit(N, oo) == 5


def test_equal_limits():
    """With tau gradients in flight the concurrency is the longest delay; M = 0 is no growth."""
    by_flight = stich2020.concurrency.step_limit.expression.subs(N, tau_max)
    assert cancel(by_flight - CONVEX.step_limit.expression) == 0
    grows = stich2020.multiplicative.step_limit.expression.subs(M, 0)
    assert cancel(grows - CONVEX.step_limit.expression) == 0


def test_the_tuned_step_is_as_good_as_its_bound():
    """At either of the two steps the bound of `convex` is at most the tuned one."""
    tuned, step = stich2020.tuned_step, R / (sigma * sqrt(T))
    rest = tuned.bound.expression - CONVEX.bound.expression.subs(eta0, step)
    assert cancel(rest - L * (2 * tau_max + 1) * R**2 / (2 * T)) == 0
    assert tuned.step_size(0, L=1, R=1, sigma=1, T=4, tau=0) == Rational(1, 2)
    assert tuned.step_size(0, L=1, R=1, sigma=1, T=4, tau=2) == Rational(1, 5)


# ------------------------------------------------------------------------- exact runs


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("theorem", BY_LIMIT, ids=names)
def test_exact_runs_respect_it(theorem, seed):
    assert not broken(theorem, [some_run(theorem, seed), some_run(theorem, seed, noise=False)])


def test_exact_runs_respect_the_tuned_step():
    runs = [random_run(stich2020.tuned_step, seed) for seed in range(40)]
    squares = [run for run in runs if len(run.reads) in (1, 4)]  # other roots take minutes
    assert len(squares) > 8
    assert not broken(stich2020.tuned_step, squares)


def test_the_bound_is_attained_without_delay():
    """By Huber's function, for any number of steps: nothing smaller holds."""
    assert len(CONVEX.attained_by) == 2
    for run in CONVEX.attained_by:
        assert CONVEX.replay(run).attains


def test_less_than_the_bound_is_broken():
    """Negative control: the trials have power."""
    assert broken(CONVEX, CONVEX.attained_by, Rational(999, 1000))
    weaker = {"strong_distance": Rational(1, 3), "strong_gap": Rational(1, 4)}
    for theorem in BY_LIMIT:
        runs = [some_run(theorem, seed, noise=False) for seed in range(12)]
        assert broken(theorem, runs, weaker.get(names(theorem), Rational(1, 2))), theorem.name


def far_run(step):
    """Six steps on Huber's function from 9/4, each gradient one update late."""
    return ExactRun(
        words="Huber's function",
        constants={
            "L": Integer(1),
            "R": Rational(9, 4),
            "sigma": Integer(0),
            "tau": Integer(1),
            "T": Integer(6),
            "eta": step,
        },
        function=HUBER,
        start=Rational(9, 4),
        reads=(1, 1, 2, 3, 4, 5),
    )


def test_a_step_longer_by_a_quarter_breaks_it():
    assert not broken(CONVEX, [far_run(Rational(1, 3))])
    with pytest.raises(StepError, match="does not meet eta <="):
        CONVEX.replay(far_run(Rational(5, 12)))
    assert replace(CONVEX, step_limit=None).replay(far_run(Rational(5, 12))).exceeds


def test_steps_that_are_too_long_break_the_strongly_convex_bound():
    """F = x^2/2 with every gradient one update late grows from steps of 1 on."""
    parabola = PiecewiseQuadratic(((Integer(0), Integer(0)),), Integer(1), Integer(1))
    constants = {**far_run(Rational(3, 2)).constants, "mu_sc": Integer(1)}
    run = replace(far_run(1), function=parabola, constants=constants)
    for theorem in (STRONG, stich2020.strong_gap):
        assert replace(theorem, step_limit=None).replay(run).exceeds


# ------------------------------------------------------------------------- growing noise


def growing_noise(step, growth, delays):
    """Exact average gap of F = x^2/2 with noise +- sqrt(growth) times the gradient read."""
    total = Integer(0)
    for signs in product((1, -1), repeat=len(delays)):
        points = [Integer(1)]
        for t, (delay, sign) in enumerate(zip(delays, signs, strict=True)):
            read = points[t - delay]
            total += read**2 / 2
            points.append(points[-1] - step * read * (1 + sign * growth))
    return total / 2 ** len(delays) / len(delays)


@pytest.mark.parametrize("delays", [(0, 0, 0), (0, 1, 1, 1), (0, 1, 2, 2, 2), (0, 1, 0, 2)])
@pytest.mark.parametrize("growth", [1, 2])
def test_noise_that_grows_with_the_gradient(delays, growth):
    theorem, tau = stich2020.multiplicative, max(delays)
    limit = theorem.largest_step(L=1, M=growth**2, tau=tau)
    bound = theorem.evaluate(R=1, sigma=0, eta=limit, T=len(delays), L=1, M=growth**2, tau=tau)
    assert growing_noise(limit, growth, delays) <= bound
    blind = CONVEX.largest_step(L=1, tau=tau)  # negative control: the step that forgets M
    bound = CONVEX.evaluate(R=1, sigma=0, eta=blind, T=len(delays), L=1, tau=tau)
    assert growing_noise(blind, 9, delays) > bound


def test_growing_noise_is_read_off_a_run():
    run = some_run(stich2020.multiplicative, 1)
    quiet = {**run.constants, "sigma": run.noise / 2, "M": Integer(0)}
    with pytest.raises(StepError, match="may grow with the gradient"):
        stich2020.multiplicative.replay(replace(run, constants=quiet))


# ------------------------------------------------------------------------- broken on purpose


@pytest.mark.parametrize("theorem", stich2020.THEOREMS, ids=names)
def test_a_smaller_bound_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        weakened(theorem).check(theorem.proof())


@pytest.mark.parametrize("theorem", stich2020.THEOREMS, ids=names)
def test_every_assumption_is_needed(theorem):
    needed = (
        BoundedDelay,
        BoundedVariance,
        Concurrency,
        ConstantDelay,
        Convex,
        ExogenousDelays,
        Minimiser,
        MultiplicativeNoise,
        Smooth,
        StronglyConvex,
        UnbiasedNoise,
    )
    for dropped in (a for a in theorem.assumptions if isinstance(a, needed)):
        fewer = tuple(a for a in theorem.assumptions if a is not dropped)
        with pytest.raises(StepError, match="which is not assumed"):
            replace(theorem, assumptions=fewer).check(theorem.proof())


@pytest.mark.parametrize("theorem", BY_LIMIT, ids=names)
def test_the_step_limit_is_needed(theorem):
    longer = replace(theorem, step_limit=None, conditions=(le(eta0, 1 / L), le(mu_sc, L)))
    with pytest.raises(StepError, match="not among the conditions"):
        longer.check(theorem.proof())


def test_the_order_of_the_constants_is_needed():
    for theorem in (STRONG, stich2020.strong_gap):
        with pytest.raises(StepError, match="not among the conditions"):
            replace(theorem, conditions=()).check(theorem.proof())


def test_another_delay_is_not_the_constant_one():
    run = some_run(stich2020.iterates, 3)
    assert Add(*(Integer(r) for r in run.reads)) > 0
    moved = replace(run, constants={**run.constants, "tau": run.constants["tau"] + 1})
    with pytest.raises(StepError, match="constant delay"):
        stich2020.iterates.replay(
            replace(moved, constants={**moved.constants, "eta": Rational(1, 9)})
        )
