"""Means and sums of squares over replicas, which merge exactly: what runs keep of each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array

# what can be measured of a replica: its name, and the field of `Statistics` that keeps it
MEASURES = {
    "squared gradient": "squared_norm",
    "gap": "gap",
    "squared distance": "squared_distance",
    "squared gradient at read points": "read_squared_norm",
    "gap at read points": "read_gap",
    "squared distance at read points": "read_squared_distance",
    "direction": "direction",
    "time": "time",
    "disagreement": "disagreement",
    "squared gradient mapping": "mapping",
}
MAPPING = "squared gradient mapping"
OF_THE_TILE = ("time", "disagreement")  # what is known to workers or caches only
OF_ITERATES = {name: field for name, field in MEASURES.items() if name not in OF_THE_TILE}
AT_READ_POINTS = " at read points"


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
    def none(cls, times: int, count: int) -> Moments:
        """Of what was not asked for, at so many times."""
        nothing = np.full(times, np.nan)
        return cls(count=count, mean=nothing, M2=nothing)

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
    f(x_t) - inf f; squared_distance, of |x_t - x*|^2; read_squared_norm, read_gap and
    read_squared_distance, of the same at the point x_{t - tau_t} that update t reads, and
    direction, of <grad f(x_t), grad f(x_{t - tau_t})> (not a number at t = T); time, of the time at
    which x_t came to be, in units of the service times; disagreement, of the mean over workers of
    |x_p - mean of all caches|^2; mapping, of L^2 |x_t - p|^2, p what a proximal step of size 1/L
    along the full gradient makes of x_t (|grad f(x_t)|^2 without a penalty); inner, of
    <grad f(x_t), grad f(x_{t-l})>, (K, s), reading x_0 when l > t; comoment, the sum over replicas
    of the products of the deviations of inner and squared_norm, (K, s); coherence_min, the smallest
    mu_t of a replica (see Coherence); coherence_negative, the replicas where mu_t < 0;
    coherence_undefined, those with a gradient of 0; noise_mean and noise_max of E|xi|^2 at x_t;
    smoothness, the largest |grad f(x) - grad f(y)|/|x - y| of a replica, with x = x_t and y the
    iterate recorded before or the point that update t reads; diverged, the replicas lost so far.
    What was not asked for is not a number.
    """

    squared_norm: Moments
    gap: Moments
    squared_distance: Moments
    read_squared_norm: Moments
    read_gap: Moments
    read_squared_distance: Moments
    direction: Moments
    time: Moments
    disagreement: Moments
    mapping: Moments
    inner: Moments
    comoment: Array
    coherence_min: Array
    coherence_negative: NDArray[np.int64]
    coherence_undefined: NDArray[np.int64]
    noise_mean: Array
    noise_max: Array
    smoothness: Array
    diverged: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        measured: Mapping[str, Array],
        inner: Array,
        noise: Array,
        lost: NDArray[np.bool_],
        smoothness: Array,
    ) -> Statistics:
        """Of values per replica: all (K, n) but inner, (K, s, n). Lost replicas count as 0 here.

        `measured` has the squared gradient, and what else was asked for, by names of `MEASURES`.
        """
        kept = ~lost
        if lost.any():
            measured = {
                name: values if name == "time" else np.where(kept, values, 0)
                for name, values in measured.items()
            }
            noise = np.where(kept, noise, 0)
            inner = np.where(kept[:, None], inner, 0)
        norm = measured["squared gradient"]
        times, count = norm.shape
        moments = {
            field: Moments.of(measured[name]) if name in measured else Moments.none(times, count)
            for name, field in MEASURES.items()
        }
        deviation = norm - norm.mean(axis=-1, keepdims=True)  # (K, n)
        mean = inner.mean(axis=-1)
        spread = inner - mean[..., None]  # (K, s, n)
        defined = kept & (norm > 0)
        least = inner.min(axis=1, initial=np.inf)  # (K, n)
        path = np.divide(least, norm, out=np.full_like(norm, np.inf), where=defined)
        any_path = defined.any(axis=-1) & (inner.shape[1] > 0)
        return cls(
            **moments,
            inner=Moments(count=count, mean=mean, M2=np.vecdot(spread, spread)),
            comoment=np.vecdot(spread, deviation[:, None]),
            coherence_min=np.where(any_path, path.min(axis=-1), np.nan),
            coherence_negative=(path < 0).sum(axis=-1),
            coherence_undefined=(kept & ~defined).sum(axis=-1),
            noise_mean=noise.mean(axis=-1),
            noise_max=noise.max(axis=-1),
            smoothness=np.fmax.reduce(smoothness, axis=-1),
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
        moments: dict[str, Any] = {
            name: getattr(self, name).merge(getattr(other, name)) for name in MEASURES.values()
        }
        return Statistics(
            **moments,
            inner=self.inner.merge(other.inner),
            comoment=self.comoment + other.comoment + inner * norm[:, None] * (m * n / (m + n)),
            coherence_min=np.fmin(self.coherence_min, other.coherence_min),
            coherence_negative=self.coherence_negative + other.coherence_negative,
            coherence_undefined=self.coherence_undefined + other.coherence_undefined,
            noise_mean=self.noise_mean + (other.noise_mean - self.noise_mean) * (n / (m + n)),
            noise_max=np.maximum(self.noise_max, other.noise_max),
            smoothness=np.fmax(self.smoothness, other.smoothness),
            diverged=self.diverged + other.diverged,
        )

    def closed(self) -> Statistics:
        """Where replicas are lost, measures and noise are infinite, inner products not a number.

        An infinite inner product could be taken for a coherent one.
        """
        keep = self.diverged == 0
        moments: dict[str, Any] = {
            name: moment.where(keep | np.isnan(moment.mean), np.inf)
            for name in MEASURES.values()
            if name != "time" and isinstance(moment := getattr(self, name), Moments)
        }
        return replace(
            self,
            **{**moments, "direction": self.direction.where(keep, np.nan)},
            inner=self.inner.where(keep[:, None], np.nan),
            comoment=np.where(keep[:, None], self.comoment, np.nan),
            coherence_min=np.where(keep, self.coherence_min, np.nan),
            noise_mean=np.where(keep | np.isnan(self.noise_mean), self.noise_mean, np.inf),
            noise_max=np.where(keep | np.isnan(self.noise_max), self.noise_max, np.inf),
        )
