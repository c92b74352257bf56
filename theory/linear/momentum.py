r"""Heavy ball under constant delay

One eigenmode with momentum beta. Its characteristic equation is z^(tau-1) (z - 1)(z - beta) + a = 0
(without delay, after multiplication by z). A delay turns the gain of momentum around: positive
momentum lowers the limit, negative momentum raises it.
"""

from typing import Any

from sympy import Integer, Rational, cos, diff, expand, pi, sin

from theory.claims import le, lt
from theory.latex import minus, power, ratio, root, shown, terms, times
from theory.linear.constant_delay import SYMBOLS, P, a, stability_limit, z
from theory.linear.formula import Formula
from theory.linear.heavy_ball import (
    EQUATION,
    FIRST_BRANCH,
    LAST_BRANCH,
    beta,
    decided,
    first_angle,
    last_angle,
    on_circle,
    outward,
    rational_points,
)
from theory.linear.roots import best_step
from theory.linear.steps import Identity, Positive, StableBetween, Step
from theory.symbols import m, theta
from theory.symbols import tau_max as tau

MODEL = r"x_{k+1} = x_k + \beta\left(x_k - x_{k-1}\right) - a\,x_{k-\tau}"

NAMES = {tau: SYMBOLS[tau], beta: "the momentum", a: SYMBOLS[a]}
CURVE = {tau: SYMBOLS[tau], theta: "the angle of the roots that reach the unit circle"}
BETA = ratio(shown(cos((2 * tau + 1) * theta / 2)), shown(cos((2 * tau - 1) * theta / 2)))
STEP = ratio(
    times(2, shown(sin(theta / 2)), shown(sin(theta))), shown(cos((2 * tau - 1) * theta / 2))
)
LINE = times(2, terms(1, beta), power(shown(Integer(-1)), tau))

# ------------------------------------------------------------------------- the unit circle


def _boundary(formula: Formula) -> tuple[Step, ...]:
    return (
        *on_circle(formula["momentum"], formula["step"]),
        Identity(
            shows="the root -1",
            left=EQUATION.subs(z, -1),
            right=a - formula["step of the root -1"],
        ),
        Identity(shows="the root 1", left=EQUATION.subs(z, 1), right=a),
    )


boundary = Formula(
    name="momentum.boundary",
    title="where a root is on the unit circle",
    model=MODEL,
    expressions={"momentum": BETA, "step": STEP, "step of the root -1": LINE},
    symbols=CURVE | {beta: "the momentum"},
    conditions=(lt(theta, pi), "cos((tau - 1/2) theta) is not 0"),
    argue=_boundary,
    reading="Both parts of the equation are 0 exactly there. 1 is a root at the step 0 alone.",
    remark="Where that cosine is 0 and theta < pi, the imaginary part is not 0.",
)

# ------------------------------------------------------------------------- the limit


def _limit(formula: Formula) -> tuple[Step, ...]:
    momentum, step = formula["momentum"], formula["limit"]
    return (
        *on_circle(momentum, step),
        *outward(),
        *first_angle(momentum, step),
        *last_angle(momentum),
        Identity(
            shows="even delays: the second limit",
            left=formula["second limit, even delays"],
            right=2 * (1 + beta),
        ),
        Identity(
            shows="no momentum: the angle of the constant delay",
            left=momentum,
            right=0,
            definitions=((theta, pi / (2 * tau + 1)),),
        ),
        Identity(
            shows="and its limit",
            left=step,
            right=stability_limit["limit"],
            definitions=((tau, (pi / theta - 1) / 2),),
        ),
    )


def _limit_one_by_one(formula: Formula) -> tuple[Step, ...]:
    momentum, step = formula["momentum"], formula["limit"]
    line = formula["second limit, even delays"]
    signs = ("above", "below")
    return (
        *rational_points(momentum, step, FIRST_BRANCH),
        *(
            decided(
                f"Schur and Cohn's test at a momentum {sign} 0",
                {delay: both[place] for delay, both in FIRST_BRANCH.items()},
                lambda momentum: Integer(0),
                lambda momentum, step: step,
            )
            for place, sign in enumerate(signs)
        ),
        StableBetween(
            shows="and at beta = -9/10, where even delays have the second limit",
            polynomial=lambda delay: expand(EQUATION.subs({tau: delay, beta: -Rational(9, 10)})),
            low=lambda delay: Integer(0),
            high=lambda delay: line.subs(beta, -Rational(9, 10)),
            delays=(2, 4, 6),
            z=z,
            a=a,
        ),
    )


