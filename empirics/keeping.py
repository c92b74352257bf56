"""Results that outlive an interruption: each has a mark that says what it is the result of.

The mark is written last. If its key, a hash of all settings and of the code that uses them, is the
one expected, the result beside it is the one that would be computed again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from numpy.typing import ArrayLike

from empirics.problems.base import Problem, whole
from empirics.recording import settings_of
from empirics.runs import Runs
from empirics.schedules.base import Schedule
from empirics.simulate import simulate
from empirics.stepsizes import StepSizes, step_sizes


@dataclass(frozen=True, eq=False, kw_only=True)
class Once:
    """Runs, and whether they were there already."""

    runs: Runs
    kept: bool


def key_of(settings: Mapping[str, Any]) -> str:
    """A hash of settings, ready for JSON, and of the code that uses them.

    >>> key_of({"seed": 0}) == key_of({"seed": 0}), key_of({"seed": 0}) == key_of({"seed": 1})
    (True, False)
    """
    return digest({**settings, "code": code_version()})


def digest(settings: Mapping[str, Any]) -> str:
    """A hash of settings alone."""
    return sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def write_mark(path: Path, key: str, **facts: Any) -> None:
    """Say that the result with this key is complete, with what should be known besides."""
    path.write_text(json.dumps({"key": key, **facts}))


def read_mark(path: Path, key: str) -> dict[str, Any] | None:
    """The facts of a mark with this key; None if there is none, or it is of something else."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        mark: dict[str, Any] = json.loads(path.read_text())
        return mark if mark["key"] == key else None
    return None


def partial(path: Path) -> Path:
    """Where a file is written before it is renamed: no two writers have the same place."""
    return path.with_name(f"part-{uuid4().hex[:12]}-{path.name}")


def save_whole(runs: Runs, path: Path) -> None:
    """Save runs so that there is never half a file of that name."""
    part = partial(path)
    try:
        runs.save(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def simulate_once(
    path: Path,
    problem: Problem,
    schedule: Schedule,
    *,
    step: StepSizes | ArrayLike,
    steps: int,
    processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
    **more: Any,
) -> Once:
    """`simulate`, and save the runs at `path`; or load them, if these very runs are there already.

    Runs that were interrupted are saved too, and their mark says so: next time they start afresh.
    Raises what `simulate` raises, and OSError where nothing can be written.
    """
    rule = step_sizes(step)
    settings = run_settings(problem, schedule, step=rule, steps=steps, **more)
    key, mark = key_of(settings), path.with_suffix(".key")
    if (facts := read_mark(mark, key)) is not None and facts.get("complete"):
        with suppress(OSError, ValueError):  # damaged: simulate it again
            return Once(runs=Runs.load(path), kept=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    runs = simulate(
        problem,
        schedule,
        step=rule,
        steps=steps,
        processes=processes,
        progress=progress,
        **more,
    )
    mark.unlink(missing_ok=True)
    save_whole(runs, path)
    write_mark(mark, key, complete=runs.complete)
    return Once(runs=runs, kept=False)


def foreign(path: Path, settings: Mapping[str, Any]) -> bool:
    """Whether a file is there that `simulate_once` with these settings did not leave behind."""
    return path.exists() and read_mark(path.with_suffix(".key"), key_of(settings)) is None


def run_settings(
    problem: Problem, schedule: Schedule, *, step: StepSizes | ArrayLike, steps: int, **more: Any
) -> dict[str, Any]:
    """All that the numbers of `simulate` depend on, ready for JSON; not how it runs."""
    eta = step_sizes(step)(whole("simulate", "steps", steps, 1))
    return {
        "problem": dict(problem.settings),
        "schedule": schedule.settings,
        "step": sha256(eta.tobytes()).hexdigest(),
        **{name: getattr(value, "settings", value) for name, value in more.items()},
        "record": settings_of(more.get("record", "all")),
    }


@cache
def code_version() -> str:
    """A hash of the sources of both packages."""
    root = Path(__file__).parent.parent
    sources = sha256()
    for package in ("theory", "empirics"):
        for source in sorted((root / package).rglob("*.py")):
            sources.update(source.read_bytes())
    return sources.hexdigest()
