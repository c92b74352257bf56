r"""Proximal steps, composite functions: the steps themselves pay for the distance travelled.

Notation: D_t = E|x_t - x*|^2, m_t = E|x_{t+1} - x_t|^2, and the step 1/(L (tau + 1)^2 + beta).
"""

from functools import cache
from typing import Any

from sympy import Integer, Sum, sqrt

from theory.assumptions import PSI, MiniBatch, x, x_star, xi
from theory.claims import formula, le
from theory.hilbert import Scalar, squared_norm, value
from theory.kernel import Fact, axiom, combine, substitute, sum_over
from theory.lemmas.constant_step import STEPS, in_flight
from theory.lemmas.counting import u, v, w, windows_exchanged
from theory.lemmas.descent import only
from theory.lemmas.distance import distance, distances_telescoped
from theory.lemmas.proximal import excess, moved, proximal_step, travelled
from theory.symbols import L, R, T, b, beta, eta0, j, n, r, sigma, t, tau_max
from theory.tactics import apply, conclude

LIMIT = L * (tau_max + 1) ** 2
STEP = 1 / (LIMIT + beta)


def composite(index: Any) -> Scalar:
    """(F + Psi)(x_t) - (F + Psi)(x*)."""
    return excess(index) + value(PSI, x(index)) - value(PSI, x_star)


@cache
def all_travelled() -> Fact:
    r"""sum_{t<n} E|x_{t+1} - y_t|^2 <= (tau + 1)^2 sum_{t<n} m_t."""
    square = combine(le(0, moved(t)), squares=[(x(t + 1) - x(t), 1)], label="a square")
    windows = apply(
        windows_exchanged(),
        {u: formula(t, Integer(1)), v: formula(t, moved(t)), w: formula(t, tau_max)},
        in_flight(),
        square,
        label="steps in the windows, counted",
    )
    own = axiom("split", moved(j), j, r(t), t - 1, t, label="the last step is its own")
    return conclude(
        le(
            Sum(squared_norm(x(t + 1) - x(r(t))), STEPS),
            (tau_max + 1) ** 2 * Sum(moved(t), STEPS),
        ),
        sum_over(travelled(), *STEPS),
        sum_over(own, *STEPS),
        (windows, tau_max + 1),
        label="from the read points to the next iterates",
    )


@cache
def convex() -> Fact:
    """(1/T) sum of E (F + Psi)(x_{t+1}) - (F + Psi)(x*), for 1/eta = L (tau + 1)^2 + beta."""
    variance = only(MiniBatch())[MiniBatch.name]
    step = combine(
        le(
            composite(t + 1),
            (distance(t) - distance(t + 1)) / (2 * STEP)
            - LIMIT / 2 * moved(t)
            + L / 2 * squared_norm(x(t + 1) - x(r(t)))
            + sigma**2 / (2 * b * beta),
        ),
        (substitute(proximal_step(), {eta0: STEP}), 1 / STEP),
        (variance, 1 / (2 * beta)),
        squares=[(xi(t) + beta * (x(t + 1) - x(t)), 1 / (2 * beta))],
        label="one step",
    )
    total = combine(
        le(Sum(composite(t + 1), STEPS), R**2 / (2 * STEP) + n * sigma**2 / (2 * b * beta)),
        sum_over(step, *STEPS),
        (all_travelled(), L / 2),
        (distances_telescoped(), 1 / (2 * STEP)),
        squares=[(x(n) - x_star, 1 / (2 * STEP))],
        label="n steps",
    )
    return combine(
        le(
            Sum(composite(t + 1), (t, 0, T - 1)) / T,
            (LIMIT + beta) * R**2 / (2 * T) + sigma**2 / (2 * b * beta),
        ),
        (substitute(total, {n: T}), 1 / T),
        label="the average excess",
    )


@cache
def tuned_step() -> Fact:
    """The reserve beta = sigma sqrt(T/b)/R balances distance and noise."""
    return substitute(
        convex(), {beta: sigma * sqrt(T) / (R * sqrt(b))}, label="insert the tuned step"
    )
