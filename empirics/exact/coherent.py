r"""Gradient coherence along stale SGD on a quadratic, exactly.

.. math:: \mu_t = \min_{0 \le l < s}
          \frac{E \langle \nabla f(x_t), \nabla f(x_{t-l}) \rangle}{E |\nabla f(x_t)|^2}

Without noise, and with the same delays in every replica, this is what the path itself does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirics.exact.moments import moments, share
from empirics.exact.noise import bowl, noise_of
from empirics.exact.reading import Shared, reading
from empirics.exact.recursion import betas
from empirics.problems.base import Array, Problem, whole
from empirics.problems.quadratic import Quadratic
from empirics.schedules.base import Schedule
from empirics.schedules.caches import Caches
from empirics.stepsizes import StepSizes, step_sizes

LOOK = 64  # updates after which a path is scaled back, by a power of two, which rounds nothing


@dataclass(frozen=True, eq=False, kw_only=True)
class ExactCoherence:
    """Coherence at t = 0, ..., T.

    Fields: ratio, E<grad f(x_t), grad f(x_{t-l})>/E|grad f(x_t)|^2, (T + 1, s), reading x_0 where
    l > t; pathwise, whether it is that of the one path there is. A row is not a number where the
    gradient is 0 (`undefined`), or where moments have left the floating numbers.
    """

    ratio: Array
    undefined: NDArray[np.bool_]
    pathwise: bool

    @property
    def expected(self) -> Array:
        """mu_t, the least over the window, (T + 1,)."""
        return np.asarray(self.ratio.min(axis=1))

    @property
    def lag(self) -> NDArray[np.int64]:
        """The lag that gives it, (T + 1,); 0 where it is not a number."""
        return np.where(np.isnan(self.expected), 0, self.ratio.argmin(axis=1))

    @property
    def lowest(self) -> float:
        """The least mu_t of the run, where it is a number; not a number if it never is."""
        some = self.expected[~np.isnan(self.expected)]
        return float(some.min()) if some.size else np.nan


def coherence(
    problem: Problem,
    schedule: Schedule,
    *,
    step: StepSizes | ArrayLike,
    steps: int,
    window: int,
    momentum: float = 0.0,
    variance: ArrayLike | None = None,
    relative: ArrayLike | None = None,
) -> ExactCoherence:
    r"""Exact coherence along the run, for any schedule that `moments` knows.

    Parameters: as of `moments`; window = s. Without noise and with the same delays in every replica
    it is the coherence of the path, which is scaled back whenever its numbers get too large or too
    small (no ratio feels that), so that a run may be as long as one likes.
    Raises ValueError if an argument is not of its kind.

    >>> from empirics import problems, schedules
    >>> problem = problems.quadratic(spectrum=[1.0])
    >>> coherence(problem, schedules.Constant(1), step=0.5, steps=6, window=2).expected
    array([ 1.,  1., nan,  0.,  1.,  1., nan])

    Source: Dai et al. 2019, Definition 1, with s gradients in the window.
    """
    who = "exact.coherence"
    s = whole(who, "window", window, 1)
    under = bowl(who, problem)
    if not isinstance(schedule, Caches):
        noise = noise_of(who, problem, variance, relative)
        way = reading(who, schedule, whole(who, "steps", steps, 1))
        if isinstance(way, Shared) and not (noise.variance.any() or noise.relative.any()):
            eta, beta = step_sizes(step)(steps), share(who, "momentum", momentum)
            return _of_path(under, way, eta, beta, s)
    found = moments(
        problem,
        schedule,
        step=step,
        steps=steps,
        momentum=momentum,
        window=s,
        variance=variance,
        relative=relative,
    )
    norm = found.squared_gradient
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        ratio = found.inner / norm[:, None]
    undefined = norm == 0
    ratio[undefined] = np.nan
    return ExactCoherence(ratio=ratio, undefined=undefined, pathwise=False)


def _of_path(
    problem: Quadratic, way: Shared, eta: Array, momentum: float, window: int
) -> ExactCoherence:
    """Of the one path that there is, kept in a ring with its latest gradients."""
    h, n = problem.spectrum, max(way.longest + 1, window, 2)
    x = np.tile(np.where(h > 0, problem.start, 0.0), (n, 1))  # flat directions have no gradient
    ratio, undefined = np.full((len(eta) + 1, window), np.nan), np.zeros(len(eta) + 1, dtype=bool)
    lags, delays, grown = np.arange(window), way.delays, betas(eta, momentum)
    for t in range(len(eta) + 1):
        slots = (t - lags) % n
        inner = x[slots] @ (h**2 * x[t % n])
        undefined[t] = inner[0] == 0
        if not undefined[t]:
            ratio[t] = inner / inner[0]
        if t == len(eta):
            break
        latest = x[t % n]
        new = latest - eta[t] * h * x[(t - delays[t]) % n].mean(axis=0)
        if grown[t]:
            new = new + grown[t] * (latest - x[(t - 1) % n])
        x[(t + 1) % n] = new
        if t % LOOK == 0 and (size := float(np.abs(x).max())):
            x *= 2.0 ** -np.round(np.log2(size))
    return ExactCoherence(ratio=ratio, undefined=undefined, pathwise=True)
