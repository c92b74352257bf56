"""Limits of means that are nearly normal: Student's, simultaneous by Bonferroni's inequality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empirics.problems.base import Array


@dataclass(frozen=True, eq=False, kw_only=True)
class Limits:
    """One-sided limits of a mean at each of K places, (K,): all hold together, each side at alpha.

    With probability at least 1 - alpha no true mean is above its upper limit, and with probability
    at least 1 - alpha none is below its lower limit.
    """

    lower: Array
    upper: Array
    alpha: float


def simultaneous_limits(mean: Array, standard_error: Array, count: int, alpha: float) -> Limits:
    """Student limits at level alpha/K, by Bonferroni, for K means of `count` replicas each.

    Parameters: mean, standard_error, (K,); count, replicas; alpha in (0, 1), the chance that any of
    the K limits on one side is wrong. A mean that is infinite because a replica diverged has both
    limits infinite; with one replica nothing is known, and the limits are infinitely far apart.
    Raises ValueError if alpha is not in (0, 1).

    >>> found = simultaneous_limits(np.array([1.0]), np.array([0.1]), count=256, alpha=0.05)
    >>> found.lower.round(3), found.upper.round(3)
    (array([0.835]), array([1.165]))

    Source: Student's t with count - 1 degrees of freedom; Bonferroni's inequality over the K looks.
    """
    level(alpha)
    if count < 2:
        spread = np.full_like(mean, np.inf)
    else:
        from scipy.special import stdtrit  # a quarter of a second to import: only when needed

        spread = -stdtrit(count - 1, alpha / max(1, len(mean))) * standard_error
    return around(mean, spread, spread, alpha)


def around(mean: Array, below: Array, above: Array, alpha: float) -> Limits:
    """Limits so far below and above means; infinite where a replica is lost, on both sides."""
    finite = np.isfinite(mean)
    with np.errstate(invalid="ignore"):
        lower, upper = mean - below, mean + above
    return Limits(
        lower=np.where(finite, lower, np.inf), upper=np.where(finite, upper, np.inf), alpha=alpha
    )


def level(alpha: float) -> None:
    """Refuse what is no chance of an error."""
    if not 0 < alpha < 1:
        raise ValueError(f"limits need 0 < alpha < 1, got {alpha}")
