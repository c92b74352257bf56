"""What one replica's schedule did: who computed which gradient, on what, from when to when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array, whole
from empirics.schedules.base import Delays, settle
from empirics.schedules.tables import NUMBER, load_table, save_table
from empirics.schedules.traces import Trace

TITLE = "# staleness history 1"
COLUMNS = {"worker": int, "read": int, "applied": int, "begun": float, "ended": float}


@dataclass(frozen=True, eq=False, kw_only=True)
class History:
    """Who did what when: one row a gradient, in the order of use.

    Fields, of shape (n,): worker = 0, ..., W - 1, who computes it; read, the number of the iterate
    it is computed at; applied, the update that uses it, -1 if it is thrown away; begun and ended,
    when it was read and when it arrived, in the units of the service times, or of updates where
    there are none. gradients = K, of which every update applies the mean; workers = W; label.
    Gradients that are still in flight at the end have no row.
    Raises ValueError unless all updates 0, ..., T - 1 are there in this order with K gradients
    each, none applied before it is read or ended before it is begun.

    >>> from empirics import schedules
    >>> past = schedules.history(schedules.Constant(2), steps=5)
    >>> past.delays, past.worker
    (array([0, 1, 2, 2, 2]), array([0, 1, 2, 0, 1]))
    """

    worker: NDArray[np.int64]
    read: NDArray[np.int64]
    applied: NDArray[np.int64]
    begun: Array
    ended: Array
    gradients: int
    workers: int
    label: str = "history"

    def __post_init__(self) -> None:
        whole("history", "gradients", self.gradients, 1)
        whole("history", "workers", self.workers, 1)
        if not isinstance(self.label, str) or not self.label.isprintable():
            raise ValueError(f"history needs a label of one line, got {self.label!r}")
        for name, number in COLUMNS.items():
            kind = "iu" if number is int else "iuf"
            column = np.asarray(getattr(self, name))
            if column.ndim != 1 or len(column) != len(self.worker) or column.dtype.kind not in kind:
                raise ValueError(
                    f"history needs {'whole ' * (kind == 'iu')}numbers {name} of shape "
                    f"({np.size(self.worker)},), got {column.dtype} of shape {column.shape}"
                )
            copy = column.astype(np.int64 if kind == "iu" else np.float64)
            copy.setflags(write=False)
            settle(self, **{name: copy})
        fault = _fault(self)
        if fault is not None:
            raise ValueError(f"history needs {fault.needs} in row {fault.row}, got {fault.got}")

    @property
    def updates(self) -> int:
        """T, how many updates it covers."""
        return int((self.applied >= 0).sum()) // self.gradients

    @property
    def delays(self) -> Delays:
        """The delay of every gradient that is applied, in updates, in the order of use: (T K,)."""
        used = self.applied >= 0
        delays: Delays = self.applied[used] - self.read[used]
        return delays

    @property
    def timed(self) -> bool:
        """Whether it knows a time of its own: delays alone have one update a unit."""
        own = (self.begun != self.read) | (self.ended != self.applied + 1)
        return bool(own[self.applied >= 0].any())

    def replay(self, *, repeat: bool = False) -> Trace:
        """A schedule that does this again in all replicas, T updates long.

        What was thrown away changes no iterate and is not replayed. repeat=True starts over after
        T updates, and then does not know the time; without it `past` is this history.
        """
        used, shape = self.applied >= 0, (self.updates, self.gradients)
        times = self.ended[used].reshape(shape)
        trace = Trace(self.delays.reshape(shape), times=times, label=self.label, repeat=repeat)
        settle(trace, past=None if repeat else self)
        return trace

    def until(self, updates: int) -> History:
        """The same up to the last gradient of so many updates.

        Raises ValueError unless updates is in 1, ..., T.
        """
        last = whole("history", "of updates", updates, 1)
        if last > self.updates:
            raise ValueError(f"history needs at most its {self.updates} updates, got {last}")
        stop = int(np.flatnonzero(self.applied == last - 1)[-1]) + 1
        columns = {name: getattr(self, name)[:stop] for name in COLUMNS}
        return replace(self, **columns)

    def save(self, path: str | PathLike[str], notes: Sequence[str] = ()) -> None:
        """Write it as CSV, every bit of it; `load` reads it back.

        notes are lines of comment below the first, each without a line break in it.
        """
        about = {"gradients": self.gradients, "workers": self.workers, "label": self.label}
        columns = {name: getattr(self, name) for name in COLUMNS}
        save_table("history", path, TITLE, about, columns, notes)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> History:
        """Read what `save` has written; further lines that begin with # are for the reader.

        Raises ValueError, with the number of the line, if the file is damaged.
        """
        numbers = {"gradients": NUMBER, "workers": NUMBER}
        table = load_table("history", path, TITLE, numbers, COLUMNS)
        record: dict[str, Any] = {
            **table.columns,
            **{name: int(table.about[name]) for name in numbers},
            "label": table.about.get("label", "history"),
        }
        fault = _fault(_Raw(**record))
        if fault is not None:
            raise table.refuse("history", fault.row, fault.needs, fault.got)
        return cls(**record)


# ---- what a history cannot be ----


@dataclass(frozen=True, eq=False, kw_only=True)
class _Raw:
    """The columns before they are checked."""

    worker: NDArray[np.int64]
    read: NDArray[np.int64]
    applied: NDArray[np.int64]
    begun: Array
    ended: Array
    gradients: int
    workers: int
    label: str


@dataclass(frozen=True, kw_only=True)
class _Fault:
    row: int
    needs: str
    got: str


def _fault(rows: History | _Raw) -> _Fault | None:
    """The first thing that is wrong, None if nothing is."""
    n, K, W = len(rows.worker), rows.gradients, rows.workers
    if n == 0:
        return _Fault(row=0, needs="at least one gradient", got="none")
    used = np.flatnonzero(rows.applied >= 0)
    expected = np.full(n, -1)
    expected[used] = np.arange(len(used)) // K
    late = (rows.applied >= 0) & (rows.applied < rows.read)
    for name, needs, wrong in (
        ("worker", f"workers 0, ..., {W - 1}", (rows.worker < 0) | (rows.worker >= W)),
        ("read", "iterates read >= 0", rows.read < 0),
        ("applied", "updates applied >= 0, or -1 for never", rows.applied < -1),
        ("begun", "finite times begun >= 0", ~(np.isfinite(rows.begun) & (rows.begun >= 0))),
        (
            "ended",
            "finite times ended >= begun",
            ~(np.isfinite(rows.ended) & (rows.ended >= rows.begun)),
        ),
        ("read", "every gradient applied after it is read, read <= applied", late),
        ("applied", f"updates in order, {K} gradients each", rows.applied != expected),
    ):
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            return _Fault(row=row, needs=needs, got=f"{name} = {getattr(rows, name)[row]}")
    if len(used) % K or not len(used):
        left = f"{len(used) % K} in the last" if len(used) else "no update"
        return _Fault(row=n, needs=f"updates of {K} gradients each", got=left)
    return None
