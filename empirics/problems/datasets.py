"""Data for classification: bundled, in a file, or in two arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirics.problems import files
from empirics.problems.base import Array, flag

NAMES = ("digits", "digits-multinomial", "breast-cancer")


@dataclass(frozen=True, eq=False, kw_only=True)
class Table:
    """Rows to classify: X, (n, p); y, (n,), the place of a label in classes; source, for JSON.

    The source is a name, the path of a file or what tells the arrays from others; facts are what
    tells a file from others, and which of its columns is the label.
    """

    X: Array
    y: NDArray[np.int64]
    classes: tuple[Any, ...]
    source: Any
    facts: Mapping[str, Any]


def table(
    data: str | tuple[ArrayLike, ArrayLike],
    classes: Sequence[Any] | None,
    standardise: bool,
    *,
    label: int | str = -1,
    who: str = "logistic",
) -> Table:
    """The named data set, a file, or the arrays (X, y), cut to the classes, with a column of ones.

    label, the column of the labels in a CSV file.

    Standardising makes every column of mean 0 and variance 1; columns that are constant over the
    rows in use say nothing and are dropped (so the digits have fewer than 64 pixels).
    Raises ValueError if the name is unknown, the arrays do not fit, or fewer than 2 classes remain.

    >>> digits = table("digits", (3, 8), standardise=True)
    >>> digits.X.shape, digits.classes
    ((357, 55), (3, 8))
    """
    X, labels, source, facts = _raw(data, label, who)
    present = np.unique(labels).tolist()
    if classes is None:
        classes = (3, 8) if data == "digits" else present
    missing = [label for label in classes if label not in present]
    if missing or len(set(classes)) < 2 or len(set(classes)) != len(classes):
        raise ValueError(
            f"{who} needs 2 or more different classes among {present}, got {list(classes)}"
        )
    matches = labels[:, None] == np.array(classes)  # (n, K)
    used = matches.any(axis=1)
    X, y = X[used], matches[used].argmax(axis=1)
    if flag(who, "standardise", standardise):
        varying = np.ptp(X, axis=0) > 0
        X = X[:, varying]
        X = (X - X.mean(axis=0)) / X.std(axis=0)
    X = np.ascontiguousarray(np.column_stack([X, np.ones(len(X))]))  # rows are what is picked
    return Table(X=X, y=y, classes=tuple(np.array(classes).tolist()), source=source, facts=facts)


def _raw(
    data: str | tuple[ArrayLike, ArrayLike], label: int | str, who: str
) -> tuple[Array, NDArray[Any], Any, Mapping[str, Any]]:
    """Features, labels, and what to write down as their source."""
    if label != -1 and not (isinstance(data, str) and files.is_file(data)):
        raise ValueError(f"{who} needs a file for label = {label!r}, got other data; leave it out")
    if isinstance(data, str):
        if files.is_file(data):
            X, y, facts = files.read(data, label, who=who)
            return X, y, data, facts
        if data not in NAMES:
            raise ValueError(
                f"{who} needs data among {', '.join(NAMES)}, or a file "
                f"({', '.join(files.SUFFIXES)}), got {data!r}"
            )
        return *_bundled(data), data, {}
    try:
        X, y = (np.asarray(part) for part in data)
        X = X.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"{who} needs a name or two arrays (X, y) as data, got {type(data).__name__}"
        ) from None
    if X.ndim != 2 or y.shape != X.shape[:1] or X.size == 0 or not np.isfinite(X).all():
        raise ValueError(
            f"{who} needs finite X of shape (n, features) and y of shape (n,), got shapes "
            f"{X.shape} and {y.shape}, {np.isfinite(X).sum()} finite entries"
        )
    digest = sha256(X.tobytes() + y.tobytes()).hexdigest()
    return X, y, {"sha256": digest, "shape": list(X.shape)}, {}


@cache
def _bundled(name: str) -> tuple[Array, NDArray[Any]]:
    """The tables that come with scikit-learn, which takes a second to import: hence here."""
    from sklearn.datasets import load_breast_cancer, load_digits

    load = load_breast_cancer if name == "breast-cancer" else load_digits
    X, y = load(return_X_y=True)
    return X, y
