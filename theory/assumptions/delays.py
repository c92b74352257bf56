"""What is assumed of the delays: which iterate each update reads."""

from dataclasses import dataclass
from typing import Any

from sympy import Sum, latex

from theory import axioms, symbols
from theory.algebra import Within
from theory.assumptions.base import FROM_ONE, FROM_ZERO, Assumed, Counting, gradient
from theory.claims import Assumption, Hypothesis, eq, le
from theory.symbols import j, t


@dataclass(frozen=True)
class ExogenousDelays(Assumed):
    """Which iterate is read, and with which step, does not depend on the noise."""

    count: Counting = FROM_ONE
    name = "exogenous delays"
    about_noise = True

    @property
    def words(self) -> str:
        k = self.count.index
        what = f"the indices tau_{k}" if self.count.first else f"the delays tau_{k}"
        return f"{what} and the steps eta_{k} do not depend on the noise"

    @property
    def latex(self) -> str:
        k = self.count.index
        return rf"\tau_{k}\text{{ and }}\eta_{k}\text{{ do not depend on the noise}}"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({axioms.exogenous_schedule()})


@dataclass(frozen=True)
class ReadsThePast(Assumed):
    """An update reads an iterate that exists: any delay, but not from before the start."""

    count: Counting = FROM_ZERO
    name = "reads the past"

    @property
    def words(self) -> str:
        k = self.count.index
        return f"0 <= tau_{k} <= {k}" if not self.count.first else f"1 <= tau_{k} <= {k}"

    @property
    def latex(self) -> str:
        k = self.count.index
        return rf"{self.count.first}\leq\tau_{k}\leq {k}"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({self.past, self.start})

    @property
    def past(self) -> Hypothesis:
        """The index read is not after the present one."""
        k = self.count.index
        return self.count.hypothesis("reads the past", le(self.count.read(k), k))

    @property
    def start(self) -> Hypothesis:
        """The index read is not before the first one."""
        first, k = self.count.first, self.count.index
        return self.count.hypothesis(f"reads start at x_{first}", le(first, self.count.read(k)))


@dataclass(frozen=True)
class BoundedDelay(Assumed):
    """An update reads one of the last s iterates: delays are at most s - 1, s = 1 is synchronous.

    With `prehistory` the index may lie before the start, and what is read there is the gradient at
    the start; without it the index is clipped at the start.
    """

    s: Any = symbols.s
    prehistory: bool = False
    count: Counting = FROM_ONE
    name = "bounded delay"

    @property
    def words(self) -> str:
        if not self.count.first:
            return f"0 <= tau_t <= min(t, {self.s - 1})"
        start = "grad F(x_j) = grad F(x_1) for j <= 0" if self.prehistory else "tau_k >= 1"
        return f"k-{self.s}+1 <= tau_k <= k, and {start}"

    @property
    def latex(self) -> str:
        if not self.count.first:
            return rf"0\leq\tau_t\leq\min\{{t,{latex(self.s - 1)}\}}"
        start = r"\nabla F(x_j)=\nabla F(x_1)\text{ for }j\leq 0"
        return rf"k-{latex(self.s)}+1\leq\tau_k\leq k,\quad " + (
            start if self.prehistory else r"\tau_k\geq 1"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        reads = ReadsThePast(self.count)
        start = self.constant_prehistory if self.prehistory else reads.start
        return frozenset({self.lag, reads.past, start})

    @property
    def lag(self) -> Hypothesis:
        """The index read is one of the last s."""
        k = self.count.index
        claim = le(k - self.s + 1, self.count.read(k))
        return self.count.hypothesis(f"reads lag by at most {self.s - 1}", claim)

    @property
    def constant_prehistory(self) -> Hypothesis:
        """The gradient before the start: what had been computed by then was taken at the start."""
        first = self.count.first
        at_start = eq(gradient(j), gradient(first))
        return Hypothesis("prehistory", at_start, (j,), frozenset({first - 1 - j}))


@dataclass(frozen=True)
class ConstantDelay(Assumed):
    """Every update reads the iterate tau updates back; before there is one, it reads the start."""

    tau: Any = symbols.tau_max
    name = "constant delay, clipped at the start"

    @property
    def words(self) -> str:
        return f"tau_t = min(t, {self.tau})"

    @property
    def latex(self) -> str:
        return rf"\tau_t=\min\{{t,{latex(self.tau)}\}}"

    @property
    def allows(self) -> frozenset[Assumption]:
        bounded = BoundedDelay(self.tau + 1, count=FROM_ZERO)
        return frozenset({self.later, self.cold}) | bounded.allows

    @property
    def later(self) -> Hypothesis:
        """After the first tau updates, the index read is tau back."""
        back = t - self.tau
        return FROM_ZERO.hypothesis("constant delay", eq(FROM_ZERO.read(t), back), back)

    @property
    def cold(self) -> Hypothesis:
        """Until then, the index read is the first one."""
        return FROM_ZERO.hypothesis("cold start", eq(FROM_ZERO.read(t), 0), self.tau - t)


@dataclass(frozen=True)
class Multiplicity(Assumed):
    """No index is read more than m times during the n updates; m <= s always."""

    m: Any = symbols.m
    n: Any = symbols.n
    count: Counting = FROM_ONE
    name = "multiplicity"

    @property
    def words(self) -> str:
        return f"each index is read at most {self.m} time(s) in the {self.n} steps"

    @property
    def latex(self) -> str:
        k = self.count.index
        return (
            rf"\#\{{{k}\leq {latex(self.n)}:\tau_{k}=j\}}\leq {latex(self.m)}\ \text{{for all }}j"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        k = self.count.index
        reads = Sum(Within(j, self.count.read(k), self.count.read(k)), self.count.range(self.n))
        return frozenset({Hypothesis(self.name, le(reads, self.m), (j,))})


@dataclass(frozen=True)
class Concurrency(Assumed):
    """Over each update at most N gradients are in flight: read before or at it, applied after.

    W workers that always restart from the newest iterate have N = W - 1.
    """

    N: Any = symbols.N
    T: Any = symbols.T
    count: Counting = FROM_ZERO
    name = "concurrency"

    @property
    def words(self) -> str:
        return f"at most {self.N} of the {self.T} updates t have t - tau_t <= j < t, for every j"

    @property
    def latex(self) -> str:
        return (
            rf"\#\{{t<{latex(self.T)}:t-\tau_t\leq j<t\}}\leq {latex(self.N)}\ \text{{for all }}j"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        k = self.count.index
        flying = Sum(Within(j, self.count.read(k), k - 1), self.count.range(self.T))
        return frozenset({Hypothesis(self.name, le(flying, self.N), (j,))})


@dataclass(frozen=True)
class AverageDelay(Assumed):
    """The delays of the T updates add up to at most tau_avg T."""

    tau_avg: Any = symbols.tau_avg
    T: Any = symbols.T
    count: Counting = FROM_ZERO
    name = "average delay"

    @property
    def words(self) -> str:
        return f"tau_0 + ... + tau_({self.T}-1) <= {self.tau_avg} {self.T}"

    @property
    def latex(self) -> str:
        last = latex(self.T - 1)
        return rf"\sum_{{t=0}}^{{{last}}}\tau_t\leq {latex(self.tau_avg)}\,{latex(self.T)}"

    @property
    def allows(self) -> frozenset[Assumption]:
        k = self.count.index
        total = Sum(k - self.count.read(k), self.count.range(self.T))
        return frozenset({Hypothesis(self.name, le(total, self.tau_avg * self.T))})
