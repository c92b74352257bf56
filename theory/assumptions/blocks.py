r"""Gradient descent on blocks of coordinates, each read at an iterate of its own: a pipeline.

The partial gradient of block i, written grad_i F, is the gradient in its coordinates and 0 in all
others; block i = 1, ..., B of update t is read at the iterate of index ``nu(t, i)``.
"""

from dataclasses import dataclass
from typing import Any

from sympy import Sum, latex
from sympy.core.symbol import Str

from theory import axioms, symbols
from theory.assumptions.base import FROM_ZERO, Assumed, F, x
from theory.claims import Assumption, Hypothesis, eq, le
from theory.hilbert import VectorLike, partial_grad
from theory.latex import shown
from theory.symbols import B, d, ell, eta0, i, nu, t


def partial(block: Any, index: Any) -> VectorLike:
    """grad_i F(x_k)."""
    return partial_grad(F, block, x(index))


def blocks_read(index: Any) -> VectorLike:
    """The gradient that an update applies, each block of it at the iterate it was read at."""
    return Sum(partial(i, nu(index, i)), (i, 1, B))


@dataclass(frozen=True)
class BlockDescent(Assumed):
    """An update applies the partial gradients of all blocks, each of its own age; no noise."""

    step: Any = eta0
    name = "gradient descent with stale blocks"
    chosen = True

    @property
    def words(self) -> str:
        applied = f"sum_(i=1..{B}) grad_i F(x_(t - tau_(t,i)))"
        return f"x_(t+1) = x_t - {shown(self.step)} {applied}"

    @property
    def latex(self) -> str:
        applied = rf"\sum_{{i=1}}^{{{B}}}\nabla_iF(x_{{t-\tau_{{t,i}}}})"
        return rf"x_{{t+1}}=x_t-{shown(self.step).latex}{applied}"

    @property
    def allows(self) -> frozenset[Assumption]:
        claim = eq(x(t + 1), x(t) - shown(self.step).expression * blocks_read(t))
        return frozenset({FROM_ZERO.hypothesis(self.name, claim)})


@dataclass(frozen=True)
class SmoothBlocks(Assumed):
    """The partial gradient of each block is Lipschitz in all coordinates together."""

    name = "smooth blocks"

    @property
    def words(self) -> str:
        return f"|grad_i F(x) - grad_i F(y)| <= L_i |x - y| for all x, y and the blocks i = 1..{B}"

    @property
    def latex(self) -> str:
        blocks = rf"\text{{for all }}x,y\text{{ and }}i=1,\dots,{B}"
        return rf"\|\nabla_iF(x)-\nabla_iF(y)\|\leq L_i\,\|x-y\|\ {blocks}"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({axioms.in_blocks(Str(F), B), axioms.block_smooth(Str(F), i, ell(i))})


@dataclass(frozen=True)
class EffectiveDelay(Assumed):
    """Block i is late by at most d_i updates; the effective delay is their weighted square mean."""

    tau_eff: Any = symbols.tau_eff
    L: Any = symbols.L
    name = "effective delay"

    @property
    def words(self) -> str:
        total = f"L_1^2 d_1^2 + ... + L_{B}^2 d_{B}^2"
        return f"{total} <= {self.L}^2 {self.tau_eff}^2, all d_i >= 0"

    @property
    def latex(self) -> str:
        bound = rf"{latex(self.L)}^2\,{latex(self.tau_eff)}^2"
        return rf"\sum_{{i=1}}^{{{B}}}L_i^2d_i^2\leq {bound},\quad d_i\geq 0"

    @property
    def allows(self) -> frozenset[Assumption]:
        total = Sum(ell(i) ** 2 * d(i) ** 2, (i, 1, B))
        delays = Hypothesis("delays are >= 0", le(0, d(i)), (i,), frozenset({i - 1, B - i}))
        return frozenset({Hypothesis(self.name, le(total, self.L**2 * self.tau_eff**2)), delays})
