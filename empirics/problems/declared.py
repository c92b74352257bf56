"""Constants that somebody declares of a function: taken at their word, which is no proof."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real

import numpy as np

from empirics.problems.base import KEYS, Constant

SIGNED = ("mu_sc", "infimum")  # all others are >= 0
DECLARED = "declared by the user"


def declared(
    who: str, constants: Mapping[str, float | Constant] | None, **more: float | None
) -> dict[str, Constant]:
    """Constants from numbers, each a "bound" that its user declares, or from whole records.

    more: the same by name, None where none is given. Raises ValueError for an unknown name, one
    that is given twice, no finite number, or one that is < 0 where that makes no sense.

    >>> declared("mine", {"pl": 0.5}, L=2.0, sigma=None)["L"]
    Constant(value=2.0, provenance='bound', why='declared by the user')
    """
    if constants is not None and not isinstance(constants, Mapping):
        raise ValueError(f"{who} needs constants as a dictionary, got {type(constants).__name__}")
    given = dict(constants or {})
    for name, value in more.items():
        if value is None:
            continue
        if name in given:
            raise ValueError(f"{who} needs one {name}, got two: {given[name]!r} and {value!r}")
        given[name] = value
    unknown = [name for name in given if name not in KEYS]
    if unknown:
        raise ValueError(f"{who} needs constants among {', '.join(KEYS)}, got {unknown[0]!r}")
    found = {name: _constant(who, name, value) for name, value in given.items()}
    if {"L", "mu_sc"} <= set(found) and abs(found["mu_sc"].value) > found["L"].value:
        raise ValueError(
            f"{who} needs |mu_sc| <= L, got mu_sc = {found['mu_sc'].value:g} and "
            f"L = {found['L'].value:g}"
        )
    return found


def _constant(who: str, name: str, value: float | Constant) -> Constant:
    number = value.value if isinstance(value, Constant) else value
    if not isinstance(number, Real) or isinstance(number, bool) or not np.isfinite(number):
        raise ValueError(
            f"{who} needs a finite number {name}, got {number!r}; leave it out if it is not known"
        )
    if name not in SIGNED and number < 0:
        raise ValueError(f"{who} needs {name} >= 0, got {number!r}")
    if isinstance(value, Constant):
        return value
    return Constant(value=float(value), provenance="bound", why=DECLARED)
