"""Rules over ranges of an index: sums, least values, brackets."""

from collections.abc import Sequence
from typing import Any

from sympy import Sum, Symbol, sympify

from theory.algebra import Minimum, Within, normal
from theory.claims import Claim, Relation, le, nonnegative
from theory.kernel.context import (
    Context,
    need_apart,
    need_facts,
    need_index,
    need_integers,
    need_scalar,
)
from theory.kernel.facts import Conclusion, Fact, StepError, rule
from theory.sign import provably


@rule
def sum_over(
    fact: Fact, index: Symbol, low: Any, high: Any, *, evidence: Sequence[Fact] = ()
) -> Conclusion:
    """A claim for every index in the range gives the sum over the range."""
    need_facts(fact)
    need_index(index, fact)
    low, high = sympify(low), sympify(high)
    need_integers(low, high)
    need_apart(index, low, high)
    context = Context()
    context.assumptions |= fact.assumptions
    context.evidence = list(evidence)
    context.conditions = {c for c in fact.conditions if index not in c.free_symbols}
    for c in fact.conditions - context.conditions:
        _follows_inside(c, index, (low, high), context)
    strict = fact.claim.relation == "<" and provably(">=", high - low, context.conditions)
    context.need(">=", high - low + 1, "the range of a sum may not run backwards")
    left, right = (Sum(e, (index, low, high)) for e in (fact.claim.left, fact.claim.right))
    relation = "<=" if fact.claim.relation == "<" and not strict else fact.claim.relation
    return context.conclude(Claim(normal(left), relation, normal(right)))


def _follows_inside(
    condition: Any, index: Symbol, limits: tuple[Any, Any], context: Context
) -> None:
    """A condition on the summation index must follow from the range, or from evidence in it."""
    low, high = limits
    inside = {normal(index - low), normal(high - index)} | context.conditions
    if provably(">=", condition, inside):
        return
    for fact in context.evidence:
        need_facts(fact)
        open_ones = {c for c in fact.conditions if not provably(">=", c, inside)}
        if any(index in c.free_symbols for c in open_ones) or fact.claim.is_vector:
            continue
        if provably(">=", condition - fact.expression, inside):
            need_index(index, fact)
            context.assumptions |= fact.assumptions
            context.conditions |= open_ones
            return
    raise StepError(
        f"{nonnegative(condition)} is needed for {low} <= {index} <= {high} and is not proved",
        claim=le(0, condition),
        conditions=inside,
    )


@rule
def minimum(expression: Any, index: Symbol, low: Any, high: Any) -> Conclusion:
    """The least value over a range is at most the value at any index of the range."""
    need_scalar(expression)
    need_index(index)
    need_integers(low, high)
    context = Context(extra=[index - low, high - index])
    context.need_defined(expression)
    return context.conclude(le(Minimum(expression, (index, low, high)), expression))


@rule
def least_at_least(
    fact: Fact, index: Symbol, low: Any, high: Any, *, evidence: Sequence[Fact] = ()
) -> Conclusion:
    """From ``c <= e(index)`` for every index of a range, c free of it: c is below the least e."""
    need_facts(fact)
    need_index(index, fact)
    need_integers(low, high)
    need_apart(index, low, high)
    if fact.claim.is_vector or fact.claim.relation == "==" or fact.claim.left.has(index):
        raise StepError(f"{fact} does not say that a number lies below every {index}-th one")
    context = Context()
    context.assumptions |= fact.assumptions
    context.evidence = list(evidence)
    context.conditions = {c for c in fact.conditions if index not in c.free_symbols}
    for c in fact.conditions - context.conditions:
        _follows_inside(c, index, (sympify(low), sympify(high)), context)
    context.need(">=", sympify(high) - low, "a least value needs a range that is not empty")
    least = Minimum(fact.claim.right, (index, low, high))
    return context.conclude(Claim(fact.claim.left, "<=", least))


@rule
def when(fact: Fact, position: Any, low: Any, high: Any) -> Conclusion:
    """A claim proved inside a range, times the bracket of the range, holds everywhere."""
    position, low, high = sympify(position), sympify(low), sympify(high)
    need_facts(fact)
    need_integers(position, low, high)
    need_scalar(fact.claim.left, fact.claim.right)
    context = Context([fact])
    context.conditions -= {normal(position - low), normal(high - position)}
    context.need_defined(fact.claim.left, fact.claim.right)
    bracket = Within(position, low, high)
    relation: Relation = "==" if fact.claim.relation == "==" else "<="
    return context.conclude(
        Claim(normal(bracket * fact.claim.left), relation, normal(bracket * fact.claim.right))
    )
