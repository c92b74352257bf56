"""What multipliers have to satisfy: a claim and its premises, compared monomial by monomial.

A claim E >= 0 follows from premises P_i >= 0 with multipliers x_i if E - sum_i x_i P_i is a sum of
squares. In inner products of vectors that is a quadratic form, whose matrix must be positive
semidefinite; a number that is left must be >= 0; all other monomials (function values, sums) must
cancel. Everything is linear in the x_i.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sympy import Add, Dummy, Integer, Poly, cancel, sympify
from sympy.core.function import AppliedUndef

from theory.hilbert import Gradient, Inner
from theory.tactics import outer_atoms

Terms = dict[Any, Any]  # the coefficient of each monomial


@dataclass(frozen=True)
class Unknown:
    """A multiplier that is looked for: of a premise, or of a candidate square."""

    expression: Any
    any_sign: bool = False
    premise: Any = None
    root: Any = None


@dataclass(frozen=True)
class System:
    """E - sum_i x_i P_i, monomial by monomial.

    If it is `open`, squares of combinations of `vectors` and a number may be left over.
    """

    unknowns: tuple[Unknown, ...]
    claim: Terms
    columns: tuple[Terms, ...]
    vectors: tuple[Any, ...]
    open: bool

    @cached_property
    def entries(self) -> dict[Any, tuple[int, int]]:
        """The inner products that may be left over, with their place in the quadratic form."""
        place = {a: i for i, a in enumerate(self.vectors)}
        return {
            m: (place[m.args[0]], place[m.args[1]])
            for m in self.monomials
            if isinstance(m, Inner) and set(m.args) <= set(place)
        }

    @cached_property
    def monomials(self) -> tuple[Any, ...]:
        """All that occur."""
        return tuple(sorted(set(self.claim).union(*self.columns), key=str))

    @cached_property
    def rows(self) -> tuple[Any, ...]:
        """The monomials that have to cancel."""
        spare = set(self.entries) | ({Integer(1)} if self.open else set())
        return tuple(m for m in self.monomials if m not in spare)

    @cached_property
    def unmatched(self) -> tuple[Any, ...]:
        """What the claim speaks of, would have to cancel, and no premise speaks of."""
        return tuple(
            m for m in self.rows if m in self.claim and not any(m in c for c in self.columns)
        )

    @cached_property
    def variables(self) -> tuple[Any, ...]:
        """The symbols (and sequences at a place) in the coefficients."""
        coefficients = [c for terms in (self.claim, *self.columns) for c in terms.values()]
        return tuple(sorted(set().union(*map(variables, coefficients)), key=str))

    def only(self, kept: Sequence[int]) -> System:
        """The same with some of the unknowns alone."""
        unknowns = tuple(self.unknowns[i] for i in kept)
        columns = tuple(self.columns[i] for i in kept)
        return System(unknowns, self.claim, columns, self.vectors, self.open)

    def remainder(self, x: Sequence[Any]) -> Terms:
        """What is left over for given multipliers, in lowest terms."""
        return {
            m: cancel(
                self.claim.get(m, 0)
                - Add(*(a * c.get(m, 0) for a, c in zip(x, self.columns, strict=True)))
            )
            for m in self.monomials
        }


def compare(claim: Any, unknowns: Sequence[Unknown], *, complete: bool) -> System:
    """The system of a claim's expression; `complete`: squares may be completed of what is left."""
    expressions = [sympify(claim), *(u.expression for u in unknowns)]
    levels = {a for e in expressions for a in e.free_symbols if _is_level(a)}
    atoms = sorted(levels.union(*(outer_atoms(e) for e in expressions)), key=str)
    terms = [_terms(e, atoms) for e in expressions]
    inner = {m for t in terms for m in t if isinstance(m, Inner)} if complete else set()
    # a vector whose square occurs nowhere cannot be in a square: its products have to cancel
    vectors = {a for m in inner for a in m.args if Inner(a, a) in inner}
    shown = tuple(sorted(vectors, key=_order))
    return System(tuple(unknowns), terms[0], tuple(terms[1:]), shown, complete)


def _is_level(symbol: Any) -> bool:
    """A number of no known sign, such as inf F: it has to cancel, as function values do."""
    return bool(symbol.is_real and not symbol.is_integer and symbol.is_nonnegative is None)


def variables(e: Any) -> set[Any]:
    """The symbols of a number; a sequence at a place, such as eta(t), is one of them."""
    places = {a: Dummy() for a in e.atoms(AppliedUndef)}
    plain = e.xreplace(places).free_symbols - set(places.values())
    return set(places) | set(plain)


def _terms(e: Any, atoms: Sequence[Any]) -> Terms:
    if not atoms:
        return {Integer(1): e}
    found: Terms = {}
    for powers, c in Poly(e, *atoms).as_dict().items():
        monomial = Integer(1)
        for a, power in zip(atoms, powers, strict=True):
            monomial *= a**power
        found[monomial] = cancel(c)
    return {m: c for m, c in found.items() if c != 0}


def _order(atom: Any) -> tuple[bool, str]:
    """Gradients first: their squares tend to have the simplest weights."""
    return not isinstance(atom, Gradient), str(atom)
