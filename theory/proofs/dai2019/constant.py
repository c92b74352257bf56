r"""Constant steps: the O(1/sqrt T) form without log T."""

from functools import cache

from sympy import Integer, sqrt

from theory import lemmas
from theory.claims import le
from theory.kernel import Fact, combine, given, nonnegative_by_sign, substitute
from theory.lemmas.tuned import tuned
from theory.proofs.dai2019.fresh import master, with_steps
from theory.symbols import Delta, L, T, eta0, m, mu, n, sigma
from theory.tactics import conclude

LIMIT = le(eta0, mu / (m * L))
COHERENCE_AT_MOST_ONE = le(mu, 1)


@cache
def constant_step_proof() -> Fact:
    """min a_k <= 2 Delta/(mu eta T) + L sigma^2 eta/mu for eta <= mu/(m L) and mu <= 1."""
    weight = mu * eta0 - m * L / 2 * eta0**2
    limit, coherent = given(LIMIT), given(COHERENCE_AT_MOST_ONE)
    nonnegative = combine(
        le(0, weight),
        (limit, m * L * eta0 / 2),
        nonnegative_by_sign(le(0, mu * eta0 / 2)),
        label="weights are >= 0",
    )
    half = combine(le(mu * eta0 / 2, weight), (limit, m * L * eta0 / 2), label="half is kept")
    summed = lemmas.least_times_weights(
        with_steps(master(), eta0),
        nonnegative,
        1 / (2 * L),
        Integer(1),
        Delta + L * sigma**2 * eta0**2 * n / 2,
    )
    at_horizon = substitute(summed, {n: T - 1}, label="T iterates, T - 1 steps")
    lowest = lemmas.least_gradient(T)
    some = nonnegative_by_sign(le(0, lowest), label="the least squared gradient is >= 0")
    last = conclude(
        le(mu * eta0 / 2, 1 / (2 * L)),
        (limit, mu / 2),
        (coherent, 1 / (2 * m * L)),
        (coherent, mu / (2 * m * L)),
        nonnegative_by_sign(le(1 / (2 * m * L), 1 / (2 * L))),
        label="the last weight is no smaller",
    )
    spared = nonnegative_by_sign(le(0, L * sigma**2 * eta0**2 / 2))
    scale = 2 / (mu * eta0 * T)
    return combine(
        le(lowest, 2 * Delta / (mu * eta0 * T) + L * sigma**2 * eta0 / mu),
        (at_horizon, scale),
        (half, some, T - 1, scale),
        (last, some, scale),
        (spared, scale),
        label="divide by the weights",
    )


SMALLEST = mu / (m * L)
BALANCED = sqrt(2 * Delta / (L * sigma**2 * T))


@cache
def tuned_step_proof() -> Fact:
    """The constant step min{mu/(m L), sqrt(2 Delta/(L sigma^2 T))} balances the two terms."""
    chosen, inverse, balanced = tuned(constant_step_proof(), SMALLEST, BALANCED)
    bound = 2 * m * L * Delta / (mu**2 * T) + 2 / mu * sqrt(2 * L * Delta * sigma**2 / T)
    return combine(
        le(lemmas.least_gradient(T), bound),
        chosen,
        (inverse, 2 * Delta / (mu * T)),
        (balanced, L * sigma**2 / mu),
        label="balance the two terms",
    )
