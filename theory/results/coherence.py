r"""Guaranteed gradient coherence: small steps make it automatic, up to a sharp threshold.

**Setting.** F is L-smooth, perhaps nonconvex; gradient descent without noise applies gradients that
are up to tau updates old, with steps at most h/L. Write g_t for grad F(x_t). Coherence at level mu
and lag ell says <g_{t+ell}, g_t> >= mu |g_{t+ell}|^2. Dai et al. (`dai2019`) assume it; here it is
proved.

**Lemma (no vanishing).** If h (1 + z)^(tau+1) <= z for some z > 0, then |g_t| <= (1 + z) |g_{t+1}|.
By induction the gradient applied at update t is at most (1 + z)^tau |g_t|, so

    |g_{t+1} - g_t| <= h (1 + z)^tau |g_t| <= z/(1 + z) |g_t|.

Such a z exists exactly for

    h <= h_tau = tau^tau/(tau + 1)^(tau+1)          (1/4, 4/27, 27/256, ... ~ 1/(e tau)),

and at h_tau it is 1/tau.

**Lemma (drift of the gradient).** A gradient that is read within tau updates after x_t may be newer
than g_t, and larger, but not larger than (1 + z)^tau |g_t|: 1 + tau z/(1 + z) <= (1 + z)^tau. So
|g_{t+ell} - g_t| <= C |g_t| with C = ell z/(1 + z), and under a constant delay, where nothing newer
is read, C = 1 - (1 + z)^(-ell).

**Coherence.** 2 <u, v> = |u|^2 + |v|^2 - |u - v|^2 turns |u - v| <= C |v|, C <= 1, into
<u, v> >= |u|^2/(1 + C).

**Phase transition.** Beyond h_tau nothing is left. On F = lambda x^2/2 the gradient changes sign in
the end, and where lambda is such that it just about does, <g_{t+1}, g_t>/|g_{t+1}|^2 is as negative
as one likes: `beyond_the_threshold` shows it in exact arithmetic.

**How sure we are.** Proved here; the threshold is that of the oscillation of x_{t+1} = x_t - h
x_{t-tau} (Ladas, 1990, as recalled). As a statement on coherence a short search found it nowhere.
"""

from sympy import Integer, Rational

from theory.assumptions import (
    FROM_ZERO,
    BoundedDelay,
    CoherentOnQuadratics,
    ConstantDelay,
    PositiveSteps,
    Smooth,
    StaleSGD,
    StepLimit,
)
from theory.claims import le
from theory.exact_runs import ExactRun
from theory.latex import minus, ratio, shown, terms, times
from theory.proofs import coherence as proofs
from theory.quantities import constant, shortfall
from theory.symbols import L, eta, eta0, lag, level, n, t, tau_max, z
from theory.theorem import Source, Theorem
from theory.witness import quadratic

HERE = "derived here"
OURS = "new as far as a short search showed; every step is checked by the kernel"


# ------------------------------------------------------------------------- Setting

SMALL_STEPS = (
    StaleSGD(noisy=False, count=FROM_ZERO),
    PositiveSteps(FROM_ZERO),
    StepLimit(ratio(z, times(L, shown((1 + z) ** (tau_max + 1)))), FROM_ZERO),
    Smooth(),
)
CONSTANT_STEP = (StaleSGD(shown(eta0), noisy=False, count=FROM_ZERO), Smooth())
DELAYS = BoundedDelay(tau_max + 1, count=FROM_ZERO)
POWERS = (shown(tau_max**tau_max), shown((tau_max + 1) ** (tau_max + 1)))
THRESHOLD = ratio(POWERS[0], times(L, POWERS[1]))
LAGS = (le(lag, tau_max + 1), le(lag, n))


# ------------------------------------------------------------------------- guarantees

any_delays = Theorem(
    name="coherence.any_delays",
    title="small steps guarantee coherence, whatever the delays up to tau",
    source=Source(citation=HERE, statement="guaranteed coherence", status=OURS),
    assumptions=(*SMALL_STEPS, DELAYS),
    conditions=(le(tau_max * z, 1), *LAGS),
    step=shown(eta(t)),
    quantity=shortfall(ratio(terms(1, z), terms(1, times(terms(lag, 1), z))), lag, n),
    bound=shown(Integer(0)),
    horizon=n,
    steps=n,
    proof=proofs.any_delays,
    remark=(
        "z is free: a smaller step allows a smaller z, and so more coherence. At lag 0 it is 1. "
        "Lags reach to tau + 1, one more than the window of the delays."
    ),
)

