"""Rules that distinguish cases: two signs of a number, or two factors of a product that is 0."""

from typing import Any

from sympy import sympify

from theory.algebra import normal, same
from theory.claims import Claim, Relation
from theory.kernel.context import Context, need_facts, need_scalar
from theory.kernel.facts import Conclusion, Fact, StepError, rule


def _same_claim(first: Fact, second: Fact) -> Claim:
    """What both cases show; a strict and a plain inequality show the plain one."""
    need_facts(first, second)
    need_scalar(first.claim.left, first.claim.right)
    if not same(first.expression, second.expression):
        raise StepError(f"the cases show different things: {first} and {second}")
    relations = {first.claim.relation, second.claim.relation}
    if "==" in relations and len(relations) > 1:
        raise StepError(f"one case shows an equation, the other does not: {first} and {second}")
    relation: Relation = "<=" if len(relations) > 1 else first.claim.relation
    return Claim(first.claim.left, relation, first.claim.right)


@rule
def cases(first: Fact, second: Fact, number: Any) -> Conclusion:
    """A claim that holds if ``number >= 0`` and if ``number <= 0`` holds.

    For an integer the second case may be ``number <= -1``.
    """
    claim = _same_claim(first, second)
    number = sympify(number)
    need_scalar(number)
    context = Context([first, second])
    other = normal(-number)
    if number.is_integer and normal(-number - 1) in second.conditions:
        other = normal(-number - 1)
    Context().need_defined(number)
    context.conditions = {
        *(first.conditions - {normal(number)}),
        *(second.conditions - {other}),
    }
    context.need_defined(claim.left, claim.right)
    return context.conclude(claim)


@rule
def either(product: Fact, first: Fact, second: Fact, factors: tuple[Any, Any]) -> Conclusion:
    """From ``p q = 0``, a claim that holds if ``p = 0`` and a claim that holds if ``q = 0``: it.

    The cases have p >= 0 and -p >= 0 (q >= 0 and -q >= 0) among their conditions.
    """
    need_facts(product)
    claim = _same_claim(first, second)
    p, q = (sympify(a) for a in factors)
    need_scalar(p, q)
    if product.claim.relation != "==" or product.claim.is_vector:
        raise StepError(f"a product that is 0 is needed, got {product}")
    if not (same(product.expression, p * q) or same(product.expression, -p * q)):
        raise StepError(f"{product} does not say that {p} times {q} is 0")
    context = Context([product, first, second])
    context.conditions = {
        *product.conditions,
        *(first.conditions - {normal(p), normal(-p)}),
        *(second.conditions - {normal(q), normal(-q)}),
    }
    context.need_defined(claim.left, claim.right)
    return context.conclude(claim)
