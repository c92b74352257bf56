"""Linear rates: proved, reduced to known results, tried on exact runs, broken on purpose."""

from dataclasses import replace

import pytest
from sympy import Integer, Lambda, Rational, floor, simplify, sqrt
from trials import adaptive_run, broken, quadratic, random_run, weakened

from theory.assumptions import (
    BoundedDelay,
    BoundedVariance,
    ExogenousDelays,
    PolyakLojasiewicz,
    PositiveSteps,
    ReadsThePast,
    UnbiasedNoise,
    WindowRule,
)
from theory.claims import le
from theory.evaluation import with_sequences
from theory.exact_runs import ExactRun
from theory.kernel import StepError, replay
from theory.proofs.linear_rates.adaptive import product_positive
from theory.proofs.linear_rates.weights import growth
from theory.results import lian2015, linear_rates
from theory.symbols import Delta, L, T, eta, eta0, j, k, mu_sc, sigma, t, tau_max
from theory.witness import PiecewiseQuadratic

ADAPTIVE = linear_rates.adaptive
NOISELESS = linear_rates.gradient_descent
NOISY = linear_rates.sgd
CONSTANT = (NOISELESS, NOISY)
WINDOW = linear_rates.WINDOW_LIMIT.expression


def some_run(theorem, seed, *, noise=True, convex=True):
    """A random run; its mu is that of the Polyak-Lojasiewicz inequality."""
    options = {"noise": noise and theorem is NOISY, "convex": convex}
    run = random_run(theorem, seed, **options)
    mu = run.function.polyak
    known = {"L": run.function.smoothness, "mu_sc": mu}
    if theorem is ADAPTIVE:
        window = WINDOW.xreplace({L: known["L"], mu_sc: mu}) * known["L"]
        run = adaptive_run(theorem, seed, Rational(floor(1000 * window), 1000), **options)
        return replace(run, constants={**run.constants, "mu_sc": mu})
    limit = theorem.largest_step(**known, tau=run.constants["tau"])
    shorter = Rational(floor(1000 * limit), 1000)
    return replace(run, constants={**run.constants, "mu_sc": mu, "eta": shorter})


@pytest.mark.parametrize("theorem", linear_rates.THEOREMS, ids=lambda t: t.name)
def test_it_is_proved(theorem):
    assert theorem.status == "proved"


def test_without_delay_it_is_the_theorem_of_sgd():
    """Bottou, Curtis, Nocedal (2018), Theorem 4.6 with mu = M_G = 1, as recalled; Polyak (1963)."""
    floor_ = L * eta0 * sigma**2 / (2 * mu_sc)
    known = floor_ + (1 - eta0 * mu_sc) ** T * (Delta - floor_)
    assert simplify(NOISY.bound.expression.subs(tau_max, 0) - known) == 0
    assert NOISELESS.bound.expression == (1 - eta0 * mu_sc) ** T * Delta
    for theorem in CONSTANT:
        assert theorem.largest_step(L=3, mu_sc=1, tau=0) == Rational(1, 3)


def test_a_product_of_equal_steps_is_the_power():
    constant = ADAPTIVE.bound.expression.replace(eta, Lambda(t, eta0)).xreplace({T: Integer(3)})
    power = NOISELESS.bound.expression.xreplace({T: Integer(3)})
    assert simplify(with_sequences(constant, {}, 0) - power) == 0


def test_step_limits_at_vanishing_mu_are_those_of_lian():
    for ours, theirs in zip(CONSTANT, (lian2015.gradient_descent, lian2015.nonconvex), strict=True):
        top = ours.step_limit.expression.args
        assert any(simplify(e.subs(mu_sc, 0) - theirs.step_limit.expression) == 0 for e in top[1:])


@pytest.mark.parametrize("tau", [0, 1, 2, 5, 40])
@pytest.mark.parametrize("mu", [Integer(1), Rational(1, 2), Rational(1, 50)])
def test_step_limits_contain_the_plain_ones(tau, mu):
    """(sqrt 5 - 1)/(2 L (tau + 1)), and 1/(2 L (tau + 1)) with noise, wherever mu <= L."""
    golden = (sqrt(5) - 1) / 2
    values = {"L": 1, "mu_sc": mu, "tau": tau}
    assert NOISELESS.largest_step(**values) >= golden / (tau + 1)
    assert NOISY.largest_step(**values) >= Rational(1, 2 * (tau + 1))
    window = WINDOW.xreplace({L: Integer(1), mu_sc: mu})
    assert golden <= window < 1
    assert mu < 1 or simplify(window - golden) == 0


def test_the_window_limit_is_the_root():
    assert simplify(L**2 * WINDOW**2 + mu_sc * WINDOW - 1) == 0


@pytest.mark.parametrize("place", range(1, 6))
def test_the_weights_grow_as_is_said(place):
    """The lemmas on numbers: Bernoulli's inequality for unequal steps, products that are > 0."""
    replay(growth())
    replay(product_positive())
    steps = [Rational(1, p + 3) for p in range(8)]
    weights = [Integer(1)]
    for step in steps:
        weights.append(weights[-1] / (1 - step))
    values = {j: Integer(0), k: Integer(place), mu_sc: Integer(1)}
    gap = growth().expression.xreplace(values)
    assert with_sequences(gap, {"eta": steps, "Q": weights}, 0) >= 0
    assert place > 1 or with_sequences(gap, {"eta": steps, "Q": weights}, 0) == 0
    steeper = gap - weights[place + 1] * (sum(steps[1 : place + 1]) ** 2) / 2
    assert with_sequences(steeper, {"eta": steps, "Q": weights}, 0) < 0  # negative control
    product = product_positive().expression.xreplace({t: Integer(place), mu_sc: Integer(1)})
    assert with_sequences(product, {"eta": steps}, 0) == 1 / weights[place]


