"""Formulas of a theorem as numbers: its step sizes, and its bound at many horizons at once.

Sums up to the horizon are cumulated once, so a bound at a million horizons costs a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Dummy, Sum, lambdify, sympify

from empirics.problems.base import Array
from empirics.runs import Runs
from theory.theorem import Theorem

SLIP = 1e-9  # relative; what rounding may do to a quantity that meets its bound exactly


def last_horizon(theorem: Theorem, steps: int) -> int:
    """The horizon a run of so many steps reaches."""
    symbol = theorem.horizon
    offset = int(sympify(theorem.steps).subs(symbol, 0))
    return steps - offset


def reached(theorem: Theorem, runs: Runs) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Horizons whose last iterate was recorded, and where; one only if the step is tuned to it."""
    symbol = theorem.horizon
    offset = int(sympify(theorem.quantity.iterates) - symbol)
    horizons = runs.times + 1 - offset
    places = np.arange(len(horizons))
    keep = horizons >= (1 if symbol.is_positive else 0)
    if symbol in theorem.step.expression.free_symbols:
        keep &= horizons == last_horizon(theorem, len(runs.step_sizes))
    return horizons[keep], places[keep]


def step_sizes(theorem: Theorem, values: Mapping[str, float], count: int) -> Array:
    """eta_k for k = 1, ..., count in floating point; a noise of 0 makes a limit infinite."""
    rule = theorem.step.expression
    symbols = sorted(rule.free_symbols, key=str)
    k = np.arange(1, count + 1, dtype=np.float64)
    arguments = [k if a.name == "k" else np.float64(values[a.name]) for a in symbols]
    with np.errstate(divide="ignore"):
        return np.broadcast_to(lambdify(symbols, rule)(*arguments), (count,)).astype(np.float64)


def evaluate(
    expression: Any, horizon: Any, values: Mapping[str, float], horizons: NDArray[np.int64]
) -> Array:
    """An expression at many horizons; sums up to the horizon are cumulated once."""
    e = sympify(expression)
    table: dict[Any, Any] = {}
    sums = {total: Dummy() for total in e.atoms(Sum)}
    for total, name in sums.items():
        ((index, low, high),) = total.limits
        term = lambdify(
            [index], total.function.subs(_by_name(total.function, values, {index})), "numpy"
        )
        first = int(low)
        if horizon in high.free_symbols:
            last = horizons + int(high - horizon)
        else:
            end = round(float(high.subs(_by_name(high, values, set()))))
            last = np.full_like(horizons, end)
        places = np.arange(first, max(int(last.max()), first) + 1, dtype=np.float64)
        partial = np.concatenate([[0.0], np.cumsum(term(places) * np.ones_like(places))])
        table[name] = partial[np.maximum(last - first + 1, 0)]
    e = e.xreplace(sums)
    symbols = sorted(e.free_symbols - set(table), key=str)
    arguments = [
        horizons.astype(np.float64) if a == horizon else np.float64(values[a.name]) for a in symbols
    ]
    function = lambdify([*symbols, *table], e, "numpy")
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.broadcast_to(function(*arguments, *table.values()), horizons.shape).astype(
            np.float64
        )


def _by_name(e: Any, values: Mapping[str, float], without: set[Any]) -> dict[Any, float]:
    return {a: values[a.name] for a in e.free_symbols - without if a.name in values}
