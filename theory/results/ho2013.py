r"""Ho, Cipar, Cui, Lee, Kim, Gibbons, Gibson, Ganger, Xing (NIPS 2013): stale synchronous parallel.

*More Effective Distributed ML via a Stale Synchronous Parallel Parameter Server*.

**Setting.** P workers count clocks k = 0, 1, ..., C - 1, one update each a clock. Worker p in clock
k takes a subgradient g_t, t = P k + p, of a convex G-Lipschitz loss f_t at its own view y_t of the
parameters. The reference sequence applies all updates clock by clock; a view lacks some of them,
and may contain some that the reference has yet to apply:

    x_{t+1} = x_t - eta g_t,      y_t = x_0 - eta (sum of the g_i that update t sees).

**Bounded staleness.** No worker is more than s clocks ahead of another. So in clock k a worker sees
all updates of clocks < k - s and its own of clocks < k; and others have finished at most clock
k + s - 1, so it sees none of later clocks. The clocks k - s, ..., k + s - 1 of the P - 1 others are
in doubt: each update there may be missing from the view, or too early in it, and no other.

**Lemma (partial view).** A view differs from the reference by at most W = 2 s (P - 1) updates, so

    <g_t, y_t - x_t> <= eta G^2 W.

For s = 0 (bulk synchronous) W = P - 1, not 0: those before t in the row of its own clock are in x_t
and not in y_t. For every s, W = (P - 1)(s + max(s, 1)) will do.

**Updates in order.** If a view contains of each other worker the first so many updates, k - s to
k + s of them, it differs by at most s (P - 1) + p updates, on average over the workers
W = (P - 1)(2 s + 1)/2; at s = 0 this is mini-batch descent, bound for bound.

**Proof.** D_{t+1} = D_t - 2 eta <g_t, x_t - x*> + eta^2 |g_t|^2 for D_t = |x_t - x*|^2, convexity
at the view, and the lemma. The lemma is derived from the rule of the clocks, pair by pair of
updates (or worker by worker), with Iverson's brackets.

**How sure we are.** The paper's Theorem 1 is as recalled: for |x - x'|^2 <= 2 F^2 and steps
sg/sqrt t, sg = F/(G sqrt(2 (s + 1) P)), regret <= 4 F G sqrt(2 (s + 1) P T), T = P C. The theorems
here have a constant step, need no bounded domain, and are derived anew; with R^2 = 2 F^2
`best_step` is at most half of the recalled bound. The count 2 s (P - 1), as recalled, gives 0 at
s = 0. Where the rule of the clocks is checked only when a worker reads, others may have finished
clock k + s as well; that is `partial_views` with a = s + 1.
"""

from typing import Any

from sympy import Max

from theory.assumptions import Assumed
from theory.assumptions.clocks import VIEW, BoundedStaleness, ClockUpdates, StalenessInOrder
from theory.assumptions.online import BoundedFeedback, Comparator, ConvexLosses, excess
from theory.latex import Shown, larger, minus, ratio, root, shown, terms, times
from theory.proofs import ho2013 as proofs
from theory.quantities import Measure, Quantity
from theory.symbols import C, G, P, R, ahead, behind, eta0
from theory.theorem import Source, Theorem

PAPER = "Ho et al., NIPS 2013"
OURS = "derived here, after the paper; every step is checked by the kernel"


# ------------------------------------------------------------------------- Setting

REGRET = Quantity(
    summary="total",
    measure=Measure("regret", lambda index: excess(index, VIEW), "f_t(y_t) - f_t(x*)"),
    expression=proofs.regret_at_views(),
    iterates=P * C,
    words="sum over clocks k = 0..C-1 and workers p = 0..P-1 of f_t(y_t) - f_t(x*), t = P k + p",
)
LOSSES = (ConvexLosses(point=VIEW), BoundedFeedback(point=VIEW), Comparator())
RULE = Max(behind, 1)
OTHERS = terms(P, minus(1))
ANY_ORDER = terms(1, times(2, OTHERS, terms(behind, larger(behind, 1))))
IN_ORDER = terms(1, times(OTHERS, terms(times(2, behind), 1)))


