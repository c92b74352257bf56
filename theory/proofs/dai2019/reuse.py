r"""The corrected inequality when the same stochastic gradient may be applied again.

The noise met again at step k is that of the iterate read, xi_{tau_k}; it is not independent of x_k.
"""

from functools import cache
from typing import Any

from sympy import Sum

from theory import lemmas
from theory.assumptions import (
    BoundedVariance,
    F,
    NonincreasingSteps,
    StaleSGD,
    gradient,
    objective,
    squared_gradient,
    x,
    xi,
)
from theory.claims import formula, le
from theory.hilbert import Inner
from theory.kernel import (
    Fact,
    axiom,
    combine,
    discharge,
    given,
    nonnegative_by_sign,
    rewrite,
    substitute,
    sum_over,
)
from theory.lemmas.counting import v
from theory.proofs.dai2019.fresh import (
    SQUARED_STEPS,
    H,
    S,
    inverse_root,
    sharp_weight,
    squared_steps,
    with_steps,
)
from theory.symbols import Delta, L, eta, i, k, m, mu, n, s, sigma, tau
from theory.tactics import apply, conclude


@cache
def noise_met_again(place: Any) -> Fact:
    """E|grad F(x_{tau_k}) + xi_{tau_k}|^2 <= a_{tau_k} + sigma^2: noise and gradient read agree."""
    variance = lemmas.only(BoundedVariance())["bounded variance"]
    bounded = discharge(
        substitute(variance, {k: tau(k)}), le(1, tau(k)), lemmas.reads_start(), label="variance"
    )
    apart = axiom("unbiased", xi(tau(k)), gradient(tau(k)), label="the noise of a read")
    applied = gradient(tau(k)) + xi(tau(k))
    here = conclude(
        le(Inner(applied, applied), squared_gradient(tau(k)) + sigma**2), bounded, apart
    )
    return substitute(here, {k: place}, label="size of the stochastic gradient applied")


@cache
def reuse_step() -> Fact:
    r"""One step when the noise is that of the iterate read: it is not independent of x_k.

    The cross term is -eta_k <xi_{tau_k}, grad F(x_k) - grad F(x_{tau_k})>, a telescoping sum whose
    terms are bounded by Young's inequality and smoothness.
    """
    update = lemmas.only(StaleSGD(reuse=True))["stale SGD"]
    positive = lemmas.only(NonincreasingSteps())["steps are >= 0"]
    noise, move = xi(tau(k)), gradient(i + 1) - gradient(i)
    smooth = axiom("lipschitz_gradient", F, L, x(i + 1), x(i), label="smoothness along the run")
    moved = rewrite(
        smooth, substitute(update, {k: i}), x(i + 1), label="a step moves the gradient little"
    )
    variance = discharge(
        substitute(lemmas.only(BoundedVariance())["bounded variance"], {k: tau(k)}),
        le(1, tau(k)),
        lemmas.reads_start(),
    )
    size = eta(i) ** 2 * (squared_gradient(tau(i)) + sigma**2)
    young = combine(
        le(-eta(k) * Inner(noise, move), L / 2 * eta(k) ** 2 * sigma**2 + L / 2 * size),
        (moved, 1 / (2 * L)),
        (noise_met_again(i), L / 2 * eta(i) ** 2),
        (variance, L / 2 * eta(k) ** 2),
        squares=[(L * eta(k) * noise + move, 1 / (2 * L))],
        label="Young's inequality for one step of the window",
    )
    window = sum_over(
        young,
        i,
        tau(k),
        k - 1,
        evidence=[
            combine(le(1, i), lemmas.reads_start(), given(le(tau(k), i))),
            lemmas.reads_past(),
        ],
        label="sum over the window from read to write",
    )
    telescopes = axiom(
        "telescope", Inner(noise, gradient(i)), i, tau(k), k - 1, label="the window telescopes"
    )
    at_read = axiom("unbiased", noise, gradient(tau(k)), label="the noise does not see its iterate")
    descent = rewrite(
        axiom("descent", F, L, x(k), x(k + 1), label="descent lemma"), update, x(k + 1)
    )
    sizes = L / 2 * Sum(eta(i) ** 2 * (squared_gradient(tau(i)) + sigma**2), (i, tau(k), k - 1))
    return conclude(
        le(
            objective(k + 1),
            objective(k)
            - mu * eta(k) * squared_gradient(k)
            + L / 2 * eta(k) ** 2 * (squared_gradient(tau(k)) + s * sigma**2)
            + sizes,
        ),
        descent,
        (lemmas.coherent_read(prehistory=False), positive),
        (noise_met_again(k), L / 2 * eta(k) ** 2),
        window,
        (lemmas.reads_lag(), L / 2 * sigma**2 * eta(k) ** 2),
        telescopes,
        at_read,
        label="one coherent step with noise met again",
    )


@cache
def reuse_sum() -> Fact:
    r"""The corrected master inequality.

    .. math:: \sum_{k\leq n}\bigl(\mu\eta_k-\tfrac{Ls^2}2\eta_k^2\bigr)a_k+\tfrac1{2L}a_{n+1}
              \leq\Delta+\tfrac{L\sigma^2}2(2s-1)\sum_{k\leq n}\eta_k^2
    """
    stale = squared_gradient(tau(k))
    gain = mu * eta(k) * squared_gradient(k)
    loss = L / 2 * eta(k) ** 2 * (stale + s * sigma**2)
    window = L / 2 * Sum(eta(i) ** 2 * (squared_gradient(tau(i)) + sigma**2), (i, tau(k), k - 1))
    summed = lemmas.telescoped(reuse_step(), gain - loss - window)
    sizes = formula(k, eta(k) ** 2 * (stale + sigma**2))
    windows = apply(
        lemmas.windows_counted(),
        {v: sizes},
        nonnegative_by_sign(le(0, sizes(k))),
        label="each step lies in at most s - 1 windows",
    )
    counted = apply(
        substitute(lemmas.reads_counted(), {m: s}),
        SQUARED_STEPS,
        *squared_steps(),
        lemmas.window_multiplicity(),
        label="stale gradients counted",
    )
    kept = (mu * eta(k) - s**2 * L / 2 * eta(k) ** 2) * squared_gradient(k)
    return combine(
        le(
            Sum(kept, (k, 1, n)) + squared_gradient(n + 1) / (2 * L),
            Delta + L * sigma**2 / 2 * (2 * s - 1) * Sum(eta(k) ** 2, (k, 1, n)),
        ),
        summed,
        (windows, L / 2),
        (counted, L / 2 * s),
        label="master inequality with re-use",
    )


@cache
def reuse_proof() -> Fact:
    """The corrected bound for eta_k = mu/(s^2 L sqrt k)."""
    summed = lemmas.least_times_weights(
        with_steps(reuse_sum(), inverse_root(s**2)),
        sharp_weight(),
        s**2 / (2 * mu**2),
        s**2 * L / mu**2,
        s**2 * L * Delta / mu**2 + (2 * s - 1) * sigma**2 * H(n) / (2 * s**2),
    )
    total = S(n) - H(n) / 2 + s**2 / (2 * mu**2)
    return lemmas.divided(summed, total, summed.claim.right / total, n + 1)
