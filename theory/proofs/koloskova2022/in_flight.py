r"""The gradients in flight: computed at an earlier iterate, not applied yet; with their noise.

Number j stands for the stochastic gradient g_j = grad F(x_j) + xi_j read at x_j; j = -N, ..., -1
are those that the N other workers begin with at x_0. Before update k the numbers below k have been
read, k of them are applied, so N are in flight.
"""

from functools import cache
from typing import Any

from sympy import Integer, Sum

from theory.algebra import Within
from theory.assumptions import (
    FROM_ZERO,
    BoundedGradientsMet,
    BoundedVariance,
    DeliveredGradients,
    RestartingWorkers,
    gradient,
    squared_gradient,
    x,
    xi,
)
from theory.claims import Hypothesis, eq, le
from theory.hilbert import VectorLike, squared_norm
from theory.kernel import (
    Fact,
    axiom,
    cases,
    combine,
    combine_vectors,
    given,
    nonnegative_by_sign,
    pair,
    substitute,
    sum_over,
    suppose,
)
from theory.lemmas.counting import u
from theory.lemmas.descent import only
from theory.lemmas.vectors import cauchy, noise_sum, travelled
from theory.symbols import G, N, eta0, i, j, k, n, r, sigma, t
from theory.tactics import conclude

WORKERS = RestartingWorkers(T=n)
READ = (j, -N, k - 1)  # the gradients read before update k
UPDATES = (i, 0, k - 1)


def delivered(index: Any) -> VectorLike:
    """g_j = grad F(x_j) + xi_j."""
    return gradient(index) + xi(index)


@cache
def read_in_range() -> Fact:
    """The gradients read before update k >= 0 are a range."""
    return combine(le(0, k + N), given(le(0, k)), nonnegative_by_sign(le(0, N)))


# ------------------------------------------------------------------------- size


@cache
def gradient_bounded() -> Fact:
    """E|grad F(x_j)|^2 <= G^2 for j >= -N: before the start it is the gradient at x_0."""
    bounded = only(BoundedGradientsMet())[BoundedGradientsMet.name]
    at_start = suppose(WORKERS.at_start)
    early = conclude(
        le(squared_gradient(j), G**2),
        substitute(bounded, {t: Integer(0)}),
        pair(at_start, gradient(j)),
        pair(at_start, gradient(0)),
        label="before the start",
    )
    return cases(substitute(bounded, {t: j}), early, j, label="every gradient read")


@cache
def variance() -> Fact:
    """E|xi_j|^2 <= sigma^2 for j >= -N."""
    bounded = only(BoundedVariance(count=FROM_ZERO, before=N))["bounded variance"]
    return substitute(bounded, {t: j})


NONNEGATIVE = Hypothesis("weights are >= 0", le(0, u(j)), (j,), frozenset({k}))
AT_MOST_ONE = Hypothesis("weights are <= 1", le(u(j), 1), (j,), frozenset({k}))
ADD_UP = Hypothesis("weights add up to N", eq(Sum(u(j), READ), N))


@cache
def weighed() -> Fact:
    r"""A sum of gradients read, with weights in [0, 1] that add up to N.

    .. math:: E\Bigl\|\sum_{j=-N}^{k-1}u_jg_j\Bigr\|^2 \leq 2N^2G^2 + 2N\sigma^2
    """
    nonnegative, total = suppose(NONNEGATIVE), suppose(ADD_UP)
    by_weights = cauchy(u(j), gradient(j), READ, nonnegative=nonnegative)
    weighed_ = u(j) * squared_gradient(j)
    each = combine(le(weighed_, u(j) * G**2), (gradient_bounded(), nonnegative))
    gradients = combine(
        le(by_weights.claim.left, N**2 * G**2),
        by_weights,
        (sum_over(each, *READ), N),
        (total, Sum(weighed_, READ) + N * G**2),
        label="gradients, weighed",
    )
    orthogonal = noise_sum(u(j), READ, evidence=[read_in_range()])
    size = squared_norm(xi(j))
    each = combine(
        le(u(j) ** 2 * size, u(j) * sigma**2),
        (suppose(AT_MOST_ONE), nonnegative, size),
        (variance(), nonnegative),
    )
    noise = combine(
        le(orthogonal.claim.left, N * sigma**2),
        orthogonal,
        sum_over(each, *READ),
        (total, sigma**2),
        label="noise, weighed",
    )
    apart = Sum(u(j) * gradient(j), READ) - Sum(u(j) * xi(j), READ)
    return combine(
        le(
            squared_norm(Sum(u(j) * delivered(j), READ)),
            2 * N**2 * G**2 + 2 * N * sigma**2,
        ),
        (gradients, 2),
        (noise, 2),
        squares=[(apart, 1)],
        label="gradients with their noise, weighed",
    )


