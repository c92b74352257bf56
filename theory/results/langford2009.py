r"""Langford, Smola, Zinkevich (NIPS 2009): slow learners are fast, without smoothness.

*Slow Learners are Fast*, arXiv 0911.0491.

**Setting.** Losses are convex and Lipschitz, perhaps with kinks: a gradient is a subgradient. In
the stochastic form there is one function F, and update t = 0, 1, ... applies g_t, a stochastic
gradient taken tau_t updates ago,

    x_{t+1} = x_t - eta g_t,      g_t = grad F(y_t) + xi_t,      y_t = x_{t - tau_t}.

In the online form every round has a loss f_t of its own, and its feedback g_t, a subgradient at the
point y_t that was played, is applied with a delay, in a closed convex set X:

    x_{t+1} = P_X(x_t - eta_t g_t),      g_t in the subdifferential of f_t at y_t = x_{t - tau_t}.

Rounds are numbered in the order in which their feedback is applied; tau_t counts the updates made
between play and feedback. If feedback takes tau rounds, tau_t = min(t, tau). The sum of the delays
does not depend on the order (and equals the feedback outstanding, added up over the rounds).
Nothing is random in the online form; an E in its formulas has nothing to do.

**Lemma (cost of late feedback).** With |g_t| <= G, as each step moves by at most eta_j G,

    <g_t, y_t - x_t> <= G^2 (sum of eta_j over the updates j between read and write).

In expectation E|g_t|^2 <= G^2 is enough, whatever the noise has to do with the read point.

**Proof.** Convexity at x*, D_{t+1} <= D_t - 2 eta_t <g_t, x_t - x*> + eta_t^2 G^2 for the squared
distance D_t, and the lemma. With steps 1/(lambda (t + 1)) strong convexity leaves
lambda/2 sum_t (D_t - |y_t - x*|^2), where only the last window is not cancelled by a read.

**How sure we are.** The paper's Theorem 2 is as recalled: with |x - x'|^2 <= 2 F^2 on X and steps
sg/sqrt(t), regret <= sg G^2 sqrt T + F^2 sqrt T/sg + sg G^2 tau^2/2 + 2 sg G^2 tau sqrt T. The
term with tau^2 is not needed: `decreasing_steps`, with D^2 = 2 F^2 and alpha = sg. Its bound for
lambda-strongly convex losses is recalled with 1 + tau + log T where `strongly_convex`, derived
anew, has 1 + log T. The average delay in place of the longest is after Quanrud and Khashabi (NIPS
2015, Online Learning with Adversarial Delays).
"""

from typing import Any

from sympy import log

from theory.assumptions import (
    FROM_ZERO,
    Assumed,
    AverageDelay,
    BoundedDelay,
    BoundedSecondMoment,
    Convex,
    ExogenousDelays,
    Minimiser,
    ReadsThePast,
    StaleSGD,
    UnbiasedNoise,
)
from theory.assumptions.online import (
    BoundedDomain,
    BoundedFeedback,
    Comparator,
    ConvexLosses,
    DelayedFeedback,
    GrowingDelays,
)
from theory.latex import ratio, root, shown, terms, times
from theory.proofs import langford2009 as proofs
from theory.quantities import GAP, REGRET, average, total
from theory.symbols import D, G, R, T, alpha, eta0, mu_sc, t, tau_avg, tau_max
from theory.theorem import Source, Theorem

PAPER = "Langford, Smola, Zinkevich, NIPS 2009 (arXiv 0911.0491)"
OURS = "derived here, after the paper; every step is checked by the kernel"
DELAY_FACTOR = terms(1, times(2, tau_avg))
TUNED = ratio(R, times(G, root(times(DELAY_FACTOR, T))))


# ------------------------------------------------------------------------- Setting


def stochastic_setting(step: Any) -> tuple[Assumed, ...]:
    """Stale SGD on a convex function with bounded second moments, delays of any length."""
    return (
        StaleSGD(step, count=FROM_ZERO),
        Convex(),
        Minimiser(count=FROM_ZERO),
        UnbiasedNoise(FROM_ZERO),
        ExogenousDelays(FROM_ZERO),
        BoundedSecondMoment(count=FROM_ZERO),
        ReadsThePast(),
        AverageDelay(),
    )


def online_setting(step: Any, modulus: Any = 0) -> tuple[Assumed, ...]:
    """Late feedback from Lipschitz losses."""
    return DelayedFeedback(step), ConvexLosses(modulus), BoundedFeedback()


