"""What is drawn of stability: roots that move with the step, and rates over delays and steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirics.exact.cached import Cached
from empirics.exact.constant import denominator
from empirics.exact.independent import Independent
from empirics.exact.mode import mode_of
from empirics.exact.queued import Queued
from empirics.exact.steady import Steady
from empirics.problems.base import Array
from empirics.schedules.base import Schedule

FINE = 48  # steps of a map, unless given


@dataclass(frozen=True, eq=False, kw_only=True)
class Locus:
    """Roots of the mean at each step.

    Fields: steps, times curvature, ascending, (n,); roots, (n, order), each column one root on its
    way; limit, the least step at which one is on the unit circle; label, of the schedule.
    """

    steps: Array
    roots: NDArray[np.complex128]
    limit: float
    label: str


@dataclass(frozen=True, eq=False, kw_only=True)
class StabilityMap:
    """Where one law of delays is stable, for growing delays.

    Fields: sizes, what the law was asked for, (m,); steps, times curvature, (n,); rate, of the mean
    square, what the root of E x^2 shrinks by in an update, (n, m); mean and square, the limits of
    both kinds, (m,); label, of the law.
    """

    sizes: NDArray[np.int64]
    steps: Array
    rate: Array
    mean: Array
    square: Array
    label: str

    @property
    def time(self) -> Array:
        """Updates in which the root of E x^2 shrinks by e, -1/log(rate); infinite if it grows."""
        with np.errstate(divide="ignore"):
            found = -1 / np.log(self.rate)
        return np.where(self.rate < 1, found, np.inf)


def locus(
    schedule: Schedule, steps: ArrayLike, *, momentum: float = 0.0, label: str | None = None
) -> Locus:
    """Follow the roots of the characteristic equation of the mean over steps.

    Parameters: schedule, that `stability_limit` knows, without a pattern; steps times curvature,
    > 0, at least two; label, what it is called, the schedule itself unless given. A root goes on at
    the nearest ones that are free, all together as near as can be.
    Raises ValueError if an argument is not of its kind.

    >>> from empirics import schedules
    >>> found = locus(schedules.Constant(1), [0.125, 0.25, 1.0])
    >>> found.roots.shape, np.abs(found.roots[-1]).round(9), round(found.limit, 9)
    ((3, 2), array([1., 1.]), 1.0)
    """
    from scipy.optimize import linear_sum_assignment  # slow to import

    a = _steps("locus", steps, 2)
    mode = mode_of("locus", schedule, momentum)
    if not isinstance(mode, Steady | Independent | Cached | Queued):
        raise ValueError(
            f"locus needs delays that are not a pattern, which has roots of a whole period, got "
            f"{schedule!r}"
        )
    roots = [_roots(mode, step) for step in a.tolist()]
    for k in range(1, len(roots)):
        before, now = roots[k - 1], roots[k]
        _, order = linear_sum_assignment(np.abs(before[:, None] - now[None, :]))
        roots[k] = now[order]
    return Locus(
        steps=a,
        roots=np.array(roots),
        limit=mode.limit(False),
        label=repr(schedule) if label is None else label,
    )


def stability_map(
    law: Callable[[int], Schedule],
    sizes: Sequence[int],
    steps: ArrayLike | None = None,
    *,
    momentum: float = 0.0,
    relative: float = 0.0,
    label: str | None = None,
) -> StabilityMap:
    """Rates and limits of a law of delays over its size and over steps.

    Parameters: law, what makes a schedule of a whole number, such as `Constant` or `Uniform`;
    sizes, what it is asked for; steps times curvature, from a tenth of the least limit to above the
    largest unless given; momentum and relative as of `stability_limit`; label, the name of the law.
    Raises ValueError if an argument is not of its kind.

    >>> from empirics import schedules
    >>> found = stability_map(schedules.Constant, [0, 1, 2], [0.25, 0.9])
    >>> found.rate.round(3)
    array([[0.75 , 0.5  , 0.772],
           [0.1  , 0.949, 1.116]])
    >>> found.square.round(3)
    array([2.   , 1.   , 0.618])
    """
    asked = np.asarray(sizes)
    if asked.ndim != 1 or asked.size == 0 or asked.dtype.kind not in "iu":
        raise ValueError(f"stability map needs whole sizes, shape (m,), m >= 1, got {sizes!r}")
    modes = [mode_of("stability map", law(int(k)), momentum, relative) for k in asked]
    mean, square = (np.array([mode.limit(kind) for mode in modes]) for kind in (False, True))
    if steps is None:
        a = np.geomspace(square.min() / 10, 1.3 * mean.max(), FINE)
    else:
        a = _steps("stability map", steps, 1)
    return StabilityMap(
        sizes=asked.astype(np.int64),
        steps=a,
        rate=np.array([[mode.rate(float(step), True) for mode in modes] for step in a]),
        mean=mean,
        square=square,
        label=getattr(law, "__name__", repr(law)) if label is None else label,
    )


def _roots(mode: Any, a: float) -> NDArray[np.complex128]:
    if isinstance(mode, Queued):
        found = np.linalg.eigvals(mode.first(a))
    elif isinstance(mode, Cached):
        found = np.roots(mode.mean.filter(mode.workers * a))
    else:
        taps = denominator(mode.tau, a) if isinstance(mode, Steady) else mode.filter(a)
        found = np.roots(taps)
    return np.asarray(found, dtype=np.complex128)


def _steps(who: str, steps: ArrayLike, least: int) -> Array:
    try:
        a = np.asarray(steps, dtype=np.float64)
    except (TypeError, ValueError):
        a = np.empty(0)
    if a.ndim != 1 or len(a) < least or not (np.isfinite(a) & (a > 0)).all():
        raise ValueError(
            f"{who} needs at least {least} finite steps times curvature > 0, got {steps!r}"
        )
    if (np.diff(a) <= 0).any():
        raise ValueError(f"{who} needs steps that grow, got {steps!r}")
    return a
