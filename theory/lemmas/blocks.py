r"""The gradient put together from blocks that were read at iterates of their own, and how far off.

The blocks are orthogonal, so their errors add up by their squares.
"""

from functools import cache
from typing import Any

from sympy import Sum

from theory.algebra import Within
from theory.assumptions import F, blocks_read, gradient, partial, x
from theory.claims import eq, le
from theory.hilbert import Inner, squared_norm
from theory.kernel import Fact, axiom, combine, combine_vectors, given, sum_over
from theory.lemmas.vectors import same_length
from theory.symbols import B, ell, i, k, nu, t
from theory.tactics import conclude

BLOCKS = (i, 1, B)


def change(block: Any) -> Any:
    """By how much the partial gradient of a block has changed between read and write."""
    return partial(block, t) - partial(block, nu(t, block))


@cache
def blocks_apart() -> Fact:
    r"""Blocks are orthogonal, so that their changes add up by their squares.

    .. math:: \Bigl\|\sum_{i=1}^B c_i\Bigr\|^2 = \sum_{i=1}^B \|c_i\|^2,\qquad
              c_i = \nabla_iF(x_t) - \nabla_iF(x_{t-\tau_{t,i}})
    """
    products = [
        axiom("blocks_orthogonal", F, B, i, x(p), k, x(q))
        for p in (t, nu(t, i))
        for q in (t, nu(t, k))
    ]
    same = Within(k, i, i)
    pair_of_blocks = conclude(
        eq(Inner(change(i), change(k)), same * Inner(change(i), change(k))),
        *products,
        label="two blocks",
    )
    over_second = sum_over(pair_of_blocks, k, 1, B, label="sum over the second block")
    sifted = axiom(
        "sift",
        Inner(change(i), change(k)),
        k,
        1,
        B,
        (i, i),
        evidence=[given(le(1, i)), given(le(i, B))],
        label="only the same block is left",
    )
    one_block = combine(
        eq(Sum(Inner(change(i), change(k)), (k, 1, B)), squared_norm(change(i))),
        over_second,
        sifted,
    )
    return sum_over(one_block, *BLOCKS, label="blocks are orthogonal")


@cache
def gradient_changed() -> Fact:
    r"""The gradient applied against that at the iterate, block by block.

    .. math:: \|\nabla F(x_t)-G_t\|^2 \leq \sum_{i=1}^B L_i^2\|x_t-x_{t-\tau_{t,i}}\|^2
    """
    whole = axiom("block_sum", F, B, i, x(t), label="the gradient is the sum of its blocks")
    put_together = combine_vectors(
        eq(gradient(t) - blocks_read(t), Sum(change(i), BLOCKS)),
        (whole, 1),
        label="what has changed",
    )
    mixed = Inner(partial(i, t), partial(k, nu(t, k)))
    exchanged = axiom("exchange", mixed, (k, 1, B), BLOCKS)
    close = axiom("lipschitz_partial", F, i, ell(i), x(t), x(nu(t, i)), label="smooth blocks")
    distance = ell(i) ** 2 * squared_norm(x(t) - x(nu(t, i)))
    return conclude(
        le(squared_norm(gradient(t) - blocks_read(t)), Sum(distance, BLOCKS)),
        same_length(put_together, exchanged),
        blocks_apart(),
        sum_over(close, *BLOCKS),
        label="the change of the gradient",
    )
