r"""A step that is an exact linear solve: stationary second moments of a random linear recursion.

The state moves as y' = A y + b, where (A, b) is one of a few outcomes drawn anew at every update.
Second moments then move linearly, and stationary ones solve

.. math:: S = \sum_\omega P_\omega \bigl(A_\omega S A_\omega' + v N_\omega\bigr)

which needs no idea of kernels or of responses, so it finds out what an argument by them forgot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sympy import ImmutableMatrix, Symbol, cancel, expand, linsolve, sympify

from theory.kernel.facts import StepError
from theory.linear.steps.base import Step, words

LONG = 200  # characters that a page shows of a value


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One way in which an update can turn out: its chance, y' = matrix y + noise directions.

    Parameters: chance; matrix, (n, n); noise, (n, k), a column for each independent noise of the
    update, whose variances are all the same.
    """

    chance: Any
    matrix: Any
    noise: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "chance", sympify(self.chance))
        object.__setattr__(self, "matrix", ImmutableMatrix(self.matrix))
        object.__setattr__(self, "noise", ImmutableMatrix(self.noise))
        n = self.matrix.rows
        if self.matrix.cols != n or self.noise.rows != n:
            raise ValueError(
                f"an outcome needs a square matrix and noise with as many rows, got "
                f"{self.matrix.shape} and {self.noise.shape}"
            )


@dataclass(frozen=True, kw_only=True)
class SecondMoments(Step):
    r"""E (left y)(right y) = value in the long run, for each of the triples claimed.

    Parameters: outcomes, of which each update draws one; claimed, triples (left, right, value) of
    two rows of numbers and what their product is expected to be; variance, of each noise; case, the
    parameters in words.
    Raises StepError if the chances do not sum to 1, the equations have not just one solution, or a
    value is another one.

    >>> from theory.symbols import h, sigma
    >>> fresh = Outcome(chance=1, matrix=[[1 - h]], noise=[[1]])
    >>> SecondMoments(shows="no delay", outcomes=(fresh,), variance=sigma**2, case="tau = 0",
    ...               claimed=(((1,), (1,), sigma**2 / (h * (2 - h))),)).check()
    >>> SecondMoments(shows="no delay", outcomes=(fresh,), variance=sigma**2, case="tau = 0",
    ...               claimed=(((1,), (1,), sigma**2 / h),)).check()
    Traceback (most recent call last):
    theory.kernel.facts.StepError: no delay: the equations give -sigma^2/(h^2 - 2*h),
    not sigma^2/h (tau = 0)
    """

    outcomes: tuple[Outcome, ...]
    claimed: tuple[tuple[Sequence[Any], Sequence[Any], Any], ...]
    variance: Any
    case: str

    @property
    def reach(self) -> str:
        return self.case

    @property
    def statement(self) -> str:
        value = words(cancel(self.claimed[0][2])) if self.claimed else "nothing"
        said = value if len(value) < LONG else "the value claimed"
        count = len(self.outcomes)
        return f"{count} outcome{'s' * (count > 1)} of an update give{'s' * (count == 1)} {said}"

    def check(self) -> None:
        if not self.claimed:
            raise self.fail("there is nothing to compare")
        try:
            S = stationary(self.outcomes)
        except StepError as error:
            raise self.fail(error.reason) from error
        for left, right, value in self.claimed:
            found = (ImmutableMatrix([left]) * S * ImmutableMatrix([right]).T)[0] * self.variance
            if cancel(found - sympify(value)) != 0:
                raise self.fail(
                    f"the equations give {words(cancel(found))}, not {words(value)} ({self.case})"
                )


@lru_cache(maxsize=64)
def stationary(outcomes: tuple[Outcome, ...]) -> Any:
    """S over the variance of a noise: the one solution of its equations."""
    if cancel(sum(o.chance for o in outcomes) - 1) != 0:
        raise StepError("the chances do not sum to 1")
    n = outcomes[0].matrix.rows
    unknown = {(i, k): Symbol(f"S_{i}_{k}") for i in range(n) for k in range(i, n)}
    S = ImmutableMatrix(n, n, lambda i, k: unknown[min(i, k), max(i, k)])
    moved = sum(
        (o.chance * (o.matrix * S * o.matrix.T + o.noise * o.noise.T) for o in outcomes),
        ImmutableMatrix.zeros(n, n),
    )
    equations = [expand(moved[i, k] - S[i, k]) for i, k in unknown]
    (found,) = linsolve(equations, *unknown.values()) or ((),)
    if not found or any(set(unknown.values()) & value.free_symbols for value in found):
        raise StepError("the equations of the second moments have not just one solution")
    values = dict(zip(unknown, found, strict=True))
    return ImmutableMatrix(n, n, lambda i, k: values[min(i, k), max(i, k)])


__all__ = ["Outcome", "SecondMoments", "stationary"]
