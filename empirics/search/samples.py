"""Sample values of the symbols, at which conditions hold, and the system in numbers there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Dummy, lambdify

from empirics.search.system import variables
from theory.claims import readable

Array = NDArray[np.float64]
TRIES = 20_000


class Values:
    """Expressions in numbers at all samples at once."""

    def __init__(self, names: Sequence[Any], table: Array) -> None:
        self.names, self.table = tuple(names), table  # table: (samples, names)
        self._plain = {a: Dummy() for a in self.names}

    def __len__(self) -> int:
        return len(self.table)

    def __call__(self, expression: Any) -> Array:
        """Shape (samples,)."""
        e = expression.xreplace(self._plain)
        given = lambdify(list(self._plain.values()), e, "numpy")(*self.table.T)
        return np.broadcast_to(np.asarray(given, dtype=np.float64), (len(self.table),))

    def at(self, place: int, names: Sequence[Any]) -> str:
        """One sample in words."""
        shown = zip(self.names, self.table[place], strict=True)
        return ", ".join(f"{readable(a)} = {value:.4g}" for a, value in shown if a in names)


def draw(
    names: Sequence[Any],
    conditions: Sequence[Any],
    *,
    ranges: Mapping[Any, tuple[float, float]],
    count: int,
    seed: int,
) -> Values:
    """So many samples at which every condition is >= 0; conditions on other things are left out.

    Raises ValueError if conditions are never met.
    """
    random = np.random.default_rng(seed)
    table = np.zeros((TRIES, len(names)))
    for place, name in enumerate(names):
        table[:, place] = _column(name, ranges, random)
    values, met = Values(names, table), np.ones(TRIES, dtype=bool)
    with np.errstate(all="ignore"):
        for condition in conditions:
            if variables(condition) <= set(names):
                met &= values(condition) >= 0
    if not met.any():
        raise ValueError(
            f"no values of {', '.join(map(readable, names))} were found that meet every condition; "
            "pass ranges={symbol: (low, high)}"
        )
    return Values(names, table[met][:count])


def _column(name: Any, ranges: Mapping[Any, tuple[float, float]], random: Any) -> Any:
    """Values of one variable, between 1/4 and 4 unless a range is given."""
    if name in ranges:
        column = random.uniform(*ranges[name], TRIES)
        return np.rint(column) if name.is_integer else column
    if name.is_integer:
        return random.integers(1 if name.is_positive else 0, 8, TRIES)
    column = 2.0 ** random.uniform(-2, 2, TRIES)
    return column if name.is_nonnegative else column * random.choice([1, 1, 1, -1], TRIES)
