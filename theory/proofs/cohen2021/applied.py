r"""What an applied gradient does, as long as no gradient is as small as asked for."""

from functools import cache
from typing import Any

from sympy import Rational

from theory.algebra import Minimum
from theory.assumptions import (
    FROM_ZERO,
    F,
    PickySteps,
    StaleSGD,
    gradient,
    objective,
    squared_gradient,
    x,
)
from theory.claims import le
from theory.hilbert import squared_norm
from theory.kernel import Fact, axiom, combine, given, minimum, rewrite, suppose
from theory.lemmas import only
from theory.symbols import L, eps, eta, n, r, t

STEPS = (t, 0, n - 1)
LEAST = Minimum(squared_gradient(t), STEPS)
HARD = le(eps**2, LEAST)  # no gradient so far is as small as asked for
APPLIED = 4 * L * eta(t)
DROPPED = 1 - APPLIED
RULE = PickySteps()


def read_gradient(index: Any) -> Any:
    """b_t."""
    return squared_gradient(r(index))


@cache
def positive() -> Fact:
    """eta_t = 4 L eta_t^2 >= 0."""
    return combine(
        le(0, eta(t)), (suppose(RULE.two_sizes), -4 * L), squares=[(eta(t), 4 * L)], label="steps"
    )


@cache
def dropped_or_not() -> Fact:
    """1 - theta_t = (1 - theta_t)^2 >= 0."""
    return combine(
        le(0, DROPPED),
        (suppose(RULE.two_sizes), -16 * L**2),
        squares=[(DROPPED, 1)],
        label="dropped, or not",
    )


@cache
def not_small() -> Fact:
    """eps^2 <= a_t, as long as no gradient is as small as asked for."""
    return combine(
        le(eps**2, squared_gradient(t)),
        given(HARD, under=[le(1, n)]),
        minimum(squared_gradient(t), *STEPS),
        label="the gradient is not small",
    )


@cache
def close() -> Fact:
    """eta_t |grad F(x_t) - grad F(y_t)|^2 <= eta_t a_t/4, as long as eps^2 <= a_t."""
    apart = squared_norm(gradient(t) - gradient(r(t)))
    smooth = axiom("lipschitz_gradient", F, L, x(t), x(r(t)), label="smoothness, read to write")
    return combine(
        le(eta(t) * apart, eta(t) * squared_gradient(t) / 4),
        (smooth, positive()),
        (suppose(RULE.applied_if_near), L**2),
        (not_small(), positive(), Rational(1, 4)),
        label="a gradient applied is close",
    )


@cache
def decrease() -> Fact:
    """F(x_{t+1}) <= F(x_t) - 3/8 eta_t (a_t + b_t): the decrease of an applied gradient."""
    update = StaleSGD(noisy=False, count=FROM_ZERO)
    smooth = axiom("descent", F, L, x(t), x(t + 1), label="descent lemma")
    followed = rewrite(smooth, only(update)[update.name], x(t + 1), label="insert the update")
    gain = Rational(3, 8) * eta(t) * (squared_gradient(t) + read_gradient(t))
    return combine(
        le(objective(t + 1), objective(t) - gain),
        followed,
        (close(), Rational(1, 2)),
        (suppose(RULE.two_sizes), -read_gradient(t) * L / 2),
        label="decrease of an applied gradient",
    )


@cache
def not_smaller() -> Fact:
    """eta_t a_t/4 <= eta_t b_t."""
    return combine(
        le(eta(t) * squared_gradient(t) / 4, eta(t) * read_gradient(t)),
        close(),
        (_square(gradient(t) - 2 * (gradient(t) - gradient(r(t)))), positive(), Rational(1, 2)),
        label="half the length at least",
    )


@cache
def not_larger() -> Fact:
    """eta_t b_t <= 9/4 eta_t a_t."""
    return combine(
        le(eta(t) * read_gradient(t), Rational(9, 4) * eta(t) * squared_gradient(t)),
        (close(), 3),
        (_square(gradient(t) + 2 * (gradient(t) - gradient(r(t)))), positive(), Rational(1, 2)),
        label="three halves of the length at most",
    )


def _square(vector: Any) -> Fact:
    return combine(le(0, squared_norm(vector)), squares=[(vector, 1)], label="a square")
