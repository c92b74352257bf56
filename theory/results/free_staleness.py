r"""Staleness is free for small steps: the exact rate of gradient descent, whatever the delays.

**Setting.** F is L-smooth and bounded below; gradient descent without noise applies gradients that
are up to tau updates old,

    x_{t+1} = x_t - eta_t grad F(y_t),      y_t = x_{t - tau_t},      0 <= tau_t <= min(t, tau).

**Lemma (interpolation).** For L-smooth F, perhaps nonconvex, with g = grad F(u), h = grad F(v),

    F(v) >= F(u) + <g + h, v - u>/2 + |g - h|^2/(4L) - L/4 |v - u|^2,

which the descent lemma does not use up: over a step the gradient may change, but not for nothing.
At u = x_{t+1}, v = x_t, with d_t = |grad F(x_{t+1}) - grad F(x_t)|^2,

    F(x_t) - F(x_{t+1}) >= eta_t/2 <grad F(x_t) + grad F(x_{t+1}), grad F(y_t)>
                           - L eta_t^2/4 |grad F(y_t)|^2 + d_t/(4L).

**Proof.** 2 <u, v> = |u|^2 + |v|^2 - |u - v|^2, and |grad F(x_t) - grad F(y_t)|^2 is at most tau
times the d_j of the updates since the read. Summed over the run, each d_j is charged at most
eta/4 (tau^2 + (tau + 1)^2), which 1/(4L) pays for up to

    L eta <= 1/(tau^2 + (tau + 1)^2)          (convex F, by co-coercivity: 1/(tau + 1)^2).

What is left is the bound without delay, and it is attained for *every* sequence of delays: by the
staircase function, whose gradient comes back to the same value at each iterate, and for convex F by
Huber's function.

**How sure we are.** Proved here. Without delay the nonconvex rate is that of Abbaszadehpeivasti, de
Klerk, Zamani (Optimization Letters 2022), as recalled; that delays up to tau leave it untouched is
derived here, and a short search found it nowhere else.
"""

from collections.abc import Sequence
from typing import Any

from sympy import Add, Integer, Rational, Sum

from theory.assumptions import (
    FROM_ZERO,
    BoundedDelay,
    Convex,
    InitialGap,
    PositiveSteps,
    Smooth,
    StaleSGD,
    StepLimit,
)
from theory.exact_runs import ExactRun
from theory.latex import minus, ratio, shown, terms, times
from theory.proofs import free_staleness as proofs
from theory.quantities import SQUARED_GRADIENT, least
from theory.symbols import Delta, L, eta, eta0, n, t, tau_max
from theory.theorem import Source, Theorem
from theory.witness import huber, scaled_staircase

HERE = "derived here"
OURS = "new as far as a short search showed; every step is checked by the kernel"


# ------------------------------------------------------------------------- Setting

FUNCTION = (Smooth(), InitialGap(count=FROM_ZERO))
DELAYS = BoundedDelay(tau_max + 1, count=FROM_ZERO)
LIMIT = ratio(1, times(L, terms(tau_max**2, shown((tau_max + 1) ** 2))))
CONVEX_LIMIT = ratio(1, times(L, shown((tau_max + 1) ** 2)))


CONSTANT_STEP = StaleSGD(shown(eta0), noisy=False, count=FROM_ZERO)
VARYING_STEPS = (StaleSGD(noisy=False, count=FROM_ZERO), PositiveSteps(FROM_ZERO))


STEPS = (t, 0, n - 1)


# ------------------------------------------------------------------------- runs that attain them


def staircase_run(delays: Sequence[int], steps: Sequence[Any], L: Any, tau: int) -> ExactRun:
    """A staircase function with gradient 1 all along."""
    length = Add(*(L * a * (4 - L * a) for a in steps)) + 2
    return _run(
        f"the staircase function with delays {', '.join(map(str, delays))}",
        *(scaled_staircase(steps, L, length / (4 * L))[0], Integer(0)),
        delays=delays,
        steps=steps,
        constants={"L": L, "Delta": length / (4 * L), "tau": Integer(tau)},
    )


def huber_run(delays: Sequence[int], steps: Sequence[Any], L: Any, tau: int) -> ExactRun:
    """Huber's function with gradient 1 all along."""
    length = 2 * L * Add(*steps) + 1
    return _run(
        f"Huber's function with delays {', '.join(map(str, delays))}",
        *huber(steps, L, length / (2 * L)),
        delays=delays,
        steps=steps,
        constants={"L": L, "Delta": length / (2 * L), "tau": Integer(tau)},
    )


