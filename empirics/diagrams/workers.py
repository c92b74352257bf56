"""The space-time diagram of workers that share an iterate: reads and writes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from empirics.plots import COLOURS
from empirics.schedules.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

HALF = 0.3  # of the height of a bar; workers are 1 apart
ROOM = 0.02  # of the width, for a number in a bar
APART = 0.03, 0.008  # of the width, between the names of two iterates, and more for each digit


def draw_workers(ax: Axes, history: History, first: int, stop: int) -> None:
    """The updates first, ..., stop - 1 of a history, and the gradients in flight meanwhile."""
    came = _came(history)  # when x_0, x_1, ... came to be
    begin, end = came[first], came[stop]
    _line_of_iterates(ax, came, first, stop)
    timed, here = history.timed, (history.ended >= begin) & (history.begun <= end)
    rows = history.workers if timed else int(history.worker[here].max()) + 1
    for w in range(rows):
        _bars(ax, history, np.flatnonzero(here & (history.worker == w)), w, begin, end)
    _arrows(ax, history, begin, end)
    if timed:
        _waits(ax, history, begin, end)
    margin = 0.02 * (end - begin)
    ax.set(
        xlim=(begin - margin, end + margin),
        ylim=(rows + 0.6, -0.75),
        xlabel="time" if timed else "time, in updates",
        yticks=range(rows + 1),
        yticklabels=["iterates", *map(str, range(rows))],
        ylabel="worker" if timed else "in flight",
    )
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=5, frameon=False)


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
        apart = APART[0] + APART[1] * len(str(t))
        if not named or came[t] - came[named[-1]] >= apart * (at[-1] - at[0]):
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
