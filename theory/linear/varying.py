r"""Delays that vary with time: shorter ones may do more harm

The word 0, 1, ..., tau, tau, ..., tau, with m more delays tau, repeated for ever. Its first tau + 1
updates all read the same iterate, and after a period the past is forgotten, so one number says
whether it converges. No delay is above tau, and yet it fails at steps that tau all the time bears.
"""

from typing import Any

from sympy import Integer, Rational, Symbol, expand, oo, pi, sin, sqrt

from theory.claims import le
from theory.latex import minus, power, ratio, root, terms, times
from theory.linear.constant_delay import stability_limit
from theory.linear.formula import Formula
from theory.linear.independent import a
from theory.linear.steps import Identity, Lemma, Limit, Positive, Step
from theory.symbols import j
from theory.symbols import tau_max as tau

MODEL = (
    r"x_{k+1} = x_k - a\,x_{k-\tau_k},\quad "
    r"\tau_k = 0, 1, \dots, \tau, \tau, \dots, \tau, 0, 1, \dots,\ m + 1 \text{ times } \tau"
)
SMALL = tuple(range(1, 5))

m = Symbol("m", integer=True, nonnegative=True)
SYMBOLS = {
    a: "step times curvature",
    tau: "the longest delay",
    m: "how often it comes again",
}


def _over_a_period(delay: int, more: int) -> Any:
    """What a period makes of 1, update by update."""
    path: list[Any] = [Integer(1)]
    for k, late in enumerate([*range(delay + 1), *[delay] * more]):
        path.append(expand(path[k] - a * path[k - late]))
    return path[-1]


def _period(formula: Formula) -> tuple[Step, ...]:
    def early(index: Any) -> Any:  # x_0 = 1, ..., x_(tau+1), all of whose updates read x_0
        return 1 - index * a

    def read(count: Any) -> Any:  # x_1 + ... + x_count
        return count - a * count * (count + 1) / 2

    return (
        Identity(shows="x_0", left=early(0), right=1),
        Identity(
            shows="updates 0, ..., tau read x_0, tau_k = k before",
            left=early(j + 1),
            right=early(j) - a,
        ),
        Identity(shows="then x_1, x_2, ... are read, in sum: none", left=read(0), right=0),
        Identity(shows="one more", left=read(j + 1) - read(j), right=early(j + 1)),
        Positive(
            shows="the last of them, x_m, is one of the former if m <= tau + 1",
            expression=tau + 1 - m,
            relation=">=",
            conditions=(tau + 1 - m,),
        ),
        Identity(shows="a period", left=formula["factor"], right=early(tau + 1) - a * read(m)),
    )


def _period_one_by_one(formula: Formula) -> tuple[Step, ...]:
    return tuple(
        Identity(
            shows=f"update by update, tau = {delay}, m = {more}",
            left=formula["factor"].subs({tau: delay, m: more}),
            right=_over_a_period(delay, more),
        )
        for delay in SMALL
        for more in range(delay + 2)
    )


period = Formula(
    name="varying.period",
    title="over a period of tau + 1 + m updates x is multiplied by factor",
    model=MODEL,
    expressions={
        "factor": terms(
            1,
            minus(times(terms(tau, 1, m), a)),
            times(ratio(times(m, terms(m, 1)), 2), power(a, 2)),
        )
    },
    symbols=SYMBOLS,
    conditions=(le(m, tau + 1),),
    argue=_period,
    instances=_period_one_by_one,
    reading=(
        "x_1, ..., x_{tau+1} lie on a line, since all their updates read x_0. The m updates that "
        "follow read x_1, ..., x_m. The next one reads the iterate it starts from."
    ),
    uses=("induction",),
)


def _threshold(formula: Formula) -> tuple[Step, ...]:
    factor, threshold = period["factor"], formula["threshold"]
    total, r = tau + 1 + m, Symbol("r", nonnegative=True)
    root_of = (r**2 - (total**2 - 4 * m * (m + 1)),)
    below, rest = 1 - a / threshold, Symbol("below", positive=True)
    spare = Symbol("spare", nonnegative=True)  # tau + 1 + m - r
    named = sqrt(total**2 - 4 * m * (m + 1))
    return (
        Lemma(shows="the factor of a period", formula=period),
        Identity(
            shows="r^2 = (tau+1+m)^2 - 4 m (m+1): 1 - a/threshold",
            left=below.subs(named, r),
            right=1 - a * (total + r) / 4,
        ),
        Identity(
            shows="the factor is above -1 where this product is positive",
            left=1 + factor,
            right=(1 - a * (total + r) / 4) * (2 - a * (total - r) / 2),
            given=root_of,
        ),
        Identity(
            shows="its second part by the first",
            left=2 - a * (total - r) / 2,
            right=2 * (1 - a * (total + r) / 4) + a * r,
        ),
        Positive(shows="so both are positive below the threshold", expression=2 * rest + a * r),
        Identity(
            shows="the factor is below 1 where this is positive",
            left=1 - factor,
            right=a * ((total + r) / 2 + (total - r) / 2 * (1 - a * (total + r) / 4)),
            given=root_of,
        ),
        Identity(
            shows="r is at most tau + 1 + m",
            left=total**2 - r**2,
            right=4 * m * (m + 1),
            given=root_of,
        ),
        Positive(
            shows="so this is, too",
            expression=(total + r) / 2 + spare / 2 * rest,
        ),
        Identity(shows="at the threshold it is -1", left=factor.subs(a, threshold), right=-1),
    )


