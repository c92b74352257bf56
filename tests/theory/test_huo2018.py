"""Huo et al. 2018: proved, reduced to known results, tried on exact runs, broken on purpose."""

import random
from dataclasses import replace

import pytest
from mutations import survivors
from sympy import Integer, Rational, Sum, cancel, log, simplify, sqrt
from trials import broken, quadratic, random_run, weakened

from theory import lemmas
from theory.assumptions import (
    BoundedDelay,
    BoundedSecondMoment,
    ExogenousDelays,
    GradientCoherence,
    InitialGap,
    PositiveSteps,
    Smooth,
    SomeStep,
    SufficientDirection,
    UnbiasedNoise,
    objective,
    squared_gradient,
)
from theory.claims import le
from theory.exact_runs import ExactRun
from theory.kernel import StepError
from theory.results import dai2019, huo2018
from theory.symbols import M2, Delta, L, T, e0, eta, eta0, s, sigma, sigma_d, t

FIXED, STALE, TUNED = huo2018.fixed_step, huo2018.stale_fixed_step, huo2018.tuned_step
ANY, STALE_ANY, COHERENT = huo2018.any_steps, huo2018.stale_any_steps, huo2018.coherent
DIRECTED = (FIXED, STALE, TUNED, ANY, STALE_ANY)


@pytest.mark.parametrize("theorem", huo2018.THEOREMS, ids=lambda t: t.name)
def test_it_is_proved(theorem):
    assert theorem.status == "proved"


def test_one_step_is_the_lemma_of_the_paper():
    step = lemmas.sufficient_descent(stale=False)
    after = objective(t) - sigma_d * eta(t) * squared_gradient(t) + eta(t) ** 2 * L * M2 / 2
    assert step.claim == le(objective(t + 1), after)


def test_the_published_forms():
    """As recalled from Huo et al., Theorems 1 and 2."""
    assert (
        cancel(
            FIXED.bound.expression - (Delta / (sigma_d * eta0 * T) + eta0 * L * M2 / (2 * sigma_d))
        )
        == 0
    )
    tuned = (2 + e0**2) / (2 * e0 * sigma_d) * sqrt(Delta * L * M2 / T)
    assert simplify(TUNED.bound.expression - tuned) == 0
    total, squares = (Sum(eta(t) ** p, (t, 0, T - 1)) for p in (1, 2))
    weighted = Delta / (sigma_d * total) + L * M2 * squares / (2 * sigma_d * total)
    assert cancel(ANY.bound.expression - weighted) == 0


def test_the_tuned_step_is_the_best_fixed_one():
    """No fixed step has a smaller bound than e_0 = sqrt 2, and that one has this."""
    at = {"L": 2, "Delta": 3, "M_2": 5, "sigma_d": Rational(1, 2), "T": 7}
    best = TUNED.evaluate(**at, e_0=sqrt(2))
    step = TUNED.step_size(0, **{a: b for a, b in at.items() if a != "sigma_d"}, e_0=sqrt(2))
    assert simplify(FIXED.evaluate(**at, eta=step) - best) == 0
    for scale in (Rational(1, 2), Rational(9, 10), Rational(11, 10), 2):
        assert FIXED.evaluate(**at, eta=step * scale) > best


def test_without_delay_it_is_sgd_with_a_second_moment():
    """g_t = grad F(x_t) + xi_t is a sufficient direction with sigma_d = 1."""
    sgd = Delta / (eta0 * T) + L * eta0 * M2 / 2
    assert cancel(STALE.bound.expression.subs(sigma_d, 1) - sgd) == 0


def test_constant_steps_are_a_case_of_any_steps():
    constants = {"L": 1, "Delta": 2, "M_2": 3, "sigma_d": Rational(1, 2), "T": 4}
    steps = [Rational(1, 5)] * 4
    assert ANY.evaluate(**constants, eta=steps) == FIXED.evaluate(**constants, eta=steps[0])


def test_the_second_moment_pays_for_the_logarithm():
    """The bound of Dai et al. as recalled, with M_2 for sigma^2 and 1 + log T for 2 log T."""
    printed = dai2019.published.bound.expression
    replaced = printed.subs(sigma**2, M2).subs(log(T), (1 + log(T)) / 2)
    assert simplify(COHERENT.bound.expression - replaced) == 0


# ------------------------------------------------------------------------- exact runs


def measured(theorem, seed):
    """A random run with the sharpest sigma_d and M_2, or None where the direction is not one."""
    chance = random.Random(seed)
    run = random_run(theorem, seed, convex=seed % 2 == 0)
    count = len(run.reads)
    steps = [Rational(chance.randint(1, 6), 4) for _ in range(count)]
    if theorem not in (ANY, STALE_ANY):
        steps = [steps[0]] * count
    path = run.path(steps)
    ratios = [
        path.along(k) / path.squared_gradients[k] for k in range(count) if path.squared_gradients[k]
    ]
    level = min(ratios, default=Integer(1))
    if level <= 0 or path.second_moment == 0:
        return None
    more = {"sigma_d": level, "M_2": path.second_moment, "eta": steps[0]}
    if theorem in (ANY, STALE_ANY):
        more["eta"] = steps
    if theorem is TUNED:
        kept = run.constants["T"] * run.constants["L"] * path.second_moment / run.constants["Delta"]
        more = {**more, "e_0": steps[0] * sqrt(kept)}
        del more["eta"]
    return replace(run, constants={**run.constants, **more})


