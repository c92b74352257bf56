r"""Stich, Karimireddy (JMLR 2020): convex functions; the delay enters the step limit alone.

*The Error-Feedback Framework: SGD with Delayed Gradients*, JMLR 21(237), arXiv 1909.05350.

**Setting.** F is convex and L-smooth, with a minimiser x* at distance at most R from the start.
Update t = 0, 1, ... applies a stochastic gradient that was taken tau_t updates ago,

    x_{t+1} = x_t - eta g_t,      g_t = grad F(y_t) + xi_t,      y_t = x_{t - tau_t}.

**Lemma (distance).** D_t = E|x_t - x*|^2. The noise sees neither x* nor what is read, so

    D_{t+1} = D_t - 2 eta E<grad F(y_t), y_t - x*> + 2 eta E<g_t, y_t - x_t> + eta^2 E|g_t|^2,
    E<g_t, y_t - x_t> = eta sum E<grad F(y_t), grad F(y_j)>,

over the updates j between read and write: the noise of these does not see grad F(y_t) either, hence
no sigma there.

**Proof.** F(y) - inf F + |grad F(y)|^2/(2L) <= <grad F(y), y - x*>, and Young's inequality
2 <u, v> <= rho |u|^2 + |v|^2/rho in the windows. Each update lies in at most N windows of at most
tau updates, so the gradients at the read points pay up to eta L (1 + rho tau + N/rho) <= 1. Delays
at most tau leave N <= tau in flight, and rho = 1 gives `convex`; rho = sqrt(N/tau) `concurrency`.

**Strongly convex.** Half of |y_t - x*|^2 is paid by |x_t - x*|^2, the rest is drift, as in Lian et
al. Half of the gap pays for the gradients in flight, whose weights (1 - eta mu/2)^{-t} grow by
1/(1 - tau eta mu/2) at most over a window, by Bernoulli's inequality.

**How sure we are.** The paper states its theorems with O(.), as recalled: O(sigma R/sqrt T +
L (tau + M) R^2/T) for convex functions and steps up to 1/(10 L (tau + M)). All constants here are
derived anew; the proof of the paper goes by a virtual iterate instead.
"""

from sympy import Integer, Rational

from theory.assumptions import (
    FROM_ZERO,
    BoundedDelay,
    BoundedVariance,
    Concurrency,
    ConstantDelay,
    Convex,
    ExogenousDelays,
    Minimiser,
    MultiplicativeNoise,
    Smooth,
    StaleSGD,
    StronglyConvex,
    UnbiasedNoise,
)
from theory.claims import le
from theory.exact_runs import ExactRun
from theory.latex import minus, power, ratio, root, shown, smaller, terms, times
from theory.proofs.stich2020 import concurrency as flights
from theory.proofs.stich2020 import smooth, strong
from theory.quantities import GAP, SQUARED_DISTANCE, average, last
from theory.symbols import L, M, N, R, T, eta0, mu_sc, sigma, t, tau_max
from theory.theorem import Source, Theorem
from theory.witness import PiecewiseQuadratic

PAPER = "Stich, Karimireddy, JMLR 21(237), 2020 (arXiv 1909.05350)"
OURS = "derived here, after the paper, whose statement is O(.) only; the kernel checks every step"


# ------------------------------------------------------------------------- Setting

UPDATE = StaleSGD(shown(eta0), count=FROM_ZERO)
FUNCTION = (Convex(), Smooth(), Minimiser(count=FROM_ZERO))
FRESH = (UnbiasedNoise(FROM_ZERO), ExogenousDelays(FROM_ZERO))
VARIANCE = BoundedVariance(count=FROM_ZERO)
DELAYS = BoundedDelay(tau_max + 1, count=FROM_ZERO)

STEP_LIMIT = ratio(1, times(L, terms(2 * tau_max, 1)))
TUNED = smaller(STEP_LIMIT, ratio(R, times(sigma, root(T))))
BOUND = terms(ratio(R**2, times(2, eta0, T)), ratio(times(eta0, sigma**2), 2))


def without_delay(steps: int) -> ExactRun:
    """So many steps of length 1 on Huber's function, down to the edge of its linear part."""
    edges = ((Integer(-1), Integer(-1)), (Integer(1), Integer(1)))
    return ExactRun(
        words="Huber's function",
        constants={
            "L": Integer(1),
            "R": Integer(steps),
            "sigma": Integer(0),
            "tau": Integer(0),
            "eta": Integer(1),
            "T": Integer(steps),
        },
        function=PiecewiseQuadratic(edges, Integer(0), Integer(0)),
        start=Integer(steps),
        reads=tuple(range(1, steps + 1)),
    )


# ------------------------------------------------------------------------- convex

convex = Theorem(
    name="stich2020.convex",
    title="the average gap at the points read",
    source=Source(citation=PAPER, statement="the convex case, made explicit", status=OURS),
    assumptions=(UPDATE, *FUNCTION, *FRESH, VARIANCE, DELAYS),
    step=shown(eta0),
    step_limit=STEP_LIMIT,
    quantity=average(GAP, T, at="read point"),
    bound=BOUND,
    horizon=T,
    steps=T,
    proof=smooth.convex,
    attained_by=(without_delay(1), without_delay(3)),
    remark="By convexity the same holds for the gap at the mean of the points read.",
)

