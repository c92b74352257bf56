"""The command `staleness report`: one page on runs, a check or a sweep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from empirics.cli import files
from empirics.cli.base import Json, app


@app.command()
def report(
    source: Annotated[
        Path,
        typer.Argument(help="A file of runs (.nc), or the folder of a check or of a sweep."),
    ],
    out: Annotated[Path, typer.Option(help="The page.")] = Path("report.html"),
    json_: Json = False,
) -> None:
    """Write one self-contained HTML page: verdicts, figures, settings, how to do it again.

    It needs no network and no scripts, prints well, and is light or dark as the reader has it.
    """
    files.writable("--out", out, ".html")
    from empirics.report import report as written

    page = written(source)
    out.write_text(page, encoding="utf-8")
    size = len(page.encode())
    told = {"file": str(out), "bytes": size}
    typer.echo(json.dumps(told) if json_ else f"wrote {out} ({size / 1e6:.1f} MB)")
