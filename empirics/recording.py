"""What of a run is recorded, and when: the arguments of `simulate` as a recorder needs them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirics.moments import MEASURES
from empirics.problems.base import Problem, whole

TIMES = 200  # recorded under record="log"


def recorded_times(record: str | int | ArrayLike, steps: int) -> NDArray[np.int64]:
    """The recorded times, ascending."""
    if isinstance(record, str):
        if record == "all":
            return np.arange(steps + 1)
        if record == "log":
            later = np.rint(np.geomspace(1, steps, TIMES)).astype(np.int64)
            return np.unique(np.append(0, later))
        raise ValueError(f'simulate needs record = "all", "log", a number or times, got {record!r}')
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


def measures_asked(problem: Problem, asked: Sequence[str]) -> tuple[str, ...]:
    """The measures asked for, in the order of `MEASURES`."""
    names = (asked,) if isinstance(asked, str) else tuple(asked)
    for name in names:
        if name not in MEASURES:
            raise ValueError(f"simulate needs measures among {', '.join(MEASURES)}, got {name!r}")
        if "distance" in name and problem.minimiser is None:
            raise ValueError(
                f"simulate needs the minimiser for the {name}; {problem.name} has none"
            )
    return tuple(name for name in MEASURES if name in names or name == "squared gradient")
