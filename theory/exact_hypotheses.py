"""Whether an exact run meets a hypothesis: every instance of it along the run is looked at.

Expectations are taken over all patterns of the two-point noise, so nothing is sampled.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from sympy import Add, Integer, Sum, sympify
from sympy.core.function import AppliedUndef

from theory.algebra import normal
from theory.claims import Hypothesis, is_sequence
from theory.enclosure import sign_of_constant
from theory.hilbert import Fixed, Gradient, Inner, Iterate, Noise, Value, components
from theory.witness import Path


class NotRecordedError(Exception):
    """Exact runs do not know this quantity."""


def holds(
    hypothesis: Hypothesis, values: dict[Any, Any], path: Path, steps: Sequence[Any], first: int
) -> bool | None:
    """Whether every instance along the run holds; None if some cannot be looked at.

    `values` are those of the symbols; `first` is the index of the first iterate.
    """
    known: list[bool] = []
    for chosen in _instances(hypothesis, first, len(path.points[0])):
        at = _At(path, steps, first, {**values, **chosen})
        try:
            if all(_sign(at.number(c)) >= 0 for c in hypothesis.conditions):
                known.append(_meets(hypothesis, at))
        except IndexError:
            continue  # it speaks of an iterate or update that this run does not reach
        except (NotRecordedError, TypeError, ValueError):
            return None
    if False in known:
        return False
    return True if known else None


def _instances(hypothesis: Hypothesis, first: int, count: int) -> Iterator[dict[Any, Any]]:
    places = [Integer(first + d) for d in range(count)]
    for chosen in product(places, repeat=len(hypothesis.variables)):
        yield dict(zip(hypothesis.variables, chosen, strict=True))


def _meets(hypothesis: Hypothesis, at: "_At") -> bool:
    claim = hypothesis.claim
    if claim.is_vector:
        difference = normal(claim.left - claim.right)
        return _sign(at.number(Inner(difference, difference))) == 0
    sign = _sign(at.number(claim.expression))
    return {"<=": sign >= 0, "<": sign > 0, "==": sign == 0}[claim.relation]


def _sign(number: Any) -> int:
    sign = sign_of_constant(number)
    if sign is None:
        raise NotRecordedError(f"{number} has no value here")
    return sign


class _At:
    """Numbers of one instance: symbols and indices have their values."""

    def __init__(
        self, path: Path, steps: Sequence[Any], first: int, values: dict[Any, Any]
    ) -> None:
        self.path, self.steps, self.first, self.values = path, steps, first, values

    def number(self, expression: Any) -> Any:
        """The value of a number, its expectation if it is random."""
        e = normal(normal(expression).xreplace(self.values))
        while places := [a for a in e.atoms(AppliedUndef) if a.args[0].is_Integer]:
            e = normal(e.xreplace({a: self._entry(a) for a in places}))
        if e.has(Sum) or any(is_sequence(a) for a in e.atoms(AppliedUndef)):
            raise NotRecordedError(f"{e} is not a number of this run")
        e = e.xreplace({a: self._mean(self._product(a)) for a in e.atoms(Inner)})
        return e.xreplace({a: self._mean(self._value(a)) for a in e.atoms(Value)})

    def _entry(self, applied: Any) -> Any:
        place = int(applied.args[0]) - self.first
        if place < 0:
            raise IndexError(place)
        match applied.func.__name__:
            case "eta":
                return sympify(self.steps[place])
            case "r" | "tau":
                return Integer(self.path.reads[place] + self.first)
        raise NotRecordedError(f"{applied} is not recorded")

    def _mean(self, outcomes: list[Any]) -> Any:
        return Add(*outcomes) / len(outcomes)

    def _product(self, inner: Any) -> list[Any]:
        u, v = (self._vector(a) for a in inner.args)
        return [a * b for a, b in zip(u, v, strict=True)]

    def _value(self, value: Any) -> list[Any]:
        return [self.path.function.value(a) for a in self._vector(value.args[1])]

    def _vector(self, vector: Any) -> list[Any]:
        """A sum of vectors, in each outcome."""
        parts = [(c, self._atom(atom)) for c, atom in components(vector)]
        outcomes = range(len(self.path.points))
        return [Add(*(c * values[o] for c, values in parts)) for o in outcomes]

    def _atom(self, atom: Any) -> list[Any]:
        path = self.path
        match atom:
            case Iterate() if str(atom.args[0]) == "x":
                return [points[self._place(atom)] for points in path.points]
            case Gradient():
                return [path.function.derivative(a) for a in self._vector(atom.args[1])]
            case Noise() if all(len(p) == 1 for p in path.parts):
                update = self._place(atom)
                read = path.reads[update]
                outcomes = zip(path.points, path.applied, strict=True)
                return [g[update] - path.function.derivative(x[read]) for x, g in outcomes]
            case Fixed() if str(atom.args[0]) == "x_star" and path.function.minimiser is not None:
                return [path.function.minimiser] * len(path.points)
        raise NotRecordedError(f"{atom} is not recorded")

    def _place(self, atom: Any) -> int:
        place = int(atom.args[1]) - self.first
        if place < 0:
            raise IndexError(place)
        return place
