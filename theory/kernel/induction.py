"""Rules of induction: from one index to the next, and from all earlier ones."""

from typing import Any

from sympy import Symbol, sympify

from theory.algebra import normal, same
from theory.claims import Claim, Hypothesis, Substitution, le, nonnegative
from theory.kernel.context import (
    Context,
    fresh,
    need_apart,
    need_facts,
    need_index,
    need_integers,
    need_kind,
)
from theory.kernel.facts import Conclusion, Fact, StepError, rule
from theory.sign import provably


@rule
def induct(claim: Claim, index: Symbol, start: Any, base: Fact, step: Fact) -> Conclusion:
    """From the claim at `start`, and at index + 1 whenever at index >= start: for all from start.

    `step` may use the claim itself as a condition (the induction hypothesis).
    """
    claim = fresh(claim)
    need_facts(base, step)
    need_index(index, base, step)
    start = sympify(start)
    need_apart(index, start)
    if claim.relation != "<=":
        raise StepError(f"induction proves claims of the form left <= right, got {claim}")
    need_kind(index, start, Context())
    for fact, place in ((base, start), (step, index + 1)):
        wanted = Substitution({index: place})(claim.expression)
        if fact.claim.is_vector or not same(fact.expression, wanted):
            raise StepError(
                f"at {index} = {place} the claim reads 0 <= {wanted}, but the fact is {fact}",
                claim=le(0, wanted),
                premises=[fact.claim],
            )
    context = Context([base])
    allowed = {claim.expression, normal(index - start)}
    for c in step.conditions - allowed:
        if index in c.free_symbols and not provably(">=", c, [index - start]):
            raise StepError(f"the induction step needs {nonnegative(c)}, which is not proved")
        context.conditions |= {c} if index not in c.free_symbols else set()
    if any(index in c.free_symbols for c in base.conditions):
        raise StepError(f"the base of the induction still speaks of {index}")
    context.assumptions |= step.assumptions
    context.conditions.add(normal(index - start))
    context.need_defined(claim.left, claim.right)
    return context.conclude(claim)


@rule
def induct_strongly(claim: Claim, index: Symbol, start: Any, step: Fact) -> Conclusion:
    """From "the claim at index, if it holds at every earlier index from start": for all from start.

    `step` says the claim, and leans on the hypothesis that it holds for all earlier indices, which
    `earlier(claim, index, start)` writes down; at the start that hypothesis is empty.
    """
    claim = fresh(claim)
    need_facts(step)
    if not isinstance(index, Symbol) or not index.is_integer:
        raise StepError(f"{index} is not an integer symbol and cannot run over a range")
    start = sympify(start)
    need_integers(start)
    need_apart(index, start)
    need_kind(index, start, Context())
    if claim.is_vector or step.claim.is_vector or not same(step.expression, claim.expression):
        raise StepError(
            f"the claim reads {claim}, but the step shows {step}",
            claim=claim,
            premises=[step.claim],
        )
    if claim.relation != step.claim.relation:
        raise StepError(f"the claim is {claim}, the step shows {step}")
    context = Context()
    context.assumptions |= step.assumptions
    context.assumptions.discard(earlier(claim, index, start))
    for assumption in context.assumptions:
        if index in assumption.parameters:
            raise StepError(f"{index} is fixed by the assumption '{assumption}'")
    context.conditions = {normal(index - start)}
    for c in step.conditions:
        if index not in c.free_symbols:
            context.conditions.add(c)
        elif not provably(">=", c, context.conditions):
            raise StepError(f"the induction step needs {nonnegative(c)}, which is not proved")
    context.need_defined(claim.left, claim.right)
    return context.conclude(claim)


def earlier(claim: Claim, index: Symbol, start: Any) -> Hypothesis:
    """The hypothesis of a strong induction: the claim for start <= i < index, i the variable."""
    i = Symbol("earlier", integer=True)
    if i in claim.expression.free_symbols | sympify(start).free_symbols:
        raise StepError(f"{i} is the kernel's own name for an earlier index; rename yours")
    at_i = Substitution({index: i}).of(claim)
    return Hypothesis("what came earlier", at_i, (i,), frozenset({i - start, index - 1 - i}))
