"""What is measured along runs: the quantities theorems speak of, as statistics over replicas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from empirics.moments import MEASURES, Moments
from empirics.problems.base import Array
from empirics.recording import windows

if TYPE_CHECKING:
    from empirics.runs import Runs


@dataclass(frozen=True, eq=False, kw_only=True)
class GradientNorm:
    """E|grad f(x_t)|^2 at the recorded times: mean over replicas and its standard error, (K,)."""

    times: NDArray[np.int64]
    mean: Array
    standard_error: Array


@dataclass(frozen=True, eq=False, kw_only=True)
class Coherence:
    r"""How far the gradient of now agrees with those of the window, at the recorded times, (K,).

    .. math:: \mu_t = \min_{0 \le l < s}
              \frac{\langle \nabla f(x_t), \nabla f(x_{t-l}) \rangle}{|\nabla f(x_t)|^2}

    Fields: times; expected, the same ratio with E in numerator and denominator; lag, the l that
    gives it; minimum, the smallest mu_t of a replica; negative and undefined, the shares of the
    replicas with mu_t < 0 and with a gradient of 0. Not a number where replicas have diverged.
    """

    times: NDArray[np.int64]
    expected: Array
    lag: NDArray[np.int64]
    minimum: Array
    negative: Array
    undefined: Array


@dataclass(frozen=True, eq=False, kw_only=True)
class Margin:
    """E<grad f(x_t), grad f(x_{t-l})> - mu E|grad f(x_t)|^2 at recorded times and lags, (K, s).

    Fields: times; mu; mean, over replicas, and its standard_error; lag, (K,), where it is smallest.
    """

    times: NDArray[np.int64]
    mu: float
    mean: Array
    standard_error: Array
    lag: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class CoherenceLimits:
    """The lowest expected coherence, when and at which lag, and its limits, each side at alpha."""

    estimate: float
    lower: float
    upper: float
    time: int
    lag: int
    alpha: float


def gradient_norm(runs: Runs) -> GradientNorm:
    """Squared gradient norm along the runs.

    >>> from empirics import problems, schedules, simulate
    >>> problem = problems.quadratic(dim=1, mu=1.0, L=1.0)
    >>> gradient_norm(simulate(problem, schedules.Constant(0), step=0.5, steps=2)).mean
    array([1.    , 0.25  , 0.0625])
    """
    norm = runs.statistics.squared_norm
    return GradientNorm(times=runs.times, mean=norm.mean, standard_error=norm.standard_error)


def coherence(runs: Runs) -> Coherence:
    """Gradient coherence along the runs, in expectation and path by path.

    Raises ValueError if the runs have no window of gradients.

    >>> from empirics import problems, schedules, simulate
    >>> problem = problems.quadratic(dim=1, mu=1.0, L=1.0)
    >>> runs = simulate(problem, schedules.Constant(1), step=1.2, steps=3, window=2)
    >>> coherence(runs).expected  # x_t = 1, -0.2, -1.4, -1.16: coherent but for the overshoot
    array([ 1.        , -5.        ,  0.14285714,  1.        ])

    Source: Dai et al. 2019, Definition 1, with s gradients in the window.
    """
    _needs_window("coherence", runs)
    s, n = runs.statistics, runs.replicas
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = s.inner.mean / s.squared_norm.mean[:, None]  # (K, s)
    return Coherence(
        times=runs.times,
        expected=ratios.min(axis=1),
        lag=ratios.argmin(axis=1),
        minimum=s.coherence_min,
        negative=s.coherence_negative / n,
        undefined=s.coherence_undefined / n,
    )


def expected_margin(runs: Runs, mu: float) -> Margin:
    """By how much gradients are more coherent than mu, in expectation, with its standard error.

    The two means are correlated; their co-moment is recorded, so the error is that of the
    difference. Raises ValueError if the runs have no window of gradients or mu is not finite.

    >>> from empirics import problems, schedules, simulate
    >>> problem = problems.quadratic(dim=1, mu=1.0, L=1.0)
    >>> runs = simulate(problem, schedules.Constant(1), step=0.5, steps=1, window=2)
    >>> expected_margin(runs, mu=1.0).mean  # x_0 = 1 reads itself; x_1 = 0.5 has coherence 2
    array([[0.  , 0.  ],
           [0.  , 0.25]])
    """
    _needs_window("expected margin", runs)
    if not np.isfinite(mu):
        raise ValueError(f"expected margin needs a finite mu, got {mu}")
    norm, inner = runs.statistics.squared_norm, runs.statistics.inner
    with np.errstate(invalid="ignore"):
        M2 = inner.M2 - 2 * mu * runs.statistics.comoment + mu**2 * norm.M2[:, None]
        margin = Moments(
            count=inner.count,
            mean=inner.mean - mu * norm.mean[:, None],
            M2=np.maximum(M2, 0),  # below 0 by rounding only
        )
    return Margin(
        times=runs.times,
        mu=mu,
        mean=margin.mean,
        standard_error=margin.standard_error,
        lag=margin.mean.argmin(axis=1),
    )


def coherence_limits(runs: Runs, alpha: float, window: int | None = None) -> CoherenceLimits:
    r"""Limits of the lowest expected coherence, simultaneous over recorded times and lags.

    .. math:: \min_{t, l < s} \frac{E \langle \nabla f(x_t), \nabla f(x_{t-l}) \rangle}
              {E |\nabla f(x_t)|^2}

    A ratio of means is as low as mu if the mean of the difference, inner product less mu times
    squared norm, can be 0 (Fieller): Student at alpha/(K s), each side. Parameters: alpha, the
    chance that any limit on one side is wrong; window = s, all lags that are recorded unless given.
    Limits are infinite with one replica, where the mean of |grad f|^2 is not told from 0, or where
    replicas are lost, which makes the estimate not a number. Raises ValueError if the runs have no
    window, or not so long a one, or alpha is not in (0, 1).

    >>> from empirics import problems, schedules, simulate
    >>> problem = problems.quadratic(dim=1, mu=1.0, L=1.0, sigma=0.2, start=[5.0])
    >>> runs = simulate(problem, schedules.Constant(1), step=1.2, steps=3, window=2)
    >>> found = coherence_limits(runs, alpha=0.01)
    >>> found.lower < found.estimate < found.upper < 0  # x_t = 5, about -1, ...
    True

    Source: Fieller 1954, Some problems in interval estimation; Bonferroni's inequality.
    """
    from empirics.statistics.student import level

    _needs_window("coherence limits", runs)
    level(alpha)
    s = len(runs.lags) if window is None else window
    if not 1 <= s <= len(runs.lags):
        raise ValueError(
            f"coherence limits need a window in 1, ..., {len(runs.lags)}, got {s}; simulate with "
            "a longer one"
        )
    norm, inner, n = runs.statistics.squared_norm, runs.statistics.inner, runs.replicas
    a, b = inner.mean[:, :s], np.repeat(norm.mean[:, None], s, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = a / b
    if runs.certain:
        lower = upper = ratio
    elif n < 2:
        lower, upper = np.full_like(ratio, -np.inf), np.full_like(ratio, np.inf)
    else:
        from scipy.special import stdtrit

        q2 = float(stdtrit(n - 1, alpha / ratio.size)) ** 2 / (n * (n - 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            A = 1 - q2 * (norm.M2 / norm.mean**2)[:, None]
            B = ratio - q2 * runs.statistics.comoment[:, :s] / b**2
            C = ratio**2 - q2 * inner.M2[:, :s] / b**2
            root = np.sqrt(np.maximum(B**2 - A * C, 0))
            lower = np.where(A > 0, (B - root) / A, -np.inf)
            upper = np.where(A > 0, (B + root) / A, np.inf)
    defined = b != 0  # else all gradients are 0, and there is nothing to ask
    if not defined.any():
        ratio, lower, upper = (np.full_like(ratio, np.nan) for _ in range(3))
    gone = np.isnan(ratio) & defined
    ratio, lower, upper = (np.where(defined, x, np.inf) for x in (ratio, lower, upper))
    lower, upper = np.where(gone, -np.inf, lower), np.where(gone, np.inf, upper)
    at, lag = np.unravel_index(int(ratio.argmin()), ratio.shape)
    return CoherenceLimits(
        estimate=float(ratio.min()),
        lower=float(lower.min()),
        upper=float(upper.min()) if not gone.any() else np.inf,
        time=int(runs.times[at]),
        lag=int(lag),
        alpha=alpha,
    )


def average_over_time(runs: Runs, measure: str = "squared gradient") -> float:
    r"""The mean over replicas of a measure, averaged over the updates.

    .. math:: \frac{1}{T} \sum_{t=0}^{T-1} E |\nabla f(x_t)|^2

    Exact of the runs if every time is recorded; with record=("random", m) each recorded time stands
    for its window, and what comes out is unbiased: on average over seeds it is what record="all"
    would give. Raises ValueError for other records, or if the measure was not recorded.

    >>> from empirics import problems, schedules, simulate
    >>> problem = problems.quadratic(dim=1, mu=1.0, L=1.0)
    >>> average_over_time(simulate(problem, schedules.Constant(0), step=0.5, steps=2))
    0.625
    """
    shares = windows(runs.settings["record"], len(runs.step_sizes))
    if measure not in MEASURES:
        raise ValueError(
            f"average over time needs a measure among {', '.join(MEASURES)}, got {measure!r}"
        )
    mean = getattr(runs.statistics, MEASURES[measure]).mean[: len(shares)]
    if np.isnan(mean).any():
        raise ValueError(
            f"average over time needs runs with the {measure}, got none; simulate with "
            f'measures=("{measure}", ...)'
        )
    return float(mean @ shares / shares.sum())


def _needs_window(who: str, runs: Runs) -> None:
    if not runs.statistics.inner.mean.shape[1]:
        raise ValueError(
            f"{who} needs runs with a window of at least 2 gradients, got none; "
            "simulate with window=s"
        )
