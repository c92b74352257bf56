"""A function with noise that is added to its gradient, the same everywhere."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass

import numpy as np

from empirics.problems import noise as noises
from empirics.problems.base import Array, Problem


@dataclass(frozen=True, eq=False, kw_only=True)
class Additive(Problem, ABC):
    """g = grad f(x) + xi, the coordinates of xi independent, of variance sigma^2/dim each.

    Fields beyond Problem: noise, the law of xi. A subclass says what f and its gradient are, knows
    its sigma, and has sample_size = dim, or 0 for none. Raises ValueError if the law is unknown or
    has no variance.
    """

    noise: str

    def __post_init__(self) -> None:
        super().__post_init__()
        noises.needs_variance(self.name, self.noise)

    def draw(self, generator: np.random.Generator, steps: int, lanes: int) -> Array:
        if not self.sample_size:  # no noise, no numbers
            return np.empty((steps, lanes, 0))
        scale = self.sigma / np.sqrt(self.dim)
        return noises.draw(self.noise, scale, generator, steps, (lanes, self.dim))

    def stochastic_gradient(self, x: Array, sample: Array, out: Array) -> None:
        self.gradient(x, out)
        if self.sample_size:
            np.add(out, sample, out=out)

    def noise_variance(self, x: Array) -> Array:
        return np.full(x.shape[:-1], self.sigma**2)
