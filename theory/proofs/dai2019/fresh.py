r"""Inequality (A): steps 1 to 6 of the proof, with fresh noise at every read.

Notation: a_k = E|grad F(x_k)|^2, S_n = sum 1/sqrt k, H_n = sum 1/k over k <= n.
"""

from functools import cache
from typing import Any

from sympy import Sum, sqrt

from theory import lemmas
from theory.assumptions import NonincreasingSteps, objective, squared_gradient
from theory.claims import formula, le
from theory.kernel import Fact, combine, nonnegative_by_sign, substitute
from theory.lemmas.counting import u, v
from theory.symbols import Delta, L, eta, j, k, m, mu, n, sigma, tau
from theory.tactics import apply


def S(last: Any) -> Any:
    """S_n = 1 + 1/sqrt 2 + ... + 1/sqrt n."""
    return Sum(1 / sqrt(k), (k, 1, last))


def H(last: Any) -> Any:
    """H_n = 1 + 1/2 + ... + 1/n."""
    return Sum(1 / k, (k, 1, last))


def inverse_root(multiple: Any) -> Any:
    """The paper's steps, mu/(multiple * L * sqrt k)."""
    return mu / (multiple * L * sqrt(k))


@cache
def fresh_noise_sum(prehistory: bool = False, noisy: bool = True) -> Fact:
    r"""Steps 1 to 3 of the proof, for any steps eta_k >= 0, before anything is counted.

    .. math:: \sum_{k\leq n}\bigl(\mu\eta_k a_k - \tfrac L2\eta_k^2(a_{\tau_k}+\sigma^2)\bigr)
              + \tfrac1{2L}a_{n+1} \leq \Delta, \qquad a_k = E|\nabla F(x_k)|^2

    Without noise the sigma^2 goes, here and below.
    """
    positive = lemmas.only(NonincreasingSteps())["steps are >= 0"]
    gain = mu * eta(k) * squared_gradient(k)
    noise = sigma**2 if noisy else 0
    loss = L / 2 * eta(k) ** 2 * (squared_gradient(tau(k)) + noise)
    one_step = combine(
        le(objective(k + 1), objective(k) - gain + loss),
        lemmas.stale_descent(noisy=noisy),
        (lemmas.coherent_read(prehistory=prehistory), positive),
        label="one coherent step",
    )
    return lemmas.telescoped(one_step, gain - loss)


SQUARED_STEPS = {u: formula(k, eta(k) ** 2), v: formula(k, squared_gradient(k))}


@cache
def squared_steps() -> tuple[Fact, ...]:
    """What counting needs of the weights eta_k^2 and the values a_k: signs and order."""
    have = lemmas.only(NonincreasingSteps())
    positive = have["steps are >= 0"]
    order = combine(
        le(eta(k) ** 2, eta(j) ** 2),
        (have["non-increasing steps"], positive),
        (have["non-increasing steps"], substitute(positive, {k: j})),
        label="squares of steps do not increase",
    )
    return (
        order,
        nonnegative_by_sign(le(0, eta(k) ** 2)),
        nonnegative_by_sign(le(0, squared_gradient(k))),
    )


@cache
def master(noisy: bool = True) -> Fact:
    r"""Step 4: each index is read at most m times.

    .. math:: \sum_{k\leq n}\bigl(\mu\eta_k - \tfrac{mL}2\eta_k^2\bigr)a_k + \tfrac1{2L}a_{n+1}
              \leq \Delta + \tfrac{L\sigma^2}2\sum_{k\leq n}\eta_k^2
    """
    counted = apply(
        lemmas.reads_counted(), SQUARED_STEPS, *squared_steps(), label="stale gradients counted"
    )
    kept = (mu * eta(k) - m * L / 2 * eta(k) ** 2) * squared_gradient(k)
    noise = L * sigma**2 / 2 * Sum(eta(k) ** 2, (k, 1, n)) if noisy else 0
    return combine(
        le(Sum(kept, (k, 1, n)) + squared_gradient(n + 1) / (2 * L), Delta + noise),
        fresh_noise_sum(noisy=noisy),
        (counted, L / 2),
        label="master inequality",
    )


def with_steps(fact: Fact, step: Any) -> Fact:
    """The fact for a given step rule, whose sign and order are proved here."""
    chosen = {eta: formula(k, step)}
    varies = k in step.free_symbols  # then it is a multiple of 1/sqrt(k)
    positive = nonnegative_by_sign(
        le(0, step), under=[le(1, k)] if varies else [], label="steps are >= 0"
    )
    if varies:
        earlier = step.subs(k, j)
        order = combine(
            le(step, earlier),
            (lemmas.root_increases(), step / sqrt(j)),
            label="steps do not increase",
        )
    else:
        order = nonnegative_by_sign(le(step, step), label="a constant step")
    return apply(fact, chosen, positive, order, label="insert the step size")


@cache
def sharp_weight() -> Fact:
    """1/sqrt(k) - 1/(2k) >= 0: what every theorem with steps ~ 1/sqrt(k) weighs gradients by."""
    return nonnegative_by_sign(
        le(0, 1 / sqrt(k) - 1 / (2 * k)), under=[le(1, k)], label="weights are >= 0"
    )


@cache
def sharp_summed(noisy: bool = True) -> Fact:
    """(A) before the division, for multiplicity m."""
    return lemmas.least_times_weights(
        with_steps(master(noisy), inverse_root(m)),
        sharp_weight(),
        m / (2 * mu**2),
        m * L / mu**2,
        m * L * Delta / mu**2 + (sigma**2 * H(n) / (2 * m) if noisy else 0),
    )


@cache
def sharp_proof() -> Fact:
    """(A): min a_k <= (m L Delta/mu^2 + sigma^2 H_n/(2m))/(S_n - H_n/2 + m/(2 mu^2))."""
    summed = sharp_summed()
    total = S(n) - H(n) / 2 + m / (2 * mu**2)
    return lemmas.divided(summed, total, summed.claim.right / total, n + 1)
