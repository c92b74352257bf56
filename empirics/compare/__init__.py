r"""The bridge: a theorem and runs in, a verdict out. The only place here that knows `theory`.

Simulations count updates from t = 0, as most theorems do. Those of Dai et al. count from k = 1:
x_k of the paper is x_{t = k - 1} of the runs, and the window s is tau_max + 1.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from empirics.compare.checks import (
    Case,
    check_assumption,
    check_condition,
    check_region,
    unchecked,
)
from empirics.compare.constants import OF_THE_PROBLEM, constants, needed, numbers_of
from empirics.compare.corrections import as_plain, correction_for
from empirics.compare.measured import RECORDED
from empirics.compare.numbers import SLIP
from empirics.compare.quantity import Seen, measurable, measures_for, nothing, see
from empirics.compare.steps import steps_for
from empirics.compare.table import Assumptions, assumption_table
from empirics.compare.verdict import MORE, Check, Outcome, Verdict
from empirics.problems.base import Array
from empirics.runs import Runs
from empirics.statistics import Family, Method
from empirics.statistics.student import level
from theory.theorem import Theorem


def compare(
    theorem: Theorem,
    runs: Runs,
    *,
    mu: float | None = None,
    multiplicity: int | None = None,
    chosen: Mapping[str, float] | None = None,
    coherence: Runs | None = None,
    alpha: float = 1e-6,
    family: Family | None = None,
    within: float | None = None,
    method: Method = "auto",
) -> Verdict:
    """Do runs respect a theorem, and does the theorem apply to them at all?

    Every assumption is checked on the runs: step sizes, delays, re-use, noise, and gradient
    coherence against the mu the step sizes were built from (`mu`, unless the step sizes of
    `steps_for` carry it). Constants of the problem come with the runs, longest and average delay
    and the gradients in flight are measured on them; `chosen` gives others by name. `coherence` may
    be other runs of the same settings, recorded more rarely with a window. A correction that only
    weighs gradients is read as step sizes, where all replicas have the same delays; any other, and
    any optimiser but SGD, is a method of its own (see `correction_for`). Runs of which a replica
    left the region of the problem are no case of a theorem that leans on a constant of it.

    alpha bounds the chance of a wrong limit anywhere, at all recorded times of this verdict and, if
    it is one of several that are to hold together, of the whole `family`. Which limits are taken is
    decided by what is known of the tails: a range [0, within] of the quantity in every replica, or
    all values, from simulate(each=True); method takes others ("student", "bootstrap", "bernstein").
    What the runs were not asked to record leaves the verdict open and says what to ask for (see
    `measures_for`). Raises ValueError if a constant that has to be chosen is nowhere to be found,
    the theorem is not of the family, or the limits asked for lack what they need.

    >>> from empirics import problems, schedules, simulate
    >>> from theory import results
    >>> problem, schedule = problems.quadratic(dim=10, mu=0.1, L=1.0), schedules.Constant(1)
    >>> step = steps_for(results.dai2019.sharp, problem, schedule, steps=100)
    >>> runs = simulate(problem, schedule, step=step, steps=100, window=2)
    >>> compare(results.dai2019.sharp, runs).outcome
    'consistent'
    """
    runs = as_plain(runs)
    given = {"mu": mu, "m": multiplicity, **(chosen or {})}
    if "infimum" in runs.constants and "Delta" not in runs.constants:
        raise ValueError("compare needs runs made by simulate, got ones without Delta")
    level(alpha)
    family = Family(theorems=(theorem.name,)) if family is None else family
    if theorem.name not in family.theorems:
        raise ValueError(
            f"compare needs a theorem of its family, {', '.join(family.theorems)}, got "
            f"{theorem.name}; name it in the family before looking at the runs"
        )
    share = alpha / family.size
    shared = share / 2 if needed(theorem) & set(RECORDED) else share  # limits of two kinds
    values = constants(theorem, runs, given, shared)
    unknown = {a for a in theorem.constants if a != theorem.horizon.name} - set(values)
    missing = sorted(unknown - {*OF_THE_PROBLEM, *RECORDED})
    if missing and not why_not(theorem) and runs.reads is not None:  # else nothing would help
        raise ValueError(
            f"compare needs {', '.join(missing)} for {theorem.name}; give it to compare, or take "
            "the step sizes from steps_for"
        )
    case = Case(
        theorem=theorem,
        runs=runs,
        coherent=coherence or runs,
        values=values,
        numbers=numbers_of(theorem, runs, values),
        alpha=shared,
    )
    checks = tuple(
        [check_assumption(assumption, case) for assumption in theorem.assumptions]
        + [check_condition(condition, case) for condition in theorem.restrictions]
        + check_region(case)
    )
    if unknown:
        seen, bound = nothing(f"the bound needs {', '.join(sorted(unknown))}"), np.empty(0)
    else:
        seen = see(theorem, runs, case.numbers, shared, within=within, method=method)
        bound = case.numbers.at(theorem.bound.expression, theorem.horizon, seen.horizons)
    outcome, reason = _decide(theorem, checks, seen, bound)
    return Verdict(
        theorem=theorem.name,
        quantity=theorem.quantity.words,
        outcome=outcome,
        reason=reason,
        checks=checks,
        horizon=theorem.horizon.name,
        horizons=seen.horizons,
        iterates=seen.iterates,
        bound=bound,
        mean=seen.mean,
        lower=seen.lower,
        upper=seen.upper,
        alpha=alpha,
        family=family,
        times=seen.times,
        method=seen.method,
        tails=seen.tails,
        replicas=runs.replicas,
        constants={name: a for name, a in values.items() if name in needed(theorem)},
        title=_title(runs),
        label=_label(theorem),
        path=seen.path,
    )


def why_not(theorem: Theorem) -> str:
    """Why a theorem cannot be held against runs yet, as a clause; empty if it can.

    >>> from theory import results
    >>> why_not(results.lian2015.nonconvex)
    ''
    >>> why_not(results.coherence.converse)
    'there is no check of coherent on quadratics and no measurement of L eta'
    """
    lacking = [f"no check of {name}" for name in unchecked(theorem)]
    if not measurable(theorem.quantity):
        lacking.append(f"no measurement of {theorem.quantity}")
    return f"there is {' and '.join(lacking)}" if lacking else ""


def _decide(
    theorem: Theorem, checks: tuple[Check, ...], seen: Seen, bound: Array
) -> tuple[Outcome, str]:
    failing = [c for c in checks if c.finding == "fails"]
    if failing:
        return "not applicable", "; ".join(f"{c.assumption}: {c.words}" for c in failing)
    unknown = [c for c in checks if c.finding == "unknown"]
    if unknown:
        return "inconclusive", "; ".join(f"{c.assumption}: {c.words}" for c in unknown)
    horizons = seen.horizons
    with np.errstate(invalid="ignore", divide="ignore"):
        above = seen.lower > bound * (1 + SLIP)
        ratio = np.where(above, seen.lower / bound, 0)
    if above.any():
        at = int(np.argmax(ratio))
        if np.isinf(seen.lower[at]):
            return "violated", (
                f"at {theorem.horizon} = {horizons[at]} the quantity is infinite, replicas are "
                f"lost, and the bound is {bound[at]:.6g}"
            )
        return "violated", (
            f"at {theorem.horizon} = {horizons[at]} the quantity is {seen.mean[at]:.6g}, at "
            f"least {ratio[at]:.4g} times the bound {bound[at]:.6g}"
        )
    if seen.missing:
        return "inconclusive", seen.missing
    if not horizons.size:
        return "inconclusive", f"no horizon {theorem.horizon} of the theorem is reached"
    below = seen.upper <= bound * (1 + SLIP)
    if below.all():
        return "consistent", f"below the bound at all {len(horizons)} recorded horizons"
    at = int(horizons[np.flatnonzero(~below)[0]])
    return "inconclusive", f"the limits do not decide at {theorem.horizon} = {at}; {MORE}"


def _title(runs: Runs) -> str:
    problem, schedule = runs.settings["problem"], runs.settings["schedule"]
    name = problem.get("data", problem["kind"])
    name = name if isinstance(name, str) else problem["kind"]
    if runs.deliveries is not None:
        return f"{name}, {schedule['workers']} workers with caches"
    again = ", samples applied again" if runs.settings["reuse"] else ""
    return f"{name}, {schedule['kind'].lower()} delay up to {runs.tau_max}{again}"


def _label(theorem: Theorem) -> str:
    """The quantity as an axis label: words and mathtext."""
    quantity, k = theorem.quantity, theorem.count.index
    read = rf"{k}-\tau_{k}" if not theorem.count.first else rf"\tau_{k}"
    index = {"iterate": f"{k}", "read point": read, "next iterate": f"{k}+1"}[quantity.place]
    if quantity.summary == "last":
        index = f"{theorem.horizon}"
    x = f"x_{{{index}}}"
    formulas = {
        "squared gradient": rf"\mathbb{{E}}\,\|\nabla F({x})\|^2",
        "gap": rf"\mathbb{{E}}\,F({x})-\inf F",
        "excess over x*": rf"\mathbb{{E}}\,F({x})-F(x_*)",
        "composite excess over x*": rf"\mathbb{{E}}\,(F+\Psi)({x})-(F+\Psi)(x_*)",
        "squared distance": rf"\mathbb{{E}}\,\|{x}-x_*\|^2",
        "regret": rf"f_{k}(x_{{{read}}})-f_{k}(x_*)",
    }
    if quantity.measure.name not in formulas:
        return quantity.words
    formula = f"${formulas[quantity.measure.name]}$"
    return formula if quantity.summary == "last" else f"{quantity.summary} {formula} so far"


__all__ = [
    "Assumptions",
    "Check",
    "Verdict",
    "assumption_table",
    "compare",
    "correction_for",
    "measures_for",
    "steps_for",
    "why_not",
]
