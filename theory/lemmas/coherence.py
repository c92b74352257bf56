r"""Coherence that need not be assumed: small steps guarantee it.

Steps are at most z/(L (1 + z)^(tau+1)), without noise; g_k is the gradient at iterate k, and g_j
one from before, at most tau + 1 updates old.

>>> print(guaranteed_on_window())
(z + 1)*|grad F(x[t])|^2/(z*(tau + 2) + 1) <= <grad F(x[j]), grad F(x[t])>,
    if 0 <= j and j <= t and t <= j + tau + 1 and tau*z <= 1
"""

from functools import cache

from sympy import Rational

from theory.algebra import normal
from theory.assumptions import FROM_ZERO, Counting, gradient, squared_gradient
from theory.claims import le, lt
from theory.hilbert import Inner, Scalar, squared_norm
from theory.kernel import (
    Fact,
    cases,
    combine,
    given,
    nonnegative_by_sign,
    reciprocal,
)
from theory.lemmas.gradient_drift import apart, at_most_grown, one_more
from theory.lemmas.vanishing import SHARE
from theory.sign import provably
from theory.symbols import j, tau_max, z


def coherent(apart: Fact, total: Scalar, positive: Fact, small: Fact, count: Counting) -> Fact:
    r"""From |g_k - g_j|^2 <= C^2 |g_j|^2 with 0 < C <= 1, which `positive` and `small` say.

    .. math:: \frac{1}{1+C}\,\|g_k\|^2\leq\langle g_k,g_j\rangle

    2 <u, v> = |u|^2 + |v|^2 - |u - v|^2, and |g_k| is at most (1 + C) |g_j|.
    """
    k = count.index
    grown = at_most_grown(apart, total, positive, count)
    whole = one_more(total, positive)
    told = [] if provably(">", normal(1 + total), whole.conditions) else [whole]
    return combine(
        le(squared_gradient(k) / (1 + total), Inner(gradient(k), gradient(j))),
        (apart, Rational(1, 2)),
        (grown, reciprocal(whole), small, Rational(1, 2)),
        evidence=told,
        label="coherence",
    )


@cache
def guaranteed(count: Counting = FROM_ZERO) -> Fact:
    r"""Coherence at a lag k - j from 1 to tau + 1, whatever the delays up to tau, if tau z <= 1.

    .. math:: \frac{1}{1+(k-j)\frac z{1+z}}\,\|g_k\|^2\leq\langle g_k,g_j\rangle
    """
    k = count.index
    total = (k - j) * SHARE
    positive = nonnegative_by_sign(lt(0, total), under=[le(j + 1, k)], label="some update")
    small = combine(
        le(0, 1 - total),
        (given(le(tau_max * z, 1)), 1 / (1 + z)),
        (given(le(k, j + tau_max + 1)), SHARE),
        label="the gradient moves by less than its length",
    )
    return coherent(apart(count), total, positive, small, count)


WINDOW_LEVEL = (1 + z) / (1 + (tau_max + 2) * z)


@cache
def guaranteed_on_window(count: Counting = FROM_ZERO) -> Fact:
    r"""The same for all lags k - j from 0 to tau + 1 at once.

    .. math:: \frac{1+z}{1+(\tau+2)z}\,\|g_k\|^2\leq\langle g_k,g_j\rangle
    """
    k = count.index
    claim = le(WINDOW_LEVEL * squared_gradient(k), Inner(gradient(k), gradient(j)))
    lag = combine(le(k - j, tau_max + 1), given(le(k, j + tau_max + 1)))
    whole, lagged = 1 + (tau_max + 2) * z, 1 + (k - j + 1) * z
    weaker = combine(
        le(WINDOW_LEVEL, (1 + z) / lagged),
        (lag, z * (1 + z) / (whole * lagged)),
        under=[le(j, k)],
        label="the longest lag",
    )
    later = combine(claim, guaranteed(count), (weaker, squared_gradient(k)), label="after j")
    none = combine(
        le((k - j) ** 2, 0), (given(le(k, j)), k - j), under=[le(j, k)], label="no updates"
    )
    difference = gradient(k) - gradient(j)
    still = combine(
        le(squared_norm(difference), 0),
        apart(count),
        (none, SHARE**2 * squared_gradient(j)),
        label="the gradient has not moved",
    )
    rest = (tau_max + 1) * z  # the level is 1 - rest/whole
    own = combine(
        claim,
        (still, whole / (4 * rest)),
        squares=[(2 * rest * gradient(k) - whole * difference, 1 / (4 * rest * whole))],
        label="at j itself",
    )
    return cases(later, own, k - j - 1, label="coherence on the window")
