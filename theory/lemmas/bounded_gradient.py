r"""What a stale gradient costs when second moments are bounded: E|g_t|^2 <= G^2, no smoothness.

Throughout ``y_t`` is the iterate read at update t, ``g_t = grad F(y_t) + xi_t`` what it applies.

>>> print(read_point_cost().claim.right)
G**2*Sum(eta(j), (j, r(t), t - 1))
"""

from functools import cache

from sympy import Rational, Sum

from theory.assumptions import FROM_ZERO, BoundedSecondMoment, Counting, PositiveSteps, x
from theory.claims import le
from theory.hilbert import Inner, squared_norm
from theory.kernel import Fact, combine, pair, substitute, sum_over
from theory.lemmas.descent import only
from theory.lemmas.drift import applied, displacement, window, window_in_range
from theory.lemmas.vectors import cauchy, same_length
from theory.symbols import G, eta, j
from theory.tactics import conclude


@cache
def second_moment(count: Counting = FROM_ZERO) -> Fact:
    """E|g_k|^2 <= G^2."""
    return only(BoundedSecondMoment(count=count))["bounded second moment"]


@cache
def read_point_cost(count: Counting = FROM_ZERO) -> Fact:
    r"""A bounded gradient gains little from having been taken at another point.

    .. math:: E\langle g_k, y_k-x_k\rangle \leq G^2\sum_j\eta_j

    with the sum over the updates between read and write; the noise may be anything.
    """
    k = count.index
    moment, own = second_moment(count), applied(k, count)
    other = applied(j, count)
    products = combine(
        le(Inner(own, other), G**2),
        (moment, Rational(1, 2)),
        (substitute(moment, {k: j}), Rational(1, 2)),
        squares=[(own - other, Rational(1, 2))],
        label="the product of two bounded vectors",
    )
    positive = substitute(only(PositiveSteps(count))["steps are >= 0"], {k: j})
    weighed = combine(le(eta(j) * Inner(own, other), eta(j) * G**2), (products, positive))
    summed = sum_over(
        weighed, *window(count), evidence=window_in_range(count), label="sum over the window"
    )
    return conclude(
        le(Inner(own, x(count.read(k)) - x(k)), G**2 * Sum(eta(j), window(count))),
        pair(displacement(count), own),
        summed,
        label="cost of reading at another point",
    )


@cache
def bounded_drift(count: Counting = FROM_ZERO) -> Fact:
    r"""How far the iterate has moved since the read, at most.

    .. math:: E\|x_k-y_k\|^2 \leq G^2\Bigl(\sum_j\eta_j\Bigr)^2
    """
    positive = substitute(only(PositiveSteps(count))["steps are >= 0"], {count.index: j})
    moment = substitute(second_moment(count), {count.index: j})
    squared, total = squared_norm(applied(j, count)), Sum(eta(j), window(count))
    weighed = combine(le(eta(j) * squared, eta(j) * G**2), (moment, positive))
    evidence = window_in_range(count)
    summed = sum_over(weighed, *window(count), evidence=evidence, label="sum over the window")
    steps = sum_over(positive, *window(count), evidence=evidence, label="steps of the window")
    moved = same_length(displacement(count))
    spread = cauchy(
        eta(j), applied(j, count), window(count), nonnegative=positive, evidence=evidence
    )
    return combine(
        le(moved.claim.left, G**2 * total**2),
        moved,
        spread,
        (summed, steps),
        label="distance between read and write",
    )
