"""What is assumed of steps that adapt to the delays, on the steps and delays of the run.

Where replicas have delays of their own, the longest delay stands for all of them: windows only
grow with the delay, so a rule that holds then holds; one that fails then is unknown.
"""

from __future__ import annotations

import numpy as np

from empirics.compare.checks.base import Case, Checks, Findings
from empirics.compare.numbers import SLIP
from empirics.problems.base import Array
from empirics.schedules.base import Delays
from theory import assumptions as known
from theory.symbols import eta


def window_rule(assumption: known.WindowRule, case: Case) -> Findings:
    return _at_most(case, _windows(case.runs.step_sizes, _delays(case)), assumption.limit)


def interference_rule(assumption: known.InterferenceRule, case: Case) -> Findings:
    steps, delays = case.runs.step_sizes, _delays(case)
    return _at_most(case, _windows(steps, delays) + _later(steps, delays), assumption.limit)


def some_step(assumption: known.SomeStep, case: Case) -> Findings:
    first = float(case.runs.step_sizes[0])  # then it is so at every horizon
    return ("holds" if first > 0 else "fails"), f"eta_0 = {first:.6g}"


def _delays(case: Case) -> Delays:
    """Where what is bounded is weighed by the steps, a step of 0 may be of any gradient.

    Neither the iterates nor the quantity know which; so it is taken as one of the present iterate.
    """
    steps, quantity = case.runs.step_sizes, case.theorem.quantity
    delays = case.runs.delays
    if delays is None:
        delays = np.minimum(case.reads.longest, np.arange(len(steps)))
    weights = quantity.weights
    if weights is not None and weights.expression == eta(quantity.count.index):
        delays = np.where(steps > 0, delays, 0)
    return delays


def _at_most(case: Case, sums: Array, limit: object) -> Findings:
    most = case.number(limit)
    at = int(sums.argmax())
    words = f"the largest sum is {sums[at]:.6g}, at t = {at}; {limit} = {most:.6g}"
    if sums[at] <= most * (1 + SLIP):
        return "holds", words
    if case.runs.delays is None:
        return "unknown", f"{words}, if all delays were {case.reads.longest}"
    return "fails", words


def _windows(steps: Array, delays: Delays) -> Array:
    """eta_{t - tau_t} + ... + eta_t for every t."""
    total = np.concatenate([[0.0], np.cumsum(steps)])
    t = np.arange(len(steps))
    return np.asarray(total[t + 1] - total[t - delays])


def _later(steps: Array, delays: Delays) -> Array:
    """The sum of eta_i over the updates i with i - tau_i <= t < i, for every t."""
    i = np.arange(len(steps))
    begins = np.bincount(i - delays, weights=steps, minlength=len(steps))
    return np.asarray(np.cumsum(begins - steps))


CHECKS: Checks = {
    known.WindowRule: window_rule,
    known.InterferenceRule: interference_rule,
    known.SomeStep: some_step,
}
