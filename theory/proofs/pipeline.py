r"""Gradient descent whose blocks are read at iterates of their own: the delays enter by tau_eff.

Notation: G_t is the gradient applied, put together from the blocks read; a_t = |grad F(x_t)|^2.
Block i is late by at most d_i updates.
"""

from functools import cache
from typing import Any

from sympy import Integer, Sum, sqrt

from theory.assumptions import (
    FROM_ZERO,
    BlockDescent,
    DelaysOfParts,
    EffectiveDelay,
    F,
    blocks_read,
    gradient,
    objective,
    squared_gradient,
    x,
)
from theory.claims import eq, formula, le, lt
from theory.hilbert import squared_norm
from theory.kernel import (
    Fact,
    axiom,
    combine,
    combine_vectors,
    given,
    nonnegative_by_sign,
    rewrite,
    substitute,
    sum_over,
    suppose,
)
from theory.lemmas.blocks import BLOCKS, gradient_changed
from theory.lemmas.counting import u, v, w, windows_containing, windows_exchanged
from theory.lemmas.descent import only, telescoped
from theory.lemmas.parts import WINDOW, window_in_range
from theory.lemmas.vectors import cauchy, length_nonnegative, same_length
from theory.symbols import Delta, L, T, d, ell, eta0, i, j, n, nu, r, s, t, tau_eff
from theory.tactics import apply, conclude

DELAYS = DelaysOfParts(d(i) + 1)
STEPS = (t, 0, n - 1)
LIMIT = 2 / (L * (1 + sqrt(1 + 4 * tau_eff**2)))


def applied(index: Any) -> Any:
    """|G_t|^2."""
    return squared_norm(blocks_read(index))


@cache
def update() -> Fact:
    """x_{t+1} = x_t - eta G_t."""
    return only(BlockDescent())[BlockDescent.name]


# ------------------------------------------------------------------------- from read to write


def move(index: Any) -> Any:
    """x_t - x_{t+1}, which is eta G_t."""
    return x(index) - x(index + 1)


@cache
def moved() -> Fact:
    """|x_t - x_{t+1}|^2 = eta^2 |G_t|^2."""
    scaled = combine_vectors(eq(move(t), eta0 * blocks_read(t)), (update(), -1))
    return combine(
        eq(squared_norm(move(t)), eta0**2 * applied(t)), same_length(scaled), label="a move"
    )


@cache
def drift() -> Fact:
    r"""|x_t - x_{t-\tau_{t,i}}|^2 <= d_i times the sum of the squared moves since the read."""
    _, past = window_in_range()
    way = combine_vectors(
        eq(x(t) - x(nu(t, i)), -Sum(move(j), WINDOW)),
        (axiom("telescope", x(j), *WINDOW, label="the iterates telescope"), -1),
        label="from the read to the write",
    )
    by_length = cauchy(
        1, move(j), WINDOW, nonnegative=nonnegative_by_sign(le(0, 1)), evidence=[past]
    )
    longest = combine(le(t - nu(t, i), d(i)), suppose(DELAYS.lag), label="the longest delay")
    each = sum_over(length_nonnegative(move(j)), *WINDOW, evidence=[past])
    return combine(
        le(squared_norm(x(t) - x(nu(t, i))), d(i) * Sum(squared_norm(move(j)), WINDOW)),
        same_length(way),
        by_length,
        (longest, each),
        label="drift of a block",
    )


@cache
def block_windows() -> Fact:
    r"""The windows of one block: an update lies in at most d_i of them.

    .. math:: \sum_{t<n}\sum_{j=t-\tau_{t,i}}^{t-1}\|x_j-x_{j+1}\|^2
              \leq d_i\sum_{t<n}\|x_t-x_{t+1}\|^2
    """
    delays = only(EffectiveDelay())["delays are >= 0"]
    at_least_one = combine(lt(0, d(i) + 1), delays, nonnegative_by_sign(lt(0, 1)))
    reads = {r: formula(t, nu(t, i))}
    containing = apply(
        substitute(windows_containing(), {s: d(i) + 1, **reads}, evidence=[at_least_one]),
        {},
        suppose(DELAYS.past),
        suppose(DELAYS.lag),
    )
    exchanged = substitute(windows_exchanged(), reads)
    return apply(
        exchanged,
        {
            u: formula(t, Integer(1)),
            v: formula(t, squared_norm(move(t))),
            w: formula(t, d(i)),
        },
        containing,
        length_nonnegative(move(t)),
        suppose(DELAYS.past),
        suppose(DELAYS.start),
        label="windows of a block",
    )


