"""The slope of a straight line in a log-log plot, with its window and its warning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from empirics.problems.base import Array, real, whole
from empirics.rates.curves import Summary, chosen, curves

if TYPE_CHECKING:
    from empirics.runs import Runs


@dataclass(frozen=True, kw_only=True)
class Slope:
    """The slope of a straight line in a log-log plot: of this window, and of no other."""

    slope: float
    interval: tuple[float, float]
    window: tuple[int, int]

    def __str__(self) -> str:
        return (
            f"log-log slope {self.slope:.3f} [{self.interval[0]:.3f}, {self.interval[1]:.3f}] over "
            f"T = {self.window[0]}..{self.window[1]}: no rate, as another window has another slope"
        )


def slope(
    runs: Runs,
    *,
    measure: str = "squared gradient",
    summary: Summary = "last",
    window: tuple[int, int],
    confidence: float = 0.95,
    resamples: int = 500,
    seed: int = 0,
) -> Slope:
    """The slope of log mean against log T over a window that has to be given, with its warning.

    >>> from empirics import problems, schedules, simulate
    >>> problem = problems.quadratic(dim=1, L=1.0)
    >>> runs = simulate(problem, schedules.Constant(0), step=0.1, steps=20, each=True)
    >>> print(slope(runs, window=(5, 20)))
    log-log slope -2.314 [-2.314, -2.314] over T = 5..20: no rate, ...
    """
    times, summarise, values = curves(runs, measure, summary)
    place = chosen(times, window, 2)
    logs = np.log(times[place].astype(np.float64))
    count, n = whole("rates", "resamples", resamples, 10), values.shape[1]
    real("rates", "confidence", confidence, 0, 1, ends="()")
    generator = np.random.default_rng(whole("rates", "seed", seed, 0, np.inf))

    def of(share: Array) -> float:
        with np.errstate(invalid="ignore"):  # infinite ones are refused below
            curve = summarise(values @ share)[place]
        if not (np.isfinite(curve) & (curve > 0)).all():
            raise ValueError("rates need finite positive means, got others; move the window")
        return float(np.polyfit(logs, np.log(curve), 1)[0])

    even = np.full(n, 1 / n)
    others = [of(generator.multinomial(n, even) / n) for _ in range(count)]
    tail = 50 * (1 - confidence)
    low, high = np.percentile(others, [tail, 100 - tail])
    return Slope(
        slope=of(even),
        interval=(float(low), float(high)),
        window=(int(times[place][0]), int(times[place][-1])),
    )
