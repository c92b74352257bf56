"""The auditor: tries to refute all that a problem says of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from empirics.problems.auditing import curvature, derivative, noise, points
from empirics.problems.auditing.ground import Ground
from empirics.problems.auditing.record import Audit, Finding
from empirics.problems.base import Problem, real, whole

__all__ = ["Audit", "Finding", "audit"]


def audit(
    problem: Problem,
    *,
    points: int = 2000,
    starts: int = 6,
    samples: int = 4096,
    alpha: float = 1e-6,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
) -> Audit:
    """Try to refute the gradient, the noise and every constant of a problem.

    Parameters: points that are tried for each claim, in the region or at all scales around start,
    minimiser and origin; starts, from how many of them a search goes on; samples, stochastic
    gradients drawn at each of four points; alpha, the chance that chance alone refutes anything;
    seed; progress, called with the claims done, how many there are, and the latest. What is found
    is a witness, so "refuted" is certain up to rounding and alpha; "stands" proves nothing.

    - gradient: central differences of the value, whose error is estimated with them;
    - E xi = 0 and E|xi|^2: draws, against a limit that holds for noise of any tail, as long as its
      variance is stated;
    - L and mu_sc: the largest and the smallest quotient between two points, by products towards
      eigenvectors and then L-BFGS; sharpness: the largest eigenvalue at the minimiser;
    - infimum and minimiser: evolution, then L-BFGS from several starts; pl: the least ratio to the
      gap above the lowest value found;
    - gradient_bound, sigma, relative_noise, second_moment, noise_bound: the worst point that
      evolution finds, of the exact variance where that is stated, else of draws.

    Raises ValueError if an argument is not of its kind.

    >>> from empirics import problems
    >>> wrong = problems.from_functions(
    ...     lambda x: x @ x, lambda x: 2 * x, start=[1.0, 0.0], L=1.9, infimum=0.0
    ... )
    >>> [found.key for found in wrong.audit(points=100).refuted]
    ['L']
    """
    if not isinstance(problem, Problem):
        raise ValueError(f"audit needs a Problem such as quadratic(...), got {problem!r}")
    ground = Ground(
        problem=problem,
        generator=np.random.default_rng(whole("audit", "seed", seed, 0, np.inf)),
        points=whole("audit", "points", points, 8),
        starts=whole("audit", "starts", starts, 1),
        samples=whole("audit", "samples", samples, 16),
        alpha=real("audit", "alpha", alpha, 0, 1, ends="()"),
    )
    claims = 3 + len(problem.constants) + (problem.minimiser is not None)
    found: list[Finding] = []
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"), np.errstate(over="ignore", under="ignore"):
        for done, finding in enumerate(_findings(ground), 1):
            found.append(finding)
            if progress is not None:
                progress(done, claims, finding.key)
    if ground.failures:
        n = len(ground.failures)
        found.append(
            Finding(
                claim="defined everywhere",
                key="defined",
                outcome="not tried",
                tried=n,
                worst=None,
                words=f"{n} points were left out; at the first, {ground.failures[0]}",
            )
        )
    return Audit(
        problem=problem.name,
        dim=problem.dim,
        findings=tuple(found),
        settings={
            "problem": dict(problem.settings),
            "points": ground.points,
            "starts": ground.starts,
            "samples": ground.samples,
            "alpha": ground.alpha,
            "seed": seed,
        },
    )


def _findings(ground: Ground) -> Iterator[Finding]:
    problem, known = ground.problem, ground.problem.constants
    yield derivative.gradient(ground)
    drawn = noise.draws(ground)
    yield noise.unbiased(ground, drawn)
    yield noise.variance(ground, drawn)
    yield from points.noise(ground, known, drawn)
    low = points.lowest(ground)
    judges: dict[str, Callable[..., Finding]] = {
        "L": curvature.smoothness,
        "mu_sc": curvature.convexity,
        "gradient_bound": points.gradient_bound,
        "sharpness": points.sharpness,
    }
    for key, constant in known.items():
        if key in judges:
            yield judges[key](ground, constant)
        elif key == "noise_bound":
            yield points.noise_bound(ground, constant, drawn)
        elif key == "infimum":
            yield points.infimum(ground, constant, low)
        elif key == "pl":
            yield points.polyak(ground, constant, low)
    if problem.minimiser is not None:
        yield points.minimiser(ground, low)