def _run(
    words: str,
    function: Any,
    start: Any,
    *,
    delays: Sequence[int],
    steps: Sequence[Any],
    constants: dict[str, Any],
) -> ExactRun:
    constants = {**constants, "n": Integer(len(steps))}
    constants["eta"] = steps[0] if len(set(steps)) == 1 else list(steps)
    return ExactRun(
        words=words,
        constants=constants,
        function=function,
        start=start,
        reads=tuple(k + 1 - delay for k, delay in enumerate(delays)),
    )


FIFTH, NINTH = Rational(1, 5), Rational(1, 9)


# ------------------------------------------------------------------------- theorems

nonconvex = Theorem(
    name="free_staleness.nonconvex",
    title="small steps: the exact synchronous rate, whatever the delays",
    source=Source(citation=HERE, statement="free staleness", status=OURS),
    assumptions=(CONSTANT_STEP, *FUNCTION, DELAYS),
    step=shown(eta0),
    step_limit=LIMIT,
    quantity=least(SQUARED_GRADIENT, n + 1),
    bound=ratio(times(4, L, Delta), terms(times(n, L, eta0, terms(4, minus(times(L, eta0)))), 2)),
    horizon=n,
    steps=n,
    proof=lambda: proofs.constant_step(proofs.NONCONVEX),
    attained_by=(
        staircase_run((0, 1, 1, 1), [FIFTH] * 4, Integer(1), 1),
        staircase_run((0, 0, 1, 0), [FIFTH / 2] * 4, Integer(2), 1),
        staircase_run((0, 1, 2, 0, 2), [Rational(1, 13)] * 5, Integer(1), 2),
    ),
    remark=(
        "The step limit is 1/L without delay. That larger steps are not free for long is not shown "
        "here."
    ),
)

variable_steps = Theorem(
    name="free_staleness.variable_steps",
    title="the same for any steps below the limit",
    source=Source(citation=HERE, statement="free staleness", status=OURS),
    assumptions=(
        *VARYING_STEPS,
        StepLimit(LIMIT, FROM_ZERO),
        *FUNCTION,
        DELAYS,
    ),
    step=shown(eta(t)),
    quantity=least(SQUARED_GRADIENT, n + 1),
    bound=ratio(
        times(4, L, Delta),
        terms(times(4, L, Sum(eta(t), STEPS)), minus(times(L**2, Sum(eta(t) ** 2, STEPS))), 2),
    ),
    horizon=n,
    steps=n,
    proof=lambda: proofs.any_steps(proofs.NONCONVEX),
    attained_by=(
        staircase_run((0, 1, 0, 1), [FIFTH, FIFTH / 2, FIFTH / 3, FIFTH], Integer(1), 1),
        staircase_run(
            (0, 0, 2), [Rational(1, 30), Rational(1, 26), Rational(1, 40)], Integer(2), 2
        ),
    ),
)

convex = Theorem(
    name="free_staleness.convex",
    title="convex F: the exact synchronous rate, whatever the delays",
    source=Source(citation=HERE, statement="free staleness", status=OURS),
    assumptions=(CONSTANT_STEP, *FUNCTION, Convex(), DELAYS),
    step=shown(eta0),
    step_limit=CONVEX_LIMIT,
    quantity=least(SQUARED_GRADIENT, n + 1),
    bound=ratio(times(2, L, Delta), terms(times(2, n, L, eta0), 1)),
    horizon=n,
    steps=n,
    proof=lambda: proofs.constant_step(proofs.CONVEX),
    attained_by=(
        huber_run((0, 1, 1, 1), [Rational(1, 4)] * 4, Integer(1), 1),
        huber_run((0, 1, 2, 0, 1), [NINTH / 2] * 5, Integer(2), 2),
    ),
    remark=(
        "The limit comes from the proof; for how much longer staleness is free is not shown here."
    ),
)

convex_variable_steps = Theorem(
    name="free_staleness.convex_variable_steps",
    title="convex F, any steps below the limit",
    source=Source(citation=HERE, statement="free staleness", status=OURS),
    assumptions=(
        *VARYING_STEPS,
        StepLimit(CONVEX_LIMIT, FROM_ZERO),
        *FUNCTION,
        Convex(),
        DELAYS,
    ),
    step=shown(eta(t)),
    quantity=least(SQUARED_GRADIENT, n + 1),
    bound=ratio(times(2, L, Delta), terms(times(2, L, Sum(eta(t), STEPS)), 1)),
    horizon=n,
    steps=n,
    proof=lambda: proofs.any_steps(proofs.CONVEX),
    attained_by=(
        huber_run((0, 1, 2), [NINTH, NINTH / 2, NINTH / 3], Integer(1), 2),
        huber_run((0, 0, 1), [Rational(1, 4), Rational(0), Rational(1, 8)], Integer(1), 1),
    ),
)

THEOREMS = (nonconvex, variable_steps, convex, convex_variable_steps)
