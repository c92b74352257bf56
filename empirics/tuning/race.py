"""The best step size of a problem under a schedule, by racing over replicas.

All candidates see the same random numbers, so that they can be told apart long before each is known
well: after every round, those that are worse than the best by more than four standard errors of
the paired difference drop out, and the replicas of the others are doubled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from empirics.optimisers import SGD, Momentum
from empirics.optimisers.base import Correction, Optimiser
from empirics.problems.base import Array, Problem, real, whole
from empirics.schedules.base import Schedule
from empirics.simulate import simulate
from empirics.tuning.goals import Goal

APART = 4.0  # standard errors of a paired difference: a candidate that far behind drops out
FINER = 2**0.25  # the factor between steps in the second half, around the best of the first
RESAMPLES = 400

Fate = Literal["best", "finished", "dropped", "diverged", "not reached"]


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One candidate: its step and momentum, the replicas it was given, its score, its fate."""

    step: float
    momentum: float
    replicas: int
    score: float
    fate: Fate


@dataclass(frozen=True, eq=False, kw_only=True)
class Tuned:
    """What `tune` found.

    Fields: goal; step and momentum, the best; score, what they reach, and interval of it (95 %,
    bootstrap over replicas); step_interval, of the best step: where the best of the finished
    candidates lies when replicas are resampled, widened by half the gap between candidates, as
    steps between them were not tried; at_edge, whether the best step is the least or
    largest of all candidates, so that a better one may lie beyond; tried, all candidates.
    """

    goal: Goal
    step: float
    momentum: float
    score: float
    interval: tuple[float, float]
    step_interval: tuple[float, float]
    at_edge: bool
    replicas: int
    tried: tuple[Tried, ...] = field(repr=False)

    def __str__(self) -> str:
        momentum = f", momentum {self.momentum:g}" if self.momentum else ""
        edge = "; at the edge of the candidates: widen them" if self.at_edge else ""
        return (
            f"step {self.step:.4g} [{self.step_interval[0]:.4g}, {self.step_interval[1]:.4g}]"
            f"{momentum}: {self.score:.4g} [{self.interval[0]:.4g}, {self.interval[1]:.4g}], "
            f"{self.goal} ({self.replicas} replicas, 95% intervals){edge}"
        )


def tune(
    problem: Problem,
    schedule: Schedule,
    goal: Goal,
    *,
    steps: ArrayLike | None = None,
    momenta: Sequence[float] = (0.0,),
    optimiser: Optimiser | None = None,
    correction: Correction | None = None,
    reuse: bool = False,
    replicas: int = 1024,
    seed: int = 0,
    processes: int = 1,
    progress: Callable[[str], None] | None = None,
) -> Tuned:
    """The constant step (and heavy-ball momentum) that serves a goal best.

    Parameters: problem and schedule; goal, After(...) or Reach(...); steps, candidates > 0, (m,),
    17 powers of two around 1/L (around 0.1 if L is not known) unless given; momenta, candidates in
    [0, 1); optimiser, another one in their place; correction and reuse as in `simulate`; replicas,
    that the last candidates get at most; seed of all of them; progress, called with a line after
    every round. The best of the race is surrounded by six finer steps, which are raced as well.
    Raises ValueError if an argument is not of its kind, or if no candidate reaches the goal.

    >>> from empirics import problems, schedules
    >>> from empirics.tuning import After
    >>> problem = problems.quadratic(dim=1, L=1.0)
    >>> found = tune(problem, schedules.Constant(0), After(3), steps=[0.25, 0.5, 1.0, 1.5])
    >>> found.step, found.score, found.at_edge              # x_1 = 0
    (1.0, 0.0, False)
    """
    if not isinstance(problem, Problem):
        raise ValueError(f"tune needs a Problem such as quadratic(...), got {problem!r}")
    if not isinstance(schedule, Schedule):
        raise ValueError(f"tune needs a Schedule such as Constant(4), got {schedule!r}")
    most = whole("tune", "replicas", replicas, 2)
    grid = _grid(problem, steps)
    if not isinstance(momenta, Sequence | np.ndarray):
        raise ValueError(f"tune needs a sequence of momenta, got {momenta!r}")
    if optimiser is not None and tuple(momenta) != (0.0,):
        raise ValueError("tune needs momenta or an optimiser of your own, got both; drop one")
    for momentum in momenta:
        real("tune", "momentum", momentum, 0, 1, ends="[)")
    if not len(momenta):
        raise ValueError("tune needs at least one momentum, got none")
    if not isinstance(goal, Goal):
        raise ValueError(f"tune needs a goal such as After(1000) or Reach(...), got {goal!r}")

    def values(candidate: tuple[float, float], count: int) -> Array:
        return values_of(
            problem,
            schedule,
            goal,
            *candidate,
            optimiser=optimiser,
            correction=correction,
            reuse=reuse,
            replicas=count,
            seed=seed,
            processes=processes,
        )

    race = _Race(goal, values, schedule.width(problem.lanes, problem.dim), most, progress)
    race.run([(float(step), float(m)) for m in momenta for step in grid])
    best_step, best_momentum = race.best
    finer = best_step * FINER ** np.array([-3, -2, -1, 1, 2, 3])
    inside = finer[(finer > grid.min()) & (finer < grid.max())]
    race.run([(float(step), best_momentum) for step in inside] + [race.best])
    return race.result(grid)


