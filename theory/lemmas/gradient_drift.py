r"""How far the gradient moves while the reads are old, if the steps are small.

Steps are at most z/(L (1 + z)^(tau+1)), without noise; g_k is the gradient at iterate k, and g_j
one from before, at most tau + 1 updates old. SHARE = z/(1 + z) bounds what an update can change.

>>> print(recent_read())
|grad F(x[r[i]])|^2 <= (z + 1)^(2*tau)*|grad F(x[j])|^2,
    if 0 <= i and 0 <= j and i <= j + tau and j <= i
"""

from functools import cache
from typing import Any

from sympy import Integer, Sum

from theory.algebra import Within
from theory.assumptions import FROM_ZERO, Counting, gradient, squared_gradient
from theory.claims import Claim, le, lt
from theory.hilbert import Scalar, squared_norm
from theory.kernel import (
    Fact,
    axiom,
    cases,
    combine,
    discharge,
    earlier,
    given,
    induct_strongly,
    nonnegative_by_sign,
    reciprocal,
    substitute,
    sum_over,
    suppose,
    when,
)
from theory.lemmas.changes import change_by_read, changed, gradients_apart
from theory.lemmas.counting import reads_lag, reads_past, reads_start
from theory.lemmas.powers import bernoulli
from theory.lemmas.vanishing import EARLIER, LIMIT, LONGEST, SHARE, no_vanishing, within_a_delay
from theory.symbols import L, i, j, n, tau_max, z
from theory.tactics import conclude

# ------------------------------------------------------------------------- how far gradients move


def read_at_most(read: Fact, count: Counting) -> Fact:
    """|D_i|^2 <= SHARE^2 |g_j|^2, from `read`: that update i reads at most (1+z)^tau |g_j|."""
    by_read = substitute(change_by_read(LIMIT, count), {count.index: i})
    each = combine(
        le(changed(i), SHARE**2 * squared_gradient(j)),
        by_read,
        (read, L**2 * LIMIT**2),
        label="each change is at most a part",
    )
    begun = combine(le(count.first, i), given(le(count.first, j)), given(le(j, i)))
    return discharge(each, le(count.first, i), begun, label="an update after j")


def moved(weight: Scalar, total: Scalar, each: Fact, count: Counting, *equal: Fact) -> Fact:
    r"""From |D_i|^2 <= SHARE^2 w_i^2 |g_j|^2 for each update from j to before k, which `each` says.

    .. math:: \|g_k-g_j\|^2 \leq \Bigl(\tfrac z{1+z}\sum_{i=j}^{k-1} w_i\Bigr)^2\|g_j\|^2

    `total` is z/(1 + z) times the sum; `equal` says so if it is not plain.
    """
    k = count.index
    limits = (i, j, k - 1)
    positive = nonnegative_by_sign(lt(0, weight), label="the weights")
    forward = given(le(j, k))
    apart = gradients_apart(limits, weight, positive, evidence=[forward])
    shares = combine(
        le(changed(i) / (SHARE**2 * weight), weight * squared_gradient(j)),
        (each, 1 / (SHARE**2 * weight)),
        label="weighed",
    )
    soon = combine(le(i, j + tau_max), given(le(i, k - 1)), given(le(k, j + tau_max + 1)))
    summed = sum_over(shares, *limits, evidence=[forward, soon], label="all the changes")
    weights = Sum(weight, limits)
    some = sum_over(positive, *limits, evidence=[forward], label="the weights, summed")
    return combine(
        le(squared_norm(gradient(k) - gradient(j)), total**2 * squared_gradient(j)),
        apart,
        (summed, some, SHARE**2),
        *((fact, (total + SHARE * weights) * squared_gradient(j)) for fact in equal),
        label="how far the gradient has moved",
    )


def each_update(count: Counting) -> Fact:
    """No update i shrinks the gradient by more than 1 + z."""
    return substitute(no_vanishing(count), {count.index: i}, label="no vanishing, at update i")


def gradient_apart(read: Fact, count: Counting) -> Fact:
    r"""From what update i reads: that it is at most (1+z)^tau |g_j|.

    .. math:: \|g_k-g_j\|^2 \leq \Bigl((k-j)\tfrac z{1+z}\Bigr)^2\|g_j\|^2
    """
    k = count.index
    return moved(Integer(1), (k - j) * SHARE, read_at_most(read, count), count)


def one_more(total: Scalar, positive: Fact) -> Fact:
    """0 < 1 + C from 0 < C."""
    return combine(lt(0, 1 + total), positive, nonnegative_by_sign(le(0, 1)), label="1 + C > 0")


def at_most_grown(apart: Fact, total: Scalar, positive: Fact, count: Counting) -> Fact:
    """|g_k|^2 <= (1 + C)^2 |g_j|^2 from |g_k - g_j|^2 <= C^2 |g_j|^2 and 0 < C."""
    k = count.index
    part = reciprocal(positive)
    return combine(
        le(squared_gradient(k), (1 + total) ** 2 * squared_gradient(j)),
        (apart, part, one_more(total, positive)),
        squares=[(gradient(k) - (1 + total) * gradient(j), part)],
        label="how much the gradient has grown",
    )


