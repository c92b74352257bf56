"""Exact formulas of `theory.linear` as numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sympy import Dummy, Expr, Sum, lambdify

from empirics.compare.numbers import numerical
from empirics.problems.base import Array
from theory.algebra import Minimum

if TYPE_CHECKING:
    from theory.linear import Formula


def number(formula: Formula, name: str, **values: ArrayLike) -> Array:
    """One of a formula's expressions in floating point.

    Parameters: name, of the expression; values of its symbols by their names, numbers or arrays
    that broadcast against each other. Sums and least values have whole ends, so there the values
    are taken one by one. Conditions of the formula are not looked at.
    Raises ValueError if a symbol has no value, or there is none of that name.

    >>> from theory import linear
    >>> limit = linear.find("constant_delay.stability_limit")
    >>> number(limit, "limit", tau=[0, 1, 2]).round(6)
    array([2.      , 1.      , 0.618034])
    >>> number(linear.find("transient.impulse"), "response", a=0.5, n=4, tau=1)
    array(-0.25)
    """
    e = formula[name]
    symbols = sorted(e.free_symbols, key=str)
    known = [s.name for s in symbols]
    if set(values) != set(known):
        raise ValueError(
            f"{formula.name}: {name} needs values of {', '.join(known) or 'nothing'}, "
            f"got {', '.join(sorted(values)) or 'none'}"
        )
    try:
        numbers = np.broadcast_arrays(*(np.asarray(values[s], dtype=np.float64) for s in known))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{formula.name}: {name} needs numbers that broadcast, got {values}"
        ) from error
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found = _calculation(symbols, e)(*numbers)
    shape = numbers[0].shape if numbers else ()
    return np.array(np.broadcast_to(found, shape), dtype=np.float64)


def _calculation(symbols: list[Any], e: Expr) -> Callable[..., Any]:
    if not e.has(Sum, Minimum):
        return numerical(symbols, e)
    return np.vectorize(lambda *point: _at_one(e, dict(zip(symbols, point, strict=True))))


def _at_one(e: Any, values: dict[Any, float]) -> float:
    """One value, sums and minima taken term by term."""
    names = {part: Dummy() for part in e.atoms(Sum, Minimum)}
    table = {}
    for part, own in names.items():
        index, low, high = part.limits[0] if isinstance(part, Sum) else part.limits
        body = part.function if isinstance(part, Sum) else part.expression
        first, last = (round(_scalar(end, values)) for end in (low, high))
        terms = [_scalar(body, {**values, index: float(i)}) for i in range(first, last + 1)]
        table[own] = sum(terms) if isinstance(part, Sum) else min(terms)
    return _scalar(e.xreplace(names), {**values, **table})


def _scalar(e: Any, values: dict[Any, float]) -> float:
    from scipy.special import binom  # slow to import

    symbols = sorted(e.free_symbols, key=str)
    modules = [{"binomial": binom}, "numpy"]
    return float(lambdify(symbols, e, modules)(*(values[s] for s in symbols)))
