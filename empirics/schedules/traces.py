"""Delays that are known one by one: replayed from a history, or given as an array."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.base import Array, flag
from empirics.schedules.base import Block, Course, Delays, SharedIterate, settle

if TYPE_CHECKING:
    from empirics.schedules.history import History


@dataclass(frozen=True, init=False, eq=False)
class Trace(SharedIterate):
    r"""These delays, in all replicas: update t applies the mean of K gradients, at x_{t - tau_tk}.

    .. math:: x_{t+1} = x_t - \frac{\eta_t}{K} \sum_{k=1}^K \nabla f(x_{t - \tau_{tk}})

    Parameters: delays tau, (T,) or (T, K), in updates, whole, 0 <= tau_t <= t; times, when each
    gradient arrives, the same shape, if that is known; label, what it is called; repeat=True
    starts over at the end, without it there are T updates and no more.
    Raises ValueError if there are no delays, or one is not a whole number in 0, ..., t.

    >>> trace = Trace([0, 1, 0, 2])
    >>> trace.tau_max, trace.updates, trace.mean
    (2, 4, 0.75)
    >>> Trace([0, 2])
    Traceback (most recent call last):
    ValueError: trace needs delays 0 <= tau_t <= t, got 2 at update 1, which can read x_0, ..., x_1
    """

    delays: Delays = field(repr=False)  # (T, K)
    times: Array | None = field(repr=False)  # (T, K)
    label: str
    repeat: bool
    past: History | None = field(init=False, repr=False)  # the history that it replays as it was

    def __init__(
        self,
        delays: ArrayLike,
        *,
        times: ArrayLike | None = None,
        label: str = "trace",
        repeat: bool = False,
    ) -> None:
        try:
            given = np.asarray(delays)
        except ValueError:
            raise ValueError(
                "trace needs as many delays of each update as of the first, got others"
            ) from None
        if given.ndim not in (1, 2) or given.size == 0 or given.dtype.kind not in "iu":
            raise ValueError(
                "trace needs whole delays of shape (T,) or (T, K), got "
                f"{given.dtype} of shape {given.shape}"
            )
        table = given.astype(np.int64).reshape(len(given), -1)
        wrong = (table < 0) | (table > np.arange(len(table))[:, None])
        if wrong.any():
            t, k = np.argwhere(wrong)[0].tolist()
            raise ValueError(
                f"trace needs delays 0 <= tau_t <= t, got {table[t, k]} at update {t}, which can "
                f"read x_0, ..., x_{t}"
            )
        clock = None if times is None else _clock(times, given.shape).reshape(table.shape)
        for array in (table, clock):
            if array is not None:
                array.setflags(write=False)
        if not isinstance(label, str) or "\n" in label:
            raise ValueError(f"trace needs a label of one line, got {label!r}")
        if repeat:
            clock = None  # a second round has no times of its own
        settle(self, delays=table, times=clock, label=label, repeat=flag("trace", "repeat", repeat))
        settle(self, tau_max=int(table.max()), past=None)

    @property
    def updates(self) -> int:
        """T, how many updates are known."""
        return len(self.delays)

    @property
    def gradients(self) -> int:
        return int(self.delays.shape[1])

    @property
    def timed(self) -> bool:
        return self.times is not None

    @property
    def mean(self) -> float:
        """Mean delay of all gradients, the start included."""
        return float(self.delays.mean())

    def allow(self, steps: int) -> None:
        if steps > self.updates and not self.repeat:
            raise ValueError(
                f"{self.label} needs at most its {self.updates} updates, got {steps}; "
                "ask for fewer steps or set repeat=True"
            )

    def course(self, generator: np.random.Generator, lanes: int) -> Course:
        return _Replayed(self)


class _Replayed(Course):
    """A trace on its way through time. Nothing is random, and replicas share it."""

    def __init__(self, trace: Trace) -> None:
        self._trace, self._start = trace, 0

    def draw(self, steps: int) -> Block:
        trace, t = self._trace, np.arange(self._start, self._start + steps)
        trace.allow(self._start + steps)
        self._start += steps
        rows = t % trace.updates
        times = None if trace.times is None else trace.times[rows].ravel()
        return Block(delays=trace.delays[rows].ravel(), times=times)


def _clock(times: ArrayLike, shape: tuple[int, ...]) -> Array:
    clock = np.array(times, dtype=np.float64)
    if clock.shape != shape or not (np.isfinite(clock) & (clock >= 0)).all():
        raise ValueError(
            f"trace needs finite times >= 0 of shape {shape}, got shape {clock.shape} with "
            f"{int((np.isfinite(clock) & (clock >= 0)).sum())} such times"
        )
    return clock
