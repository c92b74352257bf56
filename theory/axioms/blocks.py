"""Gradients in blocks of coordinates: the partial gradient of a block, as a vector of the space.

``Partial(f, i, x)`` is the gradient of f at x with all coordinates outside block i set to 0; blocks
are counted i = 1, ..., B, and a block that does not exist has the partial gradient 0.
"""

from typing import Any

from sympy import Lambda, Sum, Symbol, sympify
from sympy.core.symbol import Str

from theory.algebra import Within, bound_index
from theory.axioms.base import NESTEROV, Instance, axiom, need_integers, need_numbers
from theory.claims import Property, eq, le
from theory.hilbert import Gradient, Inner, Partial, VectorLike, squared_norm


def in_blocks(f: Any, count: Any) -> Property:
    """The property "the coordinates fall into so many blocks"."""
    return Property("blocks", (sympify(f), sympify(count)))


_OWN = bound_index(1000)  # the block, in a property of all blocks; no formula contains this name


def block_smooth(f: Any, index: Symbol, constant: Any) -> Property:
    """The property "the partial gradient of block i is L_i-Lipschitz", L_i a formula of i."""
    return Property("block smooth", (sympify(f), Lambda(_OWN, constant.xreplace({index: _OWN}))))


@axiom(
    "grad f(x) = sum_{i=1}^{B} grad_i f(x)",
    "definition of the partial gradients",
    "each coordinate lies in exactly one block",
)
def block_sum(f: str, count: Any, index: Symbol, x: VectorLike) -> Instance:
    name = Str(f)
    need_integers(index, count)
    if index in sympify(x).free_symbols | sympify(count).free_symbols:
        raise TypeError(f"all blocks are taken at one point, but {x} depends on {index}")
    total = Sum(Partial(name, index, x), (index, 1, count))
    return Instance(eq(Gradient(name, x), total), (), frozenset({in_blocks(name, count)}))


@axiom(
    "<grad_i f(x), grad_k f(y)> = [k = i] <grad_i f(x), grad_k f(y)>",
    "definition of the partial gradients",
    "vectors without a common coordinate are orthogonal, whatever the points are",
)
def blocks_orthogonal(
    f: str, count: Any, first: Any, x: VectorLike, second: Any, y: VectorLike
) -> Instance:
    name = Str(f)
    need_integers(first, second)
    product = Inner(Partial(name, first, x), Partial(name, second, y))
    claim = eq(product, Within(second, first, first) * product)
    return Instance(claim, (), frozenset({in_blocks(name, count)}))


@axiom(
    "|grad_i f(x) - grad_i f(y)|^2 <= L_i^2 |x - y|^2",
    f"the definition of blockwise smoothness; for one block {NESTEROV}, Section 1.2.2",
    "the partial gradient of block i is L_i-Lipschitz in all coordinates",
)
def lipschitz_partial(
    f: str, index: Symbol, constant: Any, x: VectorLike, y: VectorLike
) -> Instance:
    name, constant = Str(f), sympify(constant)
    need_integers(index)
    need_numbers(constant)
    change = Partial(name, index, x) - Partial(name, index, y)
    claim = le(squared_norm(change), constant**2 * squared_norm(x - y))
    return Instance(claim, (), frozenset({block_smooth(name, index, constant)}))
