"""What a counterexample is: a problem, a schedule, steps, and facts that its run has to show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.base import Problem
from empirics.runs import Runs
from empirics.schedules.base import Schedule
from empirics.simulate import simulate
from empirics.stepsizes import StepSizes

Relation: TypeAlias = Literal["=", ">=", "<="]


@dataclass(frozen=True, eq=False, kw_only=True)
class Fact:
    """One thing a run shows: a number that is measured on it, against what it has to be.

    Fields: says, the sentence; measured, the number of the runs; relation and expected, what it has
    to be; within, the error allowed to "=", relative to max(1, |expected|): rounding, no more.
    """

    says: str
    measured: Callable[[Runs], float]
    relation: Relation
    expected: float
    within: float = 1e-9

    def holds(self, value: float) -> bool:
        """Whether a measured number is as expected; what is not a number is not."""
        if self.relation == "=":
            return abs(value - self.expected) <= self.within * max(1.0, abs(self.expected))
        return value >= self.expected if self.relation == ">=" else value <= self.expected


@dataclass(frozen=True, eq=False, kw_only=True)
class Refutes:
    """A theorem that the run violates (or to which it does not apply), as `compare` finds it.

    Fields: says; theorem, its name in the catalogue; mu, the level it is built on; outcome.
    """

    says: str
    theorem: str
    mu: float
    outcome: str = "violated"


@dataclass(frozen=True, eq=False, kw_only=True)
class Case:
    """One run of a counterexample, with all that `simulate` needs, and what it has to show.

    Fields beyond those of `simulate`: label; facts; drawn, the window of coherence in figures, the
    whole recorded one unless given.
    """

    label: str
    problem: Problem
    schedule: Schedule
    step: StepSizes | ArrayLike
    steps: int
    facts: tuple[Fact | Refutes, ...]
    window: int = 2
    drawn: int | None = None
    replicas: int = 1
    reuse: bool = False

    def run(self, *, seed: int = 0) -> Runs:
        """The runs themselves, every time recorded."""
        return simulate(
            self.problem,
            self.schedule,
            step=self.step,
            steps=self.steps,
            replicas=self.replicas,
            seed=seed,
            reuse=self.reuse,
            window=self.window,
            noise=bool(self.problem.sample_size),
            smoothness=True,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Counterexample:
    """A small run that shows something a reader may not expect.

    Fields: name; title, a line; shows, the lesson; source; cases.
    """

    name: str
    title: str
    shows: str
    source: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Finding:
    """A fact, what was measured, and whether they agree."""

    says: str
    relation: str
    expected: float | str
    measured: float | str
    holds: bool

    def __str__(self) -> str:
        mark = "shown" if self.holds else "NOT SHOWN"
        if isinstance(self.measured, str):
            return f"{mark}: {self.says}: {self.measured}"
        return f"{mark}: {self.says}: {self.measured:.6g} {self.relation} {self.expected:.6g}"


def settle(fact: Fact, runs: Runs) -> Finding:
    """What the runs say about a fact."""
    with np.errstate(invalid="ignore", divide="ignore"):  # a gradient of 0, where none should be
        value = float(fact.measured(runs))
    return Finding(
        says=fact.says,
        relation=fact.relation,
        expected=fact.expected,
        measured=value,
        holds=bool(np.isfinite(value) and fact.holds(value)),
    )
