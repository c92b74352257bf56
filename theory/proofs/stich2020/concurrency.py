r"""Smooth convex functions: at most N gradients in flight over an update.

The weight rho of `theory.proofs.stich2020.smooth` is sqrt(N/tau) here, so that rho tau + N/rho is
2 sqrt(tau N).
"""

from functools import cache
from typing import Any

from sympy import Integer, sqrt

from theory.algebra import Within
from theory.assumptions import Concurrency
from theory.claims import le
from theory.kernel import (
    Fact,
    axiom,
    cases,
    combine,
    discharge,
    given,
    nonnegative_by_sign,
    substitute,
)
from theory.lemmas.constant_step import longest_delay
from theory.lemmas.descent import only
from theory.lemmas.sums import term_below_sum
from theory.proofs.stich2020.smooth import averaged, convex, summed
from theory.symbols import L, M, N, eta0, j, k, n, r, rho, t, tau_max
from theory.tactics import conclude

LIMIT = 1 / (L * (1 + 2 * sqrt(tau_max * N)))


@cache
def in_flight_if_late() -> Fact:
    """tau_t <= tau N: a delayed update finds a gradient in flight, its own."""
    last, flying = t - 1, Within(j, r(k), k - 1)
    counted = term_below_sum(nonnegative_by_sign(le(0, flying)), (k, 0, n - 1), t)
    own = axiom("bracket_inside", last, r(t), last, evidence=[given(le(r(t), last))])
    concurrency = only(Concurrency(T=n))["concurrency"]
    some = conclude(
        le(1, N),
        own,
        substitute(counted, {j: last}),
        substitute(concurrency, {j: last}),
        label="a delayed update is in flight itself",
    )
    claim = le(t - r(t), tau_max * N)
    delayed = combine(claim, longest_delay(), (some, tau_max))
    nothing = nonnegative_by_sign(le(0, tau_max * N))
    prompt = combine(claim, given(le(t, r(t))), nothing)
    return cases(delayed, prompt, last - r(t), label="delayed or not")


@cache
def concurrent() -> Fact:
    """The average gap for eta <= 1/(L (1 + 2 sqrt(tau N))): rho = sqrt(N/tau) balances the load.

    If tau = 0 or N = 0 no window holds an update, and any step up to 1/L will do.
    """
    mixed = substitute(
        averaged(summed(longest_delay())),
        {M: Integer(0), rho: sqrt(N) / sqrt(tau_max)},
        under=[le(1, tau_max), le(1, N)],
        label="some delay, some in flight",
    )
    alone = substitute(averaged(summed(in_flight_if_late())), {M: Integer(0), rho: Integer(1)})
    return cases(
        cases(
            mixed,
            _below_limit(convex(), 2, tau_max),
            tau_max - 1,
            label="delays or not",
        ),
        _below_limit(alone, tau_max + 1, N),
        N - 1,
        label="some in flight or not",
    )


def _below_limit(fact: Fact, factor: Any, none: Any) -> Fact:
    """A fact for eta <= 1/(L (1 + factor * none)), up to the limit here: for none <= 0."""
    own = 1 / (L * (1 + factor * none))
    smaller = combine(
        le(eta0, own),
        given(le(eta0, LIMIT)),
        nonnegative_by_sign(le(LIMIT, 1 / L)),
        (given(le(none, 0)), factor * own),
        label=f"{none} = 0",
    )
    return discharge(fact, le(eta0, own), smaller)
