"""What a page says of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from empirics import plots
from empirics.moments import MEASURES
from empirics.plots.tables import values
from empirics.report.again import study_file
from empirics.report.page import Page
from empirics.report.single import SHOWN, runs_in

MAPS = 12  # at most on one page


def of_sweep(table: Any, folder: Path) -> Page:
    """A page on the folder of a sweep, from its table."""
    axes = [str(axis) for axis in table["lost"].dims]
    page = Page(f"Sweep: {folder.name}")
    lost = table["lost"].values
    done, total = int(np.isfinite(lost).sum()), lost.size
    shape = " x ".join(f"{table.sizes[a]} {a}" for a in axes)
    page.say(f"{done} of {total} cells are finished: {shape}.", "" if done == total else "violated")
    free = [a for a in axes if table.sizes[a] > 1]
    measures = [m for m, f in MEASURES.items() if f"{f}_mean" in table and m != "time"]
    measure = "gap" if "gap" in measures else measures[0] if measures else None
    page.heading("Figures")
    if measure is None:
        page.say("Nothing is finished yet.")
    else:
        _figures(page, table, free, measure)
    page.heading("Diverged replicas")
    _counted(page, table, "lost", "their means are infinite from then on")
    if "left" in table and (table["left"].values > 0).any():
        page.heading("Replicas that left the region of their problem")
        _counted(page, table, "left", "the constants of the problem hold in it only")
    page.heading("How to do it again")
    first = next((runs for _, runs in runs_in(folder / "cells")[:1]), None)
    if first is None:
        page.say("No cell is beside the table; what the cells have in common is not known.")
        return page
    page.say("As study.toml, for the command below.")
    page.code(study_file({a: values(table, a) for a in axes}, first.settings))
    page.code("staleness sweep study.toml")
    page.heading("Versions")
    page.table([("of", "version"), *first.settings["versions"].items()])
    return page


def _counted(page: Page, table: Any, name: str, words: str) -> None:
    """The cells with replicas to which something happened, and how many these are."""
    numbers = table[name].values
    places = np.argwhere(numbers > 0)
    if not len(places):
        page.say("None.")
        return
    axes = [str(axis) for axis in table["lost"].dims]
    page.say(f"In {len(places)} cells; {words}.")
    rows = [
        (*(str(values(table, a)[k]) for a, k in zip(axes, place, strict=True)), f"{n:.0f}")
        for place, n in zip(places[:SHOWN], numbers[numbers > 0], strict=False)
    ]
    page.table([(*axes, f"replicas {name}"), *rows])
    if len(places) > SHOWN:
        page.say(f"And {len(places) - SHOWN} cells more.")


def _figures(page: Page, table: Any, free: Sequence[str], measure: str) -> None:
    """Small multiples, and a map for every place of a sweep of steps and one more numeric axis."""
    numeric = [a for a in free if a != "step" and table[a].dtype.kind in "if" and a != "seed"]
    with plots.style("paper"):
        try:
            page.figure(
                plots.small_multiples(table, measure=measure), f"The {measure} along all runs."
            )
        except ValueError as reason:  # too many for a page
            page.say(f"No page of small multiples: {reason}.")
        if "step" not in free or table["step"].dtype.kind not in "if" or len(numeric) != 1:
            return
        others = [a for a in free if a not in ("step", numeric[0])]
        sizes = [table.sizes[a] for a in others]
        count = int(np.prod(sizes, dtype=int))
        for k in range(min(count, MAPS)):
            here = {}
            if others:
                chosen = np.unravel_index(k, sizes)
                here = {a: int(i) for a, i in zip(others, chosen, strict=True)}
            part = table.isel(here)
            words = ", ".join(str(part[a].values) for a in others)
            figure = plots.new_figure(height=4)
            plots.heat_map(part, figure.axes[0], staleness=numeric[0], measure=measure)
            page.figure(figure, f"What is left at the end{': ' * bool(words)}{words}.")
