r"""One stale step, and the sum of n of them."""

from functools import cache
from typing import Any

from sympy import Sum

from theory.assumptions import (
    FROM_ONE,
    BoundedVariance,
    Counting,
    F,
    InitialGap,
    StaleSGD,
    gradient,
    objective,
    squared_gradient,
    x,
    xi,
)
from theory.claims import Hypothesis, le
from theory.hilbert import Inner
from theory.kernel import Fact, axiom, rewrite, sum_over, suppose
from theory.lemmas.counting import reads_past
from theory.symbols import Delta, F_star, L, eta, n, sigma
from theory.tactics import conclude


def only(*assumed: Any) -> dict[str, Fact]:
    """Each hypothesis of the assumptions as a fact, by name."""
    return {
        a.name: suppose(a, label=a.name)
        for one in assumed
        for a in one.allows
        if isinstance(a, Hypothesis)
    }


@cache
def stale_descent(count: Counting = FROM_ONE, noisy: bool = True) -> Fact:
    r"""One step with fresh noise, before anything is assumed of how old the gradient is.

    .. math:: E F(x_{k+1}) \leq E F(x_k) - \eta_k E\langle\nabla F(x_k),\nabla F(y_k)\rangle
              + \tfrac L2\eta_k^2\,(E|\nabla F(y_k)|^2 + \sigma^2)

    with y_k the iterate read; without noise the sigma^2 goes.
    """
    k, read = count.index, count.read
    update = StaleSGD(noisy=noisy, count=count)
    smooth = axiom("descent", F, L, x(k), x(k + 1), label="descent lemma")
    followed = rewrite(smooth, only(update)[update.name], x(k + 1), label="insert the update")
    inner = Inner(gradient(k), gradient(read(k)))
    size = squared_gradient(read(k)) + (sigma**2 if noisy else 0)
    parts: list[Any] = [followed]
    if noisy:
        parts.append(axiom("unbiased", xi(k), gradient(k), label="the noise does not see x_k"))
        parts.append(noise_unseen(count))
        variance = only(BoundedVariance(count=count))["bounded variance"]
        parts.append((variance, L / 2 * eta(k) ** 2))
    return conclude(
        le(objective(k + 1), objective(k) - eta(k) * inner + L / 2 * eta(k) ** 2 * size),
        *parts,
        label="one stale step",
    )


@cache
def noise_unseen(count: Counting = FROM_ONE) -> Fact:
    """E<xi_k, grad F(y_k)> = 0: the noise of an update does not see the gradient it reads."""
    k = count.index
    return axiom(
        "unbiased",
        xi(k),
        gradient(count.read(k)),
        evidence=[reads_past(count)],
        label="the noise does not see the gradient read",
    )


def telescoped(one_step: Fact, decrease: Any, count: Counting = FROM_ONE) -> Fact:
    """From F(x_{k+1}) <= F(x_k) - decrease(k) for every k: the sum, with F(x_{n+1}) estimated.

    sum of decreases + |grad F(x_{n+1})|^2/(2L) <= Delta; the last term because one more step of
    length 1/L could not fall below inf F.
    """
    steps, end = count.range(n), count.last(n)
    gap = only(InitialGap(count=count))["initial gap"]
    summed = sum_over(one_step, *steps, label="sum over the steps")
    values = axiom("telescope", objective(count.index), *steps, label="the values telescope")
    last = axiom("gradient_below_gap", F, L, F_star, x(end), label="the last gradient")
    return conclude(
        le(Sum(decrease, steps) + squared_gradient(end) / (2 * L), Delta),
        summed,
        values,
        (last, 1 / (2 * L)),
        gap,
        label="descent over n steps",
    )