multiplicative = Theorem(
    name="stich2020.multiplicative",
    title="the same with noise that may grow with the gradient",
    source=Source(citation=PAPER, statement="the convex case with (M, sigma^2)-noise", status=OURS),
    assumptions=(UPDATE, *FUNCTION, *FRESH, MultiplicativeNoise(), DELAYS),
    step=shown(eta0),
    step_limit=ratio(1, times(L, terms(1, M, 2 * tau_max))),
    quantity=average(GAP, T, at="read point"),
    bound=BOUND,
    horizon=T,
    steps=T,
    proof=smooth.multiplicative,
)

tuned_step = Theorem(
    name="stich2020.tuned_step",
    title="the step that balances distance and noise",
    source=Source(citation=PAPER, statement="the convex case, step tuned", status=OURS),
    assumptions=(StaleSGD(TUNED, count=FROM_ZERO), *FUNCTION, *FRESH, VARIANCE, DELAYS),
    step=TUNED,
    quantity=average(GAP, T, at="read point"),
    bound=terms(
        ratio(times(L, terms(2 * tau_max, 1), R**2), times(2, T)),
        ratio(times(sigma, R), root(T)),
    ),
    horizon=T,
    steps=T,
    proof=smooth.tuned_step,
)

iterates = Theorem(
    name="stich2020.iterates",
    title="the average gap at the first T iterates, constant delay",
    source=Source(citation=PAPER, statement="the convex case, constant delay", status=OURS),
    assumptions=(UPDATE, *FUNCTION, *FRESH, VARIANCE, ConstantDelay()),
    step=shown(eta0),
    step_limit=STEP_LIMIT,
    quantity=average(GAP, T),
    bound=terms(
        ratio(R**2, times(2, eta0, T)),
        times(ratio(times(eta0, sigma**2), 2), terms(1, ratio(tau_max, T))),
    ),
    horizon=T,
    steps=T,
    proof=smooth.iterates,
    remark="The next tau updates would read what has not been read yet; their noise is the tau/T.",
)


# ------------------------------------------------------------------------- concurrency

concurrency = Theorem(
    name="stich2020.concurrency",
    title="the average gap at the points read, by the gradients in flight",
    source=Source(
        citation=PAPER,
        statement="the convex case, with the concurrency of Koloskova et al., NeurIPS 2022",
        status=OURS,
    ),
    assumptions=(UPDATE, *FUNCTION, *FRESH, VARIANCE, DELAYS, Concurrency()),
    step=shown(eta0),
    step_limit=ratio(1, times(L, terms(1, times(2, root(times(tau_max, N)))))),
    quantity=average(GAP, T, at="read point"),
    bound=BOUND,
    horizon=T,
    steps=T,
    proof=flights.concurrent,
    remark="The longest delay enters by its root; at N = tau it is the step limit of `convex`.",
)


# ------------------------------------------------------------------------- strongly convex

CONTRACTION = terms(1, minus(ratio(times(eta0, mu_sc), 2)))
KAPPA = terms(1, times(2, eta0, mu_sc, tau_max))
STRONG = (UPDATE, StronglyConvex(), Smooth(), Minimiser(count=FROM_ZERO), *FRESH, VARIANCE, DELAYS)
STRONG_LIMIT = ratio(1, times(2, L, terms(3 * tau_max, 1)))
ORDER = le(mu_sc, L)
WHY_ORDER = "mu <= L follows from the assumptions wherever there are two different points."

strong_gap = Theorem(
    name="stich2020.strong_gap",
    title="strongly convex: the weighted average gap at the points read",
    source=Source(citation=PAPER, statement="the strongly convex case, made explicit", status=OURS),
    assumptions=STRONG,
    step=shown(eta0),
    step_limit=STRONG_LIMIT,
    conditions=(ORDER,),
    quantity=average(GAP, T, at="read point", weights=power(CONTRACTION, -t)),
    bound=terms(
        ratio(
            times(Rational(1, 2), mu_sc, R**2),
            terms(power(CONTRACTION, -T), minus(1)),
        ),
        times(eta0, sigma**2, KAPPA),
    ),
    horizon=T,
    steps=T,
    proof=strong.average_gap,
    remark=WHY_ORDER,
)

strong_distance = Theorem(
    name="stich2020.strong_distance",
    title="strongly convex: the last distance",
    source=Source(citation=PAPER, statement="the strongly convex case, last iterate", status=OURS),
    assumptions=STRONG,
    step=shown(eta0),
    step_limit=STRONG_LIMIT,
    conditions=(ORDER,),
    quantity=last(SQUARED_DISTANCE, T),
    bound=terms(
        times(power(CONTRACTION, T), R**2),
        times(ratio(times(2, eta0, sigma**2), mu_sc), KAPPA),
    ),
    horizon=T,
    steps=T,
    proof=strong.last_distance,
    remark=WHY_ORDER,
)

THEOREMS = (
    convex,
    multiplicative,
    tuned_step,
    iterates,
    concurrency,
    strong_gap,
    strong_distance,
)
