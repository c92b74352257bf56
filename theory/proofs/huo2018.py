r"""Steps along a sufficient direction: the descent lemma, summed.

Notation: a_t = E|grad F(x_t)|^2.
"""

from functools import cache
from typing import Any

from sympy import Sum, log, sqrt

from theory import lemmas
from theory.assumptions import (
    FROM_ONE,
    FROM_ZERO,
    Counting,
    PositiveSteps,
    SomeStep,
    squared_gradient,
)
from theory.claims import formula, le
from theory.kernel import (
    Fact,
    combine,
    minimum,
    nonnegative_by_sign,
    reciprocal,
    substitute,
    sum_over,
)
from theory.symbols import M2, Delta, L, T, e0, eta, eta0, k, mu, n, s, sigma_d, t
from theory.tactics import apply

AVERAGED = (t, 0, T - 1)


@cache
def summed(count: Counting = FROM_ZERO, *, stale: bool) -> Fact:
    r"""T steps along a sufficient direction, for any steps eta_t >= 0.

    .. math:: \sigma_d\sum_{t<T}\eta_t a_t \leq \Delta + \tfrac{LM_2}2\sum_{t<T}\eta_t^2
    """
    index = count.index
    gain = sigma_d * eta(index) * squared_gradient(index)
    loss = L / 2 * M2 * eta(index) ** 2
    one_step = lemmas.sufficient_descent(count, stale=stale)
    total = lemmas.telescoped(one_step, gain - loss, count)
    last = nonnegative_by_sign(le(0, squared_gradient(count.last(n)) / (2 * L)))
    steps = count.range(n)
    dropped = combine(
        le(Sum(gain, steps), Delta + Sum(loss, steps)), total, last, label="drop the last gradient"
    )
    return substitute(dropped, {n: T}, label="T steps")


@cache
def fixed_step(stale: bool = False) -> Fact:
    """(1/T) sum a_t <= Delta/(sigma_d eta T) + eta L M_2/(2 sigma_d)."""
    positive = nonnegative_by_sign(le(0, eta0), label="steps are >= 0")
    constant = apply(
        summed(stale=stale), {eta: formula(t, eta0)}, positive, label="a constant step"
    )
    bound = Delta / (sigma_d * eta0 * T) + eta0 * L * M2 / (2 * sigma_d)
    return combine(
        le(Sum(squared_gradient(t), AVERAGED) / T, bound),
        (constant, 1 / (sigma_d * eta0 * T)),
        label="divide by sigma_d eta T",
    )


def stale_fixed_step() -> Fact:
    """The same for stale SGD, whose direction is the stale stochastic gradient."""
    return fixed_step(stale=True)


TUNED = e0 * sqrt(Delta / (T * L * M2))


@cache
def tuned_step() -> Fact:
    """(1/T) sum a_t <= (2 + e_0^2)/(2 e_0 sigma_d) sqrt(Delta L M_2/T) for the tuned step."""
    tuned = substitute(fixed_step(), {eta0: TUNED}, label="insert the tuned step")
    bound = (2 + e0**2) / (2 * e0 * sigma_d) * sqrt(Delta * L * M2 / T)
    return combine(
        le(Sum(squared_gradient(t), AVERAGED) / T, bound), tuned, label="balance the two terms"
    )


@cache
def any_steps(stale: bool = False) -> Fact:
    r"""The average with weights eta_t >= 0, after division by their sum Gamma_T.

    .. math:: \frac1{\Gamma_T}\sum_{t<T}\eta_ta_t
              \leq \frac\Delta{\sigma_d\Gamma_T} + \frac{LM_2}{2\sigma_d\Gamma_T}\sum_{t<T}\eta_t^2
    """
    have = lemmas.only(PositiveSteps(FROM_ZERO), SomeStep())
    total = have["some step"]
    weights = Sum(eta(t), AVERAGED)
    squares = Sum(eta(t) ** 2, AVERAGED)
    bound = Delta / (sigma_d * weights) + L * M2 * squares / (2 * sigma_d * weights)
    return combine(
        le(Sum(eta(t) * squared_gradient(t), AVERAGED) / weights, bound),
        (summed(stale=stale), 1 / sigma_d, reciprocal(total)),
        evidence=[total],
        label="divide by the weights",
    )


def stale_any_steps() -> Fact:
    """The same for stale SGD."""
    return any_steps(stale=True)


# ------------------------------------------------------------------------- coherence


def inverse_root() -> Any:
    """The steps of Dai et al., mu/(s L sqrt k)."""
    return mu / (s * L * sqrt(k))


@cache
def coherent() -> Fact:
    """min a_k <= (s L Delta/mu^2 + M_2 (1 + log T)/(2 s))/sqrt T for eta_k = mu/(s L sqrt k)."""
    step = inverse_root()
    steps = (k, 1, T)
    chosen = apply(
        substitute(summed(FROM_ONE, stale=True), {sigma_d: mu}, label="coherence as the constant"),
        {eta: formula(k, step)},
        lemmas.coherent_direction(),
        nonnegative_by_sign(le(0, step), under=[le(1, k)], label="steps are >= 0"),
        label="insert the step size",
    )
    least = lemmas.least_gradient(T)
    each = combine(
        le(least / sqrt(k), squared_gradient(k) / sqrt(k)),
        (minimum(squared_gradient(k), *steps), 1 / sqrt(k)),
        label="each gradient weighed",
    )
    some = nonnegative_by_sign(le(0, least), label="the least squared gradient is >= 0")
    harmonic = substitute(lemmas.harmonic_sum(), {n: T - 1}, label="1 + 1/2 + ... + 1/T")
    bound = s * L * Delta / mu**2 + M2 * (1 + log(T)) / (2 * s)
    return combine(
        le(least, bound / sqrt(T)),
        (chosen, s * L / mu**2 / sqrt(T)),
        (sum_over(each, *steps, label="the least is below each"), 1 / sqrt(T)),
        (lemmas.root_sum_above_root(), some, 1 / sqrt(T)),
        (harmonic, M2 / (2 * s * sqrt(T))),
        label="divide by sqrt(T)",
    )
