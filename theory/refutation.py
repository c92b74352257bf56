r"""Exact counterexamples to theorems: a function, a start and a schedule that meet every assumption
and miss the bound, in rational arithmetic (and square roots of rationals).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from sympy import Integer, Rational, oo, sympify

from theory import assumptions as known
from theory.enclosure import sign_of_constant
from theory.symbols import MEANING
from theory.witness import Path, PiecewiseQuadratic, run, staircase


@dataclass(frozen=True, kw_only=True)
class Refutation:
    """One counterexample: exact constants by symbol name, a function of one variable, a schedule.

    `reads[k-1]` is the index of the iterate read at step k, counted from 1; `noise` the size of the
    two-point noise; `words` says what the function is.
    """

    words: str
    constants: dict[str, Any]
    function: PiecewiseQuadratic
    start: Any
    reads: tuple[int, ...] = ()
    noise: Any = 0

    def path(self, steps: Sequence[Any]) -> Path:
        """The exact run with the given step sizes."""
        window = int(self.constants.get("s", 1))
        return run(
            self.function,
            self.start,
            steps=steps,
            reads=self.reads,
            noise=self.noise,
            window=window,
        )


@dataclass(frozen=True)
class Refuted:
    """A counterexample that has been replayed: the quantity, and the bound it exceeds."""

    refutation: Refutation
    quantity: Any
    bound: Any

    def __str__(self) -> str:
        at = ", ".join(f"{a} = {b}" for a, b in self.refutation.constants.items())
        return (
            f"for {self.refutation.words} with {at} the quantity is {self.quantity}, "
            f"the bound {self.bound} (~ {float(self.quantity):.4g} > {float(self.bound):.4g})"
        )


def broken_assumption(
    assumed: Sequence[known.Assumed], counterexample: Refutation, path: Path
) -> str | None:
    """The first assumption the exact run does not meet (or that cannot be checked), or None."""
    values = {a: counterexample.constants[a.name] for a in MEANING if _named(a, counterexample)}
    for assumption in assumed:
        if not _meets(assumption, values, counterexample, path):
            return f"{assumption}"
    return None


def _named(symbol: Any, counterexample: Refutation) -> bool:
    return getattr(symbol, "name", None) in counterexample.constants


def _meets(assumption: Any, values: dict[Any, Any], example: Refutation, path: Path) -> bool:
    steps = range(1, len(example.reads) + 1)
    match assumption:
        case known.Smooth():
            return _at_most(example.function.smoothness, assumption.L.xreplace(values))
        case known.InitialGap():
            return path.gap != oo and _at_most(path.gap, assumption.Delta.xreplace(values))
        case known.BoundedVariance():
            return _at_most(path.variance, (assumption.sigma**2).xreplace(values))
        case known.GradientCoherence():
            return _at_most(assumption.mu.xreplace(values), path.coherence)
        case known.BoundedDelay():
            window = assumption.s.xreplace(values)
            return all(max(1, k - window + 1) <= example.reads[k - 1] <= k for k in steps)
        case known.Multiplicity():
            most = max((example.reads.count(r) for r in example.reads), default=0)
            return bool(most <= assumption.m.xreplace(values))
        case known.StaleSGD():
            return not assumption.reuse or len(set(example.reads)) == len(example.reads)
        case known.UnbiasedNoise() | known.ExogenousDelays():
            return True  # two-point noise with fresh signs, a schedule fixed in advance
        case _:
            return False


def _at_most(a: Any, b: Any) -> bool:
    sign = sign_of_constant(b - a)
    return sign is not None and sign >= 0


def staircases(names: Sequence[str], horizon: str, step_sizes: Any) -> Iterator[Refutation]:
    """Staircase functions to try against a claimed bound: no step or one, the largest delays.

    `step_sizes(constants)` gives the exact steps the theorem prescribes at those constants.
    """
    for window, length in product((1, 2), (0, 1, 2)):
        every = {"L": 1, "mu": 1, "sigma": 0, "s": window, "m": window, "Delta": 1}
        every |= {"eta": Rational(1, window), horizon: length}
        constants = {a: sympify(b) for a, b in every.items() if a in names}
        try:
            steps = step_sizes(constants)
        except ValueError:  # a horizon this theorem does not have
            continue
        if len(steps) > 1:
            continue
        function = staircase(steps)
        gap = function.value(Integer(0)) - function.infimum
        yield Refutation(
            words="the staircase function",
            constants=constants | {"Delta": gap},
            function=function,
            start=Integer(0),
            reads=tuple(1 for _ in steps),
        )
