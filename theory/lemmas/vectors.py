r"""Sums of vectors: the way from one iterate to another, Cauchy and Schwarz, orthogonal noises."""

from typing import Any

from sympy import Rational, Sum, Symbol, sympify

from theory.assumptions import x, xi
from theory.claims import eq, le
from theory.hilbert import Inner, Scalar, VectorLike, squared_norm
from theory.kernel import (
    Fact,
    axiom,
    combine,
    combine_vectors,
    given,
    pair,
    substitute,
    sum_over,
)
from theory.sign import provably
from theory.tactics import conclude

Limits = tuple[Symbol, Any, Any]


def travelled(update: Fact, way: VectorLike, limits: Limits, *, evidence: Any = ()) -> Fact:
    r"""From x_{j+1} = x_j + m_j for a <= j <= b: the way these updates lead.

    .. math:: x_{b+1} - x_a = \sum_{j=a}^b m_j

    `way` is the right side as it is to be written.
    """
    index, low, high = limits
    moved = sum_over(update, *limits, evidence=evidence, label="the updates in the window")
    telescopes = axiom("telescope", x(index), *limits, label="the iterates telescope")
    return combine_vectors(
        eq(x(high + 1) - x(low), way),
        (moved, 1),
        (telescopes, -1),
        label="from the read to the write",
    )


def same_length(equation: Fact, *exchanged: Fact) -> Fact:
    """Both sides of a vector equation have the same squared length.

    `exchanged` are double sums in both orders, where the two sides bring both.
    """
    left, right = equation.claim.left, equation.claim.right
    return conclude(
        eq(squared_norm(left), squared_norm(right)),
        pair(equation, left),
        pair(equation, right),
        *exchanged,
        label="squared length of the displacement",
    )


def length_nonnegative(vector: VectorLike) -> Fact:
    """|v|^2 >= 0, also where v is a sum."""
    return combine(le(0, squared_norm(vector)), squares=[(vector, 1)], label="a squared length")


def cauchy(
    weight: Scalar,
    vector: VectorLike,
    limits: Limits,
    *,
    nonnegative: Fact,
    evidence: Any = (),
) -> Fact:
    r"""The inequality of Cauchy and Schwarz for a weighted sum of vectors.

    .. math:: \Bigl\|\sum_j w_j v_j\Bigr\|^2 \leq \Bigl(\sum_j w_j\Bigr)\sum_j w_j\|v_j\|^2

    `weight` and `vector` are expressions in the index of `limits`; `nonnegative` says 0 <= weight,
    `evidence` what the sum over the limits needs.
    """
    index, low, high = limits
    other = Symbol(f"{index.name}'", integer=True)
    weight_there, vector_there = (sympify(e).xreplace({index: other}) for e in (weight, vector))
    apart = combine(
        le(0, squared_norm(vector - vector_there)),
        squares=[(vector - vector_there, 1)],
        label="two of the vectors differ by a vector",
    )
    both = combine(
        le(0, weight * weight_there * squared_norm(vector - vector_there)),
        (apart, nonnegative, substitute(nonnegative, {index: other})),
        label="their difference, weighed",
    )
    also = [substitute(fact, {index: other}) for fact in evidence]
    inner = sum_over(both, other, low, high, evidence=also, label="sum over one index")
    settled = all(index not in c.free_symbols for c in inner.conditions) and provably(
        ">=", high - low + 1, inner.conditions
    )
    evidence = () if settled else evidence  # a condition that came with it says it by now
    double = sum_over(inner, index, low, high, evidence=evidence, label="sum over the other")
    total = Sum(weight * vector, limits)
    return combine(
        le(squared_norm(total), Sum(weight, limits) * Sum(weight * squared_norm(vector), limits)),
        (double, Rational(1, 2)),
        label="Cauchy and Schwarz",
    )


def noise_sum(weight: Scalar, limits: Limits, *, evidence: Any = ()) -> Fact:
    r"""Fresh noises are orthogonal: the square of their weighted sum is the sum of squares.

    .. math:: E\Bigl\|\sum_{j=a}^b w_j\xi_j\Bigr\|^2 = \sum_{j=a}^b w_j^2\,E\|\xi_j\|^2

    `weight` is an expression in the index of `limits`.
    """
    index, low, _ = limits
    before = Symbol(f"{index.name}'", integer=True)
    weighted = weight.xreplace({index: before}) * xi(before)

    def partial(last: Any) -> VectorLike:
        return Sum(weighted, (before, low, last))

    longer = axiom("split", weighted, before, low, index - 1, index, label="one more noise")
    begun = combine(le(0, index - low), given(le(low, index)))
    unseen = axiom(
        "unbiased",
        xi(index),
        partial(index - 1),
        evidence=[begun],
        label="the noise does not see the earlier ones",
    )
    other = Symbol(f"{index.name}''", integer=True)
    swapped = axiom(
        "exchange",
        Inner(weighted, weighted.xreplace({before: other})),
        (before, low, index - 1),
        (other, low, index),
    )
    grows = conclude(
        eq(
            squared_norm(partial(index)),
            squared_norm(partial(index - 1)) + weight**2 * squared_norm(xi(index)),
        ),
        pair(longer, partial(index)),
        pair(longer, partial(index - 1)),
        pair(longer, xi(index)),
        unseen,
        swapped,
        label="squares add up",
    )
    summed = sum_over(grows, *limits, evidence=evidence, label="sum over the noises")
    telescopes = axiom("telescope", squared_norm(partial(index - 1)), *limits)
    return conclude(
        eq(
            squared_norm(Sum(weight * xi(index), limits)),
            Sum(weight**2 * squared_norm(xi(index)), limits),
        ),
        summed,
        telescopes,
        label="fresh noises are orthogonal",
    )