constant_delay = Theorem(
    name="coherence.constant_delay",
    title="more is guaranteed under a constant delay",
    source=Source(citation=HERE, statement="guaranteed coherence", status=OURS),
    assumptions=(*SMALL_STEPS, ConstantDelay()),
    conditions=LAGS,
    step=shown(eta(t)),
    quantity=shortfall(ratio(1, terms(2, minus(shown((1 + z) ** (-lag))))), lag, n),
    bound=shown(Integer(0)),
    horizon=n,
    steps=n,
    proof=proofs.constant_delay,
    remark=(
        "At z = 1/tau and lag tau this is 0.667, 0.643, 0.634, ... and falls to 1/(2 - 1/e), which "
        "is 0.613. No more is possible: a parabola that bends down for the last ell updates of a "
        "long run comes as close as one likes."
    ),
)

threshold = Theorem(
    name="coherence.threshold",
    title="up to the threshold: (tau + 1)/(2 tau + 1) > 1/2 at every lag up to tau",
    source=Source(citation=HERE, statement="guaranteed coherence", status=OURS),
    assumptions=(*CONSTANT_STEP, DELAYS),
    conditions=(le(1, tau_max), le(lag, tau_max), le(lag, n)),
    step=shown(eta0),
    step_limit=THRESHOLD,
    quantity=shortfall(ratio(terms(tau_max, 1), terms(times(2, tau_max), 1)), lag, n),
    bound=shown(Integer(0)),
    horizon=n,
    steps=n,
    proof=proofs.threshold,
    remark="This is `coherence.any_delays` at z = 1/tau, where the steps may be largest.",
)


# ------------------------------------------------------------------------- beyond the threshold


def on_quadratic(tau: int, beyond: Rational, curvature: Rational, kappa: int, n: int) -> ExactRun:
    """A quadratic with L = 1 under the constant delay tau, steps `beyond` times the threshold."""
    step = beyond * Rational(tau**tau, (tau + 1) ** (tau + 1))
    return ExactRun(
        words=f"F = lambda x^2/2, lambda = {curvature}, under the constant delay {tau}",
        constants={
            "L": Integer(1),
            "tau": Integer(tau),
            "eta": step,
            "kappa": Integer(kappa),
            "ell": Integer(1),
            "n": Integer(n),
        },
        function=quadratic(curvature),
        start=Integer(1),
        reads=tuple(max(0, k - tau) + 1 for k in range(n)),
    )


FIVE_PER_CENT, ONE_PER_CENT = Rational(21, 20), Rational(101, 100)

beyond_the_threshold = Theorem(
    name="coherence.beyond_the_threshold",
    title="a level kappa of coherence for steps up to 5 % beyond the threshold",
    source=Source(citation=HERE, statement="guaranteed coherence", status=OURS),
    assumptions=(*CONSTANT_STEP, ConstantDelay()),
    conditions=(le(1, tau_max), le(lag, n)),
    step=shown(eta0),
    step_limit=ratio(times(21, POWERS[0]), times(20, L, POWERS[1])),
    quantity=shortfall(shown(level), lag, n),
    bound=shown(Integer(0)),
    horizon=n,
    steps=n,
    refutations=(
        on_quadratic(1, ONE_PER_CENT, Integer(1), 0, 30),
        on_quadratic(1, FIVE_PER_CENT, Rational(55, 56), -10, 16),
        on_quadratic(1, FIVE_PER_CENT, Rational(217, 218), -1000, 13),
        on_quadratic(2, FIVE_PER_CENT, Rational(339, 343), -1000, 25),
        on_quadratic(3, FIVE_PER_CENT, Rational(332, 335), -1000, 34),
    ),
    holds_when=(threshold,),
    remark="Refuted at levels down to -1000; `coherence.converse` says it of every level and step.",
)

converse = Theorem(
    name="coherence.converse",
    title="no level of coherence, however negative, is guaranteed beyond the threshold",
    source=Source(
        citation=HERE,
        statement="guaranteed coherence",
        status="a proof on paper; the kernel has checked the instances in `beyond_the_threshold`",
    ),
    assumptions=(CONSTANT_STEP[0], CoherentOnQuadratics()),
    conditions=(le(1, tau_max),),
    step=shown(eta0),
    quantity=constant(times(L, eta0), n),
    bound=ratio(*POWERS),
    horizon=n,
    steps=n,
    lacks=(
        "a rule for roots. If L eta is larger, z^(tau+1) - z^tau + L eta has no positive root, so "
        "g_t(lambda) changes sign at lambda = L; the least lambda at which a first g_t does so is "
        "found by continuity, and just above it the coherence falls below every level. Polynomials "
        "of unknown degree and intermediate values are not in the kernel."
    ),
)

THEOREMS = (any_delays, constant_delay, threshold, beyond_the_threshold, converse)
