r"""Workers with clocks (stale synchronous parallel): each reads a view that lacks some updates.

Worker p = 0..P-1 makes one update in each clock k = 0..C-1. Updates are numbered clock by clock,
t = P k + p, and x_t is the reference sequence that applies them in this order. The gradient of
update t is taken at the view y_t: the start plus the updates that its worker sees then. What it
sees is said for each pair of updates (`BoundedStaleness`), or as the number of updates seen of each
worker, its first ones (`StalenessInOrder`).
"""

from dataclasses import dataclass
from typing import Any

from sympy import Sum, latex

from theory import symbols
from theory.algebra import Within
from theory.assumptions.base import FROM_ZERO, Assumed, x
from theory.assumptions.online import feedback
from theory.claims import Assumption, Hypothesis, eq, le
from theory.hilbert import VectorLike, iterate
from theory.latex import shown
from theory.symbols import C, P, eta0, j, k, l, p, seen, t, upto

y = iterate("y")
VIEW = y(t)
HERE, THERE = P * k + p, P * j + l  # worker p in clock k, worker l in clock j
WORKERS, CLOCKS = (l, 0, P - 1), (j, 0, C - 1)


def view_feedback(index: Any = t) -> VectorLike:
    """A subgradient of the loss f_t at the view y_t."""
    return feedback(index, VIEW)


def _for_pairs(name: str, claim: Any, *conditions: Any) -> Hypothesis:
    """A claim for worker p in clock k and worker l in clock j, whenever the conditions hold."""
    ranges = {k, p, P - 1 - p, j, l, P - 1 - l}
    return Hypothesis(name, claim, (j, k, p, l), frozenset({*ranges, *conditions}))


@dataclass(frozen=True)
class ClockUpdates(Assumed):
    """Every worker applies a subgradient of its loss, taken at its view.

    If updates travel in order, a view contains of each worker the first so many.
    """

    step: Any = eta0
    in_order: bool = False
    name = "clock updates"
    chosen = True

    @property
    def words(self) -> str:
        order = ", of each worker the first so many" if self.in_order else ""
        return (
            "worker p in clock k takes g_t, t = P k + p, a subgradient of f_t at y_t; "
            f"x_(t+1) = x_t - eta g_t, y_t = x_0 - eta (sum of the g_i it sees{order})"
            + self._rule(", eta = ", str)
        )

    @property
    def latex(self) -> str:
        order = r"\text{ (the first of each worker)}" if self.in_order else ""
        return (
            r"x_{t+1}=x_t-\eta g_t,\quad y_t=x_0-\eta\sum_{i\text{ seen by }t}g_i"
            rf"{order},\quad g_t\in\partial f_t(y_t),\quad t=Pk+p"
            + self._rule(r",\quad \eta=", lambda step: step.latex)
        )

    def _rule(self, equals: str, write: Any) -> str:
        step = shown(self.step)
        return "" if step.expression == eta0 else equals + write(step)

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({self.reference, self.view})

    @property
    def reference(self) -> Hypothesis:
        """The sequence that applies all updates clock by clock."""
        step = shown(self.step).expression
        return FROM_ZERO.hypothesis(self.name, eq(x(t + 1), x(t) - step * view_feedback()))

    @property
    def view(self) -> Hypothesis:
        """What worker p in clock k reads."""
        step, other = shown(self.step).expression, view_feedback(THERE)
        if self.in_order:
            sees = Sum(other, (j, 0, upto(HERE, l) - 1), WORKERS)
        else:
            sees = Sum(seen(HERE, THERE) * other, WORKERS, CLOCKS)
        ranges = frozenset({k, C - 1 - k, p, P - 1 - p})
        return Hypothesis("view", eq(y(HERE), x(0) - step * sees), (k, p), ranges)


