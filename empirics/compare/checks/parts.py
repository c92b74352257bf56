"""Updates of several parts, in the one case that runs show: one gradient an update, B = 1."""

from __future__ import annotations

import numpy as np

from empirics.compare.checks import methods, noise
from empirics.compare.checks.base import Case, Checks, Findings
from empirics.compare.numbers import SLIP, Numbers
from theory import assumptions as known


def several_gradients(assumption: known.SeveralGradients, case: Case) -> Findings:
    if case.values["B"].value != 1:
        return "fails", f"an update applies one gradient, B = {case.values['B'].value:g}"
    return methods.own_updates(case)


def variance_of_samples(assumption: known.VarianceOfSamples, case: Case) -> Findings:
    return noise.variance(case)


def delays_of_parts(assumption: known.DelaysOfParts, case: Case) -> Findings:
    window, longest = case.number(assumption.s), case.reads.longest
    words = f"delays up to {longest}, tau = {window - 1:g}"
    return ("holds" if longest + 1 <= window else "fails"), words


def steps_over_the_delay(assumption: known.StepsOverTheDelay, case: Case) -> Findings:
    """Steps after the last update are taken as 0."""
    index, steps = case.theorem.count.index, case.runs.step_sizes
    after = np.zeros(int(case.number(assumption.tau)))
    numbers = Numbers(values=case.numbers.values, sequences={"eta": np.concatenate([steps, after])})
    sizes = numbers.at(assumption.size(index), index, np.arange(len(steps)))
    at = int(sizes.argmax())
    words = f"the left side is {sizes[at]:.6g} at most, at t = {at}"
    return ("holds" if sizes[at] <= 1 + SLIP else "fails"), words


CHECKS: Checks = {
    known.SeveralGradients: several_gradients,
    known.VarianceOfSamples: variance_of_samples,
    known.DelaysOfParts: delays_of_parts,
    known.StepsOverTheDelay: steps_over_the_delay,
}