limit = Formula(
    name="momentum.stability_limit",
    title="stable for |beta| < 1 exactly for 0 < a < limit, by an angle; even delays: both limits",
    model=MODEL,
    expressions={
        "momentum": BETA,
        "limit": STEP,
        "second limit, even delays": times(2, terms(1, beta)),
    },
    symbols=CURVE | {beta: "the momentum"},
    conditions=(le(1, tau), lt(theta, pi / (2 * tau - 1)), lt(-1, beta), lt(beta, 1)),
    argue=_limit,
    instances=_limit_one_by_one,
    reading=(
        "Roots only leave, so the least step with a root on the circle is the limit. The momentum "
        "falls along the curve and meets a given beta < 1 on its first branch first. For beta >= 0 "
        "the step grows with the angle. For beta < 0 its square is concave in the cosine, so that "
        "the first or the last angle has the least. For even delays the last is pi; for odd ones "
        "it is below that of beta = -1, so that u + u_1 > 0 and the first has the smaller step."
    ),
    uses=(
        "solutions of a recursion",
        "roots move continuously",
        "simple roots move smoothly",
        "sine of a multiple",
        "derivative and order",
        "intermediate values",
    ),
)


def _below(formula: Formula) -> tuple[Step, ...]:
    momentum, step, line = formula["momentum"], formula["limit"], formula["lower limit"]
    odd = ((tau, 2 * m - 1),)
    share = (tau - 1) + z / (z - 1) + z / (z - beta)  # z/(a dz/da), as for `stability_limit`
    return (
        *on_circle(momentum, step),
        Identity(
            shows="the root -1 needs the lower limit",
            left=EQUATION.subs(z, -1),
            right=a - line,
            definitions=odd,
        ),
        Identity(
            shows="it moves inside where beta > -(2 tau + 1)/(2 tau - 1)",
            left=share.subs(z, -1),
            right=((2 * tau - 1) * beta + 2 * tau + 1) / (2 * (1 + beta)),
        ),
        *rational_points(momentum, step, LAST_BRANCH),
        *(
            decided(
                f"Schur and Cohn's test at the {which} momentum",
                {delay: both[place] for delay, both in LAST_BRANCH.items()},
                lambda momentum: line.subs(beta, momentum),
                lambda momentum, step: step,
            )
            for place, which in enumerate(("first", "second"))
        ),
    )


below_minus_one = Formula(
    name="momentum.below_minus_one",
    title="odd delays >= 3 are stable for momenta a little below -1, lower limit < a < limit",
    model=MODEL,
    expressions={"momentum": BETA, "limit": STEP, "lower limit": times(-2, terms(1, beta))},
    symbols=CURVE | {beta: "the momentum, -(2 tau + 1)/(2 tau - 1) < beta < -1"},
    conditions=("tau is odd", lt(pi - pi / (2 * tau), theta), lt(theta, pi)),
    argue=_below,
    reading=(
        "The momentum is the one root outside at small steps; it comes in through -1 at the lower "
        "limit, and the next pair leaves on the last branch of the curve, not on the first."
    ),
    uses=("solutions of a recursion", "roots move continuously", "simple roots move smoothly"),
    lacks=(
        "that the last branch comes before all others, for every odd delay; decided for two "
        "momenta at each of the delays 3, 5 and 7."
    ),
    remark="The delay 1 has one branch only: `momentum.one_update_old`.",
)


def _lower(formula: Formula) -> tuple[Step, ...]:
    half = (2 * tau - 1) * theta / 2
    rest = cos(theta / 2) / cos(half)
    up = 2 * (tau - 1) * sin(half) * cos(theta / 2) + sin((tau - 1) * theta)
    return (
        Identity(
            shows="the limit as a product",
            left=formula["limit"],
            right=4 * sin(theta / 2) ** 2 * rest,
        ),
        Identity(
            shows="how its second factor moves with the angle",
            left=diff(rest, theta),
            right=up / (2 * cos(half) ** 2),
        ),
        Positive(
            shows="not downwards, delay 1 + m",
            expression=up,
            definitions=((tau, m + 1),),
            strict=(pi / (2 * m + 1) - theta,),
        ),
        Identity(shows="at delay 1 it stays", left=up, right=0, definitions=((tau, 1),)),
        *first_angle(BETA.expression, formula["limit"])[:1],
    )


lowers = Formula(
    name="momentum.lowers_the_limit",
    title="once the delay is 1, more momentum means a smaller limit",
    model=MODEL,
    expressions={"limit": STEP},
    symbols=CURVE,
    conditions=(le(1, tau), lt(theta, pi / (2 * tau - 1))),
    argue=_lower,
    reading=(
        "Along the curve of `momentum.stability_limit` the limit grows with the angle, and the "
        "momentum falls. Without delay the limit 2 (1 + beta) grows with the momentum. For even "
        "delays negative momentum helps down to the line 2 (1 + beta)."
    ),
    uses=("sine of a multiple", "derivative and order"),
)

