"""The command `staleness`: a thin layer over the packages.

Exit codes: 0 consistent (or proved, or done: diverged replicas are no error), 1 violated (or not
proved, or a constant refuted), 2 usage, 3 not applicable, inconclusive or incomplete, 130
interrupted.
"""

from __future__ import annotations

from collections.abc import Sequence

from empirics.cli import (
    catalogue,
    check,
    depth,
    gallery,
    problems,
    record,
    report,
    schedule,
    simulate,
    sweep,
)
from empirics.cli.base import app, fail


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; one sentence and exit code 2 for what cannot be done."""
    try:
        app(arguments)
    except (ValueError, OSError) as error:
        fail(str(error))
    except MemoryError as error:
        fail(f"there is not enough memory: {error}")


__all__ = [
    "app",
    "catalogue",
    "check",
    "depth",
    "gallery",
    "main",
    "problems",
    "record",
    "report",
    "schedule",
    "simulate",
    "sweep",
]
