r"""Coherence in the interpolation inequality: the step may be twice as long, the rate is exact.

Notation: a_t = |grad F(x_t)|^2, b_t = |grad F(y_t)|^2 at the point read, a = min a_t over t <= n.
"""

from functools import cache
from typing import Any

from sympy import Integer, Rational, Sum

from theory.algebra import Within
from theory.assumptions import (
    FROM_ZERO,
    GradientCoherence,
    Multiplicity,
    NonincreasingSteps,
    StepLimit,
    objective,
    squared_gradient,
)
from theory.claims import eq, formula, le
from theory.kernel import (
    Fact,
    axiom,
    combine,
    discharge,
    given,
    nonnegative_by_sign,
    substitute,
    sum_over,
    when,
)
from theory.lemmas.averages import LEAST, least_at, least_of_gains
from theory.lemmas.changes import change
from theory.lemmas.coherence import WINDOW_LEVEL as LEVEL
from theory.lemmas.coherence import guaranteed_on_window
from theory.lemmas.constant_step import STEPS, read_gradient
from theory.lemmas.counting import (
    reads_counted,
    reads_lag,
    reads_past,
    reads_start,
    u,
    v,
    window_multiplicity,
)
from theory.lemmas.descent import only, telescoped
from theory.lemmas.interpolation import stale_interpolation
from theory.lemmas.powers import bernoulli
from theory.lemmas.vanishing import LIMIT as SMALL
from theory.symbols import L, eta, eta0, j, m, mu, n, r, s, t, tau_max, z
from theory.tactics import apply, conclude

LIMIT = 2 * mu / (m * L)
GAIN = mu * eta(t) / 2 * (squared_gradient(t) + squared_gradient(t + 1)) - L / 4 * eta(
    t
) ** 2 * read_gradient(t)
WEIGHT = mu * eta(t) - L / 4 * eta(t) ** 2


def steps_between() -> tuple[Fact, Fact]:
    """0 <= eta_t, and eta_t <= 2 mu/(m L)."""
    have = only(NonincreasingSteps(FROM_ZERO), StepLimit(LIMIT, FROM_ZERO))
    return have["steps are >= 0"], have["step limit"]


def coherent_with_read(index: Any) -> Fact:
    """mu a_i <= <grad F(x_i), grad F(y_t)> at i = t, and at i = t + 1, whose lag is up to s."""
    count = FROM_ZERO
    (coherence,) = only(GradientCoherence(s=s + 1, count=count)).values()
    fact = substitute(coherence, {t: index, j: r(t)}, label="at the index read")
    fact = discharge(fact, le(r(t), index), reads_past(count))
    fact = discharge(fact, le(index - s, r(t)), reads_lag(count))
    return discharge(fact, le(0, r(t)), reads_start(count), label="coherence with what is read")


@cache
def gains() -> Fact:
    r"""n coherent steps: the changes of the gradient are not even needed.

    .. math:: \sum_{t<n}\Bigl(\tfrac{\mu\eta_t}2(a_t+a_{t+1})-\tfrac{L\eta_t^2}4b_t\Bigr)
              + \tfrac1{2L}a_n\leq\Delta
    """
    positive, _ = steps_between()
    half = 1 / (4 * L)
    one_step = combine(
        le(objective(t + 1), objective(t) - GAIN),
        stale_interpolation(),
        (coherent_with_read(t), positive, Integer(1) / 2),
        (coherent_with_read(t + 1), positive, Integer(1) / 2),
        squares=[(change(t), half)],
        label="one coherent step",
    )
    return telescoped(one_step, GAIN, FROM_ZERO)


# ------------------------------------------------------------------------- counting


@cache
def reads_counted_above_least() -> Fact:
    r"""Each gradient is read at most m times, and so is its excess over the least.

    .. math:: \sum_{t<n}\eta_t^2(b_t-a)\leq m\sum_{t<n}\eta_t^2(a_t-a)
    """
    have = only(NonincreasingSteps(FROM_ZERO))
    positive, order = have["steps are >= 0"], have["non-increasing steps"]
    inside = Within(t, 0, n)
    above = when(least_at(), t, 0, n, label="above the least")
    excess = inside * (squared_gradient(t) - LEAST)
    squares = combine(
        le(eta(t) ** 2, eta(j) ** 2),
        (order, positive),
        (order, substitute(positive, {t: j})),
        label="squares of steps do not increase",
    )
    counted = apply(
        reads_counted(FROM_ZERO),
        {u: formula(t, eta(t) ** 2), v: formula(t, excess)},
        squares,
        nonnegative_by_sign(le(0, eta(t) ** 2)),
        combine(le(0, excess), above, label="the excess is >= 0"),
        label="excesses counted",
    )
    past, start = reads_past(FROM_ZERO), reads_start(FROM_ZERO)
    early = combine(le(r(t), n), past, given(le(t, n)))
    at_read = axiom("bracket_inside", r(t), 0, n, evidence=[start, early])
    read = combine(
        eq(excess.xreplace({t: r(t)}) * eta(t) ** 2, (read_gradient(t) - LEAST) * eta(t) ** 2),
        (at_read, (read_gradient(t) - LEAST) * eta(t) ** 2),
    )
    here = axiom("bracket_inside", t, 0, n, evidence=[given(le(0, t)), given(le(t, n))])
    own = combine(
        eq(excess * eta(t) ** 2, (squared_gradient(t) - LEAST) * eta(t) ** 2),
        (here, (squared_gradient(t) - LEAST) * eta(t) ** 2),
    )
    return conclude(
        le(
            Sum(eta(t) ** 2 * (read_gradient(t) - LEAST), STEPS),
            m * Sum(eta(t) ** 2 * (squared_gradient(t) - LEAST), STEPS),
        ),
        counted,
        sum_over(read, *STEPS),
        sum_over(own, *STEPS),
        label="reads above the least, counted",
    )


