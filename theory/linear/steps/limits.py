"""A step that is a limit, as SymPy finds it."""

from dataclasses import dataclass
from typing import Any

from sympy import Symbol, limit, simplify, sympify

from theory.latex import tex
from theory.linear.steps.base import Step, words


@dataclass(frozen=True, kw_only=True)
class Limit(Step):
    """expression -> value as the variable goes to a place (from above, or up to infinity).

    Raises StepError if SymPy finds another limit, or none.

    >>> from sympy import sin
    >>> from theory.symbols import theta
    >>> given = {"shows": "a short arc", "expression": sin(theta)/theta, "variable": theta}
    >>> Limit(**given, to=0, value=1).check()
    >>> Limit(**given, to=0, value=2).check()
    Traceback (most recent call last):
    theory.kernel.facts.StepError: a short arc: sin(theta)/theta tends to 1, not to 2
    """

    expression: Any
    variable: Symbol
    to: Any
    value: Any

    @property
    def statement(self) -> str:
        goes = f"{self.variable} -> {words(self.to)}"
        return f"{words(self.expression)} -> {words(self.value)} as {goes}"

    @property
    def latex(self) -> str:
        goes = rf"({tex(self.variable)} \to {tex(self.to)})"
        return rf"{tex(self.expression)} \to {tex(self.value)} \quad {goes}"

    def check(self) -> None:
        try:
            found = limit(sympify(self.expression), self.variable, self.to)
        except NotImplementedError as error:
            raise self.fail(f"no limit of {words(self.expression)} is found: {error}") from error
        if simplify(found - sympify(self.value)) != 0:
            raise self.fail(
                f"{words(self.expression)} tends to {words(found)}, not to {words(self.value)}"
            )
