r"""The virtual iterate, which every gradient moves as soon as it is read: descent along it.

Notation as in `in_flight`; v_k is the virtual iterate, a_k = E|grad F(x_k)|^2.
"""

from functools import cache

from sympy import Symbol

from theory.assumptions import (
    F,
    gradient,
    squared_gradient,
    x,
    xi,
)
from theory.claims import eq, formula, le
from theory.hilbert import Inner, grad, squared_norm, value
from theory.kernel import (
    Fact,
    axiom,
    combine,
    combine_vectors,
    given,
    pair,
    substitute,
)
from theory.lemmas.counting import u
from theory.lemmas.vectors import same_length
from theory.proofs.koloskova2022.in_flight import (
    READ,
    applied_before,
    delivered,
    distance,
    flying,
    flying_counted,
    flying_in_range,
    variance,
    virtual,
    weighed,
)
from theory.symbols import G, L, N, eta0, j, k, sigma
from theory.tactics import apply, conclude

OTHER = Symbol("j'", integer=True)
FLYING = 2 * N**2 * G**2 + 2 * N * sigma**2  # what the gradients in flight measure at most


@cache
def far() -> Fact:
    """E|x_k - v_k|^2 <= 2 eta^2 (N^2 G^2 + N sigma^2) for 0 <= k <= n."""
    bounded = apply(
        weighed(),
        {u: formula(j, flying(j))},
        *flying_in_range(),
        flying_counted(),
        label="the gradients in flight",
    )
    product = applied_before(j) * Inner(delivered(j), delivered(OTHER))
    exchanged = axiom("exchange", product, READ, (OTHER, *READ[1:]))
    return combine(
        le(squared_norm(x(k) - virtual(k)), eta0**2 * FLYING),
        same_length(distance(), exchanged),
        (bounded, eta0**2),
        label="how far the virtual iterate is",
    )


# ------------------------------------------------------------------------- descent


@cache
def read_once_more() -> Fact:
    """What is read at x_k moves the virtual iterate at once: v_{k+1} = v_k - eta g_k."""
    parts = axiom("split", delivered(j), j, -N, k - 1, k)
    return combine_vectors(
        eq(virtual(k + 1), virtual(k) - eta0 * delivered(k)),
        (parts, -eta0),
        label="one more gradient read",
    )


@cache
def one_update() -> Fact:
    r"""One update of the virtual iterate.

    .. math:: E F(v_{k+1}) \leq E F(v_k) - \tfrac\eta2(1-L\eta)a_k
              + \tfrac{\eta L^2}2E\|x_k-v_k\|^2 + \tfrac{L\eta^2\sigma^2}2
    """
    here, gradient_there = virtual(k), grad(F, virtual(k))
    started = [given(le(0, k))]
    smooth = axiom("descent", F, L, here, virtual(k + 1), label="descent lemma")
    moved = read_once_more()
    step = virtual(k + 1) - here
    close = axiom("lipschitz_gradient", F, L, x(k), here, label="smoothness, real to virtual")
    unseen = axiom(
        "unbiased", xi(k), gradient_there, evidence=started, label="the noise does not see v_k"
    )
    own = axiom("unbiased", xi(k), gradient(k), label="nor the gradient at x_k")
    noise = substitute(variance(), {j: k})
    bound = (
        value(F, here)
        - eta0 / 2 * (1 - L * eta0) * squared_gradient(k)
        + eta0 * L**2 / 2 * squared_norm(x(k) - here)
        + L / 2 * eta0**2 * sigma**2
    )
    along = conclude(
        eq(Inner(gradient_there, step), -eta0 * Inner(gradient_there, delivered(k))),
        pair(moved, gradient_there),
        label="along the gradient",
    )
    size = conclude(
        eq(squared_norm(step), eta0**2 * squared_norm(delivered(k))),
        pair(moved, step),
        pair(moved, delivered(k)),
        label="length of the step",
    )
    return combine(
        le(value(F, virtual(k + 1)), bound),
        smooth,
        (along, 1),
        (size, L / 2),
        (close, eta0 / 2),
        (unseen, -eta0),
        (own, L * eta0**2),
        (noise, L / 2 * eta0**2),
        squares=[(gradient_there, eta0 / 2)],
        label="one update of the virtual iterate",
    )
