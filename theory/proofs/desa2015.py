r"""Hitting times by a potential: the run is stopped, and the potential falls until then.

Notation: 1_t and S_t = P(1_t = 1), ``alive(t)``, as in `theory.assumptions.stopping`; Phi is the
potential of `theory.axioms.stopping`; y_t = x_{t - tau_t}.
"""

from functools import cache
from typing import Any

from sympy import Sum, log, sqrt

from theory.assumptions import FROM_ZERO, F, Minimiser, ReadsThePast, gradient, x, x_star, xi
from theory.assumptions.stopping import (
    POTENTIAL,
    SecondMomentWhileRunning,
    StoppedSGD,
    applied_while_running,
)
from theory.claims import formula, le
from theory.hilbert import Inner, Scalar, grad, running, squared_norm, value
from theory.kernel import (
    Fact,
    axiom,
    combine,
    given,
    nonnegative_by_sign,
    rewrite,
    substitute,
    sum_over,
    suppose,
)
from theory.lemmas.constant_step import longest_delay
from theory.lemmas.counting import v, windows_counted
from theory.lemmas.descent import only
from theory.lemmas.drift import window, window_in_range
from theory.lemmas.vectors import cauchy, same_length, travelled
from theory.symbols import (
    F_star,
    G,
    L,
    R,
    T,
    alive,
    eps,
    eta0,
    j,
    k,
    mu_sc,
    n,
    r,
    rho,
    s,
    t,
    tau_max,
    theta,
)
from theory.tactics import apply, conclude

STEPS = (t, 0, n - 1)
SLOPE = running(t, grad(POTENTIAL, x(t)))  # 1_t grad Phi(x_t)
FRESH, STALE = gradient(t), gradient(r(t))


def phi(index: Any) -> Scalar:
    """E Phi(x_t)."""
    return value(POTENTIAL, x(index))


def second_moment(fresh: bool = False) -> Fact:
    """E|1_t g_t|^2 <= G^2 alive(t)."""
    return only(SecondMomentWhileRunning(fresh=fresh))["bounded second moment"]


@cache
def potential_falls(fresh: bool = False) -> Fact:
    r"""One step, before anything is said of how old the gradient is.

    .. math:: E\Phi(x_{t+1}) \leq E\Phi(x_t)
              - \eta E\langle 1_t\nabla\Phi(x_t),\nabla F(y_t)\rangle
              + \tfrac{\eta^2G^2}\varepsilon S_t
    """
    update = only(StoppedSGD(fresh=fresh))["stopped SGD"]
    pulled = FRESH if fresh else STALE
    tangent = axiom("potential_step", POTENTIAL, x_star, eps, x(t), x(t + 1))
    own = grad(POTENTIAL, x(t))
    unseen = axiom("unbiased", xi(t), SLOPE, label="the noise does not see whether the run goes on")
    return conclude(
        le(phi(t + 1), phi(t) - eta0 * Inner(SLOPE, pulled) + eta0**2 * G**2 / eps * alive(t)),
        rewrite(tangent, update, x(t + 1)),
        axiom("running_once", t, pulled, own),
        axiom("running_once", t, own, pulled),
        axiom("running_once", t, xi(t), own),
        axiom("running_once", t, own, xi(t)),
        unseen,
        (second_moment(fresh), eta0**2 / eps),
        label="one step of the potential",
    )


@cache
def moved() -> Fact:
    """E|x_t - y_t|^2 <= eta^2 G^2 tau_t (sum of alive(j) over the window)."""
    update = substitute(only(StoppedSGD())["stopped SGD"], {t: j})
    positive = nonnegative_by_sign(le(0, eta0), label="steps are >= 0")
    own, evidence = applied_while_running(j), window_in_range()
    way = travelled(update, -eta0 * Sum(own, window()), window(), evidence=evidence)
    past = suppose(ReadsThePast(FROM_ZERO).past)
    spread = cauchy(eta0, own, window(), nonnegative=positive, evidence=[past])
    moments = sum_over(substitute(second_moment(), {t: j}), *window(), evidence=evidence)
    return conclude(
        le(squared_norm(x(t) - x(r(t))), eta0**2 * G**2 * (t - r(t)) * Sum(alive(j), window())),
        same_length(way),
        spread,
        (moments, past, eta0**2),
        label="distance between read and write",
    )


@cache
def pull() -> Fact:
    """E<1_t grad Phi(x_t), grad F(x_t)> >= 2 mu alive(t)."""
    return axiom(
        "potential_pull", POTENTIAL, x_star, eps, x(t), F, mu_sc, F_star, label="the fresh pull"
    )


@cache
def stale_step() -> Fact:
    r"""One step; a gradient that is late pulls less, by Young's inequality with any rho > 0.

    .. math:: E\Phi(x_{t+1}) \leq E\Phi(x_t)
              - \eta\Bigl(2\mu-\frac{2\rho}\varepsilon-\frac{\eta G^2}\varepsilon\Bigr)S_t
              + \frac{\eta^3L^2G^2\tau}{2\rho}\sum_jS_j
    """
    slope = axiom("potential_slope", POTENTIAL, x_star, eps, x(t), label="slope of the potential")
    close = axiom("lipschitz_gradient", F, L, x(t), x(r(t)), label="smoothness, read to write")
    possible = substitute(only(StoppedSGD())["a probability"], {t: j})
    some = sum_over(possible, *window(), evidence=window_in_range(), label="chances are >= 0")
    kept = 2 * mu_sc - 2 * rho / eps - eta0 * G**2 / eps
    late = eta0**3 * L**2 * G**2 / (2 * rho)
    return conclude(
        le(
            phi(t + 1),
            phi(t) - eta0 * kept * alive(t) + late * tau_max * Sum(alive(j), window()),
        ),
        potential_falls(),
        (pull(), eta0),
        (slope, eta0 * rho / 2),
        (close, eta0 / (2 * rho)),
        (moved(), eta0 * L**2 / (2 * rho)),
        (longest_delay(), some, late),
        squares=[(rho * SLOPE + STALE - FRESH, eta0 / (2 * rho))],
        label="one step with a late gradient",
    )


