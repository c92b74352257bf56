r"""Conveniences for writing proofs; nothing here is trusted, everything ends in a rule.

`conclude` is `combine` with the multipliers of equalities found by linear algebra, and vector
equations put to use. `apply` takes an instance of a lemma and discharges its hypotheses by the
facts at hand.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sympy import Poly, Sum, cancel, sympify

from theory import kernel
from theory.algebra import OverRange, Within, normal
from theory.claims import Claim, Hypothesis
from theory.hilbert import Inner, Value, is_scalar
from theory.insertion import Equation, inserted, pairings
from theory.kernel import Fact, StepError

Terms = dict[Any, Any]  # the coefficient of each monomial


def conclude(
    claim: Claim,
    *parts: Any,
    squares: Sequence[tuple[Any, Any]] = (),
    under: Sequence[Claim] = (),
    evidence: Sequence[Fact] = (),
    label: str = "",
) -> Fact:
    """`combine`, where an equality given without a multiplier gets the one that fits.

    An equation between vectors, such as an update, is inserted for the vector it defines.

    >>> from theory.claims import eq, le
    >>> from theory.kernel import suppose
    >>> from theory.symbols import L, h, mu
    >>> same = suppose(Hypothesis("the same", eq(h, 2*L)))
    >>> print(conclude(le(4*L + mu, mu + 2*h), same))
    4*L + mu <= 2*h + mu
    """
    fixed = [p for p in parts if isinstance(p, tuple) or p.claim.relation != "=="]
    open_ones = [p for p in parts if not isinstance(p, tuple) and p.claim.relation == "=="]
    numbers = [p for p in open_ones if not p.claim.is_vector]
    vectors = [Equation(p) for p in open_ones if p.claim.is_vector]
    found = multipliers(
        inserted(left_over(claim, fixed, squares), vectors),
        [inserted(p.expression, vectors) for p in numbers],
        keep=inserted(claim.expression, vectors),
    )
    weighed = [*fixed, *zip(numbers, found, strict=True)]
    return kernel.combine(
        claim,
        *weighed,
        *pairings(left_over(claim, weighed, squares), vectors),
        squares=squares,
        under=under,
        evidence=evidence,
        label=label,
    )


def left_over(claim: Claim, parts: Sequence[Any], squares: Sequence[tuple[Any, Any]] = ()) -> Any:
    """What the claim says beyond premises and squares with their multipliers: 0 if it follows."""
    rest = claim.expression
    for part in parts:
        premise, *factors = part if isinstance(part, tuple) else (part,)
        weight = sympify(1)
        for a in factors:
            weight *= _number(a)
        rest -= weight * premise.expression
    for root, weight in squares:
        rest -= _number(weight) * (root**2 if is_scalar(root) else Inner(root, root))
    return normal(rest)


def _number(weight: Any) -> Any:
    return weight.expression if isinstance(weight, Fact) else sympify(weight)


def multipliers(rest: Any, equalities: Sequence[Any], *, keep: Any = 0) -> list[Any]:
    """Factors c_i for which rest - sum_i c_i e_i is 0 if there are such, else as short as it gets.

    Monomials that do not occur in `keep` go first, so that what is left speaks of the claim.
    """
    generators = sorted(
        set().union(*(outer_atoms(e) for e in equalities))
        or set().union(*(e.free_symbols for e in equalities)),
        key=str,
    )
    if not generators:
        return [sympify(0)] * len(equalities)
    target, wanted = (Poly(e, *generators).as_dict() for e in (rest, keep))
    rows = [(Poly(e, *generators).as_dict(), {i: 1}) for i, e in enumerate(equalities)]
    total: Terms = {}
    monomials = sorted(set().union(*(row for row, _ in rows)), key=lambda m: (m in wanted, m))
    for monomial in monomials:
        pivot = next((row for row in rows if row[0].get(monomial, 0) != 0), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        for row, made_of in rows:
            factor = row.get(monomial, 0) / pivot[0][monomial]
            _add(row, pivot[0], -factor)
            _add(made_of, pivot[1], -factor)
        factor = target.get(monomial, 0) / pivot[0][monomial]
        _add(target, pivot[0], -factor)
        _add(total, pivot[1], factor)
    return [sympify(total.get(i, 0)) for i in range(len(equalities))]


def _add(terms: Terms, others: Terms, factor: Any) -> None:
    """Add a multiple of other terms, in lowest terms."""
    if factor != 0:
        for monomial, c in others.items():
            terms[monomial] = cancel(terms.get(monomial, 0) + factor * c)


def outer_atoms(e: Any) -> Iterable[Any]:
    """Inner products, values, sums, minima and brackets that are not inside one another."""
    if isinstance(e, Inner | Value | Sum | OverRange | Within):
        yield e
        return
    for a in getattr(e, "args", ()):
        yield from outer_atoms(a)


def apply(lemma: Fact, mapping: dict[Any, Any], *proofs: Fact, label: str = "") -> Fact:
    """The lemma at the given values, each hypothesis discharged by the first proof that fits.

    Hypotheses that no proof fits stay on the list of assumptions.
    """
    instance = kernel.substitute(lemma, mapping, label=label) if mapping else lemma
    for hypothesis in sorted(
        (a for a in instance.assumptions if isinstance(a, Hypothesis)), key=str
    ):
        fitting = [p for p in proofs if p.expression == hypothesis.claim.expression]
        for proof in fitting:
            try:
                instance = kernel.discharge(instance, hypothesis, proof, label=label)
            except StepError:
                continue
            break
    return instance
