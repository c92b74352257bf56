"""A step that is an identity between finite sums with symbolic ends."""

from dataclasses import dataclass
from typing import Any

from sympy import sympify

from theory.algebra import is_zero, normal
from theory.latex import tex
from theory.linear.steps.base import Step, words


@dataclass(frozen=True, kw_only=True)
class SumIdentity(Step):
    r"""left = right, since their difference is a combination of expressions that are 0.

    Parameters: given, pairs of a multiplier and an expression that is 0. Decided by the normal form
    of `theory.algebra`, which splits sums and renames their indices.
    Raises StepError where the difference has not the normal form 0.

    >>> from sympy import Sum
    >>> from theory.symbols import eta, h, k, n
    >>> total = Sum(eta(k), (k, 0, n))
    >>> SumIdentity(shows="deviations", left=Sum((eta(k) - h) * h, (k, 0, n)), right=0,
    ...             given=((h, total - (n + 1) * h),)).check()
    >>> SumIdentity(shows="deviations", left=Sum((eta(k) - h) * h, (k, 0, n)), right=0).check()
    Traceback (most recent call last):
    theory.kernel.facts.StepError: deviations: a difference of
    h sum_{k=0..n} eta[k] - h^2*n - h^2 is left
    """

    left: Any
    right: Any
    given: tuple[tuple[Any, Any], ...] = ()

    @property
    def statement(self) -> str:
        known = " and ".join(f"{words(zero)} = 0" for _, zero in self.given)
        return f"{words(self.left)} = {words(self.right)}" + f", if {known}" * bool(known)

    @property
    def latex(self) -> str:
        said = [f"{tex(self.left)} = {tex(self.right)}"]
        return r",\quad ".join([*said, *(f"{tex(zero)} = 0" for _, zero in self.given)])

    def check(self) -> None:
        difference = sympify(self.left) - sympify(self.right)
        difference -= sum(sympify(factor) * zero for factor, zero in self.given)
        if not is_zero(difference):
            raise self.fail(f"a difference of {words(normal(difference))} is left")
