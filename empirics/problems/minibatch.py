r"""Minibatches: which rows of the data a stochastic gradient is the mean of, and its variance.

Of n rows whose gradients g_i have mean g and scatter V = (1/n) sum |g_i - g|^2, b are picked:

.. math:: E\Big|\frac1b \sum_{i \in B} g_i - g\Big|^2 = \frac{V}{b} \cdot
          \begin{cases} 1 & \text{with replacement} \\
                        \frac{n - b}{n - 1} & \text{without: } b \text{ different rows} \end{cases}

Both are fresh at every step, so the gradient is unbiased whatever happened before. Going through
reshuffled data epoch by epoch is a third way, and is not here: its last minibatch of an epoch is
known before it is drawn, so that no theorem that asks for unbiased gradients would apply.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array, flag, whole

FEW = 64  # rows a minibatch up to which comparing all pairs is faster than looking up
TABLE = 2**24  # bytes of the table in which rows are looked up


@dataclass(frozen=True, kw_only=True)
class Minibatches:
    """How minibatches are drawn.

    Fields: rows = n of the data; size = b of a minibatch; replacement, whether a row may be picked
    twice for one minibatch.

    >>> Minibatches(rows=5, size=5, replacement=False).share
    0.0
    >>> Minibatches(rows=9, size=4, replacement=True).share
    0.25
    """

    rows: int
    size: int
    replacement: bool

    @property
    def share(self) -> float:
        """The variance of a minibatch over that of one row."""
        if self.replacement:
            return 1 / self.size
        return (self.rows - self.size) / (max(self.rows - 1, 1) * self.size)

    def farthest(self, lengths: Array) -> float:
        r"""A bound of |xi| if the gradients of the rows are no longer than `lengths`, (n,).

        .. math:: |\xi| = \Big|\sum_i \Big(\frac{k_i}{b} - \frac1n\Big) g_i\Big|
                        \le \sum_i \Big|\frac{k_i}{b} - \frac1n\Big| |g_i|

        Row i being picked k_i times; the right side is convex in k and so largest at a corner: one
        row every time or, without replacement, the b longest rows or the b shortest.
        """
        n, b = self.rows, self.size
        if self.replacement:
            b = 1
        ordered = np.sort(lengths)
        excess = 1 / b - 2 / n  # what a row that is picked counts more than one that is not
        picked = ordered[n - b :] if excess >= 0 else ordered[:b]
        return float(excess * picked.sum() + ordered.mean())

    def draw(self, generator: np.random.Generator, steps: int, lanes: int) -> NDArray[np.int64]:
        """The places of the rows of each minibatch, (steps, lanes, b); chunk-invariant."""
        if self.replacement:
            return generator.integers(0, self.rows, (steps, lanes, self.size))
        picked = _distinct(generator, steps * lanes, self.rows, self.size)
        return picked.reshape(steps, lanes, self.size)


def minibatches(who: str, rows: int, batch: int, replacement: bool) -> Minibatches:
    """The record after looking at its numbers; raises ValueError, in one sentence, for `who`.

    >>> minibatches("logistic", 10, 11, False)
    Traceback (most recent call last):
    ValueError: logistic needs a batch <= 10, the number of rows, if replacement = False, got 11
    """
    size = whole(who, "batch", batch, 1)
    again = flag(who, "replacement", replacement)
    if not again and size > rows:
        raise ValueError(
            f"{who} needs a batch <= {rows}, the number of rows, if replacement = False, got {size}"
        )
    return Minibatches(rows=rows, size=size, replacement=again)


def _distinct(generator: np.random.Generator, sets: int, n: int, b: int) -> NDArray[np.int64]:
    """Sets of b different numbers below n, each set as likely as any other, (sets, b).

    Floyd's algorithm: for j = n - b, ..., n - 1 draw t <= j, and take j if t is there already. It
    needs b numbers whatever comes, so blocks do not matter. Keys for all n rows, of which the b
    least win, cost 20 times as much at n = 2000, b = 32.

    Source: J. Bentley, R. Floyd, Communications of the ACM 30 (1987) 754-757.
    """
    uniform = generator.random((sets, b))
    uniform *= np.arange(n - b + 1, n + 1)  # < j + 1, as u <= 1 - 2^-53 and products are rounded
    kind = np.int16 if n <= 2**15 else np.int64  # small numbers are compared several times as fast
    columns = np.ascontiguousarray(uniform.T).astype(kind)  # (b, sets)
    if b <= FEW:
        _compare(columns, n)
    else:
        ordered = np.sort(columns.T, axis=1)
        twice = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
        width = max(TABLE // n, 1)
        for start in range(0, len(twice), width):
            some = twice[start : start + width]
            columns[:, some] = _look_up(columns[:, some].astype(np.int64), n)
    return np.ascontiguousarray(columns.T).astype(np.int64)


def _compare(columns: NDArray[Any], n: int) -> None:
    """Replace what is there already, in place, by comparing each with all before it."""
    b = len(columns)
    for k in range(1, b):
        there = (columns[:k] == columns[k]).any(axis=0)
        np.copyto(columns[k], n - b + k, where=there)


def _look_up(columns: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """The same, by a table of what is there: b look-ups instead of b^2/2 comparisons."""
    b, sets = columns.shape
    table = np.zeros(sets * n, dtype=bool)
    columns += np.arange(sets) * n
    for k in range(b):
        there = table.take(columns[k])
        columns[k, there] = there.nonzero()[0] * n + (n - b + k)
        table[columns[k]] = True
    columns -= np.arange(sets) * n
    return columns
