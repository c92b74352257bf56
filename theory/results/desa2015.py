r"""De Sa, Zhang, Olukotun, Re (NeurIPS 2015): how long until stale SGD comes close to x*.

*Taming the Wild: A Unified Analysis of Hogwild!-Style Algorithms*, arXiv 1506.06438.

**Setting.** F is mu-strongly convex and L-smooth, with minimiser x*; the stochastic gradients have
second moments at most G^2, whatever happened before (the paper's c, L and M). The run is a success
once |x_t - x*|^2 <= eps. Until then update t applies a gradient taken tau_t <= tau updates ago,

    x_{t+1} = x_t - eta (grad F(x_{t - tau_t}) + xi_t),      eta = mu eps theta/K,

with a share 0 < theta <= 1 and K = G^2 + 2 L G tau sqrt(eps); for fresh gradients K = G^2.

**Stopping times without stopping times.** The run is stopped at its first success. With 1_t = 1 as
long as it goes on, x_{t+1} = x_t - eta 1_t g_t, and S_t = P(1_t = 1) is the chance that none of
x_0, ..., x_t was a success: all statements are about expectations of this stopped run.

**Lemma (potential).** Let Phi(x) = plog(|x - x*|^2/eps), where plog u = u up to u = 1 and 1 + log u
beyond: a concave function. Its tangent at |x_t - x*|^2/eps gives

    E Phi(x_{t+1}) <= E Phi(x_t) - eta E<1_t grad Phi(x_t), grad F(y_t)> + eta^2 G^2 S_t/eps,

and while the run goes on a fresh gradient pulls: <grad Phi(x_t), grad F(x_t)> >= 2 mu. A late one
pulls less by at most |grad Phi| L |x_t - y_t|, which costs 2 eta^2 L G tau/sqrt(eps) a step on
average, as |1_t grad Phi|^2 <= 4/eps. Summed,

    eta (2 mu - eta K/eps) (S_0 + ... + S_{T-1}) <= log(e R^2/eps).

**How sure we are.** The chance of failure in `chance` is the paper's, as recalled, constant for
constant; it is derived here. The paper asks E|g(x) - g(y)| <= L |x - y| of each sample; smoothness
of F, which follows, is enough.
"""

from typing import Any

from sympy import log

from theory.assumptions import (
    FROM_ZERO,
    Assumed,
    BoundedDelay,
    ExogenousDelays,
    Minimiser,
    Smooth,
    StronglyConvex,
    UnbiasedNoise,
)
from theory.assumptions.stopping import SecondMomentWhileRunning, StoppedSGD
from theory.claims import le
from theory.latex import Shown, ratio, root, terms, times
from theory.proofs import desa2015 as proofs
from theory.quantities import Measure, Quantity
from theory.symbols import G, L, R, T, alive, eps, mu_sc, tau_max, theta
from theory.theorem import Source, Theorem

PAPER = "De Sa, Zhang, Olukotun, Re, NeurIPS 2015 (arXiv 1506.06438)"
OURS = "derived here, after the paper; every step is checked by the kernel"


# ------------------------------------------------------------------------- Setting

SURVIVAL = Measure("survival", alive, "P(|x_i - x*|^2 > eps for i = 0..t)")
CHANCE = Quantity(
    summary="last",
    measure=SURVIVAL,
    expression=alive(T),
    iterates=T + 1,
    words="S_T, the chance that |x_t - x*|^2 > eps for t = 0..T",
)
TIME = Quantity(
    summary="total",
    measure=SURVIVAL,
    expression=proofs.time_running(),
    iterates=T,
    words="S_0 + ... + S_(T-1), the mean of min(T, the first t with |x_t - x*|^2 <= eps)",
)
FRESH = Shown(G**2, "G^{2}", "G^2")
STALE = terms(G**2, times(2, L, G, tau_max, root(eps)))
CONDITIONS = (le(theta, 1), le(eps, R**2))


def step(effort: Shown) -> Shown:
    """eta = mu eps theta/K."""
    return ratio(times(mu_sc, eps, theta), effort)


def setting(effort: Shown, *, fresh: bool) -> tuple[Assumed, ...]:
    """The stopped run with the paper's step."""
    return (
        StoppedSGD(step(effort), fresh=fresh),
        StronglyConvex(),
        Minimiser(count=FROM_ZERO),
        UnbiasedNoise(FROM_ZERO),
        ExogenousDelays(FROM_ZERO),
        SecondMomentWhileRunning(fresh=fresh),
    )


def bound(effort: Shown, *more: Any) -> Shown:
    """K/(mu^2 eps theta) log(e R^2/eps), perhaps divided by T."""
    time = terms(1, log(R**2 / eps))
    return times(ratio(effort, times(mu_sc**2, eps, theta, *more)), time)


LATE = (Smooth(), BoundedDelay(tau_max + 1, count=FROM_ZERO))


# ------------------------------------------------------------------------- fresh gradients

fresh_chance = Theorem(
    name="desa2015.fresh_chance",
    title="the chance that SGD has not come close, without delay",
    source=Source(citation=PAPER, statement="its theorem on sequential SGD", status=OURS),
    assumptions=setting(FRESH, fresh=True),
    step=step(FRESH),
    conditions=CONDITIONS,
    quantity=CHANCE,
    bound=bound(FRESH, T),
    horizon=T,
    steps=T,
    proof=proofs.fresh_chance,
)


# ------------------------------------------------------------------------- late gradients

chance = Theorem(
    name="desa2015.chance",
    title="the chance that stale SGD has not come close",
    source=Source(citation=PAPER, statement="its theorem on asynchronous SGD", status=OURS),
    assumptions=(*setting(STALE, fresh=False), *LATE),
    step=step(STALE),
    conditions=(*CONDITIONS, le(1, tau_max)),
    quantity=CHANCE,
    bound=bound(STALE, T),
    horizon=T,
    steps=T,
    proof=proofs.stale_chance,
    remark="At tau = 0 it is `fresh_chance`, which does not need smoothness.",
)

time = Theorem(
    name="desa2015.time",
    title="the mean time until stale SGD comes close",
    source=Source(citation=PAPER, statement="its theorem on asynchronous SGD", status=OURS),
    assumptions=(*setting(STALE, fresh=False), *LATE),
    step=step(STALE),
    conditions=(*CONDITIONS, le(1, tau_max)),
    quantity=TIME,
    bound=bound(STALE),
    horizon=T,
    steps=T,
    proof=proofs.stale_time,
    remark="The bound does not know T: it holds for the mean hitting time itself.",
)

THEOREMS = (fresh_chance, chance, time)
