r"""Delays that are uniform on 0, ..., s - 1

With a = 2 s sin^2(theta/2), 0 < theta < pi/s, and T = tan(theta/2) tan(s theta/2) everything about
independent uniform delays has a closed form. As s grows, mean and mean square bear the same steps.
"""

from typing import Any

from sympy import I, Integer, Rational, Symbol, cancel, cos, diff, exp, pi, sin, sqrt, tan

from theory.latex import minus, power, ratio, shown, terms, times
from theory.linear import independent
from theory.linear.formula import Formula
from theory.linear.independent import Q, a, draws, row, v
from theory.linear.steps import Identity, Lemma, Positive, SecondMoments, StableBetween, Step
from theory.symbols import j, m, s, theta

MODEL = r"x_{k+1} = x_k - a\,x_{k-D_k} + w_k,\quad D_k \text{ uniform on } 0, \dots, s-1"
SMALL = tuple(range(2, 9))  # numbers of delays for which stability is also decided one by one

T = Symbol("T", positive=True)
t = Symbol("t", positive=True)
z = Symbol("z")
phi = Symbol("phi", positive=True)

SYMBOLS = {s: "how many delays there are", theta: "0 < theta < pi/s"}
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

# ------------------------------------------------------------------------- the mean square


def _mean_square(formula: Formula) -> tuple[Step, ...]:
    values = ((a, STEP), (T, PRODUCT))
    gamma, average = autocovariance["autocovariance"].subs(j, 0), autocovariance["average"]
    general = independent.mean_square
    kernel = general["kernel"].subs({independent.G: gamma, Q: average})
    variance = general["variance"].subs({independent.G: gamma, Q: average})
    return (
        Lemma(shows="Gamma_0 and p' Gamma p", formula=autocovariance),
        Lemma(shows="what kernel and variance are for any law", formula=general),
        Identity(shows="the kernel", left=formula["kernel"], right=kernel, definitions=values),
        Identity(
            shows="the kernel is 1 exactly where this is 0",
            left=formula["boundary"],
            right=2 * (kernel - 1),
            definitions=values,
        ),
        Identity(
            shows="the variance", left=formula["variance"], right=variance, definitions=values
        ),
    )


def _mean_square_one_by_one(formula: Formula) -> tuple[Step, ...]:
    checks: list[Step] = []
    for size in (1, 2, 3, 4):
        # tan(s x) from tan x = t; from s = 3 on with t = 1/9, or the equations get long
        slope: Any = t if size < 3 else Rational(1, 9)
        tangent = Integer(0)
        for _ in range(size):
            tangent = cancel((tangent + slope) / (1 - tangent * slope))
        step = cancel(2 * size * slope**2 / (1 + slope**2))
        value = formula["variance"].subs({a: step, T: slope * tangent, s: size})
        checks.append(
            SecondMoments(
                shows="the covariances themselves, for every outcome of a draw",
                outcomes=draws((Rational(1, size),) * size, step),
                claimed=((row(size), row(size), value),),
                variance=v,
                case=f"s = {size}" + ", t = 1/9" * (size > 2),
            )
        )
    return tuple(checks)


SHORT = {
    **SYMBOLS,
    a: "step times curvature, 2 s sin^2(theta/2)",
    T: "tan(theta/2) tan(s theta/2)",
    v: "the variance of w_k",
}

mean_square = Formula(
    name="uniform.mean_square",
    title="mean-square stable exactly if boundary < 0, that is, kernel < 1; the stationary E x_k^2",
    model=MODEL,
    expressions={
        "kernel": terms(ratio(times(a, terms(1, times(s, T))), 2), minus(T)),
        "boundary": terms(times(a, terms(1, times(s, T))), minus(times(2, terms(1, T)))),
        "variance": ratio(
            times(v, terms(1, times(s, T))),
            times(a, terms(times(2, terms(1, T)), minus(times(a, terms(1, times(s, T)))))),
        ),
    },
    symbols={s: SHORT[s], a: SHORT[a], T: SHORT[T], v: SHORT[v]},
    conditions=("0 < theta < pi/s",),
    argue=_mean_square,
    instances=_mean_square_one_by_one,
    reading="Gamma_0 and p' Gamma p in closed form, put into the formulas for any law.",
    uses=independent.mean_square.uses,
)


def _two_delays(formula: Formula) -> tuple[Step, ...]:
    limit = formula["limit"]
    step, tangent = 4 * t**2 / (1 + t**2), 2 * t**2 / (1 - t**2)
    boundary = mean_square["boundary"].subs(s, 2)
    return (
        Lemma(shows="the boundary for any s", formula=mean_square),
        Identity(
            shows="the step, t = tan(theta/2)",
            left=STEP.subs(s, 2),
            right=step,
            definitions=((t, SLOPE),),
        ),
        Identity(
            shows="T likewise", left=PRODUCT.subs(s, 2), right=tangent, definitions=((t, SLOPE),)
        ),
        Identity(
            shows="the boundary by the step alone",
            left=boundary,
            right=(a**2 + 2 * a - 4) / (2 - a),
            definitions=((T, tangent), (a, step)),
        ),
        Identity(shows="the limit is a root", left=limit**2 + 2 * limit - 4, right=0),
        Positive(shows="it is positive", expression=limit),
        Positive(shows="the other one is negative", expression=2 + limit),
        Positive(shows="it is below the limit of the mean", expression=2 - limit),
    )


two_delays = Formula(
    name="uniform.two_delays",
    title="delays 0 and 1 with equal chances: mean-square stable exactly for 0 < a < limit",
    model=MODEL,
    expressions={"limit": terms(shown(sqrt(5)), minus(1))},
    symbols={},
    argue=_two_delays,
    reading=(
        "The boundary is (a^2 + 2 a - 4)/(2 - a): for 0 < a < 2, where the mean is stable, it is "
        "negative exactly below its only positive root."
    ),
    uses=mean_square.uses,
    remark="The mean bears steps up to 2.",
)

FORMULAS = (mean_limit, autocovariance, mean_square, two_delays)
