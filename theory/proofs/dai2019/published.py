r"""Where the printed form (*) follows from (A), for both readings of its index.

(A) gives min a_k * D <= s L Delta/mu^2 + sigma^2 H_n/(2s) with D = S_n - H_n/2 + s/(2 mu^2). So (*)
follows as soon as sqrt T <= D and H_n <= 2 log T.
"""

from functools import cache
from typing import Any

from sympy import Integer, Rational, log, sqrt

from theory import lemmas
from theory.algebra import normal
from theory.assumptions import F, InitialGap, Multiplicity, squared_gradient, x
from theory.claims import Claim, Substitution, le
from theory.kernel import (
    Fact,
    axiom,
    combine,
    discharge,
    given,
    induct,
    minimum,
    nonnegative_by_sign,
    relabel,
    substitute,
)
from theory.proofs.dai2019.fresh import H, S, sharp_summed
from theory.symbols import Delta, F_star, L, T, k, m, mu, n, s, sigma
from theory.tactics import conclude

HALF = Rational(1, 2)
STALE = le(2 * mu**2, s)
COHERENCE_AT_MOST_ONE = le(mu, 1)
PRINTED = (s * L * Delta / mu**2 + sigma**2 * log(T) / s) / sqrt(T)


def weight(steps: Any) -> Any:
    """D = S_n - H_n/2 + s/(2 mu^2), the total weight in (A)."""
    return S(steps) - H(steps) / 2 + s / (2 * mu**2)


def printed(iterates: Any) -> Claim:
    """(*) with the minimum over so many iterates."""
    return le(lemmas.least_gradient(iterates), PRINTED)


@cache
def sharp_for_window(noisy: bool = True) -> Fact:
    """(A) before the division, with the multiplicity s that the window allows."""
    (multiplicity,) = Multiplicity(m=s).allows
    return discharge(
        substitute(sharp_summed(noisy), {m: s}),
        multiplicity,
        lemmas.window_multiplicity(),
        label="(A) for the window s",
    )


def from_sharp(steps: Any, iterates: Any, enough_weight: Fact, enough_log: Fact) -> Fact:
    """(*) from (A), sqrt T <= D and H_n <= 2 log T."""
    summed = substitute(sharp_for_window(), {n: steps}, label="(A) at the horizon")
    lowest = lemmas.least_gradient(iterates)
    some = nonnegative_by_sign(le(0, lowest), label="the least squared gradient is >= 0")
    return combine(
        printed(iterates),
        (summed, 1 / sqrt(T)),
        (enough_weight, some, 1 / sqrt(T)),
        (enough_log, sigma**2 / (2 * s * sqrt(T))),
        label="the printed form",
    )


# ------------------------------------------------------------------------- sqrt T <= D


def weight_before_last(offset: Any, start: int) -> Fact:
    """sqrt(n+1) <= S_n - H_n/2 + offset for n >= start, if so at n = start: by induction."""
    claim = le(sqrt(n + 1), S(n) - H(n) / 2 + offset)
    base = nonnegative_by_sign(
        le(sqrt(start + 1), normal(S(start) - H(start) / 2 + offset)), label=f"n = {start}"
    )
    gain = nonnegative_by_sign(le(1 / (2 * (n + 1)), 1 / (2 * sqrt(n + 1))))
    step = conclude(
        Substitution({n: n + 1}).of(claim),
        given(claim),
        lemmas.root_below_tangent(n + 1, n + 2),
        gain,
        *_one_more_term(),
        label="from n to n + 1",
    )
    return induct(claim, n, start, base, step, label="the weights outgrow the root")


@cache
def weight_with_last() -> Fact:
    """sqrt n <= S_n - H_n/2 + 1/2 for n >= 1, by induction."""
    claim = le(sqrt(n), S(n) - H(n) / 2 + HALF)
    base = nonnegative_by_sign(le(1, 1), label="n = 1: both sides are 1")
    first, second = sqrt(n), sqrt(n + 1)
    share = 2 * second**2 * (first + second)
    gain = combine(
        le(second - first, 1 / second - 1 / (2 * second**2)),
        (nonnegative_by_sign(le(1, second)), first / share),
        (nonnegative_by_sign(le(1, first), under=[le(1, n)]), second / share),
        label="one term outweighs the growth of the root",
    )
    step = conclude(
        Substitution({n: n + 1}).of(claim),
        given(claim),
        gain,
        *_one_more_term(),
        label="from n to n + 1",
    )
    return induct(claim, n, 1, base, step, label="the weights outgrow the root")


def _one_more_term() -> tuple[Fact, Fact]:
    return (
        axiom("split", 1 / sqrt(k), k, 1, n, n + 1),
        axiom("split", 1 / k, k, 1, n, n + 1),
    )


@cache
def one_when_stale() -> Fact:
    """s/(2 mu^2) >= 1 if 2 mu^2 <= s, in particular if s >= 2."""
    return combine(le(1, s / (2 * mu**2)), (given(STALE), 1 / (2 * mu**2)))


