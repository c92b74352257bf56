r"""Rates under constant delay

How fast one eigenmode is: the largest modulus of the roots of z^(tau+1) - z^tau + a. Up to the best
step a* it is a real root, beyond it a pair of complex ones.
"""

from typing import Any

from sympy import I, Integer, Symbol, cos, cot, diff, exp, pi, sin

from theory.claims import le, lt
from theory.latex import minus, power, ratio, shown, terms, times
from theory.linear.constant_delay import MODEL, SYMBOLS, P, a, phi, stability_limit, z
from theory.linear.formula import Formula
from theory.linear.steps import Identity, Positive, Step
from theory.symbols import tau_max as tau

r = Symbol("r", positive=True)
w, gap = Symbol("w", positive=True), Symbol("g", positive=True)
BEND = sin(phi / 2) ** 2

RATE = "what |x_k| shrinks by at every update in the long run"

# ------------------------------------------------------------------------- up to the best step


def _real_root(step: Any, rate: Any, edge: Any) -> tuple[Step, ...]:
    """A real root r >= tau/(tau + 1) is the largest: the others are those of the quotient."""
    others = z**tau - (1 - rate) * (z**tau - rate**tau) / (z - rate)
    return (
        Identity(shows="r is a root", left=P.subs(z, rate), right=0, definitions=((a, step),)),
        Identity(
            shows="the other roots, those of z^tau = (1 - r)(z^(tau-1) + z^(tau-2) r + ...)",
            left=P,
            right=(z - rate) * others,
            definitions=((a, step),),
        ),
        Positive(
            shows="with z = r w the moduli of the tau coefficients sum to tau (1 - r)/r <= 1",
            expression=rate - tau * (1 - rate),
            relation=">=",
            conditions=edge,
        ),
    )


def _best(formula: Formula) -> tuple[Step, ...]:
    """At the rate, p'/p = sum_i 1/(rate - z_i) is 0, and each term has a positive real part."""
    step, rate = formula["step"], formula["rate"]
    smaller = w * exp(I * phi)  # a root of modulus w, smaller than the rate by gap
    share = 1 / (rate - smaller) + 1 / (rate - smaller.subs(I, -I))
    ahead, length = gap + 2 * w * BEND, gap**2 + 4 * (w + gap) * w * BEND
    return (
        *_real_root(step, rate, ()),
        Identity(
            shows="the derivative is 0 at the rate, whatever the step",
            left=diff(P, z),
            right=(tau + 1) * z ** (tau - 1) * (z - rate),
        ),
        Identity(
            shows="twice the real part of 1/(rate - z) at a smaller root",
            left=share,
            right=2 * ahead / length,
            definitions=((gap, rate - w),),
        ),
        Positive(shows="it is positive", expression=2 * ahead / length),
    )


best_step = Formula(
    name="roots.best_step",
    title="the fastest step, and how fast it is",
    model=MODEL,
    expressions={
        "step": ratio(power(tau, tau), power(terms(tau, 1), terms(tau, 1))),
        "rate": ratio(tau, terms(tau, 1)),
    },
    symbols={tau: SYMBOLS[tau]},
    argue=_best,
    reading=(
        "At this step the rate is a root, and no root is larger. At no step, not even a complex "
        "one, are all roots smaller: else the rate is none of them, and p'/p = sum 1/(rate - z_i) "
        "has a positive real part there, where p' is 0."
    ),
    uses=("solutions of a recursion", "sum of moduli", "logarithmic derivative"),
    remark="At the best step it is a double root. Without delay the step is 1, the rate 0.",
)


def _small(formula: Formula) -> tuple[Step, ...]:
    step, edge = formula["step"], ((tau + 1) * r - tau,)
    return (
        *_real_root(step, r, edge),
        Identity(
            shows="how the step moves with the rate",
            left=diff(step, r),
            right=-(r ** (tau - 1)) * ((tau + 1) * r - tau),
        ),
        Positive(
            shows="it falls as the rate grows",
            expression=r ** (tau - 1) * ((tau + 1) * r - tau),
            strict=edge,
        ),
        Identity(
            shows="at the smallest rate it is the best step",
            left=step.subs(r, best_step["rate"]),
            right=best_step["step"],
        ),
        Identity(shows="at the rate 1 it is 0", left=step.subs(r, 1), right=0),
    )


small_steps = Formula(
    name="roots.small_steps",
    title="the rate r of a step up to the best one, by the step that has it",
    model=MODEL,
    expressions={"step": times(power(r, tau), terms(1, minus(r)))},
    symbols={tau: SYMBOLS[tau], r: RATE},
    conditions=(le(best_step["rate"], r), lt(r, 1)),
    argue=_small,
    reading=(
        "r is a root, and no root is larger. The step falls from a* to 0 while r grows from "
        "tau/(tau + 1) to 1, so each step up to a* has one such r."
    ),
    uses=("solutions of a recursion", "sum of moduli", "derivative and order"),
)

