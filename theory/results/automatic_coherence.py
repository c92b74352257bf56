r"""What guaranteed coherence does to Theorem 1 of Dai et al., and coherence by interpolation.

**The hypothesis proves itself.** Dai et al. (`dai2019`) assume gradient coherence at level mu on a
window of s iterates and take steps eta_k = mu/(s L sqrt k). Without noise such steps are so small
that coherence cannot fail (`coherence`): delays are at most tau = s - 1, and mu/s is below the
threshold h_tau = (s - 1)^(s-1)/s^s whenever

    mu <= (1 - 1/s)^(s-1),          which is 1/2, 4/9, 27/64, ... and decreases to 1/e,

while what is guaranteed, at least 1/2, exceeds mu. So for mu <= 1/e, whatever s, the assumption may
be struck out: `without_coherence`. With noise it stays.

**Coherence by interpolation.** Where coherence is assumed all the same (it may hold at larger
steps) the interpolation inequality of `free_staleness` uses it twice, at x_t and at x_{t+1}:

    F(x_t) - F(x_{t+1}) >= mu eta/2 (|g_t|^2 + |g_{t+1}|^2) - L eta^2/4 |grad F(y_t)|^2.

Each gradient is read at most s times, and so is what it has in excess of the least one; up to
eta = 2 mu/(s L), twice the step of the descent lemma, the least gradient is below the rate in
`descent`. At mu = 1 that is the exact rate without delay, attained by the staircase function.

**Nearly free.** Put together: steps up to z/(L (1 + z)^(tau+1)) are coherent at level
(1 + z)/(1 + (tau + 2) z) by themselves, so staleness costs at most the factor 1 + (tau + 1) z, at
steps of order z/L, not 1/(L tau^2) as in `free_staleness`.

**How sure we are.** Derived here, after Theorem 1 of the paper where that is named.
"""

from collections.abc import Sequence
from typing import Any

from sympy import Add, Integer, Rational, Sum, exp, sqrt

from theory.assumptions import (
    FROM_ONE,
    FROM_ZERO,
    BoundedDelay,
    GradientCoherence,
    InitialGap,
    Multiplicity,
    NonincreasingSteps,
    PositiveSteps,
    Smooth,
    StaleSGD,
    StepLimit,
)
from theory.claims import le
from theory.exact_runs import ExactRun
from theory.latex import minus, ratio, root, shown, terms, times
from theory.proofs import automatic_coherence as automatic
from theory.proofs import coherent_descent as coherent
from theory.quantities import SQUARED_GRADIENT, least, shortfall
from theory.results.coherence import HERE, OURS
from theory.symbols import Delta, L, eta, eta0, k, lag, m, mu, n, s, t, tau_max, z
from theory.theorem import Source, Theorem
from theory.witness import scaled_staircase

AFTER_DAI = "after Dai, Zhou, Dong, Zhang, Xing, ICLR 2019 (arXiv 1810.03264)"
BELOW_1_OVER_E = le(mu, exp(-1))
BELOW_POWER = le(mu * s ** (s - 1), (s - 1) ** (s - 1))
STALE = le(2, s)


# ------------------------------------------------------------------------- Dai's own steps


def coherent_by_itself(name: str, title: str, *conditions: Any, proof: Any) -> Theorem:
    """Coherence at level mu, the level that the steps are built from, at every lag up to s - 1."""
    return Theorem(
        name=f"automatic_coherence.{name}",
        title=title,
        source=Source(citation=AFTER_DAI, statement="Theorem 1, its assumption", status=OURS),
        assumptions=(
            StaleSGD(noisy=False),
            PositiveSteps(),
            StepLimit(ratio(mu, times(s, L))),
            Smooth(),
            BoundedDelay(),
        ),
        conditions=(*conditions, le(lag, s - 1), le(lag, n)),
        step=shown(eta(k)),
        quantity=shortfall(shown(mu), lag, n, FROM_ONE),
        bound=shown(Integer(0)),
        horizon=n,
        steps=n,
        proof=proof,
        remark="At lag 0 coherence is 1. The steps mu/(s L sqrt k) of the paper are among these.",
    )


own_steps = coherent_by_itself(
    "own_steps",
    "steps up to mu/(s L) are coherent at level mu <= 1/e by themselves",
    BELOW_1_OVER_E,
    proof=automatic.below_1_over_e,
)

own_steps_if_stale = coherent_by_itself(
    "own_steps_if_stale",
    "the same up to mu = (1 - 1/s)^(s-1), for s >= 2",
    STALE,
    BELOW_POWER,
    proof=automatic.below_power,
)


def without_assuming_it(name: str, title: str, *conditions: Any, proof: Any) -> Theorem:
    """Inequality (A) of `dai2019` at sigma = 0 and m = s, without gradient coherence."""
    return Theorem(
        name=f"automatic_coherence.{name}",
        title=title,
        source=Source(citation=AFTER_DAI, statement="inequality (A) without noise", status=OURS),
        assumptions=(
            StaleSGD(ratio(mu, times(s, L, root(k))), noisy=False),
            Smooth(),
            InitialGap(),
            BoundedDelay(),
        ),
        conditions=conditions,
        step=ratio(mu, times(s, L, root(k))),
        quantity=least(SQUARED_GRADIENT, n + 1, FROM_ONE),
        bound=ratio(
            ratio(times(s, L, Delta), mu**2),
            terms(
                Sum(1 / sqrt(k), (k, 1, n)),
                minus(times(Rational(1, 2), Sum(1 / k, (k, 1, n)))),
                ratio(s, times(2, mu**2)),
            ),
        ),
        horizon=n,
        steps=n,
        proof=proof,
        remark="This is `dai2019.sharp` at sigma = 0 and m = s, its assumption proved.",
    )


