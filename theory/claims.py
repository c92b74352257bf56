r"""What can be stated: claims between two expressions, and assumptions a proof may lean on.

A `Claim` keeps its two sides as the author wrote them and its content as one expression in normal
form: ``left <= right`` means ``right - left >= 0``.

>>> from theory.symbols import L, h, k
>>> le(h, 1/L).expression
-h + 1/L
>>> print(le(h, 1/L))
h <= 1/L

An assumption is a `Hypothesis` (a claim for every value of its variables under its conditions:
"for every k >= 1, eta_k >= 0") or a `Property` (a word with a meaning that the axioms give it:
"F is L-smooth").
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from sympy import Add, Basic, Dummy, Expr, Lambda, Sum, Symbol, fraction, sympify
from sympy.core.function import AppliedUndef
from sympy.printing.str import StrPrinter

from theory.algebra import is_reserved, normal, with_named_indices
from theory.gathering import gathered, written
from theory.hilbert import Scalar, is_scalar

Relation = Literal["<=", "<", "=="]


@dataclass(frozen=True, eq=False)
class Claim:
    """``left relation right`` for all values of the symbols."""

    left: Any
    relation: Relation
    right: Any

    @cached_property
    def expression(self) -> Scalar:
        """``right - left`` in normal form: >= 0, > 0 or = 0."""
        return normal(self.right - self.left)

    @property
    def is_vector(self) -> bool:
        """Whether both sides are vectors (then the relation is an equality)."""
        return not (is_scalar(self.left) and is_scalar(self.right))

    def _key(self) -> Any:
        return (self.relation, self.expression)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Claim) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __str__(self) -> str:
        return f"{readable(self.left)} {self.relation} {readable(self.right)}"


def le(left: Any, right: Any) -> Claim:
    """``left <= right``."""
    return Claim(sympify(left), "<=", sympify(right))


def lt(left: Any, right: Any) -> Claim:
    """``left < right``."""
    return Claim(sympify(left), "<", sympify(right))


def eq(left: Any, right: Any) -> Claim:
    """``left == right``, for scalars or for vectors."""
    return Claim(sympify(left), "==", sympify(right))


def nonnegative(expression: Any) -> Claim:
    """``expression >= 0``, with its negative terms written on the left."""
    terms = Add.make_args(normal(expression))
    negative = [t for t in terms if t.could_extract_minus_sign()]
    return le(-Add(*negative), Add(*(t for t in terms if t not in negative)))


class _Readable(StrPrinter):
    """Text close to what a page would show: eta[k], sum_{k=1..n}, ordinary letters for indices."""

    def __init__(self, letters: dict[str, str]) -> None:
        super().__init__()
        self._letters = letters

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        return positive_first(super()._as_ordered_terms(expr, order=order))

    def _print_Symbol(self, expr: Any) -> str:
        return self._letters.get(expr.name, str(expr.name))

    def _print_Function(self, expr: Any) -> str:
        inside = ", ".join(self._print(a) for a in expr.args)
        return f"{expr.func.__name__}[{inside}]" if is_sequence(expr) else f"{expr.func}({inside})"

    def _print_Value(self, expr: Any) -> str:
        return f"{expr.args[0]}({written(expr.args[1], self._print, '*')})"

    def _print_Gradient(self, expr: Any) -> str:
        return f"grad {self._print_Value(expr)}"

    def _print_Sum(self, expr: Any) -> str:
        signs = [
            f"sum_{{{self._print(i)}={self._print(a)}..{self._print(b)}}}"
            for i, a, b in reversed(expr.limits)
        ]
        body = self._print(expr.function)
        return " ".join(signs) + (f" ({body})" if expr.function.is_Add else f" {body}")

    def _print_Mul(self, expr: Any) -> str:
        above, below = fraction(expr)
        if below.has(Sum):
            return f"({self._print(above)})/({self._print(below)})"
        sums = [a for a in expr.args if isinstance(a, Sum)]
        if len(sums) > 1:  # each in brackets, or the second would seem to lie inside the first
            bracketed = {a: Symbol(f"({self._print(a)})") for a in sums}
            return str(super()._print_Mul(expr.xreplace(bracketed)))
        if not sums:
            return str(super()._print_Mul(expr))
        rest = expr / sums[0]
        if rest in (1, -1):
            return f"{'-' if rest == -1 else ''}{self._print(sums[0])}"
        ahead = f"({self._print(rest)})" if rest.is_Add else self._print(rest)
        return f"{ahead} {self._print(sums[0])}"


def positive_first(terms: list[Any]) -> list[Any]:
    """The terms of a sum; if it would begin with a minus sign, those with one come last."""
    negative = [bool(a.could_extract_minus_sign()) for a in terms]
    if not negative or not negative[0]:
        return terms
    return [
        a for last in (False, True) for a, sign in zip(terms, negative, strict=True) if sign == last
    ]


def is_sequence(e: Any) -> bool:
    """Whether the expression is a named sequence at an index, such as eta(k)."""
    return isinstance(e, AppliedUndef)


def readable(expression: Any) -> str:
    """The expression as text, summation indices under ordinary letters."""
    e, letters = ordinary_letters(sympify(expression))
    printer = _Readable(letters)
    whole = is_scalar(e) or e.has(Sum)
    text = printer.doprint(gathered(e)) if whole else written(e, printer.doprint, "*")
    return str(text).replace("**", "^")


def ordinary_letters(e: Any) -> tuple[Any, dict[str, str]]:
    """The expression with every nameless summation index named, and letters for all of these."""
    e = with_named_indices(e)
    taken = {a.name for a in e.atoms(Symbol)}
    taken |= {a.func.__name__ for a in e.atoms(AppliedUndef)}
    spare = (a for a in (*"kjilpqr", *(f"i{n}" for n in range(1, 99))) if a not in taken)
    return e, {name: next(spare) for name in sorted(taken) if name.startswith("#")}


class Substitution:
    """Replaces symbols by expressions and sequences by formulas, all at once.

    >>> from theory.symbols import eta, k, j, L
    >>> Substitution({k: k + 1, eta: Lambda(j, 1/(L*j))})(eta(k))
    1/(L*(k + 1))
    """

    def __init__(self, mapping: dict[Any, Any]) -> None:
        self.symbols = {a: sympify(b) for a, b in mapping.items() if isinstance(a, Expr)}
        self.functions = {a: _opened(b) for a, b in mapping.items() if not isinstance(a, Expr)}

    def __call__(self, expression: Any) -> Any:
        e = normal(expression).xreplace(self.symbols)
        for function, given in self.functions.items():
            e = e.replace(function, given)
        return e

    def of(self, claim: Claim) -> Claim:
        """The claim with both sides substituted."""
        return Claim(self(claim.left), claim.relation, self(claim.right))

    def without(self, symbols: Iterable[Any]) -> "Substitution":
        """The same substitution, leaving bound symbols alone."""
        bound = set(symbols)
        return Substitution(
            {a: b for a, b in self.symbols.items() if a not in bound} | self.functions
        )

    @property
    def new_symbols(self) -> set[Any]:
        """The symbols that the replacements bring in."""
        new: set[Any] = set()
        for e in (*self.symbols.values(), *self.functions.values()):
            new |= e.free_symbols
        return new


def _opened(given: Any) -> Any:
    """A formula whose summation indices cannot catch the index it is applied to."""
    if not isinstance(given, Lambda):
        return given
    body = normal(given.expr)
    names = {a: Dummy(a.name, integer=True) for a in body.atoms(Symbol) if is_reserved(a)}
    return Lambda(given.variables, body.xreplace(names))


@dataclass(frozen=True)
class Hypothesis:
    """For all values of `variables` that make every condition >= 0: the claim."""

    name: str = field(compare=False)
    claim: Claim
    variables: tuple[Any, ...] = ()
    conditions: frozenset[Any] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "conditions", frozenset(normal(c) for c in self.conditions))

    @property
    def parameters(self) -> set[Any]:
        """The free symbols that are not its own variables."""
        free = set(self.claim.expression.free_symbols)
        for c in self.conditions:
            free |= c.free_symbols
        return free - set(self.variables)

    def substituted(self, change: Substitution) -> "Hypothesis":
        """The hypothesis with its parameters and sequences replaced."""
        inner = change.without(self.variables)
        if inner.new_symbols & set(self.variables):
            clash = ", ".join(map(str, inner.new_symbols & set(self.variables)))
            raise ValueError(
                f"hypothesis '{self.name}' uses {clash} as its own variable; "
                f"rename it before substituting an expression that contains {clash}"
            )
        return Hypothesis(
            self.name,
            inner.of(self.claim),
            self.variables,
            frozenset(inner(c) for c in self.conditions),
        )

    def __str__(self) -> str:
        given = ", ".join(sorted(str(nonnegative(c)) for c in self.conditions))
        who = ", ".join(map(str, self.variables))
        ahead = f"for all {who}" if who else ""
        ahead += f" with {given}" if given else ""
        return f"{self.name}: " + (f"{ahead}: " if ahead else "") + str(self.claim)


@dataclass(frozen=True)
class Property:
    """A property of named things, such as ``Property("smooth", (F, L))``: F is L-smooth."""

    name: str
    about: tuple[Basic, ...]

    @property
    def parameters(self) -> set[Any]:
        """The free symbols of what it speaks about."""
        free: set[Any] = set()
        for a in self.about:
            free |= a.free_symbols
        return free

    def substituted(self, change: Substitution) -> "Property":
        """The property of the substituted things."""
        return Property(
            self.name,
            tuple(change(a) if isinstance(a, Expr) else a for a in self.about),
        )

    def __str__(self) -> str:
        return f"{self.name}({', '.join(str(a) for a in self.about)})"


Assumption = Hypothesis | Property


def formula(index: Any, expression: Any) -> Any:
    """A sequence given by a formula, to substitute for a named one."""
    return Lambda(index, sympify(expression))
