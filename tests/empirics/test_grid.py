"""Every proved theorem against runs over a grid: never violated; divided by four, often."""

from dataclasses import replace

import numpy as np
import pytest
from sympy import Rational

from empirics import compare, problems, schedules, simulate, steps_for
from theory.latex import shown
from theory.results import dai2019

GRID = [
    (problem, schedule)
    for problem in (
        problems.quadratic(dim=1, L=2.0, sigma=0.0),
        problems.quadratic(dim=6, mu=0.02, L=1.0, sigma=1.0),
        problems.quadratic(spectrum=[3.0, 3.0, 0.0], sigma=0.3, noise="gaussian"),
    )
    for schedule in (
        schedules.Constant(0),
        schedules.Constant(1),
        schedules.Constant(5),
        schedules.Uniform(3),
        schedules.Cyclic([0, 0, 2, 1]),
    )
]
THEOREMS = [
    dai2019.sharp,
    dai2019.single_use,
    dai2019.reuse,
    dai2019.constant_step,
    dai2019.published_if_stale,
    dai2019.published_if_long,
    dai2019.published_from_zero_if_long,
]


def verdicts(theorem, factor=1):
    reuse = any(getattr(a, "reuse", False) for a in theorem.assumptions)
    judged = replace(theorem, bound=shown(theorem.bound.expression / Rational(factor)))
    for problem, schedule in GRID:
        for mu in (1.0, 0.5, 0.2):
            rule = steps_for(theorem, problem, schedule, steps=120, mu=mu)
            window = schedule.tau_max + 1 if schedule.tau_max else 0
            runs = simulate(
                problem, schedule, step=rule, steps=120, window=window, reuse=reuse, replicas=128
            )
            yield compare(judged, runs)


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.name)
def test_no_proved_theorem_is_violated(theorem):
    outcomes = [verdict.outcome for verdict in verdicts(theorem)]
    assert "violated" not in outcomes
    assert outcomes.count("consistent") >= 5  # else nothing has been tried


@pytest.mark.parametrize("theorem", THEOREMS[:3], ids=lambda t: t.name)
def test_a_quarter_of_a_bound_is_violated_somewhere(theorem):
    """Negative control: the check has power."""
    outcomes = [verdict.outcome for verdict in verdicts(theorem, factor=4)]
    assert "violated" in outcomes


def test_without_noise_the_verdict_has_no_width():
    quiet = next(iter(verdicts(dai2019.sharp)))
    assert np.allclose(quiet.lower, quiet.upper)
