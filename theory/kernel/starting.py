"""Rules that start: axioms, hypotheses, conditions, signs that can be read off."""

from collections.abc import Sequence
from typing import Any

from theory import axioms
from theory.algebra import is_zero
from theory.claims import Claim, Hypothesis
from theory.kernel.context import Context, fresh, need_scalar
from theory.kernel.facts import Conclusion, Fact, StepError, rule
from theory.sign import provably


@rule
def axiom(name: str, *arguments: Any, evidence: Sequence[Fact] = ()) -> Conclusion:
    """An instance of a listed axiom; its side conditions must be proved or given as evidence."""
    if name not in axioms.AXIOMS:
        raise StepError(f"there is no axiom '{name}'; known: {', '.join(sorted(axioms.AXIOMS))}")
    try:
        instance = axioms.AXIOMS[name].instantiate(*arguments)
    except (TypeError, ValueError) as error:
        raise StepError(f"axiom '{name}' cannot be used like this: {error}") from error
    context = Context()
    context.evidence = list(evidence)
    context.assumptions |= instance.assumptions
    for fact in evidence:
        context.use(fact)
    for need in instance.needs:
        context.need(need.relation, need.expression, need.why)
    claim = fresh(instance.claim)
    if not claim.is_vector:
        context.need_defined(claim.left, claim.right)
    return context.conclude(claim)


@rule
def suppose(hypothesis: Hypothesis) -> Conclusion:
    """A hypothesis, under its own conditions, with itself on the list of assumptions."""
    claim = fresh(hypothesis.claim)
    made_anew = Hypothesis(
        hypothesis.name, claim, hypothesis.variables, frozenset(hypothesis.conditions)
    )
    context = Context(extra=made_anew.conditions)
    context.assumptions.add(made_anew)
    if not claim.is_vector:
        context.need_defined(claim.left, claim.right)
    return context.conclude(claim)


@rule
def given(claim: Claim, *, under: Sequence[Claim] = ()) -> Conclusion:
    """A condition holds where it is given; `under` are conditions it needs to be defined."""
    claim = fresh(claim)
    if claim.relation != "<=":
        raise StepError(f"a condition has the form left <= right, got {claim}")
    need_scalar(claim.left, claim.right)
    context = Context(extra=[fresh(c).expression for c in under])
    context.need_defined(claim.left, claim.right)
    context.conditions.add(claim.expression)
    return context.conclude(claim)


@rule
def nonnegative_by_sign(claim: Claim, *, under: Sequence[Claim] = ()) -> Conclusion:
    """A claim whose sign can be read off, under conditions."""
    claim = fresh(claim)
    need_scalar(claim.left, claim.right)
    context = Context(extra=[c.expression for c in under])
    context.need_defined(claim.left, claim.right)
    if claim.relation == "==":
        if not is_zero(claim.expression):
            raise StepError(f"{claim.expression} is not identically 0", claim=claim)
    elif not provably(">" if claim.relation == "<" else ">=", claim.expression, context.conditions):
        raise StepError(
            f"the sign of {claim.expression} is not proved",
            claim=claim,
            conditions=context.conditions,
        )
    return context.conclude(claim)
