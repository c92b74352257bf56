r"""Delay compensation: moving a stale gradient by a share of the curvature

A gradient computed at x_{k-tau} is moved by c times what the curvature says it has changed since,
c lambda (x_k - x_{k-tau}). With c = 0 nothing is done, with c = 1 the delay is undone. DC-ASGD puts
the square of the gradient in place of the curvature.
"""

from collections.abc import Callable
from typing import Any

from sympy import I, Integer, Rational, Symbol, cos, diff, exp, pi, sin, sqrt

from theory.claims import le
from theory.latex import minus, ratio, shown, terms, times
from theory.linear.constant_delay import stability_limit
from theory.linear.formula import Formula
from theory.linear.independent import a
from theory.linear.steps import Identity, Lemma, Positive, StableBetween, Step
from theory.symbols import tau_max as tau

MODEL = r"x_{k+1} = x_k - a\,(x_{k-\tau} + c\,(x_k - x_{k-\tau}))"

c = Symbol("c", nonnegative=True)
z = Symbol("z")
phi = Symbol("phi", positive=True)

SYMBOLS = {
    a: "step times curvature",
    c: "the share of the curvature that gradients are moved by",
    tau: "the delay, at least 1",
    phi: "the angle at which a root meets the unit circle",
}


def characteristic(delay: Any, share: Any) -> Any:
    """z^(tau+1) - (1 - a c) z^tau + a (1 - c)."""
    return z ** (delay + 1) - (1 - a * share) * z**delay + a * (1 - share)


def tested(share: Any, high: Callable[[int], Any], delays: tuple[int, ...]) -> Step:
    """Schur and Cohn's test for one share."""
    return StableBetween(
        shows=f"Schur and Cohn's test on the whole line of steps, c = {share}",
        polynomial=lambda delay: characteristic(delay, share),
        low=lambda delay: Integer(0),
        high=high,
        delays=delays,
        z=z,
        a=a,
    )


# ------------------------------------------------------------------ up to half of the curvature

FIRST, LAST = pi / (2 * tau + 1), pi / (tau + 1)


def _up_to_half(formula: Formula) -> tuple[Step, ...]:
    step, share = formula["limit"], formula["share"]
    turn = exp(I * phi)
    polynomial = characteristic(tau, c)
    keeps, pulls = Symbol("keeps", real=True), Symbol("pulls", real=True)
    within = Symbol("w", positive=True)  # 1 - a c
    growth = (2 - a * c) * a / (1 - a * c) ** 2
    return (
        Identity(
            shows="at this step and share e^{i phi} is a root",
            left=characteristic(tau, share).subs({a: step, z: turn}),
            right=0,
        ),
        Identity(
            shows="at no other: imaginary and real part give a (1 - c), then 1 - a c",
            left=turn - keeps + pulls / turn**tau,
            right=cos(phi)
            - keeps
            + pulls * cos(tau * phi)
            + I * (sin(phi) - pulls * sin(tau * phi)),
        ),
        Positive(
            shows="and what they are divided by is not 0",
            expression=sin(tau * phi),
            strict=(LAST - phi,),
            conditions=(tau - 1,),
        ),
        Identity(
            shows="on the circle |z - (1 - a c)| = a (1 - c) is this, by squares",
            left=(turn - (1 - a * c)) * (1 / turn - (1 - a * c)) - (a * (1 - c)) ** 2,
            right=4 * (1 - a * c) * sin(phi / 2) ** 2 - a**2 * (1 - 2 * c),
        ),
        Identity(
            shows="how sin^2(phi/2) = a^2 (1 - 2 c)/(4 (1 - a c)) changes with a",
            left=diff(a**2 / (1 - a * c), a),
            right=growth,
        ),
        Identity(
            shows="(1 + w) a/w^2, w = 1 - a c",
            left=growth,
            right=(1 + within) * a / within**2,
            definitions=((within, 1 - a * c),),
        ),
        Positive(
            shows="it grows, so smaller angles are met at smaller steps; w > 0 for a < 2, c <= 1/2",
            expression=(1 + within) * a / within**2,
        ),
        Identity(
            shows="c = 1 - cos/(2 sin sin), which grows with the angle",
            left=share,
            right=1 - cos(phi / 2) / (2 * sin(tau * phi / 2) * sin((tau + 1) * phi / 2)),
        ),
        Positive(
            shows="as all these angles stay below pi/2",
            expression=pi - (tau + 1) * phi,
            strict=(LAST - phi,),
        ),
        Identity(shows="it starts from 0", left=share, right=0, definitions=((phi, FIRST),)),
        Lemma(shows="the limit without compensation", formula=stability_limit),
        Identity(
            shows="where the limit is that one",
            left=step,
            right=stability_limit["limit"],
            definitions=((phi, FIRST),),
        ),
        Identity(
            shows="and ends at one half",
            left=share,
            right=Rational(1, 2),
            definitions=((phi, LAST),),
        ),
        Identity(
            shows="where the limit is 2, as without a delay",
            left=step,
            right=2,
            definitions=((phi, LAST),),
        ),
        Positive(shows="the angles are in order", expression=LAST - FIRST, conditions=(tau - 1,)),
        Identity(
            shows="at step 0 the roots are 0 and 1",
            left=polynomial.subs(a, 0),
            right=z**tau * (z - 1),
        ),
        Identity(
            shows="the root 1 then moves inside",
            left=(-diff(polynomial, a) / diff(polynomial, z)).subs({z: 1, a: 0}),
            right=-1,
        ),
        Identity(shows="1 is no root", left=polynomial.subs(z, 1), right=a),
        Identity(
            shows="nor is -1 for odd delays, as this is not 0 for a < 2 and c <= 1",
            left=(2 - a * c + a * (1 - c)),
            right=2 - a + 2 * a * (1 - c),
        ),
        Identity(
            shows="nor for even ones, as this is not 0 for a < 2",
            left=(2 - a * c - a * (1 - c)),
            right=2 - a,
        ),
    )


