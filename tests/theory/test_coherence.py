"""Guaranteed coherence: proved, tried on exact runs, sharp, and refuted beyond the threshold."""

import random
from dataclasses import replace

import pytest
from sympy import Integer, Rational, cancel
from trials import quadratic, some_function

from theory.assumptions import BoundedDelay, ConstantDelay, PositiveSteps, Smooth, StepLimit
from theory.claims import le
from theory.exact_runs import ExactRun
from theory.kernel import StepError
from theory.latex import shown
from theory.quantities import shortfall
from theory.results.coherence import (
    any_delays,
    beyond_the_threshold,
    constant_delay,
    converse,
    on_quadratic,
    threshold,
)
from theory.symbols import L, lag, n, tau_max, z
from theory.witness import PiecewiseQuadratic, run

PROVED = (any_delays, constant_delay, threshold)
LEVELS = {a.name: a.quantity.pairs.level.expression for a in PROVED}


def with_level(theorem, level):
    """The same theorem with another level of coherence."""
    return replace(theorem, quantity=shortfall(shown(level), lag, n))


def small_run(seed, *, constant=False):
    """A random function, delays up to tau, steps up to the limit for a random z."""
    chance = random.Random(seed)
    f = some_function(chance, convex=seed % 3 == 0)
    tau, updates = chance.randint(1, 3), chance.randint(4, 7)
    shrink = Rational(1, tau * chance.choice([1, 1, 2]))
    limit = shrink / (f.smoothness * (1 + shrink) ** (tau + 1))
    delays = [min(t, tau) if constant else chance.randint(0, min(t, tau)) for t in range(updates)]
    steps = [limit * chance.choice([1, 1, Rational(1, 2)]) for _ in range(updates)]
    return ExactRun(
        words=f"random function {seed}",
        constants={
            "L": f.smoothness,
            "tau": Integer(tau),
            "z": shrink,
            "ell": Integer(chance.randint(1, min(tau + 1, updates))),
            "n": Integer(updates),
            "eta": steps,
        },
        function=f,
        start=Rational(chance.choice([-6, -3, 2, 3, 5]), 2),
        reads=tuple(t - d + 1 for t, d in enumerate(delays)),
    )


def bent(tau, lag, updates):
    """A parabola that bends down for the last updates: the worst function of a constant delay."""
    step = Rational(tau**tau, (tau + 1) ** (tau + 1))
    reads = tuple(max(0, k - tau) + 1 for k in range(updates))
    path = run(quadratic(Integer(1)), Integer(1), steps=[step] * updates, reads=reads)
    edge = path.points[0][updates - lag]
    knots = ((edge - 1, edge + 1), (edge, edge))
    return ExactRun(
        words="a parabola that bends down at the end",
        constants={
            "L": Integer(1),
            "tau": Integer(tau),
            "z": Rational(1, tau),
            "ell": Integer(lag),
            "n": Integer(updates),
            "eta": [step] * updates,
        },
        function=PiecewiseQuadratic(knots, Integer(1), Integer(1)),
        start=Integer(1),
        reads=reads,
    )


def worst(example, lag):
    """The coherence of the last gradient with that so many updates before."""
    path = example.path(example.constants["eta"])
    end = len(path.points[0]) - 1
    return path.inner(end, end - lag) / path.inner(end, end)


def test_statuses():
    assert [theorem.status for theorem in PROVED] == ["proved"] * 3
    assert beyond_the_threshold.status == "refuted"
    assert converse.status == "stated"


# ------------------------------------------------------------------------- what it says


def test_the_level_without_delay_is_that_of_smoothness():
    """tau = 0, lag 1: |g_1 - g_0| <= h |g_0| alone gives 1/(1 + h), and h = z/(1 + z) there."""
    h = z / (1 + z)
    for name in ("coherence.any_delays", "coherence.constant_delay"):
        assert cancel(LEVELS[name].subs({lag: 1}) - 1 / (1 + h)) == 0


def test_the_thresholds():
    assert [threshold.largest_step(L=1, tau=d) for d in (1, 2, 3)] == [
        Rational(1, 4),
        Rational(4, 27),
        Rational(27, 256),
    ]
    limit = any_delays.assumptions[2].limit.expression
    for d in (1, 2, 5):  # the largest of z/(1 + z)^(tau + 1) is at z = 1/tau
        at = limit.subs({tau_max: d, L: 1})
        assert at.subs(z, Rational(1, d)) == threshold.largest_step(L=1, tau=d)
        assert at.diff(z).subs(z, Rational(1, d)) == 0


def test_the_threshold_is_a_case_of_any_delays():
    at_best = LEVELS["coherence.any_delays"].subs({z: 1 / tau_max, lag: tau_max})
    assert cancel(at_best - LEVELS["coherence.threshold"]) == 0


def test_a_constant_delay_guarantees_more_from_lag_two_on():
    small, one = LEVELS["coherence.any_delays"], LEVELS["coherence.constant_delay"]
    for d, m in ((1, 1), (1, 2), (3, 1), (3, 2), (3, 4)):
        at = {z: Rational(1, d), lag: m}
        more = one.subs(at) - small.subs(at)
        assert more == 0 if m == 1 else more > 0


