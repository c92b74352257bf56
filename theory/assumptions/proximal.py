"""Composite functions F + Psi: proximal and projected steps, and their minimiser."""

from dataclasses import dataclass
from typing import Any, ClassVar

from sympy import latex

from theory import symbols
from theory.assumptions.base import FROM_ZERO, Assumed, Counting, F, applied_direction, x
from theory.assumptions.functions import x_star
from theory.assumptions.online import nearest
from theory.claims import Assumption, Hypothesis, eq, le
from theory.hilbert import Inner, VectorLike, grad, iterate, squared_norm, value
from theory.latex import shown
from theory.symbols import t

PSI = "Psi"
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
class ProximalSGD(Assumed):
    """A proximal step along a stale stochastic gradient, for F + Psi with Psi convex.

    x_{t+1} minimises Psi(z) + |z - (x_t - eta_t g_t)|^2/(2 eta_t), so (x_t - eta_t g_t - x_{t+1})/
    eta_t is a subgradient of Psi there; a proof may use what that says of x*. The projection onto a
    convex set is the case where Psi is 0 on the set and infinite outside.
    """

    step: Any
    name = "proximal stale SGD"
    chosen = True

    @property
    def words(self) -> str:
        return (
            "x_(t+1) minimises Psi(z) + |z - x_t + eta_t g_t|^2/(2 eta_t), g_t = "
            f"grad F(x_(t - tau_t)) + xi_t, Psi convex, eta_t = {shown(self.step)}"
        )

    @property
    def latex(self) -> str:
        least = r"\Psi(z)+\frac{1}{2\eta_t}\left\|z-x_t+\eta_tg_t\right\|^2"
        return (
            rf"x_{{t+1}}=\arg\min_z\ {least},\ g_t=\nabla F(x_{{t-\tau_t}})+\xi_t,\ "
            rf"\Psi\text{{ convex}},\ \eta_t={shown(self.step).latex}"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        step = shown(self.step).expression
        target = x(t) - step * applied_direction(t, FROM_ZERO)
        slope = Inner(target - x(t + 1), x_star - x(t + 1))
        claim = le(step * value(PSI, x(t + 1)) + slope, step * value(PSI, x_star))
        return frozenset({FROM_ZERO.hypothesis(self.name, claim)})


@dataclass(frozen=True)
class ProjectedSGD(Assumed):
    """A step along a stale stochastic gradient, and back to the nearest point of a convex set X.

    From the nearest point no point of X lies in the direction of what was projected, which a proof
    may use of x* and of x_t.
    """

    step: Any
    name = "projected stale SGD"
    chosen = True

    @property
    def words(self) -> str:
        return (
            "x_(t+1) is the point of X nearest to x_t - eta_t g_t, g_t = grad F(x_(t - tau_t)) + "
            f"xi_t; X is closed and convex, with x_0 and x* in it, eta_t = {shown(self.step)}"
        )

    @property
    def latex(self) -> str:
        return (
            r"x_{t+1}=P_X\left(x_t-\eta_tg_t\right),\ g_t=\nabla F(x_{t-\tau_t})+\xi_t,"
            rf"\ x_0,x_\star\in X\text{{ closed, convex}},\ \eta_t={shown(self.step).latex}"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        target = x(t) - shown(self.step).expression * applied_direction(t, FROM_ZERO)
        return frozenset(nearest("projection", target, x(t + 1), x_star, x(t)))


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