# ------------------------------------------------------------------------- beyond the best step


def pair(step: Any, modulus: Any) -> tuple[Step, ...]:
    """r e^{+-i phi} are roots, and both r and the step increase with phi."""
    at, conjugate = P.subs(z, r * exp(I * phi)), P.subs(z, r * exp(-I * phi))
    edge = (sin((tau + 1) * phi) * r - sin(tau * phi),)
    slope = w * cot(w)
    return (
        Identity(
            shows="the imaginary part of the equation",
            left=(at - conjugate) / (2 * I),
            right=r**tau * sin((tau + 1) * phi) * (r - modulus),
        ),
        Identity(
            shows="the real part, where the imaginary part is 0",
            left=(at + conjugate) / 2,
            right=a - step,
            given=edge,
        ),
        Identity(
            shows="how log r moves with phi: by values of x cot x",
            left=diff(modulus, phi) / modulus,
            right=(slope.subs(w, tau * phi) - slope.subs(w, (tau + 1) * phi)) / phi,
        ),
        Identity(
            shows="how log a does: tau times as much, and this",
            left=diff(step, phi) / step,
            right=(slope.subs(w, phi) - slope.subs(w, (tau + 1) * phi)) / phi,
        ),
        Identity(shows="tau times as much", left=diff(step, r) * r / step, right=tau),
        Identity(
            shows="x cot x falls, since sin 2x < 2x",
            left=diff(slope, w),
            right=-(2 * w - sin(2 * w)) / (2 * sin(w) ** 2),
        ),
        Identity(
            shows="at this angle r is 1",
            left=modulus,
            right=1,
            definitions=((tau, pi / (2 * phi) - Integer(1) / 2),),
        ),
        Identity(
            shows="and the step is the limit",
            left=step,
            right=stability_limit["limit"],
            definitions=((r, 1), (tau, pi / (2 * phi) - Integer(1) / 2)),
        ),
    )


def _dominant() -> tuple[Step, ...]:
    """No root is larger than the pair: on its circle, steps grow with the angle."""
    turning = -I * r * exp(I * phi) / (1 - r * exp(I * phi))  # of the logarithm of 1 - z
    length = 1 - 2 * r * cos(phi) + r**2
    speed = tau * (1 + r**2) + r**2 - (2 * tau + 1) * r * cos(phi)
    return (
        Identity(
            shows="|1 - z|^2 on the circle of radius r",
            left=(1 - r * exp(I * phi)) * (1 - r * exp(-I * phi)),
            right=length,
        ),
        Identity(shows="how it moves with phi", left=diff(length, phi), right=2 * r * sin(phi)),
        Identity(
            shows="how the phase of z^tau (1 - z) moves with phi",
            left=tau + (turning - turning.subs(I, -I)) / (2 * I),
            right=speed / length,
        ),
        Identity(
            shows="its speed at phi = 0",
            left=speed.subs(phi, 0),
            right=-(1 - r) * ((tau + 1) * r - tau),
        ),
        Identity(
            shows="how its speed times |1 - z|^2 moves",
            left=diff(speed, phi),
            right=(2 * tau + 1) * r * sin(phi),
        ),
        Positive(shows="upwards", expression=(2 * tau + 1) * r * sin(phi), strict=(pi - phi,)),
    )


large_steps = Formula(
    name="roots.large_steps",
    title="the rate of a step from the best one to the limit, both by an angle phi",
    model=MODEL,
    expressions={
        "rate": ratio(shown(sin(tau * phi)), shown(sin((tau + 1) * phi))),
        "step": ratio(times(power(r, tau), shown(sin(phi))), shown(sin((tau + 1) * phi))),
    },
    symbols={
        tau: SYMBOLS[tau],
        phi: "the angle of the largest pair of roots",
        r: "the rate, as above",
    },
    conditions=(le(1, tau), lt(phi, pi / (2 * tau + 1))),
    argue=lambda f: (*pair(f["step"], f["rate"]), *_dominant()),
    reading=(
        "For phi from 0 to pi/(2 tau + 1), r grows from tau/(tau + 1) to 1 and the step from a* to "
        "the limit. No root is larger: on a larger circle of radius < 1 the phase of z^tau (1 - z) "
        "is 0 at phi = 0, falls, and grows for ever from where it turns, so it is a whole number "
        "of turns nowhere before the angle of the pair with that modulus, whose step is larger; "
        "beyond that angle |1 - z| and with it the step is larger still."
    ),
    uses=(
        "solutions of a recursion",
        "sine below its angle",
        "derivative and order",
        "lines of the circle",
        "intermediate values",
    ),
    remark="A positive root r needs the step r^tau (1 - r), which is at most a*.",
)

FORMULAS = (best_step, small_steps, large_steps)
