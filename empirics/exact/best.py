"""The step that makes the slowest mode of a quadratic fastest under a schedule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from empirics.exact.mode import mode_of, square
from empirics.exact.steady import Steady
from empirics.schedules.base import Schedule

GRID = 100  # places between 0 and the limit where the best step is looked for first


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
    relative: float = 0.0,
) -> Best:
    r"""The step that makes the slowest mode fastest, without noise that is added.

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
    mode, squared = mode_of("best step", schedule, momentum, relative), square("best step", kind)
    if not (isinstance(condition, int | float) and 1 <= condition < np.inf):
        raise ValueError(f"best step needs a finite condition >= 1, got {condition!r}")
    if isinstance(mode, Steady) and condition == 1:
        return Best(step=mode.best, rate=mode.tau / (mode.tau + 1))

    def slowest(a: float) -> float:
        rates = [mode.rate(a, squared)]
        return max(rates if condition == 1 else [*rates, mode.rate(a / condition, squared)])

    places = mode.limit(squared) * np.arange(1, GRID) / GRID
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
