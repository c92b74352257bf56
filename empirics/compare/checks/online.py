"""Online learning, in the one case that runs show: every loss is F, and nothing is random.

The set X is that of the projection, or the whole space, where projecting changes nothing. Regret is
the sum of the gaps at the points that updates read.
"""

from __future__ import annotations

import numpy as np

from empirics.compare.checks import functions
from empirics.compare.checks.base import Case, Checks, Findings
from empirics.compare.checks.methods import after_updates, another_method, own_steps
from theory.assumptions import online


def delayed_feedback(assumption: online.DelayedFeedback, case: Case) -> Findings:
    if other := another_method(case, steps="projected"):
        return "fails", other
    if not case.runs.deterministic:
        return "fails", (
            "regret is of given losses, and these runs are random; take full gradients, as of "
            "problems.noiseless, and a schedule that is the same in every replica"
        )
    finding, words = own_steps(case)
    return (
        finding,
        f"every loss is F, {after_updates(case) or 'the set is the whole space'}, {words}",
    )


def convex_losses(assumption: online.ConvexLosses, case: Case) -> Findings:
    modulus = case.number(assumption.modulus)
    return functions.curvature(case, modulus, strictly=modulus > 0)


def bounded_feedback(assumption: online.BoundedFeedback, case: Case) -> Findings:
    return case.within_measured("G", assumption.G)


def comparator(assumption: online.Comparator, case: Case) -> Findings:
    return case.by_provenance("R")


def bounded_domain(assumption: online.BoundedDomain, case: Case) -> Findings:
    return case.within_measured("D", assumption.D)


def growing_delays(assumption: online.GrowingDelays, case: Case) -> Findings:
    delays = case.runs.delays
    if delays is None:
        return "unknown", "replicas have delays of their own"
    down = np.flatnonzero(np.diff(delays) < 0)
    if down.size:
        t = int(down[0])
        return "fails", f"tau_{t} = {delays[t]}, tau_{t + 1} = {delays[t + 1]}"
    return "holds", f"from {delays[0]} to {delays[-1]}"


CHECKS: Checks = {
    online.DelayedFeedback: delayed_feedback,
    online.ConvexLosses: convex_losses,
    online.BoundedFeedback: bounded_feedback,
    online.Comparator: comparator,
    online.BoundedDomain: bounded_domain,
    online.GrowingDelays: growing_delays,
}
