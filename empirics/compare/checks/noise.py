"""What is assumed of the noise."""

from __future__ import annotations

import numpy as np

from empirics.compare.checks.base import Case, Checks, Findings
from empirics.compare.measured import gradients_met
from empirics.compare.numbers import SLIP
from empirics.problems.noise import has_variance
from empirics.runs import Runs
from theory import assumptions as known
from theory.assumptions.paths import BoundedNoise


def unbiased(assumption: known.UnbiasedNoise, case: Case) -> Findings:
    return "holds", "the problem's stochastic gradients are unbiased"


def bounded_variance(assumption: known.BoundedVariance, case: Case) -> Findings:
    return variance(case)


def variance(case: Case) -> Findings:
    """sigma^2 as the problem knows it, and not exceeded where it was measured.

    Where replicas are lost it was not; else runs that diverge could refute nothing.
    """
    if heavy := without_variance(case.runs):
        return "fails", heavy
    growth = case.runs.constants.get("relative_noise")
    if growth is not None and growth.value > 0:
        return "fails", (
            f"the noise grows with the gradient: E|xi|^2 <= {growth.value:.6g} |grad F|^2 + sigma^2"
        )
    finding, words = case.by_provenance("sigma")
    s = case.runs.statistics
    seen = np.where(s.diverged == 0, s.noise_max, np.nan)
    if finding == "unknown" or np.isnan(seen).all():
        return finding, words
    worst = int(np.nanargmax(seen))
    if seen[worst] > case.values["sigma"].value ** 2 * (1 + SLIP):
        return "fails", f"E|xi|^2 = {seen[worst]:.6g} > sigma^2 at t = {case.runs.times[worst]}"
    return finding, f"{words}; E|xi|^2 <= {seen[worst]:.4g} along the runs"


def without_variance(runs: Runs) -> str:
    """That the noise has no variance, if that is so; nothing if it has, or nobody knows."""
    told = runs.settings["problem"].get("with noise")
    if told and (told["sigma"] or told["relative"]) and not has_variance(told["law"]):
        return f"the noise is of the law {told['law']}, which has no variance"
    infinite = np.isposinf(runs.statistics.noise_max) & (runs.statistics.diverged == 0)
    return "the variance of the noise is infinite" if infinite.any() else ""


def multiplicative(assumption: known.MultiplicativeNoise, case: Case) -> Findings:
    """M as the problem knows it, 0 if its sigma is enough, and not exceeded where it was measured.

    Any larger M will do; sigma^2 is of what the problem's own M leaves.
    """
    runs = case.runs
    growth = runs.constants.get("relative_noise")
    if growth is None or growth.value == 0:
        return variance(case)
    if heavy := without_variance(runs):
        return "fails", heavy
    M = case.number(assumption.M)
    grown, words = case.by_constant("M", growth)
    finding, more = case.by_provenance("sigma")
    if M < growth.value * (1 - SLIP):
        return "fails", f"M = {M:.6g}, and the problem has {growth.value:.6g}: {growth.why}"
    if "estimated" in (grown, finding) and finding != "unknown":
        finding = "estimated"
    noise, norm = runs.statistics.noise_mean, runs.statistics.squared_norm.mean
    seen = np.isfinite(noise) & np.isfinite(norm)  # not where replicas are lost
    if finding == "unknown" or not seen.any():
        return finding, f"{words}; {more}"
    excess = np.full(len(noise), -np.inf)
    excess[seen] = noise[seen] - growth.value * norm[seen] - case.values["sigma"].value ** 2
    worst = int(excess.argmax())
    if excess[worst] > SLIP * noise[worst]:
        t = runs.times[worst]
        return "fails", f"E|xi|^2 = {noise[worst]:.6g} > M |grad F|^2 + sigma^2 at t = {t}"
    return finding, f"{words}; {more}; not exceeded along the runs"


def bounded_noise(assumption: BoundedNoise, case: Case) -> Findings:
    """On every path, as the problem knows it."""
    bound = case.runs.constants.get("noise_bound")
    if bound is None:
        return "unknown", "the problem does not know its noise_bound"
    finding, words = case.by_constant("noise_bound", bound)
    if bound.value <= case.number(assumption.bound) * (1 + SLIP):
        return finding, words
    return "fails" if bound.provenance == "exact" else "unknown", words


def mini_batch(assumption: known.MiniBatch, case: Case) -> Findings:
    """sigma is of the gradient as it is applied, hence b = 1."""
    b = case.number(assumption.b)
    finding, words = variance(case)
    return (finding, words) if b == 1 else ("fails", f"sigma is of one sample here, b = {b:g}")


def bounded_second_moment(assumption: known.BoundedSecondMoment, case: Case) -> Findings:
    return case.within_measured("M_2", assumption.bound)


def bounded_gradients(assumption: known.BoundedGradientsMet, case: Case) -> Findings:
    """Of the full gradients at the iterates, or everywhere, if the problem knows that."""
    seen = gradients_met(case.runs, case.alpha).get("G")
    return case.at_most(seen, assumption.G, "squared gradient")


CHECKS: Checks = {
    known.UnbiasedNoise: unbiased,
    known.BoundedVariance: bounded_variance,
    known.MultiplicativeNoise: multiplicative,
    known.MiniBatch: mini_batch,
    known.BoundedSecondMoment: bounded_second_moment,
    known.BoundedGradientsMet: bounded_gradients,
    BoundedNoise: bounded_noise,
}
