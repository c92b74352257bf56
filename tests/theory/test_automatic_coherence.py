"""Automatic coherence: proved, reduced to the audited theorem, attained, tried, broken."""

import random
from dataclasses import replace

import pytest
from sympy import Integer, Rational, cancel, exp
from trials import broken, some_function, weakened

from theory.assumptions import (
    FROM_ZERO,
    BoundedDelay,
    GradientCoherence,
    Multiplicity,
    NonincreasingSteps,
    StepLimit,
)
from theory.claims import le
from theory.exact_runs import ExactRun
from theory.kernel import StepError
from theory.latex import shown
from theory.results import automatic_coherence, dai2019, free_staleness, lian2015
from theory.results.automatic_coherence import (
    descent,
    descent_for_multiplicity,
    nearly_free,
    own_steps,
    own_steps_if_stale,
    without_coherence,
    without_coherence_if_stale,
)
from theory.symbols import L, m, mu, s, sigma, z
from theory.witness import PiecewiseQuadratic

THEOREMS = automatic_coherence.THEOREMS
OWN = (own_steps, own_steps_if_stale)
STRUCK_OUT = (without_coherence, without_coherence_if_stale)
BOUNDS = (*STRUCK_OUT, descent, descent_for_multiplicity, nearly_free)


def small_run(seed, **more):
    """A random function under random delays up to s - 1; the steps are up to the caller."""
    chance = random.Random(seed)
    f = some_function(chance, convex=seed % 3 == 0)
    window, updates = chance.randint(1, 3), chance.randint(3, 5)
    delays = [chance.randint(0, min(k, window - 1)) for k in range(updates)]
    if seed % 2:
        delays = [min(k, window - 1) for k in range(updates)]
    start = Rational(chance.choice([-6, -3, 2, 3, 5]), 2)
    constants = {
        "L": f.smoothness,
        "Delta": f.value(start) - f.infimum,
        "s": Integer(window),
        "tau": Integer(window - 1),
        "n": Integer(updates),
    }
    return ExactRun(
        words=f"random function {seed}",
        constants={**constants, **more},
        function=f,
        start=start,
        reads=tuple(k - delay + 1 for k, delay in enumerate(delays)),
    )


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.name)
def test_it_is_proved(theorem):
    assert theorem.status == "proved"


# ------------------------------------------------------------------------- Dai's assumption


def test_it_is_the_audited_inequality_without_its_assumption():
    """Symbol for symbol: (A) of dai2019 at m = s, sigma = 0, fewer assumptions."""
    audited = dai2019.sharp.bound.expression.subs(m, s).subs(sigma, 0)
    for theorem in STRUCK_OUT:
        assert cancel(theorem.bound.expression - audited) == 0
        assert not any(isinstance(a, GradientCoherence) for a in theorem.assumptions)
        kept = {a.name for a in theorem.assumptions} - {"stale gradient descent"}
        assert kept < {a.name for a in dai2019.sharp.assumptions}


@pytest.mark.parametrize("window", [2, 3, 4, 8, 30])
def test_one_over_e_lies_below_every_power(window):
    power = (1 - Rational(1, window)) ** (window - 1)
    assert exp(-1) < power <= Rational(1, 2)
    met = own_steps_if_stale.conditions[1].expression.subs({s: window, mu: power})
    assert met == 0


@pytest.mark.parametrize("seed", range(12))
def test_exact_runs_are_coherent_by_themselves(seed):
    example = small_run(seed)
    window, updates = example.constants["s"], int(example.constants["n"])
    for theorem, level in ((own_steps, Rational(7, 20)), (own_steps_if_stale, None)):
        if level is None:
            level = (1 - 1 / window) ** (window - 1)
        if window == 1:
            continue  # no lags
        step = level / (window * example.constants["L"])
        more = {"mu": level, "ell": Integer(1 + seed % (window - 1)), "eta": [step] * updates}
        assert not theorem.replay(replace(example, constants={**example.constants, **more})).exceeds


@pytest.mark.parametrize("seed", range(6))
def test_exact_runs_respect_the_bound(seed):
    example = small_run(seed, mu=Rational(1, 3), n=Integer(2))
    short = replace(example, reads=example.reads[:2])
    assert not broken(without_coherence, [short])


def test_at_level_one_the_steps_of_the_paper_may_lose_their_coherence():
    """s = 2, mu = 1, steps 1/2 on a parabola that bends down: 2/3 at once, not 1."""
    f = PiecewiseQuadratic(((Integer(-1), Integer(0)), (Integer(0), Integer(1))), 1, -1)
    constants = {"L": 1, "mu": 1, "s": 2, "ell": 1, "n": 3, "eta": [Rational(1, 2)] * 3}
    example = ExactRun(
        words="a bump",
        constants={a: b if a == "eta" else Integer(b) for a, b in constants.items()},
        function=f,
        start=Integer(2),
        reads=(1, 1, 2),
    )
    with pytest.raises(StepError, match="does not meet"):
        own_steps.replay(example)
    free = tuple(c for c in own_steps.conditions if mu not in c.expression.free_symbols)
    assert replace(own_steps, conditions=free).replay(example).exceeds


@pytest.mark.parametrize("theorem", [*OWN, *STRUCK_OUT], ids=lambda t: t.name)
def test_a_larger_mu_is_not_covered(theorem):
    others = tuple(c for c in theorem.conditions if mu not in c.expression.free_symbols)
    with pytest.raises(StepError, match="not among the conditions"):
        replace(theorem, conditions=(*others, le(mu, Rational(1, 2)))).verify()


