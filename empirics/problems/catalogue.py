"""Problems by name, as the command line and studies ask for them."""

from __future__ import annotations

from collections.abc import Callable

from empirics.problems.base import Problem
from empirics.problems.logistic import logistic
from empirics.problems.perceptron import perceptron
from empirics.problems.quadratic import quadratic

BATCH = 32  # rows a minibatch: enough for the noise not to hide the rest of a bound

_MAKERS: dict[str, tuple[str, Callable[[], Problem]]] = {
    "digits": (
        "logistic regression, the digits 3 and 8 (scikit-learn's digits)",
        lambda: logistic("digits", batch=BATCH),
    ),
    "digits-multinomial": (
        "logistic regression, all ten digits",
        lambda: logistic("digits-multinomial", batch=BATCH),
    ),
    "breast-cancer": (
        "logistic regression, benign or malignant (scikit-learn's breast cancer)",
        lambda: logistic("breast-cancer", batch=BATCH),
    ),
    "digits-perceptron": (
        "one hidden layer of 32 ReLU units, all ten digits (nonconvex)",
        lambda: perceptron("digits-multinomial", batch=BATCH),
    ),
    "quadratic": (
        "a quadratic in 10 dimensions, curvatures from 0.1 to 1, sigma = 0.5",
        lambda: quadratic(dim=10, mu=0.1, L=1.0, sigma=0.5),
    ),
}


def names() -> dict[str, str]:
    """Every name with what it stands for."""
    return {name: words for name, (words, _) in _MAKERS.items()}


def named(name: str) -> Problem:
    """The problem of that name; ValueError says which there are.

    >>> named("quadratic").dim
    10
    """
    if name not in _MAKERS:
        raise ValueError(f"there is no problem {name!r}; there are {', '.join(_MAKERS)}")
    return _MAKERS[name][1]()
