r"""Vectors of one abstract Hilbert space, as SymPy expressions, and their inner product.

A vector is a linear combination of *atoms*: iterates ``x(k)``, noises ``xi(k)``, directions
``g(k)``, fixed points and gradients ``grad(f, x(k))``. `Inner` is bilinear and symmetric and
expands by itself, so that every scalar of a proof is a polynomial in inner products of atoms,
printed ``<u, v>`` and ``|u|^2``. With noise the space is that of square-integrable random vectors
and ``Inner(u, v)`` is the expected inner product ``E<u, v>``; likewise ``Value(f, x)`` is
``E f(x)``.

>>> from theory.symbols import k, eta
>>> x, xi = iterate("x"), noise("xi")
>>> Inner(x(k) + eta(k)*xi(k), x(k))
eta(k)*<x[k], xi[k]> + |x[k]|^2

Each atom knows when it becomes known (`known_at`): ``x(k)`` and its gradient are known before
``xi(k)`` is drawn, ``xi(k)`` only after.

>>> known_at(grad("F", x(k))), known_at(xi(k))
([k], [k + 1])
"""

from collections.abc import Callable
from typing import Any

from sympy import Add, Dummy, Expr, Mul, Sum, default_sort_key, expand, sympify
from sympy.core.symbol import Str

Scalar = Any  # a SymPy expression without bare vectors
VectorLike = Any  # a SymPy expression, linear in vector atoms


class Vector(Expr):
    """An atom of the Hilbert space; the subclasses say which."""

    is_commutative = True
    is_vector = True

    def __new__(cls, *args: Any) -> "Vector":
        return super().__new__(cls, *(sympify(a) for a in args))

    def _sympystr(self, printer: Any) -> str:
        name, *rest = (printer._print(a) for a in self.args)
        return f"{name}[{', '.join(rest)}]" if rest else str(name)


class Iterate(Vector):
    """``Iterate(name, k)``: a point computed from the noises drawn before time k."""


class Noise(Vector):
    """``Noise(name, k)``: drawn at time k, after the iterate of that index."""


class Direction(Vector):
    """``Direction(name, k)``: what is applied at update k, known once its noise is drawn."""


class Fixed(Vector):
    """``Fixed(name)``: known from the start, such as a minimiser."""


class Gradient(Vector):
    """``Gradient(f, point)``: the gradient of f there."""

    def _sympystr(self, printer: Any) -> str:
        return f"grad {printer._print(self.args[0])}({printer._print(self.args[1])})"


class Partial(Vector):
    """``Partial(f, i, point)``: the gradient there in the coordinates of block i, 0 elsewhere."""

    def _sympystr(self, printer: Any) -> str:
        f, i, point = (printer._print(a) for a in self.args)
        return f"grad_{i} {f}({point})"


class Running(Vector):
    """``Running(k, v)``: the vector v while a run that may stop goes on at time k, after that 0."""

    def _sympystr(self, printer: Any) -> str:
        return f"(running[{printer._print(self.args[0])}] {printer._print(self.args[1])})"


class Value(Expr):
    """``Value(f, point)``: the expected value E f(point), a real number."""

    is_commutative = True
    is_real = True

    def __new__(cls, f: Any, point: Any) -> "Value":
        return super().__new__(cls, sympify(f), expand(sympify(point)))

    def _sympystr(self, printer: Any) -> str:
        return f"{printer._print(self.args[0])}({printer._print(self.args[1])})"


def iterate(name: str) -> Callable[[Any], VectorLike]:
    """The family of iterates of that name: ``x = iterate("x")``, then ``x(k)``."""
    return lambda index: Iterate(Str(name), index)


def noise(name: str) -> Callable[[Any], VectorLike]:
    """The family of noises of that name: ``xi = noise("xi")``, then ``xi(k)``."""
    return lambda index: Noise(Str(name), index)


def direction(name: str) -> Callable[[Any], VectorLike]:
    """The family of directions of that name: ``g = direction("g")``, then ``g(k)``."""
    return lambda index: Direction(Str(name), index)


def fixed(name: str) -> VectorLike:
    """A vector that is not random."""
    return Fixed(Str(name))


def grad(f: str, point: VectorLike) -> VectorLike:
    """The gradient of the function called f at a point."""
    return Gradient(Str(f), expand(sympify(point)))


def partial_grad(f: str, block: Any, point: VectorLike) -> VectorLike:
    """The gradient of the function called f at a point, in the coordinates of one block."""
    return Partial(Str(f), block, expand(sympify(point)))


