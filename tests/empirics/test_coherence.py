import numpy as np
import pytest

from empirics import problems, schedules, self_consistent_coherence, steps_for, stepsizes
from empirics.coherence import lowest
from theory.results import dai2019


def steps_of(theorem, problem, schedule, steps):
    return lambda mu: steps_for(theorem, problem, schedule, steps=steps, mu=mu)


@pytest.fixture(scope="module")
def problem():
    return problems.quadratic(dim=5, mu=0.1, L=1.0, sigma=0.3)


def test_the_answer_is_satisfied_by_its_own_runs_and_no_larger_level_is(problem):
    schedule = schedules.Constant(3)
    found = self_consistent_coherence(
        problem, schedule, steps_of(dai2019.single_use, problem, schedule, 200), steps=200
    )
    assert 0 < found.mu < 1
    assert found.measured >= found.mu
    assert lowest(found.runs) == found.measured
    assert 0 < found.above - found.mu <= 0.01
    (failing,) = {level for mu, level in found.tried if mu == found.above}
    assert failing < found.above


def test_the_runs_are_made_with_the_level_found(problem):
    schedule = schedules.Constant(3)
    rule = steps_of(dai2019.single_use, problem, schedule, 200)
    found = self_consistent_coherence(problem, schedule, rule, steps=200)
    assert np.array_equal(found.runs.step_sizes, rule(found.mu)(200))


def test_small_steps_are_coherent_at_level_one():
    """Exact: below the double root of the characteristic polynomial every mode decreases."""
    bowl = problems.quadratic(dim=3, mu=0.2, L=1.0)
    tau = 4
    limit = tau**tau / (tau + 1) ** (tau + 1)
    found = self_consistent_coherence(
        bowl, schedules.Constant(tau), lambda mu: stepsizes.constant(mu * limit), steps=300
    )
    assert found.mu == 1.0
    assert found.measured == pytest.approx(1.0)


def test_large_steps_have_no_coherent_level():
    bowl = problems.quadratic(dim=1, L=1.0)
    found = self_consistent_coherence(
        bowl, schedules.Constant(3), lambda mu: stepsizes.constant(0.44), steps=400
    )
    assert np.isnan(found.mu)
    assert found.runs is None
    assert found.above == 0.01


def test_divergence_is_not_coherent():
    bowl = problems.quadratic(dim=1, L=1.0)
    found = self_consistent_coherence(
        bowl, schedules.Constant(3), lambda mu: stepsizes.constant(1.9), steps=900
    )
    assert np.isnan(found.mu)
    assert {level for _, level in found.tried} == {-np.inf}


def test_paths_are_less_coherent_than_expectations(problem):
    schedule = schedules.Constant(3)
    rule = steps_of(dai2019.single_use, problem, schedule, 100)
    expected, pathwise = (
        self_consistent_coherence(problem, schedule, rule, steps=100, kind=kind)
        for kind in ("expected", "pathwise")
    )
    assert np.isnan(pathwise.mu) or pathwise.mu < expected.mu


def test_without_delay_the_window_is_the_present_alone(problem):
    rule = steps_of(dai2019.sharp, problem, schedules.Constant(0), 20)
    assert self_consistent_coherence(problem, schedules.Constant(0), rule, steps=20).mu == 1.0


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"kind": "cosine"}, 'kind = "expected" or "pathwise"'),
        ({"tolerance": 0.0}, "tolerance and smallest in"),
        ({"smallest": 1.0}, "tolerance and smallest in"),
    ],
)
def test_bad_input_gets_one_sentence(problem, more, message):
    with pytest.raises(ValueError, match=message):
        self_consistent_coherence(
            problem, schedules.Constant(1), lambda mu: stepsizes.constant(mu), steps=5, **more
        )
