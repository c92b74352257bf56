"""Feyzmahdavian et al. 2014: proved, reduced to known results, tried on exact runs."""

import random
from dataclasses import replace

import pytest
from sympy import Integer, Rational, cancel
from trials import weakened

from theory.assumptions import (
    BoundedDelay,
    CompositeMinimiser,
    ConditionNumber,
    DelayedProximalGradient,
    Smooth,
    StronglyConvex,
)
from theory.enclosure import sign_of_constant
from theory.hilbert import Gradient, Inner, fixed
from theory.kernel import StepError
from theory.lemmas.curvature import gradient_step_contracts, strong_cocoercivity
from theory.results import feyzmahdavian2014
from theory.symbols import L, R, T, mu_sc, tau_max, theta
from theory.witness import PiecewiseQuadratic, quadratic

THEOREM = feyzmahdavian2014.delayed_proximal_gradient


def test_it_is_proved():
    assert THEOREM.status == "proved"


def test_the_published_form():
    """The rate of the paper, as recalled: (1 - theta + theta (kappa - 1)/(kappa + 1))^(t/(1 + tau))
    times |x_0 - x*|, squared."""
    kappa = L / mu_sc
    base = 1 - theta + theta * (kappa - 1) / (kappa + 1)
    bound = THEOREM.bound.expression / R**2
    assert cancel(bound.base - base) == 0
    assert cancel(bound.exp - 2 * T / (1 + tau_max)) == 0


def test_without_delay_and_relaxation_it_is_the_theorem_of_gradient_descent():
    """Nesterov (2018), Theorem 2.1.15: |x_T - x*| <= ((kappa - 1)/(kappa + 1))^T |x_0 - x*|."""
    plain = THEOREM.bound.expression.subs({tau_max: 0, theta: 1})
    assert cancel(plain.subs(T, 3) - R**2 * ((L - mu_sc) / (L + mu_sc)) ** 6) == 0
    assert THEOREM.step_size(0, L=3, mu_sc=1, tau=2, R=1, theta=1, T=1) == Rational(1, 2)


# ------------------------------------------------------------------ exact runs


def convex_function(chance):
    """A strongly convex function that is curved differently on its two sides."""
    left, right = (Rational(a, 2) for a in chance.sample(range(1, 7), 2))
    knot = (Integer(chance.randint(-2, 2)), Integer(0))
    return PiecewiseQuadratic((knot,), left, right)


def shifted(f, slope):
    """f + slope x."""
    return replace(f, knots=tuple((p, d + slope) for p, d in f.knots))


def some_psi(chance, f):
    """A proximal map, and the minimiser of F + Psi: Psi = 0, an interval, or weight |x|."""
    kind = chance.choice(["nothing", "interval", "absolute value"])
    if kind == "nothing":
        return (lambda v, gamma: v), f.minimiser
    if kind == "interval":
        low, high = Integer(chance.randint(-3, 0)), Integer(chance.randint(1, 3))
        return (lambda v, gamma: min(max(v, low), high)), min(max(f.minimiser, low), high)
    weight = Rational(chance.randint(1, 4), 2)

    def soft(v, gamma):
        return max(v - gamma * weight, Integer(0)) + min(v + gamma * weight, Integer(0))

    slope = f.derivative(Integer(0))
    if abs(slope) <= weight:
        return soft, Integer(0)
    return soft, shifted(f, -weight if slope > 0 else weight).minimiser


def distances(f, prox, star, start, *, delays, relaxed, gamma):
    """|x_t - x*|^2 along an exact run."""
    path = [start]
    for t, delay in enumerate(delays):
        y = path[t - delay]
        proximal = prox(y - gamma * f.derivative(y), gamma)
        path.append((1 - relaxed) * path[t] + relaxed * proximal)
    return [(x - star) ** 2 for x in path]


def constants(f, start, star, **more):
    return {"L": f.smoothness, "mu_sc": f.convexity, "R": abs(start - star), **more}


def step(f):
    return 2 / (f.convexity + f.smoothness)


