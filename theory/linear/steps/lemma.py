"""A step that is a formula shown elsewhere."""

from dataclasses import dataclass
from typing import Any

from theory.latex import tex
from theory.linear.steps.base import Step, words


@dataclass(frozen=True, kw_only=True)
class Lemma(Step):
    """Another formula, whose own argument is replayed and must hold for all its parameters.

    Raises StepError if the formula is not proved.
    """

    formula: Any  # a Formula; the steps are imported before it is

    @property
    def statement(self) -> str:
        said = "; ".join(
            f"{name}: {words(e.expression)}" for name, e in self.formula.expressions.items()
        )
        return f"{self.formula.name}: {said}"

    @property
    def latex(self) -> str:
        return r",\quad ".join(tex(e.expression) for e in self.formula.expressions.values())

    def check(self) -> None:
        if self.formula.status != "proved":
            raise self.fail(f"{self.formula.name} is {self.formula.status}, not proved")