# ------------------------------------------------------------------------- which they are


def applied_before(place: Any) -> Any:
    """How often gradient j has been applied before update k: 0 or 1."""
    return Sum(Within(place, r(i), r(i)), UPDATES)


def flying(place: Any) -> Any:
    """1 if gradient j is in flight before update k, else 0."""
    return 1 - applied_before(place)


@cache
def at_most_once() -> Fact:
    """No gradient has been applied twice before update k <= n."""
    applied = Within(j, r(i), r(i))
    parts = axiom("split", applied, i, 0, k - 1, n - 1)
    nonnegative = nonnegative_by_sign(le(0, applied))
    later = sum_over(nonnegative, i, k, n - 1, evidence=[given(le(k, n))], label="later updates")
    return conclude(
        le(applied_before(j), 1),
        parts,
        later,
        suppose(WORKERS.once),
        label="applied at most once",
    )


@cache
def flying_in_range() -> tuple[Fact, Fact]:
    """0 <= [gradient j is in flight] <= 1."""
    counted = combine(le(0, flying(j)), at_most_once(), label="in flight: at least 0")
    some = sum_over(
        nonnegative_by_sign(le(0, Within(j, r(i), r(i)))), *UPDATES, evidence=[given(le(0, k))]
    )
    return counted, combine(le(flying(j), 1), some, label="in flight: at most 1")


@cache
def read_before() -> list[Fact]:
    """A gradient applied before update k is one of those read."""
    early = substitute(suppose(WORKERS.early), {t: i})
    late = combine(le(r(i), k - 1), substitute(suppose(WORKERS.past), {t: i}), given(le(i, k - 1)))
    return [early, late]


@cache
def flying_counted() -> Fact:
    """N gradients are in flight."""
    own = (r(i), r(i))
    sifted = axiom("sift", Integer(1), j, *READ[1:], own, evidence=read_before())
    each = sum_over(sifted, *UPDATES, evidence=[given(le(0, k))], label="each update applies one")
    swapped = axiom("exchange", Within(j, r(i), r(i)), READ, UPDATES)
    return conclude(eq(Sum(flying(j), READ), N), each, swapped, label="N are in flight")


@cache
def applied_are_read() -> Fact:
    """The gradients applied before update k, written as those read and applied."""
    own = (r(i), r(i))
    sifted = axiom("sift", delivered(j), j, *READ[1:], own, evidence=read_before())
    each = sum_over(sifted, *UPDATES, evidence=[given(le(0, k))], label="each update applies one")
    swapped = axiom("exchange", Within(j, r(i), r(i)) * delivered(j), READ, UPDATES)
    return combine_vectors(
        eq(Sum(delivered(r(i)), UPDATES), Sum(applied_before(j) * delivered(j), READ)),
        (each, -1),
        (swapped, 1),
        label="the gradients applied",
    )


def virtual(index: Any) -> VectorLike:
    """The virtual iterate: all gradients read so far, applied to x_0."""
    return x(0) - eta0 * Sum(delivered(j), (j, -N, index - 1))


@cache
def distance() -> Fact:
    """x_k is ahead of the virtual iterate by the gradients in flight."""
    update = only(DeliveredGradients())["stale SGD"]
    way = -eta0 * Sum(delivered(r(i)), UPDATES)
    travel = travelled(substitute(update, {t: i}), way, UPDATES, evidence=[given(le(0, k))])
    return combine_vectors(
        eq(x(k) - virtual(k), eta0 * Sum(flying(j) * delivered(j), READ)),
        (travel, 1),
        (applied_are_read(), -eta0),
        label="what is in flight",
    )
