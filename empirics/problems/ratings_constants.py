"""What is known of factorised ratings: their infimum, and what holds in a ball around 0.

Why it is so is said where the problem is made, in `ratings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from empirics.problems.base import Array, Constant
from empirics.problems.factors import Factors
from empirics.problems.finite_sum import ROUNDING
from empirics.problems.minibatch import Minibatches

DENSE = 10**6  # entries of a matrix whose singular values are computed in a second


class Lowest(NamedTuple):
    """What is known of the infimum, where it is attained, and the largest curvature there."""

    value: Constant
    at: Array | None = None
    sharpness: Mapping[str, Constant] = MappingProxyType({})


def lowest(loss: Factors, l2: float, truth: tuple[Array, Array] | None) -> Lowest:
    """The infimum; truth, factors of which the values are products, if they are known."""
    cells = loss.users * loss.shape[1] + loss.items  # in order
    if len(cells) == loss.shape[0] * loss.shape[1] and (np.diff(cells) > 0).all():
        return _lowest_of_all(loss, l2)
    if truth is not None and not l2 and loss.rank >= truth[0].shape[1]:
        factors = [np.zeros((n, loss.rank)) for n in loss.shape]
        for given, part in zip(truth, factors, strict=True):
            part[:, : given.shape[1]] = given
        why = "the ratings are products of factors of no larger rank"
        return Lowest(
            Constant(value=0.0, provenance="exact", why=why),
            np.concatenate([part.ravel() for part in factors]),
        )
    why = "squares are not negative"
    return Lowest(Constant(value=0.0, provenance="bound", why=why))


def _lowest_of_all(loss: Factors, l2: float) -> Lowest:
    """The infimum where every entry of the matrix is known once."""
    P, s, Q = np.linalg.svd(loss.values.reshape(loss.shape), full_matrices=False)
    kept = np.maximum(s[: loss.rank] - l2 * len(loss.values), 0)
    left = np.concatenate([s[: loss.rank] - kept, s[loss.rank :]])
    value = float(left @ left) / (2 * len(loss.values)) + l2 * float(kept.sum())
    factors = [np.zeros((n, loss.rank)) for n in loss.shape]
    factors[0][:, : len(kept)] = P[:, : len(kept)] * np.sqrt(kept)
    factors[1][:, : len(kept)] = Q[: len(kept)].T * np.sqrt(kept)
    sharpest, why = 2 * float(s[0]) / len(loss.values), "2 |R|_2/N at the balanced minimiser"
    return Lowest(
        Constant(value=value, provenance="exact", why="from the singular values of the matrix"),
        np.concatenate([part.ravel() for part in factors]),
        {} if l2 else {"sharpness": Constant(value=sharpest, provenance="exact", why=why)},
    )


def in_ball(loss: Factors, picks: Minibatches, l2: float, r: float) -> dict[str, Constant]:
    """What holds where |x| <= r."""
    n, top, times = len(loss.values), _largest_singular_value(loss), _times(loss)
    half = times * r**2 / 2
    sigma2 = picks.share * r**2 * (np.linalg.norm(loss.values) + half / np.sqrt(times)) ** 2 / n
    longest = ((top + half) / n + l2) * r
    where = f"where |x| <= {r:.4g}"
    found = {
        "L": ((3 * half + top) / n + l2, f"(3 r^2/2 + |R|_2)/N + l2 {where}"),
        "sigma": (np.sqrt(sigma2), f"gradients of ratings are at most |e_k| r long {where}"),
        "gradient_bound": (longest, f"((|R|_2 + r^2/2)/N + l2) r {where}"),
        "second_moment": (sigma2 + longest**2, f"sigma^2 + gradient_bound^2 {where}"),
        "noise_bound": (
            picks.farthest((abs(loss.values) + r**2 / 2) * r),
            f"gradients of ratings are at most (|r_k| + r^2/2) r long {where}",
        ),
    }
    lowest = l2 - (half + top) / n
    return {
        **{
            key: Constant(value=float(value) * (1 + ROUNDING), provenance="bound", why=why)
            for key, (value, why) in found.items()
        },
        "mu_sc": Constant(
            value=lowest - ROUNDING * abs(lowest),
            provenance="bound",
            why=f"l2 - (r^2/2 + |R|_2)/N {where}",
        ),
    }


def _times(loss: Factors) -> int:
    """How often the most frequent entry is rated: once, in most data."""
    return int(np.unique(loss.users * loss.shape[1] + loss.items, return_counts=True)[1].max())


def _largest_singular_value(loss: Factors) -> float:
    """|R|_2, or a number above it if R is large."""
    R = loss.matrix(loss.values)
    if loss.shape[0] * loss.shape[1] <= DENSE:
        return float(np.linalg.norm(R.toarray(), 2))
    sizes = abs(R)
    return float(np.sqrt(sizes.sum(axis=0).max() * sizes.sum(axis=1).max()))
