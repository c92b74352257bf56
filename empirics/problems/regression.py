"""Linear regression on real data, by squares, Huber's loss or log-cosh, with minibatch noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.base import Array, Constant, real
from empirics.problems.finite_sum import ROUNDING, WIDE, FiniteSum, first_iterate, row_bounds
from empirics.problems.minibatch import minibatches
from empirics.problems.regions import Ball
from empirics.problems.residuals import Residuals
from empirics.problems.scalar import scalar
from empirics.problems.targets import measured

GROWTH = 2.0  # of the noise with the gradient, in units of the least that is possible
DEPENDENT = 1e-12  # eigenvalues below so many of the largest are 0


def regression(
    data: str | tuple[ArrayLike, ArrayLike] = "diabetes",
    *,
    loss: Literal["squares", "huber", "log-cosh"] = "squares",
    width: float | None = None,
    l2: float = 0.0,
    batch: int = 8,
    replacement: bool = True,
    standardise: bool = True,
    label: int | str = -1,
    start: ArrayLike | None = None,
) -> Regression:
    r"""A linear fit; the noise is that of minibatches.

    .. math:: f(w) = \frac1n \sum_i \psi(\langle x_i, w \rangle - y_i) + \frac{l_2}{2} |w|^2

    with psi(r) = r^2/2 ("squares"), or linear beyond `width` = delta, where outliers lose weight:
    r^2/2 up to delta ("huber"), delta^2 log cosh(r/delta) ("log-cosh"). The last entry of x_i is 1.

    Parameters: data, "diabetes" (scikit-learn's), the path of a CSV or LIBSVM file, or two arrays
    (X, y) of shapes (n, features) and (n,); loss; width > 0, 1 unless given; l2 >= 0; batch, rows a
    minibatch, drawn with or without replacement; standardise, whether to bring columns and targets
    to mean 0 and variance 1; label, the column of a CSV file to be predicted, by place or name;
    start = w_0, (dim,), zeros unless given. Raises ValueError if an argument is not of its kind.

    Constants, with H = X'X/n, Q = H + l2 I and v = 1/batch, times (n - batch)/(n - 1) without
    replacement:

    - L: lambda_max(Q), exact for squares, else a bound, since psi'' <= 1.
    - mu_sc: lambda_min(Q), exact for squares, else l2, a bound. pl: for squares the least
      eigenvalue of Q that is not 0.
    - infimum and minimiser (the one nearest to the start, if squares have several): for squares by
      the normal equations. Else f is m-strongly convex in a ball around a computed w, with m from
      the rows that cannot leave the curved part there, and |grad f(w)| is too small for the
      minimiser to be outside of it: then f(w) - |grad f(w)|^2/(2 m) <= inf f.
    - huber and log-cosh: |psi'| <= delta, so a row's gradient is at most delta |x_i| long. Hence
      sigma, noise_bound and, if l2 = 0, gradient_bound and second_moment: bounds.
    - squares: the noise grows with w, and no sigma alone bounds it. It is a quadratic function, and
      so is |grad f|^2; relative_noise = M is twice the least for which their difference is bounded,
      and sigma^2 the largest value of E|xi|^2 - M |grad f|^2, which is attained.

    >>> problem = regression("diabetes", loss="huber")
    >>> problem.dim, problem.constants["infimum"].provenance, problem.looseness < 1e-10
    (11, 'bound', True)
    >>> sorted(set(regression("diabetes").constants) - {"L", "mu_sc", "infimum"})
    ['pl', 'relative_noise', 'sharpness', 'sigma']

    Source: B. Efron et al., Annals of Statistics 32 (2004) 407-499, for the diabetes data.
    """
    who = "regression"
    psi, ridge = scalar(who, loss, width), real(who, "l2", l2, 0)
    rows = measured(data, standardise, label=label, who=who)
    picks = minibatches(who, len(rows.X), batch, replacement)
    fit = Residuals(rows.X, rows.y, psi, np.vecdot(rows.X, rows.X))
    dim = fit.dim
    x = first_iterate(who, start, dim)
    curvatures = np.linalg.eigvalsh(rows.X.T @ rows.X / len(rows.X))
    curvatures[curvatures < DEPENDENT * curvatures[-1]] = 0.0
    curvatures += ridge
    straight = loss == "squares"
    constants = {
        "L": Constant(
            value=float(curvatures[-1]),
            provenance="exact" if straight else "bound",
            why="largest eigenvalue of X'X/n + l2" + ", as psi'' <= 1" * (not straight),
        ),
        "mu_sc": Constant(
            value=float(curvatures[0]) if straight else ridge,
            provenance="exact" if straight else "bound",
            why="least eigenvalue of X'X/n + l2" if straight else "psi is convex, l2 is added",
        ),
    }
    bare = Regression(
        name="least squares" if straight else f"{loss} regression",
        dim=dim,
        start=x,
        constants=constants,
        settings={
            "kind": "least-squares" if straight else f"{loss}-regression",
            "data": rows.source,
            **rows.facts,
            "loss": loss,
            "width": None if width is None else float(width),
            "l2": ridge,
            "batch": picks.size,
            "replacement": picks.replacement,
            "standardise": standardise,
            "start": None if start is None else x.tolist(),
        },
        lanes=256 if dim < WIDE else 64,
        sample_size=picks.size,
        loss=fit,
        l2=ridge,
        picks=picks,
    )
    best, modulus = _minimum(bare)
    excess = float(np.linalg.norm(bare.gradient(best))) ** 2 / (2 * modulus)
    lowest = float(bare.value(best))
    own = _growing_noise(bare, best) if straight else _bounded_noise(bare)
    if straight:
        least = float(curvatures[curvatures > 0][0])
        own["pl"] = replace(constants["L"], value=least, why="least eigenvalue that is not 0")
        own["sharpness"] = replace(constants["L"], why="the Hessian is the same everywhere")
        bottom = Constant(value=lowest, provenance="exact", why="value at the least-squares fit")
    else:
        bottom = Constant(
            value=lowest - excess - ROUNDING * max(1.0, lowest),
            provenance="bound",
            why=f"f(w) - |grad f(w)|^2/(2 m), f m-strongly convex near w, m = {modulus:.2g}",
        )
    return replace(
        bare,
        constants={**constants, **own, "infimum": bottom},
        minimiser=best,
        within=float(np.linalg.norm(bare.gradient(best))) / modulus,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Regression(FiniteSum):
    """What `regression` makes. Fields beyond FiniteSum: none, but `loss` has a Hessian."""

    loss: Residuals

    def noise_in(self, around: Ball) -> Constant | None:
        r"""For squares the scatter is quadratic, and by duality for every m > lambda_max(A)

        .. math:: \max_{|d| \le r} d'Ad + 2 b'd \le m r^2 + b'(m I - A)^{-1} b

        with equality for the best m, which is sought.
        """
        if np.isfinite(self.loss.psi.steepest) or "sigma" not in self.constants:
            return super().noise_in(around)
        A, b, c = _scatter(self.loss, around.centre)
        values, W = np.linalg.eigh(A)
        beta, radius = W.T @ b, around.radius
        apart = (np.linalg.norm(beta) / radius + values[-1]) * np.geomspace(1e-9, 10, 2000)
        m = values[-1] + apart[:, None]  # (tried, 1)
        most = c + float((m[:, 0] * radius**2 + (beta**2 / (m - values)).sum(axis=1)).min())
        return Constant(
            value=float(np.sqrt(max(most, 0.0) * self.picks.share)) * (1 + ROUNDING),
            provenance="bound",
            why="the largest E|xi|^2 on the region, a quadratic function",
        )


def _minimum(problem: Regression) -> tuple[Array, float]:
    """A minimiser, nearly, and m > 0: f is m-strongly convex in a ball that holds the true one.

    Along directions in which no row differs f is flat, unless l2 > 0: there w stays at the start.
    """
    from scipy.optimize import minimize  # takes a while to import

    fit, x, ridge = problem.loss, problem.start, problem.l2
    values, vectors = np.linalg.eigh(fit.X.T @ fit.X / len(fit.X))
    U = vectors[:, (values > DEPENDENT * values[-1]) | (ridge > 0)]  # (dim, k)
    added = ridge * np.eye(U.shape[1])
    if np.isinf(fit.psi.steepest):
        A = np.vstack([fit.X @ U / np.sqrt(len(fit.X)), np.sqrt(added)])
        b = np.append(-fit.left(x) / np.sqrt(len(fit.X)), -np.sqrt(ridge) * (x @ U))
        z = np.linalg.lstsq(A, b, rcond=None)[0]
    else:
        z = minimize(
            lambda z: float(problem.value(x + U @ z)),
            np.zeros(U.shape[1]),
            jac=lambda z: problem.gradient(x + U @ z) @ U,
            hess=lambda z: U.T @ fit.hessian(x + U @ z) @ U + added,
            method="trust-exact",
            options={"gtol": 1e-12},
        ).x
    w = x + U @ z
    slope = float(np.linalg.norm(problem.gradient(w)))
    reach = ROUNDING
    while reach < 1e9:
        m = float(np.linalg.eigvalsh(U.T @ fit.hessian(w, reach) @ U + added)[0])
        if m > 0 and slope <= m * reach / 2:  # f is higher on the sphere than at w
            return w, m
        reach *= 4
    raise ValueError(
        f"{problem.name} needs a minimum that is curved, got none it could prove; raise l2 or width"
    )


def _growing_noise(problem: Regression, best: Array) -> dict[str, Constant]:
    """M and sigma^2 with E|xi|^2 <= M |grad f|^2 + sigma^2, for squares.

    With d = w - w* the scatter of the rows is d'A d + 2 b'd + c, and grad f = Q d; in the
    coordinates y = Q d this is y'B y + 2 beta'y + c, whose excess over M |y|^2 is largest where its
    slope is 0, if M > lambda_max(B).
    """
    fit, n = problem.loss, len(problem.loss.X)
    values, V = np.linalg.eigh(fit.X.T @ fit.X / n)
    V = V[:, values > DEPENDENT * values[-1]]  # elsewhere the rows do not differ
    inverse = V / (values[-V.shape[1] :] + problem.l2)  # Q^-1 there
    A, b, c = _scatter(fit, best)
    growth, W = np.linalg.eigh(inverse.T @ A @ inverse)
    beta = W.T @ (inverse.T @ b)
    M = GROWTH * max(float(growth[-1]), 0.0)
    if M < ROUNDING * max(c, 1.0):  # it does not grow
        M, most = 0.0, c
    else:
        most = c + float((beta**2 / (M - growth)).sum())
    share = problem.picks.share
    sigma = float(np.sqrt(max(most, 0.0) * share))
    return {
        "sigma": Constant(
            value=sigma * (1 + ROUNDING),
            provenance="exact",
            why="sigma^2 is the largest of E|xi|^2 - relative_noise |grad f|^2",
        ),
        "relative_noise": Constant(
            value=M * share,
            provenance="bound",
            why=f"{GROWTH:g} times the least for which some sigma is enough",
        ),
    }


def _scatter(fit: Residuals, w: Array) -> tuple[Array, Array, float]:
    """A, b and c of the scatter of squares, (u - w)'A(u - w) + 2 b'(u - w) + c at u."""
    n = len(fit.X)
    H, r = fit.X.T @ fit.X / n, fit.left(w)
    mean = r @ fit.X / n
    A = (fit.X.T * fit.squares) @ fit.X / n - H @ H
    b = (r * fit.squares) @ fit.X / n - H @ mean
    return A, b, float(r**2 @ fit.squares / n - mean @ mean)


def _bounded_noise(problem: Regression) -> dict[str, Constant]:
    """What |psi'| <= delta says of the gradients of rows, g_i with |g_i| <= delta |x_i|."""
    fit, picks = problem.loss, problem.picks
    delta = fit.psi.steepest
    return row_bounds(
        picks,
        delta * np.sqrt(fit.squares),
        longest=delta * problem.L**0.5,  # |X's|/n <= lambda_max(X'X/n)^(1/2) |s|/n^(1/2)
        l2=problem.l2,
        why="slopes of the loss are at most delta",
    )
