"""The step sizes a theorem prescribes, or the largest constant one that it allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sympy import sqrt
from sympy.core.function import AppliedUndef

from empirics.compare.constants import (
    OF_THE_PROBLEM,
    dominating,
    needed,
    of_the_noise,
    reads_as_counted,
)
from empirics.compare.numbers import Numbers, last_horizon, step_sizes
from empirics.problems.base import Array, Problem
from empirics.schedules.base import Delays, Schedule, SharedIterate
from empirics.schedules.reads import multiplicity as facts_of
from empirics.stepsizes import StepSizes
from theory import assumptions as known
from theory.latex import shown
from theory.symbols import tau_max
from theory.theorem import Theorem

OF_THE_DELAYS = {"s", "m", "R_d", "tau", "N", "tau_avg"}
ALWAYS_KEPT = {"mu", "m", "s", "eta"}  # what step sizes say of themselves; else what is in them


def steps_for(
    theorem: Theorem,
    problem: Problem,
    schedule: Schedule,
    *,
    steps: int,
    mu: float = 1.0,
    multiplicity: int | None = None,
    eta: float | None = None,
    chosen: Mapping[str, float] | None = None,
) -> StepSizes:
    """The step sizes a theorem prescribes for a problem, a schedule and a coherence level.

    Parameters: steps, the length of the run, for rules that are tuned to it; mu in (0, 1];
    multiplicity = m, how often an iterate may be read, the whole window unless given; eta, the
    constant step of theorems that leave it free, the largest that they allow unless given; chosen,
    further constants by name, such as a bound M_2 of the second moment E|g_t|^2, for rules that are
    built on one (what the problem knows, else its value at the start; the runs have to respect it).
    Raises ValueError if the rule needs a constant that is missing or out of its range, or delays
    that are not the same in every replica.

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
    delays = _shared(schedule, steps)
    given = _given(theorem, problem, schedule, steps, delays)
    given |= {name: float(number) for name, number in (chosen or {}).items()}
    given["mu"] = float(mu)
    if multiplicity is not None:
        given["m"] = multiplicity
    rule = theorem.step.expression
    sequences = {a.func.__name__ for a in rule.atoms(AppliedUndef)}
    wanted = {a.name for a in rule.free_symbols} - {theorem.count.index.name}
    limits = _limits(theorem)
    _demand_curvature(theorem, problem, [rule, *([] if eta is not None else limits)], given)
    if eta is None and limits:
        _demand(theorem, problem, {a.name for e in limits for a in e.free_symbols}, given)
        eta = min(Numbers(values=given).value(limit) for limit in limits)
    if eta is not None:
        given["eta"] = float(eta)
    _demand(theorem, problem, wanted | (sequences & {"eta"}), given)
    if sequences - {"eta"} and delays is None:
        raise ValueError(
            f"step sizes of {theorem.name} look at the delays and need a schedule that is the same "
            f"in every replica, got {type(schedule).__name__}"
        )

    def values(count: int) -> Array:
        own = {"eta": np.full(count, given.get("eta", np.nan))}
        if delays is not None:
            own |= reads_as_counted(theorem, delays)
        first = theorem.count.first
        return step_sizes(theorem, Numbers(values=given, sequences=own, first=first), count)

    kept = (needed(theorem) & ALWAYS_KEPT | wanted | set(chosen or {})) - set(OF_THE_PROBLEM)
    return StepSizes(
        label=theorem.name,
        values=values,
        constants={a: float(given[a]) for a in sorted(kept & set(given))},
    )


