"""The coherence level a theorem may be built on: the largest mu whose own runs satisfy it.

mu fixes the step sizes, the step sizes move the trajectory, and the trajectory has a coherence: a
mu is admissible only if the runs made with it are at least as coherent as it says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from empirics.measure import coherence
from empirics.problems.base import Problem
from empirics.runs import Runs
from empirics.schedules.base import Schedule
from empirics.simulate import simulate
from empirics.stepsizes import StepSizes


@dataclass(frozen=True, eq=False, kw_only=True)
class SelfConsistent:
    """What `self_consistent_coherence` found.

    Fields: mu, the largest tried level whose own runs are at least as coherent, not a number if
    there is none; measured, the coherence of those runs; above, the smallest tried level that fails
    (1 if none does); tried, pairs of a level and the coherence of its runs, in the order tried;
    runs, those of mu.
    """

    mu: float
    measured: float
    above: float
    tried: tuple[tuple[float, float], ...]
    runs: Runs | None


def self_consistent_coherence(
    problem: Problem,
    schedule: Schedule,
    step: Callable[[float], StepSizes],
    *,
    steps: int,
    replicas: int = 256,
    seed: int = 0,
    reuse: bool = False,
    kind: str = "expected",
    tolerance: float = 0.01,
    smallest: float = 0.01,
    record: str | int = "log",
) -> SelfConsistent:
    r"""Find the largest mu in (0, 1] such that runs with step(mu) have coherence at least mu.

    .. math:: \min_{t,\, l < s} \frac{E\langle \nabla f(x_t), \nabla f(x_{t-l}) \rangle}
              {E|\nabla f(x_t)|^2} \ge \mu, \qquad s = \tau_{\max} + 1

    Parameters: step, the step sizes for a level, such as
    ``lambda mu: steps_for(theorem, problem, schedule, steps=steps, mu=mu)``; kind, "expected" as
    above, or "pathwise", where every replica must satisfy it; tolerance, how close the answer is to
    a level that fails; smallest, where the search gives up; the rest as in `simulate`. Levels are
    tried by bisection with the same random numbers, which takes coherence to grow as steps shrink.
    Raises ValueError if the kind is unknown or a number is out of its range.

    >>> from empirics import problems, schedules, stepsizes
    >>> problem = problems.quadratic(dim=4, mu=0.1, L=1.0)
    >>> found = self_consistent_coherence(
    ...     problem, schedules.Constant(1), lambda mu: stepsizes.constant(mu / 2), steps=200
    ... )
    >>> bool(found.mu <= found.measured), bool(found.above - found.mu <= 0.01)
    (True, True)
    """
    if kind not in ("expected", "pathwise"):
        raise ValueError(f'coherence needs kind = "expected" or "pathwise", got {kind!r}')
    if not (0 < tolerance < 1 and 0 < smallest < 1):
        raise ValueError(
            f"coherence needs tolerance and smallest in (0, 1), got {tolerance} and {smallest}"
        )
    if schedule.tau_max is None:
        raise ValueError(f"coherence needs a schedule with a bound on its delays, got {schedule!r}")
    window = schedule.tau_max + 1
    tried: list[tuple[float, float]] = []

    def attempt(mu: float) -> tuple[Runs, float]:
        runs = simulate(
            problem,
            schedule,
            step=step(mu),
            steps=steps,
            replicas=replicas,
            seed=seed,
            reuse=reuse,
            record=record,
            window=window if window > 1 else 0,
        )
        if not runs.complete:  # cut short by Ctrl-C: there is nothing to go on with
            raise KeyboardInterrupt
        level = lowest(runs, kind) if window > 1 else 1.0
        tried.append((mu, level))
        return runs, level

    good: tuple[float, Runs, float] | None = None
    low, high = smallest, 1.0
    for mu in (1.0, smallest):
        runs, level = attempt(mu)
        if level >= mu:
            good = (mu, runs, level)
            break
    if good is None or good[0] == 1.0:
        high = 1.0 if good else smallest
    else:
        while high - low > tolerance:
            mu = (low + high) / 2
            runs, level = attempt(mu)
            if level >= mu:
                low, good = mu, (mu, runs, level)
            else:
                high = mu
    return SelfConsistent(
        mu=good[0] if good else np.nan,
        measured=good[2] if good else np.nan,
        above=high,
        tried=tuple(tried),
        runs=good[1] if good else None,
    )


def lowest(runs: Runs, kind: str = "expected") -> float:
    """The lowest coherence along runs: of expectations, or over replicas as well ("pathwise").

    It is -inf if a replica diverges, since nothing coherent is left then.
    """
    if runs.divergence is not None:
        return -np.inf
    found = coherence(runs)
    return float(np.nanmin(found.expected if kind == "expected" else found.minimum))
