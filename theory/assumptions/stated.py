"""An assumption in its author's own words, beside those that have a record of their own."""

from dataclasses import dataclass
from typing import Any

from theory.assumptions.base import FROM_ZERO, Assumed, Counting
from theory.claims import Assumption, Claim, Hypothesis
from theory.latex import tex, tex_claim


@dataclass(frozen=True)
class Stated(Assumed):
    """A claim for all values of its variables that meet the conditions `given`.

    >>> from theory.assumptions import gradient, x
    >>> from theory.claims import eq, le
    >>> from theory.symbols import eta0, t
    >>> print(Stated("gradient descent", eq(x(t + 1), x(t) - eta0*gradient(t)), (t,), (le(0, t),)))
    gradient descent: x[t + 1] == x[t] - eta*grad F(x[t]) for all t with 0 <= t
    """

    name: str  # type: ignore[misc]
    claim: Claim
    variables: tuple[Any, ...] = ()
    given: tuple[Claim, ...] = ()
    count: Counting = FROM_ZERO

    @property
    def hypothesis(self) -> Hypothesis:
        """What the kernel is told."""
        conditions = frozenset(c.expression for c in self.given)
        return Hypothesis(self.name, self.claim, self.variables, conditions)

    @property
    def words(self) -> str:
        who = ", ".join(map(str, self.variables))
        given = ", ".join(map(str, self.given))
        ahead = f" for all {who}" if who else ""
        return f"{self.claim}{ahead}" + (f" with {given}" if given else "")

    @property
    def latex(self) -> str:
        who = ", ".join(map(tex, self.variables))
        given = r",\ ".join(map(tex_claim, self.given))
        ahead = rf"\ \text{{for all }}{who}" if who else ""
        return tex_claim(self.claim) + ahead + (rf"\text{{ with }}{given}" if given else "")

    @property
    def allows(self) -> frozenset[Assumption]:
        return frozenset({self.hypothesis})
