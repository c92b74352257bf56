r"""M gradients an update: how far the iterate has moved since one of them was read.

Notation: G_t is the sum of the B gradients that update t applies (the paper's M is our B), W_t the
last tau updates before t; a_t = E|grad F(x_t)|^2.
"""

from functools import cache
from typing import Any

from sympy import Sum

from theory.assumptions import SeveralGradients, VarianceOfSamples, gradients_read, x, xi
from theory.claims import eq, formula, le
from theory.hilbert import squared_norm
from theory.kernel import (
    Fact,
    axiom,
    combine,
    combine_vectors,
    nonnegative_by_sign,
    substitute,
    sum_over,
    suppose,
)
from theory.lemmas.counting import v
from theory.lemmas.descent import only
from theory.lemmas.parts import (
    DELAYS,
    RECENT,
    WINDOW,
    recent_in_range,
    window_in_range,
    window_widened,
)
from theory.lemmas.vectors import cauchy, length_nonnegative, noise_sum, same_length
from theory.symbols import B, eta, i, j, nu, sigma, t, tau_max
from theory.tactics import apply, conclude


def applied(index: Any) -> Any:
    """E|G_t|^2."""
    return squared_norm(gradients_read(index))


@cache
def update() -> Fact:
    """x_{t+1} = x_t - eta_t (G_t + xi_t)."""
    return only(SeveralGradients())[SeveralGradients.name]


@cache
def variance() -> Fact:
    """E|xi_t|^2 <= B sigma^2."""
    return only(VarianceOfSamples())[VarianceOfSamples.name]


def move(index: Any) -> Any:
    """x_t - x_{t+1} - eta_t xi_t, which is eta_t G_t: the step without its noise."""
    return x(index) - x(index + 1) - eta(index) * xi(index)


@cache
def move_squared() -> Fact:
    """Its squared length is eta_t^2 |G_t|^2."""
    scaled = combine_vectors(eq(move(t), eta(t) * gradients_read(t)), (update(), -1))
    return combine(
        eq(squared_norm(move(t)), eta(t) ** 2 * applied(t)), same_length(scaled), label="a move"
    )


@cache
def window_moves() -> Fact:
    """|sum of moves|^2 <= tau sum |move|^2 over the window of a part."""
    _, past = window_in_range()
    by_length = cauchy(
        1, move(j), WINDOW, nonnegative=nonnegative_by_sign(le(0, 1)), evidence=[past]
    )
    longest = combine(le(t - nu(t, i), tau_max), suppose(DELAYS.lag), label="the longest delay")
    each = length_nonnegative(move(j))
    return combine(
        le(by_length.claim.left, tau_max * Sum(squared_norm(move(j)), WINDOW)),
        by_length,
        (longest, sum_over(each, *WINDOW, evidence=[past], label="all moves in the window")),
        label="moves in the window",
    )


@cache
def window_noise() -> Fact:
    """E|sum eta_j xi_j|^2 <= B sigma^2 sum eta_j^2 over the window of a part."""
    evidence = window_in_range()
    _, past = evidence
    orthogonal = noise_sum(eta(j), WINDOW, evidence=[past])
    bounded = sum_over(
        combine(
            le(eta(j) ** 2 * squared_norm(xi(j)), B * sigma**2 * eta(j) ** 2),
            (substitute(variance(), {t: j}), eta(j) ** 2),
        ),
        *WINDOW,
        evidence=evidence,
    )
    return combine(
        le(orthogonal.claim.left, B * sigma**2 * Sum(eta(j) ** 2, WINDOW)),
        orthogonal,
        bounded,
        label="noise applied in the window",
    )


@cache
def drift() -> Fact:
    r"""How far the iterate has moved since part i was read.

    .. math:: E\|x_t-x_{t-\tau_{t,i}}\|^2 \leq 2\tau\sum_{j\in W_t}\eta_j^2 E\|G_j\|^2
              + 2B\sigma^2\sum_{j\in W_t}\eta_j^2
    """
    moves, noise = Sum(move(j), WINDOW), Sum(eta(j) * xi(j), WINDOW)
    way = combine_vectors(
        eq(x(t) - x(nu(t, i)), -moves - noise),
        (axiom("telescope", x(j), *WINDOW, label="the iterates telescope"), -1),
        label="from the read to the write",
    )
    widened = apply(
        window_widened(),
        {v: formula(t, squared_norm(move(t)))},
        length_nonnegative(move(t)),
        label="moves of the last tau updates",
    )
    steps = apply(
        window_widened(),
        {v: formula(t, eta(t) ** 2)},
        nonnegative_by_sign(le(0, eta(t) ** 2)),
        label="steps of the last tau updates",
    )
    squares = sum_over(
        substitute(move_squared(), {t: j}), *RECENT, evidence=recent_in_range(), label="their size"
    )
    return conclude(
        le(
            squared_norm(x(t) - x(nu(t, i))),
            2 * tau_max * Sum(eta(j) ** 2 * applied(j), RECENT)
            + 2 * B * sigma**2 * Sum(eta(j) ** 2, RECENT),
        ),
        same_length(way),
        (window_moves(), 2),
        (window_noise(), 2),
        (widened, 2 * tau_max),
        (steps, 2 * B * sigma**2),
        squares,
        squares=[(moves - noise, 1)],
        label="drift",
    )
