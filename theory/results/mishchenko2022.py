r"""Mishchenko, Bach, Even, Woodworth (NeurIPS 2022): shorter steps for late gradients.

*Asynchronous SGD Beats Minibatch SGD Under Arbitrary Delays*, arXiv 2206.07638; the same rule in
Koloskova, Stich, Jaggi (NeurIPS 2022), Theorem 8.

**Setting.** N + 1 workers compute stochastic gradients, each restarts from the newest iterate when
it is done, and its gradient is applied at once. So at most N gradients are in flight over an
update, while a delay may be of any length,

    x_{t+1} = x_t - eta_t (grad F(x_{t - tau_t}) + xi_t),      0 <= tau_t <= t.

**The rule.** A step is cut if its gradient is late,

    eta_t = min(eta, 1/(L tau_t)),        on a convex function  min(eta, 1/(2 L tau_t)),

and eta if tau_t = 0. The theorems write max(1, tau_t) for tau_t, so that the rule is defined there
too; below the step limit that changes nothing, as eta <= 1/L (1/(2L)).

**Lemma (the steps are long enough).** The average delay is at most N, for sum_t tau_t counts the
gradients in flight. And min(eta, 1/(c tau)) >= eta - c eta^2 tau/4, because the difference to
1/(c tau) is (1 - c eta tau/2)^2/(c tau). Hence

    sum_t eta_t >= eta T (1 - c eta N/4),     c = L or 2L.

**Proof.** One stale step as for Lian et al. (`lian2015`). The steps of the window add up to at most
eta tau_t, so that eta_t times them is at most eta/L: a late gradient costs no more than any other.
Each update lies in at most N windows, so the gradients of the windows cost L eta N eta_j b_j in
all, b_j = E|grad F(y_j)|^2, and the noise costs L^2 sigma^2 eta N eta_j^2. On a convex function
2<grad F(y_t), grad F(y_j)> <= rho b_t + b_j/rho with rho = 1/(2 L eta max(1, tau_t)).

**How sure we are.** Of the paper the abstract was seen; its step (as recalled,
min{1/(4 L m), 1/(4 L tau_t), ...} for m workers) is shorter than ours. Counting the updates with
tau_t > 2N + 1 gives sum_t eta_t >= eta T/2, and 4 Delta/(eta T) where `nonconvex_simple` has
16 Delta/(7 eta T).
"""

from sympy import Integer, Rational

from theory.assumptions import (
    FROM_ZERO,
    BoundedVariance,
    Concurrency,
    Convex,
    ExogenousDelays,
    InitialGap,
    Minimiser,
    ReadsThePast,
    Smooth,
    StaleSGD,
    UnbiasedNoise,
)
from theory.exact_runs import ExactRun
from theory.latex import Shown, larger, minus, ratio, smaller, terms, times
from theory.proofs import mishchenko2022 as proofs
from theory.quantities import GAP, SQUARED_GRADIENT, average
from theory.symbols import Delta, L, N, R, T, eta0, r, sigma, t
from theory.theorem import Source, Theorem
from theory.witness import quadratic

PAPER = "Mishchenko, Bach, Even, Woodworth, NeurIPS 2022 (arXiv 2206.07638)"
OURS = "derived here, after the paper; every step is checked by the kernel"


# ------------------------------------------------------------------------- Setting

WORKERS = (
    UnbiasedNoise(FROM_ZERO),
    ExogenousDelays(FROM_ZERO),
    BoundedVariance(count=FROM_ZERO),
    ReadsThePast(),
    Concurrency(),
)
LATENESS = larger(1, Shown(t - r(t), r"\tau_t", "tau_t"))
STEP = smaller(eta0, ratio(1, times(L, LATENESS)))
CONVEX_STEP = smaller(eta0, ratio(1, times(2, L, LATENESS)))
LIMIT = ratio(1, times(L, terms(times(2, N), 1)))

ONE_STEP = ExactRun(
    words="a parabola, one worker, one step to its minimum",
    constants={
        "L": Integer(1),
        "Delta": Rational(1, 2),
        "sigma": Integer(0),
        "N": Integer(0),
        "T": Integer(1),
        "eta": Integer(1),
    },
    function=quadratic(Integer(1)),
    start=Integer(1),
    reads=(1,),
)


# ------------------------------------------------------------------------- nonconvex

nonconvex = Theorem(
    name="mishchenko2022.nonconvex",
    title="N + 1 workers, late steps cut: any delays",
    source=Source(citation=PAPER, statement="the nonconvex case, made explicit", status=OURS),
    assumptions=(
        StaleSGD(STEP, count=FROM_ZERO),
        Smooth(),
        InitialGap(count=FROM_ZERO),
        *WORKERS,
    ),
    step=STEP,
    step_limit=LIMIT,
    quantity=average(SQUARED_GRADIENT, T, weights=STEP),
    bound=terms(
        ratio(times(2, Delta), times(eta0, T, terms(1, minus(ratio(times(L, eta0, N), 4))))),
        times(terms(1, times(2, L, eta0, N)), L, eta0, sigma**2),
    ),
    horizon=T,
    steps=T,
    proof=proofs.nonconvex,
    attained_by=(ONE_STEP,),
    remark="One worker has N = 0: the theorem of SGD.",
)

nonconvex_simple = Theorem(
    name="mishchenko2022.nonconvex_simple",
    title="N + 1 workers, late steps cut: any delays, plain constants",
    source=Source(citation=PAPER, statement="the nonconvex case, made explicit", status=OURS),
    assumptions=nonconvex.assumptions,
    step=STEP,
    step_limit=LIMIT,
    quantity=nonconvex.quantity,
    bound=terms(
        ratio(times(16, Delta), times(7, eta0, T)),
        times(2, L, eta0, sigma**2),
    ),
    horizon=T,
    steps=T,
    proof=proofs.nonconvex_simple,
    remark="Workers and delays enter the steps alone.",
)


# ------------------------------------------------------------------------- convex

convex = Theorem(
    name="mishchenko2022.convex",
    title="N + 1 workers, late steps cut, on a convex function: any delays",
    source=Source(citation=PAPER, statement="the convex case, made explicit", status=OURS),
    assumptions=(
        StaleSGD(CONVEX_STEP, count=FROM_ZERO),
        Smooth(),
        Convex(),
        Minimiser(count=FROM_ZERO),
        *WORKERS,
    ),
    step=CONVEX_STEP,
    step_limit=ratio(1, times(2, L, terms(N, 1))),
    quantity=average(GAP, T, at="read point", weights=CONVEX_STEP),
    bound=terms(
        ratio(R**2, times(2, eta0, T, terms(1, minus(ratio(times(L, eta0, N), 2))))),
        ratio(times(eta0, sigma**2), 2),
    ),
    horizon=T,
    steps=T,
    proof=proofs.convex,
    remark="At most a quarter of the steps is cut off: L eta N/2 <= 1/4 below the step limit.",
)

THEOREMS = (nonconvex, nonconvex_simple, convex)
