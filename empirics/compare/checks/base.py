"""What every check is given, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from empirics.compare.constants import value
from empirics.compare.measured import RECORDED, measured
from empirics.compare.numbers import SLIP, Numbers
from empirics.compare.verdict import Finding
from empirics.problems.base import Constant
from empirics.runs import Runs
from empirics.schedules.reads import Reads
from theory.theorem import Theorem

Findings: TypeAlias = tuple[Finding, str]  # with the evidence in words
Checks: TypeAlias = Mapping[type, Callable[[Any, "Case"], Findings]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Case:
    """A theorem and runs to check it on.

    Fields: coherent, runs of the same settings that have a window; values, all constants that are
    known; numbers, these and the sequences of the run, to evaluate formulas at; alpha, the chance
    that a limit of what is measured is wrong.
    """

    theorem: Theorem
    runs: Runs
    coherent: Runs
    values: Mapping[str, Constant]
    numbers: Numbers
    alpha: float

    @property
    def reads(self) -> Reads:
        """What the delays did; KeyError where workers have caches, whose gradients have none."""
        if self.runs.reads is None:
            raise KeyError("the delay of an update")
        return self.runs.reads

    def number(self, expression: Any) -> float:
        """A formula of constants; KeyError names one that is not known."""
        return value(expression, self.values)

    def by_provenance(self, name: str) -> Findings:
        """A constant of the problem, as sure as the problem is of it."""
        if name not in self.values:
            return "unknown", f"the problem does not know its {name}"
        return self.by_constant(name, self.values[name])

    def by_constant(self, name: str, constant: Constant) -> Findings:
        """A constant, as sure as it is."""
        words = f"{name} = {constant.value:.6g}, {constant.provenance}: {constant.why}"
        return ("estimated" if constant.provenance == "estimate" else "holds"), words

    def within_measured(self, name: str, formula: Any) -> Findings:
        """A constant measured along the run, which has to be at most a formula."""
        seen = measured({name}, self.runs, self.alpha).get(name)
        return self.at_most(seen, formula, RECORDED[name])

    def at_most(self, seen: Constant | None, formula: Any, recorded: str) -> Findings:
        """What was seen, if it was, against a formula."""
        if self.runs.divergence is not None:
            return "fails", self.runs.divergence
        if seen is None:
            return "unknown", (
                f'it was not recorded at every update; simulate with record="all" and '
                f'measures=("{recorded}", ...)'
            )
        most = self.number(formula)
        words = f"{seen.value:.6g}, {seen.why}; it may be {most:.6g}"
        if seen.value > most * (1 + SLIP):
            return "fails", words
        return ("estimated" if seen.provenance == "estimate" else "holds"), words

    def listed(self, expression: Any) -> str:
        """The constants in a formula with their values, to be read."""
        names = sorted({a.name for a in expression.free_symbols} & set(self.values))
        return ", ".join(f"{name} = {self.values[name].value:.6g}" for name in names) or "always"
