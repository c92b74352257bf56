"""Exact formulas under random delays: broken on purpose, and held against numbers."""

import numpy as np
import pytest
from scipy.optimize import brentq
from sympy import Integer, Rational, Symbol, lambdify, sin, sqrt, symbols

from empirics import schedules
from empirics.exact import cache_disagreement, stability_limit, stationary_variance
from theory import linear
from theory.kernel import StepError
from theory.linear import caches, independent
from theory.linear.steps import (
    Enumeration,
    Lemma,
    Limit,
    Outcome,
    SecondMoments,
    SumIdentity,
)
from theory.symbols import h, n, theta


def number(formula, name, **values):
    """An expression of a formula in floating point, symbols given by their names."""
    e = linear.find(formula)[name]
    known = {s: values[s.name] for s in e.free_symbols}
    return float(lambdify(list(known), e, "numpy")(*known.values()))


def at_angle(size, angle):
    """Step and T of uniform delays."""
    product = np.tan(angle / 2) * np.tan(size * angle / 2)
    return 2 * size * np.sin(angle / 2) ** 2, product


# -------------------------------------------------------------------------- new kinds of steps

half = Rational(1, 2)
FRESH = Outcome(chance=1, matrix=[[1 - h]], noise=[[1]])
COIN = {"shows": "coins", "run": sum, "draws": ((0, half), (1, half)), "case": "coins"}


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (SumIdentity(shows="s", left=n, right=n + 1), "s: a difference of -1 is left"),
        (Limit(shows="s", expression=sin(theta), variable=theta, to=0, value=1), "tends to 0, not"),
        (Enumeration(**COIN, length=2, value=2), "all 4 sequences together give 1, not 2"),
        (Enumeration(**COIN, length=20, value=10), "1048576 sequences are none or too many"),
        (Enumeration(**COIN, length=0, value=0), "none or too many"),
        (
            Enumeration(**{**COIN, "draws": ((0, half), (1, 1))}, length=2, value=1),
            "chances do not sum to 1",
        ),
        (
            SecondMoments(shows="s", outcomes=(FRESH,), claimed=(), variance=1, case=""),
            "there is nothing to compare",
        ),
        (
            SecondMoments(
                shows="s",
                outcomes=(Outcome(chance=half, matrix=[[0]], noise=[[1]]),),
                claimed=(((1,), (1,), 1),),
                variance=1,
                case="",
            ),
            "chances do not sum to 1",
        ),
        (
            SecondMoments(
                shows="s",
                outcomes=(Outcome(chance=1, matrix=[[1]], noise=[[0]]),),
                claimed=(((1,), (1,), 1),),
                variance=1,
                case="",
            ),
            "not just one solution",
        ),
        (
            SecondMoments(
                shows="s",
                outcomes=(FRESH,),
                claimed=(((1,), (1,), 1 / h),),
                variance=1,
                case="tau = 0",
            ),
            r"the equations give .*, not 1/h \(tau = 0\)",
        ),
    ],
)
def test_a_step_that_does_not_follow_says_why(step, message):
    with pytest.raises(StepError, match=message):
        step.check()


def test_a_formula_that_is_not_proved_is_no_lemma():
    formula = linear.find("uniform.mean_limit")
    Lemma(shows="the limit", formula=formula).check()
    half_checked = linear.Formula(
        name="here.checked",
        title="",
        model="",
        reading="",
        expressions=formula.expressions,
        symbols=formula.symbols,
        instances=lambda f: (Enumeration(**COIN, length=1, value=half),),
    )
    with pytest.raises(StepError, match=r"here.checked is checked, not proved"):
        Lemma(shows="the limit", formula=half_checked).check()
    wrong = formula.changed(limit=2 * formula["limit"])
    with pytest.raises(StepError, match="the limit is the step of the first of them"):
        Lemma(shows="the limit", formula=wrong).check()


def test_an_outcome_has_a_square_matrix():
    with pytest.raises(ValueError, match=r"needs a square matrix and noise with as many rows"):
        Outcome(chance=1, matrix=[[1, 0]], noise=[[1]])
    with pytest.raises(ValueError, match=r"needs a square matrix and noise with as many rows"):
        Outcome(chance=1, matrix=[[1]], noise=[[1], [1]])


# ----------------------------------------------------------------- off by one, in each symbol


OFF = ("s", "P", "M", "j", "n", "m")


def shifted():
    for formula in linear.formulas().values():
        for name in formula.expressions:
            for symbol in sorted(formula[name].free_symbols, key=str):
                if symbol.name in OFF:
                    yield pytest.param(formula, name, symbol, id=f"{formula}-{name}-{symbol}")


@pytest.mark.parametrize(("formula", "name", "symbol"), list(shifted()))
def test_an_index_off_by_one_is_noticed(formula, name, symbol):
    moved = formula[name].subs(symbol, symbol + 1)
    with pytest.raises(StepError, match=formula.name):
        formula.changed(**{name: moved}).verify()


# ------------------------------------------------------------------------- independent delays


