r"""What every assumption has, how updates are counted, and the names of the objects they speak of.

The objective is F, its iterates ``x(k)``, the noise of update k is ``xi(k)``, and ``g(k)`` is the
direction it applies where a theorem leaves that open. Papers count in two
ways, and each assumption takes the `Counting` it is written in: `FROM_ONE` (Dai et al., whose steps
eta/sqrt(k) need it; ``tau(k)`` is the *index* read) and `FROM_ZERO` (all others; ``r(t)`` is the
index read, written t - tau_t).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from theory.claims import Assumption, Hypothesis
from theory.hilbert import (
    Inner,
    Scalar,
    VectorLike,
    direction,
    grad,
    iterate,
    noise,
    value,
)
from theory.symbols import i, j, k, r, t, tau

F = "F"
x = iterate("x")
xi = noise("xi")
g = direction("g")


def gradient(index: Any) -> VectorLike:
    """grad F(x_k)."""
    return grad(F, x(index))


def squared_gradient(index: Any) -> Scalar:
    """E|grad F(x_k)|^2."""
    return Inner(gradient(index), gradient(index))


def objective(index: Any) -> Scalar:
    """E F(x_k)."""
    return value(F, x(index))


@dataclass(frozen=True)
class Counting:
    """How updates are counted: the index, its first value, and the index of the iterate read."""

    index: Any
    first: int
    read: Any
    name: str
    read_words: str
    read_latex: str

    @property
    def started(self) -> Any:
        """The condition index >= first, as an expression that is >= 0 then."""
        return self.index - self.first

    def range(self, count: Any) -> tuple[Any, Any, Any]:
        """The index over the first so many updates, for a sum."""
        return (self.index, self.first, self.first + count - 1)

    def last(self, count: Any) -> Any:
        """The index of the iterate after so many updates."""
        return self.first + count

    def hypothesis(
        self, name: str, claim: Any, *conditions: Any, over: tuple[Any, ...] | None = None
    ) -> Hypothesis:
        """The claim for every update (and what else the conditions say)."""
        variables = (self.index,) if over is None else over
        return Hypothesis(name, claim, variables, frozenset({self.started, *conditions}))

    def __repr__(self) -> str:
        return self.name


def applied_direction(index: Any, count: Counting, *, stale: bool = True) -> VectorLike:
    """The direction applied at an update: a stale stochastic gradient, or any direction g_k."""
    return gradient(count.read(index)) + xi(index) if stale else g(index)


FROM_ONE = Counting(k, 1, tau, "FROM_ONE", "tau_k", r"\tau_k")
FROM_ZERO = Counting(t, 0, r, "FROM_ZERO", "t - tau_t", r"t-\tau_t")
EARLIER = (j, i)  # further indices of updates


@dataclass(frozen=True)
class Assumed:
    """An assumption of a theorem; the subclasses say which."""

    name: ClassVar[str]
    chosen: ClassVar[bool] = False  # part of the method rather than of what it meets
    about_noise: ClassVar[bool] = False  # holds by itself where there is no noise

    @property
    def words(self) -> str:
        """One sentence, formulas in plain text."""
        raise NotImplementedError

    @property
    def latex(self) -> str:
        """The same sentence in LaTeX."""
        raise NotImplementedError

    @property
    def allows(self) -> frozenset[Assumption]:
        """What the kernel lets a proof use because of it."""
        raise NotImplementedError

    def __str__(self) -> str:
        return f"{self.name}: {self.words}"
