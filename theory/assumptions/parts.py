r"""Updates made of several parts, each read at an iterate of its own.

Part i = 1, ..., B of update t is read at the iterate of index ``nu(t, i)``, written t - tau_{t,i}.
"""

from dataclasses import dataclass
from typing import Any

from sympy import Sum, latex

from theory import symbols
from theory.assumptions.base import FROM_ZERO, Assumed, gradient, x, xi
from theory.claims import Assumption, Hypothesis, eq, le, readable
from theory.hilbert import VectorLike, squared_norm
from theory.latex import shown, tex
from theory.symbols import B, eta, i, j, nu, t

PART = (i - 1, B - i)  # the conditions 1 <= i <= B, as expressions that are >= 0 then


def gradients_read(index: Any) -> VectorLike:
    """The sum of the B gradients that an update applies, each at the iterate it was read at."""
    return Sum(gradient(nu(index, i)), (i, 1, B))


@dataclass(frozen=True)
class SeveralGradients(Assumed):
    """An update applies the sum of B stochastic gradients; xi_t is the sum of their noises."""

    step: Any = None
    name = "stale SGD, B gradients an update"
    chosen = True

    @property
    def words(self) -> str:
        applied = f"sum_(i=1..{B}) grad F(x_(t - tau_(t,i))) + xi_t"
        rule = "" if self.step is None else f", eta_t = {shown(self.step)}"
        return f"x_(t+1) = x_t - eta_t ({applied}){rule}"

    @property
    def latex(self) -> str:
        applied = rf"\sum_{{i=1}}^{{{B}}}\nabla F(x_{{t-\tau_{{t,i}}}})+\xi_t"
        rule = "" if self.step is None else rf",\quad \eta_t={shown(self.step).latex}"
        return rf"x_{{t+1}}=x_t-\eta_t\left({applied}\right){rule}"

    @property
    def allows(self) -> frozenset[Assumption]:
        size = eta(t) if self.step is None else shown(self.step).expression
        claim = eq(x(t + 1), x(t) - size * (gradients_read(t) + xi(t)))
        return frozenset({FROM_ZERO.hypothesis(self.name, claim)})


@dataclass(frozen=True)
class VarianceOfSamples(Assumed):
    """The B noises of an update are independent, each of second moment at most sigma^2."""

    sigma: Any = symbols.sigma
    name = "bounded variance of independent samples"
    about_noise = True

    @property
    def words(self) -> str:
        return f"E|xi_t|^2 <= {B} {self.sigma}^2, xi_t the sum of {B} independent noises"

    @property
    def latex(self) -> str:
        return rf"\mathbb{{E}}\|\xi_t\|^2\leq {B}\,{latex(self.sigma)}^2"

    @property
    def allows(self) -> frozenset[Assumption]:
        claim = le(squared_norm(xi(t)), B * self.sigma**2)
        return frozenset({FROM_ZERO.hypothesis(self.name, claim)})


@dataclass(frozen=True)
class DelaysOfParts(Assumed):
    """Every part of an update was read at one of the last s iterates."""

    s: Any = symbols.tau_max + 1
    name = "bounded delay of every part"

    @property
    def words(self) -> str:
        return f"0 <= tau_(t,i) <= min(t, {readable(self.s - 1)}) for i = 1..{B}"

    @property
    def latex(self) -> str:
        return rf"0\leq\tau_{{t,i}}\leq\min\{{t,{tex(self.s - 1)}\}}\ \text{{for }}i=1,\dots,{B}"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({self.past, self.start, self.lag})

    @property
    def past(self) -> Hypothesis:
        """The index read is not after the present one."""
        return self._each("reads the past", le(nu(t, i), t))

    @property
    def start(self) -> Hypothesis:
        """The index read is not before the first one."""
        return self._each("reads start at x_0", le(0, nu(t, i)))

    @property
    def lag(self) -> Hypothesis:
        """The index read is one of the last s."""
        return self._each(
            f"reads lag by at most {readable(self.s - 1)}", le(t - self.s + 1, nu(t, i))
        )

    def _each(self, name: str, claim: Any) -> Hypothesis:
        return FROM_ZERO.hypothesis(name, claim, *PART, over=(t, i))


@dataclass(frozen=True)
class StepsOverTheDelay(Assumed):
    """Every step is short against the steps of the tau updates that follow it.

    Steps after the last update may be taken as 0.
    """

    L: Any = symbols.L
    tau: Any = symbols.tau_max
    name = "steps over the longest delay"
    chosen = True

    @property
    def words(self) -> str:
        following = f"(eta_(t+1) + ... + eta_(t+{self.tau}))"
        L = self.L
        return f"{L} {B} eta_t + 2 {L}^2 {B}^2 {self.tau} eta_t {following} <= 1"

    @property
    def latex(self) -> str:
        L, tau = latex(self.L), latex(self.tau)
        following = rf"\sum_{{j=t+1}}^{{t+{tau}}}\eta_j"
        return rf"{L}{B}\,\eta_t+2{L}^2{B}^2{tau}\,\eta_t{following}\leq 1"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({FROM_ZERO.hypothesis(self.name, le(self.size(t), 1))})

    def size(self, index: Any) -> Any:
        """The left side, for one update."""
        following = Sum(eta(j), (j, index + 1, index + self.tau))
        scaled = self.L * B * eta(index)
        return scaled + 2 * self.L * B * self.tau * scaled * following