@pytest.mark.parametrize("law", [(0.2, 0.5, 0.3), (0.1, 0, 0, 0.9), (0.25,) * 4], ids=str)
def test_independent_delays_against_the_oracle(law):
    exact = tuple(Rational(str(p)) for p in law)
    a = Symbol("a", positive=True)
    sums = independent.sums(exact, a)
    schedule = schedules.Pmf(law)
    formula = linear.find("independent.mean_square")
    variance = lambdify(a, formula["variance"].subs({**sums, independent.v: 1}))
    kernel = lambdify(a, formula["kernel"].subs(sums))
    limit = stability_limit(schedule)
    assert kernel(limit) == pytest.approx(1, abs=1e-9)
    for share in (0.1, 0.5, 0.9):
        expected = stationary_variance(schedule, share * limit)
        assert variance(share * limit) == pytest.approx(expected, rel=1e-9)
        assert kernel(share * limit) < 1


@pytest.mark.parametrize("size", [1, 2, 3, 7, 40])
def test_uniform_delays_against_the_oracle(size):
    schedule = schedules.Uniform(size - 1)
    limit = number("uniform.mean_limit", "limit", s=size)
    assert limit == pytest.approx(stability_limit(schedule, "mean"), rel=1e-9)

    def boundary(angle):
        a, T = at_angle(size, angle)
        return number("uniform.mean_square", "boundary", s=size, a=a, T=T)

    if size > 1:  # else mean and mean square have the same limit, at the end of the range
        angle = brentq(boundary, 1e-6, np.pi / size * (1 - 1e-9), xtol=1e-15)
        assert at_angle(size, angle)[0] == pytest.approx(stability_limit(schedule), rel=1e-9)
    a, T = at_angle(size, 0.5 * np.pi / size)
    found = number("uniform.mean_square", "variance", s=size, a=a, T=T, v=1)
    assert found == pytest.approx(stationary_variance(schedule, a), rel=1e-9)


def test_two_delays():
    limit = number("uniform.two_delays", "limit")
    assert limit == pytest.approx(stability_limit(schedules.Uniform(1)), rel=1e-10)
    assert linear.find("uniform.two_delays")["limit"] == sqrt(5) - 1


@pytest.mark.parametrize("mean", [1.5, 3, 6])
def test_geometric_delays_against_the_oracle(mean):
    """Cut where the chances left are below 1e-9, which the limits hardly feel."""
    cut = int(np.ceil(np.log(1e-9) / np.log(1 - 1 / mean)))
    schedule = schedules.Geometric(p=1 / mean, tau_max=cut)
    limit = number("geometric.mean_square", "limit", M=mean)
    assert limit == pytest.approx(stability_limit(schedule), rel=1e-6)
    found = number("geometric.mean_square", "variance", M=mean, a=0.6 * limit, v=1)
    assert found == pytest.approx(stationary_variance(schedule, 0.6 * limit), rel=1e-6)
    bound = number("geometric.mean_limit", "limit", M=mean)
    roots = [np.roots([1, -(2 - (1 + f * bound) / mean), 1 - 1 / mean]) for f in (0.999, 1.001)]
    assert (np.abs(roots[0]) < 1).all()
    assert (np.abs(roots[1]) > 1).any()


# ------------------------------------------------------------------------------ worker caches


@pytest.mark.parametrize(("workers", "longest"), [(2, 1), (4, 3), (16, 8)])
@pytest.mark.parametrize("destinations", ["independent", "shared"])
def test_caches_against_the_oracle(workers, longest, destinations):
    schedule = schedules.Caches(workers, schedules.Uniform(longest), destinations=destinations)
    size = longest + 1
    mean = number("caches.mean_limit", "limit", s=size, P=workers)
    assert mean == pytest.approx(stability_limit(schedule, "mean"), rel=1e-9)

    def sums(angle):
        A, T = at_angle(size, angle)
        return {"a": A / workers, "P": workers, "Gamma_0": (1 + size * T) / (2 * A), "Q": T / A**2}

    which = "caches.shared_delays" if destinations == "shared" else "caches.mean_square"
    apart = number("caches.uniform", "apart", s=size)

    def kernel(angle):
        return number(which, "kernel", **sums(angle), E_r=apart)

    angle = brentq(lambda b: kernel(b) - 1, 1e-6, np.pi / size * (1 - 1e-9), xtol=1e-15)
    assert sums(angle)["a"] == pytest.approx(stability_limit(schedule), rel=1e-9)
    angle *= 0.6
    known = {**sums(angle), "E_r": apart, "v": 1}
    variance = number(which, "variance", **known)
    assert variance == pytest.approx(stationary_variance(schedule, known["a"]), rel=1e-9)
    gap = cache_disagreement(schedule, known["a"])
    if destinations == "shared":
        assert gap == 0
        return
    assert number(which, "disagreement", **known) == pytest.approx(gap, rel=1e-9)
    A, T = at_angle(size, angle)
    closed = number("caches.uniform", "kernel", P=workers, s=size, A=A, T=T)
    assert closed == pytest.approx(kernel(angle), rel=1e-12)


def test_outcomes_of_an_iteration_of_caches():
    """All draws of the messages of 2 workers; a cache is everything minus what is on its way."""
    q = symbols("q", positive=True)
    outcomes = caches.iterations((q, 1 - q), 2, shared=False)
    assert len(outcomes) == 16
    assert sum(o.chance for o in outcomes).expand() == 1
    immediate = next(o for o in outcomes if o.chance == q**4)
    rows = caches.cached(1, 2)
    assert (rows * immediate.noise).tolist() == [[-1, -1], [-1, -1]]
    late = next(o for o in outcomes if o.chance == (1 - q) ** 4)
    assert (rows * late.noise).tolist() == [[Integer(0)] * 2] * 2
