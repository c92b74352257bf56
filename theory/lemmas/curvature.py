r"""Strongly convex and smooth functions at two points u and v: what both constants give together.

Throughout ``d = u - v``, ``g = grad F(u) - grad F(v)``, and ``g - mu d`` is the same difference for
F - mu/2 |.|^2, which is convex and (L - mu)-smooth. Dividing by L - mu needs mu < L.
"""

from functools import cache
from typing import Any

from sympy import Integer

from theory.assumptions import ConditionNumber, F
from theory.claims import le
from theory.hilbert import Inner, VectorLike, grad, squared_norm
from theory.kernel import Fact, axiom, combine, reciprocal, substitute
from theory.lemmas.descent import only
from theory.symbols import L, eta0, mu_sc


@cache
def conditioned() -> Fact:
    """0 < L - mu."""
    return only(ConditionNumber())["condition number"]


@cache
def divide_by_excess() -> Fact:
    """0 < 1/(L - mu)."""
    return reciprocal(conditioned(), label="one may divide by L - mu")


@cache
def excess_cocoercive(u: VectorLike, v: VectorLike) -> Fact:
    r"""The gradient of the convex function F - mu/2 |.|^2 is co-coercive.

    .. math:: \|g-\mu d\|^2 \leq (L-\mu)\langle g-\mu d, d\rangle

    A step of length eta from each of the points towards the other one's minimum of
    F - mu/2 |.|^2 - <., its gradient> cannot pass that minimum; then eta = 1/(L - mu).
    """
    d = u - v
    excess = grad(F, u) - grad(F, v) - mu_sc * d
    there, back = u - eta0 * excess, v + eta0 * excess
    steps = combine(
        le((2 * eta0 - (L - mu_sc) * eta0**2) * squared_norm(excess), Inner(excess, d)),
        axiom("descent", F, L, u, there),
        axiom("strong_convexity", F, mu_sc, v, there),
        axiom("descent", F, L, v, back),
        axiom("strong_convexity", F, mu_sc, u, back),
        label="a step of any length from both points",
    )
    longest = substitute(
        steps, {eta0: 1 / (L - mu_sc)}, evidence=[divide_by_excess(), conditioned()]
    )
    return combine(
        le(squared_norm(excess), (L - mu_sc) * Inner(excess, d)),
        (longest, conditioned()),
        label="what the gradient has beyond strong convexity is co-coercive",
    )


@cache
def strong_cocoercivity(u: VectorLike, v: VectorLike) -> Fact:
    r"""Nesterov, Lectures on Convex Optimization (2018), Theorem 2.1.12.

    .. math:: \langle g, d\rangle \geq \frac{\mu L}{\mu+L}\|d\|^2 + \frac1{\mu+L}\|g\|^2
    """
    d, g = u - v, grad(F, u) - grad(F, v)
    total = mu_sc + L
    return combine(
        le(mu_sc * L / total * squared_norm(d) + squared_norm(g) / total, Inner(g, d)),
        (excess_cocoercive(u, v), 1 / total),
        label="strongly convex and smooth",
    )


def contraction() -> Any:
    """c = (L - mu)/(L + mu)."""
    return (L - mu_sc) / (L + mu_sc)


@cache
def gradient_step_contracts(u: VectorLike, v: VectorLike) -> Fact:
    r"""A gradient step of length 2/(mu + L) contracts, by c = (L - mu)/(L + mu).

    .. math:: \|(u-\gamma\nabla F(u))-(v-\gamma\nabla F(v))\|^2 \leq c^2\|u-v\|^2
    """
    step = Integer(2) / (mu_sc + L)
    moved = u - v - step * (grad(F, u) - grad(F, v))
    return combine(
        le(squared_norm(moved), contraction() ** 2 * squared_norm(u - v)),
        (strong_cocoercivity(u, v), 2 * step),
        label="a gradient step contracts",
    )
