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


def test_rules_that_know_the_end():
    """T = 4: 1 - t/T is 1, 3/4, 1/2, 1/4; the cosine of pi t/T is 1, 1/sqrt(2), 0, -1/sqrt(2)."""
    left, c = np.array([1, 3 / 4, 1 / 2, 1 / 4]), np.array([1, 2**-0.5, 0, -(2**-0.5)])
    cases = [
        (stepsizes.polynomial(0.4), 0.4 * left),
        (stepsizes.polynomial(0.4, 2), 0.4 * left**2),
        (stepsizes.polynomial(0.4, 0.5, least=0.1), 0.1 + 0.3 * left**0.5),
        (stepsizes.cosine(0.4), 0.2 * (1 + c)),
        (stepsizes.cosine(0.4, least=0.1), 0.1 + 0.15 * (1 + c)),
    ]
    for rule, expected in cases:
        np.testing.assert_allclose(rule(4), expected, rtol=1e-15)
        assert (np.diff(rule(9)) < 0).all()
        assert rule.constants["eta"] == 0.4
    assert stepsizes.cosine(0.4)(1).tolist() == [0.4]


def test_a_warm_up_goes_before_any_rule():
    np.testing.assert_allclose(
        stepsizes.warm_up(stepsizes.inverse(0.6), 3)(5),
        [0.6 / 3, 0.3 * 2 / 3, 0.2, 0.15, 0.12],
        rtol=1e-15,
    )
    np.testing.assert_allclose(stepsizes.warm_up([1.0, 3.0, 5.0], 2)(3), [0.5, 3, 5])
    cosine = stepsizes.cosine(1.0)
    np.testing.assert_array_equal(stepsizes.warm_up(cosine, 1)(7), cosine(7))
    long = stepsizes.warm_up(1.0, 8)
    assert long(2).tolist() == [1 / 8, 2 / 8]  # a run may end before the warm-up does
    assert long.label == "eta, warm-up over 8"
    assert long.constants == {"eta": 1.0, "warm-up": 8}
    twice = stepsizes.warm_up(long, 2)
    assert twice(2).tolist() == [1 / 16, 2 / 8]


def test_a_function_is_asked_once_for_every_t():
    asked = []

    def halved(t):
        asked.append(t)
        return 0.5**t

    rule = stepsizes.from_function(halved)
    assert rule.label == "halved"
    assert rule(4).tolist() == [1, 0.5, 0.25, 0.125]
    assert asked == [0, 1, 2, 3]
    assert stepsizes.from_function(halved, "2^-t").label == "2^-t"
    assert stepsizes.from_function(lambda t: np.float32(0.5))(2).tolist() == [0.5, 0.5]


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


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: stepsizes.inverse("fast"), r"eta/\(t \+ 1\) need a number eta, got 'fast'"),
        (lambda: stepsizes.constant(None), r"step sizes eta need a number eta, got None"),
        (lambda: stepsizes.cosine(-0.1), r"cosine step size needs a number eta with eta >= 0"),
        (lambda: stepsizes.cosine(float("nan")), r"eta >= 0, got nan"),
        (lambda: stepsizes.cosine(0.1, least=0.2), r"0 <= least <= 0\.1, got 0\.2"),
        (lambda: stepsizes.polynomial("x"), r"polynomial step size needs a number eta .* got 'x'"),
        (lambda: stepsizes.polynomial(0.1, 0), r"a number power with power > 0, got 0"),
        (lambda: stepsizes.polynomial(0.1, least=-1), r"0 <= least <= 0\.1, got -1"),
        (lambda: stepsizes.warm_up(0.1, 0), r"warm-up needs a whole number length >= 1, got 0"),
        (
            lambda: stepsizes.warm_up(0.1, 2.5),
            r"warm-up needs a whole number length >= 1, got 2\.5",
        ),
        (lambda: stepsizes.warm_up("fast", 2), r"step sizes need a number, an array or StepSizes"),
        (lambda: stepsizes.warm_up([0.1], 2)(2), r"step sizes table need 2 values"),
        (lambda: stepsizes.from_function(0.1), r"need a function of t, got 0\.1"),
        (
            lambda: stepsizes.from_function(lambda t: None, "none")(2),
            r"step sizes none need a number at every t, got None at t = 0",
        ),
        (
            lambda: stepsizes.from_function(lambda t: np.array([0.1]), "rows")(2),
            r"step sizes rows need a number at every t, got array\(\[0\.1\]\) at t = 0",
        ),
        (
            lambda: stepsizes.from_function(lambda t: 1.0 - t, "falls")(3),
            r"step sizes falls need finite values >= 0, got -1\.0 at t = 2",
        ),
    ],
)
def test_rules_check_what_they_are_made_of(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
