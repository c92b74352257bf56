"""Bowls that grow like |x| far out, so that gradients are bounded: Huber's function, log-cosh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems import noise as noises
from empirics.problems.additive import Additive
from empirics.problems.base import Array, Constant, real
from empirics.problems.quadratic import WIDE, quadratic
from empirics.problems.scalar import Scalar, scalar


def huber(
    dim: int | None = None,
    *,
    mu: float | None = None,
    L: float | None = None,
    condition: float | None = None,
    spectrum: ArrayLike | None = None,
    width: float = 1.0,
    sigma: float = 0.0,
    noise: str = "two-point",
    start: ArrayLike | None = None,
) -> Flattened:
    r"""Huber's function of every coordinate, with additive noise.

    .. math:: f(x) = \sum_i h_i \psi(x_i), \qquad
              \psi(r) = \tfrac12 r^2 \text{ if } |r| \le \delta \text{ else }
              \delta |r| - \tfrac12 \delta^2

    Parameters: width = delta > 0; the rest as for `quadratic`, which it is for |x_i| <= delta; 10
    dimensions and condition = 10 unless given.
    Convex and not strongly convex. All constants are exact: L = max h, gradient_bound = delta |h|
    (every coordinate beyond delta), second_moment = gradient_bound^2 + sigma^2, infimum 0 at 0.
    Raises ValueError if an argument is not of its kind.

    >>> problem = huber(spectrum=[3.0, 4.0], width=0.5, sigma=1.0)
    >>> problem.constants["gradient_bound"].value, problem.constants["second_moment"].value
    (2.5, 7.25)

    Source: P. J. Huber, Annals of Mathematical Statistics 35 (1964) 73-101.
    """
    bowl: dict[str, object] = {
        "dim": dim,
        "mu": mu,
        "L": L,
        "condition": condition,
        "spectrum": spectrum,
    }
    return _flattened("huber", width, sigma, noise, start, bowl)


def log_cosh(
    dim: int | None = None,
    *,
    mu: float | None = None,
    L: float | None = None,
    condition: float | None = None,
    spectrum: ArrayLike | None = None,
    width: float = 1.0,
    sigma: float = 0.0,
    noise: str = "two-point",
    start: ArrayLike | None = None,
) -> Flattened:
    r"""log cosh of every coordinate, with additive noise: smooth of every order.

    .. math:: f(x) = \sum_i h_i \delta^2 \log\cosh(x_i/\delta)

    Parameters and constants as for `huber`, but gradient_bound and second_moment are only
    approached, far out. Raises ValueError if an argument is not of its kind.

    >>> float(log_cosh(spectrum=[2.0]).gradient(np.array([100.0]))[0])
    2.0
    """
    bowl: dict[str, object] = {
        "dim": dim,
        "mu": mu,
        "L": L,
        "condition": condition,
        "spectrum": spectrum,
    }
    return _flattened("log-cosh", width, sigma, noise, start, bowl)


@dataclass(frozen=True, eq=False, kw_only=True)
class Flattened(Additive):
    """What `huber` and `log_cosh` make. Fields beyond Additive: spectrum = h, (dim,); psi."""

    spectrum: Array
    psi: Scalar

    def value(self, x: Array) -> Array:
        return np.asarray(self.psi.value(x) @ self.spectrum)

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        return np.multiply(self.psi.slope(x), self.spectrum, out=out)


def _flattened(
    kind: str,
    width: float,
    sigma: float,
    noise: str,
    start: ArrayLike | None,
    bowl: dict[str, object],
) -> Flattened:
    who = kind.replace("-", "_")
    delta = real(who, "width", width, 0, ends="()")
    if bowl["spectrum"] is None:
        bowl["dim"] = 10 if bowl["dim"] is None else bowl["dim"]
        if bowl["mu"] is None and bowl["condition"] is None and bowl["dim"] != 1:
            bowl["condition"] = 10
    try:
        # the words of the quadratic fit: they name the arguments
        round_ = quadratic(**bowl, start=start)  # type: ignore[arg-type]
    except ValueError as reason:
        raise ValueError(str(reason).replace("quadratic needs", f"{who} needs")) from None
    size = real(who, "sigma", sigma, 0)
    h = round_.spectrum
    steepest = delta * float(np.linalg.norm(h))
    exact = {
        "L": (h.max(), "largest entry of the spectrum, at 0"),
        "mu_sc": (0.0, "convex, and linear far out"),
        "sharpness": (h.max(), "largest entry of the spectrum"),
        "gradient_bound": (steepest, "width times the length of the spectrum, far out"),
        "second_moment": (steepest**2 + size**2, "gradient_bound^2 + sigma^2"),
        "infimum": (0.0, "value at the minimiser 0"),
    }
    return Flattened(
        name=kind,
        dim=round_.dim,
        start=round_.start,
        constants={
            **{
                k: Constant(value=float(v), provenance="exact", why=w)
                for k, (v, w) in exact.items()
            },
            **noises.constants(who, noise, size),
        },
        settings={**round_.settings, "kind": kind, "width": delta, "sigma": size, "noise": noise},
        lanes=64 if round_.dim >= WIDE else 256,
        sample_size=round_.dim if size else 0,
        minimiser=round_.minimiser,
        spectrum=h,
        psi=scalar(who, kind, delta),
        noise=noise,
    )
