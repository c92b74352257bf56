r"""Sparse updates under constant delay

An update touches a coordinate with the chance 1/n only: that is the step a/n with relative noise of
variance n - 1. Or coordinates are touched in turn, and nothing is random.
"""

from typing import Any

from sympy import Integer, Rational, Symbol, cancel, cos, floor, pi, sin, tan

from theory.latex import minus, power, ratio, shown, terms, times
from theory.linear import relative_noise, stationary
from theory.linear.constant_delay import stability_limit
from theory.linear.formula import Formula
from theory.linear.independent import G, a, row, v
from theory.linear.relative_noise import DELAYS, draws, energy, nu
from theory.linear.steps import Identity, Lemma, Limit, Positive, Recursion, SecondMoments, Step
from theory.symbols import delta, theta
from theory.symbols import tau_max as tau

SPARSE = (
    r"x_{k+1} = x_k - a\,b_k\,x_{k-\tau} + w_k,\quad P(b_k = 1) = \frac{1}{n},\ b_k \in \{0, 1\}"
)
ROBIN = (
    r"x_{k+1} = x_k - a\,b_k\,x_{k-\tau},\quad "
    r"b_k = 1 \text{ for } k = 0, n, 2 n, \dots, \text{ else } 0"
)

n = Symbol("n", positive=True)
alpha = stationary.alpha

SYMBOLS = {
    **relative_noise.SYMBOLS,
    n: "an update touches the coordinate with the chance 1/n",
}


def _touched_or_not(formula: Formula) -> tuple[Step, ...]:
    return (
        Identity(shows="the mean of b a", left=a / n, right=a * 1 * (1 / n) + 0 * (1 - 1 / n)),
        Identity(
            shows="its variance is nu (a/n)^2",
            left=a**2 * (1 / n) * (1 - 1 / n),
            right=nu * (a / n) ** 2,
            definitions=((nu, formula["relative"]),),
        ),
        Lemma(shows="the kernel of relative noise", formula=relative_noise.noise),
        Identity(
            shows="with these",
            left=formula["kernel"],
            right=relative_noise.noise["kernel"].subs(
                {a: a / n, nu: formula["relative"]}, simultaneous=True
            ),
        ),
    )


def _sparse_one_by_one(formula: Formula) -> tuple[Step, ...]:
    found: list[Step] = []
    for delay in DELAYS:
        kernel = formula["kernel"].subs(G, energy(delay, a / n))
        found.append(
            SecondMoments(
                shows="the covariances themselves, touched or not",
                outcomes=draws(delay, ((1, 1 / n), (0, 1 - 1 / n))),
                claimed=(
                    (
                        row(delay + 1),
                        row(delay + 1),
                        cancel(v * energy(delay, a / n) / (1 - kernel)),
                    ),
                ),
                variance=v,
                case=f"tau = {delay}",
            )
        )
    return tuple(found)


touched = Formula(
    name="sparse.touched",
    title="updates that touch a coordinate with the chance 1/n: stable exactly if kernel < 1",
    model=SPARSE,
    expressions={
        "relative": terms(n, minus(1)),
        "kernel": times(ratio(power(a, 2), n), terms(1, minus(ratio(1, n))), G),
    },
    symbols={
        a: SYMBOLS[a],
        n: SYMBOLS[n],
        G: "the sum of h_n^2 at the step a/n, of the constant delay tau",
    },
    conditions=("the mean is stable", "touches are independent"),
    argue=_touched_or_not,
    instances=_sparse_one_by_one,
    reading="b_k a is the step a/n with relative noise of variance n - 1.",
    uses=relative_noise.noise.uses,
    remark="Coordinates that no update touches together do not feel each other.",
)


def _many(formula: Formula) -> tuple[Step, ...]:
    rare = 2 * sin(theta / 2) / a  # 1/n, from a/n = 2 sin(theta/2)
    angle = (2 * delta / rare + 1) * theta / 2  # alpha, of tau = delta n
    kernel = touched["kernel"].subs({G: stationary.variance["variance"] / v, n: 1 / rare})
    shape = (1 + sin(alpha)) / cos(alpha)
    return (
        Lemma(shows="the kernel for every n", formula=touched),
        Lemma(shows="G for every delay", formula=stationary.variance),
        Identity(
            shows="together, in the angle of the step a/n",
            left=kernel,
            right=a**2 * rare * (1 - rare) / (2 * sin(theta)) * shape,
        ),
        Limit(
            shows="the first part, as the angle and with it 1/n go to 0",
            expression=a**2 * rare * (1 - rare) / (2 * sin(theta)),
            variable=theta,
            to=0,
            value=a / 2,
        ),
        Limit(
            shows="the angle of the delay", expression=angle, variable=theta, to=0, value=a * delta
        ),
        Identity(
            shows="in the limit",
            left=formula["kernel"],
            right=a / 2 * shape,
            definitions=((alpha, a * delta),),
        ),
        Identity(
            shows="without delay the limit is 2",
            left=formula["kernel"].subs(delta, 0).subs(a, 2),
            right=1,
        ),
    )


