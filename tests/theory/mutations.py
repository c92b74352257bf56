"""Mutants of a proof: every constant perturbed, every premise, square and condition dropped.

`mutants(fact)` lists the ways to damage one step; `survivors(theorem)` applies each of them and
returns those that the kernel and the theorem's own check let pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sympy import Basic, Expr, Number, Rational, cancel, sympify

from theory.claims import Claim, Hypothesis
from theory.kernel import Fact, StepError, replay, steps
from theory.kernel.facts import RULES
from theory.theorem import Theorem

Inputs = tuple[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True)
class Mutant:
    """One damaged step: what was done, and the inputs it then has."""

    step: Fact
    what: str
    inputs: tuple[Any, ...]
    options: dict[str, Any]

    def __str__(self) -> str:
        return f"[{self.step.rule}] {self.step.label}: {self.what} in {self.step}"


def perturbed(expression: Any) -> Iterator[Any]:
    """The expression with one number at a time changed: whole numbers by one, others by a tenth."""
    e = sympify(expression)
    if isinstance(e, Number):
        yield e + 1 if e.is_Integer else e * Rational(9, 10)
        return
    for place, part in enumerate(e.args):
        if isinstance(part, Basic) and not isinstance(part, type(None)):
            for changed in perturbed(part) if isinstance(part, Expr) else ():
                parts = list(e.args)
                parts[place] = changed
                try:
                    yield e.func(*parts)
                except (TypeError, ValueError):
                    continue


def perturbed_claims(claim: Claim) -> Iterator[tuple[str, Claim]]:
    """The claim with one number changed, and with its right side scaled."""
    for left in perturbed(claim.left):
        yield f"left side {claim.left} -> {left}", Claim(left, claim.relation, claim.right)
    for right in perturbed(claim.right):
        yield f"right side {claim.right} -> {right}", Claim(claim.left, claim.relation, right)
    if not claim.is_vector and claim.left != 0:  # 0 <= a and 0 <= 9a/10 say the same
        scaled = claim.right * Rational(9, 10)
        yield "right side times 9/10", Claim(claim.left, claim.relation, scaled)


def _equivalent(a: Claim, b: Claim) -> bool:
    """Whether two claims say the same: equal, or both 0 <= multiples of one expression."""
    ratio = cancel(a.expression / b.expression) if b.expression != 0 and not b.is_vector else 0
    return bool(a == b or ratio.is_positive) if ratio != 0 else a == b


def mutants(step: Fact) -> Iterator[Mutant]:
    """All mutants of one step."""

    def mutant(what: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Mutant:
        return Mutant(step, what, inputs, options)

    inputs, options = step.inputs, step.options
    for place, given in enumerate(inputs):
        if isinstance(given, Claim):
            for what, claim in perturbed_claims(given):
                if not _equivalent(claim, given):
                    changed = (*inputs[:place], claim, *inputs[place + 1 :])
                    yield mutant(what, changed, options)
        if isinstance(given, Hypothesis) and step.rule == "suppose":
            for what, claim in perturbed_claims(given.claim):
                if not _equivalent(claim, given.claim):
                    other = Hypothesis(given.name, claim, given.variables, given.conditions)
                    yield mutant(what, (other,), options)
            for condition in given.conditions:
                fewer = given.conditions - {condition}
                other = Hypothesis(given.name, given.claim, given.variables, fewer)
                yield mutant(f"without the condition {condition} >= 0", (other,), options)
        if isinstance(given, Expr) and step.rule in ("sum_over", "minimum", "induct", "axiom"):
            for changed in perturbed(given):
                others = (*inputs[:place], changed, *inputs[place + 1 :])
                yield mutant(f"{given} -> {changed}", others, options)
        if isinstance(given, dict):
            for key, formula in given.items():
                for changed in perturbed(formula):
                    yield mutant(
                        f"{key} := {changed}", (inputs[0], {**given, key: changed}), options
                    )
    if step.rule == "combine":
        for place in range(1, len(inputs)):
            fewer_parts = inputs[:place] + inputs[place + 1 :]
            yield mutant(f"without premise {place}", fewer_parts, options)
    for name in ("squares", "under", "evidence"):
        given = options.get(name, ())
        for place in range(len(given)):
            fewer_given = [*given[:place], *given[place + 1 :]]
            yield mutant(f"without {name} {place + 1}", inputs, {**options, name: fewer_given})


def fails_at_once(mutant: Mutant) -> bool:
    """Whether the damaged step itself is rejected."""
    try:
        RULES[mutant.step.rule](*mutant.inputs, **mutant.options)
    except StepError:
        return True
    except (TypeError, ValueError, AttributeError, ArithmeticError):
        return True  # `replay` turns these into StepError
    return False


def fails_later(mutant: Mutant, final: Fact, theorem: Theorem) -> bool:
    """Whether the proof with the damaged step is rejected somewhere after it."""

    def edit(old: Fact, inputs: tuple[Any, ...], options: dict[str, Any]) -> Inputs:
        return (mutant.inputs, mutant.options) if old is mutant.step else (inputs, options)

    try:
        theorem.check(replay(final, edit))
    except StepError:
        return True
    return False


def survivors(theorem: Theorem, seen: set[int]) -> list[Mutant]:
    """Mutants that pass. Steps already `seen` in other theorems are not tried again."""
    if theorem.proof is None:
        return []
    final = theorem.proof()
    alive = []
    for step in steps(final):
        if id(step) in seen:
            continue
        seen.add(id(step))
        for mutant in mutants(step):
            if not fails_at_once(mutant) and not fails_later(mutant, final, theorem):
                alive.append(mutant)
    return alive
