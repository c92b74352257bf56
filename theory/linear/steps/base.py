"""What a step of an argument is: data, and a check that says in one sentence what does not follow.

The kinds of steps are in the files beside this one, a kind a file. A step is not trusted for having
been written down: its `check` is what counts, and unknown is a failure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sympy import sympify

from theory.claims import readable
from theory.kernel.facts import StepError

EVERY = ""  # the reach of a step that holds for all values of its symbols


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: `shows` says in words what it is about.

    Subclasses add what they are given, `check`, which raises `StepError` unless it follows, and
    `statement`, the formula that has been checked. `reach` says for which values of the parameters
    the step has been checked, in words; it is empty if for all.
    """

    shows: str

    @property
    def reach(self) -> str:
        return EVERY

    @property
    def statement(self) -> str:
        raise NotImplementedError

    @property
    def latex(self) -> str:
        """The formula in LaTeX, or nothing where only words can say it."""
        return ""

    def check(self) -> None:
        raise NotImplementedError

    def fail(self, why: str) -> StepError:
        return StepError(why, step=self.shows)


def words(expression: Any) -> str:
    """An expression in plain text, in one line."""
    return str(readable(sympify(expression)))


def where(definitions: Iterable[tuple[Any, Any]]) -> str:
    """Definitions in words."""
    said = ", ".join(f"{words(a)} = {words(b)}" for a, b in definitions)
    return f", where {said}" if said else ""


def put_in(expression: Any, definitions: Iterable[tuple[Any, Any]]) -> Any:
    """An expression with definitions put in, one after the other."""
    e = sympify(expression)
    for symbol, value in definitions:
        e = e.subs(symbol, value)
    return e
