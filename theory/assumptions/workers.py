r"""Workers that always restart from the newest iterate, each gradient applied once.

Gradients are numbered by the iterate they were read at: number j >= 0 is read at x_j by the worker
that has just delivered, and the numbers -N, ..., -1 are those of the N other workers, who all begin
at x_0. The noise goes with the read.
"""

from dataclasses import dataclass
from typing import Any

from sympy import Sum, latex

from theory import symbols
from theory.algebra import Within
from theory.assumptions.base import FROM_ZERO, Assumed, gradient
from theory.assumptions.methods import StaleSGD
from theory.claims import Assumption, Hypothesis, eq, le
from theory.symbols import j, r, t


@dataclass(frozen=True)
class DeliveredGradients(Assumed):
    """The update applies a gradient together with the noise of its read."""

    step: Any = symbols.eta0
    name = "stale SGD, noise numbered by the read"
    chosen = True

    @property
    def words(self) -> str:
        return self._method.words

    @property
    def latex(self) -> str:
        return self._method.latex

    @property
    def allows(self) -> frozenset[Assumption]:
        return self._method.allows

    @property
    def _method(self) -> StaleSGD:
        return StaleSGD(self.step, reuse=True, count=FROM_ZERO)


@dataclass(frozen=True)
class RestartingWorkers(Assumed):
    """N + 1 workers begin at x_0; one that delivers restarts from the newest iterate."""

    N: Any = symbols.N
    T: Any = symbols.T
    name = "restarting workers"

    @property
    def words(self) -> str:
        return (
            f"-{self.N} <= t - tau_t <= t, no two of the {self.T} updates have the same t - tau_t, "
            "and x_j = x_0 for j < 0"
        )

    @property
    def latex(self) -> str:
        return (
            rf"-{latex(self.N)}\leq t-\tau_t\leq t,\quad t-\tau_t\neq u-\tau_u"
            rf"\text{{ for }}t\neq u<{latex(self.T)},\quad x_j=x_0\text{{ for }}j<0"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({self.past, self.early, self.once, self.at_start})

    @property
    def past(self) -> Hypothesis:
        """A gradient is read before it is applied."""
        return FROM_ZERO.hypothesis("reads the past", le(r(t), t))

    @property
    def early(self) -> Hypothesis:
        """At most N gradients are read at the start by others."""
        return FROM_ZERO.hypothesis("reads from the start on", le(-self.N, r(t)))

    @property
    def once(self) -> Hypothesis:
        """No gradient is applied twice."""
        applied = Sum(Within(j, r(t), r(t)), (t, 0, self.T - 1))
        return Hypothesis("each gradient is applied once", le(applied, 1), (j,))

    @property
    def at_start(self) -> Hypothesis:
        """What is read before the first update is the gradient at x_0."""
        claim = eq(gradient(j), gradient(0))
        return Hypothesis("reads at the start", claim, (j,), frozenset({-1 - j}))
