r"""Smooth convex functions and a constant step: the average gap at the points read.

Notation: b_t = E|grad F(y_t)|^2 at the point read, tau_t = t - r_t; rho is a weight of our choice.
"""

from functools import cache
from typing import Any

from sympy import Integer, Sum, sqrt

from theory.algebra import Within
from theory.assumptions import (
    Concurrency,
    ConstantDelay,
    F,
    MultiplicativeNoise,
    gradient,
    objective,
    x,
    x_star,
)
from theory.claims import formula, le
from theory.hilbert import Inner
from theory.kernel import (
    Fact,
    axiom,
    combine,
    given,
    nonnegative_by_sign,
    substitute,
    sum_over,
)
from theory.lemmas.constant_step import STEPS, WINDOW, in_flight, longest_delay, read_gradient
from theory.lemmas.convex_step import agreement
from theory.lemmas.counting import reads_covering, u, v, w, windows_exchanged
from theory.lemmas.descent import only
from theory.lemmas.distance import (
    applied_squared,
    distance,
    distances_telescoped,
    read_gap,
    stale_distance_window,
    toward_minimiser_smoothly,
)
from theory.lemmas.sums import term_below_sum
from theory.lemmas.tuned import tuned
from theory.symbols import F_star, L, M, N, R, T, eta, eta0, j, k, n, r, rho, sigma, t, tau_max
from theory.tactics import apply, conclude

# ------------------------------------------------------------------------- one step


@cache
def one_step() -> Fact:
    r"""What a step costs and gains, before the window is opened.

    .. math:: 2\eta\,E(F(y_t)-\inf F) \leq D_t-D_{t+1} - \eta\bigl(\tfrac1L-\eta(1+M)\bigr)b_t
              + 2\eta^2\sum_j E\langle\nabla F(y_t),\nabla F(y_j)\rangle + \eta^2\sigma^2
    """
    moved = substitute(stale_distance_window(), {eta: formula(t, eta0)}, label="a constant step")
    size = only(MultiplicativeNoise())[MultiplicativeNoise.name]
    products = Sum(Inner(gradient(r(t)), gradient(r(j))), WINDOW)
    return combine(
        le(
            2 * eta0 * read_gap(),
            distance(t)
            - distance(t + 1)
            - eta0 * (1 / L - eta0 * (1 + M)) * read_gradient(t)
            + 2 * eta0**2 * products
            + eta0**2 * sigma**2,
        ),
        (moved, 1),
        (toward_minimiser_smoothly(), 2 * eta0),
        (applied_squared(), eta0**2),
        (size, eta0**2),
        label="one step",
    )


@cache
def agreement_in_window(weight: Any) -> Fact:
    r"""The gradients of a window against the one read, by Young's inequality.

    .. math:: 2\sum_jE\langle\nabla F(y_t),\nabla F(y_j)\rangle
              \leq\rho\,\tau_tb_t+\tfrac1\rho\sum_jb_j
    """
    positive = nonnegative_by_sign(le(0, eta0), label="steps are >= 0")
    constant = apply(agreement(weight), {eta: formula(t, eta0)}, positive, label="a constant step")
    return combine(
        le(
            2 * Sum(Inner(gradient(r(t)), gradient(r(j))), WINDOW),
            weight * (t - r(t)) * read_gradient(t) + Sum(read_gradient(j), WINDOW) / weight,
        ),
        (constant, 1 / eta0),
        label="gradients of a window",
    )


# ------------------------------------------------------------------------- n steps


def products_weighed(longest: Fact) -> Fact:
    r"""The gradients of the windows against the one read, by Young's inequality, counted.

    .. math:: \sum_{t<n}\sum_j 2E\langle\nabla F(y_t),\nabla F(y_j)\rangle
              \leq \Bigl(\rho c+\frac N\rho\Bigr)\sum_{t<n} b_t

    if tau_t <= c, which `longest` says, and at most N gradients are in flight over each update.
    """
    length = longest.claim.right
    products = 2 * Sum(Inner(gradient(r(t)), gradient(r(j))), WINDOW)
    per_update = combine(
        le(
            products,
            rho * length * read_gradient(t) + Sum(read_gradient(j), WINDOW) / rho,
        ),
        agreement_in_window(rho),
        (longest, rho * read_gradient(t)),
        label="a window of at most so many updates",
    )
    counted = apply(
        windows_exchanged(),
        {u: formula(t, Integer(1)), v: formula(t, read_gradient(t)), w: formula(t, N)},
        only(Concurrency(T=n))["concurrency"],
        nonnegative_by_sign(le(0, read_gradient(t))),
        label="gradients of the windows, counted",
    )
    return combine(
        le(
            Sum(products, STEPS),
            (rho * length + N / rho) * Sum(read_gradient(t), STEPS),
        ),
        sum_over(per_update, *STEPS),
        (counted, 1 / rho),
        label="gradients in flight against those read",
    )


