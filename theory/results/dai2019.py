r"""Dai, Zhou, Dong, Zhang, Xing (ICLR 2019): Theorem 1, audited.

*Toward Understanding the Impact of Staleness in Distributed Machine Learning*, arXiv 1810.03264.

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

**What the proof needs.** The counting step lets the same iterate be read up to s times, and the
step before it needs noise that is fresh at every read. If the very same stochastic gradient is
applied again, the noise is no longer independent of x_k, and (*) fails for large s; `reuse` is what
holds then. If each gradient is applied once, as in a real asynchronous system, the explicit s
disappears: `single_use`. And with a constant step the log T does too: `constant_step`.

**Coherence that need not be assumed.** Without noise, steps up to mu/(s L) are coherent at level mu
by themselves for every mu <= 1/e, whatever s: `automatic_coherence`.
"""

from typing import Any

from sympy import Integer, Rational, Sum, log, sqrt

from theory.assumptions import (
    FROM_ONE,
    BoundedDelay,
    BoundedVariance,
    ExogenousDelays,
    GradientCoherence,
    InitialGap,
    Multiplicity,
    Smooth,
    StaleSGD,
    UnbiasedNoise,
)
from theory.claims import le
from theory.exact_runs import ExactRun
from theory.latex import minus, ratio, root, shown, smaller, terms, times
from theory.proofs.dai2019 import constant, fresh
from theory.proofs.dai2019 import published as printed
from theory.proofs.dai2019 import reuse as again
from theory.proofs.dai2019 import single_use as once
from theory.quantities import SQUARED_GRADIENT, Quantity, least
from theory.symbols import Delta, L, T, eta0, k, m, mu, n, s, sigma
from theory.theorem import Source, Theorem
from theory.witness import quadratic, scaled_staircase

PAPER = "Dai, Zhou, Dong, Zhang, Xing, ICLR 2019 (arXiv 1810.03264)"
OURS = "derived here, after Theorem 1 of the paper; every step is checked by the kernel"
RECALLED = (
    "as recalled, the printed page was not at hand; the printed step is infinite at k = 0, so the "
    "statement must be re-indexed, and which reading the authors meant is unknown"
)


# ------------------------------------------------------------------------- Setting

FUNCTION = (Smooth(), InitialGap())
NOISE = (UnbiasedNoise(), ExogenousDelays(), BoundedVariance())
SETTING = (*FUNCTION, *NOISE, GradientCoherence(), BoundedDelay())

S_n = Sum(1 / sqrt(k), (k, 1, n))  # 1 + 1/sqrt 2 + ... + 1/sqrt n
H_n = Sum(1 / k, (k, 1, n))  # 1 + 1/2 + ... + 1/n


def least_gradient(iterates: Any) -> Quantity:
    """min over k = 1, ..., iterates of E|grad F(x_k)|^2."""
    return least(SQUARED_GRADIENT, iterates, FROM_ONE)


# ------------------------------------------------------------------------- (A)

sharp = Theorem(
    name="dai2019.sharp",
    title="Theorem 1 with sharp constants, for multiplicity m",
    source=Source(citation=PAPER, statement="inequality (A)", status=OURS),
    assumptions=(StaleSGD(ratio(mu, times(m, L, root(k)))), *SETTING, Multiplicity()),
    step=ratio(mu, times(m, L, root(k))),
    quantity=least_gradient(n + 1),
    bound=ratio(
        terms(ratio(times(m, L, Delta), mu**2), times(ratio(sigma**2, times(2, m)), H_n)),
        terms(S_n, minus(times(Rational(1, 2), H_n)), ratio(m, times(2, mu**2))),
    ),
    horizon=n,
    steps=n,
    proof=fresh.sharp_proof,
    remark="For large n this is half the first and a quarter of the second constant of Theorem 1.",
)


# ------------------------------------------------------------------------- (C)

single_use = Theorem(
    name="dai2019.single_use",
    title="each stochastic gradient applied once: no explicit s",
    source=Source(citation=PAPER, statement="inequality (C)", status=OURS),
    assumptions=(
        StaleSGD(ratio(mu, times(L, root(k)))),
        *FUNCTION,
        *NOISE,
        GradientCoherence(prehistory=True),
        BoundedDelay(prehistory=True),
        Multiplicity(m=Integer(1)),
    ),
    step=ratio(mu, times(L, root(k))),
    quantity=least_gradient(n + 1),
    bound=ratio(
        terms(
            ratio(
                times(terms(1, times(mu**2, Sum(1 / k, (k, 1, s - 1)))), L, Delta),
                mu**2,
            ),
            times(ratio(sigma**2, 2), H_n),
        ),
        terms(S_n, minus(times(Rational(1, 2), H_n)), ratio(1, times(2, mu**2))),
    ),
    horizon=n,
    steps=n,
    proof=once.single_use_proof,
    remark=(
        "What a real asynchronous system does; gradients computed before the start are at x_1. "
        "The staleness enters through log s (the cold start) and through mu only."
    ),
)


