r"""The assumptions theorems make, as records: what each says, and what it lets a proof use.

Indices k count from the starting point x_1, as Dai et al. must (their steps are eta/sqrt(k));
``tau(k)`` is the index of the iterate read at step k, ``xi(k)`` the noise of step k, F the
objective.

>>> print(GradientCoherence())
gradient coherence: E<grad F(x_k), grad F(x_j)> >= mu E|grad F(x_k)|^2 for k-s+1 <= j <= k
>>> for use in sorted(map(str, BoundedDelay().allows)):
...     print(use)
reads lag by at most s - 1: for all k with 1 <= k: k - s + 1 <= tau[k]
reads start at x_1: for all k with 1 <= k: 1 <= tau[k]
reads the past: for all k with 1 <= k: tau[k] <= k
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from sympy import Sum, latex
from sympy.core.symbol import Str

from theory import axioms, symbols
from theory.algebra import Within
from theory.claims import Assumption, Hypothesis, eq, le
from theory.hilbert import Inner, Scalar, VectorLike, grad, iterate, noise, value
from theory.latex import shown
from theory.symbols import eta, j, k, tau

GENERAL_STEP = eta(k)
F = "F"
x = iterate("x")
xi = noise("xi")


def gradient(index: Any) -> VectorLike:
    """grad F(x_k)."""
    return grad(F, x(index))


def squared_gradient(index: Any) -> Scalar:
    """E|grad F(x_k)|^2."""
    return Inner(gradient(index), gradient(index))


def objective(index: Any) -> Scalar:
    """E F(x_k)."""
    return value(F, x(index))


def _for_steps(name: str, claim: Any, *conditions: Any, over: tuple[Any, ...] = (k,)) -> Hypothesis:
    """A hypothesis for every step k >= 1 (and what else the conditions say)."""
    return Hypothesis(name, claim, over, frozenset({k - 1, *conditions}))


@dataclass(frozen=True)
class Assumed:
    """An assumption of a theorem; the subclasses say which."""

    name: ClassVar[str]

    @property
    def words(self) -> str:
        """One sentence, formulas in plain text."""
        raise NotImplementedError

    @property
    def latex(self) -> str:
        """The same sentence in LaTeX."""
        raise NotImplementedError

    @property
    def allows(self) -> frozenset[Assumption]:
        """What the kernel lets a proof use because of it."""
        raise NotImplementedError

    def __str__(self) -> str:
        return f"{self.name}: {self.words}"


@dataclass(frozen=True)
class Smooth(Assumed):
    """The gradient of F is L-Lipschitz; F may be nonconvex."""

    L: Any = symbols.L
    name = "smooth"

    @property
    def words(self) -> str:
        return f"|grad F(x) - grad F(y)| <= {self.L} |x - y| for all x, y"

    @property
    def latex(self) -> str:
        return rf"\|\nabla F(x)-\nabla F(y)\|\leq {latex(self.L)}\,\|x-y\|\ \text{{for all }}x,y"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({axioms.smooth(Str(F), self.L)})


@dataclass(frozen=True)
class InitialGap(Assumed):
    """F is bounded below, and starts at most Delta above its infimum."""

    Delta: Any = symbols.Delta
    name = "initial gap"

    @property
    def words(self) -> str:
        return f"F(x_1) - inf F <= {self.Delta}"

    @property
    def latex(self) -> str:
        return rf"F(x_1)-\inf F\leq {latex(self.Delta)}"

    @property
    def allows(self) -> frozenset[Assumption]:
        gap = Hypothesis(self.name, le(objective(1) - symbols.F_star, self.Delta))
        return frozenset({gap, axioms.bounded_below(Str(F), symbols.F_star)})


@dataclass(frozen=True)
class UnbiasedNoise(Assumed):
    """The noise of step k has mean zero given all that was drawn before it."""

    name = "fresh, unbiased noise"

    @property
    def words(self) -> str:
        return "E[xi_k | x_1, ..., x_k and xi_1, ..., xi_(k-1)] = 0"

    @property
    def latex(self) -> str:
        return r"\mathbb{E}[\xi_k\mid x_1,\dots,x_k,\xi_1,\dots,\xi_{k-1}]=0"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({axioms.unbiased_noise(Str("xi"))})


@dataclass(frozen=True)
class ExogenousDelays(Assumed):
    """Which iterate is read, and with which step, does not depend on the noise."""

    name = "exogenous delays"

    @property
    def words(self) -> str:
        return "the indices tau_k and the steps eta_k do not depend on the noise"

    @property
    def latex(self) -> str:
        return r"\tau_k\text{ and }\eta_k\text{ do not depend on the noise}"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({axioms.exogenous_schedule()})


@dataclass(frozen=True)
class BoundedVariance(Assumed):
    """The noise of each step has second moment at most sigma^2 (of the whole vector)."""

    sigma: Any = symbols.sigma
    name = "bounded variance"

    @property
    def words(self) -> str:
        return f"E|xi_k|^2 <= {self.sigma}^2"

    @property
    def latex(self) -> str:
        return rf"\mathbb{{E}}\|\xi_k\|^2\leq {latex(self.sigma)}^2"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({_for_steps(self.name, le(Inner(xi(k), xi(k)), self.sigma**2))})


@dataclass(frozen=True)
class GradientCoherence(Assumed):
    """The present gradient agrees with those of the last s iterates, in expectation.

    The paper asks it of every path; a proof uses the expectation only, which is weaker to assume
    and survives noise. With `prehistory` the window may reach before the start, where the gradient
    is that at x_1.
    """

    mu: Any = symbols.mu
    s: Any = symbols.s
    prehistory: bool = False
    name = "gradient coherence"

    @property
    def words(self) -> str:
        return (
            f"E<grad F(x_k), grad F(x_j)> >= {self.mu} E|grad F(x_k)|^2 for k-{self.s}+1 <= j <= k"
        )

    @property
    def latex(self) -> str:
        return (
            r"\mathbb{E}\langle\nabla F(x_k),\nabla F(x_j)\rangle\geq "
            rf"{latex(self.mu)}\,\mathbb{{E}}\|\nabla F(x_k)\|^2"
            rf"\ \text{{for }}k-{latex(self.s)}+1\leq j\leq k"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        claim = le(self.mu * squared_gradient(k), Inner(gradient(k), gradient(j)))
        window = [k - j, j - k + self.s - 1] + ([] if self.prehistory else [j - 1])
        return frozenset({_for_steps(self.name, claim, *window, over=(j, k))})


@dataclass(frozen=True)
class BoundedDelay(Assumed):
    """Step k reads one of the last s iterates; s = 1 is the synchronous method.

    With `prehistory` the index may be below 1, and what is read there is the gradient at x_1;
    without it the index is clipped at 1.
    """

    s: Any = symbols.s
    prehistory: bool = False
    name = "bounded delay"

    @property
    def words(self) -> str:
        start = "grad F(x_j) = grad F(x_1) for j <= 0" if self.prehistory else "tau_k >= 1"
        return f"k-{self.s}+1 <= tau_k <= k, and {start}"

    @property
    def latex(self) -> str:
        start = r"\nabla F(x_j)=\nabla F(x_1)\text{ for }j\leq 0"
        return rf"k-{latex(self.s)}+1\leq\tau_k\leq k,\quad " + (
            start if self.prehistory else r"\tau_k\geq 1"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        lag = _for_steps(f"reads lag by at most {self.s} - 1", le(k - self.s + 1, tau(k)))
        past = _for_steps("reads the past", le(tau(k), k))
        if self.prehistory:
            return frozenset({lag, past, self.constant_prehistory})
        return frozenset({lag, past, _for_steps("reads start at x_1", le(1, tau(k)))})

    @property
    def constant_prehistory(self) -> Hypothesis:
        """grad F(x_j) = grad F(x_1) for j <= 0: what had been computed before the start."""
        return Hypothesis("prehistory", eq(gradient(j), gradient(1)), (j,), frozenset({-j}))


@dataclass(frozen=True)
class Multiplicity(Assumed):
    """No index is read more than m times during the n steps; m <= s always."""

    m: Any = symbols.m
    n: Any = symbols.n
    name = "multiplicity"

    @property
    def words(self) -> str:
        return f"each index is read at most {self.m} time(s) in the {self.n} steps"

    @property
    def latex(self) -> str:
        return rf"\#\{{k\leq {latex(self.n)}:\tau_k=j\}}\leq {latex(self.m)}\ \text{{for all }}j"

    @property
    def allows(self) -> frozenset[Assumption]:
        reads = Sum(Within(j, tau(k), tau(k)), (k, 1, self.n))
        return frozenset({Hypothesis(self.name, le(reads, self.m), (j,))})


@dataclass(frozen=True)
class StaleSGD(Assumed):
    """The update: a stochastic gradient taken at an earlier iterate.

    `step` is eta_k as an expression in k, perhaps laid out for a page. With `reuse` the noise is
    that of the iterate read, so an iterate that is read again brings the very same stochastic
    gradient again.
    """

    step: Any = GENERAL_STEP
    reuse: bool = False
    name = "stale SGD"

    @property
    def words(self) -> str:
        sample = "xi_(tau_k)" if self.reuse else "xi_k"
        return f"x_(k+1) = x_k - eta_k (grad F(x_(tau_k)) + {sample})" + self._rule(
            ", eta_k = ", str(shown(self.step))
        )

    @property
    def latex(self) -> str:
        sample = r"\xi_{\tau_k}" if self.reuse else r"\xi_k"
        update = rf"x_{{k+1}}=x_k-\eta_k\left(\nabla F(x_{{\tau_k}})+{sample}\right)"
        return update + self._rule(r",\quad \eta_k=", shown(self.step).latex)

    def _rule(self, equals: str, written: str) -> str:
        return "" if self.step == GENERAL_STEP else equals + written

    @property
    def allows(self) -> frozenset[Assumption]:
        sample = xi(tau(k)) if self.reuse else xi(k)
        update = x(k) - shown(self.step).expression * (gradient(tau(k)) + sample)
        return frozenset({_for_steps(self.name, eq(x(k + 1), update))})


@dataclass(frozen=True)
class NonincreasingSteps(Assumed):
    """Steps are non-negative and never increase."""

    name = "non-increasing steps"

    @property
    def words(self) -> str:
        return "eta_1 >= eta_2 >= ... >= 0"

    @property
    def latex(self) -> str:
        return r"\eta_1\geq\eta_2\geq\dots\geq 0"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset(
            {
                _for_steps("steps are >= 0", le(0, eta(k))),
                _for_steps(self.name, le(eta(k), eta(j)), j - 1, k - j, over=(j, k)),
            }
        )


@dataclass(frozen=True)
class StepLimit(Assumed):
    """No step exceeds a limit."""

    limit: Any = symbols.h
    name = "step limit"

    @property
    def words(self) -> str:
        return f"eta_k <= {self.limit}"

    @property
    def latex(self) -> str:
        return rf"\eta_k\leq {latex(self.limit)}"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({_for_steps(self.name, le(eta(k), self.limit))})
