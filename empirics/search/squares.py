"""A quadratic form with symbols in it as a sum of weighted squares, by completing them in turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, permutations
from typing import Any

from sympy import Add, cancel, count_ops, factor

from empirics.search.system import System, Terms
from theory.hilbert import Inner

ORDERS = 24  # of completing the squares

Squares = tuple[tuple[Any, Any], ...]  # (vector, weight)


def completed(system: System, left: Terms) -> list[Squares]:
    """The ways to write what is left as weighted squares of vectors, the simplest first."""
    found: dict[frozenset[Any], Squares] = {}
    for order in _orders(system.vectors):
        squares = _in_order(order, {m: left[m] for m in system.entries})
        if squares is not None:
            found.setdefault(frozenset(squares), squares)
    return sorted(found.values(), key=lambda s: sum(count_ops(v) + count_ops(w) for v, w in s))


def _orders(vectors: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Each vector comes first in some order, however many there are."""
    for start in range(len(vectors)):
        yield (*vectors[start:], *vectors[:start])
    yield from islice(permutations(vectors), ORDERS)


def _in_order(order: Sequence[Any], form: Terms) -> Squares | None:
    """Complete the square of each vector in turn; None where one is missing."""
    rest, squares = dict(form), []
    for place, a in enumerate(order):
        later = order[place + 1 :]
        weight = rest.get(Inner(a, a), 0)
        if weight == 0:
            if any(rest.get(Inner(a, b), 0) != 0 for b in later):
                return None
            continue
        shares = {b: cancel(rest.get(Inner(a, b), 0) / (2 * weight)) for b in later}
        for i, b in enumerate(later):
            for c in later[i:]:
                twice = 1 if b == c else 2
                rest[Inner(b, c)] = cancel(
                    rest.get(Inner(b, c), 0) - twice * weight * shares[b] * shares[c]
                )
        squares.append((a + Add(*(s * b for b, s in shares.items())), factor(weight)))
    return tuple(squares)
