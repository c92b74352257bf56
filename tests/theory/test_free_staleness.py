"""Free staleness: proved, attained exactly, tried on exact runs, broken on purpose."""

from dataclasses import replace

import pytest
from sympy import Integer, Rational, cancel
from trials import broken, quadratic, random_run, weakened

from theory.assumptions import BoundedDelay, Convex, PositiveSteps, StepLimit
from theory.claims import le
from theory.exact_runs import ExactRun
from theory.hilbert import Gradient, Inner, Value, fixed
from theory.kernel import StepError
from theory.lemmas.interpolation import interpolation
from theory.results import free_staleness
from theory.results.free_staleness import (
    convex,
    convex_variable_steps,
    nonconvex,
    variable_steps,
)
from theory.symbols import Delta, L, T, eta0, n, tau_max

THEOREMS = free_staleness.THEOREMS
CONSTANT = (nonconvex, convex)
VARIABLE = (variable_steps, convex_variable_steps)


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.name)
def test_it_is_proved(theorem):
    assert theorem.status == "proved"


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.name)
def test_it_is_attained(theorem):
    """No better constant is possible: exact runs, with delays, meet the bound with equality."""
    assert len(theorem.attained_by) >= 2
    for run in theorem.attained_by:
        assert theorem.attain(run).attains
        assert len(set(run.reads)) < len(run.reads)  # something is read again: there is delay


def test_the_published_rate_without_delay():
    """Abbaszadehpeivasti, de Klerk, Zamani (Optimization Letters 2022), as recalled.

    min |grad f(x_k)|^2 <= 4 L (f(x_0) - inf f)/(N h (4 - h) + 2) for N steps h/L, h <= 1.
    """
    h = L * eta0
    known = 4 * L * Delta / (n * h * (4 - h) + 2)
    assert cancel(nonconvex.bound.expression - known) == 0
    for theorem in CONSTANT:
        assert theorem.largest_step(L=3, tau=0) == Rational(1, 3)


def test_the_step_limits():
    assert [nonconvex.largest_step(L=1, tau=d) for d in (1, 2, 3)] == [
        Rational(1, 5),
        Rational(1, 13),
        Rational(1, 25),
    ]
    assert convex.largest_step(L=2, tau=4) == Rational(1, 50)


def test_constant_steps_are_a_case_of_variable_ones():
    values = {"L": 2, "Delta": 3, "n": 5}
    for same, free in zip(CONSTANT, VARIABLE, strict=True):
        found = free.evaluate(eta=[Rational(1, 50)] * 5, **values)
        assert found == same.evaluate(eta=Rational(1, 50), **values)


def test_it_beats_the_descent_lemma_by_a_factor_near_two():
    """2 Delta/(eta T) over T = n + 1 iterates, for steps that both allow."""
    values = {"L": 1, "Delta": 1, "eta": Rational(1, 13)}
    loose = 2 * Delta / (eta0 * T)
    descent = loose.subs({Delta: 1, eta0: values["eta"], T: 1001})
    assert Rational(19, 10) < descent / nonconvex.evaluate(n=1000, **values) < 2


@pytest.mark.parametrize("seed", range(12))
def test_exact_runs_respect_it(seed):
    for theorem in CONSTANT:
        runs = [random_run(theorem, seed, convex=theorem is convex, noise=False)]
        assert not broken(theorem, runs)


def test_a_run_below_the_bound_does_not_attain_it():
    """Negative control: more room than the run needs."""
    run = nonconvex.attained_by[0]
    roomy = replace(run, constants=run.constants | {"Delta": Integer(2)})
    with pytest.raises(StepError, match="which is not the bound"):
        nonconvex.attain(roomy)


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.name)
def test_anything_less_is_broken(theorem):
    assert broken(theorem, theorem.attained_by, Rational(999, 1000))


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.name)
def test_a_smaller_bound_is_not_what_the_proof_shows(theorem):
    with pytest.raises(StepError, match="the proof shows"):
        weakened(theorem).verify()


@pytest.mark.parametrize("dropped", [BoundedDelay, PositiveSteps, StepLimit, Convex])
def test_every_assumption_is_needed(dropped):
    fewer = tuple(a for a in convex_variable_steps.assumptions if not isinstance(a, dropped))
    with pytest.raises(StepError, match="which is not assumed"):
        replace(convex_variable_steps, assumptions=fewer).verify()


@pytest.mark.parametrize("theorem", CONSTANT, ids=lambda t: t.name)
def test_the_step_limit_is_needed(theorem):
    with pytest.raises(StepError, match="not among the conditions"):
        replace(theorem, step_limit=None, conditions=(le(eta0, 1 / (L * (tau_max + 1))),)).verify()


def test_beyond_the_limit_staleness_is_not_free():
    """A quadratic under the constant delay 1, with steps 8/5: the gradient grows."""
    run = ExactRun(
        words="F = x^2/2 from x_0 = 1",
        constants={
            "L": Integer(1),
            "Delta": Rational(1, 2),
            "tau": Integer(1),
            "n": Integer(4),
            "eta": Rational(8, 5),
        },
        function=quadratic(Integer(1)),
        start=Integer(1),
        reads=(1, 1, 2, 3),
    )
    with pytest.raises(StepError, match="does not meet eta <="):
        nonconvex.replay(run)
    assert replace(nonconvex, step_limit=None).replay(run).exceeds


def test_convexity_buys_steps():
    """The nonconvex rate is larger, the convex steps are longer: the staircase is not convex."""
    run = free_staleness.staircase_run((0, 1), [Rational(1, 4)] * 2, Integer(1), 1)
    assert replace(nonconvex, step_limit=None).replay(run).attains
    with pytest.raises(StepError, match="does not meet 'convex"):
        convex.replay(run)
    bare = tuple(a for a in convex.assumptions if not isinstance(a, Convex))
    assert replace(convex, assumptions=bare).replay(run).exceeds


def test_interpolation_is_attained_by_a_dip():
    """Between two points of the staircase the lemma is an equality, so no constant can change."""
    function = free_staleness.staircase_run((0,), [Integer(1)], Integer(1), 0).function
    u, v = fixed("u"), fixed("v")
    points = {u: Integer(-1), v: Integer(0)}
    e = interpolation(u, v).expression.subs(L, 1)
    e = e.xreplace({a: function.value(points[a.args[1]]) for a in e.atoms(Value)})

    def number(atom):
        inside = isinstance(atom, Gradient)
        return function.derivative(points[atom.args[1]]) if inside else points[atom]

    e = e.xreplace({a: number(a.args[0]) * number(a.args[1]) for a in e.atoms(Inner)})
    assert e == 0
