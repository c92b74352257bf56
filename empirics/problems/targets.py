"""Data for regression: rows of features and a number for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems import files
from empirics.problems.base import Array, flag

NAMES = ("diabetes",)


@dataclass(frozen=True, eq=False, kw_only=True)
class Measured:
    """Rows to fit: X, (n, p), with a last column of ones; y, (n,), numbers; source, for JSON.

    Source and facts as for `datasets.Table`.
    """

    X: Array
    y: Array
    source: Any
    facts: Mapping[str, Any]


def measured(
    data: str | tuple[ArrayLike, ArrayLike],
    standardise: bool,
    *,
    label: int | str = -1,
    who: str = "regression",
) -> Measured:
    """The named data set, a file, or the arrays (X, y), with a last column of ones.

    Standardising makes every column of X and y itself of mean 0 and variance 1; columns that are
    constant say nothing and are dropped. label, the column of y in a CSV file. Raises ValueError if
    the name is unknown, the file or the arrays do not fit, or y is constant where it is to be
    standardised.

    >>> diabetes = measured("diabetes", standardise=True)
    >>> diabetes.X.shape, float(diabetes.y.std().round(12))
    ((442, 11), 1.0)
    """
    X, y, source, facts = _raw(data, label, who)
    if flag(who, "standardise", standardise):
        if not np.ptp(y) > 0:
            raise ValueError(f"{who} needs different numbers y to standardise, got {y[0]:g} only")
        X = X[:, np.ptp(X, axis=0) > 0]
        X, y = (X - X.mean(axis=0)) / X.std(axis=0), (y - y.mean()) / y.std()
    X = np.ascontiguousarray(np.column_stack([X, np.ones(len(X))]))  # rows are what is picked
    return Measured(X=X, y=y, source=source, facts=facts)


def _raw(
    data: str | tuple[ArrayLike, ArrayLike], label: int | str, who: str
) -> tuple[Array, Array, Any, Mapping[str, Any]]:
    """Features, numbers, and what to write down as their source."""
    if label != -1 and not (isinstance(data, str) and files.is_file(data)):
        raise ValueError(f"{who} needs a file for label = {label!r}, got other data; leave it out")
    if isinstance(data, str):
        if files.is_file(data):
            X, found, facts = files.read(data, label, who=who)
            if found.dtype.kind != "f" or not np.isfinite(found).all():
                raise ValueError(
                    f"{who} needs finite numbers to predict in {data}, got words or others; name "
                    "another column as label"
                )
            return X, found, data, facts
        if data not in NAMES:
            raise ValueError(
                f"{who} needs data among {', '.join(NAMES)}, or a file "
                f"({', '.join(files.SUFFIXES)}), got {data!r}"
            )
        return *_bundled(), data, {}
    try:
        X, y = (np.asarray(part, dtype=np.float64) for part in data)
    except (TypeError, ValueError):
        raise ValueError(
            f"{who} needs a name or two arrays (X, y) of numbers as data, got {type(data).__name__}"
        ) from None
    finite = X.ndim == 2 and np.isfinite(X).all() and np.isfinite(y).all()
    if not finite or y.shape != X.shape[:1] or X.size == 0:
        raise ValueError(
            f"{who} needs finite X of shape (n, features) and y of shape (n,), got shapes "
            f"{X.shape} and {y.shape}, {np.isfinite(X).sum()} and {np.isfinite(y).sum()} finite "
            "entries"
        )
    digest = sha256(X.tobytes() + y.tobytes()).hexdigest()
    return X, y, {"sha256": digest, "shape": list(X.shape)}, {}


@cache
def _bundled() -> tuple[Array, Array]:
    """The table that comes with scikit-learn, which takes a second to import: hence here."""
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)
    return X, y
