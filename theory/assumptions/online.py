r"""Online learning: a loss of its own for every round, feedback that arrives late, a convex domain.

Rounds are numbered in the order in which their feedback is applied, so update t applies a
subgradient of the loss f_t at y_t = x_{t - tau_t}, the point that was played when f_t was met, and
tau_t counts the updates made meanwhile. With the constant delay tau of rounds this is
tau_t = min(t, tau); the sum of the delays does not depend on the order.

Losses, delays and steps are functions of t alone, fixed before the run; nothing is random.
"""

from dataclasses import dataclass
from typing import Any

from sympy import latex, sympify

from theory import symbols
from theory.assumptions.base import FROM_ZERO, Assumed, x
from theory.assumptions.functions import x_star
from theory.claims import Assumption, Hypothesis, le
from theory.hilbert import Gradient, Inner, Scalar, Value, VectorLike, squared_norm
from theory.latex import shown
from theory.symbols import eta, f, r, t

PLAYED = x(r(t))  # y_t, the point at which the loss f_t was met


def feedback(index: Any = t, point: VectorLike = PLAYED) -> VectorLike:
    """A subgradient of the loss f_t at the point y_t."""
    return Gradient(f(t), point).xreplace({t: sympify(index)})


def excess(index: Any = t, point: VectorLike = PLAYED) -> Scalar:
    """What the point played in a round costs more than x*: f_t(y_t) - f_t(x*)."""
    return (Value(f(t), point) - Value(f(t), x_star)).xreplace({t: sympify(index)})


def nearest(name: str, target: VectorLike, found: VectorLike, *others: VectorLike) -> Any:
    """`found` is the point of a convex set nearest to `target`, said for points of the set.

    <target - found, v - found> <= 0 for each v among the others.
    """
    return frozenset(
        FROM_ZERO.hypothesis(f"{name}, seen from {v}", le(Inner(target - found, v - found), 0))
        for v in others
    )


@dataclass(frozen=True)
class DelayedFeedback(Assumed):
    """Projected subgradient steps with late feedback, in a convex set X that contains x_0 and x*.

    The projection is said by what characterises it: from x_{t+1}, no point of X lies in the
    direction of x_t - eta_t g_t.
    """

    step: Any = None
    name = "delayed feedback"
    chosen = True

    @property
    def words(self) -> str:
        rule = "" if self.step is None else f", eta_t = {shown(self.step)}"
        return (
            "x_(t+1) is the point of X nearest to x_t - eta_t g_t, g_t a subgradient of f_t at "
            f"x_(t - tau_t); X is closed and convex, with x_0 and x* in it{rule}"
        )

    @property
    def latex(self) -> str:
        rule = "" if self.step is None else rf",\quad \eta_t={shown(self.step).latex}"
        return (
            r"x_{t+1}=P_X\left(x_t-\eta_t g_t\right),\quad g_t\in\partial f_t(x_{t-\tau_t}),"
            rf"\quad x_0,x_\star\in X\text{{ closed, convex}}{rule}"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        size = eta(t) if self.step is None else shown(self.step).expression
        target = x(t) - size * feedback()
        return frozenset(nearest("projection", target, x(t + 1), x_star, x(t)))


@dataclass(frozen=True)
class ConvexLosses(Assumed):
    """Each loss is convex, or strongly convex with the same modulus; losses may have kinks."""

    modulus: Any = 0
    point: VectorLike = PLAYED
    name = "convex losses"

    @property
    def words(self) -> str:
        curved = f" + {self.modulus}/2 |y - x|^2" if self.modulus != 0 else ""
        return f"f_t(y) >= f_t(x) + <g, y - x>{curved} for every subgradient g of f_t at x"

    @property
    def latex(self) -> str:
        curved = rf"+\frac{{{latex(self.modulus)}}}{{2}}\|y-x\|^2" if self.modulus != 0 else ""
        return rf"f_t(y)\geq f_t(x)+\langle g,y-x\rangle{curved},\quad g\in\partial f_t(x)"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({self.at_comparator})

    @property
    def at_comparator(self) -> Hypothesis:
        """The inequality between the point played and x*."""
        away = x_star - self.point
        curved = sympify(self.modulus) / 2 * squared_norm(away)
        lower = excess(t, self.point) + Inner(feedback(t, self.point), away) + curved
        return FROM_ZERO.hypothesis(self.name, le(lower, 0))


@dataclass(frozen=True)
class BoundedFeedback(Assumed):
    """Subgradients have length at most G where the losses are met: losses are G-Lipschitz."""

    G: Any = symbols.G
    point: VectorLike = PLAYED
    name = "bounded feedback"

    @property
    def words(self) -> str:
        return f"|g_t| <= {self.G}"

    @property
    def latex(self) -> str:
        return rf"\|g_t\|\leq {latex(self.G)}"

    @property
    def allows(self) -> frozenset[Assumption]:
        size = squared_norm(feedback(t, self.point))
        return frozenset({FROM_ZERO.hypothesis(self.name, le(size, self.G**2))})


@dataclass(frozen=True)
class Comparator(Assumed):
    """Regret is measured against a fixed point x*, at most R from the start."""

    R: Any = symbols.R
    name = "comparator"

    @property
    def words(self) -> str:
        return f"|x_0 - x*| <= {self.R}"

    @property
    def latex(self) -> str:
        return rf"\|x_0-x_\star\|\leq {latex(self.R)}"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({Hypothesis(self.name, le(squared_norm(x(0) - x_star), self.R**2))})


@dataclass(frozen=True)
class BoundedDomain(Assumed):
    """No iterate is farther than D from x*: the set X has a diameter."""

    D: Any = symbols.D
    name = "bounded domain"

    @property
    def words(self) -> str:
        return f"|x_t - x*| <= {self.D}"

    @property
    def latex(self) -> str:
        return rf"\|x_t-x_\star\|\leq {latex(self.D)}"

    @property
    def allows(self) -> frozenset[Assumption]:
        claim = le(squared_norm(x(t) - x_star), self.D**2)
        return frozenset({FROM_ZERO.hypothesis(self.name, claim)})


@dataclass(frozen=True)
class GrowingDelays(Assumed):
    """Delays never shrink, as with a constant delay tau, where tau_t = min(t, tau)."""

    name = "growing delays"

    @property
    def words(self) -> str:
        return "tau_t <= tau_(t+1)"

    @property
    def latex(self) -> str:
        return r"\tau_t\leq\tau_{t+1}"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({FROM_ZERO.hypothesis(self.name, le(r(t + 1), r(t) + 1))})
