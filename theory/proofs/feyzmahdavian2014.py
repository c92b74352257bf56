r"""Delayed proximal gradient: the distance to x* contracts, against that of the iterate read.

Throughout c = (L - mu)/(L + mu) is what a gradient step of length 2/(mu + L) contracts by, and
q = 1 - theta + theta c = 1 - 2 theta mu/(L + mu) what an update does without delay.
"""

from functools import cache

from theory.assumptions import CompositeMinimiser, DelayedProximalGradient, x, x_star
from theory.assumptions.proximal import p
from theory.claims import eq, formula, le, lt
from theory.hilbert import squared_norm
from theory.kernel import (
    Fact,
    combine,
    combine_vectors,
    discharge,
    given,
    pair,
    reciprocal,
    substitute,
    suppose,
)
from theory.lemmas.counting import v
from theory.lemmas.curvature import (
    conditioned,
    contraction,
    divide_by_excess,
    gradient_step_contracts,
)
from theory.lemmas.delayed_contraction import delayed_contraction
from theory.lemmas.descent import only
from theory.lemmas.distance import distance
from theory.symbols import L, T, c, mu_sc, q, r, t, theta
from theory.tactics import apply, conclude

METHOD = DelayedProximalGradient(2 / (mu_sc + L))
FACTOR = 1 - 2 * theta * mu_sc / (L + mu_sc)  # q
WHOLE = L + mu_sc - 2 * theta * mu_sc  # (L + mu) q
SHARE = theta * (L - mu_sc) / WHOLE  # theta c/q, the share of the iterate read


# ------------------------------------------------------------------------- one update


@cache
def relaxed() -> Fact:
    """theta <= 1."""
    return given(le(theta, 1))


@cache
def new_distance() -> Fact:
    """|x_{t+1} - x*|^2 = |(1 - theta)(x_t - x*) + theta (p_t - x*)|^2."""
    update = only(METHOD)[METHOD.update.name]
    average = (1 - theta) * (x(t) - x_star) + theta * (p(t) - x_star)
    moved = combine_vectors(eq(x(t + 1) - x_star, average), (update, 1), label="seen from x*")
    left, right = moved.claim.left, moved.claim.right
    return conclude(
        eq(squared_norm(left), squared_norm(right)),
        pair(moved, left),
        pair(moved, right),
        label="the new distance",
    )


@cache
def one_update() -> Fact:
    r"""One update.

    .. math:: \|x_{t+1}-x_\star\|^2 \leq q\bigl((1-\theta)\|x_t-x_\star\|^2
              + \theta c\|y_t-x_\star\|^2\bigr)

    The product of u = x_t - x* and v = p_t - x* is bounded by |c u - v|^2 >= 0.
    """
    mixed = combine(
        le(0, theta * (1 - theta) / contraction()),
        (relaxed(), theta * (L + mu_sc), divide_by_excess()),
        evidence=[conditioned()],
        label="the weight of the product",
    )
    weight = combine(
        le(0, theta**2 + theta * (1 - theta) / contraction()),
        mixed,
        squares=[(theta, 1)],
        evidence=[conditioned()],
        label="the weight of the proximal point",
    )
    delayed = theta * contraction() * distance(r(t))
    return combine(
        le(distance(t + 1), FACTOR * ((1 - theta) * distance(t) + delayed)),
        new_distance(),
        (only(METHOD)[METHOD.nonexpansive.name], weight),
        (gradient_step_contracts(x(r(t)), x_star), weight),
        squares=[(contraction() * (x(t) - x_star) - (p(t) - x_star), mixed)],
        label="one update",
    )


# ------------------------------------------------------------------------- T updates


@cache
def whole_positive() -> Fact:
    """0 < (L + mu) q = (1 - theta)(L + mu) + theta (L - mu)."""
    return combine(
        lt(0, WHOLE),
        (relaxed(), L + mu_sc),
        (conditioned(), theta),
        label="the factor, times L + mu",
    )


@cache
def last_iterate() -> Fact:
    r"""|x_T - x*|^2 <= q^{2T/(1 + tau)} R^2."""
    defined = [whole_positive()]
    divide = reciprocal(whole_positive(), label="one may divide by it")
    factor_positive = combine(
        lt(0, FACTOR), (whole_positive(), 1 / (L + mu_sc)), label="the factor is > 0"
    )
    share_positive = combine(
        le(0, SHARE), (conditioned(), theta, divide), evidence=defined, label="the share is >= 0"
    )
    share_below_one = combine(
        le(SHARE, 1),
        (relaxed(), L + mu_sc, divide),
        evidence=defined,
        label="the share is <= 1",
    )
    shared = combine(
        le(distance(t + 1), FACTOR**2 * ((1 - SHARE) * distance(t) + SHARE * distance(r(t)))),
        one_update(),
        evidence=defined,
        label="one update, in shares",
    )
    decays = substitute(delayed_contraction(), {t: T, v: formula(t, distance(t))}, label="at T")
    decays = substitute(
        decays,
        {q: FACTOR, c: SHARE},
        evidence=[factor_positive, share_positive, *defined],
        label="at the factor and share of this method",
    )
    (near,) = CompositeMinimiser().allows
    decays = apply(decays, {}, suppose(near), shared, label="each update contracts")
    return discharge(decays, share_below_one.claim, share_below_one, label="after T updates")
