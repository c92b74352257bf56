r"""Small steps make staleness free: the changes of the gradient pay for its age.

Notation: a_t = |grad F(x_t)|^2, b_t = |grad F(y_t)|^2 at the point read, d_t the squared change of
the gradient over update t, W_t the sum of these changes over the window of update t.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from sympy import Integer, Rational, Sum

from theory.assumptions import (
    FROM_ZERO,
    PositiveSteps,
    StepLimit,
    objective,
    squared_gradient,
)
from theory.claims import formula, le, lt
from theory.hilbert import Scalar
from theory.kernel import (
    Fact,
    axiom,
    combine,
    given,
    nonnegative_by_sign,
    substitute,
    sum_over,
)
from theory.lemmas.averages import LEAST, least_at, least_of_gains, least_read
from theory.lemmas.changes import changed, changed_nonnegative, gradients_apart
from theory.lemmas.constant_step import STEPS, WINDOW, longest_delay, read_gradient
from theory.lemmas.counting import reads_past, v, windows_counted
from theory.lemmas.descent import only, telescoped
from theory.lemmas.interpolation import convex_stale_interpolation, stale_interpolation
from theory.symbols import Delta, L, eta, eta0, j, n, r, s, t, tau_max
from theory.tactics import apply, conclude

NONCONVEX_LIMIT = 1 / (L * (tau_max**2 + (tau_max + 1) ** 2))
CONVEX_LIMIT = 1 / (L * (tau_max + 1) ** 2)


@cache
def window_nonnegative() -> Fact:
    """W_t >= 0."""
    past = reads_past(FROM_ZERO)
    return sum_over(
        changed_nonnegative(), *WINDOW, evidence=[past], label="a sum of squares is >= 0"
    )


@cache
def aged(last: Any) -> Fact:
    r"""How far the gradient has moved from the read to after update l = `last`, t - 1 or t.

    .. math:: \|\nabla F(x_{l+1})-\nabla F(y_t)\|^2 \leq (l+1-t+\tau)\sum_{j=t-\tau_t}^l d_j
    """
    limits = (j, r(t), last)
    one = nonnegative_by_sign(lt(0, 1))
    evidence = [reads_past(FROM_ZERO)]
    apart = gradients_apart(limits, Integer(1), one, evidence)
    some = sum_over(changed_nonnegative(), *limits, evidence=evidence)
    return combine(
        le(apart.claim.left, (last + 1 - t + tau_max) * Sum(changed(j), limits)),
        apart,
        (longest_delay(), some),
        label="the gradient since the read",
    )


class Kind(NamedTuple):
    """What the two versions of the theorem differ in."""

    limit: Scalar  # of the step sizes
    step: Callable[[], Fact]  # one stale step, interpolated
    gained: Scalar  # what one step gains
    weight: Scalar  # the same if all squared gradients were 1
    window: Scalar  # what one window costs, times the step limit
    own: Scalar  # what the change of the update itself costs, times the step limit
    left: Scalar  # what interpolation leaves of it, with a minus sign


NONCONVEX = Kind(
    limit=NONCONVEX_LIMIT,
    step=stale_interpolation,
    gained=eta(t) / 4 * (2 * read_gradient(t) + squared_gradient(t) + squared_gradient(t + 1))
    - L / 4 * eta(t) ** 2 * read_gradient(t),
    weight=eta(t) - L / 4 * eta(t) ** 2,
    window=(2 * tau_max + 1) / 4,
    own=(tau_max + 1) / 4,
    left=1 / (4 * L),
)
CONVEX = Kind(
    limit=CONVEX_LIMIT,
    step=convex_stale_interpolation,
    gained=eta(t) / 2 * (read_gradient(t) + squared_gradient(t + 1)),
    weight=eta(t),
    window=(tau_max + 1) / 2,
    own=(tau_max + 1) / 2,
    left=1 / (2 * L),
)


def steps_between(limit: Scalar) -> tuple[Fact, Fact]:
    """0 <= eta_t, and eta_t <= limit."""
    have = only(PositiveSteps(FROM_ZERO), StepLimit(limit, FROM_ZERO))
    return have["steps are >= 0"], have["step limit"]


@cache
def one_step(kind: Kind) -> Fact:
    r"""One stale step: what is gained, and what the age of the gradient costs.

    .. math:: F(x_{t+1}) \leq F(x_t) - \text{gained} + H(\text{window}\cdot W_t
              + \text{own}\cdot d_t) - \text{left}\cdot d_t, \qquad \eta_t\leq H
    """
    positive, limit = steps_between(kind.limit)
    within, latest = Sum(changed(j), WINDOW), substitute(changed_nonnegative(), {j: t})
    share = Rational(1, 4) if kind is NONCONVEX else Rational(1, 2)
    ages = [(aged(t), positive, share)]
    if kind is NONCONVEX:
        ages.append((aged(t - 1), positive, share))
    return conclude(
        le(
            objective(t + 1),
            objective(t)
            - kind.gained
            + kind.limit * kind.window * within
            + (kind.limit * kind.own - kind.left) * changed(t),
        ),
        kind.step(),
        *ages,
        (axiom("split", changed(j), j, r(t), t - 1, t), eta(t) * kind.own),
        (limit, window_nonnegative(), kind.window),
        (limit, latest, kind.own),
        label="one stale step, the age of the gradient paid",
    )


@cache
def gains(kind: Kind) -> Fact:
    """n steps: the sum of the gains, and |grad F(x_n)|^2/(2L), are at most Delta."""
    step = one_step(kind)
    total = telescoped(step, objective(t) - step.claim.right, FROM_ZERO)
    counted = apply(
        substitute(windows_counted(FROM_ZERO), {s: tau_max + 1}),
        {v: formula(t, changed(t))},
        substitute(changed_nonnegative(), {j: t}),
        label="changes of the windows, counted",
    )
    return combine(
        le(Sum(kind.gained, STEPS) + squared_gradient(n) / (2 * L), Delta),
        total,
        (counted, kind.limit * kind.window),
        label="the changes of the gradient pay for its age",
    )


# ------------------------------------------------------------------------- the least gradient


@cache
def charged(kind: Kind) -> Fact:
    """The least squared gradient, times the weight of an update, is at most what it gains."""
    positive, _ = steps_between(kind.limit)
    least, following = least_at(), substitute(least_at(), {t: t + 1}, label="at the next iterate")
    if kind is CONVEX:
        half = Rational(1, 2)
        parts: list[Any] = [(least_read(), positive, half), (following, positive, half)]
    else:
        parts = [
            (least_read(), positive, spared(kind, 2), Rational(1, 4)),
            (least, positive, Rational(1, 4)),
            (following, positive, Rational(1, 4)),
        ]
    return combine(le(kind.weight * LEAST, kind.gained), *parts, label="an update charged")


@cache
def all_charged(kind: Kind) -> Fact:
    """The same, summed over the n updates."""
    return sum_over(charged(kind), *STEPS, label="sum over the updates")


@cache
def spared(kind: Kind, number: int) -> Fact:
    """L eta_t is at most 1, and so at most a number."""
    _, limit = steps_between(kind.limit)
    small = nonnegative_by_sign(le(L * kind.limit, number), label="the limit is small")
    return combine(le(0, number - L * eta(t)), (limit, L), small, label="L eta_t is small")


@cache
def weighed(kind: Kind) -> Fact:
    """The weight of an update is >= 0."""
    positive, _ = steps_between(kind.limit)
    if kind is CONVEX:
        return positive
    return combine(
        le(0, kind.weight), (positive, spared(kind, 4), Rational(1, 4)), label="weights are >= 0"
    )


@cache
def any_steps(kind: Kind) -> Fact:
    """The theorem for steps eta_t that vary below the limit."""
    return least_of_gains(gains(kind), all_charged(kind), weighed(kind), 1 / kind.left)


@cache
def constant_step(kind: Kind) -> Fact:
    """The theorem for a constant step below the limit."""
    limit = given(le(eta0, kind.limit))
    positive = nonnegative_by_sign(le(0, eta0), label="steps are >= 0")

    def constant(fact: Fact) -> Fact:
        return apply(fact, {eta: formula(t, eta0)}, positive, limit, label="a constant step")

    return least_of_gains(
        constant(gains(kind)), constant(all_charged(kind)), constant(weighed(kind)), 1 / kind.left
    )
