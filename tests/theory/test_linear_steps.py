"""The kinds of steps: each shows what is true, refuses what is false, and does not guess."""

from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import (
    Function,
    I,
    Integer,
    Rational,
    Symbol,
    cos,
    cot,
    exp,
    log,
    pi,
    sin,
    sqrt,
    symbols,
    tan,
)

from theory.axioms import AXIOMS
from theory.claims import le
from theory.enclosure import enclose, sign_of_constant
from theory.kernel import StepError, combine
from theory.kernel import given as premise
from theory.linear import falling
from theory.linear.steps import (
    FromKernel,
    Identity,
    Positive,
    Recursion,
    StableBetween,
    Termwise,
)
from theory.linear.steps.stable import meetings, points_between, stable
from theory.linear.units import vanishes
from theory.symbols import L, h, j, k, n, theta
from theory.symbols import tau_max as tau

x, y = symbols("x y", real=True)
phi = Symbol("phi", positive=True)
a = Symbol("a", positive=True)
z = Symbol("z")


TRUE = {
    "a double angle": sin(2 * x) - 2 * sin(x) * cos(x),
    "a delay": sin((tau + 1) * x) - sin(tau * x) * cos(x) - cos(tau * x) * sin(x),
    "half a delay": cos(tau * x / 2) ** 2 - (1 + cos(tau * x)) / 2,
    "tangents": tan(x) * cot(x) - 1,
    "an exponential": exp(I * tau * x) - cos(tau * x) - I * sin(tau * x),
    "the seventh roots of 1": cos(pi / 7) - cos(2 * pi / 7) + cos(3 * pi / 7) - Rational(1, 2),
    "a golden sine": sin(pi / 10) - (sqrt(5) - 1) / 4,
    "simple angles": sin(x + pi / 3) - sin(x) / 2 - sqrt(3) * cos(x) / 2,
    "products of roots": sqrt(2) * sqrt(3) - sqrt(6) + sqrt(30) - sqrt(5) * sqrt(6),
    "a whole turn": sin(2 * pi * tau),
    "half a turn": cos(pi * tau) - (-1) ** tau,
    "an angle with a delay below": sin(tau * pi / (2 * tau + 1)) - cos(pi / (4 * tau + 2)),
    "angles that add up": exp(I * pi * (tau / (2 * tau + 1) + 1 / (4 * tau + 2))) - I,
    "powers": (tau / (tau + 1)) ** tau / (tau + 1) - tau**tau / (tau + 1) ** (tau + 1),
    "powers of products": (4 * a) ** tau - 2 ** (2 * tau) * a**tau,
    "powers of powers": (a**n) ** tau - (a**tau) ** n,
    "roots": (1 + sqrt(1 + 8 * a)) * (1 - sqrt(1 + 8 * a)) + 8 * a,
    "roots under roots": sqrt(1 + sqrt(a)) ** 4 - 1 - 2 * sqrt(a) - a,
    "an unknown sequence": Function("g")(tau) * (x + 1)
    - Function("g")(tau) * x
    - Function("g")(tau),
}


@pytest.mark.parametrize("name", TRUE)
def test_identities_are_decided(name):
    assert vanishes(TRUE[name])
    assert not vanishes(TRUE[name] + a / 7)
    assert not vanishes(TRUE[name] + sin(x) / 10**6)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(-3, 3), min_size=4, max_size=4),
    st.sampled_from([sin, cos]),
    st.sampled_from([sin, cos]),
)
def test_what_vanishes_is_zero_at_random_points(numbers, f, g):
    """Products of two sines: the product formula is found, and nothing that is false."""
    p, q, r, s = numbers
    difference = f(p * x + q * tau * x) * g(r * y) - f(s * x + q * tau * x) * g(r * y)
    value = difference.subs({x: 0.731, y: 1.237, tau: 3})
    if vanishes(difference):
        assert abs(value) < 1e-12
    else:
        at = [difference.subs({x: u, y: v, tau: w}) for u, v, w in ((0.3, 0.7, 2), (1.1, 0.4, 5))]
        assert max(abs(complex(value)), *(abs(complex(e)) for e in at)) > 1e-12


def test_conditions_of_identities():
    assert vanishes(a**2 - 2, given=(a - sqrt(2),))
    assert not vanishes(a**2 - 3, given=(a - sqrt(2),))
    assert vanishes(x**tau * y - x ** (tau + 1), given=(y - x,))


@pytest.mark.parametrize(
    ("expression", "given_", "message"),
    [
        (1 / (x - y), (x - y,), "a denominator is 0"),
        (1 / (sin(x) ** 2 + cos(x) ** 2 - 1), (), "a denominator is 0"),
        (log(x), (), "nothing that identities are decided for"),
        (exp(x), (), "only angles without I"),
        (a**x, (), "only whole powers"),
        ((1 + sin(x)) ** tau, (), "give the base a name"),
    ],
)
def test_what_cannot_be_read_is_refused(expression, given_, message):
    with pytest.raises(StepError, match=message):
        vanishes(expression, given_)


