"""Logistic regression on real data with minibatch noise, whose variance is exact everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.base import Array, Constant
from empirics.problems.binary import Binary, binary
from empirics.problems.datasets import table
from empirics.problems.finite_sum import WIDE, FiniteSum, first_iterate
from empirics.problems.minibatch import Minibatches, minibatches
from empirics.problems.multinomial import Multinomial, multinomial

ACCURACY = 1e-10  # of the infimum
ROUNDING = 1e-12  # what bounds are moved outwards by, for the rounding of f itself
SEARCH = 200  # steps towards the best variance bound
SEEN = 500  # points at which the variance is estimated


def logistic(
    data: str | tuple[ArrayLike, ArrayLike] = "digits",
    *,
    classes: Sequence[Any] | None = None,
    l2: float = 1e-2,
    batch: int = 8,
    replacement: bool = True,
    sigma: Literal["bound", "estimate"] = "bound",
    standardise: bool = True,
    label: int | str = -1,
    start: ArrayLike | None = None,
) -> Logistic:
    r"""Regularised logistic regression; the noise is that of minibatches.

    .. math:: f(w) = \frac1n \sum_i \Big(\log \sum_k e^{\langle x_i, w_k \rangle}
                     - \langle x_i, w_{y_i} \rangle\Big) + \frac{l_2}{2} |w|^2

    and with two classes the same in the difference w = w_1 - w_0, whose sign s_i = +-1 is y_i:
    log(1 + exp(-s_i <x_i, w>)). The last entry of x_i is 1, and its weight, the intercept, is
    regularised like the others: so f is smooth and l2-strongly convex.

    Parameters: data, "digits" (two of them, `classes`, 3 and 8 unless given), "digits-multinomial"
    (all ten, or those in classes), "breast-cancer", the path of a CSV or LIBSVM file, or two arrays
    (X, y) of shapes (n, features) and (n,); l2 > 0; batch, rows a minibatch, drawn with or without
    replacement; sigma, see below; standardise, whether to bring columns to mean 0 and variance 1;
    label, the column of a CSV file that holds the classes, by place or name; start = w_0, (dim,),
    zeros unless given. With K > 2 classes dim is K times what it is with two. Raises ValueError if
    an argument is not of its kind.

    Constants, with A_i = s_i x_i and v = 1/batch, times (n - batch)/(n - 1) without replacement:

    - L, two classes: lambda_max(X'X)/(4 n) + l2, exact, for p(1 - p) <= 1/4 with equality at w = 0.
      More: lambda_max(X'X)/(2 n) + l2, a bound, as diag(p) - pp' <= (I - 11'/K)/2 [Boehning];
      nothing smaller would do, for two classes may come to share all probability.
    - mu_sc: l2, a bound, the loss being convex.
    - infimum: f(w) - |grad f(w)|^2/(2 l2) at a computed w, a bound by strong convexity; w is the
      minimiser within |grad f(w)|/l2.
    - sigma="bound": row i gives a gradient in the convex hull of its corners u (0 and -A_i; or
      x_i (e_k - e_{y_i})' for every class k) plus l2 w, which has no variance. A mean minimises
      mean squares and a convex function peaks at corners: for every fixed vector a,

      .. math:: E|\xi|^2 / v \le \frac1n \sum_i |g_i - a|^2 \le \frac1n \sum_i \max_u |u - a|^2

      a = 0 gives the classical mean |x_i|^2 (twice it for more classes); the least over a is
      sought, and wherever the search ends, the bound holds.
    - noise_bound: from the lengths of the corners, see `Minibatches.farthest`.
    - sigma="estimate": the largest exact variance at 500 points around the minimiser, as far from
      it as the start or nearer. Sharper, but only seen: nothing keeps a run among these points.

    >>> problem = logistic(batch=8)
    >>> problem.dim, problem.constants["L"].provenance
    (55, 'exact')
    >>> bool(problem.noise_variance(problem.start) < problem.sigma**2)
    True

    Source: D. Boehning, Annals of the Institute of Statistical Mathematics 44 (1992) 197-200.
    """
    if not (np.isfinite(l2) and l2 > 0):
        raise ValueError(f"logistic needs a finite l2 > 0, got {l2}")
    if sigma not in ("bound", "estimate"):
        raise ValueError(f'logistic needs sigma = "bound" or "estimate", got {sigma!r}')
    rows = table(data, classes, standardise, label=label)
    picks = minibatches("logistic", len(rows.X), batch, replacement)
    two = len(rows.classes) == 2
    loss = binary(rows) if two else multinomial(rows)
    x = first_iterate("logistic", start, loss.dim)
    top = float(np.linalg.eigvalsh(rows.X.T @ rows.X)[-1]) / len(rows.X)
    bare = Logistic(
        name="logistic",
        dim=loss.dim,
        start=x,
        constants={
            "L": Constant(
                value=top / 4 + l2 if two else top / 2 + l2,
                provenance="exact" if two else "bound",
                why="largest curvature, at w = 0" if two else "Boehning's bound of the Hessian",
            ),
            "mu_sc": Constant(value=l2, provenance="bound", why="the loss is convex, l2 is added"),
            "noise_bound": Constant(
                value=picks.farthest(np.sqrt(loss.squares * (1 if two else 2))) * (1 + ROUNDING),
                provenance="bound",
                why="rows' gradients are so long, for the farthest minibatch",
            ),
        },
        settings={
            "kind": "logistic",
            "data": rows.source,
            **rows.facts,
            "classes": list(rows.classes),
            "l2": float(l2),
            "batch": picks.size,
            "replacement": picks.replacement,
            "sigma": sigma,
            "standardise": standardise,
            "start": None if start is None else x.tolist(),
        },
        lanes=256 if loss.dim < WIDE else 64,
        sample_size=picks.size,
        loss=loss,
        l2=l2,
        picks=picks,
    )
    best = _minimiser(bare)
    return replace(
        bare,
        minimiser=best,
        within=float(np.linalg.norm(bare.gradient(best))) / l2,
        constants={
            **bare.constants,
            "sigma": variance_bound(loss, picks) if sigma == "bound" else _largest_seen(bare, best),
            "infimum": _infimum(bare, best),
        },
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Logistic(FiniteSum):
    """What `logistic` makes: a finite sum whose loss has products with its Hessian."""

    loss: Binary | Multinomial


def _minimiser(problem: Logistic) -> Array:
    """w with |grad f(w)|^2 / (2 l2) <= ACCURACY, hence f(w) - inf f <= ACCURACY."""
    from scipy.optimize import minimize  # takes a while to import

    found = minimize(
        lambda w: float(problem.value(w)),
        np.zeros(problem.dim),
        jac=problem.gradient,
        hessp=lambda w, v: problem.loss.hessian_product(w, v) + problem.l2 * v,
        method="trust-ncg",
        options={"gtol": np.sqrt(2 * problem.l2 * ACCURACY) / 100},
    )
    w: Array = found.x
    accuracy = _excess(problem, w)
    if not accuracy <= ACCURACY:
        raise RuntimeError(
            f"logistic needs its minimum within {ACCURACY}, got within {accuracy}; raise l2"
        )
    return w


def _excess(problem: Logistic, w: Array) -> float:
    """A bound of f(w) - inf f by strong convexity."""
    g = problem.gradient(w)
    return float(g @ g) / (2 * problem.l2)


def _infimum(problem: Logistic, w: Array) -> Constant:
    excess = _excess(problem, w)
    return Constant(
        value=float(problem.value(w)) - excess - ROUNDING,
        provenance="bound",
        why=f"f(w) - |grad f(w)|^2/(2 l2) - {ROUNDING} for rounding, the second {excess:.1e}",
    )


def variance_bound(loss: Binary | Multinomial, picks: Minibatches) -> Constant:
    """The least mean_i max_u |u - a|^2 met on a way towards the best a; any a proves its own."""
    a, least = np.zeros(loss.dim), np.inf
    for k in range(SEARCH):  # subgradient steps; the function is 2-strongly convex
        distance, mean = loss.farthest(a)
        least = min(least, distance)
        a += (mean - a) / (k + 2)
    return Constant(
        value=float(np.sqrt(least * picks.share)) * (1 + ROUNDING),
        provenance="bound",
        why="mean over the rows of the largest squared distance of a gradient to a fixed vector",
    )


def _largest_seen(problem: Logistic, best: Array) -> Constant:
    """Points uniform in radius and direction, the start among them."""
    generator = np.random.default_rng(0)
    radius = np.linalg.norm(problem.start - best) or 1.0
    directions = generator.standard_normal((SEEN, problem.dim))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    points = best + radius * generator.random((SEEN, 1)) * directions
    points[0] = problem.start
    return Constant(
        value=float(np.sqrt(problem.noise_variance(points).max())),
        provenance="estimate",
        why=f"largest of the exact variances at {SEEN} points within {radius:.3g} of the minimiser",
    )
