"""Pictures of stability: roots on their way out of the unit circle, and where delays are borne."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from empirics.plots.heat import GROWN, LIMITS, edges
from empirics.plots.looks import BELOW, COLOURS, axes

FEWEST, MOST = 0.5, 1e3  # updates: maps side by side have one scale, which ends here

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from empirics.exact.maps import Locus, StabilityMap


def roots(locus: Locus, ax: Axes | None = None, *, bar: bool = True) -> Axes:
    """Roots of the mean in the complex plane, on their way as the step grows.

    Coloured by the step over its limit; circles: at the first step, diamonds: at the last one that
    is stable. Inside the unit circle all dies away. bar draws the scale of the colours.
    Raises ValueError for what is not a Locus.

    >>> from empirics import exact, schedules
    >>> found = exact.locus(schedules.Constant(2), np.linspace(0.01, 0.7, 200))
    >>> roots(found).get_xlabel()
    'real part'
    """
    from matplotlib import colormaps
    from matplotlib.collections import LineCollection
    from matplotlib.colors import Normalize

    from empirics.exact.maps import Locus

    if not isinstance(locus, Locus):
        raise ValueError(f"roots need what exact.locus(...) found, got {locus!r}")
    ax = axes(ax)
    turn = np.exp(2j * np.pi * np.linspace(0, 1, 400))
    ax.plot(turn.real, turn.imag, color="0.55", lw=1.2, ls="--", label="unit circle", zorder=1)
    share = locus.steps / locus.limit
    scale, colours = Normalize(0, max(1.0, float(share[-1]))), colormaps["viridis"]
    for path in locus.roots.T:
        points = np.stack([path.real, path.imag], axis=1)
        pieces = LineCollection(
            list(np.stack([points[:-1], points[1:]], axis=1)), cmap=colours, norm=scale, zorder=2
        )
        pieces.set_array((share[1:] + share[:-1]) / 2)
        pieces.set(linewidth=3, capstyle="round")
        ax.add_collection(pieces)
    stable = np.flatnonzero(locus.steps <= locus.limit)
    marks = [(0, "o", "0.2", f"step {locus.steps[0]:.3g}")]
    if stable.size > 1:
        marks.append((int(stable[-1]), "D", COLOURS[1], f"step {locus.steps[stable[-1]]:.3g}"))
    for k, marker, colour, words in marks:
        at = locus.roots[k]
        look: dict[str, Any] = {"marker": marker, "ls": "none", "mec": colour, "mfc": "white"}
        ax.plot(at.real, at.imag, label=words, zorder=3, **look)
    if bar:
        ax.figure.colorbar(pieces, ax=ax, label="step / limit", shrink=0.8)
    most = 1.12 * max(1.0, float(np.abs(locus.roots).max()))
    ax.set(xlabel="real part", ylabel="imaginary part", aspect="equal")
    ax.set(xlim=(-most, most), ylim=(-most, most), title=locus.label)
    ax.legend(**{**BELOW, "ncols": 3})
    return ax


def stability_map(found: StabilityMap, ax: Axes | None = None, *, size: str = "delay") -> Axes:
    """Where a law of delays is stable, and how fast it is there, over sizes and steps.

    Coloured: the updates in which the root of E x^2 shrinks by e, the darker the fewer; grey: the
    mean square grows. Lines: the limits of the mean square and of the mean. size names the
    horizontal axis. Raises ValueError for what is not a StabilityMap.

    >>> from empirics import exact, schedules
    >>> ax = stability_map(exact.stability_map(schedules.Uniform, [0, 1, 2]), size="tau_max")
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('tau_max', 'step times curvature')
    """
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap, LogNorm

    from empirics.exact.maps import StabilityMap

    if not isinstance(found, StabilityMap):
        raise ValueError(f"stability map needs what exact.stability_map(...) found, got {found!r}")
    ax = axes(ax)
    at = np.arange(len(found.sizes))
    x, y = np.arange(len(at) + 1) - 0.5, edges(found.steps)
    stable = found.rate < 1
    if stable.any():
        seen = np.where(stable, np.clip(found.time, FEWEST, MOST), np.nan)
        mesh = ax.pcolormesh(x, y, seen, norm=LogNorm(FEWEST, MOST), cmap=colormaps["viridis"])
        mesh.set_gid("stable")
        ax.figure.colorbar(mesh, ax=ax, label="updates to shrink by e")
    if not stable.all():
        flat = np.ma.masked_where(stable, np.ones(stable.shape))
        ax.pcolormesh(x, y, flat, cmap=ListedColormap([GROWN])).set_gid("grows")
    lines = (("limit of the mean square", found.square), ("limit of the mean", found.mean))
    for (words, limit), (colour, dash, marker) in zip(lines, LIMITS, strict=False):
        ax.plot(at, limit, color=colour, ls=dash, marker=marker, label=words, zorder=3)
    ax.set_xticks(at, [str(k) for k in found.sizes.tolist()])
    ax.set(xlabel=size, ylabel="step times curvature", yscale="log", title=found.label)
    ax.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    ax.legend(**BELOW)
    return ax
