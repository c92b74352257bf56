"""Lian et al. 2015 for M gradients an update: variable steps, a constant one, the balanced one."""

import random
from dataclasses import replace

import pytest
from sympy import Add, Integer, Rational, cancel, floor, simplify, sqrt
from trials import broken, quadratic, some_function, weakened

from theory.assumptions import (
    DelaysOfParts,
    ExogenousDelays,
    PositiveSteps,
    SomeStep,
    StepsOverTheDelay,
    UnbiasedNoise,
    VarianceOfSamples,
)
from theory.claims import le
from theory.exact_runs import ExactRun
from theory.kernel import StepError
from theory.results import lian2015
from theory.symbols import B, Delta, L, T, eta0, sigma, tau_max

VARIABLE = lian2015.asysg_con
CONSTANT = lian2015.asysg_con_constant
TUNED = lian2015.asysg_con_tuned
SEVERAL = (VARIABLE, CONSTANT, TUNED)


def several_run(theorem, seed, *, convex=True, noise=True, size=1):
    """A run with up to three gradients an update, each of its own age, and admissible steps.

    `size` multiplies the steps of `asysg_con`, which are scaled to meet the condition with equality
    at the worst update.
    """
    chance = random.Random(f"{theorem.name} {seed}")
    f = some_function(chance, convex=convex)
    start = Rational(chance.choice([-6, -3, 2, 3, 5]), 2)
    gradients, updates = chance.randint(1, 3), chance.randint(1, 4)
    tau = chance.randint(0, min(2, updates - 1))
    reads = tuple(
        tuple(t + 1 - chance.randint(0, min(t, tau)) for _ in range(gradients))
        for t in range(updates)
    )
    spread = Rational(chance.choice([1, 2, 3]), 2) if noise else Integer(0)
    constants = {
        "L": f.smoothness,
        "Delta": f.value(start) - f.infimum,
        "sigma": spread / sqrt(gradients),  # `spread` is the size of B noises taken together
        "B": Integer(gradients),
        "tau": Integer(tau),
        "T": Integer(updates),
    }
    if theorem is CONSTANT:
        limit = CONSTANT.largest_step(L=f.smoothness, B=gradients, tau=tau)
        constants["eta"] = Rational(floor(1000 * limit), 1000)
    if theorem is VARIABLE:
        constants["eta"] = admissible_steps(chance, f.smoothness * gradients, tau, updates, size)
    known = {a: b for a, b in constants.items() if a in (*theorem.constants, *theorem.sequences)}
    return ExactRun(
        words=f"random function {seed}",
        constants=known | {a: constants[a] for a in ("B", "tau")},
        function=f,
        start=start,
        reads=reads,
        noise=spread,
    )


def admissible_steps(chance, scale, tau, updates, size):
    """Steps of random proportions, as large as the condition allows (scale is L B)."""
    h = [Rational(chance.randint(1, 4), 4) for _ in range(updates)]

    def fits(factor):
        scaled = [factor * a for a in h]
        later = [Add(*scaled[t + 1 : t + 1 + tau]) for t in range(updates)]
        return all(a * (1 + 2 * tau * b) <= 1 for a, b in zip(scaled, later, strict=True))

    largest = max(Rational(k, 16) for k in range(1, 65) if fits(Rational(k, 16)))
    return [size * largest * a / scale for a in h]


@pytest.mark.parametrize("theorem", SEVERAL, ids=lambda t: t.name)
def test_it_is_proved(theorem):
    assert theorem.status == "proved"


def test_one_gradient_an_update_is_the_theorem_for_one():
    one = CONSTANT.bound.expression.subs(B, 1) - lian2015.nonconvex.bound.expression
    assert cancel(one) == 0
    for tau in (0, 1, 7):
        limit = CONSTANT.largest_step(L=2, B=1, tau=tau)
        assert limit == lian2015.nonconvex.largest_step(L=2, tau=tau)


def test_without_delay_it_is_the_theorem_of_minibatch_sgd():
    """Step B eta on the mean of B gradients, whose variance is sigma^2/B."""
    step, variance = B * eta0, sigma**2 / B
    sgd = 2 * Delta / (step * T) + L * step * variance
    assert cancel(CONSTANT.bound.expression.subs(tau_max, 0) - sgd) == 0
    assert CONSTANT.largest_step(L=3, B=5, tau=0) == Rational(1, 15)


def test_the_recalled_form_of_variable_steps():
    """Lian et al. 2015, Theorem 1, as recalled; steps g_0, g_1, g_2 with tau = 1, written out.

    (2 Delta + sum_k (g_k^2 M L + 2 L^2 M^2 g_k sum_{j=k-tau}^{k-1} g_j^2) sigma^2)/(M sum_k g_k)
    """
    g, values = [Rational(1, 9), Rational(1, 7), Rational(1, 8)], {"L": 2, "B": 3, "Delta": 5}
    before = [0, g[0], g[1]]
    noise = Add(*(a**2 * 6 + 2 * 4 * 9 * a * b**2 for a, b in zip(g, before, strict=True)))
    recalled = (2 * 5 + noise * Rational(1, 4)) / (3 * Add(*g))
    assert VARIABLE.evaluate(**values, sigma=Rational(1, 2), tau=1, T=3, eta=g) == recalled


