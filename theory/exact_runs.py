r"""Exact runs: a function, a start and a schedule, in rational arithmetic (and square roots).

A run that meets every assumption of a theorem and misses its bound refutes it; one that meets the
bound with equality attains it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

from sympy import Add, Integer, Min, Rational, Symbol, oo, sympify

from theory import assumptions as known
from theory.enclosure import sign_of_constant
from theory.latex import shown
from theory.quantities import GAP, SQUARED_DISTANCE, SQUARED_GRADIENT, Quantity
from theory.symbols import MEANING
from theory.witness import Path, PiecewiseQuadratic, run, staircase


@dataclass(frozen=True, kw_only=True)
class ExactRun:
    """One run: exact constants by symbol name, a function of one variable, a schedule.

    `reads[k-1]` is the index of the iterate read at step k, both counted from 1; `noise` the size
    of the two-point noise; `words` says what the function is. Step sizes that a theorem leaves free
    are a list among the constants, under "eta".
    """

    words: str
    constants: dict[str, Any]
    function: PiecewiseQuadratic
    start: Any
    reads: tuple[int, ...] = ()
    noise: Any = 0

    def path(self, steps: Sequence[Any]) -> Path:
        """The exact run with the given step sizes."""
        return run(
            self.function,
            self.start,
            steps=steps,
            reads=self.reads,
            noise=self.noise,
            window=self.window,
        )

    @property
    def window(self) -> int:
        """The window s over which coherence is measured; the longest delay plus 1 if not given."""
        if "s" in self.constants:
            return int(self.constants["s"])
        return 1 + max((k - r for k, r in enumerate(self.reads, start=1)), default=0)


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


def quantity_on(path: Path, quantity: Quantity, iterates: int, weights: Sequence[Any]) -> Any:
    """What a theorem bounds, on an exact run; `weights` are those of a weighted average.

    Raises ValueError if exact runs do not record it.
    """
    f = path.function
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


# ------------------------------------------------------------------------- assumptions


def broken_assumption(
    assumed: Sequence[known.Assumed], example: ExactRun, path: Path, steps: Sequence[Any]
) -> str | None:
    """The first assumption the exact run does not meet (or that cannot be checked), or None."""
    given = {a: b for a, b in example.constants.items() if not isinstance(b, list | tuple)}
    values = {a: given[a.name] for a in MEANING if isinstance(a, Symbol) and a.name in given}
    for assumption in assumed:
        if not _meets(assumption, values, path, steps):
            return f"{assumption}"
    return None


def _meets(assumption: Any, values: dict[Any, Any], path: Path, steps: Sequence[Any]) -> bool:
    f, updates = path.function, range(len(path.reads))
    delays = [k - path.reads[k] for k in updates]

    def at(expression: Any) -> Any:
        return sympify(expression).xreplace(values)

    match assumption:
        case known.Smooth():
            return _at_most(f.smoothness, at(assumption.L))
        case known.Convex():
            return _at_most(0, f.convexity)
        case known.StronglyConvex() | known.PolyakLojasiewicz():
            return _at_most(at(assumption.mu), f.convexity)
        case known.Minimiser():
            star = f.minimiser
            start = path.points[0][0]
            return star is not None and _at_most((start - star) ** 2, at(assumption.R) ** 2)
        case known.InitialGap():
            return path.gap != oo and _at_most(path.gap, at(assumption.Delta))
        case known.BoundedVariance():
            return _at_most(path.variance, at(assumption.sigma) ** 2)
        case known.BoundedSecondMoment():
            return _at_most(path.second_moment, at(assumption.bound))
        case known.GradientCoherence():
            return _at_most(at(assumption.mu), path.coherence)
        case known.BoundedDelay():
            return all(delay <= at(assumption.s) - 1 for delay in delays)
        case known.Multiplicity():
            most = max((path.reads.count(r) for r in path.reads), default=0)
            return bool(most <= at(assumption.m))
        case known.Concurrency():
            flying = [sum(path.reads[k] <= j < k for k in updates) for j in updates]
            return bool(max(flying, default=0) <= at(assumption.N))
        case known.AverageDelay():
            return bool(sum(delays) <= at(assumption.tau_avg) * len(delays))
        case known.StaleSGD():
            noiseless = path.variance == 0
            once = len(set(path.reads)) == len(path.reads)
            return noiseless or (assumption.noisy and (not assumption.reuse or once))
        case known.NonincreasingSteps():
            ordered = all(_at_most(b, a) for a, b in pairwise(steps))
            return ordered and all(_at_most(0, a) for a in steps)
        case known.PositiveSteps():
            return all(_at_most(0, a) for a in steps)
        case known.StepLimit():
            return all(_at_most(a, at(shown(assumption.limit).expression)) for a in steps)
        case known.UnbiasedNoise() | known.ExogenousDelays() | known.ReadsThePast():
            return True  # two-point noise with fresh signs; a schedule of the past, fixed before
        case _:
            return False


def _at_most(a: Any, b: Any) -> bool:
    sign = sign_of_constant(b - a)
    return sign is not None and sign >= 0


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
