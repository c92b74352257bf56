r"""How the gradient changes over an update, and over several.

g_k is the gradient at iterate k; D_k = g_{k+1} - g_k is its change over update k.
"""

from functools import cache
from typing import Any

from sympy import Sum, Symbol

from theory.assumptions import (
    FROM_ZERO,
    Counting,
    F,
    PositiveSteps,
    StaleSGD,
    StepLimit,
    gradient,
    squared_gradient,
    x,
)
from theory.claims import le
from theory.hilbert import Scalar, VectorLike, squared_norm
from theory.kernel import Fact, axiom, combine, nonnegative_by_sign, pair, rewrite
from theory.lemmas.descent import only
from theory.lemmas.vectors import cauchy
from theory.symbols import L, j
from theory.tactics import conclude


def change(index: Any) -> VectorLike:
    """D_k, how an update changes the gradient."""
    return gradient(index + 1) - gradient(index)


def changed(index: Any) -> Scalar:
    """|D_k|^2."""
    return squared_norm(change(index))


@cache
def changed_nonnegative() -> Fact:
    """|D_j|^2 >= 0."""
    return combine(le(0, changed(j)), squares=[(change(j), 1)], label="a square is >= 0")


def gradients_apart(
    limits: tuple[Symbol, Any, Any], weight: Scalar, positive: Fact, evidence: Any = ()
) -> Fact:
    r"""Two gradients differ by the changes of the updates between them.

    .. math:: \|g_{b+1}-g_a\|^2 \leq \Bigl(\sum_{i=a}^b w_i\Bigr)\sum_{i=a}^b\tfrac1{w_i}\|D_i\|^2

    `limits` are (i, a, b), `weight` is w_i as an expression in i, `positive` says 0 < w_i, and
    `evidence` what a sum over the limits needs.
    """
    index, low, high = limits
    telescopes = axiom("telescope", gradient(index), *limits, label="the gradients telescope")
    difference, total = gradient(high + 1) - gradient(low), Sum(change(index), limits)
    length = conclude(
        le(squared_norm(difference), squared_norm(total)),
        pair(telescopes, difference),
        pair(telescopes, total),
        label="length of the difference",
    )
    squared = cauchy(
        weight, change(index) / weight, limits, nonnegative=positive, evidence=evidence
    )
    return combine(
        le(squared_norm(difference), squared.claim.right),
        length,
        squared,
        label="the changes between two gradients",
    )


@cache
def change_by_read(limit: Scalar, count: Counting = FROM_ZERO) -> Fact:
    r"""Without noise, smoothness ties the change to the gradient applied.

    .. math:: \|D_k\|^2 \leq L^2 H^2\,\|\nabla F(y_k)\|^2 \quad\text{for}\quad 0\leq\eta_k\leq H
    """
    k, read = count.index, count.read(count.index)
    update = StaleSGD(noisy=False, count=count)
    have = only(update, PositiveSteps(count), StepLimit(limit, count))
    close = axiom("lipschitz_gradient", F, L, x(k + 1), x(k), label="smoothness over the update")
    stepped = rewrite(close, have[update.name], x(k + 1), label="insert the update")
    applied = nonnegative_by_sign(le(0, L**2 * squared_gradient(read)))
    return combine(
        le(changed(k), L**2 * limit**2 * squared_gradient(read)),
        stepped,
        (have["step limit"], applied, limit),
        (have["step limit"], applied, have["steps are >= 0"]),
        label="the change is at most the gradient applied",
    )