# ------------------------------------------------------------------------- runs


@pytest.mark.parametrize("seed", range(12))
def test_exact_runs_respect_it(seed):
    assert not any_delays.replay(small_run(seed)).exceeds
    assert not constant_delay.replay(small_run(seed, constant=True)).exceeds
    even = small_run(seed)
    tau = even.constants["tau"]
    step = threshold.largest_step(L=even.constants["L"], tau=tau)
    few = min(even.constants["ell"], tau)
    even = replace(even, constants={**even.constants, "eta": step, "ell": few})
    assert not threshold.replay(even).exceeds


@pytest.mark.parametrize(("tau", "m"), [(1, 1), (1, 2), (2, 2), (3, 2)])
def test_the_level_for_constant_delay_is_approached(tau, m):
    """No better constant is possible: in long runs the bent parabola comes close."""
    level = constant_delay.quantity.pairs.level.expression.subs({z: Rational(1, tau), lag: m})
    shorter, longer = (worst(bent(tau, m, updates), m) for updates in (12, 60))
    assert level < longer < shorter
    assert longer / level < Rational(103, 100)
    assert not constant_delay.replay(bent(tau, m, 12)).exceeds


def test_the_first_values_at_delay_one():
    """By hand: u_{n+1} = u_n - u_{n-1}/4 from (1, 1), coherence 1/(1 + u_{n-1}/(4 u_n))."""
    assert [worst(bent(1, 1, k), 1) for k in range(1, 7)] == [
        Rational(4, 5),
        Rational(3, 4),
        Rational(8, 11),
        Rational(5, 7),
        Rational(12, 17),
        Rational(7, 10),
    ]


def test_a_higher_level_is_broken():
    """Negative control: 2/3 is guaranteed at tau = 1, 7/10 is not."""
    example = bent(1, 1, 12)
    assert with_level(constant_delay, Rational(7, 10)).replay(example).exceeds
    assert not with_level(constant_delay, Rational(2, 3)).replay(example).exceeds


# ------------------------------------------------------------------------- controls


@pytest.mark.parametrize("theorem", PROVED, ids=lambda t: t.name)
def test_a_higher_level_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        with_level(theorem, LEVELS[theorem.name] * Rational(11, 10)).verify()


@pytest.mark.parametrize("dropped", [BoundedDelay, PositiveSteps, StepLimit, Smooth])
def test_every_assumption_is_needed(dropped):
    fewer = tuple(a for a in any_delays.assumptions if not isinstance(a, dropped))
    with pytest.raises(StepError, match="which is not assumed"):
        replace(any_delays, assumptions=fewer).verify()


def test_delays_must_be_constant_for_the_higher_level():
    fewer = tuple(a for a in constant_delay.assumptions if not isinstance(a, ConstantDelay))
    bounded = BoundedDelay(tau_max + 1, count=constant_delay.count)
    with pytest.raises(StepError, match="which is not assumed"):
        replace(constant_delay, assumptions=(*fewer, bounded)).verify()


@pytest.mark.parametrize("dropped", range(3))
def test_every_condition_is_needed(dropped):
    kept = [c for place, c in enumerate(any_delays.conditions) if place != dropped]
    with pytest.raises(StepError, match="not among the conditions"):
        replace(any_delays, conditions=tuple(kept)).verify()


def test_the_step_limit_is_needed():
    with pytest.raises(StepError, match="not among the conditions"):
        replace(threshold, step_limit=shown(1 / L)).verify()


# ------------------------------------------------------------------------- beyond


@pytest.mark.parametrize("example", beyond_the_threshold.refutations, ids=str)
def test_it_is_false_beyond_the_threshold(example):
    found = beyond_the_threshold.refute(example)
    assert found.quantity.is_Rational
    assert example.constants["eta"] > threshold.largest_step(L=1, tau=example.constants["tau"])
    assert example.constants["kappa"] <= 0


@pytest.mark.parametrize("tau", [1, 2, 3])
def test_at_the_threshold_the_same_quadratics_stay_coherent(tau):
    """Negative control: one per cent in the step turns -1000 into more than 1/2."""
    for example in beyond_the_threshold.refutations:
        if example.constants["tau"] != tau:
            continue
        step = threshold.largest_step(L=1, tau=tau)
        slower = replace(example, constants={**example.constants, "eta": step})
        with pytest.raises(StepError, match="which the bound 0 allows"):
            beyond_the_threshold.refute(slower)
        assert not threshold.replay(slower).exceeds


def test_a_counterexample_with_too_large_a_step_does_not_count():
    far = on_quadratic(1, Rational(3, 2), Integer(1), 0, 10)
    with pytest.raises(StepError, match="does not meet eta <="):
        beyond_the_threshold.refute(far)
    bare = replace(beyond_the_threshold, step_limit=None, conditions=(le(lag, n),))
    assert bare.refute(far).exceeds


def test_the_converse_says_what_it_lacks():
    with pytest.raises(StepError, match="there is no proof here"):
        converse.verify()
    assert "roots" in converse.lacks
    assert cancel(converse.bound.expression / L - threshold.step_limit.expression) == 0
