r"""Constant steps and delays at most tau: the average of T squared gradients."""

from functools import cache
from typing import Any

from sympy import Sum, sqrt

from theory.assumptions import squared_gradient
from theory.claims import Claim, le
from theory.kernel import Fact, combine, discharge, given, nonnegative_by_sign, substitute, sum_over
from theory.lemmas.constant_step import (
    STEPS,
    in_flight,
    longest_delay,
    read_gradient,
    summed,
)
from theory.symbols import Delta, L, N, T, eta0, n, sigma, t, tau_max
from theory.tactics import apply


def step_limit(factor: int) -> Any:
    """The root of L eta + factor L^2 eta^2 tau^2 = 1."""
    return 2 / (L * (1 + sqrt(1 + 4 * factor * tau_max**2)))


def condition(factor: int) -> Claim:
    """L eta + factor L^2 eta^2 tau^2 <= 1."""
    return le(L * eta0 + factor * L**2 * eta0**2 * tau_max**2, 1)


@cache
def fits(factor: int) -> Fact:
    """The condition holds up to the step limit, which is its root."""
    limit = step_limit(factor)
    return combine(
        condition(factor),
        (given(le(eta0, limit)), L + factor * L**2 * tau_max**2 * (limit + eta0)),
        label="the step limit is the root",
    )


@cache
def averaged(noisy: bool) -> Fact:
    """(1/T) sum a_t <= 2 Delta/(eta T) and, with noise, what it adds, under the condition."""
    factor = 2 if noisy else 1
    counted = apply(
        substitute(summed(noisy), {N: tau_max}), {}, in_flight(), label="delays at most tau"
    )
    read = sum_over(
        nonnegative_by_sign(le(0, read_gradient(t))), *STEPS, label="gradients read, squared"
    )
    right = 2 * Delta / (eta0 * T)
    parts: list[Any] = []
    if noisy:
        right += L * eta0 * sigma**2 + 2 * L**2 * eta0**2 * tau_max * sigma**2
        delays = sum_over(longest_delay(), *STEPS, label="the delays, summed")
        parts.append((substitute(delays, {n: T}), 2 * L**2 * eta0**2 * sigma**2 / T))
    return combine(
        le(Sum(squared_gradient(t), (t, 0, T - 1)) / T, right),
        (substitute(counted, {n: T}), 2 / (eta0 * T)),
        (given(condition(factor)), substitute(read, {n: T}), 1 / T),
        *parts,
        label="the average squared gradient",
    )


def up_to_the_limit(noisy: bool) -> Fact:
    """The same up to the step limit."""
    factor = 2 if noisy else 1
    return discharge(averaged(noisy), condition(factor), fits(factor), label="up to the step limit")


@cache
def gradient_descent() -> Fact:
    """(1/T) sum |grad F(x_t)|^2 <= 2 Delta/(eta T), without noise."""
    return up_to_the_limit(noisy=False)


@cache
def nonconvex() -> Fact:
    """(1/T) sum E|grad F(x_t)|^2 <= 2 Delta/(eta T) + L eta sigma^2 + 2 L^2 eta^2 tau sigma^2."""
    return up_to_the_limit(noisy=True)
