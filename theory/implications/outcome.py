"""What assumptions are for: that the gradient vanishes; and implications that are theorems."""

from collections.abc import Callable
from dataclasses import dataclass

from sympy import limit, oo

from theory.algebra import same
from theory.assumptions import Assumed
from theory.claims import Assumption
from theory.implications.base import Arrow, Status
from theory.kernel import Fact, StepError, replay
from theory.latex import shown
from theory.theorem import Theorem


@dataclass(frozen=True)
class VanishingGradient(Assumed):
    """The least expected squared gradient of T iterates tends to 0: what one wants to conclude."""

    name = "vanishing gradient"

    @property
    def words(self) -> str:
        return "min over t < T of E|grad F(x_t)|^2 -> 0 as T -> oo"

    @property
    def latex(self) -> str:
        return r"\min_{t<T}\mathbb{E}\|\nabla F(x_t)\|^2\to 0\ \text{as }T\to\infty"

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset()


@dataclass(frozen=True, kw_only=True)
class ByTheorem(Arrow):
    """The assumptions of a theorem make the gradient vanish: its bound tends to 0.

    The bound is the kernel's, the limit is SymPy's. `short` makes the fact that the theorem's steps
    stay below something, where without such a limit the conclusion would not follow.
    """

    theorem: Theorem
    short: Callable[[], Fact] | None = None
    implied = True

    @property
    def status(self) -> Status:
        """`implied`, by a replay of the theorem's proof."""
        if self.theorem.status != "proved":
            raise StepError(f"{self.theorem.name} is {self.theorem.status}", step=str(self))
        if {*self.premises, *self.given} != set(self.theorem.assumptions):
            raise StepError(f"{self.theorem.name} assumes something else", step=str(self))
        far = limit(self.theorem.bound.expression, self.theorem.horizon, oo)
        if self.theorem.quantity.measure.name != "squared gradient" or far != 0:
            raise StepError(f"the bound of {self.theorem.name} tends to {far}", step=str(self))
        if self.short is not None:
            fact = replay(self.short())
            if not same(fact.claim.left, self.theorem.step.expression):
                raise StepError(f"{fact} is not about {self.theorem.step}", step=str(self))
            if fact.claim.relation != "<=" or fact.assumptions or fact.conditions:
                raise StepError(f"{fact} does not limit the step", step=str(self))
        return "implied"

    @property
    def because(self) -> str:
        if self.short is None:
            return self.theorem.name
        return f"{self.theorem.name}, step <= {shown(self.short().claim.right)}"


def by_theorem(
    theorem: Theorem,
    *premises: type[Assumed],
    short: Callable[[], Fact] | None = None,
    note: str = "",
) -> ByTheorem:
    """The arrow from the premises of these kinds; what else the theorem assumes is background."""
    ahead = tuple(a for a in theorem.assumptions if isinstance(a, premises))
    behind = tuple(a for a in theorem.assumptions if not isinstance(a, premises))
    return ByTheorem(
        premises=ahead,
        conclusion=VanishingGradient(),
        given=behind,
        note=note,
        theorem=theorem,
        short=short,
    )
