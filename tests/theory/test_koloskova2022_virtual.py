"""Koloskova et al. 2022 for bounded gradients: the virtual iterate, delays of any length."""

import random
from dataclasses import replace

import pytest
from sympy import Integer, Rational, cancel, sqrt
from trials import broken, quadratic, some_function, weakened

from theory.assumptions import (
    BoundedGradientsMet,
    BoundedVariance,
    ExogenousDelays,
    InitialGap,
    RestartingWorkers,
    ShortStep,
    UnbiasedNoise,
)
from theory.claims import le
from theory.exact_runs import ExactRun
from theory.kernel import StepError, replay, steps
from theory.proofs.koloskova2022 import in_flight
from theory.results import koloskova2022
from theory.symbols import Delta, L, N, T, eta0, sigma

FULL = koloskova2022.bounded_gradient
HALF = koloskova2022.bounded_gradient_half
BOTH = (FULL, HALF)


def workers(chance, others, updates):
    """What each update reads if N + 1 workers deliver in random order; indices from 1."""
    holds = [1] * (others + 1)
    reads = []
    for k in range(updates):
        who = chance.randrange(others + 1)
        reads.append(holds[who])
        holds[who] = k + 2
    return tuple(reads)


def worker_run(theorem, seed, *, noise=True, share=None):
    """A run of up to three workers; G and Delta are the sharpest the run allows."""
    chance = random.Random(f"{theorem.name} {seed}")
    f = some_function(chance, convex=seed % 2 == 0)
    start = Rational(chance.choice([-6, -3, 2, 3, 5]), 2)
    others, updates = chance.randint(0, 2), chance.randint(1, 5)
    share = share or Rational(chance.choice([1, 2, 3, 4]), 8)
    size = Rational(chance.choice([1, 2, 3]), 2) if noise else Integer(0)
    run = ExactRun(
        words=f"random function {seed}",
        constants={
            "L": f.smoothness,
            "Delta": f.value(start) - f.infimum,
            "sigma": size,
            "eta": share / f.smoothness,
            "N": Integer(others),
            "T": Integer(updates),
        },
        function=f,
        start=start,
        reads=workers(chance, others, updates),
        noise=size,
    )
    path = run.path([share / f.smoothness] * updates)
    return replace(run, constants={**run.constants, "G": sqrt(max(path.squared_gradients))})


@pytest.mark.parametrize("theorem", BOTH, ids=lambda t: t.name)
def test_it_is_proved(theorem):
    assert theorem.status == "proved"


def test_no_delay_occurs_in_it():
    assert set(FULL.constants) == {"Delta", "G", "L", "N", "T", "eta", "sigma"}
    assert not any("lag" in str(a) for a in FULL.proof().assumptions)


def test_one_worker_has_the_bound_of_sgd_over_what_is_left_of_a_step():
    """Ghadimi and Lan (2013), Theorem 2.1; the virtual iterate gives away the factor 1 - L eta."""
    sgd = 2 * Delta / (eta0 * T) + L * eta0 * sigma**2
    assert cancel(FULL.bound.expression.subs(N, 0) * (1 - L * eta0) - sgd) == 0
    assert cancel(HALF.bound.expression.subs(N, 0) - 2 * sgd) == 0


def test_at_half_the_step_both_say_the_same():
    at_half = (FULL.bound.expression - HALF.bound.expression).subs(eta0, 1 / (2 * L))
    assert cancel(at_half) == 0


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("theorem", BOTH, ids=lambda t: t.name)
def test_exact_runs_respect_it(theorem, seed):
    assert not broken(theorem, [worker_run(theorem, seed)])


def parabola(eta, reads, others):
    """F = x^2/2 from x_0 = 1 without noise."""
    return ExactRun(
        words="a parabola",
        constants={
            "L": Integer(1),
            "Delta": Rational(1, 2),
            "sigma": Integer(0),
            "eta": eta,
            "N": Integer(others),
            "T": Integer(len(reads)),
            "G": Integer(1),
        },
        function=quadratic(Integer(1)),
        start=Integer(1),
        reads=reads,
    )


def sleeper(T, eta):
    """Two workers; the second delivers what it read at x_0 with the last update."""
    return parabola(eta, (*range(1, T), 1), 1)


