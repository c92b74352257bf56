"""What is assumed of the noise."""

from __future__ import annotations

import numpy as np

from empirics.compare.checks.base import Case, Checks, Findings
from empirics.compare.measured import gradients_met
from empirics.compare.numbers import SLIP
from theory import assumptions as known


def unbiased(assumption: known.UnbiasedNoise, case: Case) -> Findings:
    return "holds", "the problem's stochastic gradients are unbiased"


def bounded_variance(assumption: known.BoundedVariance, case: Case) -> Findings:
    return variance(case)


def variance(case: Case) -> Findings:
    """sigma^2 as the problem knows it, and not exceeded where it was measured."""
    finding, words = case.by_provenance("sigma")
    seen = case.runs.statistics.noise_max
    if finding == "unknown" or np.isnan(seen).all():
        return finding, words
    worst = int(np.nanargmax(seen))
    if seen[worst] > case.values["sigma"].value ** 2 * (1 + SLIP):
        return "fails", f"E|xi|^2 = {seen[worst]:.6g} > sigma^2 at t = {case.runs.times[worst]}"
    return finding, f"{words}; E|xi|^2 <= {seen[worst]:.4g} along the runs"


def multiplicative(assumption: known.MultiplicativeNoise, case: Case) -> Findings:
    """Bounded variance is enough, whatever M >= 0 is added."""
    return variance(case)


def mini_batch(assumption: known.MiniBatch, case: Case) -> Findings:
    """sigma is of the gradient as it is applied, hence b = 1."""
    b = case.number(assumption.b)
    finding, words = variance(case)
    return (finding, words) if b == 1 else ("fails", f"sigma is of one sample here, b = {b:g}")


def bounded_second_moment(assumption: known.BoundedSecondMoment, case: Case) -> Findings:
    return case.within_measured("M_2", assumption.bound)


def bounded_gradients(assumption: known.BoundedGradientsMet, case: Case) -> Findings:
    """Of the full gradients at the iterates."""
    seen = gradients_met(case.runs, case.alpha).get("G")
    return case.at_most(seen, assumption.G, "squared gradient")


CHECKS: Checks = {
    known.UnbiasedNoise: unbiased,
    known.BoundedVariance: bounded_variance,
    known.MultiplicativeNoise: multiplicative,
    known.MiniBatch: mini_batch,
    known.BoundedSecondMoment: bounded_second_moment,
    known.BoundedGradientsMet: bounded_gradients,
}
