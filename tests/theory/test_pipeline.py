"""Blocks of different delays: proved, reduced to one block, tried on runs in two dimensions."""

import random
from dataclasses import replace

import pytest
from sympy import Abs, Integer, Matrix, Max, Rational, Symbol, cancel, floor, sqrt
from trials import some_function, weakened

from theory.assumptions import DelaysOfParts, EffectiveDelay, InitialGap, Smooth, SmoothBlocks
from theory.claims import le
from theory.kernel import StepError
from theory.results import lian2015, pipeline
from theory.symbols import L, eta0, tau_eff, tau_max

THEOREM = pipeline.gradient_descent


class Coupled:
    """F(p, q) = a (p^2 + q^2)/2 + b p q with a > |b|: every constant is exact."""

    def __init__(self, chance):
        self.a = Rational(chance.randint(2, 4), 2)
        self.b = Rational(chance.randint(-3, 3), 4)
        self.L = self.a + Abs(self.b)
        self.squares = (self.a**2 + self.b**2,) * 2  # L_1^2, L_2^2
        self.infimum = 0

    def value(self, x):
        return self.a * (x[0] ** 2 + x[1] ** 2) / 2 + self.b * x[0] * x[1]

    def gradient(self, x):
        return Matrix([self.a * x[0] + self.b * x[1], self.b * x[0] + self.a * x[1]])


class Apart:
    """F(p, q) = f(p) + g(q) for two functions of one variable, convex or not."""

    def __init__(self, chance, convex):
        self.parts = [some_function(chance, convex=convex) for _ in range(2)]
        self.squares = tuple(f.smoothness**2 for f in self.parts)
        self.L = Max(*(f.smoothness for f in self.parts))
        self.infimum = sum(f.infimum for f in self.parts)

    def value(self, x):
        return sum(f.value(a) for f, a in zip(self.parts, x, strict=True))

    def gradient(self, x):
        return Matrix([f.derivative(a) for f, a in zip(self.parts, x, strict=True)])


def average_gradient(F, start, delays, eta, updates):
    """(1/T) sum |grad F(x_t)|^2, block i read min(t, d_i) updates back, in exact arithmetic."""
    points = [start]
    for t in range(updates):
        read = [F.gradient(points[t - min(t, d)]) for d in delays]
        points.append(points[-1] - eta * Matrix([read[0][0], read[1][1]]))
    return sum(F.gradient(x).dot(F.gradient(x)) for x in points[:updates]) / updates


def some_run(seed):
    """A function, a start, delays of the two blocks, and the number of updates."""
    chance = random.Random(seed)
    kinds = (Coupled, lambda c: Apart(c, True), lambda c: Apart(c, False))
    F = kinds[seed % 3](chance)
    start = Matrix([Rational(chance.choice([-6, -3, 2, 3, 5]), 2) for _ in range(2)])
    return F, start, (chance.randint(0, 3), chance.randint(0, 2)), chance.randint(1, 6)


def effective_delay(F, delays):
    return sqrt(sum(a * d**2 for a, d in zip(F.squares, delays, strict=True))) / F.L


def broken(seed, scale=1):
    """Whether the run exceeds `scale` times the bound at (nearly) the largest step."""
    F, start, delays, updates = some_run(seed)
    late = effective_delay(F, delays)
    limit = THEOREM.largest_step(L=F.L, tau_eff=late)
    eta = Rational(floor(1000 * limit), 1000)
    bound = THEOREM.evaluate(Delta=F.value(start) - F.infimum, eta=eta, T=updates)
    return average_gradient(F, start, delays, eta, updates) > scale * bound


def test_it_is_proved():
    assert THEOREM.status == "proved"


def test_one_block_is_gradient_descent_with_bounded_delays():
    known = lian2015.gradient_descent
    limit = THEOREM.step_limit.expression.subs(tau_eff, Symbol("tau", nonnegative=True))
    same = known.step_limit.expression.subs(tau_max, Symbol("tau", nonnegative=True))
    assert cancel(limit - same) == 0
    assert cancel(THEOREM.bound.expression - known.bound.expression) == 0
    assert THEOREM.largest_step(L=2, tau_eff=0) == Rational(1, 2)


def test_a_block_that_hardly_matters_may_be_late():
    """L_1 = 1 up to date, L_2 = 1/100 a hundred updates late: as if all were one update late."""
    late = sqrt(0 + Rational(1, 100) ** 2 * 100**2)
    assert THEOREM.largest_step(L=1, tau_eff=late) == THEOREM.largest_step(L=1, tau_eff=1)
    longest = lian2015.gradient_descent.largest_step(L=1, tau=100)
    assert THEOREM.largest_step(L=1, tau_eff=late) > 50 * longest


@pytest.mark.parametrize("seed", range(24))
def test_exact_runs_respect_it(seed):
    assert not broken(seed)


def test_half_the_bound_is_broken():
    """Negative control: the runs have power."""
    assert any(broken(seed, Rational(1, 2)) for seed in range(24))


def test_four_times_the_step_breaks_it():
    """F = (p^2 + q^2)/2, both one update late: tau_eff = sqrt 2; at 8/5 the run grows."""
    F = Coupled(random.Random(0))
    F.a, F.b = Integer(1), Integer(0)
    start, eta = Matrix([1, 1]), Rational(8, 5)
    assert eta > 4 * Rational(1, 2) * THEOREM.largest_step(L=1, tau_eff=sqrt(2))
    bound = THEOREM.evaluate(Delta=1, eta=eta, T=6)
    assert average_gradient(F, start, (1, 1), eta, 6) > bound


def test_a_smaller_bound_is_not_what_the_proof_shows():
    with pytest.raises(StepError, match="the proof shows"):
        weakened(THEOREM).verify()


@pytest.mark.parametrize(
    "dropped", [DelaysOfParts, EffectiveDelay, InitialGap, Smooth, SmoothBlocks]
)
def test_every_assumption_is_needed(dropped):
    fewer = tuple(a for a in THEOREM.assumptions if not isinstance(a, dropped))
    with pytest.raises(StepError, match="which is not assumed"):
        replace(THEOREM, assumptions=fewer).verify()


def test_the_step_limit_is_needed():
    longer = le(eta0, 1 / (L * (1 + tau_eff / 2)))
    with pytest.raises(StepError, match="not among the conditions"):
        replace(THEOREM, step_limit=None, conditions=(longer,)).verify()
