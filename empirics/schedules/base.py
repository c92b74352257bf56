"""A schedule: which iterate each update reads. It knows no problem, and problems know no schedule.

Convention: the gradient applied at update t = 0, 1, ... was computed at x_{t - tau_t}, with
0 <= tau_t <= t. Before enough history exists the oldest iterate, x_0, is read. An update may use
the mean of K gradients; *gradient* a = t K + k is then the k-th of update t.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array

Delays: TypeAlias = NDArray[np.int64]

ROOMY = 2**19  # numbers that a tile may hold in its pending sums: 4 megabytes stay in the cache


@dataclass(frozen=True)
class Schedule(ABC):  # noqa: B024  # what is scheduled differs from one kind to the other
    """Who reads and writes what, when.

    tau_max is the largest delay that can occur, in updates, None if there is no such bound;
    `exogenous` says that delays do not look at the noise, which every convergence proof needs.
    """

    exogenous: ClassVar[bool] = True
    tau_max: int | None = field(init=False, repr=False)

    def width(self, lanes: int, dim: int) -> int:
        """The replicas in a tile, of the `lanes` that a problem of this dimension has in one."""
        return lanes

    def allow(self, steps: int) -> None:  # noqa: B027  # most schedules go on for ever
        """Raise ValueError if it ends before so many updates."""

    @property
    def settings(self) -> dict[str, Any]:
        """What the schedule can be rebuilt from, ready for JSON."""
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.init}
        return {"kind": type(self).__name__, **{name: plain(v) for name, v in given.items()}}


@dataclass(frozen=True)
class SharedIterate(Schedule):
    """A schedule of one sequence x_0, x_1, ... that all read from: delays tau_t."""

    @property
    def workers(self) -> int:
        """How many workers hold an iterate that they have read; 0 if delays are all there is."""
        return 0

    @property
    def gradients(self) -> int:
        """K, the gradients whose mean an update applies."""
        return 1

    @property
    def concurrency(self) -> int | None:
        """N, the most gradients in flight over an update, None if there is no bound."""
        if self.workers:
            return self.workers - 1  # the one that is applied is not in flight over its update
        return None if self.tau_max is None else self.tau_max * self.gradients

    @property
    def timed(self) -> bool:
        """Whether it knows when things happen, and not only in which order."""
        return self.workers > 0

    @abstractmethod
    def course(self, generator: np.random.Generator, lanes: int) -> Course:
        """The schedule of a tile of `lanes` replicas, from its start."""


@dataclass(frozen=True)
class OwnCaches(Schedule):
    """A schedule of workers with a cache each, to which updates are sent (see `Caches`).

    workers = P; evaluate, whether the cache of the "first" worker is measured or the "mean" of all.
    """

    workers: int = field(init=False, repr=False)
    evaluate: str = field(init=False, repr=False)

    @property
    @abstractmethod
    def longest(self) -> int:
        """s, the largest extra delay that can occur."""

    @abstractmethod
    def course(self, generator: np.random.Generator, lanes: int) -> Messenger:
        """The messages of a tile of `lanes` replicas, from the start."""

    def width(self, lanes: int, dim: int) -> int:
        """Halved until the pending sums and the messages of an iteration are of a decent size."""
        each = self.workers * max((self.longest + 1) * dim, self.workers)
        while lanes % 2 == 0 and lanes > 4 and lanes * each > ROOMY:
            lanes //= 2
        return lanes


class Messenger(ABC):
    """Messages between caches on their way through time."""

    @abstractmethod
    def draw(self, steps: int) -> Delays:
        """r of the next iterations, (steps, lanes, source, destination), however they are cut."""


class Course(ABC):
    """A schedule on its way through time, asked for one block of updates after the other."""

    @abstractmethod
    def draw(self, steps: int) -> Block:
        """The next `steps` updates. What comes does not depend on how it is cut into blocks."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Block:
    """A block of n gradients in the order of their use; K of them make an update.

    Fields, of shape (n,) if all replicas share them, else (n, lanes): delays, in updates, clipped
    to the history there is; workers, whose gradient it is; times, when it arrives, in units of the
    service times; discarded, how many gradients were thrown away since the one before; starts, who
    reads when. Only delays are there if the schedule has no workers.
    """

    delays: Delays
    workers: NDArray[np.int64] | None = None
    times: Array | None = None
    discarded: NDArray[np.int64] | None = None
    starts: Starts | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Starts:
    """Workers that read the current iterate and begin to compute: one entry a reading, (m,).

    Fields: before, the number in the block, ascending, of the gradient before whose use it is read;
    worker; lane, None if all replicas share everything; times, when.
    """

    before: NDArray[np.int64]
    worker: NDArray[np.int64]
    lane: NDArray[np.int64] | None
    times: Array


@dataclass(frozen=True)
class Law(SharedIterate):
    """Delays without memory: those of a block depend on the random numbers of the block only."""

    tau_max: int = field(init=False, repr=False)

    @abstractmethod
    def draw(self, generator: np.random.Generator, start: int, steps: int, lanes: int) -> Delays:
        """Delays of the updates start, ..., start + steps - 1, clipped to the history there is.

        Shape (steps,) if all replicas share them, else (steps, lanes). Chunk-invariant: calls for
        successive blocks give what one call for all of them gives.
        """

    def course(self, generator: np.random.Generator, lanes: int) -> Course:
        return _Memoryless(self, generator, lanes)

    @property
    def pmf(self) -> Array | None:
        """P(tau = k) for k = 0, ..., tau_max, before clipping; None where there is no one law."""
        return None

    @property
    def mean(self) -> float | None:
        """Mean of `pmf`; None where there is no one law."""
        return None if self.pmf is None else float(self.pmf @ np.arange(self.tau_max + 1))


class _Memoryless(Course):
    """A law, asked for its next block."""

    def __init__(self, law: Law, generator: np.random.Generator, lanes: int) -> None:
        self._law, self._generator, self._lanes, self._start = law, generator, lanes, 0

    def draw(self, steps: int) -> Block:
        delays = self._law.draw(self._generator, self._start, steps, self._lanes)
        self._start += steps
        return Block(delays=delays)


def clip(delays: Delays, start: int) -> Delays:
    """No update reads from before x_0: tau_t <= t, for delays of shape (steps,) or (steps, lanes).

    >>> clip(np.array([3, 3, 3, 3, 3]), start=0)
    array([0, 1, 2, 3, 3])
    """
    t = np.arange(start, start + len(delays))
    return np.minimum(delays, t if delays.ndim == 1 else t[:, None])


def plain(value: Any) -> Any:
    """A field as JSON has it: tuples as lists, arrays as lists, records as their settings."""
    if isinstance(value, tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return getattr(value, "settings", value)


def settle(record: object, **checked: object) -> None:
    """Give a frozen record its checked fields."""
    for name, value in checked.items():
        object.__setattr__(record, name, value)