# ------------------------------------------------------------------------- re-use

reuse = Theorem(
    name="dai2019.reuse",
    title="the corrected inequality when a stochastic gradient may be applied again",
    source=Source(citation=PAPER, statement="the literal xi(tau_k) of Theorem 1", status=OURS),
    assumptions=(StaleSGD(ratio(mu, times(s**2, L, root(k))), reuse=True), *SETTING),
    step=ratio(mu, times(s**2, L, root(k))),
    quantity=least_gradient(n + 1),
    bound=ratio(
        terms(
            ratio(times(s**2, L, Delta), mu**2),
            times(ratio(times(terms(2 * s, -1), sigma**2), times(2, s**2)), H_n),
        ),
        terms(S_n, minus(times(Rational(1, 2), H_n)), ratio(s**2, times(2, mu**2))),
    ),
    horizon=n,
    steps=n,
    proof=again.reuse_proof,
    remark=(
        "An iterate that is read again brings its old noise; that noise is fresh only when the "
        "iterate is read for the first time."
    ),
)


# ------------------------------------------------------------------------- constant steps

any_constant_step = Theorem(
    name="dai2019.any_constant_step",
    title="a constant step eta, for multiplicity m",
    source=Source(citation=PAPER, statement="remark on constant steps", status=OURS),
    assumptions=(StaleSGD(eta0), *SETTING, Multiplicity(n=T - 1)),
    conditions=(le(mu, 1),),
    step=shown(eta0),
    step_limit=ratio(mu, times(m, L)),
    quantity=least_gradient(T),
    bound=terms(ratio(times(2, Delta), times(mu, eta0, T)), ratio(times(L, sigma**2, eta0), mu)),
    horizon=T,
    steps=T - 1,
    proof=constant.constant_step_proof,
    remark="mu <= 1 holds by itself wherever the gradient is not 0 (the window contains k).",
)

TUNED_STEP = smaller(ratio(mu, times(m, L)), root(ratio(times(2, Delta), times(L, sigma**2, T))))

constant_step = Theorem(
    name="dai2019.constant_step",
    title="the constant step tuned to the horizon: O(1/sqrt T) without log T",
    source=Source(citation=PAPER, statement="remark on constant steps", status=OURS),
    assumptions=(
        StaleSGD(TUNED_STEP),
        *SETTING,
        Multiplicity(n=T - 1),
    ),
    conditions=(le(mu, 1),),
    step=TUNED_STEP,
    quantity=least_gradient(T),
    bound=terms(
        ratio(times(2, m, L, Delta), times(mu**2, T)),
        times(ratio(2, mu), root(ratio(times(2, L, Delta, sigma**2), T))),
    ),
    horizon=T,
    steps=T - 1,
    proof=constant.tuned_step_proof,
    remark="The leading term does not depend on s; with sigma = 0 the rate is 1/T.",
)


# ------------------------------------------------------------------------- (*), as published

PRINTED = ratio(terms(ratio(times(s, L, Delta), mu**2), ratio(times(sigma**2, log(T)), s)), root(T))


def reading(name: str, title: str, last: Any, *, reuse: bool = False, **more: Any) -> Theorem:
    """Theorem 1 with the minimum over the iterates k = 1..last, where last is T or T + 1."""
    return Theorem(
        name=f"dai2019.{name}",
        title=title,
        source=Source(citation=PAPER, statement="Theorem 1", status=RECALLED),
        assumptions=(StaleSGD(ratio(mu, times(s, L, root(k))), reuse=reuse), *SETTING),
        step=ratio(mu, times(s, L, root(k))),
        quantity=least_gradient(last),
        bound=PRINTED,
        horizon=T,
        steps=last - 1,
        **more,
    )


STALE = le(2 * mu**2, s)
COHERENCE_AT_MOST_ONE = le(mu, 1)

published_if_stale = reading(
    "published_if_stale",
    "Theorem 1 over T iterates, true for s >= 2 mu^2 (every s >= 2), all T",
    T,
    conditions=(STALE,),
    proof=printed.if_stale,
)

published_if_long = reading(
    "published_if_long",
    "Theorem 1 over T iterates, true for T >= 5, all s",
    T,
    conditions=(le(5, T), COHERENCE_AT_MOST_ONE),
    proof=printed.if_long,
)

