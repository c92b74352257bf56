"""The algorithms, as assumptions on the iterates, and what is assumed of step sizes."""

from dataclasses import dataclass
from typing import Any

from sympy import latex

from theory import symbols
from theory.assumptions.base import FROM_ONE, FROM_ZERO, Assumed, Counting, g, gradient, x, xi
from theory.claims import Assumption, Hypothesis, eq, le, lt
from theory.hilbert import squared_norm
from theory.latex import shown
from theory.symbols import eta, eta0, j


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
class PickySteps(Assumed):
    """A gradient is applied, with a fixed step, only if the iterate is still near the one read.

    The step is `size` if |x_k - y_k| <= `radius`, y_k the iterate read, and 0 otherwise: a gradient
    is dropped because of how far the iterate has moved, not of how old it is. `size` may be laid
    out for a page. For runs without noise, where the step is a function of the index.
    """

    size: Any = 1 / (4 * symbols.L)
    radius: Any = symbols.eps / (2 * symbols.L)
    count: Counting = FROM_ZERO
    name = "picky steps"
    chosen = True

    @property
    def words(self) -> str:
        k, read = self.count.index, self.count.read_words
        near = f"|x_{k} - x_({read})| <= {shown(self.radius)}"
        return f"eta_{k} = {shown(self.size)} if {near}, else eta_{k} = 0"

    @property
    def latex(self) -> str:
        k, read = self.count.index, self.count.read_latex
        near = rf"\|x_{k}-x_{{{read}}}\|\leq {shown(self.radius).latex}"
        return (
            rf"\eta_{k}={shown(self.size).latex}\ \text{{if }}{near},"
            rf"\quad\eta_{k}=0\ \text{{otherwise}}"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({self.two_sizes, self.applied_if_near, self.dropped_if_far})

    @property
    def two_sizes(self) -> Hypothesis:
        """A step has one of two sizes, of which one is 0."""
        step = eta(self.count.index)
        claim = eq(step * (shown(self.size).expression - step), 0)
        return self.count.hypothesis("steps have two sizes", claim)

    @property
    def applied_if_near(self) -> Hypothesis:
        """If the step is not 0, then the iterate read is near."""
        step = eta(self.count.index)
        near = le(step * self._distance, step * shown(self.radius).expression ** 2)
        return self.count.hypothesis("a gradient applied is near", near)

    @property
    def dropped_if_far(self) -> Hypothesis:
        """If the step is 0, then the iterate read is far."""
        saved = shown(self.size).expression - eta(self.count.index)
        far = le(saved * shown(self.radius).expression ** 2, saved * self._distance)
        return self.count.hypothesis("a gradient dropped is far", far)

    @property
    def _distance(self) -> Any:
        k = self.count.index
        return squared_norm(x(k) - x(self.count.read(k)))


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


@dataclass(frozen=True)
class ShortStep(Assumed):
    """The constant step is strictly below a limit."""

    limit: Any = 1 / symbols.L
    name = "short step"
    chosen = True

    @property
    def words(self) -> str:
        return f"{eta0} < {shown(self.limit)}"

    @property
    def latex(self) -> str:
        return rf"{latex(eta0)}<{shown(self.limit).latex}"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({Hypothesis(self.name, lt(eta0, shown(self.limit).expression))})
