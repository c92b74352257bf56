r"""Constant delay

One eigenmode of curvature lambda, a = eta lambda, under the delay tau; the w_k are uncorrelated,
with variance v. The start is x_0 for every index before 0.
"""

from typing import Any

from sympy import I, Integer, Rational, Symbol, asin, diff, exp, pi, sin

from theory.claims import lt
from theory.latex import minus, ratio, shown, terms, times
from theory.linear.formula import Formula
from theory.linear.steps import Identity, Positive, StableBetween, Step
from theory.symbols import m, theta
from theory.symbols import tau_max as tau

MODEL = r"x_{k+1} = x_k - a\,x_{k-\tau}"
SMALL = tuple(range(9))  # the delays for which stability is also decided one by one

a = Symbol("a", positive=True)
z = Symbol("z")
phi = Symbol("phi", positive=True)

SYMBOLS = {tau: "the delay", a: "step times curvature"}


def characteristic(delay: Any, step: Any) -> Any:
    """z^(tau+1) - z^tau + a."""
    return z ** (delay + 1) - z**delay + step


P = characteristic(tau, a)

# ------------------------------------------------------------------------- stability limit


def _crossing(which: Any) -> Any:
    """The angles at which roots can be on the unit circle."""
    return (4 * which + 1) * pi / (2 * tau + 1)


def _limit(formula: Formula) -> tuple[Step, ...]:
    on_circle = exp(I * phi)
    solved = on_circle**tau * (1 - on_circle)  # the a of a root e^{i phi}
    speed = -diff(P, a) / diff(P, z)
    outward = (speed / z).subs(z, on_circle) + (speed / z).subs(z, 1 / on_circle)
    far = 1 + 4 * tau * (tau + 1) * sin(phi / 2) ** 2
    return (
        Identity(shows="the step that has z as a root", left=P.subs(a, z**tau * (1 - z)), right=0),
        Identity(
            shows="on the unit circle it is a modulus times a phase",
            left=solved,
            right=2 * sin(phi / 2) * exp(I * ((2 * tau + 1) * phi - pi) / 2),
        ),
        Positive(shows="the modulus", expression=2 * sin(phi / 2), conditions=(pi - phi,)),
        Identity(
            shows="the phase is a whole number of turns exactly at these angles",
            left=((2 * tau + 1) * phi - pi) / 2,
            right=2 * pi * m,
            definitions=((phi, _crossing(m)),),
        ),
        Positive(shows="the first of them is positive", expression=_crossing(0)),
        Positive(shows="and at most pi", expression=pi - _crossing(0), relation=">="),
        Positive(shows="later ones are larger", expression=_crossing(m) - _crossing(0)),
        Positive(shows="earlier ones are negative", expression=-_crossing(-m)),
        Identity(
            shows="the limit is the modulus at the first angle",
            left=formula["limit"],
            right=2 * sin(_crossing(0) / 2),
        ),
        Identity(
            shows="at step 0 the roots are 0 and 1", left=P.subs(a, 0), right=z**tau * (z - 1)
        ),
        Identity(shows="the root 1 then moves inside", left=speed.subs(z, 1), right=-1),
        Identity(
            shows="how fast |z|^2 grows with the step where |z| = 1, times 1/|z|^2",
            left=outward,
            right=4 * (2 * tau + 1) * sin(phi / 2) ** 2 / (a * far),
            given=(solved - a, solved.subs(phi, -phi) - a),
        ),
        Positive(
            shows="roots leave the disc, none comes back",
            expression=4 * (2 * tau + 1) * sin(phi / 2) ** 2 / (a * far),
            conditions=(pi - phi,),
        ),
        Identity(shows="p(1) < 0 for negative steps", left=P.subs(z, 1), right=a),
    )


def _limit_one_by_one(formula: Formula) -> tuple[Step, ...]:
    return (
        StableBetween(
            shows="Schur and Cohn's test on the whole line of steps",
            polynomial=lambda delay: characteristic(delay, a),
            low=lambda delay: Integer(0),
            high=lambda delay: formula["limit"].subs(tau, delay),
            delays=SMALL,
            z=z,
            a=a,
        ),
    )


stability_limit = Formula(
    name="constant_delay.stability_limit",
    title="stable exactly for 0 < a < limit",
    model=MODEL,
    expressions={"limit": times(2, shown(sin(pi / (2 * (2 * tau + 1)))))},
    symbols={tau: SYMBOLS[tau]},
    argue=_limit,
    instances=_limit_one_by_one,
    reading=(
        "For small a > 0 all roots are inside. A root on the circle needs a phase of whole turns, "
        "which first happens at the limit; there and later roots only leave. For a < 0, p(1) < 0 "
        "and p grows to infinity, so that a root is > 1."
    ),
    uses=(
        "solutions of a recursion",
        "roots move continuously",
        "simple roots move smoothly",
        "lines of the circle",
        "monotone sine",
        "intermediate values",
    ),
    remark="Conjugate roots come in pairs, so angles from 0 to pi are enough. Levin and May, 1976.",
)


def _largest(formula: Formula) -> tuple[Step, ...]:
    spare = pi - (2 * tau + 1) * theta  # its sign decides both
    return (
        Identity(
            shows="the limit as an angle, a = 2 sin(theta/2)",
            left=stability_limit["limit"],
            right=2 * sin(theta / 2),
            definitions=((theta, pi / (2 * tau + 1)),),
        ),
        Identity(
            shows="what is left of the angle",
            left=pi / (2 * tau + 1) - theta,
            right=spare / (2 * tau + 1),
        ),
        Identity(
            shows="what is left of the delay",
            left=formula["bound"] - tau,
            right=spare / (2 * theta),
            definitions=((asin(a / 2), theta / 2),),
        ),
    )


largest_delay = Formula(
    name="constant_delay.largest_delay",
    title="the delays that a step tolerates: stable exactly for tau < bound",
    model=MODEL,
    expressions={
        "bound": terms(ratio(pi, times(4, shown(asin(a / 2)))), minus(Rational(1, 2))),
    },
    symbols={a: SYMBOLS[a]},
    conditions=(lt(a, 2),),
    argue=_largest,
    reading=(
        "With a = 2 sin(theta/2), 0 < theta < pi, stability says theta < pi/(2 tau + 1), since sin "
        "increases, and that has the sign of bound - tau."
    ),
    uses=("monotone sine",),
    remark="The inverse of `constant_delay.stability_limit`.",
)

FORMULAS = (stability_limit, largest_delay)
