r"""Gradient descent under the window rule: the gap contracts by 1 - eta_t mu at update t.

The sum over the updates is for weights Q (`theory.proofs.linear_rates.weights`); their inverse is
the product of the contractions, which comes last. Notation: G_t = E F(x_t) - inf F and
b_t = E|grad F(y_t)|^2 at the point read; c is the limit of the window rule.
"""

from functools import cache
from typing import Any

from sympy import Rational, Sum, sqrt

from theory.algebra import FiniteProduct
from theory.assumptions import FROM_ZERO, F, InitialGap, x
from theory.claims import eq, formula, le, lt
from theory.kernel import (
    Fact,
    axiom,
    cases,
    combine,
    earlier,
    given,
    induct_strongly,
    nonnegative_by_sign,
    reciprocal,
    substitute,
    sum_over,
    suppose,
)
from theory.lemmas.constant_step import STEPS, read_gradient
from theory.lemmas.counting import u, v, w, windows_exchanged
from theory.lemmas.descent import only
from theory.lemmas.drift import window
from theory.lemmas.step_weights import step_nonnegative, weighed_gradient
from theory.lemmas.window_rule import adaptive_descent, step_below_limit
from theory.proofs.linear_rates.constant import gap
from theory.proofs.linear_rates.weights import GROWS, LEFT, LIMIT, POSITIVE, load, started, weight
from theory.symbols import Delta, F_star, L, T, c, eta, i, j, mu_sc, n, t
from theory.tactics import apply, conclude

# ------------------------------------------------------------------------- n steps, weighed


@cache
def one_step() -> Fact:
    r"""One update; the inequality of Polyak and Lojasiewicz makes the gap contract.

    .. math:: G_{t+1} \leq (1-\eta_t\mu)G_t - \tfrac{\eta_t}2(1-L\eta_t)b_t
              + \tfrac{cL^2}2\eta_t\sum_j\eta_jb_j
    """
    steep = axiom("gradient_above_gap", F, mu_sc, F_star, x(t), label="the gradient is steep")
    return combine(
        le(
            gap(t + 1),
            (1 - eta(t) * mu_sc) * gap(t)
            - eta(t) / 2 * (1 - L * eta(t)) * read_gradient(t)
            + LIMIT * L**2 / 2 * eta(t) * Sum(eta(j) * read_gradient(j), window()),
        ),
        substitute(adaptive_descent(noisy=False), {c: LIMIT}),
        (steep, Rational(1, 2), step_nonnegative()),
        label="one update contracts",
    )


@cache
def kept() -> Fact:
    """1 - L eta_t >= 1 - eta_t/c: the limit c is at most 1/L."""
    s = sqrt(mu_sc**2 + 4 * L**2)
    above = combine(le(2 * L, s), squares=[(mu_sc, 1 / (s + 2 * L))], label="the root is above 2L")
    below = combine(
        le(L, 1 / LIMIT),
        (above, Rational(1, 2)),
        nonnegative_by_sign(le(0, mu_sc / 2)),
        label="the limit is at most 1/L",
    )
    return combine(
        le(1 - eta(t) / LIMIT, 1 - L * eta(t)), (below, step_nonnegative()), label="what is kept"
    )


@cache
def summed() -> Fact:
    """n updates: Q_n G_n <= Q_0 G_0."""
    later = suppose(POSITIVE)
    positive = started(substitute(later, {t: t + 1}), t + 1, given(le(0, t)))
    windows = apply(
        windows_exchanged(),
        {
            u: formula(t, weight(t + 1) * eta(t)),
            v: formula(t, eta(t) * read_gradient(t)),
            w: formula(t, weight(t + 1) * (LIMIT - eta(t)) / LEFT),
        },
        load(),
        weighed_gradient(),
        label="windows, taken by the updates they contain",
    )
    grows = suppose(GROWS)
    read = eta(t) * read_gradient(t)
    cost = weight(t + 1) * eta(t) * Sum(eta(j) * read_gradient(j), window())
    step = combine(
        le(
            weight(t + 1) * gap(t + 1) - weight(t) * gap(t),
            LIMIT * L**2 / 2 * cost - weight(t + 1) / 2 * (1 - eta(t) / LIMIT) * read,
        ),
        (one_step(), positive),
        (grows, gap(t)),
        (kept(), weighed_gradient(), positive, Rational(1, 2)),
        label="one update, weighed",
    )
    return conclude(
        le(weight(n) * gap(n), weight(0) * gap(0)),
        sum_over(step, *STEPS, label="sum over the updates"),
        (windows, LIMIT * L**2 / 2),
        axiom("telescope", weight(t) * gap(t), *STEPS),
        label="n updates, weighed",
    )


# ------------------------------------------------------------------------- the product


def contracted(updates: Any) -> Any:
    """The product of 1 - eta_i mu over so many updates."""
    return FiniteProduct(1 - eta(i) * mu_sc, (i, 0, updates - 1))


@cache
def contraction() -> Fact:
    """0 < 1 - eta_t mu, as eta_t <= c."""
    return combine(
        lt(0, 1 - eta(t) * mu_sc),
        (substitute(step_below_limit(), {c: LIMIT}), mu_sc),
        nonnegative_by_sign(lt(0, LEFT)),
        label="an update contracts to something > 0",
    )


@cache
def one_more() -> Fact:
    """The product over t + 1 updates."""
    return axiom("product_last", 1 - eta(i) * mu_sc, i, 0, t - 1, evidence=[given(le(0, t))])


@cache
def product_positive() -> Fact:
    """Products of contractions are > 0, by induction."""
    claim = lt(0, contracted(t))
    before = earlier(claim, t, 0)
    (place,) = before.variables
    later = conclude(
        claim,
        (substitute(suppose(before), {place: t - 1}), substitute(contraction(), {t: t - 1})),
        substitute(one_more(), {t: t - 1}),
        label="one factor more",
    )
    empty = axiom("product_empty", 1 - eta(i) * mu_sc, i, 0, t - 1, evidence=[given(le(t, 0))])
    first = conclude(claim, empty, nonnegative_by_sign(lt(0, 1)), label="no factor")
    step = cases(later, first, t - 1, label="no factor, or one more")
    return induct_strongly(claim, t, 0, step, label="products of contractions are > 0")


@cache
def last_gap() -> Fact:
    r"""The gap after T updates: G_T <= (1 - eta_0 mu) ... (1 - eta_{T-1} mu) Delta."""
    positive = product_positive()
    following = substitute(positive, {t: t + 1}, label="one factor more")
    inverse = 1 / contracted(t)
    grows = combine(
        eq((1 - eta(t) * mu_sc) / contracted(t + 1), inverse),
        (one_more(), -inverse / contracted(t + 1)),
        evidence=[positive, following],
        label="the inverse of the product grows",
    )
    at_horizon = substitute(positive, {t: T})
    weights = substitute(
        substitute(summed(), {n: T}), {weight: formula(t, inverse)}, evidence=[at_horizon]
    )
    near = only(InitialGap(count=FROM_ZERO))["initial gap"]
    return combine(
        le(gap(T), contracted(T) * Delta),
        (apply(weights, {}, grows, reciprocal(positive)), at_horizon),
        (near, at_horizon),
        label="the last gap",
    )
