"""Linear regression with a bounded loss: nonconvex, and smooth everywhere by a proved constant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.base import Constant, real
from empirics.problems.bounded_loss import LOSSES, Bounded
from empirics.problems.finite_sum import ROUNDING, WIDE, FiniteSum, first_iterate, row_bounds
from empirics.problems.minibatch import Minibatches, minibatches
from empirics.problems.residuals import Residuals
from empirics.problems.targets import measured


def robust_regression(
    data: str | tuple[ArrayLike, ArrayLike] = "diabetes",
    *,
    loss: Literal["geman-mcclure", "welsch", "tukey"] = "geman-mcclure",
    scale: float = 1.0,
    l2: float = 0.0,
    batch: int = 8,
    replacement: bool = True,
    standardise: bool = True,
    label: int | str = -1,
    start: ArrayLike | None = None,
) -> RobustRegression:
    r"""Linear regression in which a row counts for no more than a constant; minibatch noise.

    .. math:: f(w) = \frac1n \sum_i c^2 \phi\Big(\frac{\langle x_i, w \rangle - y_i}{c}\Big)
                     + \frac{l_2}{2} |w|^2

    with phi from `bounded_loss`; the last entry of x_i is 1.

    Parameters: data and label as for `regression`; loss, one of those named; scale = c > 0, in
    units of y after standardising: residuals far above it no longer pull; l2 >= 0; batch, rows a
    minibatch, drawn with or without replacement; standardise, whether to bring columns and y to
    mean 0 and variance 1; start = w_0, (dim,), zeros unless given. Raises ValueError if an argument
    is not of its kind.

    Constants, all proved for all of R^dim. Let p = min phi'' < 0 and q = max |phi'|, exact numbers
    of the loss, H = X'X/n, and v be the share of the minibatches in the variance of one row.

    - L = lambda_max(H) + l2 and mu_sc = p lambda_max(H) + l2, as p <= phi'' <= 1 and p >= -1. L is
      met where all residuals are 0, if there is such a point.
    - sigma^2 = v q^2 c^2 mean |x_i|^2, as |grad l_i| <= q c |x_i|.
    - noise_bound: q c times the largest sum of lengths, see `Minibatches.farthest`.
    - gradient_bound (where l2 = 0): q c min(mean |x_i|, sqrt(lambda_max(H))), the second because
      |X's| <= |X| |s|. second_moment: v q^2 c^2 mean |x_i|^2 + (1 - v) gradient_bound^2.
    - infimum: 0, a bound, losses not being negative; with l2 > 0 no gradient bound can exist.

    >>> problem = robust_regression(batch=8)
    >>> problem.dim, problem.constants["L"].provenance, round(problem.L, 3)
    (11, 'bound', 4.024)
    >>> bool(problem.noise_variance(problem.start) < problem.sigma**2)
    True

    Source: see `bounded_loss`; the constants are derived here.
    """
    if not (isinstance(loss, str) and loss in LOSSES):
        raise ValueError(f"robust regression needs a loss among {', '.join(LOSSES)}, got {loss!r}")
    c = real("robust regression", "scale", scale, 0, ends="()")
    weight = real("robust regression", "l2", l2, 0)
    rows = measured(data, standardise, label=label, who="robust regression")
    picks = minibatches("robust regression", len(rows.X), batch, replacement)
    squares = np.vecdot(rows.X, rows.X)
    rho = Bounded(loss, c)
    residuals = Residuals(X=rows.X, y=rows.y, psi=rho, squares=squares)
    x = first_iterate("robust regression", start, residuals.dim)
    return RobustRegression(
        name="robust regression",
        dim=residuals.dim,
        start=x,
        constants=_constants(residuals, rho, picks, weight),
        settings={
            "kind": "robust_regression",
            "data": rows.source,
            **rows.facts,
            "loss": loss,
            "scale": c,
            "l2": weight,
            "batch": picks.size,
            "replacement": picks.replacement,
            "standardise": standardise,
            "start": None if start is None else x.tolist(),
        },
        lanes=256 if residuals.dim < WIDE else 64,
        sample_size=picks.size,
        loss=residuals,
        l2=weight,
        picks=picks,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class RobustRegression(FiniteSum):
    """What `robust_regression` makes: a finite sum of bounded losses of residuals."""

    loss: Residuals


def _constants(rows: Residuals, rho: Bounded, picks: Minibatches, l2: float) -> dict[str, Constant]:
    top = float(np.linalg.eigvalsh(rows.X.T @ rows.X)[-1]) / len(rows.X)
    steepest = row_bounds(
        picks,
        rho.steepest * np.sqrt(rows.squares),
        longest=rho.steepest * np.sqrt(top),  # |X's|/n <= |X| |s|/n
        l2=l2,
        why=f"slopes of the loss are at most {rho.steepest:.4g}",
    )
    lowest = rho.phi.lowest * top + l2
    return {
        "L": Constant(
            value=(top + l2) * (1 + ROUNDING),
            provenance="bound",
            why="largest curvature of the loss is 1, at a residual of 0",
        ),
        **steepest,
        "mu_sc": Constant(
            value=float(lowest - ROUNDING * abs(lowest)),
            provenance="bound",
            why=f"smallest curvature of the loss is {rho.phi.lowest:.4g}",
        ),
        "infimum": Constant(value=0.0, provenance="bound", why="losses are not negative"),
    }