def _up_to_half_one_by_one(formula: Formula) -> tuple[Step, ...]:
    def at(angle: Any) -> Any:
        return lambda delay: formula["limit"].subs({phi: angle, tau: delay})

    few = tuple(range(1, 7))
    quarter = (1 + sqrt(Rational(11, 3))) / 4  # cos(phi) of c = 1/4 at delay 2
    return (
        tested(Integer(0), lambda d: at(pi / (2 * d + 1))(d), few[:3]),
        tested(Rational(1, 2), lambda d: at(pi / (d + 1))(d), few),
        tested(Rational(1, 4), lambda d: Rational(4, 3), (1,)),
        tested(Rational(1, 4), lambda d: Rational(2, 3) / quarter, (2,)),
        Identity(
            shows="the limit of c = 1/4 at delay 2 is on the curve",
            left=formula["limit"].subs(tau, 2),
            right=1 / (2 * (1 - formula["share"].subs(tau, 2)) * cos(phi)),
        ),
    )


up_to_half = Formula(
    name="compensation.up_to_half",
    title=(
        "c <= 1/2: stable for 0 < a < limit and not at the limit, at the angle phi whose share is c"
    ),
    model=MODEL,
    expressions={
        "limit": ratio(
            times(2, shown(sin(phi / 2)), shown(sin((tau + 1) * phi / 2))),
            shown(cos(tau * phi / 2)),
        ),
        "share": terms(
            1,
            minus(
                ratio(
                    shown(cos(phi / 2)),
                    times(2, shown(sin(tau * phi / 2)), shown(sin((tau + 1) * phi / 2))),
                )
            ),
        ),
    },
    symbols={phi: SYMBOLS[phi], tau: SYMBOLS[tau]},
    conditions=(le(1, tau), le(FIRST, phi), le(phi, LAST)),
    argue=_up_to_half,
    instances=_up_to_half_one_by_one,
    reading=(
        "For small a > 0 all roots are inside. Those angles of roots on the circle grow with a, "
        "so the first crossing is the one of the smallest angle. Up to pi/(tau + 1) the share "
        "grows from 0 to 1/2 with the angle, which leaves one angle for each c; the limit grows "
        "with it from that of the constant delay to 2."
    ),
    uses=(
        "solutions of a recursion",
        "roots move continuously",
        "simple roots move smoothly",
        "monotone sine",
        "derivative and order",
    ),
)

# --------------------------------------------------------------------- from half to the whole


def _from_half(formula: Formula) -> tuple[Step, ...]:
    inside, outside = Symbol("w", nonnegative=True), Symbol("u", positive=True)
    margin, limit = formula["margin"], formula["limit"]
    even = 2 * Symbol("n", integer=True)
    return (
        Identity(
            shows="while a c <= 1: what is left of 1 for |1 - a c| + a (1 - c)",
            left=1 - inside - a * (1 - c),
            right=margin,
            definitions=((inside, 1 - a * c),),
        ),
        Positive(shows="it is positive", expression=margin, strict=(c - Rational(1, 2),)),
        Identity(
            shows="beyond: likewise",
            left=1 - outside - a * (1 - c),
            right=limit - a,
            definitions=((outside, a * c - 1),),
        ),
        Identity(
            shows="a polynomial of modulus |z|^tau |z - (1 - a c)| at least, less a (1 - c)",
            left=characteristic(tau, c),
            right=z**tau * (z - (1 - a * c)) + a * (1 - c),
        ),
        Identity(
            shows="at the limit -1 is a root for even delays",
            left=characteristic(even, c).subs({z: -1, a: limit}),
            right=0,
        ),
    )


def _from_half_one_by_one(formula: Formula) -> tuple[Step, ...]:
    return tuple(
        tested(share, lambda delay: formula["limit"], (2, 4, 6, 8))
        for share in (Rational(2, 3), Integer(1))
    )


from_half = Formula(
    name="compensation.from_half",
    title="1/2 < c <= 1: stable for 0 < a < limit whatever the delay; even delays bear no more",
    model=MODEL,
    expressions={"limit": shown(Integer(2)), "margin": times(a, terms(times(2, c), minus(1)))},
    symbols={a: SYMBOLS[a], c: SYMBOLS[c]},
    conditions=("1/2 < c", le(c, 1)),
    argue=_from_half,
    instances=_from_half_one_by_one,
    reading=(
        "For |z| >= 1 the polynomial is at least |z| - |1 - a c| - a (1 - c) > 0 in modulus. So "
        "half of the curvature is enough to bear what is borne without a delay."
    ),
    uses=("triangle inequality", "solutions of a recursion"),
    remark="With the whole curvature, c = 1, it is plain gradient descent.",
)

FORMULAS = (up_to_half, from_half)
