"""What is measured along runs: the quantities theorems speak of, as statistics over replicas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array, Problem

if TYPE_CHECKING:
    from empirics.runs import Runs

LOST = 1e100  # a replica with a larger |grad f(x_t)|^2 has diverged


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


@dataclass(frozen=True, eq=False, kw_only=True)
class Moments:
    """Mean over replicas and M2, the sum of squared deviations from it: arrays of one shape."""

    count: int
    mean: Array
    M2: Array

    @classmethod
    def of(cls, values: Array) -> Moments:
        """Of values (..., replicas)."""
        mean = values.mean(axis=-1)
        deviation = values - mean[..., None]
        return cls(count=values.shape[-1], mean=mean, M2=np.vecdot(deviation, deviation))

    @classmethod
    def join(cls, parts: Sequence[Moments]) -> Moments:
        """Of the same replicas at successive times."""
        return cls(
            count=parts[0].count,
            mean=np.concatenate([part.mean for part in parts]),
            M2=np.concatenate([part.M2 for part in parts]),
        )

    @property
    def standard_error(self) -> Array:
        """Of the mean: sqrt(M2 / (n (n - 1))); not a number with fewer than two replicas."""
        n = self.count
        return np.sqrt(self.M2 / (n * (n - 1))) if n > 1 else np.full_like(self.mean, np.nan)

    def merge(self, other: Moments) -> Moments:
        """Of both samples together. Source: Chan, Golub, LeVeque 1979, equation (2.1)."""
        n = self.count + other.count
        delta = other.mean - self.mean
        return Moments(
            count=n,
            mean=self.mean + delta * (other.count / n),
            M2=self.M2 + other.M2 + delta**2 * (self.count * other.count / n),
        )

    def where(self, keep: NDArray[np.bool_], otherwise: float) -> Moments:
        """The same where `keep`, mean and M2 replaced elsewhere."""
        return Moments(
            count=self.count,
            mean=np.where(keep, self.mean, otherwise),
            M2=np.where(keep, self.M2, otherwise),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Statistics:
    r"""What all replicas together do at K recorded times, with a window of s gradients (or s = 0).

    Fields, of shape (K,) unless said: squared_norm, moments of |grad f(x_t)|^2; gap, of
    f(x_t) - inf f; inner, of <grad f(x_t), grad f(x_{t-l})>, (K, s), reading x_0 when l > t;
    comoment, the sum over replicas of the products of the deviations of inner and squared_norm,
    (K, s); coherence_min, the smallest mu_t of a replica (see Coherence); coherence_negative, the
    replicas where mu_t < 0; coherence_undefined, those with a gradient of 0; noise_mean and
    noise_max of E|xi|^2 at x_t; diverged, the replicas lost so far.
    What was not asked for is not a number.
    """

    squared_norm: Moments
    gap: Moments
    inner: Moments
    comoment: Array
    coherence_min: Array
    coherence_negative: NDArray[np.int64]
    coherence_undefined: NDArray[np.int64]
    noise_mean: Array
    noise_max: Array
    diverged: NDArray[np.int64]

    @classmethod
    def of(
        cls, norm: Array, gap: Array, inner: Array, noise: Array, lost: NDArray[np.bool_]
    ) -> Statistics:
        """Of values per replica: all (K, n) but inner, (K, s, n). Lost replicas count as 0 here."""
        kept = ~lost
        if lost.any():
            norm, gap, noise = (np.where(kept, values, 0) for values in (norm, gap, noise))
            inner = np.where(kept[:, None], inner, 0)
        deviation = norm - norm.mean(axis=-1, keepdims=True)  # (K, n)
        mean = inner.mean(axis=-1)
        spread = inner - mean[..., None]  # (K, s, n)
        defined = kept & (norm > 0)
        least = inner.min(axis=1, initial=np.inf)  # (K, n)
        path = np.divide(least, norm, out=np.full_like(norm, np.inf), where=defined)
        any_path = defined.any(axis=-1) & (inner.shape[1] > 0)
        return cls(
            squared_norm=Moments.of(norm),
            gap=Moments.of(gap),
            inner=Moments(count=norm.shape[-1], mean=mean, M2=np.vecdot(spread, spread)),
            comoment=np.vecdot(spread, deviation[:, None]),
            coherence_min=np.where(any_path, path.min(axis=-1), np.nan),
            coherence_negative=(path < 0).sum(axis=-1),
            coherence_undefined=(kept & ~defined).sum(axis=-1),
            noise_mean=noise.mean(axis=-1),
            noise_max=noise.max(axis=-1),
            diverged=lost.sum(axis=-1),
        )

    @classmethod
    def join(cls, parts: Sequence[Statistics]) -> Statistics:
        """Of the same replicas at successive times."""
        joined: dict[str, Any] = {}
        for name in (field.name for field in fields(cls)):
            column = [getattr(part, name) for part in parts]
            kind = Moments.join if isinstance(column[0], Moments) else np.concatenate
            joined[name] = kind(column)
        return cls(**joined)

    def merge(self, other: Statistics) -> Statistics:
        """Of both sets of replicas at the same times."""
        m, n = self.squared_norm.count, other.squared_norm.count
        norm = other.squared_norm.mean - self.squared_norm.mean  # (K,)
        inner = other.inner.mean - self.inner.mean  # (K, s)
        return Statistics(
            squared_norm=self.squared_norm.merge(other.squared_norm),
            gap=self.gap.merge(other.gap),
            inner=self.inner.merge(other.inner),
            comoment=self.comoment + other.comoment + inner * norm[:, None] * (m * n / (m + n)),
            coherence_min=np.fmin(self.coherence_min, other.coherence_min),
            coherence_negative=self.coherence_negative + other.coherence_negative,
            coherence_undefined=self.coherence_undefined + other.coherence_undefined,
            noise_mean=self.noise_mean + (other.noise_mean - self.noise_mean) * (n / (m + n)),
            noise_max=np.maximum(self.noise_max, other.noise_max),
            diverged=self.diverged + other.diverged,
        )

    def closed(self) -> Statistics:
        """Where replicas are lost, norm, gap and noise are infinite, inner products not a number.

        An infinite inner product could be taken for a coherent one.
        """
        keep = self.diverged == 0
        return replace(
            self,
            squared_norm=self.squared_norm.where(keep, np.inf),
            gap=self.gap.where(keep, np.inf),
            inner=self.inner.where(keep[:, None], np.nan),
            comoment=np.where(keep[:, None], self.comoment, np.nan),
            coherence_min=np.where(keep, self.coherence_min, np.nan),
            noise_mean=np.where(keep | np.isnan(self.noise_mean), self.noise_mean, np.inf),
            noise_max=np.where(keep | np.isnan(self.noise_max), self.noise_max, np.inf),
        )


class Recorder:
    """Measures the replicas of one tile as it goes, and takes means over them in batches."""

    DEPTH = 64  # recorded times held back until their means are taken together

    def __init__(self, problem: Problem, kept: int, window: int, noise: bool) -> None:
        s, lanes = max(window, 1), problem.lanes
        self._problem, self._kept, self._window, self._ask_noise = problem, kept, window, noise
        self._infimum = problem.infimum if "infimum" in problem.constants else np.nan
        # gradients at x_t, x_{t-1}, ...: a ring of their own, each place stamped with its time
        self._gradients = np.empty((s, lanes, problem.dim))
        self._gradients[:] = problem.gradient(problem.start)
        self._stamps = list(range(-s, 0))  # nothing but x_0 so far
        self._norm, self._gap = np.empty((2, self.DEPTH, lanes))
        self._noise = np.full((self.DEPTH, lanes), np.nan)
        self._inner = np.empty((self.DEPTH, window, lanes))
        self._held = 0
        self._lost = np.zeros(kept, dtype=bool)
        self._parts: list[Statistics] = []

    def take(self, t: int, iterate: Callable[[int], Array]) -> None:
        """Measure x_t; `iterate` gives x_u, (lanes, dim), for every u of the window.

        Each gradient has a call of its own: the shape, hence the last bit, is always the same.
        """
        problem, k, s = self._problem, self._held, len(self._gradients)
        for u in range(t - s + 1, t + 1):
            if self._stamps[u % s] != u:  # not measured at an earlier time
                problem.gradient(iterate(u), out=self._gradients[u % s])
                self._stamps[u % s] = u
        x, g = iterate(t), self._gradients[t % s]
        np.vecdot(g, g, out=self._norm[k])
        self._gap[k] = problem.value(x)
        if self._window:
            self._inner[k] = np.vecdot(g, self._gradients)[(t - np.arange(s)) % s]
        if self._ask_noise:
            self._noise[k] = problem.noise_variance(x)
        self._held += 1
        if self._held == self.DEPTH:
            self._flush()

    def result(self) -> Statistics:
        """The statistics at all times taken."""
        self._flush()
        return Statistics.join(self._parts)

    def _flush(self) -> None:
        if not self._held:
            return
        held, kept = slice(self._held), slice(self._kept)
        norm, inner = self._norm[held, kept], self._inner[held, :, kept]
        gap, noise = self._gap[held, kept] - self._infimum, self._noise[held, kept]
        lost = ~(norm <= LOST)  # true for what is not a number
        lost[0] |= self._lost
        if lost.any():  # once lost, always lost
            lost = np.logical_or.accumulate(lost, axis=0)
        self._parts.append(Statistics.of(norm, gap, inner, noise, lost))
        self._lost = lost[-1]
        self._held = 0


def _needs_window(who: str, runs: Runs) -> None:
    if not runs.statistics.inner.mean.shape[1]:
        raise ValueError(
            f"{who} needs runs with a window of at least 2 gradients, got none; "
            "simulate with window=s"
        )
