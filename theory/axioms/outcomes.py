r"""What holds in every outcome holds on average.

In all other axioms ``Inner(u, v)`` is the expected inner product. The property `surely` is about
the outcomes themselves: it takes a hypothesis and reads each inner product and each value in it as
that of one outcome.
"""

from typing import Any

from sympy import Add, sympify

from theory.algebra import bound_index, normal
from theory.axioms.base import Instance, Need, axiom
from theory.claims import Hypothesis, Property, Substitution
from theory.hilbert import Inner, Value


def surely(hypothesis: Hypothesis) -> Property:
    """The property "in every outcome: the hypothesis, read without expectations".

    Its variables get reserved names, so that nothing substituted later can be caught by them.
    """
    own = {a: bound_index(place) for place, a in enumerate(hypothesis.variables, start=1)}
    rename = Substitution(own)
    claim = normal(rename(hypothesis.claim.right - hypothesis.claim.left))
    conditions = sorted((normal(rename(c)) for c in hypothesis.conditions), key=str)
    return Property("in every outcome", (claim, *conditions))


@axiom(
    "E u <= E v if u <= v in every outcome",
    "Williams, Probability with Martingales (1991), 5.2 and 6.2: expectation is monotone, linear",
    "the integral of v - u >= 0 is not negative; u and v are combinations of inner products and "
    "values with coefficients that are not random, so their expectations are read off",
)
def monotone_expectation(hypothesis: Any) -> Instance:
    if not isinstance(hypothesis, Hypothesis) or hypothesis.claim.relation != "<=":
        raise TypeError(f"a hypothesis of the form u <= v is needed, got {hypothesis}")
    if hypothesis.claim.is_vector:
        raise TypeError(f"'{hypothesis}' is not about numbers")
    for condition in hypothesis.conditions:
        if condition.has(Inner, Value):
            raise TypeError(f"the condition {condition} >= 0 may not depend on the outcome")
    for term in Add.make_args(normal(hypothesis.claim.right - hypothesis.claim.left)):
        _need_linear(term)
    needs = tuple(
        Need(">=", condition, f"'{hypothesis.name}' is assumed only there")
        for condition in sorted(hypothesis.conditions, key=str)
    )
    return Instance(hypothesis.claim, needs, frozenset({surely(hypothesis)}))


def _need_linear(term: Any) -> None:
    """Fail unless the term is an inner product or a value, times what is not random."""
    random = [a for a in sympify(term).atoms(Inner, Value)]
    rest = term / random[0] if len(random) == 1 else term
    if rest.has(Inner, Value):
        raise TypeError(f"the expectation of {term} is not that of its factors")
