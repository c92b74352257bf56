r"""The largest eigenvalue of a Hessian at a point, from products with it alone.

.. math:: H v = \mathrm{Im}\, \nabla f(x + i h v)/h, \qquad
          H v \approx \frac{\nabla f(x + h v) - \nabla f(x - h v)}{2h}

The complex step is exact but for rounding, where a gradient takes complex numbers and is the same
formula for them; else differences, with the h at which halving it changes least.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.base import Array, Problem, real, whole

DENSE = 40  # dimensions up to which the whole Hessian is made
TINY = 1e-30  # complex step: its square is lost next to 1
AGREE = 1e-3  # relative: how well complex step and differences must agree
SHRINK = 4.0  # from one h of the differences that are tried to the next
TRIED = 13
ENOUGH = 1e-7  # relative: no better product is looked for


@dataclass(frozen=True, kw_only=True)
class Sharpness:
    """The largest eigenvalue of a Hessian.

    Fields: value, a Rayleigh quotient, so that the largest eigenvalue is at least as large, but for
    the error of the products; error, how far some eigenvalue may be from it: the residual
    |H v - value v| of its unit vector v and the error of this product; products, how many were
    made; method, "complex step" or "differences"; whole, whether the whole Hessian was made, so
    that no larger eigenvalue can have been missed.

    >>> print(Sharpness(value=2.0, error=0.001, products=9, method="differences", whole=False))
    sharpness 2 +- 0.001 (Lanczos, 9 products by differences)
    """

    value: float
    error: float
    products: int
    method: str
    whole: bool

    def __str__(self) -> str:
        how = "whole Hessian" if self.whole else "Lanczos"
        return (
            f"sharpness {self.value:.4g} +- {self.error:.1g} "
            f"({how}, {self.products} products by {self.method})"
        )


def sharpness(
    problem: Problem, point: ArrayLike, *, accuracy: float = 1e-6, seed: int = 0
) -> Sharpness:
    r"""The largest eigenvalue of the Hessian of a problem at a point.

    .. math:: \lambda_{\max} = \max_{|v| = 1} v' \nabla^2 f(x)\, v

    Parameters: problem; point = x, (dim,); accuracy, relative, at which Lanczos may stop; seed of
    the vector it starts from. Up to 40 dimensions the whole Hessian is made instead. One product
    costs one or two full gradients. Where f has kinks (ReLU), it is the curvature between them.
    Raises ValueError if an argument is not of its kind, or gradients around the point not finite.

    >>> from empirics import problems
    >>> chain = problems.deep_linear_chain(8, 0.5)
    >>> found = sharpness(chain, chain.minimiser)
    >>> round(found.value, 6), round(chain.constants["sharpness"].value, 6), found.method
    (2.378414, 2.378414, 'complex step')

    Source: Pearlmutter 1994 (products with a Hessian); Squire, Trapp 1998 (complex step); Lehoucq,
    Sorensen, Yang 1998 (ARPACK).
    """
    if not isinstance(problem, Problem):
        raise ValueError(f"sharpness needs a Problem such as quadratic(...), got {problem!r}")
    x = _point(problem, point)
    goal = real("sharpness", "accuracy", accuracy, 0, 1, ends="()")
    generator = np.random.default_rng(whole("sharpness", "seed", seed, 0, np.inf))
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"), np.errstate(over="ignore", invalid="ignore"):
        products = _Products(problem, x, generator)
        if problem.dim <= DENSE:
            H = np.array([products(e) for e in np.eye(problem.dim)])
            values, vectors = np.linalg.eigh((H + H.T) / 2)
            value, v = float(values[-1]), vectors[:, -1]
        else:
            value, v = _lanczos(products, problem.dim, goal, generator)
        Hv = products(v)
        residual = float(np.linalg.norm(Hv - value * v))
        return Sharpness(
            value=value,
            error=residual + products.error(v, Hv),
            products=products.count,
            method=products.method,
            whole=problem.dim <= DENSE,
        )


class _Products:
    """Products of the Hessian at x with vectors."""

    def __init__(self, problem: Problem, x: Array, generator: np.random.Generator) -> None:
        self.problem, self.x, self.count = problem, x, 0
        v = generator.standard_normal(problem.dim)
        v /= np.linalg.norm(v)
        self.h = self._best_h(v)
        by_differences = self._difference(v, self.h)
        self._product: Callable[[Array], Array]
        exact = self._complex(v)
        scale = np.linalg.norm(by_differences)
        if exact is not None and np.linalg.norm(exact - by_differences) <= AGREE * scale:
            self.method = "complex step"
            self._product = lambda v: np.asarray(self._complex(v))
        else:
            self.method = "differences"
            self._product = lambda v: self._difference(v, self.h)

    def __call__(self, v: Array) -> Array:
        self.count += 1
        size = float(np.linalg.norm(v))
        return self._product(v / size) * size if size else np.zeros_like(v)

    def error(self, v: Array, Hv: Array) -> float:
        """Of one product with a unit vector: what another h would change."""
        if self.method == "complex step":
            return float(np.finfo(np.float64).eps * np.linalg.norm(Hv))
        return float(np.linalg.norm(self._difference(v, 2 * self.h) - Hv))

    def _difference(self, v: Array, h: float) -> Array:
        ends = np.stack([self.x + h * v, self.x - h * v])
        above, below = self.problem.gradient(ends)
        found: Array = (above - below) / (2 * h)
        if not np.isfinite(found).all():
            raise ValueError(
                "sharpness needs a point with finite gradients around it, got some that are not; "
                "take a point that a stable run has reached"
            )
        return found

    def _complex(self, v: Array) -> Array | None:
        """Not even tried to be right: `__init__` looks at whether it is."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # a discarded imaginary part is a warning
                turned: Array = self.x + 1j * TINY * v
                gradient = np.asarray(self.problem.gradient(turned[None]))[0]
        except (TypeError, ValueError, ArithmeticError, Warning):
            return None
        found: Array = gradient.imag / TINY
        return found if np.isfinite(found).all() else None

    def _best_h(self, v: Array) -> float:
        """Large ones see higher derivatives, small ones rounding: where halving changes least.

        Of those that are as good, or good enough, the smallest: between kinks there is room for
        small ones only, and vectors that Lanczos finds meet more kinks than a random one.
        """
        hs = max(1.0, float(np.linalg.norm(self.x))) * 0.1 * SHRINK ** -np.arange(TRIED)
        changes = np.full(TRIED, np.inf)
        for k, h in enumerate(hs.tolist()):
            with suppress(ValueError):  # too far away; nearer ones may do
                found = self._difference(v, h)
                enough = ENOUGH * np.linalg.norm(found)
                change = np.linalg.norm(found - self._difference(v, h / 2))
                changes[k] = max(change, enough)
        if np.isinf(changes).all():
            self._difference(v, float(hs[-1]))  # raises, with the sentence
        return float(hs[changes <= 10 * changes.min()][-1])


def _lanczos(
    products: _Products, dim: int, accuracy: float, generator: np.random.Generator
) -> tuple[float, Array]:
    """The largest eigenvalue and its vector."""
    from scipy.sparse.linalg import LinearOperator, eigsh  # slow to import

    v = generator.standard_normal(dim)
    if not products(v).any():  # flat: ARPACK would divide by 0
        return 0.0, v / np.linalg.norm(v)
    operator = LinearOperator((dim, dim), matvec=lambda u: products(u.ravel()), dtype=np.float64)
    values, vectors = eigsh(operator, k=1, which="LA", tol=accuracy, v0=v)
    return float(values[0]), np.asarray(vectors[:, 0])


def _point(problem: Problem, point: ArrayLike) -> Array:
    try:
        x = np.array(point, dtype=np.float64)
    except (TypeError, ValueError):
        x = np.full(0, np.nan)
    if x.shape != (problem.dim,) or not np.isfinite(x).all():
        raise ValueError(
            f"sharpness needs a finite point of shape ({problem.dim},), got {point!r}; "
            "take problem.minimiser or one that a run has reached"
        )
    return x
