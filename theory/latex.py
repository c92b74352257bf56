r"""Formulas as LaTeX and as text, terms in the author's order.

SymPy sorts the terms of a sum as it likes. A `Shown` formula is built from its parts in the order a
page should show them; its SymPy expression comes from the same parts, so the two cannot differ.

>>> from theory.symbols import Delta, L, T, sigma
>>> bound = ratio(terms(times(L, Delta), sigma**2), T)
>>> print(bound.latex)
\frac{L\,\Delta + \sigma^{2}}{T}
>>> print(bound)
(L Delta + sigma^2)/T
"""

from dataclasses import dataclass
from typing import Any, Literal

from sympy import Add, Max, Min, Mul, Sum, Symbol, fraction, sqrt, sympify
from sympy.printing.latex import LatexPrinter

from theory.algebra import FiniteProduct, Minimum
from theory.claims import (
    Claim,
    is_sequence,
    nonnegative,
    ordinary_letters,
    positive_first,
    readable,
)
from theory.gathering import gathered, written
from theory.hilbert import is_scalar


class _Page(LatexPrinter):
    """LaTeX with indices as subscripts, norms as norms, ordinary letters for summation indices."""

    def __init__(self, letters: dict[str, str]) -> None:
        super().__init__()
        self._letters = letters

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        return positive_first(super()._as_ordered_terms(expr, order=order))

    def _print_Symbol(self, expr: Any, style: str = "plain") -> str:
        if expr.name in self._letters:
            return self._letters[expr.name]
        named = {"F_star": r"\inf F", "x_star": r"x_\star", "eps": r"\varepsilon"}
        return named.get(expr.name, str(super()._print_Symbol(expr, style)))

    def _print_Function(self, expr: Any, exp: Any = None) -> str:
        if not is_sequence(expr):
            return str(super()._print_Function(expr, exp))
        name = self._print(Symbol(expr.func.__name__))
        index = ",".join(self._print(a) for a in expr.args)
        body = rf"{name}_{{{index}}}"
        return body if exp is None else rf"{body}^{{{exp}}}"

    def _print_Str(self, expr: Any) -> str:
        return self._print(Symbol(str(expr)))

    def _print_Iterate(self, expr: Any) -> str:
        return rf"{self._print(expr.args[0])}_{{{self._print(expr.args[1])}}}"

    def _print_Noise(self, expr: Any) -> str:
        return self._print_Iterate(expr)

    def _print_Direction(self, expr: Any) -> str:
        return self._print_Iterate(expr)

    def _print_Fixed(self, expr: Any) -> str:
        return self._print(expr.args[0])

    def _print_Gradient(self, expr: Any) -> str:
        return rf"\nabla {self._at(expr)}"

    def _print_Partial(self, expr: Any) -> str:
        f, block, point = (self._print(a) for a in expr.args)
        return rf"\nabla_{{{block}}} {f}({point})"

    def _print_Running(self, expr: Any) -> str:
        return rf"\mathbf{{1}}_{{{self._print(expr.args[0])}}}\,{self._print(expr.args[1])}"

    def _print_Value(self, expr: Any, exp: Any = None) -> str:
        return rf"\mathbb{{E}}{self._at(expr)}"

    def _at(self, expr: Any) -> str:
        """A function's name and the point it is taken at."""
        return rf"{self._print(expr.args[0])}({written(expr.args[1], self._print, ' ')})"

    def _print_Inner(self, expr: Any, exp: Any = None) -> str:
        u, v = (self._print(a) for a in expr.args)
        if expr.args[0] == expr.args[1]:
            return rf"\mathbb{{E}}\|{u}\|^2"
        return rf"\mathbb{{E}}\langle {u},{v}\rangle"

    def _print_Gathered(self, expr: Any, exp: Any = None) -> str:
        u, v = (written(a, self._print, r"\,") for a in expr.args)
        if expr.args[0] == expr.args[1]:
            return rf"\mathbb{{E}}\|{u}\|^2"
        return rf"\mathbb{{E}}\langle {u},{v}\rangle"

    def _print_Within(self, expr: Any, exp: Any = None) -> str:
        place, low, high = (self._print(a) for a in expr.args)
        return rf"[{place}={low}]" if low == high else rf"[{low}\leq {place}\leq {high}]"

    def _print_Minimum(self, expr: Any, exp: Any = None) -> str:
        return self._extreme(r"\min", expr, expr.expression)

    def _extreme(self, which: str, expr: Any, body: Any) -> str:
        index, low, high = (self._print(a) for a in expr.limits)
        return rf"{which}_{{{low}\leq {index}\leq {high}}} {self._factor(body)}"

    def _print_FiniteProduct(self, expr: Any, exp: Any = None) -> str:
        index, low, high = (self._print(a) for a in expr.limits)
        return rf"\prod_{{{index}={low}}}^{{{high}}} {self._factor(expr.expression)}"

    def _print_Sum(self, expr: Any, exp: Any = None) -> str:
        signs = "".join(
            rf"\sum_{{{self._print(i)}={self._print(a)}}}^{{{self._print(b)}}} "
            for i, a, b in reversed(expr.limits)
        )
        body = self._print(expr.function)
        return signs + (rf"\left({body}\right)" if expr.function.is_Add else body)

    def _print_Mul(self, expr: Any) -> str:
        above, below = fraction(expr)
        if below.has(Sum):
            return rf"\frac{{{self._print(above)}}}{{{self._print(below)}}}"
        last = [a for a in expr.args if a.has(Minimum) or isinstance(a, Sum | FiniteProduct)]
        if len(last) > 1:
            return r"\,".join(
                rf"\left({self._print(a)}\right)" if a in last else self._factor(a)
                for a in expr.args
            )
        if not last:
            return str(super()._print_Mul(expr))
        rest = Mul(*(a for a in expr.args if a is not last[0]))
        if rest == -1 and isinstance(last[0], Minimum):
            return self._extreme(r"\max", last[0], -last[0].expression)
        if rest in (1, -1):
            return f"{'-' if rest == -1 else ''}{self._factor(last[0])}"
        return rf"{self._factor(rest)}\,{self._factor(last[0])}"

    def _factor(self, expr: Any) -> str:
        body = self._print(expr)
        return rf"\left({body}\right)" if expr.is_Add else body


