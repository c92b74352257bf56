"""What a gradient would be at the present iterate, by a guess of the Hessian."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empirics.optimisers.base import Correction, Corrector
from empirics.problems.base import Array, real
from empirics.schedules.base import Delays, settle


@dataclass(frozen=True)
class DelayCompensation(Correction):
    r"""The gradient moves with the iterate, as if its squares were the Hessian's diagonal.

    .. math:: g_t + \lambda \, g_t \odot g_t \odot (x_t - x_{t - \tau_t})

    Where an update applies the mean of several gradients each is moved from its own read point.
    Parameters: lam = lambda >= 0, 0.04 as in the paper's DC-ASGD-c. Raises ValueError if it is
    negative.

    >>> import numpy as np
    >>> g, x, y = np.array([[2.0]]), np.array([[1.0]]), np.array([[4.0]])
    >>> DelayCompensation(0.5).begin(g.shape, np.array([0.1])).correct(g, 0, np.int64(1), x, y); g
    array([[-4.]])

    Source: Zheng et al., ICML 2017, equation (10) and Algorithm 2; lambda as recalled.
    """

    lam: float = 0.04

    def __post_init__(self) -> None:
        settle(self, lam=real("delay compensation", "lam", self.lam, 0))

    def begin(self, shape: tuple[int, ...], eta: Array) -> Corrector:
        return _Constant(self.lam, shape)


@dataclass(frozen=True)
class AdaptiveDelayCompensation(Correction):
    r"""The same with a lambda for each coordinate, small where gradients have been large.

    .. math:: V_t = m V_{t-1} + (1 - m) g_t^2, \quad V_{-1} = 0, \qquad
              g_t + \frac{\lambda}{\sqrt{V_t + \epsilon}} \odot g_t \odot g_t \odot
              (x_t - x_{t - \tau_t})

    V is of the stale gradients as they arrive. Parameters: lam = lambda >= 0, decay = m in [0, 1),
    epsilon > 0, with the values of the paper's DC-ASGD-a. Raises ValueError if one is out of range.

    >>> import numpy as np
    >>> g, x, y = np.array([[2.0]]), np.array([[1.0]]), np.array([[4.0]])
    >>> rule = AdaptiveDelayCompensation(lam=0.5, decay=0.75)
    >>> rule.begin(g.shape, np.array([0.1])).correct(g, 0, np.int64(1), x, y); g.round(4)
    array([[-4.]])

    Source: Zheng et al., ICML 2017, equation (11); lambda = 2, m = 0.95, epsilon = 1e-7, recalled.
    """

    lam: float = 2.0
    decay: float = 0.95
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        settle(
            self,
            lam=real("delay compensation", "lam", self.lam, 0),
            decay=real("delay compensation", "decay", self.decay, 0, 1, ends="[)"),
            epsilon=real("delay compensation", "epsilon", self.epsilon, 0, ends="(]"),
        )

    def begin(self, shape: tuple[int, ...], eta: Array) -> Corrector:
        return _Adaptive(self, shape)


class _Constant(Corrector):
    def __init__(self, lam: float, shape: tuple[int, ...]) -> None:
        self._lam, self._moved = lam, np.empty(shape)

    def correct(self, g: Array, t: int, delay: Delays | np.int64, x: Array, y: Array) -> None:
        moved = np.subtract(x, y, out=self._moved)
        moved *= g
        moved *= g
        moved *= self._lam
        g += moved


class _Adaptive(Corrector):
    """Keeps V: lambda must not know the gradients to come, so V_t is of those up to t."""

    def __init__(self, record: AdaptiveDelayCompensation, shape: tuple[int, ...]) -> None:
        self._lam, self._decay, self._epsilon = record.lam, record.decay, record.epsilon
        self._mean, self._work, self._moved = np.zeros(shape), np.empty(shape), np.empty(shape)

    def correct(self, g: Array, t: int, delay: Delays | np.int64, x: Array, y: Array) -> None:
        mean, work = self._mean, self._work
        mean *= self._decay
        np.multiply(g, g, out=work)
        work *= 1 - self._decay
        mean += work
        np.add(mean, self._epsilon, out=work)
        np.sqrt(work, out=work)
        moved = np.subtract(x, y, out=self._moved)
        moved *= g
        moved *= g
        moved *= self._lam
        moved /= work
        g += moved
