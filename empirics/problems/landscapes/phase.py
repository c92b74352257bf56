"""Phase retrieval: a vector from its products with known ones, of which the signs are lost."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.additive import Additive
from empirics.problems.base import Array, real
from empirics.problems.landscapes.base import bound, exact, fields, point
from empirics.problems.regions import ball

DIRECTIONS = 4096  # of the plane, in which the largest curvature is looked for


def phase_retrieval(
    signal: ArrayLike = (1.0, 0.0),
    *,
    vectors: ArrayLike | None = None,
    radius: float | None = None,
    sigma: float = 0.0,
    noise: str = "two-point",
    start: ArrayLike | None = None,
) -> PhaseRetrieval:
    r"""A signal z is to be found from (a_i^T z)^2: minima at z and -z, a hill at 0.

    .. math:: f(x) = \frac1{4n} \sum_{i=1}^n \big((a_i^\top x)^2 - (a_i^\top z)^2\big)^2

    Parameters: signal = z, (dim,), not 0; vectors = a_i, (n, dim), eight of length sqrt 2 at equal
    angles of a half circle unless given, which needs dim = 2; radius = r >= |z|, of the ball
    |x| <= r on which the constants hold, 1.5 |z| unless given; sigma, the standard deviation of the
    noise, and its law; start = x_0, 0.1 z and 0.8 |z| at right angles to it unless given. The
    minimiser is the one of z and -z on the side of x_0, the infimum 0. Raises ValueError if a
    number is out of its range, the vectors do not see z, or the start is outside the ball.

    With b_i = (a_i^T z)^2 the Hessian is mean 3 (a_i^T x)^2 a_i a_i^T - B, B = mean b_i a_i a_i^T.
    The first part is positive, so that mu_sc = -|B|, at 0: exact. Its size grows with |x|. On the
    circle |x| = r of the plane, the largest eigenvalue is looked for in 4096 directions; between
    two of them it grows by no more than 3 r^2 |mean |a_i|^2 a_i a_i^T| times the angle, which is
    added. In more dimensions 3 r^2 |mean vec(a_i a_i^T) vec(a_i a_i^T)^T| bounds it. Hence L.
    At the minimiser the Hessian is 2 B. As grad f = (T - B) x with T = mean (a_i^T x)^2 a_i a_i^T,
    it is at most r times the larger of |B| and the bound of |T| that is found alike.

    >>> problem = phase_retrieval()
    >>> round(problem.mu_sc, 9), round(problem.constants["sharpness"].value, 9), problem.L < 9.64
    (-1.5, 3.0, True)

    Source: Candes, Li and Soltanolkotabi, Phase retrieval via Wirtinger flow (2015), equation (1.2)
    """
    who = "phase retrieval"
    z = point(who, "signal", signal)
    size = float(np.linalg.norm(z))
    if not size:
        raise ValueError(f"{who} needs a signal other than 0, got {signal!r}")
    A = _vectors(who, vectors, len(z))
    b = np.square(A @ z)
    B = (A.T * b) @ A / len(A)
    most = float(np.linalg.eigvalsh(B)[-1])
    if not most > 0:
        raise ValueError(f"{who} needs vectors that see the signal, got products that are all 0")
    r = 1.5 * size if radius is None else real(who, "radius", radius, size)
    steepest, quartic = _steepest(A, B, r), _steepest(A, np.zeros_like(B), r) / 3
    x = _aside(z) if start is None else point(who, "start", start, len(z))
    return PhaseRetrieval(
        **fields(
            who,
            start=x,
            sigma=sigma,
            noise=noise,
            constants={
                "L": bound(max(steepest, most), "largest curvature on |x| <= r"),
                "mu_sc": exact(-most, "smallest curvature, at 0"),
                "sharpness": exact(2 * most, "the Hessian at the signal is 2 B"),
                "gradient_bound": bound(r * max(quartic, most), "r max(|T|, |B|) on |x| <= r"),
                "infimum": exact(0.0, "value at the signal"),
            },
            settings={
                "kind": "phase_retrieval",
                "signal": z.tolist(),
                "vectors": None if vectors is None else A.tolist(),
                "radius": r,
            },
            minimiser=z if x @ z >= 0 else -z,
            region=ball(np.zeros(len(z)), r),
        ),
        vectors=A,
        squares=b,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class PhaseRetrieval(Additive):
    """What `phase_retrieval` makes. Fields beyond Additive: vectors, (n, dim), and what is seen
    with them, squares = (a_i^T z)^2, (n,).
    """

    vectors: Array
    squares: Array

    def value(self, x: Array) -> Array:
        away = np.square(x @ self.vectors.T) - self.squares
        return np.asarray(np.square(away).sum(axis=-1) / (4 * len(self.squares)))

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        seen = x @ self.vectors.T
        seen *= np.square(seen) - self.squares
        return np.matmul(seen, self.vectors / len(self.squares), out=out)


def _vectors(who: str, vectors: ArrayLike | None, dim: int) -> Array:
    if vectors is None:
        if dim != 2:
            raise ValueError(f"{who} needs vectors of shape (n, {dim}) for this signal, got none")
        angles = np.arange(8) * pi / 8
        return 2**0.5 * np.column_stack([np.cos(angles), np.sin(angles)])
    try:
        A = np.array(vectors, dtype=np.float64)
    except (TypeError, ValueError):
        A = np.empty(0)
    if A.ndim != 2 or A.shape[1] != dim or not len(A) or not np.isfinite(A).all():
        raise ValueError(f"{who} needs finite vectors of shape (n, {dim}), got {vectors!r}")
    return A


def _aside(z: Array) -> Array:
    """0.1 z, and 0.8 |z| in the direction at right angles to z that is nearest to an axis."""
    axis = np.zeros(len(z))
    axis[np.abs(z).argmin()] = 1.0
    axis -= (axis @ z) / (z @ z) * z
    length = float(np.linalg.norm(axis))
    return 0.1 * z + (0.8 * float(np.linalg.norm(z)) / length * axis if len(z) > 1 else 0.0)


def _steepest(A: Array, B: Array, r: float) -> float:
    """A bound of the largest eigenvalue of 3 T - B on |x| <= r."""
    n, d = A.shape
    if d == 2:
        angles = np.arange(DIRECTIONS) * pi / DIRECTIONS
        u = np.column_stack([np.cos(angles), np.sin(angles)])
        weights = np.square(u @ A.T) / n  # (directions, n)
        T = np.einsum("di,ij,ik->djk", weights, A, A)
        along = np.linalg.eigvalsh(3 * r**2 * T - B)[:, -1].max()
        lengths = np.square(A).sum(axis=1)
        turning = np.linalg.eigvalsh((A.T * lengths) @ A / n)[-1]
        return float(along + 3 * r**2 * turning * pi / (2 * DIRECTIONS))
    flat = np.einsum("ij,ik->ijk", A, A).reshape(n, d * d)
    quartic = np.linalg.eigvalsh(flat.T @ flat / n)[-1]
    return float(3 * r**2 * quartic - np.linalg.eigvalsh(B)[0])
