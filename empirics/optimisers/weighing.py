"""Late gradients count for less: weights that depend on the delay, or on the step it would take."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from empirics.optimisers.base import Correction, Corrector
from empirics.problems.base import Array, real, whole
from empirics.schedules.base import Delays, settle


@dataclass(frozen=True)
class ScaledByDelay(Correction):
    r"""A gradient over its delay.

    .. math:: g_t / \max(\tau_t, 1)

    The paper's staleness is 1 for a gradient that one other update has overtaken, which is
    tau_t = 1 here; it leaves a gradient that none has, tau_t = 0, as it is.

    >>> import numpy as np
    >>> g = np.ones((3, 1))
    >>> corrector = ScaledByDelay().begin(g.shape, np.array([0.1]))
    >>> corrector.correct(g, 0, np.array([0, 1, 4]), g, g); g[:, 0]
    array([1.  , 1.  , 0.25])

    Source: Zhang, Gupta, Lian, Liu, IJCAI 2016, section 3.2, as recalled.
    """

    weighs: ClassVar[bool] = True

    def begin(self, shape: tuple[int, ...], eta: Array) -> Corrector:
        return _Scaled(shape)


@dataclass(frozen=True)
class PolynomialWeight(Correction):
    r"""A gradient over a power of its delay.

    .. math:: g_t \, (1 + \tau_t)^{-a}

    Parameters: power = a >= 0, 1/2 as in FedBuff. Raises ValueError if it is negative.

    >>> import numpy as np
    >>> g = np.ones((3, 1))
    >>> corrector = PolynomialWeight().begin(g.shape, np.array([0.1]))
    >>> corrector.correct(g, 0, np.array([0, 3, 8]), g, g); g[:, 0].round(6)
    array([1.      , 0.5     , 0.333333])

    Source: Xie, Koyejo, Gupta 2019 (FedAsync), the polynomial staleness function; Nguyen et al.,
    AISTATS 2022 (FedBuff), with a = 1/2.
    """

    weighs: ClassVar[bool] = True
    power: float = 0.5

    def __post_init__(self) -> None:
        settle(self, power=real("polynomial weight", "power", self.power, 0))

    def begin(self, shape: tuple[int, ...], eta: Array) -> Corrector:
        return _Polynomial(self.power, shape)


@dataclass(frozen=True)
class DelayAdaptive(Correction):
    r"""A gradient whose delay exceeds `beyond` is cut so that its step is at most limit/tau_t.

    .. math:: \text{step} = \min(\eta_t, \text{limit}/\tau_t) \quad\text{if } \tau_t >
              \text{beyond}, \qquad \eta_t \text{ otherwise}

    Parameters: limit > 0, of the step times the delay, such as 1/L (nonconvex) or 1/(2L) (convex)
    for the theorems `mishchenko2022`; beyond >= 0, a whole number: 0 for these, the concurrency and
    limit = 1/(4L) for Koloskova et al. Raises ValueError if one is out of range.

    >>> import numpy as np
    >>> g = np.ones((3, 1))
    >>> corrector = DelayAdaptive(0.5).begin(g.shape, np.array([0.25]))
    >>> corrector.correct(g, 0, np.array([0, 2, 8]), g, g); g[:, 0]  # steps 0.25, 0.25, 0.0625
    array([1.  , 1.  , 0.25])

    Source: Mishchenko, Bach, Even, Woodworth, NeurIPS 2022; Koloskova, Stich, Jaggi, NeurIPS 2022,
    Theorem 8; constants as recalled.
    """

    weighs: ClassVar[bool] = True
    limit: float
    beyond: int = 0

    def __post_init__(self) -> None:
        settle(
            self,
            limit=real("delay-adaptive step", "limit", self.limit, 0, ends="(]"),
            beyond=whole("delay-adaptive step", "beyond", self.beyond, 0),
        )

    def begin(self, shape: tuple[int, ...], eta: Array) -> Corrector:
        return _Adaptive(self, shape, eta)


@dataclass(frozen=True)
class DelayClipping(Correction):
    r"""A gradient whose delay has reached a threshold is ignored.

    .. math:: g_t \text{ if } \tau_t \leq R - 1, \qquad 0 \text{ otherwise}

    The update takes place nevertheless: SGD stays where it is, an optimiser with memory goes on,
    and later delays count it. In Ringmaster itself an ignored gradient is no update: that is a
    matter of schedules, `Workers(..., oldest=R - 1)`. Parameters: threshold = R >= 1, a whole
    number. Raises ValueError if it is not.

    >>> import numpy as np
    >>> g = np.ones((3, 1))
    >>> corrector = DelayClipping(4).begin(g.shape, np.array([0.1]))
    >>> corrector.correct(g, 0, np.array([0, 3, 4]), g, g); g[:, 0]
    array([1., 1., 0.])

    Source: Maranjyan, Tyurin, Richtarik, ICML 2025 (Ringmaster), Algorithm 1: delays < R are used.
    """

    weighs: ClassVar[bool] = True
    threshold: int

    def __post_init__(self) -> None:
        settle(self, threshold=whole("delay clipping", "threshold", self.threshold, 1))

    def begin(self, shape: tuple[int, ...], eta: Array) -> Corrector:
        return _Clipping(self.threshold, shape)


def weights(correction: Correction, eta: Array, delays: Delays) -> Array:
    """What a correction that only weighs multiplies g_0, g_1, ... with, (steps,).

    Parameters: eta = eta_t and delays = tau_t, (steps,). Raises ValueError if the correction does
    more than weigh.

    >>> weights(ScaledByDelay(), np.full(4, 0.1), np.array([0, 1, 2, 2]))
    array([1. , 1. , 0.5, 0.5])
    """
    if not correction.weighs:
        raise ValueError(f"weights need a correction that only weighs, got {correction!r}")
    corrector, g, x = correction.begin((1, 1), eta), np.empty((1, 1)), np.zeros((1, 1))
    found = np.empty(len(delays))
    for t, delay in enumerate(delays):
        g[:] = 1
        corrector.correct(g, t, delay, x, x)
        found[t] = g[0, 0]
    return found


class Weights(Corrector):
    """Multiplies by a weight for each replica."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._w = np.empty(shape[:-1])

    def correct(self, g: Array, t: int, delay: Delays | np.int64, x: Array, y: Array) -> None:
        self.weigh(self._w, t, delay)
        g *= self._w[..., None]

    @abstractmethod
    def weigh(self, w: Array, t: int, delay: Delays | np.int64) -> None:
        """Write the weights into w, (lanes,): the same code, hence bits, for one delay or many."""


