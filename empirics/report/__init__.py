"""One self-contained HTML page on runs, on a check or on a sweep."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path

from empirics.report.checked import of_check
from empirics.report.page import Page
from empirics.report.single import of_file
from empirics.report.swept import of_sweep
from empirics.runs import Runs


def report(source: str | PathLike[str]) -> str:
    """The page, as HTML: verdicts, figures, settings, how to do it again, what diverged, versions.

    Nothing in it is loaded from anywhere and nothing runs; figures are SVG within the page.
    Parameters: source, a file of `Runs.save` or of `staleness simulate`, or the output folder of
    `staleness check` (with its summary.json) or of `staleness sweep` (with its sweep.nc).
    Raises ValueError, or FileNotFoundError, if it is none of these or cannot be read.

    >>> import tempfile
    >>> from empirics import problems, schedules, simulate
    >>> runs = simulate(problems.quadratic(dim=1), schedules.Constant(1), step=0.1, steps=5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     runs.save(f"{folder}/runs.nc")
    ...     report(f"{folder}/runs.nc").splitlines()[0]
    '<!doctype html>'
    """
    return _page(Path(source)).html()


def _page(path: Path) -> Page:
    if not path.exists():
        raise FileNotFoundError(f"report needs a file of runs or a folder of results, got {path}")
    if not path.is_dir():
        return of_file(Runs.load(path), path.name)
    if (path / "summary.json").exists():
        try:
            summary = json.loads((path / "summary.json").read_text(encoding="utf-8"))
            return of_check(summary, path)
        except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as reason:
            raise ValueError(
                f"report needs the summary.json of `staleness check`, got {path / 'summary.json'}, "
                f"which fails with {type(reason).__name__}: {reason}"
            ) from reason
    if (path / "sweep.nc").exists():
        import xarray

        try:
            with xarray.open_dataset(path / "sweep.nc", engine="scipy") as table:
                return of_sweep(table.load(), path)
        except (OSError, ValueError, KeyError, TypeError) as reason:
            raise ValueError(
                f"report needs the sweep.nc of `staleness sweep`, got {path / 'sweep.nc'}, which "
                f"fails with {type(reason).__name__}: {' '.join(str(reason).split())}"
            ) from reason
    raise ValueError(
        f"report needs a folder with the summary.json of a check or the sweep.nc of a sweep, got "
        f"{path} with neither; for runs, name the file"
    )


__all__ = ["Page", "report"]
