"""Finished tiles made into runs, with all that they can be repeated from."""

from __future__ import annotations

import platform
from dataclasses import replace
from importlib import metadata

import numpy as np

from empirics.part import Part
from empirics.problems.base import Constant, Problem
from empirics.recording import Record, settings_of
from empirics.runs import Runs
from empirics.schedules.base import SharedIterate
from empirics.stepsizes import StepSizes
from empirics.tile import Plan


def assemble(plan: Plan, part: Part, rule: StepSizes, record: Record) -> Runs:
    """The finished tiles as runs, with what they came from."""
    problem, schedule = plan.problem, plan.schedule
    constants = dict(problem.constants)
    if "infimum" in constants:
        why = f"f(x_0) - infimum, the latter: {constants['infimum'].why}"
        constants["Delta"] = replace(constants["infimum"], value=problem.gap, why=why)
    if problem.minimiser is not None:
        constants["R"] = Constant(
            value=problem.distance,
            provenance="bound" if problem.within else "exact",
            why="|x_0 - x*|" + f", x* within {problem.within:.1e}" * bool(problem.within),
        )
    return Runs(
        times=plan.times,
        statistics=part.statistics.closed(),
        reads=part.reads,
        deliveries=part.deliveries,
        step_sizes=plan.eta,
        constants=constants,
        tau_max=part.reads.longest if schedule.tau_max is None and part.reads else schedule.tau_max,
        exogenous=schedule.exogenous,
        delays=part.delays,
        deterministic=part.shared and not problem.sample_size,
        lost_at=part.lost_at,
        left_at=part.left_at,
        region=None if problem.region is None else problem.region.words,
        each=part.each,
        looseness=_looseness(problem),
        settings={
            "problem": dict(problem.settings),
            "schedule": schedule.settings,
            "gradients": schedule.gradients if isinstance(schedule, SharedIterate) else None,
            "optimiser": plan.optimiser.settings,
            "correction": plan.correction and plan.correction.settings,
            "step": {"label": rule.label, **{k: float(v) for k, v in rule.constants.items()}},
            "steps": plan.steps,
            "replicas": plan.replicas,
            "seed": plan.seed,
            "reuse": plan.reuse,
            "record": settings_of(record),
            "measures": list(plan.measures),
            "window": plan.window,
            "noise": plan.noise,
            "smoothness": plan.smoothness,
            "each": plan.each,
            "versions": {
                "python": platform.python_version(),
                "numpy": np.__version__,
                "staleness": _version(),
            },
        },
        complete=part.statistics.squared_norm.count == plan.replicas,
    )


def _looseness(problem: Problem) -> dict[str, float]:
    found = {}
    if "infimum" in problem.constants and np.isfinite(problem.looseness):
        found["gap"] = problem.looseness
    if problem.minimiser is not None:
        found["squared distance"] = problem.within
    return found


def _version() -> str:
    try:
        return metadata.version("staleness")
    except metadata.PackageNotFoundError:
        return "not installed"
