"""Rates: what was fitted, by what, in which window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from empirics.plots.looks import BELOW, COLOURS, axes, several_labels
from empirics.rates.forms import FORMS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from empirics.rates import RateFit

LINES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 3)))
FORMULAS: Mapping[str, str] = {
    "1/T": "$a/T$",
    "1/sqrt(T)": r"$b/\sqrt{T}$",
    "two-term": r"$a/T + b/\sqrt{T}$",
    "log": r"$(a + b \log T)/\sqrt{T}$",
    "floor": "$a/T + c$",
    "exponential": "$a e^{-rT} + c$",
}


def rate(
    fits: RateFit | Sequence[RateFit],
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
    whole: tuple[ArrayLike, ArrayLike] | None = None,
    relative: bool = False,
) -> Axes:
    """Fits of a rate, in their window.

    Points: the mean over replicas that was fitted; a line for each fit, of its own colour and
    style, through the fitted values, with misfit and p-value in the legend; shaded: the window of
    each. All fits have to be of one mean where their times are shared: of one set of runs.
    Parameters: whole, times and means beyond the window too, drawn as small points, and the fits
    thinly over all of them, to show what they promise there; relative, draw fitted/mean, which
    shows what a log-log plot hides.
    Raises ValueError without a fit, with other than one label each, or for fits of different runs.

    >>> from empirics import problems, rates, schedules, simulate
    >>> problem = problems.quadratic(dim=1, L=1.0, sigma=1.0)
    >>> runs = simulate(problem, schedules.Constant(0), step=0.1, steps=200, each=True)
    >>> ax = rate([rates.fit(runs, "exponential"), rates.fit(runs, "1/T")])
    >>> len(ax.lines)
    3
    """
    several = list(fits) if isinstance(fits, Sequence) else [fits]
    formulas = [FORMULAS.get(f.form, FORMS[f.form].words) for f in several]
    names = several_labels("rate", several, labels, formulas)
    mean: dict[int, float] = {}
    for one in several:
        for T, value in zip(one.times.tolist(), one.mean.tolist(), strict=True):
            if mean.setdefault(T, value) != value:
                raise ValueError(
                    f"rate needs fits of one mean, got {mean[T]:.6g} and {value:.6g} at T = {T}; "
                    "draw fits of different runs into axes of their own"
                )
    ax = axes(ax)
    times = np.array(sorted(mean))
    seen = np.array([mean[T] for T in times.tolist()])
    shown = np.ones(len(times)) if relative else seen
    ax.plot(times, shown, color="0.4", marker="o", mfc="white", ls="", ms=4, label="mean")
    for first, last in dict.fromkeys(one.window for one in several):
        area: dict[str, Any] = {"facecolor": "0.92", "edgecolor": "0.7", "linewidth": 0.8}
        ax.axvspan(first, last, label=f"window {first}..{last}", zorder=0, **area)
    all_times, all_means = np.empty(0), np.empty(0)
    if whole is not None:
        all_times, all_means = (np.asarray(part, dtype=np.float64) for part in whole)
        if all_times.shape != all_means.shape or all_times.ndim != 1:
            raise ValueError(
                f"rate needs as many times as means, got {all_times.shape} and {all_means.shape}"
            )
        all_times, all_means = (part[all_times >= 1] for part in (all_times, all_means))
        level = np.ones(len(all_times)) if relative else all_means
        ax.plot(all_times, level, color="0.6", marker=".", ls="", ms=3, zorder=1)
    for place, (one, name) in enumerate(zip(several, names, strict=True)):
        tested = "" if np.isnan(one.p_value) else f", $p$ = {one.p_value:.2g}"
        curve = one.fitted / one.mean if relative else one.fitted
        own: dict[str, Any] = {
            "color": COLOURS[place % len(COLOURS)],
            "ls": LINES[place % len(LINES)],
        }
        ax.plot(one.times, curve, **own, label=f"{name}: misfit {one.misfit:.1%}{tested}")
        if all_times.size:
            promised = one(all_times) / all_means if relative else one(all_times)
            ax.plot(all_times, promised, **own, linewidth=0.7)
    ax.set(xscale="log", xlabel="updates $T$", ylabel="fitted / mean" if relative else "mean")
    if not relative:
        ax.set_yscale("log")
    else:  # all between two powers of ten, where minor labels run into each other
        ax.xaxis.set_minor_formatter("")
    ax.legend(**{**BELOW, "ncols": 1})
    return ax
