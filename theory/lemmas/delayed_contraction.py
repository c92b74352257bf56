r"""A distance that contracts against a delayed one falls geometrically, once per tau + 1 updates.

>>> print(delayed_contraction())
v[t] <= R^2*q^(2*t/(tau + 1)), if 0 <= t and c <= 1 and q <= 1
"""

from functools import cache
from typing import Any

from theory.assumptions import FROM_ZERO
from theory.claims import Claim, Hypothesis, eq, le
from theory.kernel import (
    Fact,
    axiom,
    cases,
    combine,
    discharge,
    earlier,
    given,
    induct_strongly,
    substitute,
    suppose,
)
from theory.lemmas.counting import reads_lag, reads_past, reads_start, v
from theory.symbols import R, c, j, q, r, t, tau_max

STARTS = Hypothesis("starts within R", le(v(0), R**2))
CONTRACTION = FROM_ZERO.hypothesis(
    "delayed contraction", le(v(t + 1), q**2 * ((1 - c) * v(t) + c * v(r(t))))
)


def decay(index: Any) -> Any:
    """q^(2 t/(1 + tau))."""
    return q ** exponent(index)


def exponent(index: Any) -> Any:
    """2 t/(1 + tau)."""
    return 2 * index / (1 + tau_max)


def decreasing(later: Any, earlier_: Any, *evidence: Fact) -> Fact:
    """q^later <= q^earlier_ for real exponents."""
    return axiom("power_decreases", q, earlier_, later, evidence=[_below_one(), *evidence])


@cache
def _below_one() -> Fact:
    return given(le(q, 1))


@cache
def is_start() -> tuple[Fact, Fact]:
    """0 <= t and t <= 0."""
    return given(le(0, t)), given(le(t, 0))


@cache
def at_the_start() -> Fact:
    """v_t = v_0 for 0 <= t <= 0: what is known of an index is carried over by its bracket."""
    picked = axiom("sift", v(j), j, 0, 0, (t, t), evidence=is_start())
    inside = axiom("bracket_inside", 0, t, t, evidence=is_start())
    return combine(eq(v(t), v(0)), (picked, -1), (inside, v(0)), label="at the start")


@cache
def _begins(claim: Claim) -> Fact:
    _, ended = is_start()
    not_later = combine(le(exponent(t), 0), (ended, 2 / (1 + tau_max)))
    return combine(
        claim,
        at_the_start(),
        suppose(STARTS),
        (decreasing(0, exponent(t), not_later), R**2),
        label="the bound at the start",
    )


@cache
def _goes_on(claim: Claim) -> Fact:
    """The bound at t >= 1 from the bounds at t - 1 and at the index that update read."""
    before = earlier(claim, t, 0)
    (place,) = before.variables
    reads = (reads_past(FROM_ZERO), reads_start(FROM_ZERO), reads_lag(FROM_ZERO, tau_max + 1))
    past, first, lag = (substitute(fact, {t: t - 1}) for fact in reads)
    so_far = suppose(before)
    own = substitute(so_far, {place: t - 1}, label="the bound one update earlier")
    read = substitute(so_far, {place: r(t - 1)}, label="the bound at the index read")
    read = discharge(discharge(read, past.claim, past), first.claim, first)
    oldest = exponent(t - 1 - tau_max)
    not_older = combine(le(oldest, exponent(r(t - 1))), (lag, 2 / (1 + tau_max)))
    return combine(
        claim,
        substitute(suppose(CONTRACTION), {t: t - 1}),
        (own, q**2 * (1 - c)),
        (read, q**2 * c),
        (decreasing(exponent(t - 1), oldest), R**2 * q**2 * (1 - c)),
        (decreasing(exponent(r(t - 1)), oldest, not_older), R**2 * q**2 * c),
        (decreasing(oldest + 2, exponent(t)), R**2),
        under=[le(c, 1)],
        label="the bound one update later",
    )


@cache
def delayed_contraction() -> Fact:
    r"""v_0 <= R^2, v_{t+1} <= q^2 ((1-c) v_t + c v_{r_t}), delays at most tau.

    .. math:: v_t \leq \q^{2t/(1+\tau)} R^2,\qquad 0\leq c\leq 1,\ \q\leq 1
    """
    claim = le(v(t), decay(t) * R**2)
    step = cases(_goes_on(claim), _begins(claim), t - 1, label="the first value, or a later one")
    return induct_strongly(claim, t, 0, step, label="geometric decay under delay")