def values_of(
    problem: Problem,
    schedule: Schedule,
    goal: Goal,
    step: float,
    momentum: float,
    *,
    optimiser: Optimiser | None = None,
    **options: Any,
) -> Array:
    """What a goal needs of every replica at one step (and momentum), (K, n)."""
    runs = simulate(
        problem,
        schedule,
        step=step,
        steps=goal.updates,
        optimiser=optimiser or (Momentum(momentum) if momentum else SGD()),
        record=goal.times,
        measures=[goal.measure],
        each=True,
        **options,
    )
    if not runs.complete:  # cut short by Ctrl-C
        raise KeyboardInterrupt
    return runs.each[goal.measure]


class _Race:
    """Candidates with the values of their replicas so far."""

    def __init__(
        self,
        goal: Goal,
        values: Callable[[tuple[float, float], int], Array],
        tile: int,
        most: int,
        progress: Callable[[str], None] | None,
    ) -> None:
        self._goal, self._values, self._most, self._say = goal, values, most, progress
        self._first = min(tile, most)  # fewer than a tile would cost as much
        self._seen: dict[tuple[float, float], Array] = {}
        self._fates: dict[tuple[float, float], Fate] = {}

    @property
    def best(self) -> tuple[float, float]:
        """The best of the candidates that were given most replicas."""
        finished = [c for c, fate in self._fates.items() if fate == "finished"]
        return min(finished, key=lambda c: self._score(self._seen[c]))

    def run(self, candidates: Sequence[tuple[float, float]]) -> None:
        """Race these; whoever is left in the end has finished."""
        left, count = list(dict.fromkeys(candidates)), self._first
        while True:
            for c in left:
                if c not in self._seen or self._seen[c].shape[1] < count:
                    self._seen[c] = self._values(c, count)
            left = self._leave(left, count)
            if self._say is not None:
                self._say(f"{len(left)} of {len(candidates)} candidates at {count} replicas")
            if count == self._most:
                break
            count = min(2 * count, self._most)
        for c in left:
            self._fates[c] = "finished"

    def _leave(
        self, candidates: list[tuple[float, float]], count: int
    ) -> list[tuple[float, float]]:
        """Those that stay after so many replicas; the others are given their fate."""
        seen = {c: self._seen[c][:, :count] for c in candidates}  # the best may have more by now
        scores = {c: self._score(values) for c, values in seen.items()}
        for c, score in scores.items():
            if not np.isfinite(score):
                lost = not np.isfinite(seen[c]).all()
                self._fates[c] = "diverged" if lost else "not reached"
        alive = [c for c in candidates if np.isfinite(scores[c])]
        if not alive:
            raise ValueError(
                f"tune needs a candidate that serves the goal, got none: {self._goal}; all of "
                f"{min(candidates)[0]:.3g}..{max(candidates)[0]:.3g} diverge or never get there"
            )
        best = min(alive, key=lambda c: scores[c])
        shares = resamples(count)
        spread = {c: self._goal.scores(seen[c], shares) for c in alive}
        staying = []
        for c in alive:
            with np.errstate(invalid="ignore"):
                apart = spread[c] - spread[best]  # paired: the same replicas in both
            known = apart[np.isfinite(apart)]
            error = known.std() if known.size > RESAMPLES // 2 else np.inf
            if scores[c] - scores[best] <= APART * error:
                staying.append(c)
            else:
                self._fates[c] = "dropped"
        return staying

    def result(self, grid: Array) -> Tuned:
        """The best of all, with what the replicas leave open."""
        finished = [c for c, fate in self._fates.items() if fate == "finished"]
        best = self.best
        shares = resamples(self._seen[best].shape[1])
        spread = np.array([self._goal.scores(self._seen[c], shares) for c in finished])
        winners = np.array([finished[place][0] for place in spread.argmin(axis=0)])
        own = spread[finished.index(best)]
        low, high = interval_of(winners)
        tried = tuple(
            Tried(
                step=c[0],
                momentum=c[1],
                replicas=values.shape[1],
                score=self._score(values),
                fate="best" if c == best else self._fates[c],
            )
            for c, values in sorted(self._seen.items())
        )
        return Tuned(
            goal=self._goal,
            step=best[0],
            momentum=best[1],
            score=self._score(self._seen[best]),
            interval=interval_of(own),
            step_interval=(low / FINER**0.5, high * FINER**0.5),
            at_edge=best[0] in (grid.min(), grid.max()),
            replicas=self._seen[best].shape[1],
            tried=tried,
        )

    def _score(self, values: Array) -> float:
        n = values.shape[1]
        return float(self._goal.scores(values, np.full((n, 1), 1 / n))[0])


def resamples(n: int) -> Array:
    """Shares of the replicas in bootstrap samples, (n, m), the same at every call."""
    counts = np.random.default_rng(n).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    return np.asarray(counts.T / n)


def interval_of(values: Array) -> tuple[float, float]:
    """The middle 95 %: order statistics, as some may be infinite."""
    ordered = np.sort(values)
    cut = int(0.025 * len(values))
    return float(ordered[cut]), float(ordered[-1 - cut])


def _grid(problem: Problem, steps: Any) -> Array:
    if steps is None:
        scale = 1 / problem.L if "L" in problem.constants else 0.1
        return np.asarray(scale * 2.0 ** np.arange(-12, 5))
    try:
        grid = np.unique(np.asarray(steps, dtype=np.float64))
    except (TypeError, ValueError):
        raise ValueError(f"tune needs steps > 0, (m,), got {steps!r}") from None
    if grid.ndim != 1 or not grid.size or not (np.isfinite(grid) & (grid > 0)).all():
        raise ValueError(f"tune needs finite steps > 0, (m,), got {steps!r}")
    return grid
