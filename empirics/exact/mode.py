"""One mode of a quadratic under a schedule: what it is, and what can be asked of it."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from empirics.exact.cached import Cached
from empirics.exact.even import Even, even
from empirics.exact.independent import Independent
from empirics.exact.moments import share
from empirics.exact.periodic import Periodic
from empirics.exact.queued import MOST, Queued
from empirics.exact.reading import Drawn, Memoryless, barrier, reading
from empirics.exact.steady import Steady
from empirics.problems.base import real
from empirics.schedules.base import Delays, Law, Schedule
from empirics.schedules.caches import Caches
from empirics.schedules.laws import Constant, Cyclic
from empirics.schedules.rules import Barrier
from empirics.schedules.traces import Trace
from empirics.schedules.workers import Workers

KINDS = ("mean", "mean-square")


class Mode(Protocol):
    """What can be asked of one mode at a = step times curvature, in the mean or its square."""

    def limit(self, square: bool) -> float: ...
    def rate(self, a: float, square: bool) -> float: ...
    def variance(self, a: float) -> float: ...


def mode_of(who: str, schedule: Schedule, momentum: float, relative: float = 0.0) -> Mode:
    beta = share(who, "momentum", momentum)
    nu = real(who, "relative", relative, 0)
    if isinstance(schedule, Caches):
        return caches_of(who, schedule, beta, nu)
    pattern = _pattern(schedule)
    if pattern is not None:
        if nu:
            raise ValueError(
                f"{who} needs delays that are constant or independent, or memoryless workers, with "
                f"relative noise, got {schedule!r} and relative = {nu}; follow `moments`"
            )
        return Periodic(pattern=pattern, momentum=beta)
    found = reading(who, schedule, 1)
    if isinstance(found, Memoryless):
        return _queued(who, found, beta, nu)
    if isinstance(schedule, Constant):
        pmf = schedule.pmf
    elif isinstance(found, Drawn):
        pmf = np.trim_zeros(found.pmf, "b")
    else:
        raise ValueError(
            f"{who} needs delays that are constant, independent or in a pattern that repeats, "
            f"got {schedule!r}; take Pmf of the delays it has"
        )
    if np.count_nonzero(pmf) == 1 and not (beta or nu):
        return Steady(tau=len(pmf) - 1)
    kind = Even if even(pmf) and not (beta or nu) else Independent
    return kind(pmf=pmf, momentum=beta, relative=nu)


def _pattern(schedule: Schedule) -> Delays | None:
    """The delays of one period, (L, K), if they repeat for ever and are not always the same."""
    if isinstance(schedule, Cyclic):
        return np.array(schedule.pattern)[:, None]
    if isinstance(schedule, Trace) and schedule.repeat:
        return schedule.delays
    if isinstance(schedule, Workers) and isinstance(schedule.rule, Barrier):
        return barrier(schedule)
    return None


def _queued(who: str, found: Memoryless, momentum: float, relative: float) -> Queued:
    mode = Queued(shares=found.shares, momentum=momentum, relative=relative)
    if not mode.even and len(found.shares) > MOST:
        raise ValueError(
            f"{who} needs at most {MOST} workers if they differ in speed, got "
            f"{len(found.shares)}; follow `moments`"
        )
    return mode


def caches_of(who: str, schedule: Caches, momentum: float, relative: float = 0.0) -> Cached:
    law = schedule.law
    alike = schedule.topology is None and schedule.own == "delayed"
    if not isinstance(law, Law) or not alike or momentum:
        raise ValueError(
            f"{who} needs caches that are all alike (one law, no topology, own updates delayed as "
            f"others are) and no momentum, got {schedule!r} and momentum = {momentum}; follow "
            "`moments`, or simulate"
        )
    pmf = np.trim_zeros(np.asarray(law.pmf), "b")
    return Cached(
        workers=schedule.workers,
        mean=Independent(pmf=pmf, momentum=0.0),
        shared=schedule.destinations == "shared",
        relative=relative,
    )


def square(who: str, kind: str) -> bool:
    if kind not in KINDS:
        raise ValueError(f'{who} needs kind = "mean" or "mean-square", got {kind!r}')
    return kind == "mean-square"


def positive(who: str, a: Any) -> float:
    if isinstance(a, bool) or not isinstance(a, int | float | np.number) or not 0 < a < np.inf:
        raise ValueError(f"{who} needs a finite a = step times curvature > 0, got {a!r}")
    return float(a)
