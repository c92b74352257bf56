r"""Exact first and second moments of stale SGD on a quadratic, without a random number.

In the eigenbasis every coordinate is a *mode* of its own: with curvature h, a_t = eta_t h and
v_t = eta_t^2 sigma^2/dim,

.. math:: x_{t+1} = x_t + \beta (x_t - x_{t-1}) - a_t y_t - \eta_t \xi_t, \qquad
          y_t = x_{t - \tau_t}, \quad E \xi_t^2 = \sigma^2/\mathrm{dim}

and where eta_t varies, the momentum is beta eta_t / eta_{t-1}, as `optimisers.Momentum` has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from empirics.exact.constant import constant_delay
from empirics.exact.reading import Shared, reading
from empirics.exact.recursion import Tables, recursion
from empirics.problems.base import Array, Problem, whole
from empirics.problems.quadratic import Quadratic
from empirics.schedules.base import Schedule
from empirics.stepsizes import StepSizes, step_sizes


@dataclass(frozen=True, eq=False, kw_only=True)
class Exact:
    r"""Moments of every mode at t = 0, ..., T, and of the points read at t = 0, ..., T - 1.

    Fields: problem; mean = E x_t, (T + 1, dim); covariance, of x_t with x_{t-l}, l = 0, ..., s - 1,
    (T + 1, s, dim), where x_{t-l} is x_0 for l > t; read_mean, read_variance and read_covariance,
    of y_t = x_{t - tau_t} and of y_t with x_t, (T, dim), over noise and delays. What has left the
    floating numbers is infinite or not a number in a covariance, infinite in what is made of it.
    """

    problem: Quadratic
    mean: Array
    covariance: Array
    read_mean: Array
    read_variance: Array
    read_covariance: Array

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
        return np.where(np.isnan(total), np.inf, total)


def moments(
    problem: Problem,
    schedule: Schedule,
    *,
    step: StepSizes | ArrayLike,
    steps: int,
    momentum: float = 0.0,
    window: int = 1,
    method: str | None = None,
) -> Exact:
    r"""Exact moments of stale SGD on a quadratic: an oracle for the simulator.

    .. math:: C_{t+1,j} = (1 + \beta) C_{t,j} - \beta C_{t-1,j} - a_t \sum_d p_d C_{t-d,j},
              \quad j \le t

    for the covariance C of x_t and x_j; the variance of x_{t+1} takes in that of the delay itself.
    Parameters: problem, made by `quadratic`; schedule, with delays that are the same in every
    replica or independent with a `pmf`; step = eta_t, steps = T, as in `simulate`; momentum = beta
    in [0, 1), that of `optimisers.Momentum`; window = s, the number of lags. method, "filter" (by
    impulse response; constant delay and step, no momentum) or "recursion"; the filter where it can
    be used unless given.
    The law of the noise does not matter, only its variance. A step that diverges is fine.
    Raises ValueError if an argument is not of its kind.

    >>> from empirics import problems, schedules
    >>> problem = problems.quadratic(spectrum=[1.0], sigma=1.0, start=[1.0])
    >>> found = moments(problem, schedules.Constant(1), step=0.5, steps=3)
    >>> found.mean[:, 0], found.covariance[:, 0, 0]
    (array([ 1.  ,  0.5 ,  0.  , -0.25]), array([0.    , 0.25  , 0.5   , 0.5625]))
    >>> 2 * found.gap
    array([1.   , 0.5  , 0.5  , 0.625])

    Source: moments of a linear recursion whose noise is fresh at every update; tests compare it
    with the enumeration of all delays and all signs of the noise, in rational numbers.
    """
    if not isinstance(problem, Quadratic):
        name = problem.name if isinstance(problem, Problem) else repr(problem)
        raise ValueError(
            "exact.moments needs a problem made by quadratic(...), where updates are linear, got "
            f"{name}; simulate it"
        )
    steps = whole("exact.moments", "steps", steps, 1)
    beta, eta = share("exact.moments", "momentum", momentum), step_sizes(step)(steps)
    if beta and not eta.all():
        raise ValueError(
            f"exact.moments needs steps > 0 with momentum, got 0 at t = {int(eta.argmin())}"
        )
    tables = Tables(
        h=problem.spectrum,
        start=problem.start,
        variance=problem.sigma**2 / problem.dim,
        eta=eta,
        momentum=beta,
        reading=reading("exact.moments", schedule, steps),
        window=whole("exact.moments", "window", window, 1),
    )
    filtered = _constant(tables)
    if method not in (None, "filter", "recursion"):
        raise ValueError(f'exact.moments needs method = "filter" or "recursion", got {method!r}')
    if method == "filter" and not filtered:
        raise ValueError(
            "exact.moments needs a constant delay, a constant step and no momentum to filter, got "
            f"{schedule!r} and momentum = {beta}"
        )
    compute = constant_delay if filtered and method != "recursion" else recursion
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        mean, covariance, read = compute(tables)
    return Exact(
        problem=problem,
        mean=mean,
        covariance=covariance,
        read_mean=read[0],
        read_variance=read[1],
        read_covariance=read[2],
    )


def share(who: str, what: str, value: Any) -> float:
    """`value` as a number in [0, 1), else one sentence."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not 0 <= number < 1:
        raise ValueError(f"{who} needs {what} in [0, 1), got {value!r}")
    return number


def _constant(tables: Tables) -> bool:
    """Whether every update is the same, but for the clipped start."""
    if tables.momentum or not isinstance(tables.reading, Shared):
        return False
    delays, eta = tables.reading.delays, tables.eta
    same = np.minimum(np.arange(len(delays)), tables.reading.longest)
    return bool((delays == same).all() and (eta == eta[0]).all())
