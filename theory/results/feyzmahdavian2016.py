r"""Feyzmahdavian, Aytekin, Johansson (IEEE TAC 2016): proximal steps, mini-batches, no bound on g.

*An Asynchronous Mini-Batch Algorithm for Regularized Stochastic Optimization*, arXiv 1505.04824.

**Setting.** F is convex and L-smooth, Psi convex (a regulariser, or 0 on a closed convex set and
infinite outside: then the step is projected). Update t = 0, 1, ... applies a stochastic gradient,
the mean of b samples, that was taken tau_t updates ago,

    x_{t+1} = argmin_z Psi(z) + |z - (x_t - eta g_t)|^2/(2 eta),
    g_t = grad F(y_t) + xi_t,   y_t = x_{t - tau_t},   0 <= tau_t <= min(t, tau),

with a step that keeps a reserve beta > 0 below the limit 1/(L (tau + 1)^2):

    1/eta = L (tau + 1)^2 + beta.

**Lemma (proximal step).** (x_t - eta g_t - x_{t+1})/eta is a subgradient of Psi at x_{t+1}, so that
Psi(x*) >= Psi(x_{t+1}) + <x_t - eta g_t - x_{t+1}, x* - x_{t+1}>/eta.

**Proof.** As for Agarwal and Duchi (`agarwal2011`), but nothing is assumed of the length of g_t:
with m_t = E|x_{t+1} - x_t|^2,

    sum_t E|x_{t+1} - y_t|^2 <= (tau + 1)^2 sum_t m_t,

and of the share m_t/(2 eta) that the step leaves, L (tau + 1)^2/2 pays for this, and beta/2 for the
noise, -<xi_t, x_{t+1} - x_t> <= |xi_t|^2/(2 beta) + beta/2 |x_{t+1} - x_t|^2.

**How sure we are.** The theorem is as recalled, in the form R^2/(2 eta T) + eta sigma^2/(2 b (1 -
eta L (tau + 1)^2)) for eta < 1/(L (tau + 1)^2), which is `convex` written with eta; derived anew.
"""

from theory.assumptions import (
    FROM_ZERO,
    BoundedDelay,
    Convex,
    ExogenousDelays,
    MiniBatch,
    ProximalSGD,
    Smooth,
    UnbiasedNoise,
)
from theory.assumptions.online import Comparator
from theory.latex import power, ratio, root, terms, times
from theory.proofs import feyzmahdavian2016 as proofs
from theory.quantities import COMPOSITE_EXCESS, average
from theory.symbols import L, R, T, b, beta, sigma, tau_max
from theory.theorem import Source, Theorem

PAPER = "Feyzmahdavian, Aytekin, Johansson, IEEE TAC 61 (2016) (arXiv 1505.04824)"
OURS = "the constants as recalled from the paper, derived anew; every step is checked by the kernel"


# ------------------------------------------------------------------------- Setting

SETTING = (
    Convex(),
    Smooth(),
    Comparator(),
    UnbiasedNoise(FROM_ZERO),
    ExogenousDelays(FROM_ZERO),
    MiniBatch(),
    BoundedDelay(tau_max + 1, count=FROM_ZERO),
)
LIMIT = times(L, power(terms(tau_max, 1), 2))
STEP = ratio(1, terms(LIMIT, beta))
TUNED = ratio(1, terms(LIMIT, times(ratio(sigma, R), root(ratio(T, b)))))


# ------------------------------------------------------------------------- a reserve

convex = Theorem(
    name="feyzmahdavian2016.convex",
    title="proximal steps with a reserve",
    source=Source(citation=PAPER, statement="the convex case, constant step", status=OURS),
    assumptions=(ProximalSGD(STEP), *SETTING),
    step=STEP,
    quantity=average(COMPOSITE_EXCESS, T, at="next iterate"),
    bound=terms(
        ratio(times(terms(LIMIT, beta), R**2), times(2, T)),
        ratio(sigma**2, times(2, b, beta)),
    ),
    horizon=T,
    steps=T,
    proof=proofs.convex,
    remark="Nothing is assumed of the length of a gradient; x* is any point where Psi is finite.",
)


# ------------------------------------------------------------------------- the tuned reserve

tuned_step = Theorem(
    name="feyzmahdavian2016.tuned_step",
    title="the reserve that balances distance and noise",
    source=Source(citation=PAPER, statement="the convex case, step tuned", status=OURS),
    assumptions=(ProximalSGD(TUNED), *SETTING),
    step=TUNED,
    quantity=average(COMPOSITE_EXCESS, T, at="next iterate"),
    bound=terms(
        ratio(times(LIMIT, R**2), times(2, T)),
        ratio(times(sigma, R), root(times(b, T))),
    ),
    horizon=T,
    steps=T,
    proof=proofs.tuned_step,
    remark="The noise sees the b T samples taken, the delay only the first term.",
)

THEOREMS = (convex, tuned_step)
