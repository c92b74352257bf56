"""De Sa et al. 2015: proved, reduced to known results, tried on exact runs, broken on purpose."""

import random
from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest
from sympy import E, cancel, expand_log, log, simplify, sqrt
from trials import weakened

from theory.kernel import StepError
from theory.results import desa2015
from theory.symbols import G, L, R, T, eps, mu_sc, tau_max, theta

FRESH, CHANCE, TIME = desa2015.fresh_chance, desa2015.chance, desa2015.time


@pytest.mark.parametrize("theorem", desa2015.THEOREMS, ids=lambda t: t.name)
def test_it_is_proved(theorem):
    assert theorem.status == "proved"


# ------------------------------------------------------------------ known results


def test_the_published_form():
    """As recalled: (M^2 + 2 L M tau sqrt eps)/(c^2 eps theta T) log(e R^2/eps)."""
    c, M = mu_sc, G
    published = (M**2 + 2 * L * M * tau_max * sqrt(eps)) / (c**2 * eps * theta * T)
    published *= log(E * R**2 / eps)
    difference = expand_log(published - CHANCE.bound.expression, force=True)
    assert simplify(difference) == 0
    assert cancel(CHANCE.bound.expression * T - TIME.bound.expression) == 0


def test_without_delay_it_is_the_sequential_theorem():
    """As recalled: step c eps theta/M^2, P <= M^2/(c^2 eps theta T) log(e R^2/eps)."""
    assert cancel(CHANCE.bound.expression.subs(tau_max, 0) - FRESH.bound.expression) == 0
    assert cancel(CHANCE.step.expression.subs(tau_max, 0) - FRESH.step.expression) == 0


# ------------------------------------------------------------------ exact runs


def survival(updates, start, step, radius, noise, curvature, tau, delays):
    """S_0, ..., S_updates with two-point noise, and the largest second moment of a gradient."""
    alive = [Fraction(0)] * (updates + 1)
    largest = Fraction(0)
    signs = list(product((1, -1), repeat=updates)) if noise else [(0,) * updates]
    for pattern in signs:
        points = [start]
        for t in range(updates + 1):
            if points[t] ** 2 <= radius:
                break
            alive[t] += Fraction(1, len(signs))
            if t == updates:
                break
            read = curvature * points[t - min(t, tau, delays[t])]
            largest = max(largest, read**2 + noise**2)
            points.append(points[t] - step * (read + pattern[t] * noise))
    return alive, largest


@pytest.mark.parametrize("seed", range(12))
def test_exact_runs_respect_it(seed):
    chance = random.Random(f"desa {seed}")
    updates, tau = 9, chance.randint(0, 2)
    delays = [chance.randint(0, tau) for _ in range(updates)]
    start, noise = Fraction(chance.choice([3, 4, 5]), 2), Fraction(chance.choice([0, 1, 2]), 2)
    radius, share = Fraction(1, 4), Fraction(chance.choice([1, 2]), 2)
    slope = start + noise + 1
    own = {"mu_sc": 1, "eps": radius, "theta": share, "G": slope, "R": start, "T": updates}
    if tau:
        own |= {"L": 1, "tau": tau}
    theorem = CHANCE if tau else FRESH
    size = {a: b for a, b in own.items() if a not in ("R", "T")}
    step = Fraction(str(theorem.step_size(0, **size)))
    alive, largest = survival(updates, start, step, radius, noise, 1, tau, delays)
    assert largest <= slope**2
    for t in range(1, updates + 1):
        assert alive[t] <= float(theorem.evaluate(**{**own, "T": t}))
    if tau:
        assert sum(alive[:-1]) <= float(TIME.evaluate(**own))


def steps_until(radius: float, step: float) -> int:
    """Updates of x^2/2 from 1 until x^2 <= radius."""
    x, count = 1.0, 0
    while x * x > radius:
        x, count = x - step * x, count + 1
    return count


def test_two_fifths_of_the_bound_are_broken():
    """Negative control: without noise the time is almost half of the bound for small balls."""
    radius = 1e-4
    time = steps_until(radius, radius)  # G = R = mu = theta = 1, fresh gradients
    bound = float(FRESH.evaluate(mu_sc=1, eps=radius, theta=1, G=1, R=1, T=1))  # times T = 1
    assert 2 / 5 * bound < time <= bound
    assert time == pytest.approx(46_050, rel=1e-3)


@pytest.mark.parametrize("theorem", desa2015.THEOREMS, ids=lambda t: t.name)
def test_a_smaller_bound_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        weakened(theorem).verify()


@pytest.mark.parametrize("theorem", desa2015.THEOREMS, ids=lambda t: t.name)
def test_every_assumption_and_condition_is_needed(theorem):
    for dropped in theorem.assumptions:
        fewer = tuple(a for a in theorem.assumptions if a is not dropped)
        with pytest.raises(StepError, match="which is not assumed"):
            replace(theorem, assumptions=fewer).verify()
    for dropped in theorem.conditions:
        fewer = tuple(c for c in theorem.conditions if c is not dropped)
        with pytest.raises(StepError, match="not among the conditions"):
            replace(theorem, conditions=fewer).verify()
