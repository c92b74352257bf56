"""The space-time diagram of workers with caches of their own: messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from empirics.plots import COLOURS
from empirics.schedules.messages import Messages

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

HOP = 0.32  # how high a message of a worker to itself flies; workers are 1 apart


def draw_caches(
    ax: Axes, messages: Messages, first: int, stop: int, sources: Sequence[int]
) -> None:
    """The messages that are under way in the iterations first, ..., stop - 1."""
    P = messages.workers
    at = np.arange(first, stop + 1)
    for p in range(P):
        ax.plot(at, np.full(len(at), p), color="0.6", linewidth=1, zorder=1)
        ax.plot(at, np.full(len(at), p), color="0.2", marker="o", linestyle="", markersize=4)
    for p in sources:
        sent = (messages.source == p) & (messages.sent < stop) & (messages.arrives > first)
        colour = COLOURS[p % len(COLOURS)]
        away = sent & (messages.destination != p)
        start, end = messages.sent[away], messages.arrives[away]
        arrows = ax.quiver(
            start,
            messages.source[away],
            end - start,
            messages.destination[away] - messages.source[away],
            angles="xy",
            scale_units="xy",
            scale=1,
            units="inches",
            width=0.02,
            headwidth=5,
            headlength=7,
            headaxislength=6,
            color=colour,
            zorder=3,
        )
        arrows.set_gid(f"messages of {p}")
        _hops(ax, messages, np.flatnonzero(sent & ~away), colour)
    ax.set(
        xlim=(first - 0.02 * (stop - first), stop + 0.02 * (stop - first)),
        ylim=(P - 0.5, -0.6),
        xlabel="iteration",
        yticks=range(P),
        ylabel="worker",
    )


def _hops(ax: Axes, messages: Messages, own: NDArray[np.int64], colour: str) -> None:
    """Messages of a worker to itself: nothing if they take one iteration, as the line is there."""
    share = np.linspace(0, 1, 25)
    for row in own.tolist():
        start, end, p = messages.sent[row], messages.arrives[row], messages.source[row]
        if end > start + 1:
            curve = p - HOP * 4 * share * (1 - share)
            (hop,) = ax.plot(start + share * (end - start), curve, color=colour, linewidth=1.2)
            hop.set_gid("own")
            ax.plot([end], [p - 0.07], color=colour, marker="v", markersize=5, zorder=3)
