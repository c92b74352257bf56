"""Rules that combine: identities with non-negative weights, division, vectors put for equals."""

from collections.abc import Sequence
from typing import Any

from sympy import sympify

from theory.algebra import is_zero, normal
from theory.claims import Claim, lt, readable
from theory.hilbert import Inner, Vector, components, is_scalar
from theory.kernel.context import Context, fresh, need_facts, need_scalar
from theory.kernel.facts import Conclusion, Fact, StepError, facts_in, rule
from theory.sign import provably


@rule
def combine(
    claim: Claim,
    *parts: Any,
    squares: Sequence[tuple[Any, Any]] = (),
    under: Sequence[Claim] = (),
    evidence: Sequence[Fact] = (),
) -> Conclusion:
    """The claim is a combination of premises and squares, as an identity.

    Each part is a fact or (fact, multiplier, ...): multipliers are expressions proved >= 0 or facts
    whose expression serves; an equality takes any multiplier that is defined. Each square is
    (vector or scalar, weight) with weight >= 0.
    """
    claim = fresh(claim)
    items = [p if isinstance(p, tuple) else (p,) for p in parts]
    context = Context(facts_in((items, squares)), extra=[c.expression for c in under])
    context.evidence = [*evidence, *facts_in(items)]
    need_scalar(claim.left, claim.right)
    context.need_defined(claim.left, claim.right)
    rest, strict, equal = claim.expression, False, not squares
    for premise, *multipliers in items:
        if not isinstance(premise, Fact) or premise.claim.is_vector:
            raise StepError(f"a premise must be a fact about numbers, got {premise}")
        weight, weight_strict = _weight(multipliers, premise.claim.relation == "==", context)
        rest -= weight * premise.expression
        strict = strict or (weight_strict and premise.claim.relation == "<")
        equal = equal and premise.claim.relation == "=="
    for root, weight in squares:
        weight, _ = _weight([weight], False, context)
        if is_scalar(root):
            context.need_defined(root)
        rest -= weight * (root**2 if is_scalar(root) else Inner(root, root))
    if not is_zero(rest):
        raise StepError(
            f"{claim} does not follow: after subtracting the premises "
            f"{readable(normal(rest))} is left and should be 0",
            claim=claim,
            premises=[premise.claim for premise, *_ in items],
            conditions=context.conditions,
        )
    if (claim.relation == "==" and not equal) or (claim.relation == "<" and not strict):
        raise StepError(f"the premises give <= only, the claim is {claim}", claim=claim)
    return context.conclude(claim)


def _weight(multipliers: Sequence[Any], any_sign: bool, context: Context) -> tuple[Any, bool]:
    """The product of multipliers, and whether it is proved to be > 0."""
    product, strict = sympify(1), True
    for a in multipliers:
        if isinstance(a, Fact):
            if a.claim.is_vector:
                raise StepError(f"a multiplier must be a number, got {a}")
            product, strict = product * a.expression, strict and a.claim.relation == "<"
            continue
        a = sympify(a)
        need_scalar(a)
        context.need_defined(a)
        if provably(">", a, context.conditions):
            product = product * a
            continue
        if not any_sign:
            context.need(">=", a, "the multiplier of an inequality must be >= 0")
        product, strict = product * a, False
    return product, strict


@rule
def reciprocal(fact: Fact) -> Conclusion:
    """From ``0 < D``: ``0 < 1/D``, so that one may divide by D."""
    need_facts(fact)
    if fact.claim.relation != "<":
        raise StepError(f"dividing needs a fact of the form 0 < D, got {fact}")
    context = Context([fact])
    return context.conclude(lt(0, 1 / (fact.claim.right - fact.claim.left)))


@rule
def rewrite(fact: Fact, equation: Fact, atom: Vector) -> Conclusion:
    """Replace a vector inside inner products by what a vector equation says it is."""
    need_facts(fact, equation)
    if not equation.claim.is_vector or not isinstance(atom, Vector):
        raise StepError(f"rewriting needs a vector equation and an atom, got {equation}, {atom}")
    slope, others = 0, sympify(0)
    for coefficient, part in components(normal(equation.claim.right - equation.claim.left)):
        if part == atom:
            slope = coefficient
        elif part.has(atom):
            raise StepError(f"{atom} occurs inside {part}; the equation cannot be solved for it")
        else:
            others += coefficient * part
    if slope not in (1, -1):
        raise StepError(f"the equation {equation} cannot be solved for {atom}")
    solved = -others / slope

    def put(expression: Any) -> Any:
        return normal(
            normal(expression).replace(
                lambda e: isinstance(e, Inner) and atom in e.args,
                lambda e: Inner(*(solved if a == atom else a for a in e.args)),
            )
        )

    context = Context([fact, equation])
    return context.conclude(Claim(put(fact.claim.left), fact.claim.relation, put(fact.claim.right)))


@rule
def combine_vectors(claim: Claim, *parts: tuple[Fact, Any]) -> Conclusion:
    """A vector equation that is a combination of vector equations, with any defined multipliers."""
    claim = fresh(claim)
    if not claim.is_vector:
        raise StepError(f"{claim} is not an equation between vectors")
    context = Context(facts_in(parts))
    rest = normal(claim.right - claim.left)
    for fact, multiplier in parts:
        need_facts(fact)
        if not fact.claim.is_vector:
            raise StepError(f"a vector equation is needed, got {fact}")
        need_scalar(multiplier)
        context.need_defined(multiplier)
        rest -= multiplier * (fact.claim.right - fact.claim.left)
    if claim.relation != "==" or not is_zero(rest):
        raise StepError(
            f"{claim} does not follow: {readable(normal(rest))} is left and should be the vector 0",
            claim=claim,
        )
    return context.conclude(claim)


@rule
def pair(equation: Fact, vector: Any) -> Conclusion:
    """Both sides of a vector equation have the same inner product with any vector."""
    need_facts(equation)
    if not equation.claim.is_vector or is_scalar(vector):
        raise StepError(f"pairing needs a vector equation and a vector, got {equation}, {vector}")
    context = Context([equation])
    left, right = Inner(equation.claim.left, vector), Inner(equation.claim.right, vector)
    return context.conclude(Claim(left, "==", right))
