r"""Ratings r_k that user i gives to item j, fitted by a product of factors, without regulariser.

.. math:: \ell_k(U, V) = \tfrac12 e_k^2, \qquad e_k = \langle u_i, v_j \rangle - r_k, \qquad
          \nabla_{u_i} \ell_k = e_k v_j, \qquad \nabla_{v_j} \ell_k = e_k u_i
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array
from empirics.sparse import in_place

AT_ONCE = 2**17  # ratings whose factors are looked up in one go


@dataclass(frozen=True, eq=False, kw_only=True)
class Factors:
    """Mean of the loss over the ratings. An iterate holds the factors of each user, then item.

    Fields: users and items of each rating, (N,), in the order of users; values, (N,); shape, users
    and items; rank, how many factors each has.
    """

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    values: Array
    shape: tuple[int, int]
    rank: int

    @property
    def dim(self) -> int:
        return sum(self.shape) * self.rank

    def value(self, w: Array) -> Array:
        """(m, dim) -> (m,)."""
        return np.array([np.square(self.errors(row)).mean() / 2 for row in w])

    def gradient(self, w: Array, out: Array) -> None:
        """(m, dim) into (m, dim)."""
        for row, result in zip(w, out, strict=True):
            self._add_gradient(row, self.errors(row), result)

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
        found, mean = np.empty(len(w)), np.empty(self.dim)
        for place, row in enumerate(w):
            e, (U, V) = self.errors(row), self.split(row)
            lengths = np.vecdot(U, U).take(self.users) + np.vecdot(V, V).take(self.items)
            self._add_gradient(row, e, mean)
            found[place] = max(float(np.square(e) @ lengths) / len(e) - float(mean @ mean), 0.0)
        return found

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
        """U, (users, rank), and V, (items, rank), as views of w, (dim,)."""
        rows = w.reshape(sum(self.shape), self.rank)
        return rows[: self.shape[0]], rows[self.shape[0] :]

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
