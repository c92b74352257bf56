r"""What holds of a perceptron in a ball around 0, where its weights cannot be large.

A layer l = 1, ..., D + 1 has a matrix of Frobenius norm w_l, with sum w_l^2 <= r^2. An input with
its 1 is a = M_0 long, the output of a hidden layer with its 1 at most M_l: sqrt(width + 1) with
tanh, and (1 + w_l^2 M_{l-1}^2)^{1/2} always. Losses change by at most sqrt 2 with the scores, so

.. math:: |\nabla \ell|^2 \le 2 B^2, \qquad B^2 = \sum_l M_{l-1}^2 \prod_{k > l} w_k^2

Along a unit vector (v_l) the sums of layer l move by alpha_l <= v_l M_{l-1} + w_l alpha_{l-1}, and
by beta_l in the second order, where kappa = 4/(3 sqrt 3) is the largest |tanh''|:

.. math:: \beta_l \le 2 v_l \alpha_{l-1} + w_l (\kappa \alpha_{l-1}^2 + \beta_{l-1}), \qquad
          \alpha_l^2 \le A_l^2 = \sum_{j \le l} M_{j-1}^2 \prod_{k=j+1}^{l} w_k^2, \qquad
          2 v_l \alpha_{l-1} \le A_{l-1}

The Hessian of the loss in the scores lies between 0 and 1/2, so that of l lies between
-sqrt 2 beta and B^2/2 + sqrt 2 beta, beta = beta_{D+1}. All are sums of products of powers of the
w_l, each of which is largest where w_l^2 is to r^2 as its power is to the sum of all powers; and
with ReLU the sum B^2 falls into sums of products of all squares but one, largest where all are the
same [Maclaurin's inequality].
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod, sqrt

import numpy as np

from empirics.problems.base import Array, Constant
from empirics.problems.finite_sum import ROUNDING
from empirics.problems.minibatch import Minibatches

KAPPA = 4 / (3 * sqrt(3))


def in_ball(
    X: Array, *, depth: int, width: int, smooth: bool, picks: Minibatches, l2: float, r: float
) -> dict[str, Constant]:
    """The constants where |w| <= r; X, the inputs with their ones, (n, p + 1); depth D >= 1.

    sigma, noise_bound, gradient_bound and second_moment, and L and mu_sc if tanh is smooth; ReLU
    has kinks, and no L.
    """
    squares = np.vecdot(X, X)  # a^2, (n,)
    B = _slopes(squares, depth, width, smooth, r)
    lengths = np.sqrt(2 * B)
    sigma2 = picks.share * float(np.square(lengths).mean())
    longest = float(lengths.mean()) + l2 * r
    where = f"norms of layers where |w| <= {r:.4g}"
    found = {
        "sigma": sqrt(sigma2),
        "noise_bound": picks.farthest(lengths),
        "gradient_bound": longest,
        "second_moment": sigma2 + longest**2,
    }
    if smooth:
        bent = sqrt(2) * _bends(squares, depth, width, r)
        found["L"] = float((B / 2 + bent).mean()) + l2
        found["mu_sc"] = l2 - float(bent.mean())
    return {
        key: Constant(
            value=float(value + ROUNDING * abs(value) * (-1 if key == "mu_sc" else 1)),
            provenance="bound",
            why=where,
        )
        for key, value in found.items()
    }


def _slopes(squares: Array, D: int, width: int, smooth: bool, r: float) -> Array:
    """B^2 of every row."""
    grown = squares * _all_but_one(D + 1, r)  # by M_l^2 <= 1 + w_l^2 M_{l-1}^2
    grown = grown + sum(_all_but_one(n, r) for n in range(1, D + 1))
    if not smooth:
        return grown
    flat = squares * _largest([2] * D, r)
    flat = flat + sum((width + 1) * _largest([2] * (D + 1 - k), r) for k in range(2, D + 2))
    return np.minimum(grown, flat)


def _bends(squares: Array, D: int, width: int, r: float) -> Array:
    """beta of every row, with tanh."""
    reach = [squares, *[np.full_like(squares, width + 1.0)] * D]  # M_{l-1}^2, l = 1, ..., D + 1
    total = np.zeros_like(squares)
    for k in range(2, D + 2):
        A = sum(reach[j - 1] * _largest([2] * (D - j), r) for j in range(1, k))
        curved = sum(
            reach[j - 1] * _largest([2] * (k - 1 - j) + [1] * (D + 2 - k), r) for j in range(1, k)
        )
        total += np.sqrt(A) + KAPPA * curved
    return total


def _all_but_one(n: int, r: float) -> float:
    """The largest sum of the n products of n - 1 of n numbers whose sum is r^2, by Maclaurin.

    >>> _all_but_one(1, 2.0), _all_but_one(2, 2.0)
    (1.0, 4.0)
    """
    return float(n * (r**2 / n) ** (n - 1))


def _largest(powers: Sequence[int], r: float) -> float:
    """The largest product of these powers of numbers whose squares sum to r^2 at most.

    >>> round(_largest([2, 2], 2.0), 9), _largest([], 2.0)
    (4.0, 1.0)
    """
    whole = sum(powers)
    return prod(((r * sqrt(power / whole)) ** power for power in powers), start=1.0)
