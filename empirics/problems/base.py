"""A problem: a function with its gradient, its noise, and its constants, each with its origin.

Every problem is one frozen record. Iterates are rows: `x` has shape (..., dim), and what a problem
computes for one row never depends on the other rows. A *lane* is one row of a tile of replicas.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from math import inf
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from empirics.problems.auditing.record import Audit
    from empirics.problems.penalties import Penalty
    from empirics.problems.regions import Ball, Region

Array: TypeAlias = NDArray[np.float64]
Provenance: TypeAlias = Literal["exact", "bound", "estimate"]

# what a theorem may ask for: the letter or the words, and what it says
KEYS = {
    "L": "smoothness: |grad f(x) - grad f(y)| <= L |x - y|",
    "mu_sc": "strong convexity; convex if >= 0, and how far from it if < 0",
    "pl": "Polyak-Lojasiewicz: |grad f(x)|^2 >= 2 pl (f(x) - inf f)",
    "sharpness": "largest eigenvalue of the Hessian at the minimiser",
    "gradient_bound": "|grad f(x)| <= gradient_bound",
    "sigma": "variance of the noise: E|xi|^2 <= sigma^2",
    "relative_noise": "E|xi|^2 <= relative_noise |grad f(x)|^2, beside what sigma allows",
    "second_moment": "E|grad f(x) + xi|^2 <= second_moment",
    "noise_bound": "|xi| <= noise_bound, almost surely",
    "infimum": "inf f",
}
PROVENANCES = ("exact", "bound", "estimate")

LARGEST = 2**53  # whole number: as exact as a float, and with room for products below 2^63


@dataclass(frozen=True, kw_only=True)
class Constant:
    """One number a theorem may lean on, and how far it can be trusted.

    Parameters: value; provenance: "exact", "bound" (proved to lie on the safe side: above for L and
    sigma, below for mu_sc and the infimum) or "estimate" (seen, not proved); why, one clause.
    Raises ValueError if the value is not finite, the provenance unknown, or no reason is given.

    >>> Constant(value=1.0, provenance="exact", why="largest curvature")
    Constant(value=1.0, provenance='exact', why='largest curvature')
    """

    value: float
    provenance: Provenance
    why: str

    def __post_init__(self) -> None:
        if not np.isfinite(self.value):
            raise ValueError(f"constant needs a finite value, got {self.value}; leave it out")
        if self.provenance not in PROVENANCES:
            known = ", ".join(PROVENANCES)
            raise ValueError(f"constant needs a provenance among {known}, got {self.provenance!r}")
        if not self.why:
            raise ValueError("constant needs a reason, got an empty one; say where it comes from")


@dataclass(frozen=True, eq=False, kw_only=True)
class Problem(ABC):
    r"""Minimise f over R^dim from unbiased gradients: g = \nabla f(x) + \xi, E \xi = 0.

    Fields: name; dim; start = x_0, shape (dim,); constants, keys among those of KEYS; settings,
    what it can be rebuilt from, ready for JSON; lanes, the width of the tile in which replicas of
    it run (a part of the seeding: another width is another set of runs); sample_size, how many
    random numbers one replica uses at one step; minimiser, a point where f is least, (dim,), None
    where it is not known; within, how far at most the true one is from it; region, the convex set
    on which the constants hold if they do not hold everywhere (the infimum always does); penalty,
    a convex h if the problem is to minimise F = f + h, by a proximal step after every update: then
    infimum, minimiser and gap are those of F, everything else is of f.
    Raises ValueError if start or minimiser is not a finite vector of length dim or a key is
    unknown.
    """

    name: str
    dim: int
    start: Array
    constants: Mapping[str, Constant]
    settings: Mapping[str, Any]
    lanes: int
    sample_size: int
    minimiser: Array | None = None
    within: float = 0.0
    region: Region | None = None
    penalty: Penalty | None = None

    def __post_init__(self) -> None:
        for what, point in (("start", self.start), ("minimiser", self.minimiser)):
            if point is None or (point.shape == (self.dim,) and np.isfinite(point).all()):
                continue
            raise ValueError(
                f"{self.name} needs a finite {what} of shape ({self.dim},), got shape "
                f"{point.shape} with {np.isfinite(point).sum()} finite entries"
            )
        unknown = set(self.constants) - set(KEYS)
        if unknown:
            raise ValueError(
                f"{self.name} needs constants among {', '.join(KEYS)}, got {sorted(unknown)}"
            )

    @abstractmethod
    def value(self, x: Array) -> Array:
        """f at every row: (..., dim) -> (...)."""

    @abstractmethod
    def gradient(self, x: Array, out: Array | None = None) -> Array:
        """The full gradient at every row: (..., dim) -> (..., dim), written into `out` if given."""

    @abstractmethod
    def draw(self, generator: np.random.Generator, steps: int, lanes: int) -> NDArray[Any]:
        """The randomness of a block of steps: shape (steps, lanes, ...), time first.

        Chunk-invariant: two calls for a and b steps give what one call for a + b gives.
        """

    @abstractmethod
    def stochastic_gradient(self, x: Array, sample: NDArray[Any], out: Array) -> None:
        """Write into `out` the gradients at x, (lanes, dim), that `sample`, (lanes, ...), gives."""

    @abstractmethod
    def noise_variance(self, x: Array) -> Array:
        """Exact E|xi|^2 of the whole gradient vector at every row: (..., dim) -> (...).

        Not a number where it is not known.
        """

    def objective(self, x: Array) -> Array:
        """What is minimised, F = f + h at every row, (..., dim) -> (...): f itself without h."""
        f = self.value(x)
        return f if self.penalty is None else np.asarray(f + self.penalty.value(x))

    def steepest_in(self, around: Ball) -> Constant | None:
        """A bound of |grad f| in a ball, None if there is no L to make it of."""
        if "L" not in self.constants:
            return None
        L, g = self.constants["L"], self.gradient(around.centre)
        return Constant(
            value=float(np.linalg.norm(g)) + L.value * around.radius,
            provenance="estimate" if L.provenance == "estimate" else "bound",
            why="|grad f| at the centre of the region + L radius",
        )

    def noise_in(self, around: Ball) -> Constant | None:
        """A bound of the root of E|xi|^2 in a ball, None if there is nothing to make it of."""
        sigma, growth = self.constants.get("sigma"), self.constants.get("relative_noise")
        if sigma is None or growth is None:
            return sigma
        steepest = self.steepest_in(around)
        if steepest is None:
            return None
        guessed = "estimate" in (sigma.provenance, growth.provenance, steepest.provenance)
        return Constant(
            value=float(np.sqrt(growth.value * steepest.value**2 + sigma.value**2)),
            provenance="estimate" if guessed else "bound",
            why="relative_noise gradient_bound^2 + sigma^2 on the region",
        )

    @property
    def L(self) -> float:
        """Smoothness: |grad f(x) - grad f(y)| <= L |x - y|."""
        return self._constant("L")

    @property
    def mu_sc(self) -> float:
        """Strong convexity: f(y) >= f(x) + <grad f(x), y - x> + mu_sc |y - x|^2 / 2.

        Convex if >= 0; a negative one says how far f is from it.
        """
        return self._constant("mu_sc")

    @property
    def sigma(self) -> float:
        """Root of the largest noise variance: E|xi|^2 <= sigma^2."""
        return self._constant("sigma")

    @property
    def infimum(self) -> float:
        """inf f (or inf F), or a number below it when its provenance is "bound"."""
        return self._constant("infimum")

    @property
    def gap(self) -> float:
        """Delta = F(start) - infimum: above the true gap when the infimum is a lower bound."""
        return float(self.objective(self.start)) - self.infimum

    @property
    def distance(self) -> float:
        """R = |start - minimiser|, or a number above it if the minimiser is not exact."""
        if self.minimiser is None:
            raise AttributeError(f"{self.name} does not know its minimiser")
        return float(np.linalg.norm(self.start - self.minimiser)) + self.within

    @property
    def looseness(self) -> float:
        """By how much `infimum` may lie below inf f; not a number if that is not known."""
        if self.constants["infimum"].provenance == "exact":
            return 0.0
        if self.minimiser is None:
            return np.nan
        return max(float(self.objective(self.minimiser)) - self.infimum, 0.0)

    def audit(
        self,
        *,
        points: int = 2000,
        starts: int = 6,
        samples: int = 4096,
        alpha: float = 1e-6,
        seed: int = 0,
        progress: Callable[[int, int, str], None] | None = None,
    ) -> Audit:
        """Try to refute gradient, noise and every constant; see `problems.auditing.audit`."""
        auditing = import_module("empirics.problems.auditing")  # it knows problems: not the reverse
        found: Audit = auditing.audit(
            self,
            points=points,
            starts=starts,
            samples=samples,
            alpha=alpha,
            seed=seed,
            progress=progress,
        )
        return found

    def _constant(self, key: str) -> float:
        try:
            return self.constants[key].value
        except KeyError:
            known = ", ".join(self.constants) or "none"
            raise AttributeError(f"{self.name} has no constant {key}; it knows {known}") from None


def whole(who: str, what: str, value: object, least: int, most: float = LARGEST) -> int:
    """`value` as an int if it is a whole number from `least` to `most`; else one sentence.

    >>> whole("constant delay", "tau", 3, 0)
    3
    >>> whole("constant delay", "tau", -1, 0)
    Traceback (most recent call last):
    ValueError: constant delay needs a whole number tau >= 0, got -1
    """
    message = f"{who} needs a whole number {what} >= {least}, got {value!r}"
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # the TypeError is what we ask for
    except TypeError:
        raise ValueError(message) from None
    if isinstance(value, bool) or number < least:
        raise ValueError(message)
    if number > most:
        raise ValueError(f"{who} needs a whole number {what} <= {most}, got {value!r}")
    return number


def flag(who: str, what: str, value: object) -> bool:
    """`value` if it is True or False, NumPy's included; else one sentence: "no" counts as yes.

    >>> flag("simulate", "reuse", "no")
    Traceback (most recent call last):
    ValueError: simulate needs reuse = True or False, got 'no'
    """
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{who} needs {what} = True or False, got {value!r}")
    return bool(value)


def real(
    who: str, what: str, value: object, low: float, high: float = inf, *, ends: str = "[]"
) -> float:
    """`value` as a float if it lies between two numbers, finite and no `bool`; else one sentence.

    ends says which of the two it may be: "[]" both, "[)" the lower one, "(]" the upper, "()" none.

    >>> real("momentum", "beta", 0.9, 0, 1, ends="[)")
    0.9
    >>> real("momentum", "beta", 1, 0, 1, ends="[)")
    Traceback (most recent call last):
    ValueError: momentum needs a number beta with 0 <= beta < 1, got 1
    """
    given = isinstance(value, Real) and not isinstance(value, bool)
    number = float(value) if given else np.nan  # type: ignore[arg-type]  # a Real has one
    above = low <= number if ends[0] == "[" else low < number
    below = number <= high if ends[1] == "]" else number < high
    if above and below and np.isfinite(number):
        return number
    less = {"[": "<=", "]": "<=", "(": "<", ")": "<"}
    if high == inf:
        words = f"{what} {less[ends[0]].replace('<', '>')} {low:g}"
    else:
        words = f"{low:g} {less[ends[0]]} {what} {less[ends[1]]} {high:g}"
    raise ValueError(f"{who} needs a number {what} with {words}, got {value!r}")
