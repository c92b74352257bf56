"""Limits of means of skewed values: the studentised bootstrap over replicas, at all times at once.

A replica is drawn with all its times, so how times depend on each other is in the result, which
Bonferroni's inequality has to give away.
"""

from __future__ import annotations

import numpy as np

from empirics.problems.base import Array
from empirics.statistics.student import Limits, around, level

MOST = 50_000  # resamples, at most
BEYOND = 20  # resamples beyond the quantile, on average: fewer would leave it to chance
BATCH = 2_000  # resamples at a time
COLUMNS = 2**20  # numbers of each resampled mean at a time, over a batch
EQUAL = 1e-12  # replicas that differ by less than this, relative, are one up to rounding


def resamples(alpha: float) -> int:
    """How many resamples a level takes; 0 if that is more than are ever made.

    >>> resamples(0.05), resamples(1e-6)
    (1999, 0)
    """
    count = max(1999, int(np.ceil(BEYOND / alpha)) - 1)
    return count if count <= MOST else 0


def bootstrap_limits(values: Array, alpha: float, seed: int = 0) -> Limits:
    r"""Studentised bootstrap limits of K means of n replicas each, simultaneous by the maximum.

    .. math:: \bar X_k - q \, s_k, \qquad
              q \text{ the } 1 - \alpha \text{ quantile of }
              \max_k \frac{\bar X^*_k - \bar X_k}{s^*_k}

    and likewise above, with the maximum of the negative. A star is a resample of whole replicas.
    Parameters: values, (K, n); alpha in (0, 1), the chance that any of the K limits on one side is
    wrong; seed, of the resamples. Times at which all replicas are the same have no error; times at
    which one is lost have infinite limits. Raises ValueError if alpha is not in (0, 1) or takes
    more than 50,000 resamples, or values are not of shape (K, n).

    >>> values = np.random.default_rng(1).exponential(size=(1, 100))
    >>> found = bootstrap_limits(values, alpha=0.05)
    >>> bool(found.upper[0] - values.mean() > values.mean() - found.lower[0] > 0)
    True

    Source: Efron 1982, The jackknife, the bootstrap and other resampling plans, section 10.10;
    Hall 1988, Theoretical comparison of bootstrap confidence intervals (bootstrap-t).
    """
    level(alpha)
    count = resamples(alpha)
    if not count:
        raise ValueError(
            f"bootstrap limits need alpha >= {BEYOND / MOST:g}, got {alpha:g}; take Student limits"
        )
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 2 or not x.shape[1]:
        raise ValueError(f"bootstrap limits need values of shape (K, replicas), got {x.shape}")
    n = x.shape[1]
    mean = x.mean(axis=1)
    if n < 2:
        nothing = np.full_like(mean, np.inf)
        return around(mean, nothing, nothing, alpha)
    whole = np.isfinite(x).all(axis=1)
    # in units of their own: the squares of small numbers leave the floating numbers
    unit = np.where(whole, abs(x).max(axis=1), 1)
    unit[unit == 0] = 1
    with np.errstate(invalid="ignore"):
        error = np.where(whole, (x / unit[:, None]).std(axis=1, ddof=1), np.inf) / np.sqrt(n) * unit
    random = whole & (error > EQUAL * abs(mean))
    lowest, highest = _extremes((x / unit[:, None])[random], count, seed)
    # the quantile itself is one of the resamples, and none of them may be it by luck
    place = min(int(np.ceil((1 - alpha) * (count + 1))), count) - 1
    q, p = np.sort(highest)[place], np.sort(-lowest)[place]
    with np.errstate(invalid="ignore"):
        below, above = (np.where(random, a * error, error) for a in (q, p))
    return around(np.where(whole, mean, np.inf), below, above, alpha)


def _extremes(x: Array, count: int, seed: int) -> tuple[Array, Array]:
    """Least and largest studentised deviation over the times, for every resample, (count,)."""
    times, n = x.shape
    lowest, highest = np.zeros(count), np.zeros(count)
    if not times:
        return lowest, highest
    z = x - x.mean(axis=1, keepdims=True)
    z /= z.std(axis=1, keepdims=True)
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(times, n)))
    lowest[:], highest[:] = np.inf, -np.inf
    width = max(1, COLUMNS // BATCH)
    for start in range(0, count, BATCH):
        part = slice(start, min(start + BATCH, count))
        drawn = generator.multinomial(n, np.full(n, 1 / n), size=part.stop - start) / n  # (B, n)
        for first in range(0, times, width):
            some = z[first : first + width].T  # (n, times)
            centre = drawn @ some
            spread = np.sqrt(np.maximum(drawn @ some**2 - centre**2, 0) / (n - 1))
            with np.errstate(divide="ignore", invalid="ignore"):
                t = np.where(spread > EQUAL, centre / spread, np.copysign(np.inf, centre))
            np.minimum(lowest[part], t.min(axis=1), out=lowest[part])
            np.maximum(highest[part], t.max(axis=1), out=highest[part])
    return lowest, highest
