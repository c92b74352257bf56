"""Which limits: chosen by what is known of the tails, with the reason in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from empirics.problems.base import Array
from empirics.statistics.bernstein import ROUNDING, bernstein_limits
from empirics.statistics.bootstrap import bootstrap_limits, resamples
from empirics.statistics.student import Limits, simultaneous_limits

Method: TypeAlias = Literal["auto", "student", "bootstrap", "bernstein"]

FEW = 20  # replicas: fewer are not resampled unless asked, their tail is not in them
STRAIGHT = 0.05  # how much of its quantile skewness may take from Student's limits, unnoticed


@dataclass(frozen=True, eq=False, kw_only=True)
class Chosen:
    """Limits, the method that gave them, and why it was taken."""

    limits: Limits
    method: str
    why: str


def limits_of_means(
    mean: Array,
    standard_error: Array,
    count: int,
    alpha: float,
    *,
    each: Array | None = None,
    within: float | None = None,
    method: Method = "auto",
    seed: int = 0,
) -> Chosen:
    """Limits of K means, (K,), of `count` replicas, on each side at alpha together.

    What is known of the tails decides unless a method is named: a range [0, within] gives empirical
    Bernstein limits; the values of every replica, each, (K, n), tell whether they are too skewed
    for Student's limits, and are then resampled; else limits are Student's. Few replicas, or a
    level that takes too many resamples, are not resampled, which is said. Raises ValueError if the
    method asked for lacks what it needs or a value lies outside of the range.

    >>> mean, error = np.array([1.0]), np.array([0.1])
    >>> limits_of_means(mean, error, 256, 0.05).why
    'the tails are not known'
    >>> limits_of_means(mean, error, 256, 0.05, within=10.0).method
    'bernstein'

    Source: Johnson 1978, Modified t tests and confidence intervals for asymmetrical populations,
    for what skewness g does to Student's quantile q: about g (2 q^2 + 1)/(6 sqrt(n)).
    """
    if method not in get_args(Method):
        known = ", ".join(get_args(Method))
        raise ValueError(f"limits need a method among {known}, got {method!r}")
    if method == "bernstein" and within is None:
        raise ValueError("empirical Bernstein limits need a range of the values; give within=...")
    if method == "bootstrap" and each is None:
        raise ValueError(
            "bootstrap limits need the values of every replica; simulate with each=True"
        )
    if within is not None and method in ("auto", "bernstein"):
        _inside(each, within)
        return Chosen(
            limits=bernstein_limits(mean, standard_error, count, alpha, within),
            method="bernstein",
            why=f"values are known to lie in [0, {within:g}]",
        )
    student = simultaneous_limits(mean, standard_error, count, alpha)
    if each is None:
        why = "the tails are not known" if method == "auto" else "asked for"
        return Chosen(limits=student, method="student", why=why)
    skewness = skewness_of(each)
    words = f"replicas have skewness up to {skewness:.2g}"
    if method == "auto":
        bent = _bent(skewness, count, alpha / max(1, len(mean)))
        if bent and count < FEW:
            method, words = "student", f"{words}, and there are too few to resample"
        elif bent and not resamples(alpha):
            method, words = "student", f"{words}, and alpha is too small to resample them"
        else:
            method = "bootstrap" if bent else "student"
    else:
        words = f"asked for; {words}"
    if method == "bootstrap":
        return Chosen(limits=bootstrap_limits(each, alpha, seed), method=method, why=words)
    return Chosen(limits=student, method="student", why=words)


def skewness_of(values: Array) -> float:
    """The largest |skewness| over the times of values (K, n); 0 where they are all the same.

    Times at which a replica is lost are left out: their limits are infinite anyway.

    >>> round(skewness_of(np.array([[0.0, 0.0, 0.0, 1.0]])), 3)
    1.155
    """
    x = values[np.isfinite(values).all(axis=1)]
    if not x.size:
        return 0.0
    mean = x.mean(axis=1, keepdims=True)
    spread = x.std(axis=1, keepdims=True)
    random = (spread > 1e-12 * abs(mean))[:, 0]
    if not random.any():
        return 0.0
    z = (x[random] - mean[random]) / spread[random]
    return float(abs((z**3).mean(axis=1)).max())


def _bent(skewness: float, count: int, alpha: float) -> bool:
    """Whether skewness moves Student's quantile by more than may go unnoticed."""
    from scipy.special import stdtrit

    if count < 2:
        return False
    q = -float(stdtrit(count - 1, alpha))
    return skewness * (2 * q**2 + 1) / (6 * float(np.sqrt(count))) > STRAIGHT * q


def _inside(each: Array | None, within: float) -> None:
    if each is None:
        return
    finite = each[np.isfinite(each)]
    if finite.size and finite.max() > within * (1 + ROUNDING):
        raise ValueError(
            f"empirical Bernstein limits need values in [0, {within:g}], got {finite.max():.6g} in "
            "a replica; give a range that holds for every replica"
        )