def runs_of(theorem, seeds):
    return [run for run in (measured(theorem, seed) for seed in seeds) if run is not None]


@pytest.mark.parametrize("theorem", DIRECTED, ids=lambda t: t.name)
def test_exact_runs_respect_it(theorem):
    runs = runs_of(theorem, range(30))
    assert len(runs) >= 10
    assert not broken(theorem, runs)


def parabola(theorem, *, start=1, **constants):
    """F = x^2/2, one step of length 1 into the minimum, without noise."""
    everything = {"L": Integer(1), "Delta": Rational(1, 2), "T": Integer(1), "M_2": Integer(1)}
    return ExactRun(
        words="a parabola",
        constants={**everything, **constants},
        function=quadratic(Integer(1)),
        start=Integer(start),
        reads=(1,),
    )


ATTAINED = [
    (FIXED, {"sigma_d": Integer(1), "eta": Integer(1)}),
    (STALE, {"sigma_d": Integer(1), "eta": Integer(1)}),
    (TUNED, {"sigma_d": Integer(1), "e_0": sqrt(2)}),
    (ANY, {"sigma_d": Integer(1), "eta": [Integer(1)]}),
    (STALE_ANY, {"sigma_d": Integer(1), "eta": [Integer(1)]}),
    (COHERENT, {"mu": Integer(1), "s": Integer(1)}),
]


@pytest.mark.parametrize(("theorem", "constants"), ATTAINED)
def test_the_bound_is_attained_so_no_smaller_one_holds(theorem, constants):
    run = parabola(theorem, **constants)
    assert theorem.replay(run).attains
    assert broken(theorem, [run], Rational(99, 100))


@pytest.mark.parametrize(
    ("theorem", "constants"), ATTAINED[:5], ids=lambda a: getattr(a, "name", "")
)
def test_a_direction_that_points_away_is_refused(theorem, constants):
    run = parabola(theorem, **constants)
    with pytest.raises(StepError, match="does not meet 'sufficient direction"):
        theorem.replay(replace(run, constants={**run.constants, "sigma_d": Rational(11, 10)}))
    with pytest.raises(StepError, match="does not meet 'bounded second moment"):
        theorem.replay(replace(run, constants={**run.constants, "M_2": Rational(9, 10)}))


@pytest.mark.parametrize("seed", range(12))
def test_exact_runs_respect_the_coherent_bound(seed):
    """Up to two steps of the rule, at the first level of coherence that the run has."""
    run = random_run(COHERENT, seed, convex=seed % 2 == 0)
    reads = run.reads[:2]
    window = Integer(1 + max(k - r for k, r in enumerate(reads, start=1)))
    for mu in (Integer(1), Rational(3, 4), Rational(1, 2), Rational(1, 5), Rational(1, 20)):
        steps = [mu / (window * run.constants["L"] * sqrt(k)) for k in range(1, len(reads) + 1)]
        more = {"mu": mu, "s": window, "T": Integer(len(reads))}
        short = replace(run, reads=reads, constants={**run.constants, **more})
        path = short.path(steps)
        if path.coherence(int(window)) >= mu:
            break
    else:
        pytest.skip("no level of coherence fits this run")
    known = replace(short, constants={**short.constants, "M_2": path.second_moment})
    assert not broken(COHERENT, [known])


# ------------------------------------------------------------------------- negative controls


@pytest.mark.parametrize("theorem", huo2018.THEOREMS, ids=lambda t: t.name)
def test_a_smaller_bound_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        weakened(theorem).verify()


@pytest.mark.parametrize(
    ("theorem", "dropped"),
    [
        *((FIXED, a) for a in (SufficientDirection, BoundedSecondMoment, Smooth, InitialGap)),
        *((STALE, a) for a in (SufficientDirection, BoundedSecondMoment, Smooth, InitialGap)),
        *((ANY, a) for a in (PositiveSteps, SomeStep)),
        *((STALE_ANY, a) for a in (PositiveSteps, SomeStep)),
        *(
            (COHERENT, a)
            for a in (
                GradientCoherence,
                BoundedSecondMoment,
                BoundedDelay,
                UnbiasedNoise,
                ExogenousDelays,
            )
        ),
    ],
    ids=lambda a: getattr(a, "name", None) or a.__name__,
)
def test_every_assumption_is_needed(theorem, dropped):
    fewer = tuple(a for a in theorem.assumptions if not isinstance(a, dropped))
    with pytest.raises(StepError, match="which is not assumed"):
        replace(theorem, assumptions=fewer).verify()


def test_steps_that_all_vanish_are_refused():
    run = parabola(ANY, sigma_d=Integer(1), eta=[Integer(0)])
    with pytest.raises(StepError, match="does not meet 'some step"):
        ANY.replay(run)


def test_coherence_on_a_shorter_window_is_not_enough():
    shorter = tuple(
        replace(a, s=s - 1) if isinstance(a, GradientCoherence) else a for a in COHERENT.assumptions
    )
    with pytest.raises(StepError, match="gradient coherence"):
        replace(COHERENT, assumptions=shorter).verify()


def test_no_mutant_survives():
    seen: set[int] = set()
    alive = [mutant for theorem in huo2018.THEOREMS for mutant in survivors(theorem, seen)]
    assert not alive, "\n".join(map(str, alive))
