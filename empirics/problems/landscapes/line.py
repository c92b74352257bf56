"""A line through points of two kinds: a bounded loss believes in either, and so has two wells."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.base import real, whole
from empirics.problems.robust import RobustRegression, robust_regression

SPREAD = 0.05  # of the points around their lines


def robust_line(
    count: int = 40,
    *,
    outliers: float = 0.3,
    loss: Literal["geman-mcclure", "welsch", "tukey"] = "geman-mcclure",
    scale: float = 0.2,
    batch: int = 8,
    seed: int = 0,
    start: ArrayLike = (-0.2, 0.3),
) -> RobustRegression:
    r"""Slope and intercept of a line, from points near y = x and outliers near y = -x.

    Parameters: count, of points, evenly over -1 <= x <= 1; outliers, their share, in [0, 1]; seed,
    which of them, and how they scatter; loss, scale = c and batch as in `robust_regression`, whose
    function, constants and minibatch noise these are; start = (slope, intercept). With a scale well
    below the distance of the two lines each has a minimum next to it, with one far above there is
    one between them. Raises ValueError if a number is out of its range.

    >>> problem = robust_line()
    >>> right, wrong = problem.value(np.array([[1.0, 0.0], [-1.0, 0.0]]))
    >>> bool(right < wrong < problem.value(np.zeros(2))), problem.dim, round(problem.L, 3)
    (True, 2, 1.0)

    Source: any; losses that are bounded, see `bounded_loss`.
    """
    n = whole("robust line", "count", count, 2)
    share = real("robust line", "outliers", outliers, 0, 1)
    draw = np.random.default_rng(whole("robust line", "seed", seed, 0, np.inf))
    x = np.linspace(-1, 1, n)
    sign = np.ones(n)
    sign[draw.permutation(n)[: round(share * n)]] = -1
    y = sign * x + SPREAD * draw.standard_normal(n)
    found = robust_regression(
        (x[:, None], y), loss=loss, scale=scale, batch=batch, standardise=False, start=start
    )
    settings = {
        "kind": "robust_line",
        "count": n,
        "outliers": share,
        "loss": loss,
        "scale": found.settings["scale"],
        "batch": found.settings["batch"],
        "seed": int(seed),
        "start": found.start.tolist(),
    }
    return replace(found, name="robust line", settings=settings)
