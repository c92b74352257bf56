r"""How one mode turns under a constant delay, and the coherence that this leaves, in closed form.

From x_0 = x_{-1} = ... the path is a sum over the roots z of z^(tau+1) - z^tau + a = 0,

.. math:: x_t = x_0 \sum_z R_z z^t, \qquad
          R_z = \frac{a z^{\tau+1}}{(z - 1)\,((\tau + 1) a - z^\tau)},

of which the dominant one or two, rho exp(+-i omega), remain in the long run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirics.exact.mode import positive
from empirics.exact.steady import Steady
from empirics.problems.base import Array, whole


@dataclass(frozen=True, kw_only=True)
class Turning:
    """The dominant part of a mode: x_t is proportional to rho^t cos(omega t + phase).

    Fields: modulus = rho; angle = omega, 0 up to the fastest step a*, where nothing turns; phase.
    """

    modulus: float
    angle: float
    phase: float

    def coherence(self, times: ArrayLike, window: int) -> Array:
        r"""mu_t at these times, once all other roots have died away.

        .. math:: \mu_t = \min_{0 \le j < s} \rho^{-j} (\cos j\omega + \sin j\omega \tan\psi_t),
                  \quad \psi_t = \omega t + \mathrm{phase}

        It is 1 where nothing turns. Raises ValueError unless the window is a whole number >= 1 and
        times are whole numbers, (k,).
        """
        j = np.arange(whole("coherence", "window", window, 1))[:, None]
        t = np.asarray(times)
        if t.ndim != 1 or t.dtype.kind not in "iu":
            raise ValueError(f"coherence needs whole times, shape (k,), got {times!r}")
        if self.angle == 0:
            return np.ones(len(t))
        psi = self.angle * t + self.phase
        turned = np.cos(j * self.angle) + np.sin(j * self.angle) * np.tan(psi)
        if self.angle == np.pi:  # alternates: the sine is 0 but for rounding
            turned = np.cos(j * np.pi) * np.ones_like(psi)
        return np.asarray((self.modulus ** -j.astype(float) * turned).min(axis=0))

    def negative(self, window: int) -> float:
        r"""The share of all times at which mu_t < 0, if omega/pi is irrational.

        .. math:: \min\Bigl(1, \frac{(s - 1)\,\omega}{\pi}\Bigr)

        Raises ValueError unless the window is a whole number >= 1.
        """
        s = whole("coherence", "window", window, 1)
        return float(min(1.0, (s - 1) * self.angle / np.pi))


def turning(tau: int, a: float) -> Turning:
    """How a mode turns in the long run at a = step times curvature, without noise.

    Raises ValueError unless tau is a whole number >= 0 and a finite and > 0.

    >>> found = turning(1, 1.0)  # at the limit: x_t = 1, 0, -1, -1, 0, 1, ...
    >>> round(found.modulus, 9), round(found.angle / np.pi, 9)
    (1.0, 0.333333333)
    >>> found.coherence([3], window=2).round(9)
    array([1.])
    >>> turning(1, 0.2).negative(window=2), round(found.negative(window=2), 9)
    (0.0, 0.333333333)

    Source: the roots r exp(i phi), r = sin(tau phi)/sin((tau + 1) phi); residues of the generating
    function.
    """
    steady = Steady(tau=whole("turning", "tau", tau, 0))
    modulus, angle = steady.dominant(positive("turning", a))
    z = modulus * np.exp(1j * angle)
    phase = 0.0 if angle in (0.0, np.pi) else float(np.angle(_weight(steady.tau, a, z)))
    return Turning(modulus=modulus, angle=angle, phase=phase)


def path(tau: int, a: float, steps: int) -> Array:
    """x_0 = 1, x_1, ..., x_steps without noise, from all roots at once, (steps + 1,).

    Loses digits next to a*, where two roots meet. Raises ValueError if an argument is not of its
    kind.

    >>> path(1, 0.5, 4).round(9) + 0.0
    array([ 1.  ,  0.5 ,  0.  , -0.25, -0.25])
    """
    tau, a = whole("path", "tau", tau, 0), positive("path", a)
    t = np.arange(whole("path", "steps", steps, 0) + 1)
    taps = np.zeros(tau + 2)
    taps[:2] = 1, -1
    taps[-1] += a
    z = np.roots(taps)[:, None]
    with np.errstate(under="ignore"):
        return np.asarray((_weight(tau, a, z) * z**t).sum(axis=0).real)


def _weight(tau: int, a: float, z: NDArray[Any]) -> NDArray[Any]:
    """R_z, by the generating function of the path with x_0 = x_{-1} = ... = 1."""
    return np.asarray(a * z ** (tau + 1) / ((z - 1) * ((tau + 1) * a - z**tau)))
