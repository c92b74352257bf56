r"""One normal form for scalars, so that equality can be decided by subtraction.

`normal` expands products, splits finite sums into single terms with constants pulled out, and
renames every summation index, so that two ways of writing the same sum become one expression.
`is_zero` says whether an expression is identically zero; True is a proof, False only means that it
was not found to be.

>>> from sympy import Sum
>>> from theory.symbols import L, eta, j, k, n
>>> is_zero(Sum(L*eta(k) + 1, (k, 1, n)) - L*Sum(eta(j), (j, 1, n)) - n)
True

Finite sums follow the usual convention sum_{k=a}^{b} + sum_{k=b+1}^{c} = sum_{k=a}^{c} for any
order of a, b, c (an empty sum is 0), so identities between sums need no side condition.

`Minimum` is the least value of an expression over a range, `FiniteProduct` the product, `Within` is
Iverson's bracket of a range; they are plain expressions here and get their meaning from rules and
axioms.
"""

from functools import lru_cache
from typing import Any

from sympy import Add, Dummy, Expr, Integer, Mul, Pow, S, Sum, Symbol, expand, sympify, together

Scalar = Any

EXPLICIT = 64  # a sum of at most so many terms with a known number of terms is written out
FACTORS = 4  # likewise a product, which has many terms when it is expanded


class OverRange(Expr):
    """An expression taken over a range of its index; the subclasses say what becomes of it."""

    is_commutative = True
    is_real = True
    sign = ""  # how it is written

    def __new__(cls, expression: Any, limits: Any) -> "OverRange":
        index, low, high = limits.args if isinstance(limits, _Limits) else limits
        return super().__new__(cls, sympify(expression), _Limits(index, low, high))

    @property
    def expression(self) -> Scalar:
        return self.args[0]

    @property
    def limits(self) -> tuple[Any, Any, Any]:
        index, low, high = self.args[1].args
        return index, low, high

    @property
    def free_symbols(self) -> Any:
        index, low, high = self.limits
        return (self.expression.free_symbols - {index}) | low.free_symbols | high.free_symbols

    def _eval_subs(self, old: Any, new: Any) -> Any:
        index, low, high = self.limits
        inner = self.expression if old == index else self.expression._subs(old, new)
        return self.func(inner, (index, low._subs(old, new), high._subs(old, new)))

    def at(self, position: Any) -> Scalar:
        """The expression at one index."""
        return self.expression.xreplace({self.limits[0]: sympify(position)})

    def _sympystr(self, printer: Any) -> str:
        index, low, high = (printer._print(a) for a in self.limits)
        body = printer._print(self.expression)
        body = f"({body})" if self.expression.is_Add else body
        return f"{self.sign}_{{{index}={low}..{high}}} {body}"


class Minimum(OverRange):
    """``Minimum(e, (k, a, b))``: the least value of e over the integers k = a, ..., b."""

    sign = "min"


class FiniteProduct(OverRange):
    """``FiniteProduct(e, (k, a, b))``: e at k = a, ..., b multiplied; 1 if there is no such k."""

    sign = "prod"


class _Limits(Expr):
    """Index and range of what is taken over a range."""

    def __new__(cls, index: Any, low: Any, high: Any) -> "_Limits":
        return super().__new__(cls, sympify(index), sympify(low), sympify(high))


class Within(Expr):
    """Iverson's bracket ``[low <= j <= high]``: 1 if it holds, else 0."""

    is_commutative = True
    is_integer = True
    is_nonnegative = True

    def __new__(cls, position: Any, low: Any, high: Any) -> Any:
        position, low, high = (expand(sympify(a)) for a in (position, low, high))
        if all(isinstance(a, Integer) for a in (position, low, high)):
            return S.One if low <= position <= high else S.Zero
        return super().__new__(cls, position, low, high)

    def _sympystr(self, printer: Any) -> str:
        position, low, high = (printer._print(a) for a in self.args)
        return f"[{position} = {low}]" if low == high else f"[{low} <= {position} <= {high}]"


def bound_index(height: int) -> Symbol:
    """The reserved name of a summation index: sums nested that deep inside use smaller ones."""
    return Symbol(f"#{height}", integer=True)


def is_reserved(symbol: Any) -> bool:
    """Whether a symbol's name is kept for summation indices."""
    return str(symbol.name).startswith("#")


