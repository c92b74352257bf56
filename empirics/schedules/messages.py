"""What one replica's caches sent each other: which update reached whom, when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import flag, whole
from empirics.schedules.base import Delays, Messenger, OwnCaches, Schedule, settle
from empirics.schedules.caches import EVALUATE
from empirics.schedules.tables import NUMBER, load_table, save_table

TITLE = "# staleness messages 1"
COLUMNS = dict.fromkeys(("sent", "source", "destination", "arrives"), int)
AHEAD = 64  # iterations drawn in one go


@dataclass(frozen=True, eq=False, kw_only=True)
class Messages:
    """Who told whom when: one row a message, by iteration, then source, then destination.

    Fields, of shape (n,) with n = T P^2: sent = t, the iteration in which the update is made;
    source = p, by whom; destination = q, whose cache it reaches; arrives = t + 1 + r, at the start
    of which iteration. workers = P; longest = s, the largest r that could have been (it decides
    the width of a tile); evaluate, see `Caches`; label.
    Raises ValueError unless every worker sends to every worker in all iterations 0, ..., T - 1,
    with 0 <= r <= s.

    >>> from empirics import schedules
    >>> sent = schedules.messages(schedules.Caches(2, schedules.Uniform(3)), steps=5)
    >>> sent.steps, sent.extra.shape
    (5, (5, 2, 2))
    """

    sent: NDArray[np.int64]
    source: NDArray[np.int64]
    destination: NDArray[np.int64]
    arrives: NDArray[np.int64]
    workers: int
    longest: int
    evaluate: str = "first"
    label: str = "messages"

    def __post_init__(self) -> None:
        whole("messages", "of workers", self.workers, 1)
        whole("messages", "longest", self.longest, 0)
        if self.evaluate not in EVALUATE:
            known = ", ".join(EVALUATE)
            raise ValueError(f"messages needs evaluate among {known}, got {self.evaluate!r}")
        if not isinstance(self.label, str) or not self.label.isprintable():
            raise ValueError(f"messages needs a label of one line, got {self.label!r}")
        for name in COLUMNS:
            column = np.asarray(getattr(self, name))
            if column.shape != (np.size(self.sent),) or column.dtype.kind not in "iu":
                raise ValueError(
                    f"messages needs whole numbers {name} of shape ({np.size(self.sent)},), got "
                    f"{column.dtype} of shape {column.shape}"
                )
            copy = column.astype(np.int64)
            copy.setflags(write=False)
            settle(self, **{name: copy})
        fault = _fault({n: getattr(self, n) for n in COLUMNS}, self.workers, self.longest)
        if fault is not None:
            raise ValueError(f"messages needs {fault[1]} in row {fault[0]}, got {fault[2]}")

    @property
    def steps(self) -> int:
        """T, how many iterations it covers."""
        return len(self.sent) // self.workers**2

    @property
    def extra(self) -> Delays:
        """r, the extra delays: (T, source, destination)."""
        r: Delays = (self.arrives - self.sent - 1).reshape(-1, self.workers, self.workers)
        return r

    def replay(self, *, repeat: bool = False) -> MessageTrace:
        """A schedule that does this again in all replicas, T iterations long.

        repeat=True starts over after T iterations.
        """
        return MessageTrace(self, repeat=flag("messages", "repeat", repeat))

    def save(self, path: str | PathLike[str], notes: Sequence[str] = ()) -> None:
        """Write it as CSV, notes as lines of comment in it; `load` reads it back."""
        about = {n: getattr(self, n) for n in ("workers", "longest", "evaluate", "label")}
        columns = {name: getattr(self, name) for name in COLUMNS}
        save_table("messages", path, TITLE, about, columns, notes)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Messages:
        """Read what `save` has written; further lines that begin with # are for the reader.

        Raises ValueError, with the number of the line, if the file is damaged.
        """
        about = {"workers": NUMBER, "longest": rf"0|{NUMBER}", "evaluate": "|".join(EVALUATE)}
        table = load_table("messages", path, TITLE, about, COLUMNS)
        workers, longest = int(table.about["workers"]), int(table.about["longest"])
        fault = _fault(dict(table.columns), workers, longest)
        if fault is not None:
            raise table.refuse("messages", *fault)
        record: dict[str, Any] = {**table.columns, **table.about}
        return cls(**{**record, "workers": workers, "longest": longest})


@dataclass(frozen=True, eq=False)
class MessageTrace(OwnCaches):
    """Caches with messages that are known: the same ones in all replicas."""

    messages: Messages = field(repr=False)
    repeat: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.messages, Messages):
            raise ValueError(f"a trace of messages needs Messages, got {self.messages!r}")
        past = self.messages
        settle(self, tau_max=None, workers=past.workers, evaluate=past.evaluate)

    @property
    def longest(self) -> int:
        return self.messages.longest

    def allow(self, steps: int) -> None:
        past = self.messages
        if steps > past.steps and not self.repeat:
            raise ValueError(
                f"{past.label} needs at most its {past.steps} iterations, got {steps}; "
                "ask for fewer steps or set repeat=True"
            )

    @property
    def settings(self) -> dict[str, Any]:
        past = self.messages
        return {
            "kind": type(self).__name__,
            "label": past.label,
            "workers": past.workers,
            "evaluate": past.evaluate,
            "longest": past.longest,
            "extra": past.extra.tolist(),
            "repeat": self.repeat,
        }

    def course(self, generator: np.random.Generator, lanes: int) -> Messenger:
        return _Replayed(self, lanes)


class _Replayed(Messenger):
    """Known messages on their way through time."""

    def __init__(self, schedule: MessageTrace, lanes: int) -> None:
        self._schedule, self._extra = schedule, schedule.messages.extra
        self._lanes, self._start = lanes, 0

    def draw(self, steps: int) -> Delays:
        schedule, extra = self._schedule, self._extra
        schedule.allow(self._start + steps)
        rows = np.arange(self._start, self._start + steps) % len(extra)
        self._start += steps
        return np.broadcast_to(extra[rows][:, None], (steps, self._lanes, *extra.shape[1:]))


def messages(
    schedule: Schedule, steps: int, *, seed: int = 0, replica: int = 0, lanes: int = 256
) -> Messages:
    """What caches send each other in replica number `replica` of `simulate` with this seed.

    Parameters: steps = T; lanes, the width of a tile, which is part of the seeding:
    `schedule.width(problem.lanes, problem.dim)`.
    Raises ValueError if the schedule is not one of caches, or a number is out of range.

    >>> from empirics import schedules
    >>> messages(schedules.Caches(2), steps=2).arrives
    array([1, 1, 1, 1, 2, 2, 2, 2])
    """
    if not isinstance(schedule, OwnCaches):
        raise ValueError(f"messages needs a schedule of caches, got {schedule!r}; see history")
    steps = whole("messages", "of steps", steps, 1)
    lanes = whole("messages", "of lanes", lanes, 1)
    tile, lane = divmod(whole("messages", "replica", replica, 0), lanes)
    sequence = np.random.SeedSequence(whole("messages", "seed", seed, 0, np.inf), spawn_key=(tile,))
    course = schedule.course(np.random.Generator(np.random.SFC64(sequence.spawn(2)[1])), lanes)
    starts = range(0, steps, AHEAD)
    parts = [course.draw(min(AHEAD, steps - start))[:, lane] for start in starts]
    P = schedule.workers
    sent, source, destination = (axis.ravel() for axis in np.indices((steps, P, P)))
    return Messages(
        sent=sent,
        source=source,
        destination=destination,
        arrives=sent + 1 + np.concatenate(parts).ravel(),
        workers=P,
        longest=schedule.longest,
        evaluate=schedule.evaluate,
        label=repr(schedule),
    )


def _fault(
    columns: dict[str, NDArray[np.int64]], P: int, longest: int
) -> tuple[int, str, str] | None:
    """The first row in which something is wrong, what is needed, and what it has."""
    n = len(columns["sent"])
    if n == 0 or n % P**2:
        return n, f"{P**2} messages in every iteration", f"{n % P**2} in the last"
    expected = (axis.ravel() for axis in np.indices((n // P**2, P, P)))
    for name, right in zip(columns, expected, strict=False):
        wrong = np.flatnonzero(columns[name] != right)
        if len(wrong):
            row = int(wrong[0])
            needs = f"messages in order of iterations, sources, destinations, {name} = {right[row]}"
            return row, needs, str(columns[name][row])
    r = columns["arrives"] - columns["sent"] - 1
    wrong = np.flatnonzero((r < 0) | (r > longest))
    if len(wrong):
        row = int(wrong[0])
        first = columns["sent"][row] + 1
        return row, f"arrivals in {first}, ..., {first + longest}", str(columns["arrives"][row])
    return None
