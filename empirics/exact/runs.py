"""Exact expectations in the shape of runs, so that theorems can be held against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirics.assembling import assemble
from empirics.exact.expectations import Exact
from empirics.exact.moments import moments
from empirics.exact.noise import noise_of
from empirics.exact.reading import Shared, reading
from empirics.exact.worst import deliveries, reads
from empirics.moments import MEASURES, Moments, Statistics
from empirics.optimisers import SGD, Momentum
from empirics.part import Part
from empirics.planning import fitting
from empirics.problems.base import Array, Problem, whole
from empirics.recording import Record, measures_asked, recorded_times
from empirics.runs import Runs
from empirics.schedules.base import Schedule
from empirics.schedules.caches import Caches
from empirics.stepsizes import StepSizes, step_sizes
from empirics.tile import Plan

_ORACLE = {
    "squared gradient": "squared_gradient",
    "gap": "gap",
    "squared distance": "squared_distance",
    "squared gradient at read points": "read_squared_gradient",
    "gap at read points": "read_gap",
    "squared distance at read points": "read_squared_distance",
    "direction": "direction",
    "disagreement": "disagreement",
    "squared gradient mapping": "squared_gradient",  # there is no penalty
}


def exact_runs(
    problem: Problem,
    schedule: Schedule,
    *,
    step: StepSizes | ArrayLike,
    steps: int,
    momentum: float = 0.0,
    record: Record = "all",
    measures: Sequence[str] = ("squared gradient", "gap"),
    window: int = 0,
) -> Runs:
    r"""Runs whose means are the expectations themselves: what `simulate` would give with
    infinitely many replicas, on a quadratic.

    Their settings say `exact`, their count of replicas is 1, and `compare` takes their means for
    certain. They are deterministic only if nothing is random. What a single path does is not known
    of random runs: pathwise coherence is not a number. Where delays are random, `reads` is what a
    run can do at worst (the most reads of one iterate, gradients in flight and average delay), its
    counts those expected, rounded up; so are the `deliveries` of caches. A mean beyond the floating
    numbers is infinite, and the run then lost.
    Parameters: as of `moments`, the noise being that of the problem; record, measures and window as
    of `simulate`.
    Raises ValueError if an argument is not of its kind, or a measure has no meaning under the
    schedule, or is the time.

    >>> from empirics import compare, problems, schedules
    >>> from theory import results
    >>> problem = problems.quadratic(dim=10, mu=0.1, L=1.0, sigma=0.5)
    >>> runs = exact_runs(problem, schedules.Constant(4), step=0.08, steps=500)
    >>> print(compare(results.lian2015.nonconvex, runs))
    consistent: bound / mean >= 2.93 (at T = 39), bound / 2.93 would be rejected, alpha = 1e-06
    """
    if "time" in ((measures,) if isinstance(measures, str) else measures):
        raise ValueError(
            "exact_runs needs measures without the time, which it does not know; simulate it"
        )
    rule = step_sizes(step)
    window = whole("exact_runs", "window", window, 0)
    if window == 1:
        raise ValueError("exact_runs needs a window of at least 2 gradients or 0, got 1")
    found = moments(
        problem, schedule, step=rule, steps=steps, momentum=momentum, window=max(window, 1)
    )
    plan = Plan(
        problem=problem,
        schedule=schedule,
        optimiser=Momentum(momentum) if momentum else SGD(),
        correction=None,
        eta=rule(steps),
        replicas=1,
        seed=0,
        reuse=False,
        times=recorded_times(record, steps),
        measures=measures_asked(problem, measures),
        window=window,
        noise=True,
        each=False,
        block=1,
    )
    fitting(plan, "exact_runs")
    way = schedule if isinstance(schedule, Caches) else reading("exact_runs", schedule, steps)
    same = way.delays if isinstance(way, Shared) else None
    statistics, lost_at = _statistics(
        plan, found, certain=same is not None and not problem.sample_size
    )
    part = Part(
        statistics=statistics,
        reads=None if isinstance(way, Caches) else reads(way, steps, schedule),
        deliveries=deliveries(way, steps) if isinstance(way, Caches) else None,
        delays=same[:, 0] if same is not None and same.shape[1] == 1 else None,
        shared=same is not None,
        lost_at=lost_at,
        left_at=np.array([-1]),  # a quadratic has its constants everywhere
        each={},
    )
    runs = assemble(plan, part, rule, record)
    return replace(runs, settings={**runs.settings, "exact": True})


def _statistics(plan: Plan, found: Exact, certain: bool) -> tuple[Statistics, NDArray[np.int64]]:
    """The expectations at the recorded times; when the first of them is beyond the numbers."""
    times, nothing = plan.times, np.full(len(plan.times), np.nan)
    fields = {
        field: _certain(_at(getattr(found, _ORACLE[name]), times))
        if name in plan.measures
        else Moments(count=1, mean=nothing, M2=nothing)
        for name, field in MEASURES.items()
    }
    norm = fields["squared_norm"].mean
    with np.errstate(over="ignore", invalid="ignore"):
        inner = found.inner[times, : plan.window]
    gone = ~np.isfinite(norm)
    least = np.full(len(times), np.nan)
    undefined = certain & (norm == 0)
    if certain and plan.window:
        with np.errstate(invalid="ignore", divide="ignore"):
            least = np.where(norm > 0, inner.min(axis=1) / norm, np.nan)
    relative = noise_of("exact_runs", plan.problem, None, None).relative
    noise = np.full(len(times), plan.problem.sigma**2)
    if relative.any():
        with np.errstate(over="ignore", invalid="ignore"):
            second = found.covariance[times, 0] + found.mean[times] ** 2
            noise += second @ (relative * found.problem.spectrum**2)
    statistics = Statistics(
        **fields,
        inner=_certain(inner),
        comoment=np.zeros_like(inner),
        coherence_min=least,
        coherence_negative=(least < 0).astype(np.int64),
        coherence_undefined=undefined.astype(np.int64),
        noise_mean=noise,
        # what grows with the gradient is largest on some path, of which nothing is known
        noise_max=nothing if relative.any() else noise,
        smoothness=nothing,
        diverged=np.logical_or.accumulate(gone).astype(np.int64),
    )
    return statistics, np.array([times[gone.argmax()] if gone.any() else -1])


def _certain(mean: Array) -> Moments:
    """A mean without a spread around it."""
    return Moments(count=1, mean=mean, M2=np.where(np.isfinite(mean), 0.0, mean))


def _at(values: Array, times: NDArray[np.int64]) -> Array:
    """At the recorded times; nothing is read after the last update."""
    ended = np.append(values, np.nan)  # longer by one than what is read
    return np.asarray(ended[times])
