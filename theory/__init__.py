"""Convergence theorems for SGD with stale gradients, with proofs that are checked step by step.

SymPy only: exact arithmetic, no floats. `theory.results` holds the theorems, `theory.kernel` the
rules that check them, `theory.linear` exact formulas about one eigenmode of a quadratic.

>>> from theory import results, tighter
>>> print(tighter(results.lian2015.gradient_descent, results.lian2015.nonconvex))
lian2015.gradient_descent is tighter than lian2015.nonconvex wherever both hold
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from theory import linear, results
    from theory.ordering import larger_step, tighter
    from theory.selection import applicable
    from theory.theorem import Theorem

# name: the module it is in, or the module that it is; loaded at first use
_WHERE = {
    "Theorem": "theory.theorem",
    "applicable": "theory.selection",
    "larger_step": "theory.ordering",
    "linear": "theory.linear",
    "results": "theory.results",
    "tighter": "theory.ordering",
}

__all__ = ["Theorem", "applicable", "larger_step", "linear", "results", "tighter"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(_WHERE[name])
    return getattr(module, name, module)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
