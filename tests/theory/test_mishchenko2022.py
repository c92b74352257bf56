"""Mishchenko et al. 2022: proved, reduced to known results, tried on workers, broken on purpose."""

import random
from dataclasses import replace

import pytest
from sympy import Integer, Rational, cancel
from trials import broken, quadratic, random_run, weakened

from theory.assumptions import (
    BoundedVariance,
    Concurrency,
    ExogenousDelays,
    ReadsThePast,
    UnbiasedNoise,
)
from theory.claims import le
from theory.evaluation import with_sequences
from theory.exact_runs import ExactRun
from theory.kernel import StepError, replay
from theory.lemmas.late_step import late_step, step_from_below, steps_from_below
from theory.results import koloskova2022, mishchenko2022
from theory.sign import provably
from theory.symbols import Delta, L, N, R, T, eta, eta0, n, sigma, t

SHARP = mishchenko2022.nonconvex
SIMPLE = mishchenko2022.nonconvex_simple
CONVEX = mishchenko2022.convex


def some_workers(theorem, seed, *, steps=5, noise=True):
    """Two or three workers; one of them may be slow, so that few gradients are very late."""
    chance = random.Random(f"workers {seed}")
    workers = chance.randint(2, 3)
    started, reads = [0] * workers, []
    for update in range(steps):
        one = chance.randrange(workers if update == steps - 1 else workers - 1)
        reads.append(started[one] + 1)
        started[one] = update + 1
    run = random_run(theorem, seed, convex=seed % 2 == 0 or theorem is CONVEX, noise=noise)
    most = max(sum(read <= j < k for k, read in enumerate(reads, 1)) for j in range(1, steps))
    constants = {**run.constants, "T": Integer(steps), "N": Integer(most)}
    limit = theorem.largest_step(**{a: constants[a] for a in ("L", "N")})
    return replace(run, constants={**constants, "eta": limit}, reads=tuple(reads))


@pytest.mark.parametrize("theorem", mishchenko2022.THEOREMS, ids=lambda t: t.name)
def test_it_is_proved(theorem):
    assert theorem.status == "proved"


def test_one_worker_is_sgd():
    """Ghadimi and Lan (2013), Theorem 2.1; on a convex function every text on SGD."""
    sgd = 2 * Delta / (eta0 * T) + L * eta0 * sigma**2
    assert cancel(SHARP.bound.expression.subs(N, 0) - sgd) == 0
    convex = R**2 / (2 * eta0 * T) + eta0 * sigma**2 / 2
    assert cancel(CONVEX.bound.expression.subs(N, 0) - convex) == 0
    assert SHARP.largest_step(L=2, N=0) == Rational(1, 2)


def test_the_simple_bound_is_above_the_sharp_one_and_below_that_of_counting():
    limit = SHARP.step_limit.expression
    difference = SIMPLE.bound.expression - SHARP.bound.expression
    at_limit = cancel(difference.xreplace({eta0: limit}))
    assert provably(">=", at_limit.xreplace({N: N + 1}))
    counted = 4 * Delta / (eta0 * T) + 2 * L * eta0 * sigma**2
    assert provably(">", counted - SIMPLE.bound.expression)


def test_the_step_does_not_know_the_longest_delay():
    """Koloskova et al. without cutting pay with the root of the longest delay."""
    cut = SHARP.largest_step(L=1, N=3)
    assert cut == Rational(1, 7)
    for tau, longer in ((3, True), (1000, False)):
        uncut = koloskova2022.workers.largest_step(L=1, tau=tau, N=3)
        assert (uncut > cut) == longer


def test_steps_are_cut_where_gradients_are_late():
    reads = [0, 1, 2, 3, 0]
    steps = [SHARP.step_size(k, L=1, eta=Rational(1, 3), r=reads) for k in range(5)]
    assert steps == [*[Rational(1, 3)] * 4, Rational(1, 4)]
    assert CONVEX.step_size(4, L=1, eta=Rational(1, 4), r=reads) == Rational(1, 8)


