r"""How far the iterate moves between a read and its write, and what stale gradients do to a step.

Throughout ``y_k`` is the iterate read at update k; the window of update k holds the updates from
its read to just before its write.

>>> print(displacement())
x[t] - x[r[t]] == -sum_{j=r[t]..t - 1} (grad F(x[r[j]]) + xi[j])*eta[j], if 0 <= t
"""

from functools import cache
from typing import Any

from sympy import Rational, Sum, Symbol

from theory.assumptions import (
    FROM_ZERO,
    BoundedVariance,
    Counting,
    F,
    PositiveSteps,
    ReadsThePast,
    StaleSGD,
    gradient,
    objective,
    squared_gradient,
    x,
    xi,
)
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
    suppose,
)
from theory.lemmas.descent import only, stale_descent
from theory.symbols import L, eta, j, sigma
from theory.tactics import conclude


def applied(index: Any, count: Counting = FROM_ZERO, noisy: bool = True) -> VectorLike:
    """The (stochastic) gradient applied at an update."""
    return gradient(count.read(index)) + (xi(index) if noisy else 0)


def read_point(count: Counting = FROM_ZERO) -> VectorLike:
    """y_k, the iterate that update k reads."""
    return x(count.read(count.index))


def window(count: Counting = FROM_ZERO) -> tuple[Any, Any, Any]:
    """The updates j from the read of update k to just before its write."""
    return (j, count.read(count.index), count.index - 1)


@cache
def window_in_range(count: Counting = FROM_ZERO) -> list[Fact]:
    """What a sum over a window needs: it starts at the start at the earliest, and is a range."""
    reads = ReadsThePast(count)
    past, start = suppose(reads.past), suppose(reads.start)
    started = combine(
        le(count.first, j), start, given(le(count.read(count.index), j)), label="after the start"
    )
    return [started, past]


@cache
def displacement(count: Counting = FROM_ZERO, noisy: bool = True) -> Fact:
    """x_k - y_k is minus the sum of the updates in the window."""
    k = count.index
    update = only(StaleSGD(noisy=noisy, count=count))[StaleSGD(noisy=noisy).name]
    moved = sum_over(
        substitute(update, {k: j}),
        *window(count),
        evidence=window_in_range(count),
        label="the updates in the window",
    )
    telescopes = axiom("telescope", x(j), *window(count), label="the iterates telescope")
    return combine_vectors(
        eq(x(k) - read_point(count), -Sum(eta(j) * applied(j, count, noisy), window(count))),
        (moved, 1),
        (telescopes, -1),
        label="from the read to the write",
    )


# ------------------------------------------------------------------------- sums of vectors


