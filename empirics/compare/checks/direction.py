"""What is assumed of the direction that is applied, compared with the present gradient."""

from __future__ import annotations

import numpy as np

from empirics.compare.checks.base import Case, Checks, Findings
from empirics.compare.measured import RECORDED, direction
from empirics.compare.numbers import SLIP
from empirics.measure import coherence_limits, expected_margin
from theory import assumptions as known


def coherence(assumption: known.GradientCoherence, case: Case) -> Findings:
    runs, mu, s = case.coherent, case.number(assumption.mu), round(case.number(assumption.s))
    if s == 1:
        words = f"the window holds x_k alone, where it is 1; mu = {mu:.4g}"
        return ("holds" if mu <= 1 else "fails"), words
    if len(runs.lags) < s:
        return "unknown", f"it was not recorded over s = {s} gradients; simulate with window={s}"
    margin = expected_margin(runs, mu)
    norm = runs.statistics.squared_norm.mean
    lags = margin.mean[:, :s]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (lags / norm[:, None] + mu).min(axis=1)
    defined = np.isfinite(ratio)
    if not defined.any():
        return "unknown", "no gradient along the runs is finite and different from 0"
    at = int(np.nanargmin(np.where(defined, ratio, np.inf)))
    worst = float(ratio[at])
    seen = f"{worst:.4g} at t = {runs.times[at]}, lag {int(lags[at].argmin())}"
    sides = coherence_limits(runs, case.alpha, s)
    if sides.upper > sides.lower:
        seen += f", limits {sides.lower:.4g} to {sides.upper:.4g}"
    if not defined.all() and runs.divergence is not None:
        return "fails", runs.divergence
    if worst < mu * (1 - SLIP):
        error = margin.standard_error[at, int(lags[at].argmin())] / norm[at]
        sure = f", {(mu - worst) / error:.1f} standard errors below" if error > 0 else ""
        return "fails", f"lowest expected coherence {seen}, mu = {mu:.4g}{sure}"
    words = f"lowest expected coherence {seen}, mu = {mu:.4g}"
    if not runs.given_delays:
        return "estimated", f"{words}; over all delays, while the theorem takes them as given"
    enough = runs.certain or sides.lower >= mu * (1 - SLIP)
    return ("holds" if enough else "estimated"), words


def sufficient(assumption: known.SufficientDirection, case: Case) -> Findings:
    """Of the stale gradient; fresh noise adds nothing in expectation."""
    least, seen = case.number(assumption.sigma_d), direction(case.runs).get("sigma_d")
    if seen is None:
        return "unknown", (
            "it was not recorded at every update, or samples are applied again; simulate with "
            f'record="all" and measures=("{RECORDED["sigma_d"]}", ...)'
        )
    words = f"{seen.value:.6g}, {seen.why}; sigma_d = {least:.6g}"
    if seen.value < least * (1 - SLIP) or seen.value <= 0:
        return "fails", words
    return ("estimated" if seen.provenance == "estimate" else "holds"), words


CHECKS: Checks = {
    known.GradientCoherence: coherence,
    known.SufficientDirection: sufficient,
}