def summed(longest: Fact) -> Fact:
    r"""n steps up to the step limit eta L (1 + M + rho c + N/rho) <= 1.

    .. math:: 2\eta\sum_{t<n}E(F(y_t)-\inf F) \leq R^2+\eta^2\sigma^2n
    """
    weighed = products_weighed(longest)
    load = 1 + M + rho * longest.claim.right + N / rho
    limit = given(le(eta0, 1 / (L * load)))
    paid = combine(le(0, 1 / L - eta0 * load), (limit, load), label="gradients are paid for")
    squares = sum_over(nonnegative_by_sign(le(0, read_gradient(t))), *STEPS)
    return combine(
        le(2 * eta0 * Sum(read_gap(), STEPS), R**2 + eta0**2 * sigma**2 * n),
        sum_over(one_step(), *STEPS),
        (weighed, eta0**2),
        (squares, paid, eta0),
        distances_telescoped(),
        squares=[(x(n) - x_star, 1)],
        label="n constant steps",
    )


@cache
def summed_by_delay() -> Fact:
    """The sum over n steps for delays at most tau."""
    return apply(
        substitute(summed(longest_delay()), {N: tau_max, rho: Integer(1)}),
        {},
        in_flight(),
        label="delays at most tau",
    )


# ------------------------------------------------------------------------- averages

BOUND = R**2 / (2 * eta0 * T) + eta0 * sigma**2 / 2


def averaged(total: Fact) -> Fact:
    """(1/T) sum of the gaps at the points read <= R^2/(2 eta T) + eta sigma^2/2."""
    return combine(
        le(Sum(read_gap(), (t, 0, T - 1)) / T, BOUND),
        (substitute(total, {n: T}), 1 / (2 * eta0 * T)),
        label="the average gap at the points read",
    )


@cache
def multiplicative() -> Fact:
    """The average gap at the points read, with noise that may grow with the gradient."""
    return averaged(summed_by_delay())


@cache
def convex() -> Fact:
    """The same with bounded variance, M = 0."""
    return substitute(multiplicative(), {M: Integer(0)}, label="bounded variance")


@cache
def tuned_step() -> Fact:
    """The step min{1/(L (2 tau + 1)), R/(sigma sqrt T)} balances the two terms."""
    limit, balance = 1 / (L * (2 * tau_max + 1)), R / (sigma * sqrt(T))
    at_step, inverse, below = tuned(convex(), limit, balance)
    return combine(
        le(at_step.claim.left, L * (2 * tau_max + 1) * R**2 / (2 * T) + sigma * R / sqrt(T)),
        at_step,
        (inverse, R**2 / (2 * T)),
        (below, sigma**2 / 2),
        label="balance the two terms",
    )


# ------------------------------------------------------------------------- iterates


@cache
def each_is_read() -> Fact:
    """Update j + tau reads x_j: of n iterates all but the last tau are read."""
    is_read, place = Within(j, r(k), r(k)), r(j + tau_max)
    later = substitute(only(ConstantDelay())["constant delay"], {t: j + tau_max})
    own = axiom(
        "bracket_inside",
        j,
        place,
        place,
        evidence=[combine(le(j, place), (later, -1)), combine(le(place, j), (later, 1))],
    )
    return conclude(
        le(1, Sum(is_read, (k, 0, n - 1))),
        own,
        term_below_sum(nonnegative_by_sign(le(0, is_read)), (k, 0, n - 1), j + tau_max),
        label="each iterate is read",
    )


@cache
def iterates() -> Fact:
    """(1/T) sum of the gaps at x_0, ..., x_{T-1}, by T + tau updates that read all of them."""
    updates = T + tau_max
    gap = objective(t) - F_star
    above = conclude(le(0, gap), axiom("above_infimum", F, x_star, F_star, x(t)))
    covered = apply(
        substitute(reads_covering(), {n: updates}),
        {v: formula(t, gap)},
        substitute(each_is_read(), {n: updates}),
        above,
        label="the iterates are read",
    )
    plain = substitute(summed_by_delay(), {M: Integer(0), n: updates}, label="T + tau updates")
    return combine(
        le(
            Sum(gap, (t, 0, T - 1)) / T,
            R**2 / (2 * eta0 * T) + eta0 * sigma**2 / 2 * (1 + tau_max / T),
        ),
        (plain, 1 / (2 * eta0 * T)),
        (covered, 1 / T),
        label="the average gap at the iterates",
    )
