r"""Ratings r_k that user i gives to item j, fitted by a product of factors, without regulariser.

.. math:: \ell_k(U, V) = \tfrac12 e_k^2, \qquad e_k = \langle u_i, v_j \rangle - r_k, \qquad
          \nabla_{u_i} \ell_k = e_k v_j, \qquad \nabla_{v_j} \ell_k = e_k u_i
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array
from empirics.sparse import in_place

AT_ONCE = 2**17  # ratings whose factors are looked up in one go
CELLS = 2**17  # entries of the matrices of errors that are computed in one go
SPARSE = 20  # a rating that is looked up takes as long as so many entries of a small product


@dataclass(frozen=True, eq=False, kw_only=True)
class Factors:
    """Mean of the loss over the ratings. An iterate holds the factors of each user, then item.

    Fields: users and items of each rating, (N,), in the order of users; values, (N,); shape, users
    and items; rank, how many factors each has; dense, the values as a matrix with 0 where there is
    none, and 1 where there is one, if full products of factors are the faster way to all errors.
    """

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    values: Array
    shape: tuple[int, int]
    rank: int
    dense: tuple[Array, Array] | None

    @property
    def dim(self) -> int:
        return sum(self.shape) * self.rank

    def value(self, w: Array) -> Array:
        """(m, dim) -> (m,)."""
        if self.dense is None:
            return np.array([np.square(self.errors(row)).mean() / 2 for row in w])
        flat = (E.reshape(len(E), -1) for _, E in self._all_errors(w, *self.dense))
        squares = np.concatenate([np.vecdot(e, e) for e in flat])
        return np.asarray(squares / (2 * len(self.values)))

    def gradient(self, w: Array, out: Array) -> None:
        """(m, dim) into (m, dim)."""
        if self.dense is None:
            for row, result in zip(w, out, strict=True):
                self._add_gradient(row, self.errors(row), result)
        else:
            for part, E in self._all_errors(w, *self.dense):
                out[part] = self._slopes(w[part], E)

    def minibatch(self, w: Array, picked: NDArray[np.int64], out: Array) -> None:
        """The gradients at w, (m, dim), over the ratings that `picked`, (m, b), names for each.

        Each rating adds to two rows of factors, whose numbers may come twice: so it is a product
        with a sparse matrix, e_k/b at the place of each such row.
        """
        (m, b), n = picked.shape, sum(self.shape)
        first = np.arange(0, m * n, n)[:, None]  # the rows of all iterates, one after the other
        places = np.empty((2, m, b), dtype=np.int64)
        np.add(self.users.take(picked), first, out=places[0])
        np.add(self.items.take(picked), first + self.shape[0], out=places[1])
        rows = w.reshape(m * n, self.rank).take(places.reshape(-1), axis=0)
        rows = rows.reshape(2, m * b, self.rank)
        e = np.vecdot(rows[0], rows[1])
        e -= self.values.take(picked).reshape(-1)
        e /= b
        twice, where = np.concatenate([e, e]), places[::-1].reshape(-1)  # u takes v, and v takes u
        out[...] = 0
        add = in_place()
        if add is not None and out.flags.c_contiguous:
            begins = np.arange(2 * m * b + 1)
            flat = rows.reshape(-1), out.reshape(-1)
            add(m * n, 2 * m * b, self.rank, begins, where, twice, *flat)
        else:  # a fifth as fast
            sums = np.zeros((m * n, self.rank))
            np.add.at(sums, where, twice[:, None] * rows.reshape(-1, self.rank))
            out[...] = sums.reshape(out.shape)

    def scatter(self, w: Array) -> Array:
        """Variance of the gradient of one rating picked at random, (m, dim) -> (m,)."""
        found, n = np.empty(len(w)), len(self.values)
        if self.dense is None:
            mean = np.empty(self.dim)
            for place, row in enumerate(w):
                e, (U, V) = self.errors(row), self.split(row)
                lengths = np.vecdot(U, U).take(self.users) + np.vecdot(V, V).take(self.items)
                self._add_gradient(row, e, mean)
                found[place] = np.square(e) @ lengths / n - mean @ mean
        else:
            for part, E in self._all_errors(w, *self.dense):
                U, V = self.split(w[part])
                means, E = self._slopes(w[part], E), np.square(E)
                lengths = np.vecdot(V, V)[..., None]  # sums by products, as they are faster
                sums = np.matmul(E, np.concatenate([np.ones_like(lengths), lengths], axis=-1))
                second = np.vecdot(sums[..., 0], np.vecdot(U, U)) + sums[..., 1].sum(axis=-1)
                found[part] = second / n - np.vecdot(means, means)
        return np.maximum(found, 0)

    def errors(self, w: Array) -> Array:
        """e_k at w, (dim,), for all ratings, (N,)."""
        U, V = self.split(w)
        parts = []
        for start in range(0, len(self.values), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            u, v = U.take(self.users[some], axis=0), V.take(self.items[some], axis=0)
            parts.append(np.vecdot(u, v) - self.values[some])
        return np.concatenate(parts)

    def split(self, w: Array) -> tuple[Array, Array]:
        """U, (..., users, rank), and V, (..., items, rank), as views of w, (..., dim)."""
        rows = w.reshape(*w.shape[:-1], sum(self.shape), self.rank)
        return rows[..., : self.shape[0], :], rows[..., self.shape[0] :, :]

    def matrix(self, numbers: Array) -> Any:
        """A number for each rating as a sparse matrix, (users, items); SciPy adds up what is twice.

        Its products with dense matrices go through the ratings once.
        """
        from scipy.sparse import csr_array  # takes a while to import

        begins = np.searchsorted(self.users, np.arange(self.shape[0] + 1))
        return csr_array((numbers, self.items, begins), shape=self.shape)

    def _add_gradient(self, w: Array, errors: Array, out: Array) -> None:
        E, (U, V) = self.matrix(errors / len(errors)), self.split(w)
        above, below = self.split(out)
        above[...], below[...] = E @ V, E.T @ U

    def _all_errors(self, w: Array, table: Array, known: Array) -> Iterator[tuple[slice, Array]]:
        """Some iterates after the other: which, and their errors, (m, users, items), 0 if none."""
        step = max(CELLS // table.size, 1)
        for start in range(0, len(w), step):
            part = slice(start, start + step)
            U, V = self.split(w[part])
            E = np.matmul(U, V.swapaxes(-1, -2))
            E *= known
            E -= table
            yield part, E

    def _slopes(self, w: Array, E: Array) -> Array:
        """The gradients at w, (m, dim), from the errors there."""
        (U, V), both = self.split(w), np.empty_like(w)
        above, below = self.split(both)
        above[...], below[...] = np.matmul(E, V), np.matmul(E.swapaxes(-1, -2), U)
        both /= len(self.values)
        return both


def factors(
    users: NDArray[np.int64],
    items: NDArray[np.int64],
    values: Array,
    shape: tuple[int, int],
    rank: int,
) -> Factors:
    """The loss, with a dense matrix if that is small, of few unknown entries, and none twice.

    >>> loss = factors(np.array([0, 0]), np.array([0, 2]), np.array([5.0, 3.0]), (1, 3), rank=1)
    >>> loss.dense[0]
    array([[5., 0., 3.]])
    """
    cells, n = shape[0] * shape[1], len(values)
    once = len(np.unique(users * shape[1] + items)) == n
    dense = None
    if once and cells <= min(SPARSE * n, CELLS):  # larger ones leave the cache, and are slower
        table, known = np.zeros(shape), np.zeros(shape)
        table[users, items], known[users, items] = values, 1
        dense = table, known
    return Factors(users=users, items=items, values=values, shape=shape, rank=rank, dense=dense)
