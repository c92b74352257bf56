r"""Relative noise and sparse updates under constant delay

Noise in proportion to the gradient acts as a random delay does: what it adds is uncorrelated from
update to update, and its size is that of what was read. So the variance renews itself through
nu a^2 h_n^2, h_n the response to an impulse.
"""

from typing import Any

from sympy import (
    Integer,
    Matrix,
    Symbol,
    cancel,
    eye,
    zeros,
)

from theory.latex import minus, power, ratio, terms, times
from theory.linear import stationary
from theory.linear.formula import Formula
from theory.linear.independent import G, a, autocovariances, row, v
from theory.linear.steps import (
    Identity,
    Lemma,
    Outcome,
    SecondMoments,
    Step,
)

MODEL = r"x_{k+1} = x_k - a\,(1 + \xi_k)\,x_{k-\tau} + w_k,\quad E \xi_k^2 = \nu"
nu = Symbol("nu", positive=True)
DELAYS = (0, 1, 2)

SYMBOLS = {
    a: "step times curvature",
    nu: "the variance of a gradient's noise over its square",
    v: "the variance of w_k",
    G: "the sum of h_n^2, that is, the stationary variance without relative noise over v",
}


def energy(delay: int, step: Any) -> Any:
    """Gamma_0 of a constant delay."""
    return autocovariances((0,) * delay + (1,), step)[0]


def draws(delay: int, factors: tuple[tuple[Any, Any], ...]) -> tuple[Outcome, ...]:
    """Outcomes of an update of (x_k, ..., x_{k-tau}) by pairs of a factor of the step, a chance."""
    size = delay + 1
    found = []
    for factor, chance in factors:
        matrix = zeros(size, size)
        matrix[1:, :-1] = eye(size - 1)
        matrix[0, 0] = 1
        matrix[0, delay] -= a * factor
        noise = Matrix(size, 1, lambda i, _: Integer(i == 0))
        found.append(Outcome(chance=chance, matrix=matrix, noise=noise))
    return tuple(found)


# ----------------------------------------------------------------------------- relative noise


def _noise(formula: Formula) -> tuple[Step, ...]:
    kernel, variance = formula["kernel"], formula["variance"]
    total = Symbol("X", positive=True)
    return (
        Identity(
            shows="the noise of an update adds nu a^2 E x^2, increments of variance 1 give G",
            left=kernel,
            right=nu * a**2 * G,
        ),
        Identity(
            shows="increments of variance v + nu a^2 X give X",
            left=variance,
            right=(v + nu * a**2 * total) * G,
            definitions=((total, variance),),
        ),
        Identity(
            shows="a bound by induction",
            left=v + kernel * total,
            right=total,
            definitions=((total, v / (1 - kernel)),),
        ),
        Lemma(shows="v G for every delay", formula=stationary.variance),
    )


def _noise_one_by_one(formula: Formula) -> tuple[Step, ...]:
    q = Symbol("q", positive=True)  # the noise is q or -1/q, of variance 1, times sqrt(nu)
    found: list[Step] = []
    for delay in DELAYS:
        factors = ((1 + q, 1 / (1 + q**2)), (1 - 1 / q, q**2 / (1 + q**2)))
        value = formula["variance"].subs({nu: 1, G: energy(delay, a)})
        found.append(
            SecondMoments(
                shows="the covariances themselves, noise q or -1/q of mean 0 and variance 1",
                outcomes=draws(delay, factors),
                claimed=((row(delay + 1), row(delay + 1), cancel(value)),),
                variance=v,
                case=f"tau = {delay}, nu = 1",
            )
        )
    limit = 2 / (1 + nu)
    found.append(
        Identity(
            shows="without delay the kernel is 1 at 2/(1 + nu)",
            left=formula["kernel"].subs(G, energy(0, a)).subs(a, limit),
            right=1,
        )
    )
    return tuple(found)


noise = Formula(
    name="relative_noise.noise",
    title="mean-square stable exactly if the mean is stable and kernel < 1; the stationary E x_k^2",
    model=MODEL,
    expressions={
        "kernel": times(nu, power(a, 2), G),
        "variance": ratio(times(v, G), terms(1, minus(times(nu, power(a, 2), G)))),
    },
    symbols={key: SYMBOLS[key] for key in (a, nu, v, G)},
    conditions=("xi_k is independent of the past and of w_k, and has mean 0",),
    argue=_noise,
    instances=_noise_one_by_one,
    reading=(
        "x_k is the mean path and the sum of h_{k-1-i} u_i, where u_i = w_i - a xi_i x_{i-tau} "
        "are uncorrelated. Their variances renew themselves, through nu a^2 h_n^2."
    ),
    uses=("orthogonal increments", "renewal", "induction"),
    remark="G is `stationary.variance` over v.",
)

FORMULAS = (noise,)