@pytest.mark.parametrize("seed", range(10))
def test_the_steps_are_long_enough(seed):
    """The lemma on numbers: each step, and their sum."""
    for fact in (step_from_below(L), steps_from_below(2 * L)):
        replay(fact)
    run = some_workers(SHARP, seed, steps=9)
    reads = [r - 1 for r in run.reads]
    values = {L: Integer(1), eta0: Rational(1, 2), N: run.constants["N"], n: Integer(9)}
    for place in range(9):
        gap = step_from_below(L).expression.xreplace({**values, t: Integer(place)})
        assert with_sequences(gap, {"r": reads}, 0) >= 0
    gap = with_sequences(steps_from_below(L).expression.xreplace(values), {"r": reads}, 0)
    assert gap >= 0


def test_the_bound_on_a_step_is_attained():
    """At c eta tau = 2 the cut is half of eta, and so is the bound."""
    values = {L: Integer(1), eta0: Rational(1, 2), t: Integer(4)}
    gap = step_from_below(L).expression.xreplace(values)
    assert with_sequences(gap, {"r": [0] * 5}, 0) == 0
    step = with_sequences(late_step(L).xreplace(values), {"r": [0] * 5}, 0)
    assert step == Rational(1, 4)


# ------------------------------------------------------------------------- exact runs


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("theorem", mishchenko2022.THEOREMS, ids=lambda t: t.name)
def test_exact_runs_respect_it(theorem, seed):
    runs = [random_run(theorem, seed, delay=4, convex=theorem is CONVEX)]
    runs.append(some_workers(theorem, seed))
    assert not broken(theorem, runs)


def parabola(eta_cap, T=1):
    """F = x^2/2 from 1 by one worker."""
    return ExactRun(
        words="a parabola",
        constants={
            "L": Integer(1),
            "Delta": Rational(1, 2),
            "R": Integer(1),
            "sigma": Integer(0),
            "N": Integer(0),
            "T": Integer(T),
            "eta": eta_cap,
        },
        function=quadratic(Integer(1)),
        start=Integer(1),
        reads=tuple(range(1, T + 1)),
    )


def test_one_step_to_the_minimum_attains_it():
    for example in SHARP.attained_by:
        assert SHARP.attain(example)
    assert SHARP.attained_by


@pytest.mark.parametrize("theorem", mishchenko2022.THEOREMS, ids=lambda t: t.name)
def test_part_of_the_bound_is_broken(theorem):
    """Negative control: the trials have power."""
    runs = [random_run(theorem, seed, noise=False, convex=True) for seed in range(20)]
    share = Rational(9, 20) if theorem is CONVEX else Rational(6, 10)
    assert broken(theorem, runs, share)


def test_twice_the_step_breaks_them():
    for theorem, step in ((SHARP, Integer(2)), (CONVEX, Integer(2))):
        with pytest.raises(StepError, match="does not meet eta <="):
            theorem.replay(parabola(step, 4))
        assert replace(theorem, step_limit=None).replay(parabola(step, 4)).exceeds


def test_a_run_with_more_in_flight_is_not_admitted():
    run = replace(parabola(Rational(1, 3), 3), reads=(1, 1, 1))
    with pytest.raises(StepError, match="concurrency"):
        SHARP.replay(run)


# ------------------------------------------------------------------------- broken on purpose


@pytest.mark.parametrize("theorem", mishchenko2022.THEOREMS, ids=lambda t: t.name)
def test_a_smaller_bound_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        weakened(theorem).verify()


@pytest.mark.parametrize(
    "dropped", [BoundedVariance, Concurrency, ExogenousDelays, ReadsThePast, UnbiasedNoise]
)
def test_every_assumption_is_needed(dropped):
    fewer = tuple(a for a in CONVEX.assumptions if not isinstance(a, dropped))
    with pytest.raises(StepError, match="which is not assumed"):
        replace(CONVEX, assumptions=fewer).verify()


@pytest.mark.parametrize("theorem", [SHARP, CONVEX], ids=lambda t: t.name)
def test_the_step_limit_is_needed(theorem):
    longer = 11 * theorem.step_limit.expression / 10
    with pytest.raises(StepError, match="not among the conditions"):
        replace(theorem, step_limit=None, conditions=(le(eta0, longer),)).verify()


def test_another_rule_is_another_method():
    other = tuple(replace(a, step=eta(t)) if hasattr(a, "step") else a for a in SHARP.assumptions)
    with pytest.raises(StepError, match="which is not assumed"):
        replace(SHARP, assumptions=other).verify()
