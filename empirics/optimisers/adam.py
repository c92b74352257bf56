"""Adam and its kin: a running mean of the gradients over the root of one of their squares."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from empirics.optimisers.base import Optimiser, Rule
from empirics.problems.base import Array, real
from empirics.schedules.base import settle


@dataclass(frozen=True)
class Adam(Optimiser):
    r"""Running means of gradients and of their squares, both freed from their start at 0.

    .. math:: m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t, \qquad
              v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2, \qquad
              d_t = \eta_t \frac{m_t/(1 - \beta_1^{t+1})}
                                {\sqrt{v_t/(1 - \beta_2^{t+1})} + \epsilon}

    Parameters: beta1 and beta2 in [0, 1), epsilon > 0, with the defaults of PyTorch and of the
    paper, which Dai et al. have too. Raises ValueError if one is out of range.

    >>> import numpy as np
    >>> g = np.array([3.0, -0.1])
    >>> Adam().begin(g.shape).step(g, 0.5, np.zeros(2)); g.round(6)
    array([ 0.5, -0.5])

    Source: Kingma, Ba, ICLR 2015, Algorithm 1.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        _check(self)

    def begin(self, shape: tuple[int, ...]) -> Rule:
        return _Adam(self, shape)


@dataclass(frozen=True)
class AMSGrad(Optimiser):
    r"""Adam with the largest v so far in the place of v, so that no coordinate speeds up again.

    .. math:: d_t = \eta_t \frac{m_t/(1 - \beta_1^{t+1})}
                                {\sqrt{\max(v_0, \dots, v_t)/(1 - \beta_2^{t+1})} + \epsilon}

    As PyTorch's `Adam(amsgrad=True)`: the largest is taken of v as it is, before it is freed from
    its start. Parameters as for `Adam`. Raises ValueError if one is out of range.

    >>> import numpy as np
    >>> rule = AMSGrad(beta1=0.0, beta2=0.5).begin((1,))
    >>> for g in (np.array([1.0]), np.array([0.1])):
    ...     rule.step(g, 1.0, np.zeros(1)); print(g.round(4))
    [1.]
    [0.1225]

    Source: Reddi, Kale, Kumar, ICLR 2018, Algorithm 2 (which frees nothing from its start).
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        _check(self)

    def begin(self, shape: tuple[int, ...]) -> Rule:
        return _Adam(self, shape, largest=True)


@dataclass(frozen=True)
class AdamW(Optimiser):
    r"""Adam, and apart from it a pull towards 0 that the size of the gradients does not change.

    .. math:: d_t = \eta_t w x_t + (d_t \text{ of Adam})

    Parameters: weight_decay = w >= 0, 0.01 as in PyTorch; the others as for `Adam`. With w > 0 it
    does not go to a minimum of f. Raises ValueError if one is out of range.

    >>> import numpy as np
    >>> g = np.array([3.0])
    >>> AdamW(weight_decay=0.1).begin((1,)).step(g, 0.5, np.array([2.0])); g.round(6)
    array([0.6])

    Source: Loshchilov, Hutter, ICLR 2019, Algorithm 2, with eta_t before w as PyTorch has it.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        _check(self)
        settle(self, weight_decay=real("AdamW", "weight_decay", self.weight_decay, 0))

    def begin(self, shape: tuple[int, ...]) -> Rule:
        return _Adam(self, shape, weight_decay=self.weight_decay)


def _check(record: Adam | AMSGrad | AdamW) -> None:
    who = type(record).__name__
    settle(
        record,
        beta1=real(who, "beta1", record.beta1, 0, 1, ends="[)"),
        beta2=real(who, "beta2", record.beta2, 0, 1, ends="[)"),
        epsilon=real(who, "epsilon", record.epsilon, 0, ends="(]"),
    )


class _Adam(Rule):
    """Keeps m/(1 - beta1) and v/(1 - beta2): two passes over the arrays fewer.

    What is left out, and what frees the means from their start, goes into epsilon and eta, which
    are numbers.
    """

    def __init__(
        self,
        record: Adam | AMSGrad | AdamW,
        shape: tuple[int, ...],
        *,
        largest: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        self._beta1, self._beta2, self._epsilon = record.beta1, record.beta2, record.epsilon
        self._power1 = self._power2 = 1.0  # beta^{t + 1}
        self._m, self._v, self._work = np.zeros(shape), np.zeros(shape), np.empty(shape)
        self._largest = np.zeros(shape) if largest else None
        self._weight_decay = weight_decay

    def step(self, g: Array, eta: float, x: Array) -> None:
        m, v, work = self._m, self._v, self._work
        self._power1 *= self._beta1
        self._power2 *= self._beta2
        unit1 = (1 - self._beta1) / (1 - self._power1)
        unit2 = sqrt((1 - self._beta2) / (1 - self._power2))
        m *= self._beta1
        m += g
        v *= self._beta2
        v += np.multiply(g, g, out=work)
        if self._largest is not None:
            v = np.maximum(self._largest, v, out=self._largest)
        np.sqrt(v, out=work)
        work += self._epsilon / unit2
        np.divide(m, work, out=g)
        g *= eta * unit1 / unit2
        if self._weight_decay:
            g += np.multiply(x, eta * self._weight_decay, out=work)
