"""What a page says of a check: verdicts that were written down, and the runs beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics import plots
from empirics.problems.base import Array
from empirics.report.again import check_command
from empirics.report.page import Page
from empirics.report.single import runs_in, settings


@dataclass(frozen=True, eq=False, kw_only=True)
class Remembered:
    """What figures need of a verdict that was written down: a number that is not there was not
    finite, and is taken for infinite in the limits that are open above, else for not known."""

    theorem: str
    title: str
    label: str
    outcome: str
    iterates: NDArray[np.int64]
    bound: Array
    mean: Array
    lower: Array
    upper: Array

    @property
    def holds(self) -> bool:
        return self.outcome == "consistent"

    @property
    def path(self) -> Array:
        seen = np.isfinite(self.mean)
        return np.array([self.iterates[seen], self.mean[seen]])


def remembered(verdict: Mapping[str, Any]) -> Remembered:
    """The verdict, from its entry in a summary."""
    at = verdict["at"]

    def real(name: str, instead: float) -> Array:
        return np.array([instead if v is None else float(v) for v in at[name]])

    horizons = np.array(at["horizons"], dtype=np.int64)
    return Remembered(
        theorem=verdict["theorem"],
        title=f"s = {verdict['s']}",
        label=verdict["quantity"],
        outcome=verdict["outcome"],
        iterates=horizons + (horizons.min(initial=1) < 1),  # those that count from 0 cover one more
        bound=real("bound", np.inf),
        mean=real("mean", np.inf),
        lower=real("lower", np.nan),
        upper=real("upper", np.inf),
    )


def of_check(summary: Mapping[str, Any], folder: Path) -> Page:
    """A page on the folder of a check."""
    page = Page(f"Theorems against runs: {folder.name}")
    if not summary["complete"]:
        page.say("Interrupted: not all verdicts are here.", "violated")
    verdicts: Sequence[Mapping[str, Any]] = summary["verdicts"]
    page.heading("Verdicts")
    head = ("theorem", "s", "outcome", "bound / mean", "would be rejected", "alpha", "reason")
    page.table([head, *map(_verdict, verdicts)], marked=2)
    page.say(
        "Consistent means that the runs do not contradict the theorem, never that they prove it. "
        "Would be rejected: the least factor by which the bound could shrink before they do."
    )
    panels: dict[str, list[Remembered]] = {}
    for verdict in verdicts:
        panels.setdefault(verdict["theorem"], []).append(remembered(verdict))
    if panels:
        page.heading("Figures")
        with plots.style("paper"):
            for draw, caption in (
                (plots.bound_and_runs, "Bounds and what they bound, with simultaneous limits."),
                (plots.slack, "How much smaller the bounds could be."),
            ):
                figure = plots.new_figure(len(panels))
                for ax, (name, entries) in zip(figure.axes, panels.items(), strict=True):
                    draw(entries, ax).set_title(name)
                page.figure(figure, caption)
    page.heading("Assumptions")
    rows = [
        (f"{v['theorem']}, s = {v['s']}", c["assumption"], c["finding"], c["words"])
        for v in verdicts
        for c in v["checks"]
    ]
    page.table([("verdict", "assumption", "finding", "evidence"), *dict.fromkeys(rows)])
    page.heading("Diverged replicas")
    found = [f"{path.name}: {runs.divergence}" for path, runs in runs_in(folder) if runs.divergence]
    for sentence in found or ["None."]:
        page.say(sentence)
    page.heading("How to do it again")
    page.code(check_command(summary["request"]))
    first = next((runs for _, runs in runs_in(folder)), None)
    if first is None:
        page.say("The runs are not beside the summary; their settings are not known.")
    else:
        settings(page, first.settings)
    return page


def _verdict(v: Mapping[str, Any]) -> tuple[str, ...]:
    slack, power = (("-" if v[k] is None else f"{v[k]:.3g}") for k in ("slack", "power"))
    heuristic = " (heuristic: it leans on an estimate)" * bool(v["heuristic"])
    below = "-" if power == "-" else f"bound / {power}"
    known = (v["theorem"], str(v["s"]), v["outcome"], slack, below, f"{v['alpha']:.0e}")
    return (*known, v["reason"] + heuristic)
