"""Runs until a verdict is decided: looks at ever more replicas, and alpha shared by all looks.

Whoever looks again and again at the same limits finds one that is wrong sooner or later. So when
there will be looks is settled before the first, and each has its share of alpha.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from empirics.compare import Verdict, compare, measures_for
from empirics.compare.checks import window_for
from empirics.problems.base import Problem, whole
from empirics.runs import Runs
from empirics.schedules.base import Schedule
from empirics.simulate import simulate
from empirics.statistics import Family, Method
from theory.theorem import Theorem


@dataclass(frozen=True, eq=False, kw_only=True)
class Decided:
    """What `until_decided` found.

    Fields: runs, those of the last look; verdicts, one a theorem, on these; looked, the replicas
    behind each look that was taken; planned, behind each that could have been, the last the budget.
    """

    runs: Runs
    verdicts: tuple[Verdict, ...]
    looked: tuple[int, ...]
    planned: tuple[int, ...]

    @property
    def decided(self) -> bool:
        """Whether no verdict is open for want of replicas."""
        return not any(verdict.wants_more for verdict in self.verdicts)

    def __str__(self) -> str:
        how = "decided" if self.decided else "not decided within the budget"
        looks = f"look {len(self.looked)} of {len(self.planned)}"
        return f"{how} at {self.looked[-1]} replicas ({looks})"


def planned_looks(problem: Problem, schedule: Schedule, budget: int) -> tuple[int, ...]:
    """How many replicas each look has behind it: one tile, two, four, ..., the budget.

    >>> from empirics import problems, schedules
    >>> planned_looks(problems.quadratic(dim=1, L=1.0), schedules.Constant(1), 1000)
    (256, 512, 1000)
    """
    budget = whole("until decided", "budget", budget, 2)
    found, n = [], schedule.width(problem.lanes, problem.dim)
    while n < budget:
        found.append(n)
        n *= 2
    return (*found, budget)


def until_decided(
    theorems: Theorem | Sequence[Theorem],
    problem: Problem,
    schedule: Schedule,
    *,
    steps: int,
    step: Any,
    budget: int = 2**14,
    alpha: float = 1e-6,
    family: Family | None = None,
    coherence: Runs | None = None,
    chosen: Mapping[str, float] | None = None,
    within: float | None = None,
    method: Method = "auto",
    **options: Any,
) -> Decided:
    """Simulate replicas until more of them would change no verdict, or `budget` is spent.

    All theorems are held against the same runs after one tile of replicas, two, four, ..., and
    `budget` of them. alpha bounds the chance of a wrong limit at any of these looks, in any verdict
    of the family (all theorems here, unless a larger one is given): each look has the same share,
    whether it is taken or not. A verdict that is open for another reason than too few replicas is
    as decided as it will be. Parameters: coherence, chosen, within and method as in `compare`; all
    others as in `simulate`; what theorems need measured is added. The runs are those that
    `simulate` gives with as many replicas, to the last bit. Raises ValueError if there is no
    theorem, the budget is below 2, the family has looks of its own, or `compare` or `simulate`
    refuse; KeyboardInterrupt goes through, since between two looks nothing is known.

    >>> from empirics import problems, schedules, steps_for
    >>> from theory import results
    >>> problem, schedule = problems.quadratic(dim=10, mu=0.1, sigma=0.5), schedules.Constant(4)
    >>> theorem = results.lian2015.nonconvex
    >>> step = steps_for(theorem, problem, schedule, steps=100)
    >>> found = until_decided(theorem, problem, schedule, step=step, steps=100)
    >>> print(found)
    decided at 256 replicas (look 1 of 7)
    >>> found.verdicts[0].outcome
    'consistent'

    Source: Bonferroni's inequality over the looks; Pocock 1977 for looks at equal levels.
    """
    several = (theorems,) if isinstance(theorems, Theorem) else tuple(theorems)
    if not several or not all(isinstance(theorem, Theorem) for theorem in several):
        raise ValueError(f"until decided needs at least one theorem, got {theorems!r}")
    if "replicas" in options or "until" in options:
        raise ValueError("until decided needs a budget in place of replicas; it sees when to stop")
    planned = planned_looks(problem, schedule, budget)
    family = family or Family(theorems=tuple(theorem.name for theorem in several))
    if family.looks != 1:
        raise ValueError(
            f"until decided needs a family without looks, got {family.looks}; it plans its own"
        )
    family = replace(family, looks=len(planned))
    if coherence is None and schedule.tau_max is not None:
        least = max(window_for(theorem, schedule.tau_max) for theorem in several)
        options["window"] = max(least, options.get("window", 0))
    names = dict.fromkeys(name for theorem in several for name in measures_for(theorem))
    known = [a for a in names if problem.minimiser is not None or "distance" not in a]
    asked = options.pop("measures", ())
    verdicts: list[tuple[Verdict, ...]] = []

    def look(runs: Runs) -> bool:
        if runs.replicas not in planned:
            return False
        found = tuple(
            compare(
                theorem,
                runs,
                chosen=chosen,
                coherence=coherence,
                alpha=alpha,
                family=family,
                within=within,
                method=method,
            )
            for theorem in several
        )
        verdicts.append(found)
        return not any(verdict.wants_more for verdict in found)

    runs = simulate(
        problem,
        schedule,
        step=step,
        steps=steps,
        replicas=budget,
        measures=(*((asked,) if isinstance(asked, str) else asked), *known),
        until=look,
        **options,
    )
    if not runs.complete:
        raise KeyboardInterrupt
    looked = planned[: len(verdicts)]
    return Decided(runs=runs, verdicts=verdicts[-1], looked=looked, planned=planned)
