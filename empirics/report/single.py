"""What a page says of one file of runs, and what all pages say of runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics import plots
from empirics.diagrams import delays
from empirics.report.again import simulate_command
from empirics.report.page import Page
from empirics.runs import Runs
from empirics.summary import lines, of_runs

SHOWN = 20  # replicas that diverged or left, or cells, that are listed one by one


def of_file(runs: Runs, name: str) -> Page:
    """A page on one file of runs."""
    page = Page(f"Runs: {name}")
    if not runs.complete:
        page.say("Interrupted: not all replicas that were asked for are here.", "violated")
    page.code("\n".join(lines(of_runs(runs))))
    lost(page, runs)
    left(page, runs)
    page.heading("Figures")
    asked = [m for m in plots.LETTERS if m in runs.settings["measures"] and m != "time"]
    with plots.style("paper"):
        figure = plots.new_figure(len(asked), sharey=False)
        for ax, measure in zip(figure.axes, asked, strict=True):
            plots.runs(runs, ax, measure=measure)
        page.figure(figure, f"What was measured: {', '.join(asked)}.")
        counted = runs.reads or runs.deliveries
        if counted is not None and counted.counts.sum() > 0:
            figure = plots.new_figure()
            delays(counted, figure.axes[0])
            page.figure(figure, "How often each delay occurred.")
        if len(runs.lags) > 1:
            figure = plots.new_figure()
            plots.coherence(runs, figure.axes[0])
            page.figure(figure, "Gradient coherence over the window.")
    page.heading("How to do it again")
    command = simulate_command(runs)
    if command is None:
        page.say(
            "The command line has no words for all of these settings, or the runs were "
            "interrupted; empirics.simulate takes them in Python."
        )
    else:
        page.code(command)
    settings(page, runs.settings)
    return page


def lost(page: Page, runs: Runs) -> None:
    """The replicas that diverged: which, and when."""
    page.heading("Diverged replicas")
    if runs.divergence is None:
        page.say("None.")
        return
    page.say(f"{runs.divergence}. From then on every mean is infinite: none is left out.")
    _listed(page, "diverged by update", runs.lost_at)


def left(page: Page, runs: Runs) -> None:
    """The replicas that left the region of the problem: which, and when; nothing without one."""
    if runs.region is None:
        return
    page.heading(f"Replicas that left {runs.region}")
    if runs.departure is None:
        page.say("None.")
        return
    page.say(f"{runs.departure}. The constants of the problem hold in this region only.")
    _listed(page, "left at update", runs.left_at)


def _listed(page: Page, what: str, times: NDArray[np.int64]) -> None:
    """The first of the replicas to which something happened at a time that is not -1."""
    those = np.flatnonzero(times >= 0)
    first = those[np.argsort(times[those], kind="stable")][:SHOWN]
    page.table([("replica", what), *((str(one), str(times[one])) for one in first)])
    if those.size > SHOWN:
        page.say(f"And {those.size - SHOWN} more.")


def settings(page: Page, asked: Mapping[str, Any]) -> None:
    """All that was asked for, and with which versions."""
    page.heading("Settings")
    rows = [(k, json.dumps(v)) for k, v in asked.items() if k != "versions"]
    page.table([("name", "value"), *rows])
    page.heading("Versions")
    page.table([("of", "version"), *asked["versions"].items()])


def runs_in(folder: Path) -> list[tuple[Path, Runs]]:
    """The runs in a folder that can be read."""
    found = []
    for path in sorted(folder.glob("*.nc")):
        try:
            found.append((path, Runs.load(path)))
        except ValueError:
            continue
    return found
