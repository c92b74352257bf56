"""Somebody's functions on their way to another process: by name, or by the file they are from."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

PREFIX = "staleness_own_"  # of the names of modules that are made of files


@dataclass(frozen=True)
class InFile:
    """A function at the top of a file that is no importable module."""

    path: str
    name: str


def packed(who: str, functions: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    """The functions as something that `pickle` takes and another process can read.

    Raises ValueError, in one sentence, if one of them is known to this process only.
    """
    return {what: _packed(who, what, function) for what, function in functions.items()}


def unpacked(functions: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    """The functions again."""
    return {
        what: getattr(load(found.path), found.name) if isinstance(found, InFile) else found
        for what, found in functions.items()
    }


def load(path: str) -> ModuleType:
    """The file as a module, run once in each process; what it raises passes through."""
    file = Path(path).resolve()
    name = f"{PREFIX}{sha256(str(file).encode()).hexdigest()[:12]}"
    module = sys.modules.get(name)
    if module is not None and getattr(module, "changed", None) == file.stat().st_mtime_ns:
        return module
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = module_from_spec(spec)
    vars(module)["changed"] = file.stat().st_mtime_ns
    sys.modules[name] = module
    sys.path.insert(0, str(file.parent))  # what lies beside it can be imported, as in a script
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        sys.path.remove(str(file.parent))
    return module


def _packed(who: str, what: str, function: Any) -> Any:
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    name = getattr(function, "__qualname__", "")
    if module is not None and module.__name__.startswith(PREFIX) and hasattr(module, name):
        return InFile(str(module.__file__), name)
    known = module is None or module.__name__ != "__main__" or hasattr(module, "__file__")
    try:
        pickle.dumps(function)
    except Exception:  # pickle raises whatever the parts of an object do
        known = False
    if not known:
        raise ValueError(
            f"{who} needs {what} at the top of a module or script to be sent to other processes, "
            f"got {name or function!r}; write it into a file with def, or ask for processes = 1"
        )
    return function