def test_an_identity_names_itself_when_it_fails():
    with pytest.raises(StepError, match=r"a slip: sin\(2\*theta\) = .* not 0"):
        Identity(shows="a slip", left=sin(2 * theta), right=2 * sin(theta)).check()
    with pytest.raises(StepError, match=r"not 0; at theta = pi/3 it is -sqrt\(3\)/2$"):
        Identity(shows="a slip", left=sin(2 * theta), right=2 * sin(theta)).check()
    with pytest.raises(StepError, match=r"; at tau = 2, theta = pi/3 it is 3/2$"):
        Identity(shows="a slip", left=1, right=exp(I * tau * theta) - I * sin(tau * theta)).check()
    with pytest.raises(StepError, match=r"undefined: .*a denominator is 0"):
        Identity(shows="undefined", left=1 / x, right=2 / x, given=(x,)).check()


# ------------------------------------------------------------------------- signs


@pytest.mark.parametrize(
    ("expression", "known"),
    [
        (2 * sin(pi / (4 * tau + 2)), {}),
        (sin(phi), {"strict": (pi - phi,)}),
        (sin((tau + 1) * phi), {"strict": (pi / (tau + 1) - phi,)}),
        (sin(tau * phi), {"strict": (pi / (tau + 1) - phi,), "conditions": (tau - 1,)}),
        (cos(phi), {"strict": (pi / 2 - phi,)}),
        (a * (2 - a), {"strict": (2 - a,)}),
    ],
)
def test_signs(expression, known):
    Positive(shows="it", expression=expression, **known).check()
    with pytest.raises(StepError, match=r"it: .* is not proved"):
        Positive(shows="it", expression=-expression, **known).check()
    if known:
        with pytest.raises(StepError, match=r"it: .* is not proved"):
            Positive(shows="it", expression=expression).check()


def test_signs_of_what_is_undefined_or_misnamed():
    with pytest.raises(StepError, match="not proved to be defined"):
        Positive(shows="it", expression=1 / (1 - a) ** 2).check()
    with pytest.raises(StepError, match="a sign is '>' or '>=', got '<'"):
        Positive(shows="it", expression=a, relation="<").check()
    with pytest.raises(StepError, match="z is not declared real"):
        Positive(shows="it", expression=z**2 + 1).check()
    with pytest.raises(StepError, match="not proved to be defined"):
        Positive(shows="it", expression=tan(x) ** 2 + 1).check()


# ------------------------------------------------------------------------- constants


# pi times 20 is an angle of 63; from 64 on, `enclose` declines
@given(st.fractions(min_value=-20, max_value=20, max_denominator=1000), st.integers(1, 40))
def test_sines_are_enclosed(q, k):
    angle = Rational(q.numerator, q.denominator)
    for e, value in (
        (sin(angle), lambda: mpmath.sin(mpmath.mpf(q.numerator) / q.denominator)),
        (cos(pi * angle / k), lambda: mpmath.cospi(mpmath.mpf(q.numerator) / q.denominator / k)),
    ):
        found = enclose(e, 64)
        with mpmath.workdps(60):
            low, high = (mpmath.mpf(b.numerator) / b.denominator for b in found)
            assert low - mpmath.mpf(10) ** -50 <= value() <= high + mpmath.mpf(10) ** -50
            assert high - low < mpmath.mpf(2) ** -50


def test_signs_of_trigonometric_constants():
    assert sign_of_constant(pi - Rational(355, 113)) == -1
    assert sign_of_constant(sin(pi / 34) - Rational(922, 10**4)) == 1
    assert enclose(sin(Integer(1000)), 64) is None


# ------------------------------------------------------------------------- stability


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=1, max_size=6))
def test_schur_and_cohn_agree_with_the_roots(tail):
    """Against numpy's roots, where they are not near the circle."""
    moduli = np.abs(np.roots([8, *tail]))
    if np.abs(moduli - 1).min(initial=1) > 1e-6:
        assert stable([Fraction(8), *map(Fraction, tail)]) == bool((moduli < 1).all())


def delayed(shift=0, low=0, scale=1, power=1):
    return StableBetween(
        shows="delays",
        polynomial=lambda tau: z ** (tau + 1) - z ** (tau * power) + a,
        low=lambda tau: low,
        high=lambda tau: scale * 2 * sin(pi / (2 * (2 * tau + 1 + shift))),
        delays=(0, 1, 4),
        z=z,
        a=a,
    )


def test_stability_is_decided_exactly():
    delayed().check()
    assert delayed().reach == "tau = 0, 1, 4"


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (delayed(shift=2), "at delay 0 the end 1 is not where"),
        (delayed(scale=Rational(101, 100)), "is not where a root reaches"),
        (delayed(low=Rational(1, 9)), "the end 1/9 is not where"),
        (delayed(power=0), "is not where|in the wrong order|the roots are"),
    ],
)
def test_wrong_limits_are_refused(step, message):
    with pytest.raises(StepError, match=message):
        step.check()


