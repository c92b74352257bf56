"""How late gradients are: shares of each delay, and delays over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from empirics.plots import COLOURS, MARKERS, new_figure, several_labels
from empirics.schedules.base import Law
from empirics.schedules.deliveries import Deliveries
from empirics.schedules.history import History
from empirics.schedules.messages import Messages
from empirics.schedules.reads import Reads
from empirics.schedules.traces import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


def delays(
    things: Any,
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
    log: bool = False,
) -> Axes:
    """How often each delay occurs: laws as points, what was counted as steps.

    Parameters: things, one or several of these: a law with a `pmf`, a history, a trace, `reads` of
    runs, or, in iterations instead of updates, messages and `deliveries`, whose extra delays are
    counted; log, a logarithmic axis of frequencies.
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
    sent = any(isinstance(thing, Messages | Deliveries) for thing in several)
    unit = "extra delay, in iterations" if sent else "delay, in updates"
    ax.set(xlabel=unit, ylabel=f"share of the {'messages' if sent else 'gradients'}")
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
    if isinstance(thing, Messages):
        return np.bincount(thing.extra.ravel())
    if not isinstance(thing, Reads | Deliveries):
        raise ValueError(f"delays needs laws, histories, traces, messages or reads, got {thing!r}")
    return thing.counts


def _name(thing: Any) -> str:
    if isinstance(thing, Reads | Deliveries):
        return "counted"
    return str(getattr(thing, "label", repr(thing)))
