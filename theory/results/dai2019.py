r"""Dai, Zhou, Dong, Zhang, Xing: Toward Understanding the Impact of Staleness in Distributed Machine
Learning. ICLR 2019, arXiv 1810.03264. Theorem 1, audited.

**Setting.** F is L-smooth, perhaps nonconvex, and bounded below; x_1 is the starting point. Step k
applies a stochastic gradient taken at an earlier iterate,

    x_{k+1} = x_k - eta_k (grad F(x_{tau_k}) + xi_k),      k - s + 1 <= tau_k <= k,

so s = 1 is the synchronous method (the maximal delay is s - 1). Here k counts from 1, as the steps
eta_k = mu/(s L sqrt k) must; tau_k is the index read, as in the paper, not the delay.

**Gradient coherence** at level mu on the window s: <grad F(x_k), grad F(x_j)> >= mu |grad F(x_k)|^2
for the last s iterates x_j. The proofs use it in expectation, which is weaker than for every path.

**Theorem 1, as recalled.** For eta_k = mu/(s L sqrt k),

    min_k E|grad F(x_k)|^2 <= (s L Delta/mu^2 + sigma^2 log T/s)/sqrt T.                        (*)

The printed step is infinite at k = 0, so the statement has to be re-indexed; which way the authors
meant is unknown. `published` takes the minimum over the T iterates k = 1..T, `published_from_zero`
over T + 1 iterates with eta_k = mu/(s L sqrt(k+1)). Both are false at s = 1 for the smallest T, and
both are true wherever `holds_when` says, by the sharper inequality (A), which is `sharp`.

**What the proof needs.** The counting step lets the same iterate be read up to s times, and the step
before it needs noise that is fresh at every read. If the very same stochastic gradient is applied
again, the noise is no longer independent of x_k, and (*) fails for large s; `reuse` is what holds
then. If each gradient is applied once, as in a real asynchronous system, the explicit s disappears:
`single_use`. And with a constant step the log T does too: `constant_step`.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from sympy import Integer, Min, Rational, Sum, log, sqrt

from theory import lemmas
from theory.algebra import Minimum, Within
from theory.assumptions import (
    BoundedDelay,
    BoundedVariance,
    ExogenousDelays,
    F,
    GradientCoherence,
    InitialGap,
    Multiplicity,
    NonincreasingSteps,
    Smooth,
    StaleSGD,
    StepLimit,
    UnbiasedNoise,
    gradient,
    objective,
    squared_gradient,
    x,
    xi,
)
from theory.claims import Claim, eq, formula, le
from theory.facts import Fact
from theory.hilbert import Inner
from theory.kernel import (
    axiom,
    combine,
    discharge,
    given,
    induct,
    nonnegative_by_sign,
    pair,
    reciprocal,
    rewrite,
    substitute,
    sum_over,
    when,
)
from theory.latex import minus, ratio, root, shown, terms, times
from theory.refutation import Refutation
from theory.symbols import Delta, F_star, L, T, c, eta, gamma, i, j, k, m, mu, n, s, sigma, tau
from theory.tactics import apply, conclude
from theory.theorem import Quantity, Source, Theorem
from theory.witness import quadratic, scaled_staircase

HALF = Rational(1, 2)
PAPER = "Dai, Zhou, Dong, Zhang, Xing, ICLR 2019 (arXiv 1810.03264)"
OURS = "derived here, after Theorem 1 of the paper; every step is checked by the kernel"
RECALLED = (
    "Theorem 1 as recalled; the printed page was not at hand, and the printed step is infinite at "
    "k = 0, so that the statement must be re-indexed; which reading the authors meant is unknown"
)


def S(last: Any) -> Any:
    """S_n = 1 + 1/sqrt 2 + ... + 1/sqrt n."""
    return Sum(1 / sqrt(k), (k, 1, last))


def H(last: Any) -> Any:
    """H_n = 1 + 1/2 + ... + 1/n."""
    return Sum(1 / k, (k, 1, last))


def least(last: Any) -> Any:
    """min over k = 1..last of E|grad F(x_k)|^2."""
    return Minimum(squared_gradient(k), (k, 1, last))


def least_gradient(last: Any) -> Quantity:
    """The quantity all theorems of the paper bound."""
    return Quantity(
        expression=least(last),
        iterates=last,
        words=f"min over k = 1..{last} of E|grad F(x_k)|^2",
    )


# ------------------------------------------------------------------------- Lemma: the sum of steps

FUNCTION = (Smooth(), InitialGap())
NOISE = (UnbiasedNoise(), ExogenousDelays(), BoundedVariance())


def coherent_read(prehistory: bool) -> Fact:
    """mu E|grad F(x_k)|^2 <= E<grad F(x_k), grad F(x_{tau_k})>: coherence at the index read."""
    have = lemmas.only(GradientCoherence(prehistory=prehistory))
    at_read = substitute(have["gradient coherence"], {j: tau(k)}, label="at the index read")
    at_read = discharge(at_read, le(tau(k), k), lemmas.READS_PAST)
    at_read = discharge(at_read, le(k - s + 1, tau(k)), lemmas.READS_LAG)
    return at_read if prehistory else discharge(at_read, le(1, tau(k)), lemmas.READS_START)


def telescoped(one_step: Fact, decrease: Any) -> Fact:
    """From F(x_{k+1}) <= F(x_k) - decrease(k) for every k: the sum, with F(x_{n+1}) estimated.

    Delta >= sum of decreases + |grad F(x_{n+1})|^2/(2L), the last term because one more step of
    length 1/L could not fall below inf F. (The paper drops it.)
    """
    gap = lemmas.only(InitialGap())["initial gap"]
    summed = sum_over(one_step, k, 1, n, label="sum over the steps")
    values = axiom("telescope", objective(k), k, 1, n, label="the values telescope")
    last = axiom("gradient_below_gap", F, L, F_star, x(n + 1), label="the last gradient")
    return conclude(
        le(Sum(decrease, (k, 1, n)) + squared_gradient(n + 1) / (2 * L), Delta),
        summed,
        values,
        (last, 1 / (2 * L)),
        gap,
        label="descent over n steps",
    )


@cache
def fresh_noise_sum(prehistory: bool = False) -> Fact:
    r"""Steps 1 to 3 of the proof, for any steps eta_k >= 0, before anything is counted.

    .. math:: \sum_{k\le n}\bigl(\mu\eta_k a_k - \tfrac L2\eta_k^2(a_{\tau_k}+\sigma^2)\bigr)
              + \tfrac1{2L}a_{n+1} \le \Delta, \qquad a_k = E|\nabla F(x_k)|^2
    """
    positive = lemmas.only(NonincreasingSteps())["steps are >= 0"]
    gain = mu * eta(k) * squared_gradient(k)
    loss = L / 2 * eta(k) ** 2 * (squared_gradient(tau(k)) + sigma**2)
    one_step = combine(
        le(objective(k + 1), objective(k) - gain + loss),
        lemmas.stale_descent(),
        (coherent_read(prehistory), positive),
        label="one coherent step",
    )
    return telescoped(one_step, gain - loss)


SQUARED_STEPS = {lemmas.u: formula(k, eta(k) ** 2), lemmas.v: formula(k, squared_gradient(k))}


@cache
def squared_steps() -> tuple[Fact, ...]:
    """What counting needs of the weights eta_k^2 and the values a_k: signs and order."""
    have = lemmas.only(NonincreasingSteps())
    positive = have["steps are >= 0"]
    order = combine(
        le(eta(k) ** 2, eta(j) ** 2),
        (have["non-increasing steps"], positive),
        (have["non-increasing steps"], substitute(positive, {k: j})),
        label="squares of steps do not increase",
    )
    return (
        order,
        nonnegative_by_sign(le(0, eta(k) ** 2)),
        nonnegative_by_sign(le(0, squared_gradient(k))),
    )


@cache
def master() -> Fact:
    r"""Step 4: each index is read at most m times.

    .. math:: \sum_{k\le n}\bigl(\mu\eta_k - \tfrac{mL}2\eta_k^2\bigr)a_k + \tfrac1{2L}a_{n+1}
              \le \Delta + \tfrac{L\sigma^2}2\sum_{k\le n}\eta_k^2
    """
    counted = apply(
        lemmas.reads_counted(), SQUARED_STEPS, *squared_steps(), label="stale gradients counted"
    )
    kept = (mu * eta(k) - m * L / 2 * eta(k) ** 2) * squared_gradient(k)
    return combine(
        le(
            Sum(kept, (k, 1, n)) + squared_gradient(n + 1) / (2 * L),
            Delta + L * sigma**2 / 2 * Sum(eta(k) ** 2, (k, 1, n)),
        ),
        fresh_noise_sum(),
        (counted, L / 2),
        label="master inequality",
    )


# ------------------------------------------------------------------------- Lemma: from sum to min


def with_steps(fact: Fact, step: Any, *constant: Claim) -> Fact:
    """The fact for a given step rule, whose sign and order are proved here."""
    chosen = {eta: formula(k, step)}
    positive = nonnegative_by_sign(le(0, step), under=[le(1, k), *constant], label="steps are >= 0")
    if k in step.free_symbols:  # a multiple of 1/sqrt(k)
        earlier = step.subs(k, j)
        order = combine(
            le(step, earlier),
            (lemmas.root_increases(), step / sqrt(j)),
            under=[le(1, j), le(j, k)],
            label="steps do not increase",
        )
    else:
        order = nonnegative_by_sign(le(step, step), label="a constant step")
    return apply(fact, chosen, positive, order, label="insert the step size")


def least_times_weights(
    fact: Fact, weight: Any, last_weight: Any, scale: Any, right: Any
) -> Fact:
    """From scale * (sum_k w_k a_k + c a_{n+1}) <= R: min a_k (sum w_k + c) <= R."""
    nonnegative = nonnegative_by_sign(le(0, weight), under=[le(1, k)], label="weights are >= 0")
    average = apply(
        substitute(lemmas.least_below_average(), {c: last_weight}),
        {lemmas.w: formula(k, weight), lemmas.v: formula(k, squared_gradient(k))},
        nonnegative,
        label="the least gradient is below the average",
    )
    total = Sum(weight, (k, 1, n)) + last_weight
    return combine(
        le(least(n + 1) * total, right), average, (fact, scale), label="least gradient, summed"
    )


def divided(fact: Fact, total: Any, bound: Any, last: Any) -> Fact:
    """From min a_k * total <= R: min a_k <= R/total."""
    positive = reciprocal(nonnegative_by_sign(Claim(Integer(0), "<", total), label="total weight"))
    return combine(
        le(least(last), bound), (fact, positive), evidence=[positive], label="divide by the weights"
    )


# ------------------------------------------------------------------------- (A): sharp


def inverse_root(multiple: Any) -> Any:
    """The paper's steps, mu/(multiple * L * sqrt k)."""
    return mu / (multiple * L * sqrt(k))


