r"""Functions of one variable on which stale SGD can be run in exact arithmetic.

A `PiecewiseQuadratic` has a piecewise linear derivative, given at rational knots. `run` applies the
stale update to it with two-point noise (all sign patterns, so expectations are exact) and returns
what a theorem speaks of: E|grad F(x_k)|^2, the gap, the coherence. Nothing is rounded.

>>> from sympy import Integer, Rational
>>> parabola = quadratic(Integer(1))
>>> path = run(parabola, Integer(2), steps=[Rational(1, 2)]*2, reads=[1, 1])
>>> path.squared_gradients
(4, 1, 0)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

from sympy import Abs, Add, Integer, Max, Min, oo, sqrt, sympify

Exact = Any  # an exact SymPy number


@dataclass(frozen=True)
class PiecewiseQuadratic:
    """F with derivative linear between the knots (position, derivative), positions increasing.

    Outside the knots the derivative goes on with slopes `left` and `right`; F is 0 at the first.
    """

    knots: tuple[tuple[Exact, Exact], ...]
    left: Exact
    right: Exact

    def __post_init__(self) -> None:
        places = [p for p, _ in self.knots]
        if not places or any(not (a < b) for a, b in pairwise(places)):
            raise ValueError(f"knots need increasing positions, got {places}")

    def derivative(self, at: Exact) -> Exact:
        """F'(at)."""
        first, last = self.knots[0], self.knots[-1]
        if at <= first[0]:
            return first[1] + self.left * (at - first[0])
        if at >= last[0]:
            return last[1] + self.right * (at - last[0])
        (a, p), (b, q) = next(pair for pair in pairwise(self.knots) if at <= pair[1][0])
        return p + (q - p) * (at - a) / (b - a)

    def value(self, at: Exact) -> Exact:
        """F(at), by exact integration from the first knot."""
        start = self.knots[0][0]
        places = [p for p, _ in self.knots if start < p < at] if at >= start else []
        path = [start, *places, at]
        return Add(
            *((self.derivative(a) + self.derivative(b)) / 2 * (b - a) for a, b in pairwise(path))
        )

    @property
    def smoothness(self) -> Exact:
        """The smallest L: the largest absolute slope of the derivative."""
        inner = [Abs((q - p) / (b - a)) for (a, p), (b, q) in pairwise(self.knots)]
        return Max(Abs(self.left), Abs(self.right), *inner)

    @property
    def convexity(self) -> Exact:
        """The largest mu for which F - mu x^2/2 is convex: the smallest slope of the derivative."""
        inner = [(q - p) / (b - a) for (a, p), (b, q) in pairwise(self.knots)]
        return Min(self.left, self.right, *inner)

    @property
    def lipschitz(self) -> Exact:
        """The largest |F'|, which is oo if the derivative is not bounded."""
        if self.left != 0 or self.right != 0:
            return oo
        return Max(*(Abs(p) for _, p in self.knots))

    @property
    def polyak(self) -> Exact:
        """The largest mu with |F'|^2 >= 2 mu (F - inf F) everywhere; oo for a constant F.

        Between two knots F'^2 - 2 mu F has the derivative 2 F' (F'' - mu), so it is least at a
        knot, where F' is 0, or far out.
        """
        low = self.infimum
        if low == -oo:
            return Integer(0)
        gaps = [(self.derivative(p), self.value(p) - low) for p in self._candidates()]
        ratios = [d**2 / (2 * gap) for d, gap in gaps if gap != 0]
        for slope, (place, d) in ((self.left, self.knots[0]), (self.right, self.knots[-1])):
            if slope != 0:
                ratios.append(slope)
            elif d != 0 or self.value(place) != low:
                ratios.append(Integer(0))
        return Min(*ratios) if ratios else oo

    @property
    def minimiser(self) -> Exact | None:
        """A point where F is least, if there is one."""
        if self.infimum == -oo:
            return None
        return min(self._candidates(), key=self.value)

    @property
    def infimum(self) -> Exact:
        """inf F, which is -oo if F is not bounded below."""
        first, last = self.knots[0], self.knots[-1]
        if self.left < 0 or (self.left == 0 and first[1] > 0):
            return -oo
        if self.right < 0 or (self.right == 0 and last[1] < 0):
            return -oo
        return Min(*(self.value(p) for p in self._candidates()))

    def _candidates(self) -> list[Exact]:
        """The knots, and the points where the derivative is 0 (but for whole stretches of them)."""
        first, last = self.knots[0], self.knots[-1]
        places = [p for p, _ in self.knots]
        for (a, p), (b, q) in pairwise(self.knots):
            if p * q < 0:
                places.append(a - p * (b - a) / (q - p))
        if self.left > 0:
            places.append(Min(first[0], first[0] - first[1] / self.left))
        if self.right > 0:
            places.append(Max(last[0], last[0] - last[1] / self.right))
        return places


