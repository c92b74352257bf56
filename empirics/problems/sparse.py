"""Quadratics whose Hessian has a given pattern of zeros and given extreme curvatures.

The Laplacian of a graph has an entry for every edge, the smallest eigenvalue 0 (all coordinates
alike), and a largest one that can be computed. Shifted and scaled, these become mu and L.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirics.problems import noise as noises
from empirics.problems.additive import Additive
from empirics.problems.base import Array, Constant, real, whole

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Pattern: TypeAlias = Literal["path", "ring", "grid", "star", "random"]
PATTERNS = ("path", "ring", "grid", "star", "random")
DENSE = 200  # dimensions up to which a dense product is faster


def sparse_quadratic(
    dim: int = 16,
    *,
    pattern: Pattern | Sequence[tuple[int, int]] = "path",
    density: float | None = None,
    seed: int | None = None,
    mu: float | None = None,
    L: float = 1.0,
    condition: float | None = None,
    sigma: float = 0.0,
    noise: str = "two-point",
    start: ArrayLike | None = None,
) -> SparseQuadratic:
    r"""A quadratic in which a coordinate depends on few others.

    .. math:: f(x) = \tfrac12 x'Ax, \qquad A = \mu I + \frac{L - \mu}{\lambda_{\max}(G)} G, \qquad
              x'Gx = \sum_{(i, j)} (x_i - x_j)^2

    over the edges (i, j) of a graph on the coordinates: A_ij != 0 for these, i = j, and no others.

    Parameters: pattern, "path" (A is tridiagonal), "ring", "grid" (dim is a square), "star" (an
    arrow: all edges at coordinate 0), "random" (an edge between any two with probability density,
    0.1 unless given, and the path, by `seed`, 0 unless given), or the pairs (i, j); mu or condition
    = L/mu, 10 unless given; sigma, noise and start as for `quadratic`. The minimiser is 0, the
    infimum 0; mu and L are exact for every graph with an edge, the eigenvector of mu being (1, ...,
    1).
    Raises ValueError if an argument is not of its kind.

    >>> problem = sparse_quadratic(3, mu=0.5, L=2.0)
    >>> problem.matrix.toarray()
    array([[ 1. , -0.5,  0. ],
           [-0.5,  1.5, -0.5],
           [ 0. , -0.5,  1. ]])
    """
    who = "sparse quadratic"
    d = whole(who, "dim", dim, 2)
    top = real(who, "L", L, 0, ends="()")
    if mu is not None and condition is not None:
        raise ValueError(f"{who} needs mu or condition, got both; drop one of them")
    ratio = real(who, "condition", 10.0 if condition is None else condition, 1)
    bottom = top / ratio if mu is None else real(who, "mu", mu, 0, top, ends="()")
    if bottom == top:
        raise ValueError(f"{who} needs mu < L, got {top:g} for both: then it has no pattern")
    size = real(who, "sigma", sigma, 0)
    chance = _chance(pattern, density, seed)
    edges = _edges(d, pattern, *chance)
    matrix = _matrix(d, edges, bottom, top)
    x = np.full(d, d**-0.5) if start is None else np.array(start, dtype=np.float64)
    exact = {
        "L": (top, "largest eigenvalue, to which the graph's is scaled"),
        "mu_sc": (bottom, "smallest eigenvalue, of the vector of ones"),
        "sharpness": (top, "the Hessian is the same everywhere"),
        "infimum": (0.0, "value at the minimiser 0"),
    }
    return SparseQuadratic(
        name=who,
        dim=d,
        start=x,
        constants={
            **{k: Constant(value=v, provenance="exact", why=w) for k, (v, w) in exact.items()},
            **noises.constants(who, noise, size),
        },
        settings={
            "kind": "sparse-quadratic",
            "dim": d,
            "pattern": pattern if isinstance(pattern, str) else edges.tolist(),
            "density": chance[0] if pattern == "random" else None,
            "seed": chance[1] if pattern == "random" else None,
            "mu": bottom,
            "L": top,
            "sigma": size,
            "noise": noise,
            "start": None if start is None else x.tolist(),
        },
        lanes=256 if d < 500 else 64,
        sample_size=d if size else 0,
        minimiser=np.zeros(d),
        noise=noise,
        matrix=matrix,
        dense=matrix.toarray() if d <= DENSE else None,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class SparseQuadratic(Additive):
    """What `sparse_quadratic` makes.

    Fields beyond Additive: matrix = A, (dim, dim), sparse; dense, the same in small dimensions.
    """

    matrix: csr_array
    dense: Array | None

    def value(self, x: Array) -> Array:
        return np.asarray(np.vecdot(x, self.gradient(x)) / 2)

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        if self.dense is not None:
            return np.matmul(x, self.dense, out=out)
        product = (self.matrix @ x.reshape(-1, self.dim).T).T.reshape(x.shape)  # A is symmetric
        if out is None:
            return np.ascontiguousarray(product)
        out[...] = product
        return out


def _chance(
    pattern: Pattern | Sequence[tuple[int, int]], density: float | None, seed: int | None
) -> tuple[float, int]:
    """Density and seed, which random patterns have and no others."""
    who = "sparse quadratic"
    for what, given in (("density", density), ("seed", seed)):
        if given is not None and pattern != "random":
            raise ValueError(f"{who} needs pattern = random for a {what}, got {pattern!r}")
    share = real(who, "density", 0.1 if density is None else density, 0, 1)
    return share, whole(who, "seed", 0 if seed is None else seed, 0)


def _edges(
    dim: int, pattern: Pattern | Sequence[tuple[int, int]], density: float, seed: int
) -> NDArray[np.int64]:
    """The pairs i < j, (edges, 2), each once."""
    who = "sparse quadratic"
    path = np.column_stack([np.arange(dim - 1), np.arange(1, dim)])
    if not isinstance(pattern, str):
        try:
            given = np.array(pattern)
        except ValueError:
            given = np.empty(0)
        fits = given.ndim == 2 and given.shape[1:] == (2,) and given.dtype.kind in "iu"
        if not fits or given.min() < 0 or given.max() >= dim or (given[:, 0] == given[:, 1]).any():
            raise ValueError(
                f"{who} needs pairs (i, j) of different coordinates below dim = {dim}, got "
                f"{pattern!r}"
            )
        return np.unique(np.sort(given, axis=1), axis=0).astype(np.int64)
    if pattern not in PATTERNS:
        raise ValueError(f"{who} needs pattern among {', '.join(PATTERNS)}, got {pattern!r}")
    if pattern == "ring":
        return np.unique(np.vstack([path, [0, dim - 1]]), axis=0)
    if pattern == "star":
        return np.column_stack([np.zeros(dim - 1, dtype=np.int64), np.arange(1, dim)])
    if pattern == "grid":
        side = round(dim**0.5)
        if side**2 != dim:
            raise ValueError(f"{who} needs a square number dim for a grid, got {dim}")
        place = np.arange(dim).reshape(side, side)
        pairs = [(place[:, :-1], place[:, 1:]), (place[:-1], place[1:])]
        return np.vstack([np.column_stack([a.ravel(), b.ravel()]) for a, b in pairs])
    if pattern == "random":
        chance = np.random.default_rng(seed).random((dim, dim))
        return np.unique(np.vstack([path, np.argwhere(np.triu(chance < density, 1))]), axis=0)
    return path


def _matrix(dim: int, edges: NDArray[np.int64], mu: float, L: float) -> csr_array:
    from scipy.sparse import coo_array, csr_array  # takes a while to import
    from scipy.sparse.linalg import eigsh

    i, j = edges.T
    ones = np.ones(len(edges))
    degrees = np.bincount(edges.ravel(), minlength=dim).astype(np.float64)
    places = (np.concatenate([i, j, np.arange(dim)]), np.concatenate([j, i, np.arange(dim)]))
    graph = csr_array(coo_array((np.concatenate([-ones, -ones, degrees]), places), (dim, dim)))
    if dim <= DENSE:
        largest = float(np.linalg.eigvalsh(graph.toarray())[-1])
    else:
        start = np.random.default_rng(0).standard_normal(dim)  # else it differs from call to call
        largest = float(eigsh(graph, k=1, v0=start, return_eigenvectors=False)[0])
    scaled: csr_array = graph * ((L - mu) / largest)
    scaled.setdiag(scaled.diagonal() + mu)
    return scaled
