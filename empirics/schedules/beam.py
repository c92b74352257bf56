"""How bad sequences of delays are found: a beam over time, known patterns, and single changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from empirics.problems.base import Array
from empirics.schedules.base import Delays
from empirics.schedules.descents import Descents

BUDGET = 10**7  # updates, of one sequence each, that improving one of them may take
PATTERNS = 1000  # about, that are tried
TOGETHER = 64  # changes that are made at once, at most
GAIN = 1e-12  # relative, that a change has to bring: less is rounding, which goes in circles


def beam(
    run: Descents, width: int, generator: np.random.Generator, tell: Callable[[int], None]
) -> tuple[Delays, bool]:
    """The sequences that are left at the end, (n, T), and whether they are all there are.

    Kept are those with the largest goal so far, those with the most of it in the gradients that can
    still be read (what is small now may be about to grow), and a few at random.
    """
    x, g, total = run.first()
    T, size, dim = len(run.eta), run.tau_max + 1, run.problem.dim
    ring = np.repeat(g[None], size, axis=0)  # (size, n, dim)
    taken: list[
        tuple[NDArray[np.intp], Delays]
    ] = []  # at each update, on from whom, with which tau
    exhaustive = True
    for t in range(T):
        options, n = min(t, run.tau_max) + 1, len(x)
        pulls = ring[(t - np.arange(options)) % size]  # (options, n, dim)
        ahead = (x - run.eta[t] * pulls).reshape(-1, dim)
        gradients = run.problem.gradient(ahead)
        parent, tau = np.tile(np.arange(n), options), np.repeat(np.arange(options), n)
        totals = run.sofar(total[parent], run.measure(ahead, gradients), t + 1)
        if options * n > width:
            exhaustive = False
            held = np.vecdot(ring, ring).sum(axis=0)[parent] + np.vecdot(gradients, gradients)
            chosen = _chosen(totals, held, width, generator)
        else:
            chosen = np.arange(options * n)
        taken.append((parent[chosen], tau[chosen]))
        x, total, ring = ahead[chosen], totals[chosen], ring[:, parent[chosen]]
        ring[(t + 1) % size] = gradients[chosen]
        tell(t + 1)
    delays = np.empty((len(x), T), dtype=np.int64)
    lane = np.arange(len(x))
    for t in reversed(range(T)):
        parent, tau = taken[t]
        delays[:, t] = tau[lane]
        lane = parent[lane]
    return delays, exhaustive


def _chosen(
    totals: Array, held: Array, width: int, generator: np.random.Generator
) -> NDArray[np.intp]:
    """Half by the goal so far, a quarter by what is held, the rest at random; equal ones once."""
    _, different = np.unique(np.column_stack([totals, held]), axis=0, return_index=True)
    by_goal = different[np.argsort(-totals[different], kind="stable")][: -(-width // 2)]
    by_held = different[np.argsort(-held[different], kind="stable")][: width // 4]
    first = np.union1d(by_goal, by_held)
    rest = np.setdiff1d(different, first)
    return np.append(first, generator.permutation(rest)[: width - len(first)])


def patterns(T: int, most: int) -> Delays:
    """0, 1, ..., s - 1 repeated; and 0, 1, ..., tau_max, tau_max, ... repeated, from many places.

    The latter destabilise a quadratic at smaller steps than any constant delay does: one period
    takes x to (1 - (tau + 1 + m) h + m (m + 1) h^2 / 2) x, where m is how long tau_max is held.
    """
    words = [(list(range(s)), 0) for s in range(1, most + 2)]
    stride = 1 + 3 * (most + 1) ** 2 // (2 * PATTERNS)
    for m in range(most + 1):
        word = [*range(most + 1), *[most] * m]
        words += [(word, shift) for shift in range(0, len(word), stride)]
    t = np.arange(T)
    return np.array([np.array(word)[(t + shift) % len(word)] for word, shift in words])


def improved(
    run: Descents, delays: Delays, value: float, generator: np.random.Generator
) -> tuple[Delays, float]:
    """Change single delays, several at once where that is better still, until nothing helps.

    Or until the budget is spent; the changes of a long sequence are a random part of all.
    """
    T = len(delays)
    t, tau = np.indices((T, run.tau_max + 1)).reshape(2, -1)
    left = BUDGET // T
    while left > 0:
        places = np.flatnonzero((tau <= t) & (tau != delays[t]))
        if len(places) > left // 2:
            places = generator.permutation(places)[: max(1, left // 2)]
        left -= len(places) + TOGETHER
        at, to = t[places], tau[places]
        values = run.changed(delays, at, to)
        order = np.argsort(-values, kind="stable")
        order = order[values[order] > value * (1 + GAIN)]
        if not order.size:
            break
        order = order[np.sort(np.unique(at[order], return_index=True)[1])]  # one for each update
        together = np.repeat(delays[None], min(len(order), TOGETHER), axis=0)
        for k, one in enumerate(order[:TOGETHER]):
            together[k:, at[one]] = to[one]
        values = run.values(together)
        if not values.max() > value:
            break
        delays, value = together[values.argmax()], float(values.max())
    return delays, value