def tex(expression: Any) -> str:
    """LaTeX of an expression (no dollar signs)."""
    if isinstance(expression, Shown):
        return expression.latex
    e, letters = ordinary_letters(sympify(expression))
    page = _Page(letters)
    whole = is_scalar(e) or e.has(Sum)
    return str(page.doprint(gathered(e)) if whole else written(e, page.doprint, r"\,"))


def tex_claim(claim: Claim) -> str:
    """LaTeX of a claim, sides as its author wrote them."""
    sign = {"<=": r"\leq", "<": "<", "==": "="}[claim.relation]
    return rf"{tex(claim.left)} {sign} {tex(claim.right)}"


def tex_condition(condition: Any) -> str:
    """LaTeX of a condition ``expression >= 0``."""
    return tex_claim(nonnegative(condition))


def plain(words: str) -> str:
    """Plain words as LaTeX text: the few special characters ours use."""
    for special in "_&%#":
        words = words.replace(special, "\\" + special)
    for sign, page in (("<=", r"\leq"), (">=", r"\geq"), ("<", "<"), (">", ">"), ("~", r"\approx")):
        words = words.replace(sign, f"${page}$")
    return words.replace("^", r"\^{}")


Kind = Literal["sum", "product", "atom"]


@dataclass(frozen=True)
class Shown:
    """An expression together with how a page shows it."""

    expression: Any
    latex: str
    text: str
    kind: Kind = "atom"

    def __str__(self) -> str:
        return self.text

    def bracketed(self, kinds: tuple[Kind, ...]) -> "Shown":
        """The same in brackets, if it is of one of these kinds."""
        if self.kind not in kinds:
            return self
        page = rf"\left({self.latex}\right)"
        return Shown(self.expression, page, f"({self.text})")


def shown(part: Any) -> Shown:
    """A formula as SymPy prints it, unless it is already laid out."""
    if isinstance(part, Shown):
        return part
    e = sympify(part)
    kind: Kind = "sum" if e.is_Add else "product" if e.is_Mul or e.has(Sum) else "atom"
    return Shown(e, tex(e), readable(e), kind)


def terms(*parts: Any) -> Shown:
    """A sum, in this order; a part may begin with a minus sign."""
    items = [shown(p) for p in parts]

    def joined(texts: list[str]) -> str:
        first, *rest = texts
        return first + "".join(f" - {t[1:].lstrip()}" if t[0] == "-" else f" + {t}" for t in rest)

    return Shown(
        Add(*(a.expression for a in items)),
        joined([a.latex for a in items]),
        joined([a.text for a in items]),
        "sum" if len(items) > 1 else items[0].kind,
    )


def minus(part: Any) -> Shown:
    """A term to subtract."""
    a = shown(part).bracketed(("sum",))
    return Shown(-a.expression, f"-{a.latex}", f"-{a.text}", "product")


def ratio(above: Any, below: Any) -> Shown:
    """A fraction."""
    a, b = shown(above), shown(below)
    text = f"{a.bracketed(('sum',)).text}/{b.bracketed(('sum', 'product')).text}"
    return Shown(a.expression / b.expression, rf"\frac{{{a.latex}}}{{{b.latex}}}", text, "product")


def times(*parts: Any) -> Shown:
    """A product, in this order; sums get brackets."""
    items = [shown(p).bracketed(("sum",)) for p in parts]
    return Shown(
        Mul(*(a.expression for a in items)),
        r"\,".join(a.latex for a in items),
        " ".join(a.text for a in items),
        "product",
    )


def power(base: Any, exponent: Any) -> Shown:
    """A power."""
    b, e = shown(base).bracketed(("sum", "product")), shown(exponent)
    text = f"{b.text}^{e.bracketed(('sum', 'product')).text}"
    return Shown(b.expression**e.expression, rf"{b.latex}^{{{e.latex}}}", text)


def root(part: Any) -> Shown:
    """A square root."""
    a = shown(part)
    return Shown(sqrt(a.expression), rf"\sqrt{{{a.latex}}}", f"sqrt({a.text})")


def product(factor: Any, index: Any, low: Any, high: Any) -> Shown:
    """A factor at every index of a range, multiplied."""
    a = shown(factor).bracketed(("sum",))
    ends = rf"{tex(index)}={tex(low)}", tex(high)
    return Shown(
        FiniteProduct(a.expression, (index, low, high)),
        rf"\prod_{{{ends[0]}}}^{{{ends[1]}}} {a.latex}",
        f"prod_{{{index}={readable(low)}..{readable(high)}}} {a.text}",
        "product",
    )


def smaller(*parts: Any) -> Shown:
    """The least of several formulas."""
    return _extreme(Min, "min", parts)


def larger(*parts: Any) -> Shown:
    """The largest of several formulas."""
    return _extreme(Max, "max", parts)


def _extreme(of: Any, name: str, parts: Any) -> Shown:
    items = [shown(p) for p in parts]
    inside = r",\ ".join(a.latex for a in items)
    return Shown(
        of(*(a.expression for a in items)),
        rf"\{name}\left\{{{inside}\right\}}",
        f"{name}({', '.join(a.text for a in items)})",
    )