def _threshold_one_by_one(formula: Formula) -> tuple[Step, ...]:
    known = {
        (1, 0): Integer(1),
        (1, 1): Integer(1),
        (2, 1): 2 - sqrt(2),
        (3, 2): 1 - 1 / sqrt(3),
        (4, 2): Rational(1, 3),
        (4, 3): Rational(1, 3),
        (7, 4): Rational(1, 5),
    }
    return tuple(
        Identity(
            shows=f"tau = {delay}, m = {more}",
            left=formula["threshold"].subs({tau: delay, m: more}),
            right=value,
        )
        for (delay, more), value in known.items()
    )


threshold = Formula(
    name="varying.threshold",
    title="the word converges for 0 < a < threshold, where x only changes its sign over a period",
    model=MODEL,
    expressions={
        "threshold": ratio(
            4,
            terms(
                tau,
                1,
                m,
                root(terms(power(terms(tau, 1, m), 2), minus(times(4, m, terms(m, 1))))),
            ),
        )
    },
    symbols={tau: SYMBOLS[tau], m: SYMBOLS[m]},
    conditions=(le(m, tau + 1), le(4 * m * (m + 1), (tau + 1 + m) ** 2)),
    argue=_threshold,
    instances=_threshold_one_by_one,
    reading=(
        "Below the threshold the factor of a period is between -1 and 1, there it is -1. Where "
        "(tau+1+m)^2 < 4 m (m+1) it never is."
    ),
    remark="The smallest over m: 1, 2 - sqrt 2, 1 - 1/sqrt 3, 1/3 for tau = 1, ..., 4.",
)

# ------------------------------------------------------------- between two simple fractions


def _between(formula: Formula) -> tuple[Step, ...]:
    low, high = formula["low"], formula["high"]
    reached = 1 + period["factor"]  # 0 where a word only changes the sign
    floor = Rational(3, 2) - (tau + 1) * a + a / 2 - a**2 / 8
    spare, part = Symbol("spare", nonnegative=True), Symbol("part", positive=True)  # low - a
    angle = pi / (2 * (2 * tau + 1))
    chord = 3 / pi  # of the sine, from 0 to pi/6
    return (
        Lemma(shows="the factor of a period", formula=period),
        Lemma(shows="the limit of the constant delay", formula=stability_limit),
        Identity(
            shows="1 + factor, as a square in m and the rest",
            left=reached,
            right=floor + a**2 / 2 * (m - (1 / a - Rational(1, 2))) ** 2,
        ),
        Identity(
            shows="the rest",
            left=floor,
            right=(tau + 1) * (low - a) + a * (4 - a) / 8,
        ),
        Positive(
            shows="up to low it is positive: no word reaches -1, whatever m",
            expression=(tau + 1) * spare + part,
        ),
        Positive(shows="its second part", expression=a * (4 - a) / 8, conditions=(2 - a,)),
        Positive(shows="low is below 2", expression=2 - low),
        Identity(
            shows="1 + factor at high",
            left=reached.subs(a, high),
            right=-(2 * tau + 1 - 3 * m) * (3 * m - 2 * tau + 2) / (2 * (2 * tau + 1) ** 2),
        ),
        Positive(
            shows="for 3 m = 2 tau - 1, 2 tau or 2 tau + 1 it is <= 0: that word has reached -1",
            expression=(2 * tau + 1 - 3 * m) * (3 * m - 2 * tau + 2),
            relation=">=",
            conditions=(2 * tau + 1 - 3 * m, 3 * m - 2 * tau + 2),
        ),
        Positive(
            shows="such an m is at most tau",
            expression=3 * tau - (2 * tau + 1),
            relation=">=",
            conditions=(tau - 1,),
        ),
        Identity(
            shows="the limit of the constant delay is twice a sine",
            left=stability_limit["limit"],
            right=2 * sin(angle),
        ),
        Identity(
            shows="the chord of the sine meets it at pi/6", left=chord * pi / 6, right=sin(pi / 6)
        ),
        Positive(
            shows="from tau = 2 on the angle is inside",
            expression=pi / 6 - angle,
            conditions=(tau - 2,),
        ),
        Identity(shows="twice the chord is high", left=2 * chord * angle, right=high),
        Identity(
            shows="for tau = 1 all three agree",
            left=stability_limit["limit"].subs(tau, 1),
            right=high.subs(tau, 1),
        ),
        Limit(
            shows="low, times tau", expression=tau * low, variable=tau, to=oo, value=Rational(3, 2)
        ),
        Limit(
            shows="high, times tau",
            expression=tau * high,
            variable=tau,
            to=oo,
            value=Rational(3, 2),
        ),
        Limit(
            shows="the limit of the constant delay, times tau",
            expression=tau * stability_limit["limit"],
            variable=tau,
            to=oo,
            value=pi / 2,
        ),
    )


between = Formula(
    name="varying.between",
    title=(
        "low < the smallest threshold of these words <= high < the limit of the constant delay, "
        "for tau >= 2"
    ),
    model=MODEL,
    expressions={
        "low": ratio(3, times(2, terms(tau, 1))),
        "high": ratio(3, terms(times(2, tau), 1)),
    },
    symbols={tau: SYMBOLS[tau]},
    conditions=(le(2, tau),),
    argue=_between,
    reading=(
        "Up to low no word reaches -1. At high one does, with m the whole number between (2 tau - "
        "1)/3 and (2 tau + 1)/3, so its threshold is at most high. The sine lies above its chord, "
        "so the constant delay bears more. Times tau, low and high tend to 3/2, the limit of the "
        "constant delay to pi/2."
    ),
    uses=("concavity", "intermediate values"),
    remark=(
        "So no limit of the constant delay is one for all delays up to tau, from tau = 2 on. That "
        "no other delays do more harm is known from searches only."
    ),
    lacks="that these words are the worst delays; low is a limit for these words only",
)

FORMULAS = (period, threshold, between)
