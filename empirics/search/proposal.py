"""Proposals: from samples to formulas, and from formulas to a fact of the kernel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from sympy import Dummy, Integer, Matrix, cancel

from empirics.search.feasible import Sample, at_samples
from empirics.search.formulas import between, critical, within
from empirics.search.question import Question
from empirics.search.samples import Values, draw
from empirics.search.signs import tidy
from empirics.search.squares import Squares, completed
from empirics.search.system import System, variables
from theory.claims import Claim, readable
from theory.hilbert import is_scalar
from theory.kernel import Fact, StepError

ATTEMPTS = 12  # choices of multipliers shown to the kernel at most


class SearchError(Exception):
    """No multipliers were found; the message says what was tried and where it failed."""


@dataclass(frozen=True)
class Proposal:
    """Multipliers of premises and weights of squares that prove a claim, and the fact they prove.

    `parts` holds (premise, multiplier), `squares` (vector, weight).
    """

    claim: Claim
    parts: tuple[tuple[Fact, Any], ...]
    squares: Squares
    fact: Fact

    def __str__(self) -> str:
        lines = [f"{self.claim} follows from"]
        for premise, weight in self.parts:
            name = premise.label or " ".join(map(str, (premise.rule, *premise.inputs[:1])))
            lines.append(f"  {readable(weight)} times {name}: {premise.claim}")
        for root, weight in self.squares:
            shown = f"({readable(root)})^2" if is_scalar(root) else f"|{readable(root)}|^2"
            lines.append(f"  {readable(weight)} times {shown}")
        return "\n".join(lines)


def propose(
    claim: Claim,
    *premises: Fact,
    squares: Sequence[Any] | None = None,
    under: Sequence[Claim] = (),
    ranges: Mapping[Any, tuple[float, float]] | None = None,
    samples: int = 8,
    seed: int = 0,
) -> Proposal:
    """Find multipliers with which premises and squares give the claim.

    `premises` are facts: inequalities, equations, updates (equations between vectors), and facts
    about numbers alone, such as 0 <= eta(t), which multipliers may lean on. `squares` are the
    vectors that may be squared; without them squares of any combination are completed. `under` are
    conditions, as for `combine`. Multipliers are looked for at `samples` values of the symbols,
    drawn from `ranges` where these are given, and turned into formulas.
    Raises SearchError, in one sentence, if there are none, if no formula fits, or if the kernel
    does not accept what was found.
    """
    question = Question(claim, premises, squares, under)
    values = draw(
        question.variables, question.limits, ranges=ranges or {}, count=samples, seed=seed
    )
    system, numbers = _smallest(question, values)
    refused: StepError | None = None
    for tried, x in enumerate(_formulas(system, numbers, values, question.limits)):
        left = system.remainder(x)
        for roots in completed(system, left):
            try:
                return _checked(question, system, x, _with_number(roots, system, left))
            except StepError as error:
                refused = refused or error
        if tried + 1 >= ATTEMPTS:
            break
    raise SearchError(f"{claim}: {_found_but(system, numbers[0], values, refused)}")


def _smallest(question: Question, values: Values) -> tuple[System, list[Sample]]:
    """The system of as few premises and squares as will do at every sample."""
    system = question.system
    numbers = at_samples(system, values)
    everything = range(len(system.unknowns))
    cost = np.array([0.0 if u.any_sign else 1.0 for u in system.unknowns])
    for place, sample in enumerate(numbers):
        if sample.extreme(cost, everything) is None:
            raise SearchError(question.failure(system, values.at(place, system.variables)))
    kept = list(everything)
    for i in reversed(everything):
        fewer = [k for k in kept if k != i]
        if all(sample.extreme(cost, fewer) is not None for sample in numbers):
            kept = fewer
    system = system.only(kept)
    return system, at_samples(system, values)


def _formulas(
    system: System, numbers: Sequence[Sample], values: Values, limits: Sequence[Any]
) -> Iterator[list[Any]]:
    """Multipliers as formulas: what the cancelling monomials fix exactly, the rest by samples."""
    names = [Dummy(f"x{i}", real=True) for i in range(len(system.unknowns))]
    x, free = names, names
    if system.rows and names:
        matrix = Matrix([[c.get(m, 0) for c in system.columns] for m in system.rows])
        wanted = Matrix([system.claim.get(m, 0) for m in system.rows])
        try:
            solution, parameters = matrix.gauss_jordan_solve(wanted)
        except ValueError:  # what cancels in numbers, nearly, does not in symbols
            return
        x, free = [cancel(a) for a in solution], list(parameters)
    own = set(system.variables)
    bases = [*system.variables, *(c for c in limits if variables(c) <= own and not c.is_Symbol)]
    yield from _chosen(
        system, x, list(dict.fromkeys(a for a in x if a in free)), numbers, values, bases
    )


def _chosen(
    system: System,
    x: list[Any],
    free: Sequence[Any],
    numbers: Sequence[Sample],
    values: Values,
    bases: Sequence[Any],
) -> Iterator[list[Any]]:
    """Choose a formula for each multiplier that is still open, one after the other."""
    if not free:
        yield x
        return
    name, *others = free
    i = x.index(name)
    ends = []
    for sample in numbers:
        unit = np.eye(len(x))[i]
        low, high = sample.extreme(unit), sample.extreme(-unit)
        if low is None or high is None:
            return
        ends.append((low[i], high[i]))
    low, high = np.array(ends).T
    exact = (e for e in critical(system, x, name) if not e.free_symbols & set(others))
    tight = (e for e in exact if within(e, low, high, values))
    for choice in chain(between(low, high, values, bases), tight):
        fixed = [sample.with_fixed(i, v) for sample, v in zip(numbers, values(choice), strict=True)]
        settled = [cancel(a.xreplace({name: choice})) for a in x]
        yield from _chosen(system, settled, others, fixed, values, bases)


def _found_but(system: System, sample: Sample, values: Values, refused: StepError | None) -> str:
    """Multipliers exist in numbers, but not as formulas that pass."""
    x = sample.extreme(np.ones(len(system.unknowns)))
    sizes = ", ".join(f"{a:.4g}" for a in (() if x is None else x))
    numbers = f"multipliers exist, such as ({sizes}) at {values.at(0, system.variables)}"
    if refused is None:
        return f"{numbers}, but no simple formula fits them at {len(values)} samples"
    return f"{numbers}, but the kernel refuses the formulas found for them: {refused}"


def _with_number(roots: Squares, system: System, left: Mapping[Any, Any]) -> Squares:
    """The squares, and the number that is left as a weight of 1^2."""
    number = left.get(Integer(1), 0) if system.open else 0
    return roots if number == 0 else (*roots, (Integer(1), number))


def _checked(question: Question, system: System, x: Sequence[Any], roots: Squares) -> Proposal:
    """The proposal, once the kernel has accepted it."""
    pairs = [(u, tidy(a)) for u, a in zip(system.unknowns, x, strict=True) if a != 0]
    parts = tuple((u.premise, a) for u, a in pairs if u.premise is not None)
    squares = (
        *((root, tidy(weight)) for root, weight in roots),
        *((u.root, a) for u, a in pairs if u.premise is None),
    )
    return Proposal(question.claim, parts, squares, question.prove(parts, squares))
