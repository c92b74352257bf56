r"""Linear rates under the Polyak-Lojasiewicz inequality, at the last iterate.

Compare Choi, Choi, Seok, *Non-ergodic linear convergence property of the delayed gradient descent
under the strongly convexity and the Polyak-Lojasiewicz condition*, arXiv 2308.11984.

**Setting.** F is L-smooth, perhaps nonconvex, and |grad F(x)|^2 >= 2 mu (F(x) - inf F) everywhere.
Update t = 0, 1, ... applies a (stochastic) gradient that was taken tau_t updates ago,

    x_{t+1} = x_t - eta_t (grad F(x_{t - tau_t}) + xi_t),      0 <= tau_t <= t.

**One update.** G_t = E F(x_t) - inf F and b_t = E|grad F(y_t)|^2 at the point read. One stale step
(`lian2015`) and the inequality at x_t give, with f = 2 (without noise f = 1),

    G_{t+1} <= (1 - eta_t mu) G_t - eta_t/2 (1 - L eta_t) b_t
               + f L^2 eta_t/2 (sum of eta_j) (sum of eta_j b_j over the window) + noise.

**Weights.** Divide by the product of the contractions 1 - eta_i mu up to update t. That telescopes,
and the gradients read pay for those of the windows if the weights grow little over a window: by
Bernoulli's inequality at most by 1/(1 - mu (sum of the steps between)). So it is enough that

    f L^2 c^2 <= 1 - mu c                             for steps whose windows add up to at most c,
    f L^2 eta^2 tau^2 <= (1 - L eta)(1 - mu eta tau)  for a constant step, delays at most tau.

**How sure we are.** The theorems are derived here. Of the paper above only the abstract was seen: a
rate for the last iterate at a constant delay, for steps up to 3/(10 L tau) if tau >= 2 and F is
strongly convex, 9/(10 L tau) under the inequality for large tau. As mu <= L, our limits contain

    (sqrt 5 - 1)/(2 L) = 0.618/L   for the windows, and so the constant step 0.618/(L (tau + 1)),
    1/(2 L (tau + 1))              for the constant step with noise.
"""

from theory.assumptions import (
    FROM_ZERO,
    BoundedDelay,
    BoundedVariance,
    ExogenousDelays,
    InitialGap,
    PolyakLojasiewicz,
    PositiveSteps,
    ReadsThePast,
    Smooth,
    StaleSGD,
    UnbiasedNoise,
    WindowRule,
)
from theory.latex import Shown, minus, product, ratio, root, shown, smaller, terms, times
from theory.proofs.linear_rates import adaptive as adaptive_proofs
from theory.proofs.linear_rates import constant as constant_proofs
from theory.quantities import GAP, last
from theory.symbols import Delta, L, T, eta, eta0, mu_sc, sigma, t, tau_max
from theory.theorem import Source, Theorem

PAPER = "compare Choi, Choi, Seok 2023 (arXiv 2308.11984)"
OURS = "derived here; every step is checked by the kernel"


# ------------------------------------------------------------------------- Setting

FUNCTION = (Smooth(), PolyakLojasiewicz(), InitialGap(count=FROM_ZERO))
NOISE = (
    UnbiasedNoise(FROM_ZERO),
    ExogenousDelays(FROM_ZERO),
    BoundedVariance(count=FROM_ZERO),
)
DELAYS = BoundedDelay(tau_max + 1, count=FROM_ZERO)
WINDOW_LIMIT = ratio(2, terms(mu_sc, root(terms(mu_sc**2, 4 * L**2))))


def step_limit(factor: int) -> Shown:
    """The root of (L + mu tau) eta + f L^2 tau^2 eta^2 = 1, and 2/(3 mu).

    The second matters for tau = 0 and L < 3 mu/2 only; it keeps the contraction above 0.
    """
    linear = terms(L, times(mu_sc, tau_max))
    squared = Shown(
        linear.expression**2,
        rf"{linear.bracketed(('sum',)).latex}^{{2}}",
        f"{linear.bracketed(('sum',)).text}^2",
    )
    quadratic = root(terms(squared, times(4 * factor, L**2, tau_max**2)))
    return smaller(ratio(2, terms(L, times(mu_sc, tau_max), quadratic)), ratio(2, times(3, mu_sc)))


# ------------------------------------------------------------------------- steps that adapt

adaptive = Theorem(
    name="linear_rates.adaptive",
    title="gradient descent under a window rule: any delays",
    source=Source(citation=PAPER, statement="the window rule of Wu et al. instead", status=OURS),
    assumptions=(
        StaleSGD(noisy=False, count=FROM_ZERO),
        *FUNCTION,
        ReadsThePast(),
        PositiveSteps(FROM_ZERO),
        WindowRule(WINDOW_LIMIT),
    ),
    step=shown(eta(t)),
    quantity=last(GAP, T),
    bound=times(Delta, product(terms(1, minus(times(eta(t), mu_sc))), t, 0, T - 1)),
    horizon=T,
    steps=T,
    proof=adaptive_proofs.last_gap,
    remark="The limit falls from 1/L at mu = 0 to 0.618/L at mu = L.",
)


# ------------------------------------------------------------------------- constant steps


def contraction() -> Shown:
    """(1 - eta mu)^T."""
    base = terms(1, minus(times(eta0, mu_sc)))
    inside = base.bracketed(("sum",))
    return Shown(base.expression**T, rf"{inside.latex}^{{T}}", f"{inside.text}^T")


gradient_descent = Theorem(
    name="linear_rates.gradient_descent",
    title="gradient descent with a constant step, bounded delays",
    source=Source(citation=PAPER, statement="the rate of the last iterate", status=OURS),
    assumptions=(StaleSGD(shown(eta0), noisy=False, count=FROM_ZERO), *FUNCTION, DELAYS),
    step=shown(eta0),
    step_limit=step_limit(1),
    quantity=last(GAP, T),
    bound=times(contraction(), Delta),
    horizon=T,
    steps=T,
    proof=constant_proofs.gradient_descent,
    remark="At mu = 0 the step limit is that of lian2015.gradient_descent.",
)

sgd = Theorem(
    name="linear_rates.sgd",
    title="stale SGD with a constant step, bounded delays",
    source=Source(
        citation=PAPER, statement="the rate of the last iterate, with noise", status=OURS
    ),
    assumptions=(StaleSGD(shown(eta0), count=FROM_ZERO), *FUNCTION, *NOISE, DELAYS),
    step=shown(eta0),
    step_limit=step_limit(2),
    quantity=last(GAP, T),
    bound=terms(
        times(contraction(), Delta),
        times(
            ratio(times(L, eta0, sigma**2), times(2, mu_sc)),
            terms(1, times(2, L, eta0, tau_max)),
            terms(1, minus(contraction())),
        ),
    ),
    horizon=T,
    steps=T,
    proof=constant_proofs.sgd,
    remark="Up to a constant noise floor, to which the delay adds at second order in eta.",
)

THEOREMS = (adaptive, gradient_descent, sgd)
