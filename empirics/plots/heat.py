"""The map of a sweep over staleness and step: where it converges, and where the best step lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from empirics.plots.along import LETTERS
from empirics.plots.looks import BELOW, axes
from empirics.plots.tables import free_axes, numbers, variable
from empirics.problems.base import Array

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

GROWN, LOST = "#BBBBBB", "#555555"  # not among the colours of values
LIMITS = (("#D55E00", "-", "s"), ("#CC79A7", "--", "D"), ("#E69F00", "-.", "v"))


def heat_map(
    table: xarray.Dataset,
    ax: Axes | None = None,
    *,
    staleness: str = "staleness",
    step: str = "step",
    measure: str = "gap",
    limits: Mapping[str, ArrayLike] | None = None,
) -> Axes:
    """What is left at the end of runs, for every staleness and step of a sweep.

    Coloured: the mean at the last time, where it is below the one at the start; light grey: above
    it; dark, hatched: replicas diverged, so that the mean is infinite; empty: not run. Circles: the
    best step of each level. `limits` are lines, such as the largest step of a theorem and the exact
    limit of stability, by label: a step for each level of staleness of the table, in its order.
    Parameters: table, of `sweep`, with one value along all other axes; staleness and step, the
    names of its axes; measure, at the end.
    Raises ValueError for a table with further axes, an axis that is not there or without numbers, a
    step <= 0, a measure that is not there, or limits of another length or not a number.

    >>> import tempfile
    >>> from empirics.sweep import Study, sweep
    >>> axes = {"problem": ["quadratic"], "schedule": ["constant:{s}"], "s": [0, 4]}
    >>> study = Study(axes=axes | {"step": [0.1, 1.0]}, steps=300, replicas=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ax = heat_map(sweep(study, folder), staleness="s", limits={"1/tau": [1.0, 0.2]})
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('s', 'step')
    """
    further = [a for a in free_axes("heat_map", table) if a not in (staleness, step)]
    if further:
        raise ValueError(
            f"heat_map needs a table of {staleness} and {step} alone, got {', '.join(further)} "
            f"too; select one with table.sel({further[0]}=...)"
        )
    levels, steps = (numbers("heat_map", table, axis) for axis in (staleness, step))
    if not (np.isfinite(steps) & (steps > 0)).all():
        raise ValueError(f"heat_map needs finite steps > 0, got {steps.min():g}")
    lines = {name: np.asarray(a, dtype=np.float64) for name, a in (limits or {}).items()}
    for name, line in lines.items():
        if line.shape != levels.shape or np.isnan(line).any() or (line <= 0).any():
            raise ValueError(
                f"heat_map needs {len(levels)} limits > 0 for {name!r}, one a level, got {line}"
            )
    field = variable("heat_map", table, measure)
    across = np.argsort(levels)
    order = np.argsort(steps)

    def cells(values: Any) -> Array:  # (steps, levels), both in increasing order
        values = np.asarray(values.transpose(..., step, staleness), dtype=np.float64).reshape(
            len(steps), len(levels)
        )
        return np.asarray(values[order][:, across])

    lost = cells(table["lost"])
    first, last = (cells(table[field].isel(time=k)) for k in (0, -1))
    levels, steps = levels[across], steps[order]
    ax = axes(ax)
    words = f"{measure} {LETTERS[measure]} at $t = {int(table['time'][-1])}$"
    _paint(ax, steps, last, first, lost, words)
    _ridge(ax, steps, np.where((lost == 0) & np.isfinite(last), last, np.inf))
    at = np.arange(len(levels))
    for (name, line), (colour, dash, marker) in zip(lines.items(), _cycle(len(lines)), strict=True):
        ax.plot(at, line[across], color=colour, ls=dash, marker=marker, label=name, zorder=3)
    ax.set_xticks(at, [f"{level:g}" for level in levels])
    ax.set(xlabel=staleness, ylabel=step, xlim=(-0.5, len(levels) - 0.5))
    ax.set_yscale("log")
    borders = edges(steps)
    ax.set_ylim(borders[0], borders[-1])
    ax.legend(**BELOW)
    return ax


def _paint(ax: Axes, steps: Array, last: Array, first: Array, lost: Array, words: str) -> None:
    """The cells: colours where they converge, grey where they grow, hatched where they diverge."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap, LogNorm

    x, y = np.arange(last.shape[1] + 1) - 0.5, edges(steps)
    gone = (lost > 0) | np.isposinf(last)
    grown = ~gone & (last > first)
    good = ~gone & ~grown & np.isfinite(last)
    if good.any():
        positive = last[good & (last > 0)]
        low = float(positive.min()) if positive.size else 1e-300
        high = max(float(last[good].max()), low * 1.001)
        # 0 has no place on a logarithmic scale: it gets the colour of the least
        seen = np.where(good, np.fmax(last, low), np.nan)
        mesh = ax.pcolormesh(x, y, seen, norm=LogNorm(low, high), cmap=colormaps["viridis"])
        mesh.set_gid("converges")
        ax.figure.colorbar(mesh, ax=ax, label=words)
    for name, where, colour, hatch in (
        ("ends above its start", grown, GROWN, ""),
        ("diverges", gone, LOST, "////"),
    ):
        if not where.any():
            continue
        flat = np.ma.masked_where(~where, np.ones(where.shape))
        drawn = ax.pcolor(x, y, flat, cmap=ListedColormap([colour]), hatch=hatch)
        drawn.set(gid=name, linewidth=0, edgecolor="0.75" if hatch else "none")
        own: dict[str, Any] = {
            "facecolor": colour,
            "hatch": hatch,
            "edgecolor": "0.75",
            "linewidth": 0,
        }
        ax.fill_between([], [], [], label=name, **own)


def _ridge(ax: Axes, steps: Array, score: Array) -> None:
    """The best step of every level that has one."""
    some = np.isfinite(score).any(axis=0)
    at = np.flatnonzero(some)
    best = steps[score[:, some].argmin(axis=0)]
    look: dict[str, Any] = {"color": "black", "marker": "o", "mfc": "white", "lw": 1.2, "zorder": 4}
    ax.plot(at, best, label="best step", **look)


def edges(steps: Array) -> Array:
    """Borders of cells around steps, halfway in the logarithm."""
    logs = np.log(steps)
    if len(logs) == 1:
        return np.asarray(steps[0] * np.array([0.5, 2.0]))
    middle = (logs[1:] + logs[:-1]) / 2
    ends = (2 * logs[0] - middle[0], 2 * logs[-1] - middle[-1])
    return np.asarray(np.exp(np.concatenate([[ends[0]], middle, [ends[1]]])))


def _cycle(count: int) -> list[tuple[str, str, str]]:
    return [LIMITS[k % len(LIMITS)] for k in range(count)]