SHARP_WEIGHT = 1 / sqrt(k) - 1 / (2 * k)


@cache
def sharp_summed() -> Fact:
    """(A) before the division, for multiplicity m."""
    return least_times_weights(
        with_steps(master(), inverse_root(m)),
        SHARP_WEIGHT,
        m / (2 * mu**2),
        m * L / mu**2,
        m * L * Delta / mu**2 + sigma**2 * H(n) / (2 * m),
    )


def sharp_bound(factor: Any, last: Any) -> Any:
    """The right side of (A)."""
    return ratio(
        terms(ratio(times(factor, L, Delta), mu**2), ratio(times(sigma**2, H(last)), times(2, factor))),
        terms(S(last), minus(ratio(H(last), 2)), ratio(factor, times(2, mu**2))),
    )


sharp = Theorem(
    name="dai2019.sharp",
    title="Theorem 1 with its sharp constants, for multiplicity m",
    source=Source(citation=PAPER, statement="inequality (A)", status=OURS),
    assumptions=(
        StaleSGD(inverse_root(m)),
        *FUNCTION,
        *NOISE,
        GradientCoherence(),
        BoundedDelay(),
        Multiplicity(),
    ),
    step=ratio(mu, times(m, L, root(k))),
    quantity=least_gradient(n + 1),
    bound=sharp_bound(m, n),
    horizon=n,
    steps=n,
    proof=lambda: divided(
        sharp_summed(),
        S(n) - H(n) / 2 + m / (2 * mu**2),
        sharp_bound(m, n).expression,
        n + 1,
    ),
    remark="For large n this is half the first and a quarter of the second constant of Theorem 1.",
)


