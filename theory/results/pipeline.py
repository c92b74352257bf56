r"""A pipeline: gradient descent whose blocks of coordinates are late by different amounts.

**Setting.** F is L-smooth, perhaps nonconvex, and bounded below. The coordinates fall into blocks
i = 1, ..., B (the layers of a network, spread over the stages of a pipeline). The gradient of block
i is computed at an iterate that is up to d_i updates old,

    x_{t+1} = x_t - eta sum_{i=1}^B grad_i F(x_{t - tau_{t,i}}),      0 <= tau_{t,i} <= min(t, d_i),

with grad_i F the gradient in the coordinates of block i and 0 elsewhere. It is Lipschitz in all
coordinates together: |grad_i F(x) - grad_i F(y)| <= L_i |x - y|.

**Lemma (what the delays change).** The blocks are orthogonal, so for the gradient G_t applied

    |grad F(x_t) - G_t|^2 = sum_i |grad_i F(x_t) - grad_i F(x_{t - tau_{t,i}})|^2
                         <= sum_i L_i^2 |x_t - x_{t - tau_{t,i}}|^2.

**Proof.** |x_t - x_{t - tau_{t,i}}|^2 is at most d_i times the squared moves eta^2 |G_j|^2 since
the read, and a move lies in at most d_i such windows: over the run, block i costs
L_i^2 d_i^2 eta^2 |G_j|^2 for each move. With the **effective delay**

    tau_eff = sqrt(sum_i L_i^2 d_i^2)/L

the gradients applied pay for it up to L eta + L^2 eta^2 tau_eff^2 <= 1, and what is left is the
bound of `lian2015.gradient_descent` with tau_eff for tau. A block that is steep, or coupled to many
others, should be late by little; one that hardly matters may be late by much.

**How sure we are.** Derived here. An effective delay of the same shape, a square mean of the delays
weighed by a constant of each block, is known from work on pipelines (arXiv 2602.03515, at second
hand).
"""

from theory.assumptions import (
    FROM_ZERO,
    BlockDescent,
    DelaysOfParts,
    EffectiveDelay,
    InitialGap,
    Smooth,
    SmoothBlocks,
)
from theory.latex import ratio, root, shown, terms, times
from theory.proofs import pipeline as proofs
from theory.quantities import SQUARED_GRADIENT, average
from theory.symbols import Delta, L, T, d, eta0, i, tau_eff
from theory.theorem import Source, Theorem

HERE = "derived here"
OURS = "every step is checked by the kernel"


# ------------------------------------------------------------------------- Setting

SETTING = (
    BlockDescent(shown(eta0)),
    Smooth(),
    SmoothBlocks(),
    InitialGap(count=FROM_ZERO),
    DelaysOfParts(d(i) + 1),
    EffectiveDelay(),
)


# ------------------------------------------------------------------------- the effective delay

gradient_descent = Theorem(
    name="pipeline.gradient_descent",
    title="blocks of different delays: they count by their square mean, weighed by smoothness",
    source=Source(citation=HERE, statement="effective delay of a pipeline", status=OURS),
    assumptions=SETTING,
    step=shown(eta0),
    step_limit=ratio(2, times(L, terms(1, root(terms(1, 4 * tau_eff**2))))),
    quantity=average(SQUARED_GRADIENT, T),
    bound=ratio(times(2, Delta), times(eta0, T)),
    horizon=T,
    steps=T,
    proof=proofs.pipeline,
    remark="One block with L_1 = L gives gradient descent with bounded delays: tau_eff = d_1.",
)

THEOREMS = (gradient_descent,)
