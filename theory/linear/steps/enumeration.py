"""A step that goes through all that can happen in a few updates, in exact arithmetic."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

from sympy import Integer, Mul, cancel, expand, sympify

from theory.linear.steps.base import Step, words

MOST = 20_000  # sequences that are gone through


@dataclass(frozen=True, kw_only=True)
class Enumeration(Step):
    """What is expected after a few updates, by running through every sequence of outcomes.

    Parameters: run, what a sequence of draws ends with; draws, pairs of an outcome of one draw and
    its chance; length, how many draws there are; value, what is claimed to be expected; case, the
    parameters in words.
    Raises StepError if the chances do not sum to 1, there are too many sequences, or the value is
    another one.

    >>> from sympy import Rational
    >>> half = Rational(1, 2)
    >>> Enumeration(shows="a sum", run=sum, draws=((0, half), (1, half)), length=4, value=2,
    ...             case="4 coins").check()
    >>> Enumeration(shows="a sum", run=sum, draws=((0, half), (1, half)), length=4, value=3,
    ...             case="4 coins").check()
    Traceback (most recent call last):
    theory.kernel.facts.StepError: a sum: all 16 sequences together give 2, not 3 (4 coins)
    """

    run: Callable[[tuple[Any, ...]], Any]
    draws: tuple[tuple[Any, Any], ...]
    length: int
    value: Any
    case: str

    @property
    def reach(self) -> str:
        return self.case

    @property
    def statement(self) -> str:
        return f"{len(self.draws) ** self.length} sequences together give {words(self.value)}"

    def check(self) -> None:
        count = len(self.draws) ** self.length
        if not self.draws or self.length < 1 or count > MOST:
            raise self.fail(f"{count} sequences are none or too many to go through")
        if cancel(sum(sympify(chance) for _, chance in self.draws) - 1) != 0:
            raise self.fail("the chances do not sum to 1")
        total: Any = Integer(0)
        for sequence in product(self.draws, repeat=self.length):
            total += Mul(*(chance for _, chance in sequence)) * self.run(
                tuple(outcome for outcome, _ in sequence)
            )
        if cancel(total - sympify(self.value)) != 0:
            raise self.fail(
                f"all {count} sequences together give {words(expand(total))}, not "
                f"{words(self.value)} ({self.case})"
            )
