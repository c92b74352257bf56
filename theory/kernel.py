r"""The kernel: the rules by which facts are made, each of which checks.

Each rule raises `StepError` unless all it needs is *proved*: what SymPy or `theory.sign` cannot
decide is unknown, and unknown is a failure. There is no `assert` in `theory`, so ``python -O``
changes nothing.

>>> from theory.claims import le
>>> from theory.symbols import L, h
>>> small = given(le(h, 1/L))
>>> print(combine(le(L*h**2, h), (small, L*h)))
L*h^2 <= h, if h <= 1/L
>>> combine(le(2*L*h**2, h), (small, L*h))
Traceback (most recent call last):
theory.facts.StepError: combine: 2*L*h^2 <= h does not follow: after subtracting the premises
-L*h**2 is left and should be 0; at L = 3, h = 1/4: 2*L*h^2 <= h fails, since its right side minus
its left side is -1/8

Trusted: this file, `facts`, `axioms`, and what they read (`hilbert`, `algebra`, `enclosure`,
`sign`, `claims`), with SymPy's expand, together and factor. All else in `theory` goes through here.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sympy import Dummy, Lambda, Sum, Symbol, sympify

from theory import axioms
from theory.algebra import Minimum, Within, is_reserved, is_zero, normal, same
from theory.claims import Assumption, Claim, Hypothesis, Substitution, le, lt, nonnegative
from theory.facts import Conclusion, Fact, StepError, facts_in, rule
from theory.hilbert import Inner, Vector, components, is_scalar
from theory.sign import provably, undefined_part

# --------------------------------------------------------------------------- side conditions


class _Context:
    """Conditions and assumptions gathered by a rule, and the facts it may lean on."""

    def __init__(self, facts: Iterable[Fact] = (), extra: Iterable[Any] = ()) -> None:
        self.conditions: set[Any] = {normal(c) for c in extra}
        self.assumptions: set[Assumption] = set()
        self.evidence: list[Fact] = []
        for fact in facts:
            self.use(fact)

    def use(self, fact: Fact) -> None:
        _facts(fact)
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
            f"{why}: {normal(expression)} {relation} 0 is not proved",
            claim=claim,
            conditions=self.conditions,
        )

    def need_defined(self, *expressions: Any) -> None:
        """Fail unless every part of the expressions is proved to be defined."""
        positive = [f.expression for f in self.evidence if f.claim.relation == "<"]
        for e in expressions:
            bad = undefined_part(sympify(e), self.conditions, positive)
            if bad is not None:
                raise StepError(f"{bad} is not proved to be defined")
        for fact in self.evidence:
            if fact.claim.relation == "<" and positive:
                self.use(fact)

    def conclude(self, claim: Claim) -> Conclusion:
        kept = frozenset(c for c in self.conditions if not provably(">=", c))
        for part in (claim.expression, *kept):
            stray = [a for a in part.free_symbols if is_reserved(a) or isinstance(a, Dummy)]
            if stray:
                raise StepError(f"{stray[0]} is a name of the kernel's own and may not occur free")
        return Conclusion(claim, kept, frozenset(self.assumptions))


def _scalar(*expressions: Any) -> None:
    for e in expressions:
        if not is_scalar(e):
            raise StepError(f"{e} is a vector where a number is needed")


def _fresh(claim: Any) -> Claim:
    """The claim made anew from its two sides, so that nothing cached in it is trusted."""
    if not isinstance(claim, Claim):
        raise StepError(f"a claim is needed (le, lt or eq of two sides), got {claim!r}")
    return Claim(sympify(claim.left), claim.relation, sympify(claim.right))


def _facts(*things: Any) -> None:
    for thing in things:
        if not isinstance(thing, Fact):
            raise StepError(f"a premise must be a Fact, got {thing!r}; make one by a rule")


# --------------------------------------------------------------------------- rules: first facts


@rule
def axiom(name: str, *arguments: Any, evidence: Sequence[Fact] = ()) -> Conclusion:
    """An instance of a listed axiom; its side conditions must be proved or given as evidence."""
    if name not in axioms.AXIOMS:
        raise StepError(f"there is no axiom '{name}'; known: {', '.join(sorted(axioms.AXIOMS))}")
    try:
        instance = axioms.AXIOMS[name].instantiate(*arguments)
    except (TypeError, ValueError) as error:
        raise StepError(f"axiom '{name}' cannot be used like this: {error}") from error
    context = _Context()
    context.evidence = list(evidence)
    context.assumptions |= instance.assumptions
    for fact in evidence:
        context.use(fact)
    for need in instance.needs:
        context.need(need.relation, need.expression, need.why)
    return context.conclude(instance.claim)


@rule
def suppose(hypothesis: Hypothesis) -> Conclusion:
    """A hypothesis, under its own conditions, with itself on the list of assumptions."""
    claim = _fresh(hypothesis.claim)
    context = _Context(extra=hypothesis.conditions)
    context.assumptions.add(hypothesis)
    if not claim.is_vector:
        context.need_defined(claim.left, claim.right)
    return context.conclude(claim)


@rule
def given(claim: Claim, *, under: Sequence[Claim] = ()) -> Conclusion:
    """A condition holds where it is given; `under` are conditions it needs to be defined."""
    claim = _fresh(claim)
    if claim.relation != "<=":
        raise StepError(f"a condition has the form left <= right, got {claim}")
    _scalar(claim.left, claim.right)
    context = _Context(extra=[_fresh(c).expression for c in under])
    context.need_defined(claim.left, claim.right)
    context.conditions.add(claim.expression)
    return context.conclude(claim)


@rule
def nonnegative_by_sign(claim: Claim, *, under: Sequence[Claim] = ()) -> Conclusion:
    """A claim whose sign can be read off, under conditions."""
    claim = _fresh(claim)
    _scalar(claim.left, claim.right)
    context = _Context(extra=[c.expression for c in under])
    context.need_defined(claim.left, claim.right)
    if claim.relation == "==":
        if not is_zero(claim.expression):
            raise StepError(f"{claim.expression} is not identically 0", claim=claim)
    else:
        relation = ">" if claim.relation == "<" else ">="
        if not provably(relation, claim.expression, context.conditions):
            raise StepError(
                f"the sign of {claim.expression} is not proved",
                claim=claim,
                conditions=context.conditions,
            )
    return context.conclude(claim)


# --------------------------------------------------------------------------- rules: algebra


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
    claim = _fresh(claim)
    items = [p if isinstance(p, tuple) else (p,) for p in parts]
    context = _Context(facts_in((items, squares)), extra=[c.expression for c in under])
    context.evidence = [*evidence, *facts_in(items)]
    _scalar(claim.left, claim.right)
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
            f"{nonnegative(claim.expression)} does not follow: after subtracting the premises "
            f"{normal(rest)} is left and should be 0",
            claim=claim,
            premises=[premise.claim for premise, *_ in items],
            conditions=context.conditions,
        )
    if (claim.relation == "==" and not equal) or (claim.relation == "<" and not strict):
        raise StepError(f"the premises give <= only, the claim is {claim}", claim=claim)
    return context.conclude(claim)


def _weight(multipliers: Sequence[Any], any_sign: bool, context: _Context) -> tuple[Any, bool]:
    """The product of multipliers, and whether it is proved to be > 0."""
    product, strict = sympify(1), True
    for a in multipliers:
        if isinstance(a, Fact):
            if a.claim.is_vector:
                raise StepError(f"a multiplier must be a number, got {a}")
            product, strict = product * a.expression, strict and a.claim.relation == "<"
            continue
        a = sympify(a)
        _scalar(a)
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
    if fact.claim.relation != "<":
        raise StepError(f"dividing needs a fact of the form 0 < D, got {fact}")
    context = _Context([fact])
    return context.conclude(lt(0, 1 / (fact.claim.right - fact.claim.left)))


@rule
def rewrite(fact: Fact, equation: Fact, atom: Vector) -> Conclusion:
    """Replace a vector inside inner products by what a vector equation says it is."""
    _facts(fact, equation)
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

    context = _Context([fact, equation])
    return context.conclude(Claim(put(fact.claim.left), fact.claim.relation, put(fact.claim.right)))


@rule
def pair(equation: Fact, vector: Any) -> Conclusion:
    """Both sides of a vector equation have the same inner product with any vector."""
    _facts(equation)
    if not equation.claim.is_vector or is_scalar(vector):
        raise StepError(f"pairing needs a vector equation and a vector, got {equation}, {vector}")
    context = _Context([equation])
    left, right = Inner(equation.claim.left, vector), Inner(equation.claim.right, vector)
    return context.conclude(Claim(left, "==", right))


# --------------------------------------------------------------------------- rules: sums


@rule
def sum_over(
    fact: Fact, index: Symbol, low: Any, high: Any, *, evidence: Sequence[Fact] = ()
) -> Conclusion:
    """A claim for every index in the range gives the sum over the range."""
    _facts(fact)
    _index(index, fact)
    low, high = sympify(low), sympify(high)
    context = _Context()
    context.assumptions |= fact.assumptions
    context.evidence = list(evidence)
    context.conditions = {c for c in fact.conditions if index not in c.free_symbols}
    for c in fact.conditions - context.conditions:
        _follows_inside(c, index, (low, high), context)
    strict = fact.claim.relation == "<" and provably(">=", high - low, context.conditions)
    if fact.claim.relation != "==":
        context.need(">=", high - low + 1, "the range of a sum may not run backwards")
    left, right = (Sum(e, (index, low, high)) for e in (fact.claim.left, fact.claim.right))
    relation = "<=" if fact.claim.relation == "<" and not strict else fact.claim.relation
    return context.conclude(Claim(normal(left), relation, normal(right)))


def _follows_inside(
    condition: Any, index: Symbol, limits: tuple[Any, Any], context: _Context
) -> None:
    """A condition on the summation index must follow from the range, or from evidence in it."""
    low, high = limits
    inside = {normal(index - low), normal(high - index)} | context.conditions
    if provably(">=", condition, inside):
        return
    for fact in context.evidence:
        _facts(fact)
        open_ones = {c for c in fact.conditions if not provably(">=", c, inside)}
        if any(index in c.free_symbols for c in open_ones) or fact.claim.is_vector:
            continue
        if provably(">=", condition - fact.expression, inside):
            _index(index, fact)
            context.assumptions |= fact.assumptions
            context.conditions |= open_ones
            return
    raise StepError(
        f"{nonnegative(condition)} is needed for {low} <= {index} <= {high} and is not proved",
        claim=le(0, condition),
        conditions=inside,
    )


def _index(index: Any, *facts: Fact) -> None:
    """An index must be an integer symbol on which no assumption depends."""
    if not isinstance(index, Symbol) or not index.is_integer:
        raise StepError(f"{index} is not an integer symbol and cannot run over a range")
    for fact in facts:
        for assumption in fact.assumptions:
            if index in assumption.parameters:
                raise StepError(f"{index} is fixed by the assumption '{assumption}'")


@rule
def minimum(expression: Any, index: Symbol, low: Any, high: Any) -> Conclusion:
    """The least value over a range is at most the value at any index of the range."""
    _scalar(expression)
    context = _Context(extra=[index - low, high - index])
    context.need_defined(expression)
    return context.conclude(le(Minimum(expression, (index, low, high)), expression))


@rule
def when(fact: Fact, position: Any, low: Any, high: Any) -> Conclusion:
    """A claim proved inside a range, times the bracket of the range, holds everywhere."""
    position, low, high = sympify(position), sympify(low), sympify(high)
    _scalar(fact.claim.left, fact.claim.right)
    context = _Context([fact])
    context.conditions -= {normal(position - low), normal(high - position)}
    context.need_defined(fact.claim.left, fact.claim.right)
    bracket = Within(position, low, high)
    relation = "==" if fact.claim.relation == "==" else "<="
    return context.conclude(
        Claim(normal(bracket * fact.claim.left), relation, normal(bracket * fact.claim.right))
    )


@rule
def induct(claim: Claim, index: Symbol, start: Any, base: Fact, step: Fact) -> Conclusion:
    """From the claim at `start`, and at index + 1 whenever at index >= start: for all from start.

    `step` may use the claim itself as a condition (the induction hypothesis).
    """
    claim = _fresh(claim)
    _facts(base, step)
    _index(index, base, step)
    start = sympify(start)
    if claim.relation != "<=":
        raise StepError(f"induction proves claims of the form left <= right, got {claim}")
    _meets(index, start, _Context())
    for fact, place in ((base, start), (step, index + 1)):
        wanted = Substitution({index: place})(claim.expression)
        if fact.claim.is_vector or not same(fact.expression, wanted):
            raise StepError(
                f"at {index} = {place} the claim reads 0 <= {wanted}, but the fact is {fact}",
                claim=le(0, wanted),
                premises=[fact.claim],
            )
    context = _Context([base])
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


# --------------------------------------------------------------------------- rules: instances


@rule
def substitute(
    fact: Fact,
    mapping: dict[Any, Any],
    *,
    under: Sequence[Claim] = (),
    evidence: Sequence[Fact] = (),
) -> Conclusion:
    """An instance of a fact; every value must meet what is declared of its symbol."""
    _facts(fact)
    change = Substitution(mapping)
    for a in change.new_symbols:
        if is_reserved(a) or isinstance(a, Dummy):
            raise StepError(f"{a} is a name of the kernel's own and may not be substituted")
    context = _Context(extra=[_fresh(c).expression for c in under])
    context.conditions |= {normal(change(c)) for c in fact.conditions}
    context.evidence = list(evidence)
    for symbol, value in change.symbols.items():
        if is_reserved(symbol):
            raise StepError(f"{symbol} is a name of the kernel's own")
        _scalar(value)
        context.need_defined(value)
        _meets(symbol, value, context)
    for function, formula in change.functions.items():
        if not isinstance(formula, Lambda) or len(formula.variables) != 1:
            raise StepError(f"{function} must be given by a formula of one index, got {formula}")
        body, index = formula.expr, formula.variables[0]
        if function(index).is_integer and not body.is_integer:
            raise StepError(f"{function} must be given by a formula of its kind, got {formula}")
        _scalar(body)
    try:
        context.assumptions |= {a.substituted(change) for a in fact.assumptions}
    except ValueError as error:
        raise StepError(str(error)) from error
    claim = change.of(fact.claim)
    if change.functions:
        context.need_defined(claim.left, claim.right)
    return context.conclude(claim)


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


def _meets(symbol: Any, value: Any, context: _Context) -> None:
    """Whether a value has what is declared of a symbol: real, a sign, integer; nothing else."""
    if not isinstance(symbol, Symbol) or symbol.assumptions0 not in _KINDS:
        raise StepError(f"what is assumed of {symbol} is not understood; nothing may replace it")
    if symbol.is_integer and not value.is_integer:
        raise StepError(f"{symbol} is an integer, and {value} is not known to be one")
    if symbol.is_positive:
        context.need(">", value, f"{symbol} is positive")
    elif symbol.is_nonnegative:
        context.need(">=", value, f"{symbol} is >= 0")


@rule
def discharge(fact: Fact, target: Any, by: Fact) -> Conclusion:
    """Remove a condition (a Claim) or a Hypothesis that another fact proves."""
    _facts(fact, by)
    if isinstance(target, Claim):
        return _discharge_condition(fact, target, by)
    if not isinstance(target, Hypothesis) or target not in fact.assumptions:
        raise StepError(f"'{target}' is not among the assumptions of {fact}")
    context = _Context([fact])
    context.assumptions.discard(target)
    own = set(target.variables)
    strong = by.claim.relation == target.claim.relation or by.claim.relation in ("==", "<")
    if not (strong and by.claim.is_vector == target.claim.is_vector):
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
    context = _Context([fact])
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