# ------------------------------------------------------------------------- exact runs


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("theorem", linear_rates.THEOREMS, ids=lambda t: t.name)
def test_exact_runs_respect_it(theorem, seed):
    assert not broken(theorem, [some_run(theorem, seed)])


BENT = PiecewiseQuadratic(
    (
        (Integer(-1), Integer(-1)),
        (Integer(0), Integer(0)),
        (Integer(1), Integer(1)),
        (Integer(2), Rational(1, 2)),
    ),
    Integer(1),
    Rational(1, 2),
)


@pytest.mark.parametrize("seed", range(4))
def test_functions_need_not_be_convex(seed):
    """A derivative that falls between two of its knots, but nowhere to 0."""
    assert BENT.convexity < 0 < BENT.polyak < BENT.smoothness == 1
    start = Integer(3)
    own = {"L": Integer(1), "mu_sc": BENT.polyak, "Delta": BENT.value(start) - BENT.infimum}
    for theorem in linear_rates.THEOREMS:
        run = some_run(theorem, seed, noise=False)
        shrink = run.function.smoothness / 2 if theorem is ADAPTIVE else 0
        step = [a * shrink for a in run.constants["eta"]] if shrink else Rational(1, 10)
        constants = {**run.constants, **own, "eta": step}
        bent = replace(run, function=BENT, start=start, constants=constants)
        assert not broken(theorem, [bent])


@pytest.mark.parametrize("theorem", linear_rates.THEOREMS, ids=lambda t: t.name)
def test_part_of_the_bound_is_broken(theorem):
    """Negative control: the trials have power."""
    runs = [some_run(theorem, seed, noise=False) for seed in range(12)]
    assert broken(theorem, runs, Rational(1, 4))


def parabola(theorem, step, steps, tau):
    """F = x^2/2 from 1, the constant delay tau, clipped."""
    sizes = [step] * steps if theorem is ADAPTIVE else step
    constants = {
        "L": Integer(1),
        "mu_sc": Integer(1),
        "Delta": Rational(1, 2),
        "sigma": Integer(0),
        "tau": Integer(tau),
        "T": Integer(steps),
        "eta": sizes,
    }
    return ExactRun(
        words="a parabola",
        constants=constants,
        function=quadratic(Integer(1)),
        start=Integer(1),
        reads=tuple(max(1, p - tau) for p in range(1, steps + 1)),
    )


def test_a_slightly_longer_step_is_refused_and_a_much_longer_one_breaks_it():
    """tau = 2, F = x^2/2: the run of constant step 1/4 is monotone, that of 4/5 is not."""
    for theorem in linear_rates.THEOREMS:
        limit = "window rule" if theorem is ADAPTIVE else "does not meet eta <="
        with pytest.raises(StepError, match=limit):
            theorem.replay(parabola(theorem, Rational(4, 5), 9, 2))
        free = tuple(a for a in theorem.assumptions if not isinstance(a, WindowRule))
        without = replace(theorem, step_limit=None, assumptions=free)
        assert without.replay(parabola(theorem, Rational(4, 5), 9, 2)).exceeds
        assert not without.replay(parabola(theorem, Rational(1, 6), 9, 2)).exceeds


def test_the_product_is_evaluated_at_lists_of_steps():
    found = ADAPTIVE.evaluate(Delta=2, mu_sc=Rational(1, 2), T=6, eta=[1, 0, 1, 0, 1, 1])
    assert found == Rational(1, 8)


# ------------------------------------------------------------------------- broken on purpose


@pytest.mark.parametrize("theorem", linear_rates.THEOREMS, ids=lambda t: t.name)
def test_a_smaller_bound_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        weakened(theorem).verify()


@pytest.mark.parametrize(
    ("theorem", "dropped"),
    [
        (ADAPTIVE, WindowRule),
        (ADAPTIVE, PositiveSteps),
        (ADAPTIVE, ReadsThePast),
        (ADAPTIVE, PolyakLojasiewicz),
        (NOISY, BoundedDelay),
        (NOISY, BoundedVariance),
        (NOISY, ExogenousDelays),
        (NOISY, UnbiasedNoise),
        (NOISY, PolyakLojasiewicz),
    ],
)
def test_every_assumption_is_needed(theorem, dropped):
    fewer = tuple(a for a in theorem.assumptions if not isinstance(a, dropped))
    with pytest.raises(StepError, match="which is not assumed"):
        replace(theorem, assumptions=fewer).verify()


@pytest.mark.parametrize("theorem", CONSTANT, ids=lambda t: t.name)
def test_the_step_limit_is_needed(theorem):
    with pytest.raises(StepError, match="not among the conditions"):
        replace(theorem, step_limit=None, conditions=(le(eta0, 1 / L),)).verify()
