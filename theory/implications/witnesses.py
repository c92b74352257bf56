r"""Exact witnesses: a run of stale SGD on a line, and one that turns in the plane for ever."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sympy import I, Min, Rational, expand, im, re

from theory import assumptions as known
from theory.exact_checks import at_most, meets
from theory.implications.outcome import VanishingGradient
from theory.witness import Path, PiecewiseQuadratic, run


@dataclass(frozen=True, kw_only=True)
class RunWitness:
    """A run on a function of one variable.

    `delays[t]` is how many updates old the gradient of update t is, t counted from 0; `steps` are
    the step sizes; `noise` is the size of two-point noise, whose sign patterns are all gone
    through. `constants` give values to symbols by name; the others stand for any value.
    """

    name: str
    function: PiecewiseQuadratic
    start: Any
    steps: Sequence[Any]
    delays: Sequence[int]
    noise: Any = 0
    constants: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def path(self) -> Path:
        """The run itself."""
        reads = [t - delay + 1 for t, delay in enumerate(self.delays)]
        return run(self.function, self.start, steps=self.steps, reads=reads, noise=self.noise)

    def meets(self, assumption: known.Assumed) -> bool | None:
        """Whether the run meets the assumption; None if that is not known."""
        return meets(assumption, self.constants, self.path, self.steps)


@dataclass(frozen=True, kw_only=True)
class Rotation:
    r"""F = |x|^2/2 in the plane, every gradient one update old: each update turns and stretches.

    With points of the plane as complex numbers, x_{k+1} = x_k - a x_{k-1} is solved by x_k = z^k
    for the roots z of z^2 = z - a. The first update has the step 1/2 and the noise +-xi, either
    sign equally likely, which turns x_0 = 1 into x_1 = z or into its mirror image; later updates
    have the step a and no noise. So the two outcomes are mirror images, and all that is said of one
    step holds for ever:

        |x_{k+1}|^2 = a |x_k|^2,      <x_{k+1}, x_k> = (1/2a) |x_{k+1}|^2.

    >>> Rotation(name="turning").coherence, Rotation(name="turning").meets(VanishingGradient())
    (2/5, False)
    """

    name: str
    z: Any = Rational(1, 2) + I

    def __post_init__(self) -> None:
        if re(self.z) != Rational(1, 2):
            raise ValueError(f"the roots of z^2 = z - a have real part 1/2, got z = {self.z}")

    @property
    def step(self) -> Any:
        """a, the step size of all updates but the first; z is a root of z^2 = z - a."""
        return expand(self.z * self.z.conjugate())

    @property
    def first_noise(self) -> Any:
        """xi, with x_0 - (x_0 + xi)/2 = z x_0."""
        return expand(2 * (1 - self.z) - 1)

    @property
    def coherence(self) -> Any:
        """<x_k, x_{k-1}>/|x_k|^2, the same for every k and in both outcomes."""
        return re(expand(self.z.conjugate())) / self.step

    def meets(self, assumption: known.Assumed) -> bool | None:
        """Whether the run meets the assumption for ever; None if that is not known."""
        if expand(self.z**2 - self.z + self.step) != 0 or re(self.first_noise) != 0:
            return None  # then the docstring does not apply
        match assumption:
            case known.Smooth():
                return at_most(1, assumption.L)
            case known.Convex():
                return True
            case known.StronglyConvex() | known.PolyakLojasiewicz():
                return at_most(assumption.mu, 1)
            case known.BoundedVariance():
                return at_most(im(self.first_noise) ** 2, assumption.sigma**2)
            case known.BoundedDelay():
                return at_most(2, assumption.s)
            case known.GradientCoherence() | known.PathwiseGradientCoherence():
                if at_most(assumption.s, 2) is not True:
                    return None
                return at_most(assumption.mu, Min(1, self.coherence))
            case known.StaleSGD():
                return assumption.noisy and not assumption.reuse
            case known.UnbiasedNoise() | known.ExogenousDelays() | known.ReadsThePast():
                return True
            case VanishingGradient():
                return False if at_most(self.step, 1) is False else None  # it grows if a > 1
            case _:
                return None
