"""What a step size is good for: to be far after so many updates, or to be somewhere soon."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from empirics.moments import MEASURES
from empirics.problems.base import Array, real, whole

TIMES = 200  # recorded on the way to a target, evenly in the logarithm


@dataclass(frozen=True)
class Goal(ABC):
    """A number made of the mean over replicas of a measure; less is better."""

    updates: int
    measure: str

    @property
    @abstractmethod
    def times(self) -> NDArray[np.int64]:
        """The times at which the measure is needed."""

    @abstractmethod
    def score(self, mean: Array) -> float:
        """The number, from the mean at these times, (K,); infinite if it is not reached."""

    def scores(self, values: Array, shares: Array) -> Array:
        """Of several weightings of the replicas: (K, n) and (n, m) -> (m,)."""
        lost = ~np.isfinite(values)
        means = np.where(lost, 0, values) @ shares
        means[(lost @ shares) > 0] = np.inf  # a replica that diverged makes the mean infinite
        return np.array([self.score(mean) for mean in means.T])


@dataclass(frozen=True)
class After(Goal):
    """The expected measure after a budget of updates.

    Raises ValueError unless updates is a whole number >= 1 and the measure is known.

    >>> import numpy as np
    >>> After(100).score(np.array([0.25]))
    0.25
    """

    measure: str = "gap"

    def __post_init__(self) -> None:
        _check(self)

    @property
    def times(self) -> NDArray[np.int64]:
        return np.array([self.updates])

    def score(self, mean: Array) -> float:
        return float(mean[-1])

    def __str__(self) -> str:
        return f"{self.measure} after {self.updates} updates"


@dataclass(frozen=True)
class Reach(Goal):
    """The updates after which the expected measure stays at most `target`, as far as `updates`.

    Infinite if it is above at the end. It has to stay: a stale run that oscillates, or diverges,
    may pass below a target on its way. Between recorded times (about 200, evenly in the logarithm)
    it is interpolated, in logarithms. Raises ValueError unless target > 0, updates is a whole
    number >= 1 and the measure is known.

    >>> goal = Reach(8, "gap", target=0.1)
    >>> goal.times
    array([0, 1, 2, 3, 4, 5, 6, 7, 8])
    >>> goal.score(np.array([1, 1, 0.2, 0.05, 0.04, 0.03, 0.02, 0.01, 0.01]))
    2.5
    >>> goal.score(np.array([1, 0.05, 0.2, 0.05, 0.04, 0.03, 0.02, 0.01, 0.01]))
    2.5
    """

    measure: str = "gap"
    target: float = 0.0

    def __post_init__(self) -> None:
        _check(self)
        real("a goal", "target", self.target, 0, ends="(]")

    @property
    def times(self) -> NDArray[np.int64]:
        later = np.rint(np.geomspace(1, self.updates, TIMES)).astype(np.int64)
        return np.unique(np.append(0, later))

    def score(self, mean: Array) -> float:
        above = np.flatnonzero(~(mean <= self.target))
        if not above.size:
            return 0.0
        k, t = int(above[-1]) + 1, self.times
        if k == len(t):
            return np.inf
        if not np.isfinite(mean[k - 1]) or mean[k] <= 0:
            return float(t[k])
        high, low = np.log(mean[k - 1]), np.log(mean[k])
        share = (high - np.log(self.target)) / (high - low)
        return float(t[k - 1] + share * (t[k] - t[k - 1]))

    def __str__(self) -> str:
        return f"updates until the {self.measure} stays below {self.target:g}, of {self.updates}"


def _check(goal: Goal) -> None:
    whole("a goal", "updates", goal.updates, 1)
    useless = ("direction", "time")  # it may be negative; it is the same whatever the step
    if goal.measure not in MEASURES or "read" in goal.measure or goal.measure in useless:
        raise ValueError(f'a goal needs a measure such as "gap", got {goal.measure!r}')
