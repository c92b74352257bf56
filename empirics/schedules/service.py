"""How long a worker takes for a gradient: laws of service times."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.base import Array, real
from empirics.schedules.base import plain, settle


@dataclass(frozen=True)
class Service(ABC):
    """The law of the time that one gradient takes, > 0 with a finite mean.

    A law of your own needs `mean` and `quantile`, and should say if it is `deterministic`.
    """

    @property
    @abstractmethod
    def mean(self) -> float:
        """The mean service time."""

    @abstractmethod
    def quantile(self, u: ArrayLike) -> Array:
        """The service time that a uniform number 0 <= u < 1 stands for, of the shape of u."""

    @property
    def deterministic(self) -> bool:
        """Whether every job takes the same time."""
        return False

    @property
    def form(self) -> tuple[Service, float]:
        """A law and a factor that give the same times: workers that differ in speed share it."""
        return self, 1.0

    @property
    def settings(self) -> dict[str, Any]:
        """What the law can be rebuilt from, ready for JSON."""
        given = {f.name: plain(getattr(self, f.name)) for f in fields(self)}
        return {"kind": type(self).__name__, **given}


@dataclass(frozen=True)
class _Scaled(Service):
    """A law whose times are its mean times those of the same law with mean 1."""

    mean: float = 1.0

    def __post_init__(self) -> None:
        settle(self, mean=_real(self, "mean", 0))

    @property
    def form(self) -> tuple[Service, float]:
        return replace(self, mean=1.0), self.mean


@dataclass(frozen=True)
class Deterministic(_Scaled):
    """Every job takes the time `mean`.

    Raises ValueError unless 0 < mean < infinity.

    >>> Deterministic(2).quantile([0.1, 0.9])
    array([2., 2.])
    """

    @property
    def deterministic(self) -> bool:
        return True

    def quantile(self, u: ArrayLike) -> Array:
        return np.full(np.shape(u), self.mean)


@dataclass(frozen=True)
class Exponential(_Scaled):
    """Without memory: P(S > x) = exp(-x/mean). W such workers have geometric delays.

    Raises ValueError unless 0 < mean < infinity.

    >>> Exponential(2).quantile([0.5, 0.75]).round(6)  # 2 log 2, 4 log 2
    array([1.386294, 2.772589])
    """

    def quantile(self, u: ArrayLike) -> Array:
        return np.asarray(self.mean * -np.log1p(-np.asarray(u)))


@dataclass(frozen=True)
class Lognormal(_Scaled):
    """S = exp(a + b Z) with Z standard normal, mean and coefficient of variation (sd/mean) cv.

    Raises ValueError unless 0 < mean < infinity and 0 < cv < 1e100.

    >>> Lognormal(mean=1, cv=0.5).quantile([0.5]).round(6)  # the median, 1/sqrt(1 + cv^2)
    array([0.894427])
    """

    cv: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        settle(self, cv=_real(self, "cv", 0, 1e100))

    def quantile(self, u: ArrayLike) -> Array:
        from scipy.special import ndtri

        variance = math.log1p(self.cv * self.cv)  # of the logarithm
        return np.asarray(self.mean * np.exp(math.sqrt(variance) * ndtri(u) - variance / 2))


@dataclass(frozen=True)
class ParetoService(_Scaled):
    """Heavy tails: P(S > x) = (x/least)^(-shape) from least = mean (shape - 1)/shape on.

    Up to shape = 2 the variance is infinite, up to 1 the mean would be.
    Raises ValueError unless 0 < mean < infinity and 1 < shape < infinity.

    >>> ParetoService(mean=3, shape=1.5).quantile([0, 0.875])  # 8^(1/1.5) = 4 times the least
    array([1., 4.])
    """

    shape: float = 1.5

    def __post_init__(self) -> None:
        super().__post_init__()
        settle(self, shape=_real(self, "shape", 1))

    def quantile(self, u: ArrayLike) -> Array:
        least = (self.shape - 1) / self.shape
        return np.asarray(self.mean * (least * (1 - np.asarray(u)) ** (-1 / self.shape)))


@dataclass(frozen=True)
class Pausing(Service):
    """A worker that pauses: with probability `chance` a job takes `length` longer than under base.

    The place of u says both: in the last `chance` of [0, 1) there is a pause, and the place within
    its part is what base gets. So `quantile` follows the law without being monotone.
    Raises ValueError unless base is a law, 0 <= chance <= 1 and 0 < length < infinity.

    >>> Pausing(Deterministic(1), chance=0.25, length=8).quantile([0.0, 0.74, 0.75, 0.99])
    array([1., 1., 9., 9.])
    >>> Pausing(Deterministic(1), chance=0.25, length=8).mean
    3.0
    """

    base: Service
    chance: float
    length: float

    def __post_init__(self) -> None:
        if not isinstance(self.base, Service):
            raise ValueError(
                "pausing service time needs a law of service times such as Exponential(), got "
                f"{self.base!r}"
            )
        chance = _real(self, "chance", 0, 1, "[]")
        settle(self, chance=chance, length=_real(self, "length", 0))

    @property
    def mean(self) -> float:
        return self.base.mean + self.chance * self.length

    @property
    def deterministic(self) -> bool:
        return self.base.deterministic and self.chance in (0, 1)

    def quantile(self, u: ArrayLike) -> Array:
        u = np.asarray(u, dtype=np.float64)
        work = 1 - self.chance
        pauses = u >= work
        part = np.divide(u, work, out=np.zeros_like(u), where=~pauses)
        np.divide(u - work, self.chance, out=part, where=pauses)
        part = np.minimum(part, np.nextafter(1, 0))  # a quotient may round up to 1
        return np.asarray(self.base.quantile(part) + self.length * pauses)


def slower(law: Service, factor: float) -> Service:
    """The law of a worker that takes `factor` times as long, pauses included.

    Raises ValueError unless law is one of this module and 0 < factor < infinity.

    >>> slower(Pausing(Exponential(1), chance=0.1, length=5), 2)
    Pausing(base=Exponential(mean=2.0), chance=0.1, length=10.0)
    """
    factor = real("a slower worker", "factor", factor, 0, ends="()")
    if isinstance(law, Pausing):
        return replace(law, base=slower(law.base, factor), length=factor * law.length)
    if isinstance(law, _Scaled):
        return replace(law, mean=factor * law.mean)
    raise ValueError(f"a slower worker needs a law such as Exponential(), got {law!r}")


def _real(law: Service, what: str, low: float, high: float = math.inf, ends: str = "()") -> float:
    """A field of a law as a float between two numbers; else one sentence."""
    who = f"{type(law).__name__.removesuffix('Service').lower()} service time"
    return real(who, what, getattr(law, what), low, high, ends=ends)
