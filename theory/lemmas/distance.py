r"""The squared distance to a minimiser over one stale step, for any steps and without smoothness.

Throughout ``y_k`` is the iterate read at update k and ``g_k = grad F(y_k) + xi_k`` what it applies.

>>> print(toward_minimiser())
F(x[r[t]]) - F_star <= <grad F(x[r[t]]), x[r[t]] - x_star>
"""

from functools import cache
from typing import Any

from sympy import Sum

from theory.assumptions import (
    FROM_ZERO,
    Counting,
    F,
    Minimiser,
    StaleSGD,
    gradient,
    objective,
    squared_gradient,
    x,
    x_star,
    xi,
)
from theory.claims import eq, le
from theory.hilbert import Inner, Scalar, squared_norm
from theory.kernel import Fact, axiom, pair, rewrite
from theory.lemmas.counting import reads_past
from theory.lemmas.descent import noise_unseen, only
from theory.lemmas.drift import applied, read_point_gain, window
from theory.symbols import F_star, L, R, eta, j, n
from theory.tactics import conclude


def distance(index: Any) -> Scalar:
    """D_k = E|x_k - x*|^2."""
    return squared_norm(x(index) - x_star)


def read_gap(count: Counting = FROM_ZERO) -> Scalar:
    """E F(y_k) - inf F."""
    return objective(count.read(count.index)) - F_star


@cache
def stale_distance(count: Counting = FROM_ZERO) -> Fact:
    r"""One stale step; the noise sees neither the minimiser nor the iterate read.

    .. math:: D_{k+1} = D_k - 2\eta_k E\langle\nabla F(y_k), y_k-x_\star\rangle
              + 2\eta_k E\langle g_k, y_k-x_k\rangle + \eta_k^2 E\|g_k\|^2
    """
    k, read = count.index, x(count.read(count.index))
    update = only(StaleSGD(count=count))["stale SGD"]
    unseen = axiom(
        "unbiased",
        xi(k),
        read - x_star,
        evidence=[reads_past(count)],
        label="the noise sees neither the minimiser nor the iterate read",
    )
    step = applied(k, count)
    return conclude(
        eq(
            distance(k + 1),
            distance(k)
            - 2 * eta(k) * Inner(gradient(count.read(k)), read - x_star)
            + 2 * eta(k) * Inner(step, read - x(k))
            + eta(k) ** 2 * squared_norm(step),
        ),
        pair(update, x(k + 1)),
        pair(update, x(k)),
        pair(update, x_star),
        pair(update, step),
        (unseen, -2 * eta(k)),
        label="distance after one stale step",
    )


@cache
def stale_distance_window(count: Counting = FROM_ZERO) -> Fact:
    r"""The same with what the updates between read and write contribute.

    .. math:: D_{k+1} = D_k - 2\eta_k E\langle\nabla F(y_k), y_k-x_\star\rangle
              + 2\eta_k\sum_j\eta_jE\langle\nabla F(y_k),\nabla F(y_j)\rangle + \eta_k^2E\|g_k\|^2

    with the sum over the updates j from the read to just before the write.
    """
    k, read = count.index, x(count.read(count.index))
    at_read = gradient(count.read(k))
    gain = Sum(eta(j) * Inner(at_read, gradient(count.read(j))), window(count))
    return conclude(
        eq(
            distance(k + 1),
            distance(k)
            - 2 * eta(k) * Inner(at_read, read - x_star)
            + 2 * eta(k) * gain
            + eta(k) ** 2 * squared_norm(applied(k, count)),
        ),
        stale_distance(count),
        (read_point_gain(count), 2 * eta(k)),
        label="distance after one stale step, window inserted",
    )


@cache
def applied_squared(count: Counting = FROM_ZERO) -> Fact:
    """E|g_k|^2 = E|grad F(y_k)|^2 + E|xi_k|^2."""
    k = count.index
    return conclude(
        eq(
            squared_norm(applied(k, count)),
            squared_gradient(count.read(k)) + squared_norm(xi(k)),
        ),
        noise_unseen(count),
        label="squares of gradient and noise add up",
    )


@cache
def toward_minimiser(count: Counting = FROM_ZERO) -> Fact:
    """F(y_k) - inf F <= <grad F(y_k), y_k - x*> for convex F; a subgradient will do."""
    read = x(count.read(count.index))
    return conclude(
        le(read_gap(count), Inner(gradient(count.read(count.index)), read - x_star)),
        axiom("convexity", F, read, x_star, label="convexity"),
        axiom("least_value", F, x_star, F_star),
        label="the gradient read points away from the minimiser",
    )


@cache
def toward_minimiser_smoothly(count: Counting = FROM_ZERO) -> Fact:
    r"""The same for convex L-smooth F, with the gradient.

    .. math:: F(y_k)-\inf F+\tfrac1{2L}\|\nabla F(y_k)\|^2
              \leq\langle\nabla F(y_k),y_k-x_\star\rangle
    """
    place = count.read(count.index)
    still = axiom("stationary", F, x_star, F_star, label="the gradient at the minimiser")
    below = axiom("convex_smooth", F, L, x(place), x_star, label="convexity and smoothness")
    return conclude(
        le(
            read_gap(count) + squared_gradient(place) / (2 * L),
            Inner(gradient(place), x(place) - x_star),
        ),
        rewrite(below, still, still.claim.left),
        axiom("least_value", F, x_star, F_star),
        label="the gradient read points away from the minimiser, smoothly",
    )


@cache
def gap_above_gradient(count: Counting = FROM_ZERO) -> Fact:
    """|grad F(y_k)|^2/(2L) <= F(y_k) - inf F for convex L-smooth F."""
    place = count.read(count.index)
    still = axiom("stationary", F, x_star, F_star, label="the gradient at the minimiser")
    above = axiom("convex_smooth", F, L, x_star, x(place), label="convexity and smoothness")
    return conclude(
        le(squared_gradient(place) / (2 * L), read_gap(count)),
        rewrite(above, still, still.claim.left),
        axiom("least_value", F, x_star, F_star),
        label="the gap is above the gradient",
    )


@cache
def distances_telescoped(count: Counting = FROM_ZERO) -> Fact:
    r"""The distances lost in n steps add up to at most the first.

    .. math:: \sum_{k}(D_k-D_{k+1}) + D_{end} \leq R^2
    """
    k, end = count.index, count.last(n)
    near = only(Minimiser(count=count))["initial distance"]
    return conclude(
        le(Sum(distance(k) - distance(k + 1), count.range(n)) + distance(end), R**2),
        axiom("telescope", distance(k), *count.range(n), label="the distances telescope"),
        near,
        label="distances lost in n steps",
    )
