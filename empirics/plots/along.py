"""What was measured along runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from empirics.measure import coherence as measured_coherence
from empirics.moments import MEASURES
from empirics.plots.looks import BOUND, axes, evenly, look, several_labels, spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from empirics.runs import Runs

LETTERS = {
    "squared gradient": r"$|\nabla f(x_t)|^2$",
    "gap": r"$f(x_t) - \inf f$",
    "squared distance": "$|x_t - x^*|^2$",
    "squared gradient at read points": r"$|\nabla f(x_{t - \tau_t})|^2$",
    "gap at read points": r"$f(x_{t - \tau_t}) - \inf f$",
    "squared distance at read points": r"$|x_{t - \tau_t} - x^*|^2$",
    "direction": r"$\langle \nabla f(x_t), \nabla f(x_{t - \tau_t}) \rangle$",
    "time": "at which $x_t$ came to be",
    "disagreement": r"of the caches",
}
LONG = 40  # letters of a label
SIGNED = ("direction", "time")  # drawn on a linear axis


def coherence(
    runs: Runs | Sequence[Runs],
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
    mu: Sequence[float] | None = None,
    first: int = 0,
) -> Axes:
    r"""Gradient coherence along runs: of expectations, and the lowest of any replica.

    Solid: min over the window of E<grad F(x_k), grad F(x_j)>/E|grad F(x_k)|^2; dotted: the lowest
    value on any path. `mu` draws the level each was built on, dashed. The first runs take colour
    number `first`. Raises ValueError without runs, or with other than one label and mu each.

    >>> from empirics import problems, schedules, simulate
    >>> problem = problems.quadratic(dim=2, mu=0.1, L=1.0)
    >>> runs = simulate(problem, schedules.Constant(1), step=0.2, steps=50, window=2)
    >>> coherence(runs, mu=[0.9]).get_ylabel()
    'coherence over the window'
    """
    several = [runs] if not isinstance(runs, Sequence) else list(runs)
    names = several_labels("coherence", several, labels, [f"s = {len(r.lags)}" for r in several])
    if mu is not None and len(mu) != len(several):
        raise ValueError(f"coherence needs {len(several)} levels mu, got {len(mu)}")
    ax = axes(ax)
    lowest = 0.0
    for place, (one, name) in enumerate(zip(several, names, strict=True)):
        own = look(first + place)
        found = measured_coherence(one)
        at = found.times + 1
        ax.plot(at, found.expected, **own, markevery=spread(at), label=name)
        ax.plot(at, found.minimum, color=own["color"], linestyle=":", linewidth=1)
        if mu is not None:
            ends = [at[0], at[-1]]
            ax.plot(ends, [mu[place]] * 2, color=own["color"], linestyle=BOUND, linewidth=1)
        lowest = min(lowest, float(np.nanmin(found.minimum)))
    ax.axhline(0, color="0.6", linewidth=0.8)
    ax.set(xscale="log", xlabel="iterate $k$", ylabel="coherence over the window")
    if lowest < -2:
        ax.set_yscale("symlog", linthresh=1)
    ax.plot([], [], color="0.3", linestyle=":", linewidth=1, label="lowest replica")
    if mu is not None:
        ax.plot([], [], color="0.3", linestyle=BOUND, linewidth=1, label=r"$\mu$ of the step size")
    ax.legend(frameon=False, fontsize="small")
    return ax


def runs(
    runs: Runs | Sequence[Runs],
    ax: Axes | None = None,
    *,
    measure: str = "squared gradient",
    against: str = "updates",
    labels: Sequence[str] | None = None,
) -> Axes:
    """What was measured along runs.

    Solid: the mean over replicas; shaded: two standard errors either way; a curve ends where
    replicas have diverged, and says so. One colour and marker for each. measure, one of those
    `simulate` was asked for; against, "updates" or the mean "time" at which x_t came to be; labels,
    the schedules as they are written on the command line unless given.
    Raises ValueError without runs, with other than one label each, or for what was not measured.

    >>> from empirics import problems, schedules, simulate
    >>> problem = problems.quadratic(dim=2, mu=0.1, L=1.0, sigma=0.5)
    >>> one = simulate(problem, schedules.Constant(1), step=0.2, steps=50)
    >>> runs(one, measure="gap").get_xlabel()
    'update $t$'
    """
    several = [runs] if not isinstance(runs, Sequence) else list(runs)
    names = several_labels("runs", several, labels, [_schedule(one) for one in several])
    if measure not in LETTERS or against not in ("updates", "time"):
        raise ValueError(
            f"runs need a measure among {', '.join(LETTERS)} against updates or time, got "
            f"{measure!r} against {against!r}"
        )
    ax = axes(ax)
    for place, (one, name) in enumerate(zip(several, names, strict=True)):
        for what in {measure, against} - {"updates"}:
            if what not in one.settings["measures"]:
                raise ValueError(f"runs of {name} have no {what}; ask `simulate` to measure it")
        own, moments = look(place), getattr(one.statistics, MEASURES[measure])
        at = one.times if against == "updates" else one.statistics.time.mean
        seen = np.isfinite(moments.mean) & np.isfinite(at)
        x, mean = at[seen], moments.mean[seen]
        error = 2 * moments.standard_error[seen]
        lost = one.first_divergence is not None
        words = f"{name} ({(one.lost_at >= 0).sum()} of {one.replicas} diverged)" if lost else name
        ax.plot(x, mean, **own, markevery=evenly(x), label=words)
        band = {"color": own["color"], "alpha": 0.2, "linewidth": 0}
        positive = measure not in SIGNED
        # a limit below 0 has no place on a logarithmic axis
        lower = np.fmax(mean - error, mean / 100) if positive else mean - error
        ax.fill_between(x, lower, mean + error, **band)
    replicas = " or ".join(dict.fromkeys(str(one.replicas) for one in several))
    words = f"$\\pm$ 2 standard errors, {replicas} replicas"
    ax.fill_between([], [], [], color="0.3", alpha=0.2, linewidth=0, label=words)
    ax.set(
        xlabel="update $t$" if against == "updates" else "time, in units of the service times",
        ylabel=f"{measure} {LETTERS[measure]}",
    )
    if measure not in SIGNED:
        ax.set_yscale("log")
    ax.legend(frameon=False, fontsize="small")
    return ax


def _schedule(runs: Runs) -> str:
    """The schedule in one line, or what kind it is if that would get long."""
    from empirics.named import spell  # imports all there is

    settings = runs.settings["schedule"]
    try:
        text = spell(settings)
    except ValueError:
        return str(settings["kind"])
    return text if len(text) <= LONG else str(settings["kind"])
