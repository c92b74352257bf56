"""The application, its exit codes, and what every command needs."""

from __future__ import annotations

from typing import Annotated, NoReturn

import typer

app = typer.Typer(
    name="staleness",
    help="Stale SGD, on paper and in practice: theorems with checked proofs, runs, verdicts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

CONSISTENT, VIOLATED, USAGE, UNDECIDED, INTERRUPTED = 0, 1, 2, 3, 130

Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def fail(sentence: str) -> NoReturn:
    """Say what is wrong and leave with the code for wrong usage."""
    typer.echo(f"staleness: {sentence}", err=True)
    raise SystemExit(USAGE)
