"""Limits of means of bounded values, whatever else is true of them: the empirical Bernstein bound.

It is the only one here that is a theorem at every number of replicas.
"""

from __future__ import annotations

import numpy as np

from empirics.problems.base import Array
from empirics.statistics.student import Limits, around, level

ROUNDING = 1e-9  # relative: how far a value may exceed the range that it has


def bernstein_limits(
    mean: Array, standard_error: Array, count: int, alpha: float, within: float
) -> Limits:
    r"""Empirical Bernstein limits at level alpha/K, for K means of n values in [0, R] each.

    .. math:: |E X - \bar X| \le \sqrt{2 \ln(2/\delta)} \, s + \frac{7 R \ln(2/\delta)}{3 (n - 1)},
              \qquad \delta = \alpha/K, \quad s = \text{standard error}

    on either side with probability at least 1 - delta. Parameters: mean, standard_error, (K,);
    count = n; alpha in (0, 1), the chance that any of the limits on one side is wrong; within = R.
    Limits stay in [0, R]; a mean that is infinite because a replica diverged has infinite ones.
    Raises ValueError if alpha is not in (0, 1), R is not a positive number, or a finite mean lies
    outside of [0, R].

    >>> bernstein_limits(np.array([0.5]), np.array([0.01]), 1001, 0.05, within=1.0).lower.round(3)
    array([0.464])

    Source: Maurer & Pontil 2009, Empirical Bernstein bounds, Theorem 4.
    """
    level(alpha)
    if not (np.isfinite(within) and within > 0):
        raise ValueError(f"empirical Bernstein limits need a range within > 0, got {within}")
    finite = mean[np.isfinite(mean)]
    off = finite[(finite < -ROUNDING * within) | (finite > within * (1 + ROUNDING))]
    if off.size:
        raise ValueError(
            f"empirical Bernstein limits need values in [0, {within:g}], got a mean of "
            f"{off[0]:.6g}; give a range that holds for every replica"
        )
    if count < 2:
        spread = np.full_like(mean, np.inf)
    else:
        odds = np.log(2 * max(1, len(mean)) / alpha)
        spread = np.sqrt(2 * odds) * standard_error + 7 * within * odds / (3 * (count - 1))
    found = around(mean, spread, spread, alpha)
    kept = np.isfinite(mean)
    return Limits(
        lower=np.where(kept, np.maximum(found.lower, 0), np.inf),
        upper=np.where(kept, np.minimum(found.upper, within), np.inf),
        alpha=alpha,
    )
