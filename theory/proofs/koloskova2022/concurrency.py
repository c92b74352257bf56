r"""Constant steps, at most N gradients in flight over an update: the delays enter by their average.

The sum over n steps is `theory.lemmas.constant_step`; here the step limit pays for the drift, and
the delays that the noise sees are summed.
"""

from functools import cache
from typing import Any

from sympy import Sum, sqrt

from theory.assumptions import FROM_ZERO, AverageDelay, squared_gradient
from theory.claims import le
from theory.kernel import Fact, combine, given, nonnegative_by_sign, substitute, sum_over
from theory.lemmas import only
from theory.lemmas.constant_step import STEPS, delays_summed, read_gradient, summed
from theory.symbols import Delta, L, N, T, eta0, n, sigma, t, tau_avg, tau_max

q = sqrt(2 * tau_max * N)
LIMIT = 1 / (L * (1 + q))


@cache
def kept() -> Fact:
    """1 - L eta - 2 L^2 eta^2 tau N >= 0 for L eta <= 1/(1 + q), q^2 = 2 tau N."""
    return combine(
        le(0, 1 - L * eta0 - 2 * L**2 * eta0**2 * tau_max * N),
        (given(le(eta0, LIMIT)), L + L**2 * q**2 * (LIMIT + eta0)),
        nonnegative_by_sign(le(0, q / (1 + q) ** 2), label="what is left at the limit"),
        label="gradients read are paid for",
    )


def averaged(total_delay: Fact, average_delay: Any) -> Fact:
    """(1/T) sum a_t <= 2 Delta/(eta T) + L eta sigma^2 + 2 L^2 eta^2 sigma^2 (average delay)."""
    read = sum_over(
        nonnegative_by_sign(le(0, read_gradient(t))), *STEPS, label="gradients read, squared"
    )
    noise = L * eta0 * sigma**2 + 2 * L**2 * eta0**2 * average_delay * sigma**2
    return combine(
        le(
            Sum(squared_gradient(t), (t, 0, T - 1)) / T,
            2 * Delta / (eta0 * T) + noise,
        ),
        (substitute(summed(), {n: T}), 2 / (eta0 * T)),
        (kept(), substitute(read, {n: T}), 1 / T),
        (total_delay, 2 * L**2 * eta0**2 * sigma**2 / T),
        label="the average squared gradient",
    )


@cache
def concurrency() -> Fact:
    """The noise sees the average delay tau_avg."""
    return averaged(only(AverageDelay(count=FROM_ZERO))["average delay"], tau_avg)


@cache
def workers() -> Fact:
    """The average delay is at most N, so that the noise sees the number of workers."""
    return averaged(substitute(delays_summed(), {n: T}), N)
