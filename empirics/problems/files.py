"""Rows of numbers and their labels, read from a file: CSV or LIBSVM."""

from __future__ import annotations

import csv
import re
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array

SUFFIXES = (".csv", ".tsv", ".txt", ".data", ".svm", ".svmlight", ".libsvm")
MOST = 2**27  # numbers that fit into memory: LIBSVM files are made dense
_PAIR = re.compile(r"\d+:\S+")


class Rows(NamedTuple):
    """Features X, (n, p), labels y, (n,), numbers or text, and what tells the file from others."""

    X: Array
    y: NDArray[Any]
    facts: dict[str, Any]


def is_file(data: str) -> bool:
    """Whether a text is meant as the path of a file and not as the name of a data set.

    >>> is_file("digits"), is_file("rows.csv"), is_file("data/rows")
    (False, True, True)
    """
    return Path(data).suffix.lower() in SUFFIXES or "/" in data or "\\" in data


def read(path: str, label: int | str = -1, *, who: str = "reading") -> Rows:
    """The rows of a file, whose lines are "label 1:0.5 7:2" (LIBSVM) or values between commas.

    Parameters: path; label, the column of a CSV file that is to be predicted, by its place from 0
    (or from the end, -1) or by its name in the header; LIBSVM has its own. Values may stand between
    commas, semicolons or tabs. The first line is a header if no value in it is a number. Columns
    but that of the labels have to be finite numbers. Raises ValueError, in one sentence with the
    line, for what is not like this.

    >>> from tempfile import NamedTemporaryFile
    >>> with NamedTemporaryFile("w", suffix=".csv") as file:
    ...     print("size,weight,kind\\n1,2,large\\n3,4.5,small", file=file, flush=True)
    ...     X, y, facts = read(file.name, label="kind")
    >>> X.tolist(), y.tolist(), facts["file"]["shape"]
    ([[1.0, 2.0], [3.0, 4.5]], ['large', 'small'], [2, 2])

    Source: C.-C. Chang, C.-J. Lin, ACM TIST 2 (2011) 27, for the format of LIBSVM.
    """
    try:
        content = Path(path).read_bytes()
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        raise ValueError(f"{who} needs an existing file of data, got {path}") from None
    except (OSError, UnicodeDecodeError) as reason:
        raise ValueError(
            f"{who} needs a readable file of text, got {path}: {' '.join(str(reason).split())}"
        ) from None
    lines = text.splitlines()
    first = next((line for line in lines if line.strip() and not line.startswith("#")), None)
    if first is None:
        raise ValueError(f"{who} needs a file with rows, got {path}, which is empty")
    tokens = first.split("#")[0].split()
    if len(tokens) > 1 and all(_PAIR.fullmatch(token) for token in tokens[1:]):
        X, y = _libsvm(path, content, lines, who)
        told: dict[str, Any] = {}
    else:
        X, y = _csv(path, lines, label, who)
        told = {"label": label}
    digest = sha256(content).hexdigest()
    return Rows(X, y, {**told, "file": {"sha256": digest, "shape": list(X.shape)}})


def _csv(path: str, lines: list[str], label: int | str, who: str) -> tuple[Array, NDArray[Any]]:
    mark = next((mark for mark in "\t;" if mark in lines[0]), ",")
    rows = csv.reader(lines, delimiter=mark, skipinitialspace=True)
    table = [(rows.line_num, [cell.strip() for cell in row]) for row in rows if any(row)]
    number, head = table[0]
    named = not any(_is_number(cell) for cell in head)
    if named:
        table = table[1:]
    if not table or len(head) < 2:
        _refuse(who, path, number, f"rows of 2 or more columns between {mark!r}", repr(head))
    columns = len(head)  # of which rows lose one below
    place = _place(label, head if named else None, columns, path, who)
    X, y = np.empty((len(table), columns - 1)), []
    for k, (number, cells) in enumerate(table):
        if len(cells) != columns:
            _refuse(who, path, number, f"{columns} values, as in the first line", str(len(cells)))
        y.append(cells.pop(place))
        try:
            X[k] = cells
        except ValueError:
            X[k] = np.nan
        if not np.isfinite(X[k]).all():
            bad = next(c for c in cells if not _is_number(c) or not np.isfinite(float(c)))
            _refuse(who, path, number, "finite numbers outside the column of labels", repr(bad))
    numbers = all(map(_is_number, y))
    return X, np.array(y, dtype=np.float64 if numbers else np.str_)


def _place(label: int | str, head: list[str] | None, columns: int, path: str, who: str) -> int:
    """The place of the column of labels."""
    if isinstance(label, str):
        if head is None or label not in head:
            there = "no header" if head is None else f"columns {', '.join(head)}"
            raise ValueError(
                f"{who} needs label = the name of a column of {path}, got {label!r}; it has {there}"
            )
        return head.index(label)
    if isinstance(label, bool) or not isinstance(label, int | np.integer):
        raise ValueError(f"{who} needs label = a column, by place or name, got {label!r}")
    if not -columns <= label < columns:
        raise ValueError(
            f"{who} needs label in {-columns}, ..., {columns - 1} for the columns of {path}, got "
            f"{label}"
        )
    return int(label) % columns


def _libsvm(path: str, content: bytes, lines: list[str], who: str) -> tuple[Array, NDArray[Any]]:
    from io import BytesIO

    from sklearn.datasets import load_svmlight_file  # takes a second to import

    try:
        X, y = load_svmlight_file(BytesIO(content))
    except (ValueError, OverflowError) as reason:
        for number, line in enumerate(lines, 1):
            label, *pairs = line.split("#")[0].split() or ["0"]
            bad = next((pair for pair in pairs if not _is_pair(pair)), None)
            if not _is_number(label) or bad is not None:
                got = repr(bad if bad is not None else label)
                _refuse(who, path, number, "a number and pairs index:value", got)
        words = " ".join(str(reason).split())
        raise ValueError(f"{who} needs a file in LIBSVM's format, got {path}: {words}") from None
    if X.shape[0] * X.shape[1] > MOST:
        raise ValueError(
            f"{who} needs at most {MOST} numbers, rows times features, got {X.shape[0]} times "
            f"{X.shape[1]} in {path}"
        )
    finite = np.isfinite(y)
    np.logical_and.at(finite, np.repeat(np.arange(len(y)), np.diff(X.indptr)), np.isfinite(X.data))
    if not finite.all():
        row = int(np.flatnonzero(~finite)[0])
        full = [n for n, line in enumerate(lines, 1) if line.split("#")[0].strip()]
        _refuse(who, path, full[row], "finite numbers", repr(lines[full[row] - 1]))
    return X.toarray(), y


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _is_pair(text: str) -> bool:
    index, _, value = text.partition(":")
    return index.isdigit() and _is_number(value)


def _refuse(who: str, path: str, number: int, needs: str, got: str) -> NoReturn:
    raise ValueError(f"{who} needs {needs}, got {got} in line {number} of {path}")
