"""The support vector machine: the hinge loss, which has kinks and bounded subgradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirics.problems.base import Array, Constant, real
from empirics.problems.binary import binary
from empirics.problems.datasets import table
from empirics.problems.finite_sum import WIDE, FiniteSum, first_iterate
from empirics.problems.logistic import variance_bound
from empirics.problems.minibatch import minibatches
from empirics.problems.regions import Ball

ACCURACY = 1e-9  # of the infimum
ROUNDING = 1e-12  # what bounds are moved outwards by
ROUNDS = 60  # of the search for the rows on the margin


def hinge(
    data: str | tuple[ArrayLike, ArrayLike] = "digits",
    *,
    classes: Sequence[Any] | None = None,
    l2: float = 1e-2,
    batch: int = 8,
    replacement: bool = True,
    standardise: bool = True,
    label: int | str = -1,
    start: ArrayLike | None = None,
) -> Hinge:
    r"""The support vector machine of two classes; the noise is that of minibatches.

    .. math:: f(w) = \frac1n \sum_i \max(0, 1 - \langle A_i, w \rangle) + \frac{l_2}{2} |w|^2,
              \qquad A_i = s_i x_i, \ s_i = \pm 1

    The subgradient is -A_i where <A_i, w> < 1, and 0 else, on the kink too. Parameters: as for
    `logistic`, but for two classes only, and l2 >= 0. Raises ValueError if an argument is not of
    its kind.

    Constants:

    - there is no L: gradients jump. mu_sc: l2, a bound.
    - second_moment, if l2 = 0: mean |A_i|^2, which a minibatch of one row has at w = 0 (exact);
      larger ones and full gradients have no more (a bound).
    - gradient_bound, if l2 = 0: of the full subgradient along v, mean max(0, <A_i, v>) is at most
      (|mean A_i| + sqrt(lambda_max(A'A/n)))/2; a bound. With l2 > 0 gradients grow with |w|: keep
      the iterates in a ball (`on_ball`).
    - sigma and noise_bound: as for `logistic`, whose gradients have the same corners 0 and -A_i.
    - infimum, if l2 > 0: the value of the dual problem, at w within sqrt(2 gap/l2) of the
      minimiser; a bound. If l2 = 0: 0, a bound.

    >>> problem = hinge(l2=0.1)
    >>> "L" in problem.constants, problem.looseness < 1e-9
    (False, True)
    >>> hinge(l2=0.0, batch=1).constants["second_moment"].provenance
    'exact'

    Source: C. Cortes, V. Vapnik, Machine Learning 20 (1995) 273-297.
    """
    who = "hinge"
    ridge = real(who, "l2", l2, 0)
    rows = table(data, classes, standardise, label=label, who=who)
    if len(rows.classes) != 2:
        raise ValueError(f"{who} needs two classes, got {list(rows.classes)}; name two of them")
    picks = minibatches(who, len(rows.X), batch, replacement)
    smooth = binary(rows)
    loss = Margins(smooth.A, smooth.squares)
    lengths = np.sqrt(loss.squares)
    x = first_iterate("hinge", start, loss.dim)
    mean = loss.A.mean(axis=0)
    top = float(np.linalg.eigvalsh(loss.A.T @ loss.A / len(loss.A))[-1])
    bounds: dict[str, tuple[float, str]] = {
        "noise_bound": (
            picks.farthest(lengths),
            "rows' subgradients are so long, for the farthest minibatch",
        )
    }
    steepest = (float(np.linalg.norm(mean)) + top**0.5) / 2 * (1 + ROUNDING)
    if not ridge:
        bounds["gradient_bound"] = (steepest, "(|mean A_i| + root of the largest eigenvalue)/2")
    constants = {
        "mu_sc": Constant(value=ridge, provenance="bound", why="the loss is convex, l2 is added"),
        "sigma": variance_bound(smooth, picks),
        **{
            name: Constant(value=value * (1 + ROUNDING), provenance="bound", why=why)
            for name, (value, why) in bounds.items()
        },
    }
    if not ridge:
        constants["second_moment"] = Constant(
            value=float(loss.squares.mean()),
            provenance="exact" if picks.size == 1 else "bound",
            why="mean |A_i|^2" + ", at w = 0" * (picks.size == 1),
        )
    bare = Hinge(
        name=who,
        dim=loss.dim,
        start=x,
        constants=constants,
        settings={
            "kind": "hinge",
            "data": rows.source,
            **rows.facts,
            "classes": list(rows.classes),
            "l2": ridge,
            "batch": picks.size,
            "replacement": picks.replacement,
            "standardise": standardise,
            "start": None if start is None else x.tolist(),
        },
        lanes=256 if loss.dim < WIDE else 64,
        sample_size=picks.size,
        loss=loss,
        l2=ridge,
        picks=picks,
        steepest=steepest,
    )
    if not ridge:
        zero = Constant(value=0.0, provenance="bound", why="the loss is not negative")
        return replace(bare, constants={**constants, "infimum": zero})
    best, dual = _minimum(bare)
    gap = max(float(bare.value(best)) - dual, 0.0)
    if gap > ACCURACY:
        raise RuntimeError(f"hinge needs its minimum within {ACCURACY}, got {gap:.1e}; raise l2")
    why = f"value of the dual problem, less {ROUNDING} for rounding; w is above it by {gap:.1e}"
    bottom = Constant(value=dual - ROUNDING, provenance="bound", why=why)
    return replace(
        bare,
        constants={**constants, "infimum": bottom},
        minimiser=best,
        within=float(np.sqrt(2 * (gap + ROUNDING) / ridge)),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Hinge(FiniteSum):
    """What `hinge` makes. Fields beyond FiniteSum: steepest, a bound of |grad f| without l2."""

    steepest: float

    def steepest_in(self, around: Ball) -> Constant:
        far = float(np.linalg.norm(around.centre)) + around.radius
        why = "of the loss, and l2 times the largest |w| of the region"
        return Constant(value=self.steepest + self.l2 * far, provenance="bound", why=why)


@dataclass(frozen=True, eq=False)
class Margins:
    """Mean over the rows A, (n, dim), of the hinge loss, at iterates w that are rows, (m, dim)."""

    A: Array
    squares: Array  # |A_i|^2, (n,)

    @property
    def dim(self) -> int:
        return int(self.A.shape[1])

    def value(self, w: Array) -> Array:
        """(m, dim) -> (m,)."""
        return np.asarray(np.maximum(1 - w @ self.A.T, 0).mean(axis=-1))

    def gradient(self, w: Array, out: Array) -> None:
        """A subgradient: (m, dim) into (m, dim)."""
        np.matmul((w @ self.A.T < 1) * (-1 / len(self.A)), self.A, out=out)

    def minibatch(self, w: Array, picked: NDArray[np.int64], out: Array) -> None:
        """Subgradients at w, (m, dim), over the rows that `picked`, (m, b), names for each."""
        rows = self.A.take(picked, axis=0)  # (m, b, dim)
        z = np.matmul(rows, w[..., None])[..., 0]  # (m, b)
        c = (z < 1) * (-1 / picked.shape[1])
        if picked.shape[1] == 1:  # a product of 1 by 1 with 1 by dim is slow in BLAS
            np.multiply(c, rows[:, 0], out=out)
        else:
            np.matmul(c[:, None], rows, out=out[:, None])

    def scatter(self, w: Array) -> Array:
        """Variance of the subgradient of one row picked at random, (m, dim) -> (m,)."""
        active = (w @ self.A.T < 1) * 1.0  # (m, n)
        mean = active @ self.A / len(self.A)
        second = active @ self.squares / len(self.A)
        return np.asarray(np.maximum(second - np.vecdot(mean, mean), 0))


def _minimum(problem: Hinge) -> tuple[Array, float]:
    r"""w and the value of the dual problem at the weights it is made of.

    .. math:: \max_{0 \le a \le 1} \frac1n \sum_i a_i - \frac{|A'a|^2}{2 l_2 n^2}, \qquad
              w = \frac{A'a}{l_2 n}

    A general solver comes near; then rows are sorted into those off the margin, with a = 0 or 1,
    and those on it, <A_i, w> = 1, whose weights solve linear equations.
    """
    from scipy.optimize import minimize  # takes a while to import

    A, n, ridge = problem.loss.A, len(problem.loss.A), problem.l2  # type: ignore[attr-defined]
    scale = 1 / (ridge * n)

    def negative(a: Array) -> tuple[float, Array]:
        w = a @ A * scale
        return float(ridge / 2 * (w @ w) - a.mean()), (A @ w - 1) / n

    a = minimize(
        negative,
        np.full(n, 0.5),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, 1)] * n,
        options={"maxiter": 1000, "ftol": 1e-13, "gtol": 1e-9, "maxcor": 30},
    ).x

    def gap(a: Array) -> float:
        return float(problem.value(a @ A * scale)) + negative(a)[0]

    best = a
    inside = (a > 1e-7) & (a < 1 - 1e-7)
    for _ in range(ROUNDS):
        fixed = np.where(inside, 0.0, np.round(a))
        K = A[inside] @ A[inside].T * scale
        solved = np.linalg.lstsq(K, 1 - A[inside] @ (fixed @ A) * scale, rcond=None)[0]
        a = fixed
        a[inside] = solved
        out = (a < 0) | (a > 1)
        margin = A @ (np.clip(a, 0, 1) @ A) * scale
        a = np.clip(a, 0, 1)
        if gap(a) < gap(best):
            best = a
        wrong = ~inside & (((a == 0) & (margin < 1 - 1e-10)) | ((a == 1) & (margin > 1 + 1e-10)))
        if not out.any() and not wrong.any():
            break
        inside = (inside & ~out) | wrong
    return best @ A * scale, -negative(best)[0]
