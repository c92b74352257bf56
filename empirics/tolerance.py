r"""How much staleness a training will bear, predicted from one number measured without any.

.. math:: a_0 = \eta \lambda_{\max}, \qquad \text{stable while } a_0 < a_{\max}(s), \qquad
          S(s) \approx \max\Bigl(1, \frac{a_0}{a_{\max}(s)}\Bigr)

The first is exact on a quadratic; the second, the *slack law*, is a conjecture whose error was
measured: as long as staleness s leaves the step tuned for fresh gradients stable, it costs nothing;
from then on the step has to shrink with the limit. What counts is the share of the stable interval
that is used without staleness; depth, width and data act through it alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from empirics.exact import largest_delay, stability_limit
from empirics.paths import paths
from empirics.problems.base import Array, Problem, real, whole
from empirics.schedules import Constant, Uniform
from empirics.schedules.base import Schedule
from empirics.sharpness import Sharpness, sharpness

WITHIN = 2.2  # nine in ten of the held-out settings of docs/slack_law.md are; half, within 1.4
LONGEST = 10**6  # staleness beyond which nobody asks
SHOWN = (4, 16, 64)  # staleness whose cost is printed
KINKED = 2.0  # the gradient may change by so many times what the sharpness says, and no more
TINY = 1e-8
STEPS = 16  # of the length of an update, along which that is looked at
RUNAWAY = 1e4  # |grad f|^2 over that at the start, from which a run comes to nothing

Law = Callable[[int], Schedule]


@dataclass(frozen=True, kw_only=True)
class Range:
    """A prediction: the least it may be, the best guess, the most.

    >>> print(Range(low=3, value=4, high=6))
    4 [3, 6]
    """

    low: float
    value: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}]"


def slack_law(a: float, schedule: Schedule) -> float:
    r"""How many times as many updates a schedule needs, each at its best step: a conjecture.

    .. math:: S \approx \max\Bigl(1, \frac{a_0}{a_{\max}}\Bigr)

    Parameters: a = a_0, the best step without staleness times the sharpness; schedule, as of
    `exact.stability_limit`, which gives a_max, in the mean square.
    Raises ValueError if an argument is not of its kind.

    >>> from empirics.schedules import Constant
    >>> round(slack_law(0.5, Constant(16)), 2), slack_law(0.05, Constant(16))
    (5.25, 1.0)
    """
    a = real("slack law", "a = step times sharpness", a, 0)
    return max(1.0, a / stability_limit(schedule))


@dataclass(frozen=True, eq=False, kw_only=True)
class Tolerance:
    """What `tolerance` found.

    Fields: problem, its name; step = eta; measured, the sharpness where each of the runs without
    staleness has come to; updates, how many these made, 0 at a given point; rough, the largest
    change of the gradient over one update, as a multiple of what the sharpness explains: at most 1
    on a quadratic, large where a function has kinks; settings of the problem, ready for JSON.
    """

    problem: str
    step: float
    measured: tuple[Sharpness, ...]
    updates: int
    rough: float
    settings: dict[str, Any]

    @property
    def sharpness(self) -> Range:
        """Mean over the runs; from the least less its error to the largest and its error."""
        return Range(
            low=min(one.value - one.error for one in self.measured),
            value=float(np.mean([one.value for one in self.measured])),
            high=max(one.value + one.error for one in self.measured),
        )

    @property
    def a(self) -> Range:
        """a_0 = step times sharpness: fresh gradients are stable below 2."""
        known = self.sharpness
        return Range(
            low=self.step * known.low, value=self.step * known.value, high=self.step * known.high
        )

    def largest(self, law: Law = Constant) -> Range:
        """The largest staleness at which this step is stable, -1 if not even 0 is.

        law makes a schedule of a staleness s, such as `Constant`, `Uniform` or
        `lambda s: Caches(4, Uniform(s))`; its limit in the mean square counts.
        Staleness beyond a million is not told apart from a million.
        """
        ends = self.a
        return Range(
            low=_largest(ends.high, law),
            value=_largest(ends.value, law),
            high=_largest(ends.low, law),
        )

    def slowdown(self, staleness: int, law: Law = Constant) -> Range:
        """Updates to the same goal over those without staleness, each at its best step.

        For a step that is the best one without staleness, and a run much longer than the delays:
        where these last a quarter of the run or more, they cost more. The range is that of the
        sharpness, widened by the factor within which nine in ten predictions were.
        Raises ValueError unless staleness is a whole number >= 0.
        """
        schedule = law(whole("slowdown", "staleness", staleness, 0))
        low, value, high = (max(0.0, a) for a in (self.a.low, self.a.value, self.a.high))
        return Range(
            low=slack_law(low, schedule) / WITHIN,
            value=slack_law(value, schedule),
            high=slack_law(high, schedule) * WITHIN,
        )

    def __str__(self) -> str:
        a, where = self.a, "at the given point"
        if self.updates:
            n = len(self.measured)
            where = f"after {self.updates} fresh updates of {n} run{'s' * (n > 1)}"
        lines = [
            f"{self.problem}, step {self.step:g}",
            f"The sharpness is {self.sharpness}, {where} ({self.measured[0].method}).",
            f"Step times sharpness is {a}: {a.value / 2:.0%} of what fresh gradients bear.",
        ]
        if self.rough > KINKED:
            lines.append(
                f"Over one update the gradient changes {self.rough:.3g} times as much as the "
                "sharpness explains:\nthis is no quadratic at the length of a step, and what "
                "follows does not hold."
            )
        for words, law in (("Constant delays", Constant), ("Uniform delays from 0", Uniform)):
            most = self.largest(law)
            if most.high < 0:
                return "\n".join([*lines, "Not even fresh gradients are stable: lower the step."])
            lines.append(f"{words} are stable up to {_staleness(most)}.")
        lines.append(
            "If the step is the best one without staleness, constant delays cost\n"
            f"(slack law, a conjecture; within a factor {WITHIN:g} in nine of ten settings tried):"
        )
        lines += [f"  {s:>3}: {self.slowdown(s)} times as many updates" for s in SHOWN]
        return "\n".join(lines)

    def to_dict(self, staleness: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)) -> dict[str, Any]:
        """All of it, ready for JSON."""
        laws: dict[str, Law] = {"constant": Constant, "uniform": Uniform}
        return {
            "problem": self.problem,
            "step": self.step,
            "updates": self.updates,
            "measured": [vars(one) for one in self.measured],
            "sharpness": vars(self.sharpness),
            "a": vars(self.a),
            "rough": self.rough,
            "largest": {name: vars(self.largest(law)) for name, law in laws.items()},
            "slowdown": {
                name: {str(s): vars(self.slowdown(s, law)) for s in staleness}
                for name, law in laws.items()
            },
            "law within": WITHIN,
            "settings": self.settings,
        }


def tolerance(
    problem: Problem,
    step: float,
    *,
    point: ArrayLike | None = None,
    updates: int = 1000,
    replicas: int = 4,
    seed: int = 0,
) -> Tolerance:
    """Predict from fresh gradients how much staleness a step will bear, and what it will cost.

    Parameters: problem; step = eta > 0; point = x, (dim,), where the sharpness is measured; unless
    given, where some runs without staleness come to, with so many updates, in so many replicas (one
    where there is no noise), from one seed. The range of the sharpness is over these.
    Raises ValueError if an argument is not of its kind, or the runs diverge or run away.

    >>> from empirics import problems
    >>> chain = problems.deep_linear_chain(8, 1.0)
    >>> print(tolerance(chain, 0.05))
    deep linear chain, step 0.05
    The sharpness is 8 [8, 8], after 1000 fresh updates of 1 run (complex step).
    Step times sharpness is 0.4 [0.4, 0.4]: 20% of what fresh gradients bear.
    Constant delays are stable up to 3.
    Uniform delays from 0 are stable up to 8.
    If the step is the best one without staleness, constant delays cost
    (slack law, a conjecture; within a factor 2.2 in nine of ten settings tried):
        4: 1.152 [0.5235, 2.534] times as many updates
       16: 4.203 [1.911, 9.247] times as many updates
       64: 16.43 [7.466, 36.14] times as many updates

    Source: Levin, May 1976 (stability under constant delay); the law is this project's.
    """
    if not isinstance(problem, Problem):
        raise ValueError(f"tolerance needs a Problem such as quadratic(...), got {problem!r}")
    eta = real("tolerance", "step", step, 0, ends="()")
    most = whole("tolerance", "updates", updates, 1)
    n = whole("tolerance", "replicas", replicas, 1)
    whole("tolerance", "seed", seed, 0, np.inf)
    made = 0 if point is not None else most
    if point is not None:
        points = np.asarray([point])
    else:
        points = _reached(problem, eta, most, n if problem.sample_size else 1, seed)
    measured = tuple(sharpness(problem, x, seed=seed) for x in points)
    return Tolerance(
        problem=problem.name,
        step=eta,
        measured=measured,
        updates=made,
        rough=max(
            _change(problem, x, eta, seed) / max(one.value + one.error, TINY)
            for x, one in zip(np.asarray(points, dtype=np.float64), measured, strict=True)
        ),
        settings=dict(problem.settings),
    )


def _reached(problem: Problem, eta: float, updates: int, n: int, seed: int) -> Array:
    """Where SGD without staleness comes to, (n, dim)."""
    found = paths(
        problem, Constant(0), step=eta, steps=updates, replicas=n, seed=seed, record=[updates]
    )
    x: Array = found.points[-1]
    if not np.isfinite(x).all():
        raise ValueError(
            f"tolerance needs a step that is stable without staleness, got {eta:g}, at which a run "
            f"diverges within {updates} updates; lower it"
        )
    before, after = (np.square(problem.gradient(p)).sum(axis=-1) for p in (problem.start, x))
    if after.max() > RUNAWAY * before > 0:
        raise ValueError(
            f"tolerance needs runs that come to rest, got |grad f|^2 = {after.max():.3g} after "
            f"{updates} updates, {before:.3g} at the start; lower the step, or give a point"
        )
    return x


def _change(problem: Problem, x: Array, eta: float, seed: int) -> float:
    """The largest |grad f(x - eta g) - grad f(x)| / |eta g| over some stochastic gradients g."""
    points = np.tile(x, (problem.lanes, 1))
    sample = problem.draw(np.random.default_rng(seed), 1, problem.lanes)[0]
    moves = np.empty_like(points)
    problem.stochastic_gradient(points, sample, moves)
    moves = eta * moves[:STEPS]
    lengths = np.linalg.norm(moves, axis=-1)
    far = lengths > TINY * (1 + np.abs(x).max())  # else rounding is all there is
    if not far.any():
        return 0.0
    here, there = problem.gradient(x), problem.gradient(x - moves[far])
    return float((np.linalg.norm(there - here, axis=-1) / lengths[far]).max())


def _largest(a: float, law: Law) -> int:
    if a <= 0:
        return LONGEST
    if a >= stability_limit(law(0)):
        return -1
    if a < stability_limit(law(1)) / LONGEST:  # every law's limit falls like 1/s at most
        return LONGEST
    return largest_delay(a, law)


def _staleness(found: Range) -> str:
    if found.low >= LONGEST:
        return "a million at least"
    if found.low == found.value == found.high:
        return f"{found.value:g}"
    return f"{found.value:g}, between {found.low:g} and {found.high:g}"