def test_a_worker_may_sleep_through_the_run():
    """Delay T - 1: no step limit for bounded delays would admit this step at T = 12."""
    run = sleeper(12, Rational(1, 2))
    assert not broken(HALF, [run])
    longest = koloskova2022.workers.largest_step(L=1, tau=11, N=1)
    assert run.constants["eta"] > 2 * longest


def test_two_fifths_of_the_bound_are_broken():
    """Negative control: one worker; for small steps and many of them the ratio tends to 1/2."""
    assert broken(FULL, [parabola(Rational(1, 8), tuple(range(1, 13)), 0)], Rational(2, 5))


@pytest.mark.parametrize("theorem", BOTH, ids=lambda t: t.name)
def test_a_smaller_bound_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        weakened(theorem).check(theorem.proof())


@pytest.mark.parametrize(
    "dropped",
    [
        BoundedGradientsMet,
        BoundedVariance,
        ExogenousDelays,
        InitialGap,
        RestartingWorkers,
        ShortStep,
        UnbiasedNoise,
    ],
)
def test_every_assumption_is_needed(dropped):
    fewer = tuple(a for a in FULL.assumptions if not isinstance(a, dropped))
    with pytest.raises(StepError, match="which is not assumed"):
        replace(FULL, assumptions=fewer).check(FULL.proof())


def test_noise_drawn_before_the_start_must_be_bounded_too():
    later = tuple(
        replace(a, before=0) if isinstance(a, BoundedVariance) else a for a in FULL.assumptions
    )
    with pytest.raises(StepError, match="bounded variance"):
        replace(FULL, assumptions=later).check(FULL.proof())


def test_the_step_limit_is_needed():
    with pytest.raises(StepError, match="not among the conditions"):
        replace(HALF, step_limit=None, conditions=(le(eta0, 1 / L),)).check(HALF.proof())
    with pytest.raises(StepError, match="does not meet eta"):
        HALF.replay(sleeper(3, Rational(3, 4)))
    with pytest.raises(StepError, match="does not meet 'short step"):
        FULL.replay(sleeper(3, Integer(1)))


def test_a_gradient_applied_twice_is_not_admitted():
    run = replace(sleeper(4, Rational(1, 4)), reads=(1, 2, 2, 3))
    with pytest.raises(StepError, match="does not meet 'restarting workers"):
        FULL.replay(run)


def test_more_workers_than_said_are_not_admitted():
    run = replace(sleeper(3, Rational(1, 4)), reads=(1, 1, 1))
    with pytest.raises(StepError, match="does not meet 'restarting workers"):
        FULL.replay(run)
    three = replace(run, constants={**run.constants, "N": Integer(2)})
    assert not broken(FULL, [three])


def test_gradients_beyond_the_bound_are_not_admitted():
    run = sleeper(3, Rational(1, 4))
    with pytest.raises(StepError, match="does not meet 'bounded gradients"):
        FULL.replay(replace(run, constants={**run.constants, "G": Rational(1, 2)}))


def test_a_step_beyond_the_limit_breaks_it():
    """One worker at eta = 9/4 > 2/L: the run grows."""
    run = parabola(Rational(9, 4), tuple(range(1, 7)), 0)
    free = tuple(a for a in HALF.assumptions if not isinstance(a, BoundedGradientsMet))
    assert replace(HALF, step_limit=None, assumptions=free).replay(run).exceeds


def test_what_is_in_flight_is_counted_on_numbers():
    """N gradients are read and not applied before every update, whoever delivers."""
    for seed in range(20):
        chance = random.Random(seed)
        others, updates = chance.randint(0, 3), chance.randint(1, 6)
        reads = workers(chance, others, updates)
        spare = iter(range(-1, -others - 1, -1))  # numbers for the reads at x_0 by the others
        seen: set[int] = set()
        numbers = []
        for read in reads:
            numbers.append(next(spare) if read in seen else read - 1)
            seen.add(read)
        for k in range(updates):
            flying = set(range(-others, k)) - set(numbers[:k])
            assert len(flying) == others, (reads, k)
    assert in_flight.flying_counted().claim.right == N


def test_the_lemmas_replay():
    for lemma in (in_flight.weighed, in_flight.flying_counted, in_flight.distance):
        assert replay(lemma()).conclusion == lemma().conclusion
    assert len(steps(FULL.proof())) > 80