def cauchy(
    weight: Scalar,
    vector: VectorLike,
    limits: tuple[Symbol, Any, Any],
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
    weight_there, vector_there = (e.xreplace({index: other}) for e in (weight, vector))
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
    double = sum_over(inner, index, low, high, evidence=evidence, label="sum over the other")
    total = Sum(weight * vector, limits)
    return combine(
        le(squared_norm(total), Sum(weight, limits) * Sum(weight * squared_norm(vector), limits)),
        (double, Rational(1, 2)),
        label="Cauchy and Schwarz",
    )


def noise_sum(weight: Scalar, limits: tuple[Symbol, Any, Any], *, evidence: Any = ()) -> Fact:
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


# ------------------------------------------------------------------------- from read to write


def _difference_squared(count: Counting, noisy: bool) -> tuple[VectorLike, VectorLike, Fact]:
    """Both sides of `displacement`, and that they have the same length."""
    moved = displacement(count, noisy)
    difference, total = moved.claim.left, moved.claim.right
    fact = conclude(
        eq(squared_norm(difference), squared_norm(total)),
        pair(moved, difference),
        pair(moved, total),
        label="squared length of the displacement",
    )
    return difference, total, fact


@cache
def window_noise(count: Counting = FROM_ZERO) -> Fact:
    """The noise applied in a window: E|sum eta_j xi_j|^2 <= sigma^2 sum eta_j^2."""
    k = count.index
    variance = substitute(only(BoundedVariance(count=count))["bounded variance"], {k: j})
    weighed = combine(
        le(eta(j) ** 2 * squared_norm(xi(j)), eta(j) ** 2 * sigma**2), (variance, eta(j) ** 2)
    )
    evidence = window_in_range(count)
    _, past = evidence
    summed = sum_over(weighed, *window(count), evidence=evidence)
    noise = Sum(eta(j) * xi(j), window(count))
    return combine(
        le(squared_norm(noise), sigma**2 * Sum(eta(j) ** 2, window(count))),
        noise_sum(eta(j), window(count), evidence=[past]),
        summed,
        label="noise applied in the window",
    )


@cache
def window_gradients(count: Counting = FROM_ZERO) -> Fact:
    r"""The gradients applied in a window, by Cauchy and Schwarz with the steps as weights.

    .. math:: \Bigl\|\sum_j\eta_j\nabla F(y_j)\Bigr\|^2
              \leq\Bigl(\sum_j\eta_j\Bigr)\sum_j\eta_j\|\nabla F(y_j)\|^2
    """
    positive = substitute(only(PositiveSteps(count))["steps are >= 0"], {count.index: j})
    return cauchy(
        eta(j),
        gradient(count.read(j)),
        window(count),
        nonnegative=positive,
        evidence=window_in_range(count),
    )


@cache
def drift(count: Counting = FROM_ZERO, noisy: bool = True) -> Fact:
    r"""How far the iterate has moved since the read.

    .. math:: E\|x_k-y_k\|^2 \leq 2\Bigl(\sum_j\eta_j\Bigr)\sum_j\eta_j\,E\|\nabla F(y_j)\|^2
              + 2\sigma^2\sum_j\eta_j^2

    with sums over the window; without noise the factor 2 and sigma^2 go.
    """
    difference, _, moved = _difference_squared(count, noisy)
    gradients = Sum(eta(j) * gradient(count.read(j)), window(count))
    noise = Sum(eta(j) * xi(j), window(count))
    by_gradients = window_gradients(count)
    bound = by_gradients.claim.right
    if not noisy:
        return combine(le(squared_norm(difference), bound), moved, by_gradients, label="drift")
    return combine(
        le(squared_norm(difference), 2 * bound + 2 * sigma**2 * Sum(eta(j) ** 2, window(count))),
        moved,
        (by_gradients, 2),
        (window_noise(count), 2),
        squares=[(gradients - noise, 1)],
        label="drift",
    )


# ------------------------------------------------------------------------- one stale step


@cache
def polarised_descent(count: Counting = FROM_ZERO, noisy: bool = True) -> Fact:
    r"""One stale step; smoothness turns the age of the gradient into the distance travelled.

    .. math:: E F(x_{k+1}) \leq E F(x_k) - \tfrac{\eta_k}2 E\|\nabla F(x_k)\|^2
              - \tfrac{\eta_k}2(1-L\eta_k)E\|\nabla F(y_k)\|^2
              + \tfrac{\eta_kL^2}2E\|x_k-y_k\|^2 + \tfrac{L\eta_k^2\sigma^2}2
    """
    k, read = count.index, count.read
    positive = only(PositiveSteps(count))["steps are >= 0"]
    close = axiom("lipschitz_gradient", F, L, x(k), x(read(k)), label="smoothness, read to write")
    bound = (
        objective(k)
        - eta(k) / 2 * squared_gradient(k)
        - eta(k) / 2 * (1 - L * eta(k)) * squared_gradient(read(k))
        + eta(k) * L**2 / 2 * squared_norm(x(k) - x(read(k)))
    )
    bound += L / 2 * eta(k) ** 2 * sigma**2 if noisy else 0
    return combine(
        le(objective(k + 1), bound),
        stale_descent(count, noisy),
        (close, Rational(1, 2), positive),
        label="one stale step, polarised",
    )


@cache
def drifting_descent(count: Counting = FROM_ZERO, noisy: bool = True) -> Fact:
    r"""One stale step with the drift inserted.

    .. math:: E F(x_{k+1}) \leq E F(x_k) - \tfrac{\eta_k}2 a_k - \tfrac{\eta_k}2(1-L\eta_k)b_k
              + c\,\tfrac{\eta_kL^2}2\Bigl(\sum_j\eta_j\Bigr)\sum_j\eta_jb_j
              + \tfrac{L\eta_k^2\sigma^2}2 + \eta_kL^2\sigma^2\sum_j\eta_j^2

    with a_k = E|grad F(x_k)|^2, b_k = E|grad F(y_k)|^2 and c = 2; without noise c = 1.
    """
    k, read = count.index, count.read
    positive = only(PositiveSteps(count))["steps are >= 0"]
    travelled = drift(count, noisy)
    distance = squared_norm(x(k) - x(read(k)))
    step = polarised_descent(count, noisy)
    share = eta(k) * L**2 / 2
    right = step.claim.right - share * distance + share * travelled.claim.right
    return combine(
        le(objective(k + 1), right),
        step,
        (travelled, L**2 / 2, positive),
        label="one stale step, drift inserted",
    )


# ------------------------------------------------------------------------- the read point


@cache
def read_point_gain(count: Counting = FROM_ZERO) -> Fact:
    r"""The noise of a window does not see the gradient that is read at its start.

    .. math:: E\langle g_k, y_k-x_k\rangle
              = \sum_j\eta_j\,E\langle\nabla F(y_k),\nabla F(y_j)\rangle
    """
    k, read = count.index, count.read
    at_read = gradient(read(k))
    inside = combine(le(0, j - read(k)), given(le(read(k), j)), label="not before the read")
    unseen = axiom("unbiased", xi(j), at_read, evidence=[inside], label="noise in the window")
    weighed = combine(eq(eta(j) * Inner(xi(j), at_read), 0), (unseen, eta(j)))
    past = suppose(ReadsThePast(count).past)
    noise = sum_over(weighed, *window(count), evidence=[past])
    moved = displacement(count)
    own = axiom("unbiased", xi(k), x(k) - x(read(k)), evidence=[past], label="the update's noise")
    return conclude(
        eq(
            Inner(at_read + xi(k), x(read(k)) - x(k)),
            Sum(eta(j) * Inner(at_read, gradient(read(j))), window(count)),
        ),
        pair(moved, at_read),
        noise,
        own,
        label="gain of reading at the read point",
    )
