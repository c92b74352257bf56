"""What staleness costs, at one step for all and at the best step of each level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from empirics.plots.looks import BELOW, axes, beyond, look
from empirics.tuning.goals import Reach

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from empirics.tuning import Slowdown


def slowdown(found: Slowdown, ax: Axes | None = None) -> Axes:
    """The two answers to "what does staleness cost?", against the level of staleness.

    Circles, solid: at the fixed step; squares, dashed: at the best step of each level; shaded: 95 %
    by the bootstrap over replicas. A hollow mark at the upper edge: the goal is never reached;
    where only an upper limit is infinite, the band goes on to the upper edge.

    >>> from empirics import problems
    >>> from empirics.tuning import Reach, slowdown as cost
    >>> problem = problems.quadratic(dim=2, mu=0.25, L=1.0)
    >>> ax = slowdown(cost(problem, [0, 2], Reach(200, "gap", target=1e-3), replicas=2))
    >>> [line.get_gid() for line in ax.lines if line.get_gid()]
    ['infinite']
    """
    ax = axes(ax)
    at = found.staleness
    curves = (
        (found.fixed, found.fixed_interval, f"step {found.fixed_step:.3g} for all", "-"),
        (found.tuned, found.tuned_interval, "best step of each level", "--"),
    )
    known = np.concatenate([np.ravel(part) for curve in curves for part in curve[:2]] + [[1.0]])
    known = known[np.isfinite(known) & (known > 0)]
    low, high = float(known.min()) / 1.15, 1.6 * float(known.max())
    ax.set_yscale("log", base=2)
    ax.set_ylim(low, high)
    if at.max() > 0:  # 0 has a place on this axis, too
        ax.set_xscale("symlog", base=2, linthresh=1)
        ax.set_xlim(at.min() - 0.25 * (at.min() == 0), at.max() * 1.15)
    ax.axhline(1, color="0.6", linewidth=0.8)
    for place, (values, (lower, upper), words, line) in enumerate(curves):
        own = look(place)
        never = np.isinf(values)
        ax.plot(at, values, **own, linestyle=line, label=words)
        band = {"color": own["color"], "alpha": 0.2, "linewidth": 0}
        ax.fill_between(at, lower.clip(low, high), upper.clip(low, high), where=~never, **band)
        if never.any():
            marks = beyond(ax, at[never], own["color"], shown=0.975 - 0.06 * place)
            marks.set_label(f"never there at {words.split(' for')[0].split(' of')[0]}")
    ax.set_xticks(at, [str(level) for level in at])
    ax.minorticks_off()
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:.3g}")
    goal = found.goal
    told = (
        f"updates until {goal.measure} < {goal.target:g}"
        if isinstance(goal, Reach)
        else f"{goal.measure} after {goal.updates} updates"
    )
    ax.set(xlabel="staleness", ylabel=f"{told},\nas a multiple of that at {at[0]}")
    ax.legend(**BELOW)
    return ax
