"""A proof of one's own, from declarations to LaTeX; each way to break it is named."""

from dataclasses import replace

import pytest

from theory.authoring import (
    FROM_ZERO,
    GAP,
    BoundedDelay,
    Convex,
    F,
    F_star,
    L,
    Minimiser,
    R,
    Smooth,
    Stated,
    StepError,
    T,
    assume,
    axiom,
    axioms,
    conclude,
    document,
    eq,
    eta,
    gradient,
    last,
    le,
    objective,
    page,
    ratio,
    squared_norm,
    sum_over,
    t,
    theorem,
    times,
    value,
    x,
    x_star,
)
from theory.kernel import Fact, steps
from theory.pages.tex import chapter

DESCENT = Stated("gradient descent", eq(x(t + 1), x(t) - eta * gradient(t)), (t,), (le(0, t),))
ASSUMED = (DESCENT, Smooth(), Convex(), Minimiser(count=FROM_ZERO))
SHORT = le(eta, 1 / L)


def potential(i):
    """t (F(x_t) - F(x*)) + |x_t - x*|^2/(2 eta)."""
    return i * (objective(i) - value(F, x_star)) + squared_norm(x(i) - x_star) / (2 * eta)


def falls(scale=1, weight=None, under=(SHORT,)) -> Fact:
    """One step; scaled, with another weight of the square, or under another condition it fails."""
    weight = eta / 2 * ((t + 1) * (2 - L * eta) - 1) if weight is None else weight
    return conclude(
        le(potential(t + 1), scale * potential(t)),
        (axiom("descent", F, L, x(t), x(t + 1)), t + 1),
        axiom("convexity", F, x(t), x_star),
        assume(DESCENT),
        squares=[(gradient(t), weight)],
        under=list(under),
        label="the potential falls",
    )


def final() -> Fact:
    return conclude(
        le(objective(T) - F_star, R**2 / (2 * eta * T)),
        (sum_over(falls(), t, 0, T - 1), 1 / T),
        axiom("telescope", potential(t), t, 0, T - 1),
        axiom("least_value", F, x_star, F_star),
        (assume(Minimiser(count=FROM_ZERO)), 1 / (2 * eta * T)),
        squares=[(x(T) - x_star, 1 / (2 * eta * T))],
    )


MINE = theorem(
    "mine.gradient_descent",
    final,
    assume=ASSUMED,
    quantity=last(GAP, T),
    bound=ratio(R**2, times(2, eta, T)),
    conditions=[SHORT],
    title="gradient descent on a smooth convex function",
)


def test_it_is_a_theorem():
    assert MINE.status == "proved"
    report = MINE.verify()
    assert report.axioms == ("convexity", "descent", "least_value", "telescope")
    assert MINE.evaluate(R=2, eta=1, T=4, L=1) == ratio(1, 2).expression


def test_it_has_pages():
    assert "x[t + 1] == x[t] - eta*grad F(x[t]) for all t with 0 <= t" in MINE.statement
    text = MINE.latex()
    assert text == document([chapter(MINE)])
    assert r"x_{t + 1} = x_{t} - \eta\,\nabla F(x_{t})" in text
    assert r"\frac{R^{2}}{2\,\eta\,T}" in text
    lemma = page("One step", falls())
    assert str(lemma).startswith("One step\n========\n")
    assert len(lemma.lines) == len(steps(falls()))


# ------------------------------------------------------------------ broken on purpose


def test_a_wrong_constant_names_what_is_left_and_numbers_that_break_it():
    with pytest.raises(StepError) as caught:
        falls(scale=ratio(1, 2).expression)
    message = str(caught.value)
    assert message.startswith("the potential falls (combine): ")
    assert "is left and should be 0; at L = " in message
    assert caught.value.counterexample.gap < 0


def test_a_square_that_is_missing_is_what_is_left():
    with pytest.raises(StepError, match=r"\|grad F\(x\[t\]\)\|\^2/2 is left") as caught:
        falls(weight=0)
    assert caught.value.counterexample is None  # the claim is true: only the proof has a gap


def test_a_condition_that_is_missing_is_named_with_numbers():
    with pytest.raises(StepError, match=r"must be >= 0: .* >= 0 is not proved; at L = "):
        falls(under=())
    with pytest.raises(StepError, match="needs eta <= 1/L, which is not among the conditions"):
        replace(MINE, conditions=()).check(final())


@pytest.mark.parametrize("dropped", ASSUMED, ids=lambda a: a.name)
def test_an_assumption_that_is_missing_is_named(dropped):
    fewer = tuple(a for a in ASSUMED if a is not dropped)
    with pytest.raises(StepError, match="which is not assumed"):
        replace(MINE, assumptions=fewer).check(final())


def test_a_bound_that_is_too_small_is_refuted_by_an_exact_run():
    with pytest.raises(StepError, match="the claim is false: for the function with derivative"):
        replace(MINE, bound=ratio(R**2, times(8, eta, T))).check(final())
    with pytest.raises(StepError, match="the proof shows") as caught:  # smaller, and true or not?
        replace(MINE, bound=ratio(R**2, times(4, eta, T))).check(final())
    assert "false" not in str(caught.value)


def test_another_algorithm_does_not_fit():
    """Runs of gradient descent are not runs of momentum, so they refute nothing about it."""
    heavy = x(t + 2) - x(t + 1) + eta * gradient(t + 1) - (x(t + 1) - x(t)) / 2
    momentum = Stated("heavy ball", eq(heavy, 0 * x(0)), (t,), (le(0, t),))
    other = replace(MINE, assumptions=(momentum, *ASSUMED[1:]), bound=ratio(R**2, times(8, eta, T)))
    assert other.find_counterexample() is None


# ------------------------------------------------------------------ taking up assumptions


def test_assumptions_are_taken_up_by_name():
    delay = BoundedDelay(count=FROM_ZERO)
    assert str(assume(delay, "reads the past")) == "r[t] <= t, if 0 <= t"
    with pytest.raises(ValueError, match="assume needs one of"):
        assume(delay)
    with pytest.raises(ValueError, match="assume needs one of"):
        assume(delay, "reads the future")
    with pytest.raises(ValueError, match="used by axioms alone"):
        assume(Convex())


def test_axioms_can_be_looked_up():
    assert "descent " in axioms()
