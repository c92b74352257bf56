r"""Search for numbers that break a failing step, confirmed in exact arithmetic.

`find` looks for rational values of the symbols, sequences and vectors for which every premise and
condition holds and the claim does not. It is not trusted and not complete: what it returns has been
checked, what it does not return may still exist.

>>> from theory.claims import le
>>> from theory.symbols import h
>>> print(find(le(h, h**2)))
at h = 1/4: h <= h^2 fails, since its right side minus its left side is -3/16
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Add, Integer, Min, Rational, Symbol
from sympy.core.function import AppliedUndef
from sympy.solvers.simplex import InfeasibleLPError, UnboundedLPError, linprog

from theory.algebra import Minimum, normal
from theory.claims import Claim, readable
from theory.enclosure import sign_of_constant
from theory.hilbert import Inner, Noise, Value, Vector

TRIES = 240
VALUE = "f["  # a function value E f(x) is a variable under this name
_POSITIVE = [Rational(1, 2), Integer(1), Integer(2), Rational(1, 4), Integer(3), Rational(1, 8)]
_COORDINATES = [Integer(0), Integer(1), Integer(-1), Integer(2), Rational(-1, 2)]


@dataclass(frozen=True)
class Counterexample:
    """Values for which the premises hold and the claim fails, with how much it fails by."""

    claim: Claim
    values: tuple[tuple[Any, Any], ...]
    gap: Any

    def __str__(self) -> str:
        at = ", ".join(f"{_shown(a)} = {b}" for a, b in self.values)
        where = f"at {at}: " if at else ""
        return f"{where}{self.claim} fails, since its right side minus its left side is {self.gap}"


def _shown(variable: Any) -> str:
    """The name of a variable, a function value under its own."""
    name = readable(variable)
    return name[len(VALUE) : -1] if name.startswith(VALUE) else name


def find(
    claim: Claim,
    premises: Sequence[Claim] = (),
    conditions: Iterable[Any] = (),
    *,
    tries: int = TRIES,
) -> Counterexample | None:
    """The first counterexample met in so many tries, or None."""
    if claim.is_vector or any(p.is_vector for p in premises):
        return None
    chance = random.Random(0)
    known = sorted((normal(c) for c in conditions), key=str)
    for _ in range(tries):
        attempt = _Attempt(chance)
        try:
            found = attempt.break_claim(claim, premises, known)
        except (ZeroDivisionError, TypeError, ValueError, OverflowError):
            continue  # these values make some expression meaningless: try others
        if found is not None:
            return found
    return None


class _Attempt:
    """One assignment of values, made as they are needed."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.values: dict[Any, Any] = {}
        self.vectors: dict[Any, tuple[Any, Any]] = {}
        self.noise_apart = chance.randrange(5) < 3

    def break_claim(
        self, claim: Claim, premises: Sequence[Claim], conditions: Sequence[Any]
    ) -> Counterexample | None:
        for c in conditions:
            if not self._holds("<=", self.number(c)):
                return None
        gap = self.number(claim.expression)
        facts = [(p.relation, self.number(p.expression)) for p in premises]
        free = sorted(
            set().union(*(e.atoms(Symbol) for e in (gap, *(f for _, f in facts)))), key=str
        )
        if free:
            solution = self._choose_free(gap, facts)
            if solution is None:
                return None
            self.values |= {a: b for a, b in solution.items() if a in free}
            gap = gap.xreplace(solution)
            facts = [(r, f.xreplace(solution)) for r, f in facts]
        if not all(self._holds(r, f) for r, f in facts) or self._holds(claim.relation, gap):
            return None
        if sign_of_constant(gap) is None:
            return None
        shown = tuple(sorted(self.values.items(), key=lambda item: str(item[0])))
        vectors = tuple(sorted(self.vectors.items(), key=lambda item: str(item[0])))
        return Counterexample(claim, shown + vectors, gap)

    @staticmethod
    def _holds(relation: str, value: Any) -> bool:
        sign = sign_of_constant(value)
        if sign is None:
            return False
        return {"<=": sign >= 0, "<": sign > 0, "==": sign == 0}[relation]

    @staticmethod
    def _choose_free(gap: Any, facts: Sequence[tuple[str, Any]]) -> dict[Any, Any] | None:
        """Function values enter linearly: choose them by an exact linear program."""
        signed = [g for r, f in facts for g in ((f, -f) if r == "==" else (f,)) if f.free_symbols]
        names = sorted(set().union(*(e.free_symbols for e in (gap, *signed))), key=str)
        rows = [[-e.coeff(a) for a in names] for e in (*signed, gap)]
        free_of_names = dict.fromkeys(names, Integer(0))
        sides = [*(e.xreplace(free_of_names) for e in signed), gap.xreplace(free_of_names) + 1]
        target = [gap.coeff(a) for a in names]
        try:
            _, chosen = linprog(target, rows, sides, bounds=[(None, None)] * len(names))
        except (InfeasibleLPError, UnboundedLPError):
            return None
        return dict(zip(names, chosen, strict=True))

    def number(self, expression: Any) -> Any:
        """The expression at this attempt's values; function values E f(x) stay as symbols."""
        e = normal(expression)
        for symbol in sorted(e.free_symbols, key=str):
            if symbol not in self.values and not symbol.name.startswith(VALUE):
                self.values[symbol] = self._of_symbol(symbol)
        e = normal(e.xreplace(self.values))
        while applied := self._ready(e):
            e = normal(e.xreplace({a: self._of_sequence(a) for a in applied}))
        e = self._minima(e)
        e = e.xreplace({a: self._inner(a) for a in sorted(e.atoms(Inner), key=str)})
        return e.xreplace({a: Symbol(f"{VALUE}{a}]", real=True) for a in e.atoms(Value)})

    @staticmethod
    def _ready(e: Any) -> list[Any]:
        """Sequences at integer places, innermost first."""
        inner = [a for a in e.atoms(AppliedUndef) if a.args[0].is_Integer]
        return sorted(inner, key=str)

    def _minima(self, e: Any) -> Any:
        table = {}
        for least in sorted(e.atoms(Minimum), key=str):
            _, low, high = least.limits
            table[least] = Min(*(self.number(least.at(p)) for p in range(int(low), int(high) + 1)))
        return e.xreplace(table)

    def _of_symbol(self, symbol: Any) -> Any:
        pick = self.chance.choice
        if symbol.is_integer:
            low = 1 if symbol.is_positive else 0
            return Integer(self.chance.randint(low, low + 3))
        if symbol.is_positive:
            return pick(_POSITIVE)
        return pick([Integer(0), *_POSITIVE]) if symbol.is_nonnegative else pick(_COORDINATES)

    def _of_sequence(self, applied: Any) -> Any:
        if applied not in self.values:
            if applied.is_integer:
                self.values[applied] = Integer(self.chance.randint(0, 4))
            else:
                self.values[applied] = self.chance.choice([Integer(0), Integer(-1), *_POSITIVE])
        return self.values[applied]

    def _inner(self, inner: Any) -> Any:
        u, v = (self._vector(a) for a in inner.args)
        return Add(*(a * b for a, b in zip(u, v, strict=True)))

    def _vector(self, atom: Vector) -> tuple[Any, Any]:
        if atom not in self.vectors:
            a, b = self.chance.choice(_COORDINATES), self.chance.choice(_COORDINATES)
            if self.noise_apart:  # unbiasedness premises then hold by themselves
                a, b = (Integer(0), b) if isinstance(atom, Noise) else (a, Integer(0))
            self.vectors[atom] = (a, b)
        return self.vectors[atom]
