"""Space-time diagrams: who talks to whom, when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from empirics.diagrams.caches import draw_caches
from empirics.diagrams.workers import draw_workers
from empirics.plots import new_figure
from empirics.problems.base import whole
from empirics.schedules.history import History
from empirics.schedules.messages import Messages

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = {History: 30, Messages: 6}  # steps shown unless asked for otherwise


def space_time(
    record: History | Messages,
    ax: Axes | None = None,
    *,
    updates: int | tuple[int, int] | None = None,
    sources: Sequence[int] | None = None,
) -> Axes:
    """Who reads and writes when: time across, workers down.

    Of a history, with the iterates on top: a bar is a gradient, from its reading to its arrival,
    and the number in it its delay. A dotted arrow down reads the iterate on top that is the latest
    by then, a solid one up brings the gradient. Grey and crossed out: thrown away. A grey line: the
    worker waits. Histories of delays alone have no workers, but rows of gradients in flight, and
    time counts updates.

    Of messages between caches: an arrow goes from the iteration in which a worker makes an update
    to the iteration at whose start it is in another one's cache; one's own fly above the line if
    they are late.

    Parameters: updates (iterations of caches), the first so many or (first, stop); the first 30 (6)
    unless given. sources, the workers whose messages are drawn, all of them unless given.
    Raises ValueError if it is no such record, or has no such updates or sources.

    >>> from empirics import schedules
    >>> past = schedules.history(schedules.Constant(2), steps=12)
    >>> space_time(past, updates=8).get_xlabel()
    'time, in updates'
    """
    if not isinstance(record, History | Messages):
        raise ValueError(
            f"space_time needs a record of history(...) or messages(...), got {record!r}"
        )
    steps = record.updates if isinstance(record, History) else record.steps
    first, stop = _window(steps, min(steps, MOST[type(record)]), updates)
    if isinstance(record, History):
        if sources is not None:
            raise ValueError("space_time needs messages to choose sources, got a history")
        ax = _axes(ax, 1.6 + 0.5 * record.workers)
        draw_workers(ax, record, first, stop)
    else:
        chosen = range(record.workers) if sources is None else sources
        for p in chosen:
            if whole("space_time", "in sources", p, 0) >= record.workers:
                raise ValueError(f"space_time needs sources < {record.workers}, got {p}")
        ax = _axes(ax, 1.2 + 0.8 * record.workers)
        draw_caches(ax, record, first, stop, chosen)
    ax.tick_params(axis="y", length=0)
    ax.spines[["left", "top", "right"]].set_visible(False)
    return ax


def _axes(ax: Axes | None, height: float) -> Axes:
    return new_figure(width=9, height=height).axes[0] if ax is None else ax


def _window(steps: int, most: int, updates: int | tuple[int, int] | None) -> tuple[int, int]:
    given = (0, most) if updates is None else updates
    ends = given if isinstance(given, tuple) else (0, given)
    if len(ends) != 2:
        raise ValueError(f"space_time needs updates as a number or (first, stop), got {updates!r}")
    first, stop = (whole("space_time", "of updates", end, 0) for end in ends)
    if not first < stop <= steps:
        raise ValueError(
            f"space_time needs updates within 0, ..., {steps}, first before stop, got {updates!r}"
        )
    return first, stop
