"""Worker processes: started together, watched, and none left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

import numpy as np

from empirics.interruption import Interruption
from empirics.live.worker import FAILED, READY, Job, clock, work
from empirics.problems.base import Array

TICK = 0.1  # seconds between two looks at what else may have happened
GRACE = 0.5  # seconds to leave of one's own accord


class Stopped(Exception):  # noqa: N818  # a way to end, with the reason in words
    """No more updates will come."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Order:
    """What to record: the jobs, a worker each; start = x_0; eta, (T,), a step an update."""

    context: Any
    jobs: tuple[Job, ...]
    start: Array
    eta: Array
    timeout: float
    interruption: Interruption


@dataclass(frozen=True, eq=False)
class Member:
    """A worker: its number, its process, and the server's end of the pipe."""

    number: int
    process: Any
    pipe: Connection

    def receive(self) -> bytes:
        """The next message; Stopped if the worker fails, or is no more."""
        try:
            message = self.pipe.recv_bytes()
        except (EOFError, OSError):
            raise Stopped(self._end()) from None
        if np.frombuffer(message, count=1)[0] == FAILED:
            raise Stopped(f"worker {self.number} failed with {message[8:].decode()}")
        return message

    def send(self, numbers: Any) -> None:
        """Send it an array of numbers."""
        try:
            self.pipe.send_bytes(numbers)
        except OSError:
            raise Stopped(self._end()) from None

    def _end(self) -> str:
        self.process.join(GRACE)
        code = self.process.exitcode
        how = "closed its pipe" if code is None else f"ended with exit code {code}"
        if code is not None and code < 0:
            how = f"was killed by signal {-code}"
        return f"worker {self.number} {how}"


class Crew:
    """All workers, and how long to wait for a sign of life of any of them.

    Waiting is counted in ticks, not by the clock, which goes on while all are suspended (Ctrl-Z).
    """

    def __init__(self, members: Sequence[Member], order: Order) -> None:
        self.members, self.timeout, self.interruption = members, order.timeout, order.interruption
        self._moves, self._moving, self._stuck = 0, False, False

    def messages(self) -> list[tuple[Member, bytes]]:
        """What has arrived since the last call, waiting for one message at least."""
        quiet = 0
        while True:
            ready = set(wait([member.pipe for member in self.members], TICK))
            if self.interruption.asked:
                raise Stopped("interrupted")
            if ready:
                with self._transport():
                    return [(m, m.receive()) for m in self.members if m.pipe in ready]
            quiet += 1
            self.look(quiet)

    def send(self, member: Member, numbers: Any) -> None:
        """Send it an array of numbers."""
        with self._transport():
            member.send(numbers)

    def look(self, quiet: int) -> None:
        """Stop if there was no sign of life for so many ticks that it is time."""
        if self._stuck or quiet * TICK > self.timeout:
            raise Stopped(f"no worker has finished a gradient for {self.timeout:g} s")

    def guard(self, over: threading.Event) -> None:
        """Kill all if one message takes too long: who is stopped in the middle of a large one
        would block the server, which has no other way out. Runs in a thread of its own."""
        seen, quiet = -1, 0
        while not over.wait(TICK):
            quiet = quiet + 1 if self._moving and self._moves == seen else 0
            seen = self._moves
            if quiet * TICK > self.timeout:
                self._stuck = True
                for member in self.members:
                    member.process.kill()
                return

    @contextmanager
    def _transport(self) -> Iterator[None]:
        """While a message is under way."""
        self._moves, self._moving = self._moves + 1, True
        try:
            yield
        except Stopped:
            self.look(0)  # killed by our own guard?
            raise
        finally:
            self._moving = False

    def watch(self) -> None:
        """Wait a tick; stop if a worker fails or is gone, or after Ctrl-C."""
        ready = set(wait([member.pipe for member in self.members], TICK))
        if self.interruption.asked:
            raise Stopped("interrupted")
        for member in self.members:
            if member.pipe in ready:
                member.receive()

    def assemble(self) -> None:
        """Wait until all are ready."""
        missing = len(self.members)
        while missing:
            for member, message in self.messages():
                if np.frombuffer(message)[0] != READY:
                    raise RuntimeError(f"worker {member.number} begins before it is told to")
                missing -= 1


@contextmanager
def crew(
    order: Order, loop: Callable[..., None], more: Sequence[tuple[Any, ...]]
) -> Iterator[Crew]:
    """One process a job, each ready to begin; at the end they are gone, by force if need be.

    `loop` is what each does, with its pipe, its job and what there is `more` for it.
    """
    members: list[Member] = []
    over = threading.Event()
    try:
        for number, (job, rest) in enumerate(zip(order.jobs, more, strict=True)):
            here, there = order.context.Pipe()
            process = order.context.Process(
                target=work, args=(there, job, loop, *rest), daemon=True
            )
            members.append(Member(number, process, here))
            process.start()
            there.close()
        together = Crew(members, order)
        threading.Thread(target=together.guard, args=(over,), daemon=True).start()
        together.assemble()
        yield together
    finally:
        over.set()
        _end(members)


def _end(members: Sequence[Member]) -> None:
    for member in members:
        member.pipe.close()
    started = [member.process for member in members if member.process.pid is not None]
    _join(started)
    for force in ("terminate", "kill"):  # one that is stopped hears of nothing but the latter
        for process in started:
            if process.is_alive():
                getattr(process, force)()
        _join(started)
    for process in started:
        with suppress(ValueError):
            process.close()


def _join(processes: Sequence[Any]) -> None:
    last = clock() + GRACE
    for process in processes:
        process.join(max(0.0, last - clock()))
