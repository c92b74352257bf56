"""Step sizes are what their label says, and nothing else gets through."""

import numpy as np
import pytest

from empirics import stepsizes


def test_rules():
    t = np.arange(5)
    np.testing.assert_array_equal(stepsizes.constant(0.3)(5), np.full(5, 0.3))
    np.testing.assert_array_equal(stepsizes.inverse_sqrt(0.3)(5), 0.3 / np.sqrt(t + 1))
    np.testing.assert_array_equal(stepsizes.inverse(0.3)(5), 0.3 / (t + 1))
    np.testing.assert_array_equal(stepsizes.table([3, 1, 2, 0, 5])(5), [3, 1, 2, 0, 5])


def test_numbers_and_arrays_become_rules():
    assert stepsizes.step_sizes(0.1).constants == {"eta": 0.1}
    assert stepsizes.step_sizes(np.float64(0.1)).label == "eta"
    assert stepsizes.step_sizes([0.1, 0.2]).label == "table"
    rule = stepsizes.inverse(1.0)
    assert stepsizes.step_sizes(rule) is rule


def test_a_table_does_not_follow_the_array_it_came_from():
    values = np.array([0.1, 0.2])
    rule = stepsizes.table(values)
    values[0] = 9
    eta = rule(2)
    eta[1] = 9
    assert rule(2).tolist() == [0.1, 0.2]


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (float("nan"), r"step sizes eta need finite values >= 0, got nan at t = 0"),
        (-0.1, r"step sizes eta need finite values >= 0, got -0\.1 at t = 0"),
        (float("inf"), r"got inf at t = 0"),
        ([0.1, -0.2, 0.1], r"step sizes table need finite values >= 0, got -0\.2 at t = 1"),
        ([0.1, 0.2], r"step sizes table need 3 values, one a step, got shape \(2,\)"),
        ([], r"step sizes table need 3 values, one a step, got shape \(0,\)"),
        (np.ones((3, 1)), r"got shape \(3, 1\)"),
        ("fast", r"step sizes need a number, an array or StepSizes, got 'fast'"),
        (None, r"step sizes .*need"),
        (stepsizes.inverse_sqrt(-1.0), r"eta/sqrt\(t \+ 1\) need finite values >= 0, got -1\.0"),
    ],
)
def test_bad_input_gets_one_sentence(step, sentence):
    with pytest.raises(ValueError, match=sentence):
        stepsizes.step_sizes(step)(3)
