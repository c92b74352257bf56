r"""Bounded gradients, no smoothness: the average gap at the points read."""

from functools import cache
from typing import Any

from sympy import Rational, S, Sum, log, sqrt

from theory.algebra import normal
from theory.assumptions import FROM_ZERO, AverageDelay, ReadsThePast, objective, x, x_star
from theory.assumptions.online import BoundedDomain, Comparator, excess
from theory.claims import Claim, eq, formula, le
from theory.kernel import (
    Fact,
    axiom,
    combine,
    given,
    nonnegative_by_sign,
    substitute,
    sum_over,
    suppose,
)
from theory.lemmas.bounded_gradient import read_point_cost, second_moment
from theory.lemmas.constant_step import longest_delay
from theory.lemmas.counting import v
from theory.lemmas.descent import only
from theory.lemmas.distance import (
    distance,
    distances_telescoped,
    read_gap,
    stale_distance,
    toward_minimiser,
)
from theory.lemmas.online import one_round, reads_advance, rounds, w
from theory.lemmas.sums import harmonic_from_zero, root_sum_below_twice_root
from theory.symbols import D, F_star, G, R, T, alpha, eta, eta0, j, mu_sc, n, r, t, tau_avg, tau_max
from theory.tactics import apply, conclude

STEPS = (t, 0, n - 1)


def tuned_step() -> object:
    """The constant step that makes the bound least."""
    return R / (G * sqrt((1 + 2 * tau_avg) * T))


@cache
def one_step() -> Fact:
    r"""2 eta (F(y_t) - inf F) <= D_t - D_{t+1} + eta^2 G^2 (1 + 2 tau_t)."""
    positive = nonnegative_by_sign(le(0, eta0), label="steps are >= 0")
    constant = {eta: formula(t, eta0)}
    moved = apply(stale_distance(), constant, label="a constant step")
    cost = apply(read_point_cost(), constant, positive, label="a constant step")
    return conclude(
        le(
            2 * eta0 * read_gap(),
            distance(t) - distance(t + 1) + eta0**2 * G**2 * (1 + 2 * (t - r(t))),
        ),
        moved,
        (toward_minimiser(), 2 * eta0),
        (cost, 2 * eta0),
        (second_moment(), eta0**2),
        label="one stale step",
    )


@cache
def stochastic() -> Fact:
    """(1/T) sum E F(y_t) - inf F <= R^2/(2 eta T) + eta G^2 (1 + 2 tau_avg)/2."""
    delays = only(AverageDelay())["average delay"]
    return conclude(
        le(
            Sum(objective(r(t)) - F_star, (t, 0, T - 1)) / T,
            R**2 / (2 * eta0 * T) + eta0 * G**2 * (1 + 2 * tau_avg) / 2,
        ),
        (substitute(sum_over(one_step(), *STEPS), {n: T}), 1 / (2 * eta0 * T)),
        (substitute(distances_telescoped(), {n: T}), 1 / (2 * eta0 * T)),
        (delays, eta0 * G**2 / T),
        squares=[(x(T) - x_star, 1 / (2 * eta0 * T))],
        label="the average gap",
    )


@cache
def best_step() -> Fact:
    """(1/T) sum E F(y_t) - inf F <= R G sqrt((1 + 2 tau_avg)/T) with the best constant step."""
    return combine(
        le(
            Sum(objective(r(t)) - F_star, (t, 0, T - 1)) / T,
            R * G * sqrt((1 + 2 * tau_avg) / T),
        ),
        substitute(stochastic(), {eta0: tuned_step()}),
        label="the best step inserted",
    )


# ------------------------------------------------------------------------- regret


ROUNDS = (t, 0, T - 1)


@cache
def regret() -> Fact:
    """sum f_t(y_t) - f_t(x*) <= R^2/(2 eta) + eta G^2 T (1 + 2 tau_avg)/2."""
    return conclude(
        le(
            Sum(excess(), ROUNDS),
            R**2 / (2 * eta0) + eta0 * G**2 * T * (1 + 2 * tau_avg) / 2,
        ),
        sum_over(with_steps(one_round(), eta0), *ROUNDS, label="sum over the rounds"),
        axiom("telescope", distance(t), *ROUNDS, label="the distances telescope"),
        (only(Comparator())["comparator"], 1 / (2 * eta0)),
        (only(AverageDelay())["average delay"], eta0 * G**2),
        squares=[(x(T) - x_star, 1 / (2 * eta0))],
        label="the regret",
    )


@cache
def best_step_regret() -> Fact:
    """sum f_t(y_t) - f_t(x*) <= R G sqrt((1 + 2 tau_avg) T) with the best constant step."""
    return combine(
        le(Sum(excess(), ROUNDS), R * G * sqrt((1 + 2 * tau_avg) * T)),
        substitute(regret(), {eta0: tuned_step()}),
        label="the best step inserted",
    )


