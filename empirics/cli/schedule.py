"""The command `staleness schedule`: what schedules do, without a problem."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from empirics.cli import files
from empirics.cli.base import INTERRUPTED, Json, app, fail
from empirics.cli.names import listing

USUAL = 1000  # updates
HEAD = ("schedule", "mean", "median", "p99", "longest", "in flight", "reads", "discarded", "time")


@app.command()
def schedule(
    schedule: Annotated[
        list[str] | None, typer.Argument(help="Such as uniform:8, workers:8 or trace:FILE.")
    ] = None,
    updates: Annotated[
        int | None, typer.Option(help="How many updates to watch, 1000 or all there are.")
    ] = None,
    seed: Annotated[int, typer.Option(help="One integer behind all random numbers.")] = 0,
    replica: Annotated[int, typer.Option(help="Which of the replicas to watch.")] = 0,
    figure: Annotated[
        Path | None,
        typer.Option(help="Draw who reads and writes what, when: .png, .pdf or .svg."),
    ] = None,
    shown: Annotated[
        str | None, typer.Option(help="Updates in that figure, such as 20 or 100-130.")
    ] = None,
    histogram: Annotated[
        Path | None,
        typer.Option(help="Draw how often each delay occurred: .png, .pdf or .svg."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Save who did what when (.csv); trace:FILE does it again."),
    ] = None,
    json_: Json = False,
) -> None:
    """Say what schedules do in one replica: how late gradients come, how many are in flight.

    Without arguments: the schedules there are, and how they are written.

    Delays are in updates; those of messages between caches are in iterations.
    """
    from empirics import named
    from empirics.summary import table

    if not schedule:
        typer.echo(listing([named.SCHEDULES, *named.WITHIN_SCHEDULES], json_=json_))
        return
    files.different(schedule)
    files.writable("--out", out, ".csv")
    files.writable("--figure", figure, *files.FIGURES)
    files.writable("--histogram", histogram, *files.FIGURES)
    most = USUAL if updates is None else updates
    if shown is not None and figure is None:
        fail("--shown says what to draw of --figure, got no --figure")
    made = [named.schedule(text, steps=most, seed=seed) for text in schedule]
    if updates is None:
        most = min(map(_length, made))
    window = _window(shown, most)
    try:
        records = [_watched(one, most, seed, replica) for one in made]
    except KeyboardInterrupt:
        typer.echo("staleness: interrupted; nothing was written", err=True)
        raise typer.Exit(INTERRUPTED) from None
    written: list[str] = []
    if out is not None:
        for (record, _), path in zip(records, files.each(out, schedule), strict=True):
            record.save(path)
            written.append(str(path))
    if figure is not None:
        _space_time([record for record, _ in records], schedule, window, figure)
        written.append(str(figure))
    if histogram is not None:
        _histogram([record for record, _ in records], schedule, histogram)
        written.append(str(histogram))
    if json_:
        told = [{"schedule": a} | asdict(b) for a, (_, b) in zip(schedule, records, strict=True)]
        typer.echo(json.dumps({"schedules": told, "files": written}, indent=2))
        return
    rows = [
        (text, f"{a.mean:.4g}", *map(_words, (a.median, a.p99, a.longest, a.flying)),
         *map(_words, (a.reads, a.discarded, a.time_per_update)))
        for text, (_, a) in zip(schedule, records, strict=True)
    ]  # fmt: skip
    typer.echo("\n".join(table([HEAD, *rows])))
    if written:
        typer.echo(f"wrote {', '.join(written)}")


def _length(schedule: Any) -> int:
    """How many updates to watch unless told: some schedules come to an end."""
    for updates in range(USUAL, 1, -1):
        with suppress(ValueError):
            schedule.allow(updates)
            return updates
    return 1


def _watched(schedule: Any, updates: int, seed: int, replica: int) -> tuple[Any, Any]:
    """What it did, as something that can be saved, and the numbers."""
    from empirics import schedules
    from empirics.schedules.base import OwnCaches
    from empirics.summary import of_history, of_messages

    if isinstance(schedule, OwnCaches):
        sent = schedules.messages(schedule, updates, seed=seed, replica=replica)
        return sent, of_messages(sent)
    past = schedules.history(schedule, updates, seed=seed, replica=replica)
    return past, of_history(past)


def _words(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _window(shown: str | None, updates: int) -> int | tuple[int, int] | None:
    """The updates to draw, as `space_time` takes them."""
    if shown is None:
        return None
    try:
        first, stop = map(int, shown.split("-")) if "-" in shown else (0, int(shown))
    except ValueError:
        first, stop = -1, -1
    if not 0 <= first < stop <= updates:
        fail(f"--shown needs such as 20 or 100-130, within 0-{updates}, got {shown!r}")
    return first, stop


def _space_time(records: Sequence[Any], texts: Sequence[str], window: Any, path: Path) -> None:
    """A space-time diagram each, one below the other."""
    from matplotlib.figure import Figure

    from empirics import diagrams, plots

    heights = [1.8 + 0.5 * record.workers for record in records]
    with plots.style("paper"):
        figure = Figure(figsize=(9, sum(heights)), layout="constrained")
        panels = figure.subplots(len(records), 1, squeeze=False, height_ratios=heights)
        for ax, record, text in zip(panels.flat, records, texts, strict=True):
            diagrams.space_time(record, ax, updates=window)
            ax.set_title(text, loc="left", pad=22)
        files.save_figure(figure, path)


def _histogram(records: Sequence[Any], texts: Sequence[str], path: Path) -> None:
    """How often each delay occurred, in one panel."""
    from empirics import diagrams, plots

    with plots.style("paper"):
        figure = plots.new_figure()
        diagrams.delays(records, figure.axes[0], labels=texts)
        files.save_figure(figure, path)
