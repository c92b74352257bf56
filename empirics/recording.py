"""What of a run is recorded, and when: the arguments of `simulate` as a recorder needs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirics.moments import MAPPING, MEASURES
from empirics.problems.base import Problem, whole

Record: TypeAlias = str | int | ArrayLike | tuple[str, int]

TIMES = 200  # recorded under record="log"
RECORDING = 2**64 - 1  # where a tile's stream has the number of the tile: there are not so many


def recorded_times(record: Record, steps: int, seed: int = 0) -> NDArray[np.int64]:
    """The recorded times, ascending; the seed decides where they are random.

    >>> recorded_times(("random", 10), 30, seed=1)
    array([ 3, 15, 27, 30])
    """
    if isinstance(record, str):
        if record == "all":
            return np.arange(steps + 1)
        if record == "log":
            later = np.rint(np.geomspace(1, steps, TIMES)).astype(np.int64)
            return np.unique(np.append(0, later))
        raise _no_times(record)
    if isinstance(record, list | tuple) and any(isinstance(part, str) for part in record):
        if len(record) != 2 or record[0] != "random":
            raise _no_times(record)
        lengths = windows(record, steps)
        stream = np.random.SeedSequence(seed, spawn_key=(RECORDING,))
        offsets = np.random.default_rng(stream).integers(0, lengths)
        return np.append(np.cumsum(lengths) - lengths + offsets, steps)
    times = np.asarray(record)
    if times.ndim == 0:
        return np.append(np.arange(0, steps, whole("simulate", "record", record, 1)), steps)
    if times.ndim != 1 or times.size == 0 or times.dtype.kind not in "iu":
        raise ValueError(
            f"simulate needs whole times to record, shape (K,), got {times.dtype} of shape "
            f"{times.shape}"
        )
    if times.min() < 0 or times.max() > steps:
        raise ValueError(
            f"simulate needs times to record in 0, ..., steps = {steps}, got "
            f"{times.min()}, ..., {times.max()}"
        )
    return np.unique(times).astype(np.int64)


def windows(record: Record, steps: int) -> NDArray[np.int64]:
    """How many of the times 0, ..., steps - 1 each recorded one of them stands for.

    Raises ValueError unless every time is recorded, or a random one in each window.

    >>> windows(("random", 10), 25)
    array([10, 10,  5])
    """
    if isinstance(record, str) and record == "all":
        return np.ones(steps, dtype=np.int64)
    if not isinstance(record, list | tuple) or record[0] != "random":
        raise ValueError(
            f'an average over time needs record = "all" or ("random", m), got {record!r}; '
            "other times are not a fair share of all"
        )
    m = whole("simulate", 'm in record = ("random", m)', record[1], 1)
    return np.diff(np.append(np.arange(0, steps, m), steps))


def settings_of(record: Record) -> Any:
    """What the recorded times can be asked for with again, ready for JSON."""
    if isinstance(record, list | tuple) and any(isinstance(part, str) for part in record):
        return [record[0], int(record[1])]
    return record if isinstance(record, str) else np.asarray(record).tolist()


def _no_times(record: object) -> ValueError:
    return ValueError(
        f'simulate needs record = "all", "log", a number or times, or ("random", m), got {record!r}'
    )


def measures_asked(problem: Problem, asked: Sequence[str]) -> tuple[str, ...]:
    """The measures asked for, in the order of `MEASURES`."""
    if not isinstance(asked, Sequence):
        raise ValueError(f"simulate needs a sequence of measures, got {asked!r}")
    names = (asked,) if isinstance(asked, str) else tuple(asked)
    for name in names:
        if name not in MEASURES:
            raise ValueError(f"simulate needs measures among {', '.join(MEASURES)}, got {name!r}")
        if "distance" in name and problem.minimiser is None:
            raise ValueError(
                f"simulate needs the minimiser for the {name}; {problem.name} has none"
            )
        if name == MAPPING and "L" not in problem.constants:
            raise ValueError(
                f"simulate needs L for the {name}, whose step is 1/L; {problem.name} has none"
            )
    return tuple(name for name in MEASURES if name in names or name == "squared gradient")
