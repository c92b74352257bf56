"""Stale SGD on many replicas at once: tiles of fixed width, one ring of past iterates each.

A tile is the unit of seeding, of memory, of parallel work and of statistics. It is always simulated
at full width, and what is surplus in the last one is dropped, so that replica i has the same bits
whatever the number of replicas, of processes, or of steps drawn ahead.
"""

from __future__ import annotations

import platform
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from importlib import metadata
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from empirics.optimisers.base import SGD, Correction, Optimiser
from empirics.part import Part, tile_part
from empirics.problems.base import Constant, Problem, flag, whole
from empirics.processes import context, settle_down
from empirics.recording import Record, measures_asked, recorded_times, settings_of
from empirics.runs import Runs
from empirics.schedules.base import OwnCaches, Schedule, SharedIterate
from empirics.stepsizes import StepSizes, step_sizes
from empirics.tile import Plan

if TYPE_CHECKING:
    from concurrent.futures import Future

AHEAD = 2**17  # random numbers drawn in one go: one megabyte, flat optimum from 2^15 to 2^20


def simulate(
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
    record: Record = "all",
    measures: Sequence[str] = ("squared gradient", "gap"),
    window: int = 0,
    noise: bool = False,
    smoothness: bool = False,
    each: bool = False,
    processes: int = 1,
    block: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    until: Callable[[Runs], bool] | None = None,
) -> Runs:
    r"""Run SGD with stale gradients, independently in every replica.

    .. math:: x_{t+1} = x_t - \eta_t g_t, \quad g_t = \nabla f(y_t) + \xi_t, \quad
              y_t = x_{t - \tau_t}, \qquad t = 0, \dots, T - 1

    Parameters: problem, f with its noise and start x_0; schedule, the delays tau_t, in updates;
    step = eta_t, a number, an array of T numbers or StepSizes; steps = T; replicas, how many runs;
    seed, one integer >= 0 behind all random numbers; optimiser, SGD unless given, which makes a
    step of g_t; correction, what is done to a gradient because it is stale (see `optimisers`).
    reuse=True applies at t the sample that was drawn at t - tau_t, so that an iterate read twice
    gives the very same stochastic gradient; otherwise every update draws its own. record, the times
    t in 0, ..., T at which statistics are kept: "all", "log" (about 200, evenly in the logarithm),
    every m-th and the last, an array, or ("random", m), one drawn from each m successive times, the
    same in all replicas, and the last. The mean over every m-th time is biased, since each stands
    for later ones; over random ones it is not (`measure.average_over_time`).

    What is kept of them: measures, the "squared gradient" |grad f(x_t)|^2 (always), the "gap"
    f(x_t) - inf f, the "squared distance" |x_t - x*|^2, and each of these "at read points", at the
    iterate x_{t - tau_t} that update t reads, the "direction", <grad f(x_t), grad f(y_t)>, and the
    "time" at which x_t came to be, if workers have service times; measuring costs more than
    updating. window = s >= 2 adds the inner products of grad f(x_t) with grad f(x_{t-l}),
    l = 0, ..., s - 1; noise=True the exact noise variance at x_t; smoothness=True the largest
    |grad f(x_t) - grad f(y)|/|x_t - y| of any replica, y the iterate recorded before or the point
    that update t reads; each=True every measure of every replica, in memory that grows with their
    number.

    Where workers have caches (`schedules.Caches`), t counts iterations, in each of which all
    workers take a step eta_t of their own, x_t is the cache that is evaluated, and measures may
    name the "disagreement", mean_p |x_p - mean_q x_q|^2; there is no correction, no reuse, and no
    point that was read.

    How it runs, without a trace in the numbers: processes (a script that asks for more than one
    needs the usual `if __name__ == "__main__"`); block, steps drawn ahead; progress, called with
    the replicas done and asked for after each tile; until, given the runs of all replicas so far
    after each tile, may end it there by saying True: the runs are then those of as many replicas
    (`until_decided` looks at verdicts so that alpha stays what it says).

    A replica whose |grad f(x_t)|^2 is not finite or exceeds 1e100 at a recorded time, or with a
    coordinate beyond 1e150 at every 64th update or the last, is lost: it stops, the others go on,
    and `Runs.lost_at` says when. From then on it is left out of no mean, but makes it infinite
    (inner products: not a number).
    KeyboardInterrupt keeps the tiles that are done and returns them with complete=False; other
    processes finish the tile they are at. Raises ValueError if an argument is not of its kind.

    >>> from empirics import problems, schedules
    >>> problem = problems.quadratic(dim=10, mu=0.1, L=1.0, sigma=0.5)
    >>> runs = simulate(problem, schedules.Constant(4), step=0.1, steps=100, replicas=64)
    >>> runs.times[[0, -1]], runs.replicas, runs.reads.mean
    (array([  0, 100]), 64, 3.9)

    Source: Dai et al. 2019, the iteration of Theorem 1; `reuse` is its literal form.
    """
    plan, rule = planned(
        problem,
        schedule,
        step=step,
        steps=steps,
        replicas=replicas,
        seed=seed,
        optimiser=optimiser,
        correction=correction,
        reuse=reuse,
        record=record,
        measures=measures,
        window=window,
        noise=noise,
        smoothness=smoothness,
        each=each,
        block=block,
    )
    parts = _parts(plan, whole("simulate", "processes", processes, 1))
    total: Part | None = None
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1, "blas"), closing(parts):
        try:
            for part in parts:
                total = part if total is None else total.merge(part)
                if progress is not None:
                    progress(total.statistics.squared_norm.count, plan.replicas)
                if until is not None:
                    so_far = replace(plan, replicas=total.statistics.squared_norm.count)
                    if until(assemble(so_far, total, rule, record)):
                        plan = so_far
                        break
        except KeyboardInterrupt:
            if total is None:
                raise
    if total is None:
        raise RuntimeError("simulate needs at least one finished tile, got none")
    return assemble(plan, total, rule, record)


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
    _fitting(plan)
    return plan, rule


