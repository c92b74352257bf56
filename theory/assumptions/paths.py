r"""One path of a stochastic method, as an online problem: every round brings its own, noisy loss.

A stochastic gradient grad F(y_t) + xi_t is that of the loss f_t(x) = F(x) + <xi_t, x> there. What
is proved of losses f_t, whatever they are, holds on every path; expectations come afterwards.
"""

from dataclasses import dataclass
from typing import Any

from sympy import Sum, latex

from theory import symbols
from theory.assumptions.base import FROM_ZERO, Assumed, F, xi
from theory.assumptions.functions import x_star
from theory.assumptions.online import PLAYED, excess
from theory.claims import Assumption, Hypothesis, eq, le
from theory.hilbert import Inner, Scalar, squared_norm, value
from theory.symbols import t


def gap_on_path(index: Any = t) -> Scalar:
    """F(y_t) - F(x*)."""
    return (value(F, PLAYED) - value(F, x_star)).xreplace({t: index})


def noise_met(index: Any = t) -> Scalar:
    """<xi_t, y_t - x*>."""
    return Inner(xi(t), PLAYED - x_star).xreplace({t: index})


@dataclass(frozen=True)
class NoisyLosses(Assumed):
    """The losses are one convex function F, each with linear noise."""

    name = "noisy losses"

    @property
    def words(self) -> str:
        return "f_t(x) = F(x) + <xi_t, x>, F convex, so that g_t = grad F(x_(t - tau_t)) + xi_t"

    @property
    def latex(self) -> str:
        return r"f_t(x)=F(x)+\langle\xi_t,x\rangle,\quad F\text{ convex}"

    @property
    def allows(self) -> frozenset[Assumption]:
        claim = eq(excess(), gap_on_path() + noise_met())
        return frozenset({FROM_ZERO.hypothesis(self.name, claim)})


@dataclass(frozen=True)
class NoiseAlongPath(Assumed):
    """What the noise of the path adds up to, seen from x*, is at most Z."""

    Z: Any = symbols.Z
    T: Any = symbols.T
    name = "noise along the path"

    @property
    def words(self) -> str:
        return f"-(sum over t < {self.T} of <xi_t, x_(t - tau_t) - x*>) <= {self.Z}"

    @property
    def latex(self) -> str:
        last = latex(self.T - 1)
        return (
            rf"-\sum_{{t=0}}^{{{last}}}\langle\xi_t,x_{{t-\tau_t}}-x_\star\rangle"
            rf"\leq {latex(self.Z)}"
        )

    @property
    def allows(self) -> frozenset[Assumption]:
        total = Sum(noise_met(), (t, 0, self.T - 1))
        return frozenset({Hypothesis(self.name, le(-total, self.Z))})


@dataclass(frozen=True)
class BoundedNoise(Assumed):
    """The noise is bounded on every path."""

    bound: Any = symbols.noise_max
    name = "bounded noise"
    about_noise = True

    @property
    def words(self) -> str:
        return f"|xi_t| <= {self.bound} on every path"

    @property
    def latex(self) -> str:
        return rf"\|\xi_t\|\leq {latex(self.bound)}\ \text{{on every path}}"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({FROM_ZERO.hypothesis(self.name, le(squared_norm(xi(t)), self.bound**2))})
