r"""A run that stops when it comes close to the minimiser: hitting times without a new kind of fact.

1_t is 1 if |x_i - x*|^2 > eps for i = 0, ..., t, so that the run goes on, and 0 otherwise; it is
known with x_t. The probability that the run goes on at t is ``alive(t)``, written S_t. Until it
stops the run is stale SGD, so what is said of the time at which it stops is said of the hitting
time of stale SGD.
"""

from dataclasses import dataclass
from typing import Any

from sympy import latex
from sympy.core.symbol import Str

from theory import axioms, symbols
from theory.assumptions.base import FROM_ZERO, Assumed, gradient, x, xi
from theory.assumptions.functions import x_star
from theory.claims import Assumption, Hypothesis, eq, le
from theory.hilbert import VectorLike, running, squared_norm
from theory.latex import shown
from theory.symbols import alive, eta0, j, k, r, t

POTENTIAL = "Phi"


def applied_while_running(index: Any = t, fresh: bool = False) -> VectorLike:
    """1_t (grad F(y_t) + xi_t), y_t = x_t if the gradient is fresh."""
    return running(index, gradient(index if fresh else r(index)) + xi(index))


@dataclass(frozen=True)
class StoppedSGD(Assumed):
    """Stale SGD, stopped as soon as the squared distance to the minimiser is at most eps.

    With `fresh` gradients every update reads the present iterate.
    """

    step: Any = eta0
    eps: Any = symbols.eps
    fresh: bool = False
    name = "stopped SGD"
    chosen = True

    @property
    def words(self) -> str:
        read = "x_t" if self.fresh else "x_(t - tau_t)"
        return (
            f"x_(t+1) = x_t - eta (grad F({read}) + xi_t) until |x_t - x*|^2 <= "
            f"{self.eps}, eta = {shown(self.step)}"
        )

    @property
    def latex(self) -> str:
        read = "x_t" if self.fresh else r"x_{t-\tau_t}"
        return (
            rf"x_{{t+1}}=x_t-\eta\left(\nabla F({read})+\xi_t\right)\text{{ until }}"
            rf"\|x_t-x_\star\|^2\leq {latex(self.eps)},\quad \eta={shown(self.step).latex}"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        size = shown(self.step).expression
        update = eq(x(t + 1), x(t) - size * applied_while_running(t, self.fresh))
        return frozenset(
            {
                FROM_ZERO.hypothesis(self.name, update),
                axioms.stopped(Str("x"), x_star, self.eps),
                axioms.potential(Str(POTENTIAL), x_star, self.eps),
                self.possible,
                self.order,
            }
        )

    @property
    def possible(self) -> Hypothesis:
        """A probability is >= 0."""
        return FROM_ZERO.hypothesis("a probability", le(0, alive(t)))

    @property
    def order(self) -> Hypothesis:
        """A run that goes on at k went on at j <= k."""
        claim = le(alive(k), alive(j))
        return Hypothesis("once stopped, always", claim, (j, k), frozenset({j, k - j}))


@dataclass(frozen=True)
class SecondMomentWhileRunning(Assumed):
    """The stochastic gradient applied has a bounded second moment, given what was known before."""

    bound: Any = symbols.G**2
    fresh: bool = False
    name = "bounded second moment"

    @property
    def words(self) -> str:
        return f"E[|g_t|^2 | all before xi_t] <= {self.bound}".replace("**", "^")

    @property
    def latex(self) -> str:
        return (
            r"\mathbb{E}[\|g_t\|^2\mid x_0,\dots,x_t,\xi_0,\dots,\xi_{t-1}]"
            rf"\leq {latex(self.bound)}"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        size = squared_norm(applied_while_running(t, self.fresh))
        return frozenset({FROM_ZERO.hypothesis(self.name, le(size, self.bound * alive(t)))})
