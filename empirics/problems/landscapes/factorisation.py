"""Products of factors: the smallest functions that share the geometry of deep linear networks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.additive import Additive
from empirics.problems.base import Array, real, whole
from empirics.problems.landscapes.base import exact, fields, point
from empirics.problems.regions import ball


def scalar_factorisation(
    c: float = 1.0,
    *,
    radius: float | None = None,
    sigma: float = 0.0,
    noise: str = "two-point",
    start: ArrayLike | None = None,
) -> Factorisation:
    r"""The product of two numbers is to be c.

    .. math:: f(u, v) = \tfrac12 (u v - c)^2

    Parameters: c != 0; radius = r, of the ball |(u, v)| <= r on which the constants hold,
    2 sqrt|c| unless given; sigma, the standard deviation of the noise, and its law; start = x_0,
    sqrt|c| (1.5, 0.2) unless given. The minimiser is the balanced one, sqrt|c| (1, sign c), of a
    hyperbola of them: the farther out, the sharper, with u^2 + v^2. It is the matrix of one entry
    in `matrix_factorisation`, which says why L = 3 r^2/2 + |c| is exact.
    Raises ValueError if a number is out of its range or the start outside the ball.

    >>> problem = scalar_factorisation()
    >>> problem.L, problem.mu_sc, problem.constants["sharpness"].value, problem.minimiser
    (7.0, -3.0, 2.0, array([1., 1.]))

    Source: any; the balance of u and v under gradient flow, Du, Hu and Lee, Algorithmic
    regularization in learning deep homogeneous models (2018), Theorem 2.1.
    """
    who = "scalar factorisation"
    product = real(who, "c", c, -np.inf, ends="()")
    if product == 0:
        raise ValueError(f"{who} needs c != 0, got {c!r}")
    size = abs(product) ** 0.5
    x = size * np.array([1.5, 0.2]) if start is None else point(who, "start", start, 2)
    return _factorisation(
        who,
        np.array([[product]]),
        rank=1,
        radius=2 * size if radius is None else radius,
        sigma=sigma,
        noise=noise,
        start=x,
        settings={"kind": "scalar_factorisation", "c": product},
    )


def matrix_factorisation(
    matrix: ArrayLike = ((2.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.5)),
    *,
    rank: int = 2,
    radius: float | None = None,
    sigma: float = 0.0,
    noise: str = "two-point",
    start: ArrayLike | None = None,
) -> Factorisation:
    r"""A matrix, all of whose entries are known, as the product of two thin ones.

    .. math:: f(U, V) = \tfrac12 \|U V^\top - A\|_F^2, \qquad U \in R^{m \times k},\
              V \in R^{n \times k}, \qquad x = (U, V) \text{ row by row}

    Parameters: matrix = A, (m, n), not 0; rank = k <= min(m, n); radius = r, of the ball |x| <= r
    on which the constants hold, sqrt 2 times the norm of the minimiser unless given; sigma, the
    standard deviation of the noise, and its law; start = x_0, half as long as the minimiser in a
    direction drawn once for all. Let s_1 >= s_2 >= ... be the singular values of A. The infimum is
    half the sum of s_i^2 over i > k (Eckart and Young), attained at U = P sqrt(S), V = Q sqrt(S).
    Raises ValueError if a number is out of its range or the start outside the ball.

    With R = U V' - A, the second derivative along (X, Y) is |X V' + U Y'|^2 + 2 <R, X Y'>. The
    first term is at most (|U|^2 + |V|^2) |(X, Y)|^2, the second |R|_2 |(X, Y)|^2 in size, and
    |R|_2 <= r^2/2 + s_1. Both are attained, by U = r p/sqrt 2 and V = -r q/sqrt 2 in one column,
    p and q the first singular vectors, and (X, Y) = (p, -q): so L = 3 r^2/2 + s_1; along (p, q) the
    first vanishes: mu_sc = -(r^2/2 + s_1). At the same point |grad f| = |(R V, R' U)| is r
    (r^2/2 + s_1), which is the largest it can be. At the minimiser the largest curvature is 2 s_1.

    >>> problem = matrix_factorisation()
    >>> problem.dim, problem.infimum, problem.constants["sharpness"].value, round(problem.L, 9)
    (12, 0.125, 4.0, 20.0)

    Source: Eckart and Young, The approximation of one matrix by another of lower rank (1936).
    """
    who = "matrix factorisation"
    try:
        A = np.array(matrix, dtype=np.float64)
    except (TypeError, ValueError):
        A = np.empty(0)
    if A.ndim != 2 or not A.size or not np.isfinite(A).all() or not A.any():
        raise ValueError(f"{who} needs a finite matrix of shape (m, n), not 0, got {matrix!r}")
    k = whole(who, "rank", rank, 1, min(A.shape))
    x = None if start is None else point(who, "start", start, k * sum(A.shape))
    return _factorisation(
        who,
        A,
        rank=k,
        radius=radius,
        sigma=sigma,
        noise=noise,
        start=x,
        settings={"kind": "matrix_factorisation", "matrix": A.tolist(), "rank": k},
    )


def _factorisation(
    who: str,
    A: Array,
    *,
    rank: int,
    radius: float | None,
    sigma: float,
    noise: str,
    start: Array | None,
    settings: dict[str, object],
) -> Factorisation:
    P, s, Q = np.linalg.svd(A, full_matrices=False)
    root = np.sqrt(s[:rank])
    lowest = np.concatenate([(P[:, :rank] * root).ravel(), (Q[:rank].T * root).ravel()])
    if lowest[0] < 0:
        lowest = -lowest  # the sign that the decomposition leaves open
    far = (2 * s[:rank].sum()) ** 0.5  # |minimiser|
    r = 2**0.5 * far if radius is None else real(who, "radius", radius, far)
    if start is None:
        direction = np.random.default_rng(0).standard_normal(len(lowest))
        start = direction * (far / 2 / np.linalg.norm(direction))
    rest = float(np.square(s[rank:]).sum()) / 2
    return Factorisation(
        **fields(
            who,
            start=start,
            sigma=sigma,
            noise=noise,
            constants={
                "L": exact(1.5 * r**2 + s[0], "3 r^2/2 + s_1 on |x| <= r, attained"),
                "mu_sc": exact(-(0.5 * r**2 + s[0]), "-(r^2/2 + s_1) on |x| <= r, attained"),
                "sharpness": exact(2 * s[0], "2 s_1 at the balanced minimiser"),
                "gradient_bound": exact(r * (0.5 * r**2 + s[0]), "r (r^2/2 + s_1), attained"),
                "infimum": exact(rest, "half the sum of the other s_i^2 (Eckart and Young)"),
            },
            settings={**settings, "radius": r},
            minimiser=lowest,
            region=ball(np.zeros(len(lowest)), r),
        ),
        matrix=A,
        rank=rank,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Factorisation(Additive):
    """What the factorisations make. Fields beyond Additive: matrix = A, (m, n), and rank = k."""

    matrix: Array
    rank: int

    def factors(self, x: Array) -> tuple[Array, Array]:
        """U and V in each row, (..., m, k) and (..., n, k): views."""
        (m, n), k, rows = self.matrix.shape, self.rank, x.shape[:-1]
        return x[..., : m * k].reshape(*rows, m, k), x[..., m * k :].reshape(*rows, n, k)

    def value(self, x: Array) -> Array:
        U, V = self.factors(x)
        R = U @ V.swapaxes(-1, -2) - self.matrix
        return np.asarray(np.square(R).sum(axis=(-2, -1)) / 2)

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        out = np.empty_like(x) if out is None else out
        U, V = self.factors(x)
        R = U @ V.swapaxes(-1, -2) - self.matrix
        cut = self.matrix.shape[0] * self.rank
        out[..., :cut] = (R @ V).reshape(*x.shape[:-1], cut)
        out[..., cut:] = (R.swapaxes(-1, -2) @ U).reshape(*x.shape[:-1], x.shape[-1] - cut)
        return out
