r"""How large a step a quadratic bears under a schedule, how fast it is, how noisy it ends.

Everything is about one mode: a = step times curvature, so that limits are in units of 1/h.
"""

from __future__ import annotations

from collections.abc import Callable

from empirics.exact.mode import caches_of, mode_of, positive, square
from empirics.problems.base import real
from empirics.schedules.base import Schedule
from empirics.schedules.caches import Caches
from empirics.schedules.laws import Constant

LONGEST = 10**6


def stability_limit(
    schedule: Schedule,
    kind: str = "mean-square",
    *,
    momentum: float = 0.0,
    relative: float = 0.0,
) -> float:
    r"""The least step times curvature at which a schedule stops to be stable.

    .. math:: a_{\max} = 2 \sin \frac{\pi}{2(2\tau + 1)} \quad \text{under constant delay}

    Parameters: schedule, `Constant`, `Cyclic`, a `Trace` that repeats, with independent delays,
    `Workers` with a barrier or with exponential service times, or `Caches` that are all alike (for
    the step of one of the P updates of an iteration);
    kind, "mean" (E x_t stays bounded) or "mean-square" (E x_t^2 does, which is what gradients need;
    never a larger limit); momentum = beta in [0, 1); relative = nu, of noise that has variance
    nu (h y)^2 (see `moments`; not with a pattern).
    Under independent delays and in the mean, the least of the a that put a root of the
    characteristic equation on the unit circle; in the mean square, where the kernel of the variance
    sums to 1 (see `independent`), first looked for at 64 steps. Under a pattern, and of workers, by
    eigenvalues, at steps 2 % apart, then by bisection.
    Raises ValueError if an argument is none of these.

    >>> from empirics import schedules
    >>> float(round(stability_limit(schedules.Constant(2)), 6))
    0.618034
    >>> [round(stability_limit(schedules.Uniform(1), kind), 6) for kind in ("mean", "mean-square")]
    [2.0, 1.236068]
    >>> round(stability_limit(schedules.Workers(4)), 6)  # (1 + sqrt(1 + 8 W))/(2 W)
    0.84307

    Source: Levin, May 1976 for constant delay; the rest derived here, tests compare with the
    spectral radius of the operator that carries second moments.
    """
    mode = mode_of("stability limit", schedule, momentum, relative)
    return mode.limit(square("stability limit", kind))


def largest_delay(
    a: float,
    law: Callable[[int], Schedule] = Constant,
    kind: str = "mean-square",
    *,
    momentum: float = 0.0,
    relative: float = 0.0,
) -> int:
    r"""The largest delay that a given sharpness tolerates: the inverse of `stability_limit`.

    .. math:: \tau < \frac{\pi}{4 \arcsin(a/2)} - \frac12 \quad \text{under constant delay}

    Parameters: a, step times curvature; law, what makes a schedule of a whole number, such as
    `Constant` or `Uniform`, whose limit falls as it grows; the rest as above.
    Raises ValueError if not even 0 is stable, or more than a million.

    >>> from empirics import schedules
    >>> largest_delay(0.1), largest_delay(0.1, schedules.Uniform)
    (15, 45)
    """
    a, squared = positive("largest delay", a), square("largest delay", kind)

    def bears(tau: int) -> bool:
        return a < mode_of("largest delay", law(tau), momentum, relative).limit(squared)

    if not bears(0):
        raise ValueError(f"largest delay needs a step that is stable without delay, got a = {a}")
    high = 1
    while bears(high):
        high *= 2
        if high > LONGEST:
            raise ValueError(f"largest delay needs a step that does not bear 10^6, got a = {a}")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if bears(middle) else (low, middle)
    return low


def rate(
    schedule: Schedule,
    a: float,
    kind: str = "mean-square",
    *,
    momentum: float = 0.0,
    relative: float = 0.0,
) -> float:
    """What |E x_t|, or the root of E x_t^2, shrinks by at every update in the long run.

    Without noise that is added; parameters as of `stability_limit`, and a = step times curvature.
    The two kinds are the same where nothing is random. It is a spectral radius (for the mean
    square, the root of that of the operator that carries second moments), and 1 at the limit.
    Raises ValueError if an argument is not of its kind.

    >>> from empirics import schedules
    >>> round(rate(schedules.Constant(1), 0.25), 9), round(rate(schedules.Constant(0), 0.25), 9)
    (0.5, 0.75)
    """
    mode = mode_of("rate", schedule, momentum, relative)
    return mode.rate(positive("rate", a), square("rate", kind))


def stationary_variance(
    schedule: Schedule, a: float, *, momentum: float = 0.0, relative: float = 0.0
) -> float:
    r"""E x_t^2 in the long run, over eta^2 sigma^2/dim; under a pattern its mean over a period.

    .. math:: \frac{1 + \sin\alpha}{2 \sin\theta \cos\alpha}, \quad a = 2 \sin(\theta/2), \;
              \alpha = (2\tau + 1)\theta/2 \quad \text{under constant delay}

    Parameters: as of `rate`. Infinite from the limit on.
    Raises ValueError if an argument is not of its kind.

    >>> from empirics import schedules
    >>> round(stationary_variance(schedules.Constant(0), 0.5), 9)  # 1/(a (2 - a))
    1.333333333
    """
    mode = mode_of("stationary variance", schedule, momentum, relative)
    return mode.variance(positive("stationary variance", a))


def cache_disagreement(schedule: Caches, a: float, *, relative: float = 0.0) -> float:
    r"""E(x_p - x_q)^2 of the caches of two workers in the long run, over eta^2 sigma^2/dim.

    .. math:: P (a^2 (1 + \nu) E x_p^2 + 1) E|r - r'|

    Parameters: schedule, `Caches` that are alike; a, the step of one update times curvature;
    relative = nu.
    Infinite from the limit on, 0 where destinations share their delays.
    Raises ValueError if an argument is not of its kind.

    >>> from empirics import schedules
    >>> round(cache_disagreement(schedules.Caches(4, schedules.Uniform(1)), 0.1), 4)
    2.1478
    """
    a = positive("cache disagreement", a)
    if not isinstance(schedule, Caches):
        raise ValueError(f"cache disagreement needs Caches, got {schedule!r}")
    if schedule.workers < 2:
        raise ValueError(f"cache disagreement needs at least 2 workers, got {schedule!r}")
    nu = real("cache disagreement", "relative", relative, 0)
    return caches_of("cache disagreement", schedule, 0.0, nu).disagreement(a)