def with_steps(lemma: Fact, scale: Any, shape: Any = S.One) -> Fact:
    """The lemma with steps scale * shape(t), and w_t = 1/(2 eta_t); sums pull the scale out."""
    steps = scale * shape
    share = normal(1 / (2 * steps))
    inverse = eq(2 * share * steps, 1)
    scaled = substitute(lemma, {eta: formula(t, scale * v(t))}, label="the scale of the steps")
    return apply(
        scaled,
        {v: formula(t, shape), w: formula(t, share)},
        *(combine(le(0, e), squares=[(1, e)], under=started(e)) for e in (steps, share)),
        nonnegative_by_sign(inverse, under=started(inverse.left)),
        label="the steps inserted",
    )


def started(expression: Any) -> list[Claim]:
    """The condition t >= 0, for what depends on t."""
    return [le(0, t)] if expression.has(t) else []


@cache
def decreasing_steps() -> Fact:
    """eta_t = alpha/sqrt(t + 1): regret <= D^2 sqrt T/(2 alpha) + (1 + 2 tau) alpha G^2 sqrt T."""
    near = only(BoundedDomain())["bounded domain"]
    longer = combine(
        le(0, sqrt(t + 1) - sqrt(t)),
        squares=[(1, 1 / (sqrt(t + 1) + sqrt(t)))],
        under=[le(0, t)],
        label="the root increases",
    )
    weighed = combine(
        le((sqrt(t + 1) - sqrt(t)) * distance(t), (sqrt(t + 1) - sqrt(t)) * D**2),
        (near, longer),
        label="an increase, weighed",
    )
    return conclude(
        le(
            Sum(excess(), ROUNDS),
            D**2 * sqrt(T) / (2 * alpha) + (1 + 2 * tau_max) * alpha * G**2 * sqrt(T),
        ),
        substitute(with_steps(rounds(), alpha, 1 / sqrt(t + 1)), {n: T}),
        (sum_over(weighed, *ROUNDS), 1 / (2 * alpha)),
        axiom("telescope", sqrt(t) * distance(t), *ROUNDS, label="weighed distances telescope"),
        axiom("telescope", sqrt(t), *ROUNDS, label="the roots telescope"),
        (substitute(root_sum_below_twice_root(), {n: T}), alpha * G**2 * (1 + 2 * tau_max) / 2),
        squares=[(x(T) - x_star, sqrt(T) / (2 * alpha))],
        label="the regret",
    )


@cache
def last_window() -> Fact:
    """sum_t D_t - sum_t |y_t - x*|^2 <= tau D^2: only the last window is not read."""
    away = combine(le(0, distance(t)), squares=[(x(t) - x_star, 1)], label="a distance is >= 0")
    advance = apply(reads_advance(), {v: formula(t, distance(t))}, away)
    near = substitute(only(BoundedDomain())["bounded domain"], {t: j})
    reads = ReadsThePast(FROM_ZERO)
    start, past = (substitute(suppose(a), {t: T}) for a in (reads.start, reads.past))
    begun = combine(le(0, j), start, given(le(r(T), j)), label="after the start")
    unread = sum_over(near, j, r(T), T - 1, evidence=[begun, past], label="what is not read")
    return conclude(
        le(Sum(distance(t) - distance(r(t)), ROUNDS), tau_max * D**2),
        substitute(advance, {n: T}),
        unread,
        (substitute(longest_delay(), {t: T}), D**2),
        label="distances where x is and where it is read",
    )


@cache
def strongly_convex() -> Fact:
    r"""eta_t = 1/(lambda (t + 1)): regret grows like the logarithm.

    .. math:: \sum_{t<T}f_t(y_t)-f_t(x_\star) \leq \tfrac\lambda2\tau D^2
              + \bigl(\tfrac12+\tau\bigr)\frac{G^2}\lambda(1+\log T)
    """
    summed = substitute(with_steps(rounds(mu_sc), 1 / mu_sc, 1 / (t + 1)), {n: T})
    return conclude(
        le(
            Sum(excess(), ROUNDS),
            mu_sc * tau_max * D**2 / 2 + (Rational(1, 2) + tau_max) * G**2 / mu_sc * (1 + log(T)),
        ),
        summed,
        (last_window(), mu_sc / 2),
        axiom("telescope", t * distance(t), *ROUNDS, label="weighed distances telescope"),
        (harmonic_from_zero(), (Rational(1, 2) + tau_max) * G**2 / mu_sc),
        squares=[(x(T) - x_star, mu_sc * T / 2)],
        label="the regret",
    )
