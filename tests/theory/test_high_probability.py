"""High probability: the inequality on every path is proved and tried on all paths of small runs;
the statement with probabilities has no proof here and is held against simulated runs.
"""

import math
import random
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from sympy import cancel, log, sqrt
from trials import weakened

from theory.kernel import StepError
from theory.results import high_probability, langford2009
from theory.symbols import D, T, Z, delta, noise_max

PATHWISE, AVERAGE = high_probability.pathwise, high_probability.average


def test_one_is_proved_and_the_other_says_what_it_lacks():
    assert PATHWISE.status == "proved"
    assert AVERAGE.status == "stated"
    assert "Azuma" in AVERAGE.lacks
    assert "no probabilities of events" in AVERAGE.lacks
    with pytest.raises(StepError, match="only runs can try it"):
        AVERAGE.verify()


def test_without_noise_it_is_the_regret():
    regret = langford2009.regret.bound.expression / T
    assert cancel(PATHWISE.bound.expression.subs(Z, 0) - regret) == 0


def test_the_bound_on_every_path_at_what_azuma_allows():
    allowed = noise_max * D * sqrt(2 * T * log(1 / delta))
    at_allowed = PATHWISE.bound.expression.subs(Z, allowed)
    assert float(
        (at_allowed - AVERAGE.bound.expression).subs(
            {a: 0.3 for a in AVERAGE.bound.expression.free_symbols}
        )
    ) == pytest.approx(0)


# ------------------------------------------------------------------ on every path


def path(signs, *, start, step, delays, slope, noise, low, high):
    """Gap and noise seen from 0 along one path of slope |x| on an interval."""
    points, gaps, met, largest = [start], [], [], Fraction(0)
    for t, sign in enumerate(signs):
        y = points[t - min(t, delays[t])]
        g = slope * ((y > 0) - (y < 0)) + sign * noise
        gaps.append(slope * abs(y))
        met.append(sign * noise * y)
        largest = max(largest, abs(g))
        points.append(min(max(points[t] - step * g, low), high))
    return sum(gaps) / len(gaps), -sum(met), largest


@pytest.mark.parametrize("seed", range(15))
def test_all_paths_respect_the_proved_inequality(seed):
    chance = random.Random(f"paths {seed}")
    rounds = chance.randint(1, 6)
    delays = [chance.randint(0, min(t, 3)) for t in range(rounds)]
    start, step = Fraction(chance.choice([-2, 1, 3])), Fraction(chance.choice([1, 2, 4]), 4)
    slope, noise = Fraction(chance.choice([1, 2])), Fraction(chance.choice([0, 1, 3]), 2)
    for signs in product((1, -1), repeat=rounds):
        gap, met, largest = path(
            signs,
            start=start,
            step=step,
            delays=delays,
            slope=slope,
            noise=noise,
            low=Fraction(-4),
            high=Fraction(4),
        )
        if largest == 0:
            continue
        bound = PATHWISE.evaluate(
            R=abs(start),
            G=largest,
            T=rounds,
            eta=step,
            Z=met,
            tau_avg=Fraction(sum(delays), rounds),
        )
        assert gap <= bound


def test_without_the_noise_of_the_path_it_is_false():
    """Negative control: |x| from 1, where the noise leaves a tenth of each subgradient."""
    gap, met, largest = path(
        (1,) * 5,
        start=Fraction(1),
        step=Fraction(2),
        delays=[0] * 5,
        slope=Fraction(1),
        noise=Fraction(-9, 10),
        low=Fraction(-4),
        high=Fraction(4),
    )
    own = {"R": 1, "G": largest, "T": 5, "eta": 2, "tau_avg": 0}
    assert gap == Fraction(3, 5)
    assert gap <= PATHWISE.evaluate(**own, Z=met)
    assert gap > PATHWISE.evaluate(**own, Z=0)


# ------------------------------------------------------------------ with high probability


def simulated(replicas, rounds, *, slope, noise, step, tau, start, half, seed):
    """Average gaps of slope |x| on [-half, half], and what the noise adds, replica by replica."""
    rng = np.random.default_rng(seed)
    points = np.full((rounds + 1, replicas), float(start))
    gaps, met = np.zeros(replicas), np.zeros(replicas)
    for t in range(rounds):
        y = points[max(0, t - tau)]
        xi = noise * rng.choice([-1.0, 1.0], size=replicas)
        gaps += slope * np.abs(y) / rounds
        met -= xi * y
        points[t + 1] = np.clip(points[t] - step * (slope * np.sign(y) + xi), -half, half)
    return gaps, met


@pytest.mark.parametrize("tau", [0, 3])
@pytest.mark.parametrize("chance", [0.5, 0.05])
def test_simulated_runs_respect_the_stated_bound(tau, chance):
    rounds, step, noise = 200, 0.05, 1.0
    gaps, _ = simulated(
        4000, rounds, slope=0.2, noise=noise, step=step, tau=tau, start=1, half=1, seed=tau
    )
    bound = AVERAGE.evaluate(
        R=1,
        G=noise + 0.2,
        T=rounds,
        eta=step,
        tau_avg=sum(min(t, tau) for t in range(rounds)) / rounds,
        D=2,
        xi_max=noise,
        delta=chance,
    )
    failures = float(np.mean(gaps > float(bound)))
    assert failures <= chance + 5 * math.sqrt(chance / 4000)


@pytest.mark.parametrize("chance", [0.3, 0.05, 0.01])
def test_the_step_that_is_not_proved_holds_on_runs(chance):
    """Azuma and Hoeffding for what the noise adds: F = 0 near the edge of the interval."""
    rounds = 100
    _, met = simulated(
        20_000, rounds, slope=0.0, noise=1.0, step=1e-4, tau=2, start=1, half=1, seed=7
    )
    allowed = math.sqrt(2 * rounds * math.log(1 / chance))
    assert np.mean(met > allowed) <= chance
    assert np.mean(met > 0.25 * allowed) > chance  # negative control: the trials have power


# ------------------------------------------------------------------ negative controls


def test_half_the_stated_bound_is_broken():
    """|x| from 1, once, with hardly any noise: the gap is 1."""
    own = {"R": 1, "G": 1, "T": 1, "eta": 1, "tau_avg": 0, "D": 1, "xi_max": Fraction(1, 100)}
    bound = AVERAGE.evaluate(**own, delta=Fraction(1, 2))
    assert float(bound) / 2 < 1 <= float(bound)


def test_a_smaller_bound_is_not_what_the_proof_shows():
    with pytest.raises(StepError, match="the proof shows"):
        weakened(PATHWISE).verify()


@pytest.mark.parametrize("place", range(len(PATHWISE.assumptions)))
def test_every_assumption_is_needed(place):
    fewer = (*PATHWISE.assumptions[:place], *PATHWISE.assumptions[place + 1 :])
    with pytest.raises(StepError, match="which is not assumed"):
        replace(PATHWISE, assumptions=fewer).verify()
