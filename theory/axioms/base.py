"""What an axiom is: a schema with its source, the reason it holds, and its side conditions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sympy import Symbol, sympify

from theory.claims import Assumption, Claim
from theory.hilbert import is_scalar


class Need(NamedTuple):
    """A side condition: ``expression > 0`` (or ``>= 0``) and why it is needed."""

    relation: Literal[">", ">="]
    expression: Any
    why: str


@dataclass(frozen=True)
class Instance:
    """An axiom at given arguments."""

    claim: Claim
    needs: tuple[Need, ...] = ()
    assumptions: frozenset[Assumption] = frozenset()


@dataclass(frozen=True)
class Axiom:
    """A schema with its source and the reason it holds."""

    name: str
    statement: str
    source: str
    reason: str
    instantiate: Callable[..., Instance]


AXIOMS: dict[str, Axiom] = {}


def axiom(statement: str, source: str, reason: str) -> Callable[..., Callable[..., Instance]]:
    def register(instantiate: Callable[..., Instance]) -> Callable[..., Instance]:
        name = instantiate.__name__
        AXIOMS[name] = Axiom(name, statement, source, reason, instantiate)
        return instantiate

    return register


NESTEROV = "Nesterov, Lectures on Convex Optimization (2018)"
ARITHMETIC = "arithmetic of finite sums"


def need_index(index: Any, *ends: Any) -> None:
    if not isinstance(index, Symbol) or not index.is_integer:
        raise TypeError(f"a summation index must be an integer symbol, got {index}")
    need_integers(*ends)


def need_range(index: Any, *ends: Any) -> None:
    need_index(index, *ends)
    for e in ends:
        if index in sympify(e).free_symbols:
            raise TypeError(f"the range of {index} ends at {e}, which depends on {index} itself")


def need_integers(*expressions: Any) -> None:
    for e in expressions:
        if not sympify(e).is_integer:
            raise TypeError(f"the ends of a range are integers, and {e} is not known to be one")


def need_numbers(*expressions: Any) -> None:
    for e in expressions:
        if not is_scalar(e):
            raise TypeError(f"a number is needed, got the vector {e}")
