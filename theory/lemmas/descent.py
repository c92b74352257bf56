r"""One stale step, and the sum of n of them."""

from functools import cache
from typing import Any

from sympy import Sum

from theory.assumptions import (
    BoundedVariance,
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
from theory.lemmas.counting import READS_PAST
from theory.symbols import Delta, F_star, L, eta, k, n, sigma, tau
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
def stale_descent() -> Fact:
    r"""One step with fresh noise, before anything is assumed of how old the gradient is.

    .. math:: E F(x_{k+1}) \leq E F(x_k) - \eta_k E\langle\nabla F(x_k),\nabla F(x_{\tau_k})\rangle
              + \tfrac L2\eta_k^2\,(E|\nabla F(x_{\tau_k})|^2 + \sigma^2)
    """
    have = only(StaleSGD(), BoundedVariance())
    smooth = axiom("descent", F, L, x(k), x(k + 1), label="descent lemma")
    followed = rewrite(smooth, have["stale SGD"], x(k + 1), label="insert the update")
    here = axiom("unbiased", xi(k), gradient(k), label="the noise does not see grad F(x_k)")
    read = axiom(
        "unbiased", xi(k), gradient(tau(k)), evidence=[READS_PAST], label="nor the gradient read"
    )
    inner = Inner(gradient(k), gradient(tau(k)))
    return conclude(
        le(
            objective(k + 1),
            objective(k)
            - eta(k) * inner
            + L / 2 * eta(k) ** 2 * (squared_gradient(tau(k)) + sigma**2),
        ),
        followed,
        here,
        read,
        (have["bounded variance"], L / 2 * eta(k) ** 2),
        label="one stale step",
    )


def telescoped(one_step: Fact, decrease: Any) -> Fact:
    """From F(x_{k+1}) <= F(x_k) - decrease(k) for every k: the sum, with F(x_{n+1}) estimated.

    sum of decreases + |grad F(x_{n+1})|^2/(2L) <= Delta; the last term because one more step of
    length 1/L could not fall below inf F.
    """
    gap = only(InitialGap())["initial gap"]
    summed = sum_over(one_step, k, 1, n, label="sum over the steps")
    values = axiom("telescope", objective(k), k, 1, n, label="the values telescope")
    last = axiom("gradient_below_gap", F, L, F_star, x(n + 1), label="the last gradient")
    return conclude(
        le(Sum(decrease, (k, 1, n)) + squared_gradient(n + 1) / (2 * L), Delta),
        summed,
        values,
        (last, 1 / (2 * L)),
        gap,
        label="descent over n steps",
    )
