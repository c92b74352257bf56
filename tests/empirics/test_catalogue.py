"""The whole catalogue against runs: every theorem that the simulator can run is held against some.

Which those are is asked of the theorems: one whose method or assumptions nobody can check on runs
is listed by `compare` with the reason, as is one that bounds what runs do not show.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from sympy import Rational

from empirics import compare, correction_for, measures_for, problems, schedules, simulate, steps_for
from empirics.compare import why_not
from empirics.compare.checks import unchecked, window_for
from empirics.compare.constants import needed
from empirics.problems.piecewise import PiecewiseQuadratic
from theory import assumptions as known
from theory import results
from theory.assumptions import online
from theory.latex import shown

CATALOGUE = results.theorems()
RUNNABLE = [name for name, theorem in CATALOGUE.items() if not why_not(theorem)]
OTHERS = [name for name in CATALOGUE if name not in RUNNABLE]
STEPS, DELAYS = 200, (1, 4)
CHOSEN = {"e_0": 2**0.5, "alpha": 0.5, "eps": 0.12, "beta": 1.0, "z": 0.2, "theta": 0.5}
ON_DIP = {**CHOSEN, "M_2": 4.0, "G": 2.0}  # gradients grow at first
CONVEX = (known.Convex, known.StronglyConvex, known.PolyakLojasiewicz, online.ConvexLosses)
DIP = [(-2.0, -1.0), (-1.0, 0.5), (0.0, -0.5), (1.0, 2.0)]  # two minima, curvature -1 between them


def has(theorem, *kinds):
    return any(isinstance(assumption, kinds) for assumption in theorem.assumptions)


def quiet(theorem):
    """Whether the method leaves no room for noise."""
    return has(theorem, online.DelayedFeedback) or any(
        not getattr(assumption, "noisy", True) for assumption in theorem.assumptions
    )


@cache
def bowl():
    return problems.quadratic(dim=4, mu=0.2, L=1.0, sigma=0.7)


@cache
def second(convex):
    """Real data where F has to be convex, two minima where it need not."""
    if convex:
        return replace(problems.logistic("breast-cancer", batch=32), lanes=16)
    return problems.piecewise_quadratic(DIP, left=1.0, right=1.0, start=0.3, sigma=1.0)


@cache
def held_against(name, problem, tau, steps=STEPS):
    chosen = ON_DIP if isinstance(problem, PiecewiseQuadratic) else CHOSEN
    theorem, schedule = CATALOGUE[name], schedules.Constant(tau)
    problem = problems.noiseless(problem) if quiet(theorem) else problem
    if has(theorem, known.PickySteps):
        chosen = {**chosen, "eps": accuracy(problem, tau, steps)}
    eta = None if has(theorem, known.Smooth) else 0.5 / (problem.L * (tau + 1))
    options = {"steps": steps, "mu": 0.2, "chosen": chosen}
    try:
        rule = steps_for(theorem, problem, schedule, **options, eta=eta)
    except ValueError:  # a theorem that allows any step
        rule = steps_for(theorem, problem, schedule, **options, eta=0.5 / (problem.L * (tau + 1)))
    runs = simulate(
        problem,
        schedule,
        step=rule,
        steps=steps,
        correction=correction_for(theorem, problem, chosen=chosen),
        replicas=min(256, problem.lanes),
        reuse=any(getattr(assumption, "reuse", False) for assumption in theorem.assumptions),
        measures=measures_for(theorem),
        window=window_for(theorem, tau),
    )
    return runs, compare(theorem, runs, chosen=chosen), chosen


def accuracy(problem, tau, steps):
    """The least that `cohen2021.picky` promises after so many steps with a constant delay."""
    return ((256 + 576 * 2 * tau) * problem.L * problem.gap / (39 * steps)) ** 0.5 * 1.0000001


@pytest.mark.parametrize("name", RUNNABLE)
def test_runs_on_a_quadratic_are_consistent(name):
    theorem = CATALOGUE[name]
    for tau in DELAYS:
        runs, verdict, chosen = held_against(name, bowl(), tau)
        if theorem.refutations and verdict.outcome == "violated":
            continue
        assert verdict.outcome == "consistent", (tau, str(verdict))
        assert verdict.quantity == theorem.quantity.words
        assert verdict.label.count("$") == 2
        assert np.isfinite(verdict.power)
        # negative control: the same runs reject a bound just below what they can tell from it
        scale = Rational(str(1.001 * verdict.power))
        small = replace(theorem, bound=shown(theorem.bound.expression / scale))
        assert compare(small, runs, chosen=chosen).outcome == "violated"


@pytest.mark.parametrize("name", [name for name in RUNNABLE if "mu" not in needed(CATALOGUE[name])])
def test_runs_elsewhere_are_consistent(name):
    convex = has(CATALOGUE[name], *CONVEX)
    for tau in DELAYS:
        _, verdict, _ = held_against(name, second(convex), tau, steps=60 if convex else STEPS)
        assert verdict.outcome == "consistent", (tau, str(verdict))


def test_delays_that_differ_between_replicas():
    """Where the theorem allows them; what it asks of the delays is measured on those drawn."""
    outcomes = {}
    for name in RUNNABLE:
        theorem = CATALOGUE[name]
        if quiet(theorem) or "mu" in needed(theorem):
            continue
        options = {"steps": STEPS, "chosen": CHOSEN}
        try:
            rule = steps_for(theorem, bowl(), schedules.Uniform(3), **options)
        except ValueError as error:
            outcomes[name] = str(error)
            continue
        runs = simulate(
            bowl(), schedules.Uniform(3), step=rule, steps=STEPS, measures=measures_for(theorem)
        )
        outcomes[name] = compare(theorem, runs, chosen=CHOSEN).outcome
    assert outcomes["lian2015.nonconvex"] == "consistent"
    assert outcomes["stich2020.convex"] == "consistent"
    assert outcomes["stich2020.iterates"] == "not applicable"  # it asks for a constant delay
    assert "need a schedule that is the same in every replica" in outcomes["mishchenko2022.convex"]
    assert "violated" not in outcomes.values()


@pytest.mark.parametrize("name", OTHERS)
def test_what_cannot_be_run_is_listed_with_the_reason(name):
    theorem = CATALOGUE[name]
    runs = simulate(bowl(), schedules.Constant(1), step=0.1, steps=5, replicas=4)
    verdict = compare(theorem, runs, mu=0.5)
    assert verdict.outcome in ("inconclusive", "not applicable")
    assert why_not(theorem)
    for assumption in unchecked(theorem):
        check = next(check for check in verdict.checks if check.assumption == assumption)
        assert check.finding == "unknown"
        assert "there is no check of it yet; it says: " in check.words


def test_most_of_the_catalogue_can_be_run():
    """Else the tests above would say little."""
    assert len(RUNNABLE) > 2 * len(OTHERS)
