"""What is assumed of the noise."""

from dataclasses import dataclass
from typing import Any

from sympy import latex
from sympy.core.symbol import Str

from theory import axioms, symbols
from theory.assumptions.base import (
    FROM_ONE,
    FROM_ZERO,
    Assumed,
    Counting,
    applied_direction,
    squared_gradient,
    xi,
)
from theory.claims import Assumption, Hypothesis, le
from theory.hilbert import squared_norm


@dataclass(frozen=True)
class UnbiasedNoise(Assumed):
    """The noise of an update has mean zero given all that was drawn before it.

    `before` is the number of draws before the first update, if noise is numbered by the read.
    """

    count: Counting = FROM_ONE
    before: Any = 0
    name = "fresh, unbiased noise"
    about_noise = True

    @property
    def words(self) -> str:
        a, k, first = self.count.first, self.count.index, self.count.first - self.before
        drawn = f"xi_{first}" if self.before == 0 else f"xi_({first})"
        return f"E[xi_{k} | x_{a}, ..., x_{k} and {drawn}, ..., xi_({k}-1)] = 0"

    @property
    def latex(self) -> str:
        a, k, first = self.count.first, self.count.index, self.count.first - self.before
        start = rf"\xi_{first}" if self.before == 0 else rf"\xi_{{{latex(first)}}}"
        drawn = rf"{start},\dots,\xi_{{{k}-1}}"
        return rf"\mathbb{{E}}[\xi_{k}\mid x_{a},\dots,x_{k},{drawn}]=0"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({axioms.unbiased_noise(Str("xi"))})


@dataclass(frozen=True)
class BoundedVariance(Assumed):
    """The noise of each update has second moment at most sigma^2 (of the whole vector).

    `before` is the number of draws before the first update, if noise is numbered by the read.
    """

    sigma: Any = symbols.sigma
    count: Counting = FROM_ONE
    before: Any = 0
    name = "bounded variance"
    about_noise = True

    @property
    def words(self) -> str:
        k = self.count.index
        early = "" if self.before == 0 else f" for {k} >= {self.count.first - self.before}"
        return f"E|xi_{k}|^2 <= {self.sigma}^2{early}"

    @property
    def latex(self) -> str:
        k, first = self.count.index, self.count.first - self.before
        early = "" if self.before == 0 else rf"\ \text{{for }}{k}\geq {latex(first)}"
        return rf"\mathbb{{E}}\|\xi_{k}\|^2\leq {latex(self.sigma)}^2{early}"

    @property
    def allows(self) -> frozenset[Assumption]:
        claim = le(squared_norm(xi(self.count.index)), self.sigma**2)
        drawn = frozenset({self.count.started + self.before})
        return frozenset({Hypothesis(self.name, claim, (self.count.index,), drawn)})


@dataclass(frozen=True)
class MiniBatch(Assumed):
    """A stochastic gradient is the mean of b independent ones, each of variance at most sigma^2."""

    sigma: Any = symbols.sigma
    b: Any = symbols.b
    count: Counting = FROM_ZERO
    name = "bounded variance of a mini-batch"
    about_noise = True

    @property
    def words(self) -> str:
        return f"E|xi_{self.count.index}|^2 <= {self.sigma}^2/{self.b}"

    @property
    def latex(self) -> str:
        bound = rf"{latex(self.sigma)}^2/{latex(self.b)}"
        return rf"\mathbb{{E}}\|\xi_{self.count.index}\|^2\leq {bound}"

    @property
    def allows(self) -> frozenset[Assumption]:
        claim = le(squared_norm(xi(self.count.index)), self.sigma**2 / self.b)
        return frozenset({self.count.hypothesis(self.name, claim)})


@dataclass(frozen=True)
class MultiplicativeNoise(Assumed):
    """The noise may grow with the gradient that is read; M = 0 is bounded variance."""

    M: Any = symbols.M
    sigma: Any = symbols.sigma
    count: Counting = FROM_ZERO
    name = "noise that may grow with the gradient"
    about_noise = True

    @property
    def words(self) -> str:
        k, read = self.count.index, self.count.read_words
        return f"E|xi_{k}|^2 <= {self.M} E|grad F(x_({read}))|^2 + {self.sigma}^2"

    @property
    def latex(self) -> str:
        k, read = self.count.index, self.count.read_latex
        at_read = rf"\mathbb{{E}}\|\nabla F(x_{{{read}}})\|^2"
        bound = rf"{latex(self.M)}\,{at_read}+{latex(self.sigma)}^2"
        return rf"\mathbb{{E}}\|\xi_{k}\|^2\leq {bound}"

    @property
    def allows(self) -> frozenset[Assumption]:
        k = self.count.index
        bound = self.M * squared_gradient(self.count.read(k)) + self.sigma**2
        return frozenset({self.count.hypothesis(self.name, le(squared_norm(xi(k)), bound))})


@dataclass(frozen=True)
class BoundedSecondMoment(Assumed):
    """The direction applied has second moment at most a bound, such as G^2 or M_2.

    The direction is the stale stochastic gradient, or any direction g_k if not `stale`.
    """

    bound: Any = symbols.G**2
    stale: bool = True
    count: Counting = FROM_ONE
    name = "bounded second moment"

    @property
    def words(self) -> str:
        return f"E|g_{self.count.index}|^2 <= {self.bound}".replace("**", "^")

    @property
    def latex(self) -> str:
        return rf"\mathbb{{E}}\|g_{self.count.index}\|^2\leq {latex(self.bound)}"

    @property
    def allows(self) -> frozenset[Assumption]:
        k = self.count.index
        size = squared_norm(applied_direction(k, self.count, stale=self.stale))
        return frozenset({self.count.hypothesis(self.name, le(size, self.bound))})


@dataclass(frozen=True)
class BoundedGradientsMet(Assumed):
    """The gradient at the iterates has second moment at most G^2, along the run."""

    G: Any = symbols.G
    count: Counting = FROM_ZERO
    name = "bounded gradients along the run"

    @property
    def words(self) -> str:
        return f"E|grad F(x_{self.count.index})|^2 <= {self.G}^2"

    @property
    def latex(self) -> str:
        return rf"\mathbb{{E}}\|\nabla F(x_{self.count.index})\|^2\leq {latex(self.G)}^2"

    @property
    def allows(self) -> frozenset[Assumption]:
        claim = le(squared_gradient(self.count.index), self.G**2)
        return frozenset({self.count.hypothesis(self.name, claim)})