@cache
def half_always() -> Fact:
    """s/(2 mu^2) >= 1/2 if mu <= 1."""
    at_most_one = given(COHERENCE_AT_MOST_ONE)
    return combine(
        le(HALF, s / (2 * mu**2)),
        (at_most_one, 1 / (2 * mu**2)),
        (at_most_one, 1 / (2 * mu)),
        (nonnegative_by_sign(le(1, s)), 1 / (2 * mu**2)),
        label="the last weight is at least 1/2",
    )


# ------------------------------------------------------------------------- minimum over k = 1..T


def _before_last(offset: Any, start: int, last_weight: Fact) -> Fact:
    grown = substitute(weight_before_last(offset, start), {n: T - 1})
    enough = combine(le(sqrt(T), weight(T - 1)), grown, last_weight, label="sqrt T <= D")
    enough_log = substitute(lemmas.harmonic_below_twice_log(), {n: T - 1})
    return from_sharp(T - 1, T, enough, enough_log)


@cache
def if_stale() -> Fact:
    """(*) over k = 1..T for every T, if s >= 2 mu^2."""
    return _before_last(Integer(1), 0, one_when_stale())


@cache
def if_long() -> Fact:
    """(*) over k = 1..T for T >= 5 and mu <= 1, every s."""
    return _before_last(HALF, 4, half_always())


@cache
def if_weighty() -> Fact:
    """(*) over k = 1..T wherever sqrt T <= D."""
    enough_log = substitute(lemmas.harmonic_below_twice_log(), {n: T - 1})
    return from_sharp(T - 1, T, given(le(sqrt(T), weight(T - 1))), enough_log)


# ------------------------------------------------------------------------- minimum over T + 1


@cache
def harmonic_with_last() -> Fact:
    """H_n <= 2 log n for n >= 3, by induction."""
    claim = le(H(n), 2 * log(n))
    base = nonnegative_by_sign(le(Rational(11, 6), 2 * log(3)), label="n = 3")
    step = conclude(
        Substitution({n: n + 1}).of(claim),
        given(claim, under=[le(3, n)]),
        (axiom("log_tangent", n + 1, n, evidence=[given(le(3, n))]), 2),
        nonnegative_by_sign(le(1 / (n + 1), 2 / (n + 1))),
        axiom("split", 1 / k, k, 1, n, n + 1),
        label="from n to n + 1",
    )
    return induct(claim, n, 3, base, step, label="harmonic sum below twice the logarithm")


@cache
def from_zero_if_long() -> Fact:
    """(*) over T + 1 iterates for T >= 3 and mu <= 1, every s."""
    grown = substitute(weight_with_last(), {n: T})
    enough = combine(le(sqrt(T), weight(T)), grown, half_always(), label="sqrt T <= D")
    return from_sharp(T, T + 1, enough, substitute(harmonic_with_last(), {n: T}))


@cache
def from_zero_if_weighty() -> Fact:
    """(*) over T + 1 iterates wherever sqrt T H_T <= 2 D log T; mu <= 1."""
    grown = substitute(weight_with_last(), {n: T})
    total = weight(T)
    enough = combine(le(sqrt(T), total), grown, half_always(), label="sqrt T <= D")
    condition = given(le(sqrt(T) * H(T), 2 * total * log(T)))
    summed = substitute(sharp_for_window(), {n: T}, label="(A) at the horizon")
    return combine(
        printed(T + 1),
        (summed, 1 / total),
        (enough, 1 / total, s * L * Delta / (mu**2 * sqrt(T))),
        (condition, 1 / total, sigma**2 / (2 * s * sqrt(T))),
        label="the printed form",
    )


@cache
def from_zero_if_stale() -> Fact:
    """(*) over T + 1 iterates for every T, if s >= 2 mu^2 and mu <= 1: T = 1, T = 2, T >= 3."""
    claim = printed(T + 1)
    one = _from_zero_at_one()
    two = _from_zero_at_two()
    from_two = induct(
        claim, T, 2, two, substitute(from_zero_if_long(), {T: T + 1}), label="T = 2 or T >= 3"
    )
    return induct(
        claim, T, 1, one, substitute(from_two, {T: T + 1}), label="T = 1, T = 2 or T >= 3"
    )


def _from_zero_at_one() -> Fact:
    """At T = 1 already the first gradient is small enough: a_1 <= 2 L Delta <= s L Delta/mu^2."""
    first = substitute(minimum(squared_gradient(k), k, 1, 2), {k: Integer(1)})
    start = axiom("gradient_below_gap", F, L, F_star, x(1), label="the first gradient")
    gap = lemmas.only(InitialGap())["initial gap"]
    return combine(
        Substitution({T: Integer(1)}).of(printed(T + 1)),
        first,
        start,
        (gap, 2 * L),
        (given(STALE), L * Delta / mu**2),
        label="T = 1",
    )


def _from_zero_at_two() -> Fact:
    at_two = substitute(from_zero_if_weighty(), {T: Integer(2)})
    needed = Substitution({T: Integer(2)}).of(le(sqrt(T) * H(T), 2 * weight(T) * log(T)))
    enough = combine(
        needed,
        (one_when_stale(), 2 * log(2)),
        nonnegative_by_sign(
            le(3 * sqrt(2) / 2, 2 * log(2) * (Rational(5, 4) + 1 / sqrt(2))), label="a number"
        ),
        label="the condition at T = 2",
    )
    return relabel(discharge(at_two, needed, enough), "T = 2")
