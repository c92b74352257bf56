r"""A mean of losses over the rows of a table, whose minibatches are its noise.

.. math:: f(w) = \frac1n \sum_i \ell_i(w) + \frac{l_2}{2} |w|^2
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirics.problems.base import Array, Constant, Problem
from empirics.problems.minibatch import Minibatches

ROWS = 256  # iterates whose full gradients are computed in one go
ROUNDING = 1e-12  # what bounds are moved outwards by
WIDE = 500  # dimensions from which narrower tiles stay in the cache


class RowLoss(Protocol):
    """The mean of the losses of n rows, without regulariser, at iterates w that are rows, (m, dim).

    What it computes for one iterate never depends on the others.
    """

    @property
    def dim(self) -> int: ...

    def value(self, w: Array) -> Array:
        """(m, dim) -> (m,)."""

    def gradient(self, w: Array, out: Array) -> None:
        """(m, dim) into (m, dim)."""

    def minibatch(self, w: Array, picked: NDArray[np.int64], out: Array) -> None:
        """The gradients at w, (m, dim), over the rows that `picked`, (m, b), names for each."""

    def scatter(self, w: Array) -> Array:
        """Variance of the gradient of one row picked at random, (m, dim) -> (m,)."""


@dataclass(frozen=True, eq=False, kw_only=True)
class FiniteSum(Problem):
    """A problem made of a loss of rows.

    Fields beyond Problem: loss of the data; l2; picks, the minibatches. A sample is the places of
    the rows of each minibatch, (lanes, b).
    """

    loss: RowLoss
    l2: float
    picks: Minibatches

    def value(self, x: Array) -> Array:
        value = self._by_rows(self.loss.value, x)
        if self.l2:
            value += self.l2 / 2 * np.vecdot(x, x)
        return value

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        out = np.empty_like(x) if out is None else out
        flat, result = x.reshape(-1, self.dim), out.reshape(-1, self.dim)
        for part in _slices(len(flat)):
            self.loss.gradient(flat[part], result[part])
        if self.l2:
            out += self.l2 * x
        return out

    def draw(self, generator: np.random.Generator, steps: int, lanes: int) -> NDArray[np.int64]:
        return self.picks.draw(generator, steps, lanes)

    def stochastic_gradient(self, x: Array, sample: NDArray[np.int64], out: Array) -> None:
        self.loss.minibatch(x, sample, out)
        if self.l2:
            out += self.l2 * x

    def noise_variance(self, x: Array) -> Array:
        return self._by_rows(self.loss.scatter, x) * self.picks.share

    def _by_rows(self, function: Callable[[Array], Array], x: Array) -> Array:
        """(..., dim) -> (...), some rows at a time: each has an intermediate for every datum."""
        flat = x.reshape(-1, self.dim)
        parts = [function(flat[part]) for part in _slices(len(flat))]
        return np.concatenate(parts).reshape(x.shape[:-1])


def first_iterate(who: str, start: ArrayLike | None, dim: int) -> Array:
    """The start as an array, zeros unless given; the problem looks at its shape.

    >>> first_iterate("logistic", "zero", 2)
    Traceback (most recent call last):
    ValueError: logistic needs a finite start of shape (2,), got 'zero'
    """
    if start is None:
        return np.zeros(dim)
    try:
        return np.array(start, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{who} needs a finite start of shape ({dim},), got {start!r}") from None


def row_bounds(
    picks: Minibatches, lengths: Array, *, longest: float, l2: float, why: str
) -> dict[str, Constant]:
    """What holds if the gradients of rows, without l2, are at most so long: lengths, (n,).

    longest, another bound of their mean, the full gradient; why, one clause on the lengths. With l2
    the gradient grows with |w|, and only the noise is bounded. E|g|^2 is v times the mean square of
    the rows and 1 - v times |grad f|^2, where v is the share of the minibatches.
    """
    square, longest = float(np.square(lengths).mean()), min(float(lengths.mean()), longest)
    found = {"sigma": np.sqrt(square * picks.share), "noise_bound": picks.farthest(lengths)}
    if not l2:
        found["gradient_bound"] = longest
        found["second_moment"] = picks.share * square + (1 - picks.share) * longest**2
    return {
        key: Constant(value=float(value) * (1 + ROUNDING), provenance="bound", why=why)
        for key, value in found.items()
    }


def _slices(rows: int) -> list[slice]:
    return [slice(start, start + ROWS) for start in range(0, rows, ROWS)]
