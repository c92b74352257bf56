"""What a worker does, in a process of its own: read the iterate, compute a gradient, again.

Messages are bytes. From the worker: READY; a gradient with the version it was computed at, when it
was sent and how long it took; or FAILED with words. To it: the iterate with its version.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import parent_process
from typing import TYPE_CHECKING, Any

import numpy as np

from empirics.problems.base import Array, Problem
from empirics.processes import settle_down

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from empirics.live.memory import Memory

READY, FAILED = -1.0, -2.0  # in the place of a version
HEAD = 3  # numbers before the gradient: version, when it was sent, seconds it took
clock = time.perf_counter  # the same clock in all processes


@dataclass(frozen=True, eq=False, kw_only=True)
class Job:
    """What one worker is told: problem; seed, of its own samples; times, how often it computes
    each gradient (a straggler more often; 2.5 is 2 and 3 in turn)."""

    problem: Problem
    seed: np.random.SeedSequence
    times: float


class Gradients:
    """The stochastic gradients of one worker, one sample after the other."""

    def __init__(self, job: Job) -> None:
        self._problem, self._times, self._owed = job.problem, job.times, 0.0
        self._generator = np.random.Generator(np.random.SFC64(job.seed))
        self._out = np.empty((1, job.problem.dim))

    def at(self, x: Array) -> Array:
        """The next one, at x, (dim,); it is overwritten by the one after it."""
        sample = self._problem.draw(self._generator, 1, 1)[0]
        self._owed += self._times
        while self._owed >= 1:  # the same one every time: work, and nothing else
            self._problem.stochastic_gradient(x[None], sample, self._out)
            self._owed -= 1
        g: Array = self._out[0]
        return g


def work(pipe: Connection, job: Job, loop: Callable[..., None], *more: Any) -> None:
    """The whole life of a worker process."""
    settle_down()
    try:
        with np.errstate(all="ignore"):  # a run that diverges is still a schedule
            once = replace(job, times=1.0)
            Gradients(once).at(job.problem.start)  # whatever is slow the first time
            loop(pipe, job, *more)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the server wants no more
    except Exception as error:  # whatever a gradient raises is told to the server, in words
        with suppress(OSError):
            words = f"{type(error).__name__}: {error}"
            pipe.send_bytes(np.float64(FAILED).tobytes() + words.encode())


def over_pipe(pipe: Connection, job: Job) -> None:
    """Take an iterate from the pipe, put its gradient into it."""
    gradients = Gradients(job)
    message = np.empty(HEAD + job.problem.dim)
    pipe.send_bytes(np.float64(READY).tobytes())
    while True:
        received = np.frombuffer(pipe.recv_bytes())
        begun = clock()
        message[HEAD:] = gradients.at(received[1:])
        now = clock()
        message[:HEAD] = received[0], now, now - begun
        pipe.send_bytes(message.data)


def in_shared_memory(pipe: Connection, job: Job, memory: Memory, worker: int) -> None:
    """Read the iterate and write the next one, each under the lock; stop after the last."""
    threading.Thread(target=_leave_with_the_parent, daemon=True).start()
    gradients, shared = Gradients(job), memory.views()
    x = shared.read(worker)  # x_0: nobody writes before all are ready
    pipe.send_bytes(np.float64(READY).tobytes())
    read, begun = 0, float(np.frombuffer(pipe.recv_bytes())[0])  # when all may go
    while True:
        started = clock()
        g = gradients.at(x)
        took = clock() - started
        if not shared.enter() or not shared.write(worker, read, begun, took, g):
            return
        if not shared.enter():
            return
        read, begun = shared.version, clock()
        if read == shared.updates:
            shared.leave()
            return
        x = shared.read(worker)
        shared.leave()


def _leave_with_the_parent() -> None:
    """No pipe breaks in the middle of the loop if the parent is killed: wait for that here."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
