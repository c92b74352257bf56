"""Stale SGD in practice: simulate it, measure it, and hold the runs against the theorems."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from empirics import (
        exact,
        lore,
        measure,
        optimisers,
        plots,
        problems,
        rates,
        schedules,
        stepsizes,
        tuning,
    )
    from empirics.coherence import self_consistent_coherence
    from empirics.compare import (
        Verdict,
        assumption_table,
        compare,
        correction_for,
        measures_for,
        steps_for,
    )
    from empirics.compare.until import until_decided
    from empirics.live import record
    from empirics.paths import paths
    from empirics.runs import Runs
    from empirics.sharpness import sharpness
    from empirics.simulate import simulate
    from empirics.tolerance import slack_law, tolerance
    from empirics.tuning import slowdown, tune

# name: the module it is in, or the module that it is; loaded at first use
_WHERE = {
    "Runs": "empirics.runs",
    "Verdict": "empirics.compare",
    "assumption_table": "empirics.compare",
    "compare": "empirics.compare",
    "correction_for": "empirics.compare",
    "exact": "empirics.exact",
    "diagrams": "empirics.diagrams",
    "lore": "empirics.lore",
    "measure": "empirics.measure",
    "measures_for": "empirics.compare",
    "optimisers": "empirics.optimisers",
    "paths": "empirics.paths",
    "plots": "empirics.plots",
    "problems": "empirics.problems",
    "rates": "empirics.rates",
    "record": "empirics.live",
    "schedules": "empirics.schedules",
    "self_consistent_coherence": "empirics.coherence",
    "sharpness": "empirics.sharpness",
    "simulate": "empirics.simulate",
    "slack_law": "empirics.tolerance",
    "steps_for": "empirics.compare",
    "slowdown": "empirics.tuning",
    "stepsizes": "empirics.stepsizes",
    "tolerance": "empirics.tolerance",
    "tune": "empirics.tuning",
    "tuning": "empirics.tuning",
    "until_decided": "empirics.compare.until",
}

__all__ = [
    "Runs",
    "Verdict",
    "assumption_table",
    "compare",
    "correction_for",
    "diagrams",
    "exact",
    "lore",
    "measure",
    "measures_for",
    "optimisers",
    "paths",
    "plots",
    "problems",
    "rates",
    "record",
    "schedules",
    "self_consistent_coherence",
    "sharpness",
    "simulate",
    "slack_law",
    "slowdown",
    "steps_for",
    "stepsizes",
    "tolerance",
    "tune",
    "tuning",
    "until_decided",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(_WHERE[name])
    value = getattr(module, name, module)
    setattr(sys.modules[__name__], name, value)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """A verb has a module of its own name. Whoever imports that module first makes Python bind
    `empirics.simulate` to the module; this takes the function out of it, so that
    `from empirics import simulate` always gives the function."""

    def __setattr__(self, name: str, value: Any) -> None:
        verb = getattr(value, name, None) if isinstance(value, ModuleType) else None
        super().__setattr__(name, value if verb is None else verb)


sys.modules[__name__].__class__ = _Package
