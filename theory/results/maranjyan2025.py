r"""Maranjyan, Tyurin, Richtarik (ICML 2025): Ringmaster, asynchronous SGD with a delay threshold.

*Ringmaster ASGD: The First Asynchronous SGD with Optimal Time Complexity*, arXiv 2501.16168.

**Setting.** F is L-smooth, perhaps nonconvex, and bounded below. Workers compute stochastic
gradients at their own pace. A gradient whose delay has reached the threshold R_d is dropped (its
worker starts again from the newest iterate), so that every *update* has

    x_{t+1} = x_t - eta (grad F(x_{t - tau_t}) + xi_t),      0 <= tau_t <= R_d - 1,

whatever the workers do; t counts updates, not the gradients dropped.

**Proof.** The theorem for bounded delays (`lian2015.nonconvex`) at tau = R_d - 1. The step

    eta = min(1/(2 R_d L), eps/(4 L sigma^2))

meets L eta + 2 L^2 eta^2 (R_d - 1)^2 <= 1, and L eta sigma^2 (1 + 2 L eta (R_d - 1)) <= eps/2. The
other term, 2 Delta/(eta T), is at most eps/2 once T >= 4 Delta/(eta eps), which is the larger of
8 R_d L Delta/eps and 16 L sigma^2 Delta/eps^2. This holds for every R_d >= 1.

**The threshold.** R_d = max(1, ceil(sigma^2/eps)) is the one the paper takes: any smaller one drops
more gradients and saves no update. The proof needs only R_d <= 1 + sigma^2/eps, which it meets.

**How sure we are.** The paper's theorem is as recalled, with the *sum* of the two numbers of
updates where the larger is enough; the constants are derived here.
"""

from theory.assumptions import (
    FROM_ZERO,
    BoundedDelay,
    BoundedVariance,
    ExogenousDelays,
    InitialGap,
    Smooth,
    StaleSGD,
    UnbiasedNoise,
)
from theory.claims import le
from theory.latex import ratio, shown, smaller, times
from theory.proofs import maranjyan2025 as proofs
from theory.quantities import SQUARED_GRADIENT, average
from theory.symbols import Delta, L, R_d, T, eps, sigma
from theory.theorem import Source, Theorem

PAPER = "Maranjyan, Tyurin, Richtarik, ICML 2025 (arXiv 2501.16168)"
RECALLED = "as recalled from the paper, and derived here; every step is checked by the kernel"


# ------------------------------------------------------------------------- Setting

STEP = smaller(ratio(1, times(2, R_d, L)), ratio(eps, times(4, L, sigma**2)))
SETTING = (
    StaleSGD(STEP, count=FROM_ZERO),
    Smooth(),
    InitialGap(count=FROM_ZERO),
    UnbiasedNoise(FROM_ZERO),
    ExogenousDelays(FROM_ZERO),
    BoundedVariance(count=FROM_ZERO),
    BoundedDelay(R_d, count=FROM_ZERO),
)


# ------------------------------------------------------------------------- any threshold

ringmaster = Theorem(
    name="maranjyan2025.ringmaster",
    title="delays below a threshold: how many updates reach an accuracy",
    source=Source(citation=PAPER, statement="Theorem on the number of updates", status=RECALLED),
    assumptions=SETTING,
    conditions=(
        le(8 * R_d * L * Delta / eps, T),
        le(16 * L * sigma**2 * Delta / eps**2, T),
    ),
    step=STEP,
    quantity=average(SQUARED_GRADIENT, T),
    bound=shown(eps),
    horizon=T,
    steps=T,
    proof=proofs.ringmaster,
    remark="The delays of the gradients that are dropped do not matter, nor do their number.",
)


# ------------------------------------------------------------------------- the paper's threshold

ringmaster_updates = Theorem(
    name="maranjyan2025.ringmaster_updates",
    title="the threshold of the noise: as many updates as without delay, up to constants",
    source=Source(citation=PAPER, statement="R_d = max(1, ceil(sigma^2/eps))", status=RECALLED),
    assumptions=SETTING,
    conditions=(
        le(R_d, 1 + sigma**2 / eps),
        le(8 * L * Delta / eps + 16 * L * sigma**2 * Delta / eps**2, T),
    ),
    step=STEP,
    quantity=average(SQUARED_GRADIENT, T),
    bound=shown(eps),
    horizon=T,
    steps=T,
    proof=proofs.ringmaster_updates,
    remark="max(1, ceil(sigma^2/eps)) is the largest whole threshold that is allowed, or one less.",
)

THEOREMS = (ringmaster, ringmaster_updates)
