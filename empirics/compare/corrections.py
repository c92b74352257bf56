"""What the bridge makes of corrections: which one a theorem is about, and which are step sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from empirics import optimisers
from empirics.compare.numbers import Numbers
from empirics.optimisers import Correction, weights
from empirics.problems.base import Problem
from empirics.problems.penalties import Projection, rebuilt
from empirics.runs import Runs
from theory import assumptions as known
from theory.latex import shown
from theory.theorem import Theorem


def correction_for(
    theorem: Theorem, problem: Problem, *, chosen: Mapping[str, float] | None = None
) -> Correction | None:
    """What the method of a theorem does to stale gradients, None if it takes them as they are.

    Parameters: chosen, constants by name that the problem does not give, as for `steps_for`.
    Raises ValueError if one is missing.

    >>> from empirics import problems
    >>> from theory import results
    >>> problem = problems.quadratic(dim=2, mu=0.1, L=2.0)
    >>> correction_for(results.cohen2021.picky, problem, chosen={"eps": 0.5})
    Picky(radius=0.125)
    >>> correction_for(results.lian2015.nonconvex, problem)
    """
    given = {name: constant.value for name, constant in problem.constants.items()}
    given |= {name: float(number) for name, number in (chosen or {}).items()}

    def number(formula: Any) -> float:
        e = shown(formula).expression
        missing = sorted({a.name for a in e.free_symbols} - set(given))
        if missing:
            raise ValueError(
                f"the correction of {theorem.name} needs {', '.join(missing)}, which "
                f"{problem.name} does not give; choose them"
            )
        return Numbers(values=given).value(e)

    for assumption in theorem.assumptions:
        if isinstance(assumption, known.PickySteps):
            return optimisers.Picky(number(assumption.radius))
        if isinstance(assumption, known.DelayedProximalGradient):
            return optimisers.DelayedProximal(number(assumption.theta))
    return None


def as_plain(runs: Runs) -> Runs:
    """The same runs without a correction that only weighs: its weights go to the step sizes.

    As they are if that cannot be said: weights have to be the same in every replica, and an
    optimiser other than SGD takes gradients for more than steps, as does a proximal step (but for
    projections, which have no size).
    """
    given = runs.settings["correction"]
    plain = runs.settings["optimiser"]["kind"] == "SGD"
    if given is None or runs.delays is None or not plain:
        return runs
    penalty = runs.settings["problem"].get("penalty")
    if penalty and not isinstance(rebuilt(penalty), Projection):
        return runs  # its proximal step has the size that was not weighed
    kind = getattr(optimisers, given["kind"], None)
    if not (isinstance(kind, type) and issubclass(kind, Correction) and kind.weighs):
        return runs
    correction = kind(**{name: number for name, number in given.items() if name != "kind"})
    w = weights(correction, runs.step_sizes, runs.delays)
    settings = {**runs.settings, "correction": None}
    return replace(runs, step_sizes=w * runs.step_sizes, settings=settings)
