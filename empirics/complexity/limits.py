"""Limits of stability as runs show them: the largest step or delay at which they come back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from empirics.problems.base import Array, Problem, real, whole
from empirics.problems.noiseless import noiseless
from empirics.schedules import Constant
from empirics.schedules.base import Schedule
from empirics.sharpness import sharpness
from empirics.simulate import simulate

PART = 10  # of the run: the tenth after its middle and the last one are compared
SHRINK = 0.9  # a run that swings for ever without shrinking does not come back
FLOOR = 1e-20  # of the squared gradient at the start: rounding
LONGEST = 4096


def returns(problem: Problem, schedule: Schedule, step: float, steps: int = 3000) -> bool:
    """Whether one run without noise comes back to a minimum: its largest gradient in the last tenth
    is well below that in the tenth after the middle, and the gap below the first. Delayed runs
    swing, so that single times say nothing; and beyond the limit they may swing for ever instead of
    diverging, or end at a saddle. Gaps alone would not do: an infimum that is known nearly hides
    the last of the way.

    >>> from empirics import problems
    >>> chain = problems.deep_linear_chain(2)  # sharpness 2: a = 0.9 and 1.1, where a_max = 1
    >>> returns(chain, Constant(1), 0.45), returns(chain, Constant(1), 0.55)
    (True, False)
    """
    part = steps // PART
    middle = steps // 2 + np.arange(part)
    late = np.arange(steps - part, steps + 1)
    runs = simulate(
        replace(noiseless(problem), lanes=1),
        schedule,
        step=step,
        steps=steps,
        replicas=1,
        record=np.concatenate([[0], middle, late]),
        measures=["gap"],
    )
    gap, size = runs.statistics.gap.mean, runs.statistics.squared_norm.mean
    first, before, last = size[0], size[1 : part + 1].max(), size[part + 1 :].max()
    shrinks = last < max(min(SHRINK * before, first), FLOOR * first)
    return bool(shrinks and gap[-1] < gap[0])


def near(problem: Problem, share: float = 1e-3, seed: int = 0) -> Problem:
    """The problem, started so close to its minimiser that it is nearly a quadratic.

    Raises ValueError if the minimiser is not known.
    """
    if problem.minimiser is None:
        raise ValueError(f"{problem.name} needs a known minimiser to start near to, got none")
    shaken = np.random.default_rng(seed).standard_normal(problem.dim)
    size = max(float(np.linalg.norm(problem.minimiser)), 1.0) * share
    start: Array = problem.minimiser + size * shaken / np.linalg.norm(shaken)
    return replace(problem, start=start)


def simulated_delay(problem: Problem, step: float, *, steps: int = 3000) -> int:
    """The largest constant delay from which runs come back, by bisection; -1 if not even from 0.

    Raises ValueError if an argument is not of its kind, or if 4096 is borne.

    >>> from empirics import problems
    >>> simulated_delay(near(problems.deep_linear_chain(2)), 0.2, steps=1000)  # exact: 3
    3
    """
    eta, n = _asked(problem, step, steps)
    if not returns(problem, Constant(0), eta, n):
        return -1
    low, high = 0, 1
    while returns(problem, Constant(high), eta, n):
        low, high = high, 2 * high
        if high > LONGEST:
            raise ValueError(f"simulated delay needs a step that does not bear {LONGEST} updates")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if returns(problem, Constant(middle), eta, n) else (low, middle)
    return low


def simulated_limit(
    problem: Problem, schedule: Schedule, *, accuracy: float = 1e-3, steps: int = 3000
) -> float:
    """The largest step from which runs come back under a schedule, to a relative accuracy.

    From the start's own sharpness up or down in factors of 2, then by bisection in the logarithm.
    Raises ValueError if an argument is not of its kind, or all steps within 2^30 are alike.

    >>> from empirics import problems
    >>> chain = near(problems.deep_linear_chain(3))
    >>> found = simulated_limit(chain, Constant(1), accuracy=0.02, steps=1000)
    >>> bool(abs(3 * found - 1) < 0.02)  # a_max(1) = 1, sharpness 3
    True
    """
    _, n = _asked(problem, 1.0, steps)
    goal = real("simulated limit", "accuracy", accuracy, 0, 1, ends="()")
    low = 1 / max(sharpness(problem, problem.start).value, 1e-6)
    doublings = 0
    up = returns(problem, schedule, low, n)
    while returns(problem, schedule, 2 * low if up else low, n) == up:
        low *= 2.0 if up else 0.5
        doublings += 1
        if doublings > 30:
            raise ValueError(
                "simulated limit needs runs that a small step brings back, a large not"
            )
    high = 2 * low
    while high / low > 1 + goal:
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if returns(problem, schedule, middle, n) else (low, middle)
    return float(np.sqrt(low * high))


def _asked(problem: Problem, step: float, steps: int) -> tuple[float, int]:
    if not isinstance(problem, Problem):
        raise ValueError(f"simulated limits need a Problem, got {problem!r}")
    eta = real("simulated limits", "step", step, 0, ends="()")
    return eta, whole("simulated limits", "steps", steps, 10 * PART)
