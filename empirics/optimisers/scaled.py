"""Steps measured by the size of past gradients, every coordinate by its own: Adagrad, RMSProp."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from empirics.optimisers.base import Optimiser, Rule
from empirics.problems.base import Array, real
from empirics.schedules.base import settle


@dataclass(frozen=True)
class Adagrad(Optimiser):
    r"""Steps over the root of the sum of all squared gradients.

    .. math:: G_t = G_{t-1} + g_t^2, \quad G_{-1} = \text{initial}, \qquad
              d_t = \eta_t \, g_t / (\sqrt{G_t} + \epsilon)

    Parameters: epsilon > 0, initial >= 0, with PyTorch's defaults; its lr_decay is a matter of the
    step sizes here. Raises ValueError if one is out of range.

    >>> import numpy as np
    >>> g = np.array([3.0, -0.1])
    >>> Adagrad().begin(g.shape).step(g, 0.5, np.zeros(2)); g.round(6)
    array([ 0.5, -0.5])

    Source: Duchi, Hazan, Singer, JMLR 12 (2011).
    """

    epsilon: float = 1e-10
    initial: float = 0.0

    def __post_init__(self) -> None:
        epsilon = real("Adagrad", "epsilon", self.epsilon, 0, ends="(]")
        settle(self, epsilon=epsilon, initial=real("Adagrad", "initial", self.initial, 0))

    def begin(self, shape: tuple[int, ...]) -> Rule:
        return _Adagrad(self, shape)


class _Adagrad(Rule):
    def __init__(self, record: Adagrad, shape: tuple[int, ...]) -> None:
        self._epsilon = record.epsilon
        self._sum, self._work = np.full(shape, record.initial), np.empty(shape)

    def step(self, g: Array, eta: float, x: Array) -> None:
        work = self._work
        self._sum += np.multiply(g, g, out=work)
        np.sqrt(self._sum, out=work)
        work += self._epsilon
        g /= work
        g *= eta


@dataclass(frozen=True)
class RMSProp(Optimiser):
    r"""Steps over the root of a running mean of the squared gradients.

    .. math:: V_t = \rho V_{t-1} + (1 - \rho) g_t^2, \quad V_{-1} = 0, \qquad
              u_t = \beta u_{t-1} + g_t / (\sqrt{V_t} + \epsilon), \quad d_t = \eta_t u_t

    Parameters: decay = rho in [0, 1), epsilon > 0, momentum = beta in [0, 1), with the defaults of
    PyTorch (not centred); Dai et al. have decay 0.9. Raises ValueError if one is out of range.

    >>> import numpy as np
    >>> g = np.array([3.0, -0.1])
    >>> RMSProp(decay=0.75).begin(g.shape).step(g, 0.5, np.zeros(2)); g.round(6)
    array([ 1., -1.])

    Source: Tieleman, Hinton, lecture 6.5 of *Neural Networks for Machine Learning* (2012).
    """

    decay: float = 0.99
    epsilon: float = 1e-8
    momentum: float = 0.0

    def __post_init__(self) -> None:
        settle(
            self,
            decay=real("RMSProp", "decay", self.decay, 0, 1, ends="[)"),
            epsilon=real("RMSProp", "epsilon", self.epsilon, 0, ends="(]"),
            momentum=real("RMSProp", "momentum", self.momentum, 0, 1, ends="[)"),
        )

    def begin(self, shape: tuple[int, ...]) -> Rule:
        return _RMSProp(self, shape)


class _RMSProp(Rule):
    """Keeps V/(1 - rho), which saves a pass over the squares; 1 - rho goes to the numbers."""

    def __init__(self, record: RMSProp, shape: tuple[int, ...]) -> None:
        self._decay, self._momentum = record.decay, record.momentum
        self._unit = 1 / sqrt(1 - record.decay)
        self._epsilon = record.epsilon * self._unit
        self._mean, self._work = np.zeros(shape), np.empty(shape)
        self._velocity = np.zeros(shape) if record.momentum else None

    def step(self, g: Array, eta: float, x: Array) -> None:
        mean, work = self._mean, self._work
        mean *= self._decay
        mean += np.multiply(g, g, out=work)
        np.sqrt(mean, out=work)
        work += self._epsilon
        g /= work
        if self._velocity is not None:
            self._velocity *= self._momentum
            self._velocity += g
            g[...] = self._velocity
        g *= eta * self._unit
