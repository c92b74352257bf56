"""The command `staleness sweep`: a grid of runs from a file."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from empirics.cli.bar import Bar
from empirics.cli.base import INTERRUPTED, Json, app


@app.command()
def sweep(
    study: Annotated[Path, typer.Argument(help="A TOML file: axes, steps, and the rest.")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the results; the name of the study with -sweep, if not given."
        ),
    ] = None,
    processes: Annotated[int, typer.Option(help="How many work at it; changes no number.")] = 1,
    cluster: Annotated[
        str | None,
        typer.Option(help="Address of a dask.distributed scheduler that works in their place."),
    ] = None,
    dry: Annotated[bool, typer.Option("--dry", help="Check all cells, run none.")] = False,
    json_: Json = False,
) -> None:
    """Run a grid of settings from a TOML file; every cell is stored as soon as it is done.

    All cells are checked before any runs. The same command goes on after an interruption.
    """
    from empirics.interruption import Interruption
    from empirics.sweep import Cell, Study
    from empirics.sweep import sweep as run

    begun = time.monotonic()
    grid = Study.load(study)
    folder = out or study.with_name(f"{study.stem}-sweep")
    cells = len({cell.key for cell in grid.cells})
    page: dict[str, Any] = {"cells": cells, "axes": {a: list(v) for a, v in grid.axes.items()}}
    if dry:
        shape = " x ".join(f"{len(values)} {axis}" for axis, values in grid.axes.items())
        typer.echo(json.dumps(page, indent=2) if json_ else f"{cells} cells can run: {shape}")
        return
    kept = finished = 0
    table: Any = None
    interruption = Interruption()
    with interruption, Bar(cells, "sweeping", show=not json_) as bar:

        def progress(cell: Cell, there: bool) -> None:
            nonlocal kept, finished
            kept, finished = kept + there, finished + (not there)
            bar.advance(cell.name)
            interruption.check()

        try:
            with interruption.raised():
                table = run(
                    grid, folder, processes=processes, executor=_client(cluster), progress=progress
                )
        except KeyboardInterrupt:
            pass
    lost = 0 if table is None else int((table["lost"] > 0).sum())
    page |= {"ran": finished, "kept": kept, "cells with diverged replicas": lost}
    page |= {"files": [str(folder / name) for name in ("sweep.nc", "sweep.csv")]}
    page |= {"complete": table is not None, "seconds": round(time.monotonic() - begun, 1)}
    if json_:
        typer.echo(json.dumps(page, indent=2))
    else:
        typer.echo(
            f"{finished} cells ran, {kept} were there; replicas diverged in {lost}; wrote "
            f"{' and '.join(page['files'])} ({page['seconds']} s)"
        )
    if table is None:
        typer.echo(
            f"staleness: interrupted after {finished + kept} of {cells} cells; the same command "
            "goes on from there",
            err=True,
        )
        raise typer.Exit(INTERRUPTED)


def _client(address: str | None) -> Any:
    if address is None:
        return None
    try:
        from distributed import Client
    except ImportError:
        raise ValueError(
            'sweep needs dask.distributed for a cluster; install the extra "cluster"'
        ) from None
    try:
        return Client(address, timeout=10)
    except (OSError, TimeoutError) as reason:
        raise ValueError(f"sweep finds no scheduler at {address}: {reason}") from None
