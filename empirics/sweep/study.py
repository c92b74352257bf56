"""A study: axes whose product are the cells, and what all cells have in common.

Everything is written as on the command line: `schedule = ["constant:{staleness}", "uniform:8"]`,
where {staleness} is the value of another axis. All cells are made before any runs, so that what is
unknown or impossible is named with its line, and not found after a night.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from os import PathLike
from pathlib import Path
from typing import Any

from empirics import named
from empirics.keeping import key_of
from empirics.planning import planned
from empirics.problems.base import Problem
from empirics.runs import Runs
from empirics.simulate import simulate


@cache
def _problem(text: str) -> Problem:
    """Made once: some look for their minimum first, and cells share it."""
    return named.problem(text)


MADE: Mapping[str, Callable[[str], Any]] = {
    "problem": _problem,
    "optimiser": named.optimiser,
    "correction": named.correction,
    "step": named.step,
}
AXES = ("problem", "schedule", "step", "optimiser", "correction", "seed")  # that simulate takes
NEEDED = ("problem", "schedule", "step")
COMMON = ("steps", "replicas", "record", "measures", "window", "noise", "reuse")
RESERVED = ("time", "key", "lost", "left", "mean_delay")  # names of the table's own
_HOLE = re.compile(r"\{(\w+)\}")

Value = str | int | float


@dataclass(frozen=True, eq=False, kw_only=True)
class Cell:
    """One point of the grid.

    Fields: place, the value of each axis; asked, what `simulate` is asked, as specifications, with
    {names} filled in; common, what all cells share.
    """

    place: Mapping[str, Value]
    asked: Mapping[str, Value]
    common: Mapping[str, Any]

    @property
    def key(self) -> str:
        """A hash of all that its runs depend on, the code included."""
        return key_of({"asked": dict(self.asked), "common": dict(self.common)})

    @property
    def name(self) -> str:
        """The place in one line."""
        return ", ".join(f"{axis} = {value}" for axis, value in self.place.items())

    def arguments(self) -> dict[str, Any]:
        """What `simulate` is called with. Raises ValueError if it cannot be made."""
        made: dict[str, Any] = {
            name: make(str(self.asked[name])) for name, make in MADE.items() if name in self.asked
        }
        if made.get("correction", "none") is None:
            made.pop("correction")
        made["schedule"] = named.schedule(
            str(self.asked["schedule"]),
            problem=made["problem"],
            step=made["step"],
            steps=self.common["steps"],
        )
        return {**self.common, **made, "seed": self.asked.get("seed", 0)}

    def check(self) -> None:
        """Raise ValueError if the cell cannot run."""
        planned(**self.arguments())

    def run(self) -> Runs:
        """Its runs, from the seed: the same wherever they are made."""
        return simulate(**self.arguments())


@dataclass(frozen=True, eq=False, kw_only=True)
class Study:
    """A grid of cells.

    Fields: axes, the values of each, in the order in which they vary, the last fastest: "problem",
    "schedule", "step", and if wanted "optimiser", "correction" ("none" for none) and "seed"; any
    other name is free to be used as {name} in these; steps and the rest, as in `simulate`, the same
    for all cells; lines, where each key stands in a file, for what is said of it.
    Raises ValueError if a key is unknown or missing, an axis is empty, has a value twice or is of
    no use, or a cell cannot run: which, and why.

    >>> study = Study(
    ...     axes={
    ...         "problem": ["quadratic:dim=2,mu=0.5"],
    ...         "schedule": ["constant:{staleness}", "uniform:{staleness}"],
    ...         "staleness": [0, 4],
    ...         "step": [0.1],
    ...     },
    ...     steps=50,
    ... )
    >>> len(study.cells), study.cells[1].asked["schedule"]
    (4, 'constant:4')
    """

    axes: Mapping[str, Sequence[Value]]
    steps: int
    replicas: int = 256
    record: str | int = "log"
    measures: Sequence[str] = ("squared gradient", "gap")
    window: int = 0
    noise: bool = False
    reuse: bool = False
    lines: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        missing = [name for name in NEEDED if name not in self.axes]
        if missing:
            raise ValueError(f"a study needs the axes {', '.join(NEEDED)}, got no {missing[0]}")
        if not (self.record in ("all", "log") or isinstance(self.record, int)):
            raise ValueError(
                'a study needs record = "all", "log" or every so many updates, the same in all '
                f"cells, got {self.record!r}{self._line('record')}"
            )
        used = {hole for values in self.axes.values() for v in values for hole in _holes(v)}
        for axis, values in self.axes.items():
            where = self._line(axis)
            if axis in RESERVED or not axis.isidentifier():
                raise ValueError(f"a study cannot have an axis {axis!r}{where}; call it otherwise")
            if isinstance(values, str) or not (isinstance(values, Sequence) and len(values)):
                raise ValueError(
                    f"a study needs a list of values for {axis}, got {values!r}{where}"
                )
            if len(set(map(str, values))) < len(values):
                raise ValueError(f"a study needs different values for {axis}, got {values}{where}")
            if axis not in AXES and axis not in used:
                known = f"{', '.join((*AXES, *COMMON))}"
                raise ValueError(
                    f"a study has no use for {axis}{where}: it is not among {known}, and no other "
                    f"value speaks of {{{axis}}}"
                )
        for hole in used - set(self.axes):
            axis = next(a for a, vs in self.axes.items() if any(hole in _holes(v) for v in vs))
            raise ValueError(
                f"a study needs an axis {hole}, which {axis} speaks of{self._line(axis)}"
            )
        for cell in self.cells:
            try:
                cell.check()
            except (ValueError, OSError) as reason:
                raise ValueError(
                    f"the cell {cell.name} cannot run: {reason}{self._blame(str(reason))}"
                ) from None

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells, in the order of the axes."""
        return tuple(self._cells())

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of values of each axis."""
        return tuple(len(values) for values in self.axes.values())

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Study:
        """Read a study from a TOML file: the axes as keys, beside steps, replicas and the rest.

        A single value is a list of one. Raises FileNotFoundError if there is no such file, and
        ValueError, with the line, for what cannot be read or run.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise FileNotFoundError(f"a study needs an existing file, got {path}") from None
        except (OSError, UnicodeDecodeError) as reason:
            raise ValueError(f"a study needs a readable text file, got {path}: {reason}") from None
        try:
            return cls._from(tomllib.loads(text), _lines(text))
        except tomllib.TOMLDecodeError as reason:
            raise ValueError(f"{path} is not TOML: {reason}") from None
        except ValueError as reason:
            raise ValueError(f"{path}: {reason}") from None

    @classmethod
    def _from(cls, table: Mapping[str, Any], lines: Mapping[str, int]) -> Study:
        axes: dict[str, list[Value]] = {}
        common: dict[str, Any] = {}
        for key, value in table.items():
            at = f" (line {lines[key]})" if key in lines else ""
            if isinstance(value, Mapping):
                raise ValueError(f"a study needs no sections, got [{key}]{at}")
            if key in COMMON:
                common[key] = value
                continue
            axes[key] = value if isinstance(value, list) else [value]
            if wrong := [v for v in axes[key] if not isinstance(v, str | int | float)]:
                raise ValueError(f"a study needs words or numbers for {key}, got {wrong[0]!r}{at}")
        if "steps" not in common:
            raise ValueError("a study needs steps, the updates of every run, got none")
        return cls(axes=axes, lines=lines, **common)

    def _cells(self) -> Iterator[Cell]:
        common = {name: getattr(self, name) for name in COMMON}
        for values in product(*self.axes.values()):
            place = dict(zip(self.axes, values, strict=True))
            asked = {axis: _filled(place[axis], place) for axis in AXES if axis in place}
            yield Cell(place=place, asked=asked, common=common)

    def _line(self, key: str) -> str:
        return f" (line {self.lines[key]})" if key in self.lines else ""

    def _blame(self, reason: str) -> str:
        """The line of the axis or setting that a sentence is about, as far as it can be told."""
        words = {"schedule": "delay", "optimiser": "momentum", "problem": "quadratic"}
        for key in self.lines:
            if re.search(rf"\b{key}\b", reason) or (key in words and words[key] in reason):
                return self._line(key)
        return ""


def _holes(value: Value) -> list[str]:
    return _HOLE.findall(value) if isinstance(value, str) else []


def _filled(value: Value, place: Mapping[str, Value]) -> Value:
    """A value with the {names} in it replaced by the values of the axes of these names."""
    if not isinstance(value, str):
        return value
    return _HOLE.sub(lambda hole: str(place[hole.group(1)]), value)


def _lines(text: str) -> dict[str, int]:
    """The line of every key."""
    found = (
        re.match(r'\s*"?([\w-]+)"?\s*=|\s*\[+\s*([\w.-]+)', line) for line in text.splitlines()
    )
    return {
        match.group(1) or match.group(2): number
        for number, match in reversed(list(enumerate(found, 1)))
        if match
    }
