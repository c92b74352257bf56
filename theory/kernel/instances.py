"""Rules for instances: values for symbols and sequences, conditions and hypotheses discharged."""

from collections.abc import Sequence
from typing import Any

from sympy import Dummy, Lambda

from theory.algebra import is_reserved, is_zero, normal
from theory.claims import Claim, Hypothesis, Substitution, nonnegative
from theory.kernel.context import Context, fresh, need_facts, need_kind, need_scalar
from theory.kernel.facts import Conclusion, Fact, StepError, rule
from theory.sign import provably

# which relations of a fact are at least as strong as that of the claim it is to prove
AT_LEAST = {"<=": ("<=", "<", "=="), "<": ("<",), "==": ("==",)}


@rule
def substitute(
    fact: Fact,
    mapping: dict[Any, Any],
    *,
    under: Sequence[Claim] = (),
    evidence: Sequence[Fact] = (),
) -> Conclusion:
    """An instance of a fact; every value must meet what is declared of its symbol."""
    need_facts(fact)
    change = Substitution(mapping)
    for a in change.new_symbols:
        if is_reserved(a) or isinstance(a, Dummy):
            raise StepError(f"{a} is a name of the kernel's own and may not be substituted")
    context = Context(extra=[fresh(c).expression for c in under])
    context.conditions |= {normal(change(c)) for c in fact.conditions}
    context.evidence = list(evidence)
    for symbol, value in change.symbols.items():
        if is_reserved(symbol):
            raise StepError(f"{symbol} is a name of the kernel's own")
        need_scalar(value)
        context.need_defined(value)
        need_kind(symbol, value, context)
    for function, formula in change.functions.items():
        if not isinstance(formula, Lambda) or len(formula.variables) != 1:
            raise StepError(f"{function} must be given by a formula of one index, got {formula}")
        body, index = formula.expr, formula.variables[0]
        if function(index).is_integer and not body.is_integer:
            raise StepError(f"{function} must be given by a formula of its kind, got {formula}")
        need_scalar(body)
    try:
        context.assumptions |= {a.substituted(change) for a in fact.assumptions}
    except ValueError as error:
        raise StepError(str(error)) from error
    claim = change.of(fact.claim)
    if change.functions:
        context.need_defined(claim.left, claim.right)
    return context.conclude(claim)


@rule
def discharge(fact: Fact, target: Any, by: Fact) -> Conclusion:
    """Remove a condition (a Claim) or a Hypothesis that another fact proves."""
    need_facts(fact, by)
    if isinstance(target, Claim):
        return _discharge_condition(fact, target, by)
    if not isinstance(target, Hypothesis) or target not in fact.assumptions:
        raise StepError(f"'{target}' is not among the assumptions of {fact}")
    context = Context([fact])
    context.assumptions.discard(target)
    own = set(target.variables)
    if by.claim.relation not in AT_LEAST[target.claim.relation]:
        raise StepError(f"{by} does not prove '{target}'")
    if by.claim.is_vector != target.claim.is_vector:
        raise StepError(f"{by} does not prove '{target}'")
    difference = target.claim.expression - by.expression
    enough = target.claim.relation != "==" and not by.claim.is_vector
    if not (is_zero(difference) or (enough and provably(">=", difference, target.conditions))):
        raise StepError(
            f"{by} does not prove '{target}'",
            claim=target.claim,
            premises=[by.claim],
            conditions=target.conditions,
        )
    for c in by.conditions:
        if provably(">=", c, target.conditions):
            continue
        if own & c.free_symbols:
            raise StepError(f"{by} has the condition {nonnegative(c)}, '{target}' does not")
        context.conditions.add(c)
    for assumption in by.assumptions:
        if own & assumption.parameters:
            raise StepError(f"'{assumption}' fixes a variable of '{target}'")
    context.assumptions |= by.assumptions
    return context.conclude(fact.claim)


def _discharge_condition(fact: Fact, target: Claim, by: Fact) -> Conclusion:
    condition = target.expression
    if condition not in fact.conditions:
        raise StepError(f"{target} is not among the conditions of {fact}")
    context = Context([fact])
    context.conditions.discard(condition)
    context.use(by)
    if by.claim.is_vector or not provably(">=", condition - by.expression, context.conditions):
        raise StepError(
            f"{by} does not prove the condition {target}",
            claim=target,
            premises=[by.claim],
            conditions=by.conditions,
        )
    return context.conclude(fact.claim)
