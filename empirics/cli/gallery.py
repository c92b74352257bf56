"""The command `staleness gallery`: counterexamples, run and measured."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empirics.cli import files
from empirics.cli.bar import Bar
from empirics.cli.base import VIOLATED, Json, app, fail

if TYPE_CHECKING:
    from empirics.gallery import Shown


@app.command()
def gallery(
    name: Annotated[
        str | None, typer.Argument(help="One of them, in full; without it all, a line each.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Draw the one named: a .png, .pdf or .svg file.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the runs that have noise.")] = 0,
    json_: Json = False,
) -> None:
    """Run the counterexamples and measure what each is said to show; exit code 1 if it does not."""
    from empirics import plots
    from empirics.gallery import COUNTEREXAMPLES, draw, find, show

    files.writable("--figure", figure, ".png", ".pdf", ".svg")
    if figure is not None and name is None:
        fail("gallery needs the name of one counterexample to draw; `staleness gallery` lists them")
    chosen = COUNTEREXAMPLES if name is None else (find(name),)
    width = max(len(one.name) for one in chosen)
    shown = []
    with Bar(len(chosen), "running", show=not json_) as bar:
        for one in chosen:
            shown.append(show(one, seed=seed))
            if name is None and not json_:
                mark = "shown    " if shown[-1].ok else "NOT SHOWN"
                bar.say(f"{one.name:<{width}}  {mark}  {one.title}")
            bar.advance(one.name)
    if json_:
        typer.echo(json.dumps([_plain(one) for one in shown], indent=2))
    elif name is not None:
        typer.echo(str(shown[0]))
    if figure is not None:
        with plots.style("paper"):
            files.save_figure(draw(shown[0]), figure)
    if not all(one.ok for one in shown):
        raise SystemExit(VIOLATED)


def _plain(shown: Shown) -> dict[str, Any]:
    found = shown.counterexample
    return {
        "name": found.name,
        "title": found.title,
        "shows": found.shows,
        "source": found.source,
        "shown": shown.ok,
        "cases": [
            {
                "label": one.case.label,
                "settings": dict(one.runs.settings),
                "findings": [asdict(finding) for finding in one.findings],
            }
            for one in shown.tried
        ],
    }