without_coherence = without_assuming_it(
    "without_coherence",
    "Theorem 1 of Dai et al. without its assumption, for mu <= 1/e and no noise",
    BELOW_1_OVER_E,
    proof=automatic.unconditional_below_1_over_e,
)

without_coherence_if_stale = without_assuming_it(
    "without_coherence_if_stale",
    "the same up to mu = (1 - 1/s)^(s-1), for s >= 2",
    STALE,
    BELOW_POWER,
    proof=automatic.unconditional_below_power,
)


# ------------------------------------------------------------------------- by interpolation


def staircase_run(reads: Sequence[int], steps: Sequence[Any], **constants: int) -> ExactRun:
    """A staircase function with L = 1 and gradient 1 all along, which is coherent at level 1."""
    length = Add(*(a * (4 - a) for a in steps)) + 2
    known = {"L": 1, "mu": 1, "n": len(steps), **constants}
    whole = {name: Integer(value) for name, value in known.items()}
    step = steps[0] if len(set(steps)) == 1 else list(steps)
    return ExactRun(
        words=f"the staircase function, reading iterates {', '.join(map(str, reads))} (from 1)",
        constants={**whole, "Delta": length / 4, "eta": step},
        function=scaled_staircase(steps, Integer(1), length / 4)[0],
        start=Integer(0),
        reads=tuple(reads),
    )


FUNCTION = (Smooth(), InitialGap(count=FROM_ZERO))
COHERENT = GradientCoherence(s=s + 1, count=FROM_ZERO)
CONSTANT_STEP = StaleSGD(shown(eta0), noisy=False, count=FROM_ZERO)
STEPS = (t, 0, n - 1)

descent = Theorem(
    name="automatic_coherence.descent",
    title="coherent descent by interpolation: a constant step up to 2 mu/(s L)",
    source=Source(citation=HERE, statement="coherent descent", status=OURS),
    assumptions=(CONSTANT_STEP, *FUNCTION, COHERENT, BoundedDelay(count=FROM_ZERO)),
    step=shown(eta0),
    step_limit=ratio(times(2, mu), times(s, L)),
    quantity=least(SQUARED_GRADIENT, n + 1),
    bound=ratio(
        times(4, L, Delta),
        terms(times(n, L, eta0, terms(times(4, mu), minus(times(L, eta0)))), 2),
    ),
    horizon=n,
    steps=n,
    proof=coherent.constant_step,
    attained_by=(
        staircase_run((1, 1, 2), [Integer(1)] * 3, s=2),
        staircase_run((1, 1, 1, 4), [Rational(2, 3)] * 4, s=3),
    ),
    remark=(
        "Coherence is asked at lags up to s, one more than the delays; with lags up to s - 1 alone "
        "the statement fails. Attained at mu = 1: there staleness is free at every such step."
    ),
)

descent_for_multiplicity = Theorem(
    name="automatic_coherence.descent_for_multiplicity",
    title="coherent descent by interpolation: steps that do not increase, multiplicity m",
    source=Source(citation=HERE, statement="coherent descent", status=OURS),
    assumptions=(
        StaleSGD(noisy=False, count=FROM_ZERO),
        NonincreasingSteps(FROM_ZERO),
        StepLimit(ratio(times(2, mu), times(m, L)), FROM_ZERO),
        *FUNCTION,
        COHERENT,
        BoundedDelay(count=FROM_ZERO),
        Multiplicity(count=FROM_ZERO),
    ),
    step=shown(eta(t)),
    quantity=least(SQUARED_GRADIENT, n + 1),
    bound=ratio(
        times(4, L, Delta),
        terms(times(4, mu, L, Sum(eta(t), STEPS)), minus(times(L**2, Sum(eta(t) ** 2, STEPS))), 2),
    ),
    horizon=n,
    steps=n,
    proof=coherent.any_steps,
    attained_by=(
        staircase_run((1, 1, 2), [Integer(1), Rational(1, 2), Rational(1, 3)], s=2, m=2),
        staircase_run((1, 2, 3), [Integer(2), Integer(2), Integer(1)], s=1, m=1),
    ),
    remark="If each gradient is applied once, m = 1, steps reach 2 mu/L whatever the delays.",
)

nearly_free = Theorem(
    name="automatic_coherence.nearly_free",
    title="staleness costs at most the factor 1 + (tau + 1) z, at steps of order z/L",
    source=Source(citation=HERE, statement="coherent descent", status=OURS),
    assumptions=(CONSTANT_STEP, *FUNCTION, BoundedDelay(tau_max + 1, count=FROM_ZERO)),
    conditions=(le(tau_max * z, 1),),
    step=shown(eta0),
    step_limit=ratio(z, times(L, shown((1 + z) ** (tau_max + 1)))),
    quantity=least(SQUARED_GRADIENT, n + 1),
    bound=ratio(
        times(4, L, Delta),
        terms(
            times(
                *(n, L, eta0),
                terms(
                    ratio(times(4, terms(1, z)), terms(1, times(terms(tau_max, 2), z))),
                    minus(times(L, eta0)),
                ),
            ),
            2,
        ),
    ),
    horizon=n,
    steps=n,
    proof=coherent.nearly_free,
    remark=(
        "No coherence is assumed. At z = 1/(10 (tau + 1)) staleness costs a tenth, at steps that "
        "exceed the limit of `free_staleness.nonconvex` from tau = 6 on."
    ),
)

THEOREMS = (
    own_steps,
    own_steps_if_stale,
    without_coherence,
    without_coherence_if_stale,
    descent,
    descent_for_multiplicity,
    nearly_free,
)
