r"""How large a step a quadratic bears under a schedule, how fast it is, how noisy it ends.

Everything is about one mode: a = step times curvature, so that limits are in units of 1/h.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from empirics.exact.independent import Independent
from empirics.exact.moments import share
from empirics.exact.periodic import Periodic
from empirics.exact.reading import Drawn, reading
from empirics.exact.steady import Steady
from empirics.schedules.base import Schedule
from empirics.schedules.laws import Constant, Cyclic
from empirics.schedules.traces import Trace

KINDS = ("mean", "mean-square")
GRID = 100  # places between 0 and the limit where the best step is looked for first
LONGEST = 10**6


class Mode(Protocol):
    """What can be asked of one mode."""

    def limit(self, square: bool) -> float: ...
    def rate(self, a: float, square: bool) -> float: ...
    def variance(self, a: float) -> float: ...


def stability_limit(
    schedule: Schedule, kind: str = "mean-square", *, momentum: float = 0.0
) -> float:
    r"""The least step times curvature at which a schedule stops to be stable.

    .. math:: a_{\max} = 2 \sin \frac{\pi}{2(2\tau + 1)} \quad \text{under constant delay}

    Parameters: schedule, `Constant`, `Cyclic`, a `Trace` that repeats, or with independent delays;
    kind, "mean" (E x_t stays bounded) or "mean-square" (E x_t^2 does, which is what gradients need;
    never a larger limit); momentum = beta in [0, 1). Under independent delays and in the mean, the
    least of the a that put a root of the characteristic equation on the unit circle; in the mean
    square, where the kernel of the variance sums to 1 (see `independent`), first looked for at 64
    steps. Under a pattern, by the eigenvalues over one period, at steps 2 % apart, then by
    bisection.
    Raises ValueError if schedule, kind or momentum is none of these.

    >>> from empirics import schedules
    >>> float(round(stability_limit(schedules.Constant(2)), 6))
    0.618034
    >>> [round(stability_limit(schedules.Uniform(1), kind), 6) for kind in KINDS]
    [2.0, 1.236068]

    Source: Levin, May 1976 for constant delay; the rest derived here, tests compare with the
    spectral radius of the operator that carries second moments.
    """
    mode = _mode("stability limit", schedule, momentum)
    return mode.limit(_square("stability limit", kind))


def largest_delay(
    a: float,
    law: Callable[[int], Schedule] = Constant,
    kind: str = "mean-square",
    *,
    momentum: float = 0.0,
) -> int:
    r"""The largest delay that a given sharpness tolerates: the inverse of `stability_limit`.

    .. math:: \tau < \frac{\pi}{4 \arcsin(a/2)} - \frac12 \quad \text{under constant delay}

    Parameters: a, step times curvature; law, what makes a schedule of a whole number, such as
    `Constant` or `Uniform`, whose limit falls as it grows; kind and momentum as above.
    Raises ValueError if not even 0 is stable, or more than a million.

    >>> from empirics import schedules
    >>> largest_delay(0.1), largest_delay(0.1, schedules.Uniform)
    (15, 45)
    """
    a, square = _positive("largest delay", a), _square("largest delay", kind)

    def bears(tau: int) -> bool:
        return a < _mode("largest delay", law(tau), momentum).limit(square)

    if not bears(0):
        raise ValueError(f"largest delay needs a step that is stable without delay, got a = {a}")
    high = 1
    while bears(high):
        high *= 2
        if high > LONGEST:
            raise ValueError(f"largest delay needs a step that does not bear 10^6, got a = {a}")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if bears(middle) else (low, middle)
    return low


def rate(
    schedule: Schedule, a: float, kind: str = "mean-square", *, momentum: float = 0.0
) -> float:
    """What |E x_t|, or the root of E x_t^2, shrinks by at every update in the long run.

    Without noise; parameters as of `stability_limit`, and a = step times curvature. The two kinds
    are the same where delays are not random. It is a spectral radius (for the mean square, the
    root of that of the operator that carries second moments), and 1 at the limit.
    Raises ValueError if an argument is not of its kind.

    >>> from empirics import schedules
    >>> round(rate(schedules.Constant(1), 0.25), 9), round(rate(schedules.Constant(0), 0.25), 9)
    (0.5, 0.75)
    """
    mode = _mode("rate", schedule, momentum)
    return mode.rate(_positive("rate", a), _square("rate", kind))


def stationary_variance(schedule: Schedule, a: float, *, momentum: float = 0.0) -> float:
    r"""E x_t^2 in the long run, over eta^2 sigma^2/dim; under a pattern its mean over a period.

    .. math:: \frac{1 + \sin\alpha}{2 \sin\theta \cos\alpha}, \quad a = 2 \sin(\theta/2), \;
              \alpha = (2\tau + 1)\theta/2 \quad \text{under constant delay}

    Parameters: as of `rate`. Infinite from the limit on.
    Raises ValueError if an argument is not of its kind.

    >>> from empirics import schedules
    >>> round(stationary_variance(schedules.Constant(0), 0.5), 9)  # 1/(a (2 - a))
    1.333333333
    """
    mode = _mode("stationary variance", schedule, momentum)
    return mode.variance(_positive("stationary variance", a))


@dataclass(frozen=True, kw_only=True)
class Best:
    """The fastest step, times the largest curvature, and the rate it gives."""

    step: float
    rate: float


def best_step(
    schedule: Schedule,
    kind: str = "mean-square",
    *,
    condition: float = 1.0,
    momentum: float = 0.0,
) -> Best:
    r"""The step that makes the slowest mode fastest, without noise.

    .. math:: a^* = \frac{\tau^\tau}{(\tau+1)^{\tau+1}}, \quad \rho^* = \frac{\tau}{\tau+1}
              \qquad \text{under constant delay, if all curvatures are the same}

    Parameters: as of `rate`; condition = kappa >= 1, the largest curvature over the least. The step
    is in units of 1/L. Looked for at 100 steps below the limit, then by golden section.
    Raises ValueError if an argument is not of its kind.

    >>> from empirics import schedules
    >>> best_step(schedules.Constant(1))
    Best(step=0.25, rate=0.5)
    >>> found = best_step(schedules.Constant(1), condition=10)  # kappa/(kappa + 1)
    >>> round(found.rate, 6)
    0.909091
    """
    mode, square = _mode("best step", schedule, momentum), _square("best step", kind)
    if not (isinstance(condition, int | float) and 1 <= condition < np.inf):
        raise ValueError(f"best step needs a finite condition >= 1, got {condition!r}")
    if isinstance(mode, Steady) and condition == 1:
        return Best(step=mode.best, rate=mode.tau / (mode.tau + 1))

    def slowest(a: float) -> float:
        rates = [mode.rate(a, square)]
        return max(rates if condition == 1 else [*rates, mode.rate(a / condition, square)])

    places = mode.limit(square) * np.arange(1, GRID) / GRID
    at = int(np.argmin([slowest(a) for a in places]))
    a = _golden(slowest, float(places[at] - places[0]), float(places[at] + places[0]))
    return Best(step=a, rate=slowest(a))


def _golden(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one valley is least; a kink does no harm."""
    ratio = (5**0.5 - 1) / 2
    one, other = high - ratio * (high - low), low + ratio * (high - low)
    f, g = function(one), function(other)
    while high - low > 1e-12 * high:
        if f <= g:
            high, other, g = other, one, f
            one = high - ratio * (high - low)
            f = function(one)
        else:
            low, one, f = one, other, g
            other = low + ratio * (high - low)
            g = function(other)
    return (low + high) / 2


