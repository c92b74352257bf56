"""Formulas of a theorem as numbers: its step sizes, and its bound at many horizons at once.

Sums up to the horizon are cumulated once, so a bound at a million horizons costs a second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Dummy, Expr, Function, Max, Min, Sum, lambdify, sympify
from sympy.core.function import AppliedUndef

from empirics.problems.base import Array
from theory.algebra import FiniteProduct
from theory.theorem import Theorem

SLIP = 1e-9  # relative; what rounding may do to a quantity that meets its bound exactly


@dataclass(frozen=True, eq=False, kw_only=True)
class Numbers:
    """What formulas are evaluated at.

    Fields: values of the constants, by name; sequences, by name, such as the step sizes "eta" of a
    run; first, the index of the first entry of a sequence, as the theorem counts.
    """

    values: Mapping[str, float]
    sequences: Mapping[str, Array] = field(default_factory=dict)
    first: int = 0

    def at(self, expression: Any, symbol: Any, places: NDArray[Any]) -> Array:
        """An expression for many values of a symbol; sums with ends in it are cumulated once.

        So are products. Raises KeyError if a constant or a sequence is missing, ValueError for a
        sum or product that depends on the symbol in more than its ends.

        >>> from theory.symbols import L, T, eta, t
        >>> numbers = Numbers(values={"L": 2.0}, sequences={"eta": np.array([1.0, 2.0, 3.0])})
        >>> numbers.at(Sum(L * eta(t) ** 2, (t, 0, T - 1)) / T, T, np.array([1, 2, 3]))
        array([2.        , 5.        , 9.33333333])
        """
        e = sympify(expression)
        names = {part: Dummy() for part in _outermost(e)}
        table = {name: self._part(part, symbol, places) for part, name in names.items()}
        e = e.xreplace(names)
        symbols = sorted(e.free_symbols - set(table), key=str)
        real = places.astype(np.float64)
        arguments = [real if a == symbol else np.float64(self.values[a.name]) for a in symbols]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            found = numerical([*symbols, *table], e)(*arguments, *table.values())
        return np.broadcast_to(found, places.shape).astype(np.float64)

    def value(self, expression: Any) -> float:
        """An expression of constants alone."""
        return float(self.at(expression, Dummy(), np.zeros(1))[0])

    def _part(self, part: Any, symbol: Any, places: NDArray[Any]) -> Array:
        if isinstance(part, Sum):
            return self._sum(part, symbol, places)
        if isinstance(part, FiniteProduct):
            return self._product(part, symbol, places)
        return self._entries(part, symbol, places)

    def _sum(self, total: Any, symbol: Any, places: NDArray[Any]) -> Array:
        """A sum whose ends may move with the symbol."""
        index, low, high = total.limits[-1]
        function = total.function
        if len(total.limits) > 1:
            function = Sum(function, *total.limits[:-1])
        terms, lower, upper = self._terms(function, (index, low, high), symbol, places)
        partial = np.concatenate([[0.0], np.cumsum(terms)])
        return np.asarray(partial[upper] - partial[lower])

    def _product(self, product: Any, symbol: Any, places: NDArray[Any]) -> Array:
        """A product whose last index may move with the symbol."""
        factors, lower, upper = self._terms(product.expression, product.limits, symbol, places)
        if lower.any():
            raise ValueError(f"no number for {product}: its first index depends on {symbol}")
        return np.asarray(np.concatenate([[1.0], np.cumprod(factors)])[upper])

    def _terms(
        self, term: Any, limits: Any, symbol: Any, places: NDArray[Any]
    ) -> tuple[Array, NDArray[np.int64], NDArray[np.int64]]:
        """All terms from the first index on, and where those of each place begin and end."""
        index, low, high = limits
        if symbol in term.free_symbols:
            raise ValueError(f"no number for a range of {term}: its terms depend on {symbol}")
        ends = [np.rint(self.at(end, symbol, places)).astype(np.int64) for end in (low, high)]
        if not places.size:
            return np.empty(0), ends[0], ends[1]
        start, stop = int(ends[0].min()), int(ends[1].max())
        terms = self.at(term, index, np.arange(start, max(stop, start - 1) + 1))
        upper, lower = (np.clip(end - start, 0, len(terms)) for end in (ends[1] + 1, ends[0]))
        return terms, lower, upper

    def _entries(self, applied: Any, symbol: Any, places: NDArray[Any]) -> Array:
        """A sequence at an index that may move with the symbol."""
        sequence = self.sequences[applied.func.__name__]
        index = np.rint(self.at(applied.args[0], symbol, places)).astype(np.int64) - self.first
        if index.size and not (0 <= index.min() and index.max() < len(sequence)):
            raise ValueError(
                f"{applied} is needed from index {index.min() + self.first} to "
                f"{index.max() + self.first}, known from {self.first} to "
                f"{self.first + len(sequence) - 1}"
            )
        return sequence[index]


def last_horizon(theorem: Theorem, steps: int) -> int:
    """The horizon a run of so many steps reaches."""
    symbol = theorem.horizon
    offset = int(sympify(theorem.steps).subs(symbol, 0))
    return steps - offset


def reached(
    theorem: Theorem, times: NDArray[np.int64], steps: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Horizons whose last iterate is among the times, and where; one only if the step is tuned."""
    symbol, final = theorem.horizon, last_horizon(theorem, steps)
    offset = int(sympify(theorem.quantity.iterates) - symbol)
    horizons = times + 1 - offset
    places = np.arange(len(horizons))
    keep = (horizons >= (1 if symbol.is_positive else 0)) & (horizons <= final)
    if symbol in theorem.step.expression.free_symbols:
        keep &= horizons == final
    return horizons[keep], places[keep]


def step_sizes(theorem: Theorem, numbers: Numbers, count: int) -> Array:
    """eta of the first so many updates; a noise of 0 makes a limit infinite."""
    index, first = theorem.count.index, theorem.count.first
    return numbers.at(theorem.step.expression, index, np.arange(first, first + count))


class _Smallest(Function):  # type: ignore[misc]
    """Min under a name of its own: NumPy's does not broadcast."""


class _Largest(Function):  # type: ignore[misc]
    """Max, likewise."""


BROADCASTING = {
    "_Smallest": lambda *parts: reduce(np.minimum, parts),
    "_Largest": lambda *parts: reduce(np.maximum, parts),
}


def numerical(arguments: Sequence[Any], e: Any) -> Callable[..., Any]:
    """An expression without sums as a function of arrays."""
    e = e.replace(Min, _Smallest).replace(Max, _Largest)
    return lambdify(arguments, e, [BROADCASTING, "numpy"])  # type: ignore[no-any-return]


def _outermost(e: Expr) -> list[Any]:
    """The sums, products and sequences in an expression that lie in no other."""
    if isinstance(e, Sum | FiniteProduct | AppliedUndef):
        return [e]
    found: list[Any] = []
    for part in e.args:
        found += [inner for inner in _outermost(part) if inner not in found]
    return found
