r"""Mania, Pan, Papailiopoulos, Recht, Ramchandran, Jordan (SIOPT 2017): the perturbed iterate.

*Perturbed Iterate Analysis for Asynchronous Stochastic Optimization*, arXiv 1507.06970.

**Setting.** F is mu-strongly convex, perhaps with kinks; the stochastic gradients g_t have second
moments at most G^2 along the run (the paper's M^2). Update t applies one taken tau_t updates ago,

    x_{t+1} = x_t - eta g_t,      g_t = grad F(y_t) + xi_t,      y_t = x_{t - tau_t}.

**Lemma (perturbed iterate).** The gradient is taken at y_t, a perturbation of x_t. As

    <grad F(y_t), y_t - x*> >= mu |y_t - x*|^2 >= mu (|x_t - x*|^2/2 - |x_t - y_t|^2),

D_t = E|x_t - x*|^2 obeys

    D_{t+1} <= (1 - eta mu) D_t + eta^2 G^2 + 2 eta mu E|x_t - y_t|^2 + 2 eta E<g_t, y_t - x_t>,

the paper's recursion with R_0 = G^2, R_1 = E|x_t - y_t|^2 and R_2 = E<g_t, y_t - x_t>.

**Proof.** For delays at most tau, R_1 <= eta^2 tau^2 G^2 and R_2 <= eta tau G^2, whatever the noise
has to do with the points read; then a geometric sum.

**How sure we are.** The recursion is the paper's, as recalled. It treats sparse updates, and steps
for which the delay costs a constant factor only; `last_iterate` is for full vectors and any step
up to 1/mu, derived here. G^2 bounds second moments along the run, not everywhere: on the whole
space a strongly convex function has no bounded gradients.
"""

from theory.assumptions import (
    FROM_ZERO,
    BoundedDelay,
    BoundedSecondMoment,
    ExogenousDelays,
    Minimiser,
    StaleSGD,
    StronglyConvex,
    UnbiasedNoise,
)
from theory.latex import minus, power, ratio, shown, terms, times
from theory.proofs import mania2017 as proofs
from theory.quantities import SQUARED_DISTANCE, last
from theory.symbols import G, R, T, eta0, mu_sc, tau_max
from theory.theorem import Source, Theorem

PAPER = "Mania et al., SIAM J. Optim. 27 (2017) 2202-2229 (arXiv 1507.06970)"
OURS = "derived here, after the paper; every step is checked by the kernel"

last_iterate = Theorem(
    name="mania2017.last_iterate",
    title="strongly convex F, bounded second moments: the last iterate",
    source=Source(citation=PAPER, statement="its recursion, for full vectors", status=OURS),
    assumptions=(
        StaleSGD(shown(eta0), count=FROM_ZERO),
        StronglyConvex(),
        Minimiser(count=FROM_ZERO),
        UnbiasedNoise(FROM_ZERO),
        ExogenousDelays(FROM_ZERO),
        BoundedSecondMoment(count=FROM_ZERO),
        BoundedDelay(tau_max + 1, count=FROM_ZERO),
    ),
    step=shown(eta0),
    step_limit=ratio(1, mu_sc),
    quantity=last(SQUARED_DISTANCE, T),
    bound=terms(
        times(power(terms(1, minus(times(eta0, mu_sc))), T), R**2),
        times(
            ratio(times(eta0, G**2), mu_sc),
            terms(1, times(2, tau_max), times(2, eta0, mu_sc, tau_max**2)),
        ),
    ),
    horizon=T,
    steps=T,
    proof=proofs.last_iterate,
    remark="No smoothness: the step limit does not know L, and the noise floor grows with tau.",
)

THEOREMS = (last_iterate,)
