r"""Huo, Gu, Huang (NeurIPS 2018): descent along a sufficient direction, whatever it is.

*Training Neural Networks Using Features Replay*, arXiv 1807.04511.

**Setting.** F is L-smooth, perhaps nonconvex, and bounded below. Update t = 0, 1, ... goes along
some direction g_t, which may be stale, noisy, biased or assembled block by block:

    x_{t+1} = x_t - eta_t g_t,
    E<grad F(x_t), g_t> >= sigma_d E|grad F(x_t)|^2,          E|g_t|^2 <= M_2.

**Lemma (one step),** the descent lemma in one line:

    E F(x_{t+1}) <= E F(x_t) - sigma_d eta_t E|grad F(x_t)|^2 + eta_t^2 L M_2/2.

Summed, it gives `fixed_step`, `tuned_step` and `any_steps`. In `any_steps` the right side tends to
0 if the steps are not summable but their squares are; the limit itself is left to the reader, the
kernel knows finite sums. Both constants can be measured along a run, and the delay enters through
sigma_d alone.

**Stale SGD** has the direction g_t = grad F(x_{t - tau_t}) + xi_t; the theorems named `stale` are
about it. Nothing is asked of noise or delays beyond the two inequalities.

**How does gradient coherence relate to sufficient direction?** Coherence at level mu on a window of
s iterates asks E<grad F(x_t), grad F(x_j)> >= mu E|grad F(x_t)|^2 for *every* x_j of the window.
With fresh noise the stale stochastic gradient has the mean grad F(x_{t - tau_t}) given the past, so
coherence implies sufficient direction with sigma_d = mu, for every sequence of delays below s. The
converse fails: F = x^2/2 with step 3/2 and delays 0, 0, 2 visits 1, -1/2, 1/4, -5/4; each gradient
that is applied points the right way, the one in between does not. So coherence is sufficient
direction for delayed gradients, in a form that can be measured without knowing the delays; the
proof of Theorem 1 of Dai et al. needs no more of it than sufficient direction. Proof and witness
are in `theory.implications`.

`coherent` is what that gives for the steps of Dai et al.: their Theorem 1 with a bound on the
*second moment* of the stochastic gradient in place of its variance, for every T >= 1. Nothing is
counted then, and s is any window that holds all reads.

**How sure we are.** The statements are as recalled from the paper (its abstract was at hand, the
page was not), and derived anew.
"""

from sympy import Sum, log

from theory.assumptions import (
    FROM_ONE,
    FROM_ZERO,
    AnyDirection,
    BoundedDelay,
    BoundedSecondMoment,
    ExogenousDelays,
    GradientCoherence,
    InitialGap,
    PositiveSteps,
    Smooth,
    SomeStep,
    StaleSGD,
    SufficientDirection,
    UnbiasedNoise,
)
from theory.latex import ratio, root, shown, terms, times
from theory.proofs import huo2018 as proofs
from theory.quantities import SQUARED_GRADIENT, average, least
from theory.symbols import M2, Delta, L, T, e0, eta, eta0, k, mu, s, sigma_d, t
from theory.theorem import Source, Theorem

PAPER = "Huo, Gu, Huang, NeurIPS 2018 (arXiv 1807.04511)"
OURS = "derived here, after the paper as recalled; every step is checked by the kernel"


# ------------------------------------------------------------------------- Setting

FUNCTION = (Smooth(), InitialGap(count=FROM_ZERO))
DIRECTION = (SufficientDirection(stale=False), BoundedSecondMoment(M2, False, FROM_ZERO))
STEPS = (PositiveSteps(FROM_ZERO), SomeStep())
STALE_DIRECTION = (SufficientDirection(), BoundedSecondMoment(M2, count=FROM_ZERO))


# ------------------------------------------------------------------------- a fixed step

FIXED = terms(ratio(Delta, times(sigma_d, eta0, T)), ratio(times(eta0, L, M2), times(2, sigma_d)))

fixed_step = Theorem(
    name="huo2018.fixed_step",
    title="a fixed step along a sufficient direction",
    source=Source(citation=PAPER, statement="the theorem for a fixed step", status=OURS),
    assumptions=(AnyDirection(shown(eta0)), *FUNCTION, *DIRECTION),
    step=shown(eta0),
    quantity=average(SQUARED_GRADIENT, T),
    bound=FIXED,
    horizon=T,
    steps=T,
    proof=proofs.fixed_step,
    remark="No step is too long: M_2 is a bound along the run, which a long step may break.",
)

