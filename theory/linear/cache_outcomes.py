"""All that can happen to the messages of one iteration of worker caches, outcome by outcome."""

from itertools import product
from typing import Any

from sympy import Integer, cancel, zeros

from theory.linear.independent import a
from theory.linear.steps import Outcome


def iterations(law: tuple[Any, ...], workers: int, *, shared: bool) -> tuple[Outcome, ...]:
    """The outcomes of an iteration of (y, what is still on its way to whom).

    y is a cache as if everything had arrived; it is the same for all, which leaves no direction
    in which nothing pulls back. Raises ValueError if there is no worker, or the chances of the law
    do not sum to 1.
    """
    if workers < 1 or cancel(sum(law) - 1) != 0:
        raise ValueError(
            f"iterations of caches need a worker and chances that sum to 1, got {workers} and {law}"
        )
    longest = len(law) - 1
    size = 1 + workers * longest
    copies = cached(longest, workers)
    still = zeros(size, size)
    still[0, 0] = 1
    for q in range(workers):
        for left in range(1, longest):
            still[_place(q, left, longest), _place(q, left + 1, longest)] = 1
    found = []
    messages = workers if shared else workers**2
    for draw in product(range(longest + 1), repeat=messages):
        added = zeros(size, workers)
        for sender, q in product(range(workers), repeat=2):
            extra = draw[sender if shared else sender * workers + q]
            if extra:
                added[_place(q, extra, longest), sender] = 1
        for sender in range(workers):
            added[0, sender] = -1
        chance = Integer(1)
        for extra in draw:
            chance *= law[extra]
        if chance != 0:
            moved = still + a * added * copies
            found.append(Outcome(chance=chance, matrix=moved, noise=added))
    return tuple(found)


def cached(longest: int, workers: int) -> Any:
    """The caches as rows over the state of `iterations`: y without what is still on its way."""
    rows = zeros(workers, 1 + workers * longest)
    for q in range(workers):
        rows[q, 0] = 1
        for left in range(1, longest + 1):
            rows[q, _place(q, left, longest)] = 1
    return rows


def _place(cache: int, left: int, longest: int) -> int:
    return 1 + cache * longest + left - 1


def apart(law: tuple[Any, ...]) -> Any:
    """E|r - r'|."""
    ages = range(len(law))
    return sum(law[i] * law[j] * abs(i - j) for i in ages for j in ages)
