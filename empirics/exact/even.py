r"""One mode under uniform delays 0, ..., s - 1, whose limits have closed forms.

.. math:: a = 2 s \sin^2(\theta/2), \qquad \text{mean: } \theta = \pi/s, \qquad
          \text{mean square: } a (1 + s T) = 2 (1 + T), \quad
          T = \tan(\theta/2) \tan(s \theta/2), \quad 0 < \theta < \pi/s

They need no covariances, of which a long law has as many as the square of its length.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin, tan

import numpy as np

from empirics.exact.independent import Independent
from empirics.problems.base import Array


@dataclass(frozen=True, eq=False, kw_only=True)
class Even(Independent):
    """What `Independent` is, of a uniform law without momentum and relative noise; s >= 2.

    Source: theory.linear, uniform.mean_limit and uniform_square.mean_square.
    """

    def limit(self, square: bool) -> float:
        s = len(self.pmf)
        if not square:
            return 2 * s * sin(pi / (2 * s)) ** 2
        from scipy.optimize import brentq  # slow to import

        # times cos(s theta/2), which is > 0 inside and keeps the function finite at the end
        def excess(half: float) -> float:
            t = tan(half / s)
            return self._step(half) * (cos(half) + s * t * sin(half)) - 2 * (
                cos(half) + t * sin(half)
            )

        return self._step(float(brentq(excess, 0.0, pi / 2, xtol=1e-15, rtol=1e-15)))

    def _step(self, half: float) -> float:
        """a at half = s theta/2."""
        s = len(self.pmf)
        return 2 * s * sin(half / s) ** 2


def even(pmf: Array) -> bool:
    """Whether a law is uniform on 0, ..., s - 1 with s >= 2."""
    return len(pmf) > 1 and bool(np.ptp(pmf) <= 1e-15 * pmf[0])
