"""The curve of a mean over replicas, and which of its times take part in a fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array

if TYPE_CHECKING:
    from empirics.runs import Runs

Summary: TypeAlias = Literal["last", "least", "average"]

POINTS = 60  # of a window that take part, evenly in the logarithm: late times are no better


def curves(
    runs: Runs, measure: str = "squared gradient", summary: Summary = "last"
) -> tuple[NDArray[np.int64], Callable[[Array], Array], Array]:
    """Times T >= 1, the summary, and the values of every replica, (K, n), as `fit` takes them."""
    if measure not in runs.each:
        known = ", ".join(runs.each) or "none"
        raise ValueError(
            f"rates need every replica's {measure}, got runs that keep {known}; simulate with "
            f'each=True and measures=["{measure}", ...]'
        )
    if summary not in ("last", "least", "average"):
        raise ValueError(f'rates need summary = "last", "least" or "average", got {summary!r}')
    times, values = runs.times, runs.each[measure]
    if summary == "average" and not np.array_equal(times, np.arange(len(times))):
        raise ValueError('rates of an average need every iterate; simulate with record="all"')
    if summary == "average":  # over x_0, ..., x_{T - 1}
        return times[1:], lambda means: _average(means)[:-1], values
    if summary == "least":
        return times[times > 0], lambda means: np.minimum.accumulate(means)[times > 0], values
    return times[times > 0], lambda means: means[times > 0], values


def chosen(
    times: NDArray[np.int64], window: tuple[int, int] | None, least: int
) -> NDArray[np.int64]:
    """Places of the times that take part: in the window, evenly in the logarithm."""
    if window is not None and not (
        isinstance(window, Sequence) and [isinstance(end, Real) for end in window] == [True, True]
    ):
        raise ValueError(f"rates need a window of two times, (first, last), got {window!r}")
    first, last = (times[0], times[-1]) if window is None else window
    inside: NDArray[np.int64] = np.flatnonzero((times >= first) & (times <= last))
    if len(inside) <= least:
        raise ValueError(
            f"rates need more than {least} recorded times in the window {first}..{last}, got "
            f"{len(inside)}"
        )
    wanted = np.geomspace(times[inside[0]], times[inside[-1]], POINTS)
    nearest = np.searchsorted(times[inside], np.rint(wanted)).clip(max=len(inside) - 1)
    return np.asarray(inside[np.unique(nearest)])


def _average(means: Array) -> Array:
    return np.asarray(np.cumsum(means) / np.arange(1, len(means) + 1))
