"""Constants that are measured along runs: seen, not proved, and labelled so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from empirics.problems import estimators
from empirics.problems.base import Constant, Problem, real, whole
from empirics.problems.estimators import Estimate

if TYPE_CHECKING:
    from empirics.schedules.base import Schedule

PLACES = 6  # points at which stochastic gradients are drawn


@dataclass(frozen=True, kw_only=True)
class Estimates:
    """What `estimate_constants` found.

    Fields: problem, its name; found, by the names of constants; points, how many were looked at;
    settings, what it can be repeated from, ready for JSON.
    """

    problem: str
    found: Mapping[str, Estimate]
    points: int
    settings: Mapping[str, Any]

    @property
    def constants(self) -> dict[str, Constant]:
        """As `with_constants` takes them."""
        return {key: estimate.constant for key, estimate in self.found.items()}

    def __str__(self) -> str:
        from empirics.summary import table

        head = f"{self.problem}: estimated at {self.points} points of runs"
        rows = [
            (key, f"{a.constant.value:.5g}", f"in [{a.lower:.5g}, {a.upper:.5g}]", a.constant.why)
            for key, a in self.found.items()
        ]
        return "\n".join([head, *(f"  {line}" for line in table(rows))])


def estimate_constants(
    problem: Problem,
    schedule: Schedule | None = None,
    *,
    step: float | None = None,
    steps: int = 200,
    replicas: int = 8,
    samples: int = 512,
    alpha: float = 0.01,
    seed: int = 0,
) -> Estimates:
    """Measure the constants of a problem along runs of stale SGD; nothing of it is proved.

    Parameters: problem; schedule of the runs, no delay unless given; step, 1/(2 L) unless given,
    with L as it is at the start; steps; replicas, up to the lanes of the problem; samples,
    stochastic gradients drawn at each of six points, if the variance is not known exactly; alpha,
    the chance that a limit of sigma^2 is wrong at any of these points (Student's, simultaneous);
    seed.

    - L: the largest quotient of gradients between points of the runs, and after power iteration on
      the Hessian; mu_sc: the smallest, on the Hessian shifted. The true ones are no better.
    - sigma: root of the upper confidence limit at the worst point, or of the largest exact variance
      of all points; second_moment and gradient_bound: the largest that were met; noise_bound: the
      longest deviation drawn.
    - sharpness: the largest eigenvalue at the lowest point found, with its error; not where a
      penalty is added, whose kinks have none.
    - infimum: the least value found, by going down further from the lowest point. It lies above the
      true one if it is not that: gaps, and bounds with Delta, come out too small by as much.

    Raises ValueError if an argument is not of its kind or all replicas diverge.

    >>> from empirics import problems
    >>> bowl = problems.quadratic(3, mu=0.5, L=2.0, sigma=0.4)
    >>> found = estimate_constants(bowl)
    >>> round(found.constants["L"].value, 4), round(found.constants["mu_sc"].value, 4)
    (2.0, 0.5)
    >>> found.constants["sigma"].provenance, found.found["infimum"].lower
    ('estimate', -inf)
    """
    if not isinstance(problem, Problem):
        raise ValueError(f"estimate_constants needs a Problem, got {problem!r}")
    level = real("estimate_constants", "alpha", alpha, 0, 1, ends="()")
    m = whole("estimate_constants", "samples", samples, 16)
    n = whole("estimate_constants", "replicas", replicas, 1, problem.lanes)
    length = whole("estimate_constants", "steps", steps, 1)
    if step is None:
        step = 0.5 / (estimators.steepest_at(problem, problem.start) or 1.0)
    eta = real("estimate_constants", "step", step, 0, ends="()")
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"), np.errstate(over="ignore", invalid="ignore"):
        x = estimators.visited(problem, schedule, eta, length, n, seed)  # (times, n, dim)
        points = x.reshape(-1, problem.dim)
        points = points[np.isfinite(points).all(axis=1)]
        g = problem.gradient(points)
        values = problem.objective(points)
        ahead = np.linspace(0, len(points) - 1, min(PLACES, len(points))).astype(int)
        lowest = estimators.lowest(problem, points[int(np.nanargmin(values))], eta)
        least = float(problem.objective(lowest))
        found = {
            **estimators.curvature(problem, x, points, seed),
            **({} if problem.penalty is not None else estimators.sharpness(problem, lowest)),
            **estimators.noise(problem, points, g, ahead, m, level, seed),
            **estimators.at_most(
                "gradient_bound", float(np.linalg.norm(g, axis=1).max()), len(points)
            ),
            "infimum": Estimate(
                constant=estimators.seen(least, "least value found; the infimum is at most that"),
                lower=-np.inf,
                upper=least,
            ),
        }
    return Estimates(
        problem=problem.name,
        found=found,
        points=len(points),
        settings={
            "problem": dict(problem.settings),
            "schedule": None if schedule is None else schedule.settings,
            "step": eta,
            "steps": length,
            "replicas": n,
            "samples": m,
            "alpha": level,
            "seed": seed,
        },
    )
