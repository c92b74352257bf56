"""What tells somebody's functions from others: a hash, as far as one can go."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

import numpy as np

from empirics.problems.sending import PREFIX

if TYPE_CHECKING:
    from hashlib import _Hash

    from empirics.problems.base import Problem

NEAR, POINTS, DEEP = 1e-3, 4, 4


def fingerprint(problem: Problem, functions: Mapping[str, Callable[..., Any]]) -> str:
    """A hash of code, of numbers and arrays in reach of it, and of values near the start.

    Functions that a function calls are followed a few calls deep; what comes from a file or a
    clock when it is called is seen only if it shows near the start.
    """
    found = sha256()
    for what in sorted(functions):
        found.update(what.encode())
        _take(functions[what], found, DEEP)
    generator = np.random.default_rng(0)
    scale = NEAR * (1 + np.abs(problem.start))
    points = problem.start + scale * generator.standard_normal((POINTS, problem.dim))
    points[0] = problem.start
    out = np.empty_like(points)
    for x in (points[:1], points):
        try:
            found.update(problem.value(x).tobytes() + problem.gradient(x).tobytes())
            for sample in problem.draw(generator, POINTS, len(x)):
                problem.stochastic_gradient(x, sample, out[: len(x)])
                found.update(out[: len(x)].tobytes())
        except ValueError as reason:  # it is not defined next to its start
            found.update(str(reason).encode())
    return found.hexdigest()


def named(function: Callable[..., Any]) -> str:
    """The function as people would call it.

    >>> named(np.sum), named(partial(np.sum, axis=0))
    ('numpy.sum', 'numpy.sum')
    """
    while isinstance(function, partial):
        function = function.func
    name = getattr(function, "__qualname__", type(function).__qualname__)
    module = getattr(function, "__module__", None) or "builtins"
    if module.startswith(PREFIX):  # a file: its name, wherever it lies
        module = Path(str(sys.modules[module].__file__)).stem
    return f"{module}.{name}"


def _take(thing: Any, found: _Hash, deep: int) -> None:
    """Put all that is in reach into the hash."""
    if isinstance(thing, CodeType):
        found.update(thing.co_code + " ".join((*thing.co_names, *thing.co_varnames)).encode())
        for constant in thing.co_consts:
            _take(constant, found, deep)
    elif isinstance(thing, partial):
        for part in (thing.func, *thing.args, *thing.keywords.items()):
            _take(part, found, deep)
    elif hasattr(thing, "__code__") and hasattr(thing, "__globals__"):
        _take(thing.__code__, found, deep)
        cells = (cell.cell_contents for cell in thing.__closure__ or () if _full(cell))
        used = (thing.__globals__[n] for n in thing.__code__.co_names if n in thing.__globals__)
        for part in (*(thing.__defaults__ or ()), *cells, *used):
            if deep and not hasattr(part, "__spec__"):  # modules are not followed
                _take(part, found, deep - 1)
    elif isinstance(thing, np.ndarray) and not thing.dtype.hasobject:
        found.update(str((thing.dtype, thing.shape)).encode() + thing.tobytes())
    elif isinstance(thing, tuple | list):
        for part in thing[:1000]:
            _take(part, found, deep)
    elif isinstance(thing, str | bytes | int | float | complex | bool | None):
        found.update(repr(thing).encode())
    else:
        found.update(type(thing).__qualname__.encode())
        inner = getattr(thing, "__dict__", None)  # an object with methods, such as a callable one
        if deep and isinstance(inner, dict) and not isinstance(thing, type):
            for name in sorted(inner):
                _take(inner[name], found, deep - 1)


def _full(cell: Any) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:
        return False
    return True