# ------------------------------------------------------------------------- what may be read


def stays_recent(index: Any) -> Claim:
    """[j <= k <= j + tau] |g_k|^2 <= [j <= k <= j + tau] (1+z)^(2 tau) |g_j|^2."""
    recent = Within(index, j, j + tau_max)
    return le(recent * squared_gradient(index), recent * LONGEST * squared_gradient(j))


def read_of(index: Any, known: Fact, count: Counting) -> Fact:
    r"""What an update i shortly after j reads, before j or after.

    .. math:: \|\nabla F(y_i)\|^2\leq(1+z)^{2\tau}\|g_j\|^2\quad\text{for } j\leq i\leq j+\tau

    `known` is `stays_recent` at the index that update i reads.
    """
    read = count.read(index)
    lag, past, start = (
        substitute(fact, {count.index: index})
        for fact in (reads_lag(count, tau_max + 1), reads_past(count), reads_start(count))
    )
    since, until = given(le(j, index)), given(le(index, j + tau_max))
    old = within_a_delay(each_update(count), j, count.index, count.first)
    old = substitute(old, {j: read, count.index: j}, label="read before j")
    old = discharge(old, le(count.first, read), start)
    recent = combine(le(j - tau_max, read), lag, since, label="not long before j")
    old = discharge(old, le(j - tau_max, read), recent)
    late = combine(le(read, j + tau_max), past, until)
    inside = axiom("bracket_inside", read, j, j + tau_max, evidence=[given(le(j, read)), late])
    fresh = conclude(
        le(squared_gradient(read), LONGEST * squared_gradient(j)),
        known,
        (inside, LONGEST * squared_gradient(j) - squared_gradient(read)),
        label="read after j",
    )
    return cases(fresh, old, read - j, label="read before j or after")


@cache
def recent_gradient(count: Counting = FROM_ZERO) -> Fact:
    r"""For at most tau updates after j the gradient stays below (1+z)^tau |g_j|.

    By strong induction: fresh gradients may be larger than g_j, but all that is read is at most
    (1+z)^tau |g_j|, so |g_k - g_j| is at most (k - j) z/(1+z) |g_j|, and by Bernoulli's inequality
    1 + tau z/(1+z) <= (1+z)^tau.
    """
    k = count.index
    claim = stays_recent(k)
    before = suppose(earlier(claim, k, j))
    known = substitute(before, {EARLIER: count.read(i)}, label="what came earlier")
    past = substitute(reads_past(count), {k: i})
    in_time = combine(le(count.read(i), k - 1), past, given(le(i, k - 1)))
    known = discharge(known, le(count.read(i), k - 1), in_time)
    apart = gradient_apart(read_of(i, known, count), count)
    total = (k - j) * SHARE
    positive = nonnegative_by_sign(lt(0, total), under=[le(j + 1, k)], label="some update")
    grown = at_most_grown(apart, total, positive, count)
    delay = substitute(bernoulli(), {n: tau_max}, label="Bernoulli over a delay")
    power = combine(
        le(1 + total, (1 + z) ** tau_max),
        delay,
        (given(le(k, j + tau_max)), SHARE),
        nonnegative_by_sign(le(tau_max * SHARE, tau_max * z)),
        label="at most a power",
    )
    later = combine(
        le(squared_gradient(k), LONGEST * squared_gradient(j)),
        grown,
        (power, squared_gradient(j), (1 + z) ** tau_max),
        (power, squared_gradient(j), 1 + total),
        label="after j",
    )
    own = within_a_delay(each_update(count), k, j, count.first)
    begun = combine(le(count.first, k), given(le(count.first, j)), given(le(j, k)))
    own = discharge(own, le(count.first, k), begun)
    sooner = combine(
        le(k, j + tau_max + 1), given(le(k, j + tau_max)), nonnegative_by_sign(le(0, 1))
    )
    later = discharge(later, le(k, j + tau_max + 1), sooner)
    both = cases(later, own, k - j - 1, label="at j or after")
    return induct_strongly(claim, k, j, when(both, k, j, j + tau_max), label="recent gradients")


@cache
def recent_read(count: Counting = FROM_ZERO) -> Fact:
    """What updates read that come at most tau updates after j is at most (1+z)^tau |g_j|."""
    k = count.index
    known = substitute(recent_gradient(count), {k: count.read(i)})
    return read_of(i, known, count)


@cache
def apart(count: Counting = FROM_ZERO) -> Fact:
    r"""How far the gradient moves in k - j <= tau + 1 updates, whatever the delays up to tau.

    .. math:: \|g_k-g_j\|^2 \leq \Bigl((k-j)\tfrac z{1+z}\Bigr)^2\|g_j\|^2
    """
    return gradient_apart(recent_read(count), count)
