r"""One mode under one constant delay, x_{t+1} = x_t - a x_{t-tau} - w_t, in closed form.

.. math:: z^{\tau+1} - z^\tau + a = 0, \qquad r = \frac{\sin \tau\phi}{\sin (\tau+1)\phi}, \quad
          a = \frac{r^\tau \sin \phi}{\sin (\tau+1)\phi}

for its roots r exp(i phi); the dominant pair has 0 <= phi < pi/(tau + 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Steady:
    """One mode: the delay tau. a is step times curvature."""

    tau: int

    @property
    def best(self) -> float:
        """a* = tau^tau/(tau + 1)^(tau + 1), of the fastest step: a double root tau/(tau + 1)."""
        return float((self.tau / (self.tau + 1)) ** self.tau / (self.tau + 1))

    def limit(self, square: bool) -> float:
        """2 sin(pi/(2(2 tau + 1))), of mean and mean square alike. Source: Levin, May 1976."""
        return float(2 * np.sin(np.pi / (2 * (2 * self.tau + 1))))

    def rate(self, a: float, square: bool) -> float:
        """The modulus of the dominant root: real up to a*, one of a pair beyond."""
        return self.dominant(a)[0]

    def dominant(self, a: float) -> tuple[float, float]:
        """Modulus and angle of the dominant root, the one of a pair that lies above the axis."""
        from scipy.optimize import brentq  # slow to import

        tau = self.tau
        if tau == 0:
            return abs(1 - a), 0.0 if a <= 1 else np.pi
        low = tau / (tau + 1)
        if a <= self.best:

            def before(gap: float) -> float:  # r^tau (1 - r) = a, by 1 - r: it may be tiny
                return float(np.log(gap) + tau * np.log1p(-gap) - np.log(a))

            top = 1 / (tau + 1)
            return (low if before(top) <= 0 else float(1 - brentq(before, a, top))), 0.0

        def beyond(angle: float) -> float:
            turned = np.sin((tau + 1) * angle)
            r = np.sin(tau * angle) / turned
            return float(tau * np.log(r) + np.log(np.sin(angle) / turned) - np.log(a))

        end = np.pi / (tau + 1)
        if beyond(1e-6 * end) >= 0:  # so close to the double root that rounding decides
            return low, 0.0
        angle = brentq(beyond, 1e-6 * end, end * (1 - 1e-15), xtol=1e-300, rtol=1e-15)
        return float(np.sin(tau * angle) / np.sin((tau + 1) * angle)), float(angle)

    def variance(self, a: float) -> float:
        r"""Stationary variance where w has variance 1.

        .. math:: \frac{1 + \sin\alpha}{2 \sin\theta \cos\alpha}, \quad a = 2 \sin(\theta/2), \quad
                  \alpha = (2\tau + 1)\theta/2
        """
        if not a < self.limit(True):
            return np.inf
        theta = 2 * np.arcsin(a / 2)
        alpha = (2 * self.tau + 1) * theta / 2
        return float((1 + np.sin(alpha)) / (2 * np.sin(theta) * np.cos(alpha)))
