"""The step sizes a theorem prescribes, or the largest constant one that it allows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sympy.core.function import AppliedUndef

from empirics.compare.constants import needed
from empirics.compare.numbers import Numbers, last_horizon, step_sizes
from empirics.problems.base import Array, Problem
from empirics.schedules.base import Delays, Schedule
from empirics.schedules.reads import Counter
from empirics.stepsizes import StepSizes
from theory.theorem import Theorem

CARRIED = ("N", "eta", "m", "mu", "s", "tau", "tau_avg")  # what step sizes say of themselves


def steps_for(
    theorem: Theorem,
    problem: Problem,
    schedule: Schedule,
    *,
    steps: int,
    mu: float = 1.0,
    multiplicity: int | None = None,
    eta: float | None = None,
) -> StepSizes:
    """The step sizes a theorem prescribes for a problem, a schedule and a coherence level.

    Parameters: steps, the length of the run, for rules that are tuned to it; mu in (0, 1];
    multiplicity = m, how often an iterate may be read, the whole window unless given; eta, the
    constant step of theorems that leave it free, the largest that they allow unless given.
    Raises ValueError if the rule needs a constant that is missing or out of its range.

    >>> from empirics import problems, schedules
    >>> from theory import results
    >>> problem = problems.quadratic(dim=2, mu=0.1, L=2.0)
    >>> rule = steps_for(results.dai2019.sharp, problem, schedules.Constant(3), steps=4)
    >>> rule(4)
    array([0.125     , 0.08838835, 0.07216878, 0.0625    ])
    >>> steps_for(results.lian2015.nonconvex, problem, schedules.Constant(4), steps=2)(2)
    array([0.08092044, 0.08092044])
    """
    if not 0 < mu <= 1:
        raise ValueError(f"step sizes of {theorem.name} need 0 < mu <= 1, got {mu}")
    known = _known(theorem, problem, schedule, steps)
    known["mu"] = float(mu)
    if multiplicity is not None:
        known["m"] = multiplicity
    rule = theorem.step.expression
    free = bool(rule.atoms(AppliedUndef))
    wanted = {a.name for a in rule.free_symbols} - {theorem.count.index.name}
    if eta is None and theorem.step_limit is not None:
        _demand(
            theorem, problem, {a.name for a in theorem.step_limit.expression.free_symbols}, known
        )
        eta = Numbers(values=known).value(theorem.step_limit.expression)
    if eta is not None:
        known["eta"] = float(eta)
    _demand(theorem, problem, wanted | ({"eta"} if free else set()), known)

    def values(count: int) -> Array:
        if free:
            return np.full(count, known["eta"])
        return step_sizes(theorem, Numbers(values=known), count)

    named = needed(theorem) | wanted
    return StepSizes(
        label=theorem.name,
        values=values,
        constants={a: float(known[a]) for a in CARRIED if a in known and a in named},
    )


def _known(theorem: Theorem, problem: Problem, schedule: Schedule, steps: int) -> dict[str, float]:
    """The constants that problem and schedule give, and the horizon."""
    s = schedule.tau_max + 1
    known: dict[str, float] = {"s": s, "m": s, "tau": schedule.tau_max}
    known["N"] = known["tau_avg"] = schedule.tau_max  # never more
    delays = _shared(schedule, steps)
    if delays is not None:
        counter = Counter(schedule.tau_max)
        counter.add(0, delays)
        reads = counter.result()
        known |= {"N": reads.flying, "tau_avg": reads.average}
    known[theorem.horizon.name] = last_horizon(theorem, steps)
    known |= {name: c.value for name, c in problem.constants.items() if name != "infimum"}
    if "infimum" in problem.constants:
        known["Delta"] = problem.gap
    if problem.minimiser is not None:
        known["R"] = problem.distance
    return known


def _shared(schedule: Schedule, steps: int) -> Delays | None:
    """The delays of a run, if all replicas have the same, whatever the random numbers."""
    delays = schedule.draw(np.random.default_rng(0), 0, steps, 1)
    return delays if delays.ndim == 1 else None


def _demand(theorem: Theorem, problem: Problem, names: set[str], known: dict[str, Any]) -> None:
    missing = sorted(names - set(known))
    if missing:
        raise ValueError(
            f"step sizes of {theorem.name} need {', '.join(missing)}, which {problem.name} does "
            "not give"
        )