# ------------------------------------------------------------------------- one function, noise

stochastic = Theorem(
    name="langford2009.stochastic",
    title="Lipschitz convex F: the average delay is a factor of the step",
    source=Source(citation=PAPER, statement="Theorem 2, with noise, constant step", status=OURS),
    assumptions=stochastic_setting(shown(eta0)),
    step=shown(eta0),
    quantity=average(GAP, T, at="read point"),
    bound=terms(ratio(R**2, times(2, eta0, T)), ratio(times(eta0, G**2, DELAY_FACTOR), 2)),
    horizon=T,
    steps=T,
    proof=proofs.stochastic,
    remark="Any step, any longest delay; F may have kinks.",
)

best_step = Theorem(
    name="langford2009.best_step",
    title="Lipschitz convex F with the best constant step",
    source=Source(citation=PAPER, statement="Theorem 2, with noise, best step", status=OURS),
    assumptions=stochastic_setting(TUNED),
    step=TUNED,
    quantity=average(GAP, T, at="read point"),
    bound=times(R, G, root(ratio(DELAY_FACTOR, T))),
    horizon=T,
    steps=T,
    proof=proofs.best_step,
)


# ------------------------------------------------------------------------- regret

regret = Theorem(
    name="langford2009.regret",
    title="regret with late feedback, constant step: the delays enter by their sum",
    source=Source(citation=PAPER, statement="Theorem 2, constant step, any delays", status=OURS),
    assumptions=(*online_setting(shown(eta0)), Comparator(), ReadsThePast(), AverageDelay()),
    step=shown(eta0),
    quantity=total(REGRET, T),
    bound=terms(ratio(R**2, times(2, eta0)), ratio(times(eta0, G**2, T, DELAY_FACTOR), 2)),
    horizon=T,
    steps=T,
    proof=proofs.regret,
    remark="Nothing is random here: it holds on every path, for losses chosen by an adversary.",
)

best_step_regret = Theorem(
    name="langford2009.best_step_regret",
    title="regret with late feedback, best constant step",
    source=Source(citation=PAPER, statement="Theorem 2, best constant step", status=OURS),
    assumptions=(*online_setting(TUNED), Comparator(), ReadsThePast(), AverageDelay()),
    step=TUNED,
    quantity=total(REGRET, T),
    bound=times(R, G, root(times(DELAY_FACTOR, T))),
    horizon=T,
    steps=T,
    proof=proofs.best_step_regret,
)


# ------------------------------------------------------------------------- bounded domains

decreasing_steps = Theorem(
    name="langford2009.decreasing_steps",
    title="regret with steps that decrease like 1/sqrt t",
    source=Source(citation=PAPER, statement="Theorem 2", status=OURS),
    assumptions=(
        *online_setting(ratio(alpha, root(terms(t, 1)))),
        BoundedDomain(),
        BoundedDelay(tau_max + 1, count=FROM_ZERO),
    ),
    step=ratio(alpha, root(terms(t, 1))),
    quantity=total(REGRET, T),
    bound=terms(
        ratio(times(D**2, root(T)), times(2, alpha)),
        times(terms(1, times(2, tau_max)), alpha, G**2, root(T)),
    ),
    horizon=T,
    steps=T,
    proof=proofs.decreasing_steps,
    remark="No horizon in the step. The recalled bound has another term alpha G^2 tau^2/2.",
)

strongly_convex = Theorem(
    name="langford2009.strongly_convex",
    title="strongly convex losses: regret grows like log T, times the delay",
    source=Source(citation=PAPER, statement="its theorem on strong convexity", status=OURS),
    assumptions=(
        *online_setting(ratio(1, times(mu_sc, terms(t, 1))), mu_sc),
        BoundedDomain(),
        BoundedDelay(tau_max + 1, count=FROM_ZERO),
        GrowingDelays(),
    ),
    step=ratio(1, times(mu_sc, terms(t, 1))),
    quantity=total(REGRET, T),
    bound=terms(
        ratio(times(mu_sc, tau_max, D**2), 2),
        times(terms(ratio(1, 2), tau_max), ratio(G**2, mu_sc), terms(1, log(T))),
    ),
    horizon=T,
    steps=T,
    proof=proofs.strongly_convex,
    remark="A constant delay grows in this sense: tau_t = min(t, tau).",
)

THEOREMS = (
    stochastic,
    best_step,
    regret,
    best_step_regret,
    decreasing_steps,
    strongly_convex,
)