very_sparse = Formula(
    name="sparse.very_sparse",
    title="the kernel as n and tau = delta n grow together: stable exactly if kernel < 1",
    model=SPARSE,
    expressions={"kernel": times(ratio(a, 2), shown(tan(pi / 4 + a * delta / 2)))},
    symbols={a: SYMBOLS[a], delta: "the delay in touches, tau/n"},
    conditions=("0 < a delta < pi/2",),
    argue=_many,
    reading=(
        "Both parts of the kernel have a limit. The kernel grows with a from 0 to infinity at a "
        "delta = pi/2, so one step makes it 1: it is 2 for delta = 0, and less for more."
    ),
    uses=relative_noise.noise.uses,
    remark="A delay of one touch, delta = 1, costs a factor 2.48 in the step, one of 1/8 1.23.",
)

# --------------------------------------------------------------------------------- round robin

ROUNDS = 24
touches = Symbol("d", integer=True, nonnegative=True)


def _after_touches(delay: int, period: int, every: Any) -> list[Any]:
    """A coordinate after each of its touches, at updates 0, period, 2 period, ..."""
    path: list[Any] = [Integer(1)]
    for k in range(ROUNDS):
        here = path[k]
        read = path[max(k - delay, 0)]
        path.append(here - every * read if k % period == 0 else here)
    return path[::period]


def _robin(formula: Formula) -> tuple[Step, ...]:
    quotient, rest = (Symbol(name, integer=True, nonnegative=True) for name in ("q", "r"))
    read = quotient * n + rest  # the delay, r < n
    return (
        Positive(
            shows="tau = q n + r: the touch q n updates ago is not before the read",
            expression=read - quotient * n,
            relation=">=",
        ),
        Positive(
            shows="the one before that is",
            expression=(quotient + 1) * n - read,
            strict=(n - rest,),
        ),
        Lemma(shows="the limit of a constant delay", formula=stability_limit),
        Identity(
            shows="of the delay in touches",
            left=formula["limit"],
            right=stability_limit["limit"].subs(tau, touches),
        ),
    )


def _robin_one_by_one(formula: Formula) -> tuple[Step, ...]:
    step = Rational(1, 3)
    found: list[Step] = []
    for period in (1, 2, 3, 4):

        def own(delay: int, period: int = period) -> int:
            return int(formula["delay"].subs({tau: delay, n: period}))

        def closed(delay: int, index: int, period: int = period) -> Any:
            return _after_touches(delay, period, step)[index]

        def following(delay: int, past: list[Any], period: int = period) -> Any:
            return past[-1] - step * past[max(len(past) - 1 - own(delay, period), 0)]

        found.append(
            Recursion(
                shows=f"touch by touch, n = {period}",
                closed=closed,
                first=lambda delay: [Integer(1)],
                following=following,
                delays=(0, 1, 2, 3, 4, 5, 8),
                upto=ROUNDS // period,
            )
        )
    return tuple(found)


round_robin = Formula(
    name="sparse.round_robin",
    title="coordinates touched in turn: exactly a constant delay, counted in touches",
    model=ROBIN,
    expressions={
        "delay": shown(floor(tau / n)),
        "limit": times(2, shown(sin(pi / (2 * (2 * touches + 1))))),
    },
    symbols={
        tau: "the delay in updates",
        n: "every n-th update touches the coordinate",
        touches: "the delay in touches",
    },
    argue=_robin,
    instances=_robin_one_by_one,
    reading=(
        "Between the read at k - tau and the touch at k lie those touches at k - n, k - 2 n, ... "
        "that are not before k - tau: as many as multiples of n from 1 to tau."
    ),
    remark="So a model n times as sparse bears a delay n times as long.",
)

FORMULAS = (touched, very_sparse, round_robin)
