"""What an optimiser is: a record of its numbers, and a rule that turns gradients into steps.

An update is x_{t+1} = x_t - d_t. Two things decide d_t. A *correction* looks at one stale gradient,
and at how stale it is, before it is used; an *optimiser* makes d_t of the (mean of the) corrected
gradients and of what it remembers of earlier ones. Either can be had without the other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from empirics.problems.base import Array
from empirics.schedules.base import Delays

if TYPE_CHECKING:
    from empirics.problems.penalties import Penalty


@dataclass(frozen=True)
class Optimiser(ABC):
    """A rule for d_t, with its numbers; every coordinate of every replica for itself."""

    @abstractmethod
    def begin(self, shape: tuple[int, ...]) -> Rule:
        """The rule at its start, for gradients of this shape (the last axis is the dimension)."""

    @property
    def settings(self) -> dict[str, Any]:
        """What it can be rebuilt from, ready for JSON."""
        return _settings(self)


class Rule(ABC):
    """An optimiser on its way: it owns its memory, arrays that are allocated once."""

    @abstractmethod
    def step(self, g: Array, eta: float, x: Array) -> None:
        """Replace the gradient g of update t by d_t, at x = x_t with the step size eta = eta_t."""


@dataclass(frozen=True)
class Correction(ABC):
    """What is done to a gradient because it is stale.

    `weighs` says that all it does is multiply by a number that depends on delays and step sizes
    alone: with SGD the runs are those of plain stale SGD with other step sizes. `proximal` says
    that it takes the proximal step of a problem with a penalty itself.
    """

    weighs: ClassVar[bool] = False
    proximal: ClassVar[bool] = False

    @abstractmethod
    def begin(self, shape: tuple[int, ...], eta: Array) -> Corrector:
        """The correction at its start: gradients of shape (lanes, dim), all step sizes (steps,)."""

    @property
    def settings(self) -> dict[str, Any]:
        """What it can be rebuilt from, ready for JSON."""
        return _settings(self)


class Corrector(ABC):
    """A correction on its way."""

    @abstractmethod
    def correct(self, g: Array, t: int, delay: Delays | np.int64, x: Array, y: Array) -> None:
        """Change, in place, a gradient that update t uses and that was computed at y.

        delay = tau, one for all replicas or (lanes,); x = x_t, y = x_{t - tau}, (lanes, dim).
        """

    def take(self, penalty: Penalty | None) -> None:  # noqa: B027  # most have no use for it
        """The penalty of the problem, given to it before the first update."""


@dataclass(frozen=True)
class SGD(Optimiser):
    """d_t = eta_t g_t.

    >>> import numpy as np
    >>> g = np.array([2.0])
    >>> SGD().begin(g.shape).step(g, 0.5, np.zeros(1)); g
    array([1.])
    """

    def begin(self, shape: tuple[int, ...]) -> Rule:
        return _Scale()


class _Scale(Rule):
    def step(self, g: Array, eta: float, x: Array) -> None:
        np.multiply(g, eta, out=g)


def _settings(record: Any) -> dict[str, Any]:
    given = {f.name: getattr(record, f.name) for f in fields(record) if f.init}
    return {"kind": type(record).__name__, **given}
