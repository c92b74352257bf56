"""The commands on complexity and staleness: what a step bears, and whether depth matters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from empirics.cli.bar import Bar
from empirics.cli.base import Json, app, fail


@app.command()
def tolerance(
    problem: Annotated[str, typer.Argument(help="Such as digits-perceptron or quadratic:L=2.")],
    step: Annotated[float, typer.Option(help="The step size eta.")],
    updates: Annotated[
        int, typer.Option(help="Updates without staleness before the sharpness is measured.")
    ] = 1000,
    replicas: Annotated[int, typer.Option(help="Runs in which it is measured.")] = 4,
    seed: Annotated[int, typer.Option(help="One integer behind all random numbers.")] = 0,
    staleness: Annotated[
        str, typer.Option(help="With --json: staleness whose cost is predicted.")
    ] = "1,2,4,8,16,32,64",
    json_: Json = False,
) -> None:
    """Predict how much staleness a step bears, and what it costs, from fresh gradients alone."""
    from empirics import named
    from empirics.tolerance import tolerance as predict

    try:
        levels = tuple(int(s) for s in staleness.split(","))
    except ValueError:
        fail(f"--staleness needs whole numbers such as 1,4,16, got {staleness!r}")
    made = named.problem(problem)
    found = predict(made, step, updates=updates, replicas=replicas, seed=seed)
    typer.echo(json.dumps(found.to_dict(levels), indent=2) if json_ else str(found))


WORDS = {
    "fixed": "One step for all depths: the largest stable constant delay, exact and in runs",
    "limits": "The same step times sharpness: its limit, simulated and exact, at every depth",
    "tuned": "The best step of each delay, without noise: updates to the goal, networks of depth D",
    "target": "The best step, with noise of the target",
    "gradient": "The best step, with noise that is the same everywhere",
    "width": "Two layers of a width: sharpness, and the delay that one step bears",
    "condition": "Slowdown of two modes without noise, by condition number",
    "sparsity": "Limits where coordinates are seldom touched, by delay in touches",
}


@app.command()
def depth(
    only: Annotated[
        list[str] | None, typer.Option(help=f"One table or several: {', '.join(WORDS)}.")
    ] = None,
    quick: Annotated[bool, typer.Option(help="Formulas and few runs.")] = False,
    json_: Json = False,
) -> None:
    """Does a more complex model bear less staleness? Formulas and runs, side by side.

    Depth, width, initialisation, condition number and sparsity, at one step for all, at the same
    step times sharpness, and at the best step of each, with noise and without. Two minutes.
    """
    from empirics.summary import table

    if unknown := sorted(set(only or ()) - set(WORDS)):
        fail(f"there is no table {unknown[0]!r}; there are {', '.join(WORDS)}")
    told: dict[str, list[dict[str, Any]]] = {}
    asked = list(only or WORDS)
    with Bar(len(asked), "tables", show=not json_) as bar:
        for name in asked:
            rows = [_plain(row) for row in _rows(name, quick)]
            told[name] = rows
            if not json_:
                head = tuple(rows[0])
                body = [tuple(_words(value) for value in row.values()) for row in rows]
                lines = [f"  {line}" for line in table([head, *body])]
                bar.say("\n".join([WORDS[name], "", *lines, ""]))
            bar.advance(name)
    if json_:
        typer.echo(json.dumps(told, indent=2))


def _rows(name: str, quick: bool) -> Sequence[Any]:
    from empirics import complexity as study

    few = (1, 4) if quick else (1, 2, 4, 8, 16)
    if name == "fixed":
        return study.fixed_step(few, 0.1 if quick else 0.024)
    if name == "limits":
        return study.same_share(few[::2], (1,) if quick else (1, 8))
    if name == "tuned":
        return study.without_noise((2,), tau=2) if quick else study.without_noise()
    if name in ("target", "gradient"):
        kind: Any = name
        return study.with_noise(kind, simulated=() if quick else (1, 16))
    if name == "width":
        return study.widths((2, 8) if quick else (2, 8, 32, 128))
    return study.conditions() if name == "condition" else study.sparsity()


def _plain(row: Any) -> dict[str, Any]:
    """Its fields, and what is made of them; what is not a number or infinite as null and a word."""
    fields = asdict(row)
    made = {"slowdown": row.slowdown} if hasattr(row, "slowdown") else {}
    return {key: _finite(value) for key, value in {**fields, **made}.items()}


def _finite(value: Any) -> Any:
    if isinstance(value, float) and value != value:
        return None
    return "inf" if value == float("inf") else value


def _words(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
