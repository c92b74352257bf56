r"""Exact runs: a function, a start and a schedule, in rational arithmetic (and square roots).

A run that meets every assumption of a theorem and misses its bound refutes it; one that meets the
bound with equality attains it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from sympy import Add, Integer, Max, Min, Rational, sympify

from theory import assumptions as known
from theory.enclosure import sign_of_constant
from theory.exact_checks import meets
from theory.quantities import GAP, SQUARED_DISTANCE, SQUARED_GRADIENT, Quantity
from theory.witness import Path, PiecewiseQuadratic, run, staircase


@dataclass(frozen=True, kw_only=True)
class ExactRun:
    """One run: exact constants by symbol name, a function of one variable, a schedule.

    `reads[k-1]` is the index of the iterate read at step k, both counted from 1 (several, if the
    step sums several gradients); `noise` the size of the two-point noise of a step; `words` says
    what the function is. Step sizes that a theorem leaves free are a list among the constants,
    under "eta".
    """

    words: str
    constants: dict[str, Any]
    function: PiecewiseQuadratic
    start: Any
    reads: tuple[int | tuple[int, ...], ...] = ()
    noise: Any = 0

    def path(self, steps: Sequence[Any]) -> Path:
        """The exact run with the given step sizes."""
        return run(self.function, self.start, steps=steps, reads=self.reads, noise=self.noise)

    @property
    def earliest(self) -> list[int]:
        """The index of the iterate read at each step, the earliest if there are several."""
        return [min(r) if isinstance(r, tuple) else r for r in self.reads]


@dataclass(frozen=True)
class Replayed:
    """A run that has been replayed exactly: the quantity, and the bound."""

    run: ExactRun
    quantity: Any
    bound: Any

    @property
    def exceeds(self) -> bool:
        """Whether the quantity is above the bound."""
        return sign_of_constant(self.quantity - self.bound) == 1

    @property
    def attains(self) -> bool:
        """Whether the quantity equals the bound."""
        return sign_of_constant(self.quantity - self.bound) == 0

    def __str__(self) -> str:
        at = ", ".join(f"{a} = {b}" for a, b in self.run.constants.items())
        sign = ">" if self.exceeds else "=" if self.attains else "<="
        return (
            f"for {self.run.words} with {at} the quantity is {self.quantity}, the bound "
            f"{self.bound} (~ {float(self.quantity):.4g} {sign} {float(self.bound):.4g})"
        )


def quantity_on(
    path: Path,
    quantity: Quantity,
    iterates: int,
    weights: Sequence[Any],
    pairs: tuple[Any, int] | None = None,
) -> Any:
    """What a theorem bounds, on an exact run.

    `weights` are those of a weighted average, `pairs` the level and the lag of a shortfall of
    coherence. Raises ValueError if exact runs do not record it.
    """
    f = path.function
    if pairs is not None:
        return _shortfall(path, iterates, *pairs)
    if quantity.measure == SQUARED_GRADIENT:
        values = [path.mean(lambda x: f.derivative(x) ** 2, k) for k in range(len(path.points[0]))]
    elif quantity.measure == GAP:
        values = [path.mean(f.value, k) - f.infimum for k in range(len(path.points[0]))]
    elif quantity.measure == SQUARED_DISTANCE:
        values = [
            path.mean(lambda x: (x - f.minimiser) ** 2, k) for k in range(len(path.points[0]))
        ]
    else:
        raise ValueError(f"exact runs do not record {quantity}")
    if quantity.place == "read point":
        values = [values[r] for r in path.reads[:iterates]]
    elif quantity.place == "next iterate":
        values = values[1:iterates]
    else:
        values = values[:iterates]
    if not values:
        raise ValueError(f"{quantity} needs an update")
    if quantity.summary == "least":
        return Min(*values)
    if quantity.summary == "last":
        return values[-1]
    if quantity.summary == "average":
        return Add(*values) / len(values)
    weighed = Add(*(a * b for a, b in zip(weights, values, strict=True)))
    return weighed / Add(*weights)


def _shortfall(path: Path, iterates: int, level: Any, lag: int) -> Any:
    later = range(lag, iterates)
    if not later:
        raise ValueError(f"no two of {iterates} iterates are {lag} updates apart")
    return Max(*(level * path.inner(k, k) - path.inner(k, k - lag) for k in later))


# ------------------------------------------------------------------------- assumptions


def broken_assumption(
    assumed: Sequence[known.Assumed], example: ExactRun, path: Path, steps: Sequence[Any]
) -> str | None:
    """The first assumption the exact run does not meet (or that cannot be checked), or None."""
    for assumption in assumed:
        if not meets(assumption, example.constants, path, steps):
            return f"{assumption}"
    return None


def hubers(names: Sequence[str], horizon: str, step_sizes: Any) -> Iterator[ExactRun]:
    """Functions of smoothness 1 that are parabolas near 0 and straight further out, without delay.

    On these gradient descent is slowest among convex functions. The start is at 1.
    """
    for updates, eta, knee in product((1, 2), (1, Rational(1, 2)), (0, 1)):
        every = {"L": 1, "R": 1, "eta": eta, "sigma": 0, "tau": 0, "N": 0, horizon: updates}
        if not {*names} <= {*every, "Delta"}:
            return
        bend = Integer(1) if knee else 1 / (2 * updates * sympify(eta) + 1)
        knots = ((-bend, -bend), (bend, bend))
        function = PiecewiseQuadratic(knots, Integer(0), Integer(0))
        gap = function.value(Integer(1)) - function.infimum
        constants = {a: sympify(b) for a, b in {**every, "Delta": gap}.items() if a in names}
        try:
            length = len(step_sizes(constants))
        except ValueError:  # steps that the theorem leaves free
            return
        yield ExactRun(
            words=f"the function with derivative max(-{bend}, min(x, {bend}))",
            constants=constants,
            function=function,
            start=Integer(1),
            reads=tuple(range(1, length + 1)),
        )


def staircases(names: Sequence[str], horizon: str, step_sizes: Any) -> Iterator[ExactRun]:
    """Staircase functions to try against a claimed bound: no step or one, the largest delays.

    `step_sizes(constants)` gives the exact steps the theorem prescribes at those constants.
    """
    for window, length in product((1, 2), (0, 1, 2)):
        every = {"L": 1, "mu": 1, "sigma": 0, "s": window, "m": window, "Delta": 1}
        every |= {"eta": Rational(1, window), "tau": window - 1, "N": window - 1, horizon: length}
        if not set(names) <= set(every):  # a theorem with further constants is not tried
            return
        constants = {a: sympify(b) for a, b in every.items() if a in names}
        try:
            steps = step_sizes(constants)
        except ValueError:  # a horizon this theorem does not have, a constant not tried here
            continue
        if len(steps) > 1:
            continue
        function = staircase(steps)
        gap = function.value(Integer(0)) - function.infimum
        yield ExactRun(
            words="the staircase function",
            constants=constants | {"Delta": gap},
            function=function,
            start=Integer(0),
            reads=tuple(1 for _ in steps),
        )
