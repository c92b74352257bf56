r"""Stale SGD with a constant step on a smooth, perhaps nonconvex, function: n steps, summed.

Notation: a_t = E|grad F(x_t)|^2, b_t = E|grad F(y_t)|^2 at the point read, tau_t = t - r_t.

>>> print(delays_weighed())
sum_{j=0..n - 1} (j - r[j]) sum_{k=r[j]..j - 1} v[k] <= sum_{k=0..n - 1} N*tau*v[k]
"""

from functools import cache
from typing import Any

from sympy import Integer, Sum

from theory.algebra import Within
from theory.assumptions import (
    FROM_ZERO,
    BoundedDelay,
    Concurrency,
    objective,
    squared_gradient,
)
from theory.claims import formula, le, lt
from theory.kernel import (
    Fact,
    combine,
    nonnegative_by_sign,
    substitute,
    sum_over,
    suppose,
)
from theory.lemmas.counting import u, v, w, windows_containing, windows_exchanged
from theory.lemmas.descent import only, telescoped
from theory.lemmas.drift import drifting_descent
from theory.symbols import Delta, L, N, eta, eta0, j, n, r, s, sigma, t, tau_max
from theory.tactics import apply, conclude

STEPS = (t, 0, n - 1)
WINDOW = (j, r(t), t - 1)


def read_gradient(index: Any) -> Any:
    """b_t = E|grad F(y_t)|^2, at the point that an update reads."""
    return squared_gradient(r(index))


@cache
def longest_delay() -> Fact:
    """tau_t <= tau."""
    lag = suppose(BoundedDelay(tau_max + 1, count=FROM_ZERO).lag)
    return combine(le(t - r(t), tau_max), lag, label="the longest delay")


@cache
def delays_weighed() -> Fact:
    r"""Windows weighed by their length: at most tau N for each update they contain.

    .. math:: \sum_{t<n}\tau_t\sum_{j=t-\tau_t}^{t-1}v_j \leq \tau N\sum_{t<n}v_t

    for values v >= 0, delays at most tau, and at most N gradients in flight over each update.
    """
    flying = Within(j, r(t), t - 1)
    weighed = combine(
        le((t - r(t)) * flying, tau_max * flying), (longest_delay(), flying), label="length at most"
    )
    concurrency = only(Concurrency(T=n))["concurrency"]
    load = combine(
        le(Sum((t - r(t)) * flying, STEPS), tau_max * N),
        sum_over(weighed, *STEPS),
        (concurrency, tau_max),
        label="the load of an update",
    )
    return apply(
        windows_exchanged(),
        {u: formula(t, t - r(t)), w: formula(t, tau_max * N)},
        load,
        label="windows weighed by their length",
    )


@cache
def delays_summed() -> Fact:
    r"""The delays add up to the gradients in flight: on average they are at most N.

    .. math:: \sum_{t<n}\tau_t = \sum_{j<n}\#\{t<n:t-\tau_t\leq j<t\} \leq Nn
    """
    each_counts_one = apply(
        windows_exchanged(),
        {u: formula(t, Integer(1)), v: formula(t, Integer(1)), w: formula(t, N)},
        only(Concurrency(T=n))["concurrency"],
        nonnegative_by_sign(lt(0, 1)),
        label="each update counts one",
    )
    return combine(le(Sum(t - r(t), STEPS), N * n), each_counts_one, label="delays summed")


@cache
def in_flight() -> Fact:
    """Delays at most tau leave at most tau gradients in flight over an update."""
    return substitute(windows_containing(), {s: tau_max + 1}, label="gradients in flight")


@cache
def summed(noisy: bool = True) -> Fact:
    r"""n steps with the constant step eta, delays at most tau, at most N gradients in flight.

    .. math:: \frac\eta2\sum_{t<n}a_t + \frac\eta2\bigl(1-L\eta-2L^2\eta^2\tau N\bigr)\sum_{t<n}b_t
              \leq \Delta + \frac{L\eta^2\sigma^2}2n + L^2\eta^3\sigma^2\sum_{t<n}\tau_t

    Without noise the factor 2 and the terms with sigma^2 go.
    """
    positive = nonnegative_by_sign(le(0, eta0), label="steps are >= 0")
    one_step = apply(
        drifting_descent(noisy=noisy), {eta: formula(t, eta0)}, positive, label="a constant step"
    )
    decrease = objective(t) - one_step.claim.right
    total = telescoped(one_step, decrease, FROM_ZERO)
    factor = 2 if noisy else 1
    windows = apply(
        delays_weighed(),
        {v: formula(t, read_gradient(t))},
        nonnegative_by_sign(le(0, read_gradient(t))),
        label="gradients of the windows, counted",
    )
    kept = 1 - L * eta0 - factor * L**2 * eta0**2 * tau_max * N
    right = Delta
    if noisy:
        right += L * eta0**2 * sigma**2 / 2 * n
        right += L**2 * eta0**3 * sigma**2 * Sum(t - r(t), STEPS)
    return conclude(
        le(
            eta0 / 2 * Sum(squared_gradient(t), STEPS)
            + eta0 / 2 * kept * Sum(read_gradient(t), STEPS),
            right,
        ),
        total,
        (windows, factor * L**2 * eta0**3 / 2),
        nonnegative_by_sign(le(0, squared_gradient(n) / (2 * L)), label="the last gradient"),
        label="n constant steps",
    )
