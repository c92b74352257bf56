"""Bounds against runs: the quantity with its bound, and how much room there is between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from empirics.plots.looks import BELOW, BOUND, axes, beyond, look, several_labels, spread
from empirics.problems.base import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DEPTH = 1e-6  # of the lowest bound: runs that fall further leave the figure, not the bound


class Judged(Protocol):
    """What a figure needs of a verdict: `Verdict` has it."""

    @property
    def theorem(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def holds(self) -> bool: ...
    @property
    def iterates(self) -> NDArray[np.int64]: ...
    @property
    def bound(self) -> Array: ...
    @property
    def mean(self) -> Array: ...
    @property
    def lower(self) -> Array: ...
    @property
    def upper(self) -> Array: ...
    @property
    def path(self) -> Array: ...


def bound_and_runs(
    verdicts: Judged | Sequence[Judged],
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
) -> Axes:
    """What theorems bound, along runs, and the bounds that it has to respect.

    Solid: the mean over replicas; shaded: its simultaneous limits; dashed: the bound, or a bar at
    the one horizon to which a step was tuned. One colour and marker a verdict; a verdict that is
    not consistent says so in its label, and one without a horizon has no curve. Raises ValueError
    without a verdict, or with other than one label each.

    >>> from empirics import compare, problems, schedules, simulate, steps_for
    >>> from theory import results
    >>> problem, schedule = problems.quadratic(dim=2, mu=0.1, L=1.0), schedules.Constant(0)
    >>> step = steps_for(results.dai2019.sharp, problem, schedule, steps=50)
    >>> runs = simulate(problem, schedule, step=step, steps=50)
    >>> bound_and_runs(compare(results.dai2019.sharp, runs)).get_xscale()
    'log'
    """
    several = [verdicts] if not isinstance(verdicts, Sequence) else list(verdicts)
    names = several_labels("bound_and_runs", several, labels, [v.title for v in several])
    ax = axes(ax)
    drawn = [v for v in several if v.path.size]
    floor = 0.5 * min((float(np.min(v.path[1])) for v in drawn), default=0.0)
    for place, (verdict, name) in enumerate(zip(several, names, strict=True)):
        own = look(place)
        at, seen = verdict.path
        words = name if verdict.holds else f"{name} ({verdict.outcome})"
        ax.plot(at, seen, **own, markevery=spread(at), label=words)
        if not at.size:  # the legend says why
            continue
        if verdict.iterates.size == 1:  # a step tuned to one horizon
            ax.plot(verdict.iterates, verdict.bound, color=own["color"], marker="_", ms=14, mew=2)
            continue
        lower = np.fmax(verdict.lower, floor)  # a limit below 0 has no place on this axis
        band = {"color": own["color"], "alpha": 0.2, "linewidth": 0}
        ax.fill_between(verdict.iterates, lower, verdict.upper, **band)
        ax.plot(verdict.iterates, verdict.bound, color=own["color"], linestyle=BOUND)
    ax.plot([], [], color="0.3", linestyle=BOUND, label="bound")
    ax.set(xlabel="iterates")
    if drawn:
        ax.set(xscale="log", yscale="log")
        lowest = DEPTH * min((float(np.min(v.bound)) for v in drawn if v.bound.size), default=0.0)
        if 0 < lowest and floor < lowest:
            ax.set_ylim(bottom=lowest)
    ax.set_ylabel(" / ".join(dict.fromkeys(v.label for v in several)))
    ax.legend(frameon=False, fontsize="small")
    return ax


def slack(
    verdicts: Judged | Sequence[Judged],
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
) -> Axes:
    r"""How much smaller the bound could be, against the number of iterates it covers.

    .. math:: \text{bound} / \text{mean}, \qquad
        \text{band: } \text{bound} / \text{upper}, \dots, \text{bound} / \text{lower}

    Solid: bound/mean; shaded: what the simultaneous limits leave open, so that its upper edge is
    the power there, the factor by which the bound could shrink before these runs reject it. A curve
    below 1 breaks the bound. Where the mean is 0 the slack is infinite: a hollow mark at the upper
    edge; where a lower limit is 0, the band goes on to the upper edge, and where it is not known
    (iterates left unrecorded), the band ends at bound/mean. An infinite mean has slack 0, a hollow
    mark at the lower edge. A verdict without a horizon has no curve but a line in the legend.
    Raises ValueError without a verdict, or with other than one label each.

    >>> from empirics import compare, exact, problems, schedules
    >>> from theory import results
    >>> problem = problems.quadratic(dim=10, mu=0.1, L=1.0, sigma=0.5)
    >>> runs = exact.exact_runs(problem, schedules.Constant(4), step=0.08, steps=500)
    >>> ax = slack(compare(results.lian2015.nonconvex, runs))
    >>> round(float(min(ax.lines[0].get_ydata())), 2)
    2.93
    """
    several = list(verdicts) if isinstance(verdicts, Sequence) else [verdicts]
    names = several_labels("slack", several, labels, [v.title for v in several])
    ax = axes(ax)
    ax.set(xlabel="iterates", ylabel="bound / mean")
    curves = [[_ratio(v.bound, below) for below in (v.mean, v.lower, v.upper)] for v in several]
    known = np.concatenate([np.ravel(curve) for curve in curves] + [np.ones(1)])
    known = known[np.isfinite(known) & (known > 0)]
    low, high = 0.8 * float(known.min()), 1.5 * float(known.max())
    if any(v.iterates.size for v in several):
        ax.set(xscale="log", yscale="log", ylim=(low, high))
    for place, (verdict, name, (ratio, power, least)) in enumerate(
        zip(several, names, curves, strict=True)
    ):
        own, at = look(place), verdict.iterates
        words = name if verdict.holds else f"{name} ({verdict.outcome})"
        ax.plot(at, ratio, **own, markevery=spread(at), label=words)
        if not at.size:  # the legend says why
            continue
        top = np.where(np.isnan(power), ratio, power)
        band = {"color": own["color"], "alpha": 0.2, "linewidth": 0}
        ax.fill_between(at, least.clip(low, high), top.clip(low, high), **band)
        for value, shown, marker in ((np.inf, 0.975, "^"), (0.0, 0.025, "v")):
            if (ratio == value).any():
                beyond(ax, at[ratio == value], own["color"], marker=marker, shown=shown)
    ax.axhline(1, color="0.3", linestyle=BOUND)
    ax.plot([], [], color="0.3", linestyle=BOUND, label="the bound itself")
    ax.fill_between([], [], [], color="0.3", alpha=0.2, linewidth=0, label="limits of the mean")
    ax.legend(**BELOW)
    return ax


def _ratio(bound: Array, value: Array) -> Array:
    """bound / value: infinite at 0 and below, not a number where the value is not known."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(value > 0, bound / value, np.where(value <= 0, np.inf, np.nan))
