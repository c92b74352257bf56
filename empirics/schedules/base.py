"""A schedule: which iterate each update reads. It knows no problem, and problems know no schedule.

Convention: the gradient applied at update t = 0, 1, ... was computed at x_{t - tau_t}, with
0 <= tau_t <= min(t, tau_max). Before enough history exists the oldest iterate, x_0, is read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array

Delays: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class Schedule(ABC):
    """Delays tau_t, counted in updates.

    tau_max is the largest delay that can occur; `exogenous` says that delays do not look at the
    noise, which every convergence proof needs.
    """

    exogenous: ClassVar[bool] = True
    tau_max: int = field(init=False, repr=False)

    @abstractmethod
    def draw(self, generator: np.random.Generator, start: int, steps: int, lanes: int) -> Delays:
        """Delays of the updates start, ..., start + steps - 1, clipped to the history there is.

        Shape (steps,) if all replicas share them, else (steps, lanes). Chunk-invariant: calls for
        successive blocks give what one call for all of them gives.
        """

    @property
    def pmf(self) -> Array | None:
        """P(tau = k) for k = 0, ..., tau_max, before clipping; None where there is no one law."""
        return None

    @property
    def mean(self) -> float | None:
        """Mean of `pmf`; None where there is no one law."""
        return None if self.pmf is None else float(self.pmf @ np.arange(self.tau_max + 1))

    @property
    def settings(self) -> dict[str, Any]:
        """What the schedule can be rebuilt from, ready for JSON."""
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.init}
        plain = {name: list(v) if isinstance(v, tuple) else v for name, v in given.items()}
        return {"kind": type(self).__name__, **plain}


def clip(delays: Delays, start: int) -> Delays:
    """No update reads from before x_0: tau_t <= t, for delays of shape (steps,) or (steps, lanes).

    >>> clip(np.array([3, 3, 3, 3, 3]), start=0)
    array([0, 1, 2, 3, 3])
    """
    t = np.arange(start, start + len(delays))
    return np.minimum(delays, t if delays.ndim == 1 else t[:, None])
