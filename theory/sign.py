r"""Signs that can be proved, and expressions that are proved to be defined.

`sign` reads an expression from the leaves up: declared assumptions of symbols, products, powers,
sums of terms of one sign, enclosures of constants. `provably` first uses the conditions, by writing
a condition k - a >= 0 as k = a + slack. What is not proved is unknown, and unknown is never a yes.

>>> from theory.symbols import L, k, n, s
>>> provably(">=", 1/k, [k - 1]), provably(">", s*L - L/2, []), provably(">=", 1/k, [])
(True, True, False)
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal

from sympy import (
    Add,
    Dummy,
    Expr,
    Max,
    Min,
    Mul,
    Number,
    NumberSymbol,
    Pow,
    Sum,
    Symbol,
    exp,
    expand,
    factor,
    log,
    sqrt,
    sympify,
    together,
)

from theory.algebra import FiniteProduct, Minimum, Within, normal, same
from theory.enclosure import sign_of_constant
from theory.hilbert import Inner, Value, Vector

Sign = Literal[">", ">=", "=", "<=", "<", "?"]
Scalar = Any

_FLIP: dict[Sign, Sign] = {">": "<", ">=": "<=", "=": "=", "<=": ">=", "<": ">", "?": "?"}


def sign(expression: Any) -> Sign:
    """The proved sign of an expression for all values of its symbols, as read off its form."""
    e = sympify(expression)
    match e:
        case NumberSymbol():
            return ">"  # pi, E and their like
        case Number():
            return _of_constant(e)
        case Symbol():
            return _of_symbol(e)
        case Mul():
            return _of_product([sign(a) for a in e.args])
        case Pow() | exp():
            return _of_power(*e.as_base_exp())
        case Add():
            return _of_sum(e)
        case Sum():
            return _of_range_sum(e)
        case log():
            return sign(e.args[0] - 1) if sign(e.args[0]) == ">" else "?"
        case Inner():
            return ">=" if e.args[0] == e.args[1] else "?"
        case Within():
            return ">="
        case Minimum():
            index, low, high = e.limits
            slack = Dummy("slack", integer=True, nonnegative=True)
            found = sign(expand(e.expression.xreplace({index: low + slack})))
            return found if sign(high - low) in (">", ">=", "=") else "?"
        case Min() | Max():
            return _of_extreme([sign(a) for a in e.args], smallest=isinstance(e, Min))
        case _:
            return "?"


def _of_constant(e: Any) -> Sign:
    found = sign_of_constant(e)
    return "?" if found is None else {1: ">", 0: "=", -1: "<"}[found]  # type: ignore[return-value]


def _of_symbol(e: Any) -> Sign:
    declared = e.assumptions0
    for word, found in (
        ("zero", "="),
        ("positive", ">"),
        ("negative", "<"),
        ("nonnegative", ">="),
        ("nonpositive", "<="),
    ):
        if declared.get(word):
            return found  # type: ignore[return-value]
    return "?"


def _of_product(signs: Sequence[Sign]) -> Sign:
    if "=" in signs:
        return "="
    if "?" in signs:
        return "?"
    negative = sum(a in ("<", "<=") for a in signs) % 2 == 1
    strict = all(a in ("<", ">") for a in signs)
    found: Sign = ">" if strict else ">="
    return _FLIP[found] if negative else found


def _of_power(base: Any, exponent: Any) -> Sign:
    below = sign(base)
    if below == "?" and base.has(Sum) and provably(">", base):  # sums over one range, together
        below = ">"
    if below == ">":
        return ">" if exponent.is_real else "?"
    if exponent.is_Integer:
        if below in ("?", "=") and exponent < 0:
            return "?"
        if exponent % 2 == 0:
            return ">" if below in ("<", ">") else ("=" if below == "=" else ">=")
        return below if exponent > 0 or below in ("<", ">") else "?"
    if below in (">=", "=") and sign(exponent) == ">":
        return below
    return "?"


def _of_sum(e: Any) -> Sign:
    if not e.free_symbols and not e.has(Inner, Value):
        found = _of_constant(e)
        if found != "?":
            return found
    return _add([sign(a) for a in e.args])


def _add(signs: Sequence[Sign]) -> Sign:
    present = set(signs) - {"="}
    if not present:
        return "="
    if present <= {">", ">="}:
        return ">" if ">" in present else ">="
    if present <= {"<", "<="}:
        return "<" if "<" in present else "<="
    return "?"


def _of_range_sum(e: Any) -> Sign:
    """A sum over a range that is not backwards has the sign of its terms."""
    *inner, (index, low, high) = e.limits
    term = Sum(e.function, *inner) if inner else e.function
    length = high - low + 1
    if not provably(">=", length):
        return "?"
    strict = provably(">", length)
    slack = Dummy("slack", integer=True, nonnegative=True)
    for place in (low + slack, high - slack):
        here = term.xreplace({index: place})
        if strict and provably(">", here):
            return ">"
        if provably(">=", here):
            return ">="
        if provably(">=", -here):
            return "<="
    return "?"


def _of_extreme(signs: Sequence[Sign], *, smallest: bool) -> Sign:
    up, down = (">", ">="), ("<", "<=")
    if not smallest:
        return _FLIP[_of_extreme([_FLIP[a] for a in signs], smallest=True)]
    if all(a == ">" for a in signs):
        return ">"
    if all(a in (*up, "=") for a in signs):
        return ">="
    if any(a == "<" for a in signs):
        return "<"
    return "<=" if any(a in (*down, "=") for a in signs) else "?"


def provably(relation: Literal[">", ">="], expression: Any, conditions: Iterable[Any] = ()) -> bool:
    """Whether ``expression > 0`` (or ``>= 0``) is proved whenever every condition is >= 0."""
    known = sorted({normal(c) for c in conditions}, key=str)
    return _provably(relation, normal(expression), tuple(known))


@lru_cache(maxsize=65536)
def _provably(relation: str, e: Any, known: tuple[Any, ...]) -> bool:
    return _by_form(relation, e, known) or (bool(known) and _by_factor(relation, e, known))


def _by_form(relation: str, e: Any, known: tuple[Any, ...]) -> bool:
    wanted = (">",) if relation == ">" else (">", ">=", "=")
    if relation == ">=" and e in known:
        return True
    seen = set()
    for signed in (False, True):
        moved = _with_slacks(e, known, signed)
        for form in _forms(moved):
            if form not in seen:
                seen.add(form)
                if sign(form) in wanted:
                    return True
    return False


def _by_factor(relation: str, e: Any, known: tuple[Any, ...]) -> bool:
    """Whether e is a product of factors whose signs are proved, each under the same conditions.

    eta (1/L - eta) >= 0 for 0 < eta <= 1/L: with eta = 1/L - slack the sign of eta would be lost.
    """
    factors = Mul.make_args(factor(e))
    if len(factors) < 2:
        return False
    negative = 0
    for part in factors:
        if not _by_form(relation, normal(part), known):
            if not _by_form(relation, normal(-part), known):
                return False
            negative += 1
    return negative % 2 == 0


def _forms(e: Any) -> Iterable[Any]:
    """Equal expressions whose sign may be easier to read."""
    yield e
    shifted = e.xreplace(
        {
            p: 1 + Dummy(p.name, integer=True, nonnegative=True)
            for p in e.free_symbols
            if p.is_integer and p.is_positive
        }
    )
    opened = _without_roots(expand(shifted))
    yield opened
    yield _one_sum(opened)
    yield factor(opened)
    numerator, denominator = together(opened).as_numer_denom()
    if denominator != 1:
        yield Mul(expand(numerator), 1 / factor(denominator), evaluate=False)
        yield Mul(factor(numerator), 1 / factor(denominator), evaluate=False)


def _one_sum(e: Any) -> Any:
    """The expression with its sums over the same range taken together."""
    gathered: dict[Any, Any] = {}
    others = []
    for term in Add.make_args(e):
        constant, rest = term.as_independent(Sum, as_Add=False)
        if isinstance(rest, Sum) and len(rest.limits) == 1 and constant.is_Rational:
            index, low, high = rest.limits[0]
            common = Symbol("#0", integer=True)
            key = (low, high)
            gathered[key] = gathered.get(key, 0) + constant * rest.function.xreplace(
                {index: common}
            )
        else:
            others.append(term)
    if len(gathered) == 0:
        return e
    sums = [
        Sum(function, (Symbol("#0", integer=True), low, high))
        for (low, high), function in gathered.items()
    ]
    return Add(*others, *sums)


def _without_roots(e: Any) -> Any:
    """The expression with sqrt(c^2 + d), d >= 0, written as c + r, r >= 0, and d = (c + r)^2 - c^2.

    Only if all roots that contain the symbol d are powers of this one.
    """
    radicands = {p.base for p in e.atoms(Pow) if p.exp.is_Rational and p.exp.q == 2}
    for d in sorted(e.free_symbols, key=str):
        own = [b for b in radicands if d in b.free_symbols]
        if len(own) != 1 or not d.is_nonnegative:
            continue
        constant = own[0] - d
        if not constant.is_Rational or constant < 0 or not sqrt(constant).is_Rational:
            continue
        base, root = own[0], sqrt(constant) + Dummy("root", nonnegative=True)
        powers = {p: root ** (2 * p.exp) for p in e.atoms(Pow) if p.base == base}
        e = expand(e.xreplace(powers).xreplace({d: expand(root**2) - constant}))
    return e


def _with_slacks(e: Any, conditions: Sequence[Any], signed: bool) -> Any:
    """The expression with each usable condition ``+-v + rest >= 0`` solved for a symbol v.

    Symbols that already carry a sign are solved for only if `signed`: that may forget the sign.
    Conditions that bound a symbol from below come first: they give it a sign.
    """
    usable = []
    for place, condition in enumerate(conditions):
        for v in condition.free_symbols:
            slope = condition.coeff(v, 1)
            rest = expand(condition - slope * v)
            solvable = slope in (1, -1) and v not in rest.free_symbols and not _is_slack(v)
            if solvable and (signed or not v.is_nonnegative):
                usable.append((-slope, place, str(v), v, rest))
    if not usable:
        return e
    downward, place, _, v, rest = min(usable, key=lambda choice: choice[:3])
    whole = bool(v.is_integer and rest.is_integer)
    slack = Dummy("slack", nonnegative=True, integer=True if whole else None)
    solved = {v: expand((rest - slack) * downward)}
    others = [expand(c.xreplace(solved)) for c in (*conditions[:place], *conditions[place + 1 :])]
    return _with_slacks(e.xreplace(solved), others, signed)


def _is_slack(symbol: Any) -> bool:
    return isinstance(symbol, Dummy) and symbol.name == "slack"


def undefined_part(
    expression: Any, conditions: Iterable[Any] = (), positive: Iterable[Any] = ()
) -> Any | None:
    """A part that is not proved to be defined (1/0, root or log of a negative number), or None.

    `positive` lists expressions known to be > 0 from elsewhere.
    """
    return _undefined(sympify(expression), frozenset(conditions), frozenset(positive))


@lru_cache(maxsize=65536)
def _undefined(e: Any, known: frozenset[Any], positive: frozenset[Any]) -> Any | None:
    match e:
        case Sum():
            *inner, (index, low, high) = e.limits
            body = Sum(e.function, *inner) if inner else e.function
            for edge in (low, high):
                bad = undefined_part(edge, known, positive)
                if bad is not None:
                    return bad
            return _undefined_inside(body, index, low, high, known, positive)
        case Minimum():
            index, low, high = e.limits
            if not provably(">=", high - low, known):
                return e
            return _undefined_inside(e.expression, index, low, high, known, positive)
        case FiniteProduct():
            index, low, high = e.limits
            return _undefined_inside(e.expression, index, low, high, known, positive)
        case Inner() | Value() | Vector() | Within():
            return None
        case Pow() | exp():
            base, exponent = e.as_base_exp()
            if not _power_defined(base, exponent, known, positive):
                return e
        case log():
            if not _positive(e.args[0], known, positive):
                return e
    for a in e.args:
        if isinstance(a, Expr):
            bad = undefined_part(a, known, positive)
            if bad is not None:
                return bad
    return None


def _undefined_inside(body: Any, index: Any, low: Any, high: Any, known: Any, positive: Any) -> Any:
    """The body at an index that is free now, under a name no condition binds."""
    place = Dummy("place", integer=True)
    inside = {*known, place - low, high - place}
    return undefined_part(body.xreplace({index: place}), inside, positive)


def _power_defined(base: Any, exponent: Any, known: Any, positive: Any) -> bool:
    if exponent.is_Integer and exponent >= 0:
        return True
    if _positive(base, known, positive):
        return bool(exponent.is_real)
    if exponent.is_Integer:
        return _positive(-base, known, positive)
    return provably(">=", base, known) and provably(">", exponent, known)


def _positive(e: Any, known: Any, positive: Iterable[Any]) -> bool:
    return provably(">", e, known) or any(same(e, p) for p in positive)