@pytest.mark.parametrize("seed", range(60))
def test_exact_runs_respect_it(seed):
    chance = random.Random(seed)
    f = convex_function(chance)
    prox, star = some_psi(chance, f)
    start = star + Rational(chance.choice([-7, -2, 1, 5]), 2)
    tau = chance.randint(0, 3)
    delays = [chance.randint(0, min(t, tau)) for t in range(7)]
    if chance.random() < 0.5:
        delays = [min(t, tau) for t in range(7)]
    relaxed = Rational(chance.randint(1, 4), 4)
    assert prox(star - step(f) * f.derivative(star), step(f)) == star
    seen = distances(f, prox, star, start, delays=delays, relaxed=relaxed, gamma=step(f))
    for t in range(1, 8):
        bound = THEOREM.evaluate(
            **constants(f, start, star, theta=relaxed, tau=max(delays[:t]), T=t)
        )
        assert seen[t] == bound or sign_of_constant(bound - seen[t]) == 1


HALF = Rational(1, 2)


def parabola(delays, *, gamma=HALF, curvature=1):
    """Runs on curvature/2 x^2 from 1; the constants are mu = 1 and L = 3, that step is 1/2."""
    f = quadratic(Integer(curvature))
    plain = {"delays": delays, "relaxed": Integer(1), "gamma": gamma}
    return distances(f, lambda v, gamma: v, Integer(0), Integer(1), **plain)


@pytest.mark.parametrize("tau", range(4))
@pytest.mark.parametrize("rounds", [1, 2])
def test_it_is_attained_and_a_smaller_bound_is_broken(tau, rounds):
    """Each round of 1 + tau updates halves the distance once; half the bound would be broken."""
    end = rounds * (1 + tau)
    seen = parabola([min(t, tau) for t in range(end)])[end]
    bound = THEOREM.evaluate(L=3, mu_sc=1, R=1, theta=1, tau=tau, T=end)
    assert seen == bound == Rational(1, 4) ** rounds


def test_longer_delays_break_the_bound_of_shorter_ones():
    seen = parabola([min(t, 2) for t in range(3)])[3]
    assert seen > THEOREM.evaluate(L=3, mu_sc=1, R=1, theta=1, tau=1, T=3)


def test_a_longer_step_breaks_it():
    """On 3/2 x^2 the step 1/2 contracts by 1/2, a step twice as long doubles the distance."""
    assert parabola([0], curvature=3)[1] == Rational(1, 4)
    assert parabola([0], curvature=3, gamma=Integer(1))[1] == 4


# ------------------------------------------------------------------ negative controls


def test_a_smaller_bound_is_not_what_the_proof_shows():
    with pytest.raises(StepError, match="the proof shows"):
        weakened(THEOREM).check(THEOREM.proof())


@pytest.mark.parametrize(
    "dropped",
    [
        BoundedDelay,
        CompositeMinimiser,
        ConditionNumber,
        DelayedProximalGradient,
        Smooth,
        StronglyConvex,
    ],
)
def test_every_assumption_is_needed(dropped):
    fewer = tuple(a for a in THEOREM.assumptions if not isinstance(a, dropped))
    with pytest.raises(StepError, match="which is not assumed"):
        replace(THEOREM, assumptions=fewer).check(THEOREM.proof())


def test_relaxation_beyond_one_is_not_covered():
    with pytest.raises(StepError, match="not among the conditions"):
        replace(THEOREM, conditions=()).check(THEOREM.proof())


# ------------------------------------------------------------------ the lemmas


LEMMAS = [strong_cocoercivity, gradient_step_contracts]
U, V = fixed("u"), fixed("v")


def margin(lemma, f, at, smoothness, curvature):
    """Right side minus left side of a lemma for F at two points."""

    def number(atom):
        return f.derivative(at[atom.args[1]]) if isinstance(atom, Gradient) else at[atom]

    e = lemma(U, V).expression.subs({L: smoothness, mu_sc: curvature})
    return e.xreplace({a: number(a.args[0]) * number(a.args[1]) for a in e.atoms(Inner)})


@pytest.mark.parametrize("lemma", LEMMAS)
@pytest.mark.parametrize("seed", range(12))
def test_the_lemmas_hold_for_exact_functions(lemma, seed):
    chance = random.Random(seed)
    f = convex_function(chance)
    at = {U: Rational(chance.randint(-9, 9), 2), V: Rational(chance.randint(-9, 9), 2)}
    assert margin(lemma, f, at, f.smoothness, f.convexity) >= 0


@pytest.mark.parametrize("lemma", LEMMAS)
def test_the_lemmas_fail_for_a_smoothness_too_small(lemma):
    """Negative control."""
    at = {U: Integer(1), V: Integer(0)}
    assert margin(lemma, quadratic(Integer(1)), at, Integer(2), Rational(1, 2)) >= 0
    assert margin(lemma, quadratic(Integer(1)), at, Rational(1, 2), Rational(1, 4)) < 0
