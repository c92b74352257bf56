"""A saying held against exact numbers, and these against simulated ones."""

from __future__ import annotations

from dataclasses import dataclass

from empirics.moments import Moments, Statistics
from empirics.problems.base import whole
from empirics.problems.quadratic import Quadratic
from empirics.schedules.base import Schedule
from empirics.simulate import simulate
from empirics.statistics.student import level


@dataclass(frozen=True, kw_only=True)
class Number:
    """One number, exact and simulated.

    Fields: what it is; exact; simulated, None where the simulation says only between which numbers
    it lies; low and high, that interval, or the confidence limits.
    """

    what: str
    exact: float
    simulated: float | None
    low: float
    high: float

    @property
    def agrees(self) -> bool:
        """Whether the exact number lies in the interval."""
        return self.low <= self.exact <= self.high

    def __str__(self) -> str:
        seen = "" if self.simulated is None else f"{self.simulated:.4g} "
        return (
            f"{self.what}: {self.exact:.6g} (simulated {seen}in [{self.low:.4g}, {self.high:.4g}])"
        )


@dataclass(frozen=True, kw_only=True)
class Lore:
    """A saying, what is true of it, and the numbers that show it."""

    saying: str
    finding: str
    numbers: tuple[Number, ...]

    @property
    def agrees(self) -> bool:
        """Whether every exact number lies in its interval."""
        return all(number.agrees for number in self.numbers)

    def __str__(self) -> str:
        return "\n".join([f'"{self.saying}" {self.finding}', *(f"  {n}" for n in self.numbers)])


def at_the_end(
    problem: Quadratic,
    schedule: Schedule,
    a: float,
    steps: int,
    replicas: int,
    seed: int,
    *measures: str,
) -> Statistics:
    """What is measured at the end of runs."""
    return simulate(
        problem,
        schedule,
        step=a,
        steps=steps,
        replicas=whole("lore", "replicas", replicas, 2),
        seed=seed,
        record=[steps],
        measures=measures,
    ).statistics


def seen_in(what: str, exactly: float, seen: Moments, alpha: float) -> Number:
    """With Student's limits for the mean, at alpha in all, both sides together."""
    from scipy.special import stdtrit  # slow to import

    level(alpha)
    mean, error = float(seen.mean[0]), float(seen.standard_error[0])
    margin = -float(stdtrit(seen.count - 1, alpha / 2)) * error
    return Number(
        what=what, exact=float(exactly), simulated=mean, low=mean - margin, high=mean + margin
    )
