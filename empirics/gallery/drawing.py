"""A counterexample as a figure: how far each of its runs gets, and its coherence on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from empirics.gallery.facts import levels
from empirics.gallery.running import Shown, Tried
from empirics.plots import bound_and_runs, new_figure
from empirics.plots.looks import evenly, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FLOOR = -2.6  # of the coherence that is drawn; what is lower gets a mark at the edge


def draw(shown: Shown, axes: Sequence[Axes] | None = None) -> Figure:
    """Two panels: |grad F(x_t)|^2, or a bound and what breaks it; coherence over the window.

    One look for each case. Coherence jumps, so it is drawn as dots: none where it is not defined,
    a mark at the lower edge where it is below the panel. Dotted, with noise: the share of the paths
    whose own coherence is negative. Parameters: axes, two to draw on, new ones unless given.
    Raises ValueError if they are not two.

    >>> from empirics.gallery import find, show
    >>> [ax.get_title() for ax in draw(show(find("two-curvatures"))).axes]
    ['how far it gets', 'coherence over a window of 2']
    """
    from matplotlib.ticker import MaxNLocator

    if axes is None:
        axes = new_figure(2, width=5.2, height=3.6, sharey=False).axes
    if len(axes) != 2:
        raise ValueError(f"draw needs two axes, got {len(axes)}")
    left, right = axes
    figure = left.get_figure(root=True)
    for place, one in enumerate(shown.tried):
        _coherence(right, place, one)
    broken = [verdict for one in shown.tried for verdict in one.verdicts]
    if broken:
        bound_and_runs(broken, left, labels=[verdict.theorem for verdict in broken])
        left.set_title("the bound and what it bounds")
    else:
        for place, one in enumerate(shown.tried):
            _progress(left, place, one)
        left.set(yscale="log", xlabel="update $t$", ylabel=r"$E|\nabla f(x_t)|^2$")
        left.set_title("how far it gets")
        left.legend(frameon=False, fontsize="small")
    right.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    seen = [level for one in shown.tried for level in levels(one.runs, _window(one))]
    lowest = max(FLOOR, min(-0.3, float(np.nanmin(seen)) - 0.2))
    right.set(xlabel="update $t$", ylim=(lowest, 1.15), ylabel=r"coherence $\mu_t$")
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    windows = sorted({_window(one) for one in shown.tried})
    right.set_title(f"coherence over a window of {' or '.join(map(str, windows))}")
    if right.get_legend_handles_labels()[0]:
        right.legend(frameon=False, fontsize="small", loc="lower right")
    if figure is None:
        raise ValueError("draw needs axes of a figure, got ones that were removed from it")
    figure.suptitle(f"{shown.counterexample.name}: {shown.counterexample.title}", fontsize="medium")
    return figure


def _window(one: Tried) -> int:
    return one.case.drawn or one.case.window


def _progress(ax: Axes, place: int, one: Tried) -> None:
    norm = one.runs.statistics.squared_norm.mean
    seen = norm > 0  # an exact 0 has no place on a logarithmic axis
    at = one.runs.times
    ax.plot(at[seen], norm[seen], **look(place), markevery=evenly(at[seen]), label=one.case.label)


def _coherence(ax: Axes, place: int, one: Tried) -> None:
    own, at = look(place), one.runs.times
    level = levels(one.runs, _window(one))
    inside = level >= FLOOR
    ax.plot(at[inside], level[inside], linestyle="", markersize=2.6, **own)
    below = at[level < FLOOR]
    edge = {"transform": ax.get_xaxis_transform(), "linestyle": "", "color": own["color"]}
    ax.plot(below, np.full(len(below), 0.02 + 0.03 * place), marker="v", markersize=3, **edge)
    negative = one.runs.statistics.coherence_negative / one.runs.replicas
    if not one.runs.deterministic and _window(one) == one.case.window:
        words = r"share of the paths with $\mu_t < 0$"
        ax.plot(at, negative, color="0.3", linestyle=":", linewidth=1, label=words)
