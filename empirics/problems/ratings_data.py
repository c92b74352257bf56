"""Ratings of items by users: from a file in MovieLens's formats, from an array, or generated."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirics.problems.base import Array, real, whole

MOST = 2**27  # entries of a generated matrix, of which one needs a random order
HEADER = ("userid", "movieid", "rating")  # of ratings.csv, in any order and spelling
MARKS = {"::": "ratings.dat", "\t": "u.data", ",": "ratings.csv"}  # what stands between values


@dataclass(frozen=True, eq=False, kw_only=True)
class Ratings:
    """Who gave what to which item.

    Fields: users and items of each rating, (N,), counted from 0 and in the order of users, then
    items; values, (N,); shape, how many users and items; source, for JSON, and facts that tell it
    from others; truth, factors U and V whose products the values are exactly, if they are known.
    """

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    values: Array
    shape: tuple[int, int]
    source: Any
    facts: Mapping[str, Any] = field(default_factory=dict)
    truth: tuple[Array, Array] | None = None


def generated(
    users: int, items: int, rank: int, density: float, noise: float, seed: int, *, who: str
) -> Ratings:
    """A share `density` of the entries of a random matrix of that rank, picked at random.

    Factors are normal, such that entries have variance 1; noise is the standard deviation of normal
    errors. Raises ValueError if a number is out of its range.

    >>> data = generated(6, 5, rank=2, density=0.4, noise=0.0, seed=0, who="ratings")
    >>> data.shape, data.values.shape
    ((6, 5), (12,))
    """
    shape = whole(who, "users", users, 1), whole(who, "items", items, 1)
    if shape[0] * shape[1] > MOST:
        raise ValueError(
            f"{who} needs at most {MOST} entries, users times items, got {shape[0]} by {shape[1]}"
        )
    k = whole(who, "true_rank", rank, 1, min(shape))
    known = max(round(real(who, "density", density, 0, 1, ends="(]") * shape[0] * shape[1]), 1)
    error = real(who, "noise", noise, 0)
    rng = np.random.default_rng(whole(who, "data_seed", seed, 0, np.inf))
    U, V = (rng.standard_normal((n, k)) / k**0.25 for n in shape)
    cells = np.sort(rng.permutation(shape[0] * shape[1])[:known])
    rows, columns = np.divmod(cells, shape[1])
    values = np.vecdot(U[rows], V[columns])
    if error:
        values = values + error * rng.standard_normal(known)
    return Ratings(
        users=rows,
        items=columns,
        values=values,
        shape=shape,
        source=None,
        facts={
            "users": shape[0],
            "items": shape[1],
            "true_rank": k,
            "density": float(density),
            "noise": error,
            "data_seed": seed,
        },
        truth=None if error else (U, V),
    )


def given(data: ArrayLike | tuple[ArrayLike, ArrayLike, ArrayLike], *, who: str) -> Ratings:
    """A matrix whose entries that are not a number are not known, or a tuple of three lists.

    The lists are users, items and ratings, users and items being whole numbers.
    Raises ValueError if there is no rating, one is infinite, or the lists do not fit.

    >>> given([[5.0, float("nan")], [1.0, 2.0]], who="ratings").values
    array([5., 1., 2.])
    >>> given(([7, 7, 3], [1, 2, 2], [5.0, 4.0, 3.0]), who="ratings").users
    array([0, 1, 1])
    """
    if isinstance(data, tuple) and len(data) == 3:
        return _of_lists(*data, who=who)
    try:
        matrix = np.asarray(data, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"{who} needs a file, a matrix, or a tuple (users, items, ratings) as data, got "
            f"{type(data).__name__}"
        ) from None
    known = ~np.isnan(matrix)
    if matrix.ndim != 2 or not known.any() or np.isinf(matrix).any():
        raise ValueError(
            f"{who} needs a matrix of shape (users, items) with finite ratings, nan where there is "
            f"none, got shape {matrix.shape} with {np.isfinite(matrix).sum()} finite entries"
        )
    rows, columns = known.nonzero()
    digest = {"sha256": sha256(matrix.tobytes()).hexdigest(), "shape": list(matrix.shape)}
    return Ratings(
        users=rows,
        items=columns,
        values=matrix[known],
        shape=(matrix.shape[0], matrix.shape[1]),
        source=digest,
    )


def _of_lists(users: ArrayLike, items: ArrayLike, ratings: ArrayLike, *, who: str) -> Ratings:
    try:
        columns = [np.asarray(part, dtype=np.float64) for part in (users, items, ratings)]
        fits = columns[0].ndim == 1 and len({part.shape for part in columns}) == 1
    except (TypeError, ValueError):
        fits = False
    if not fits or not columns[0].size:
        raise ValueError(f"{who} needs lists of users, items and ratings of one length > 0")
    bad = np.flatnonzero(_unusable(columns))
    if bad.size:
        got = ", ".join(f"{part[bad[0]]:g}" for part in columns)
        raise ValueError(
            f"{who} needs whole numbers of users and items and finite ratings, got {got} at place "
            f"{bad[0]}"
        )
    digest = sha256(b"".join(part.tobytes() for part in columns)).hexdigest()
    return _counted(columns, {"sha256": digest, "ratings": len(columns[0])}, {})


def read(path: str, *, who: str) -> Ratings:
    """The ratings of a file: u.data, ratings.dat or ratings.csv, told by the mark between values.

    A line is "user item rating time" between tabs or "::", or values between commas, with a header
    of MovieLens's names in any order, or none. What comes after the rating is not read. Users and
    items are whole numbers, and are counted anew from 0 in their order.
    Raises ValueError, in one sentence with the line, for what is not like this.

    >>> with open(getfixture("tmp_path") / "u.data", "w") as file:
    ...     _ = file.write("196\\t242\\t3\\t881250949\\n186\\t302\\t3.5\\t891717742\\n")
    >>> data = read(file.name, who="ratings")
    >>> data.values, data.facts["format"], data.facts["shape"]
    (array([3.5, 3. ]), 'u.data', [2, 2])
    """
    try:
        content = Path(path).read_bytes()
        lines = content.decode().splitlines()
    except FileNotFoundError:
        raise ValueError(f"{who} needs an existing file of ratings, got {path}") from None
    except (OSError, UnicodeDecodeError) as reason:
        raise ValueError(
            f"{who} needs a readable file of text, got {path}: {' '.join(str(reason).split())}"
        ) from None
    start = next((k for k, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise ValueError(f"{who} needs a file with ratings, got {path}, which is empty")
    mark = next((mark for mark in MARKS if mark in lines[start]), None)
    if mark is None:
        _refuse(who, path, start, "user, item and rating between tabs, :: or commas", lines[start])
    places, begin = _places(lines[start].removeprefix("\ufeff"), mark, start, who, path)
    table = np.empty((0, 3))
    text = "\n".join(lines[begin:]).strip().replace("::", "\t")  # one letter for NumPy
    if text:
        with suppress(ValueError):
            table = np.loadtxt(
                StringIO(text),
                delimiter=mark.replace("::", "\t"),
                usecols=places,
                ndmin=2,
                comments=None,
                quotechar='"',
            )
    columns = list(table.T)
    if not len(table) or _unusable(columns).any():
        _explain(lines, begin, mark, places, who, path)
    digest = {"sha256": sha256(content).hexdigest(), "format": MARKS[mark]}
    return _counted(columns, path, digest)


def _places(first: str, mark: str, line: int, who: str, path: str) -> tuple[list[int], int]:
    """The columns of user, item and rating, and the line with which the ratings begin."""
    cells = [cell.strip().strip('"').lower().replace("_", "") for cell in first.split(mark)]
    if mark != "," or not cells[0][:1].isalpha():
        return [0, 1, 2], line
    missing = [name for name in HEADER if name not in cells]
    if missing:
        _refuse(who, path, line, "a header with userId, movieId and rating", first)
    return [cells.index(name) for name in HEADER], line + 1


def _unusable(columns: list[Array]) -> NDArray[np.bool_]:
    """Where users or items are no whole numbers, or ratings not finite."""
    whole = [np.isfinite(part) & (part == np.round(part)) for part in columns[:2]]
    return np.asarray(~(whole[0] & whole[1] & np.isfinite(columns[2])))


def _explain(
    lines: list[str], begin: int, mark: str, places: list[int], who: str, path: str
) -> NoReturn:
    """Say which line is not a rating."""
    for number, line in enumerate(lines[begin:], begin):
        cells = [cell.strip().strip('"').replace("_", "?") for cell in line.split(mark)]
        try:
            columns = [np.array([float(cells[place])]) for place in places]
        except (ValueError, IndexError):
            if not line.strip():
                continue
        else:
            if not _unusable(columns)[0]:
                continue
        _refuse(who, path, number, "whole numbers of user and item and a finite rating", line)
    raise ValueError(f"{who} needs a file with ratings, got {path}, which has none")


def _counted(columns: list[Array], source: Any, facts: Mapping[str, Any]) -> Ratings:
    """Users and items counted from 0, and ratings in their order."""
    (there, users), (too, items) = (np.unique(part, return_inverse=True) for part in columns[:2])
    order = np.lexsort((items, users))
    shape = len(there), len(too)
    return Ratings(
        users=users[order],
        items=items[order],
        values=columns[2][order],
        shape=shape,
        source=source,
        facts={**facts, "shape": list(shape)} if facts else {},
    )


def _refuse(who: str, path: str, line: int, needs: str, got: str) -> NoReturn:
    shown = got if len(got) <= 60 else got[:57] + "..."
    raise ValueError(f"{who} needs {needs}, got {shown!r} in line {line + 1} of {path}")
