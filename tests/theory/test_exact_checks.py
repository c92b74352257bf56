"""Assumptions on exact runs: yes, no and not known are told apart."""

from dataclasses import dataclass

import pytest
from sympy import Integer, Rational, oo

from theory import assumptions as known
from theory.assumptions import FROM_ZERO
from theory.exact_checks import at_most, every, meets
from theory.symbols import M2, L, mu, s
from theory.witness import PiecewiseQuadratic, quadratic, run

STEPS = [Rational(3, 2)] * 3
PATH = run(quadratic(Integer(1)), Integer(1), steps=STEPS, reads=[1, 2, 1])


def test_comparison_has_three_answers():
    assert at_most(1, 2) is True
    assert at_most(2, 1) is False
    assert at_most(1, L) is None
    assert at_most(0, L) is True
    assert at_most(L + 1, L) is False
    assert at_most(oo, L) is False
    assert at_most(L, oo) is True
    assert every([]) is True
    assert every([True, None]) is None
    assert every([True, None, False]) is False


@pytest.mark.parametrize(
    ("assumption", "constants", "answer"),
    [
        (known.Smooth(), {"L": Integer(1)}, True),
        (known.Smooth(), {"L": Rational(1, 2)}, False),
        (known.Smooth(), {}, None),
        (known.Convex(), {}, True),
        (known.StronglyConvex(), {"mu_sc": Integer(2)}, False),
        (known.PolyakLojasiewicz(), {"mu_sc": Integer(1)}, True),
        (known.PolyakLojasiewicz(), {"mu_sc": Integer(2)}, False),
        (known.SufficientDirection(), {"sigma_d": Integer(1)}, True),
        (known.SufficientDirection(), {"sigma_d": Rational(11, 10)}, False),
        (known.GradientCoherence(), {"mu": Integer(-2)}, True),
        (known.GradientCoherence(), {"mu": Integer(1)}, None),  # true on a window of 1 only
        (known.GradientCoherence(), {"mu": Integer(1), "s": Integer(1)}, True),
        (known.GradientCoherence(), {"s": Integer(2)}, False),  # -2 is below every mu > 0
        (known.GradientCoherence(s=s + 1), {"mu": Integer(1), "s": Integer(1)}, False),
        (known.ConstantDelay(), {"tau": Integer(1)}, False),
        (known.ConstantDelay(), {}, None),
        (known.BoundedSecondMoment(M2), {"M_2": Integer(1)}, True),
        (known.BoundedSecondMoment(M2), {"M_2": Rational(9, 10)}, False),
        (known.BoundedDelay(), {"s": Integer(3)}, True),
        (known.BoundedDelay(), {"s": Integer(2)}, False),
        (known.ConstantDelay(), {"tau": Integer(0)}, False),
        (known.MultiplicativeNoise(), {"M": Integer(0)}, True),
        (known.MiniBatch(), {"b": Integer(4)}, True),
        (known.SomeStep(), {}, True),
        (known.AnyDirection(), {}, True),
    ],
    ids=str,
)
def test_answers_on_a_run(assumption, constants, answer):
    assert meets(assumption, constants, PATH, STEPS) is answer


def test_steps_of_length_zero_are_no_steps():
    steps = [Integer(0), Integer(0)]
    path = run(quadratic(Integer(1)), Integer(1), steps=steps, reads=[1, 2])
    assert meets(known.SomeStep(), {}, path, steps) is False
    assert meets(known.PositiveSteps(FROM_ZERO), {}, path, steps) is True


def test_a_function_without_minimiser_has_none():
    slope = PiecewiseQuadratic(((Integer(0), Integer(1)),), Integer(0), Integer(0))
    path = run(slope, Integer(0), steps=[], reads=[])
    assert meets(known.Minimiser(), {"R": Integer(9)}, path, []) is False
    assert meets(known.InitialGap(), {}, path, []) is False


@dataclass(frozen=True)
class Unheard(known.Assumed):
    name = "unheard of"


def test_what_is_not_understood_is_not_known():
    assert meets(Unheard(), {"mu": mu, "s": s}, PATH, STEPS) is None


def test_noise_and_delay_against_their_constants():
    """Noise 1 on F = x^2/2 from 1, where E|grad F|^2 is 1, and then 1/4 + 1/4."""
    half = [Rational(1, 2), Rational(1, 2), Rational(1, 2)]
    path = run(quadratic(Integer(1)), Integer(1), steps=half, reads=[1, 1, 2], noise=Integer(1))
    one, low = {"sigma": Integer(1)}, {"sigma": Rational(1, 2)}
    assert meets(known.ConstantDelay(), {"tau": Integer(1)}, path, half) is True
    assert meets(known.ConstantDelay(), {"tau": Integer(2)}, path, half) is False
    assert meets(known.MiniBatch(), {**one, "b": Integer(1)}, path, half) is True
    assert meets(known.MiniBatch(), {**one, "b": Integer(2)}, path, half) is False
    assert meets(known.MultiplicativeNoise(), {**low, "M": Rational(3, 2)}, path, half) is True
    assert meets(known.MultiplicativeNoise(), {**low, "M": Integer(1)}, path, half) is False
