r"""Conveniences for writing proofs; nothing here is trusted, everything ends in a rule.

`conclude` is `combine` with the multipliers of equalities found by linear algebra. `apply` takes an
instance of a lemma and discharges its hypotheses by the facts at hand.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sympy import Matrix, Poly, Sum, sympify

from theory import kernel
from theory.algebra import Minimum, Within, normal
from theory.claims import Claim, Hypothesis
from theory.hilbert import Inner, Value
from theory.kernel import Fact, StepError


def conclude(
    claim: Claim,
    *parts: Any,
    squares: Sequence[tuple[Any, Any]] = (),
    under: Sequence[Claim] = (),
    evidence: Sequence[Fact] = (),
    label: str = "",
) -> Fact:
    """`combine`, where an equality given without a multiplier gets the one that fits.

    >>> from theory.claims import eq, le
    >>> from theory.kernel import suppose
    >>> from theory.symbols import L, h, mu
    >>> same = suppose(Hypothesis("the same", eq(h, 2*L)))
    >>> print(conclude(le(4*L + mu, mu + 2*h), same))
    4*L + mu <= 2*h + mu
    """
    fixed = [p for p in parts if isinstance(p, tuple) or p.claim.relation != "=="]
    open_ones = [p for p in parts if not isinstance(p, tuple) and p.claim.relation == "=="]
    rest = claim.expression
    for part in fixed:
        premise, *multipliers = part if isinstance(part, tuple) else (part,)
        weight = sympify(1)
        for a in multipliers:
            weight *= a.expression if isinstance(a, Fact) else sympify(a)
        rest -= weight * premise.expression
    for root, weight in squares:
        rest -= weight * Inner(root, root) if not normal(root).is_real else weight * root**2
    found = _multipliers(normal(rest), [p.expression for p in open_ones])
    return kernel.combine(
        claim,
        *fixed,
        *zip(open_ones, found, strict=True),
        squares=squares,
        under=under,
        evidence=evidence,
        label=label,
    )


def _multipliers(rest: Any, equalities: Sequence[Any]) -> list[Any]:
    """Factors c_i with rest = sum_i c_i e_i if they exist, else ones (`combine` will say no)."""
    if not equalities:
        return []
    atoms: set[Any] = set()
    for e in equalities:
        atoms |= set(_outer_atoms(e))
    if not atoms:
        atoms = set().union(*(e.free_symbols for e in equalities))
    generators = sorted(atoms, key=str)
    columns = [Poly(e, *generators).as_dict() for e in equalities]
    target = Poly(rest, *generators).as_dict()
    monomials = sorted(set(target).union(*columns))
    matrix = Matrix([[c.get(monomial, 0) for c in columns] for monomial in monomials])
    try:
        solution, free = matrix.gauss_jordan_solve(
            Matrix([target.get(monomial, 0) for monomial in monomials])
        )
    except ValueError:  # no solution
        return [sympify(1)] * len(equalities)
    return [a.xreplace(dict.fromkeys(free, sympify(0))) for a in solution]


def _outer_atoms(e: Any) -> Iterable[Any]:
    """Inner products, values, sums, minima and brackets that are not inside one another."""
    if isinstance(e, Inner | Value | Sum | Minimum | Within):
        yield e
        return
    for a in getattr(e, "args", ()):
        yield from _outer_atoms(a)


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
