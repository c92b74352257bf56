"""What staleness costs: at one fixed step, and at the step that is best for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array, Problem, real, whole
from empirics.schedules import Constant
from empirics.schedules.base import Schedule
from empirics.tuning.goals import Goal
from empirics.tuning.race import Tuned, interval_of, resamples, tune, values_of


@dataclass(frozen=True, eq=False, kw_only=True)
class Slowdown:
    """The score of a goal at several levels of staleness, as multiples of the score at the first.

    Fields: goal; staleness, the levels, (S,); fixed_step, the step that is kept at all levels;
    fixed and tuned, the multiples at that step and at the best step of each level, (S,), infinite
    where the goal is not reached; fixed_interval and tuned_interval, 95 % by the bootstrap over
    replicas, which all levels share, (2, S); best, what was tuned at each level.
    """

    goal: Goal
    staleness: NDArray[np.int64]
    fixed_step: float
    fixed: Array
    fixed_interval: Array
    tuned: Array
    tuned_interval: Array
    best: tuple[Tuned, ...]

    @property
    def steps(self) -> Array:
        """The best step of each level, (S,)."""
        return np.array([tuned.step for tuned in self.best])

    def __str__(self) -> str:
        lines = [f"{self.goal}, as a multiple of that at staleness {self.staleness[0]}"]
        for k, s in enumerate(self.staleness):
            lines.append(
                f"  {s:>4}: {_number(self.fixed[k], self.fixed_interval[:, k])} at step "
                f"{self.fixed_step:.4g}, {_number(self.tuned[k], self.tuned_interval[:, k])} at "
                f"its best step {self.best[k].step:.4g}"
            )
        return "\n".join(lines)


def slowdown(
    problem: Problem,
    staleness: Sequence[int],
    goal: Goal,
    *,
    schedule: Callable[[int], Schedule] = Constant,
    fixed_step: float | None = None,
    replicas: int = 1024,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
    **options: Any,
) -> Slowdown:
    """The two answers to "what does staleness cost?", side by side.

    Parameters: staleness, levels >= 0, the first being what the others are compared with; goal,
    Reach(...) for a slowdown in updates, After(...) for a ratio of what is reached; schedule, what
    a level is made into, a constant delay unless given; fixed_step, the best step of the first
    level unless given; replicas and seed, shared by all; options, further ones of `tune`.
    Raises ValueError if there is no level, or if no step serves the goal at some level.

    >>> from empirics import problems
    >>> from empirics.tuning import Reach
    >>> problem = problems.quadratic(dim=2, mu=0.25, L=1.0)
    >>> found = slowdown(problem, [0, 2], Reach(200, "gap", target=1e-3), replicas=2)
    >>> bool(found.fixed[1] == np.inf), bool(1 < found.tuned[1] < 10)
    (True, True)

    Source: Dai et al. 2019, section 5, count batches to a target at one step for all levels; their
    reviewers asked for the other answer.
    """
    if not isinstance(staleness, Sequence | np.ndarray):
        raise ValueError(f"slowdown needs a sequence of levels of staleness, got {staleness!r}")
    levels = [whole("slowdown", "staleness", s, 0) for s in staleness]
    kept = None if fixed_step is None else real("slowdown", "fixed_step", fixed_step, 0, ends="(]")
    if not levels:
        raise ValueError("slowdown needs at least one level of staleness, got none")

    def say(level: int, line: str) -> None:
        if progress is not None:
            progress(f"staleness {level}: {line}")

    best = tuple(
        tune(
            problem,
            schedule(level),
            goal,
            replicas=replicas,
            seed=seed,
            progress=partial(say, level),
            **options,
        )
        for level in levels
    )
    step = best[0].step if kept is None else kept
    others = {name: value for name, value in options.items() if name not in ("steps", "momenta")}

    def spread(level: int, eta: float, momentum: float) -> Array:
        """The score, and those of the bootstrap samples, at one step."""
        values = values_of(
            problem, schedule(level), goal, eta, momentum, replicas=replicas, seed=seed, **others
        )
        even = np.full((replicas, 1), 1 / replicas)
        return goal.scores(values, np.hstack([even, resamples(replicas)]))

    at_fixed = np.array([spread(level, step, best[0].momentum) for level in levels])
    at_best = np.array(
        [spread(level, b.step, b.momentum) for level, b in zip(levels, best, strict=True)]
    )
    fixed, fixed_interval = _multiples(at_fixed)
    tuned, tuned_interval = _multiples(at_best)
    return Slowdown(
        goal=goal,
        staleness=np.array(levels),
        fixed_step=step,
        fixed=fixed,
        fixed_interval=fixed_interval,
        tuned=tuned,
        tuned_interval=tuned_interval,
        best=best,
    )


def _multiples(scores: Array) -> tuple[Array, Array]:
    """Of the first level: (S, 1 + m) -> (S,) and (2, S). Replicas are shared, so ratios are too."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = scores / scores[0]
    if not np.isfinite(scores[0]).all():
        raise ValueError("slowdown needs a first level that serves the goal at the fixed step")
    return ratios[:, 0], np.array([interval_of(row[1:]) for row in ratios]).T


def _number(value: float, interval: Array) -> str:
    if not np.isfinite(value):
        return "never there"
    return f"{value:.3g} [{interval[0]:.3g}, {interval[1]:.3g}]"
