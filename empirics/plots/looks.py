"""How figures look: colours, markers, styles, sizes, files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
BOUND = (0, (4, 2))  # dashes
BELOW: dict[str, Any] = {  # a legend under the axes, where it hides nothing
    "frameon": False,
    "fontsize": "small",
    "loc": "upper center",
    "bbox_to_anchor": (0.5, -0.17),
    "ncols": 2,
}

STYLES: dict[str, dict[str, Any]] = {
    "paper": {"font.size": 9, "lines.linewidth": 1.4, "lines.markersize": 4},
    "slides": {"font.size": 15, "lines.linewidth": 2.6, "lines.markersize": 8},
}


def style(name: str = "paper") -> AbstractContextManager[None]:
    """A context in which figures are drawn for a "paper" or for "slides".

    >>> with style("slides"):
    ...     figure = new_figure()
    """
    if name not in STYLES:
        raise ValueError(f"style needs one of {', '.join(STYLES)}, got {name!r}")
    return _settings({"axes.spines.top": False, "axes.spines.right": False, **STYLES[name]})


@contextmanager
def _settings(settings: dict[str, Any]) -> Iterator[None]:
    """These and no others are put back at the end, unlike in Matplotlib's `rc_context`.

    In a notebook the first figure switches on that figures are shown; if that happens in here, it
    has to stay so, or all later cells show nothing.
    """
    import matplotlib as mpl

    before = {name: mpl.rcParams[name] for name in settings}
    mpl.rcParams.update(settings)
    try:
        yield
    finally:
        mpl.rcParams.update(before)


def new_figure(
    panels: int = 1, *, width: float = 4.4, height: float = 3.4, sharey: bool = True
) -> Figure:
    """A figure with so many axes, sizes in inches for each, without a window: up to three a row."""
    from matplotlib.figure import Figure

    columns = panels if panels <= 3 else -(-panels // 2)
    rows = -(-panels // columns)
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    for ax in figure.subplots(rows, columns, squeeze=False, sharey=sharey).flat[panels:]:
        ax.remove()
    return figure


def save(figure: Figure, path: str) -> list[str]:
    """Write path.png and path.pdf, without dates in them; the names written."""
    written = [f"{path}.png", f"{path}.pdf"]
    figure.savefig(written[0], dpi=180)
    figure.savefig(written[1], metadata={"CreationDate": None})
    return written


def axes(ax: Axes | None) -> Axes:
    return new_figure().axes[0] if ax is None else ax


def several_labels(
    who: str, things: Sequence[Any], labels: Sequence[str] | None, default: Sequence[str]
) -> list[str]:
    if not things:
        raise ValueError(f"{who} needs at least one thing to draw, got none")
    if labels is not None and len(labels) != len(things):
        raise ValueError(f"{who} needs {len(things)} labels, got {len(labels)}")
    return list(default if labels is None else labels)


def look(place: int) -> dict[str, Any]:
    return {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)]}


def evenly(at: Any) -> list[int]:
    """Places of a few markers, evenly along a curve."""
    if not len(at):
        return []
    wanted = np.linspace(at[0], at[-1], 6)
    return sorted({int(np.argmin(abs(at - value))) for value in wanted})


def spread(at: Any) -> list[int]:
    """Places of a few markers, evenly in the logarithm."""
    if not len(at):
        return []
    wanted = np.geomspace(at[0], at[-1], 6)
    return sorted({int(np.argmin(abs(at - value))) for value in wanted})


def beyond(
    ax: Axes, at: ArrayLike, colour: str, *, marker: str = "^", shown: float = 0.975
) -> Line2D:
    """Marks at the upper edge, one for each value that is infinite: no scale has a place for it."""
    at = np.asarray(at, dtype=np.float64)
    (marks,) = ax.plot(
        at,
        np.full(len(at), shown),
        transform=ax.get_xaxis_transform(),
        color=colour,
        marker=marker,
        markerfacecolor="white",
        linestyle="",
        zorder=4,
    )
    marks.set_gid("infinite")
    return marks
