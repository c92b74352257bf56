"""The arguments of a simulation, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from empirics.optimisers.base import SGD, Correction, Optimiser
from empirics.problems.base import Problem, flag, whole
from empirics.recording import measures_asked, recorded_times
from empirics.schedules.base import OwnCaches, Schedule, SharedIterate
from empirics.stepsizes import StepSizes, step_sizes
from empirics.tile import Plan

AHEAD = 2**17  # random numbers drawn in one go: one megabyte, flat optimum from 2^15 to 2^20


def planned(
    problem: Problem,
    schedule: Schedule,
    *,
    step: StepSizes | ArrayLike,
    steps: int,
    replicas: int = 256,
    seed: int = 0,
    optimiser: Optimiser | None = None,
    correction: Correction | None = None,
    reuse: bool = False,
    record: str | int | ArrayLike = "all",
    measures: Sequence[str] = ("squared gradient", "gap"),
    window: int = 0,
    noise: bool = False,
    smoothness: bool = False,
    each: bool = False,
    block: int | None = None,
) -> tuple[Plan, StepSizes]:
    """The checked arguments of `simulate`, which raises what this raises before it computes."""
    if not isinstance(problem, Problem):
        raise ValueError(f"simulate needs a Problem such as quadratic(...), got {problem!r}")
    if not isinstance(schedule, Schedule):
        raise ValueError(f"simulate needs a Schedule such as Constant(4), got {schedule!r}")
    rule = step_sizes(step)
    steps = whole("simulate", "steps", steps, 1)
    if window == 1:
        raise ValueError("simulate needs a window of at least 2 gradients or 0, got 1")
    if whole("simulate", "window", window, 0) > steps + 1:
        raise ValueError(
            f"simulate needs a window of at most the {steps + 1} gradients at x_0, ..., x_{steps}, "
            f"got {window}"
        )
    for what, given, kind in (
        ("optimiser", optimiser, Optimiser),
        ("correction", correction, Correction),
    ):
        if given is not None and not isinstance(given, kind):
            raise ValueError(
                f"simulate needs {what} = an object of {kind.__name__} or none, got {given!r}"
            )
    plan = Plan(
        problem=problem,
        schedule=schedule,
        optimiser=optimiser or SGD(),
        correction=correction,
        eta=rule(steps),
        replicas=whole("simulate", "replicas", replicas, 1),
        seed=whole("simulate", "seed", seed, 0, np.inf),
        reuse=flag("simulate", "reuse", reuse),
        times=recorded_times(record, steps, seed),
        measures=measures_asked(problem, measures),
        window=int(window),
        noise=flag("simulate", "noise", noise),
        smoothness=flag("simulate", "smoothness", smoothness),
        each=flag("simulate", "each", each),
        block=_ahead(problem, schedule, reuse, block),
    )
    fitting(plan)
    return plan, rule


def fitting(plan: Plan, who: str = "simulate") -> None:
    """Raise ValueError if something is asked for that has no meaning under this schedule."""
    schedule = plan.schedule
    schedule.allow(plan.steps)
    at_read = [name for name in plan.measures if "read points" in name or name == "direction"]
    penalty = plan.problem.penalty
    if isinstance(schedule, OwnCaches):
        for asked, what, why in (
            (penalty, penalty and penalty.words, "to which updates are sent and no points"),
            (plan.correction, "a correction", "which miss some updates and have no one delay"),
            (plan.reuse, "reuse=True", "where every gradient has its own sample"),
            (at_read, f"the {' and '.join(at_read)}", "where gradients are computed"),
            ("time" in plan.measures, 'the "time"', "whose workers go in step"),
        ):
            if asked:
                raise ValueError(
                    f"{who} needs a schedule of one iterate for {what}, got caches, {why}; "
                    "leave it out"
                )
    if not isinstance(schedule, SharedIterate):
        return
    if plan.reuse and schedule.tau_max is None:
        raise ValueError(
            f"{who} needs a schedule with a bound on its delays to apply samples again, got "
            f"{schedule!r}; leave reuse out: every gradient of a worker has its own sample"
        )
    if "time" in plan.measures and not schedule.timed:
        raise ValueError(
            f'{who} needs a schedule of workers to measure the "time", got {schedule!r}'
        )
    if "disagreement" in plan.measures:
        raise ValueError(
            f'{who} needs a schedule of caches to measure the "disagreement", got {schedule!r}'
        )
    if at_read and schedule.gradients > 1:
        raise ValueError(
            f"{who} needs one gradient an update to measure the {at_read[0]}, got "
            f"{schedule.gradients}"
        )


def _ahead(problem: Problem, schedule: Schedule, reuse: bool, block: int | None) -> int:
    """Steps to draw ahead: at least the memory of reuse, or that would be copied all the time."""
    if block is not None:
        return whole("simulate", "block", block, 1)
    lanes, numbers = schedule.width(problem.lanes, problem.dim), max(problem.sample_size, 1)
    if isinstance(schedule, OwnCaches):  # a sample and P messages for each of P workers
        numbers = schedule.workers * max(numbers, schedule.workers)
    steps = AHEAD // (lanes * numbers)
    return max(1, steps, (schedule.tau_max or 0) if reuse else 0)
