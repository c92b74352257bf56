"""What figures of a sweep need of its table: a slice with named axes, and words for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from empirics.moments import MEASURES
from empirics.problems.base import Array

if TYPE_CHECKING:
    import xarray


def free_axes(who: str, table: Any) -> list[str]:
    """The axes of a sweep with more than one value, as the study has them, time aside."""
    _checked(who, table)
    return [str(axis) for axis in table["lost"].dims if table.sizes[axis] > 1]


def variable(who: str, table: xarray.Dataset, measure: str) -> str:
    """The variable of a measure."""
    _checked(who, table)
    names = [name for name, field in MEASURES.items() if f"{field}_mean" in table]
    if measure not in names:
        raise ValueError(f"{who} needs a measure among {', '.join(names)}, got {measure!r}")
    return f"{MEASURES[measure]}_mean"


def values(table: xarray.Dataset, axis: str) -> list[Any]:
    """The values of an axis; netCDF gives words as bytes and whole numbers as floating point."""
    plain = [v.decode() if isinstance(v, bytes) else v for v in np.atleast_1d(table[axis].values)]
    if all(float(v).is_integer() for v in plain if not isinstance(v, str)):
        return [str(v) if isinstance(v, str) else int(v) for v in plain]
    return [str(v) if isinstance(v, str) else float(v) for v in plain]


def numbers(who: str, table: xarray.Dataset, axis: str) -> Array:
    """The values of an axis that has to be numeric."""
    if axis not in table["lost"].dims:
        known = ", ".join(map(str, table["lost"].dims))
        raise ValueError(f"{who} needs an axis among {known}, got {axis!r}")
    try:
        return np.array([float(v) for v in values(table, axis)])
    except ValueError:
        raise ValueError(
            f"{who} needs numbers along {axis}, got {values(table, axis)[0]!r}"
        ) from None


def _checked(who: str, table: Any) -> None:
    import xarray

    if not isinstance(table, xarray.Dataset) or "lost" not in table or "time" not in table:
        raise ValueError(f"{who} needs the table of a sweep, got {type(table).__name__}")
