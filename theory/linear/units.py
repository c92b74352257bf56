r"""One normal form for trigonometric expressions in which a delay is a symbol.

Sines and cosines are written by e^{ix}, and an angle such as (tau + 1/2) theta is split into its
terms: e^{i tau theta} and e^{i theta/2} are *independent* unknowns, powers r^tau likewise. What is
left is a quotient of polynomials, and its numerator is 0 or not. If it is 0 the identity holds for
all values of the symbols; independence can only lose identities, never invent one.

>>> from sympy import cos, sin
>>> from theory.symbols import tau_max as tau, theta
>>> vanishes(sin((tau + 1) * theta) - sin(tau * theta) * cos(theta)
...          - cos(tau * theta) * sin(theta))
True

Of constants i = e^{i pi/2} and the minimal polynomial of e^{i pi/D} are known, of an integer n that
e^{i pi n} squares to 1, of a root that its square is what stands under it.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sympy import (
    Add,
    Dummy,
    I,
    Integer,
    Mul,
    Poly,
    Pow,
    Rational,
    Symbol,
    cos,
    cot,
    cyclotomic_poly,
    div,
    exp,
    expand,
    factor,
    factor_list,
    factorint,
    fraction,
    groebner,
    lcm_list,
    pi,
    sin,
    sqrt,
    sympify,
    tan,
    together,
)
from sympy.core.function import AppliedUndef
from sympy.polys.polyerrors import BasePolynomialError

from theory.kernel.facts import StepError


def vanishes(expression: Any, given: tuple[Any, ...] = ()) -> bool:
    """Whether an expression is 0 wherever it is defined and everything `given` is 0.

    True is a proof, False says only that it was not found to be.
    Raises StepError if it cannot be read, or is not defined anywhere.
    """
    return remainder(expression, given) == 0


@lru_cache(maxsize=4096)
def remainder(expression: Any, given: tuple[Any, ...] = ()) -> Any:
    """What is left of the numerator of an expression; 0 proves that the expression is 0."""
    reading = _Reading()
    quotient, *relations = reading.read_all((sympify(expression), *map(sympify, given)))
    above, below = _quotient(quotient)
    known = [*(_quotient(r)[0] for r in relations), *reading.relations()]
    if _reduced(below, known) == 0:
        raise StepError(f"{expression} is not defined: a denominator is 0")
    return reading.words(_reduced(above, known))


def _quotient(e: Any) -> tuple[Any, Any]:
    above, below = fraction(together(e))
    return expand(above), expand(below)


def _reduced(e: Any, known: list[Any]) -> Any:
    """A polynomial modulo others."""
    if e == 0 or not known:
        return e
    gens = sorted(set().union(*(a.free_symbols for a in (e, *known))), key=_late)
    if not gens:
        return e
    try:
        basis = groebner([k for k in known if k != 0], *gens, order="lex")
        return basis.reduce(e)[1]
    except BasePolynomialError as error:
        raise StepError(f"{e} is not a polynomial in what it is made of: {error}") from error


def _late(symbol: Any) -> tuple[bool, str, int]:
    """Roots first: they are eliminated in favour of the rest."""
    return (not symbol.name.startswith("root"), symbol.name, getattr(symbol, "dummy_index", 0))


def _terms(angle: Any) -> tuple[Any, ...]:
    """The terms of an angle; pi tau/(2 tau + 1) is pi/2 - (pi/2)/(2 tau + 1)."""
    above, below = _quotient(angle)
    if not below.free_symbols:
        return tuple(Add.make_args(expand(above / below)))
    gens = sorted(below.free_symbols, key=str)
    try:
        whole, rest = div(Poly(above, *gens, domain="EX"), Poly(below, *gens, domain="EX"))
    except BasePolynomialError as error:
        raise StepError(f"the angle {angle} is not read: {error}") from error
    under = factor(below)
    parts = (expand(whole.as_expr()), *(t / under for t in Add.make_args(expand(rest.as_expr()))))
    return tuple(t for part in parts for t in Add.make_args(part))


@dataclass
class _Reading:
    """The unknowns met so far: units by their angle, powers by base and exponent, roots.

    Units are declared positive so that SymPy adds up their exponents, fractions included; that is
    all it is used for, since moduli and the like are not read.
    """

    units: dict[Any, Any] = field(default_factory=dict)
    powers: dict[Any, Any] = field(default_factory=dict)
    roots: dict[Any, Any] = field(default_factory=dict)
    squares: dict[Any, Any] = field(default_factory=dict)
    fine: dict[Any, tuple[Any, int]] = field(default_factory=dict)

    def read_all(self, expressions: tuple[Any, ...]) -> list[Any]:
        """The expressions as quotients in units of which only whole powers occur."""
        read = [self.read(e) for e in expressions]
        squares: dict[Any, Any] = {}
        while len(squares) < len(self.roots):  # there may be roots under roots
            base, root = next((b, r) for b, r in self.roots.items() if r not in squares)
            squares[root] = self.read(base)
        for angle, unit in self.units.items():
            found = [
                p.exp.q for e in (*read, *squares.values()) for p in e.atoms(Pow) if p.base == unit
            ]
            self.fine[angle] = (Dummy("unit", positive=True), int(lcm_list([Integer(1), *found])))
        change = {self.units[angle]: new**d for angle, (new, d) in self.fine.items()}
        self.squares = {root: under.subs(change) for root, under in squares.items()}
        return [e.subs(change) for e in read]

    def relations(self) -> list[Any]:
        """What is known of the unknowns, as polynomials that are 0."""
        known = []
        for angle, (new, d) in self.fine.items():
            if angle == pi:
                known.append(cyclotomic_poly(2 * d, new))
            elif (angle / pi).is_integer:
                known.append(new ** (2 * d) - 1)
        for root, under in self.squares.items():
            above, below = _quotient(under)
            known.append(expand(below * root**2 - above))
        return known

    def words(self, e: Any) -> Any:
        """A polynomial with the unknowns written as what they stand for."""
        back: dict[Any, Any] = {new: exp(I * angle / d) for angle, (new, d) in self.fine.items()}
        back |= {unknown: base**power for (base, power), unknown in self.powers.items()}
        back |= {root: sqrt(base) for base, root in self.roots.items()}
        return sympify(e).subs(back)

    # ------------------------------------------------------------------ one expression

    def read(self, e: Any) -> Any:
        match e:
            case Rational() | Symbol():
                return e
            case Add() | Mul():
                return e.func(*(self.read(a) for a in e.args))
            case sin():
                u = self.unit(e.args[0])
                return (u - 1 / u) / (2 * self.unit(pi / 2))
            case cos():
                u = self.unit(e.args[0])
                return (u + 1 / u) / 2
            case tan():
                return self.read(sin(e.args[0])) / self.read(cos(e.args[0]))
            case cot():
                return self.read(cos(e.args[0])) / self.read(sin(e.args[0]))
            case exp():
                return self.unit(-I * e.args[0])
            case Pow():
                return self.power(e.base, expand(e.exp))
            case AppliedUndef():
                return self.powers.setdefault((e, Integer(1)), Dummy("value"))
        if e == I:
            return self.unit(pi / 2)
        if e == pi:
            return self.powers.setdefault((pi, Integer(1)), Dummy("pi"))
        raise StepError(f"{e} is nothing that identities are decided for")

    def unit(self, angle: Any) -> Any:
        """e^{i angle}, one unknown for each term of the angle."""
        found = Integer(1)
        for term in _terms(angle):
            coefficient, rest = term.as_coeff_Mul()
            if rest.has(I) or not coefficient.is_Rational:
                raise StepError(f"exp(I*({angle})): only angles without I are read")
            if term != 0:
                found *= self.units.setdefault(rest, Dummy("unit", positive=True)) ** coefficient
        return found

    def power(self, base: Any, exponent: Any) -> Any:
        if exponent.is_Integer:
            return self.read(base) ** exponent
        if exponent == Rational(1, 2) or exponent == -Rational(1, 2):
            return self.root(base) ** (2 * exponent)
        found = Integer(1)
        for term in Add.make_args(exponent):
            coefficient, rest = term.as_coeff_Mul()
            if not coefficient.is_Integer or not (rest.is_integer or rest == 1):
                raise StepError(f"{base}^({exponent}): only whole powers are read")
            found *= self.one_power(base, rest) ** coefficient
        return found

    def root(self, base: Any) -> Any:
        """A square root; those of 2, 3 and 5 are sums of units, as sines of simple angles are."""
        if base.is_Integer and base > 1 and set(factorint(base)) <= {2, 3, 5}:
            found = Integer(1)
            for prime, times in factorint(base).items():
                u = self.unit(pi / {2: 4, 3: 6, 5: 5}[prime])
                one = 2 * (u + 1 / u) - 1 if prime == 5 else u + 1 / u
                found *= one**times
            return found
        return self.roots.setdefault(base, Dummy("root"))

    def one_power(self, base: Any, exponent: Any) -> Any:
        if exponent == 1:
            return self.read(base)
        if isinstance(base, Mul):
            return Mul(*(self.one_power(b, exponent) for b in base.args))
        if isinstance(base, exp):
            return self.unit(-I * base.args[0] * exponent)
        if isinstance(base, Pow) and base.exp.is_integer:
            return self.power(base.base, expand(base.exp * exponent))
        if base == -1:
            return self.unit(pi * exponent)
        if not base.is_rational_function(*base.free_symbols):
            raise StepError(f"{base}^({exponent}): give the base a name and say what it is")
        return self.of_factors(base, exponent)

    def of_factors(self, base: Any, exponent: Any) -> Any:
        """b^n from the factors of b, so that equal powers become one unknown."""
        above, below = fraction(together(base))
        found = Integer(1)
        for part, side in ((above, 1), (below, -1)):
            content, factors = factor_list(part) if part.free_symbols else (part, [])
            content = Rational(content)
            if content < 0:
                found *= self.unit(pi * exponent) ** side
            for prime, times in factorint(abs(content)).items():
                factors = [*factors, (Integer(prime), times)]
            for base_, times in factors:
                found *= self.unknown(base_, exponent) ** (side * times)
        return found

    def unknown(self, base: Any, exponent: Any) -> Any:
        if base == 1:
            return Integer(1)
        return self.powers.setdefault((base, exponent), Dummy("power"))


__all__ = ["remainder", "vanishes"]
