"""A theorem, a problem and levels of staleness: simulate, judge, and keep each result at once.

A *cell* is one theorem's step sizes at one level. Its runs are written as soon as they are done,
under a name and with a key of everything they depend on, so that an interrupted check goes on where
it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from empirics.coherence import self_consistent_coherence
from empirics.compare import (
    Assumptions,
    Verdict,
    assumption_table,
    compare,
    correction_for,
    measures_for,
    steps_for,
)
from empirics.compare.checks import asks_for_coherence, window_for
from empirics.compare.until import planned_looks, until_decided
from empirics.keeping import key_of, read_mark, save_whole, write_mark
from empirics.problems.base import Problem
from empirics.runs import Runs
from empirics.schedules.base import Law
from empirics.simulate import simulate
from empirics.statistics import Family

COARSE = 0.05  # how close the search for mu comes to a level that fails


@dataclass(frozen=True, eq=False, kw_only=True)
class Cell:
    """One set of step sizes at one level: what to simulate, and which theorems to hold it against.

    Fields: name, of its files; rule, the theorem whose step sizes are taken; theorems, judged on
    the runs; mu, None to search the largest that its own runs satisfy, if a theorem asks for
    coherence at all; multiplicity and eta, as `steps_for` takes them; assumptions, whether all that
    they speak of is measured along the runs; budget, how many replicas there may be at most until
    all verdicts are decided, None for exactly `replicas`; the rest as in `simulate`.
    """

    name: str
    rule: Any
    theorems: tuple[Any, ...]
    problem: Problem
    schedule: Law
    steps: int
    replicas: int
    seed: int
    mu: float | None = None
    multiplicity: int | None = None
    eta: float | None = None
    chosen: Mapping[str, float] = field(default_factory=dict)
    reuse: bool = False
    alpha: float = 1e-6
    assumptions: bool = False
    budget: int | None = None

    @property
    def coherent(self) -> bool:
        """Whether a theorem asks for gradient coherence."""
        return any(asks_for_coherence(theorem) for theorem in (self.rule, *self.theorems))

    @property
    def window(self) -> int:
        """How many gradients it is asked of, 0 if there is nothing to measure."""
        longest = self.schedule.tau_max
        return max(window_for(theorem, longest) for theorem in (self.rule, *self.theorems))

    @property
    def measures(self) -> tuple[str, ...]:
        """What the theorems need to have measured, as far as the problem can tell."""
        wanted = dict.fromkeys(name for theorem in self.theorems for name in measures_for(theorem))
        if self.assumptions:
            wanted |= dict.fromkeys(("squared gradient at read points", "direction"))
        known = self.problem.minimiser is not None
        return tuple(name for name in wanted if known or "distance" not in name)

    @property
    def key(self) -> str:
        """A hash of all settings and of the code that uses them."""
        settings = {
            "rule": self.rule.name,
            "problem": dict(self.problem.settings),
            "schedule": self.schedule.settings,
            "numbers": [self.steps, self.replicas, self.seed, self.mu, self.multiplicity],
            "more": [self.eta, self.reuse, self.measures, dict(self.chosen), self.assumptions],
            "until": [self.budget, self.alpha if self.budget else None],
        }
        return key_of(settings)


@dataclass(frozen=True, eq=False, kw_only=True)
class Result:
    """A finished cell: its runs, the sparser ones with a window (or None), and the verdicts.

    assumptions has a table for each verdict, if they were asked for. mu is None where no theorem
    asks for coherence and none was given.
    """

    cell: Cell
    mu: float | None
    runs: Runs
    coherent: Runs | None
    verdicts: tuple[Verdict, ...]
    assumptions: tuple[Assumptions, ...]
    kept: bool  # read back, not simulated now


def check(cells: Sequence[Cell], out: Path) -> Iterator[Result]:
    """Go through the cells, writing the runs of each into the folder `out` before the next.

    All verdicts together are one family: the alpha of a cell bounds the chance of a wrong limit in
    any of them.
    """
    out.mkdir(parents=True, exist_ok=True)
    names = dict.fromkeys(theorem.name for cell in cells for theorem in cell.theorems)
    family = Family(theorems=tuple(names), cells=len(cells)) if cells else None
    for cell in cells:
        yield _load(cell, family, out) or _simulate(cell, family, out)


def _simulate(cell: Cell, family: Family | None, out: Path) -> Result:
    def step(mu: float) -> Any:
        return steps_for(
            cell.rule,
            cell.problem,
            cell.schedule,
            steps=cell.steps,
            mu=mu,
            multiplicity=cell.multiplicity,
            eta=cell.eta,
            chosen=cell.chosen,
        )

    common: dict[str, Any] = {
        "steps": cell.steps,
        "replicas": cell.replicas,
        "seed": cell.seed,
        "reuse": cell.reuse,
    }
    coherent: Runs | None = None
    mu = cell.mu
    if mu is None and cell.coherent:
        found = self_consistent_coherence(
            cell.problem, cell.schedule, step, tolerance=COARSE, record=_sparse(cell), **common
        )
        mu = found.tried[-1][0] if found.runs is None else found.mu
        if found.runs is not None and len(found.runs.lags) >= cell.window:
            coherent = found.runs
    rule = step(1.0 if mu is None else mu)
    common["correction"] = correction_for(cell.rule, cell.problem, chosen=cell.chosen)
    more: dict[str, Any] = {"noise": cell.assumptions, "smoothness": cell.assumptions}
    if cell.budget is None:
        runs = _whole(
            simulate(
                cell.problem, cell.schedule, step=rule, measures=cell.measures, **more, **common
            )
        )
    if cell.window and coherent is None:
        coherent = _whole(
            simulate(
                cell.problem,
                cell.schedule,
                step=rule,
                window=cell.window,
                record=_sparse(cell),
                **common,
            )
        )
    if cell.budget is not None:
        del common["replicas"]
        runs = until_decided(
            cell.theorems,
            cell.problem,
            cell.schedule,
            step=rule,
            measures=cell.measures,
            budget=cell.budget,
            alpha=cell.alpha,
            family=family,
            coherence=coherent,
            chosen=cell.chosen,
            **more,
            **common,
        ).runs
    save_whole(runs, out / f"{cell.name}.nc")
    if cell.window and coherent is not None:
        save_whole(coherent, out / f"{cell.name}-coherence.nc")
    write_mark(out / f"{cell.name}.json", cell.key, mu=mu)  # last: it says the rest is there
    return _judge(cell, family, mu, runs, coherent, kept=False)


def _whole(runs: Runs) -> Runs:
    """Runs that were cut short by Ctrl-C are no cell: the check stops here."""
    if not runs.complete:
        raise KeyboardInterrupt
    return runs


def _sparse(cell: Cell) -> Any:
    """Times at which the window is measured: all up to a hundred, then ever more rarely."""
    later = np.rint(np.geomspace(1, cell.steps, 100)).astype(int)
    return np.unique(np.concatenate([np.arange(min(cell.steps, 60) + 1), later]))


def _load(cell: Cell, family: Family | None, out: Path) -> Result | None:
    """The cell as it was left behind by an earlier check with the same key, if it was."""
    mark = read_mark(out / f"{cell.name}.json", cell.key)
    if mark is None:
        return None
    try:
        runs = Runs.load(out / f"{cell.name}.nc")
        more = out / f"{cell.name}-coherence.nc"
        sparse = more.exists() and cell.window
        coherent = Runs.load(more) if sparse else None
    except (OSError, ValueError):
        return None  # damaged: simulate it again
    return _judge(cell, family, mark["mu"], runs, coherent, kept=True)


def _judge(
    cell: Cell,
    family: Family | None,
    mu: float | None,
    runs: Runs,
    coherent: Runs | None,
    *,
    kept: bool,
) -> Result:
    if family is not None and cell.budget is not None:
        looks = len(planned_looks(cell.problem, cell.schedule, cell.budget))
        family = replace(family, looks=looks)
    verdicts = tuple(
        compare(
            theorem,
            runs,
            chosen=cell.chosen,
            coherence=coherent,
            alpha=cell.alpha,
            family=family,
        )
        for theorem in cell.theorems
    )
    tables = [assumption_table(v, runs, coherent) for v in verdicts if cell.assumptions]
    return Result(
        cell=cell,
        mu=mu,
        runs=runs,
        coherent=coherent,
        verdicts=verdicts,
        assumptions=tuple(tables),
        kept=kept,
    )
