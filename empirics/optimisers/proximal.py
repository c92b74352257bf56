"""A proximal gradient step from the iterate that was read, averaged with the present one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from empirics.optimisers.base import Correction, Corrector
from empirics.problems.base import Array, real
from empirics.schedules.base import Delays, settle

if TYPE_CHECKING:
    from empirics.problems.penalties import Penalty


@dataclass(frozen=True)
class DelayedProximal(Correction):
    r"""The iterate is delayed as a whole, not its gradient alone.

    .. math:: x_{t+1} = (1 - \theta) x_t + \theta \,
              \mathrm{prox}_{\eta_t h}(x_{t - \tau_t} - \eta_t g_t)

    said as a gradient, theta (x_t - p_t)/eta_t for the proximal point p_t. There is no other
    proximal step after it; without a penalty the proximal map does nothing. Parameters: theta in
    (0, 1], the weight of the new point. Raises ValueError if it is not.

    >>> import numpy as np
    >>> g, x, y = np.array([[2.0]]), np.array([[1.0]]), np.array([[4.0]])
    >>> DelayedProximal(0.5).begin(g.shape, np.array([0.1])).correct(g, 0, np.int64(1), x, y)
    >>> x - 0.1 * g  # half of 1 and half of 4 - 0.1 * 2
    array([[2.4]])

    Source: Feyzmahdavian, Aytekin, Johansson, MLSP 2014, the delayed proximal gradient method.
    """

    theta: float
    proximal: ClassVar[bool] = True

    def __post_init__(self) -> None:
        settle(self, theta=real("delayed proximal steps", "theta", self.theta, 0, 1, ends="(]"))

    def begin(self, shape: tuple[int, ...], eta: Array) -> Corrector:
        return _DelayedProximal(self.theta, shape, eta)


class _DelayedProximal(Corrector):
    def __init__(self, theta: float, shape: tuple[int, ...], eta: Array) -> None:
        self._theta, self._eta, self._point = theta, eta, np.empty(shape)
        self._penalty: Penalty | None = None

    def take(self, penalty: Penalty | None) -> None:
        self._penalty = penalty

    def correct(self, g: Array, t: int, delay: Delays | np.int64, x: Array, y: Array) -> None:
        eta = float(self._eta[t])
        if not eta:  # a step of no length leaves everything where it is
            g[:] = 0.0
            return
        p = np.multiply(g, -eta, out=self._point)
        p += y
        if self._penalty is not None:
            self._penalty.proximal(p, eta)
        np.subtract(x, p, out=g)
        g *= self._theta / eta
