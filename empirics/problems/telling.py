"""What a problem is, in few words: its constants with their origin, and what it satisfies."""

from __future__ import annotations

import json
from typing import Any

from empirics.problems.base import KEYS, Constant, Problem
from empirics.problems.noisy import satisfied

LEGEND = "= exact, <= or >= a bound, ~ an estimate"
BELOW = ("mu_sc", "pl", "infimum")  # whose bounds lie below
LONG = 8  # entries of a list in settings that are printed


def satisfies(problem: Problem) -> list[str]:
    """What may be assumed of it, as far as its constants say; "not convex" if they rule it out.

    >>> from empirics.problems.quadratic import quadratic
    >>> satisfies(quadratic(2, mu=0.5, sigma=0.1))
    ['smooth', 'strongly convex', 'bounded variance', 'bounded almost surely']
    """
    known = problem.constants
    found = ["smooth"] if "L" in known else []
    if "mu_sc" in known:
        mu = known["mu_sc"]
        if mu.value >= 0:
            found.append("strongly convex" if mu.value > 0 else "convex")
        elif mu.provenance == "exact":
            found.append("not convex")
    if "pl" in known and known["pl"].value > 0:
        found.append("Polyak-Lojasiewicz")
    if "gradient_bound" in known:
        found.append("bounded gradients")
    return [*found, *(satisfied(problem) if problem.sample_size else ["no noise"])]


def sign(key: str, constant: Constant) -> str:
    """How a constant is related to the true number."""
    if constant.provenance == "bound":
        return ">=" if key in BELOW else "<="
    return "=" if constant.provenance == "exact" else "~"


def numbers(problem: Problem) -> str:
    """All constants in one line, in the order of KEYS.

    >>> from empirics.problems.quadratic import quadratic
    >>> numbers(quadratic(2, mu=0.5, noise="gaussian", sigma=0.1))
    'L = 1, mu_sc = 0.5, sigma = 0.1, infimum = 0'
    """
    known = problem.constants
    told = (f"{key} {sign(key, known[key])} {known[key].value:.4g}" for key in KEYS if key in known)
    return ", ".join(told) or "no constants"


def of_problem(problem: Problem) -> dict[str, Any]:
    """All of it as plain data, for JSON."""
    known = problem.constants
    return {
        "kind": problem.name,
        "dim": problem.dim,
        "constants": {
            key: {
                "value": known[key].value,
                "provenance": known[key].provenance,
                "why": known[key].why,
            }
            for key in KEYS
            if key in known
        },
        "region": None if problem.region is None else dict(problem.region.settings),
        "satisfies": satisfies(problem),
        "penalty": None if problem.penalty is None else dict(problem.penalty.settings),
        "minimiser": None if problem.minimiser is None else {"within": problem.within},
        "settings": dict(problem.settings),
    }


def page(problem: Problem) -> list[str]:
    """All of it in lines, to be read."""
    known = problem.constants
    minimiser = "known" + f" within {problem.within:.1g}" * bool(problem.within)
    where = "everywhere" if problem.region is None else f"where {problem.region.words}"
    rows = [
        (f"{key} {sign(key, known[key])} {known[key].value:.6g}", known[key].provenance,
         known[key].why)
        for key in KEYS
        if key in known
    ]  # fmt: skip
    from empirics.summary import table

    return [
        f"dim {problem.dim}, minimiser {'unknown' if problem.minimiser is None else minimiser}",
        *(
            []
            if problem.penalty is None
            else [f"every update is followed by {problem.penalty.words}"]
        ),
        f"satisfies: {', '.join(satisfies(problem))}",
        f"constants, {where}:",
        *(f"  {line}" for line in table(rows)),
        "settings: " + json.dumps({key: _short(a) for key, a in problem.settings.items()}),
    ]


def _short(value: Any) -> Any:
    """Long lists are cut."""
    if isinstance(value, list) and len(value) > LONG:
        return [*map(_short, value[:LONG]), f"... {len(value) - LONG} more"]
    return value