class _Scaled(Weights):
    def weigh(self, w: Array, t: int, delay: Delays | np.int64) -> None:
        np.maximum(delay, 1, out=w)
        np.reciprocal(w, out=w)


class _Polynomial(Weights):
    def __init__(self, power: float, shape: tuple[int, ...]) -> None:
        super().__init__(shape)
        self._power = power

    def weigh(self, w: Array, t: int, delay: Delays | np.int64) -> None:
        np.add(delay, 1, out=w)
        np.power(w, -self._power, out=w)


class _Adaptive(Weights):
    def __init__(self, record: DelayAdaptive, shape: tuple[int, ...], eta: Array) -> None:
        super().__init__(shape)
        self._limit, self._beyond, self._eta = record.limit, record.beyond, eta

    def weigh(self, w: Array, t: int, delay: Delays | np.int64) -> None:
        """limit/max(limit, eta_t tau_t), which is 1 where nothing is cut."""
        np.multiply(delay, self._eta[t], out=w)
        if self._beyond:
            w *= delay > self._beyond
        np.maximum(w, self._limit, out=w)
        np.divide(self._limit, w, out=w)


class _Clipping(Corrector):
    """Not by a product: 0 times infinity is no 0."""

    def __init__(self, threshold: int, shape: tuple[int, ...]) -> None:
        self._threshold, self._late = threshold, np.empty(shape[:-1], dtype=bool)

    def correct(self, g: Array, t: int, delay: Delays | np.int64, x: Array, y: Array) -> None:
        np.greater_equal(delay, self._threshold, out=self._late)
        np.copyto(g, 0.0, where=self._late[..., None])
