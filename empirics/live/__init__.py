"""Real asynchronous workers on this machine, and a record of every read and write."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from empirics.interruption import Interruption
from empirics.live.crew import Order
from empirics.live.recording import Recording, machine
from empirics.live.server import Log, in_memory, through_pipes
from empirics.live.worker import Gradients, Job
from empirics.problems.base import Problem, whole
from empirics.processes import context
from empirics.schedules.history import History
from empirics.stepsizes import StepSizes, step_sizes

__all__ = ["WAYS", "Recording", "record"]

WAYS = ("pipes", "shared memory")
DIM = 100  # of the quadratic, unless a problem is given
PACE = 0.05  # seconds between two reports of progress
MEASURED = 2e-3  # seconds over which the time of a gradient is measured, at least


def record(
    workers: int = 4,
    updates: int = 20_000,
    *,
    problem: Problem | None = None,
    step: StepSizes | ArrayLike | None = None,
    straggler: float | None = None,
    over: str = "pipes",
    gradient_time: float = 1e-3,
    seed: int = 0,
    timeout: float = 60.0,
    progress: Callable[[int, int], None] | None = None,
) -> Recording:
    r"""Run asynchronous SGD in processes of their own and log who reads and writes what, when.

    .. math:: x_{t+1} = x_t - \eta_t g_t, \qquad E g_t = \nabla f(x_{t-\tau_t})

    Parameters: workers = W processes; updates = T; problem, `problems.quadratic` in 100 dimensions
    unless given, anything that can be sent to a process; step = eta_t, 1/(2 L W) unless given;
    straggler, by what factor worker 0 is slower: it computes each of its gradients as many times
    (on average, if that is not a whole number), which is real work that takes real time; over,
    "pipes" (a server applies gradients in the order in which they were sent and answers each with
    the new iterate at once) or "shared memory" (workers read the iterate and write the next one
    themselves, each under a lock, so that no reading is torn; between writing and reading others
    may come first); gradient_time in seconds: every gradient is computed again and again, by all
    workers equally often, until it takes about so long, as it would in a larger model, 0 for once:
    otherwise what is recorded is the speed of pipes; seed, of the samples, each worker has its own;
    timeout, seconds without a sign of life of any worker after which to give up; progress, called
    with the updates done and asked for, now and then.

    All workers have loaded everything and computed a gradient before the clock starts, and all
    begin at x_0. What they do then is up to the machine: the same call gives another history.
    A worker that fails or is killed, a timeout or Ctrl-C ends the recording; what there is comes
    back, with the reason in `Recording.stopped`.
    Raises ValueError if an argument is not of its kind; if there is no update at all,
    KeyboardInterrupt after Ctrl-C and RuntimeError otherwise. A script needs the usual
    `if __name__ == "__main__"`.

    >>> recording = record(workers=2, updates=50, gradient_time=0)
    >>> recording.history.updates, recording.complete
    (50, True)
    """
    workers = whole("record", "workers", workers, 1)
    updates = whole("record", "updates", updates, 1)
    seed = whole("record", "seed", seed, 0, math.inf)
    if over not in WAYS:
        raise ValueError(f"record needs over = {' or '.join(map(repr, WAYS))}, got {over!r}")
    factor = 1.0 if straggler is None else _number("straggler", straggler, 1.0)
    pace = _number("gradient_time", gradient_time, 0.0)
    timeout = _number("timeout", timeout, 1e-3)
    if problem is None:
        from empirics.problems.quadratic import quadratic

        problem = quadratic(dim=DIM, mu=0.1, L=1.0, sigma=0.5)
    if not isinstance(problem, Problem):
        raise ValueError(f"record needs a Problem such as quadratic(...), got {problem!r}")
    if problem.penalty is not None:
        raise ValueError(
            f"record needs a problem without a penalty, got {problem.penalty.words} after every "
            "update; simulate has it"
        )
    if step is None and "L" not in problem.constants:
        raise ValueError(f"record needs a step for {problem.name}, whose L is not known, got none")
    rule = step_sizes(1 / (2 * problem.L * workers) if step is None else step)
    eta = rule(updates)

    seeds = np.random.SeedSequence(seed).spawn(workers)
    repeats = _repeats(problem, pace)
    jobs = [Job(problem=problem, seed=s, times=float(repeats)) for s in seeds]
    jobs[0] = Job(problem=problem, seed=seeds[0], times=repeats * factor)
    _sendable(jobs[0])
    processes = context("empirics.live.worker")
    here = machine(processes.get_start_method())
    last, said = -math.inf, 0

    def report(done: int, end: bool = False) -> None:
        nonlocal last, said
        if progress is None or done == said:
            return
        now = time.monotonic()
        if end or now >= last + PACE:
            last, said = now, done
            progress(done, updates)

    with Interruption() as interruption:
        order = Order(
            context=processes,
            jobs=tuple(jobs),
            start=problem.start,
            eta=eta,
            timeout=timeout,
            interruption=interruption,
        )
        log: Log = through_pipes(order, report) if over == "pipes" else in_memory(order, report)
    if not log.done:
        if interruption.asked:
            raise KeyboardInterrupt
        raise RuntimeError(f"record needs at least one update, got none: {log.stopped}")
    report(log.done, end=True)
    return _recording(
        log,
        problem,
        {
            "workers": workers,
            "updates": updates,
            "problem": dict(problem.settings),
            "step": {"label": rule.label, **{k: float(v) for k, v in rule.constants.items()}},
            "straggler": straggler and factor,
            "over": over,
            "gradient_time": pace,
            "repeats": repeats,
            "seed": seed,
            "machine": here,
        },
    )


def _number(what: str, value: object, least: float) -> float:
    """A finite number of at least `least`."""
    try:
        number = float(value)  # type: ignore[arg-type]  # the TypeError is what we ask for
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, bool) or not (math.isfinite(number) and number >= least):
        raise ValueError(f"record needs a number {what} >= {least:g}, got {value!r}")
    return number


def _sendable(job: Job) -> None:
    import pickle

    try:
        pickle.dumps(job)
    except Exception as error:  # what cannot be pickled says so in many ways
        raise ValueError(
            f"record needs a problem that can be sent to a process, got {job.problem.name}: {error}"
        ) from None


def _repeats(problem: Problem, pace: float) -> int:
    """How many times a gradient has to be computed to take `pace` seconds: from the least of five
    measurements, each long enough, as other work on the machine only makes them longer."""
    if not pace:
        return 1
    from threadpoolctl import threadpool_limits

    times = 1
    with threadpool_limits(1, "blas"), np.errstate(all="ignore"):
        while True:
            job = Job(problem=problem, seed=np.random.SeedSequence(0), times=float(times))
            gradients, least = Gradients(job), math.inf
            for _ in range(5):
                begun = time.perf_counter()
                gradients.at(problem.start)
                least = min(least, time.perf_counter() - begun)
            if least >= MEASURED:
                return max(1, round(pace * times / least))
            times *= 2


def _recording(log: Log, problem: Problem, settings: dict[str, Any]) -> Recording:
    """The rows as a history, times to the microsecond."""
    workers, done = settings["workers"], log.done
    rows = log.rows[:done]
    worker, read = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
    flying = log.held.copy()
    for w in range(workers):
        if (read[worker == w] >= flying[w]).any():  # it has delivered what it read last
            flying[w] = -1
    slow = settings["straggler"]
    times = np.round(rows[:, 2:4] - log.origin, 6)
    with np.errstate(all="ignore"):
        value = float(problem.value(log.iterate))
    return Recording(
        history=History(
            worker=worker,
            read=read,
            applied=np.arange(done),
            begun=times[:, 0],
            ended=times[:, 1],
            gradients=1,
            workers=workers,
            label=f"{workers} recorded workers, {settings['over']}"
            + (f", one {slow:g} times slower" if slow else ""),
        ),
        flying=flying,
        computing=rows[:, 4].copy(),
        iterate=log.iterate,
        value=value,
        stopped="" if done == settings["updates"] else log.stopped,
        settings=settings,
    )
