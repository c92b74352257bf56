r"""Step sizes eta_t, t = 0, 1, ..., T - 1: what is subtracted is eta_t times a gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.base import Array


@dataclass(frozen=True, eq=False, kw_only=True)
class StepSizes:
    """A rule for eta_t, fixed before the run.

    Fields: label, how the rule is written; values, which takes the number of steps and returns
    eta_0, ..., eta_{steps - 1}; constants, the numbers in the rule.
    Calling it gives the checked array, (steps,); it raises ValueError if the rule yields another
    shape, or an entry that is negative or not finite.

    >>> inverse_sqrt(0.5)(4)
    array([0.5       , 0.35355339, 0.28867513, 0.25      ])
    """

    label: str
    values: Callable[[int], Array]
    constants: Mapping[str, float]

    def __call__(self, steps: int) -> Array:
        eta = np.array(self.values(steps), dtype=np.float64)
        if eta.shape != (steps,):
            raise ValueError(
                f"step sizes {self.label} need {steps} values, one a step, got shape {eta.shape}"
            )
        bad = np.flatnonzero(~(np.isfinite(eta) & (eta >= 0)))
        if bad.size:
            raise ValueError(
                f"step sizes {self.label} need finite values >= 0, got {eta[bad[0]]} at "
                f"t = {bad[0]}"
            )
        return eta


def constant(eta: float) -> StepSizes:
    """eta_t = eta.

    >>> constant(0.1)(3)
    array([0.1, 0.1, 0.1])
    """
    return StepSizes(
        label="eta", values=lambda steps: np.full(steps, eta, float), constants={"eta": eta}
    )


def inverse_sqrt(eta: float) -> StepSizes:
    """eta_t = eta / sqrt(t + 1); papers that count from k = 1 write eta / sqrt(k).

    >>> inverse_sqrt(1.0)(4)[3]
    np.float64(0.5)
    """
    return StepSizes(
        label="eta/sqrt(t + 1)",
        values=lambda steps: eta / np.sqrt(np.arange(1, steps + 1)),
        constants={"eta": eta},
    )


def inverse(eta: float) -> StepSizes:
    """eta_t = eta / (t + 1).

    >>> inverse(1.0)(2)
    array([1. , 0.5])
    """
    return StepSizes(
        label="eta/(t + 1)",
        values=lambda steps: eta / np.arange(1, steps + 1),
        constants={"eta": eta},
    )


def table(values: ArrayLike) -> StepSizes:
    """eta_t = values[t], one value for each step of the run, no more and no fewer.

    >>> table([0.2, 0.1])(2)
    array([0.2, 0.1])
    """
    fixed = np.array(values, dtype=np.float64)
    return StepSizes(label="table", values=lambda steps: fixed, constants={})


def step_sizes(step: StepSizes | ArrayLike) -> StepSizes:
    """A rule as it is, a number as `constant`, an array as `table`.

    >>> step_sizes(0.1).label
    'eta'
    """
    if isinstance(step, StepSizes):
        return step
    try:
        numbers = np.array(step, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"step sizes need a number, an array or StepSizes, got {step!r}") from None
    return constant(float(numbers)) if numbers.ndim == 0 else table(numbers)
