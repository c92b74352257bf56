"""What is assumed of the delays, on those that were drawn."""

from __future__ import annotations

import numpy as np

from empirics.compare.checks.base import Case, Checks, Findings
from empirics.compare.numbers import SLIP
from theory import assumptions as known


def exogenous(assumption: known.ExogenousDelays, case: Case) -> Findings:
    if not case.runs.exogenous:
        return "fails", "the schedule looks at the noise"
    if case.runs.reads is None:
        return "unknown", "messages between caches do not look at the noise; it speaks of delays"
    return "holds", "the schedule does not look at the noise"


def reads_the_past(assumption: known.ReadsThePast, case: Case) -> Findings:
    return "holds", f"0 <= tau_t <= t always here, and tau_t <= {case.reads.longest}"


def bounded(assumption: known.BoundedDelay, case: Case) -> Findings:
    window, longest = case.number(assumption.s), case.reads.longest
    named = f"tau = {window - 1:g}" if not assumption.count.first else f"window s = {window:g}"
    return ("holds" if longest + 1 <= window else "fails"), f"delays up to {longest}, {named}"


def constant(assumption: known.ConstantDelay, case: Case) -> Findings:
    delays, tau = case.runs.delays, case.number(assumption.tau)
    if delays is None:
        return "fails", f"replicas have delays of their own, up to {case.reads.longest}"
    other = np.flatnonzero(delays != np.minimum(np.arange(len(delays)), tau))
    if other.size:
        return "fails", f"tau_{other[0]} = {delays[other[0]]}, tau = {tau:g}"
    return "holds", f"tau_t = min(t, {tau:g})"


def multiplicity(assumption: known.Multiplicity, case: Case) -> Findings:
    """Reads of x_0 in the cold start count, unless the theorem puts them before the start."""
    reads, m = case.reads, case.number(assumption.m)
    prehistory = any(
        isinstance(a, known.BoundedDelay) and a.prehistory for a in case.theorem.assumptions
    )
    words = f"an iterate is read {reads.reads} time(s)"
    words += f", x_0 {reads.cold_reads} more in the cold start" if not prehistory else ""
    if reads.reads + (0 if prehistory else reads.cold_reads) <= m:
        return "holds", f"{words}, m = {m:g}"
    if not prehistory and reads.longest + 1 <= m:  # no index is ever read outside its window
        return "holds", f"delays up to {reads.longest} allow no more than m = {m:g} reads"
    return "fails", f"{words}, m = {m:g}"


def concurrency(assumption: known.Concurrency, case: Case) -> Findings:
    most, flying = case.number(assumption.N), case.reads.flying
    words = f"at most {flying} gradients are in flight over an update, N = {most:g}"
    return ("holds" if flying <= most else "fails"), words


def restarting_workers(assumption: known.RestartingWorkers, case: Case) -> Findings:
    """Reads of x_0 in the cold start are those of the workers that begin there."""
    reads, N = case.reads, case.number(assumption.N)
    words = (
        f"an iterate is read {reads.reads} time(s), x_0 {reads.cold_reads} more in the cold start, "
        f"N = {N:g}"
    )
    return ("holds" if reads.reads <= 1 and reads.cold_reads <= N else "fails"), words


def average(assumption: known.AverageDelay, case: Case) -> Findings:
    most, seen = case.number(assumption.tau_avg), case.reads.average
    words = f"delays are {seen:.4g} on average, at most, up to any horizon, tau_avg = {most:.4g}"
    return ("holds" if seen <= most * (1 + SLIP) else "fails"), words


CHECKS: Checks = {
    known.ExogenousDelays: exogenous,
    known.ReadsThePast: reads_the_past,
    known.BoundedDelay: bounded,
    known.ConstantDelay: constant,
    known.Multiplicity: multiplicity,
    known.Concurrency: concurrency,
    known.AverageDelay: average,
    known.RestartingWorkers: restarting_workers,
}
