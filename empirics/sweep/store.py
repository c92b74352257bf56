"""Where the cells of a sweep lie on disk, each whole or not at all, and the table made of them."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from empirics.keeping import partial
from empirics.moments import MEASURES, Moments
from empirics.runs import Runs
from empirics.sweep.study import Cell, Study

if TYPE_CHECKING:
    import xarray


class Store:
    """A folder with one file a finished cell, named by its key.

    A file appears whole, by renaming, so that whatever stops the program costs the cells in flight.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "cells").mkdir(parents=True, exist_ok=True)

    def path(self, cell: Cell) -> Path:
        """Where the runs of a cell lie, or will."""
        return self.folder / "cells" / f"{cell.key[:32]}.nc"

    def load(self, cell: Cell) -> Row | None:
        """The result of a cell; None if it is not finished, or damaged."""
        try:
            return row(Runs.load(self.path(cell)))
        except (FileNotFoundError, ValueError):
            return None

    def save(self, cell: Cell, file: bytes) -> None:
        """Keep the file of a finished cell."""
        path = self.path(cell)
        part = partial(path)
        try:
            part.write_bytes(file)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)


@dataclass(frozen=True, eq=False, kw_only=True)
class Row:
    """What the table holds of a cell: the rest is in its file.

    Fields: times; moments of each measure, by field of Statistics; lost, replicas that diverged;
    left, those that left the region of their problem; mean_delay, not a number where gradients have
    no delay in updates.
    """

    times: NDArray[np.int64]
    moments: Mapping[str, Moments]
    lost: int
    left: int
    mean_delay: float


def row(runs: Runs) -> Row:
    """The row of a cell."""
    names = [MEASURES[name] for name in runs.settings["measures"]]
    return Row(
        times=runs.times,
        moments={name: getattr(runs.statistics, name) for name in names},
        lost=int((runs.lost_at >= 0).sum()),
        left=int((runs.left_at >= 0).sum()),
        mean_delay=np.nan if runs.reads is None else runs.reads.mean,
    )


def dataset(study: Study, results: Mapping[str, Row]) -> xarray.Dataset:
    """All results as one labelled table: the axes of the study, and time.

    Variables: of each measure its mean over replicas and the standard error; lost, the replicas
    that diverged; left, those that left the region of their problem; mean_delay, in updates; key,
    of the cell. What has not run is not a number. `results` are rows by key.
    """
    import xarray

    cells = study.cells
    first = next((results[c.key] for c in cells if c.key in results), None)
    times = np.arange(0) if first is None else first.times
    names = [] if first is None else list(first.moments)
    shape = (len(cells), len(times))
    means = {name: np.full(shape, np.nan) for name in names}
    errors = {name: np.full(shape, np.nan) for name in names}
    lost, left, delay = np.full((3, len(cells)), np.nan)
    for place, cell in enumerate(cells):
        found = results.get(cell.key)
        if found is None:
            continue
        for name, moments in found.moments.items():
            means[name][place], errors[name][place] = moments.mean, moments.standard_error
        lost[place], left[place], delay[place] = found.lost, found.left, found.mean_delay
    axes = tuple(study.axes)

    def grid(values: Any) -> Any:
        return np.asarray(values).reshape(*study.shape, *np.asarray(values).shape[1:])

    labels = {name: name.replace("_", " ") for name in names}
    data: dict[str, Any] = {}
    for name in names:
        data[f"{name}_mean"] = (
            (*axes, "time"),
            grid(means[name]),
            {"long_name": f"mean of the {labels[name]}"},
        )
        data[f"{name}_error"] = (
            (*axes, "time"),
            grid(errors[name]),
            {"long_name": "its standard error"},
        )
    data["lost"] = (axes, grid(lost), {"long_name": "replicas that diverged"})
    data["left"] = (axes, grid(left), {"long_name": "replicas that left the region"})
    data["mean_delay"] = (axes, grid(delay), {"long_name": "mean delay", "units": "updates"})
    data["key"] = (axes, grid([cell.key[:32] for cell in cells]))
    return xarray.Dataset(
        data,
        coords={**{axis: _labels(study, axis) for axis in axes}, "time": times},
        attrs={"steps": study.steps, "replicas": study.replicas},
    )


def write(table: xarray.Dataset, folder: Path) -> tuple[Path, Path]:
    """The table as netCDF, and its last values as CSV: one line a cell and measure."""
    whole, last = folder / "sweep.nc", folder / "sweep.csv"
    part = partial(whole)
    plain = {n: {"dtype": "f8"} for n in table.variables if table[n].dtype.kind == "i"}
    table.to_netcdf(part, engine="scipy", format="NETCDF3_64BIT", encoding=plain)
    os.replace(part, whole)
    part = partial(last)
    with part.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(_rows(table))
    os.replace(part, last)
    return whole, last


def _rows(table: xarray.Dataset) -> Iterator[list[Any]]:
    axes = list(table["lost"].dims)
    names = [str(name) for name in table]
    measures = [name.removesuffix("_mean") for name in names if name.endswith("_mean")]
    yield [*axes, "measure", "time", "mean", "standard error", "lost", "left", "mean delay"]
    for index in np.ndindex(*table["lost"].shape):
        here = dict(zip(axes, index, strict=True))
        place = [table[axis].values[i] for axis, i in here.items()]
        facts = [float(table[name].isel(here)) for name in ("lost", "left", "mean_delay")]
        for name in measures:
            if not len(table["time"]):
                continue
            at = {**here, "time": -1}
            values = [float(table[f"{name}_{kind}"].isel(at)) for kind in ("mean", "error")]
            yield [*place, name.replace("_", " "), int(table["time"][-1]), *values, *facts]


def _labels(study: Study, axis: str) -> Any:
    """Numbers as numbers, anything else as words."""
    values = study.axes[axis]
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        return np.array(values)
    return np.array([str(v) for v in values])
