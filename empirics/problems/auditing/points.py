"""What is claimed of single points: the infimum, the minimiser, bounds of gradients and noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from empirics.problems.auditing.ground import Ground
from empirics.problems.auditing.noise import Draws, limits
from empirics.problems.auditing.record import Finding
from empirics.problems.base import Array, Constant
from empirics.problems.calling import point
from empirics.problems.penalties import Penalty

SLACK = 1e-6  # relative: what a bound may be exceeded by
CLOSE = 1e-9  # relative, of values of f
LOW = 1e-6  # gaps below this part of the largest are left to rounding
BARRIER = 1e300
STEPS = 500  # proximal ones, on the way to the least value
MOST = 300  # points of one search


@dataclass(frozen=True, eq=False, kw_only=True)
class Lowest:
    """The least value found, where, in how many points; and by how much values may be rounded."""

    value: float
    x: Array
    tried: int
    rounding: float


def lowest(ground: Ground) -> Lowest:
    """By evolution in the region, and from the best of it and from the start by L-BFGS, anywhere:
    an infimum is one of the whole space.
    """
    if ground.problem.penalty is not None:
        return _lowest_composite(ground, ground.problem.penalty)
    from scipy.optimize import minimize

    value, x, tried = ground.climb(lambda x: -ground.value(x))
    best: list[Any] = [-value, x]  # the least value, where

    def objective(z: Array) -> tuple[float, Array]:
        f, g = float(ground.value(z[None])[0]), ground.gradient(z[None])[0]
        if not (np.isfinite(f) and np.isfinite(g).all()):
            return BARRIER, np.zeros_like(z)
        if f < best[0]:
            best[:] = [f, z.copy()]
        return f, g

    for start in [x, *ground.centres, *ground.sample(ground.starts)][: ground.starts + 2]:
        found = minimize(
            objective,
            start,
            jac=True,
            method="L-BFGS-B",
            options={"maxfun": min(ground.points, MOST)},
        )
        tried += int(found.nfev)
    gap = abs(float(ground.value(ground.problem.start[None])[0]) - best[0])
    rounding = CLOSE * abs(best[0]) + ground.rounding * gap
    return Lowest(value=best[0], x=best[1], tried=tried, rounding=rounding)


def _lowest_composite(ground: Ground, penalty: Penalty) -> Lowest:
    """The same of F = f + h: random points and then proximal steps from the best of them."""
    problem = ground.problem
    x = np.vstack([ground.centres, ground.sample(ground.points)])
    length = 1 / problem.L if "L" in problem.constants else ground.scale / 100
    best, place, tried = np.inf, x[0], 0
    for k in range(STEPS):
        penalty.proximal(x, length)
        values = ground.objective(x)
        tried += len(x)
        values = np.where(np.isnan(values), np.inf, values)
        least = int(values.argmin())
        if values[least] < best:
            best, place = float(values[least]), x[least].copy()
        if k == 0:
            x = x[np.argsort(values)[: ground.starts]]
        x = x - length * ground.gradient(x)
    gap = abs(float(ground.objective(problem.start[None])[0]) - best)
    return Lowest(
        value=best, x=place, tried=tried, rounding=CLOSE * abs(best) + ground.rounding * gap
    )


def infimum(ground: Ground, claimed: Constant, low: Lowest) -> Finding:
    """A value below it, or an exact one that the minimiser does not reach."""
    if not np.isfinite(low.value):
        return _none("infimum", claimed, "no point was found at which f is finite")
    found = f"least value found {low.value:.8g}"
    if low.value < claimed.value - low.rounding - CLOSE * abs(claimed.value):
        where = f"f = {low.value:.8g} at x = {point(low.x)}"
        return _finding("infimum", claimed, low.tried, low.value, where, {"x": low.x.tolist()})
    problem = ground.problem
    if claimed.provenance == "exact" and problem.minimiser is not None and not problem.within:
        there = float(ground.objective(problem.minimiser[None])[0])
        if abs(there - claimed.value) > low.rounding + CLOSE * abs(claimed.value):
            words = f"f = {there:.8g} at the minimiser, x = {point(problem.minimiser)}"
            witness = {"x": problem.minimiser.tolist()}
            return _finding("infimum", claimed, low.tried, there, words, witness)
    return _finding("infimum", claimed, low.tried, low.value, f"{low.tried} points: {found}")


def minimiser(ground: Ground, low: Lowest) -> Finding:
    """No lower value anywhere, but for how far it may be from the true one."""
    problem = ground.problem
    if problem.minimiser is None:
        raise TypeError("there is no minimiser to look at")
    there = float(ground.objective(problem.minimiser[None])[0])
    if not np.isfinite(there):
        words = f"f = {there} at the minimiser, x = {point(problem.minimiser)}"
        return Finding(
            claim="minimiser",
            key="minimiser",
            outcome="refuted",
            tried=1,
            worst=None,
            words=words,
            witness={"x": problem.minimiser.tolist()},
        )
    slope = float(np.linalg.norm(ground.gradient(problem.minimiser[None])[0]))
    steepness = problem.constants["L"].value if "L" in problem.constants else 0.0
    allowed = slope * problem.within + steepness * problem.within**2
    if problem.penalty is not None:  # F has kinks: what is known of its value there
        allowed = problem.looseness
    wrong = low.value < there - allowed - low.rounding
    return Finding(
        claim="minimiser" + f" within {problem.within:.1g}" * bool(problem.within),
        key="minimiser",
        outcome="refuted" if wrong else "stands",
        tried=low.tried,
        worst=low.value,
        words=f"f = {there:.8g} there, but {low.value:.8g} at x = {point(low.x)}"
        if wrong
        else f"{low.tried} points: none lower than f = {there:.8g} there",
        witness={"x": low.x.tolist()} if wrong else {},
    )


def polyak(ground: Ground, claimed: Constant, low: Lowest) -> Finding:
    """|grad f|^2 / (2 (f - least value found)), which is no less than with the true infimum."""
    largest = max(abs(float(ground.value(ground.problem.start[None])[0]) - low.value), 1e-300)

    def negative(x: Array) -> Array:
        gap, g = ground.value(x) - low.value, ground.gradient(x)
        enough = gap > LOW * largest + low.rounding / SLACK
        ratio = np.full(len(x), np.nan)
        return np.asarray(np.divide(-np.vecdot(g, g) / 2, gap, out=ratio, where=enough))

    score, x, tried = ground.climb(negative)
    return _at_least("pl", claimed, -score, x, tried, "|grad f|^2/(2 (f - inf f))")


def gradient_bound(ground: Ground, claimed: Constant) -> Finding:
    score, x, tried = ground.climb(lambda x: np.linalg.norm(ground.gradient(x), axis=1))
    return _at_most("gradient_bound", claimed, claimed.value, score, x, tried, "|grad f|")


def noise(ground: Ground, constants: Mapping[str, Constant], drawn: list[Draws]) -> list[Finding]:
    """sigma, relative_noise and second_moment: at the worst point of the stated variance, where
    that is known; else by draws.
    """
    found = []
    together = [key for key in ("sigma", "relative_noise") if key in constants]
    if together:
        square = constants["sigma"].value ** 2 if "sigma" in constants else 0.0
        share = constants["relative_noise"].value if "relative_noise" in constants else 0.0
        what = "E|xi|^2" + f" - {share:g} |grad f|^2" * bool(share)

        def excess(v: Array, g: Array) -> Array:
            return np.asarray(v - share * np.vecdot(g, g))

        for key in together:  # one claim, made by both
            found.append(_moment(ground, key, constants[key], square, excess, what, drawn))
    if "second_moment" in constants:
        claimed = constants["second_moment"]

        def moment(v: Array, g: Array) -> Array:
            return np.asarray(v + np.vecdot(g, g))

        words = "E|grad f + xi|^2"
        found.append(_moment(ground, "second_moment", claimed, claimed.value, moment, words, drawn))
    return found


def noise_bound(ground: Ground, claimed: Constant, drawn: list[Draws]) -> Finding:
    """The longest xi that was drawn."""
    if not drawn:
        return _none("noise_bound", claimed, "no point was found with a finite gradient")
    longest = [float(np.sqrt(one.squares.max())) for one in drawn]
    at = drawn[int(np.argmax(longest))]
    tried = sum(len(one.squares) for one in drawn)
    allowed = claimed.value + at.rounding
    return _at_most("noise_bound", claimed, allowed, max(longest), at.x, tried, "|xi|")


def sharpness(ground: Ground, claimed: Constant) -> Finding:
    """The largest eigenvalue of the Hessian at the minimiser."""
    from empirics.sharpness import sharpness as measured

    x = ground.problem.minimiser
    if x is None:
        return _none("sharpness", claimed, "the problem does not know its minimiser")
    try:
        found = measured(ground.problem, x)
    except ValueError as reason:
        return _none("sharpness", claimed, str(reason))
    slack = SLACK * abs(claimed.value) + found.error + 1e-5 * abs(found.value)
    above = found.value > claimed.value + slack
    below = claimed.provenance == "exact" and found.value < claimed.value - slack
    words = f"{found} at the minimiser"
    witness = {"x": x.tolist()} if above or below else {}
    return _finding("sharpness", claimed, found.products, found.value, words, witness)


def _moment(
    ground: Ground,
    key: str,
    claimed: Any,
    most: float,
    of: Callable[[Array, Array], Array],
    what: str,
    drawn: list[Draws],
) -> Finding:
    score, x, tried = ground.climb(lambda x: of(ground.variance(x), ground.gradient(x)))
    if np.isfinite(score):
        size = float(ground.variance(x[None])[0]) + most
        return _at_most(key, claimed, most + CLOSE * size, score, x, tried, what)
    if not drawn:
        return _none(key, claimed, "no point was found with a finite gradient")
    g = ground.gradient(np.array([one.x for one in drawn]))
    seen = of(np.array([one.squares.mean() for one in drawn]), g)
    sure = of(np.array([limits(ground, one, len(drawn))[0] for one in drawn]), g)
    at = int(np.argmax(sure))
    x, tried = drawn[at].x, sum(len(one.squares) for one in drawn)
    words = f"{tried} draws at {len(drawn)} points: {what} about {seen[at]:.6g}"
    if sure[at] > most * (1 + SLACK) + drawn[at].rounding ** 2:
        words = f"{what} about {seen[at]:.6g}, at least {sure[at]:.6g}, at x = {point(x)}"
        return _finding(key, claimed, tried, float(seen[at]), words, {"x": x.tolist()})
    return _finding(key, claimed, tried, float(seen[at]), words)


def _at_most(
    key: str, claimed: Constant, most: float, found: float, x: Array, tried: int, what: str
) -> Finding:
    if not np.isfinite(found):
        return _none(key, claimed, f"no point was found at which {what} is finite")
    if found > most * (1 + SLACK):
        words = f"{what} = {found:.6g} at x = {point(x)}"
        return _finding(key, claimed, tried, found, words, {"x": x.tolist()})
    return _finding(key, claimed, tried, found, f"{tried} points: {what} <= {found:.6g}")


def _at_least(
    key: str, claimed: Constant, found: float, x: Array, tried: int, what: str
) -> Finding:
    if not np.isfinite(found):
        return _none(key, claimed, f"no point was found at which {what} can be told")
    if found < claimed.value * (1 - SLACK):
        words = f"{what} = {found:.6g} at x = {point(x)}"
        return _finding(key, claimed, tried, found, words, {"x": x.tolist()})
    return _finding(key, claimed, tried, found, f"{tried} points: {what} >= {found:.6g}")


def claim(key: str, constant: Constant) -> str:
    """As it is printed: sigma is squared in sentences and not here."""
    return f"{key} = {constant.value:.6g} ({constant.provenance})"


def _none(key: str, claimed: Constant, why: str) -> Finding:
    return Finding(
        claim=claim(key, claimed), key=key, outcome="not tried", tried=0, worst=None, words=why
    )


def _finding(
    key: str,
    claimed: Constant,
    tried: int,
    worst: float,
    words: str,
    witness: Mapping[str, list[float]] | None = None,
) -> Finding:
    """It stands unless there is a witness against it."""
    outcome: Any = "stands"
    if witness:
        outcome = "exceeded" if claimed.provenance == "estimate" else "refuted"
    return Finding(
        claim=claim(key, claimed),
        key=key,
        outcome=outcome,
        tried=tried,
        worst=worst,
        words=words,
        witness=dict(witness or {}),
    )