stale_fixed_step = Theorem(
    name="huo2018.stale_fixed_step",
    title="stale SGD with a fixed step, if the stale gradient is a sufficient direction",
    source=Source(citation=PAPER, statement="the theorem for a fixed step", status=OURS),
    assumptions=(StaleSGD(shown(eta0), count=FROM_ZERO), *FUNCTION, *STALE_DIRECTION),
    step=shown(eta0),
    quantity=average(SQUARED_GRADIENT, T),
    bound=FIXED,
    horizon=T,
    steps=T,
    proof=proofs.stale_fixed_step,
    remark="The delays enter through sigma_d alone.",
)

TUNED_STEP = times(e0, root(ratio(Delta, times(T, L, M2))))

tuned_step = Theorem(
    name="huo2018.tuned_step",
    title="the fixed step tuned to the horizon",
    source=Source(citation=PAPER, statement="the remark after that theorem", status=OURS),
    assumptions=(AnyDirection(TUNED_STEP), *FUNCTION, *DIRECTION),
    step=TUNED_STEP,
    quantity=average(SQUARED_GRADIENT, T),
    bound=times(ratio(terms(2, e0**2), times(2, e0, sigma_d)), root(ratio(times(Delta, L, M2), T))),
    horizon=T,
    steps=T,
    proof=proofs.tuned_step,
    remark="The best factor is e_0 = sqrt 2.",
)


# ------------------------------------------------------------------------- any steps

GAMMA = Sum(eta(t), (t, 0, T - 1))
SQUARES = Sum(eta(t) ** 2, (t, 0, T - 1))
WEIGHTED = terms(
    ratio(Delta, times(sigma_d, GAMMA)),
    ratio(times(L, M2, SQUARES), times(2, sigma_d, GAMMA)),
)

any_steps = Theorem(
    name="huo2018.any_steps",
    title="any steps along a sufficient direction, such as diminishing ones",
    source=Source(citation=PAPER, statement="the theorem for diminishing steps", status=OURS),
    assumptions=(AnyDirection(), *STEPS, *FUNCTION, *DIRECTION),
    step=shown(eta(t)),
    quantity=average(SQUARED_GRADIENT, T, weights=shown(eta(t))),
    bound=WEIGHTED,
    horizon=T,
    steps=T,
    proof=proofs.any_steps,
    remark="It tends to 0 if the steps are not summable but their squares are.",
)

stale_any_steps = Theorem(
    name="huo2018.stale_any_steps",
    title="stale SGD with any steps, if the stale gradient is a sufficient direction",
    source=Source(citation=PAPER, statement="the theorem for diminishing steps", status=OURS),
    assumptions=(
        StaleSGD(count=FROM_ZERO),
        *STEPS,
        *FUNCTION,
        *STALE_DIRECTION,
    ),
    step=shown(eta(t)),
    quantity=average(SQUARED_GRADIENT, T, weights=shown(eta(t))),
    bound=WEIGHTED,
    horizon=T,
    steps=T,
    proof=proofs.stale_any_steps,
)


# ------------------------------------------------------------------------- coherence

COHERENT_STEP = ratio(mu, times(s, L, root(k)))

coherent = Theorem(
    name="huo2018.coherent",
    title="coherent gradients of bounded second moment: the steps of Dai et al., every T",
    source=Source(
        citation=f"{PAPER}, with Dai, Zhou, Dong, Zhang, Xing, ICLR 2019 (arXiv 1810.03264)",
        statement="the sum of the two",
        status=OURS,
    ),
    assumptions=(
        StaleSGD(COHERENT_STEP),
        Smooth(),
        InitialGap(),
        UnbiasedNoise(),
        ExogenousDelays(),
        BoundedSecondMoment(M2),
        GradientCoherence(),
        BoundedDelay(),
    ),
    step=COHERENT_STEP,
    quantity=least(SQUARED_GRADIENT, T, FROM_ONE),
    bound=ratio(
        terms(
            ratio(times(s, L, Delta), mu**2),
            times(ratio(M2, times(2, s)), terms(1, log(T))),
        ),
        root(T),
    ),
    horizon=T,
    steps=T,
    proof=proofs.coherent,
    remark="How often an iterate is read does not matter; the delay itself enters through mu.",
)

THEOREMS = (fixed_step, stale_fixed_step, tuned_step, any_steps, stale_any_steps, coherent)
