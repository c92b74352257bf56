"""Read delays that somebody has measured, whatever they call the first index and no delay."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from empirics.schedules.history import COLUMNS, TITLE, History
from empirics.schedules.messages import TITLE as MESSAGES
from empirics.schedules.traces import Trace

Kind: TypeAlias = Literal["delays", "ages", "history"]
KINDS = ("delays", "ages", "history")


def trace(
    path: str | PathLike[str],
    kind: Kind | None = None,
    *,
    first_index: int = 0,
    current: int = 0,
    label: str | None = None,
    repeat: bool = False,
) -> Trace:
    r"""The delays in a CSV file, as a schedule.

    Parameters: kind, what a row is, found out unless given:

    - "delays", one column: the delay of the gradient that is applied;
    - "ages", W columns: how old the gradient is that is cached for each worker. An update applies
      the mean of all W of them, so K = W; a cached gradient is applied again until the next one
      arrives, which with `reuse=True` in `simulate` is the very same one, as in PIAG;
    - "history": a file that `History.save` has written.

    first_index = 0: the first row is update 0; 1: it is update 1, and update 0, which can read
    x_0 only, is put in front. current = 0 or 1, the number that says "at the current iterate";
    label, the name of the file unless given; repeat, see `Trace`. Values are whole numbers, also
    written as 3.0; a header and lines that begin with # are left out.
    Raises ValueError, with the line, for what cannot be: a value that is no whole number, negative
    (below `current`) or beyond its index, an age that grows by more than one, a ragged row, no row.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
    ...     print("delay", 1, 2, 1, file=file, sep="\n", flush=True)
    ...     trace(file.name, current=1, label="mine").delays.ravel()
    array([0, 1, 0])

    Source: files of this kind: Wu et al. 2022, as measured in asynchronous BCD and PIAG.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"trace needs a kind among {', '.join(KINDS)} or none, got {kind!r}")
    for what, value in (("first_index", first_index), ("current", current)):
        if value not in (0, 1) or isinstance(value, bool):
            raise ValueError(f"trace needs {what} = 0 or 1, got {value!r}")
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"trace needs a readable file, got {path}: {error}") from None
    lines = text.rstrip().splitlines()
    body = [(n, line.strip()) for n, line in enumerate(lines, 1) if not line.startswith("#")]
    if kind is None and (text.startswith(TITLE) or (body and body[0][1] == ",".join(COLUMNS))):
        kind = "history"
    if text.startswith(MESSAGES):
        raise ValueError(f"{path}, line 1: trace needs delays, got messages; see Messages.load")
    if kind == "history":
        if first_index or current:
            raise ValueError("trace needs first_index = current = 0 for a history, got a 1")
        past = History.load(path).replay(repeat=repeat)
        return past if label is None else _named(past, label)
    if body and not any(_number(cell) is not None for cell in body[0][1].split(",")):
        del body[0]  # a header
    if not body:
        raise ValueError(f"{path}, line {len(lines) + 1}: trace needs at least one row, got none")
    rows: list[list[int]] = [[0] * len(body[0][1].split(","))] if first_index else []
    for n, line in body:
        row = [_delay(cell, current) for cell in line.split(",")]
        where = f"{path}, line {n}: trace needs"
        wrong = [i for i, tau in enumerate(row) if tau is None]
        if wrong:
            cell = line.split(",")[wrong[0]]
            raise ValueError(f"{where} whole numbers >= {current}, got {cell!r}")
        delays = [tau for tau in row if tau is not None]
        _possible(where, delays, rows, kind, current)
        rows.append(delays)
    return Trace(rows, label=Path(path).name if label is None else label, repeat=repeat)


def _possible(
    where: str, delays: list[int], rows: list[list[int]], kind: Kind | None, current: int
) -> None:
    """Refuse a row that cannot come after these."""
    t, columns = len(rows), len(rows[0]) if rows else len(delays)
    if len(delays) != columns:
        raise ValueError(f"{where} {columns} columns as in the rows before, got {len(delays)}")
    if kind == "delays" and columns > 1:
        raise ValueError(f'{where} one column of delays, got {columns}; is its kind "ages"?')
    for w, tau in enumerate(delays):
        if tau > t:
            raise ValueError(
                f"{where} delays that do not reach before the start, at most {t + current} in "
                f"update {t}, got {tau + current}"
            )
        # ages; a single column is delays, which may jump, unless it is said to be ages
        if rows and (columns > 1 or kind == "ages") and tau > rows[-1][w] + 1:
            raise ValueError(
                f"{where} ages that grow by at most 1 a row, got {rows[-1][w] + current} and then "
                f"{tau + current} in column {w + 1}"
            )


def _delay(cell: str, current: int) -> int | None:
    """The delay a cell stands for, None if it is no whole number >= current."""
    value = _number(cell)
    if value is None or not value.is_integer() or not current <= value < 2**53:
        return None
    return int(value) - current


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _named(past: Trace, label: str) -> Trace:
    times = None if past.times is None else np.array(past.times)
    return Trace(past.delays, times=times, label=label, repeat=past.repeat)
