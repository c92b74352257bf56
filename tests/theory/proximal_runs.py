"""Exact runs on the line with proximal steps: all sign patterns of two-point noise, fractions.

The regulariser is lam |x| on an interval and infinite outside; lam = 0 projects onto the interval.
"""

import random
from dataclasses import dataclass
from itertools import product

from sympy import Abs, Add, Integer, Max, Min, Rational, sign

from theory.assumptions import PSI, gradient, x, x_star, xi
from theory.hilbert import Inner, value
from theory.symbols import eta0, r, t
from theory.witness import PiecewiseQuadratic


@dataclass(frozen=True)
class Regulariser:
    """lam |x| on low <= x <= high."""

    lam: object
    low: object
    high: object

    def value(self, point):
        return self.lam * Abs(point)

    def proximal(self, point, step):
        """The minimiser of lam |z| + (z - point)^2/(2 step) on the interval."""
        shrunk = sign(point) * Max(Abs(point) - step * self.lam, 0)
        return Min(Max(shrunk, self.low), self.high)


@dataclass(frozen=True)
class ProximalRun:
    """A function, a regulariser, a start, delays, the size of the noise, and x*, fixed."""

    function: PiecewiseQuadratic
    regulariser: Regulariser
    start: object
    delays: tuple[int, ...]
    noise: object
    star: object

    def paths(self, step):
        """(points, gradients applied) for every pattern of the noise."""
        signs = (1, -1) if self.noise else (0,)
        for pattern in product(signs, repeat=len(self.delays)):
            points, applied = [self.start], []
            for place, delay in enumerate(self.delays):
                read = self.function.derivative(points[place - delay])
                applied.append(read + pattern[place] * self.noise)
                points.append(self.regulariser.proximal(points[-1] - step * applied[-1], step))
            yield points, applied

    def excess(self, step):
        """(1/T) sum of E (F + Psi)(x_{t+1}) - (F + Psi)(x*)."""
        values = [
            self.function.value(place) + self.regulariser.value(place)
            for points, _ in self.paths(step)
            for place in points[1:]
        ]
        star = self.function.value(self.star) + self.regulariser.value(self.star)
        return Add(*values) / len(values) - star

    def second_moment(self, step):
        """The largest E|g_t|^2."""
        paths = [applied for _, applied in self.paths(step)]
        return Max(*(Add(*(g**2 for g in gs)) / len(paths) for gs in zip(*paths, strict=True)))

    def slacks(self, expression, step):
        """An expression in t and eta, of the inner products of one update, on every path."""
        for points, applied in self.paths(step):
            for place, delay in enumerate(self.delays):
                read = points[place - delay]
                atoms = {
                    x(t): points[place],
                    x(t + 1): points[place + 1],
                    xi(t): applied[place] - self.function.derivative(read),
                    gradient(r(t)): self.function.derivative(read),
                    x_star: self.star,
                }
                values = {
                    **{value(PSI, a): self.regulariser.value(b) for a, b in atoms.items()},
                    **{Inner(a, b): atoms[a] * atoms[b] for a, b in product(atoms, repeat=2)},
                }
                yield expression.xreplace(values).xreplace({eta0: step})

    def known(self, **more):
        """The constants that a bound needs, at their sharpest values."""
        return {
            "L": self.function.smoothness,
            "R": Abs(self.start - self.star),
            "sigma": self.noise,
            "tau": max(self.delays),
            "T": len(self.delays),
            **more,
        }


def random_proximal(seed, *, regularised=False):
    """Up to five steps on a random convex function, x* any point of the interval."""
    chance = random.Random(f"proximal {seed}")
    slopes = [Rational(chance.randint(1, 4), 2) for _ in range(2)]
    function = PiecewiseQuadratic(
        ((Integer(-1), -slopes[0]), (Integer(0), Integer(0)), (Integer(1), slopes[1])),
        Rational(chance.randint(0, 2), 2),
        Integer(1),
    )
    low, high = Rational(chance.choice([-4, -1, 1]), 2), Rational(chance.choice([2, 3, 6]))
    start, star = chance.sample(sorted({low, high, (low + high) / 2, Max(low, 0)}), 2)
    steps = chance.randint(1, 5)
    tau = chance.randint(0, min(2, steps - 1))
    return ProximalRun(
        function=function,
        regulariser=Regulariser(Rational(chance.randint(1, 3), 2) * int(regularised), low, high),
        start=start,
        delays=tuple(chance.randint(0, min(k, tau)) for k in range(steps)),
        noise=Rational(chance.choice([0, 1, 2]), 2),
        star=star,
    )


def far(steps, step):
    """Steps on Huber's function, from so far out that the last ends where the slope ends."""
    huber = PiecewiseQuadratic(
        ((Integer(-1), Integer(-1)), (Integer(1), Integer(1))), Integer(0), Integer(0)
    )
    everywhere = Regulariser(Integer(0), Integer(-100), Integer(100))
    return ProximalRun(huber, everywhere, steps * step, (0,) * steps, Integer(0), Integer(0))