def quadratic(curvature: Exact) -> PiecewiseQuadratic:
    """curvature x^2 / 2."""
    zero = Integer(0)
    return PiecewiseQuadratic(((zero, zero),), sympify(curvature), sympify(curvature))


def staircase(steps: Sequence[Exact], gradient: Exact = 1) -> PiecewiseQuadratic:
    r"""The function on which every iterate, whatever the delays, meets the same gradient.

    Smoothness 1, starting at 0, walking to the left by h_k times the gradient: F' equals g at each
    iterate, dips with slopes +-1 to g (1 - h_k/2) half-way between, and falls to 0 with slope 1
    after the last. It attains min |grad F|^2 = 4 Delta / (sum_k h_k (4 - h_k) + 2).

    >>> from sympy import Rational
    >>> f = staircase([Integer(1)])
    >>> f.value(0) - f.infimum, f.smoothness
    (5/4, 1)
    """
    g = sympify(gradient)
    place = Integer(0)
    knots = [(place, g)]
    for step in steps:
        move = sympify(step) * g
        knots.append((place - move / 2, g - move / 2))
        place = place - move
        knots.append((place, g))
    knots.append((place - g, Integer(0)))
    ordered = tuple(sorted(knots, key=lambda knot: knot[0]))
    return PiecewiseQuadratic(ordered, Integer(0), Integer(0))


@dataclass(frozen=True)
class Path:
    """An exact run; entry 0 of each tuple is the starting point.

    `points` holds the iterates for every pattern of the noise, all equally likely; `reads[k]` is
    the place of the iterate that update k (from 0) reads, `parts[k]` those of all the gradients it
    sums (the earliest is `reads[k]`); `applied` the gradients applied, noise included.
    """

    function: PiecewiseQuadratic
    points: tuple[tuple[Exact, ...], ...]
    reads: tuple[int, ...]
    applied: tuple[tuple[Exact, ...], ...]
    variance: Exact
    parts: tuple[tuple[int, ...], ...]

    def mean(self, quantity: Callable[[Exact], Exact], place: int) -> Exact:
        """The expectation of a quantity of the iterate at a place."""
        return Add(*(quantity(path[place]) for path in self.points)) / len(self.points)

    @property
    def squared_gradients(self) -> tuple[Exact, ...]:
        """E|F'(x_k)|^2 along the run."""
        places = range(len(self.points[0]))
        return tuple(self.mean(lambda x: self.function.derivative(x) ** 2, k) for k in places)

    def pathwise_coherence(self, window: int) -> Exact:
        """The least coherence with any of the last so many iterates, in any outcome."""
        slopes = [[self.function.derivative(p) for p in path] for path in self.points]
        ratios = [
            g[j] / g[k]
            for g in slopes
            for k in range(len(g))
            if g[k] != 0
            for j in range(max(0, k - window + 1), k + 1)
        ]
        return Min(*ratios) if ratios else oo

    def inner(self, a: int, b: int) -> Exact:
        """E<F'(x_a), F'(x_b)>, places counted from 0."""
        slope = self.function.derivative
        return Add(*(slope(path[a]) * slope(path[b]) for path in self.points)) / len(self.points)

    def coherence(self, window: int) -> Exact:
        """The least expected coherence with any of the last so many iterates, the present too."""
        ratios = [
            self.inner(k, j) / self.inner(k, k)
            for k in range(len(self.points[0]))
            if self.inner(k, k) != 0
            for j in range(max(0, k - window + 1), k + 1)
        ]
        return Min(*ratios) if ratios else oo

    def along(self, update: int) -> Exact:
        """E<F'(x_k), g_k>, g_k the direction applied at an update counted from 0."""
        ahead = (self.function.derivative(path[update]) for path in self.points)
        both = (a * g[update] for a, g in zip(ahead, self.applied, strict=True))
        return Add(*both) / len(self.points)

    @property
    def gap(self) -> Exact:
        """F - inf F at the start."""
        return self.function.value(self.points[0][0]) - self.function.infimum

    @property
    def second_moment(self) -> Exact:
        """The largest second moment of a gradient applied; 0 without updates."""
        moments = [
            Add(*(g[k] ** 2 for g in self.applied)) / len(self.applied)
            for k in range(len(self.reads))
        ]
        return Max(*moments) if moments else Integer(0)


