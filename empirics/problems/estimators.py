"""Single constants, measured at points of runs: what was seen, and between what the truth lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from empirics.problems.base import Array, Constant, Problem

if TYPE_CHECKING:
    from empirics.problems.penalties import Penalty
    from empirics.schedules.base import Schedule

TIMES = 12  # at which a run is looked at, evenly in the logarithm
FEW, ROUNDS = 4, 30  # products of the power iteration: at all points, and further at the best
BEST = 8
SHORT = 1e-4  # differences of gradients for it, relative to the size of points
DOWN = 300  # values or steps on the way further down
LARGE = 2**22  # numbers in one go


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One constant as it was seen, and how far the true one can be.

    Fields: constant, of provenance "estimate"; lower and upper, between which the true one lies
    (infinite where runs cannot tell), those of sigma at the confidence asked for.
    """

    constant: Constant
    lower: float
    upper: float


def visited(
    problem: Problem, schedule: Schedule | None, step: float, steps: int, n: int, seed: int
) -> Array:
    """Iterates of n replicas at some times, (times, n, dim)."""
    from empirics.planning import planned  # it knows problems
    from empirics.schedules import Constant as ConstantDelay
    from empirics.schedules.base import SharedIterate
    from empirics.tile import Tile

    times = np.unique(np.rint(np.geomspace(1, steps + 1, TIMES)).astype(int)) - 1
    delays = ConstantDelay(0) if schedule is None else schedule
    if not isinstance(delays, SharedIterate):
        raise ValueError(f"estimate_constants needs a schedule of one iterate, got {delays!r}")
    plan, _ = planned(
        problem, delays, step=step, steps=steps, replicas=n, seed=seed, record=times,
        measures=("squared gradient",),
    )  # fmt: skip
    tile = Tile(plan, 0)
    x = np.array([tile.iterate(t)[:n].copy() for t in tile.run()])
    if not np.isfinite(x[-1]).all(axis=-1).any():
        raise ValueError(
            f"estimate_constants needs runs that do not diverge, got none at step = {step:g}; "
            "take a smaller one"
        )
    return x


def _products(problem: Problem, x: Array, v: Array, shift: float) -> tuple[Array, Array]:
    """(shift - H) v or H v for every row, and the quotient that it shows: lower bounds of |H|."""
    h = SHORT * (1 + np.linalg.norm(x, axis=1, keepdims=True))
    change = (problem.gradient(x + h * v) - problem.gradient(x - h * v)) / (2 * h)
    return shift * v - change if shift else change, np.vecdot(change, v)


def curvature(problem: Problem, runs: Array, x: Array, seed: int) -> dict[str, Estimate]:
    """The steepest and the least change of the gradient, by pairs and by power iteration."""
    from empirics.smoothness import ratios

    pairs = [(runs[1:], runs[:-1]), (runs[:, 1:], runs[:, :-1])]
    secants = [0.0]
    for a, b in pairs:
        a, b = a.reshape(-1, problem.dim), b.reshape(-1, problem.dim)
        if len(a):
            found = ratios(a, b, problem.gradient(a), problem.gradient(b))
            secants.append(float(np.nanmax(found, initial=0.0)))
    generator = np.random.default_rng(seed)
    L = max(*secants, _extreme(problem, x, generator, 0.0))
    mu = -_extreme(problem, x, generator, L) if L else 0.0
    looked = f"{FEW} products at {len(x)} points, {ROUNDS} more at {min(BEST, len(x))} of them"
    why, low = (
        f"largest change of the gradient along runs; {looked}",
        f"smallest curvature; {looked}",
    )
    return {
        "L": Estimate(constant=seen(L, why), lower=L, upper=np.inf),
        "mu_sc": Estimate(constant=seen(mu, low), lower=-np.inf, upper=mu),
    }


def _extreme(problem: Problem, x: Array, generator: np.random.Generator, shift: float) -> float:
    """The largest |H v| with |v| = 1, or with a shift >= |H| the largest -<v, H v>: power iteration
    at all points, and on at the best of them.
    """
    v, found, score = _unit(generator.standard_normal(x.shape)), -np.inf, np.empty(0)
    for k in range(FEW + ROUNDS):
        if k == FEW:
            best = np.argsort(-score)[:BEST]
            x, v = x[best], v[best]
        turned, quotient = _products(problem, x, v, shift)
        score = -quotient if shift else np.linalg.norm(turned, axis=1)
        score = np.where(np.isnan(score), -np.inf, score)
        found, v = max(found, float(score.max())), _unit(turned, v)
    return found


def steepest_at(problem: Problem, x: Array) -> float:
    """|H| at one point."""
    return _extreme(problem, x[None], np.random.default_rng(0), 0.0)