def start() -> Fact:
    """E Phi(x_0) <= log(e R^2/eps), for R^2 >= eps."""
    wide = combine(le(0, R**2 / eps - 1), (given(le(eps, R**2)), 1 / eps), label="start outside")
    return conclude(
        le(phi(0), 1 + log(R**2 / eps)),
        axiom("potential_tangent", POTENTIAL, x_star, eps, x(0), R**2 / eps, evidence=[wide]),
        (only(Minimiser(count=FROM_ZERO))["initial distance"], 1 / R**2),
        label="the potential at the start",
    )


def summed(one_step: Fact, kept: Any, *parts: Any) -> Fact:
    """eta (kept) sum of alive(t) <= log(e R^2/eps), with what the windows cost among the parts."""
    end = axiom("potential_nonnegative", POTENTIAL, x_star, eps, x(n), label="the potential ends")
    return conclude(
        le(eta0 * kept * Sum(alive(t), STEPS), 1 + log(R**2 / eps)),
        sum_over(one_step, *STEPS, label="sum over the steps"),
        axiom("telescope", phi(t), *STEPS, label="the potentials telescope"),
        start(),
        end,
        *parts,
        label="n steps",
    )


@cache
def stale_steps() -> Fact:
    r"""n steps, with the weight in Young's inequality that balances: rho = eta L G tau sqrt(eps)/2.

    .. math:: \eta\Bigl(2\mu-\frac\eta\varepsilon\bigl(G^2+2LG\tau\sqrt\varepsilon\bigr)\Bigr)
              \sum_{t<n}S_t\leq\log\frac{eR^2}\varepsilon
    """
    balance = eta0 * L * G * tau_max * sqrt(eps) / 2
    one = substitute(stale_step(), {rho: balance}, under=[le(1, tau_max)], label="balanced")
    windows = apply(
        substitute(windows_counted(FROM_ZERO), {s: tau_max + 1}),
        {v: formula(t, alive(t))},
        only(StoppedSGD())["a probability"],
        label="chances of the windows, counted",
    )
    kept = 2 * mu_sc - eta0 * (G**2 + 2 * L * G * tau_max * sqrt(eps)) / eps
    return summed(one, kept, (windows, eta0**2 * L * G / sqrt(eps)))


@cache
def fresh_steps() -> Fact:
    """n steps with fresh gradients: eta (2 mu - eta G^2/eps) sum of alive(t) <= log(e R^2/eps)."""
    kept = 2 * mu_sc - eta0 * G**2 / eps
    one = combine(
        le(phi(t + 1), phi(t) - eta0 * kept * alive(t)),
        potential_falls(fresh=True),
        (pull(), eta0),
        label="one step with a fresh gradient",
    )
    return summed(one, kept)


# ------------------------------------------------------------------------- the paper's step


def effort(staleness: Any) -> Any:
    """K = G^2 + 2 L G tau sqrt(eps)."""
    return G**2 + 2 * L * G * staleness * sqrt(eps)


def time_running() -> Scalar:
    """S_0 + ... + S_{T-1}, the mean number of the first T updates that are made."""
    return Sum(alive(t), (t, 0, T - 1))


def at_step(steps: Fact, cost: Any) -> Fact:
    """sum_{t<T} S_t <= K/(mu^2 eps theta) log(e R^2/eps) with eta = mu eps theta/K."""
    fact = substitute(steps, {eta0: mu_sc * eps * theta / cost, n: T}, label="the step inserted")
    possible = sum_over(only(StoppedSGD())["a probability"], t, 0, T - 1)
    spare = combine(le(0, 1 - theta), given(le(theta, 1)), label="what the step leaves")
    return combine(
        le(
            time_running(),
            cost / (mu_sc**2 * eps * theta) * (1 + log(R**2 / eps)),
        ),
        (fact, cost / (mu_sc**2 * eps * theta)),
        (spare, possible),
        label="the time until the run stops",
    )


def chance(total: Fact) -> Fact:
    """S_T <= 1/T of the sum: a run that goes on at T went on before."""
    order = substitute(suppose(StoppedSGD().order), {j: t, k: T})
    before = sum_over(order, t, 0, T - 1, label="it went on before")
    return combine(
        le(alive(T), total.claim.right / T),
        (total, 1 / T),
        (before, 1 / T),
        label="the chance that the run goes on",
    )


@cache
def fresh_time() -> Fact:
    """sum_{t<T} S_t <= G^2/(mu^2 eps theta) log(e R^2/eps)."""
    return at_step(fresh_steps(), G**2)


@cache
def fresh_chance() -> Fact:
    """S_T <= G^2/(mu^2 eps theta T) log(e R^2/eps)."""
    return chance(fresh_time())


@cache
def stale_time() -> Fact:
    """sum_{t<T} S_t <= K/(mu^2 eps theta) log(e R^2/eps)."""
    return at_step(stale_steps(), effort(tau_max))


@cache
def stale_chance() -> Fact:
    """S_T <= K/(mu^2 eps theta T) log(e R^2/eps)."""
    return chance(stale_time())