@cache
def changes_summed() -> Fact:
    r"""What the delays of all blocks cost.

    .. math:: \sum_{t<n}\|\nabla F(x_t)-G_t\|^2
              \leq L^2\tau_{\mathrm{eff}}^2\eta^2\sum_{t<n}\|G_t\|^2
    """
    moves = Sum(squared_norm(move(t)), STEPS)
    window = d(i) * Sum(squared_norm(move(j)), WINDOW)
    each = combine(
        le(ell(i) ** 2 * squared_norm(x(t) - x(nu(t, i))), ell(i) ** 2 * window),
        (drift(), ell(i) ** 2),
    )
    one_update = combine(
        le(squared_norm(gradient(t) - blocks_read(t)), Sum(ell(i) ** 2 * window, BLOCKS)),
        gradient_changed(),
        sum_over(each, *BLOCKS),
        label="the change of one update",
    )
    swapped = axiom("exchange", ell(i) ** 2 * window, BLOCKS, STEPS)
    delays = only(EffectiveDelay())["delays are >= 0"]
    per_block = combine(
        le(Sum(ell(i) ** 2 * window, STEPS), ell(i) ** 2 * d(i) ** 2 * moves),
        (block_windows(), ell(i) ** 2, delays),
        label="the change of one block",
    )
    effective = only(EffectiveDelay())[EffectiveDelay.name]
    all_moves = sum_over(length_nonnegative(move(t)), *STEPS)
    sizes = sum_over(moved(), *STEPS)
    return conclude(
        le(
            Sum(squared_norm(gradient(t) - blocks_read(t)), STEPS),
            L**2 * tau_eff**2 * eta0**2 * Sum(applied(t), STEPS),
        ),
        sum_over(one_update, *STEPS),
        swapped,
        sum_over(per_block, *BLOCKS),
        (effective, all_moves),
        (sizes, L**2 * tau_eff**2),
        label="the effective delay",
    )


# ------------------------------------------------------------------------- n updates


@cache
def one_update() -> Fact:
    r"""One update, polarised.

    .. math:: F(x_{t+1}) \leq F(x_t) - \tfrac\eta2 a_t - \tfrac\eta2(1-L\eta)\|G_t\|^2
              + \tfrac\eta2\|\nabla F(x_t)-G_t\|^2
    """
    descent = rewrite(
        axiom("descent", F, L, x(t), x(t + 1), label="descent lemma"),
        update(),
        x(t + 1),
        label="insert the update",
    )
    bound = (
        objective(t)
        - eta0 / 2 * squared_gradient(t)
        - eta0 / 2 * (1 - L * eta0) * applied(t)
        + eta0 / 2 * squared_norm(gradient(t) - blocks_read(t))
    )
    return combine(le(objective(t + 1), bound), descent, label="one update")


@cache
def pipeline() -> Fact:
    """(1/T) sum |grad F(x_t)|^2 <= 2 Delta/(eta T)."""
    decrease = objective(t) - one_update().claim.right
    total = telescoped(one_update(), decrease, FROM_ZERO)
    kept = combine(
        le(0, 1 - L * eta0 - L**2 * eta0**2 * tau_eff**2),
        (given(le(eta0, LIMIT)), L + L**2 * tau_eff**2 * (LIMIT + eta0)),
        label="blocks read are paid for",
    )
    paid = sum_over(length_nonnegative(blocks_read(t)), *STEPS)
    scale = 2 / (eta0 * T)
    at_horizon = {n: T}
    last = nonnegative_by_sign(le(0, squared_gradient(T) / (2 * L)), label="the last gradient")
    return combine(
        le(Sum(squared_gradient(t), (t, 0, T - 1)) / T, 2 * Delta / (eta0 * T)),
        (substitute(total, at_horizon), scale),
        (substitute(changes_summed(), at_horizon), 1 / T),
        (kept, substitute(paid, at_horizon), 1 / T),
        (last, scale),
        label="the average squared gradient",
    )
