"""The assumptions of a theorem, checked on runs. Not understood is unknown, never passed."""

from __future__ import annotations

from typing import Any

from empirics.compare.checks import (
    delays,
    direction,
    functions,
    methods,
    noise,
    online,
    parts,
    windows,
)
from empirics.compare.checks.base import Case, Findings
from empirics.compare.checks.region import check_region
from empirics.compare.numbers import SLIP, Numbers, reached
from empirics.compare.verdict import Check, Finding
from theory.assumptions import Assumed, GradientCoherence
from theory.theorem import Theorem

CHECKS = {
    **functions.CHECKS,
    **noise.CHECKS,
    **delays.CHECKS,
    **direction.CHECKS,
    **methods.CHECKS,
    **windows.CHECKS,
    **online.CHECKS,
    **parts.CHECKS,
}


def check_assumption(assumption: Assumed, case: Case) -> Check:
    """One assumption against the runs."""
    check = CHECKS.get(type(assumption))
    finding: Finding
    if check is None:
        finding, words = "unknown", f"there is no check of it yet; it says: {assumption.words}"
    else:
        try:
            finding, words = check(assumption, case)
        except KeyError as missing:
            finding, words = "unknown", f"it needs {missing.args[0]}, which is not known here"
    return Check(assumption=assumption.name, finding=finding, words=words)


def unchecked(theorem: Theorem) -> list[str]:
    """Names of the assumptions that nobody can check on runs yet."""
    return [a.name for a in theorem.assumptions if type(a) not in CHECKS]


def asks_for_coherence(theorem: Theorem) -> bool:
    """Whether gradient coherence is among the assumptions."""
    return any(isinstance(a, GradientCoherence) for a in theorem.assumptions)


def window_for(theorem: Theorem, tau_max: int) -> int:
    """The window of gradients that `simulate` has to keep for a theorem, 0 if it needs none.

    >>> from theory import results
    >>> window_for(results.dai2019.sharp, 3), window_for(results.lian2015.nonconvex, 3)
    (4, 0)
    """
    known = Numbers(values={"s": tau_max + 1, "tau": tau_max})
    asked = [a.s for a in theorem.assumptions if isinstance(a, GradientCoherence)]
    most = max((round(known.value(s)) for s in asked), default=0)
    return most if most > 1 else 0  # alone, a gradient agrees with itself


def check_condition(condition: Any, case: Case) -> Check:
    """A condition on the constants, at the horizons that the runs reach."""
    theorem, runs = case.theorem, case.runs
    horizons, _ = reached(theorem, runs.times, len(runs.step_sizes))
    name = str(condition)
    if not horizons.size:
        return Check(assumption=name, finding="fails", words="no such horizon is reached")
    try:
        met = case.numbers.at(condition.expression, theorem.horizon, horizons) >= -SLIP
    except KeyError as missing:
        words = f"it needs {missing.args[0]}, which is not known here"
        return Check(assumption=name, finding="unknown", words=words)
    if theorem.horizon in condition.expression.free_symbols:
        finding: Finding = "holds" if met.any() else "fails"
        words = f"at {int(met.sum())} of {len(met)} horizons"
    else:
        finding, words = ("holds" if met.all() else "fails"), case.listed(condition.expression)
    return Check(assumption=name, finding=finding, words=words)


__all__ = [
    "Case",
    "Findings",
    "asks_for_coherence",
    "check_assumption",
    "check_condition",
    "check_region",
    "unchecked",
    "window_for",
]
