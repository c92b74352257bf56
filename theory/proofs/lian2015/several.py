r"""M gradients an update, variable steps: the weighted average of the squared gradients.

Notation as in `moves`.
"""

from functools import cache

from sympy import Sum

from theory.assumptions import (
    FROM_ZERO,
    F,
    PositiveSteps,
    SomeStep,
    StepsOverTheDelay,
    gradient,
    gradients_read,
    objective,
    squared_gradient,
    x,
    xi,
)
from theory.claims import formula, le
from theory.hilbert import squared_norm
from theory.kernel import (
    Fact,
    axiom,
    combine,
    nonnegative_by_sign,
    reciprocal,
    rewrite,
    substitute,
    sum_over,
    suppose,
)
from theory.lemmas.counting import u, v
from theory.lemmas.descent import only, telescoped
from theory.lemmas.parts import DELAYS, RECENT, recent_exchanged
from theory.lemmas.vectors import cauchy, length_nonnegative
from theory.proofs.lian2015.moves import applied, drift, update, variance
from theory.symbols import B, Delta, L, T, eta, i, j, n, nu, sigma, t, tau_max
from theory.tactics import apply, conclude

PARTS = (i, 1, B)
STEPS = (t, 0, n - 1)


@cache
def positive() -> Fact:
    """eta_t >= 0."""
    return only(PositiveSteps(FROM_ZERO))["steps are >= 0"]


# ------------------------------------------------------------------------- one update


@cache
def noise_unseen() -> Fact:
    """E<xi_t, G_t> = 0."""
    each = axiom(
        "unbiased",
        xi(t),
        gradient(nu(t, i)),
        evidence=[suppose(DELAYS.past)],
        label="the noise does not see a gradient read",
    )
    return sum_over(each, *PARTS, label="the noise does not see the gradients read")


@cache
def stale_parts() -> Fact:
    r"""The gradients read, all taken to be that at the iterate: how far off they are.

    .. math:: \|B\nabla F(x_t)-G_t\|^2 \leq BL^2\sum_{i=1}^B\|x_t-x_{t-\tau_{t,i}}\|^2
    """
    change = gradient(t) - gradient(nu(t, i))
    by_parts = cauchy(1, change, PARTS, nonnegative=nonnegative_by_sign(le(0, 1)))
    close = axiom("lipschitz_gradient", F, L, x(t), x(nu(t, i)), label="smoothness, read to write")
    return combine(
        le(by_parts.claim.left, B * L**2 * Sum(squared_norm(x(t) - x(nu(t, i))), PARTS)),
        by_parts,
        (sum_over(close, *PARTS), B),
        label="the gradients read",
    )


@cache
def one_update() -> Fact:
    r"""One update, the drift inserted.

    .. math:: E F(x_{t+1}) \leq E F(x_t) - \tfrac{B\eta_t}2 a_t
              - \tfrac{\eta_t}{2B}(1-LB\eta_t)E\|G_t\|^2 + \tfrac{LB\eta_t^2\sigma^2}2
              + BL^2\eta_t\sum_{j\in W_t}(\tau\eta_j^2E\|G_j\|^2 + B\sigma^2\eta_j^2)
    """
    descent = rewrite(
        axiom("descent", F, L, x(t), x(t + 1), label="descent lemma"),
        update(),
        x(t + 1),
        label="insert the update",
    )
    travelled_ = tau_max * eta(j) ** 2 * applied(j) + B * sigma**2 * eta(j) ** 2
    drifts = sum_over(drift(), *PARTS, label="the drift of all parts")
    bound = (
        objective(t)
        - B * eta(t) / 2 * squared_gradient(t)
        - eta(t) / (2 * B) * (1 - L * B * eta(t)) * applied(t)
        + B * L**2 * eta(t) * Sum(travelled_, RECENT)
        + L / 2 * eta(t) ** 2 * B * sigma**2
    )
    return conclude(
        le(objective(t + 1), bound),
        descent,
        axiom("unbiased", xi(t), gradient(t), label="the noise does not see x_t"),
        noise_unseen(),
        (variance(), L / 2 * eta(t) ** 2),
        (stale_parts(), positive(), 1 / (2 * B)),
        (drifts, positive(), L**2 / 2),
        label="one update",
    )


# ------------------------------------------------------------------------- n updates


@cache
def summed() -> Fact:
    r"""n updates whose steps meet the condition over the longest delay.

    .. math:: \tfrac B2\sum_{t<n}\eta_ta_t \leq \Delta + \tfrac{LB\sigma^2}2\sum_{t<n}\eta_t^2
              + L^2B^2\sigma^2\sum_{t<n}\eta_t\sum_{j\in W_t}\eta_j^2
    """
    decrease = objective(t) - one_update().claim.right
    total = telescoped(one_update(), decrease, FROM_ZERO)
    moved = eta(t) ** 2 * applied(t)
    length = length_nonnegative(gradients_read(t))
    windows = apply(
        recent_exchanged(),
        {u: formula(t, eta(t)), v: formula(t, moved)},
        positive(),
        combine(le(0, moved), (length, eta(t) ** 2)),
        label="gradients of the windows, counted",
    )
    condition = only(StepsOverTheDelay())[StepsOverTheDelay.name]
    following = Sum(eta(j), (j, t + 1, t + tau_max))
    kept = 1 - L * B * eta(t) - 2 * L**2 * B**2 * tau_max * eta(t) * following
    paid = combine(
        le(0, eta(t) * kept * applied(t)),
        (condition, positive(), length),
        label="gradients read are paid for",
    )
    noise = Sum(eta(t) * Sum(eta(j) ** 2, RECENT), STEPS)
    return conclude(
        le(
            B / 2 * Sum(eta(t) * squared_gradient(t), STEPS),
            Delta + L * B * sigma**2 / 2 * Sum(eta(t) ** 2, STEPS) + L**2 * B**2 * sigma**2 * noise,
        ),
        total,
        (windows, B * L**2 * tau_max),
        (sum_over(paid, *STEPS), 1 / (2 * B)),
        nonnegative_by_sign(le(0, squared_gradient(n) / (2 * L)), label="the last gradient"),
        label="n updates",
    )


@cache
def several_gradients() -> Fact:
    """The average of a_t with weights eta_t."""
    some = only(SomeStep())[SomeStep.name]
    steps = (t, 0, T - 1)
    noise = B * L * Sum(eta(t) ** 2, steps)
    noise += 2 * L**2 * B**2 * Sum(eta(t) * Sum(eta(j) ** 2, RECENT), steps)
    total = Sum(eta(t), steps)
    return combine(
        le(
            Sum(eta(t) * squared_gradient(t), steps) / total,
            (2 * Delta + noise * sigma**2) / (B * total),
        ),
        (substitute(summed(), {n: T}), reciprocal(some), 2 / B),
        evidence=[some],
        label="the weighted average",
    )
