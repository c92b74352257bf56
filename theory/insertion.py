r"""A vector equation put to use in a claim about inner products: one pairing, found by itself.

An equation u = v holds against every vector, <u - v, w> = 0. If u is an atom, the w that removes it
from an expression A |u|^2 + <u, b> + c is A (u + v) + b, and what remains is the expression with v
for u. Not trusted: the kernel checks the pairing (`kernel.pair`).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sympy import Add, Mul, Sum, sympify

from theory import kernel
from theory.algebra import normal
from theory.hilbert import Inner, Scalar, Vector, VectorLike, components
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

    def partner(self, e: Scalar) -> VectorLike:
        """The w with e = <atom - value, w> + (e with the value for the atom); 0 if it is absent."""
        square, linear = _in_atom(normal(e), self.atom)
        return square * (self.atom + self.value) + linear


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
    return square, linear


def inserted(e: Scalar, equations: Sequence[Equation]) -> Scalar:
    """The expression with each equation's value for its atom in inner products."""
    for equation, w in _insertions(e, equations):
        e = normal(e - Inner(equation.atom - equation.value, w))
    return e


def pairings(e: Scalar, equations: Sequence[Equation]) -> list[tuple[Fact, Any]]:
    """The facts <atom - value, w> = 0 with multipliers, whose sum turns e into `inserted`."""
    return [
        (kernel.pair(equation.fact, w, label="inserted"), -1 / equation.slope)
        for equation, w in _insertions(e, equations)
    ]


def _insertions(e: Scalar, equations: Sequence[Equation]) -> Iterator[tuple[Equation, VectorLike]]:
    for _ in range(PASSES):
        changed = False
        for equation in equations:
            w = normal(equation.partner(e))
            if w != 0:
                yield equation, w
                e = normal(e - Inner(equation.atom - equation.value, w))
                changed = True
        if not changed:
            return
