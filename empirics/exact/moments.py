r"""Exact first and second moments of stale SGD on a quadratic, without a random number.

In the eigenbasis every coordinate is a *mode* of its own: with curvature h, a_t = eta_t h and
v_t = eta_t^2 sigma^2/dim,

.. math:: x_{t+1} = x_t + \beta (x_t - x_{t-1}) - a_t y_t - \eta_t \xi_t, \qquad
          y_t = x_{t - \tau_t}, \quad E \xi_t^2 = \sigma^2/\mathrm{dim}

and where eta_t varies, the momentum is beta eta_t / eta_{t-1}, as `optimisers.Momentum` has it.
Where an update applies K gradients, y_t is the mean of the K points read.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from empirics.exact.arriving import caches
from empirics.exact.constant import constant_delay
from empirics.exact.expectations import Exact
from empirics.exact.noise import bowl, noise_of
from empirics.exact.queue import queue
from empirics.exact.reading import Memoryless, Shared, reading
from empirics.exact.recursion import Found, Tables, recursion
from empirics.problems.base import Problem, whole
from empirics.problems.quadratic import Quadratic
from empirics.schedules.base import Schedule
from empirics.schedules.caches import Caches
from empirics.stepsizes import StepSizes, step_sizes


def moments(
    problem: Problem,
    schedule: Schedule,
    *,
    step: StepSizes | ArrayLike,
    steps: int,
    momentum: float = 0.0,
    window: int = 1,
    variance: ArrayLike | None = None,
    relative: ArrayLike | None = None,
    method: str | None = None,
) -> Exact:
    r"""Exact moments of stale SGD on a quadratic: an oracle for the simulator.

    .. math:: C_{t+1,j} = (1 + \beta) C_{t,j} - \beta C_{t-1,j} - a_t \sum_d p_d C_{t-d,j},
              \quad j \le t

    for the covariance C of x_t and x_j; the variance of x_{t+1} takes in that of the delay itself.
    Parameters: problem, made by `quadratic`, perhaps `with_noise`; schedule, with delays that are
    the same in every replica (K >= 1 gradients an update), independent delays with a `pmf`,
    `Workers` with a barrier or with exponential service times (see `queue`), or any `Caches` (see
    `arriving`); step = eta_t, steps = T, as in `simulate`; momentum = beta in [0, 1), that of
    `optimisers.Momentum` (of each worker where these have caches); window = s, the number of lags.
    Noise, that of the problem unless given, a number or one for each mode: variance, that is added
    to each coordinate; relative = nu, of noise with variance nu (h y)^2 beside it, as when a
    gradient is multiplied by a random number of mean 1 and variance nu. nu = (1 - p)/p is a
    coordinate touched with chance p only, and then divided by p. The law of the noise does not
    matter otherwise.
    method, "filter" (by impulse response; constant delay and step, no momentum, nothing relative)
    or "recursion"; the filter where it can be used unless given. A step that diverges is fine.
    Raises ValueError if an argument is not of its kind.

    >>> from empirics import problems, schedules
    >>> problem = problems.quadratic(spectrum=[1.0], sigma=1.0, start=[1.0])
    >>> found = moments(problem, schedules.Constant(1), step=0.5, steps=3)
    >>> found.mean[:, 0], found.covariance[:, 0, 0]
    (array([ 1.  ,  0.5 ,  0.  , -0.25]), array([0.    , 0.25  , 0.5   , 0.5625]))
    >>> 2 * found.gap
    array([1.   , 0.5  , 0.5  , 0.625])
    >>> caches = schedules.Caches(2, schedules.Uniform(1))
    >>> moments(problem, caches, step=0.25, steps=3).disagreement  # of two caches, unequally late
    array([0.        , 0.03125   , 0.02587891, 0.01997375])

    Source: moments of a linear recursion whose noise is fresh at every update; tests compare it
    with the enumeration of all delays and all signs of the noise, in rational numbers.
    """
    who = "exact.moments"
    under = bowl(who, problem)
    steps = whole(who, "steps", steps, 1)
    beta, eta = share(who, "momentum", momentum), step_sizes(step)(steps)
    if beta and not eta.all():
        raise ValueError(
            f"exact.moments needs steps > 0 with momentum, got 0 at t = {int(eta.argmin())}"
        )
    tables = Tables(
        h=under.spectrum,
        start=under.start,
        noise=noise_of(who, problem, variance, relative),
        eta=eta,
        momentum=beta,
        window=whole(who, "window", window, 1),
    )
    if method not in (None, "filter", "recursion"):
        raise ValueError(f'exact.moments needs method = "filter" or "recursion", got {method!r}')
    way = schedule if isinstance(schedule, Caches) else reading(who, schedule, steps)
    tau = _constant(tables, way)
    if method == "filter" and tau is None:
        raise ValueError(
            "exact.moments needs a constant delay, a constant step and no momentum or relative "
            f"noise to filter, got {schedule!r} and momentum = {beta}"
        )
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        if isinstance(way, Caches):
            found = caches(tables, way)
        elif isinstance(way, Memoryless):
            found = queue(tables, way.shares)
        elif tau is not None and method != "recursion":
            found = constant_delay(tables, tau)
        else:
            found = recursion(tables, way)
    return _expectations(under, found)


def _expectations(problem: Quadratic, found: Found) -> Exact:
    read = found.read
    if read is None:
        read = np.full((3, len(found.mean) - 1, problem.dim), np.nan)
    return Exact(
        problem=problem,
        mean=found.mean,
        covariance=found.covariance,
        read_mean=read[0],
        read_variance=read[1],
        read_covariance=read[2],
        disagreement=found.disagreement,
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


def _constant(tables: Tables, way: object) -> int | None:
    """The delay, if every update is the same but for the clipped start; else None."""
    if tables.momentum or tables.noise.relative.any() or not isinstance(way, Shared):
        return None
    delays, eta = way.delays, tables.eta
    same = np.minimum(np.arange(len(delays)), way.longest)
    if delays.shape[1] == 1 and (delays[:, 0] == same).all() and (eta == eta[0]).all():
        return way.longest
    return None
