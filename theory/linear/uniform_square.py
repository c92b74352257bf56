r"""Uniform delays in the mean square

Kernel and variance of independent delays, with what is known in closed form of uniform ones. As
their number grows, mean and mean square bear the same steps.
"""

from typing import Any

from sympy import Integer, Rational, Symbol, cancel, oo, pi, sqrt

from theory.latex import minus, ratio, shown, terms, times
from theory.linear import independent
from theory.linear.formula import Formula
from theory.linear.independent import Q, a, draws, row, v
from theory.linear.steps import Identity, Lemma, Limit, Positive, SecondMoments, Step
from theory.linear.uniform import (
    MODEL,
    PRODUCT,
    SLOPE,
    STEP,
    SYMBOLS,
    T,
    autocovariance,
    mean_limit,
    t,
)
from theory.symbols import j, s, theta


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
    name="uniform_square.mean_square",
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
    name="uniform_square.two_delays",
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


def _many_delays(formula: Formula) -> tuple[Step, ...]:
    here = 2 * u / s  # the angle theta at which s theta/2 = u
    step, product = STEP.subs(theta, here), PRODUCT.subs(theta, here)
    return (
        Lemma(shows="the limit of the mean", formula=mean_limit),
        Lemma(shows="the kernel", formula=mean_square),
        Identity(
            shows="the kernel: T is taken off something that grows with the angle",
            left=mean_square["kernel"],
            right=a * (1 + s * T) / 2 - T,
        ),
        Limit(
            shows="at the angle 2 u/s it vanishes",
            expression=(step * (1 + s * product) / 2).subs(s, size),
            variable=size,
            to=oo,
            value=0,
        ),
        Limit(
            shows="the step there, over the limit of the mean",
            expression=(step / mean_limit["limit"]).subs(s, size),
            variable=size,
            to=oo,
            value=formula["share"],
        ),
        Identity(
            shows="which is all of it at u = pi/2", left=formula["share"].subs(u, pi / 2), right=1
        ),
    )


u, size = Symbol("u", positive=True), Symbol("s", positive=True)

many_delays = Formula(
    name="uniform_square.many_delays",
    title="for many delays a share of the limit of the mean is stable in the mean square, up to 1",
    model=MODEL,
    expressions={"share": shown((2 * u / pi) ** 2)},
    symbols={u: "s theta/2, below pi/2"},
    conditions=("u < pi/2",),
    argue=_many_delays,
    reading=(
        "For each u < pi/2 the kernel at the angle 2 u/s, and at all smaller ones, tends to 0, so "
        "it is below 1 for all large s. There the step is share of the limit of the mean, and u "
        "is as near to pi/2 as one likes."
    ),
    uses=mean_square.uses,
    remark="For two delays the limits still are sqrt 5 - 1 and 2.",
)

FORMULAS = (mean_square, two_delays, many_delays)
