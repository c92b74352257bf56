"""Maranjyan et al. 2025: proved, the published count retyped, tried on exact runs, broken."""

from dataclasses import replace
from math import ceil

import pytest
from sympy import Integer, Max, Rational, ceiling, sqrt
from trials import broken, quadratic, random_run, weakened

from theory.assumptions import BoundedDelay, BoundedVariance, UnbiasedNoise
from theory.claims import le
from theory.exact_runs import ExactRun
from theory.kernel import StepError
from theory.results import lian2015, maranjyan2025
from theory.symbols import Delta, L, R_d, T, eps, sigma

ANY = maranjyan2025.ringmaster
TUNED = maranjyan2025.ringmaster_updates


@pytest.mark.parametrize("theorem", maranjyan2025.THEOREMS, ids=lambda t: t.name)
def test_it_is_proved(theorem):
    assert theorem.status == "proved"


@pytest.mark.parametrize("threshold", [1, 2, 5, 30])
def test_the_step_is_one_that_lian_allows(threshold):
    limit = lian2015.nonconvex.largest_step(L=3, tau=threshold - 1)
    assert ANY.step_size(0, L=3, R_d=threshold, sigma=1, eps=10**6) == Rational(1, 6 * threshold)
    assert Rational(1, 6 * threshold) < limit


@pytest.mark.parametrize(("level", "accuracy"), [(1, 8), (2, 1), (5, Rational(7, 3))])
def test_the_published_number_of_updates_is_enough(level, accuracy):
    """8 R_d L Delta/eps + 16 L sigma^2 Delta/eps^2 with R_d = max(1, ceil(sigma^2/eps))."""
    threshold = max(1, ceil(Rational(level**2) / accuracy))
    values = {"L": 2, "Delta": 3, "sigma": level, "eps": accuracy, "R_d": threshold}
    published = 8 * threshold * 2 * 3 / Rational(accuracy) + 16 * 2 * level**2 * 3 / Rational(
        accuracy**2
    )
    assert min(ANY.margins(**values, T=ceil(published))) >= 0
    ours = ceil(8 * 2 * 3 / Rational(accuracy) + 16 * 2 * level**2 * 3 / Rational(accuracy**2))
    assert min(TUNED.margins(**values, T=ours)) >= 0
    assert ours <= published + 1
    assert min(TUNED.margins(**{**values, "R_d": threshold + 2}, T=ours)) < 0


def test_without_noise_it_is_gradient_descent_with_half_the_step():
    """R_d = 1, sigma = 0: T = 4 Delta/(eta eps) updates at eta = 1/(2L), twice what is needed."""
    values = {"L": 2, "R_d": 1, "sigma": 0, "eps": Rational(1, 2), "Delta": 1, "T": 32}
    assert ANY.step_size(0, L=2, R_d=1, sigma=0, eps=Rational(1, 2)) == Rational(1, 4)
    assert min(ANY.margins(**values)) == 0
    known = lian2015.nonconvex.evaluate(L=2, eta=Rational(1, 4), Delta=1, sigma=0, tau=0, T=32)
    assert 2 * known == ANY.evaluate(**values)


def ring_run(theorem, seed, **options):
    """A random run with the smallest threshold and, nearly, the smallest accuracy it allows."""
    run = random_run(theorem, seed, **options)
    most = 1 + max(t + 1 - r for t, r in enumerate(run.reads))
    given = run.constants
    delay = 8 * most * given["L"] * given["Delta"] / given["T"]
    noise = 4 * given["sigma"] * sqrt(given["L"] * given["Delta"] / given["T"])
    accuracy = Rational(ceiling(100 * Max(delay, noise)), 100)
    return replace(run, constants={**given, "R_d": Integer(most), "eps": accuracy})


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("convex", [True, False])
def test_exact_runs_respect_it(seed, convex):
    assert not broken(ANY, [ring_run(ANY, seed, convex=convex)])


def parabola(T, accuracy, **more):
    """F = x^2/2 from x_0 = 1, without delay or noise."""
    constants = {"L": 1, "Delta": Rational(1, 2), "sigma": 0, "R_d": 1, "eps": accuracy, "T": T}
    return ExactRun(
        words="a parabola",
        constants={a: Integer(b) if isinstance(b, int) else b for a, b in constants.items()} | more,
        function=quadratic(Integer(1)),
        start=Integer(1),
        reads=tuple(range(1, T + 1)),
    )


def test_a_fifth_of_the_accuracy_is_not_reached():
    """Negative control. At T = 1 the gradient is exactly a quarter of eps: |1|^2 against 4."""
    run = parabola(1, 4)
    assert ANY.replay(run).quantity == 1
    assert not broken(ANY, [run], Rational(1, 4))
    assert broken(ANY, [run], Rational(1, 5))


def test_the_tuned_threshold_on_a_run():
    assert not broken(TUNED, [parabola(4, 1)])
    with pytest.raises(StepError, match="does not meet R_d"):
        TUNED.replay(parabola(4, 1, R_d=Integer(2)))


@pytest.mark.parametrize("theorem", maranjyan2025.THEOREMS, ids=lambda t: t.name)
def test_a_smaller_bound_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        weakened(theorem).verify()


@pytest.mark.parametrize("dropped", [BoundedDelay, BoundedVariance, UnbiasedNoise])
def test_every_assumption_is_needed(dropped):
    fewer = tuple(a for a in ANY.assumptions if not isinstance(a, dropped))
    with pytest.raises(StepError, match="which is not assumed"):
        replace(ANY, assumptions=fewer).verify()


@pytest.mark.parametrize(
    ("theorem", "conditions"),
    [
        (ANY, (le(8 * R_d * L * Delta / eps, T), le(15 * L * sigma**2 * Delta / eps**2, T))),
        (ANY, (le(7 * R_d * L * Delta / eps, T), le(16 * L * sigma**2 * Delta / eps**2, T))),
        (TUNED, TUNED.conditions[:1]),
        (TUNED, TUNED.conditions[1:]),
    ],
)
def test_every_condition_is_needed(theorem, conditions):
    with pytest.raises(StepError, match="not among the conditions"):
        replace(theorem, conditions=conditions).verify()


def test_too_few_updates_are_not_admitted():
    with pytest.raises(StepError, match="does not meet 8"):
        ANY.replay(parabola(1, 1))


def test_a_gradient_older_than_the_threshold_is_not_admitted():
    run = replace(parabola(3, 4), reads=(1, 1, 1))
    with pytest.raises(StepError, match="does not meet 'bounded delay"):
        ANY.replay(run)
