"""The order in which gradients arrive: the events of all replicas of a tile at once.

One row of uniform numbers, one a replica, belongs to each arrival: it becomes the time that the
next gradient of the arriving worker takes, whenever it may begin. The first W rows are the first
gradients of the W workers.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

from empirics.problems.base import Array
from empirics.schedules.base import Block, Course, Delays, Starts
from empirics.schedules.service import Service

ROWS = 64  # of uniform numbers, drawn in one go


class Jobs:
    """Service times, one row an arrival: of which of the laws, is known only when it arrives.

    Laws of the same form share their times but for a factor, so that W workers of different speeds
    cost what equal ones do; W laws of W forms cost W times as much.
    """

    def __init__(self, laws: tuple[Service, ...], generator: np.random.Generator, lanes: int):
        forms = [law.form for law in laws]
        self._forms: list[Service] = []
        for form, _ in forms:
            if form not in self._forms:
                self._forms.append(form)
        self._form = np.array([self._forms.index(form) for form, _ in forms])
        self._factor = np.array([factor for _, factor in forms])
        self._generator, self._lanes, self._lane = generator, lanes, np.arange(lanes)
        self._same = forms.count(forms[0]) == len(forms)
        self._row, self._times = ROWS, np.empty((len(self._forms), ROWS, lanes))

    def next(self, worker: Delays | int) -> Array:
        """The times of the next gradients of these workers, one for all or (lanes,): (lanes,)."""
        if self._row == ROWS:
            self._draw()
        i = self._row
        self._row += 1
        if self._same:
            row: Array = self._times[0, i]
            return row
        one = len(self._forms) == 1
        times = self._times[0 if one else self._form[worker], i, self._lane]
        return np.asarray(times * self._factor[worker])

    def _draw(self) -> None:
        u = self._generator.random((ROWS, self._lanes))
        for form, times in zip(self._forms, self._times, strict=True):
            found = np.asarray(form.quantile(u))
            if found.shape != u.shape or not (found.min() >= 0 and found.max() < np.inf):
                raise ValueError(
                    f"workers need finite service times >= 0 of shape {u.shape} for uniform "
                    f"numbers of this shape, got others from {form!r}"
                )
            times[:] = found
            if self._same:
                times *= self._factor[0]
        self._row = 0


class Began:
    """Who has begun when, in the order of time, until a block takes it along."""

    def __init__(self) -> None:
        self._before: list[int] = []  # the number in the block of the gradient used next
        self._who: list[tuple[Delays, Delays, Array]] = []  # worker, lane, time: (m,) each

    def add(self, before: int, worker: Delays, lane: Delays, time: Array) -> None:
        """These read the current iterate before gradient `before` of the block is used."""
        self._before.append(before)
        self._who.append((worker, lane, time))

    def take(self, n: int, shared: bool) -> Starts:
        """All that was before one of the n gradients of a block; the rest is for the next one."""
        here = bisect_left(self._before, n)
        worker, lane, time = (np.concatenate(part) for part in zip(*self._who[:here], strict=True))
        before = np.repeat(self._before[:here], [len(part[0]) for part in self._who[:here]])
        self._before = [b - n for b in self._before[here:]]
        self._who = [(w.copy(), lane.copy(), t.copy()) for w, lane, t in self._who[here:]]
        return Starts(before=before, worker=worker, lane=None if shared else lane, times=time)


class Arrivals(Course):
    """Workers on their way: when the gradient of each will arrive, and which iterate it has read.

    Parameters: laws, of the W workers; gradients = K of an update; a tile of `lanes` replicas. Here
    nobody waits. If no service time is random, one replica is simulated for all.
    """

    def __init__(
        self,
        laws: tuple[Service, ...],
        gradients: int,
        generator: np.random.Generator,
        lanes: int,
    ) -> None:
        W, self._shared = len(laws), all(law.deterministic for law in laws)
        lanes = 1 if self._shared else lanes
        self._gradients, self._used = gradients, 0
        self._jobs = Jobs(laws, generator, lanes)
        self._arrival = np.empty((lanes, W))  # least along the last axis: argmin is quickest there
        for w in range(W):
            self._arrival[:, w] = self._jobs.next(w)
        self._arrivals = self._arrival.reshape(-1)  # the same by cell = lane W + worker
        self._read = np.zeros(lanes * W, dtype=np.int64)  # by cell: the version that it has read
        self._lane = np.arange(lanes)
        self._first = self._lane * W  # the cell of worker 0
        self._began = Began()
        self._began.add(0, np.tile(np.arange(W), lanes), self._lane.repeat(W), np.zeros(lanes * W))
        self._before = self._version = 0  # who begins now reads x_version before this gradient

    def draw(self, steps: int) -> Block:
        K, n = self._gradients, steps * self._gradients
        shape = (n, len(self._lane))
        workers, versions = np.empty(shape, dtype=np.int64), np.empty(shape, dtype=np.int64)
        times, lost = np.empty(shape), np.zeros(shape, dtype=np.int64)
        updates = (self._used + np.arange(n + 1)) // K
        for i, later in enumerate(updates[1:].tolist()):
            cell = self._next(workers[i], times[i], lost[i])
            self._read.take(cell, out=versions[i], mode="wrap")
            self._before, self._version = i + 1, later
            self._go_on(workers[i], times[i], cell)
        self._used, self._before = self._used + n, 0
        only = (slice(None), 0) if self._shared else slice(None)
        return Block(
            delays=np.subtract(updates[:n, None], versions)[only],
            workers=workers[only],
            times=times[only],
            discarded=lost[only],
            starts=self._began.take(n, self._shared),
        )

    def _next(self, worker: Delays, time: Array, lost: Delays) -> Delays:
        """Whose gradient arrives next in each replica (ties: the first one), and when."""
        self._arrival.argmin(axis=1, out=worker)
        cell = self._first + worker
        self._arrivals.take(cell, out=time, mode="wrap")
        return cell

    def _go_on(self, worker: Delays, time: Array, cell: Delays) -> None:
        """What the workers do whose gradients have been used, one in each replica."""
        self._begin(worker, self._lane, time, cell, self._jobs.next(worker))

    def _begin(
        self, worker: Delays, lane: Delays, time: Array, cell: Delays, service: Array
    ) -> None:
        """These read the current iterate now, and will arrive after their service time."""
        self._arrivals[cell] = time + service
        self._read[cell] = self._version
        self._began.add(self._before, worker, lane, time)


class Discarding(Arrivals):
    """Gradients with a delay of more than `oldest` are thrown away; their workers begin anew."""

    def __init__(
        self,
        laws: tuple[Service, ...],
        gradients: int,
        oldest: int,
        generator: np.random.Generator,
        lanes: int,
    ) -> None:
        super().__init__(laws, gradients, generator, lanes)
        self._oldest = oldest

    def _next(self, worker: Delays, time: Array, lost: Delays) -> Delays:
        cell, oldest = super()._next(worker, time, lost), self._version - self._oldest
        lanes = (self._read.take(cell) < oldest).nonzero()[0]
        while len(lanes):  # nobody is thrown away twice at one version, so W turns are enough
            lost[lanes] += 1
            service = self._jobs.next(worker)[lanes]
            self._begin(worker[lanes], lanes, time[lanes], cell[lanes], service)
            worker[lanes] = self._arrival[lanes].argmin(axis=1)
            cell[lanes] = here = self._first[lanes] + worker[lanes]
            time[lanes] = self._arrivals[here]
            lanes = lanes[self._read[here] < oldest]
        return cell


class Waiters(Arrivals):
    """Workers of which none begins while its clock is more than `slack` ahead of the slowest."""

    def __init__(
        self,
        laws: tuple[Service, ...],
        gradients: int,
        slack: int,
        generator: np.random.Generator,
        lanes: int,
    ) -> None:
        super().__init__(laws, gradients, generator, lanes)
        self._slack = slack
        self._service = np.empty_like(self._arrivals)  # by cell: of its next gradient
        self._clock = np.zeros(self._arrival.shape, dtype=np.int64)  # gradients that have arrived
        self._clocks = self._clock.reshape(-1)  # the same by cell
        self._least = np.zeros(len(self._lane), dtype=np.int64)  # the clock of the slowest
        self._slowest = np.full(len(self._lane), len(laws))  # how many have it

    def _go_on(self, worker: Delays, time: Array, cell: Delays) -> None:
        self._service[cell] = self._jobs.next(worker)
        self._arrivals[cell] = np.inf  # until it may begin
        clock = self._clocks.take(cell)
        self._slowest -= clock == self._least
        clock += 1
        self._clocks[cell] = clock
        rose = (self._slowest == 0).nonzero()[0]
        if len(rose):
            self._least[rose] += 1
            self._slowest[rose] = (self._clock[rose] == self._least[rose, None]).sum(axis=1)
        may = (clock <= self._least + self._slack).nonzero()[0]
        self._let(worker[may], may, time)
        if len(rose):  # who waits is slack + 1 ahead, and so just near enough when the least rises
            lane, free = np.isinf(self._arrival[rose]).nonzero()
            self._let(free, rose[lane], time)

    def _let(self, worker: Delays, lane: Delays, time: Array) -> None:
        """These begin now."""
        cell = self._first[lane] + worker
        self._begin(worker, lane, time[lane], cell, self._service[cell])
