r"""With their own steps, up to mu/(s L), Dai et al. need not assume gradient coherence.

Steps mu/(s L) are small enough for the guarantee with delays up to s - 1, and what is guaranteed,
at least 1/2, is more than mu.
"""

from functools import cache

from sympy import Integer, exp, sqrt

from theory import lemmas
from theory.assumptions import FROM_ONE, GradientCoherence, StepLimit, gradient, squared_gradient
from theory.claims import Substitution, eq, formula, le, lt
from theory.hilbert import Inner, Scalar
from theory.kernel import (
    Fact,
    axiom,
    combine,
    discharge,
    given,
    nonnegative_by_sign,
    reciprocal,
    substitute,
)
from theory.lemmas.coherence import guaranteed_on_window
from theory.lemmas.powers import bernoulli, compound_below_exponential
from theory.lemmas.vanishing import LIMIT
from theory.proofs.coherence import THRESHOLD, never_short
from theory.proofs.dai2019.fresh import H, S
from theory.proofs.dai2019.published import sharp_for_window
from theory.symbols import Delta, L, eta, j, k, lag, mu, n, s, tau_max, z
from theory.tactics import apply

STEP = mu / (s * L)
STALE = le(2, s)
BELOW_1_OVER_E = le(mu, exp(-1))
BELOW_POWER = le(mu * s ** (s - 1), (s - 1) ** (s - 1))


def coherent(shrinkage: Scalar, enough: Fact, small: Fact, *positive: Fact) -> Fact:
    """mu |g_k|^2 <= <g_k, g_j> on the window s, from the guarantee at a value of z.

    `enough` says that mu is at most what is guaranteed there, `small` that mu/(s L) is at most the
    step limit there; `positive` that the value is > 0, where that is not plain.
    """
    values = {tau_max: s - 1, z: shrinkage}
    fact = substitute(
        guaranteed_on_window(FROM_ONE), values, evidence=positive, label="delays up to s - 1"
    )
    limit = lemmas.only(StepLimit(STEP, FROM_ONE))["step limit"]
    within = combine(le(eta(k), Substitution(values)(LIMIT)), limit, small, label="small steps")
    fact = apply(fact, {}, within, label="small steps")
    late = combine(le(k, j + s), given(le(k - s + 1, j)), nonnegative_by_sign(le(0, 1)))
    fact = discharge(fact, le(k, j + s), late, label="on the window")
    return combine(
        le(mu * squared_gradient(k), Inner(gradient(k), gradient(j))),
        fact,
        (enough, squared_gradient(k)),
        label="coherence at level mu",
    )


@cache
def coherent_below_1_over_e() -> Fact:
    """mu <= 1/e: the guarantee at z = 1/s."""
    level = (s + 1) / (2 * s + 1)
    mu_small = given(BELOW_1_OVER_E)
    compound = substitute(
        compound_below_exponential(), {z: 1 / s, n: s}, label="(1 + 1/s)^s is below e"
    )
    inverse = (1 + 1 / s) ** (-s)
    step = combine(
        le(STEP, 1 / (s * L) * inverse),
        (mu_small, 1 / (s * L)),
        (compound, exp(-1) * inverse / (s * L)),
        label="the step limit at z = 1/s",
    )
    two = axiom("exp_tangent", 0, 1, label="2 is below e")
    half = nonnegative_by_sign(le(0, level - Integer(1) / 2))
    enough = combine(le(mu, level), mu_small, (two, exp(-1) / 2), half, label="mu is guaranteed")
    return coherent(1 / s, enough, step)


@cache
def coherent_below_power() -> Fact:
    """mu <= (1 - 1/s)^(s-1), s >= 2: the guarantee at z = 1/(s-1), where steps may be largest."""
    mu_small, some = given(BELOW_POWER, under=[STALE]), le(1, tau_max)
    at_best = Substitution({z: 1 / tau_max})(LIMIT)
    limit = nonnegative_by_sign(eq(THRESHOLD / L, at_best), under=[some], label="the step limit")
    delay = substitute(bernoulli(), {n: tau_max, z: 1 / tau_max}, under=[some])
    twice = combine(
        le(2 * tau_max**tau_max, (tau_max + 1) ** tau_max),
        (delay, tau_max**tau_max),
        label="Bernoulli",
    )
    limit, twice = (substitute(fact, {tau_max: s - 1}) for fact in (limit, twice))
    step = combine(
        le(STEP, limit.claim.right),
        limit,
        (mu_small, s ** (-s) / L),
        label="the step limit at z = 1/(s - 1)",
    )
    enough = combine(
        le(mu, Integer(1) / 2),
        (mu_small, s ** (1 - s)),
        (twice, s ** (1 - s) / 2),
        label="mu is guaranteed",
    )
    late = nonnegative_by_sign(lt(0, s - 1), under=[STALE], label="some delay")
    return coherent(1 / (s - 1), enough, step, late, reciprocal(late))


# ------------------------------------------------------------------------- theorems


def never_below(fact: Fact) -> Fact:
    """Coherence at level mu at every lag ell <= s - 1, in n updates."""
    fact = substitute(fact, {k: j + lag}, label="at the lag")
    within = combine(le(j + lag - s + 1, j), given(le(lag, s - 1)))
    fact = discharge(fact, le(j + lag - s + 1, j), within)
    return never_short(fact, mu, FROM_ONE)


def unconditional(fact: Fact) -> Fact:
    """(A) without noise for steps mu/(s L sqrt k), its coherence proved instead of assumed."""
    step = STEP / sqrt(k)
    increases = substitute(lemmas.root_increases(), {j: 1}, label="sqrt k is at least 1")
    below = combine(le(step, STEP), (increases, step), label="steps decrease")
    positive = nonnegative_by_sign(le(0, step), under=[le(1, k)], label="steps are >= 0")
    proved = apply(fact, {eta: formula(k, step)}, positive, below, label="the steps of Dai et al.")
    (assumed,) = GradientCoherence().allows
    total = S(n) - H(n) / 2 + s / (2 * mu**2)
    return lemmas.divided(
        discharge(sharp_for_window(noisy=False), assumed, proved, label="coherence is proved"),
        total,
        s * L * Delta / mu**2 / total,
        n + 1,
    )


@cache
def below_1_over_e() -> Fact:
    """Coherence at level mu <= 1/e."""
    return never_below(coherent_below_1_over_e())


@cache
def below_power() -> Fact:
    """Coherence at level mu <= (1 - 1/s)^(s-1)."""
    return never_below(coherent_below_power())


@cache
def unconditional_below_1_over_e() -> Fact:
    """(A) without noise and without coherence, mu <= 1/e."""
    return unconditional(coherent_below_1_over_e())


@cache
def unconditional_below_power() -> Fact:
    """(A) without noise and without coherence, mu <= (1 - 1/s)^(s-1)."""
    return unconditional(coherent_below_power())
