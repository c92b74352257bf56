"""What every benchmark needs: contestants timed in turn, round after round, and the machine."""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """A row: its name, what to call, and how many replica updates (or limits of them) it makes."""

    name: str
    call: Callable[[], object]
    updates: float


def rates(contestants: Sequence[Contestant], rounds: int) -> dict[str, float]:
    """Millions of updates a second: medians of interleaved rounds after one to warm up.

    A slow moment of the machine falls on all alike. Only ratios travel from one to another.
    """
    seconds: dict[str, list[float]] = {one.name: [] for one in contestants}
    for number in range(rounds + 1):
        for one in contestants:
            start = time.perf_counter()
            one.call()
            if number:
                seconds[one.name].append(time.perf_counter() - start)
    return {
        one.name: one.updates / float(np.median(seconds[one.name])) / 1e6 for one in contestants
    }


def machine() -> None:
    """Print what the numbers depend on."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    settings = {key: value for key, value in os.environ.items() if key.startswith("OPENBLAS")}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}")
    print(f"{blas['name']} {blas['version']}, {settings or 'no OPENBLAS settings'}, {cores} cores")


def show(description: str, tables: Mapping[str, Callable[[int], None]]) -> None:
    """The command of a benchmark: all of its tables, or one of them."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=tables, help="one table instead of all")
    arguments = parser.parse_args()
    machine()
    for name, table in tables.items():
        if arguments.only in (None, name):
            table(arguments.rounds)
