r"""Several eigenmodes under constant delay

A quadratic with curvatures from L/kappa to L: one step serves all modes. The slowest mode, of
curvature L/kappa, has a real root; the steepest, of curvature L, a pair. At the tuned step both
have the same rate, and no step has a smaller one.
"""

from sympy import Symbol, cos, diff, pi, sin

from theory.claims import le, lt
from theory.latex import minus, power, ratio, shown, terms, times
from theory.linear.constant_delay import MODEL, SYMBOLS, phi, stability_limit
from theory.linear.formula import Formula
from theory.linear.roots import large_steps, r, small_steps
from theory.linear.steps import Identity, Positive, Step
from theory.symbols import tau_max as tau

kappa = Symbol("kappa", positive=True)

KAPPA = "the condition number, largest curvature over least"
ANGLE = "the angle of the roots of the steepest mode"


def _tuned(formula: Formula) -> tuple[Step, ...]:
    slow, steep = small_steps["step"], large_steps["step"]
    here = (r * sin((tau + 1) * phi) - sin(tau * phi),)  # r is the rate of the steepest mode
    up = (2 * tau + 1) * sin((tau + 1) * phi / 2 + tau * phi / 2) * cos(phi / 2)
    up -= cos((tau + 1) * phi / 2 + tau * phi / 2) * sin(phi / 2)
    return (
        Identity(
            shows="both modes have the rate r: their steps are as 1 to kappa",
            left=steep,
            right=formula["kappa"] * slow,
            given=here,
        ),
        Identity(
            shows="that is the step, times the largest curvature",
            left=formula["step"],
            right=steep,
        ),
        Identity(shows="and the rate", left=formula["rate"], right=large_steps["rate"]),
        Identity(
            shows="how log kappa moves with phi",
            left=diff(formula["kappa"], phi) / formula["kappa"],
            right=up / (2 * cos(phi / 2) * cos((tau + 1) * phi / 2 + tau * phi / 2)),
        ),
        Identity(
            shows="where it is a sum of positive terms",
            left=up,
            right=2 * tau * sin((2 * tau + 1) * phi / 2) * cos(phi / 2) + sin(tau * phi),
        ),
        Positive(
            shows="upwards",
            expression=2 * tau * sin((2 * tau + 1) * phi / 2) * cos(phi / 2) + sin(tau * phi),
            conditions=(tau - 1,),
            strict=(pi / (2 * tau + 1) - phi,),
        ),
        Identity(shows="from 1", left=formula["kappa"].subs(phi, 0), right=1),
        Identity(
            shows="to infinity",
            left=1 / formula["kappa"],
            right=0,
            definitions=((phi, pi / (2 * tau + 1)),),
        ),
    )


tuned_step = Formula(
    name="two_modes.tuned_step",
    title="the step that makes the slowest mode fastest, for every delay >= 1",
    model=MODEL,
    expressions={
        "kappa": ratio(shown(cos(phi / 2)), shown(cos((2 * tau + 1) * phi / 2))),
        "rate": large_steps.expressions["rate"],
        "step": large_steps.expressions["step"],
    },
    symbols={tau: SYMBOLS[tau], phi: ANGLE, r: "the rate"},
    conditions=(le(1, tau), lt(phi, pi / (2 * tau + 1))),
    argue=_tuned,
    reading=(
        "Each kappa > 1 has one angle. A smaller step makes the slowest mode slower, a larger one "
        "the steepest; modes in between are faster than one of the two. So below this step the "
        "slowest real mode dominates in the end, above it an oscillating one."
    ),
    uses=("derivative and order", "dominant root", "intermediate values"),
    remark=(
        "Tuned runs are on the verge of incoherence: see `coherent_runs.large_steps` for what an "
        "oscillating mode does. The step is in units of 1/L."
    ),
)


