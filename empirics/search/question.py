"""What is asked: a claim, and everything that may be used to prove it, sorted by kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sympy import Integer

from empirics.search.signs import factors
from empirics.search.system import System, Unknown, compare, variables
from theory import refute
from theory.claims import Claim, le, nonnegative, readable
from theory.hilbert import Inner, is_scalar
from theory.insertion import Equation, inserted
from theory.kernel import Fact, combine, given, nonnegative_by_sign
from theory.tactics import conclude, outer_atoms

TRIES = 60  # of finding numbers that break a step


class Question:
    """A claim, its premises, the vectors that may be squared, and the conditions."""

    def __init__(
        self,
        claim: Claim,
        premises: Sequence[Fact],
        squares: Sequence[Any] | None,
        under: Sequence[Claim],
    ) -> None:
        if claim.is_vector:
            raise ValueError(f"propose needs a claim about numbers, got {claim}")
        self.claim, self.under = claim, tuple(under)
        self.roots, self.given = list(squares or ()), squares is not None
        self.equations = [Equation(p) for p in premises if p.claim.is_vector]
        numbers = [p for p in premises if not p.claim.is_vector]
        about_vectors = any(outer_atoms(claim.expression))
        self.known = [p for p in numbers if about_vectors and _is_sign(p)]
        self.premises = [p for p in numbers if p not in self.known]
        inside = {c for p in premises for c in p.conditions} | {c.expression for c in under}
        self.conditions = sorted(inside, key=str)
        self.known += [given(nonnegative(c), under=self._inside) for c in self.conditions]
        unknowns = [
            Unknown(self._put(p.expression), any_sign=p.claim.relation == "==", premise=p)
            for p in self.premises
        ]
        unknowns += [Unknown(self._put(_square(root)), root=root) for root in self.roots]
        complete = about_vectors and not self.given and claim.relation != "=="
        self.system = compare(self._put(claim.expression), unknowns, complete=complete)

    @property
    def limits(self) -> list[Any]:
        """What is >= 0 of the numbers: the conditions, and the facts about numbers alone."""
        return [fact.expression for fact in self.known]

    @property
    def variables(self) -> tuple[Any, ...]:
        """The symbols and sequences that need a value."""
        free = set(self.system.variables).union(*map(variables, self.limits))
        return tuple(sorted(free, key=str))

    def prove(self, parts: Iterable[tuple[Fact, Any]], squares: Iterable[tuple[Any, Any]]) -> Fact:
        """The fact that these multipliers and weights prove; StepError if they do not."""
        return conclude(
            self.claim,
            *(self._part(premise, weight) for premise, weight in parts),
            *(equation.fact for equation in self.equations),
            squares=[(root, self._weight(weight)) for root, weight in squares],
            under=self.under,
            evidence=self._positive,
        )

    def failure(self, system: System, sample: str) -> str:
        """Why there are no multipliers at a sample, in one sentence."""
        if system.unmatched:
            loose = ", ".join(map(readable, system.unmatched))
            return f"{self.claim}: no premise speaks of {loose}, so nothing can cancel it"
        squares = "the given squares" if self.given else "squares of any vectors"
        what = f"multipliers of the premises ({len(self.premises)}) and {squares}"
        sentence = f"{self.claim}: no {what} give it" + (f" at {sample}" if sample else "")
        example = refute.find(
            Claim(self._put(self.claim.left), self.claim.relation, self._put(self.claim.right)),
            premises=[
                Claim(Integer(0), u.premise.claim.relation, u.expression)
                for u in system.unknowns
                if u.premise is not None
            ],
            conditions=self.conditions,
            tries=TRIES,
        )
        return sentence if example is None else f"{sentence}; it does not follow: {example}"

    @property
    def _inside(self) -> list[Claim]:
        """The conditions, as claims."""
        return [le(0, c) for c in self.conditions]

    @property
    def _positive(self) -> list[Fact]:
        """The facts that allow dividing."""
        return [fact for fact in self.known if fact.claim.relation == "<"]

    def _put(self, e: Any) -> Any:
        return inserted(e, self.equations)

    def _part(self, premise: Fact, weight: Any) -> Any:
        if premise.claim.relation == "==":
            return (premise, weight)
        return (premise, *factors(weight, self.conditions, self.known))

    def _weight(self, weight: Any) -> Any:
        """A weight of a square: by its sign, or as a fact made of its factors."""
        first, *others = factors(weight, self.conditions, self.known)
        if not others:
            return first
        if not isinstance(first, Fact):
            first = nonnegative_by_sign(le(0, first), under=self._inside)
        return combine(
            le(0, weight), (first, *others), evidence=self._positive, label="weight of a square"
        )


def _is_sign(fact: Fact) -> bool:
    """Whether a fact is an inequality between numbers alone."""
    return fact.claim.relation != "==" and not any(outer_atoms(fact.expression))


def _square(root: Any) -> Any:
    return root**2 if is_scalar(root) else Inner(root, root)