published_if_weighty = reading(
    "published_if_weighty",
    "Theorem 1 over T iterates, true wherever the weights of (A) reach sqrt T",
    T,
    conditions=(le(sqrt(T), printed.weight(T - 1)),),
    proof=printed.if_weighty,
    remark=(
        "For s = 1 the condition reads 1/mu^2 >= 2, 1.828, 1.550, 1.264 at T = 1, 2, 3, 4. "
        "Between there and mu = 1 nothing is proved at T = 3 and 4, and no violation is known."
    ),
)

SYNCHRONOUS_COUNTEREXAMPLES = (
    ExactRun(
        words="F = x^2/2 from x_1 = 1 (no step is taken)",
        constants={
            "L": Integer(1),
            "mu": Integer(1),
            "s": Integer(1),
            "sigma": Rational(1, 10),
            "Delta": Rational(1, 2),
            "T": Integer(1),
        },
        function=quadratic(Integer(1)),
        start=Integer(1),
    ),
    ExactRun(
        words="the staircase function with one dip (F' = 1 at x_1 = 0 and at x_2 = -1)",
        constants={
            "L": Integer(1),
            "mu": Integer(1),
            "s": Integer(1),
            "sigma": Rational(1, 10),
            "Delta": Rational(5, 4),
            "T": Integer(2),
        },
        function=scaled_staircase([Integer(1)], Integer(1), Rational(5, 4))[0],
        start=Integer(0),
        reads=(1,),
    ),
)

published = reading(
    "published",
    "Theorem 1, minimum over the T iterates k = 1..T",
    T,
    refutations=SYNCHRONOUS_COUNTEREXAMPLES,
    holds_when=(published_if_stale, published_if_long, published_if_weighty),
    remark=(
        "False at T = 1 for s = 1, mu^2 > 1/2, and at T = 2 for s = 1 and mu near 1 (without "
        "noise: exactly if (4 sqrt 2 + 1) mu^2 > 4 mu + 2)."
    ),
)

published_reuse = reading(
    "published_reuse",
    "Theorem 1 read literally: the sample xi(tau_k) is applied again with its iterate",
    T,
    reuse=True,
    refutations=SYNCHRONOUS_COUNTEREXAMPLES,
    remark=(
        "Without delay nothing is read twice, so the counterexamples at s = 1 stand. For large s "
        "and T it fails by more, in simulation: the problem `reuse-counterexample`."
    ),
)

published_from_zero_if_stale = reading(
    "published_from_zero_if_stale",
    "Theorem 1 over T + 1 iterates, true for s >= 2 mu^2 (every s >= 2), all T",
    T + 1,
    conditions=(STALE, COHERENCE_AT_MOST_ONE),
    proof=printed.from_zero_if_stale,
)

published_from_zero_if_long = reading(
    "published_from_zero_if_long",
    "Theorem 1 over T + 1 iterates, true for T >= 3, all s",
    T + 1,
    conditions=(le(3, T), COHERENCE_AT_MOST_ONE),
    proof=printed.from_zero_if_long,
)

published_from_zero_if_weighty = reading(
    "published_from_zero_if_weighty",
    "Theorem 1 over T + 1 iterates, true wherever sqrt T H_T <= 2 log T times the weights of (A)",
    T + 1,
    conditions=(
        le(sqrt(T) * fresh.H(T), 2 * printed.weight(T) * log(T)),
        COHERENCE_AT_MOST_ONE,
    ),
    proof=printed.from_zero_if_weighty,
    remark="At s = 1, T = 2 the condition reads 1/mu^2 >= 1.146; below, no violation is known.",
)

published_from_zero = reading(
    "published_from_zero",
    "Theorem 1, minimum over T + 1 iterates with eta_k = mu/(s L sqrt(k+1)), k from 0",
    T + 1,
    refutations=(
        ExactRun(
            words="F = x^2/2 from x_1 = 1 with two-point noise",
            constants={
                "L": Integer(1),
                "mu": Integer(1),
                "s": Integer(1),
                "sigma": Integer(1),
                "Delta": Rational(1, 2),
                "T": Integer(1),
            },
            function=quadratic(Integer(1)),
            start=Integer(1),
            reads=(1,),
            noise=Integer(1),
        ),
    ),
    holds_when=(
        published_from_zero_if_stale,
        published_from_zero_if_long,
        published_from_zero_if_weighty,
    ),
    remark=(
        "Here k counts from 1, so the step of the k-th update is mu/(s L sqrt k). False at T = 1 "
        "for s = 1, mu^2 > 1/2 and large noise, because log 1 = 0 leaves no room for it."
    ),
)

THEOREMS = (
    published,
    published_if_stale,
    published_if_long,
    published_if_weighty,
    published_reuse,
    published_from_zero,
    published_from_zero_if_stale,
    published_from_zero_if_long,
    published_from_zero_if_weighty,
    sharp,
    single_use,
    reuse,
    any_constant_step,
    constant_step,
)
