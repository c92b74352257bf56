r"""Koloskova, Stich, Jaggi (NeurIPS 2022): concurrency and the average delay.

*Sharper Convergence Guarantees for Asynchronous SGD for Distributed and Federated Learning*,
arXiv 2206.08307.

**Setting.** F is L-smooth, perhaps nonconvex, and bounded below. Update t = 0, 1, ... applies a
stochastic gradient that was taken tau_t updates ago,

    x_{t+1} = x_t - eta (grad F(x_{t - tau_t}) + xi_t),      0 <= tau_t <= min(t, tau).

**Concurrency.** N_j = #{t : t - tau_t <= j < t} counts the gradients in flight over update j: read
before or at it, applied after it. W workers that always restart from the newest iterate have
N_j = W - 1 (the paper counts the gradient applied too, tau_C = N + 1). Counted either way,

    sum_t tau_t = sum_j N_j,     so the average delay is at most N, however long the longest is.

**Proof.** As for Lian et al. (`lian2015`), but the windows from read to write, each weighed by its
length, hold an update at most tau N times instead of tau^2. With q = sqrt(2 tau N) the gradients at
the read points pay for the drift as long as L eta + (q L eta)^2 <= 1, in particular up to
L eta = 1/(1 + q), where 1/(1 + q) + q^2/(1 + q)^2 <= 1. The noise met in the windows adds up to
L^2 eta^3 sigma^2 sum_t tau_t.

**Bounded gradients.** With E|grad F(x_t)|^2 <= G^2 the delays themselves do not matter, only how
many gradients are in flight. Number them by their read: g_j = grad F(x_j) + xi_j, with j = -N, ...,
-1 for those that the N other workers begin with at x_0. The *virtual iterate* takes every gradient
as soon as it is read,

    v_t = x_0 - eta (g_{-N} + ... + g_{t-1}),      v_{t+1} = v_t - eta g_t,

so that x_t - v_t = eta times the N gradients in flight, E|x_t - v_t|^2 <= 2 eta^2 (N^2 G^2 +
N sigma^2). The noise of g_t does not see v_t. The descent lemma along v_t leaves

    E F(v_{t+1}) <= E F(v_t) - eta/2 (1 - L eta) E|grad F(x_t)|^2 + eta L^2/2 E|x_t - v_t|^2
                    + L eta^2 sigma^2/2,

and v_0, ahead of x_0 by the first N gradients, has E F(v_0) <= F(x_0) + L eta^2/2 (N^2 G^2 +
N sigma^2).

**How sure we are.** The paper states its Theorem 6 with O(.) alone: O(sigma^2/eps^2 +
sqrt(tau_C tau_max)/eps) updates, and O(sigma^2/eps^2 + tau_C G/eps^(3/2) + tau_C/eps) for bounded
gradients. The theorems here are explicit versions, derived anew.
"""

from theory.assumptions import (
    FROM_ZERO,
    AverageDelay,
    BoundedDelay,
    BoundedGradientsMet,
    BoundedVariance,
    Concurrency,
    DeliveredGradients,
    ExogenousDelays,
    InitialGap,
    RestartingWorkers,
    ShortStep,
    Smooth,
    StaleSGD,
    UnbiasedNoise,
)
from theory.latex import Shown, minus, power, ratio, root, shown, terms, times
from theory.proofs.koloskova2022 import bounded_gradient as virtual
from theory.proofs.koloskova2022 import concurrency as windows
from theory.quantities import SQUARED_GRADIENT, average
from theory.symbols import Delta, G, L, N, T, eta0, sigma, tau_avg, tau_max
from theory.theorem import Source, Theorem

PAPER = "Koloskova, Stich, Jaggi, NeurIPS 2022 (arXiv 2206.08307)"
OURS = "derived here, after the paper, whose statement is O(.) only; the kernel checks every step"


# ------------------------------------------------------------------------- Setting

