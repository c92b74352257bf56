r"""Inequality (C): every stochastic gradient is applied once, so the explicit s disappears."""

from functools import cache

from sympy import Integer, Sum

from theory import lemmas
from theory.algebra import Within
from theory.assumptions import BoundedDelay, F, InitialGap, gradient, squared_gradient, x
from theory.claims import eq, le
from theory.kernel import (
    Fact,
    axiom,
    combine,
    given,
    nonnegative_by_sign,
    pair,
    substitute,
    sum_over,
    when,
)
from theory.proofs.dai2019.fresh import (
    SQUARED_STEPS,
    H,
    S,
    fresh_noise_sum,
    inverse_root,
    sharp_weight,
    squared_steps,
    with_steps,
)
from theory.symbols import Delta, F_star, L, eta, j, k, m, mu, n, s, sigma, tau
from theory.tactics import apply, conclude


@cache
def early_reads() -> Fact:
    r"""Reads before the start cost the gradient at x_1, at the first s - 1 steps at most.

    .. math:: \sum_{k\leq n}\sum_{j=2-s}^{0}[j=\tau_k]\,\eta_k^2 a_j
              \leq a_1\sum_{k\leq s-1}\eta_k^2
    """
    read, early = Within(j, tau(k), tau(k)), Within(k, 1, s - 1)
    cost = eta(k) ** 2 * squared_gradient(1)
    prehistory = lemmas.only(BoundedDelay(prehistory=True))["prehistory"]
    at_start = conclude(
        eq(squared_gradient(j), squared_gradient(1)),
        pair(prehistory, gradient(j)),
        pair(prehistory, gradient(1)),
        label="the gradient before the start is that at x_1",
    )
    soon = combine(
        le(k, s - 1), lemmas.reads_lag(), given(le(tau(k), j)), given(le(j, 0)), label="then k < s"
    )
    is_early = axiom("bracket_inside", k, 1, s - 1, evidence=[soon])
    one_read = conclude(
        le(eta(k) ** 2 * squared_gradient(j), early * cost),
        (at_start, eta(k) ** 2),
        (is_early, -cost),
    )
    bracketed = when(one_read, j, tau(k), tau(k), label="inside the bracket j = tau_k")
    one_per_step = axiom("bracket_count", j, 2 - s, 0, (tau(k), tau(k)))
    step = combine(
        le(Sum(read * eta(k) ** 2 * squared_gradient(j), (j, 2 - s, 0)), early * cost),
        sum_over(bracketed, j, 2 - s, 0, label="sum over the indices before the start"),
        (one_per_step, early * cost),
        label="one read a step, and only early",
    )
    steps = sum_over(step, k, 1, n, label="sum over the steps")
    longer = axiom("split", early * eta(k) ** 2, k, 1, n, n + s - 1)
    rest = sum_over(
        nonnegative_by_sign(le(0, early * eta(k) ** 2)), k, n + 1, n + s - 1, label="more terms"
    )
    sifted = axiom("sift", eta(k) ** 2, k, 1, n + s - 1, (1, s - 1))
    return conclude(
        le(
            Sum(Sum(read * eta(k) ** 2 * squared_gradient(j), (j, 2 - s, 0)), (k, 1, n)),
            squared_gradient(1) * Sum(eta(k) ** 2, (k, 1, s - 1)),
        ),
        steps,
        (rest, squared_gradient(1)),
        longer,
        sifted,
        label="reads before the start",
    )


@cache
def single_use_sum() -> Fact:
    r"""The master inequality when every gradient is applied once.

    .. math:: \sum_{k\leq n}\bigl(\mu\eta_k-\tfrac L2\eta_k^2\bigr)a_k+\tfrac1{2L}a_{n+1}
              \leq\Delta+\tfrac{L\sigma^2}2\sum_{k\leq n}\eta_k^2+L^2\Delta\sum_{k\leq s-1}\eta_k^2
    """
    read = Within(j, tau(k), tau(k))
    term = read * eta(k) ** 2 * squared_gradient(j)
    after_start = apply(
        substitute(lemmas.brackets_counted(), {m: Integer(1)}),
        SQUARED_STEPS,
        *squared_steps(),
        label="reads after the start, counted",
    )
    in_range = combine(le(tau(k), n), lemmas.reads_past(), given(le(k, n)))
    from_start = combine(le(2 - s, tau(k)), lemmas.reads_lag(), given(le(1, k)))
    sifted = axiom(
        "sift",
        eta(k) ** 2 * squared_gradient(j),
        j,
        2 - s,
        n,
        (tau(k), tau(k)),
        evidence=[from_start, in_range],
    )
    written = sum_over(sifted, k, 1, n, label="write the value read as a sum of brackets")
    parts = axiom("split", term, j, 2 - s, 0, n)
    separated = sum_over(parts, k, 1, n, label="before and after the start")
    start = axiom("gradient_below_gap", F, L, F_star, x(1), label="the first gradient")
    gap = lemmas.only(InitialGap())["initial gap"]
    early_steps = Sum(eta(k) ** 2, (k, 1, s - 1))
    first = conclude(
        le(squared_gradient(1), 2 * L * Delta), start, (gap, 2 * L), label="a_1 <= 2 L Delta"
    )
    kept = (mu * eta(k) - L / 2 * eta(k) ** 2) * squared_gradient(k)
    return conclude(
        le(
            Sum(kept, (k, 1, n)) + squared_gradient(n + 1) / (2 * L),
            Delta + L * sigma**2 / 2 * Sum(eta(k) ** 2, (k, 1, n)) + L**2 * Delta * early_steps,
        ),
        fresh_noise_sum(prehistory=True),
        written,
        separated,
        (after_start, L / 2),
        (early_reads(), L / 2),
        (first, L / 2 * early_steps),
        label="master inequality, each gradient used once",
    )


@cache
def single_use_summed() -> Fact:
    """(C) before the division."""
    return lemmas.least_times_weights(
        with_steps(single_use_sum(), inverse_root(1)),
        sharp_weight(),
        1 / (2 * mu**2),
        L / mu**2,
        (1 + mu**2 * H(s - 1)) * L * Delta / mu**2 + sigma**2 * H(n) / 2,
    )


@cache
def single_use_proof() -> Fact:
    """(C), divided by the total weight S_n - H_n/2 + 1/(2 mu^2)."""
    summed = single_use_summed()
    total = S(n) - H(n) / 2 + 1 / (2 * mu**2)
    return lemmas.divided(summed, total, summed.claim.right / total, n + 1)