def _fitting(plan: Plan) -> None:
    """Refuse what has no meaning under this schedule."""
    schedule = plan.schedule
    schedule.allow(plan.steps)
    at_read = [name for name in plan.measures if "read points" in name or name == "direction"]
    if isinstance(schedule, OwnCaches):
        for asked, what, why in (
            (plan.correction, "a correction", "which miss some updates and have no one delay"),
            (plan.reuse, "reuse=True", "where every gradient has its own sample"),
            (at_read, f"the {' and '.join(at_read)}", "where gradients are computed"),
            ("time" in plan.measures, 'the "time"', "whose workers go in step"),
        ):
            if asked:
                raise ValueError(
                    f"simulate needs a schedule of one iterate for {what}, got caches, {why}; "
                    "leave it out"
                )
    if not isinstance(schedule, SharedIterate):
        return
    if plan.reuse and schedule.tau_max is None:
        raise ValueError(
            "simulate needs a schedule with a bound on its delays to apply samples again, got "
            f"{schedule!r}; leave reuse out: every gradient of a worker has its own sample"
        )
    if "time" in plan.measures and not schedule.timed:
        raise ValueError(
            f'simulate needs a schedule of workers to measure the "time", got {schedule!r}'
        )
    if "disagreement" in plan.measures:
        raise ValueError(
            f'simulate needs a schedule of caches to measure the "disagreement", got {schedule!r}'
        )
    if at_read and schedule.gradients > 1:
        raise ValueError(
            f"simulate needs one gradient an update to measure the {at_read[0]}, got "
            f"{schedule.gradients}"
        )


def _parts(plan: Plan, processes: int) -> Generator[Part, None, None]:
    """The parts in tile order, as they are finished."""
    tiles = -(-plan.replicas // plan.lanes)
    if min(processes, tiles) == 1:
        for index in range(tiles):
            yield tile_part(plan, index)
        return
    from concurrent.futures import ProcessPoolExecutor

    workers = min(processes, tiles)
    pool = ProcessPoolExecutor(workers, context(__name__), initializer=settle_down)
    ahead: deque[Future[Part]] = deque()  # a few tiles a process, so that memory does not grow
    try:
        for index in range(tiles):
            if len(ahead) == 2 * processes:
                yield ahead.popleft().result()
            ahead.append(pool.submit(tile_part, plan, index))
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _ahead(problem: Problem, schedule: Schedule, reuse: bool, block: int | None) -> int:
    """Steps to draw ahead: at least the memory of reuse, or that would be copied all the time."""
    if block is not None:
        return whole("simulate", "block", block, 1)
    lanes, numbers = schedule.width(problem.lanes, problem.dim), max(problem.sample_size, 1)
    if isinstance(schedule, OwnCaches):  # a sample and P messages for each of P workers
        numbers = schedule.workers * max(numbers, schedule.workers)
    steps = AHEAD // (lanes * numbers)
    return max(1, steps, (schedule.tau_max or 0) if reuse else 0)


def assemble(plan: Plan, part: Part, rule: StepSizes, record: Record) -> Runs:
    """The finished tiles as runs, with what they came from."""
    problem, schedule = plan.problem, plan.schedule
    constants = dict(problem.constants)
    if "infimum" in constants:
        why = f"f(x_0) - infimum, the latter: {constants['infimum'].why}"
        constants["Delta"] = replace(constants["infimum"], value=problem.gap, why=why)
    if problem.minimiser is not None:
        constants["R"] = Constant(
            value=problem.distance,
            provenance="bound" if problem.within else "exact",
            why="|x_0 - x*|" + f", x* within {problem.within:.1e}" * bool(problem.within),
        )
    return Runs(
        times=plan.times,
        statistics=part.statistics.closed(),
        reads=part.reads,
        deliveries=part.deliveries,
        step_sizes=plan.eta,
        constants=constants,
        tau_max=part.reads.longest if schedule.tau_max is None and part.reads else schedule.tau_max,
        exogenous=schedule.exogenous,
        delays=part.delays,
        deterministic=part.shared and not problem.sample_size,
        lost_at=part.lost_at,
        each=part.each,
        looseness=_looseness(problem),
        settings={
            "problem": dict(problem.settings),
            "schedule": schedule.settings,
            "gradients": schedule.gradients if isinstance(schedule, SharedIterate) else None,
            "optimiser": plan.optimiser.settings,
            "correction": plan.correction and plan.correction.settings,
            "step": {"label": rule.label, **{k: float(v) for k, v in rule.constants.items()}},
            "steps": plan.steps,
            "replicas": plan.replicas,
            "seed": plan.seed,
            "reuse": plan.reuse,
            "record": settings_of(record),
            "measures": list(plan.measures),
            "window": plan.window,
            "noise": plan.noise,
            "smoothness": plan.smoothness,
            "each": plan.each,
            "versions": {
                "python": platform.python_version(),
                "numpy": np.__version__,
                "staleness": _version(),
            },
        },
        complete=part.statistics.squared_norm.count == plan.replicas,
    )


def _looseness(problem: Problem) -> dict[str, float]:
    found = {}
    if "infimum" in problem.constants and np.isfinite(problem.looseness):
        found["gap"] = problem.looseness
    if problem.minimiser is not None:
        found["squared distance"] = problem.within
    return found


def _version() -> str:
    try:
        return metadata.version("staleness")
    except metadata.PackageNotFoundError:
        return "not installed"
