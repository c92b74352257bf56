"""Steps that leave room for each other: those from a read to its write add up to a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from empirics.optimisers.base import Correction, Corrector
from empirics.optimisers.weighing import Weights
from empirics.problems.base import Array, real
from empirics.schedules.base import Delays, settle

ROWS = 64  # updates that are remembered at first


@dataclass(frozen=True)
class WindowRule(Correction):
    r"""The step of a gradient is what the steps since it was read have left of a limit.

    .. math:: \text{step}_t = \min\Bigl(\eta_t, \; \alpha \max\bigl(0, \text{limit} -
              \sum_{j = t - \tau_t}^{t - 1} \text{step}_j\bigr)\Bigr)

    So the steps from read to write add up to at most the limit, whatever the delays; a gradient for
    which nothing is left is ignored. Where an update applies the mean of several gradients its
    step, here, is their mean. Parameters: limit > 0, such as 1/(sqrt(2) L) for `wu2022.nonconvex`
    and 1/(2L) for `wu2022.convex`; share = alpha in (0, 1]. Raises ValueError if one is out of
    range.

    >>> from empirics.optimisers.weighing import weights
    >>> weights(WindowRule(1.0), np.full(5, 0.4), np.array([0, 1, 2, 3, 1])) * 0.4
    array([0.4, 0.4, 0.2, 0. , 0.4])

    Source: Wu, Magnusson, Feyzmahdavian, Johansson, ICML 2022, "Adaptive 1", as recalled; there
    eta_t is infinite.
    """

    weighs: ClassVar[bool] = True
    limit: float
    share: float = 1.0

    def __post_init__(self) -> None:
        settle(
            self,
            limit=real("window rule", "limit", self.limit, 0, ends="(]"),
            share=real("window rule", "share", self.share, 0, 1, ends="(]"),
        )

    def begin(self, shape: tuple[int, ...], eta: Array) -> Corrector:
        return _Window(self, shape, eta)


class _Window(Weights):
    """Keeps running totals of the steps, one number an update and replica.

    Nobody says how long a delay can become. But a window that holds the limit leaves nothing,
    however much longer it is: what lies behind such a window may be forgotten. Memory therefore
    goes with limit/step, not with time. Totals begin anew whenever something is forgotten, so that
    rounding does not grow with time either.
    """

    def __init__(self, record: WindowRule, shape: tuple[int, ...], eta: Array) -> None:
        super().__init__(shape)
        lanes = len(self._w)
        self._limit, self._share, self._eta = record.limit, record.share, eta
        self._totals = np.zeros((ROWS, lanes))  # row r: of the steps before update first + r
        self._first = self._t = 0
        self._taken, self._gradients = np.zeros(lanes), 0  # of the update at hand
        self._rows, self._lanes = np.empty(lanes, dtype=np.int64), np.arange(lanes)

    def weigh(self, w: Array, t: int, delay: Delays | np.int64) -> None:
        if t > self._t:
            self._next()
        now = t - self._first
        rows = np.subtract(now, delay, out=self._rows)
        np.maximum(rows, 0, out=rows)  # what is forgotten leaves nothing, as what is kept does
        rows *= len(self._lanes)
        rows += self._lanes
        self._totals.take(rows, out=w, mode="clip")
        np.subtract(w, self._totals[now], out=w)
        w += self._limit
        w *= self._share
        np.clip(w, 0.0, self._eta[t], out=w)
        self._taken += w
        self._gradients += 1
        if self._eta[t]:  # else SGD makes 0 of any gradient
            w /= self._eta[t]

    def _next(self) -> None:
        """Close the update at hand."""
        row = self._t - self._first + 1
        if row == len(self._totals):
            row = self._forget()
        self._taken /= self._gradients
        np.add(self._totals[row - 1], self._taken, out=self._totals[row])
        self._t, self._gradients = self._t + 1, 0
        self._taken[:] = 0

    def _forget(self) -> int:
        """Make room for a row; where it is."""
        size, half = len(self._totals), len(self._totals) // 2
        if ((self._totals[-1] - self._totals[half]) >= self._limit).all():
            self._totals[:half] = self._totals[half:] - self._totals[half]
            self._first += half
            return half
        self._totals = np.concatenate([self._totals, np.zeros_like(self._totals)])
        return size