def test_constant_steps_in_the_variable_form_are_no_better_than_the_constant_form():
    """Only the first tau updates have a shorter past."""
    values = {"L": 1, "B": 2, "Delta": 1, "sigma": 1, "tau": 2, "T": 5}
    eta = Rational(1, 20)
    gap = CONSTANT.evaluate(**values, eta=eta) - VARIABLE.evaluate(**values, eta=[eta] * 5)
    assert gap == 2 * 2 * eta**2 * (2 - Rational(0 + 1 + 2 + 2 + 2, 5))


def test_the_balanced_step_gives_the_recalled_rate():
    """Corollary: gamma = sqrt(Delta/(M L K sigma^2)), 4 sqrt(Delta L sigma^2/(M K))."""
    values = {"L": 2, "B": 3, "Delta": 5, "sigma": 2, "T": 270}
    assert TUNED.step_size(0, **values) == sqrt(Rational(5, 3 * 2 * 270 * 4))
    assert simplify(TUNED.evaluate(**values) - 4 * sqrt(Rational(5 * 2 * 4, 3 * 270))) == 0
    assert min(TUNED.margins(**values, tau=2)) == 0
    assert min(TUNED.margins(**values, tau=3)) < 0


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("theorem", [VARIABLE, CONSTANT], ids=lambda t: t.name)
def test_exact_runs_respect_it(theorem, seed):
    assert not broken(theorem, [several_run(theorem, seed, convex=seed % 2 == 0)])


def balanced_run(sigma, T):
    """F = x^2/4 (L = 1/2) from x_0 = 2, two gradients an update, the older one a step late."""
    return ExactRun(
        words="a parabola",
        constants={
            "L": Rational(1, 2),
            "Delta": Integer(1),
            "sigma": sigma,
            "B": Integer(2),
            "tau": Integer(0 if T == 1 else 1),
            "T": Integer(T),
        },
        function=quadratic(Rational(1, 2)),
        start=Integer(2),
        reads=((1, 1), *((t, t - 1) for t in range(2, T + 1))),
        noise=Integer(1),
    )


@pytest.mark.parametrize(("sigma", "T"), [(2, 1), (2, 4), (4, 1), (4, 4)])
def test_balanced_runs_respect_it(sigma, T):
    assert not broken(TUNED, [balanced_run(Integer(sigma), T)])


def test_a_horizon_that_is_too_short_is_not_admitted():
    with pytest.raises(StepError, match="does not meet 4"):
        TUNED.replay(balanced_run(Integer(1), 4))


@pytest.mark.parametrize("theorem", [VARIABLE, CONSTANT], ids=lambda t: t.name)
def test_half_the_bound_is_broken(theorem):
    """Negative control: the trials have power."""
    runs = [several_run(theorem, seed, noise=False) for seed in range(20)]
    assert broken(theorem, runs, Rational(1, 2))


@pytest.mark.parametrize("theorem", SEVERAL, ids=lambda t: t.name)
def test_a_smaller_bound_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        weakened(theorem).verify()


@pytest.mark.parametrize(
    "dropped",
    [
        DelaysOfParts,
        ExogenousDelays,
        PositiveSteps,
        SomeStep,
        StepsOverTheDelay,
        UnbiasedNoise,
        VarianceOfSamples,
    ],
)
def test_every_assumption_is_needed(dropped):
    fewer = tuple(a for a in VARIABLE.assumptions if not isinstance(a, dropped))
    with pytest.raises(StepError, match="which is not assumed"):
        replace(VARIABLE, assumptions=fewer).verify()


def test_the_conditions_are_needed():
    longer = le(eta0, 1 / (L * B * (1 + tau_max)))
    with pytest.raises(StepError, match="not among the conditions"):
        replace(CONSTANT, step_limit=None, conditions=(longer,)).verify()
    shorter = le(2 * B * L * Delta * (tau_max + 1) ** 2 / sigma**2, T)
    with pytest.raises(StepError, match="not among the conditions"):
        replace(TUNED, conditions=(shorter,)).verify()


def test_four_times_the_steps_break_it():
    """Steps beyond the condition are not admitted; where they were, the run grows."""
    run = replace(balanced_run(Integer(0), 6), noise=Integer(0))
    run = replace(run, constants={**run.constants, "eta": [Rational(8, 5)] * 6})
    with pytest.raises(StepError, match="does not meet 'steps over the longest delay"):
        VARIABLE.replay(run)
    free = tuple(a for a in VARIABLE.assumptions if not isinstance(a, StepsOverTheDelay))
    assert replace(VARIABLE, assumptions=free).replay(run).exceeds


def test_a_run_with_another_number_of_gradients_is_not_admitted():
    run = several_run(CONSTANT, 0)
    other = {**run.constants, "B": run.constants["B"] + 1, "eta": Rational(1, 100)}
    with pytest.raises(StepError, match="does not meet 'stale SGD, B gradients"):
        CONSTANT.replay(replace(run, constants=other))
    pair = balanced_run(Integer(2), 4)
    pair = replace(pair, constants={**pair.constants, "eta": Rational(1, 100)})
    with pytest.raises(StepError, match="does not meet 'stale SGD:"):
        lian2015.nonconvex.replay(pair)