# ------------------------------------------------------------------------- theorems


@cache
def charged() -> Fact:
    """The least squared gradient, times the weights, is at most the sum of the gains."""
    positive, limit = steps_between()
    following = substitute(least_at(), {t: t + 1}, label="at the next iterate")
    above, above_next = squared_gradient(t) - LEAST, squared_gradient(t + 1) - LEAST
    each = combine(
        le(0, mu * eta(t) / 2 * (above + above_next) - m * L / 4 * eta(t) ** 2 * above),
        (least_at(), positive, limit, m * L / 4),
        (following, positive, mu / 2),
        label="what the reads of an iterate cost",
    )
    return conclude(
        le(LEAST * Sum(WEIGHT, STEPS), Sum(GAIN, STEPS)),
        sum_over(each, *STEPS),
        (reads_counted_above_least(), L / 4),
        label="the least gradient charged",
    )


@cache
def weighed() -> Fact:
    """The weight of an update is >= 0."""
    positive, limit = steps_between()
    small = combine(
        le(0, 4 * mu - L * eta(t)), (limit, L), nonnegative_by_sign(le(2 * mu / m, 4 * mu))
    )
    return combine(le(0, WEIGHT), (positive, small, Rational(1, 4)), label="weights are >= 0")


@cache
def any_steps() -> Fact:
    """The theorem for steps below 2 mu/(m L) that do not increase, for multiplicity m."""
    return least_of_gains(gains(), charged(), weighed(), 4 * L)


@cache
def constant_parts() -> tuple[Fact, Fact, Fact]:
    """What the theorem rests on, for a constant step and the multiplicity s of the window."""
    (reads,) = Multiplicity(m=s, count=FROM_ZERO).allows
    positive = nonnegative_by_sign(le(0, eta0), label="steps are >= 0")
    limit = given(le(eta0, LIMIT.subs(m, s)))
    order = nonnegative_by_sign(le(eta0, eta0), label="a constant step")

    def constant(fact: Fact) -> Fact:
        fact = substitute(fact, {m: s}, label="the multiplicity of the window")
        fact = apply(fact, {eta: formula(t, eta0)}, positive, limit, order, label="a constant step")
        if reads not in fact.assumptions:
            return fact
        return discharge(fact, reads, window_multiplicity(FROM_ZERO), label="reads of the window")

    return constant(gains()), constant(charged()), constant(weighed())


@cache
def constant_step() -> Fact:
    """The theorem for a constant step eta <= 2 mu/(s L)."""
    return least_of_gains(*constant_parts(), 4 * L)


WHOLE = 1 + (tau_max + 2) * z


@cache
def guaranteed_level() -> Fact:
    """LEVEL a_t <= <grad F(x_t), grad F(x_j)> on the window, for a constant step."""
    positive = nonnegative_by_sign(le(0, eta0), label="steps are >= 0")
    return apply(
        guaranteed_on_window(),
        {eta: formula(t, eta0)},
        positive,
        given(le(eta0, SMALL)),
        label="a constant step",
    )


@cache
def small_enough() -> Fact:
    """Steps small enough for the guarantee are small enough for the theorem."""
    power = (1 + z) ** (tau_max + 1)
    share = 1 / ((tau_max + 1) * L * WHOLE * power)
    return combine(
        le(eta0, 2 * LEVEL / ((tau_max + 1) * L)),
        given(le(eta0, SMALL)),
        (substitute(bernoulli(), {n: tau_max + 1}), 2 * (1 + z) * share),
        (given(le(tau_max * z, 1)), (tau_max + 1) * z * share),
        nonnegative_by_sign(le(0, 2 * (1 + z) * share)),
        label="small enough",
    )


@cache
def nearly_free() -> Fact:
    """Without assuming coherence: steps up to z/(L (1 + z)^(tau+1)) guarantee it."""
    (assumed,) = GradientCoherence(mu=LEVEL, s=tau_max + 2, count=FROM_ZERO).allows

    def proved(fact: Fact) -> Fact:
        fact = substitute(fact, {mu: LEVEL, s: tau_max + 1}, label="at the guaranteed level")
        if assumed in fact.assumptions:
            fact = discharge(fact, assumed, guaranteed_level(), label="coherence is proved")
        limit = le(eta0, 2 * LEVEL / ((tau_max + 1) * L))
        if limit.expression in fact.conditions:
            fact = discharge(fact, limit, small_enough(), label="steps are small enough")
        return fact

    gained, charge, weight = (proved(fact) for fact in constant_parts())
    return least_of_gains(gained, charge, weight, 4 * L)
