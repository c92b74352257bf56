"""Trajectories on the contours of their function, in a plane of two coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from empirics.plots.looks import axes, look, several_labels
from empirics.problems.base import Array, whole
from empirics.problems.regions import Box

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from empirics.paths import Paths
    from empirics.problems.base import Problem
    from empirics.problems.regions import Region

LEVELS = 14  # lines; so many equal shares of the window lie between them
POINTS = 160  # of the grid, along each coordinate
MARGIN = 0.08  # around all that is shown, where nothing says how much

Window = tuple[tuple[float, float], tuple[float, float]]


def contours(
    problem: Problem,
    paths: Paths | Sequence[Paths] = (),
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
    window: Window | None = None,
    coordinates: tuple[int, int] = (0, 1),
) -> Axes:
    """Level lines of f, and on them the trajectories of any number of runs.

    Each of `paths` has a colour, shared by its replicas, which end in its marker, hollow where one
    ends outside the window; the start is a black dot, the minimiser a star, the region of the
    problem is bounded by a dashed line. Between two lines lie equal shares of the window, since
    values of f differ by orders of magnitude. window = ((left, right), (bottom, top)), around
    region or paths unless given. coordinates, the two that are shown; f is drawn where all others
    are those of the minimiser (of the start, if none is known). Raises ValueError for a problem of
    one coordinate, coordinates or a window that are none, paths of another dimension, or other than
    one label each.

    >>> from empirics import paths, problems, schedules
    >>> well = problems.double_well(2)
    >>> several = [paths(well, schedules.Constant(tau), step=0.1, steps=90) for tau in (0, 9)]
    >>> contours(well, several, labels=["no delay", "delay 9"]).get_xlabel()
    '$x_1$'
    """
    several = list(paths) if isinstance(paths, Sequence) else [paths]
    names = several_labels("contours", several, labels, []) if several else []
    i, j = _coordinates(problem, coordinates)
    for one in several:
        if one.points.shape[-1] != problem.dim:
            raise ValueError(
                f"contours need paths of dim = {problem.dim}, as {problem.name} has it, got "
                f"{one.points.shape[-1]}"
            )
    ax = axes(ax)
    (left, right), (bottom, top) = _window(problem, several, i, j, window)
    x, y = np.linspace(left, right, POINTS), np.linspace(bottom, top, POINTS)
    plane = np.empty((POINTS, POINTS, problem.dim))
    plane[:] = problem.start if problem.minimiser is None else problem.minimiser
    plane[..., i], plane[..., j] = np.meshgrid(x, y)
    height = problem.value(plane)
    levels = np.unique(np.quantile(height, np.linspace(0, 1, LEVELS + 2)))
    ax.contourf(x, y, height, levels, cmap="Greys", alpha=0.3, zorder=0)
    ax.contour(x, y, height, levels, colors="0.55", linewidths=0.6, zorder=1)
    if problem.region is not None:
        ax.plot(*_edge(problem.region, plane[0, 0], i, j), "k--", linewidth=1.5, gid="region")
    for place, one in enumerate(several):
        name = names[place] if names else None
        _trajectories(ax, one.points[..., [i, j]], place, name)
    ax.plot(*problem.start[[i, j]], "o", color="black", zorder=5, gid="start")
    if problem.minimiser is not None:
        ax.plot(
            *problem.minimiser[[i, j]],
            "*",
            color="white",
            markeredgecolor="black",
            markersize=16,
            zorder=5,
            gid="minimiser",
        )
    ax.set(xlim=(left, right), ylim=(bottom, top))
    ax.set(xlabel=f"$x_{{{i + 1}}}$".replace("{1}", "1"), ylabel=f"$x_{{{j + 1}}}$")
    if names:
        ax.legend(frameon=True, framealpha=0.9, fontsize="small", loc="upper right")
    return ax


def _trajectories(ax: Axes, points: Array, place: int, name: str | None) -> None:
    """All replicas of one of the paths, (K, n, 2), each with a mark at its last point that is."""
    looks = look(place)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    for replica in range(points.shape[1]):
        path = points[:, replica]
        path = path[np.isfinite(path).all(axis=-1)]
        ends_inside = (left <= path[-1, 0] <= right) and (bottom <= path[-1, 1] <= top)
        (line,) = ax.plot(
            path[:, 0],
            path[:, 1],
            **looks,
            alpha=0.9 if points.shape[1] == 1 else 0.6,
            markevery=[len(path) - 1],
            markerfacecolor=None if ends_inside else "white",
            zorder=3,
            gid="path",
        )
        if replica == 0 and name is not None:
            line.set_label(name)


def _edge(region: Region, at: Array, i: int, j: int) -> tuple[Array, Array]:
    """The closed curve in which a region ends, in the plane of two coordinates through a point."""
    low, high = region.bounds
    if isinstance(region, Box):
        corners = np.array([(low, low), (high, low), (high, high), (low, high), (low, low)])
        return corners[:, 0, i], corners[:, 1, j]
    centre, radius = (low + high) / 2, (high - low)[i] / 2
    away = np.delete(at - centre, [i, j])
    angles = np.linspace(0, 2 * np.pi, 361)
    reach = max(radius**2 - away @ away, 0.0) ** 0.5
    return centre[i] + reach * np.cos(angles), centre[j] + reach * np.sin(angles)


def _coordinates(problem: Problem, coordinates: tuple[int, int]) -> tuple[int, int]:
    if problem.dim < 2:
        raise ValueError(f"contours need a problem of two coordinates or more, got {problem.name}")
    if not isinstance(coordinates, Sequence) or len(coordinates) != 2:
        raise ValueError(f"contours need two coordinates, got {coordinates!r}")
    i, j = (whole("contours", "coordinate", a, 0, problem.dim - 1) for a in coordinates)
    if i == j:
        raise ValueError(f"contours need two coordinates, got {i} twice")
    return i, j


def _window(
    problem: Problem, paths: Sequence[Paths], i: int, j: int, window: Window | None
) -> Window:
    """What is shown: what is asked for, or the region, or all that is there."""
    if window is not None:
        edges = np.array(window, dtype=np.float64)
        if edges.shape != (2, 2) or not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
            raise ValueError(
                f"contours need a window ((left, right), (bottom, top)), got {window!r}"
            )
        return window
    shown = [problem.start, *([] if problem.minimiser is None else [problem.minimiser])]
    points = np.array(shown)
    if problem.region is None:
        visited = [one.points.reshape(-1, problem.dim) for one in paths]
        points = np.concatenate([points, *visited])
        points = points[np.isfinite(points).all(axis=-1)]
        low, high = points.min(axis=0)[[i, j]], points.max(axis=0)[[i, j]]
    else:
        lows, highs = problem.region.bounds
        low, high = lows[[i, j]], highs[[i, j]]
    around = MARGIN * np.maximum(high - low, 1e-12 + 0.1 * np.max(high - low))
    low, high = low - around, high + around
    return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))