def sharpness(problem: Problem, x: Array) -> dict[str, Estimate]:
    from empirics.sharpness import sharpness as measured

    found = measured(problem, x)
    slope = float(np.linalg.norm(problem.gradient(x)))
    why = f"{found} at the lowest point found, where |grad f| = {slope:.1g}"
    low, high = found.value - found.error, found.value + found.error
    return {
        "sharpness": Estimate(
            constant=seen(found.value, why), lower=low, upper=high if found.whole else np.inf
        )
    }


def lowest(problem: Problem, x: Array, step: float) -> Array:
    """Further down from there, by L-BFGS, or by proximal steps where a penalty is added: the point
    itself if that finds nothing lower.
    """
    if problem.penalty is not None:
        return _lowest_composite(problem, problem.penalty, x, step)
    from scipy.optimize import minimize

    def objective(z: Array) -> tuple[float, Array]:
        f, g = float(problem.value(z)), problem.gradient(z)
        fine = np.isfinite(f) and np.isfinite(g).all()
        return (f, g) if fine else (1e300, np.zeros_like(z))

    found = minimize(objective, x, jac=True, method="L-BFGS-B", options={"maxfun": DOWN})
    return np.asarray(found.x if found.fun < float(problem.value(x)) else x)


def _lowest_composite(problem: Problem, penalty: Penalty, x: Array, step: float) -> Array:
    best, least, z = x, float(problem.objective(x)), x.copy()
    for _ in range(DOWN):
        z = z - step * problem.gradient(z)
        penalty.proximal(z[None], step)  # in place
        value = float(problem.objective(z))
        if value < least:
            best, least = z, value
    return best


def noise(
    problem: Problem, x: Array, g: Array, some: Any, m: int, alpha: float, seed: int
) -> dict[str, Estimate]:
    """sigma, second_moment and noise_bound, at all points if the variance is exact there."""
    squares = np.vecdot(g, g)
    variance = problem.noise_variance(x)
    drawn = _drawn(problem, x[some], g[some], m, seed)
    longest = float(np.sqrt(drawn.max(initial=0.0)))
    bound = at_most("noise_bound", longest, drawn.size)
    if np.isfinite(variance).all():
        top, moment = float(variance.max()), float((variance + squares).max())
        why = f"root of the largest exact variance at {len(x)} points"
        return {
            "sigma": Estimate(
                constant=seen(top**0.5, why), lower=top**0.5 * (1 - 1e-12), upper=np.inf
            ),
            **at_most("second_moment", moment, len(x)),
            **bound,
        }
    from empirics.statistics.student import simultaneous_limits

    mean, error = drawn.mean(axis=1), drawn.std(axis=1, ddof=1) / np.sqrt(m)
    limits = simultaneous_limits(mean, error, m, alpha)
    at = int(limits.upper.argmax())
    low, top = max(float(limits.lower.max()), 0.0), float(limits.upper[at])
    why = (
        f"root of the upper limit of E|xi|^2 at alpha = {alpha:g}, mean {mean[at]:.4g}, at the "
        f"worst of {len(drawn)} points, {m} draws each"
    )
    moment = float((limits.upper + squares[some]).max())
    return {
        "sigma": Estimate(constant=seen(top**0.5, why), lower=low**0.5, upper=np.inf),
        **at_most("second_moment", moment, len(drawn)),
        **bound,
    }


def _drawn(problem: Problem, x: Array, g: Array, m: int, seed: int) -> Array:
    """|xi|^2 of m draws at every point, (points, m)."""
    if not problem.sample_size:
        return np.zeros((len(x), m))
    generator = np.random.default_rng([seed, 1])
    lanes = max(1, min(problem.lanes, LARGE // problem.dim, m))
    found = np.empty((len(x), m))
    out = np.empty((lanes, problem.dim))
    for k, (point, full) in enumerate(zip(x, g, strict=True)):
        rows = np.tile(point, (lanes, 1))
        for begin in range(0, m, lanes):
            problem.stochastic_gradient(rows, problem.draw(generator, 1, lanes)[0], out)
            xi = out[: m - begin] - full
            found[k, begin : begin + len(xi)] = np.vecdot(xi, xi)
    return found


def at_most(key: str, value: float, points: int) -> dict[str, Estimate]:
    """Of a largest number: there may be larger ones."""
    what = {"gradient_bound": "|grad f|", "second_moment": "E|g|^2", "noise_bound": "|xi|"}[key]
    among = "draws" if key == "noise_bound" else "points"
    why = f"largest {what} of {points} {among}"
    return {key: Estimate(constant=seen(value, why), lower=value, upper=np.inf)}


def seen(value: float, why: str) -> Constant:
    return Constant(value=value, provenance="estimate", why=why)


def _unit(v: Array, otherwise: Array | None = None) -> Array:
    """Of length 1; where v is 0, every direction is as good, `otherwise` for one."""
    size = np.linalg.norm(v, axis=-1, keepdims=True)
    start = np.zeros_like(v) if otherwise is None else otherwise.copy()
    return np.asarray(np.divide(v, size, out=start, where=size > 0))