def _mode(who: str, schedule: Schedule, momentum: float) -> Mode:
    beta = share(who, "momentum", momentum)
    if isinstance(schedule, Constant):
        if not beta:
            return Steady(tau=schedule.tau)
        return Independent(pmf=schedule.pmf, momentum=beta)
    if isinstance(schedule, Cyclic):
        return Periodic(pattern=np.array(schedule.pattern), momentum=beta)
    if isinstance(schedule, Trace) and schedule.repeat and schedule.gradients == 1:
        return Periodic(pattern=schedule.delays[:, 0], momentum=beta)
    found = reading(who, schedule, 1)
    if not isinstance(found, Drawn):
        raise ValueError(
            f"{who} needs delays that are constant, independent or in a pattern that repeats, "
            f"got {schedule!r}; take Pmf of the delays it has"
        )
    pmf = np.trim_zeros(found.pmf, "b")
    sure = np.count_nonzero(pmf) == 1 and not beta
    return Steady(tau=len(pmf) - 1) if sure else Independent(pmf=pmf, momentum=beta)


def _square(who: str, kind: str) -> bool:
    if kind not in KINDS:
        raise ValueError(f'{who} needs kind = "mean" or "mean-square", got {kind!r}')
    return kind == "mean-square"


def _positive(who: str, a: Any) -> float:
    if isinstance(a, bool) or not isinstance(a, int | float | np.number) or not 0 < a < np.inf:
        raise ValueError(f"{who} needs a finite a = step times curvature > 0, got {a!r}")
    return float(a)
