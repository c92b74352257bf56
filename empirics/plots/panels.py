"""A page of small multiples: every curve of a sweep."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from empirics.plots.along import LETTERS, SIGNED
from empirics.plots.looks import beyond, evenly, look
from empirics.plots.tables import free_axes, values, variable

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 48  # panels that can still be read on a page
SMALL = {"width": 2.5, "height": 1.9}  # inches a panel
RISE = 100.0  # times the start: what rises further leaves the page at the top
PLAIN: dict[str, Any] = {"frameon": False}
LINES = ("-", "--", "-.", ":")


def small_multiples(
    table: xarray.Dataset, *, curves: str | None = None, measure: str = "gap"
) -> Figure:
    """All of a sweep on one page: a panel for each place, a curve for each value of one axis.

    Solid and dashed in turn: the mean over replicas; shaded: two standard errors either way. A
    cross at the upper edge: replicas have diverged from here on. All panels have the same axes, up
    to a hundred times the largest start. The last axis goes across, those before it go down.
    Parameters: table, of `sweep`; curves, the axis whose values share a panel, the last one with
    more than one value unless given; measure, of those measured.
    Raises ValueError for no table of a sweep, an axis or a measure that is not there, or more than
    48 panels.

    >>> import tempfile
    >>> from empirics.sweep import Study, sweep
    >>> axes = {"problem": ["quadratic"], "schedule": ["constant:{s}", "uniform:{s}"], "s": [0, 4]}
    >>> study = Study(axes=axes | {"step": [0.1, 0.2]}, steps=50, replicas=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = small_multiples(sweep(study, folder))
    >>> [ax.get_title() for ax in page.axes][:2]
    ['constant:0', 'constant:4']
    """
    from matplotlib.figure import Figure

    field = variable("small_multiples", table, measure)
    free = free_axes("small_multiples", table)
    if curves is None:
        curves = free[-1] if free else str(table["lost"].dims[-1])
    if curves not in table["lost"].dims:
        known = ", ".join(map(str, table["lost"].dims))
        raise ValueError(f"small_multiples needs curves among {known}, got {curves!r}")
    others = [axis for axis in free if axis != curves]
    columns = table.sizes[others[-1]] if others else 1
    count = int(np.prod([table.sizes[axis] for axis in others], dtype=int))
    if count > MOST:
        raise ValueError(
            f"small_multiples needs at most {MOST} panels, got {count}; select a part, as in "
            f"table.sel({others[0]}=...)"
        )
    if len(others) == 1:  # nothing goes down: a row of its own is too long
        columns = min(columns, 4)
    rows = -(-count // columns)
    figure = Figure(figsize=(SMALL["width"] * columns + 0.4, SMALL["height"] * rows + 0.6))
    figure.set_layout_engine("constrained")
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for ax in grid[count:]:
        ax.remove()
    one = table.isel({a: 0 for a in table["lost"].dims if a not in (*others, curves)})
    for ax, place in zip(grid, product(*(range(table.sizes[a]) for a in others)), strict=False):
        here = dict(zip(others, place, strict=True))
        _panel(ax, one.isel(here), curves, field, measure)
        ax.set_title(_title(table, here), fontsize="small")
    ends = one[field].isel(time=[0]).values
    top, seen = RISE * float(np.nanmax(ends)), one[field].values
    if measure not in SIGNED and np.isfinite(top):
        low = float(seen[seen > 0].min(initial=top)) / 2  # limits of means near 0 go further
        grid[0].set_ylim(low, min(top, 2 * float(np.nanmax(seen))))
    names = [f"{curves} = {v}" if _number(v) else str(v) for v in values(table, curves)]
    handles = grid[0].lines[: len(names)]
    figure.legend(handles, names, loc="outside upper center", ncols=min(len(names), 5), **PLAIN)
    figure.supxlabel("update $t$", fontsize="medium")
    figure.supylabel(f"{measure} {LETTERS[measure]}", fontsize="medium")
    return figure


def _panel(ax: Axes, table: Any, curves: str, field: str, measure: str) -> None:
    """The curves of one panel; first all lines, then what goes with them."""
    at = table["time"].values
    errors = field.replace("_mean", "_error")
    for place in range(table.sizes[curves]):
        own = look(place)
        mean = np.asarray(table[field].isel({curves: place}).values)
        seen = np.isfinite(mean)
        dash = LINES[place % len(LINES)]
        ax.plot(at[seen], mean[seen], **own, ls=dash, markevery=evenly(at[seen]), markersize=3)
    for place in range(table.sizes[curves]):
        colour = look(place)["color"]
        mean, error = (
            np.asarray(table[name].isel({curves: place}).values) for name in (field, errors)
        )
        seen = np.isfinite(mean) & np.isfinite(error)
        x, low, high = at[seen], mean[seen] - 2 * error[seen], mean[seen] + 2 * error[seen]
        if measure not in SIGNED:
            low = np.fmax(low, mean[seen] / 100)  # a limit below 0 has no place on this axis
        ax.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
        gone = np.isposinf(mean)
        if gone.any():
            beyond(ax, at[gone][:1], colour, marker="X", shown=0.93)
    if measure not in SIGNED:
        ax.set_yscale("log")


def _title(table: Any, here: dict[str, int]) -> str:
    """The place of a panel, with {names} filled in; numbers need the name of their axis."""
    found = {axis: values(table, axis)[place] for axis, place in here.items()}
    words, parts = [], []
    for axis, value in found.items():
        text = str(value)
        holes = [a for a in found if f"{{{a}}}" in text]
        for hole in holes:
            text = text.replace(f"{{{hole}}}", str(found[hole]))
        words.append((axis, text, holes))
    used = {hole for _, _, holes in words for hole in holes}
    for axis, text, _ in words:
        if axis not in used:
            parts.append(f"{axis} = {text}" if _number(found[axis]) else text)
    return ", ".join(parts)


def _number(value: Any) -> bool:
    return isinstance(value, int | float)
