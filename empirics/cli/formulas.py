"""What the commands about theorems do with exact formulas on quadratics."""

from __future__ import annotations

import json
import time
from typing import Any

import typer

from empirics.cli.bar import Bar
from empirics.cli.base import VIOLATED

ALL = "linear"  # the name that stands for all formulas


def asked(name: str) -> list[Any] | None:
    """The formulas of that name or topic, all for "linear"; None if it is none of these."""
    from theory import linear

    known = linear.formulas()
    if name == ALL:
        return list(known.values())
    found = [f for f in known.values() if name == f.name or f.name.startswith(f"{name}.")]
    return found or None


def prove_one(formula: Any, json_: bool) -> None:
    """Replay an argument and print it as a page."""
    from theory.kernel import StepError
    from theory.linear import pages

    try:
        replayed = formula.verify()
    except StepError as error:
        if json_:
            plain = {"formula": formula.name, "status": "fails", "why": str(error)}
            typer.echo(json.dumps(plain))
        else:
            typer.echo(f"{pages.statement(formula, 'not proved')}\n\nNot proved: {error}")
        raise typer.Exit(VIOLATED) from None
    found = pages.to_dict(replayed)
    typer.echo(json.dumps(found, indent=2) if json_ else pages.report(replayed))


def rows(table: list[Any], bar: Bar) -> list[dict[str, Any]]:
    """Replay arguments, a row each: name, status, number of steps, seconds, what is missing."""
    from theory.kernel import StepError

    found = []
    for formula in table:
        begun = time.perf_counter()
        row: dict[str, Any] = {"formula": formula.name, "steps": 0, "why": ""}
        try:
            replayed = formula.replayed
            steps = (*replayed.argument, *replayed.examples)
            reach = "; ".join(dict.fromkeys(s.reach for s in replayed.argument if s.reach))
            row |= {"status": replayed.status, "steps": len(steps), "why": formula.lacks or reach}
        except StepError as error:
            row |= {"status": "fails", "why": str(error)}
        row["seconds"] = round(time.perf_counter() - begun, 3)
        found.append(row)
        bar.advance(formula.name)
    return found


def listed(table: list[Any], json_: bool) -> None:
    """Formulas with their status, a line each."""
    with Bar(len(table), "replaying arguments", show=not json_) as bar:
        statuses = []
        for formula in table:
            statuses.append(formula.status)
            bar.advance(formula.name)
    pairs = list(zip(table, statuses, strict=True))
    if json_:
        plain = [
            {
                "name": f.name,
                "status": status,
                "title": f.title,
                "expressions": {name: str(e) for name, e in f.expressions.items()},
                "conditions": [str(c) for c in f.conditions],
            }
            for f, status in pairs
        ]
        typer.echo(json.dumps(plain, indent=2))
        return
    width = max(len(f.name) for f in table)
    for formula, status in pairs:
        typer.echo(f"{formula.name:<{width}}  {status:<8}  {formula.title}")
