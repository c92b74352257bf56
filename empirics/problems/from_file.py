"""A problem from a Python file: so that one's own functions have a name on a command line."""

from __future__ import annotations

import inspect
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

from empirics.problems.base import Problem
from empirics.problems.functions import from_functions
from empirics.problems.sending import load

NEEDED = ("value", "gradient", "start")


def own(file: str, make: str | None = None) -> Problem:
    """The problem that a Python file defines: by make(), or by value, gradient and start.

    Parameters: file, whose code is run; make, the name in it of a Problem or of a function without
    arguments that makes one. Without it that is `make` if the file has one; else the arguments of
    `from_functions` are taken from the file by their names: value, gradient and start, and what
    else there is of stochastic_gradient, sigma, L, infimum, region, ...
    Raises FileNotFoundError if there is no such file, and ValueError, in one sentence, if it cannot
    be run or defines no problem.
    """
    try:
        content = Path(file).read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"own needs an existing file, got {file}") from None
    except OSError as reason:
        raise ValueError(f"own needs a readable file, got {file}: {reason.strerror}") from None
    try:
        module = load(file)
    except Exception as error:
        raise ValueError(
            f"own needs a Python file that runs, got {file}: {_said(error)}"
        ) from error
    problem = _made(file, module, make)
    settings = {"file": Path(file).name, "file sha256": sha256(content).hexdigest()}
    return replace(problem, settings={**problem.settings, **settings})


def _made(file: str, module: ModuleType, make: str | None) -> Problem:
    if make is None and not hasattr(module, "make"):
        missing = [name for name in NEEDED if not hasattr(module, name)]
        if missing:
            raise ValueError(
                f"own needs make, or {', '.join(NEEDED)} in {file}, got no {missing[0]}"
            )
        parameters = inspect.signature(from_functions).parameters
        given = {name: getattr(module, name) for name in parameters if hasattr(module, name)}
        return from_functions(**{"name": Path(file).stem, **given})
    wanted = make or "make"
    if not hasattr(module, wanted):
        raise ValueError(f"own needs a name in {file}, got {wanted!r}, which is not there")
    found: Any = getattr(module, wanted)
    if callable(found):
        try:
            found = found()
        except ValueError:
            raise
        except Exception as error:
            who = f"own needs {wanted}() in {file} to make a problem"
            raise ValueError(f"{who}, got {_said(error)}") from error
    if not isinstance(found, Problem):
        raise ValueError(
            f"own needs a Problem from {wanted} in {file}, got {type(found).__name__}; "
            "return from_functions(...)"
        )
    return found


def _said(error: Exception) -> str:
    line = f" (line {error.lineno})" if isinstance(error, SyntaxError) else ""
    return (
        f"{type(error).__name__}: {' '.join(str(error).split()) or 'no message'}".removesuffix(line)
        + line
    )
