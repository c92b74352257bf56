"""What a finished tile contributes to runs, whichever loop it went through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from empirics.cache_tile import CacheTile
from empirics.moments import Statistics
from empirics.problems.base import Array
from empirics.recorder import Recorder
from empirics.schedules.base import Delays, OwnCaches
from empirics.schedules.deliveries import Deliveries
from empirics.schedules.reads import Reads
from empirics.tile import Plan, Tile


@dataclass(frozen=True, eq=False, kw_only=True)
class Part:
    """What one or more finished tiles contribute.

    Either `reads` is there, of one sequence of iterates, or `deliveries`, of caches.
    """

    statistics: Statistics
    reads: Reads | None
    deliveries: Deliveries | None
    delays: Delays | None
    shared: bool  # whether all replicas have the same delays
    lost_at: NDArray[np.int64]  # (replicas,)
    left_at: NDArray[np.int64]  # (replicas,)
    each: Mapping[str, Array]  # (K, replicas) of each measure, if asked for

    def merge(self, other: Part) -> Part:
        both = self.reads and other.reads and self.reads.merge(other.reads)
        sent = self.deliveries and other.deliveries and self.deliveries.merge(other.deliveries)
        return Part(
            statistics=self.statistics.merge(other.statistics),
            reads=both,
            deliveries=sent,
            delays=self.delays,
            shared=self.shared and other.shared,
            lost_at=np.concatenate([self.lost_at, other.lost_at]),
            left_at=np.concatenate([self.left_at, other.left_at]),
            each={name: np.hstack([mine, other.each[name]]) for name, mine in self.each.items()},
        )


def tile_part(plan: Plan, index: int) -> Part:
    """Simulate one tile from start to end. Overflow of a diverging replica is no news here."""
    kind = CacheTile if isinstance(plan.schedule, OwnCaches) else Tile
    tile = kind(plan, index)
    recorder = Recorder(
        plan.problem,
        plan.lanes,
        tile.kept,
        measures=plan.measures,
        window=plan.window,
        noise=plan.noise,
        smoothness=plan.smoothness,
        each=plan.each,
        tau_max=plan.reach or 0,
    )
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for t in tile.run():
            recorder.take(t, tile.iterate, tile.read, tile.known, tile.lost_at >= 0)
        statistics = recorder.result()
    return Part(
        statistics=statistics,
        reads=tile.reads,
        deliveries=tile.deliveries,
        delays=tile.delays,
        shared=tile.shared,
        lost_at=_first(recorder.lost_at, tile.lost_at[: tile.kept]),
        left_at=tile.watch.left_at,
        each=recorder.each,
    )


def _first(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """The earlier of two times each, where -1 is never."""
    late = np.iinfo(np.int64).max
    first = np.minimum(np.where(one < 0, late, one), np.where(other < 0, late, other))
    return np.where(first == late, -1, first)
