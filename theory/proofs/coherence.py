r"""Coherence that small steps guarantee: at one lag, at the threshold, under a constant delay."""

from functools import cache

from sympy import Integer

from theory.algebra import Minimum
from theory.assumptions import FROM_ZERO, Counting, gradient, squared_gradient
from theory.claims import Substitution, formula, le, lt
from theory.hilbert import Inner, Scalar
from theory.kernel import (
    Fact,
    axiom,
    combine,
    discharge,
    given,
    least_at_least,
    nonnegative_by_sign,
    substitute,
)
from theory.lemmas.coherence import guaranteed
from theory.lemmas.constant_delay import guaranteed_constant_delay
from theory.lemmas.vanishing import LIMIT
from theory.symbols import L, eta, eta0, j, lag, n, tau_max, z
from theory.tactics import apply

THRESHOLD = tau_max**tau_max / (tau_max + 1) ** (tau_max + 1)  # the largest z/(1 + z)^(tau + 1)


def never_short(
    fact: Fact, level: Scalar, count: Counting = FROM_ZERO, *, defined: tuple[Fact, ...] = ()
) -> Fact:
    """From <g_{j+ell}, g_j> >= level |g_{j+ell}|^2 for every j: no shortfall in n updates.

    `defined` says, where it is not plain, that the level is defined.
    """
    later = j + lag
    excess = Inner(gradient(later), gradient(j)) - level * squared_gradient(later)
    each = combine(le(0, excess), fact, evidence=defined, label="coherent enough")
    span = (j, count.first, count.first + n - lag)
    some = given(le(lag, n))
    least = least_at_least(each, *span, evidence=[some], label="at every iterate")
    claim = le(-Minimum(excess, span), 0)
    return combine(claim, least, evidence=defined, label="no shortfall of coherence")


def at_lag(fact: Fact, level: Scalar, *, defined: tuple[Fact, ...] = ()) -> Fact:
    """A fact about k and j < k, at k = j + ell."""
    fact = substitute(fact, {FROM_ZERO.index: j + lag}, label="at the lag")
    bound = le(level * squared_gradient(j + lag), Inner(gradient(j + lag), gradient(j)))
    return combine(bound, fact, evidence=defined, label="the level of coherence")


@cache
def any_delays() -> Fact:
    """At lag ell <= tau + 1 the coherence is at least (1 + z)/(1 + (ell + 1) z)."""
    level = (1 + z) / (1 + (lag + 1) * z)
    return never_short(at_lag(guaranteed(), level), level)


@cache
def constant_delay() -> Fact:
    """Under the constant delay tau it is at least 1/(2 - (1 + z)^(-ell))."""
    kept = (1 + z) ** (-lag)
    falls = axiom("power_decreases", 1 / (1 + z), Integer(0), lag)
    defined = combine(lt(0, 2 - kept), falls, nonnegative_by_sign(lt(0, 1)), label="2 > 1")
    level = 1 / (2 - kept)
    fact = at_lag(guaranteed_constant_delay(), level, defined=(defined,))
    return never_short(fact, level, defined=(defined,))


@cache
def at_threshold() -> Fact:
    """Coherence at lag ell for z = 1/tau, where a constant step may be largest."""
    positive = nonnegative_by_sign(le(0, eta0), label="steps are >= 0")
    fact = apply(
        at_lag(guaranteed(), (1 + z) / (1 + (lag + 1) * z)),
        {eta: formula(FROM_ZERO.index, eta0)},
        positive,
        given(le(eta0, LIMIT)),
        label="a constant step",
    )
    some, largest = le(1, tau_max), Substitution({z: 1 / tau_max})(LIMIT)
    fact = substitute(fact, {z: 1 / tau_max}, under=[some], label="at the threshold")
    limit = combine(
        le(eta0, largest), given(le(eta0, THRESHOLD / L), under=[some]), label="the largest step"
    )
    return discharge(fact, le(eta0, largest), limit, label="at the threshold")


@cache
def threshold() -> Fact:
    """At the threshold it is at least (tau + 1)/(2 tau + 1) at all lags up to tau."""
    exact = (tau_max + 1) / (tau_max + 1 + lag)
    level = (tau_max + 1) / (2 * tau_max + 1)
    shorter = nonnegative_by_sign(le(lag, tau_max + 1), under=[le(lag, tau_max)])
    fact = discharge(at_threshold(), le(lag, tau_max + 1), shorter, label="lags up to tau")
    weaker = combine(
        le(level, exact),
        (given(le(lag, tau_max)), level / (tau_max + 1 + lag)),
        label="the longest lag",
    )
    later = squared_gradient(j + lag)
    fact = combine(le(level * later, Inner(gradient(j + lag), gradient(j))), fact, (weaker, later))
    return never_short(fact, level)
