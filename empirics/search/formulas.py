"""Formulas for a multiplier that lies in an interval at each sample.

First a number times powers of the symbols and of what the conditions leave; then the values at
which a constraint is about to break, which is where a tight proof has its multipliers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Integer, Mul, Poly, Rational, factor, fraction, together

from empirics.search.samples import Values
from empirics.search.system import System
from theory.hilbert import Inner

Array = NDArray[np.float64]

NUMBERS = sorted(
    {Fraction(p, q) for p in range(1, 9) for q in (1, 2, 3, 4, 8)},
    key=lambda f: (f.numerator * f.denominator, f),
)
POWERS = (0, 1, -1, 2, -2)  # of a symbol; of an expression that a condition makes >= 0: 0 or 1
MOST = 4  # the powers together
CLOSE = 1e-5


def between(low: Array, high: Array, values: Values, bases: Sequence[Any]) -> Iterator[Any]:
    """Products of powers of the bases that lie in [low, high] at every sample, simplest first."""
    room = CLOSE * (1.0 + np.maximum(np.abs(low), np.abs(high)))
    if ((low <= room) & (high >= -room)).all():
        yield Integer(0)
    sign = -1 if (high <= room).all() else 1
    numbers = sign * np.array([float(f) for f in NUMBERS])
    columns = [values(b) for b in bases]
    for powers in _powers(bases):
        shape = np.ones_like(low)
        for column, power in zip(columns, powers, strict=True):
            shape = shape * column**power
        sizes = shape[:, None] * numbers
        fits = (sizes >= (low - room)[:, None]) & (sizes <= (high + room)[:, None])
        for place in np.flatnonzero(fits.all(axis=0)):
            number = Rational(NUMBERS[place].numerator, NUMBERS[place].denominator)
            yield sign * number * Mul(*(b**p for b, p in zip(bases, powers, strict=True)))


def critical(system: System, x: Sequence[Any], name: Any) -> Iterator[Any]:
    """Where a multiplier or a square's weight vanishes, or two squares become one.

    `x` are the multipliers with the one that is looked for under `name`: of what has to be >= 0,
    linear expressions give their root, products of two squares less that of their product (which
    are quadratic) the place where they are largest.
    """
    left = system.remainder(x)
    signed = [a for a, u in zip(x, system.unknowns, strict=True) if not u.any_sign]
    squares = {v: left.get(Inner(v, v), Integer(0)) for v in system.vectors}
    for e in [*signed, *squares.values(), left.get(Integer(1), Integer(0)) if system.open else 0]:
        yield from _stationary(e, name, 1)
    for u, v in combinations(system.vectors, 2):
        yield from _stationary(
            squares[u] * squares[v] - left.get(Inner(u, v), Integer(0)) ** 2 / 4, name, 2
        )


def _stationary(e: Any, name: Any, degree: int) -> Iterator[Any]:
    """The root of the derivative of that order less 1, if the degree in the name is this."""
    numerator, denominator = fraction(together(e))
    if denominator.has(name) or not numerator.has(name):
        return
    polynomial = Poly(numerator, name)
    if polynomial.degree() == degree:
        slope, rest = polynomial.diff((name, degree - 1)).all_coeffs()
        yield factor(-rest / slope)


def within(formula: Any, low: Array, high: Array, values: Values) -> bool:
    """Whether a formula lies in [low, high] at every sample."""
    size = values(formula)
    room = CLOSE * (1.0 + np.maximum(np.abs(low), np.abs(high)))
    return bool(((size >= low - room) & (size <= high + room)).all())


def _powers(bases: Sequence[Any]) -> list[tuple[int, ...]]:
    """Exponents, few and small ones first."""
    choices = product(*((0, 1) if b.is_Add else POWERS for b in bases))
    few = (powers for powers in choices if sum(map(abs, powers)) <= MOST)
    return sorted(few, key=lambda powers: (sum(map(abs, powers)), [-p for p in powers]))
