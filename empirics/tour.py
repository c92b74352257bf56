"""What `staleness check` does between its options and its exit code: cells, lines, files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Any

from empirics import named, plots, problems, schedules
from empirics.check import Cell, Result
from empirics.compare import Verdict, steps_for, why_not
from empirics.problems.base import Problem, whole
from empirics.schedules.base import Law
from theory import results
from theory.assumptions import StaleSGD
from theory.assumptions.online import DelayedFeedback

EXIT = {"consistent": 0, "violated": 1, "inconclusive": 3, "not applicable": 3}


@dataclass(frozen=True, kw_only=True)
class Request:
    """The options of `staleness check`."""

    theorem: str | None
    problem: str | None
    levels: tuple[int, ...]
    delay: str
    mu: float | None
    eta: float | None
    chosen: dict[str, float]
    reuse: bool | None
    steps: int
    replicas: int
    seed: int
    alpha: float
    assumptions: bool = False
    budget: int | None = None


def refusal(theorem: str | None) -> str:
    """Why a theorem cannot be held against runs yet, as a sentence; empty if it can."""
    reason = why_not(results.find(theorem)) if theorem else ""
    return f"{theorem} cannot be held against runs yet: {reason}" if reason else ""


def cells(request: Request, flagship: Sequence[str]) -> list[Cell]:
    """One cell a theorem and level; the printed theorem is judged on the runs of the sharp one."""
    for what in ("steps", "replicas"):
        whole("check", what, getattr(request, what), 1)
    whole("check", "seed", request.seed, 0, inf)
    if request.budget is not None:
        whole("check", "budget", request.budget, 2)
    names = [request.theorem] if request.theorem else list(flagship)
    made: dict[str, Problem] = {}
    return [
        _cell(results.find(name), level, request, made)
        for name in names
        for level in request.levels
    ]


def _cell(theorem: Any, level: int, request: Request, made: dict[str, Problem]) -> Cell:
    schedule = _schedule(request.delay, level)
    reuse = _wants_reuse(theorem) if request.reuse is None else request.reuse
    theorems = [theorem]
    if request.theorem is None and theorem.name == "dai2019.sharp":
        theorems.insert(0, results.find("dai2019.published"))
    problem, mu = _problem(theorem, level, request, schedule, made)
    if _wants_full_gradients(theorem):
        problem = problems.noiseless(problem)
    return Cell(
        name=f"{theorem.name}-s{level}",
        rule=theorem,
        theorems=tuple(theorems),
        problem=problem,
        schedule=schedule,
        steps=request.steps,
        replicas=request.replicas,
        seed=request.seed,
        mu=mu,
        eta=request.eta,
        chosen=request.chosen,
        reuse=reuse,
        alpha=request.alpha,
        assumptions=request.assumptions,
        budget=request.budget,
    )


def _wants_reuse(theorem: Any) -> bool:
    return any(isinstance(a, StaleSGD) and a.reuse for a in theorem.assumptions)


def _wants_full_gradients(theorem: Any) -> bool:
    """Whether the method is without noise, or without anything random, as online learning is."""
    return any(
        (isinstance(a, StaleSGD) and not a.noisy) or isinstance(a, DelayedFeedback)
        for a in theorem.assumptions
    )


def _schedule(delay: str, level: int) -> Law:
    longest = level - 1
    match delay:
        case "constant":
            return schedules.Constant(longest)
        case "uniform":
            return schedules.Uniform(longest)
        case "geometric":
            return schedules.Geometric(p=0.5 if level > 1 else 1.0, tau_max=longest)
        case "cyclic":
            return schedules.Cyclic(range(level))
    raise ValueError(f"--delay needs constant, uniform, geometric or cyclic, got {delay!r}")


def _problem(
    theorem: Any, level: int, request: Request, schedule: Law, made: dict[str, Problem]
) -> tuple[Problem, float | None]:
    """The problem asked for, and the coherence level to build on if it dictates one."""
    name = request.problem
    witness = _witness(theorem, level, request)
    if name is None and witness is not None:
        name = "witness"
    if name == "witness":
        if witness is None:
            raise ValueError(f"{theorem.name} has no exact counterexample at s = {level}")
        return _from_witness(witness), float(witness.constants["mu"])
    if name == "reuse-counterexample":
        unit = problems.quadratic(dim=1, L=1.0, sigma=1.0)
        mu = 0.8 if request.mu is None else request.mu
        rule = steps_for(
            theorem,
            unit,
            schedule,
            steps=request.steps,
            mu=mu,
            eta=request.eta,
            chosen=request.chosen,
        )
        return problems.reuse_counterexample(rule(request.steps), level), mu
    name = name or "digits"
    if name not in made:
        made[name] = named.problem(name)
    return made[name], request.mu


def _witness(theorem: Any, level: int, request: Request) -> Any:
    """The exact counterexample of the theorem at this level whose run fits, if there is one."""
    fitting = [
        example
        for example in theorem.refutations
        if example.constants.get("s") == level and len(example.reads) <= request.steps
    ]
    longest = max((len(example.reads) for example in fitting), default=0)
    return next((e for e in fitting if len(e.reads) == min(longest, request.steps)), None)


def _from_witness(example: Any) -> Problem:
    function = example.function
    return problems.piecewise_quadratic(
        [(float(place), float(slope)) for place, slope in function.knots],
        left=float(function.left),
        right=float(function.right),
        start=float(example.start),
        sigma=float(example.noise),
        name="witness",
    )


# ------------------------------------------------------------------ words


def line(result: Result, verdict: Verdict) -> str:
    """One line a verdict."""
    level = result.cell.schedule.tau_max + 1
    known_false = " (the statement is refuted)" if _expected(verdict) else ""
    kept = " [kept]" if result.kept else ""
    if result.cell.budget is not None:
        kept = f", {verdict.replicas} replicas{kept}"
    mu = "" if result.mu is None else f"mu = {result.mu:.2f}  "
    return f"{verdict.theorem.split('.')[-1]:<20} s = {level:<3} {mu}{verdict}{known_false}{kept}"


def _expected(verdict: Verdict) -> bool:
    """Whether a violation was to be expected: the statement is refuted."""
    return verdict.outcome == "violated" and bool(results.find(verdict.theorem).refutations)


# ------------------------------------------------------------------ files


def write(
    finished: Sequence[Result], request: Request, out: Path, *, complete: bool
) -> dict[str, Any]:
    """Figures and summary of what is finished; returns the summary."""
    files: list[str] = []
    if finished:
        files += [Path(name).name for name in _bounds(finished, out)]
        files += [Path(name).name for name in _coherences(finished, request, out)]
    files += [f"{result.cell.name}.nc" for result in finished]
    summary = {
        "request": asdict(request),
        "complete": complete,
        "exit": exit_code(finished, request),
        "verdicts": [
            {
                "s": r.cell.schedule.tau_max + 1,
                "mu": r.mu,
                "kept": r.kept,
                **v.to_dict(),
                **({"assumptions": r.assumptions[i].to_dict()} if r.assumptions else {}),
            }
            for r in finished
            for i, v in enumerate(r.verdicts)
        ],
        "files": [*files, "summary.json"],
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "summary.json").write_text(json.dumps(summary, indent=1))
    return summary


def exit_code(finished: Sequence[Result], request: Request) -> int:
    """1 if any theorem is violated, else 3 if any verdict is open, else 0.

    The tour shows a refuted statement beside its repairs: that it is violated there is no failure.
    """
    codes = {
        EXIT[v.outcome]
        for r in finished
        for v in r.verdicts
        if request.theorem is not None or not _expected(v)
    }
    return 1 if 1 in codes else 3 if 3 in codes or not codes else 0


def _bounds(finished: Sequence[Result], out: Path) -> list[str]:
    """One panel a theorem, one colour a level."""
    panels: dict[str, list[tuple[str, Verdict]]] = {}
    for result in finished:
        for verdict in result.verdicts:
            label = f"s = {result.cell.schedule.tau_max + 1}"
            panels.setdefault(verdict.theorem, []).append((label, verdict))
    with plots.style("paper"):
        figure = plots.new_figure(len(panels))
        for ax, (name, entries) in zip(figure.axes, panels.items(), strict=True):
            plots.bound_and_runs(
                [v for _, v in entries], ax, labels=[label for label, _ in entries]
            )
            ax.set_title(name)
            _leftmost_label(ax)
        return plots.save(figure, str(out / "bound_and_runs"))


def _coherences(finished: Sequence[Result], request: Request, out: Path) -> list[str]:
    """Coherence of the runs of each set of step sizes, one colour a level; none without delay."""
    panels: dict[str, list[Result]] = {}
    for result in finished:
        if result.coherent is not None and len(result.coherent.lags) > 1:
            panels.setdefault(result.cell.rule.name, []).append(result)
    if not panels:
        return []
    with plots.style("paper"):
        figure = plots.new_figure(len(panels))
        for ax, (name, entries) in zip(figure.axes, panels.items(), strict=True):
            runs = [r.coherent for r in entries if r.coherent is not None]
            levels = [f"s = {r.cell.schedule.tau_max + 1}" for r in entries]
            first = request.levels.index(entries[0].cell.schedule.tau_max + 1)
            plots.coherence(
                runs, ax, labels=levels, mu=[r.mu for r in entries if r.mu is not None], first=first
            )
            ax.set_title(name)
            _leftmost_label(ax)
        return plots.save(figure, str(out / "coherence"))


def _leftmost_label(ax: Any) -> None:
    """Panels of a row share their vertical axis: one label is enough."""
    if not ax.get_subplotspec().is_first_col():
        ax.set_ylabel("")
