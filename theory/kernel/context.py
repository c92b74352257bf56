"""Side conditions: what a rule has gathered, and what it needs proved before it concludes."""

from collections.abc import Iterable
from typing import Any

from sympy import Dummy, Symbol, sympify
from sympy.core.function import AppliedUndef

from theory.algebra import is_reserved, is_zero, normal
from theory.claims import Assumption, Claim, le, lt, readable
from theory.hilbert import is_scalar
from theory.kernel.facts import Conclusion, Fact, StepError
from theory.sign import provably, undefined_part


class Context:
    """Conditions and assumptions gathered by a rule, and the facts it may lean on."""

    def __init__(self, facts: Iterable[Fact] = (), extra: Iterable[Any] = ()) -> None:
        self.conditions: set[Any] = {normal(c) for c in extra}
        self.assumptions: set[Assumption] = set()
        self.evidence: list[Fact] = []
        for fact in facts:
            self.use(fact)

    def use(self, fact: Fact) -> None:
        """Take over what a premise rests on."""
        need_facts(fact)
        self.conditions |= fact.conditions
        self.assumptions |= fact.assumptions

    def need(self, relation: Any, expression: Any, why: str) -> None:
        """Fail unless ``expression > 0`` (or ``>= 0``) is proved here."""
        if provably(relation, expression, self.conditions):
            return
        for fact in self.evidence:
            strict = fact.claim.relation == "<"
            if fact.claim.is_vector or (relation == ">" and not strict):
                continue
            rest = normal(expression) - fact.expression
            if is_zero(rest) or provably(">=", rest, self.conditions | fact.conditions):
                self.use(fact)
                return
        claim = lt(0, expression) if relation == ">" else le(0, expression)
        raise StepError(
            f"{why}: {readable(normal(expression))} {relation} 0 is not proved",
            claim=claim,
            conditions=self.conditions,
        )

    def need_defined(self, *expressions: Any) -> None:
        """Fail unless every part of the expressions is proved to be defined."""
        positive = [f.expression for f in self.evidence if f.claim.relation == "<"]
        for e in expressions:
            bad = undefined_part(sympify(e), self.conditions, positive)
            if bad is not None:
                raise StepError(f"{readable(bad)} is not proved to be defined")
        for fact in self.evidence:
            if fact.claim.relation == "<" and positive:
                self.use(fact)

    def conclude(self, claim: Claim) -> Conclusion:
        """The conclusion, without the conditions that hold by themselves."""
        kept = frozenset(c for c in self.conditions if not provably(">=", c))
        for part in (claim.expression, *kept):
            stray = [a for a in part.free_symbols if is_reserved(a) or isinstance(a, Dummy)]
            if stray:
                raise StepError(f"{stray[0]} is a name of the kernel's own and may not occur free")
            need_real(part)
        return Conclusion(claim, kept, frozenset(self.assumptions))


def need_real(expression: Any) -> None:
    """Fail if a symbol or a sequence might be complex: then squares have no sign."""
    for a in expression.free_symbols | expression.atoms(AppliedUndef):
        if a.is_real is not True:
            raise StepError(f"{a} is not declared to be real; give its symbol real=True")


def need_scalar(*expressions: Any) -> None:
    """Fail if a vector stands where a number is needed."""
    for e in expressions:
        if not is_scalar(e):
            raise StepError(f"{e} is a vector where a number is needed")


def fresh(claim: Any) -> Claim:
    """The claim made anew from its two sides, so that nothing cached in it is trusted."""
    if not isinstance(claim, Claim):
        raise StepError(f"a claim is needed (le, lt or eq of two sides), got {claim!r}")
    if claim.relation not in ("<=", "<", "=="):
        raise StepError(f"a claim says <=, < or ==, got {claim.relation!r}")
    return Claim(sympify(claim.left), claim.relation, sympify(claim.right))


def need_facts(*things: Any) -> None:
    """Fail if something that is not a Fact is passed off as a premise."""
    for thing in things:
        if not isinstance(thing, Fact):
            raise StepError(f"a premise must be a Fact, got {thing!r}; make one by a rule")


def need_integers(*expressions: Any) -> None:
    """Fail unless the ends of a range are integers."""
    for e in expressions:
        if not sympify(e).is_integer:
            raise StepError(f"the ends of a range are integers, and {e} is not known to be one")


def need_apart(index: Any, *ends: Any) -> None:
    """Fail if an end of a range depends on the index that runs over it: two things of one name."""
    for e in ends:
        if index in sympify(e).free_symbols:
            raise StepError(f"the range of {index} ends at {e}, which depends on {index} itself")


def need_index(index: Any, *facts: Fact) -> None:
    """An index must be an integer symbol on which no assumption depends."""
    if not isinstance(index, Symbol) or not index.is_integer:
        raise StepError(f"{index} is not an integer symbol and cannot run over a range")
    for fact in facts:
        for assumption in fact.assumptions:
            if index in assumption.parameters:
                raise StepError(f"{index} is fixed by the assumption '{assumption}'")


_KINDS = [
    Symbol("_", **kind).assumptions0
    for kind in (
        {"real": True},
        {"nonnegative": True},
        {"positive": True},
        {"integer": True},
        {"integer": True, "nonnegative": True},
        {"integer": True, "positive": True},
    )
]


def need_kind(symbol: Any, value: Any, context: Context) -> None:
    """Whether a value has what is declared of a symbol: real, a sign, integer; nothing else."""
    if not isinstance(symbol, Symbol) or symbol.assumptions0 not in _KINDS:
        raise StepError(f"what is assumed of {symbol} is not understood; nothing may replace it")
    if symbol.is_integer and not value.is_integer:
        raise StepError(f"{symbol} is an integer, and {value} is not known to be one")
    if symbol.is_positive:
        context.need(">", value, f"{symbol} is positive")
    elif symbol.is_nonnegative:
        context.need(">=", value, f"{symbol} is >= 0")