def _fresh(formula: Formula) -> tuple[Step, ...]:
    step, rate = formula["step"], formula["rate"]
    return (
        Identity(shows="the slowest mode", left=1 - step / kappa, right=rate),
        Identity(shows="the steepest mode, of the other sign", left=step - 1, right=rate),
    )


without_delay = Formula(
    name="two_modes.without_delay",
    title="the tuned step and its rate without delay",
    model="x_{k+1} = x_k - a\\,x_k",
    expressions={
        "step": ratio(times(2, kappa), terms(kappa, 1)),
        "rate": ratio(terms(kappa, minus(1)), terms(kappa, 1)),
    },
    symbols={kappa: KAPPA},
    conditions=(le(1, kappa),),
    argue=_fresh,
    reading=(
        "|1 - a/kappa| falls and |1 - a| grows with the step near here, and the larger of the two "
        "is least where they are equal."
    ),
)


def _one(formula: Formula) -> tuple[Step, ...]:
    step, rate = formula["step"], formula["rate"]
    named = ((kappa, tuned_step["kappa"].subs(tau, 1)),)
    return (
        Identity(
            shows="the rate of the tuned step",
            left=rate,
            right=tuned_step["rate"].subs(tau, 1),
            definitions=named,
        ),
        Identity(
            shows="the tuned step",
            left=step,
            right=tuned_step["step"].subs(tau, 1),
            definitions=((r, tuned_step["rate"].subs(tau, 1)), *named),
        ),
        Identity(
            shows="the slowest mode has that rate", left=rate * (1 - rate), right=step / kappa
        ),
        Identity(shows="the steepest mode: a pair with the product a", left=rate**2, right=step),
    )


one_update_old = Formula(
    name="two_modes.one_update_old",
    title="the tuned step and its rate under the delay 1",
    model="x_{k+1} = x_k - a\\,x_{k-1}",
    expressions={
        "step": power(ratio(kappa, terms(kappa, 1)), 2),
        "rate": ratio(kappa, terms(kappa, 1)),
    },
    symbols={kappa: KAPPA},
    conditions=(lt(1, kappa),),
    argue=_one,
    reading="`two_modes.tuned_step` at the delay 1, its angle eliminated.",
)


def _slowdown(formula: Formula) -> tuple[Step, ...]:
    slow, limit = small_steps["step"], stability_limit["limit"]
    return (
        Identity(shows="the rate of a step 0 is 1", left=slow.subs(r, 1), right=0),
        Identity(
            shows="and falls as fast as the step grows, whatever the delay",
            left=diff(slow, r).subs(r, 1),
            right=-1,
        ),
        Identity(
            shows="for kappa to infinity the angle tends to that of the limit",
            left=1 / tuned_step["kappa"],
            right=0,
            definitions=((phi, pi / (2 * tau + 1)),),
        ),
        Identity(
            shows="where the step is the limit",
            left=tuned_step["step"],
            right=limit,
            definitions=((r, 1), (tau, (pi / phi - 1) / 2)),
        ),
        Identity(
            shows="without delay the tuned step tends to 2, of which the limit is this share",
            left=2 / limit,
            right=formula["slowdown"],
        ),
    )


slowdown = Formula(
    name="two_modes.slowdown",
    title="how many times longer a tuned run takes under delay, for kappa to infinity",
    model=MODEL,
    expressions={"slowdown": ratio(1, shown(sin(pi / (2 * (2 * tau + 1)))))},
    symbols={tau: SYMBOLS[tau]},
    argue=_slowdown,
    reading=(
        "The slowest mode sets the time, at a step a/kappa that tends to 0, so that log rate is "
        "-a/kappa up to smaller terms. a tends to the limit, without delay to 2."
    ),
    uses=("derivative and order",),
    remark=(
        "It is the logarithm of the tuned rate without delay over that with it: about 4 tau/pi, "
        "such as 21 at the delay 16. What no step can undo is this much."
    ),
)

FORMULAS = (tuned_step, without_delay, one_update_old, slowdown)
