"""What one says of asynchronous workers, and of delays whose model nobody names."""

from __future__ import annotations

from empirics import exact, schedules
from empirics.lore.record import Lore, at_the_end, seen_in
from empirics.moments import Moments
from empirics.problems.base import real, whole
from empirics.problems.quadratic import quadratic
from empirics.simulate import simulate


def asynchrony_begets_momentum(
    workers: int = 8,
    a: float = 1.0,
    *,
    steps: int = 24,
    replicas: int = 16384,
    seed: int = 0,
    alpha: float = 1e-6,
) -> Lore:
    r"""Memoryless workers add momentum 1 - 1/W to the mean, and take stability from the square.

    .. math:: E x_{t+1} - E x_t = (1 - 1/W)(E x_t - E x_{t-1}) - (a/W) E x_t

    is stable for a < 2 (2 W - 1), the mean square for a < (1 + sqrt(1 + 8 W))/(2 W) only.
    Parameters: workers = W; a, the step; steps = T, at which means are compared; replicas, seed and
    alpha, of the confidence limits of each number. Raises ValueError if one is out of its range.

    >>> found = asynchrony_begets_momentum(replicas=1024)
    >>> found.agrees, [round(number.exact, 3) for number in found.numbers]
    (True, [-0.511, 29.49])

    Source: Mitliagkas et al. 2016, Asynchrony begets momentum, for the mean.
    """
    who = "asynchrony begets momentum"
    W = whole(who, "workers", workers, 1)
    schedule = schedules.Workers(W)
    mean_limit, limit = (exact.stability_limit(schedule, kind) for kind in ("mean", "mean-square"))
    a, problem = real(who, "a", a, 0, ends="()"), quadratic(spectrum=[1.0], start=[1.0])
    T = whole(who, "steps", steps, 1)
    count = whole(who, "replicas", replicas, 2)
    # the product with the gradient at x_0 = 1 is x_T itself
    runs = simulate(
        problem, schedule, step=a, steps=T, replicas=count, seed=seed, record=[T], window=T + 1
    )
    inner, square = runs.statistics.inner, runs.statistics.squared_norm
    heavy = [1.0, 1 - a]
    while len(heavy) <= T:
        heavy.append(heavy[-1] + (1 - 1 / W) * (heavy[-1] - heavy[-2]) - a / W * heavy[-1])
    known = exact.moments(problem, schedule, step=a, steps=T)
    now = Moments(count=inner.count, mean=inner.mean[0, T:], M2=inner.M2[0, T:])
    return Lore(
        saying="Asynchrony begets momentum.",
        finding=(
            f"So it does in the mean, and it misleads for stability: with {W} workers the mean "
            f"bears steps up to {mean_limit:.4g}, the mean square up to {limit:.4g} (one worker: "
            f"2 and 2). At a = {a:g}:"
        ),
        numbers=(
            seen_in(f"E x_{T}, that of heavy ball", heavy[T], now, alpha),
            seen_in(f"E x_{T}^2", known.squared_gradient[T], square, alpha),
        ),
    )


def one_delay_or_many(
    workers: int = 4,
    longest: int = 3,
    a: float = 0.15,
    *,
    steps: int = 120,
    replicas: int = 8192,
    seed: int = 0,
    alpha: float = 1e-6,
) -> Lore:
    """A delay for each destination of an update, and one that all share, are two models.

    Parameters: workers = P; longest = s, delays are uniform on 0, ..., s; a, the step; steps = T;
    the rest as above. Raises ValueError if one is out of its range.

    >>> found = one_delay_or_many(replicas=1024)
    >>> found.agrees, [round(number.exact, 4) for number in found.numbers]
    (True, [0.2268, 0.2755, 0.0518])
    """
    problem = quadratic(spectrum=[1.0], sigma=1.0, start=[1.0])
    law = schedules.Uniform(whole("one delay or many", "longest", longest, 0))
    own, shared = (
        schedules.Caches(workers, law, destinations=d) for d in ("independent", "shared")
    )
    numbers, apart = [], []
    for schedule, words in ((own, "own delays"), (shared, "shared delays")):
        known = exact.moments(problem, schedule, step=a, steps=steps)
        seen = at_the_end(problem, schedule, a, steps, replicas, seed, "disagreement")
        what, last = f"{words}: E x_{steps}^2 of a cache", known.squared_gradient[-1]
        numbers.append(seen_in(what, last, seen.squared_norm, alpha))
        if schedule is own and known.disagreement is not None:
            what, last = f"{words}: disagreement of caches", known.disagreement[-1]
            apart.append(seen_in(what, last, seen.disagreement, alpha))
    limits = [exact.stability_limit(schedule) for schedule in (own, shared)]
    mean = exact.stability_limit(own, "mean")
    return Lore(
        saying="It does not matter whether an update has one delay or one for each destination.",
        finding=(
            f"Not for the mean, which is the same, with limit {mean:.4g}; but the mean square has "
            f"limit {limits[0]:.4g} with delays of their own, {limits[1]:.4g} with shared ones, "
            "under which caches never differ."
        ),
        numbers=(*numbers, *apart),
    )
