r"""Ringmaster: gradients that are too old are dropped, so that all delays lie below a threshold.

The theorem for bounded delays at the longest delay R - 1, with the step that asks half of eps of
each of its two terms.
"""

from functools import cache

from sympy import Min, Sum

from theory.assumptions import squared_gradient
from theory.claims import Substitution, le
from theory.kernel import (
    Fact,
    axiom,
    combine,
    discharge,
    either,
    given,
    nonnegative_by_sign,
    substitute,
)
from theory.proofs.lian2015 import constant
from theory.symbols import Delta, L, R_d, T, eps, eta0, sigma, t, tau_max

SHORT = 1 / (2 * R_d * L)  # what the delays allow
QUIET = eps / (4 * L * sigma**2)  # what the noise allows
STEP = Min(SHORT, QUIET)
UPDATES_OF_DELAY = 8 * R_d * L * Delta / eps
UPDATES_OF_NOISE = 16 * L * sigma**2 * Delta / eps**2
AVERAGE = Sum(squared_gradient(t), (t, 0, T - 1)) / T


@cache
def below_threshold() -> Fact:
    """The theorem for bounded delays at tau = R - 1, for the step of the method."""
    late = {tau_max: R_d - 1}
    allowed = Substitution({eta0: STEP, **late}).of(constant.condition(2))
    h, most = L * STEP, L * SHORT
    fits = combine(
        allowed,
        (axiom("least_below", SHORT, QUIET), L + 2 * L * (R_d - 1) ** 2 * (most + h)),
        nonnegative_by_sign(le(0, 1 - most - 2 * (R_d - 1) ** 2 * most**2)),
        label="the step is short enough for delays below the threshold",
    )
    chosen = substitute(constant.averaged(noisy=True), {eta0: STEP, **late})
    return discharge(chosen, allowed, fits, label="delays below the threshold")


@cache
def enough_updates() -> Fact:
    """4 Delta/(eta eps) <= T: eta is one of the two steps, and T is large enough for both."""
    claim = le(4 * Delta / (STEP * eps), T)
    by_delay = combine(
        claim,
        given(le(UPDATES_OF_DELAY, T)),
        (given(le(SHORT, STEP)), 4 * Delta / (eps * STEP * SHORT)),
        label="if the delays decide",
    )
    by_noise = combine(
        claim,
        given(le(UPDATES_OF_NOISE, T)),
        (given(le(QUIET, STEP)), 4 * Delta / (eps * STEP * QUIET)),
        label="if the noise decides",
    )
    one_of_them = axiom("least_is_one", SHORT, QUIET)
    factors = (STEP - SHORT, STEP - QUIET)
    return either(one_of_them, by_delay, by_noise, factors, label="enough updates")


@cache
def ringmaster() -> Fact:
    """(1/T) sum a_t <= eps: each term of the bound is at most eps/2."""
    delays = nonnegative_by_sign(le(0, L * STEP * sigma**2 / R_d), label="one delay to spare")
    return combine(
        le(AVERAGE, eps),
        below_threshold(),
        (enough_updates(), eps / (2 * T)),
        (axiom("least_below", SHORT, QUIET), 2 * L**2 * STEP * (R_d - 1) * sigma**2),
        delays,
        (axiom("least_below", QUIET, SHORT), 2 * L * sigma**2),
        label="half of eps each",
    )


@cache
def ringmaster_updates() -> Fact:
    """The threshold R <= 1 + sigma^2/eps: so many updates are enough, however many workers."""
    updates = 8 * L * Delta / eps + UPDATES_OF_NOISE
    threshold, enough = given(le(R_d, 1 + sigma**2 / eps)), given(le(updates, T))
    for_delay = combine(
        le(UPDATES_OF_DELAY, T),
        enough,
        (threshold, 8 * L * Delta / eps),
        nonnegative_by_sign(le(0, 8 * L * sigma**2 * Delta / eps**2)),
        label="enough for the delays",
    )
    for_noise = combine(
        le(UPDATES_OF_NOISE, T),
        enough,
        nonnegative_by_sign(le(0, 8 * L * Delta / eps)),
        label="enough for the noise",
    )
    fact = discharge(ringmaster(), le(UPDATES_OF_DELAY, T), for_delay)
    return discharge(fact, le(UPDATES_OF_NOISE, T), for_noise, label="the threshold of the noise")
