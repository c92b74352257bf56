"""What is assumed of the function."""

from dataclasses import dataclass
from typing import Any

from sympy import latex
from sympy.core.symbol import Str

from theory import axioms, symbols
from theory.assumptions.base import FROM_ONE, Assumed, Counting, F, objective, x
from theory.claims import Assumption, Hypothesis, le, lt
from theory.hilbert import fixed, squared_norm

x_star = fixed("x_star")


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
    count: Counting = FROM_ONE
    name = "initial gap"

    @property
    def words(self) -> str:
        return f"F(x_{self.count.first}) - inf F <= {self.Delta}"

    @property
    def latex(self) -> str:
        return rf"F(x_{self.count.first})-\inf F\leq {latex(self.Delta)}"

    @property
    def allows(self) -> frozenset[Assumption]:
        start = objective(self.count.first)
        gap = Hypothesis(self.name, le(start - symbols.F_star, self.Delta))
        return frozenset({gap, axioms.bounded_below(Str(F), symbols.F_star)})


@dataclass(frozen=True)
class Convex(Assumed):
    """F is convex."""

    name = "convex"

    @property
    def words(self) -> str:
        return "F(y) >= F(x) + <grad F(x), y - x> for all x, y"

    @property
    def latex(self) -> str:
        return r"F(y)\geq F(x)+\langle\nabla F(x),y-x\rangle\ \text{for all }x,y"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({axioms.convex(Str(F))})


@dataclass(frozen=True)
class StronglyConvex(Assumed):
    """F is strongly convex: F - mu/2 |.|^2 is convex."""

    mu: Any = symbols.mu_sc
    name = "strongly convex"

    @property
    def words(self) -> str:
        return f"F(y) >= F(x) + <grad F(x), y - x> + {self.mu}/2 |y - x|^2 for all x, y"

    @property
    def latex(self) -> str:
        return (
            rf"F(y)\geq F(x)+\langle\nabla F(x),y-x\rangle+\frac{{{latex(self.mu)}}}{{2}}\|y-x\|^2"
            r"\ \text{for all }x,y"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({axioms.strongly_convex(Str(F), self.mu), axioms.convex(Str(F))})


@dataclass(frozen=True)
class ConditionNumber(Assumed):
    """mu < L. Always to be had: whoever has mu = L may take a larger L, or a smaller mu."""

    mu: Any = symbols.mu_sc
    L: Any = symbols.L
    name = "condition number"

    @property
    def words(self) -> str:
        return f"{self.mu} < {self.L}"

    @property
    def latex(self) -> str:
        return rf"{latex(self.mu)} < {latex(self.L)}"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({Hypothesis(self.name, lt(self.mu, self.L))})


@dataclass(frozen=True)
class PolyakLojasiewicz(Assumed):
    """The squared gradient is at least 2 mu times the gap; F may be nonconvex."""

    mu: Any = symbols.mu_sc
    name = "Polyak-Lojasiewicz"

    @property
    def words(self) -> str:
        return f"|grad F(x)|^2 >= 2 {self.mu} (F(x) - inf F) for all x"

    @property
    def latex(self) -> str:
        return rf"\|\nabla F(x)\|^2\geq 2{latex(self.mu)}\,(F(x)-\inf F)\ \text{{for all }}x"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({axioms.polyak_lojasiewicz(Str(F), self.mu, symbols.F_star)})


@dataclass(frozen=True)
class BoundedGradient(Assumed):
    """Gradients have length at most G: F is G-Lipschitz. No quadratic is, on the whole space."""

    G: Any = symbols.G
    name = "bounded gradient"

    @property
    def words(self) -> str:
        return f"|grad F(x)| <= {self.G} for all x"

    @property
    def latex(self) -> str:
        return rf"\|\nabla F(x)\|\leq {latex(self.G)}\ \text{{for all }}x"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({axioms.bounded_gradient(Str(F), self.G)})


@dataclass(frozen=True)
class Minimiser(Assumed):
    """There is a minimiser x*: grad F(x*) = 0 and F(x*) = inf F; the start is within R of it."""

    R: Any = symbols.R
    count: Counting = FROM_ONE
    name = "minimiser"

    @property
    def words(self) -> str:
        return f"grad F(x*) = 0, F(x*) = inf F, |x_{self.count.first} - x*| <= {self.R}"

    @property
    def latex(self) -> str:
        return (
            r"\nabla F(x_\star)=0,\ F(x_\star)=\inf F,\ "
            rf"\|x_{self.count.first}-x_\star\|\leq {latex(self.R)}"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        start = x(self.count.first) - x_star
        near = Hypothesis("initial distance", le(squared_norm(start), self.R**2))
        return frozenset({near, axioms.minimiser(Str(F), x_star, symbols.F_star)})
