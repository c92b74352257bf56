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
