"""The two ways to share an iterate: a server that applies what comes through pipes, or memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from empirics.live.crew import Crew, Member, Order, Stopped, crew
from empirics.live.memory import Memory
from empirics.live.worker import HEAD, clock, in_shared_memory, over_pipe
from empirics.problems.base import Array

Progress = Callable[[int], None]


@dataclass(eq=False, kw_only=True)
class Log:
    """What happened, row by row: worker, read, begun, ended, seconds of computing, (T, 5).

    origin, when all began; held, the version each worker has read last; iterate, x_T; stopped, why
    it is shorter than it was to be, empty if it is not.
    """

    rows: Array
    origin: float
    held: NDArray[np.int64]
    iterate: Array
    stopped: str = ""
    done: int = field(default=0)


def through_pipes(order: Order, progress: Progress) -> Log:
    """The server owns the iterate, applies gradients as they arrive, and answers each at once."""
    W, T = len(order.jobs), len(order.eta)
    log = Log(
        rows=np.empty((T, 5)),
        origin=0.0,
        held=np.zeros(W, dtype=np.int64),
        iterate=order.start.copy(),
    )
    try:
        with (
            crew(order, over_pipe, [()] * W) as workers,
            np.errstate(all="ignore"),  # a run that diverges is still a schedule
        ):
            _serve(order, log, workers, progress)
    except (Stopped, KeyboardInterrupt) as reason:
        log.stopped = str(reason) or "interrupted"
    return log


def _serve(order: Order, log: Log, workers: Crew, progress: Progress) -> None:
    x, eta, T = log.iterate, order.eta.tolist(), len(order.eta)
    begun = [0.0] * len(order.jobs)
    answer = np.empty(1 + len(x))

    def send(member: Member) -> None:
        answer[0], answer[1:] = log.done, x
        log.held[member.number], begun[member.number] = log.done, clock()
        workers.send(member, answer.data)

    log.origin = clock()
    for member in workers.members:
        send(member)
    while log.done < T:
        arrived = [(member, np.frombuffer(message)) for member, message in workers.messages()]
        arrived.sort(key=lambda pair: pair[1][1])  # of those that came meanwhile: as they were sent
        for member, message in arrived:
            w, t = member.number, log.done
            if message[0] != log.held[w]:
                raise RuntimeError(f"worker {w} had version {log.held[w]}, answers {message[0]}")
            x -= message[HEAD:] * eta[t]
            log.rows[t] = w, log.held[w], begun[w], clock(), message[2]
            log.done = t + 1
            if log.done == T:
                break
            send(member)
        progress(log.done)


def in_memory(order: Order, progress: Progress) -> Log:
    """Workers read and write a shared iterate themselves; the parent only watches."""
    W = len(order.jobs)
    memory = Memory.of(order.context, order.start, order.eta, W)
    shared = memory.views()
    origin, stopped = 0.0, ""
    try:
        with crew(order, in_shared_memory, [(memory, w) for w in range(W)]) as workers:
            try:
                origin = clock()
                for member in workers.members:
                    member.send(np.float64(origin).tobytes())
                quiet, before = -1, 0
                while (done := shared.version) < shared.updates:
                    quiet = 0 if done > before else quiet + 1
                    before = done
                    progress(done)
                    workers.look(quiet)
                    workers.watch()
            finally:
                shared.stop()
    except (Stopped, KeyboardInterrupt) as reason:
        stopped = str(reason) or "interrupted"
    return Log(  # now that nobody writes any more
        rows=shared.log.copy(),
        origin=origin,
        held=shared.held.copy(),
        iterate=shared.iterate.copy(),
        stopped=stopped,
        done=shared.version,
    )
