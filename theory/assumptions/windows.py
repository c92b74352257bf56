"""What is assumed of steps that adapt to the delays: sums over windows stay below a limit."""

from dataclasses import dataclass
from typing import Any

from sympy import Sum, latex

from theory import symbols
from theory.algebra import Within
from theory.assumptions.base import FROM_ZERO, Assumed, Counting
from theory.claims import Assumption, Hypothesis, le, lt
from theory.latex import shown
from theory.symbols import eta, i, j


@dataclass(frozen=True)
class WindowRule(Assumed):
    """The steps from the read of an update to its write, its own included, stay below a limit.

    A step is chosen when the delay is known, so this can be arranged for delays of any length: take
    what the window leaves, or 0 (a gradient that is too old is dropped). `limit` may be laid out
    for a page.
    """

    limit: Any = symbols.c
    count: Counting = FROM_ZERO
    name = "window rule"
    chosen = True

    @property
    def words(self) -> str:
        k = self.count.index
        return f"eta_({self.count.read_words}) + ... + eta_{k} <= {shown(self.limit)}"

    @property
    def latex(self) -> str:
        k = self.count.index
        return rf"\sum_{{j={self.count.read_latex}}}^{{{k}}}\eta_j\leq {shown(self.limit).latex}"

    @property
    def allows(self) -> frozenset[Assumption]:
        k = self.count.index
        total = Sum(eta(j), (j, self.count.read(k), k))
        limit = shown(self.limit).expression
        return frozenset({self.count.hypothesis(self.name, le(total, limit))})


@dataclass(frozen=True)
class InterferenceRule(Assumed):
    """An update's step, those in its window, and those whose windows contain it: below a limit.

    Weaker than the window rule with half the limit, but it looks at later steps too.
    """

    limit: Any = 1 / symbols.L
    T: Any = symbols.T
    count: Counting = FROM_ZERO
    name = "interference rule"
    chosen = True

    @property
    def words(self) -> str:
        k = self.count.index
        return (
            f"eta_({self.count.read_words}) + ... + eta_{k} + the sum of eta_i over the updates "
            f"i < {self.T} with i - tau_i <= {k} < i, is <= {shown(self.limit)} for {k} < {self.T}"
        )

    @property
    def latex(self) -> str:
        k = self.count.index
        return (
            rf"\sum_{{j={self.count.read_latex}}}^{{{k}}}\eta_j"
            rf"+\sum_{{i<{latex(self.T)}:\,i-\tau_i\leq {k}<i}}\eta_i"
            rf"\leq {shown(self.limit).latex}\ \text{{for }}{k}<{latex(self.T)}"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({self.rule})

    @property
    def rule(self) -> Hypothesis:
        """The rule, for the first T updates."""
        k, read, (_, first, last) = self.count.index, self.count.read, self.count.range(self.T)
        own = Sum(eta(i), (i, read(j), j))
        later = Sum(eta(k) * Within(j, read(k), k - 1), (k, first, last))
        claim = le(own + later, shown(self.limit).expression)
        return Hypothesis(self.name, claim, (j,), frozenset({j - first, last - j}))


@dataclass(frozen=True)
class SomeStep(Assumed):
    """Not all of the first T steps are 0, so that one may average with the steps as weights."""

    T: Any = symbols.T
    count: Counting = FROM_ZERO
    name = "some step"
    chosen = True

    @property
    def words(self) -> str:
        first, last = self.count.first, f"({self.count.last(self.T) - 1})".replace(" ", "")
        return f"eta_{first} + ... + eta_{last} > 0"

    @property
    def latex(self) -> str:
        k, first = self.count.index, self.count.first
        last = latex(self.count.last(self.T) - 1)
        return rf"\sum_{{{k}={first}}}^{{{last}}}\eta_{k}>0"

    @property
    def allows(self) -> frozenset[Assumption]:
        total = Sum(eta(self.count.index), self.count.range(self.T))
        return frozenset({Hypothesis(self.name, lt(0, total))})
