r"""Autoregressive filters: are all roots inside the circle, and the autocovariance of the output.

.. math:: x_t + c_1 x_{t-1} + \dots + c_n x_{t-n} = w_t

Both come from the same step down through the orders n, n - 1, ..., 1, in O(n^2): the reflections
are below 1 exactly if the filter is stable (Schur, Cohn), and the filters of lower order predict.
"""

from __future__ import annotations

import numpy as np

from empirics.problems.base import Array

WIDE = 4000  # up to this order all predictors are a matrix, and one system is solved
EIGENVALUES = 150  # up to this order eigenvalues of the companion matrix are faster than bisection


def orders(c: Array) -> list[Array] | None:
    """The filters of order 0, 1, ..., n from the one of order n; None if it is not stable.

    >>> orders(np.array([1.0, -0.5]))
    [array([1.]), array([ 1. , -0.5])]
    >>> orders(np.array([1.0, -2.0])) is None
    True

    Source: Jury's test in the form of Levinson's recursion run backwards.
    """
    found = [c]
    for k in range(len(c) - 1, 0, -1):
        reflection = c[k]
        if not abs(reflection) < 1:  # true for what is not a number
            return None
        c = (c[:k] - reflection * c[k:0:-1]) / ((1 - reflection) * (1 + reflection))
        found.append(c)
    return found[::-1]


def stable(c: Array) -> bool:
    """Whether all roots lie inside the unit circle."""
    return orders(c) is not None


def autocovariance(c: Array, lags: int) -> Array | None:
    """E x_t x_{t-l} for l = 0, ..., lags - 1 with white w of variance 1; None if unstable.

    >>> autocovariance(np.array([1.0, -0.5]), 3) * 0.75
    array([1.  , 0.5 , 0.25])
    """
    predictors = orders(c)
    if predictors is None:
        return None
    n = len(c)
    reflections = np.array([filter[-1] for filter in predictors[1:]])
    found = np.empty(max(lags, n))
    found[0] = 1 / np.prod((1 - reflections) * (1 + reflections))
    known = 1
    if n <= WIDE:  # a system with the predictors, read backwards, as its rows
        from scipy.linalg import solve_triangular  # slow to import

        rows, right = np.zeros((n, n)), np.zeros(n)
        for k, predictor in enumerate(predictors):
            rows[k, : k + 1] = predictor[::-1]
        right[0], known = found[0], n
        found[:n] = solve_triangular(rows, right, lower=True, unit_diagonal=True)
    for k in range(known, len(found)):  # what the predictor of order k makes of its lags is 0
        predictor = predictors[min(k, n - 1)][1:]
        found[k] = -(predictor @ found[k - len(predictor) : k][::-1])
    return found[:lags]


def radius(c: Array) -> float:
    """The largest modulus of a root: of eigenvalues, or by bisection where there are too many.

    >>> round(radius(np.array([1.0, -1.0, 0.25])), 6)
    0.5
    """
    c = np.trim_zeros(c, "b")
    n = len(c) - 1
    if n == 0:
        return 0.0
    if n <= EIGENVALUES:
        return float(np.abs(np.roots(c)).max())
    low, high = abs(c[-1]) ** (1 / n), 1 + np.abs(c[1:]).max()  # product of the roots; Cauchy
    while high - low > 1e-15 * high:
        middle = (low + high) / 2
        if not low < middle < high:
            break
        if stable(scaled(c, middle)):
            high = middle
        else:
            low = middle
    return float(high)


def scaled(c: Array, r: float) -> Array:
    """The filter whose roots are those of c, over r."""
    with np.errstate(over="ignore"):
        return np.asarray(c * r ** -np.arange(len(c), dtype=np.float64))
