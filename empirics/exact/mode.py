"""One mode of a quadratic under a schedule: what it is, and what can be asked of it."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from empirics.exact.cached import Cached
from empirics.exact.independent import Independent
from empirics.exact.moments import share
from empirics.exact.periodic import Periodic
from empirics.exact.reading import Drawn, reading
from empirics.exact.steady import Steady
from empirics.schedules.base import Law, Schedule
from empirics.schedules.caches import Caches
from empirics.schedules.laws import Constant, Cyclic
from empirics.schedules.traces import Trace

KINDS = ("mean", "mean-square")


class Mode(Protocol):
    """What can be asked of one mode at a = step times curvature, in the mean or its square."""

    def limit(self, square: bool) -> float: ...
    def rate(self, a: float, square: bool) -> float: ...
    def variance(self, a: float) -> float: ...


def mode_of(who: str, schedule: Schedule, momentum: float) -> Mode:
    beta = share(who, "momentum", momentum)
    if isinstance(schedule, Constant):
        if not beta:
            return Steady(tau=schedule.tau)
        return Independent(pmf=schedule.pmf, momentum=beta)
    if isinstance(schedule, Cyclic):
        return Periodic(pattern=np.array(schedule.pattern), momentum=beta)
    if isinstance(schedule, Trace) and schedule.repeat and schedule.gradients == 1:
        return Periodic(pattern=schedule.delays[:, 0], momentum=beta)
    if isinstance(schedule, Caches):
        return caches_of(who, schedule, beta)
    found = reading(who, schedule, 1)
    if not isinstance(found, Drawn):
        raise ValueError(
            f"{who} needs delays that are constant, independent or in a pattern that repeats, "
            f"got {schedule!r}; take Pmf of the delays it has"
        )
    pmf = np.trim_zeros(found.pmf, "b")
    sure = np.count_nonzero(pmf) == 1 and not beta
    return Steady(tau=len(pmf) - 1) if sure else Independent(pmf=pmf, momentum=beta)


def caches_of(who: str, schedule: Caches, momentum: float) -> Cached:
    law = schedule.law
    alike = schedule.topology is None and schedule.own == "delayed"
    if not isinstance(law, Law) or not alike or momentum:
        raise ValueError(
            f"{who} needs caches that are all alike (one law, no topology, own updates delayed as "
            f"others are) and no momentum, got {schedule!r} and momentum = {momentum}; simulate"
        )
    pmf = np.trim_zeros(np.asarray(law.pmf), "b")
    return Cached(
        workers=schedule.workers,
        mean=Independent(pmf=pmf, momentum=0.0),
        shared=schedule.destinations == "shared",
    )


def square(who: str, kind: str) -> bool:
    if kind not in KINDS:
        raise ValueError(f'{who} needs kind = "mean" or "mean-square", got {kind!r}')
    return kind == "mean-square"


def positive(who: str, a: Any) -> float:
    if isinstance(a, bool) or not isinstance(a, int | float | np.number) or not 0 < a < np.inf:
        raise ValueError(f"{who} needs a finite a = step times curvature > 0, got {a!r}")
    return float(a)
