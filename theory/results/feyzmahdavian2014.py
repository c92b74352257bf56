r"""Feyzmahdavian, Aytekin, Johansson (MLSP 2014): a proximal gradient step from an old iterate.

*A Delayed Proximal Gradient Method with Linear Convergence Rate*, IEEE Workshop on Machine Learning
for Signal Processing.

**Setting.** F + Psi, where F is mu-strongly convex and L-smooth and Psi is convex, with minimiser
x*. Update t = 0, 1, ... takes a whole proximal gradient step from the iterate y_t = x_{t - tau_t}
that its worker read, and averages it with the present iterate, 0 < theta <= 1:

    p_t = prox(y_t - gamma grad F(y_t)),        gamma = 2/(mu + L),
    x_{t+1} = (1 - theta) x_t + theta p_t,      0 <= tau_t <= min(t, tau).

This is not SGD with stale gradients: here the iterate is old as a whole, and no step limit depends
on the delay.

**Lemma (a gradient step contracts).** With c = (L - mu)/(L + mu) = (kappa - 1)/(kappa + 1), by
Nesterov (2018), Theorem 2.1.12, derived here from the descent lemma and strong convexity,

    |u - gamma grad F(u) - v + gamma grad F(v)| <= c |u - v|.

The proximal map is nonexpansive and leaves x* = prox(x* - gamma grad F(x*)) in place, so that
|p_t - x*| <= c |y_t - x*|.

**Lemma (one update).** With q = 1 - theta + theta c,

    |x_{t+1} - x*|^2 <= q ((1 - theta) |x_t - x*|^2 + theta c |y_t - x*|^2).

**Lemma (delay).** If v_{t+1} <= q^2 times an average of v_t and v_{t - tau_t}, then v falls by q^2
at least once in 1 + tau updates, v_t <= q^{2 t/(1 + tau)} v_0: by induction over all earlier
updates, as powers of q decrease.

**How sure we are.** The rate is as recalled (the page was not at hand) and derived anew, in squared
norms, which say the same. It is attained: F = mu/2 |.|^2, theta = 1, delays min(t, tau), at T a
multiple of 1 + tau. The case mu = L needs no theorem: then c = 0, and p_t = x*.
"""

from theory.assumptions import (
    FROM_ZERO,
    BoundedDelay,
    CompositeMinimiser,
    ConditionNumber,
    DelayedProximalGradient,
    Smooth,
    StronglyConvex,
)
from theory.claims import le
from theory.latex import minus, power, ratio, terms, times
from theory.proofs import feyzmahdavian2014 as proofs
from theory.quantities import SQUARED_DISTANCE, last
from theory.symbols import L, R, T, mu_sc, tau_max, theta
from theory.theorem import Source, Theorem

PAPER = "Feyzmahdavian, Aytekin, Johansson, MLSP 2014"
OURS = "as recalled, and derived anew; every step is checked by the kernel"

STEP = ratio(2, terms(mu_sc, L))
FACTOR = terms(1, minus(ratio(times(2, theta, mu_sc), terms(L, mu_sc))))

delayed_proximal_gradient = Theorem(
    name="feyzmahdavian2014.delayed_proximal_gradient",
    title="proximal gradient steps from delayed iterates, linear rate at a step free of the delay",
    source=Source(citation=PAPER, statement="the rate for gamma = 2/(mu + L)", status=OURS),
    assumptions=(
        DelayedProximalGradient(STEP),
        Smooth(),
        StronglyConvex(),
        ConditionNumber(),
        CompositeMinimiser(),
        BoundedDelay(tau_max + 1, count=FROM_ZERO),
    ),
    step=STEP,
    quantity=last(SQUARED_DISTANCE, T),
    bound=times(power(FACTOR, ratio(times(2, T), terms(1, tau_max))), R**2),
    horizon=T,
    steps=T,
    conditions=(le(theta, 1),),
    proof=proofs.last_iterate,
    remark="The base is 1 - theta + theta (kappa - 1)/(kappa + 1), kappa = L/mu.",
)

THEOREMS = (delayed_proximal_gradient,)
