r"""A vector equation put to use in a claim about inner products, by pairings found by itself.

An equation u = v holds against every vector, <u, w> = <v, w>, so |u|^2 = |v|^2. If u is an atom,
these remove it from an expression A |u|^2 + <u, b> + c: A times the second and, for each part of
b, the first. What remains is the expression with v for u. Not trusted: the kernel checks each.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sympy import Add, Mul, Sum, sympify

from theory import kernel
from theory.algebra import normal
from theory.claims import eq
from theory.hilbert import Inner, Scalar, Vector, VectorLike, components, squared_norm
from theory.kernel import Fact, StepError

PASSES = 8  # equations may need one another: x_{t+2} by x_{t+1}, x_{t+1} by x_t


class Equation:
    """An equation between vectors, solved for an atom that occurs nowhere else in it.

    Raises StepError if there is none, as in a x = b grad F(x) with a and b not numbers.
    """

    def __init__(self, fact: Fact) -> None:
        self.fact = fact
        claim = fact.claim
        parts = components(normal(claim.left - claim.right))
        for atom in (a for _, a in [*components(claim.left), *components(claim.right)]):
            slope = [c for c, part in parts if part == atom]
            alone = not any(part != atom and part.has(atom) for _, part in parts)
            if isinstance(atom, Vector) and alone and slope and slope[0].is_Rational:
                self.atom, self.slope = atom, slope[0]
                self.value = atom - (claim.left - claim.right) / self.slope
                return
        raise StepError(f"{fact} cannot be solved for one of its vectors")

    @property
    def squared(self) -> Fact:
        """|atom|^2 = |value|^2."""
        return _squared(self.fact, self.atom, self.value, self.slope)

    def without_atom(self, e: Scalar, square: Scalar, linear: VectorLike) -> Scalar:
        """A |atom|^2 + <atom, b> + c with the value for the atom."""
        both = square * (self.atom + self.value) + linear
        return normal(e - Inner(self.atom - self.value, both))


def inserted(e: Scalar, equations: Sequence[Equation]) -> Scalar:
    """The expression with each equation's value for its atom in inner products."""
    for equation, square, linear in _insertions(e, equations):
        e = equation.without_atom(e, square, linear)
    return e


def pairings(e: Scalar, equations: Sequence[Equation]) -> list[tuple[Fact, Any]]:
    """The facts, with multipliers, whose sum turns e into `inserted`."""
    found: list[tuple[Fact, Any]] = []
    for equation, square, linear in _insertions(e, equations):
        if square != 0:
            found.append((equation.squared, -square))
        sizes: dict[Any, Any] = {}
        for number, part in components(linear):
            sizes[part] = sizes.get(part, 0) + number
        found += [(_paired(equation.fact, a), -c / equation.slope) for a, c in sizes.items()]
    return found


@lru_cache(maxsize=1024)
def _paired(fact: Fact, vector: VectorLike) -> Fact:
    """<left, vector> = <right, vector>."""
    return kernel.pair(fact, vector, label=fact.label)


@lru_cache(maxsize=1024)
def _squared(fact: Fact, atom: VectorLike, value: VectorLike, slope: Any) -> Fact:
    """|atom|^2 = |value|^2."""
    whole = kernel.pair(fact, atom + value, label=fact.label)
    claim = eq(squared_norm(atom), squared_norm(value))
    label = f"{fact.label}, squared" if fact.label else "squared"
    return kernel.combine(claim, (whole, 1 / slope), label=label)


def _insertions(
    e: Scalar, equations: Sequence[Equation]
) -> Iterator[tuple[Equation, Scalar, VectorLike]]:
    for _ in range(PASSES):
        changed = False
        for equation in equations:
            square, linear = _in_atom(normal(e), equation.atom)
            linear = normal(linear)
            if square != 0 or linear != 0:
                yield equation, square, linear
                e = equation.without_atom(e, square, linear)
                changed = True
        if not changed:
            return


def _in_atom(e: Scalar, atom: Vector) -> tuple[Scalar, VectorLike]:
    """A and b of an expression A |atom|^2 + <atom, b> + c, also where these stand inside sums."""
    square, linear = sympify(0), sympify(0)
    for term in Add.make_args(e):
        for part in Mul.make_args(term):
            rest = term / part
            if isinstance(part, Inner) and atom in part.args:
                if part.args[0] == part.args[1]:
                    square += rest
                else:
                    linear += rest * part.args[part.args[0] == atom]
            elif isinstance(part, Sum) and part.has(Inner) and part.has(atom):
                inside = _in_atom(part.function, atom)
                square += rest * (Sum(inside[0], *part.limits) if inside[0] != 0 else 0)
                linear += rest * (Sum(inside[1], *part.limits) if inside[1] != 0 else 0)
    return normal(square), linear
