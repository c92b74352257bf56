r"""Lian, Huang, Li, Liu (NeurIPS 2015): the average squared gradient under bounded delays.

*Asynchronous Parallel Stochastic Gradient for Nonconvex Optimization*, arXiv 1506.08272.

**Setting.** F is L-smooth, perhaps nonconvex, and bounded below. Update t = 0, 1, ... applies a
stochastic gradient that was taken tau_t updates ago,

    x_{t+1} = x_t - eta (grad F(x_{t - tau_t}) + xi_t),      0 <= tau_t <= min(t, tau).

**Lemma (one stale step).** -<u, v> = (|u - v|^2 - |u|^2 - |v|^2)/2 in the descent lemma, and
smoothness between read and write:

    E F(x_{t+1}) <= E F(x_t) - eta/2 E|grad F(x_t)|^2 - eta/2 (1 - L eta) E|grad F(y_t)|^2
                    + eta L^2/2 E|x_t - y_t|^2 + L eta^2 sigma^2/2,     y_t = x_{t - tau_t}.

**Lemma (drift).** E|x_t - y_t|^2 <= 2 E|sum eta grad F(y_j)|^2 + 2 eta^2 sigma^2 tau_t, summed over
the updates between read and write. Each of them lies in at most tau such windows, so up to

    L eta + 2 L^2 eta^2 tau^2 <= 1

the gradients at the read points pay for the drift. Without noise the factor 2 is not needed.

**How sure we are.** The paper's theorem is for M gradients an update; its constants are as recalled
(the page was not at hand), and `nonconvex` is its case M = 1 with a constant step, derived anew.
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
from theory.latex import ratio, root, shown, terms, times
from theory.proofs import lian2015 as proofs
from theory.quantities import SQUARED_GRADIENT, average
from theory.symbols import Delta, L, T, eta0, sigma, tau_max
from theory.theorem import Source, Theorem

PAPER = "Lian, Huang, Li, Liu, NeurIPS 2015 (arXiv 1506.08272)"
OURS = "derived here, after the paper; every step is checked by the kernel"


# ------------------------------------------------------------------------- Setting

FUNCTION = (Smooth(), InitialGap(count=FROM_ZERO))
NOISE = (
    UnbiasedNoise(FROM_ZERO),
    ExogenousDelays(FROM_ZERO),
    BoundedVariance(count=FROM_ZERO),
)
DELAYS = BoundedDelay(tau_max + 1, count=FROM_ZERO)


# ------------------------------------------------------------------------- without noise

gradient_descent = Theorem(
    name="lian2015.gradient_descent",
    title="gradient descent with bounded delays, without noise",
    source=Source(citation=PAPER, statement="the proof of Theorem 1 at sigma = 0", status=OURS),
    assumptions=(StaleSGD(shown(eta0), noisy=False, count=FROM_ZERO), *FUNCTION, DELAYS),
    step=shown(eta0),
    step_limit=ratio(2, times(L, terms(1, root(terms(1, 4 * tau_max**2))))),
    quantity=average(SQUARED_GRADIENT, T),
    bound=ratio(times(2, Delta), times(eta0, T)),
    horizon=T,
    steps=T,
    proof=proofs.gradient_descent,
    remark="The step limit contains 1/(L (tau + 1)).",
)


# ------------------------------------------------------------------------- with noise

nonconvex = Theorem(
    name="lian2015.nonconvex",
    title="stale SGD with bounded delays",
    source=Source(citation=PAPER, statement="Theorem 1, M = 1, constant step", status=OURS),
    assumptions=(StaleSGD(shown(eta0), count=FROM_ZERO), *FUNCTION, *NOISE, DELAYS),
    step=shown(eta0),
    step_limit=ratio(2, times(L, terms(1, root(terms(1, 8 * tau_max**2))))),
    quantity=average(SQUARED_GRADIENT, T),
    bound=terms(
        ratio(times(2, Delta), times(eta0, T)),
        times(L, eta0, sigma**2),
        times(2, L**2, eta0**2, tau_max, sigma**2),
    ),
    horizon=T,
    steps=T,
    proof=proofs.nonconvex,
    remark="The delay enters the step limit, and the noise at second order in eta only.",
)

THEOREMS = (gradient_descent, nonconvex)
