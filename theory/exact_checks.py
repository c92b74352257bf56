r"""Whether an exact run meets an assumption: yes, no, or not known, and not known is never a yes.

A constant that the run gives no value stays a symbol, and the answer is then for all its values.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from sympy import Min, Symbol, oo, sympify

from theory import assumptions as known
from theory.algebra import normal
from theory.exact_hypotheses import holds
from theory.latex import shown
from theory.sign import provably
from theory.symbols import MEANING, B, F_star
from theory.witness import Path


def meets(
    assumption: known.Assumed, constants: dict[str, Any], path: Path, steps: Sequence[Any]
) -> bool | None:
    """Whether the run with these constants, by symbol name, and step sizes meets the assumption.

    None if that is not proved either way, or if exact runs do not record it.
    """
    given = {a: b for a, b in constants.items() if not isinstance(b, list | tuple)}
    values = {a: given[a.name] for a in MEANING if isinstance(a, Symbol) and a.name in given}
    f, updates = path.function, range(len(path.reads))
    delays = [k - path.reads[k] for k in updates]

    def at(expression: Any) -> Any:
        return shown(expression).expression.xreplace(values)

    match assumption:
        case known.Smooth():
            return at_most(f.smoothness, at(assumption.L))
        case known.Convex():
            return at_most(0, f.convexity)
        case known.StronglyConvex():
            return at_most(at(assumption.mu), f.convexity)
        case known.ConditionNumber():
            return _negated(at_most(at(assumption.L), at(assumption.mu)))
        case known.PolyakLojasiewicz():
            return at_most(at(assumption.mu), f.polyak)
        case known.BoundedGradient():
            return at_most(f.lipschitz, at(assumption.G))
        case known.Minimiser():
            star, start = f.minimiser, path.points[0][0]
            if star is None:
                return False
            return at_most((start - star) ** 2, at(assumption.R) ** 2)
        case known.InitialGap():
            return at_most(path.gap, at(assumption.Delta))
        case known.BoundedVariance():
            return at_most(path.variance, at(assumption.sigma) ** 2)
        case known.MiniBatch():
            return at_most(path.variance, at(assumption.sigma) ** 2 / at(assumption.b))
        case known.MultiplicativeNoise():
            squares, floor = path.squared_gradients, at(assumption.sigma) ** 2
            bounds = [at(assumption.M) * squares[read] + floor for read in path.reads]
            return every(at_most(path.variance, bound) for bound in bounds)
        case known.BoundedSecondMoment():
            return at_most(path.second_moment, at(assumption.bound))
        case known.GradientCoherence():
            window = at(assumption.s)
            if window.is_Integer:
                return at_most(at(assumption.mu), path.coherence(int(window)))
            return at_most(at(assumption.mu), path.coherence(len(path.points[0]))) or None
        case known.PathwiseGradientCoherence():
            window = at(assumption.s)
            if not window.is_Integer:
                return None
            return at_most(at(assumption.mu), path.pathwise_coherence(int(window)))
        case known.SufficientDirection():
            return every(
                at_most(at(assumption.sigma_d) * path.squared_gradients[k], path.along(k))
                for k in updates
            )
        case known.BoundedDelay():
            return every(at_most(delay, at(assumption.s) - 1) for delay in delays)
        case known.ConstantDelay():
            asked = [Min(k, at(assumption.tau)) for k in updates]
            shorter = [at_most(a, b) for a, b in zip(delays, asked, strict=True)]
            longer = [at_most(b, a) for a, b in zip(delays, asked, strict=True)]
            return every([*shorter, *longer])
        case known.Multiplicity():
            most = max((path.reads.count(r) for r in path.reads), default=0)
            return at_most(most, at(assumption.m))
        case known.Concurrency():
            flying = [sum(path.reads[k] <= j < k for k in updates) for j in updates]
            return at_most(max(flying, default=0), at(assumption.N))
        case known.AverageDelay():
            return at_most(sum(delays), at(assumption.tau_avg) * len(delays))
        case known.StaleSGD():
            noiseless = path.variance == 0
            once = len(set(path.reads)) == len(path.reads)
            single = all(len(part) == 1 for part in path.parts)
            fresh = noiseless or (assumption.noisy and (not assumption.reuse or once))
            return single and fresh
        case known.DeliveredGradients():
            return all(len(part) == 1 for part in path.parts)  # every gradient has its own noise
        case known.RestartingWorkers():
            counts = [(read, path.reads.count(read)) for read in path.reads]
            allowed = [1 + (at(assumption.N) if read == 0 else 0) for read, _ in counts]
            return every(at_most(c[1], most) for c, most in zip(counts, allowed, strict=True))
        case known.BoundedGradientsMet():
            return every(at_most(a, at(assumption.G) ** 2) for a in path.squared_gradients)
        case known.ShortStep():
            return every(_negated(at_most(at(assumption.limit), a)) for a in steps)
        case known.SeveralGradients():
            return all(len(part) == at(B) for part in path.parts)
        case known.DelaysOfParts():
            return every(at_most(delay, at(assumption.s) - 1) for delay in delays)
        case known.VarianceOfSamples():
            return at_most(path.variance, at(B * assumption.sigma**2))
        case known.StepsOverTheDelay():
            tau, h = int(at(assumption.tau)), [at(assumption.L * B) * a for a in steps]
            later = [sum(h[k + 1 : k + 1 + tau]) for k in updates]
            return every(at_most(h[k] * (1 + 2 * tau * later[k]), 1) for k in updates)
        case known.NonincreasingSteps():
            ordered = [at_most(b, a) for a, b in pairwise(steps)]
            return every([*ordered, *(at_most(0, a) for a in steps)])
        case known.PositiveSteps():
            return every(at_most(0, a) for a in steps)
        case known.SomeStep():
            return _negated(at_most(sum(steps), 0))
        case known.PickySteps():
            return _picky(at(assumption.size), at(assumption.radius), path, steps)
        case known.StepLimit():
            return every(at_most(a, at(assumption.limit)) for a in steps)
        case known.WindowRule():
            return every(at_most(a, at(assumption.limit)) for a in _windows(path, steps))
        case known.InterferenceRule():
            both = zip(_windows(path, steps), _loads(path, steps), strict=True)
            return every(at_most(a + b, at(assumption.limit)) for a, b in both)
        case known.UnbiasedNoise() | known.ExogenousDelays() | known.ReadsThePast():
            return True  # two-point noise with fresh signs; a schedule of the past, fixed before
        case known.AnyDirection():
            return True  # the direction is the stale stochastic gradient
        case known.Stated():
            values[F_star] = f.infimum
            return holds(assumption.hypothesis, values, path, steps, assumption.count.first)
        case _:
            return None


def _windows(path: Path, steps: Sequence[Any]) -> list[Any]:
    """The steps from the read of each update to its write, its own included."""
    return [sum(steps[read : k + 1]) for k, read in enumerate(path.reads)]


def _loads(path: Path, steps: Sequence[Any]) -> list[Any]:
    """For each update the steps of the later ones that had read before it was applied."""
    updates = range(len(path.reads))
    return [sum(steps[k] for k in updates if path.reads[k] <= j < k) for j in updates]


def at_most(a: Any, b: Any) -> bool | None:
    """Whether a <= b for all values of the symbols in it: proved, false for all, or neither."""
    difference = sympify(b) - sympify(a)
    if difference in (oo, -oo):
        return bool(difference == oo)
    difference = normal(difference)
    if provably(">=", difference):
        return True
    return False if provably(">", -difference) else None


def every(answers: Iterable[bool | None]) -> bool | None:
    """The answer to all questions at once: one no is a no, one that is not known is not known."""
    several = list(answers)
    if False in several:
        return False
    return None if None in several else True


def _picky(size: Any, radius: Any, path: Path, steps: Sequence[Any]) -> bool | None:
    """Whether exactly the gradients read near the present iterate are applied, with one step."""
    answers: list[bool | None] = []
    for (k, read), step in zip(enumerate(path.reads), steps, strict=True):
        near = every(at_most((p[k] - p[read]) ** 2, radius**2) for p in path.points)
        right = size if near else 0
        answers += [near if near is None else True, at_most(step, right), at_most(right, step)]
    return every(answers)


def _negated(answer: bool | None) -> bool | None:
    return None if answer is None else not answer
