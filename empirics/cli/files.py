"""Files that commands write: their names, and whether they can be written, before the work."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from empirics.cli.base import fail

FIGURES = (".png", ".pdf", ".svg")
LONGEST = 80  # letters of a specification in a file name: file systems take 255 for all of it


def each(path: Path, texts: Sequence[str]) -> list[Path]:
    """A file for each specification: the path itself for one, with the specification for several.

    >>> [str(name) for name in each(Path("runs.nc"), ["constant:4", "uniform:tau_max=8"])]
    ['runs-constant-4.nc', 'runs-uniform-tau_max=8.nc']
    """
    if len(texts) == 1:
        return [path]
    slugs: list[str] = []
    for text in texts:
        slug = plainly(text)
        slugs.append(f"{slug}-{len(slugs) + 1}" if slug in slugs else slug)
    return [path.with_name(f"{path.stem}-{slug}{path.suffix}") for slug in slugs]


def plainly(text: str) -> str:
    """A specification as a part of a file name, cut where names would get too long.

    >>> plainly("caches:workers=3,law=[uniform:4,constant:0]")
    'caches-workers=3-law=-uniform-4-constant-0'
    """
    return re.sub(r"[^\w.=+-]+", "-", text).strip("-")[:LONGEST]


def writable(option: str, path: Path | None, *suffixes: str) -> None:
    """Refuse, before anything is computed, a file that could not be written or read afterwards."""
    if path is None:
        return
    if path.suffix not in suffixes:
        fail(f"{option} needs a file name that ends in {' or '.join(suffixes)}, got {path}")
    if path.is_dir():
        fail(f"{option} needs a file, got the folder {path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path.parent):
            pass
    except OSError as reason:
        fail(f"{option} needs a folder that can be written to, got {path.parent}: {reason}")


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure, without dates in it, and the folder it is in if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    dateless = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}.get(path.suffix)
    figure.savefig(path, dpi=180, metadata=dateless)


def different(texts: Sequence[str]) -> None:
    """Refuse the same specification twice."""
    twice = next((text for k, text in enumerate(texts) if text in texts[:k]), None)
    if twice is not None:
        fail(f"every schedule is needed once, got {twice!r} twice")
