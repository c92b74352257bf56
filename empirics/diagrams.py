"""Figures of schedules: who talks to whom, when, and how late it comes. Axes in, axes out.

They draw what a history, a trace or a law already holds and compute nothing; colours and styles are
those of `plots`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from empirics.plots import COLOURS, MARKERS, new_figure, several_labels
from empirics.problems.base import whole
from empirics.schedules.base import Law
from empirics.schedules.history import History
from empirics.schedules.reads import Reads
from empirics.schedules.traces import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

HALF = 0.3  # of the height of a bar; workers are 1 apart
ROOM = 0.02  # of the width, for a number in a bar
APART = 0.045  # of the width, between the names of two iterates
MOST = 30  # updates shown unless asked for otherwise


def space_time(
    history: History, ax: Axes | None = None, *, updates: int | tuple[int, int] | None = None
) -> Axes:
    """Who reads and writes when: time across, the iterates on top, workers down.

    A bar is a gradient, from its reading to its arrival, and the number in it its delay. A dotted
    arrow down reads the iterate on top that is the latest by then, a solid one up brings the
    gradient. Grey and crossed out: thrown away. A thin grey line: the worker waits. Histories of
    delays alone have no workers, but rows of gradients in flight, and time counts updates.

    Parameters: updates, the first so many or (first, stop); the first 30 unless given.
    Raises ValueError if it is no history, or has no such updates.

    >>> from empirics import schedules
    >>> past = schedules.history(schedules.Constant(2), steps=12)
    >>> space_time(past, updates=8).get_xlabel()
    'time, in updates'
    """
    if not isinstance(history, History):
        raise ValueError(f"space_time needs a history such as history(...), got {history!r}")
    first, stop = _window(history, updates)
    came = _came(history)  # when x_0, x_1, ... came to be
    begin, end = came[first], came[stop]
    if ax is None:
        ax = new_figure(width=9, height=1.6 + 0.5 * history.workers).axes[0]
    _line_of_iterates(ax, came, first, stop)
    for w in range(history.workers):
        mine = np.flatnonzero(
            (history.worker == w) & (history.ended >= begin) & (history.begun <= end)
        )
        _bars(ax, history, mine, w, begin, end)
    _arrows(ax, history, begin, end)
    if _timed(history):
        _waits(ax, history, begin, end)
    margin = 0.02 * (end - begin)
    ax.set(
        xlim=(begin - margin, end + margin),
        ylim=(history.workers - 1 + 1.6, -0.75),
        xlabel="time" if _timed(history) else "time, in updates",
        yticks=range(history.workers + 1),
        yticklabels=["iterates", *map(str, range(history.workers))],
        ylabel="worker" if _timed(history) else "in flight",
    )
    ax.tick_params(axis="y", length=0)
    ax.spines[["left", "top", "right"]].set_visible(False)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=5, frameon=False)
    return ax


def _window(history: History, updates: int | tuple[int, int] | None) -> tuple[int, int]:
    T = history.updates
    given = (0, min(T, MOST)) if updates is None else updates
    ends = given if isinstance(given, tuple) else (0, given)
    if len(ends) != 2:
        raise ValueError(f"space_time needs updates as a number or (first, stop), got {updates!r}")
    first, stop = (whole("space_time", "of updates", end, 0) for end in ends)
    if not first < stop <= T:
        raise ValueError(
            f"space_time needs updates within 0, ..., {T}, first before stop, got {updates!r}"
        )
    return first, stop


def _timed(history: History) -> bool:
    """Whether it knows a time of its own: delays alone have one update a unit."""
    own = (history.begun != history.read) | (history.ended != history.applied + 1)
    return bool(own[history.applied >= 0].any())


def _came(history: History) -> NDArray[np.float64]:
    """When x_t came to be: with the last gradient of the update before."""
    ended = history.ended[history.applied >= 0].reshape(-1, history.gradients)
    arrived = np.maximum.accumulate(ended.max(axis=1))
    return np.concatenate([[history.begun.min()], arrived])


def _line_of_iterates(ax: Axes, came: NDArray[np.float64], first: int, stop: int) -> None:
    """A line with a dot for each iterate, and a name for as many as there is room for."""
    at = came[first : stop + 1]
    ax.plot(at, np.zeros(len(at)), color="0.2", marker="o", markersize=5, zorder=4)
    named: list[int] = []
    for t in range(first, stop + 1):
        if not named or came[t] - came[named[-1]] >= APART * (at[-1] - at[0]):
            named.append(t)
            ax.annotate(
                f"$x_{{{t}}}$", (came[t], 0), (0, 6), textcoords="offset points", ha="center"
            )


def _bars(
    ax: Axes, history: History, mine: NDArray[np.int64], w: int, begin: float, end: float
) -> None:
    colour = COLOURS[w % len(COLOURS)]
    for row in mine.tolist():
        lost = history.applied[row] < 0
        left, right = history.begun[row], history.ended[row]
        look: dict[str, Any] = {"facecolor": _pale(colour), "edgecolor": "white"}
        if lost:
            look = {"facecolor": "0.95", "edgecolor": "0.65", "hatch": "xxx"}
        ax.barh(w + 1, right - left, left=left, height=2 * HALF, zorder=3, **look)
        left, right = max(left, begin), min(right, end)
        if right - left >= ROOM * (end - begin) and not lost:
            delay = history.applied[row] - history.read[row]
            place = ((left + right) / 2, w + 1)
            ax.text(*place, str(delay), ha="center", va="center", zorder=5, clip_on=True)


def _pale(colour: str) -> tuple[float, ...]:
    """Mixed with white: a number on it is readable, and a line behind it does not shine through."""
    from matplotlib.colors import to_rgb

    return tuple(1 - 0.4 * (1 - part) for part in to_rgb(colour))


def _arrows(ax: Axes, history: History, begin: float, end: float) -> None:
    """Reads down and writes up, each with its head; who is thrown away does not get there."""
    colours = np.array(COLOURS)[history.worker % len(COLOURS)]
    top = history.worker + 1 - HALF
    reads = (history.begun >= begin) & (history.begun <= end)
    ended = (history.ended >= begin) & (history.ended <= end)
    writes, lost = ended & (history.applied >= 0), ended & (history.applied < 0)
    for chosen, times, style, head, label in (
        (reads, history.begun, ":", "v", "reads"),
        (writes, history.ended, "-", "^", "writes"),
        (lost, history.ended, "--", "x", "thrown away"),
    ):
        if not chosen.any():
            continue
        at, low = times[chosen], top[chosen]
        tint = colours[chosen] if head != "x" else ["0.5"] * len(at)
        tip = low - 0.07 if head == "v" else np.full(len(at), 0.17)
        stems = ax.vlines(at, 0, low, colors=tint, linestyles=style, linewidth=1.2, zorder=2)
        stems.set_gid(label)  # the name of the group in an SVG file
        ax.scatter(at, tip, color=tint, marker=head, s=28, zorder=4)
        ax.plot([], [], color="0.3", linestyle=style, marker=head, label=label)


def _waits(ax: Axes, history: History, begin: float, end: float) -> None:
    gaps = []
    for w in range(history.workers):
        mine = np.flatnonzero(history.worker == w)
        for one, other in pairwise(mine.tolist()):
            idle = (history.ended[one], history.begun[other])
            if idle[1] > idle[0] and idle[0] < end and idle[1] > begin:
                gaps.append((w + 1, *idle))
    if gaps:
        rows, left, right = zip(*gaps, strict=True)
        ax.hlines(rows, left, right, colors="0.5", linewidth=2, zorder=2, label="waits")


def delays(
    things: Any,
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
    log: bool = False,
) -> Axes:
    """How often each delay occurs: laws as points, what was counted as steps.

    Parameters: things, one or several of these: a law with a `pmf`, a history, a trace, or `reads`
    of runs; log, a logarithmic axis of frequencies.
    Raises ValueError for anything else, nothing, or other than one label each.

    >>> from empirics import schedules
    >>> law = schedules.Uniform(4)
    >>> delays([law, schedules.history(law, steps=500)], labels=["law", "drawn"]).get_xlabel()
    'delay, in updates'
    """
    several = list(things) if isinstance(things, Sequence) else [things]
    names = several_labels("delays", several, labels, [_name(thing) for thing in several])
    ax = new_figure().axes[0] if ax is None else ax
    for place, (thing, name) in enumerate(zip(several, names, strict=True)):
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        if isinstance(thing, Law):
            if thing.pmf is None:
                raise ValueError(f"delays needs laws with a pmf, got {thing!r}; draw its history")
            law = np.where(thing.pmf > 0, thing.pmf, np.nan)
            look: dict[str, Any] = {"markersize": 4, "linewidth": 0.8, "zorder": 3}
            ax.plot(law, color=colour, marker=marker, label=name, **look)
            continue
        counts = _counts(thing)
        edges = np.arange(len(counts) + 1) - 0.5
        ax.stairs(counts / counts.sum(), edges, color=colour, fill=True, alpha=0.25)
        ax.stairs(counts / counts.sum(), edges, color=colour, linewidth=1.6, label=name)
    ax.set(xlabel="delay, in updates", ylabel="share of the gradients")
    if log:
        ax.set_yscale("log")
    ax.legend(frameon=False, fontsize="small")
    return ax


def delays_over_time(
    things: Any, ax: Axes | None = None, *, labels: Sequence[str] | None = None
) -> Axes:
    """The delay of every gradient against the update that applies it.

    Parameters: things, one or several histories or traces.
    Raises ValueError for anything else, nothing, or other than one label each.

    >>> from empirics import schedules
    >>> ax = delays_over_time(schedules.history(schedules.Uniform(4), steps=50))
    >>> len(ax.lines[0].get_ydata())
    50
    """
    several = list(things) if isinstance(things, Sequence) else [things]
    names = several_labels("delays_over_time", several, labels, [_name(thing) for thing in several])
    ax = new_figure().axes[0] if ax is None else ax
    for place, (thing, name) in enumerate(zip(several, names, strict=True)):
        K, late = _each("delays_over_time", thing)
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        look: dict[str, Any] = {"linestyle": "", "markersize": 2, "label": name}
        ax.plot(np.arange(len(late)) // K, late, color=colour, marker=marker, **look)
    ax.set(xlabel="update", ylabel="delay, in updates")
    ax.legend(frameon=False, fontsize="small", markerscale=3)
    return ax


def _each(who: str, thing: Any) -> tuple[int, NDArray[np.int64]]:
    """K and the delay of every gradient in the order of use."""
    if not isinstance(thing, History | Trace):
        raise ValueError(f"{who} needs histories or traces, got {thing!r}")
    return thing.gradients, thing.delays.ravel()


def _counts(thing: Any) -> NDArray[np.int64]:
    if isinstance(thing, History | Trace):
        return np.bincount(thing.delays.ravel())
    if not isinstance(thing, Reads):
        raise ValueError(f"delays needs laws, histories, traces or reads, got {thing!r}")
    return thing.counts


def _name(thing: Any) -> str:
    return str(getattr(thing, "label", "counted" if isinstance(thing, Reads) else repr(thing)))