# ------------------------------------------------------------------------- (C): single use


@cache
def early_reads() -> Fact:
    r"""Reads before the start cost the gradient at x_1, at the first s - 1 steps at most.

    .. math:: \sum_{k\le n}\sum_{j=2-s}^{0}[j=\tau_k]\,\eta_k^2 a_j
              \le a_1\sum_{k\le s-1}\eta_k^2
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
        le(k, s - 1), lemmas.READS_LAG, given(le(tau(k), j)), given(le(j, 0)), label="then k < s"
    )
    is_early = axiom("bracket_inside", k, 1, s - 1, evidence=[given(le(1, k)), soon])
    one_read = conclude(
        le(eta(k) ** 2 * squared_gradient(j), early * cost), (at_start, eta(k) ** 2), (is_early, -cost)
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

    .. math:: \sum_{k\le n}\bigl(\mu\eta_k-\tfrac L2\eta_k^2\bigr)a_k+\tfrac1{2L}a_{n+1}
              \le\Delta+\tfrac{L\sigma^2}2\sum_{k\le n}\eta_k^2+L^2\Delta\sum_{k\le s-1}\eta_k^2
    """
    read = Within(j, tau(k), tau(k))
    term = read * eta(k) ** 2 * squared_gradient(j)
    after_start = apply(
        substitute(lemmas.brackets_counted(), {m: Integer(1)}),
        SQUARED_STEPS,
        *squared_steps(),
        label="reads after the start, counted",
    )
    in_range = combine(le(tau(k), n), lemmas.READS_PAST, given(le(k, n)))
    from_start = combine(le(2 - s, tau(k)), lemmas.READS_LAG, given(le(1, k)))
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
            Delta
            + L * sigma**2 / 2 * Sum(eta(k) ** 2, (k, 1, n))
            + L**2 * Delta * early_steps,
        ),
        fresh_noise_sum(prehistory=True),
        written,
        separated,
        (after_start, L / 2),
        (early_reads(), L / 2),
        (first, L / 2 * early_steps),
        label="master inequality, each gradient used once",
    )
