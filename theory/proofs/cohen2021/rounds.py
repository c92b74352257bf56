r"""All rounds together: applied or dropped, and paid for by the decrease of F."""

from functools import cache

from sympy import Rational, Sum

from theory.algebra import Minimum
from theory.assumptions import FROM_ZERO, squared_gradient
from theory.claims import le, lt
from theory.kernel import (
    Fact,
    axiom,
    cases,
    combine,
    given,
    minimum,
    nonnegative_by_sign,
    reciprocal,
    substitute,
    sum_over,
)
from theory.lemmas import telescoped
from theory.proofs.cohen2021.applied import (
    APPLIED,
    DROPPED,
    LEAST,
    STEPS,
    decrease,
    not_larger,
    positive,
    read_gradient,
)
from theory.proofs.cohen2021.dropped import SHORT, dropped, short_delays
from theory.symbols import Delta, L, T, W, eps, eta, n, r, t

APPLIED_STEPS = Sum(eta(t), STEPS)
LOADED = Sum(eta(t) * squared_gradient(t), STEPS)
READ = Sum(eta(t) * read_gradient(t), STEPS)
ENOUGH = le((256 + 576 * W) * L * Delta / (39 * eps**2), n)


@cache
def rounds() -> Fact:
    """Half of the rounds are short, and each of these drops its gradient or applies it."""
    applied = combine(
        le(SHORT * APPLIED, APPLIED),
        (axiom("bracket_at_most_one", r(t), t - W, t), 4 * L, positive()),
        label="applied in a short round",
    )
    return combine(
        le(Rational(1, 2) * n, Sum(DROPPED * SHORT, STEPS) + 4 * L * APPLIED_STEPS),
        short_delays(),
        sum_over(applied, *STEPS),
        label="dropped or applied",
    )


@cache
def paid() -> tuple[Fact, Fact]:
    """3/8 sum eta_t (a_t + b_t) <= Delta, and the b_t are at most 9/4 of the a_t."""
    gain = Rational(3, 8) * eta(t) * (squared_gradient(t) + read_gradient(t))
    total = telescoped(decrease(), gain, FROM_ZERO)
    last = nonnegative_by_sign(le(0, squared_gradient(n) / (2 * L)), label="the last gradient")
    decreased = combine(
        le(Rational(3, 8) * (LOADED + READ), Delta), total, last, label="the sum of all decreases"
    )
    return decreased, sum_over(not_larger(), *STEPS, label="gradients read, compared")


@cache
def some_applied() -> Fact:
    """If there are enough rounds, some gradient is applied."""
    decreased, compared = paid()
    weight = combine(
        le(Rational(128, 39) * L * Delta, 4 * L * eps**2 * APPLIED_STEPS),
        (given(ENOUGH), eps**2 / 2),
        (rounds(), eps**2),
        dropped(),
        (compared, Rational(16, 13) * L * W),
        (decreased, Rational(96, 13) * L * W),
        label="not all are dropped",
    )
    return combine(
        lt(0, APPLIED_STEPS),
        (weight, 1 / (4 * L * eps**2)),
        nonnegative_by_sign(lt(0, Rational(32, 39) * Delta / eps**2)),
        label="some gradient is applied",
    )


@cache
def if_hard() -> Fact:
    """If no gradient was smaller than eps, the least one is no larger than eps."""
    decreased, compared = paid()
    least = combine(
        le(LEAST * eta(t), squared_gradient(t) * eta(t)),
        (minimum(squared_gradient(t), *STEPS), positive()),
        label="the least gradient, weighed",
    )
    both = combine(
        le(4 * L * LEAST * APPLIED_STEPS, 4 * L * eps**2 * APPLIED_STEPS),
        (sum_over(least, *STEPS, label="the least gradient, summed"), 4 * L),
        (given(ENOUGH), eps**2 / 2),
        (rounds(), eps**2),
        dropped(),
        (compared, Rational(16, 13) * L * (W - 1)),
        (decreased, Rational(32, 39) * L * (4 + 9 * W)),
        label="all rounds together",
    )
    some = some_applied()
    return combine(
        le(LEAST, eps**2),
        (both, 1 / (4 * L), reciprocal(some)),
        label="divide by the steps",
    )


@cache
def picky() -> Fact:
    """min a_t <= eps^2 over T rounds, if T is large enough."""
    least = Minimum(squared_gradient(t), (t, 0, T - 1))
    hard = substitute(if_hard(), {n: T}, label="T rounds")
    return cases(given(le(least, eps**2)), hard, eps**2 - least, label="small already, or not")
