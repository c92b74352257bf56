"""Problems by name, as the command line and studies ask for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from numpy.typing import ArrayLike

from empirics.problems.base import Problem
from empirics.problems.logistic import logistic
from empirics.problems.perceptron import perceptron
from empirics.problems.quadratic import quadratic

BATCH = 32  # rows a minibatch: enough for the noise not to hide the rest of a bound


def usual_quadratic(
    dim: int | None = None,
    *,
    mu: float | None = None,
    L: float | None = None,
    condition: float | None = None,
    spectrum: ArrayLike | None = None,
    sigma: float = 0.5,
    noise: str = "two-point",
    start: ArrayLike | None = None,
) -> Problem:
    """A quadratic in 10 dimensions, curvatures from 0.1 to 1, sigma = 0.5, unless told otherwise.

    >>> usual_quadratic(L=2.0).constants["mu_sc"].value, usual_quadratic(spectrum=[1, 2]).dim
    (0.2, 2)
    """
    if spectrum is None:
        dim = 10 if dim is None else dim
        if mu is None and condition is None and dim != 1:
            condition = 10
    return quadratic(
        dim,
        mu=mu,
        L=L,
        condition=condition,
        spectrum=spectrum,
        sigma=sigma,
        noise=noise,
        start=start,
    )


# name: what it stands for, and its constructor with other defaults
MAKERS: dict[str, tuple[str, Callable[..., Problem]]] = {
    "digits": (
        "logistic regression, the digits 3 and 8 (scikit-learn's digits)",
        partial(logistic, "digits", batch=BATCH),
    ),
    "digits-multinomial": (
        "logistic regression, all ten digits",
        partial(logistic, "digits-multinomial", batch=BATCH),
    ),
    "breast-cancer": (
        "logistic regression, benign or malignant (scikit-learn's breast cancer)",
        partial(logistic, "breast-cancer", batch=BATCH),
    ),
    "digits-perceptron": (
        "one hidden layer of 32 ReLU units, all ten digits (nonconvex)",
        lambda: perceptron("digits-multinomial", batch=BATCH),
    ),
    "quadratic": (
        "a quadratic in 10 dimensions, curvatures from 0.1 to 1, sigma = 0.5",
        usual_quadratic,
    ),
}


def names() -> dict[str, str]:
    """Every name with what it stands for."""
    return {name: words for name, (words, _) in MAKERS.items()}


def named(name: str) -> Problem:
    """The problem of that name; ValueError says which there are.

    >>> named("quadratic").dim
    10
    """
    if name not in MAKERS:
        raise ValueError(f"there is no problem {name!r}; there are {', '.join(MAKERS)}")
    return MAKERS[name][1]()
