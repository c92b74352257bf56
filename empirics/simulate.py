"""Stale SGD on many replicas at once: tiles of fixed width, one ring of past iterates each.

A tile is the unit of seeding, of memory, of parallel work and of statistics. It is always simulated
at full width, and what is surplus in the last one is dropped, so that replica i has the same bits
whatever the number of replicas, of processes, or of steps drawn ahead.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from empirics.assembling import assemble
from empirics.optimisers.base import Correction, Optimiser
from empirics.part import Part, tile_part
from empirics.planning import planned
from empirics.problems.base import Problem, whole
from empirics.processes import context, settle_down
from empirics.recording import Record
from empirics.runs import Runs
from empirics.schedules.base import Schedule
from empirics.stepsizes import StepSizes
from empirics.tile import Plan

if TYPE_CHECKING:
    from concurrent.futures import Future


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
    iterate x_{t - tau_t} that update t reads, the "squared gradient mapping" (see below), the
    "direction", <grad f(x_t), grad f(y_t)>, and the
    "time" at which x_t came to be, if workers have service times; measuring costs more than
    updating. window = s >= 2 adds the inner products of grad f(x_t) with grad f(x_{t-l}),
    l = 0, ..., s - 1; noise=True the exact noise variance at x_t; smoothness=True the largest
    |grad f(x_t) - grad f(y)|/|x_t - y| of any replica, y the iterate recorded before or the point
    that update t reads; each=True every measure of every replica, in memory that grows with their
    number.

    A problem with a penalty (`problems.on_ball`, `with_l1`) has a proximal step of size eta_t after
    every update, whatever the optimiser; gaps and distances are then those of F = f + h, gradients
    and noise of f alone, and the "squared gradient mapping" L^2 |x_t - prox(x_t - grad f(x_t)/L)|^2
    is what vanishes at a minimum instead of the gradient.

    Where workers have caches (`schedules.Caches`), t counts iterations, in each of which all
    workers take a step eta_t of their own, x_t is the cache that is evaluated, and measures may
    name the "disagreement", mean_p |x_p - mean_q x_q|^2; there is no correction, no reuse, no
    penalty, and no point that was read.

    How it runs, without a trace in the numbers: processes (a script that asks for more than one
    needs the usual `if __name__ == "__main__"`); block, steps drawn ahead; progress, called with
    the replicas done and asked for after each tile; until, given the runs of all replicas so far
    after each tile, may end it there by saying True: the runs are then those of as many replicas
    (`until_decided` looks at verdicts so that alpha stays what it says).

    A replica whose |grad f(x_t)|^2 is not finite or exceeds 1e100 at a recorded time, or with a
    coordinate beyond 1e150 at every 64th update or the last, is lost: it stops, the others go on,
    and `Runs.lost_at` says when. From then on it is left out of no mean, but makes it infinite
    (inner products: not a number). One that leaves the region of the problem, on which alone its
    constants hold, goes on like the others; every iterate is looked at, and `Runs.left_at` says
    when it was first outside.
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
    from threadpoolctl import threadpool_limits

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


def _parts(plan: Plan, processes: int) -> Generator[Part, None, None]:
    """The parts in tile order, as they are finished."""
    tiles = -(-plan.replicas // plan.lanes)
    if min(processes, tiles) == 1:
        for index in range(tiles):
            yield tile_part(plan, index)
        return
    from concurrent.futures import ProcessPoolExecutor

    packed = pickle.dumps(plan)  # what cannot be sent says so here: in the pool's own thread it
    # can leave the pool waiting for itself (CPython 3.11)
    workers = min(processes, tiles)
    pool = ProcessPoolExecutor(workers, context(__name__), initializer=settle_down)
    ahead: deque[Future[Part]] = deque()  # a few tiles a process, so that memory does not grow
    try:
        for index in range(tiles):
            if len(ahead) == 2 * processes:
                yield ahead.popleft().result()
            ahead.append(pool.submit(_sent_part, packed, index))
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _sent_part(packed: bytes, index: int) -> Part:
    """The part of a tile, in another process."""
    plan: Plan = pickle.loads(packed)
    return tile_part(plan, index)