def any_order(step: Any, a: Any = RULE) -> tuple[Assumed, ...]:
    """Views that lack any of the updates in doubt."""
    return ClockUpdates(step), BoundedStaleness(behind, a), *LOSSES


def ordered(step: Any, s: Any = behind) -> tuple[Assumed, ...]:
    """Views that contain of each worker the first so many updates."""
    return ClockUpdates(step, in_order=True), StalenessInOrder(s), *LOSSES


def bound(factor: Any) -> Shown:
    """R^2/(2 eta) + eta G^2 P C (1 + 2 W)/2."""
    return terms(ratio(R**2, times(2, eta0)), ratio(times(eta0, G**2, P, C, factor), 2))


def tuned(factor: Shown) -> Shown:
    """The constant step that makes the bound least."""
    return ratio(R, times(G, root(times(factor, P, C))))


# ------------------------------------------------------------------------- Theorem 1

partial_views = Theorem(
    name="ho2013.partial_views",
    title="views that may lack s clocks of others, and show a clocks too early",
    source=Source(citation=PAPER, statement="Theorem 1, any visibility", status=OURS),
    assumptions=any_order(shown(eta0), ahead),
    step=shown(eta0),
    quantity=REGRET,
    bound=bound(terms(1, times(2, OTHERS, terms(behind, ahead)))),
    horizon=C,
    steps=P * C,
    proof=proofs.partial_views,
)

stale_synchronous = Theorem(
    name="ho2013.stale_synchronous",
    title="stale synchronous parallel: no worker more than s clocks ahead",
    source=Source(citation=PAPER, statement="Theorem 1, constant step", status=OURS),
    assumptions=any_order(shown(eta0)),
    step=shown(eta0),
    quantity=REGRET,
    bound=bound(ANY_ORDER),
    horizon=C,
    steps=P * C,
    proof=proofs.stale_synchronous,
    remark="A view differs from the reference by at most (P - 1) max(2 s, 1) updates.",
)

best_step = Theorem(
    name="ho2013.best_step",
    title="stale synchronous parallel with the best constant step",
    source=Source(citation=PAPER, statement="Theorem 1, best constant step", status=OURS),
    assumptions=any_order(tuned(ANY_ORDER)),
    step=tuned(ANY_ORDER),
    quantity=REGRET,
    bound=times(R, G, root(times(ANY_ORDER, P, C))),
    horizon=C,
    steps=P * C,
    proof=proofs.best_step,
)


# ------------------------------------------------------------------------- in order

in_order = Theorem(
    name="ho2013.in_order",
    title="the same where the updates of a worker arrive in order",
    source=Source(citation=PAPER, statement="Theorem 1, updates in order", status=OURS),
    assumptions=ordered(shown(eta0)),
    step=shown(eta0),
    quantity=REGRET,
    bound=bound(IN_ORDER),
    horizon=C,
    steps=P * C,
    proof=proofs.in_order,
)

in_order_best_step = Theorem(
    name="ho2013.in_order_best_step",
    title="updates in order, with the best constant step",
    source=Source(citation=PAPER, statement="Theorem 1, updates in order", status=OURS),
    assumptions=ordered(tuned(IN_ORDER)),
    step=tuned(IN_ORDER),
    quantity=REGRET,
    bound=times(R, G, root(times(IN_ORDER, P, C))),
    horizon=C,
    steps=P * C,
    proof=proofs.in_order_best_step,
)

bulk_synchronous = Theorem(
    name="ho2013.bulk_synchronous",
    title="bulk synchronous parallel: everybody waits for everybody",
    source=Source(citation=PAPER, statement="Theorem 1 at s = 0", status=OURS),
    assumptions=ordered(shown(eta0), 0),
    step=shown(eta0),
    quantity=REGRET,
    bound=terms(ratio(R**2, times(2, eta0)), ratio(times(eta0, G**2, P**2, C), 2)),
    horizon=C,
    steps=P * C,
    proof=proofs.bulk_synchronous,
    remark="The bound of mini-batch descent, whose sum of P subgradients is at most P G long.",
)

THEOREMS = (
    partial_views,
    stale_synchronous,
    best_step,
    in_order,
    in_order_best_step,
    bulk_synchronous,
)
