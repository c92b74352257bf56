"""What is assumed of the direction that is applied, compared with the present gradient."""

from dataclasses import dataclass
from typing import Any

from sympy import latex, sympify

from theory import axioms, symbols
from theory.assumptions.base import (
    FROM_ONE,
    FROM_ZERO,
    Assumed,
    Counting,
    applied_direction,
    gradient,
    squared_gradient,
)
from theory.claims import Assumption, Hypothesis, Property, le
from theory.hilbert import Inner
from theory.symbols import j


@dataclass(frozen=True)
class GradientCoherence(Assumed):
    """The present gradient agrees with those of the last s iterates, in expectation.

    Dai et al. ask it of every path; a proof uses the expectation only, which is weaker to assume
    and survives noise. With `prehistory` the window may reach before the start, where the gradient
    is that at the start.
    """

    mu: Any = symbols.mu
    s: Any = symbols.s
    prehistory: bool = False
    count: Counting = FROM_ONE
    name = "gradient coherence"

    @property
    def words(self) -> str:
        k = self.count.index
        return (
            f"E<grad F(x_{k}), grad F(x_j)> >= {self.mu} E|grad F(x_{k})|^2 "
            f"for {self._since(str)} <= j <= {k}"
        )

    @property
    def latex(self) -> str:
        k = self.count.index
        return (
            rf"\mathbb{{E}}\langle\nabla F(x_{k}),\nabla F(x_j)\rangle\geq "
            rf"{latex(self.mu)}\,\mathbb{{E}}\|\nabla F(x_{k})\|^2"
            rf"\ \text{{for }}{self._since(latex)}\leq j\leq {k}"
        )

    def _since(self, write: Any) -> str:
        """The first index of the window: k - s + 1, or k less the longest lag if that is plain."""
        lag = sympify(self.s) - 1
        return f"{self.count.index}-" + (write(lag) if lag.is_Symbol else f"{write(self.s)}+1")

    @property
    def allows(self) -> frozenset[Assumption]:
        k = self.count.index
        claim = le(self.mu * squared_gradient(k), Inner(gradient(k), gradient(j)))
        window = [k - j, j - k + self.s - 1]
        window += [] if self.prehistory else [j - self.count.first]
        return frozenset({self.count.hypothesis(self.name, claim, *window, over=(j, k))})


@dataclass(frozen=True)
class PathwiseGradientCoherence(Assumed):
    """The present gradient agrees with those of the last s iterates, in every outcome.

    This is what Dai et al. ask for. It implies `GradientCoherence`, is lost with noise in general,
    and no proof here needs it.
    """

    mu: Any = symbols.mu
    s: Any = symbols.s
    count: Counting = FROM_ONE
    name = "pathwise gradient coherence"

    @property
    def expected(self) -> GradientCoherence:
        """The same in expectation."""
        return GradientCoherence(self.mu, self.s, count=self.count)

    @property
    def words(self) -> str:
        return f"in every outcome {self.expected.words}".replace("E<", "<").replace("E|", "|")

    @property
    def latex(self) -> str:
        sure = self.expected.latex.replace(r"\mathbb{E}", "")
        return rf"{sure},\ \text{{ in every outcome}}"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({axioms.surely(self.hypothesis)})

    @property
    def hypothesis(self) -> Hypothesis:
        """What holds in every outcome, if inner products are read as those of the outcome."""
        (coherence,) = (a for a in self.expected.allows if isinstance(a, Hypothesis))
        return coherence


@dataclass(frozen=True)
class SufficientDirection(Assumed):
    """The direction applied has a component along the present gradient, in expectation.

    Huo, Gu and Huang's assumption. The direction is the stale stochastic gradient, or any direction
    g_k if not `stale`. Gradient coherence asks the same of every gradient in the window; this asks
    it only of the one that is applied.
    """

    sigma_d: Any = symbols.sigma_d
    stale: bool = True
    count: Counting = FROM_ZERO
    name = "sufficient direction"

    @property
    def words(self) -> str:
        k = self.count.index
        claim = f"E<grad F(x_{k}), g_{k}> >= {self.sigma_d} E|grad F(x_{k})|^2"
        return claim + (f", g_{k} = grad F(x_({self.count.read_words})) + xi_{k}" * self.stale)

    @property
    def latex(self) -> str:
        k = self.count.index
        claim = (
            rf"\mathbb{{E}}\langle\nabla F(x_{k}),g_{k}\rangle\geq "
            rf"{latex(self.sigma_d)}\,\mathbb{{E}}\|\nabla F(x_{k})\|^2"
        )
        which = rf",\ g_{k}=\nabla F(x_{{{self.count.read_latex}}})+\xi_{k}"
        return claim + which * self.stale

    @property
    def allows(self) -> frozenset[Assumption]:
        k = self.count.index
        along = Inner(gradient(k), applied_direction(k, self.count, stale=self.stale))
        claim = le(self.sigma_d * squared_gradient(k), along)
        return frozenset({self.count.hypothesis(self.name, claim)})


@dataclass(frozen=True)
class CoherentOnQuadratics(Assumed):
    """Neighbouring gradients agree along the runs on all quadratics up to curvature L.

    Only its words have a meaning: no axiom speaks of a whole family of functions.
    """

    level: Any = symbols.level
    tau: Any = symbols.tau_max
    name = "coherent on quadratics"

    @property
    def words(self) -> str:
        return (
            f"<grad F(x_(t+1)), grad F(x_t)> >= {self.level} |grad F(x_(t+1))|^2 for every t, on "
            f"every F = lambda x^2/2 with 0 <= lambda <= L, under tau_t = min(t, {self.tau})"
        )

    @property
    def latex(self) -> str:
        return (
            rf"\langle\nabla F(x_{{t+1}}),\nabla F(x_t)\rangle\geq{latex(self.level)}\,"
            r"\|\nabla F(x_{t+1})\|^2\ \text{for every }t\text{ and }F=\lambda x^2/2,\ "
            rf"0\leq\lambda\leq L,\ \tau_t=\min\{{t,{latex(self.tau)}\}}"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({Property(self.name, (sympify(self.level), sympify(self.tau)))})
