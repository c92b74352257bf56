"""What is assumed of the direction that is applied, compared with the present gradient."""

from dataclasses import dataclass
from typing import Any

from sympy import latex

from theory import symbols
from theory.assumptions.base import FROM_ONE, Assumed, Counting, gradient, squared_gradient
from theory.claims import Assumption, le
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
            f"for {k}-{self.s}+1 <= j <= {k}"
        )

    @property
    def latex(self) -> str:
        k = self.count.index
        return (
            rf"\mathbb{{E}}\langle\nabla F(x_{k}),\nabla F(x_j)\rangle\geq "
            rf"{latex(self.mu)}\,\mathbb{{E}}\|\nabla F(x_{k})\|^2"
            rf"\ \text{{for }}{k}-{latex(self.s)}+1\leq j\leq {k}"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        k = self.count.index
        claim = le(self.mu * squared_gradient(k), Inner(gradient(k), gradient(j)))
        window = [k - j, j - k + self.s - 1]
        window += [] if self.prehistory else [j - self.count.first]
        return frozenset({self.count.hypothesis(self.name, claim, *window, over=(j, k))})
