"""What is assumed of the function: the problem says it, with where it knows it from."""

from __future__ import annotations

from typing import Any

import numpy as np

from empirics.compare.checks.base import Case, Checks, Findings
from empirics.compare.numbers import SLIP
from empirics.runs import Runs
from theory import assumptions as known

STEEP = 1e-6  # relative: what rounding may add to a measured slope of the gradient


def smooth(assumption: known.Smooth, case: Case) -> Findings:
    """L as the problem knows it, and not exceeded where pairs of points were visited."""
    finding, words = case.by_provenance("L")
    seen = steepest(case.runs, case.coherent)
    if finding == "unknown" or seen is None:
        return finding, words
    slope, t = seen
    if slope > case.values["L"].value * (1 + STEEP):
        L = case.values["L"].value
        return "fails", f"|grad F(x) - grad F(y)|/|x - y| = {slope:.6g} > L = {L:.6g} at t = {t}"
    return finding, f"{words}; at most {slope:.4g} over the pairs visited"


def steepest(*several: Runs) -> tuple[float, int] | None:
    """The largest |grad F(x) - grad F(y)|/|x - y| of any runs, and when; None if none looked."""
    found: list[tuple[float, int]] = []
    for runs in several:
        slopes = runs.statistics.smoothness
        if not np.isnan(slopes).all():
            at = int(np.nanargmax(slopes))
            found.append((float(slopes[at]), int(runs.times[at])))
    return max(found, default=None)


def initial_gap(assumption: known.InitialGap, case: Case) -> Findings:
    return case.by_provenance("Delta")


def convex(assumption: known.Convex, case: Case) -> Findings:
    return curvature(case, 0, strictly=False)


def strongly_convex(assumption: known.StronglyConvex, case: Case) -> Findings:
    return curvature(case, case.number(assumption.mu), strictly=True)


def polyak_lojasiewicz(assumption: known.PolyakLojasiewicz, case: Case) -> Findings:
    """As the problem says; a strongly convex function has the inequality, too."""
    pl: Any = case.runs.constants.get("pl")
    least = case.number(assumption.mu)
    if pl is not None and pl.value > 0:
        words = f"pl = {pl.value:.6g}, {pl.provenance}: {pl.why}"
        if pl.value >= least * (1 - SLIP):
            return ("estimated" if pl.provenance == "estimate" else "holds"), words
        if pl.provenance == "exact":
            return "fails", f"{words}; the theorem takes {least:.6g}"
    finding, words = curvature(case, least, strictly=True)
    if finding == "fails":
        return "unknown", f"{words}; it may hold without strong convexity"
    return finding, words


def bounded_gradient(assumption: known.BoundedGradient, case: Case) -> Findings:
    """As the problem knows it: a run shows gradients where it was, and nowhere else."""
    bound: Any = case.runs.constants.get("gradient_bound")
    if bound is None:
        return "unknown", "the problem does not know its gradient_bound"
    finding, words = case.by_constant("gradient_bound", bound)
    if bound.value <= case.number(assumption.G) * (1 + SLIP):
        return finding, words
    return "fails" if bound.provenance == "exact" else "unknown", words


def minimiser(assumption: known.Minimiser | known.CompositeMinimiser, case: Case) -> Findings:
    """The minimiser that a problem with a penalty knows is that of F + Psi, and else of F."""
    if "R" not in case.runs.constants:
        return "unknown", "the problem does not know a minimiser"
    return case.by_provenance("R")


def condition_number(assumption: known.ConditionNumber, case: Case) -> Findings:
    mu, L = case.number(assumption.mu), case.number(assumption.L)
    return ("holds" if mu < L else "fails"), f"mu = {mu:.6g}, L = {L:.6g}"


def curvature(case: Case, least: float, *, strictly: bool) -> Findings:
    """Whether the curvature is at least so much everywhere (and more than 0)."""
    constant: Any = case.runs.constants.get("mu_sc")
    if constant is None:
        return "unknown", "the problem does not say whether it is convex"
    words = f"curvature at least {constant.value:.6g}, {constant.provenance}: {constant.why}"
    enough = constant.value >= least * (1 - SLIP) and (constant.value > 0 or not strictly)
    if enough:
        return ("estimated" if constant.provenance == "estimate" else "holds"), words
    return ("fails" if constant.provenance == "exact" else "unknown"), words


CHECKS: Checks = {
    known.Smooth: smooth,
    known.InitialGap: initial_gap,
    known.Convex: convex,
    known.StronglyConvex: strongly_convex,
    known.PolyakLojasiewicz: polyak_lojasiewicz,
    known.BoundedGradient: bounded_gradient,
    known.Minimiser: minimiser,
    known.CompositeMinimiser: minimiser,
    known.ConditionNumber: condition_number,
}
