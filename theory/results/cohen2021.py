r"""Cohen, Daniely, Drori, Koren, Schain (NeurIPS 2021): drop a gradient that has become wrong.

*Asynchronous Stochastic Optimization Robust to Arbitrary Delays*, arXiv 2106.11879.

**Setting,** without noise. F is L-smooth, perhaps nonconvex, and bounded below. In round t the
gradient at an earlier iterate y_t = x_{t - tau_t} arrives, and is used only if the iterate is still
near y_t:

    x_{t+1} = x_t - grad F(y_t)/(4L)   if |x_t - y_t| <= eps/(2L),      x_{t+1} = x_t otherwise.

Delays may be of any length; the theorem knows their average over the T rounds, and neither the
method nor the step size know even that.

**Lemma (an applied gradient).** As long as |grad F(x_t)| >= eps, such a gradient differs from
grad F(x_t) by at most half of its length, so F falls by 3/(32 L) (|grad F(x_t)|^2 +
|grad F(y_t)|^2) at least.

**Lemma (a dropped gradient).** It has seen the iterate move by more than eps/(2L), along gradients
not shorter than eps/2; so the squares of those applied in its window add up to eps^2 at least.

**Counting.** Half of the delays are at most W, for any whole W of at least twice the average. Each
applied gradient lies in at most W windows that are no longer than W; so the second lemma, summed
over these windows, leaves room for few dropped gradients, and the first for few applied ones.

**How sure we are.** The method is the paper's, restricted to exact gradients; the stochastic
theorem, O(sigma^2/eps^4 + tau_avg/eps^2) rounds as recalled, is not here. Constants are derived
here. Summing over all windows gives what choosing disjoint ones would; keeping both squares in the
first lemma makes the number of rounds 39/7 times smaller than the plain estimate does.
"""

from theory.assumptions import (
    FROM_ZERO,
    AverageDelay,
    InitialGap,
    PickySteps,
    ReadsThePast,
    Smooth,
    StaleSGD,
)
from theory.claims import le
from theory.latex import shown
from theory.proofs.cohen2021 import rounds
from theory.quantities import SQUARED_GRADIENT, least
from theory.symbols import Delta, L, T, W, eps, eta, t, tau_avg
from theory.theorem import Source, Theorem

PAPER = "Cohen, Daniely, Drori, Koren, Schain, NeurIPS 2021 (arXiv 2106.11879)"

picky = Theorem(
    name="cohen2021.picky",
    title="gradient descent that drops a gradient if the iterate has moved too far",
    source=Source(
        citation=PAPER,
        statement="Picky SGD without noise",
        status="derived here, after the paper; every step is checked by the kernel",
    ),
    assumptions=(
        StaleSGD(noisy=False, count=FROM_ZERO),
        PickySteps(),
        Smooth(),
        InitialGap(count=FROM_ZERO),
        ReadsThePast(),
        AverageDelay(),
    ),
    conditions=(le(2 * tau_avg, W), le((256 + 576 * W) * L * Delta / (39 * eps**2), T)),
    step=shown(eta(t)),
    quantity=least(SQUARED_GRADIENT, T),
    bound=shown(eps**2),
    horizon=T,
    steps=T,
    proof=rounds.picky,
    remark="The step size does not depend on the delays, and no delay is too long.",
)

THEOREMS = (picky,)
