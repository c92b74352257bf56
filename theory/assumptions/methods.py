"""The algorithms, as assumptions on the iterates, and what is assumed of step sizes."""

from dataclasses import dataclass
from typing import Any

from theory import symbols
from theory.assumptions.base import FROM_ONE, FROM_ZERO, Assumed, Counting, g, gradient, x, xi
from theory.claims import Assumption, eq, le
from theory.latex import shown
from theory.symbols import eta, j


@dataclass(frozen=True)
class StaleSGD(Assumed):
    """The update: a stochastic gradient taken at an earlier iterate.

    `step` is the step size as an expression in the index, perhaps laid out for a page; None leaves
    it free. With `reuse` the noise is that of the iterate read, so an iterate that is read again
    brings the very same stochastic gradient again. Without `noisy` it is gradient descent.
    """

    step: Any = None
    reuse: bool = False
    noisy: bool = True
    count: Counting = FROM_ONE
    chosen = True

    @property
    def name(self) -> str:  # type: ignore[override]
        return "stale SGD" if self.noisy else "stale gradient descent"

    @property
    def words(self) -> str:
        k, read = self.count.index, self.count.read_words
        sample = f"xi_({read})" if self.reuse else f"xi_{k}"
        applied = f"grad F(x_({read}))"
        applied = f"({applied} + {sample})" if self.noisy else applied
        return f"x_({k}+1) = x_{k} - eta_{k} {applied}" + self._rule(f", eta_{k} = ", str)

    @property
    def latex(self) -> str:
        k, read = self.count.index, self.count.read_latex
        sample = rf"\xi_{{{read}}}" if self.reuse else rf"\xi_{k}"
        applied = rf"\nabla F(x_{{{read}}})"
        applied = rf"\left({applied}+{sample}\right)" if self.noisy else rf"\,{applied}"
        update = rf"x_{{{k}+1}}=x_{k}-\eta_{k}{applied}"
        return update + self._rule(rf",\quad \eta_{k}=", lambda step: step.latex)

    def _rule(self, equals: str, write: Any) -> str:
        return "" if self.step is None else equals + write(shown(self.step))

    @property
    def allows(self) -> frozenset[Assumption]:
        k = self.count.index
        read = self.count.read(k)
        size = eta(k) if self.step is None else shown(self.step).expression
        applied = gradient(read)
        if self.noisy:
            applied += xi(read) if self.reuse else xi(k)
        return frozenset({self.count.hypothesis(self.name, eq(x(k + 1), x(k) - size * applied))})


@dataclass(frozen=True)
class AnyDirection(Assumed):
    """The update: along any direction g_k, of which other assumptions say what is needed.

    `step` is the step size as for `StaleSGD`, which is the case g_k = grad F(x_(tau_k)) + xi_k.
    """

    step: Any = None
    count: Counting = FROM_ZERO
    name = "steps along a direction"
    chosen = True

    @property
    def words(self) -> str:
        k = self.count.index
        rule = "" if self.step is None else f", eta_{k} = {shown(self.step)}"
        return f"x_({k}+1) = x_{k} - eta_{k} g_{k}{rule}"

    @property
    def latex(self) -> str:
        k = self.count.index
        rule = "" if self.step is None else rf",\quad \eta_{k}={shown(self.step).latex}"
        return rf"x_{{{k}+1}}=x_{k}-\eta_{k}g_{k}{rule}"

    @property
    def allows(self) -> frozenset[Assumption]:
        k = self.count.index
        size = eta(k) if self.step is None else shown(self.step).expression
        return frozenset({self.count.hypothesis(self.name, eq(x(k + 1), x(k) - size * g(k)))})


@dataclass(frozen=True)
class PositiveSteps(Assumed):
    """Step sizes are not negative."""

    count: Counting = FROM_ONE
    name = "steps are >= 0"
    chosen = True

    @property
    def words(self) -> str:
        return f"eta_{self.count.index} >= 0"

    @property
    def latex(self) -> str:
        return rf"\eta_{self.count.index}\geq 0"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({self.count.hypothesis(self.name, le(0, eta(self.count.index)))})


@dataclass(frozen=True)
class NonincreasingSteps(Assumed):
    """Step sizes are not negative and never increase."""

    count: Counting = FROM_ONE
    name = "non-increasing steps"
    chosen = True

    @property
    def words(self) -> str:
        first = self.count.first
        return f"eta_{first} >= eta_{first + 1} >= ... >= 0"

    @property
    def latex(self) -> str:
        first = self.count.first
        return rf"\eta_{first}\geq\eta_{first + 1}\geq\dots\geq 0"

    @property
    def allows(self) -> frozenset[Assumption]:
        k = self.count.index
        order = self.count.hypothesis(
            self.name, le(eta(k), eta(j)), j - self.count.first, k - j, over=(j, k)
        )
        return frozenset({order}) | PositiveSteps(self.count).allows


@dataclass(frozen=True)
class StepLimit(Assumed):
    """No step size exceeds a limit, an expression, perhaps laid out for a page."""

    limit: Any = symbols.h
    count: Counting = FROM_ONE
    name = "step limit"
    chosen = True

    @property
    def words(self) -> str:
        return f"eta_{self.count.index} <= {shown(self.limit)}"

    @property
    def latex(self) -> str:
        return rf"\eta_{self.count.index}\leq {shown(self.limit).latex}"

    @property
    def allows(self) -> frozenset[Assumption]:
        claim = le(eta(self.count.index), shown(self.limit).expression)
        return frozenset({self.count.hypothesis(self.name, claim)})
