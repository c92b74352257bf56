"""Steps along a sum of past gradients: the heavy ball, and Nesterov's look ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empirics.optimisers.base import Optimiser, Rule
from empirics.problems.base import Array, flag, real
from empirics.schedules.base import settle


@dataclass(frozen=True)
class Momentum(Optimiser):
    r"""A running sum of the gradients, the older ones fading.

    .. math:: v_t = \beta v_{t-1} + g_t, \quad v_{-1} = 0, \qquad
              d_t = \eta_t v_t, \quad\text{or with Nesterov}\quad d_t = \eta_t (g_t + \beta v_t)

    The step size multiplies the sum and is not in it, as in PyTorch's `SGD` (dampening 0): a step
    that shrinks shortens old gradients too. Parameters: beta in [0, 1), 0.9 as Dai et al. have it
    (PyTorch's own default is 0, plain SGD); nesterov. Raises ValueError if beta is out of range.

    >>> import numpy as np
    >>> rule = Momentum(0.5).begin((1,))
    >>> for g in (np.array([1.0]), np.array([1.0])):
    ...     rule.step(g, 0.1, np.zeros(1)); print(g)
    [0.1]
    [0.15]

    Source: Polyak 1964; Nesterov's in the form of Sutskever, Martens, Dahl, Hinton 2013.
    """

    beta: float = 0.9
    nesterov: bool = False

    def __post_init__(self) -> None:
        beta = real("momentum", "beta", self.beta, 0, 1, ends="[)")
        settle(self, beta=beta, nesterov=flag("momentum", "nesterov", self.nesterov))

    def begin(self, shape: tuple[int, ...]) -> Rule:
        return _Nesterov(self.beta, shape) if self.nesterov else _HeavyBall(self.beta, shape)


class _HeavyBall(Rule):
    def __init__(self, beta: float, shape: tuple[int, ...]) -> None:
        self._beta, self._v = beta, np.zeros(shape)

    def step(self, g: Array, eta: float, x: Array) -> None:
        v = self._v
        v *= self._beta
        v += g
        np.multiply(v, eta, out=g)


class _Nesterov(Rule):
    def __init__(self, beta: float, shape: tuple[int, ...]) -> None:
        self._beta, self._v, self._ahead = beta, np.zeros(shape), np.empty(shape)

    def step(self, g: Array, eta: float, x: Array) -> None:
        v = self._v
        v *= self._beta
        v += g
        g += np.multiply(v, self._beta, out=self._ahead)
        g *= eta
