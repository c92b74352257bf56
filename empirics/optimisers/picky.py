"""A gradient is dropped because the iterate has moved, not because time has passed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empirics.optimisers.base import Correction, Corrector
from empirics.problems.base import Array, real
from empirics.schedules.base import Delays, settle


@dataclass(frozen=True)
class Picky(Correction):
    r"""A gradient is used only if the iterate is still near the one that it was computed at.

    .. math:: g_t \text{ if } |x_t - x_{t - \tau_t}| \leq \text{radius}, \qquad 0 \text{ otherwise}

    The update takes place nevertheless, as a round of the paper does: SGD stays where it is, an
    optimiser with memory goes on, and delays count it. Parameters: radius >= 0, eps/(2L) with steps
    of 1/(4L) for `cohen2021.picky`. Raises ValueError if it is negative.

    >>> import numpy as np
    >>> g, x, y = np.ones((2, 2)), np.zeros((2, 2)), np.array([[3.0, 4.0], [3.0, 4.1]])
    >>> Picky(5.0).begin(g.shape, np.array([0.1])).correct(g, 0, np.int64(1), x, y); g
    array([[1., 1.],
           [0., 0.]])

    Source: Cohen, Daniely, Drori, Koren, Schain, NeurIPS 2021, Algorithm 1.
    """

    radius: float

    def __post_init__(self) -> None:
        settle(self, radius=real("picky steps", "radius", self.radius, 0))

    def begin(self, shape: tuple[int, ...], eta: Array) -> Corrector:
        return _Picky(self.radius, shape)


class _Picky(Corrector):
    def __init__(self, radius: float, shape: tuple[int, ...]) -> None:
        self._radius, self._moved = radius, np.empty(shape)
        self._distance, self._far = np.empty(shape[:-1]), np.empty(shape[:-1], dtype=bool)

    def correct(self, g: Array, t: int, delay: Delays | np.int64, x: Array, y: Array) -> None:
        moved = np.subtract(x, y, out=self._moved)
        np.vecdot(moved, moved, out=self._distance)
        np.sqrt(self._distance, out=self._distance)
        np.greater(self._distance, self._radius, out=self._far)
        np.copyto(g, 0.0, where=self._far[..., None])