@dataclass(frozen=True)
class BoundedStaleness(Assumed):
    """What a worker sees in clock k: its own past, and of others all that is old enough.

    Updates of others are seen if they are older than s clocks, up to clock k - s - 1, and not seen
    from clock k + a on, where others have not been yet; in between anything may happen. With the
    rule of stale synchronous parallel no worker is more than s clocks ahead of another, so others
    have finished at most clock k + s - 1: a = max(s, 1).
    """

    behind: Any = symbols.behind
    ahead: Any = symbols.ahead
    name = "bounded staleness"

    @property
    def words(self) -> str:
        return (
            f"in clock k a worker sees all updates of clocks < k - {self.behind}, its own of "
            f"clocks < k and no others of its own, and none of clocks >= k + {self.ahead}"
        ).replace("Max", "max")

    @property
    def latex(self) -> str:
        old, new = latex(self.behind), latex(self.ahead)
        return (
            rf"\text{{in clock }}k\text{{ all of clocks }}<k-{old}\text{{ and its own of clocks }}"
            rf"<k\text{{ are seen, none of clocks }}\geq k+{new}"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({self.old, self.own, self.new, self.least, self.most})

    @property
    def old(self) -> Hypothesis:
        """Old updates are seen."""
        return _for_pairs("old updates", eq(seen(HERE, THERE), 1), k - self.behind - 1 - j)

    @property
    def own(self) -> Hypothesis:
        """Of its own updates a worker sees those it has made."""
        claim = eq(seen(HERE, THERE), Within(j, 0, k - 1))
        return _for_pairs("own updates", claim, p - l, l - p)

    @property
    def new(self) -> Hypothesis:
        """New updates are not seen."""
        return _for_pairs("new updates", eq(seen(HERE, THERE), 0), j - k - self.ahead)

    @property
    def least(self) -> Hypothesis:
        """An update is seen, or not, or in part."""
        return _for_pairs("seen >= 0", le(0, seen(HERE, THERE)))

    @property
    def most(self) -> Hypothesis:
        """Nothing is seen twice."""
        return _for_pairs("seen <= 1", le(seen(HERE, THERE), 1))


@dataclass(frozen=True)
class StalenessInOrder(Assumed):
    """Of each other worker the first so many updates are seen, s more or fewer than one's own."""

    behind: Any = symbols.behind
    name = "staleness in order"

    @property
    def words(self) -> str:
        if self.behind == 0:
            return "in clock k a worker sees the first k updates of every worker"
        return (
            f"in clock k a worker sees its own first k updates, and of each other worker the first "
            f"so many, between k - {self.behind} and k + {self.behind}"
        )

    @property
    def latex(self) -> str:
        if self.behind == 0:
            return (
                r"\text{in clock }k\text{ a worker sees the first }k\text{ updates of every worker}"
            )
        s = latex(self.behind)
        return (
            r"\text{in clock }k\text{ a worker sees its own first }k\text{ updates, of each other "
            rf"the first }}k-{s}\text{{ to }}k+{s}"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({self.start, self.own, self.least, self.most})

    @property
    def start(self) -> Hypothesis:
        """A number of updates is not negative."""
        return _for_workers("seen >= 0", le(0, upto(HERE, l)))

    @property
    def own(self) -> Hypothesis:
        """Its own updates a worker sees as soon as they are made."""
        return _for_workers("own updates", eq(upto(HERE, l), k), p - l, l - p)

    @property
    def least(self) -> Hypothesis:
        """Updates older than s clocks are seen."""
        return _for_workers("old updates", le(k - self.behind, upto(HERE, l)))

    @property
    def most(self) -> Hypothesis:
        """Nobody is more than s clocks ahead."""
        return _for_workers("new updates", le(upto(HERE, l), k + self.behind))


def _for_workers(name: str, claim: Any, *conditions: Any) -> Hypothesis:
    """A claim for worker p in clock k and another worker l, whenever the conditions hold."""
    ranges = {k, p, P - 1 - p, l, P - 1 - l}
    return Hypothesis(name, claim, (k, p, l), frozenset({*ranges, *conditions}))
