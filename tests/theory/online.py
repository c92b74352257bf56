"""Online runs on the line with late feedback, in exact fractions where the steps allow it.

The losses are kinks a|x - c| (or parabolas), the set X an interval, a feedback the subgradient at
the point that was played; rounds are numbered in the order in which their feedback is applied.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class Loss:
    """slope |x - centre| + curvature/2 (x - centre)^2."""

    slope: Fraction
    centre: Fraction
    curvature: Fraction = Fraction(0)

    def value(self, x: Any) -> Any:
        return self.slope * abs(x - self.centre) + self.curvature / 2 * (x - self.centre) ** 2

    def subgradient(self, x: Any) -> Any:
        side = (x > self.centre) - (x < self.centre)
        return self.slope * side + self.curvature * (x - self.centre)


@dataclass(frozen=True)
class Online:
    """Losses in the order of their feedback, the index read at each update, start, interval."""

    losses: tuple[Loss, ...]
    reads: tuple[int, ...]
    start: Fraction
    domain: tuple[Fraction, Fraction]

    def played(self, step: Callable[[int], Any]) -> tuple[list[Any], list[Any]]:
        """The iterates x_0, ..., x_T, and the subgradients applied."""
        low, high = self.domain
        points, applied = [self.start], []
        for t, loss in enumerate(self.losses):
            applied.append(loss.subgradient(points[self.reads[t]]))
            points.append(min(max(points[-1] - step(t) * applied[-1], low), high))
        return points, applied

    def regret(self, points: Sequence[Any], comparator: Any) -> Any:
        """sum_t f_t(y_t) - f_t(x*)."""
        return sum(
            loss.value(points[r]) - loss.value(comparator)
            for loss, r in zip(self.losses, self.reads, strict=True)
        )

    @property
    def delays(self) -> list[int]:
        return [t - r for t, r in enumerate(self.reads)]


def random_online(seed: int, *, curvature: Fraction = Fraction(0), grow: bool = False) -> Online:
    """Up to seven rounds; with `grow` the delays never shrink."""
    chance = random.Random(f"online {seed}")
    rounds, tau = chance.randint(1, 7), chance.randint(0, 3)
    if grow:
        reads = tuple(max(0, t - tau) for t in range(rounds))
    else:
        reads = tuple(chance.randint(max(0, t - tau), t) for t in range(rounds))
    losses = tuple(
        Loss(
            Fraction(0 if curvature else chance.randint(1, 4), 2),
            Fraction(chance.choice([-3, -1, 0, 2, 3])),
            curvature,
        )
        for _ in range(rounds)
    )
    return Online(losses, reads, Fraction(chance.randint(-3, 3)), (Fraction(-4), Fraction(4)))


def all_late(rounds: int, slope: Fraction = Fraction(2), start: Fraction = Fraction(3)) -> Online:
    """Every round is played at the start, before any feedback: slope |x| each time."""
    losses = (Loss(slope, Fraction(0)),) * rounds
    return Online(losses, (0,) * rounds, start, (Fraction(-9), Fraction(9)))
