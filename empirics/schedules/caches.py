r"""Workers with a cache each: the simulated system of Dai et al., which has no shared iterate.

In iteration t every worker p computes a gradient at its own cache x_p^t, with a sample of its own,
and makes an update u_p^t of it. The update reaches the cache of worker q at the start of iteration
t + 1 + r, where r = r_{p,q}^t is its *extra delay*; what arrives together is summed:

.. math:: x_q^{t+1} = x_q^t - \sum_p \sum_{j \le t} [\,j + r_{p,q}^j = t\,] \, u_p^j

Every update enters every cache exactly once, the author's among them. With r = 0 throughout all
caches are one, and P separate updates are made at the same point in each iteration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array, whole
from empirics.schedules.base import Delays, Law, Messenger, OwnCaches, settle
from empirics.schedules.independent import Columns, columns
from empirics.schedules.laws import Constant
from empirics.schedules.topology import Topology

DESTINATIONS = ("independent", "shared")
OWN = ("delayed", "immediate")
EVALUATE = ("first", "mean")


@dataclass(frozen=True, init=False)
class Caches(OwnCaches):
    r"""P workers, each with a cache of its own; updates reach caches after random delays.

    Parameters: workers = P; law, of the extra delays r, independent over iterations, sources and
    replicas, one `Law` for all sources or a list of one for each (a straggler is a worker whose law
    has a larger mean); of a law only its `pmf` counts.

    destinations says what the P messages of one update have in common. "independent": each has a
    delay of its own, so caches are different subsets of the updates; this is the published model.
    "shared": one draw for all of them, so every update arrives everywhere at once and all caches
    stay equal (but for own="immediate" and a topology): one model, to which P updates an iteration
    are applied late. On linear gradients both have the same mean, but not the same variance.

    own="immediate" frees a worker's updates to itself of all extra delay (read-my-writes);
    "delayed" treats them like all others, as published. evaluate, what is measured at time t: the
    cache of the "first" worker, as published (workers are alike, unless laws or topology say
    otherwise), or the "mean" of all caches. topology, how many links lie between workers, which
    adds a fixed extra delay to each pair (see `topology`).

    `tau_max` is None: a cache is not an old iterate, so there is no number of updates by which a
    gradient is late. Raises ValueError if an argument is not of its kind.

    >>> from empirics.schedules import Uniform
    >>> dai = Caches(8, Uniform(10))
    >>> dai.longest, dai.mean  # s, and s/2 + 1 iterations from an update to its arrival
    (10, 6.0)
    >>> Caches(3, [Constant(0), Constant(0), Uniform(4)]).extra_mean  # the third is slow
    array([[0., 0., 0.],
           [0., 0., 0.],
           [2., 2., 2.]])

    Source: Dai et al. 2019, section 3; own updates and stragglers: its appendix.
    """

    workers: int
    law: Law | tuple[Law, ...]
    destinations: str
    own: str
    evaluate: str
    topology: Topology | None

    def __init__(
        self,
        workers: int,
        law: Law | Sequence[Law] = Constant(0),  # noqa: B008  # it is immutable
        *,
        destinations: str = "independent",
        own: str = "delayed",
        evaluate: str = "first",
        topology: Topology | None = None,
    ) -> None:
        P = whole("caches", "of workers", workers, 1)
        for what, given, known in (
            ("destinations", destinations, DESTINATIONS),
            ("own", own, OWN),
            ("evaluate", evaluate, EVALUATE),
        ):
            if given not in known:
                raise ValueError(f"caches need {what} among {', '.join(known)}, got {given!r}")
        if topology is not None and not isinstance(topology, Topology):
            raise ValueError(f"caches need a Topology such as ring({P}) or none, got {topology!r}")
        if topology is not None and topology.workers != P:
            raise ValueError(
                f"caches need a topology of {P} workers, got {topology.name} of {topology.workers}"
            )
        settle(
            self,
            workers=P,
            law=_laws(law, P),
            destinations=destinations,
            own=own,
            evaluate=evaluate,
            topology=topology,
            tau_max=None,
        )

    @property
    def longest(self) -> int:
        """s, the largest extra delay that can occur."""
        return int(self._most.max())

    @property
    def extra_mean(self) -> Array:
        """E r from every source (row) to every destination, (P, P)."""
        means = np.array([pmf @ np.arange(len(pmf)) for pmf in self._pmfs])
        return np.where(self._exempt, 0.0, means[:, None] + self._offsets)

    @property
    def chances(self) -> Array:
        """P(r = k) from every source to every destination, (P, P, longest + 1)."""
        P = self.workers
        table = np.zeros((P, P, self.longest + 1))
        for source, pmf in enumerate(self._pmfs):
            kept = np.trim_zeros(pmf, "b")
            for to in range(P):
                if self._exempt[source, to]:
                    table[source, to, 0] = 1
                else:
                    first = int(self._offsets[source, to])
                    table[source, to, first : first + len(kept)] = kept
        return table

    @property
    def mean(self) -> float:
        """Mean delay 1 + E r over all messages, in iterations."""
        return float(1 + self.extra_mean.mean())

    def draw(self, generator: np.random.Generator, steps: int, lanes: int) -> Delays:
        """r of the next iterations: (steps, lanes, source, destination).

        Chunk-invariant: calls for successive blocks give what one call for all of them gives. Where
        nothing is random no random number is used.
        """
        P = self.workers
        shape = (steps, lanes, P, P)
        if self._tables is None:
            return np.broadcast_to(self._most, shape)
        numbers = (steps, lanes, P, 1 if self.destinations == "shared" else P)
        longest = len(self._tables.cut) // P
        if self._even:
            r = generator.integers(0, longest, numbers)
        else:
            place = generator.random(numbers)
            place *= longest
            r = place.astype(np.int64)
            place -= r
            row = r + longest * np.arange(P)[:, None]  # the table of the source
            r = np.where(place < self._tables.cut.take(row), r, self._tables.other.take(row))
        if self.topology is not None:
            r = r + self._offsets
        if numbers != shape:
            r = np.broadcast_to(r, shape)
        return np.where(self._exempt, 0, r) if self.own == "immediate" else r

    def course(self, generator: np.random.Generator, lanes: int) -> Messenger:
        return _Drawn(self, generator, lanes)

    @cached_property
    def _pmfs(self) -> list[Array]:
        """One a source."""
        laws = self.law if isinstance(self.law, tuple) else (self.law,) * self.workers
        return [law.pmf for law in laws if law.pmf is not None]  # all have one: it was checked

    @cached_property
    def _offsets(self) -> NDArray[np.int64]:
        """What the topology adds, (P, P)."""
        P = self.workers
        return np.zeros((P, P), dtype=np.int64) if self.topology is None else self.topology.extra

    @cached_property
    def _exempt(self) -> NDArray[np.bool_]:
        """The messages without extra delay, whatever is drawn, (P, P)."""
        return np.eye(self.workers, dtype=bool) & (self.own == "immediate")

    @cached_property
    def _most(self) -> NDArray[np.int64]:
        """The largest r from every source to every destination, (P, P)."""
        last = [np.flatnonzero(pmf)[-1] for pmf in self._pmfs]
        return np.where(self._exempt, 0, np.array(last)[:, None] + self._offsets)

    @cached_property
    def _even(self) -> bool:
        """Whether all sources draw evenly from 0, ..., s: whole numbers then cost a tenth."""
        pmfs = self._pmfs
        return all(len(pmf) == len(pmfs[0]) and (pmf == pmf[0]).all() for pmf in pmfs)

    @cached_property
    def _tables(self) -> Columns | None:
        """The alias tables of all sources, each as long as the longest; None if r is fixed."""
        pmfs = self._pmfs
        if all(np.count_nonzero(pmf) == 1 for pmf in pmfs):
            return None
        most = max(map(len, pmfs))
        tables = [columns(np.pad(pmf, (0, most - len(pmf)))) for pmf in pmfs]
        return Columns(
            np.concatenate([table.cut for table in tables]),
            np.concatenate([table.other for table in tables]),
        )


class _Drawn(Messenger):
    """Messages asked for one block after the other."""

    def __init__(self, schedule: Caches, generator: np.random.Generator, lanes: int) -> None:
        self._schedule, self._generator, self._lanes = schedule, generator, lanes

    def draw(self, steps: int) -> Delays:
        return self._schedule.draw(self._generator, steps, self._lanes)


def _laws(given: Law | Sequence[Law], workers: int) -> Law | tuple[Law, ...]:
    """A law for all sources, or one for each."""
    several = isinstance(given, Sequence)
    laws = tuple(given) if isinstance(given, Sequence) else (given,)
    for law in laws:
        if not isinstance(law, Law) or law.pmf is None:
            raise ValueError(
                f"caches need a Law with a pmf, such as Uniform(4), or one a worker, got {law!r}"
            )
    if several and len(laws) != workers:
        raise ValueError(f"caches need one law or {workers}, one a worker, got {len(laws)}")
    return laws if several else laws[0]