@lru_cache(maxsize=65536)
def normal(expression: Any) -> Scalar:
    """The normal form: expanded, sums split, constants pulled out, summation indices renamed."""
    e = sympify(expression)
    if e.has(Sum, OverRange):
        e = _normal_parts(e)
    return expand(_without_contents(e))


def _without_contents(e: Any) -> Scalar:
    """The expression with (c b)^p written c^p b^p for rational c > 0 and a p that is no number.

    `expand` does so inside a product only, and would leave two forms of one power.
    """
    powers = {p for p in e.atoms(Pow) if p.base.is_Add and not p.exp.is_number}
    contents = {p: p.base.primitive() for p in powers}
    return e.xreplace({p: c**p.exp * b**p.exp for p, (c, b) in contents.items() if c > 0})


def _normal_parts(e: Any) -> Scalar:
    if isinstance(e, Sum):
        return _normal_sum(e)
    if isinstance(e, OverRange):
        return _normal_over_range(e)
    if not e.args or not e.has(Sum, OverRange):
        return e
    return e.func(*(_normal_parts(a) if isinstance(a, Expr) else a for a in e.args))


def _normal_over_range(e: Any) -> Scalar:
    index, low, high = e.limits
    own = Dummy("own", integer=True)
    body, low, high = normal(e.expression.xreplace({index: own})), normal(low), normal(high)
    length = expand(high - low + 1)
    if isinstance(e, FiniteProduct) and isinstance(length, Integer) and length <= FACTORS:
        return Mul(*(normal(body.xreplace({own: low + d})) for d in range(length)))
    new = bound_index(_height(body) + 1)
    return e.func(body.xreplace({own: new}), (new, low, high))


def _normal_sum(total: Any) -> Scalar:
    function = total.function
    for limits in total.limits:  # innermost first
        function = _sum_over_one(function, *limits)
    return function


def _sum_over_one(function: Any, index: Any, low: Any, high: Any) -> Scalar:
    own = Dummy("own", integer=True)
    function, index = function.xreplace({index: own}), own
    low, high = normal(low), normal(high)
    length = expand(high - low + 1)
    if isinstance(length, Integer) and abs(length) <= EXPLICIT:
        return _explicit(function, index, low, int(length))
    parts = []
    for term in Add.make_args(normal(function)):
        constant, rest = term.as_independent(index, as_Add=False)
        if rest == 1:
            parts.append(constant * length)
            continue
        new = bound_index(_height(rest) + 1)
        parts.append(constant * Sum(rest.xreplace({index: new}), (new, low, high)))
    return Add(*parts)


def _explicit(function: Any, index: Any, low: Any, length: int) -> Scalar:
    """The terms of a sum of known length; a negative length subtracts them."""
    steps = range(length) if length >= 0 else range(length, 0)
    terms = [normal(function.xreplace({index: low + d})) for d in steps]
    return Add(*terms) if length >= 0 else -Add(*terms)


def with_named_indices(e: Any) -> Any:
    """The expression as it stands, nameless summation indices named as the normal form does."""
    if not isinstance(e, Expr) or not e.args or not e.atoms(Dummy):
        return e
    if isinstance(e, OverRange):
        index, low, high = e.limits
        new = bound_index(_height(e.expression) + 1) if isinstance(index, Dummy) else index
        inside = with_named_indices(e.expression.xreplace({index: new}))
        return e.func(inside, (new, with_named_indices(low), with_named_indices(high)))
    if not isinstance(e, Sum):
        return e.func(*(with_named_indices(a) for a in e.args))
    body, limits = with_named_indices(e.function), []
    for index, low, high in e.limits:
        new = bound_index(_height(body) + 1) if isinstance(index, Dummy) else index
        body = body.xreplace({index: new})
        limits.append((new, with_named_indices(low), with_named_indices(high)))
    return Sum(body, *limits)


def _height(e: Any) -> int:
    """How deep sums and minima are nested in an expression in normal form."""
    return max(
        (int(a.name[1:]) for a in e.atoms(Symbol) if is_reserved(a)),
        default=0,
    )


def is_zero(expression: Any) -> bool:
    """Whether the expression is identically 0 wherever it is defined."""
    e = normal(expression)
    if e == 0:
        return True
    numerator, _ = together(e).as_numer_denom()
    return bool(normal(numerator) == 0)


def same(a: Any, b: Any) -> bool:
    """Whether two expressions are identically equal."""
    return is_zero(sympify(a) - sympify(b))