def _given(
    theorem: Theorem, problem: Problem, schedule: Schedule, steps: int, delays: Delays | None
) -> dict[str, float]:
    """The constants that problem and schedule give, and the horizon."""
    given: dict[str, float] = {"B": 1, "b": 1}
    given |= {name: c.value for name, c in of_the_noise(problem.constants).items()}
    tau = _longest(schedule, delays)
    if tau is not None:
        given |= {"s": tau + 1, "m": tau + 1, "R_d": tau + 1, "tau": tau}
    if delays is not None:
        facts = facts_of(delays)
        given |= {"N": facts.flying, "tau_avg": facts.average}
    elif isinstance(schedule, SharedIterate) and schedule.concurrency is not None:
        given["N"] = given["tau_avg"] = schedule.concurrency  # delays are never more on average
    given[theorem.horizon.name] = last_horizon(theorem, steps)
    given |= {name: c.value for name, c in problem.constants.items() if name != "infimum"}
    given |= {name: c.value for name, c in dominating(theorem, problem.constants).items()}
    if "infimum" in problem.constants:
        given["Delta"] = problem.gap
    if problem.minimiser is not None:
        given["R"] = problem.distance
    if "sigma" in problem.constants:
        g = problem.gradient(problem.start)
        given["M_2"] = (1 + given["M"]) * float(g @ g) + problem.sigma**2
    if "second_moment" in problem.constants:
        given["M_2"] = problem.constants["second_moment"].value
    if "M_2" in given:
        given["G"] = given["M_2"] ** 0.5
    return given


def _limits(theorem: Theorem) -> list[Any]:
    """Formulas that a constant step has to stay below."""
    tau = tau_max
    limits = [] if theorem.step_limit is None else [theorem.step_limit.expression]
    for assumption in theorem.assumptions:
        match assumption:
            case known.StepLimit():
                limits.append(shown(assumption.limit).expression)
            case known.PickySteps():
                limits.append(shown(assumption.size).expression)
            case known.ShortStep():  # strictly below
                limits.append(shown(assumption.limit).expression / 2)
            case known.WindowRule():  # a window holds tau + 1 steps
                limits.append(shown(assumption.limit).expression / (tau + 1))
            case known.InterferenceRule():  # and tau more windows contain it
                limits.append(shown(assumption.limit).expression / (2 * tau + 1))
            case known.StepsOverTheDelay():  # L eta + 2 L^2 tau^2 eta^2 <= 1 for one gradient
                L = assumption.L
                limits.append(2 / (L * (1 + sqrt(1 + 8 * assumption.tau**2))))
    return limits


def _shared(schedule: Schedule, steps: int) -> Delays | None:
    """The delays of a run, if all replicas have the same, whatever the random numbers."""
    if not isinstance(schedule, SharedIterate):
        return None
    delays = schedule.course(np.random.default_rng(0), 1).draw(steps).delays
    return delays if delays.ndim == 1 and schedule.gradients == 1 else None


def _longest(schedule: Schedule, delays: Delays | None) -> int | None:
    """The largest delay there can be: promised, or seen if all replicas have the same."""
    if schedule.tau_max is None and delays is not None:
        return int(delays.max())
    return schedule.tau_max


def _demand_curvature(
    theorem: Theorem, problem: Problem, formulas: list[Any], given: dict[str, Any]
) -> None:
    """Refuse steps that are built on a curvature below 0: they would be negative."""
    built_on = {a.name for e in formulas for a in e.free_symbols}
    if "mu_sc" in built_on and given.get("mu_sc", 0) < 0:
        raise ValueError(
            f"step sizes of {theorem.name} need mu_sc >= 0, got {given['mu_sc']:.6g} of "
            f"{problem.name}, which is not convex; take another theorem, or choose mu_sc"
        )


def _demand(theorem: Theorem, problem: Problem, names: set[str], given: dict[str, Any]) -> None:
    missing = sorted(names - set(given))
    if missing == ["eta"]:
        raise ValueError(f"step sizes of {theorem.name} are free; they need a constant step eta")
    of_the_delays = [name for name in missing if name in OF_THE_DELAYS]
    if of_the_delays:
        raise ValueError(
            f"step sizes of {theorem.name} need {', '.join(of_the_delays)}, but this schedule has "
            "no bound of its delays; choose one that the runs will respect"
        )
    if missing:
        raise ValueError(
            f"step sizes of {theorem.name} need {', '.join(missing)}, which {problem.name} does "
            "not give; choose them"
        )