# ------------------------------------------------------------------------- delays 0 and 1


def _triangle(b: Any, c: Any, edges: tuple[tuple[str, Any], ...]) -> tuple[Step, ...]:
    """The three sides of the triangle in which z^2 + b z + c is stable."""
    sides = (1 - c, 1 + b + c, 1 - b + c)
    return tuple(
        Identity(shows=shows, left=side, right=edge)
        for side, (shows, edge) in zip(sides, edges, strict=True)
    )


def _fresh(formula: Formula) -> tuple[Step, ...]:
    b, c = a - 1 - beta, beta
    return (
        Identity(shows="the equation", left=z * EQUATION.subs(tau, 0), right=z**2 + b * z + c),
        *_triangle(
            b,
            c,
            (
                ("momentum below 1", 1 - beta),
                ("steps above 0", a),
                ("steps below the limit", formula["limit"] - a),
            ),
        ),
    )


without_delay = Formula(
    name="momentum.without_delay",
    title="stable without delay exactly for beta < 1 and 0 < a < limit",
    model=r"x_{k+1} = x_k + \beta\left(x_k - x_{k-1}\right) - a\,x_k",
    expressions={"limit": times(2, terms(1, beta))},
    symbols={beta: "the momentum"},
    argue=_fresh,
    reading="The three sides of the triangle; momenta below -1 leave no step.",
    uses=("solutions of a recursion", "second degree"),
)


def _one(formula: Formula) -> tuple[Step, ...]:
    b, c = -1 - beta, beta + a
    corners = (((beta, 1), (a, 0)), ((beta, -1), (a, 0)), ((beta, -3), (a, 4)))
    pairs = (
        (a, formula["limit"] - a),
        (a, a - formula["lower limit"]),
        (formula["limit"] - a, a - formula["lower limit"]),
    )
    return (
        Identity(shows="the equation", left=EQUATION.subs(tau, 1), right=z**2 + b * z + c),
        *_triangle(
            b,
            c,
            (
                ("steps below the limit", formula["limit"] - a),
                ("steps above 0", a),
                ("steps above the lower limit", a - formula["lower limit"]),
            ),
        ),
        *(
            Identity(
                shows=f"two sides meet in beta = {corner[0][1]}, a = {corner[1][1]}",
                left=side,
                right=0,
                definitions=corner,
            )
            for corner, sides in zip(corners, pairs, strict=True)
            for side in sides
        ),
    )


one_update_old = Formula(
    name="momentum.one_update_old",
    title="stable under the delay 1 exactly for 0 < a, lower limit < a < limit: a triangle",
    model=r"x_{k+1} = x_k + \beta\left(x_k - x_{k-1}\right) - a\,x_{k-1}",
    expressions={
        "limit": terms(1, minus(beta)),
        "lower limit": times(-2, terms(1, beta)),
    },
    symbols={beta: "the momentum"},
    argue=_one,
    reading=(
        "The three sides of the triangle with corners (beta, a) = (1, 0), (-1, 0), (-3, 4): below "
        "beta = -1 a step that is neither too small nor too large stabilises."
    ),
    uses=("solutions of a recursion", "second degree"),
)

# ------------------------------------------------------------------------- the best rate found


def _opposite(formula: Formula) -> tuple[Step, ...]:
    return (
        Identity(
            shows="with beta = -1 and the delay 2 m + 1 it is the equation of the delay m, in z^2",
            left=EQUATION,
            right=P.subs({z: z**2, tau: m}),
            definitions=((beta, formula["momentum"]), (tau, 2 * m + 1)),
        ),
        Identity(
            shows="the step is the best one of the delay m",
            left=formula["step"],
            right=best_step["step"].subs(tau, m),
        ),
        Identity(
            shows="of its rate the square root is left",
            left=formula["rate"] ** 2,
            right=best_step["rate"].subs(tau, m),
        ),
    )


opposite = Formula(
    name="momentum.opposite",
    title="with beta = -1 an odd delay 2 m + 1 acts as the delay m, every other update",
    model=r"x_{k+1} = x_k - \left(x_k - x_{k-1}\right) - a\,x_{k-2m-1}",
    expressions={
        "momentum": shown(Integer(-1)),
        "step": ratio(power(m, m), power(terms(m, 1), terms(m, 1))),
        "rate": root(ratio(m, terms(m, 1))),
    },
    symbols={m: "half of the delay, rounded down"},
    argue=_opposite,
    reading="The roots are the square roots of those of the delay m, of which the best are known.",
    uses=("solutions of a recursion",),
    remark=(
        "This is a rate that can be had. That no other momentum and step give a better one was "
        "found by numerical search only, and is not claimed."
    ),
)

FORMULAS = (boundary, limit, below_minus_one, lowers, without_delay, one_update_old, opposite)
