r"""The bridge: a theorem and runs in, a verdict out. The only place here that knows `theory`.

Theorems of Dai et al. count iterates from k = 1, simulations from t = 0: x_k of the paper is
x_{t = k - 1} of the runs, and the window s is tau_max + 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from empirics.compare.checks import check_assumption, check_condition
from empirics.compare.numbers import SLIP, evaluate, last_horizon, reached, step_sizes
from empirics.compare.verdict import Check, Outcome, Verdict
from empirics.measure import gradient_norm
from empirics.problems.base import Constant, Problem
from empirics.runs import Runs
from empirics.schedules.base import Schedule
from empirics.statistics import simultaneous_limits
from empirics.stepsizes import StepSizes
from theory.theorem import Theorem


def compare(
    theorem: Theorem,
    runs: Runs,
    *,
    mu: float | None = None,
    multiplicity: int | None = None,
    coherence: Runs | None = None,
    alpha: float = 1e-6,
) -> Verdict:
    """Do runs respect a theorem, and does the theorem apply to them at all?

    Every assumption is checked on the runs: step sizes, delays, re-use, noise, and gradient
    coherence against the mu the step sizes were built from (`mu`, unless the step sizes of
    `steps_for` carry it). `coherence` may be other runs of the same settings, recorded more rarely
    with a window. alpha bounds the chance of a wrong limit anywhere.
    Raises ValueError if a constant the bound needs is nowhere to be found.

    >>> from empirics import problems, schedules, simulate
    >>> from theory import results
    >>> problem, schedule = problems.quadratic(dim=10, mu=0.1, L=1.0), schedules.Constant(1)
    >>> step = steps_for(results.dai2019.sharp, problem, schedule, steps=100)
    >>> runs = simulate(problem, schedule, step=step, steps=100, window=2)
    >>> compare(results.dai2019.sharp, runs).outcome
    'consistent'
    """
    values = _constants(theorem, runs, mu, multiplicity)
    checks = tuple(
        [
            check_assumption(assumption, theorem, runs, coherence or runs, values)
            for assumption in theorem.assumptions
        ]
        + [check_condition(condition, theorem, runs, values) for condition in theorem.restrictions]
    )
    curves = _curves(theorem, runs, values, alpha)
    outcome, reason = _decide(theorem, checks, curves)
    return Verdict(
        theorem=theorem.name,
        outcome=outcome,
        reason=reason,
        checks=checks,
        horizon=theorem.horizon.name,
        alpha=alpha,
        replicas=runs.replicas,
        constants=values,
        title=_title(runs),
        **curves,
    )


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
    constant step of theorems that leave it free.
    Raises ValueError if the rule needs a constant that is missing or out of its range.

    >>> from empirics import problems, schedules
    >>> from theory import results
    >>> problem = problems.quadratic(dim=2, mu=0.1, L=2.0)
    >>> rule = steps_for(results.dai2019.sharp, problem, schedules.Constant(3), steps=4)
    >>> rule(4)
    array([0.125     , 0.08838835, 0.07216878, 0.0625    ])
    """
    if not 0 < mu <= 1:
        raise ValueError(f"step sizes of {theorem.name} need 0 < mu <= 1, got {mu}")
    s = schedule.tau_max + 1
    given = {"mu": float(mu), "s": s, "m": s if multiplicity is None else multiplicity}
    if eta is not None:
        given["eta"] = float(eta)
    given[theorem.horizon.name] = last_horizon(theorem, steps)
    for name, value in (("L", problem.constants), ("sigma", problem.constants)):
        if name in value:
            given[name] = value[name].value
    if "infimum" in problem.constants:
        given["Delta"] = problem.gap
    wanted = {a.name for a in theorem.step.expression.free_symbols} - {"k"}
    missing = sorted(wanted - set(given))
    if missing:
        raise ValueError(
            f"step sizes of {theorem.name} need {', '.join(missing)}, which {problem.name} does "
            "not give"
        )
    kept = {"mu", "s", "m", "eta"} & set(given)
    return StepSizes(
        label=theorem.name,
        values=lambda count: step_sizes(theorem, given, count),
        constants={name: float(given[name]) for name in sorted(kept)},
    )


