"""When a worker may begin its next gradient: at once, within a slack, or together with the rest."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass, field, fields
from typing import Any

from empirics.problems.base import whole
from empirics.schedules.base import settle


@dataclass(frozen=True)
class Waiting(ABC):  # noqa: B024  # the rules differ in their numbers alone
    """The clock of a worker counts its gradients that have arrived.

    slack = s: who has a clock more than s ahead of the slowest waits. None: nobody ever does.
    """

    slack: int | None = field(init=False, repr=False)

    @property
    def settings(self) -> dict[str, Any]:
        """What the rule can be rebuilt from, ready for JSON."""
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.init}
        return {"kind": type(self).__name__, **given}


@dataclass(frozen=True)
class Asynchronous(Waiting):
    """Nobody waits: a worker whose gradient arrives reads the current iterate and goes on."""

    def __post_init__(self) -> None:
        settle(self, slack=None)


@dataclass(frozen=True)
class BoundedStaleness(Waiting):
    """Stale synchronous parallel: who is more than `slack` gradients ahead of the slowest waits.

    It reads when it may begin. Clocks differ by at most slack + 1 (slack while all compute);
    slack = 0 is the barrier. Raises ValueError unless slack is a whole number >= 0.

    >>> BoundedStaleness(3)
    BoundedStaleness(slack=3)

    Source: Ho et al. 2013, More effective distributed ML via a stale synchronous parallel
    parameter server, section 3.
    """

    slack: int

    def __post_init__(self) -> None:
        settle(self, slack=whole("bounded staleness", "slack", self.slack, 0))


@dataclass(frozen=True)
class Barrier(Waiting):
    """Bulk synchronous parallel: all read the same iterate, and wait until all have arrived.

    With a buffer of W gradients their mean makes one update; without, they make W updates in the
    order of their arrival, of delays 0, ..., W - 1.
    """

    def __post_init__(self) -> None:
        settle(self, slack=0)