def run(
    function: PiecewiseQuadratic,
    start: Exact,
    *,
    steps: Sequence[Exact],
    reads: Sequence[int | tuple[int, ...]],
    noise: Exact = 0,
) -> Path:
    """Exact expectations over all 2^n sign patterns of the noise.

    `reads[k-1]` is the index (from 1) of the iterate read at step k, or several of them if the step
    sums several gradients; `noise` is the size of the two-point noise of a step.
    """
    n = len(steps)
    parts = [r if isinstance(r, tuple) else (r,) for r in reads]
    if len(parts) != n or any(not 1 <= r <= k for k, part in enumerate(parts, 1) for r in part):
        raise ValueError(f"each of the {n} steps k must read an index 1..k, got {list(reads)}")
    signs = list(product((1, -1), repeat=n)) if noise != 0 else [(0,) * n]
    paths, applied = [], []
    for pattern in signs:
        points, taken = [sympify(start)], []
        for k in range(n):
            gradients = (function.derivative(points[r - 1]) for r in parts[k])
            taken.append(Add(*gradients, pattern[k] * noise))
            points.append(points[-1] - sympify(steps[k]) * taken[-1])
        paths.append(tuple(points))
        applied.append(tuple(taken))
    return Path(
        function,
        tuple(paths),
        tuple(min(part) - 1 for part in parts),
        tuple(applied),
        sympify(noise) ** 2,
        tuple(tuple(r - 1 for r in part) for part in parts),
    )


def scaled_staircase(steps: Sequence[Exact], L: Exact, gap: Exact) -> tuple[Any, Exact]:
    """A staircase of smoothness L and initial gap `gap` for the steps eta_k, and its gradient."""
    h = [sympify(L) * sympify(e) for e in steps]
    length = Add(*(a * (4 - a) for a in h)) + 2
    g = sqrt(4 * sympify(L) * sympify(gap) / length)
    unit = staircase(h)
    knots = tuple((p * g / sympify(L), d * g) for p, d in unit.knots)
    return PiecewiseQuadratic(knots, Integer(0), Integer(0)), g


def huber(steps: Sequence[Exact], L: Exact, gap: Exact) -> tuple[Any, Exact]:
    r"""A convex function on which every iterate, whatever the delays, meets the same gradient.

    F' rises with slope L to g = sqrt(2 L gap/(2 sum_k L eta_k + 1)) and stays there; the start is
    so far out, g/L + g sum_k eta_k, that the last of the steps eta_k ends at the edge. It attains
    min |grad F|^2 = 2 L gap/(2 sum_k L eta_k + 1). Returned with the start.

    >>> from sympy import Rational
    >>> f, start = huber([Rational(1, 4)]*2, Integer(1), Integer(1))
    >>> f.value(start) - f.infimum, f.derivative(start)
    (1, 1)
    """
    length = sympify(L) * Add(*steps)
    g = sqrt(2 * sympify(L) * sympify(gap) / (2 * length + 1))
    edge = g / sympify(L)
    function = PiecewiseQuadratic(((-edge, -g), (edge, g)), Integer(0), Integer(0))
    return function, edge * (1 + length)
