r"""Squares gathered again, for the eye: inner products expand by themselves, pages show them whole.

>>> from theory.hilbert import fixed, grad, iterate, squared_norm
>>> from theory.symbols import eta, t
>>> x, star = iterate("x"), fixed("x_star")
>>> print(gathered(squared_norm(x(t) - star - eta(t)*grad("F", x(t)))))
eta(t)**2*|grad F(x[t])|^2 - 2*eta(t)*<grad F(x[t]), x[t] - x_star> + |x[t] - x_star|^2

Only printing uses this: what it returns is not expanded further, and nothing is proved from it.
"""

from collections.abc import Iterator
from typing import Any

from sympy import Add, Expr, Mul, gcd_list, sign

from theory.hilbert import Direction, Fixed, Gradient, Inner, Iterate, Noise, VectorLike, components

Form = dict[Any, Any]  # a quadratic form: the coefficient of each inner product of two atoms
LONG = 4  # terms
KINDS = (Iterate, Direction, Fixed, Gradient, Noise)  # their order in a sum


class Gathered(Expr):
    """``Gathered(u, v)``: the inner product of two sums of atoms, not expanded."""

    is_commutative = True
    is_real = True

    def _sympystr(self, printer: Any) -> str:
        u, v = (written(a, printer._print, "*") for a in self.args)
        return f"|{u}|^2" if self.args[0] == self.args[1] else f"<{u}, {v}>"


def written(vector: VectorLike, write: Any, times: str) -> str:
    """A sum of vectors as text, iterates first, those with a minus sign last."""
    sizes: dict[Any, Any] = {}
    for number, atom in components(vector):
        sizes[atom] = sizes.get(atom, 0) + number
    parts = [(c.could_extract_minus_sign(), a, c) for a, c in sizes.items() if c != 0]
    text = ""
    for negative, atom, number in sorted(parts, key=lambda part: (part[0], *_place(part[1]))):
        size = -number if negative else number
        factor = f"({write(size)}){times}" if size.is_Add else f"{write(size)}{times}"
        joint = ("-" if negative else "") if not text else " - " if negative else " + "
        text += joint + ("" if size == 1 else factor) + write(atom)
    return text or "0"


def gathered(expression: Any) -> Any:
    """The expression with its inner products taken together where that makes them fewer."""
    e = expression
    if not isinstance(e, Expr) or isinstance(e, Inner) or not e.has(Inner):
        return e
    if not e.is_Add:
        return _spread(e.func(*(gathered(a) for a in e.args)))
    groups: dict[Any, Form] = {}
    others = []
    for term in e.args:
        inner = [a for a in Mul.make_args(term) if isinstance(a, Inner)]
        if len(inner) != 1:
            others.append(gathered(term))
            continue
        number, rest = (term / inner[0]).as_coeff_Mul()
        groups.setdefault(rest, {})[inner[0]] = number
    parts = [number * rest * part for rest, form in groups.items() for number, part in _parts(form)]
    return Add(*others, *parts)


def _spread(e: Any) -> Any:
    """A product with one long sum, multiplied out: a long fraction has no place to break."""
    sums = [a for a in Mul.make_args(e) if a.is_Add]
    if len(sums) != 1 or len(sums[0].args) < LONG:
        return e
    return Add(*(e / sums[0] * term for term in sums[0].args))


def _parts(form: Form) -> Iterator[tuple[Any, Any]]:
    """A quadratic form as a sum of numbers times inner products."""
    rest = dict(form)
    atoms = sorted({a for inner in form for a in inner.args}, key=_place)
    if len(atoms) > 2:
        yield from _square(atoms, rest)
    for inner in sorted(form, key=str):
        yield from _square_of_two(inner, rest)
    for atom in atoms:
        yield from _difference_of_squares(atom, rest)
    yield from _common_factors(rest)
    yield from ((number, inner) for inner, number in rest.items())


