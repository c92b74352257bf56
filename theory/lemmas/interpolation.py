r"""Two points of a smooth function: what their values and gradients must satisfy together.

>>> from theory.hilbert import fixed
>>> print(sorted(str(a) for a in interpolation(fixed("u"), fixed("v")).assumptions))
['smooth(F, L)']
"""

from functools import cache

from theory.assumptions import (
    FROM_ZERO,
    Counting,
    F,
    StaleSGD,
    gradient,
    objective,
    x,
)
from theory.claims import le
from theory.hilbert import Inner, VectorLike, grad, squared_norm, value
from theory.kernel import Fact, axiom, combine, rewrite
from theory.lemmas.descent import only
from theory.symbols import L, eta


@cache
def interpolation(u: VectorLike, v: VectorLike) -> Fact:
    r"""The interpolation inequality of an L-smooth, perhaps nonconvex, function.

    .. math:: F(v) \geq F(u) + \tfrac12\langle\nabla F(u)+\nabla F(v), v-u\rangle
              + \tfrac1{4L}\|\nabla F(u)-\nabla F(v)\|^2 - \tfrac L4\|v-u\|^2

    Between the two, at z = (u + v)/2 + (grad F(u) - grad F(v))/(2L), a parabola from below at u
    meets one from above at v. Taylor, Hendrickx, Glineur (2017): for finitely many points these
    inequalities are not only necessary but enough.
    """
    g, d = grad(F, u), grad(F, v)
    z = (u + v) / 2 + (g - d) / (2 * L)
    return combine(
        le(
            value(F, u)
            + Inner(g + d, v - u) / 2
            + squared_norm(g - d) / (4 * L)
            - L / 4 * squared_norm(v - u),
            value(F, v),
        ),
        axiom("ascent", F, L, u, z, label="from below at the first point"),
        axiom("descent", F, L, v, z, label="from above at the second point"),
        label="interpolation inequality",
    )


@cache
def stale_interpolation(count: Counting = FROM_ZERO) -> Fact:
    r"""One stale step without noise, by interpolation; g_k is the gradient, b_k the one applied.

    .. math:: F(x_{k+1}) \leq F(x_k) - \tfrac{\eta_k}2\langle g_k+g_{k+1}, b_k\rangle
              + \tfrac{L\eta_k^2}4\|b_k\|^2 - \tfrac1{4L}\|g_{k+1}-g_k\|^2
    """
    k = count.index
    applied = gradient(count.read(k))
    return combine(
        le(
            objective(k + 1),
            objective(k)
            - eta(k) / 2 * Inner(gradient(k) + gradient(k + 1), applied)
            + L / 4 * eta(k) ** 2 * squared_norm(applied)
            - squared_norm(gradient(k + 1) - gradient(k)) / (4 * L),
        ),
        _stepped(interpolation(x(k + 1), x(k)), count),
        label="one stale step, interpolated",
    )


@cache
def convex_stale_interpolation(count: Counting = FROM_ZERO) -> Fact:
    r"""The same for a convex function.

    .. math:: F(x_{k+1}) \leq F(x_k) - \eta_k\langle g_{k+1}, b_k\rangle
              - \tfrac1{2L}\|g_{k+1}-g_k\|^2
    """
    k = count.index
    return combine(
        le(
            objective(k + 1),
            objective(k)
            - eta(k) * Inner(gradient(k + 1), gradient(count.read(k)))
            - squared_norm(gradient(k + 1) - gradient(k)) / (2 * L),
        ),
        _stepped(axiom("convex_smooth", F, L, x(k + 1), x(k), label="convexity"), count),
        label="one stale step, convex",
    )


def _stepped(fact: Fact, count: Counting) -> Fact:
    """A fact about x_k and x_{k+1}, with the update inserted."""
    update = StaleSGD(noisy=False, count=count)
    return rewrite(fact, only(update)[update.name], x(count.index + 1), label="insert the update")