def running(index: Any, vector: VectorLike) -> VectorLike:
    """A combination of atoms while a run goes on; 1_k is known with the iterate of index k."""
    parts = components(vector)
    if any(isinstance(part, Sum) for _, part in parts):
        raise TypeError(f"a combination of single vectors is needed, got {vector}")
    return Add(*(number * Running(index, part) for number, part in parts))


def value(f: str, point: VectorLike) -> Scalar:
    """The expected value of the function called f at a point."""
    return Value(Str(f), point)


def is_scalar(expression: Any) -> bool:
    """Whether no vector stands outside an inner product, a gradient or a value."""
    e = sympify(expression)
    if isinstance(e, Vector):
        return False
    if isinstance(e, Inner | Value):
        return True
    return all(is_scalar(a) for a in e.args if isinstance(a, Expr))


def components(vector: VectorLike) -> list[tuple[Scalar, VectorLike]]:
    """``[(coefficient, atom or Sum of a vector), ...]``.

    Raises TypeError if the expression is not linear in vector atoms.
    """
    pairs: list[tuple[Scalar, VectorLike]] = []
    for term in Add.make_args(expand(sympify(vector))):
        if term == 0:
            continue
        factors = Mul.make_args(term)
        bare = [a for a in factors if not is_scalar(a)]
        if len(bare) != 1 or not isinstance(bare[0], Vector | Sum):
            raise TypeError(f"a vector must be linear in its atoms, got the term {term}")
        pairs.append((Mul(*(a for a in factors if a is not bare[0])), bare[0]))
    return pairs


class Inner(Expr):
    """The (expected) inner product, expanded into inner products of atoms."""

    is_commutative = True
    is_real = True

    def __new__(cls, u: VectorLike, v: VectorLike) -> Any:
        u, v = sympify(u), sympify(v)
        if isinstance(u, Vector) and isinstance(v, Vector):
            first, second = sorted((u, v), key=default_sort_key)
            return super().__new__(cls, first, second)
        return Add(*(a * b * _of_parts(p, q) for a, p in components(u) for b, q in components(v)))

    def _sympystr(self, printer: Any) -> str:
        u, v = (printer._print(a) for a in self.args)
        return f"|{u}|^2" if self.args[0] == self.args[1] else f"<{u}, {v}>"


def _of_parts(u: VectorLike, v: VectorLike) -> Scalar:
    """Inner product of two parts, each an atom or the Sum of a vector."""
    if isinstance(u, Sum):
        summand, limits = _fresh(u)
        return Sum(Inner(summand, v), limits)
    if isinstance(v, Sum):
        return _of_parts(v, u)
    return Inner(u, v)


def _fresh(total: Any) -> tuple[Any, Any]:
    """Summand and limits of the outermost sum, under an index that occurs nowhere else."""
    *inner, (index, low, high) = total.limits
    if index in (limits[0] for limits in inner):
        raise TypeError(f"a double sum of vectors runs over two indices, got {total}")
    new = Dummy(index.name, integer=True)
    summand = Sum(total.function, *inner) if inner else total.function
    return summand.xreplace({index: new}), (new, low, high)


def squared_norm(v: VectorLike) -> Scalar:
    """``|v|^2 = Inner(v, v)``."""
    return Inner(v, v)


def known_at(vector: VectorLike) -> list[Scalar]:
    """The times by which the parts of a vector are known, one for each random atom.

    For a sum over an index i <= b the time is written with ``i = b - slack``, slack >= 0.
    """
    times: list[Scalar] = []
    for _, part in components(vector):
        match part:
            case Sum():
                if len(part.limits) != 1 or part.function.has(Sum):
                    raise TypeError(f"a sum of single vectors over one index is needed, got {part}")
                index, _, high = part.limits[0]
                slack = Dummy("slack", integer=True, nonnegative=True)
                times += known_at(part.function.xreplace({index: high - slack}))
            case Iterate():
                times.append(part.args[1])
            case Noise() | Direction():
                times.append(part.args[1] + 1)
            case Gradient():
                times += known_at(part.args[1])
            case Partial():
                times += known_at(part.args[2])
            case Running():
                times += [part.args[0], *known_at(part.args[1])]
            case Fixed():
                pass
            case _:
                raise TypeError(f"when {part} becomes known is not said")
    return times


def sums_in(vector: VectorLike) -> list[Any]:
    """The sums of vectors among the parts of a vector, and in the points of its gradients."""
    found: list[Any] = []
    for _, part in components(vector):
        match part:
            case Sum():
                found.append(part)
            case Gradient() | Partial():
                found += sums_in(part.args[-1])
    return found
