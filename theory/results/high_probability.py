r"""With high probability: the average gap of stale SGD on a bounded domain.

**Setting.** F is convex, perhaps with kinks, on a closed convex set X of diameter D. The stochastic
gradients g_t = grad F(y_t) + xi_t, y_t = x_{t - tau_t}, are bounded on every path, |g_t| <= G and
|xi_t| <= xi_max, and

    x_{t+1} = P_X(x_t - eta g_t).

**On every path.** g_t is a subgradient at y_t of the loss f_t(x) = F(x) + <xi_t, x>, so the regret
with late feedback (`langford2009.regret`), which knows no probabilities, gives for every x* in X

    (1/T) sum_t F(y_t) - F(x*) <= R^2/(2 eta T) + eta G^2 (1 + 2 tau_avg)/2 + Z/T,
    Z = -(sum of <xi_t, y_t - x*> over t < T).

**With high probability.** Given the past, <xi_t, y_t - x*> has mean 0, for y_t is known before xi_t
is drawn (delays do not depend on the noise), and is at most xi_max D in size. By the inequality of
Azuma and Hoeffding Z <= xi_max D sqrt(2 T log(1/delta)) with probability at least 1 - delta.

**How sure we are.** The inequality on every path is proved. The last step is not: the kernel speaks
of expectations and has no probabilities of events, so `average` is stated, and a test tries it.
From regret to averages: Cesa-Bianchi, Conconi, Gentile, IEEE Trans. Inf. Theory 50 (2004).
"""

from sympy import Sum, log

from theory.assumptions import AverageDelay, ExogenousDelays, ReadsThePast, UnbiasedNoise
from theory.assumptions.base import FROM_ZERO
from theory.assumptions.online import (
    BoundedDomain,
    BoundedFeedback,
    Comparator,
    ConvexLosses,
    DelayedFeedback,
)
from theory.assumptions.paths import BoundedNoise, NoiseAlongPath, NoisyLosses, gap_on_path
from theory.claims import le
from theory.latex import ratio, root, shown, terms, times
from theory.proofs import high_probability as proofs
from theory.quantities import Measure, Quantity
from theory.symbols import D, G, R, T, Z, delta, eta0, noise_max, t, tau_avg
from theory.theorem import Source, Theorem

SOURCE = "Azuma, Tohoku Math. J. 19 (1967) 357-367, after Langford et al. (arXiv 0911.0491)"
OURS = "derived here; every step is checked by the kernel"
BY_HAND = "derived here by hand from the theorem on every path; the kernel has not checked it"


# ------------------------------------------------------------------------- Setting

PATH = Measure("gap on a path", gap_on_path, "F(x_(t - tau_t)) - F(x*)")
SETTING = (
    DelayedFeedback(shown(eta0)),
    NoisyLosses(),
    ConvexLosses(),
    BoundedFeedback(),
    Comparator(),
    ReadsThePast(),
    AverageDelay(),
)
REGRET = (
    ratio(R**2, times(2, eta0, T)),
    ratio(times(eta0, G**2, terms(1, times(2, tau_avg))), 2),
)


def on_path(words: str) -> Quantity:
    """The average of F(y_t) - F(x*) along one path."""
    return Quantity(
        summary="average",
        measure=PATH,
        place="read point",
        expression=Sum(gap_on_path(), (t, 0, T - 1)) / T,
        iterates=T,
        words=words,
    )


# ------------------------------------------------------------------------- on every path

pathwise = Theorem(
    name="high_probability.pathwise",
    title="the average gap on every path, with what its noise adds",
    source=Source(citation=SOURCE, statement="before the inequality", status=OURS),
    assumptions=(*SETTING, NoiseAlongPath()),
    step=shown(eta0),
    quantity=on_path("(1/T) sum over t = 0..T-1 of F(x_(t - tau_t)) - F(x*), on every path,"),
    bound=terms(*REGRET, ratio(Z, T)),
    horizon=T,
    steps=T,
    proof=proofs.pathwise,
    remark="On one path nothing is random, and an E in the formula has nothing to do.",
)


# ------------------------------------------------------------------------- with high probability

average = Theorem(
    name="high_probability.average",
    title="the average gap, with probability at least 1 - delta",
    source=Source(citation=SOURCE, statement="the inequality, at Z", status=BY_HAND),
    assumptions=(
        *SETTING,
        BoundedDomain(),
        BoundedNoise(),
        UnbiasedNoise(FROM_ZERO),
        ExogenousDelays(FROM_ZERO),
    ),
    step=shown(eta0),
    conditions=(le(delta, 1),),
    quantity=on_path(
        "(1/T) sum over t = 0..T-1 of F(x_(t - tau_t)) - F(x*), "
        "with probability at least 1 - delta,"
    ),
    bound=terms(*REGRET, times(noise_max, D, root(ratio(times(2, log(1 / delta)), T)))),
    horizon=T,
    steps=T,
    lacks=(
        "the inequality of Azuma and Hoeffding for the sum of <xi_t, y_t - x*>: the kernel has "
        "expectations of inner products, but no probabilities of events and no moments of "
        "exponentials of random numbers. What holds on every path is proved (pathwise)."
    ),
    remark="The probability is that of the path; there is no expectation in the statement.",
)

THEOREMS = (pathwise, average)
