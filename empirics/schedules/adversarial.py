"""The worst delays for a given problem and step, by search."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.base import Problem, whole
from empirics.problems.noiseless import noiseless
from empirics.schedules.base import Delays, Law, settle
from empirics.schedules.beam import beam, improved, patterns
from empirics.schedules.descents import GOALS, Descents
from empirics.stepsizes import StepSizes, step_sizes

IMPROVED = 8  # sequences that are improved, the best ones found before


@dataclass(frozen=True, init=False)
class Adversarial(Law):
    """A fixed sequence of delays that was found to be bad; `adversarial` looks for it.

    Fields: delays, tau_t for t = 0, ..., T - 1, no later update can be asked for; tau_max, what was
    allowed; goal, what they make large, and its value; constants, its value under the constant
    delays 0, 1, ..., tau_max; exhaustive, whether every sequence was tried.
    Raises ValueError if the delays are not whole numbers in 0, ..., min(t, tau_max).

    >>> worst = Adversarial(delays=[0, 1, 0], tau_max=1, goal="gap", value=2.0, constants=[1, 1])
    >>> worst.gain
    2.0
    """

    delays: tuple[int, ...]
    tau_max: int
    goal: str
    value: float
    constants: tuple[float, ...]
    exhaustive: bool

    def __init__(
        self,
        *,
        delays: Iterable[int],
        tau_max: int,
        goal: str,
        value: float,
        constants: Iterable[float],
        exhaustive: bool = False,
    ) -> None:
        most = whole("adversarial delay", "tau_max", tau_max, 0)
        taus = tuple(whole("adversarial delay", "in its sequence", tau, 0) for tau in delays)
        bad = [t for t, tau in enumerate(taus) if tau > min(t, most)]
        if not taus or bad:
            got = f"{taus[bad[0]]} at update {bad[0]}" if bad else "none"
            raise ValueError(
                f"adversarial delay needs delays 0 <= tau_t <= min(t, tau_max = {most}), got {got}"
            )
        settle(self, delays=taus, tau_max=most, goal=goal, value=float(value))
        settle(self, constants=tuple(map(float, constants)), exhaustive=bool(exhaustive))

    @property
    def gain(self) -> float:
        """How many times the goal is worse than under the worst constant delay."""
        return self.value / max(self.constants)

    def allow(self, steps: int) -> None:
        if steps > len(self.delays):
            raise ValueError(
                f"adversarial delay needs at most its {len(self.delays)} updates, got {steps}; "
                f"search with steps = {steps}"
            )

    def draw(self, generator: np.random.Generator, start: int, steps: int, lanes: int) -> Delays:
        self.allow(start + steps)
        return np.array(self.delays[start : start + steps], dtype=np.int64)


def adversarial(
    problem: Problem,
    *,
    step: StepSizes | ArrayLike,
    steps: int,
    tau_max: int,
    goal: str = "squared gradient",
    width: int = 512,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Adversarial:
    r"""Look for the delays that make stale gradient descent as bad as they can.

    .. math:: \max_{0 \le \tau_t \le \min(t, \tau_{\max})} \text{goal}(x_0, \dots, x_T), \quad
              x_{t+1} = x_t - \eta_t \nabla f(x_{t - \tau_t})

    Parameters: problem, whose full gradients are used if it is noisy; step = eta_t and steps = T as
    in `simulate`; tau_max, the longest delay; goal, the "squared gradient" |grad f(x_T)|^2, the
    "gap" f(x_T) - inf f or the "squared distance" |x_T - x*|^2, each of them also as the "largest",
    "mean" or "least" one over x_0, ..., x_T; width, the sequences kept at every update of the
    search; seed, of the random ones among them; progress, called with the stages done and in all.

    Found by a beam: every kept sequence goes on in all ways, and the worst are kept. Then the best
    ends of the beam, constant delays, patterns and random sequences are improved by changing single
    delays until no change makes them worse. What is found is a lower bound on the worst, and is
    the worst if `exhaustive`, that is if the beam never had to let go of a sequence. It is never
    better than a constant delay, 0, 1, ..., s - 1 repeated, or 0, 1, ..., tau_max repeated with
    tau_max held for a while. What overflows counts as the largest floating-point number.
    Raises ValueError if an argument is not of its kind, or the problem lacks what the goal needs.

    >>> from empirics import problems
    >>> bowl = problems.quadratic(dim=1, L=1.0)  # 0.6 is stable under any constant delay up to 2
    >>> worst = adversarial(bowl, step=0.6, steps=81, tau_max=2, width=16)
    >>> worst.delays[-9:], worst.value > 1 > max(worst.constants)
    ((2, 0, 1, 2, 2, 0, 1, 2, 2), True)
    """
    if not isinstance(problem, Problem):
        raise ValueError(f"adversarial needs a Problem such as quadratic(...), got {problem!r}")
    if problem.penalty is not None:
        raise ValueError(
            f"adversarial needs a problem without a penalty, got {problem.penalty.words} after "
            "every update"
        )
    if goal not in GOALS:
        raise ValueError(f"adversarial needs a goal among {', '.join(GOALS)}, got {goal!r}")
    if "gap" in goal and "infimum" not in problem.constants:
        raise ValueError(f"adversarial needs the infimum for the {goal}; {problem.name} has none")
    if "distance" in goal and problem.minimiser is None:
        raise ValueError(f"adversarial needs the minimiser for the {goal}; {problem.name} has none")
    most = whole("adversarial", "tau_max", tau_max, 0)
    T = whole("adversarial", "steps", steps, 1)
    kept = whole("adversarial", "width", width, 1)
    generator = np.random.default_rng(whole("adversarial", "seed", seed, 0, np.inf))
    stages = T + IMPROVED

    def tell(done: int) -> None:
        if progress is not None:
            progress(done, stages)

    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        run = Descents(noiseless(problem), step_sizes(step)(T), most, goal)
        constant = np.minimum(np.arange(T), np.arange(most + 1)[:, None])
        constants = run.values(constant)
        found, exhaustive = beam(run, kept, generator, tell)
        values = run.values(found)
        if not exhaustive:
            random = generator.integers(0, most + 1, (kept, T))
            more = np.minimum(np.vstack([patterns(T, most), random]), np.arange(T))
            found = np.vstack([constant, found, more])
            values = np.concatenate([constants, values, run.values(more)])
        best, value = found[values.argmax()], float(values.max())
        if not exhaustive:
            _, places = np.unique(-values, return_index=True)  # the best first, no value twice
            for stage, place in enumerate(places[:IMPROVED]):
                delays, reached = improved(run, found[place], float(values[place]), generator)
                if reached > value:
                    best, value = delays, reached
                tell(T + stage + 1)
        tell(stages)
    return Adversarial(
        delays=best.tolist(),
        tau_max=most,
        goal=goal,
        value=value,
        constants=constants,
        exhaustive=exhaustive,
    )
