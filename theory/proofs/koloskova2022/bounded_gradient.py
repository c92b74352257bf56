r"""Bounded gradients: the virtual iterate begins ahead of x_0, and n updates, summed.

Notation as in `in_flight` and `virtual`.
"""

from functools import cache
from typing import Any

from sympy import Integer, Rational, Sum

from theory.assumptions import (
    FROM_ZERO,
    F,
    InitialGap,
    ShortStep,
    gradient,
    objective,
    squared_gradient,
    x,
    xi,
)
from theory.claims import eq, le, lt
from theory.hilbert import Inner, grad, squared_norm, value
from theory.kernel import (
    Fact,
    axiom,
    combine,
    given,
    nonnegative_by_sign,
    pair,
    reciprocal,
    substitute,
    sum_over,
    suppose,
)
from theory.lemmas.descent import only
from theory.lemmas.vectors import noise_sum
from theory.proofs.koloskova2022.in_flight import (
    WORKERS,
    delivered,
    gradient_bounded,
    variance,
    virtual,
)
from theory.proofs.koloskova2022.virtual import FLYING, OTHER, far, one_update
from theory.symbols import Delta, F_star, G, L, N, T, eta0, j, k, n, sigma, t
from theory.tactics import conclude

STEPS = (k, 0, n - 1)
BEGUN = (j, -N, -1)  # the gradients that the other workers begin with


# ------------------------------------------------------------------------- the start


@cache
def begun_gradients() -> Fact:
    """The gradients that the other workers begin with are N times the one at x_0."""
    begun = suppose(WORKERS.at_start)
    return sum_over(begun, *BEGUN, label="N gradients at x_0")


@cache
def begun_noise() -> tuple[Fact, Fact]:
    """Their noise does not see the gradient at x_0, and measures at most N sigma^2."""
    own = axiom("unbiased", xi(j), gradient(j), label="the noise does not see its gradient")
    at_start = pair(suppose(WORKERS.at_start), xi(j))
    each = conclude(eq(Inner(xi(j), gradient(0)), 0), own, at_start)
    unseen = sum_over(each, *BEGUN, label="the noise does not see the gradient at x_0")
    orthogonal = noise_sum(Integer(1), BEGUN)
    size = combine(
        le(orthogonal.claim.left, N * sigma**2),
        orthogonal,
        sum_over(variance(), *BEGUN),
        label="noise to begin with",
    )
    return unseen, size


@cache
def start() -> Fact:
    r"""The virtual iterate begins ahead of x_0.

    .. math:: E F(v_0) \leq F(x_0) + \tfrac{L\eta^2}2(N^2G^2+N\sigma^2)
    """
    smooth = axiom("descent", F, L, x(0), virtual(0), label="descent lemma")
    gradients, (unseen, size) = begun_gradients(), begun_noise()
    ahead = Sum(delivered(j), BEGUN)
    along = conclude(
        eq(Inner(gradient(0), ahead), N * squared_gradient(0)),
        pair(gradients, gradient(0)),
        unseen,
        label="along the gradient at x_0",
    )
    noise = Sum(xi(j), BEGUN)
    length = conclude(
        eq(squared_norm(ahead), N**2 * squared_gradient(0) + squared_norm(noise)),
        pair(gradients, Sum(gradient(j), BEGUN)),
        pair(gradients, gradient(0)),
        pair(gradients, noise),
        axiom("exchange", Inner(gradient(j), xi(OTHER)), BEGUN, (OTHER, -N, -1)),
        unseen,
        label="length of the start",
    )
    bounded = substitute(gradient_bounded(), {j: Integer(0)})
    return conclude(
        le(value(F, virtual(0)), objective(0) + L / 2 * eta0**2 * (N**2 * G**2 + N * sigma**2)),
        smooth,
        along,
        length,
        (size, L / 2 * eta0**2),
        (bounded, L / 2 * eta0**2 * N**2),
        nonnegative_by_sign(le(0, eta0 * N * squared_gradient(0))),
        label="the virtual iterate begins ahead",
    )


# ------------------------------------------------------------------------- n updates


@cache
def summed() -> Fact:
    r"""n updates.

    .. math:: \tfrac\eta2(1-L\eta)\sum_{k<n}a_k \leq \Delta + \tfrac{L\eta^2}2(N^2G^2+N\sigma^2)
              + n\Bigl(\tfrac{L\eta^2\sigma^2}2 + L^2\eta^3(N^2G^2+N\sigma^2)\Bigr)
    """
    last = axiom("gradient_below_gap", F, L, F_star, virtual(n), label="the last value")
    each = combine(
        le(
            eta0 / 2 * (1 - L * eta0) * squared_gradient(k),
            value(F, virtual(k))
            - value(F, virtual(k + 1))
            + L / 2 * eta0**2 * sigma**2
            + L**2 / 2 * eta0**3 * FLYING,
        ),
        one_update(),
        (far(), eta0 * L**2 / 2),
        label="one update, the distance inserted",
    )
    return conclude(
        le(
            eta0 / 2 * (1 - L * eta0) * Sum(squared_gradient(k), STEPS),
            Delta
            + L * eta0**2 / 4 * FLYING
            + n * (L / 2 * eta0**2 * sigma**2 + L**2 / 2 * eta0**3 * FLYING),
        ),
        sum_over(each, *STEPS),
        axiom("telescope", value(F, virtual(k)), *STEPS, label="the values telescope"),
        start(),
        (last, 1 / (2 * L)),
        nonnegative_by_sign(le(0, squared_norm(grad(F, virtual(n))) / (2 * L))),
        only(InitialGap(count=FROM_ZERO))["initial gap"],
        label="descent of the virtual iterate",
    )


def right(scale: Any) -> Any:
    """The bound of the average, times 1 - L eta, times a scale."""
    noise = L * eta0 * sigma**2 + L**2 * eta0**2 * FLYING
    return scale * (2 * Delta / (eta0 * T) + L * eta0 / (2 * T) * FLYING + noise)


AVERAGE = Sum(squared_gradient(t), (t, 0, T - 1)) / T


@cache
def bounded_gradient() -> Fact:
    """(1/T) sum a_t for L eta < 1: what the gradients at the virtual iterate leave is 1 - L eta."""
    short = only(ShortStep())[ShortStep.name]
    left = combine(lt(0, 1 - L * eta0), (short, L), label="what is left of a step")
    return combine(
        le(AVERAGE, right(1 / (1 - L * eta0))),
        (substitute(summed(), {n: T}), 2 / (eta0 * T), reciprocal(left)),
        evidence=[left],
        label="the average squared gradient",
    )


@cache
def bounded_gradient_half() -> Fact:
    """The same for L eta <= 1/2, where half a step is left."""
    kept = combine(le(Rational(1, 2), 1 - L * eta0), (given(le(eta0, 1 / (2 * L))), L))
    some = nonnegative_by_sign(le(0, AVERAGE), label="squares")
    return combine(
        le(AVERAGE, right(2)),
        (substitute(summed(), {n: T}), 4 / (eta0 * T)),
        (kept, some, 2),
        label="the average squared gradient, half a step left",
    )
