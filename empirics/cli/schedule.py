"""The command `staleness schedule`: what schedules do, without a problem."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from empirics.cli import files
from empirics.cli.base import Json, app
from empirics.cli.names import listing


@app.command()
def schedule(
    schedule: Annotated[
        list[str] | None, typer.Argument(help="Such as uniform:8 or geometric:mean=3,tau_max=20.")
    ] = None,
    updates: Annotated[int, typer.Option(help="How many updates to watch.")] = 1000,
    seed: Annotated[int, typer.Option(help="One integer behind all random numbers.")] = 0,
    replica: Annotated[int, typer.Option(help="Which of the replicas to watch.")] = 0,
    histogram: Annotated[
        Path | None,
        typer.Option(help="Draw how often each delay occurred: .png, .pdf or .svg."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Save who did what when (.csv); history:FILE does it again."),
    ] = None,
    json_: Json = False,
) -> None:
    """Say what schedules do in one replica: how stale gradients are, how many are in flight.

    Without arguments: the schedules there are, and how they are written.
    """
    from empirics import named, schedules
    from empirics.summary import of_history, table

    if not schedule:
        typer.echo(listing([named.SCHEDULES], json_=json_))
        return
    files.different(schedule)
    files.writable("--out", out, ".csv")
    files.writable("--histogram", histogram, *files.FIGURES)
    made = [named.schedule(text) for text in schedule]
    histories = [schedules.history(one, updates, seed=seed, replica=replica) for one in made]
    told = [
        of_history(past, timed=getattr(one, "timed", False))
        for one, past in zip(made, histories, strict=True)
    ]
    written: list[str] = []
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        for past, path in zip(histories, files.each(out, schedule), strict=True):
            past.save(path)
            written.append(str(path))
    if histogram is not None:
        _histogram(histories, schedule, histogram)
        written.append(str(histogram))
    if json_:
        rows = [{"schedule": a} | asdict(b) for a, b in zip(schedule, told, strict=True)]
        typer.echo(json.dumps({"schedules": rows, "files": written}, indent=2))
        return
    head = ("schedule", "mean", "median", "p99", "longest", "in flight", "reads", "discarded")
    lines = [
        (text, f"{a.mean:.4g}", *map(str, (a.median, a.p99, a.longest, a.flying, a.reads)),
         str(a.discarded), "-" if a.time_per_update is None else f"{a.time_per_update:.4g}")
        for text, a in zip(schedule, told, strict=True)
    ]  # fmt: skip
    typer.echo("\n".join(table([(*head, "time per update"), *lines])))
    if written:
        typer.echo(f"wrote {', '.join(written)}")


def _histogram(histories: list[Any], texts: list[str], path: Path) -> None:
    """One curve a schedule."""
    from empirics import plots
    from empirics.summary import reads_of

    with plots.style("paper"):
        figure = plots.new_figure()
        plots.delays([reads_of(past) for past in histories], figure.axes[0], labels=texts)
        files.save_figure(figure, path)
