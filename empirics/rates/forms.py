"""The forms that theory predicts for a rate, and how one is fitted to a curve."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from empirics.problems.base import Array

HALVINGS = 60  # places of the grid on which the exponential rate is sought first


@dataclass(frozen=True, eq=False, kw_only=True)
class Form:
    """A form y(T) = sum of coefficients times functions of T >= 1, all coefficients >= 0.

    Fields: words; letters of the coefficients; columns, which takes T, (K,), and gives the
    functions, (K, p); with `rate`, it takes T and a rate r > 0 that is fitted too.
    """

    words: str
    letters: tuple[str, ...]
    columns: Callable[..., Array]
    rate: bool = False


FORMS: Mapping[str, Form] = {
    "1/T": Form(words="a/T", letters=("a",), columns=lambda T: np.stack([1 / T], -1)),
    "1/sqrt(T)": Form(words="b/sqrt(T)", letters=("b",), columns=lambda T: np.stack([T**-0.5], -1)),
    "two-term": Form(
        words="a/T + b/sqrt(T)",
        letters=("a", "b"),
        columns=lambda T: np.stack([1 / T, T**-0.5], -1),
    ),
    "log": Form(
        words="(a + b log T)/sqrt(T)",
        letters=("a", "b"),
        columns=lambda T: np.stack([T**-0.5, np.log(T) * T**-0.5], -1),
    ),
    "floor": Form(
        words="a/T + c", letters=("a", "c"), columns=lambda T: np.stack([1 / T, T**0.0], -1)
    ),
    "exponential": Form(
        words="a exp(-r T) + c",
        letters=("a", "c", "r"),
        columns=lambda T, r: np.stack([np.exp(-r * T), T**0.0], -1),
        rate=True,
    ),
}


def named(name: str) -> Form:
    if name not in FORMS:
        raise ValueError(f"rates need a form among {', '.join(FORMS)}, got {name!r}")
    return FORMS[name]


def misfit(mean: Array, fitted: Array) -> float:
    return float(np.sqrt(np.mean((fitted / mean - 1) ** 2)))


def fitted(form: Form, T: Array, mean: Array) -> tuple[Array, Array]:
    """Coefficients, the rate last, and the curve, of least relative error."""
    if not form.rate:
        columns = form.columns(T)
        found = _nonnegative(columns / mean[:, None])
        return found, np.asarray(columns @ found)

    def error(log_rate: float) -> float:
        columns = form.columns(T, np.exp(log_rate)) / mean[:, None]
        return float(np.sum((columns @ _nonnegative(columns) - 1) ** 2))

    from scipy.optimize import minimize_scalar

    # rates that are seen in the window at all; coarse first, since the error may have two valleys
    grid = np.linspace(np.log(0.01 / T[-1]), np.log(10 / T[0]), HALVINGS)
    best = int(np.argmin([error(rate) for rate in grid]))
    bounds = (grid[max(best - 1, 0)], grid[min(best + 1, HALVINGS - 1)])
    rate = float(np.exp(minimize_scalar(error, bounds=bounds, method="bounded").x))
    columns = form.columns(T, rate)
    found = _nonnegative(columns / mean[:, None])
    return np.append(found, rate), np.asarray(columns @ found)


def _nonnegative(columns: Array) -> Array:
    """The b >= 0 of least |columns b - 1|."""
    from scipy.optimize import nnls

    return np.asarray(nnls(columns, np.ones(len(columns)))[0])
