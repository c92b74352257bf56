"""Multipliers in numbers: linear programs, with cuts that keep a matrix positive semidefinite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from sympy import Integer

from empirics.search.samples import Values
from empirics.search.system import System

Array = NDArray[np.float64]

ROUNDS = 60  # of cuts
SLACK = 1e-9  # relative, of a least eigenvalue
SIZES = (1e4, 1e2)  # of multipliers: the smaller size where the larger one is ill-conditioned


@dataclass
class Sample:
    """One system in numbers: claim - x . premises, as rows, quadratic form and number."""

    rows: Array  # (rows, 1 + unknowns), the claim first
    form: Array  # (1 + unknowns, vectors, vectors)
    number: Array  # (1 + unknowns,)
    any_sign: Array  # (unknowns,)
    cuts: list[Array] = field(default_factory=list)  # directions v with v . form v >= 0

    def __post_init__(self) -> None:
        unit = np.eye(self.form.shape[1])
        pairs = [(i, j) for i in range(len(unit)) for j in range(i)]
        both = [unit[i] + sign * unit[j] for i, j in pairs for sign in (1, -1)]
        self.cuts = self.cuts or [*unit, *both]

    def with_fixed(self, unknown: int, value: float) -> Sample:
        """The same with the value of one multiplier given."""
        row = np.zeros(1 + len(self.any_sign))
        row[0], row[1 + unknown] = value, 1.0
        return replace(self, rows=np.vstack([self.rows, row]))

    def extreme(self, direction: Array, keep: Sequence[int] | None = None) -> Array | None:
        """Multipliers with the least ``direction . x``; None if none were found.

        With `keep`, all other multipliers are 0.
        """
        unknowns = len(self.any_sign)
        allowed = np.ones(unknowns, bool) if keep is None else np.isin(np.arange(unknowns), keep)
        found = (self._extreme(direction, np.where(allowed, size, 0.0)) for size in SIZES)
        return next((x for x in found if x is not None), None)

    def _extreme(self, direction: Array, size: Array) -> Array | None:
        bounds = np.column_stack([np.where(self.any_sign, -size, 0.0), size])
        for _ in range(ROUNDS):
            x = self._program(direction, bounds)
            if x is None:
                return None
            values, vectors = np.linalg.eigh(self.left_over(x))
            scale = 1.0 + np.abs(self.form).max(initial=0.0) * (1.0 + np.abs(x).max(initial=0.0))
            if not len(values) or values[0] >= -SLACK * scale:
                return x
            self.cuts += [vectors[:, i] for i in np.flatnonzero(values < -SLACK * scale / 10)]
        return None

    def left_over(self, x: Array) -> Array:
        """The matrix of the quadratic form that is left."""
        form: Array = self.form[0] - np.tensordot(x, self.form[1:], axes=1)
        return form

    def _program(self, direction: Array, bounds: Array) -> Array | None:
        cut = np.array([np.einsum("i,kij,j->k", v, self.form, v) for v in self.cuts])
        above = np.vstack([*([cut] if len(cut) else []), self.number[None, :]])
        scale = np.abs(above).max(axis=1, keepdims=True)
        above = above / np.where(scale > 0, scale, 1.0)
        if not len(direction):
            fine = (above >= -SLACK).all() and (np.abs(self.rows) <= SLACK).all()
            return np.zeros(0) if fine else None
        done = linprog(
            direction,
            A_ub=above[:, 1:],
            b_ub=above[:, 0],
            A_eq=self.rows[:, 1:] if len(self.rows) else None,
            b_eq=self.rows[:, 0] if len(self.rows) else None,
            bounds=bounds,
            method="highs",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )
        return np.asarray(done.x) if done.status == 0 else None


def at_samples(system: System, values: Values) -> list[Sample]:
    """The system in numbers, once for each sample."""
    count, terms = len(values), (system.claim, *system.columns)
    rows = np.zeros((count, len(system.rows), len(terms)))
    form = np.zeros((count, len(terms), len(system.vectors), len(system.vectors)))
    number = np.zeros((count, len(terms)))
    for k, given in enumerate(terms):
        for i, monomial in enumerate(system.rows):
            if monomial in given:
                rows[:, i, k] = values(given[monomial])
        for monomial, (i, j) in system.entries.items():
            if monomial in given:
                size = values(given[monomial]) / (1 if i == j else 2)
                form[:, k, i, j] = form[:, k, j, i] = size
        if system.open and Integer(1) in given:
            number[:, k] = values(given[Integer(1)])
    scale = np.abs(rows).max(axis=2, keepdims=True, initial=0.0)
    rows = rows / np.where(scale > 0, scale, 1.0)
    any_sign = np.array([u.any_sign for u in system.unknowns], dtype=bool)
    return [Sample(rows[s], form[s], number[s], any_sign) for s in range(count)]