def _constants(
    theorem: Theorem, runs: Runs, mu: float | None, multiplicity: int | None
) -> dict[str, Constant]:
    """All numbers the theorem may ask for, the horizon apart."""
    step = runs.settings["step"]
    s = float(runs.tau_max + 1)
    found = dict(runs.constants)
    carried = {"mu": mu, "m": multiplicity, "eta": None, "s": None}
    for name, given in carried.items():
        value = step.get(name) if given is None else given
        if value is not None:
            found[name] = Constant(value=float(value), provenance="exact", why="chosen for the run")
    if "eta" not in found and len(set(runs.step_sizes.tolist())) == 1:
        found["eta"] = Constant(
            value=float(runs.step_sizes[0]), provenance="exact", why="the constant step of the run"
        )
    found.setdefault("s", Constant(value=s, provenance="exact", why="the longest delay, plus 1"))
    found.setdefault("m", Constant(value=s, provenance="exact", why="the whole window"))
    wanted = {a for a in theorem.constants if a != theorem.horizon.name}
    if "infimum" in found and "Delta" not in found:
        raise ValueError("compare needs runs made by simulate, got ones without Delta")
    missing = sorted(wanted - set(found))
    if missing:
        raise ValueError(
            f"compare needs {', '.join(missing)} for {theorem.name}; give it to compare, or take "
            "the step sizes from steps_for"
        )
    return {
        name: found[name]
        for name in sorted(set(found) & {*wanted, "mu", "s", "m", "L", "sigma", "Delta"})
    }


def _curves(
    theorem: Theorem, runs: Runs, values: Mapping[str, Constant], alpha: float
) -> dict[str, Any]:
    norm = gradient_norm(runs)
    limits = simultaneous_limits(norm.mean, norm.standard_error, runs.replicas, alpha)
    horizons, places = reached(theorem, runs)
    numbers = {name: c.value for name, c in values.items()}
    for condition in theorem.restrictions:
        if theorem.horizon in condition.expression.free_symbols and horizons.size:
            met = evaluate(condition.expression, theorem.horizon, numbers, horizons) >= -SLIP
            horizons, places = horizons[met], places[met]
    gapless = runs.times == np.arange(len(runs.times))
    complete = np.logical_and.accumulate(gapless)
    lower = np.where(complete, np.minimum.accumulate(limits.lower), np.nan)
    least = np.minimum.accumulate(norm.mean)
    return {
        "horizons": horizons,
        "iterates": runs.times[places] + 1,
        "path": np.array([runs.times + 1, least]),
        "bound": evaluate(theorem.bound.expression, theorem.horizon, numbers, horizons)
        if horizons.size
        else np.empty(0),
        "mean": least[places],
        "upper": np.minimum.accumulate(limits.upper)[places],
        "lower": lower[places],
    }


def _decide(
    theorem: Theorem, checks: tuple[Check, ...], curves: Mapping[str, Any]
) -> tuple[Outcome, str]:
    failing = [c for c in checks if c.finding == "fails"]
    if failing:
        return "not applicable", "; ".join(f"{c.assumption}: {c.words}" for c in failing)
    unknown = [c for c in checks if c.finding == "unknown"]
    if unknown:
        return "inconclusive", "; ".join(f"{c.assumption}: {c.words}" for c in unknown)
    horizons, bound = curves["horizons"], curves["bound"]
    if not horizons.size:
        return "inconclusive", f"no horizon {theorem.horizon} of the theorem is reached"
    with np.errstate(invalid="ignore"):
        above = curves["lower"] > bound * (1 + SLIP)
    if above.any():
        ratio = np.where(above, curves["lower"] / bound, 0)
        at = int(np.argmax(ratio))
        return "violated", (
            f"at {theorem.horizon} = {horizons[at]} the quantity is {curves['mean'][at]:.6g}, at "
            f"least {ratio[at]:.4g} times the bound {bound[at]:.6g}"
        )
    below = curves["upper"] <= bound * (1 + SLIP)
    if below.all():
        return "consistent", f"below the bound at all {len(horizons)} recorded horizons"
    at = int(horizons[np.flatnonzero(~below)[0]])
    return "inconclusive", f"the limits do not decide at {theorem.horizon} = {at}; more replicas"


def _title(runs: Runs) -> str:
    problem, schedule = runs.settings["problem"], runs.settings["schedule"]
    name = problem.get("data", problem["kind"])
    name = name if isinstance(name, str) else problem["kind"]
    again = ", samples applied again" if runs.settings["reuse"] else ""
    return f"{name}, {schedule['kind'].lower()} delay up to {runs.tau_max}{again}"


__all__ = ["Check", "Verdict", "compare", "steps_for"]
