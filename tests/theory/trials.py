"""Exact runs to try a theorem on: a random convex or nonconvex function, random admissible delays,
two-point noise, and every constant at the sharpest value the run allows.

A theorem that is wrong, or stated with too small a constant, is broken by some of them; one that is
right by none.
"""

import random
from collections.abc import Iterator
from dataclasses import replace

from sympy import Abs, Integer, Rational, floor

from theory.exact_runs import ExactRun
from theory.latex import shown
from theory.theorem import Theorem
from theory.witness import PiecewiseQuadratic, quadratic


def some_function(chance: random.Random, *, convex: bool) -> PiecewiseQuadratic:
    """A function with minimiser 0: a parabola, or a random one; smoothness is at most 2."""
    if chance.random() < 0.4:
        return quadratic(Rational(chance.choice([1, 2, 4]), 2))
    a, b = (Rational(chance.randint(1, 4), 2) for _ in range(2))
    knots = [(Integer(-1), -a), (Integer(0), Integer(0)), (Integer(1), b)]
    low = 1 if convex else -3
    knots.append((Integer(2), b + Rational(chance.randint(low, 3), 4)))
    if not convex and knots[-1][1] <= 0:
        knots[-1] = (Integer(2), Rational(1, 4))
    return PiecewiseQuadratic(tuple(knots), Integer(1), Rational(1, 2))


def random_run(
    theorem: Theorem, seed: int, *, convex: bool = True, noise: bool = True, delay: int = 2
) -> ExactRun:
    """A run of at most five updates with the theorem's own (or its largest) step size.

    Constants that are not read off the run may be added with `dataclasses.replace`.
    """
    chance = random.Random(f"{theorem.name} {seed}")
    f = some_function(chance, convex=convex)
    start = Rational(chance.choice([-6, -3, 2, 3, 5]), 2)
    steps = chance.randint(1, 5)
    tau = chance.randint(0, min(delay, steps - 1))
    delays = [chance.randint(0, min(t, tau)) for t in range(steps)]
    if chance.random() < 0.5:  # the constant delay, clipped
        delays = [min(t, tau) for t in range(steps)]
    sigma = Rational(chance.choice([1, 2, 3]), 2) if noise else Integer(0)
    reads = tuple(t - d + 1 for t, d in enumerate(delays))
    flying = [sum(t - delays[t] <= j < t for t in range(steps)) for j in range(steps)]
    constants = {
        "L": f.smoothness,
        "mu_sc": f.convexity,
        "Delta": f.value(start) - f.infimum,
        "R": Abs(start - f.minimiser),
        "sigma": sigma,
        "tau": Integer(tau),
        "tau_avg": Rational(sum(delays), steps),
        "N": Integer(max(flying)),
        "M": Integer(0),
        theorem.horizon.name: Integer(steps),
    }
    wanted = {*theorem.constants, *theorem.sequences, *_assumed(theorem)}
    constants = {a: b for a, b in constants.items() if a in wanted}
    if theorem.step_limit is not None:
        known = {a: b for a, b in constants.items() if a in theorem.constants}
        limit = theorem.largest_step(**known)
        if not limit.is_Rational:  # exact roots in every path would take minutes
            limit = Rational(floor(1000 * limit), 1000)
        constants["eta"] = limit if chance.random() < 0.7 else limit / 2
    return ExactRun(
        words=f"random function {seed}",
        constants=constants,
        function=f,
        start=start,
        reads=reads,
        noise=sigma,
    )


def _assumed(theorem: Theorem) -> set[str]:
    """Names of the constants in the assumptions."""
    free = set()
    for assumption in theorem.assumptions:
        for value in vars(assumption).values():
            free |= {a.name for a in getattr(value, "free_symbols", set())}
    return free


def broken(theorem: Theorem, runs: Iterator[ExactRun], scale: object = 1) -> list[str]:
    """The runs on which the quantity exceeds `scale` times the bound."""
    found = []
    for example in runs:
        replayed = theorem.replay(example)
        if (replayed.quantity - scale * replayed.bound).is_positive:
            found.append(str(replayed))
    return found


def weakened(theorem: Theorem, scale: object = Rational(9, 10)) -> Theorem:
    """The theorem with a bound that its proof does not reach."""
    return replace(theorem, bound=shown(scale * theorem.bound.expression))


def adaptive_run(
    theorem: Theorem, seed: int, limit: object, *, load: bool = False, **options: object
) -> ExactRun:
    """A random run whose steps are random too, scaled to meet a window rule with equality.

    The sums over the windows are at most limit/L; with `load` the steps of later windows that
    contain the update are added to them.
    """
    chance = random.Random(f"steps {theorem.name} {seed}")
    run = random_run(theorem, seed, **{"delay": 4, **options})
    reads, updates = [r - 1 for r in run.reads], range(len(run.reads))
    weights = [Integer(chance.randint(0, 4)) for _ in updates]
    weights[chance.choice(updates)] = Integer(3)
    sums = []
    for j in updates:
        later = [weights[k] for k in updates if reads[k] <= j < k] if load else []
        sums.append(sum([*weights[reads[j] : j + 1], *later]))
    scale = limit / (run.function.smoothness * max(sums))
    return replace(run, constants={**run.constants, "eta": [scale * a for a in weights]})
