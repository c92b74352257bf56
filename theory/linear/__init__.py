"""Exact formulas about one eigenmode of a quadratic under stale gradients, a topic a file.

>>> from theory import linear
>>> linear.find("constant_delay.stability_limit").status
'proved'
"""

from importlib import import_module
from types import ModuleType

from theory.linear.formula import Formula

# the files with formulas, in the order of the pages
TOPICS = (
    "constant_delay",
    "roots",
    "stationary",
    "transient",
    "two_modes",
    "momentum",
    "coherent_runs",
    "independent",
    "uniform",
    "uniform_square",
    "geometric",
    "caches",
    "uniform_caches",
    "asynchrony",
    "relative_noise",
    "sparse",
    "varying",
    "compensation",
    "odd_delays",
    "gradient_squares",
    "complexity",
)


def topics() -> tuple[ModuleType, ...]:
    """The files with formulas."""
    return tuple(import_module(f"theory.linear.{name}") for name in TOPICS)


def formulas() -> dict[str, Formula]:
    """All formulas by name, such as ``"constant_delay.stability_limit"``."""
    return {formula.name: formula for topic in topics() for formula in topic.FORMULAS}


def find(name: str) -> Formula:
    """The formula of that name; ValueError names the ones there are."""
    known = formulas()
    if name not in known:
        raise ValueError(f"there is no formula {name!r}; there are {', '.join(known)}")
    return known[name]


__all__ = ["TOPICS", "Formula", "find", "formulas", "topics"]
