"""The assumptions of a theorem, checked on runs. Not understood is unknown, never passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sympy import sympify

from empirics.compare.numbers import SLIP, evaluate, last_horizon, reached, step_sizes
from empirics.compare.verdict import Check, Finding
from empirics.measure import expected_margin
from empirics.problems.base import Constant
from empirics.runs import Runs
from theory import assumptions as known
from theory.theorem import Theorem


def check_assumption(
    assumption: known.Assumed,
    theorem: Theorem,
    runs: Runs,
    coherent: Runs,
    values: Mapping[str, Constant],
) -> Check:
    """One assumption against the runs. What is not understood is unknown, never passed."""
    finding: Finding
    match assumption:
        case known.Smooth():
            finding, words = _by_provenance("L", values)
        case known.InitialGap():
            finding, words = _by_provenance("Delta", values)
        case known.BoundedVariance():
            finding, words = _variance(runs, values)
        case known.UnbiasedNoise():
            finding, words = "holds", "the problem's stochastic gradients are unbiased"
        case known.ExogenousDelays():
            finding = "holds" if runs.exogenous else "fails"
            words = "the schedule does not look at the noise" if runs.exogenous else "it does"
        case known.BoundedDelay():
            s = _number(assumption.s, values)
            finding = "holds" if runs.tau_max + 1 <= s else "fails"
            words = f"delays up to {runs.tau_max}, window s = {s:g}"
        case known.Multiplicity():
            finding, words = _multiplicity(assumption, theorem, runs, values)
        case known.GradientCoherence():
            finding, words = _coherence(assumption, coherent, values)
        case known.StaleSGD():
            finding, words = _algorithm(assumption, theorem, runs, values)
        case _:
            finding, words = "unknown", "there is no check of it"
    return Check(assumption=assumption.name, finding=finding, words=words)


def _number(expression: Any, values: Mapping[str, Constant]) -> float:
    e = sympify(expression)
    return float(e.subs({a: values[a.name].value for a in e.free_symbols}))


def _by_provenance(name: str, values: Mapping[str, Constant]) -> tuple[Finding, str]:
    if name not in values:
        return "unknown", f"the problem gives no {name}"
    constant = values[name]
    words = f"{name} = {constant.value:.6g}, {constant.provenance}: {constant.why}"
    return ("estimated" if constant.provenance == "estimate" else "holds"), words


def _variance(runs: Runs, values: Mapping[str, Constant]) -> tuple[Finding, str]:
    finding, words = _by_provenance("sigma", values)
    seen = runs.statistics.noise_max
    if finding == "unknown" or np.isnan(seen).all():
        return finding, words
    worst = int(np.nanargmax(seen))
    if seen[worst] > values["sigma"].value ** 2 * (1 + SLIP):
        return "fails", f"E|xi|^2 = {seen[worst]:.6g} > sigma^2 at t = {runs.times[worst]}"
    return finding, f"{words}; E|xi|^2 <= {seen[worst]:.4g} along the runs"


def _multiplicity(
    assumption: known.Multiplicity, theorem: Theorem, runs: Runs, values: Mapping[str, Constant]
) -> tuple[Finding, str]:
    """Reads of x_0 in the cold start count, unless the theorem puts them before the start."""
    prehistory = any(
        isinstance(a, known.BoundedDelay) and a.prehistory for a in theorem.assumptions
    )
    m = _number(assumption.m, values)
    reads = runs.reads.reads + (0 if prehistory else runs.reads.cold_reads)
    words = f"an iterate is read {runs.reads.reads} time(s)"
    words += f", x_0 {runs.reads.cold_reads} more in the cold start" if not prehistory else ""
    if reads <= m:
        return "holds", f"{words}, m = {m:g}"
    if not prehistory and runs.tau_max + 1 <= m:  # no index is ever read outside its window
        return "holds", f"delays up to {runs.tau_max} allow no more than m = {m:g} reads"
    return "fails", f"{words}, m = {m:g}"


def _coherence(
    assumption: known.GradientCoherence, runs: Runs, values: Mapping[str, Constant]
) -> tuple[Finding, str]:
    mu, s = _number(assumption.mu, values), round(_number(assumption.s, values))
    if s == 1:
        finding: Finding = "holds" if mu <= 1 else "fails"
        return finding, f"the window holds x_k alone, where it is 1; mu = {mu:.4g}"
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
    if not defined.all() and (runs.statistics.diverged > 0).any():
        return "fails", f"replicas diverge from t = {runs.first_divergence}"
    if worst < mu * (1 - SLIP):
        error = margin.standard_error[at, int(lags[at].argmin())] / norm[at]
        sure = f", {(mu - worst) / error:.1f} standard errors below" if error > 0 else ""
        return "fails", f"lowest expected coherence {seen}, mu = {mu:.4g}{sure}"
    return "holds", f"lowest expected coherence {seen}, mu = {mu:.4g}"


def _algorithm(
    assumption: known.StaleSGD, theorem: Theorem, runs: Runs, values: Mapping[str, Constant]
) -> tuple[Finding, str]:
    reuse = bool(runs.settings["reuse"])
    once = runs.reads.reads + runs.reads.cold_reads <= 1
    noiseless = "sigma" in values and values["sigma"].value == 0
    if reuse != assumption.reuse and not (once or noiseless):
        return "fails", "samples are applied again" if reuse else "every update has its own sample"
    numbers = {name: c.value for name, c in values.items()}
    numbers[theorem.horizon.name] = last_horizon(theorem, len(runs.step_sizes))
    asked = step_sizes(theorem, numbers, len(runs.step_sizes))
    off = np.abs(runs.step_sizes - asked) > SLIP * asked
    if off.any():
        t = int(np.flatnonzero(off)[0])
        return "fails", f"eta_{t} = {runs.step_sizes[t]:.6g}, the theorem takes {asked[t]:.6g}"
    return "holds", f"eta_k = {theorem.step}"


def check_condition(
    condition: Any, theorem: Theorem, runs: Runs, values: Mapping[str, Constant]
) -> Check:
    """A condition on the constants, at the horizons that the runs reach."""
    numbers = {name: c.value for name, c in values.items()}
    horizons, _ = reached(theorem, runs)
    if not horizons.size:
        return Check(assumption=str(condition), finding="fails", words="no such horizon is reached")
    met = evaluate(condition.expression, theorem.horizon, numbers, horizons) >= -SLIP
    if theorem.horizon in condition.expression.free_symbols:
        finding: Finding = "holds" if met.any() else "fails"
        words = f"at {int(met.sum())} of {len(met)} horizons"
    else:
        finding, words = ("holds", "as chosen") if met.all() else ("fails", "as chosen")
    return Check(assumption=str(condition), finding=finding, words=words)
