"""Expectations along a run on a quadratic, made of the first and second moments of its modes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empirics.problems.base import Array
from empirics.problems.quadratic import Quadratic


@dataclass(frozen=True, eq=False, kw_only=True)
class Exact:
    r"""Moments of every mode at t = 0, ..., T, and of the points read at t = 0, ..., T - 1.

    Fields: problem; mean = E x_t, (T + 1, dim); covariance, of x_t with x_{t-l}, l = 0, ..., s - 1,
    (T + 1, s, dim), where x_{t-l} is x_0 for l > t; read_mean, read_variance and read_covariance,
    of y_t = x_{t - tau_t} and of y_t with x_t, (T, dim), over noise and delays. What has left the
    floating numbers is infinite or not a number in a covariance, infinite in what is made of it.
    Where an update applies K gradients, y_t is the mean of the K points read. Where workers have
    caches, x_t is the cache that is evaluated and y_t not a number; disagreement is
    E mean_p |x_p - mean_q x_q|^2, (T + 1,), None elsewhere.
    """

    problem: Quadratic
    mean: Array
    covariance: Array
    read_mean: Array
    read_variance: Array
    read_covariance: Array
    disagreement: Array | None = None

    @property
    def second_moment(self) -> Array:
        """E x_t x_{t-l}, (T + 1, s, dim)."""
        times, lags = self.covariance.shape[:2]
        back = np.maximum(np.arange(times)[:, None] - np.arange(lags), 0)
        return np.asarray(self.covariance + self.mean[:, None] * self.mean[back])

    @property
    def squared_gradient(self) -> Array:
        """E|grad f(x_t)|^2, (T + 1,)."""
        return self._over(self.problem.spectrum**2, self.covariance[:, 0], self.mean)

    @property
    def gap(self) -> Array:
        """E f(x_t) - inf f, (T + 1,)."""
        return self._over(self.problem.spectrum / 2, self.covariance[:, 0], self.mean)

    @property
    def squared_distance(self) -> Array:
        """E|x_t - x*|^2, (T + 1,)."""
        return self._distance(self.covariance[:, 0], self.mean)

    @property
    def inner(self) -> Array:
        """E<grad f(x_t), grad f(x_{t-l})>, (T + 1, s)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(self.second_moment @ self.problem.spectrum**2)

    @property
    def read_squared_gradient(self) -> Array:
        """E|grad f(y_t)|^2, (T,)."""
        return self._over(self.problem.spectrum**2, self.read_variance, self.read_mean)

    @property
    def read_gap(self) -> Array:
        """E f(y_t) - inf f, (T,)."""
        return self._over(self.problem.spectrum / 2, self.read_variance, self.read_mean)

    @property
    def read_squared_distance(self) -> Array:
        """E|y_t - x*|^2, (T,)."""
        return self._distance(self.read_variance, self.read_mean)

    @property
    def direction(self) -> Array:
        """E<grad f(x_t), grad f(y_t)>, (T,)."""
        with np.errstate(over="ignore", invalid="ignore"):
            second = self.read_covariance + self.mean[:-1] * self.read_mean
            return np.asarray(second @ self.problem.spectrum**2)

    def _distance(self, variance: Array, mean: Array) -> Array:
        centre = np.where(self.problem.spectrum > 0, 0.0, self.problem.start)
        return self._over(np.ones(self.problem.dim), variance, mean - centre)

    def _over(self, weights: Array, variance: Array, mean: Array) -> Array:
        """The weighted sum of second moments; infinite where one is beyond the numbers."""
        with np.errstate(over="ignore", invalid="ignore"):
            total = (variance + mean**2) @ weights
        return np.where(np.isnan(total) & ~np.isnan(variance).all(), np.inf, total)
