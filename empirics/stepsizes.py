r"""Step sizes eta_t, t = 0, 1, ..., T - 1: what is subtracted is eta_t times a gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from empirics.problems.base import Array, real, whole


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
    return _of_eta("eta", eta, lambda steps: np.full(steps, eta, float))


def inverse_sqrt(eta: float) -> StepSizes:
    """eta_t = eta / sqrt(t + 1); papers that count from k = 1 write eta / sqrt(k).

    >>> inverse_sqrt(1.0)(4)[3]
    np.float64(0.5)
    """
    return _of_eta("eta/sqrt(t + 1)", eta, lambda steps: eta / np.sqrt(np.arange(1, steps + 1)))


def inverse(eta: float) -> StepSizes:
    """eta_t = eta / (t + 1).

    >>> inverse(1.0)(2)
    array([1. , 0.5])
    """
    return _of_eta("eta/(t + 1)", eta, lambda steps: eta / np.arange(1, steps + 1))


def polynomial(eta: float, power: float = 1.0, *, least: float = 0.0) -> StepSizes:
    r"""From eta down to `least` over the T steps of the run.

    .. math:: \eta_t = \text{least} + (\eta - \text{least}) (1 - t/T)^{\text{power}}

    So `least` would be reached at t = T, after the last step. power = 1 is a straight line; any
    power > 0 will do. Raises ValueError unless 0 <= least <= eta and power > 0.

    >>> polynomial(1.0, 2.0)(4)
    array([1.    , 0.5625, 0.25  , 0.0625])
    """
    eta, least = _ends("polynomial", eta, least)
    power = real("polynomial step size", "power", power, 0, ends="(]")
    return StepSizes(
        label="polynomial",
        values=lambda steps: least + (eta - least) * (1 - np.arange(steps) / steps) ** power,
        constants={"eta": eta, "power": power, "least": least},
    )


def cosine(eta: float, *, least: float = 0.0) -> StepSizes:
    r"""From eta down to `least` over the T steps of the run, flat at both ends.

    .. math:: \eta_t = \text{least} + (\eta - \text{least}) \, (1 + \cos(\pi t/T))/2

    So `least` would be reached at t = T, after the last step: PyTorch's `CosineAnnealingLR` with
    T_max = T. Raises ValueError unless 0 <= least <= eta.

    >>> cosine(1.0)(3)
    array([1.  , 0.75, 0.25])

    Source: Loshchilov, Hutter, ICLR 2017, equation (5), without restarts.
    """
    eta, least = _ends("cosine", eta, least)
    return StepSizes(
        label="cosine",
        values=lambda steps: (
            least + (eta - least) * (1 + np.cos(np.pi * np.arange(steps) / steps)) / 2
        ),
        constants={"eta": eta, "least": least},
    )


def warm_up(step: StepSizes | ArrayLike, length: int) -> StepSizes:
    """eta_t min(1, (t + 1)/length) for any eta_t: the first steps grow, and later ones are its own.

    Parameters: step, anything that `simulate` takes for a step; length, how many steps it takes to
    get to the full one. Raises ValueError if step is of no such kind or length < 1.

    >>> warm_up(0.8, 4)(6)
    array([0.2, 0.4, 0.6, 0.8, 0.8, 0.8])

    Source: Goyal et al. 2017, section 2.2, which begins a step lower.
    """
    rule, length = step_sizes(step), whole("warm-up", "length", length, 1)
    return StepSizes(
        label=f"{rule.label}, warm-up over {length}",
        values=lambda steps: rule(steps) * np.minimum(1, np.arange(1, steps + 1) / length),
        constants={**rule.constants, "warm-up": length},
    )


def from_function(rule: Callable[[int], float], label: str = "") -> StepSizes:
    """eta_t = rule(t), asked once for every t = 0, 1, ..., T - 1.

    Parameters: rule; label, how it is written, its name unless given.
    Raises ValueError if rule cannot be called, or, when the steps are asked for, if it gives
    anything but a number.

    >>> from_function(lambda t: 0.5 if t < 2 else 0.1, "two levels")(4)
    array([0.5, 0.5, 0.1, 0.1])
    """
    if not callable(rule):
        raise ValueError(f"step sizes from a function need a function of t, got {rule!r}")
    label = label or getattr(rule, "__name__", "a function of t")

    def at(t: int) -> float:
        eta = rule(t)
        if not isinstance(eta, Real):
            raise ValueError(f"step sizes {label} need a number at every t, got {eta!r} at t = {t}")
        return float(eta)

    return StepSizes(
        label=label,
        values=lambda steps: np.fromiter((at(t) for t in range(steps)), float, steps),
        constants={},
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


def _of_eta(label: str, eta: float, values: Callable[[int], Array]) -> StepSizes:
    if not isinstance(eta, Real):
        raise ValueError(f"step sizes {label} need a number eta, got {eta!r}")
    return StepSizes(label=label, values=values, constants={"eta": float(eta)})


def _ends(kind: str, eta: float, least: float) -> tuple[float, float]:
    eta = real(f"{kind} step size", "eta", eta, 0)
    return eta, real(f"{kind} step size", "least", least, 0, eta)
