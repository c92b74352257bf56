"""CSV files of records: a first line that says what it is, a header, rows of numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMBER = r"[1-9]\d{0,17}"  # a whole number > 0


@dataclass(frozen=True, eq=False, kw_only=True)
class Table:
    """What is in a file: columns by name, the settings of its first line, and where rows stand."""

    path: str
    columns: Mapping[str, NDArray[Any]]
    about: Mapping[str, str]
    lines: tuple[int, ...]  # the number of the line of each row, and one for what is missing

    def refuse(self, who: str, row: int, needs: str, got: str) -> ValueError:
        """The error about this row."""
        return ValueError(f"{self.path}, line {self.lines[row]}: {who} needs {needs}, got {got}")


def save_table(
    who: str,
    path: str | PathLike[str],
    title: str,
    about: Mapping[str, object],
    columns: Mapping[str, NDArray[Any]],
    notes: Sequence[str] = (),
) -> None:
    """Write a file that `load_table` reads, with notes in it: floats keep every bit."""
    for note in notes:
        if not isinstance(note, str) or not note.isprintable():
            raise ValueError(f"{who} needs notes of one line each, got {note!r}")
    settings = "".join(f" {name}={value}" for name, value in about.items())
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    head = [title + settings, *(f"# {note}" for note in notes), ",".join(columns)]
    lines = [*head, *(",".join(map(repr, row)) for row in rows)]
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def load_table(
    who: str,
    path: str | PathLike[str],
    title: str,
    about: Mapping[str, str],
    columns: Mapping[str, type],
) -> Table:
    """Read such a file; further lines that begin with # are for the reader.

    Parameters: about, the settings of the first line with a regular expression each, after which
    there may be a label; columns, int or float for each name of the header.
    Raises ValueError, with the number of the line, if anything is of another form.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{who} needs a readable file, got {path}: {error}") from None
    first = lines[0] if lines else ""
    settings = "".join(f" {name}=(?P<{name}>{value})" for name, value in about.items())
    found = re.fullmatch(re.escape(title) + settings + "(?: label=(?P<label>.*))?", first)
    if found is None:
        form = title + "".join(f" {name}=..." for name in about)
        raise ValueError(f"{path}, line 1: {who} needs a first line {form}, got {first!r}")
    body = [(n, line) for n, line in enumerate(lines, 1) if not line.startswith("#")]
    end = len(lines) + 1
    header = ",".join(columns)
    if not body or body[0][1].strip() != header:
        n, line = body[0] if body else (end, "the end of the file")
        raise ValueError(f"{path}, line {n}: {who} needs the header {header}, got {line!r}")
    rows = [_row(who, path, n, line, columns) for n, line in body[1:]]
    by_column = zip(*rows, strict=True) if rows else [()] * len(columns)
    return Table(
        path=str(path),
        columns={
            name: np.array(column, dtype=np.int64 if kind is int else np.float64)
            for (name, kind), column in zip(columns.items(), by_column, strict=True)
        },
        about={k: v for k, v in found.groupdict().items() if v is not None},
        lines=(*(n for n, _ in body[1:]), end),
    )


def _row(
    who: str, path: object, n: int, line: str, columns: Mapping[str, type]
) -> tuple[int | float, ...]:
    """The numbers of a line."""
    try:
        cells = zip(columns.values(), line.split(","), strict=True)
        return tuple(int(np.int64(cell)) if kind is int else float(cell) for kind, cell in cells)
    except (ValueError, OverflowError):
        numbers = sum(kind is int for kind in columns.values())
        times = f" and {len(columns) - numbers} times" * (numbers < len(columns))
        raise ValueError(
            f"{path}, line {n}: {who} needs {numbers} whole numbers{times}, got {line!r}"
        ) from None
