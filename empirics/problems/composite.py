"""Functions with something added that a proximal step takes care of: l1, or a set to stay in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.base import Array, Constant, Problem, real
from empirics.problems.penalties import L1, NEAR, Penalty, Projection, Simplex
from empirics.problems.quadratic import Quadratic
from empirics.problems.regions import Ball, Box, ball, box
from empirics.problems.regression import regression

ROUNDING = 1e-12  # what bounds are moved outwards by
ENOUGH = 1e-14  # relative length of a subgradient at which the search for the minimum ends
SEARCH = 30000  # gradients it may take


def with_l1(problem: Problem, weight: float) -> Problem:
    r"""The problem with a penalty on |x|_1, by a proximal step after every update.

    .. math:: F(x) = f(x) + \lambda |x|_1, \qquad x_{t+1} = \mathrm{prox}_{\eta_t \lambda |.|_1}
              (x_t - \eta_t g_t)

    Parameters: weight = lambda > 0. L, mu_sc and the noise stay those of f; the gap is that of F,
    and so are infimum and minimiser. For convex smooth f these come from accelerated proximal
    steps: with s a subgradient of F at a computed point z, inf F >= F(z) - |s|^2/(2 mu_sc) and
    |z - x*| <= |s|/mu_sc, or if mu_sc = 0, inf F >= F(z) - |s| |z - x*|, with |x*| from
    lambda |x*|_1 <= F(x*) - inf f. For other f the infimum is that of f, a bound, and there is no
    minimiser. Raises ValueError if the weight is not > 0 or there is a proximal step already.

    >>> from empirics.problems.quadratic import quadratic
    >>> problem = with_l1(quadratic(spectrum=[1.0], start=[2.0]), 0.5)
    >>> problem.gap, problem.minimiser
    (3.0, array([0.]))

    Source: A. Beck, M. Teboulle, SIAM Journal on Imaging Sciences 2 (2009) 183-202.
    """
    _fresh("with_l1", problem)
    return _with(problem, L1(weight=real("with_l1", "weight", weight, 0, ends="()")), "with l1")


def on_ball(problem: Problem, radius: float = 1.0, centre: ArrayLike | None = None) -> Problem:
    r"""The problem in a ball, to which every update returns by a projection.

    .. math:: x_{t+1} = P_X(x_t - \eta_t g_t), \qquad X = \{x : |x - c| \le r\}

    Parameters: radius = r > 0; centre = c, (dim,), 0 unless given. The start is projected, too;
    infimum and minimiser are those on X (see `with_l1`: |z - x*| is at most the diameter). What has
    no bound on the whole space may have one on X, which is then the region of the constants:
    gradient_bound (|grad f(c)| + L r, if f is smooth), noise that grows with the gradient has a
    sigma, and from both comes a second_moment. Raises ValueError if the set is none, or there is a
    proximal step already.

    >>> from empirics.problems.quadratic import quadratic
    >>> problem = on_ball(quadratic(spectrum=[1.0, 4.0]), 0.5)
    >>> problem.start, round(problem.constants["gradient_bound"].value, 6)
    (array([0.35355339, 0.35355339]), 2.0)

    Source: M. Zinkevich, ICML 2003, for projected online gradients.
    """
    _fresh("on_ball", problem)
    there = np.zeros(problem.dim) if centre is None else _vector("on_ball", problem, centre)
    return _projected(problem, Projection(onto=ball(there, radius)))


def on_box(problem: Problem, low: ArrayLike = -1.0, high: ArrayLike = 1.0) -> Problem:
    """The problem between bounds for every coordinate, numbers or (dim,); else like `on_ball`.

    >>> from empirics.problems.quadratic import quadratic
    >>> on_box(quadratic(spectrum=[1.0, 4.0]), 0.5, [1, 2]).minimiser
    array([0.5, 0.5])
    """
    _fresh("on_box", problem)
    ends = (_vector("on_box", problem, end) for end in (low, high))
    return _projected(problem, Projection(onto=box(*ends)))


def on_simplex(problem: Problem, total: float = 1.0) -> Problem:
    """The problem among x >= 0 of sum total; else like `on_ball`.

    >>> from empirics.problems.quadratic import quadratic
    >>> on_simplex(quadratic(spectrum=[1.0, 4.0])).minimiser.round(12)
    array([0.8, 0.2])
    """
    _fresh("on_simplex", problem)
    size = real("on_simplex", "total", total, 0, ends="()")
    return _projected(problem, Projection(onto=Simplex(total=size, dim=problem.dim)))


def lasso(
    data: str | tuple[ArrayLike, ArrayLike] = "diabetes",
    *,
    weight: float = 0.1,
    batch: int = 8,
    replacement: bool = True,
    standardise: bool = True,
    label: int | str = -1,
    start: ArrayLike | None = None,
) -> Problem:
    r"""Least squares with a penalty on the weights, the intercept among them.

    .. math:: F(w) = \frac{1}{2n} |X w - y|^2 + \lambda |w|_1

    Parameters: weight = lambda > 0; the rest as for `regression`.

    >>> [int((abs(lasso(weight=a).minimiser) > 1e-9).sum()) for a in (0.01, 0.2)]
    [8, 3]

    Source: R. Tibshirani, JRSS B 58 (1996) 267-288.
    """
    fit = regression(
        data,
        batch=batch,
        replacement=replacement,
        standardise=standardise,
        label=label,
        start=start,
    )
    return with_l1(fit, weight)


def _fresh(who: str, problem: Problem) -> None:
    if not isinstance(problem, Problem):
        raise ValueError(f"{who} needs a Problem, got {problem!r}")
    if problem.penalty is not None:
        raise ValueError(f"{who} needs a problem without one, got {problem.penalty.words}")


def _vector(who: str, problem: Problem, value: ArrayLike) -> Array:
    """A number for all coordinates, or (dim,)."""
    try:
        found = np.array(value, dtype=np.float64)
        return np.broadcast_to(found, (problem.dim,)).copy()
    except (TypeError, ValueError):
        raise ValueError(
            f"{who} needs a number or a vector of shape ({problem.dim},), got {value!r}"
        ) from None


def _projected(problem: Problem, onto: Projection) -> Problem:
    """With bounds that hold on the set, unless the constants have a region of their own already."""
    start = problem.start.copy()
    onto.proximal(start, 1.0)
    inside = replace(problem, start=start)
    # a little larger than the set: projected points are in it up to rounding
    around = onto.around
    region = ball(around.centre, around.radius * (1 + NEAR) + NEAR * np.abs(start).max())
    if problem.region is None and problem.steepest_in(region) is not None:
        inside = replace(inside, region=region, constants=_on_region(problem, region))
    return _with(inside, onto, f"on {onto.onto.words}")


def _on_region(problem: Problem, region: Ball) -> Mapping[str, Constant]:
    """The constants, with those beside them that a bounded set makes possible."""
    known = dict(problem.constants)
    steepest, sigma = problem.steepest_in(region), problem.noise_in(region)
    G = known.get("gradient_bound")
    if steepest is not None and (G is None or G.value > steepest.value):
        G = known["gradient_bound"] = replace(steepest, value=steepest.value * (1 + ROUNDING))
    if sigma is None:
        return known
    known["sigma"] = sigma
    known.pop("relative_noise", None)
    if G is not None:
        why = "on the region: gradient_bound^2 + sigma^2"
        guessed = "estimate" in (G.provenance, sigma.provenance)
        second = Constant(
            value=G.value**2 + sigma.value**2,
            provenance="estimate" if guessed else "bound",
            why=why,
        )
        known.setdefault("second_moment", second)
    return known


def _with(problem: Problem, penalty: Penalty, words: str) -> Problem:
    """With the penalty, its least value, and where that is."""
    kept = {k: a for k, a in problem.constants.items() if k not in ("infimum", "pl", "sharpness")}
    bare = replace(
        problem,
        name=f"{problem.name} {words}",
        constants=kept,
        minimiser=None,
        within=0.0,
        penalty=penalty,
        settings={**problem.settings, "penalty": dict(penalty.settings)},
    )
    below = problem.constants.get("infimum")
    z = problem.minimiser
    if below is not None and z is not None and _stays(penalty, z, problem.within):
        stay = {k: problem.constants[k] for k in ("infimum", "sharpness") if k in problem.constants}
        return replace(
            bare, constants={**kept, **stay}, minimiser=z, within=problem.within
        )  # the penalty is 0 there
    if isinstance(problem, Quadratic) and isinstance(penalty, Projection):
        if isinstance(penalty.onto, Box):  # coordinate by coordinate
            z = np.clip(0.0, penalty.onto.low, penalty.onto.high)
            why = "value at the point of the box nearest to 0"
            least = Constant(value=float(problem.value(z)), provenance="exact", why=why)
            return replace(bare, constants={**kept, "infimum": least}, minimiser=z)
    convex = "mu_sc" in kept and kept["mu_sc"].value >= 0
    sure = "estimate" not in {kept[k].provenance for k in ("L", "mu_sc") if k in kept}
    if not (convex and sure and "L" in kept) or below is None:
        if below is None:
            return bare
        least = replace(below, provenance=_not_exact(below), why=f"inf f <= inf F; {below.why}")
        return replace(bare, constants={**kept, "infimum": least})
    z, s = _least(bare, penalty)
    F, mu = float(bare.objective(z)), kept["mu_sc"].value
    far = penalty.reach(z, max(F - below.value, 0.0))
    excess, within = s * far, far
    if mu > 0:
        excess, within = min(excess, s**2 / (2 * mu)), min(within, s / mu)
    least = Constant(
        value=F - excess - ROUNDING * max(1.0, abs(F)),
        provenance=_not_exact(below),
        why=f"F(z) less {excess:.1e}, by a subgradient of length {s:.1e} at z",
    )
    return replace(bare, constants={**kept, "infimum": least}, minimiser=z, within=within)


def _not_exact(below: Constant) -> Any:
    return "estimate" if below.provenance == "estimate" else "bound"


def _stays(penalty: Penalty, z: Array, within: float) -> bool:
    """Whether the minimiser of f, known nearly, is that of F, the penalty being 0 around it."""
    if isinstance(penalty, Projection):
        return penalty.holds(z, within)
    return not within and float(penalty.value(z)) == 0


def _least(problem: Problem, penalty: Penalty) -> tuple[Array, float]:
    """A point z and the length of a subgradient of F there: accelerated proximal steps.

    After z = prox(y - grad f(y)/L) the vector L (y - z) - grad f(y) + grad f(z) is one. Momentum
    starts afresh when it points uphill.
    """
    L = problem.L
    z = problem.start.copy()
    penalty.proximal(z, 1 / L)
    y, k = z.copy(), 1.0
    best, least = z, np.inf
    for _ in range(SEARCH):
        g = problem.gradient(y)
        new = y - g / L
        penalty.proximal(new, 1 / L)
        at = problem.gradient(new)
        s = float(np.linalg.norm(L * (y - new) - g + at))
        if s < least:
            best, least = new, s
        if s <= ENOUGH * (np.linalg.norm(at) + L * np.linalg.norm(new)):
            break
        if np.vdot(y - new, new - z) > 0:
            k = 1.0
        later = (1 + (1 + 4 * k**2) ** 0.5) / 2
        y = new + (k - 1) / later * (new - z)
        z, k = new, later
    return best, least
