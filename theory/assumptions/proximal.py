"""Composite functions F + Psi: proximal steps, and what is assumed of their minimiser."""

from dataclasses import dataclass
from typing import Any, ClassVar

from sympy import latex

from theory import symbols
from theory.assumptions.base import FROM_ZERO, Assumed, Counting, F, x
from theory.assumptions.functions import x_star
from theory.claims import Assumption, Hypothesis, eq, le
from theory.hilbert import VectorLike, grad, iterate, squared_norm
from theory.latex import shown

p = iterate("p")  # the point that update t finds by its proximal map


def forward(point: VectorLike, step: Any) -> VectorLike:
    """point - step grad F(point)."""
    return point - step * grad(F, point)


@dataclass(frozen=True)
class DelayedProximalGradient(Assumed):
    """A proximal gradient step from an earlier iterate, averaged with the present one.

    The iterate is delayed as a whole, not its gradient alone. Of the proximal map of Psi a proof
    may use that it is nonexpansive and leaves x* = prox(x* - gamma grad F(x*)) in place.
    """

    step: Any
    theta: Any = symbols.theta
    count: Counting = FROM_ZERO
    name = "delayed proximal gradient"
    chosen = True
    noisy: ClassVar[bool] = False

    @property
    def words(self) -> str:
        k, read = self.count.index, self.count.read_words
        return (
            f"x_({k}+1) = (1 - {self.theta}) x_{k} + {self.theta} p_{k}, "
            f"p_{k} = prox(x_({read}) - gamma grad F(x_({read}))), gamma = {shown(self.step)}, "
            "|prox(u) - prox(v)| <= |u - v|"
        )

    @property
    def latex(self) -> str:
        k, read, theta = self.count.index, self.count.read_latex, latex(self.theta)
        inside = rf"x_{{{read}}}-\gamma\nabla F(x_{{{read}}})"
        return (
            rf"x_{{{k}+1}}=(1-{theta})x_{k}+{theta}\,p_{k},\ p_{k}=\mathrm{{prox}}({inside}),\ "
            rf"\gamma={shown(self.step).latex},\ "
            r"\|\mathrm{prox}(u)-\mathrm{prox}(v)\|\leq\|u-v\|"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({self.update, self.nonexpansive})

    @property
    def update(self) -> Hypothesis:
        """The new iterate is an average."""
        k = self.count.index
        average = (1 - self.theta) * x(k) + self.theta * p(k)
        return self.count.hypothesis("average with the proximal point", eq(x(k + 1), average))

    @property
    def nonexpansive(self) -> Hypothesis:
        """The proximal point is as near to x* as the points before the proximal map."""
        k, gamma = self.count.index, shown(self.step).expression
        apart = forward(x(self.count.read(k)), gamma) - forward(x_star, gamma)
        claim = le(squared_norm(p(k) - x_star), squared_norm(apart))
        return self.count.hypothesis("prox is nonexpansive", claim)


@dataclass(frozen=True)
class CompositeMinimiser(Assumed):
    """x* minimises F + Psi, where Psi is convex; the start is within R of it."""

    R: Any = symbols.R
    count: Counting = FROM_ZERO
    name = "minimiser of F + Psi"

    @property
    def words(self) -> str:
        return f"x* = prox(x* - gamma grad F(x*)), |x_{self.count.first} - x*| <= {self.R}"

    @property
    def latex(self) -> str:
        return (
            r"x_\star=\mathrm{prox}(x_\star-\gamma\nabla F(x_\star)),\ "
            rf"\|x_{self.count.first}-x_\star\|\leq {latex(self.R)}"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({self.near})

    @property
    def near(self) -> Hypothesis:
        """The start is within R of the minimiser."""
        start = x(self.count.first) - x_star
        return Hypothesis("initial distance", le(squared_norm(start), self.R**2))
