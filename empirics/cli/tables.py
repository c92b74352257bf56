"""Tables: drawn on a terminal, plain text elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from empirics.compare.table import Assumptions

COLOURS = {"pass": "green", "fail": "bold red", "estimated": "yellow", "unknown": "magenta"}


def show(table: Assumptions) -> None:
    """Print a table of assumptions."""
    if not sys.stdout.isatty():
        typer.echo("\n".join(table.lines()))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table("assumption", "finding", "evidence", title=f"{table.theorem} on {table.runs}")
    for row in table.rows:
        mark = Text(row.mark, style=COLOURS[row.mark])
        drawn.add_row(Text(row.assumption), mark, Text(row.evidence))
    drawn.add_section()
    for name, words in table.along:
        drawn.add_row(Text(name), Text("measured", style="dim"), Text(words))
    Console().print(drawn)
