r"""How far the iterate moves between a read and its write, and what stale gradients do to a step.

Throughout ``y_k`` is the iterate read at update k; the window of update k holds the updates from
its read to just before its write.

>>> print(displacement())
x[t] - x[r[t]] == -sum_{j=r[t]..t - 1} (grad F(x[r[j]]) + xi[j])*eta[j], if 0 <= t
"""

from functools import cache
from typing import Any

from sympy import Rational, Sum

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
from theory.hilbert import Inner, VectorLike, squared_norm
from theory.kernel import (
    Fact,
    axiom,
    combine,
    given,
    pair,
    substitute,
    sum_over,
    suppose,
)
from theory.lemmas.descent import only, stale_descent
from theory.lemmas.vectors import cauchy, noise_sum, same_length, travelled
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
    update = only(StaleSGD(noisy=noisy, count=count))[StaleSGD(noisy=noisy).name]
    here = substitute(update, {count.index: j})
    way = -Sum(eta(j) * applied(j, count, noisy), window(count))
    return travelled(here, way, window(count), evidence=window_in_range(count))


# ------------------------------------------------------------------------- from read to write


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
    travel = displacement(count, noisy)
    difference, moved = travel.claim.left, same_length(travel)
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
