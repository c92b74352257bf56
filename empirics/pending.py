"""Updates on their way to caches: for every iteration to come, the sum of what arrives then."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array
from empirics.schedules.base import Delays
from empirics.sparse import in_place


class Pending:
    """The sums of lanes x workers caches over the iterations t + 1, ..., t + 1 + s.

    Lanes come first in memory: all that the workers of one replica send each other lies together,
    a few kilobytes that stay in the first cache while its messages are added one by one. The sums
    are negative, x_q^{t+1} = x_q^t + (0 - u - u' - ...), in the order of iterations, then sources:
    with one message an iteration that is x - u to the last bit.
    """

    def __init__(self, lanes: int, workers: int, longest: int, dim: int) -> None:
        self._slots = longest + 1  # a message with r = s takes the slot that was just emptied
        self._sums = np.zeros((lanes, self._slots, workers, dim))
        self._due = [self._sums[:, slot] for slot in range(self._slots)]
        at, ahead = np.arange(self._slots), np.arange(self._slots)[:, None] + 1
        self._rows_of = list((at + ahead) % self._slots * workers)  # by t: the first row for each r
        lane, destination = np.arange(lanes)[:, None, None], np.arange(workers)
        start = lane * (self._slots * workers) + destination
        self._starts = np.broadcast_to(start, (lanes, workers, workers)).copy()
        self._rows = np.empty_like(self._starts)
        self._add = adder(lanes * self._slots * workers, lanes * workers, workers, dim)

    def arrive(self, t: int, x: Array) -> None:
        """Add to the caches x, (lanes, workers, dim), what is due at the start of iteration t."""
        due = self._due[t % self._slots]
        np.add(x, due, out=x)
        due[...] = 0

    def send(self, t: int, r: Delays, u: Array) -> None:
        """Send the updates of iteration t, (lanes, workers, dim), after `arrive` at t.

        r are the extra delays, (lanes, source, destination).
        """
        self._rows_of[t % self._slots].take(r, out=self._rows, mode="wrap")
        np.add(self._rows, self._starts, out=self._rows)
        self._add(self._rows.reshape(-1), u.reshape(-1), self._sums.reshape(-1))


def adder(
    rows: int, columns: int, each: int, dim: int
) -> Callable[[NDArray[np.int64], Array, Array], None]:
    """A function (where, u, sums) that subtracts row c of u from the rows where[c] of the sums.

    where, `each` row numbers for every one of the columns; u, (columns, dim), and sums,
    (rows, dim), all flat. It is the product with a sparse matrix of -1, which SciPy has in
    compiled code: the function behind its operator adds in place and is more than twice as fast,
    but private; should it be gone, the operator does the same up to rounding.
    """
    begins = np.arange(0, columns * each + 1, each)
    minus = np.full(columns * each, -1.0)
    compiled = in_place()
    if compiled is not None:
        return lambda where, u, sums: compiled(rows, columns, dim, begins, where, minus, u, sums)
    from scipy.sparse import csc_array

    def add(where: NDArray[np.int64], u: Array, sums: Array) -> None:
        matrix = csc_array((minus, where, begins), shape=(rows, columns))
        sums += (matrix @ u.reshape(columns, dim)).reshape(-1)

    return add
