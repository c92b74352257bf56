r"""Delays that are uniform on 0, ..., s - 1

With a = 2 s sin^2(theta/2), 0 < theta < pi/s, and T = tan(theta/2) tan(s theta/2) everything about
independent uniform delays has a closed form.
"""

from typing import Any

from sympy import I, Integer, Symbol, cos, diff, exp, pi, sin, tan

from theory.latex import power, ratio, shown, terms, times
from theory.linear.formula import Formula
from theory.linear.independent import a
from theory.linear.steps import Identity, Positive, StableBetween, Step
from theory.symbols import j, m, s, theta

MODEL = r"x_{k+1} = x_k - a\,x_{k-D_k} + w_k,\quad D_k \text{ uniform on } 0, \dots, s-1"
SMALL = tuple(range(2, 9))  # numbers of delays for which stability is also decided one by one

T = Symbol("T", positive=True)
t = Symbol("t", positive=True)
z = Symbol("z")
phi = Symbol("phi", positive=True)

SYMBOLS = {s: "how many delays there are", theta: "the angle of the step, between 0 and pi/s"}
STEP = 2 * s * sin(theta / 2) ** 2
SLOPE = tan(theta / 2)
PRODUCT = SLOPE * tan(s * theta / 2)

# ------------------------------------------------------------------------------- the mean


def _characteristic(size: int) -> Any:
    """z^s - z^(s-1) + (a/s) (z^(s-1) + ... + 1)."""
    return z**size - z ** (size - 1) + a / size * sum(z**d for d in range(size))


def _mean_limit(formula: Formula) -> tuple[Step, ...]:
    turn, waves = exp(I * phi), 4 * sin(phi / 2) ** 2
    body = z ** (s - 1) * (z - 1) + a / s * (z**s - 1) / (z - 1)
    crossing = (2 * m - 1) * pi / s
    whole = z - 1 + a * z  # the factor that is not 0 at z = 1 and a = 0, without its z^(s-1)
    return (
        Identity(
            shows="on the unit circle the characteristic polynomial, times z - 1",
            left=((z - 1) * body).subs(z, turn),
            right=turn**s * (a / s - waves) - a / s,
        ),
        Identity(
            shows="so a/s - 4 sin^2 and a/s have the same modulus only for sin = 0 or one step",
            left=(a / s - waves) ** 2 - (a / s) ** 2,
            right=waves * (waves - 2 * a / s),
        ),
        Identity(shows="z = 1 is no root", left=a / s * s, right=a),
        Identity(
            shows="for that step z^s = -1",
            left=turn**s * (a / s - waves) - a / s,
            right=-a / s * (turn**s + 1),
            definitions=((a, s * waves / 2),),
        ),
        Identity(
            shows="which has these angles",
            left=turn**s,
            right=-1,
            definitions=((phi, crossing),),
        ),
        Identity(
            shows="the limit is the step of the first of them",
            left=formula["limit"],
            right=s * waves / 2,
            definitions=((phi, crossing.subs(m, 1)),),
        ),
        Positive(shows="the first angle", expression=crossing.subs(m, 1)),
        Positive(
            shows="later ones are larger",
            expression=crossing - crossing.subs(m, 1),
            relation=">=",
            conditions=(m - 1,),
        ),
        Identity(
            shows="at step 0 the roots are 0 and 1; the root 1 then moves inside",
            left=(-diff(whole, a) / diff(whole, z)).subs({z: 1, a: 0}),
            right=-1,
        ),
    )


def _mean_limit_one_by_one(formula: Formula) -> tuple[Step, ...]:
    return (
        StableBetween(
            shows="Schur and Cohn's test on the whole line of steps",
            polynomial=_characteristic,
            low=lambda size: Integer(0),
            high=lambda size: formula["limit"].subs(s, size),
            delays=SMALL,
            z=z,
            a=a,
        ),
    )


mean_limit = Formula(
    name="uniform.mean_limit",
    title="the mean is stable for 0 < a < limit, and not at the limit",
    model=MODEL,
    expressions={"limit": times(2, s, power(shown(sin(pi / (2 * s))), 2))},
    symbols={s: SYMBOLS[s]},
    argue=_mean_limit,
    instances=_mean_limit_one_by_one,
    reading=(
        "For small a > 0 all roots are inside. On the unit circle z^s times a/s - 4 sin^2(phi/2) "
        "must be a/s, so the moduli agree: a = 2 s sin^2(phi/2) and z^s = -1. The least angle "
        "that does it is pi/s, and sin increases up to pi/2."
    ),
    uses=(
        "solutions of a recursion",
        "roots move continuously",
        "simple roots move smoothly",
        "lines of the circle",
        "monotone sine",
    ),
    remark="One delay (s = 1) and the two delays 0 and 1 have the same limit, 2.",
)

# ----------------------------------------------------------------------- autocovariances


def _autocovariance(formula: Formula) -> tuple[Step, ...]:
    step = formula["step"]

    def gamma(lag: Any) -> Any:
        return formula["autocovariance"].subs(j, lag)

    def before(lag: Any) -> Any:  # Gamma_0 + ... + Gamma_(lag-1)
        waves = cos(theta * (s - 2 * lag + 1) / 2) - cos(theta * (s + 1) / 2)
        return (lag + s * waves / (2 * cos(theta / 2) * cos(s * theta / 2))) / (2 * step)

    return (
        Identity(shows="partial sums: nothing before 0", left=before(Integer(0)), right=0),
        Identity(
            shows="partial sums: one more term", left=before(j + 1) - before(j), right=gamma(j)
        ),
        Identity(
            shows="Yule and Walker's equation of lag j, 1 <= j <= s",
            left=gamma(j),
            right=gamma(j - 1) - step / s * (before(j) + before(s - j + 1) - gamma(Integer(0))),
        ),
        Identity(
            shows="that of lag 0",
            left=gamma(Integer(0)),
            right=1 + gamma(Integer(1)) - step / s * (before(s + 1) - gamma(Integer(0))),
        ),
        Identity(
            shows="p' Gamma p: its rows are (Gamma_i - Gamma_{i+1})/a, and their mean telescopes",
            left=formula["average"],
            right=(gamma(Integer(0)) - gamma(s)) / (s * step),
        ),
    )


autocovariance = Formula(
    name="uniform.autocovariance",
    title="Gamma_j, 0 <= j <= s, and p' Gamma p",
    model=MODEL,
    expressions={
        "step": times(2, s, power(shown(sin(theta / 2)), 2)),
        "autocovariance": times(
            ratio(1, times(4, s, power(shown(sin(theta / 2)), 2))),
            terms(
                1,
                ratio(
                    times(s, shown(SLOPE), shown(sin(theta * (s / 2 - j)))),
                    shown(cos(s * theta / 2)),
                ),
            ),
        ),
        "average": ratio(times(shown(SLOPE), shown(tan(s * theta / 2))), shown(STEP**2)),
    },
    symbols={**SYMBOLS, j: "the lag"},
    conditions=("0 < theta < pi/s",),
    argue=_autocovariance,
    reading=(
        "The closed form solves the s + 1 equations of Yule and Walker; where the mean is stable "
        "they have one solution. The sum over d of p_d Gamma_|i-d| is what the equation of lag i "
        "+ 1 says it is, (Gamma_i - Gamma_{i+1})/a, and its average over i is p' Gamma p."
    ),
    uses=("Yule and Walker",),
    remark="Gamma_j + Gamma_{s-j} is the same for all j, Gamma_j - Gamma_{s-j} is sinusoidal.",
)

FORMULAS = (mean_limit, autocovariance)
