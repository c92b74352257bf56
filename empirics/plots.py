"""Figures: axes in, axes out. They draw what a verdict or runs already hold and compute nothing.

Colours are those of Okabe and Ito, told apart by colour-blind readers, and every curve of a family
has a marker of its own as well, so that a figure survives a bad projector and a grey print. Text is
mathtext: no LaTeX is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from empirics.measure import coherence as measured_coherence
from empirics.moments import MEASURES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from empirics.compare import Verdict
    from empirics.runs import Runs

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
BOUND = (0, (4, 2))  # dashes
DEPTH = 1e-6  # of the lowest bound: runs that fall further leave the figure, not the bound

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


def bound_and_runs(
    verdicts: Verdict | Sequence[Verdict],
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
    ax = _axes(ax)
    drawn = [v for v in several if v.path.size]
    floor = 0.5 * min((float(np.min(v.path[1])) for v in drawn), default=0.0)
    for place, (verdict, name) in enumerate(zip(several, names, strict=True)):
        look = _look(place)
        at, seen = verdict.path
        words = name if verdict.holds else f"{name} ({verdict.outcome})"
        ax.plot(at, seen, **look, markevery=_spread(at), label=words)
        if not at.size:  # the legend says why
            continue
        if verdict.iterates.size == 1:  # a step tuned to one horizon
            ax.plot(verdict.iterates, verdict.bound, color=look["color"], marker="_", ms=14, mew=2)
            continue
        lower = np.fmax(verdict.lower, floor)  # a limit below 0 has no place on this axis
        band = {"color": look["color"], "alpha": 0.2, "linewidth": 0}
        ax.fill_between(verdict.iterates, lower, verdict.upper, **band)
        ax.plot(verdict.iterates, verdict.bound, color=look["color"], linestyle=BOUND)
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
    ax = _axes(ax)
    lowest = 0.0
    for place, (one, name) in enumerate(zip(several, names, strict=True)):
        look = _look(first + place)
        found = measured_coherence(one)
        at = found.times + 1
        ax.plot(at, found.expected, **look, markevery=_spread(at), label=name)
        ax.plot(at, found.minimum, color=look["color"], linestyle=":", linewidth=1)
        if mu is not None:
            ends = [at[0], at[-1]]
            ax.plot(ends, [mu[place]] * 2, color=look["color"], linestyle=BOUND, linewidth=1)
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
    ax = _axes(ax)
    for place, (one, name) in enumerate(zip(several, names, strict=True)):
        for what in {measure, against} - {"updates"}:
            if what not in one.settings["measures"]:
                raise ValueError(f"runs of {name} have no {what}; ask `simulate` to measure it")
        look, moments = _look(place), getattr(one.statistics, MEASURES[measure])
        at = one.times if against == "updates" else one.statistics.time.mean
        seen = np.isfinite(moments.mean) & np.isfinite(at)
        x, mean = at[seen], moments.mean[seen]
        error = 2 * moments.standard_error[seen]
        lost = one.first_divergence is not None
        words = f"{name} ({(one.lost_at >= 0).sum()} of {one.replicas} diverged)" if lost else name
        ax.plot(x, mean, **look, markevery=_evenly(x), label=words)
        band = {"color": look["color"], "alpha": 0.2, "linewidth": 0}
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


def save(figure: Figure, path: str) -> list[str]:
    """Write path.png and path.pdf, without dates in them; the names written."""
    written = [f"{path}.png", f"{path}.pdf"]
    figure.savefig(written[0], dpi=180)
    figure.savefig(written[1], metadata={"CreationDate": None})
    return written


def _axes(ax: Axes | None) -> Axes:
    return new_figure().axes[0] if ax is None else ax


def several_labels(
    who: str, things: Sequence[Any], labels: Sequence[str] | None, default: Sequence[str]
) -> list[str]:
    if not things:
        raise ValueError(f"{who} needs at least one thing to draw, got none")
    if labels is not None and len(labels) != len(things):
        raise ValueError(f"{who} needs {len(things)} labels, got {len(labels)}")
    return list(default if labels is None else labels)


def _schedule(runs: Runs) -> str:
    """The schedule in one line, or what kind it is if that would get long."""
    from empirics.named import spell  # imports all there is

    settings = runs.settings["schedule"]
    try:
        text = spell(settings)
    except ValueError:
        return str(settings["kind"])
    return text if len(text) <= LONG else str(settings["kind"])


def _look(place: int) -> dict[str, Any]:
    return {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)]}


def _evenly(at: Any) -> list[int]:
    """Places of a few markers, evenly along a curve."""
    if not len(at):
        return []
    wanted = np.linspace(at[0], at[-1], 6)
    return sorted({int(np.argmin(abs(at - value))) for value in wanted})


def _spread(at: Any) -> list[int]:
    """Places of a few markers, evenly in the logarithm."""
    if not len(at):
        return []
    wanted = np.geomspace(at[0], at[-1], 6)
    return sorted({int(np.argmin(abs(at - value))) for value in wanted})