SETTING = (
    StaleSGD(shown(eta0), count=FROM_ZERO),
    Smooth(),
    InitialGap(count=FROM_ZERO),
    UnbiasedNoise(FROM_ZERO),
    ExogenousDelays(FROM_ZERO),
    BoundedVariance(count=FROM_ZERO),
    BoundedDelay(tau_max + 1, count=FROM_ZERO),
    Concurrency(),
)
STEP_LIMIT = ratio(1, times(L, terms(1, root(times(2, tau_max, N)))))


def bound(average_delay: object) -> Shown:
    """2 Delta/(eta T) + L eta sigma^2 + 2 L^2 eta^2 (average delay) sigma^2."""
    return terms(
        ratio(times(2, Delta), times(eta0, T)),
        times(L, eta0, sigma**2),
        times(2, L**2, eta0**2, average_delay, sigma**2),
    )


# ------------------------------------------------------------------------- the average delay

concurrency = Theorem(
    name="koloskova2022.concurrency",
    title="concurrency in the step, the average delay in the noise",
    source=Source(citation=PAPER, statement="Theorem 6, made explicit", status=OURS),
    assumptions=(*SETTING, AverageDelay()),
    step=shown(eta0),
    step_limit=STEP_LIMIT,
    quantity=average(SQUARED_GRADIENT, T),
    bound=bound(tau_avg),
    horizon=T,
    steps=T,
    proof=windows.concurrency,
    remark="The longest delay enters the step limit alone, and there by its root.",
)


# ------------------------------------------------------------------------- workers

workers = Theorem(
    name="koloskova2022.workers",
    title="the same for workers: the average delay is at most the number of the others",
    source=Source(citation=PAPER, statement="Theorem 6 and its remark on tau_avg", status=OURS),
    assumptions=SETTING,
    step=shown(eta0),
    step_limit=STEP_LIMIT,
    quantity=average(SQUARED_GRADIENT, T),
    bound=bound(N),
    horizon=T,
    steps=T,
    proof=windows.workers,
    remark="One worker has N = 0: the theorem of SGD.",
)


# ------------------------------------------------------------------------- bounded gradients

IN_FLIGHT = terms(times(power(N, 2), G**2), times(N, sigma**2))
VIRTUAL = (
    DeliveredGradients(shown(eta0)),
    RestartingWorkers(),
    Smooth(),
    InitialGap(count=FROM_ZERO),
    UnbiasedNoise(FROM_ZERO, before=N),
    ExogenousDelays(FROM_ZERO),
    BoundedVariance(count=FROM_ZERO, before=N),
    BoundedGradientsMet(),
)

bounded_gradient = Theorem(
    name="koloskova2022.bounded_gradient",
    title="bounded gradients: workers, and delays of any length",
    source=Source(citation=PAPER, statement="Theorem 6, bounded gradients", status=OURS),
    assumptions=(*VIRTUAL, ShortStep()),
    step=shown(eta0),
    quantity=average(SQUARED_GRADIENT, T),
    bound=ratio(
        terms(
            ratio(times(2, Delta), times(eta0, T)),
            times(L, eta0, sigma**2),
            times(terms(ratio(times(L, eta0), T), times(2, L**2, eta0**2)), IN_FLIGHT),
        ),
        terms(1, minus(times(L, eta0))),
    ),
    horizon=T,
    steps=T,
    proof=virtual.bounded_gradient,
    remark="No delay occurs; a worker may sleep through the whole run.",
)

bounded_gradient_half = Theorem(
    name="koloskova2022.bounded_gradient_half",
    title="bounded gradients, steps up to half of 1/L",
    source=Source(citation=PAPER, statement="Theorem 6, bounded gradients", status=OURS),
    assumptions=VIRTUAL,
    step=shown(eta0),
    step_limit=ratio(1, times(2, L)),
    quantity=average(SQUARED_GRADIENT, T),
    bound=terms(
        ratio(times(4, Delta), times(eta0, T)),
        times(2, L, eta0, sigma**2),
        times(terms(ratio(times(2, L, eta0), T), times(4, L**2, eta0**2)), IN_FLIGHT),
    ),
    horizon=T,
    steps=T,
    proof=virtual.bounded_gradient_half,
)

THEOREMS = (concurrency, workers, bounded_gradient, bounded_gradient_half)
