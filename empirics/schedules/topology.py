r"""Networks between workers, in which an update travels one link an iteration.

A *hop* is one link. An update that is computed in iteration t leaves at its end and crosses one
link by the start of each iteration that follows: over h hops it arrives at the start of iteration
t + h. In the words of `Caches`, which counts arrivals from t + 1, its extra delay is r = h - 1:

- h = 1, a neighbour: r = 0, the next iteration. Nothing is faster, so all-to-all is the case
  without staleness, and only what is further away is stale.
- h = 0, the worker itself: r = 0 too. No link is crossed, but an update cannot be in the cache it
  was computed from before the iteration is over.
- parameter server: the server is a node but no worker, and caches are copies of what it holds. An
  update goes up, and down to all, its author among them: h = 2, r = 1 for every pair. With
  `Caches(own="immediate")` a worker adds its own update at once and does not wait for the server.

Relays forward each update as it is, so it reaches every worker exactly once, by a shortest way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import whole
from empirics.schedules.base import settle


@dataclass(frozen=True, init=False)
class Topology:
    """How far apart workers are: hops[p][q] links from worker p to worker q, (P, P).

    Parameters: name; hops, whole numbers >= 1 off the diagonal, >= 0 on it; they may differ in the
    two directions. Raises ValueError if they are not such a square.

    >>> Topology("two workers, slow way back", [[0, 1], [3, 0]]).extra
    array([[0, 0],
           [2, 0]])
    """

    name: str
    hops: tuple[tuple[int, ...], ...]

    def __init__(self, name: str, hops: Sequence[Sequence[int]] | NDArray[np.int64]) -> None:
        if not isinstance(name, str) or not name:
            raise ValueError(f"topology needs a name, got {name!r}")
        try:
            rows = [list(row) for row in hops]
        except TypeError:
            raise ValueError(f"topology needs hops of shape (P, P), got {hops!r}") from None
        if not rows or any(len(row) != len(rows) for row in rows):
            raise ValueError(
                f"topology needs hops of shape (P, P), got {len(rows)} rows of lengths "
                f"{sorted({len(row) for row in rows})}"
            )
        checked = tuple(
            tuple(
                whole("topology", f"of hops from worker {p} to {q}", number, int(p != q))
                for q, number in enumerate(row)
            )
            for p, row in enumerate(rows)
        )
        settle(self, name=name, hops=checked)

    @property
    def workers(self) -> int:
        """P."""
        return len(self.hops)

    @property
    def extra(self) -> NDArray[np.int64]:
        """r = h - 1 for h >= 1 hops, 0 for none: the extra delays, (P, P)."""
        return np.maximum(np.array(self.hops, dtype=np.int64) - 1, 0)

    @property
    def settings(self) -> dict[str, Any]:
        """What it can be rebuilt from, ready for JSON."""
        return {"name": self.name, "hops": [list(row) for row in self.hops]}


def all_to_all(workers: int) -> Topology:
    """A link between any two workers: one hop, r = 0 everywhere.

    >>> all_to_all(3).hops
    ((0, 1, 1), (1, 0, 1), (1, 1, 0))
    """
    P = whole("all-to-all", "of workers", workers, 1)
    return Topology("all-to-all", 1 - np.eye(P, dtype=np.int64))


def star(workers: int) -> Topology:
    """A parameter server in the middle: up and down are two hops, r = 1, one's own among them.

    >>> star(2).extra
    array([[1, 1],
           [1, 1]])
    """
    P = whole("star", "of workers", workers, 1)
    return Topology("star", np.full((P, P), 2))


def ring(workers: int) -> Topology:
    r"""Workers in a circle with links to both sides: h = min(|p - q|, P - |p - q|).

    >>> ring(4).hops[0]
    (0, 1, 2, 1)
    """
    P = whole("ring", "of workers", workers, 1)
    apart = np.abs(np.subtract.outer(np.arange(P), np.arange(P)))
    return Topology("ring", np.minimum(apart, P - apart))


def grid(rows: int, columns: int) -> Topology:
    """Workers on a rectangle, numbered row by row, with links up, down, left and right.

    The hops are the difference of the rows plus that of the columns.

    >>> grid(2, 3).hops[0]
    (0, 1, 2, 1, 2, 3)
    """
    height, width = whole("grid", "of rows", rows, 1), whole("grid", "of columns", columns, 1)
    row, column = np.divmod(np.arange(height * width), width)
    hops = [np.abs(np.subtract.outer(place, place)) for place in (row, column)]
    return Topology("grid", hops[0] + hops[1])


def network(workers: int, links: Iterable[tuple[int, int]]) -> Topology:
    """Any network: links between pairs of workers 0, ..., P - 1, open both ways.

    Raises ValueError if a link is not a pair of two workers or some worker cannot be reached.

    >>> network(4, [(0, 1), (1, 2), (2, 3)]).hops[0]
    (0, 1, 2, 3)
    """
    from scipy.sparse import csr_array  # takes a while to import
    from scipy.sparse.csgraph import shortest_path

    P = whole("network", "of workers", workers, 1)
    if not isinstance(links, Iterable):
        raise ValueError(f"network needs links as pairs of workers, got {links!r}")
    ends = [_link(pair, P) for pair in links]
    up, down = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    graph = csr_array((np.ones(len(ends)), (up, down)), shape=(P, P))
    hops = shortest_path(graph, directed=False, unweighted=True)
    if np.isinf(hops).any():
        p, q = np.argwhere(np.isinf(hops))[0]
        raise ValueError(f"network needs a way between any two workers, got none from {p} to {q}")
    return Topology("network", hops.astype(np.int64))


def _link(pair: Any, workers: int) -> tuple[int, int]:
    try:
        p, q = (whole("network", "in its links", end, 0) for end in pair)
    except TypeError:
        raise ValueError(f"network needs links (p, q), got {pair!r}") from None
    except ValueError as reason:
        raise ValueError(f"network needs links (p, q), got {pair!r}: {reason}") from None
    if max(p, q) >= workers or p == q:
        raise ValueError(
            f"network needs links between two of its workers 0, ..., {workers - 1}, got {pair!r}"
        )
    return p, q
