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

**M gradients an update** (asysg-con). The paper's M is our B, its T our tau; each gradient of an
update may be read at an iterate of its own,

    x_{t+1} = x_t - eta_t sum_{i=1}^B (grad F(x_{t - tau_{t,i}}) + xi_{t,i}),    tau_{t,i} <= tau.

The noise enters as the sum xi_t of those of the B samples of an update, which are independent:
E|xi_t|^2 <= B sigma^2. With G_t the sum of the gradients read, the same two lemmas give a drift of
at most 2 tau sum eta_j^2 E|G_j|^2 + 2 B sigma^2 sum eta_j^2 over the last tau updates, and the
gradients read pay for it as long as

    L B eta_t + 2 L^2 B^2 tau eta_t (eta_{t+1} + ... + eta_{t+tau}) <= 1.

**How sure we are.** The paper's statements (Theorem 1 and its corollary) are as recalled, the page
was not at hand. They are derived anew here, with these very constants. `nonconvex` is the case
B = 1 with a constant step.
"""

from sympy import Max, Sum

from theory.assumptions import (
    FROM_ZERO,
    BoundedDelay,
    BoundedVariance,
    DelaysOfParts,
    ExogenousDelays,
    InitialGap,
    PositiveSteps,
    SeveralGradients,
    Smooth,
    SomeStep,
    StaleSGD,
    StepsOverTheDelay,
    UnbiasedNoise,
    VarianceOfSamples,
)
from theory.claims import le
from theory.latex import ratio, root, shown, terms, times
from theory.proofs.lian2015 import constant, several, tuned
from theory.quantities import SQUARED_GRADIENT, average
from theory.symbols import B, Delta, L, T, eta, eta0, j, sigma, t, tau_max
from theory.theorem import Source, Theorem

PAPER = "Lian, Huang, Li, Liu, NeurIPS 2015 (arXiv 1506.08272)"
OURS = "derived here, after the paper; every step is checked by the kernel"
RECALLED = "as recalled from the paper, and derived here; every step is checked by the kernel"


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
    proof=constant.gradient_descent,
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
    proof=constant.nonconvex,
    remark="The delay enters the step limit, and the noise at second order in eta only.",
)


# ------------------------------------------------------------------------- M gradients an update

SEVERAL = (
    *FUNCTION,
    UnbiasedNoise(FROM_ZERO),
    ExogenousDelays(FROM_ZERO),
    VarianceOfSamples(),
    DelaysOfParts(),
)
ALL_STEPS = Sum(eta(t), (t, 0, T - 1))
RECENT_STEPS = Sum(eta(j) ** 2, (j, Max(0, t - tau_max), t - 1))

asysg_con = Theorem(
    name="lian2015.asysg_con",
    title="M gradients an update (here B), variable steps",
    source=Source(citation=PAPER, statement="Theorem 1", status=RECALLED),
    assumptions=(
        SeveralGradients(),
        *SEVERAL,
        PositiveSteps(FROM_ZERO),
        StepsOverTheDelay(),
        SomeStep(),
    ),
    step=shown(eta(t)),
    quantity=average(SQUARED_GRADIENT, T, weights=shown(eta(t))),
    bound=ratio(
        terms(
            times(2, Delta),
            times(B, L, sigma**2, Sum(eta(t) * (eta(t) + 2 * L * B * RECENT_STEPS), (t, 0, T - 1))),
        ),
        times(B, ALL_STEPS),
    ),
    horizon=T,
    steps=T,
    proof=several.several_gradients,
    remark="The steps after the last update may be taken as 0 in the condition on the steps.",
)

asysg_con_constant = Theorem(
    name="lian2015.asysg_con_constant",
    title="M gradients an update (here B), a constant step",
    source=Source(citation=PAPER, statement="Theorem 1, constant step", status=RECALLED),
    assumptions=(SeveralGradients(shown(eta0)), *SEVERAL),
    step=shown(eta0),
    step_limit=ratio(2, times(L, B, terms(1, root(terms(1, 8 * tau_max**2))))),
    quantity=average(SQUARED_GRADIENT, T),
    bound=terms(
        ratio(times(2, Delta), times(B, eta0, T)),
        times(L, eta0, sigma**2),
        times(2, L**2, B, eta0**2, tau_max, sigma**2),
    ),
    horizon=T,
    steps=T,
    proof=tuned.several_constant,
    remark="With B eta for eta it is `nonconvex` for the noise level sigma/sqrt(B).",
)

BALANCED_STEP = root(ratio(Delta, times(B, L, T, sigma**2)))

asysg_con_tuned = Theorem(
    name="lian2015.asysg_con_tuned",
    title="M gradients an update (here B), the step that balances gap and noise",
    source=Source(citation=PAPER, statement="the corollary of Theorem 1", status=RECALLED),
    assumptions=(SeveralGradients(BALANCED_STEP), *SEVERAL),
    conditions=(le(4 * B * L * Delta * (tau_max + 1) ** 2 / sigma**2, T),),
    step=BALANCED_STEP,
    quantity=average(SQUARED_GRADIENT, T),
    bound=times(4, root(ratio(times(Delta, L, sigma**2), times(B, T)))),
    horizon=T,
    steps=T,
    proof=tuned.balanced,
    remark="After that many updates the delay does not show: the rate is that of B T samples.",
)

THEOREMS = (gradient_descent, nonconvex, asysg_con, asysg_con_constant, asysg_con_tuned)
