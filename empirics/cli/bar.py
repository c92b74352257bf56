"""Progress on long work: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys

import typer


class Bar:
    """A progress bar on a terminal, nothing elsewhere; lines printed through it stay whole."""

    def __init__(self, total: int, what: str, *, show: bool) -> None:
        self._what, self._bar, self._task = what, None, None
        here = next((stream for stream in (sys.stdout, sys.stderr) if stream.isatty()), None)
        if not show or here is None:
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._on_stdout = here is sys.stdout
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(file=here),
            transient=True,
        )
        self._task = self._bar.add_task(what, total=total)

    def advance(self, name: str, by: int = 1) -> None:
        """One more is done, or a few."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=by, description=f"{self._what}: {name}")

    def say(self, words: str) -> None:
        """Print a line above the bar."""
        if self._bar is not None and self._on_stdout:
            self._bar.console.print(words, soft_wrap=True, highlight=False, markup=False)
        else:
            typer.echo(words)

    def __enter__(self) -> Bar:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
