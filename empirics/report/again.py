"""How to do it again: the command, or the file, that gives the very same runs."""

from __future__ import annotations

import inspect
import json
import shlex
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from empirics import named
from empirics.runs import Runs


def simulate_command(runs: Runs) -> str | None:
    """The command that gives these runs again; None if it cannot ask for all of it.

    Each part is read back and compared with what was asked, so that a command is right or none.

    >>> from empirics import problems, schedules, simulate
    >>> problem = problems.quadratic(dim=2, mu=0.5, L=1.0, sigma=0.5)
    >>> runs = simulate(problem, schedules.Uniform(8), step=0.1, steps=20, replicas=9)
    >>> simulate_command(runs).partition(" --steps ")[0]
    'staleness simulate quadratic:dim=2,mu=0.5,L=1.0 uniform:8 --step 0.1'
    """
    asked = runs.settings
    if asked.get("exact") or not runs.complete:
        return None
    problem, step = _problem(asked["problem"]), _step(asked["step"])
    schedule, optimiser = (
        _spelled(asked["schedule"], named.schedule),
        _spelled(asked["optimiser"], named.optimiser),
    )
    record = _record(asked["record"])
    if None in (problem, step, schedule, optimiser, record):
        return None
    words = ["staleness", "simulate", problem, schedule, "--step", step]
    for name in ("steps", "replicas", "seed"):
        words += [f"--{name}", str(asked[name])]
    if optimiser != "sgd":
        words += ["--optimiser", optimiser]
    if asked["correction"] is not None:
        correction = _spelled(asked["correction"], named.correction)
        if correction is None:
            return None
        words += ["--correction", correction]
    if record != "all":
        words += ["--record", record]
    measures = [name for name in asked["measures"] if name != "squared gradient"]
    if measures != ["gap"]:
        every = measures or ["squared gradient"]
        words += ["--measure", ",".join(name.replace(" ", "-") for name in every)]
    if asked["window"]:
        words += ["--window", str(asked["window"])]
    words += [f"--{name}" for name in ("reuse", "noise", "each") if asked[name]]
    return shlex.join(str(word) for word in words)


def check_command(request: Mapping[str, Any]) -> str:
    """The command `staleness check` with the options that were asked for.

    >>> check_command({"theorem": "dai2019.sharp", "levels": [1, 4], "steps": 50, "reuse": False})
    'staleness check dai2019.sharp --staleness 1,4 --steps 50 --fresh-noise'
    """
    words = ["staleness", "check"] + [str(request["theorem"])] * (
        request.get("theorem") is not None
    )
    words += ["--staleness", ",".join(map(str, request["levels"]))]
    for name in ("problem", "delay", "mu", "eta", "steps", "replicas", "seed", "alpha"):
        if request.get(name) is not None:
            words += [f"--{name}", str(request[name])]
    for name, value in request.get("chosen", {}).items():
        words += ["--choose", f"{name}={value}"]
    if request.get("reuse") is not None:
        words.append("--reuse" if request["reuse"] else "--fresh-noise")
    return shlex.join(words)


def study_file(axes: Mapping[str, list[Any]], asked: Mapping[str, Any]) -> str:
    """The study with these axes, whose cells have these settings, as TOML."""
    common = {name: asked[name] for name in ("steps", "replicas", "record", "measures")}
    common |= {name: asked[name] for name in ("window", "noise", "reuse") if asked[name]}
    # JSON writes words, numbers, truth values and lists of them as TOML does
    lines = [f"{name} = {json.dumps(value)}" for name, value in common.items()]
    return "\n".join([*lines, "", *(f"{axis} = {json.dumps(v)}" for axis, v in axes.items())])


def _problem(settings: Mapping[str, Any]) -> str | None:
    outer = next((key for key in reversed(list(settings)) if key in _MADE_OF), None)
    if outer is not None:
        inner = _problem({key: value for key, value in settings.items() if key != outer})
        with suppress(ValueError, OSError, TypeError, KeyError):
            text = _MADE_OF[outer](f"[{inner}]", settings[outer])
            if inner is not None and _equal(named.problem(text).settings, settings):
                return text
        return None
    likely = {str(settings["kind"]), str(settings.get("data", settings["kind"]))}
    for name, maker in named.PROBLEMS.table.items():
        if not any(word in name for word in likely):
            continue
        with suppress(ValueError, OSError, TypeError):
            told = {
                key: settings[key]
                for key, parameter in inspect.signature(maker).parameters.items()
                if settings.get(key) is not None and settings[key] != parameter.default
            }
            text = _with(name, told)
            if _equal(named.problem(text).settings, settings):
                return text
    return None


def _equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(json.loads(json.dumps(dict(one))) == json.loads(json.dumps(dict(other))))


def _penalised(inner: str, penalty: Mapping[str, Any]) -> str:
    told = {key: value for key, value in penalty.items() if key not in ("kind", "dim")}
    if "centre" in told and not any(told["centre"]):
        del told["centre"]
    told = {key: json.dumps(value).replace(" ", "") for key, value in told.items()}
    return _with(_PENALTIES[penalty["kind"]], {"problem": inner, **told})


def _noisy(inner: str, noise: Mapping[str, Any]) -> str:
    told = {key: value for key, value in noise.items() if key != "law" and value}
    return _with("with-noise", {"problem": inner, "noise": noise["law"], **told})


_PENALTIES = {
    "l1": "with-l1",
    "onto ball": "on-ball",
    "onto box": "on-box",
    "onto simplex": "on-simplex",
}
_MADE_OF: Mapping[str, Callable[[str, Any], str]] = {
    "penalty": _penalised,
    "with noise": _noisy,
    "full gradients": lambda inner, _: f"noiseless:{inner}",
}


def _step(settings: Mapping[str, Any]) -> str | None:
    told = {key: value for key, value in settings.items() if key != "label"}
    if settings["label"] == "eta" and list(told) == ["eta"]:
        return f"{told['eta']!r}"
    for name in named.STEPS.table:
        with suppress(ValueError, TypeError):
            text = _with(name, told)
            found = named.step(text)
            if found.label == settings["label"] and dict(found.constants) == told:
                return text
    return None


def _spelled(settings: Mapping[str, Any], make: Any) -> str | None:
    with suppress(ValueError, OSError):
        text = named.spell(settings)
        if json.loads(json.dumps(make(text).settings)) == json.loads(json.dumps(dict(settings))):
            return text
    return None


def _record(record: Any) -> str | None:
    if isinstance(record, list):
        return f"random:{record[1]}" if record and record[0] == "random" else None
    return str(record)


def _with(name: str, told: Mapping[str, Any]) -> str:
    items = ",".join(f"{key}={value}" for key, value in told.items())
    return f"{name}:{items}" if items else name
