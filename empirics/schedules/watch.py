"""Watch a schedule: the history of one of its replicas, as in `simulate`."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import whole
from empirics.schedules.base import Block, Schedule, SharedIterate
from empirics.schedules.history import History
from empirics.schedules.traces import Trace

AHEAD = 256  # updates drawn in one go


def history(
    schedule: Schedule, steps: int, *, seed: int = 0, replica: int = 0, lanes: int = 256
) -> History:
    """What the schedule does in replica number `replica` of `simulate` with this seed.

    Parameters: steps = T; lanes, the width of the problem's tiles (`problem.lanes`), as that is
    part of the seeding. A schedule of delays alone has no workers: the gradients in flight are put
    into the fewest rows in which no two overlap, each begun at t = read and ended at applied + 1.
    Of a history that is replayed it is that history, with its workers and what they threw away.
    Raises ValueError if the schedule is not one of a shared iterate, or a number is out of range.

    >>> from empirics import schedules
    >>> history(schedules.Uniform(3), steps=6, seed=1).applied
    array([0, 1, 2, 3, 4, 5])
    """
    if not isinstance(schedule, SharedIterate):
        raise ValueError(f"history needs a schedule of one iterate, got {schedule!r}; see messages")
    steps = whole("history", "steps", steps, 1)
    lanes = whole("history", "lanes", lanes, 1)
    tile, lane = divmod(whole("history", "replica", replica, 0), lanes)
    sequence = np.random.SeedSequence(whole("history", "seed", seed, 0, np.inf), spawn_key=(tile,))
    schedule.allow(steps)
    if isinstance(schedule, Trace) and schedule.past is not None:
        return schedule.past.until(steps)
    course = schedule.course(np.random.Generator(np.random.SFC64(sequence.spawn(2)[1])), lanes)
    K = schedule.gradients
    starts = range(0, steps, AHEAD)
    blocks = ((start, course.draw(min(AHEAD, steps - start))) for start in starts)
    if schedule.workers:
        rows, workers = list(_watched(blocks, K, lane)), schedule.workers
    else:
        delays = np.concatenate([_lane(block.delays, lane) for _, block in blocks])
        applied = np.arange(steps * K) // K
        read = applied - delays
        lines = _lines(read, applied + 1)
        rows = list(zip(lines, read, applied, read, applied + 1, strict=True))
        workers = max(lines) + 1
    worker, read, applied, begun, ended = (np.array(column) for column in zip(*rows, strict=True))
    return History(
        worker=worker,
        read=read,
        applied=applied,
        begun=begun,
        ended=ended,
        gradients=K,
        workers=workers,
        label=repr(schedule),
    )


def _watched(
    blocks: Iterator[tuple[int, Block]], K: int, lane: int
) -> Iterator[tuple[int, int, int, Any, Any]]:
    """The rows of one replica of a schedule with workers, in the order of use.

    Who reads again while its gradient has not been used has thrown it away at that time.
    """
    held: dict[int, tuple[int, float]] = {}  # what each worker has read, and when
    for start, block in blocks:
        readings = block.starts
        if readings is None or block.times is None or block.workers is None:
            raise RuntimeError("a schedule with workers needs blocks that say who reads when")
        mine = slice(None) if readings.lane is None else readings.lane == lane
        before, reader, times = (
            column[mine].tolist() for column in (readings.before, readings.worker, readings.times)
        )
        arrivals, users, delays = (
            _lane(column, lane).tolist() for column in (block.times, block.workers, block.delays)
        )
        i = 0
        for a, (w, arrival, delay) in enumerate(zip(users, arrivals, delays, strict=True)):
            t = start + a // K
            while i < len(before) and before[i] <= a:
                if reader[i] in held:
                    version, begun = held[reader[i]]
                    yield reader[i], version, -1, begun, times[i]
                held[reader[i]] = (t, times[i])
                i += 1
            version, begun = held.pop(w)
            if version != t - delay:
                raise RuntimeError(f"worker {w} read {version}, but update {t} has delay {delay}")
            yield w, version, t, begun, arrival


def _lines(begin: NDArray[np.int64], end: NDArray[np.int64]) -> list[int]:
    """A row for every interval [begin, end), the fewest in which no two overlap.

    >>> _lines(np.array([0, 0, 1, 2]), np.array([1, 2, 3, 4]))
    [0, 1, 0, 1]
    """
    lines, free, busy = [0] * len(begin), list[int](), list[tuple[int, int]]()
    for a in np.lexsort((end, begin)).tolist():  # greedy by the begin is optimal for intervals
        while busy and busy[0][0] <= begin[a]:
            heapq.heappush(free, heapq.heappop(busy)[1])
        lines[a] = heapq.heappop(free) if free else len(busy)
        heapq.heappush(busy, (int(end[a]), lines[a]))
    return lines


def _lane(column: NDArray[Any], lane: int) -> NDArray[Any]:
    return column if column.ndim == 1 else column[:, lane]
