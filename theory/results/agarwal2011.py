r"""Agarwal, Duchi (NIPS 2011): projected steps, any step size, a bounded second moment.

*Distributed Delayed Stochastic Optimization*, arXiv 1104.5525.

**Setting.** F is convex and L-smooth, and X a closed convex set. Update t = 0, 1, ... applies a
stochastic gradient that was taken tau_t updates ago, and returns to X,

    x_{t+1} = P_X(x_t - eta g_t),   g_t = grad F(y_t) + xi_t,   y_t = x_{t - tau_t},
    0 <= tau_t <= min(t, tau).

x* is any point of X, such as one where F is least on X; the gradient need not be 0 there.

**Lemma (projection).** From the nearest point x_{t+1}, no point v of X lies in the direction of
what was projected: <x_t - eta g_t - x_{t+1}, v - x_{t+1}> <= 0 (Nesterov, Lectures on Convex
Optimization, 2018, Section 2.2.4). With D_t = E|x_t - x*|^2 and m_t = E|x_{t+1} - x_t|^2,

    v = x*:    eta <g_t, x_{t+1} - x*> <= (D_t - D_{t+1} - m_t)/2,
    v = x_t:   m_t <= eta^2 E|g_t|^2 <= eta^2 G^2.

**Proof.** Convexity at x* and smoothness at y_t,

    F(x_{t+1}) - F(x*) <= <grad F(y_t), x_{t+1} - x*> + L/2 |x_{t+1} - y_t|^2.

The noise does not see x_t, so <xi_t, x_{t+1} - x*> = <xi_t, x_{t+1} - x_t> in expectation, which
costs eta sigma^2/2 and the m_t above. From y_t to x_{t+1} there are at most tau + 1 steps, of
length eta G at most in the mean square.

**How sure we are.** The paper has dual averaging and mirror descent with steps that decrease, and,
as recalled, the rate O(L R^2/T + sigma R/sqrt T + L G^2 tau^2 R^2 log T/(sigma^2 T) +
G tau R/T). What is proved here is a constant-step version with Euclidean projections, derived
anew. Its message is the paper's: the delay enters in a term that falls like 1/T.
"""

from theory.assumptions import (
    FROM_ZERO,
    BoundedDelay,
    BoundedSecondMoment,
    BoundedVariance,
    Convex,
    ExogenousDelays,
    ProjectedSGD,
    Smooth,
    UnbiasedNoise,
)
from theory.assumptions.online import Comparator
from theory.latex import power, ratio, root, shown, terms, times
from theory.proofs import agarwal2011 as proofs
from theory.quantities import EXCESS, average
from theory.symbols import G, L, R, T, eta0, sigma, tau_max
from theory.theorem import Source, Theorem

PAPER = "Agarwal, Duchi, NIPS 2011 (arXiv 1104.5525)"
OURS = "derived here, after the paper; every step is checked by the kernel"


# ------------------------------------------------------------------------- Setting

SETTING = (
    Convex(),
    Smooth(),
    Comparator(),
    UnbiasedNoise(FROM_ZERO),
    ExogenousDelays(FROM_ZERO),
    BoundedVariance(count=FROM_ZERO),
    BoundedSecondMoment(count=FROM_ZERO),
    BoundedDelay(tau_max + 1, count=FROM_ZERO),
)
TUNED = ratio(R, times(sigma, root(T)))
AGE = terms(tau_max, 1)


# ------------------------------------------------------------------------- any step

convex = Theorem(
    name="agarwal2011.convex",
    title="projected steps of any size",
    source=Source(citation=PAPER, statement="a version with constant steps", status=OURS),
    assumptions=(ProjectedSGD(shown(eta0)), *SETTING),
    step=shown(eta0),
    quantity=average(EXCESS, T, at="next iterate"),
    bound=terms(
        ratio(R**2, times(2, eta0, T)),
        ratio(times(eta0, sigma**2), 2),
        times(ratio(L, 2), eta0**2, power(AGE, 2), G**2),
    ),
    horizon=T,
    steps=T,
    proof=proofs.convex,
    remark="No step is too long for it; x* is any point of X, so F(x*) may be the least on X.",
)


# ------------------------------------------------------------------------- the tuned step

tuned_step = Theorem(
    name="agarwal2011.tuned_step",
    title="the step that balances distance and noise",
    source=Source(citation=PAPER, statement="a version with constant steps, tuned", status=OURS),
    assumptions=(ProjectedSGD(TUNED), *SETTING),
    step=TUNED,
    quantity=average(EXCESS, T, at="next iterate"),
    bound=terms(
        ratio(times(sigma, R), root(T)),
        ratio(times(L, power(AGE, 2), G**2, R**2), times(2, sigma**2, T)),
    ),
    horizon=T,
    steps=T,
    proof=proofs.tuned_step,
    remark="The delay is in the term that falls like 1/T.",
)

THEOREMS = (convex, tuned_step)
