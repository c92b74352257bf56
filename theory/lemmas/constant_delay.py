r"""Coherence under a constant delay: what is read soon after an iterate is older than it.

>>> print(reads_older())
r[i] <= j, if 0 <= i and 0 <= j and i <= j + tau
"""

from functools import cache

from sympy import Integer, Sum

from theory.assumptions import FROM_ZERO, ConstantDelay, squared_gradient
from theory.claims import eq, le, lt
from theory.kernel import (
    Fact,
    axiom,
    cases,
    combine,
    discharge,
    given,
    nonnegative_by_sign,
    substitute,
    suppose,
)
from theory.lemmas.changes import change_by_read, changed
from theory.lemmas.coherence import coherent
from theory.lemmas.counting import reads_lag, reads_start
from theory.lemmas.gradient_drift import each_update, moved
from theory.lemmas.powers import power_increases
from theory.lemmas.vanishing import LIMIT, SHARE, compounded
from theory.symbols import L, i, j, r, t, tau_max, z


@cache
def reads_older() -> Fact:
    """An update at most tau updates after j reads nothing newer than j."""
    delay = ConstantDelay()
    later, cold = (substitute(suppose(a), {t: i}) for a in (delay.later, delay.cold))
    warm = combine(le(r(i), j), later, given(le(i, j + tau_max)), label="after the cold start")
    start = combine(le(r(i), j), cold, given(le(0, j)), label="in the cold start")
    return cases(warm, start, i - tau_max, label="reads are older")


@cache
def older_read() -> Fact:
    r"""What update i reads, i - j updates after j.

    .. math:: \|\nabla F(y_i)\|^2\leq(1+z)^{2(\tau-(i-j))}\|g_j\|^2
    """
    read, count = r(i), FROM_ZERO
    lag, start = (
        substitute(fact, {t: i}) for fact in (reads_lag(count, tau_max + 1), reads_start(count))
    )
    grown = compounded(each_update(count), j, t, 0)
    grown = substitute(grown, {j: read, t: j}, label="from the read to j")
    grown = discharge(grown, le(read, j), reads_older())
    grown = discharge(grown, le(0, read), start)
    at_most = 2 * (tau_max - (i - j))
    near = combine(le(2 * (j - read), at_most), (lag, 2), label="the read is not that old")
    larger = power_increases(2 * (j - read), at_most, near)
    return combine(
        le(squared_gradient(read), (1 + z) ** at_most * squared_gradient(j)),
        grown,
        (larger, squared_gradient(j)),
        label="read before j",
    )


@cache
def apart_constant_delay() -> Fact:
    r"""How far the gradient moves in t - j <= tau + 1 updates: the changes shrink geometrically.

    .. math:: \|g_t-g_j\|^2 \leq \bigl(1-(1+z)^{-(t-j)}\bigr)^2\|g_j\|^2
    """
    weight = (1 + z) ** (j - i)
    by_read = substitute(change_by_read(LIMIT), {t: i})
    each = combine(
        le(changed(i), SHARE**2 * weight**2 * squared_gradient(j)),
        by_read,
        (older_read(), L**2 * LIMIT**2),
        label="each change is at most a part",
    )
    total = 1 - (1 + z) ** (j - t)
    telescopes = axiom("telescope", -((1 + z) ** (j - i + 1)), i, j, t - 1)
    geometric = combine(
        eq(SHARE * Sum(weight, (i, j, t - 1)), total),
        (telescopes, 1 / (1 + z)),
        label="a geometric sum",
    )
    return moved(weight, total, each, FROM_ZERO, geometric)


@cache
def guaranteed_constant_delay() -> Fact:
    r"""Coherence at a lag t - j from 1 to tau + 1, under the constant delay tau.

    .. math:: \frac{1}{2-(1+z)^{-(t-j)}}\,\|g_t\|^2\leq\langle g_t,g_j\rangle
    """
    some = combine(le(1, t - j), given(le(j + 1, t)))
    falls = axiom("power_decreases", 1 / (1 + z), Integer(1), t - j, evidence=[some])
    total = 1 - (1 + z) ** (j - t)
    share = nonnegative_by_sign(lt(0, SHARE))
    positive = combine(lt(0, total), falls, share, label="the gradient may move")
    small = nonnegative_by_sign(le(0, 1 - total), label="it moves by less than its length")
    return coherent(apart_constant_delay(), total, positive, small, FROM_ZERO)
