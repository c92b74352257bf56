"""The same function with its full gradients: gradient descent instead of SGD."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from empirics.problems import noise as noises
from empirics.problems.base import Array, Constant, Problem
from empirics.problems.regions import Ball


def noiseless(problem: Problem) -> Problem:
    """The problem with full gradients; itself if it has no noise.

    >>> from empirics.problems.quadratic import quadratic
    >>> quiet = noiseless(quadratic(dim=2, mu=0.5, L=1.0, sigma=0.5))
    >>> quiet.sigma, quiet.L, quiet.name
    (0.0, 1.0, 'quadratic without noise')
    """
    if not problem.sample_size:
        return problem
    kept = {k: a for k, a in problem.constants.items() if k not in noises.OF_THE_NOISE}
    return Noiseless(
        name=f"{problem.name} without noise",
        dim=problem.dim,
        start=problem.start,
        constants={**kept, **without_noise(problem)},
        settings={**problem.settings, "full gradients": True},
        lanes=problem.lanes,
        sample_size=0,
        minimiser=problem.minimiser,
        within=problem.within,
        region=problem.region,
        penalty=problem.penalty,
        original=problem,
    )


def without_noise(problem: Problem) -> dict[str, Constant]:
    """What full gradients satisfy as noise: there is none."""
    why = "the gradients are full ones"
    found = {
        name: Constant(value=0.0, provenance="exact", why=why) for name in ("sigma", "noise_bound")
    }
    if "gradient_bound" in problem.constants:
        steepest = problem.constants["gradient_bound"]
        found["second_moment"] = replace(steepest, value=steepest.value**2)
    return found


@dataclass(frozen=True, eq=False, kw_only=True)
class Noiseless(Problem):
    """What `noiseless` makes. Fields beyond Problem: original, the noisy one."""

    original: Problem

    def value(self, x: Array) -> Array:
        return self.original.value(x)

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        return self.original.gradient(x, out)

    def steepest_in(self, around: Ball) -> Constant | None:
        return self.original.steepest_in(around)

    def draw(self, generator: np.random.Generator, steps: int, lanes: int) -> Array:
        return np.empty((steps, lanes, 0))

    def stochastic_gradient(self, x: Array, sample: Array, out: Array) -> None:
        self.original.gradient(x, out)

    def noise_variance(self, x: Array) -> Array:
        return np.zeros(x.shape[:-1])
