"""Whether stochastic gradients are unbiased and have the variance that is stated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empirics.problems.auditing.ground import Ground
from empirics.problems.auditing.record import Finding
from empirics.problems.base import Array
from empirics.statistics.student import simultaneous_limits

PLACES = 4  # points at which stochastic gradients are drawn
TESTS = 4  # at each of them: the mean, the variance on either side, the bound
ENOUGH = 50.0  # draws that carry the variance: below, rare large ones may be missing
DEVIATIONS = 8.0  # of a mean that so many draws carry
TOLERANCE = 1e-9  # relative
UNITS = 1e3  # of rounding, that two ways to a gradient may differ by
BLOCK = 2**20  # numbers in one go


@dataclass(frozen=True, eq=False, kw_only=True)
class Draws:
    """Stochastic gradients at one point x, (dim,).

    Fields: squares, |xi|^2 of each, (m,); along, <xi, u> of the second half of them, (m/2,), where
    the unit vector u is the direction of the mean of the first half; first, the same of these;
    stated, E|xi|^2 as the problem says, not a number if it does not; rounding, how far xi may be
    off because it is a difference of gradients.
    """

    x: Array
    squares: Array
    along: Array
    first: Array
    stated: float
    rounding: float

    @property
    def carried(self) -> float:
        """How many draws carry the variance: all if they are alike, one if one is huge."""
        total, again = self.squares.sum(), np.square(self.squares).sum()
        return float(total**2 / again) if again > 0 else 0.0


def draws(ground: Ground) -> list[Draws]:
    """At the start, and of other points where the gradient is longest, shortest and between."""
    _, longest, _ = ground.climb(lambda x: np.linalg.norm(ground.gradient(x), axis=1))
    x = np.concatenate([ground.centres, ground.sample(PLACES), longest[None]])
    g = ground.gradient(x)
    size = np.linalg.norm(g, axis=1)
    order = np.argsort(np.where(np.isfinite(size), size, np.inf))
    order = order[: int(np.isfinite(size).sum())]
    if not order.size:
        return []
    middle, last = len(order) // 2, len(order) - 1
    chosen = list(
        dict.fromkeys([*([0] if np.isfinite(size[0]) else []), *order[[last, 0, middle]]])
    )
    found = []
    for i in chosen:
        try:
            found.append(_drawn(ground, x[i], g[i]))
        except ValueError as reason:  # of somebody's own function, which says what it is
            ground.failures.append(str(reason))
    return found


def unbiased(ground: Ground, drawn: list[Draws]) -> Finding:
    r"""E xi = 0: in a direction that half of the draws choose, the other half has no mean.

    .. math:: \sum_i \psi(a \langle \xi_i, u \rangle) > \frac{n a^2 v}{2} + \ln \frac2\alpha,
              \qquad \psi(z) = \mathrm{sign}(z) \ln(1 + |z| + z^2/2), \quad
              a = \sqrt{\frac{2 \ln(2/\alpha)}{n v}}

    has probability alpha/2 at most if the mean is 0 and the variance at most v, whatever the tails.
    v is what is stated. Where nothing is, it is twice what is seen, if enough draws carry that, and
    large draws that are too rare to be among them can make this wrong.

    Source: O. Catoni, Annales de l'Institut Henri Poincare 48 (2012) 1148-1185, section 2.
    """
    claim, key = "E xi = 0", "unbiased"
    if not ground.problem.sample_size:
        return _full(ground, drawn, claim, key)
    level = ground.alpha / (TESTS * max(len(drawn), 1))
    worst, at, tried = -np.inf, None, 0
    enough = _enough(drawn)
    for one in drawn:
        v = _variance(one, enough)
        if v is None:
            continue
        tried += len(one.squares)
        odds, n = np.log(2 / level), len(one.along)
        v += n * one.rounding**2  # which has no mean of 0
        if v > 0:
            a = np.sqrt(2 * odds / (n * v))
            z = a * one.along
            statistic = (np.sign(z) * np.log1p(abs(z) + z * z / 2)).sum()
            excess = float(statistic - n * a * a * v / 2 - odds)
        else:
            excess = float(np.inf if one.along.any() else -np.inf)
        if excess > worst:
            worst, at = excess, one
    if at is None:
        return _untried(claim, key, "too few draws carry the variance, and none is stated")
    mean = float(at.along.mean())
    if worst > 0:
        return Finding(
            claim=claim,
            key=key,
            outcome="refuted",
            tried=tried,
            worst=mean,
            words=f"E <xi, u> = {mean:.4g}, by {len(at.along)} draws at alpha = {ground.alpha:g}",
            witness={"x": at.x.tolist()},
        )
    return Finding(
        claim=claim,
        key=key,
        outcome="stands",
        tried=tried,
        worst=mean,
        words=f"{tried} draws at {len(drawn)} points, alpha = {ground.alpha:g}",
    )


def variance(ground: Ground, drawn: list[Draws]) -> Finding:
    """What `noise_variance` states, on either side of what is drawn.

    From above it is wrong only if no large draws are too rare to be among those seen.
    """
    claim, key = "E|xi|^2 is as stated", "variance"
    if not ground.problem.sample_size:
        return _full(ground, drawn, claim, key)
    known = [one for one in drawn if np.isfinite(one.stated)]
    if not known:
        return _untried(claim, key, "no finite variance is stated")
    worst, at, low, high = -np.inf, known[0], 0.0, np.inf
    enough = _enough(drawn)
    for one in known:
        below, above = limits(ground, one, len(drawn))
        above = above if enough else np.inf
        slack = TOLERANCE * (one.stated + float(one.squares.mean())) + one.rounding**2
        excess = max(below - one.stated, one.stated - above) - slack
        if excess > worst:
            worst, at, low, high = excess, one, below, above
    wrong = worst > 0
    tried = sum(len(one.squares) for one in known)
    seen = f"stated {at.stated:.6g}, drawn {at.squares.mean():.6g}"
    return Finding(
        claim=claim,
        key=key,
        outcome="refuted" if wrong else "stands",
        tried=tried,
        worst=float(at.squares.mean()),
        words=f"{seen}, in [{low:.4g}, {high:.4g}] at alpha = {ground.alpha:g}"
        if wrong
        else f"{tried} draws at {len(known)} points, at one {seen}",
        witness={"x": at.x.tolist()} if wrong else {},
    )


def limits(ground: Ground, one: Draws, places: int) -> tuple[float, float]:
    """Of E|xi|^2 at a point: Student's lower limit, which errs on the safe side for values >= 0
    with a long tail; above, as many deviations as fit the draws that carry it, or nothing.
    """
    m, mean = len(one.squares), one.squares.mean()
    error = one.squares.std(ddof=1) / np.sqrt(m)
    level = ground.alpha / (TESTS * places)
    lower = simultaneous_limits(np.array([mean]), np.array([error]), m, level).lower[0]
    carried = one.carried
    return float(lower), float(
        mean * (1 + DEVIATIONS / np.sqrt(carried)) if carried >= ENOUGH else np.inf
    )


def _enough(drawn: list[Draws]) -> bool:
    """Whether many draws carry the variance wherever there is noise: none is rare and large."""
    return min((one.carried for one in drawn if one.squares.any()), default=0.0) >= ENOUGH


def _variance(one: Draws, enough: bool) -> float | None:
    """Of <xi, u>, from above; None if it cannot be told."""
    stated = one.stated if np.isfinite(one.stated) else np.inf
    seen = 2 * float(np.square(one.first).mean()) if enough else np.inf
    found = min(stated, seen)
    return None if found == np.inf else found


def _full(ground: Ground, drawn: list[Draws], claim: str, key: str) -> Finding:
    """Without noise the stochastic gradient is the gradient, to the last bits."""
    off = [float(np.sqrt(one.squares.max())) for one in drawn]
    if not off:
        return _untried(claim, key, "no point was found with a finite gradient")
    at = int(np.argmax(off))
    scale = float(np.linalg.norm(ground.gradient(drawn[at].x[None])))
    wrong = off[at] > UNITS * ground.rounding * max(scale, 1e-300)
    return Finding(
        claim=claim,
        key=key,
        outcome="refuted" if wrong else "stands",
        tried=len(off),
        worst=off[at],
        words=f"no noise; stochastic and full gradients differ by {off[at]:.1g} at most",
        witness={"x": drawn[at].x.tolist()} if wrong else {},
    )


def _untried(claim: str, key: str, why: str) -> Finding:
    return Finding(claim=claim, key=key, outcome="not tried", tried=0, worst=None, words=why)


def _drawn(ground: Ground, x: Array, g: Array) -> Draws:
    problem = ground.problem
    m = ground.samples if problem.sample_size else 8
    m += m % 2
    lanes = max(1, min(problem.lanes, BLOCK // problem.dim, m))
    squares, halves = [], ([], [])  # type: tuple[list[Array], tuple[list[Array], list[Array]]]
    total, u = np.zeros(problem.dim), np.zeros(problem.dim)
    for half in (0, 1):
        kept: list[Array] = []
        for begin in range(0, m // 2, lanes):
            rows = np.tile(x, (lanes, 1))
            out = np.empty_like(rows)
            sample = problem.draw(ground.generator, 1, lanes)[0]
            problem.stochastic_gradient(rows, sample, out)
            xi = (out - g)[: m // 2 - begin]
            squares.append(np.vecdot(xi, xi))
            if half == 0:
                total += xi.sum(axis=0)
                kept.append(xi)
            else:
                halves[1].append(xi @ u)
        if half == 0:
            u = total / (np.linalg.norm(total) or 1.0)
            halves[0].extend(xi @ u for xi in kept)
    return Draws(
        x=x,
        squares=np.concatenate(squares),
        along=np.concatenate(halves[1]),
        first=np.concatenate(halves[0]),
        stated=float(ground.variance(x[None])[0]),
        rounding=UNITS * ground.rounding * max(float(np.linalg.norm(g)), 1e-150),
    )
