r"""Wu, Magnusson, Feyzmahdavian, Johansson (ICML 2022): steps that adapt to the delays.

*Delay-Adaptive Step-sizes for Asynchronous Learning*, arXiv 2202.08550.

**Setting.** F is L-smooth and bounded below. Update t = 0, 1, ... applies a (stochastic) gradient
that was taken tau_t updates ago. Delays may be of any length, and unbounded,

    x_{t+1} = x_t - eta_t (grad F(x_{t - tau_t}) + xi_t),      0 <= tau_t <= t.

**The window rule.** When an update arrives its delay is known, and so are the steps taken since its
gradient was. The step is any number with

    0 <= eta_t <= max(0, c - sum of eta_j over t - tau_t <= j < t),

so that wherever a step is taken, eta_t > 0, the steps from the read to the write, its own included,
add up to at most c. A gradient that is too old for a step to be left gets the step 0; the steps
over its window may add up to more than c, but it moves nothing, and its window has weight 0.

**Lemma (load).** Under the rule the windows that contain update j, weighed by their steps, weigh at
most c - eta_j. By induction over the updates n: if the window of n contains j, then all earlier
windows that contain j end inside it, so the steps after j in this one window count them all.

**Proof.** One stale step as for Lian et al. (`lian2015`), with the steps as weights in the
inequality of Cauchy and Schwarz, E|x_t - y_t|^2 <= f (sum eta_j)(sum eta_j b_j) and the noise,
b_j = E|grad F(y_j)|^2, f = 2; without noise f = 1. By the lemma the gradients of the windows cost
f L^2 c (c - eta_j) eta_j b_j/2 for each update j, which eta_j (1 - L eta_j) b_j/2 pays for up to
f L^2 c^2 = 1. On a convex function update t costs eta_t b_t times its own window and its load
together, which eta_t b_t/L pays for: the rule with c = 1/(2L) is enough.

**How sure we are.** The rule is the paper's, for proximal incremental gradients with c = h/L, h < 1
(its abstract was seen). The theorems here are for plain (stochastic) gradients and derived here;
the constants of the paper's are others.
"""

from sympy import Integer, Rational, Sum

from theory.assumptions import (
    FROM_ZERO,
    BoundedVariance,
    Convex,
    ExogenousDelays,
    InitialGap,
    InterferenceRule,
    Minimiser,
    PositiveSteps,
    ReadsThePast,
    Smooth,
    SomeStep,
    StaleSGD,
    UnbiasedNoise,
    WindowRule,
)
from theory.exact_runs import ExactRun
from theory.latex import Shown, ratio, root, shown, terms, times
from theory.proofs import wu2022 as proofs
from theory.quantities import GAP, SQUARED_GRADIENT, average
from theory.symbols import Delta, L, R, T, eta, sigma, t
from theory.theorem import Source, Theorem
from theory.witness import quadratic

PAPER = "Wu, Magnusson, Feyzmahdavian, Johansson, ICML 2022 (arXiv 2202.08550)"
OURS = "derived here, after the paper; every step is checked by the kernel"


# ------------------------------------------------------------------------- Setting

SMOOTH = (Smooth(), InitialGap(count=FROM_ZERO))
CONVEX = (Smooth(), Convex(), Minimiser(count=FROM_ZERO))
NOISE = (
    UnbiasedNoise(FROM_ZERO),
    ExogenousDelays(FROM_ZERO),
    BoundedVariance(count=FROM_ZERO),
)
SCHEDULE = (ReadsThePast(), PositiveSteps(FROM_ZERO), SomeStep())
SGD = StaleSGD(count=FROM_ZERO)

STEPS = shown(Sum(eta(t), (t, 0, T - 1)))
SQUARED_STEPS = shown(Sum(eta(t) ** 2, (t, 0, T - 1)))


ONE_STEP = ExactRun(
    words="a parabola, one step to its minimum",
    constants={
        "L": Integer(1),
        "Delta": Rational(1, 2),
        "R": Integer(1),
        "sigma": Integer(0),
        "T": Integer(1),
        "eta": [Integer(1)],
    },
    function=quadratic(Integer(1)),
    start=Integer(1),
    reads=(1,),
)


# ------------------------------------------------------------------------- nonconvex

gradient_descent = Theorem(
    name="wu2022.gradient_descent",
    title="gradient descent, windows at most 1/L, without noise",
    source=Source(citation=PAPER, statement="the window rule, for plain gradients", status=OURS),
    assumptions=(
        StaleSGD(noisy=False, count=FROM_ZERO),
        *SMOOTH,
        *SCHEDULE,
        WindowRule(ratio(1, L)),
    ),
    step=shown(eta(t)),
    quantity=average(SQUARED_GRADIENT, T, weights=shown(eta(t))),
    bound=ratio(times(2, Delta), STEPS),
    horizon=T,
    steps=T,
    proof=proofs.gradient_descent,
    attained_by=(ONE_STEP,),
    remark="No bound on the delays; a constant step 1/(L (tau + 1)) keeps the rule.",
)

nonconvex = Theorem(
    name="wu2022.nonconvex",
    title="stale SGD, windows at most 1/(sqrt(2) L)",
    source=Source(citation=PAPER, statement="the window rule, for stale SGD", status=OURS),
    assumptions=(SGD, *SMOOTH, *NOISE, *SCHEDULE, WindowRule(ratio(1, times(root(2), L)))),
    step=shown(eta(t)),
    quantity=average(SQUARED_GRADIENT, T, weights=shown(eta(t))),
    bound=ratio(
        terms(
            times(2, Delta),
            times(terms(1, root(2)), L, sigma**2, SQUARED_STEPS),
        ),
        STEPS,
    ),
    horizon=T,
    steps=T,
    proof=proofs.nonconvex,
    remark="A certificate for any recorded run: check the sums of its steps over the windows.",
)


# ------------------------------------------------------------------------- convex


def gap_bound() -> Shown:
    """(R^2 + sigma^2 sum eta_t^2) / (2 sum eta_t), as for SGD without delays."""
    return ratio(terms(R**2, times(sigma**2, SQUARED_STEPS)), times(2, STEPS))


convex = Theorem(
    name="wu2022.convex",
    title="stale SGD on a convex function, windows at most 1/(2L)",
    source=Source(citation=PAPER, statement="the window rule, convex stale SGD", status=OURS),
    assumptions=(SGD, *CONVEX, *NOISE, *SCHEDULE, WindowRule(ratio(1, times(2, L)))),
    step=shown(eta(t)),
    quantity=average(GAP, T, at="read point", weights=shown(eta(t))),
    bound=gap_bound(),
    horizon=T,
    steps=T,
    proof=proofs.convex,
    remark="The delays enter the step rule only; the gap is taken where the gradients were.",
)

interference = Theorem(
    name="wu2022.interference",
    title="stale SGD on a convex function, own window and later windows together at most 1/L",
    source=Source(citation=PAPER, statement="the window rule, weakened", status=OURS),
    assumptions=(SGD, *CONVEX, *NOISE, *SCHEDULE, InterferenceRule(ratio(1, L))),
    step=shown(eta(t)),
    quantity=average(GAP, T, at="read point", weights=shown(eta(t))),
    bound=gap_bound(),
    horizon=T,
    steps=T,
    proof=proofs.interference,
    attained_by=(ONE_STEP,),
    remark="With constant steps and delays at most tau it holds up to 1/(L (2 tau + 1)).",
)

THEOREMS = (gradient_descent, nonconvex, convex, interference)
