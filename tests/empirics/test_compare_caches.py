"""Theorems speak of one sequence of iterates; runs of caches meet none of what they say of it."""

import pytest

from empirics import compare, problems, schedules, simulate, steps_for
from empirics.compare.checks import delays, methods, online, parts, windows
from empirics.moments import OF_ITERATES
from empirics.optimisers import Momentum
from theory import assumptions as known
from theory import results

QUIET = problems.quadratic(dim=3, mu=0.1, L=1.0)
OF_CACHES = ("gap", "squared distance")
ABOUT_STEPS = {known.PositiveSteps, known.NonincreasingSteps, known.StepLimit, known.ShortStep}
ABOUT_STEPS |= {known.SomeStep}  # these are as true of caches
ABOUT_METHODS = {**methods.CHECKS, **delays.CHECKS, **windows.CHECKS, **parts.CHECKS}
ABOUT_METHODS.pop(known.VarianceOfSamples)
ABOUT_METHODS[online.online.DelayedFeedback] = None
ABOUT_METHODS[online.online.GrowingDelays] = None


def runs_of(schedule, measures=OF_CACHES, **options):
    return simulate(QUIET, schedule, step=0.02, steps=30, replicas=4, measures=measures, **options)


def findings(runs, theorems=None):
    """What was found of each kind of assumption, and the outcomes, over all theorems or some."""
    found, outcomes = {}, set()
    for theorem in theorems or results.theorems().values():
        verdict = compare(theorem, runs, chosen={"eta": 0.02}, mu=1.0)
        outcomes.add(verdict.outcome)
        for assumption, check in zip(theorem.assumptions, verdict.checks, strict=False):
            assert check.assumption == assumption.name
            found.setdefault(type(assumption), set()).add(check.finding)
    return found, outcomes


@pytest.mark.parametrize(
    "schedule",
    [schedules.Caches(1), schedules.Caches(3), schedules.Caches(3, schedules.Uniform(4))],
    ids=repr,
)
def test_no_theorem_is_held_against_caches(schedule):
    found, outcomes = findings(runs_of(schedule))
    assert outcomes <= {"not applicable", "inconclusive"}
    asked = set(found) & set(ABOUT_METHODS) - ABOUT_STEPS
    assert len(asked) > 10
    for kind in asked:
        assert found[kind] <= {"fails", "unknown"}, kind
    for kind in (known.StaleSGD, known.ProjectedSGD, known.AnyDirection):
        assert found[kind] == {"fails"}


def test_of_one_iterate_the_same_assumptions_hold():
    """The negative control."""
    runs = runs_of(schedules.Constant(0), measures=tuple(OF_ITERATES))
    found, outcomes = findings(runs, [results.lian2015.nonconvex])
    assert "consistent" in outcomes
    for kind in (known.StaleSGD, known.BoundedDelay, known.ExogenousDelays):
        assert "holds" in found[kind], kind


def test_the_words_say_what_is_different():
    theorem = results.lian2015.nonconvex
    verdict = compare(theorem, runs_of(schedules.Caches(3)), chosen={"eta": 0.02})
    assert verdict.outcome == "not applicable"
    assert "every worker has an iterate of its own" in verdict.reason
    assert verdict.title == "quadratic, 3 workers with caches"
    words = {check.assumption: check.words for check in verdict.checks}
    assert words["exogenous delays"].startswith("messages between caches do not look at the noise")
    assert words["bounded delay"] == "it needs tau, which is not known here"


def test_steps_that_need_a_delay_say_that_there_is_none():
    with pytest.raises(ValueError, match="need m, but this schedule has no bound of its delays"):
        steps_for(results.dai2019.sharp, QUIET, schedules.Caches(2), steps=10)


def test_regret_is_of_plain_steps():
    """With momentum the runs are of another method, however quiet they are."""
    plain = runs_of(schedules.Constant(2), measures=tuple(OF_ITERATES))
    heavy = runs_of(schedules.Constant(2), measures=tuple(OF_ITERATES), optimiser=Momentum(0.9))
    kind = online.online.DelayedFeedback
    theorems = [
        theorem
        for theorem in results.theorems().values()
        if any(isinstance(a, kind) for a in theorem.assumptions) and "eta" in str(theorem.step)
    ]
    assert "holds" in findings(plain, theorems)[0][kind]
    assert findings(heavy, theorems)[0][kind] == {"fails"}
