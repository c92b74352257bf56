"""The numbers a theorem asks for: of the problem, of the run, or chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np
from sympy import sympify

from empirics.compare.measured import gradients_met, measured
from empirics.compare.numbers import Numbers
from empirics.problems.base import Array, Constant
from empirics.runs import Runs
from empirics.schedules.base import Delays
from theory.assumptions import BoundedGradientsMet, Convex, PolyakLojasiewicz, StronglyConvex
from theory.evaluation import RUNNING
from theory.symbols import noise_max
from theory.theorem import Theorem

OF_THE_PROBLEM = ("L", "sigma", "Delta", "R", "mu_sc")


def needed(theorem: Theorem) -> set[str]:
    """Names of all constants in a theorem, those of its assumptions among them, but the horizon.

    >>> from theory import results
    >>> sorted(needed(results.lian2015.nonconvex))
    ['Delta', 'L', 'eta', 'sigma', 'tau']
    """
    parts = [value for a in theorem.assumptions for value in vars(a).values()]
    expressions = [getattr(part, "expression", part) for part in parts]
    free = {a for e in expressions for a in getattr(e, "free_symbols", ())}
    free -= {theorem.horizon, theorem.count.index, *RUNNING}
    return {a.name for a in free} | {a for a in theorem.constants if a != theorem.horizon.name}


def constants(
    theorem: Theorem, runs: Runs, chosen: Mapping[str, float | None], alpha: float
) -> dict[str, Constant]:
    """All numbers that are known, whether the theorem asks for them or not, but the horizon.

    What was chosen comes first, then what the step sizes were built from, if the theorem's rule has
    it too, then what the run shows: longest and average delay, gradients in flight, and what
    `measured` finds.
    """
    found = dict(runs.constants)
    found |= dominating(theorem, runs.constants)
    found |= _of_the_run(runs)
    wanted = needed(theorem)
    found |= measured(wanted, runs, alpha)
    if any(isinstance(a, BoundedGradientsMet) for a in theorem.assumptions):
        found |= gradients_met(runs, alpha)
    carried = runs.settings["step"]
    built_from = {a.name for a in theorem.step.expression.free_symbols} | {"mu", "m", "s", "eta"}
    built_from -= set(OF_THE_PROBLEM)
    for name in sorted({*wanted, *chosen, "mu", "m", "s"}):
        given = chosen.get(name)
        if given is None and name in built_from:
            given = carried.get(name)
        if given is not None:
            why = "chosen for the run"
            found[name] = Constant(value=float(given), provenance="exact", why=why)
    return {name: found[name] for name in sorted(found)}


def dominating(theorem: Theorem, known: Mapping[str, Constant]) -> dict[str, Constant]:
    """mu_sc, where a theorem asks for the Polyak-Lojasiewicz inequality and not for curvature.

    It has one letter for both, and strong convexity is the lesser of the two constants.

    >>> from theory import results
    >>> pl = Constant(value=0.1, provenance="exact", why="seen")
    >>> dominating(results.linear_rates.sgd, {"pl": pl})["mu_sc"].value
    0.1
    >>> dominating(results.stich2020.strong_gap, {"pl": pl})
    {}
    """
    pl, mu = known.get("pl"), known.get("mu_sc")
    asks = any(isinstance(a, PolyakLojasiewicz) for a in theorem.assumptions)
    curved = any(isinstance(a, Convex | StronglyConvex) for a in theorem.assumptions)
    if pl is None or not asks or curved or (mu is not None and mu.value >= pl.value):
        return {}
    return {"mu_sc": replace(pl, why=f"Polyak-Lojasiewicz: {pl.why}")}


def numbers_of(theorem: Theorem, runs: Runs, values: Mapping[str, Constant]) -> Numbers:
    """What the theorem's formulas are evaluated at: the constants, and the sequences of the run."""
    sequences = {"eta": runs.step_sizes}
    if runs.delays is not None:
        sequences |= reads_as_counted(theorem, runs.delays)
    return Numbers(
        values={name: constant.value for name, constant in values.items()},
        sequences=sequences,
        first=theorem.count.first,
    )


def reads_as_counted(theorem: Theorem, delays: Delays) -> dict[str, Array]:
    """The indices of the iterates read, as the theorem counts, under both their names."""
    read = (theorem.count.first + np.arange(len(delays)) - delays).astype(np.float64)
    return {"r": read, "tau": read}


def value(expression: Any, values: Mapping[str, Constant]) -> float:
    """A formula of constants, perhaps laid out; KeyError names one that is not known."""
    e = sympify(getattr(expression, "expression", expression))
    return Numbers(values={a.name: values[a.name].value for a in e.free_symbols}).value(e)


def _of_the_run(runs: Runs) -> dict[str, Constant]:
    reads, steps = runs.reads, runs.step_sizes
    constant = bool((steps == steps[0]).all())
    shown: dict[str, tuple[float, str]] = {
        "B": (1, "an update applies one gradient"),
        "b": (1, "sigma is of the gradient that is applied"),
        "eta": (steps[0], "the constant step of the run" if constant else "the first step"),
    }
    if reads is not None and runs.tau_max is not None:  # caches have no delays to speak of
        s = runs.tau_max + 1
        shown |= {
            "s": (s, "the longest delay, plus 1"),
            "m": (s, "the whole window"),
            "tau": (reads.longest, "the longest delay of the run"),
            "R_d": (s, "the longest delay, plus 1"),
            "N": (reads.flying, "the most gradients in flight over an update of the run"),
            "tau_avg": (reads.average, "the largest average delay of the run, at any horizon"),
            "W": (max(1, ceil(2 * reads.average)), "twice the average delay, rounded up"),
        }
    return {
        name: Constant(value=float(number), provenance="exact", why=why)
        for name, (number, why) in shown.items()
    } | of_the_noise(runs.constants)


def of_the_noise(known: Mapping[str, Constant]) -> dict[str, Constant]:
    """M, by which the noise may grow with the gradient, and noise_max, under the letters of theory.

    >>> of_the_noise({})["M"].value
    0.0
    """
    none = Constant(value=0.0, provenance="exact", why="the variance of the noise is bounded")
    found = {"M": known.get("relative_noise", none)}
    if "noise_bound" in known:
        found[noise_max.name] = known["noise_bound"]
    return found
