r"""Noise under constant delay

One eigenmode with noise: the w_k are uncorrelated, have mean 0 and variance v, and are uncorrelated
with the past. With a = 2 sin(theta/2) and alpha = (2 tau + 1) theta/2 < pi/2, that is below the
limit, what is left in the long run has a closed form for every delay.
"""

from typing import Any

from sympy import Symbol, cos, pi, sin

from theory.claims import le, lt
from theory.latex import ratio, shown, terms, times
from theory.linear.constant_delay import SYMBOLS, a, stability_limit
from theory.linear.formula import Formula
from theory.linear.steps import Identity, Positive, Step
from theory.symbols import j, theta
from theory.symbols import tau_max as tau

MODEL = r"x_{k+1} = x_k - a\,x_{k-\tau} + w_k"

v = Symbol("v", positive=True)
alpha = Symbol("alpha", positive=True)
x = Symbol("x_0", real=True)

STEP = 2 * sin(theta / 2)
ALPHA = (2 * tau + 1) * theta / 2
NAMES = {
    tau: SYMBOLS[tau],
    v: "the variance of the noise in a step",
    theta: "the angle of the step, a = 2 sin(theta/2)",
    alpha: "(2 tau + 1) theta/2",
}
BELOW = lt(theta, pi / (2 * tau + 1))


def _stationary(variance: Any, covariance: Any) -> tuple[Step, ...]:
    """The equations of Yule and Walker, and the one that fixes the size."""
    named = ((a, STEP), (alpha, ALPHA))

    def at(lag: Any) -> Any:
        return covariance.subs(j, lag)

    return (
        Identity(
            shows="one step later: gamma_j = gamma_(j-1) - a gamma_(tau+1-j), for 1 <= j <= tau+1",
            left=at(j) - at(j - 1),
            right=-a * at(tau + 1 - j),
            definitions=named,
        ),
        Identity(
            shows="the square of a step: v = 2 a gamma_tau - a^2 gamma_0",
            left=2 * a * at(tau) - a**2 * at(0),
            right=v,
            definitions=named,
        ),
        Identity(shows="the variance is gamma_0", left=at(0), right=variance, definitions=named),
        Identity(
            shows="at the limit alpha is pi/2",
            left=ALPHA,
            right=pi / 2,
            definitions=((theta, pi / (2 * tau + 1)),),
        ),
        Identity(
            shows="and the step is the limit",
            left=STEP,
            right=stability_limit["limit"],
            definitions=((theta, pi / (2 * tau + 1)),),
        ),
        Positive(
            shows="below it everything is defined",
            expression=sin(theta) * cos(alpha) * cos(alpha / 2 - pi / 4),
            strict=(pi / 2 - alpha, pi - theta),
        ),
    )


VARIANCE = ratio(
    times(v, terms(1, shown(sin(alpha)))), times(2, shown(sin(theta)), shown(cos(alpha)))
)
COVARIANCE = times(
    VARIANCE, ratio(shown(cos(theta * j - alpha / 2 + pi / 4)), shown(cos(alpha / 2 - pi / 4)))
)


def _in_the_step(formula: Formula) -> tuple[Step, ...]:
    """Small delays, in the step alone."""
    known = (
        v / (a * (2 - a)),
        v * (1 + a) / (a * (1 - a) * (2 + a)),
        v * (1 + a - a**2) / (a * (2 - a) * (1 - a - a**2)),
    )
    return tuple(
        Identity(
            shows=f"delay {delay}, in the step",
            left=formula["variance"].subs(alpha, ALPHA).subs(tau, delay),
            right=value,
            definitions=((a, STEP),),
        )
        for delay, value in enumerate(known)
    )


variance = Formula(
    name="stationary.variance",
    title="E x_k^2 in the long run, for every delay",
    model=MODEL,
    expressions={"variance": VARIANCE},
    symbols=NAMES,
    conditions=(BELOW,),
    argue=lambda f: _stationary(
        f["variance"], f["variance"] / VARIANCE.expression * COVARIANCE.expression
    ),
    instances=_in_the_step,
    reading=(
        "The autocovariances of `stationary.autocovariance` with this variance solve the equations "
        "of Yule and Walker, and there is one solution."
    ),
    uses=("solutions of a recursion", "Yule and Walker"),
    remark="Infinite at the limit. For delays 0, 1 and 2 it is a fraction in the step, as checked.",
)

autocovariance = Formula(
    name="stationary.autocovariance",
    title="E x_k x_{k-j} in the long run, up to j = tau + 1",
    model=MODEL,
    expressions={"autocovariance": COVARIANCE},
    symbols=NAMES | {j: "the lag"},
    conditions=(BELOW, le(0, j), le(j, tau + 1)),
    argue=lambda f: _stationary(VARIANCE.expression, f["autocovariance"]),
    reading="They solve the equations of Yule and Walker, and there is one solution.",
    uses=("solutions of a recursion", "Yule and Walker"),
    remark=(
        "Multiplying x_{k+1} by x_{k+1-j} gives the first equation, squaring it the second. "
        "Further lags follow by gamma_j = gamma_(j-1) - a gamma_(j-1-tau)."
    ),
)

FORMULAS = (variance, autocovariance)