def _square(atoms: list[Any], rest: Form) -> Iterator[tuple[Any, Any]]:
    """The form as number |v|^2, if that is what it is."""
    first = atoms[0]
    number = rest.get(Inner(first, first), 0)
    if number == 0:
        return
    v = first + Add(*(rest.get(Inner(first, a), 0) / (2 * number) * a for a in atoms[1:]))
    square = number * Inner(v, v)
    if square == Add(*(c * inner for inner, c in rest.items())):
        rest.clear()
        yield number, Gathered(v, v)


def _square_of_two(inner: Any, rest: Form) -> Iterator[tuple[Any, Any]]:
    """Take |a + b|^2 or |a - b|^2 out of the form, for a product <a, b>."""
    a, b = sorted(inner.args, key=_place)
    own, other = Inner(a, a), Inner(b, b)
    if a == b or not {inner, own, other} <= set(rest):
        return
    number = sign(rest[own]) * abs(rest[inner]) / 2
    if any(rest[square] / number < 1 for square in (own, other)):
        return
    v = a + sign(rest[inner]) * sign(number) * b
    _take(rest, {own: number, other: number, inner: rest[inner]})
    yield number, Gathered(v, v)


def _difference_of_squares(atom: Any, rest: Form) -> Iterator[tuple[Any, Any]]:
    """Take |a - c|^2 - |b - c|^2 out of the form, where |c|^2 has cancelled, for a given c."""
    squares = {  # a: (number, sign of c in a + c or a - c)
        a: (rest[Inner(a, a)], sign(number / rest[Inner(a, a)]))
        for a, number in _row(atom, rest).items()
        if abs(number) == 2 * abs(rest.get(Inner(a, a), 0))
    }
    for a, (number, joint) in squares.items():
        partner = next((b for b in squares if squares[b] == (-number, joint)), None)
        if (
            number > 0
            and partner is not None
            and Inner(a, a) in rest
            and Inner(partner, partner) in rest
        ):
            for b, size in ((a, number), (partner, -number)):
                _take(rest, {Inner(b, b): size, Inner(b, atom): 2 * size * joint})
                v = b + joint * atom
                yield size, Gathered(v, v)


def _common_factors(rest: Form) -> Iterator[tuple[Any, Any]]:
    """Take <a + b, c + d> out of the form, for the atom in most products first."""
    while True:
        cross = [inner for inner in rest if inner.args[0] != inner.args[1]]
        often = [a for inner in cross for a in inner.args]
        atom = min(often, key=lambda a: (-often.count(a), *_place(a)), default=None)
        if atom is None or often.count(atom) < 2:
            return
        row = _row(atom, rest)
        number = gcd_list(list(row.values())) * sign(row[min(row, key=_place)])
        v = Add(*(c / number * a for a, c in row.items()))
        u = atom
        _take(rest, {Inner(atom, a): c for a, c in row.items()})
        for other in sorted(set(often) - {atom, *row}, key=_place):
            again = _row(other, rest)
            ratios = {again.get(a, 0) / c for a, c in row.items()}
            if len(ratios) == 1 and 0 not in ratios:
                u += ratios.pop() * other
                _take(rest, {Inner(other, a): again[a] for a in row})
        yield number, Gathered(u, v)


def _row(atom: Any, form: Form) -> Form:
    """What an atom is multiplied with, other than itself."""
    own = [(*inner.args, c) for inner, c in form.items() if atom in inner.args]
    return {(b if a == atom else a): c for a, b, c in own if a != b}


def _take(rest: Form, part: Form) -> None:
    for inner, number in part.items():
        rest[inner] -= number
        if rest[inner] == 0:
            del rest[inner]


def _place(atom: Any) -> tuple[int, int, str]:
    """Iterates before fixed points before gradients; the present one before those computed."""
    kind = next((place for place, k in enumerate(KINDS) if isinstance(atom, k)), len(KINDS))
    return kind, len(str(atom)), str(atom)
