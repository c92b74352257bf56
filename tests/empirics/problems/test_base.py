"""Constants and problems refuse what is not theirs."""

import numpy as np
import pytest

from empirics import schedules, simulate
from empirics.problems import Constant, Problem, quadratic
from empirics.problems.base import real, whole


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"value": float("nan")}, r"constant needs a finite value, got nan; leave it out"),
        ({"value": float("inf")}, r"constant needs a finite value, got inf"),
        ({"provenance": "guess"}, r"provenance among exact, bound, estimate, got 'guess'"),
        ({"why": ""}, r"constant needs a reason, got an empty one"),
    ],
)
def test_constants(fields, sentence):
    good = {"value": 1.0, "provenance": "exact", "why": "because"}
    Constant(**good)
    with pytest.raises(ValueError, match=sentence):
        Constant(**{**good, **fields})


def test_a_problem_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        Problem()


def test_unknown_constants_are_refused():
    with pytest.raises(ValueError, match=r"needs constants among L, mu_sc, .* got \['K'\]"):
        Bare(constants={"K": Constant(value=1.0, provenance="exact", why="none")})


def test_a_missing_constant_says_which_are_there():
    problem = Bare(constants={"L": Constant(value=2.0, provenance="exact", why="none")})
    assert problem.L == 2.0
    with pytest.raises(AttributeError, match="bare has no constant mu_sc; it knows L"):
        _ = problem.mu_sc
    with pytest.raises(AttributeError, match="bare has no constant sigma; it knows none"):
        _ = Bare(constants={}).sigma


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        ([1.0], r"quadratic needs a finite start of shape \(2,\), got shape \(1,\)"),
        ([1.0, float("nan")], r"got shape \(2,\) with 1 finite entries"),
    ],
)
def test_starts(start, sentence):
    with pytest.raises(ValueError, match=sentence):
        quadratic(spectrum=[1, 2], start=start)


@pytest.mark.parametrize("value", [0, 1.0, "3", None, True, float("nan")])
def test_whole_numbers(value):
    assert whole("it", "n", np.int32(1), 1) == 1
    with pytest.raises(ValueError, match=r"it needs a whole number n >= 1, got"):
        whole("it", "n", value, 1)


class Bare(Problem):
    """The least a problem can be."""

    def __init__(self, constants):
        super().__init__(
            name="bare",
            dim=1,
            start=np.zeros(1),
            constants=constants,
            settings={},
            lanes=1,
            sample_size=0,
        )

    def value(self, x):
        return np.zeros(x.shape[:-1])

    def gradient(self, x, out=None):
        return np.zeros_like(x)

    def draw(self, generator, steps, lanes):
        return np.empty((steps, lanes, 0))

    def stochastic_gradient(self, x, sample, out):
        out[:] = 0

    def noise_variance(self, x):
        return np.zeros(x.shape[:-1])


@pytest.mark.parametrize(
    ("ends", "inside", "outside", "words"),
    [
        ("[]", (0, 0.5, 1), (-0.1, 1.1), "0 <= p <= 1"),
        ("[)", (0, np.float64(0.5)), (1, 1.1), "0 <= p < 1"),
        ("(]", (np.float32(0.5), 1), (0, -0.1), "0 < p <= 1"),
        ("()", (0.5,), (0, 1), "0 < p < 1"),
    ],
)
def test_a_real_number_lies_between_its_ends(ends, inside, outside, words):
    for number in inside:
        got = real("law", "p", number, 0, 1, ends=ends)
        assert type(got) is float
        assert got == number
    for number in (*outside, np.nan, "0.5", None, True, 0.5j, np.array([0.5])):
        with pytest.raises(ValueError, match=f"law needs a number p with {words}, got"):
            real("law", "p", number, 0, 1, ends=ends)


def test_a_real_number_without_an_upper_end_is_finite():
    assert real("law", "rate", 1e300, 0) == 1e300
    with pytest.raises(ValueError, match=r"law needs a number rate with rate >= 0, got inf"):
        real("law", "rate", np.inf, 0)
    with pytest.raises(ValueError, match=r"law needs a number rate with rate > 0, got 0"):
        real("law", "rate", 0, 0, ends="(]")


def test_whole_numbers_end_where_floats_are_no_longer_exact_but_for_seeds():
    assert whole("a", "b", 2**53, 0) == 2**53
    with pytest.raises(ValueError, match="a needs a whole number b <= 9007199254740992, got 9007"):
        whole("a", "b", 2**53 + 1, 0)
    huge = 2**200  # any number seeds a generator
    first, again, other = (
        simulate(
            quadratic(dim=2, mu=0.5, sigma=1.0),
            schedules.Constant(1),
            step=0.1,
            steps=5,
            replicas=2,
            seed=s,
        )
        for s in (huge, huge, huge + 1)
    )
    assert np.array_equal(first.statistics.gap.mean, again.statistics.gap.mean)
    assert not np.array_equal(first.statistics.gap.mean, other.statistics.gap.mean)