def test_larger_steps_are_not_covered():
    fewer = tuple(a for a in own_steps.assumptions if not isinstance(a, StepLimit))
    larger = (*fewer, StepLimit(shown(2 * mu / (s * L))))
    with pytest.raises(StepError, match="which is not assumed"):
        replace(own_steps, assumptions=larger).verify()


# ------------------------------------------------------------------------- coherent descent


@pytest.mark.parametrize("theorem", [descent, descent_for_multiplicity], ids=lambda t: t.name)
def test_it_is_attained(theorem):
    for example in theorem.attained_by:
        assert theorem.attain(example).attains
    assert broken(theorem, theorem.attained_by, Rational(999, 1000))


def test_without_delay_it_is_the_known_rate():
    """mu = 1 and s = 1: the rate of `free_staleness`, for steps up to 2/L."""
    known = free_staleness.nonconvex.bound.expression
    assert cancel(descent.bound.expression.subs(mu, 1) - known) == 0
    assert descent.largest_step(L=3, mu=1, s=1) == Rational(2, 3)


def test_it_halves_what_dai2019_gives_for_constant_steps():
    values = {"L": 1, "Delta": 1, "mu": Rational(3, 4), "eta": Rational(1, 4)}
    ours = descent.evaluate(n=1000, **values)
    theirs = dai2019.any_constant_step.evaluate(T=1001, sigma=0, m=3, **values)
    assert Rational(9, 5) < theirs / ours < 2


@pytest.mark.parametrize("seed", range(16))
def test_exact_runs_respect_coherent_descent(seed):
    """With the coherence the run has, if its step is then within the limit."""
    example = small_run(seed)
    window, updates = int(example.constants["s"]), int(example.constants["n"])
    step = Rational(1, 2 * window) / example.constants["L"]
    seen = min(example.path([step] * updates).coherence(window + 1), 1)
    if 2 * seen / (window * example.constants["L"]) < step:
        pytest.skip("too little coherence for this step")
    reads = max(example.reads.count(r) for r in example.reads)
    known = {**example.constants, "mu": seen, "eta": step}
    assert not broken(descent, [replace(example, constants=known)])
    known |= {"m": Integer(reads), "eta": [step] * updates}
    assert not broken(descent_for_multiplicity, [replace(example, constants=known)])


def test_coherence_at_lags_up_to_s_is_needed():
    shorter = GradientCoherence(count=FROM_ZERO)
    others = tuple(a for a in descent.assumptions if not isinstance(a, GradientCoherence))
    for coherent in ((), (shorter,)):
        with pytest.raises(StepError, match="which is not assumed"):
            replace(descent, assumptions=(*others, *coherent)).verify()


@pytest.mark.parametrize("dropped", [NonincreasingSteps, Multiplicity, BoundedDelay])
def test_every_assumption_is_needed(dropped):
    kept = descent_for_multiplicity.assumptions
    fewer = tuple(a for a in kept if not isinstance(a, dropped))
    with pytest.raises(StepError, match="which is not assumed"):
        replace(descent_for_multiplicity, assumptions=fewer).verify()


def test_twice_the_step_is_not_covered():
    with pytest.raises(StepError, match="not among the conditions"):
        replace(descent, step_limit=shown(4 * mu / (s * L))).verify()


# ------------------------------------------------------------------------- nearly free


@pytest.mark.parametrize("tau", [1, 2, 5, 20])
def test_staleness_costs_no_more_than_said(tau):
    for part in (1, Rational(1, 2), Rational(1, 10)):
        shrink = part / tau
        step = nearly_free.largest_step(L=1, tau=tau, z=shrink)
        values = {"L": 1, "Delta": 1, "eta": step, "n": 10**4}
        ours = nearly_free.evaluate(tau=tau, z=shrink, **values)
        free = free_staleness.nonconvex.evaluate(**values)
        assert 1 < ours / free < 1 + (tau + 1) * shrink
        if part < 1:
            assert ours < lian2015.gradient_descent.evaluate(L=1, Delta=1, eta=step, T=10**4)


def test_from_tau_six_on_its_steps_are_longer_than_the_free_ones():
    for tau in range(1, 12):
        mine = nearly_free.largest_step(L=1, tau=tau, z=Rational(1, 10 * (tau + 1)))
        free = free_staleness.nonconvex.largest_step(L=1, tau=tau)
        assert (mine > free) == (tau >= 6)


@pytest.mark.parametrize("seed", range(8))
def test_exact_runs_respect_nearly_free(seed):
    example = small_run(seed)
    tau, smooth = example.constants["tau"], example.constants["L"]
    shrink = Rational(1, max(1, tau))
    step = nearly_free.largest_step(L=smooth, tau=tau, z=shrink)
    known = {**example.constants, "z": shrink, "eta": step}
    assert not broken(nearly_free, [replace(example, constants=known)])


@pytest.mark.parametrize("theorem", BOUNDS, ids=lambda t: t.name)
def test_a_smaller_bound_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        weakened(theorem).verify()


def test_the_conditions_of_nearly_free_are_needed():
    with pytest.raises(StepError, match="not among the conditions"):
        replace(nearly_free, conditions=()).verify()
    with pytest.raises(StepError, match="not among the conditions"):
        replace(nearly_free, step_limit=shown(z / L)).verify()
