r"""M gradients an update, a constant step, and the one that balances the two terms."""

from functools import cache
from typing import Any

from sympy import Sum, sqrt

from theory.assumptions import squared_gradient
from theory.claims import formula, le
from theory.kernel import (
    Fact,
    axiom,
    combine,
    discharge,
    given,
    nonnegative_by_sign,
    substitute,
    sum_over,
)
from theory.lemmas.parts import RECENT
from theory.proofs.lian2015.several import STEPS, summed
from theory.symbols import B, Delta, L, T, eta, eta0, j, n, sigma, t, tau_max
from theory.tactics import apply

ROOT = 2 / (1 + sqrt(1 + 8 * tau_max**2))  # of h + 2 tau^2 h^2 = 1
LIMIT = ROOT / (L * B)
BALANCED = sqrt(Delta / (B * L * T * sigma**2))
LONG = le(4 * B * L * Delta * (tau_max + 1) ** 2 / sigma**2, T)


def condition(step: Any) -> Any:
    """L B eta + 2 L^2 B^2 tau^2 eta^2 <= 1."""
    h = L * B * step
    return le(h + 2 * tau_max**2 * h**2, 1)


@cache
def constant_step() -> Fact:
    """The average of a_t for a constant step, under the condition that is a quadratic in it."""
    positive = nonnegative_by_sign(le(0, eta0), label="steps are >= 0")
    fits = combine(
        le(L * B * eta0 + 2 * L**2 * B**2 * tau_max * eta0 * Sum(eta0, (j, t + 1, t + tau_max)), 1),
        given(condition(eta0)),
        label="tau steps that follow",
    )
    chosen = apply(summed(), {eta: formula(t, eta0)}, positive, fits, label="a constant step")
    earliest = axiom("largest_above", t - tau_max, 0)
    recent = sum_over(
        combine(le(Sum(eta0**2, RECENT), tau_max * eta0**2), (earliest, eta0**2)),
        *STEPS,
        label="steps of the last tau updates",
    )
    noise = L * eta0 * sigma**2 + 2 * L**2 * B * eta0**2 * tau_max * sigma**2
    scale = 2 / (B * eta0 * T)
    return combine(
        le(
            Sum(squared_gradient(t), (t, 0, T - 1)) / T,
            2 * Delta / (B * eta0 * T) + noise,
        ),
        (substitute(chosen, {n: T}), scale),
        (substitute(recent, {n: T}), L**2 * B**2 * sigma**2 * eta0, scale),
        label="the average squared gradient",
    )


@cache
def several_constant() -> Fact:
    """The same up to the step limit, which is the root of the condition."""
    h = L * B * eta0
    fits = combine(
        condition(eta0),
        (given(le(eta0, LIMIT)), L * B + 2 * L * B * tau_max**2 * (ROOT + h)),
        label="the step limit is the root",
    )
    return discharge(constant_step(), condition(eta0), fits, label="up to the step limit")


@cache
def balanced_step() -> Fact:
    """L B eta <= 1/(2 (tau + 1)) for the balanced step and T large enough."""
    h, most = L * B * BALANCED, 1 / (2 * (tau_max + 1))
    return combine(
        le(h, most),
        (given(LONG), most**2 / T, 1 / (most + h)),
        label="the balanced step is short",
    )


@cache
def balanced() -> Fact:
    """(1/T) sum a_t <= 4 sqrt(Delta L sigma^2/(B T))."""
    h, most = L * B * BALANCED, 1 / (2 * (tau_max + 1))
    left = nonnegative_by_sign(le(0, 1 - most - 2 * tau_max**2 * most**2))
    fits = combine(
        condition(BALANCED),
        (balanced_step(), 1 + 2 * tau_max**2 * (most + h)),
        left,
        label="the balanced step meets the condition",
    )
    chosen = substitute(constant_step(), {eta0: BALANCED}, label="the balanced step")
    chosen = discharge(chosen, condition(BALANCED), fits)
    term = L * BALANCED * sigma**2
    return combine(
        le(
            Sum(squared_gradient(t), (t, 0, T - 1)) / T,
            4 * sqrt(Delta * L * sigma**2 / (B * T)),
        ),
        chosen,
        (balanced_step(), 2 * tau_max * term),
        nonnegative_by_sign(le(0, term / (tau_max + 1)), label="one delay to spare"),
        label="balance the two terms",
    )