def test_a_later_crossing_is_not_the_limit():
    later = StableBetween(
        shows="later",
        polynomial=lambda tau: z ** (tau + 1) - z**tau + a,
        low=lambda tau: Integer(0),
        high=lambda tau: 2 * sin(5 * pi / (2 * (2 * tau + 1))),
        delays=(4,),
        z=z,
        a=a,
    )
    with pytest.raises(StepError, match="reaches the unit circle between the ends"):
        later.check()


def test_a_root_that_stays_on_the_circle():
    stuck = StableBetween(
        shows="stuck",
        polynomial=lambda tau: (z - 1) * (z - a),
        low=lambda tau: Integer(0),
        high=lambda tau: Integer(1),
        delays=(0,),
        z=z,
        a=a,
    )
    with pytest.raises(StepError, match="on the unit circle for every a"):
        stuck.check()


def test_equations_are_polynomials_with_rational_coefficients():
    for equation in (z - exp(a), z - sqrt(2) * a, z - 1 / a):
        step = StableBetween(
            shows="odd",
            polynomial=lambda tau, equation=equation: equation,
            low=lambda tau: Integer(0),
            high=lambda tau: Integer(1),
            delays=(0,),
            z=z,
            a=a,
        )
        with pytest.raises(StepError, match="needs a polynomial in z and a with rational"):
            step.check()


def test_points_lie_between_the_meetings():
    from sympy import Poly

    edge = meetings(Poly(z**3 - z**2 + a, z), a)
    points = points_between(edge)
    assert len(points) == edge.count_roots() + 1
    assert all(edge.eval(Rational(p.numerator, p.denominator)) != 0 for p in points)


# ------------------------------------------------------------------------- recursions


def impulse(weight=(-h) ** j, upper=n - tau * j, back=-tau):
    relation = ((1, 1, 0), (-1, 0, 0), (h, back, -1))
    return Termwise(shows="impulse", weight=weight, upper=upper, relation=relation, n=n, j=j)


def test_terms_cancel():
    impulse().check()
    for wrong, message in (
        (impulse(weight=h**j), "terms do not cancel"),
        (impulse(weight=(-2 * h) ** j), "terms do not cancel"),
        (impulse(upper=n - tau * j + j), "terms do not cancel|are not near|is there where"),
        (impulse(back=-tau - 1), "terms do not cancel|is there where"),
        (impulse(back=-2 * tau), "are not near"),
    ):
        with pytest.raises(StepError, match=message):
            wrong.check()


def test_terms_without_a_partner_are_noticed():
    alone = Termwise(shows="it", weight=1, upper=n, relation=((1, 1, 0), (-2, 0, 0)), n=n, j=j)
    with pytest.raises(StepError, match="is there where n < j, and no other"):
        alone.check()
    with pytest.raises(StepError, match="a shift of j is 0 or -1, got 1"):
        Termwise(shows="it", weight=1, upper=n, relation=((1, 0, 1),), n=n, j=j).check()


def powers(factor):
    return Recursion(
        shows="powers",
        closed=lambda tau, k: (1 - a) ** k,
        first=lambda tau: [Integer(1)],
        following=lambda tau, values: factor * values[-1],
        delays=(0, 1),
        upto=5,
    )


def test_recursions_number_by_number():
    powers(1 - a).check()
    assert powers(1 - a).reach == "tau = 0, 1 and indices up to 5"
    with pytest.raises(StepError, match="at delay 0 and index 1 the closed form is 1 - a"):
        powers(1 + a).check()


# ------------------------------------------------------------------------- the kernel


def square():
    small = premise(le(h, 1 / L))
    return combine(le(L * h**2, h), (small, L * h))


def test_facts_of_the_kernel():
    condition = le(h, 1 / L)
    FromKernel(shows="it", claim=le(L * h**2, h), proof=square, conditions=(condition,)).check()
    with pytest.raises(StepError, match=r"the kernel shows .* not L\*h\^2 <= h/2"):
        FromKernel(shows="it", claim=le(L * h**2, h / 2), proof=square).check()
    with pytest.raises(StepError, match="which is not granted"):
        FromKernel(shows="it", claim=le(L * h**2, h), proof=square).check()
    assert AXIOMS  # the trust base is the kernel's own


def test_small_steps_let_a_mode_fall_slowly():
    """The claim of the kernel holds on a run; nothing it leans on may be left out."""
    fields = {
        "shows": "it",
        "claim": le(tau / (tau + 1) * falling.x(k), falling.x(k + 1)),
        "proof": falling.ratio_kept,
        "conditions": (le(0, k), le(1, tau), le(falling.a, falling.LARGEST)),
    }
    known = (falling.RUN, falling.START, falling.SIGN)
    FromKernel(**fields, assumptions=known).check()
    for place, name in enumerate(("the run", "a constant start", "a start that is not negative")):
        with pytest.raises(StepError, match=f"the proof uses '{name}: .* not granted"):
            FromKernel(**fields, assumptions=known[:place] + known[place + 1 :]).check()
    x = [Fraction(1)] * 4
    for _ in range(40):
        x.append(x[-1] - Fraction(27, 256) * x[-4])
    assert all(Fraction(3, 4) * before <= after <= before for before, after in pairwise(x))
    assert min(after / before for before, after in pairwise(x)) < Fraction(77, 100)
