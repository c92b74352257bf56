"""What one says of staleness and of momentum at a given step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from empirics import exact, schedules
from empirics.lore.record import Lore, Number, at_the_end, seen_in
from empirics.optimisers import Momentum
from empirics.problems.base import real, whole
from empirics.problems.quadratic import quadratic
from empirics.schedules.base import Schedule
from empirics.simulate import simulate

FACTOR = 1.01  # a limit is looked for until what holds and what fails are this close


def staleness_can_speed_up(
    taus: Sequence[int] = (0, 1, 2, 4),
    a: float = 0.15,
    *,
    steps: int = 20,
    sigma: float = 1e-3,
    replicas: int = 1024,
    seed: int = 0,
    alpha: float = 1e-6,
) -> Lore:
    r"""At a fixed step below a^*(tau) a longer delay is faster: the rate falls from 1 - a.

    .. math:: r^\tau (1 - r) = a, \qquad r = 1 - a - \tau a^2 + \dots

    Parameters: taus, the delays; a, the step; steps = T; sigma, of the noise; the rest as above.
    Raises ValueError if one is out of its range.

    >>> found = staleness_can_speed_up()
    >>> found.agrees, [f"{number.exact:.2g}" for number in found.numbers]
    (True, ['0.0015', '0.00033', '2.3e-06', '5e-05'])
    """
    who = "staleness can speed up"
    a, several = real(who, "a", a, 0, ends="()"), _delays(who, taus)
    problem = quadratic(spectrum=[1.0], sigma=sigma, start=[1.0])
    numbers, rates = [], []
    for tau in several:
        schedule = schedules.Constant(tau)
        known = exact.moments(problem, schedule, step=a, steps=steps)
        seen = at_the_end(problem, schedule, a, steps, replicas, seed).squared_norm
        numbers.append(
            seen_in(f"tau = {tau}: E x_{steps}^2", known.squared_gradient[-1], seen, alpha)
        )
        rates.append(exact.rate(schedule, a))
    best = several[int(np.argmin(rates))]
    words = ", ".join(f"{rate:.4g}" for rate in rates)
    truth = (
        "At a fixed step it can speed it up, as long as the step is small for the delay"
        if best > min(several)
        else "At a step as long as this one it does"
    )
    return Lore(
        saying="Staleness slows convergence down.",
        finding=f"{truth}: at a = {a:g} the rates are {words}, the fastest at tau = {best}.",
        numbers=tuple(numbers),
    )


def momentum_lowers_the_limit(
    beta: float = 0.5, taus: Sequence[int] = (0, 1, 2, 4), *, steps: int = 1000
) -> Lore:
    r"""Momentum raises the limit without delay, to 2 (1 + beta), and lowers it with any.

    .. math:: a_{\max}(\tau = 1) = 1 - \beta

    Without noise the simulator's limit lies between the last step that came to rest and the first
    that did not. Parameters: beta; taus; steps, how long each run is given.
    Raises ValueError if one is out of its range.

    >>> found = momentum_lowers_the_limit()
    >>> found.agrees, [round(number.exact, 4) for number in found.numbers]
    (True, [3.0, 0.5, 0.2808, 0.1559])
    """
    who, numbers = "momentum lowers the limit", []
    beta = real(who, "beta", beta, 0, 1, ends="()")
    for tau in _delays(who, taus):
        schedule = schedules.Constant(tau)
        limit = exact.stability_limit(schedule, momentum=beta)
        plain = exact.stability_limit(schedule)
        low, high = _bracket(schedule, beta, plain, whole(who, "steps", steps, 100))
        words = f"tau = {tau}: limit with beta = {beta:g} (without: {plain:.4g})"
        numbers.append(Number(what=words, exact=limit, simulated=None, low=low, high=high))
    return Lore(
        saying="Momentum lets one take longer steps.",
        finding="Without delay; as soon as tau >= 1, positive momentum lowers the limit.",
        numbers=tuple(numbers),
    )


def _bracket(schedule: Schedule, beta: float, start: float, steps: int) -> tuple[float, float]:
    """Two steps close together, the first of which comes to rest and the second does not."""

    def rests(a: float) -> bool:
        runs = simulate(
            quadratic(spectrum=[1.0], start=[1.0]),
            schedule,
            step=a,
            steps=steps,
            replicas=1,
            optimiser=Momentum(beta),
        )
        size = runs.statistics.squared_norm.mean
        half = len(size) // 2
        return bool(size[half:].max() < size[:half].max())  # infinite once a run is lost

    low = high = 1.23 * start  # a limit itself is neither
    while not rests(low):
        low /= 2
    while rests(high):
        high *= 2
    while high > FACTOR * low:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if rests(middle) else (low, middle)
    return low, high


def _delays(who: str, taus: Sequence[int]) -> list[int]:
    several = [whole(who, "tau", tau, 0) for tau in taus]
    if not several:
        raise ValueError(f"{who} needs at least one delay tau, got none")
    return several
