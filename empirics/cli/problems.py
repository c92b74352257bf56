"""The command `staleness problems`: what there is to minimise, and whether it is what it says."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empirics.cli.bar import Bar
from empirics.cli.base import VIOLATED, Json, app

if TYPE_CHECKING:
    from empirics.problems import Problem
    from empirics.problems.auditing import Audit


@app.command()
def problems(
    name: Annotated[
        str | None,
        typer.Argument(
            help="One of them, as for simulate (digits, quadratic:dim=50, own:file=mine.py, "
            "mine.py); without it all, a line each."
        ),
    ] = None,
    audit: Annotated[
        bool,
        typer.Option("--audit", help="Try to refute gradient, noise and every constant."),
    ] = False,
    points: Annotated[int, typer.Option(help="How many points an audit tries a claim at.")] = 2000,
    starts: Annotated[int, typer.Option(help="From how many of them a search goes on.")] = 6,
    samples: Annotated[
        int, typer.Option(help="Stochastic gradients it draws at each of four points.")
    ] = 4096,
    seed: Annotated[int, typer.Option(help="One integer behind its random numbers.")] = 0,
    json_: Json = False,
) -> None:
    """List the problems with their constants, tell one in full, or audit them.

    Exit code 1 if an audit refutes anything.
    """
    from empirics import named
    from empirics.problems.catalogue import MAKERS

    texts = list(MAKERS) if name is None else [name]
    budget = {"points": points, "starts": starts, "samples": samples, "seed": seed}
    found: list[tuple[str, Problem]] = []
    audits: list[Audit] = []
    with Bar(len(texts), "making", show=not json_) as bar:
        for text in texts:
            found.append((text, named.problem(text)))
            bar.advance(text)
    for text, problem in found if audit else ():
        audits.append(_audited(text, problem, budget, show=not json_))
        if name is None and not json_:
            typer.echo(f"{text}: {str(audits[-1]).splitlines()[0]}")
            for finding in audits[-1].refuted:
                typer.echo(f"  {finding}")
    if json_:
        pages = [_plain(text, problem) for text, problem in found]
        for page, one in zip(pages, audits, strict=False):
            page["audit"] = one.to_dict()
        typer.echo(json.dumps(pages if name is None else pages[0], indent=2))
    elif name is not None:
        typer.echo("\n".join([*_page(*found[0]), *(f"\naudit: {one}" for one in audits)]))
    elif not audit:
        typer.echo("\n".join(_listing(found)))
    if not all(one.ok for one in audits):
        raise typer.Exit(VIOLATED)


def _audited(text: str, problem: Problem, budget: dict[str, int], *, show: bool) -> Audit:
    done = 0
    with Bar(4 + len(problem.constants), f"auditing {text}", show=show) as bar:

        def progress(now: int, _: int, what: str) -> None:
            nonlocal done
            bar.advance(what, now - done)
            done = now

        return problem.audit(progress=progress, **budget)


def _listing(found: list[tuple[str, Problem]]) -> list[str]:
    """A paragraph a group, a line a problem."""
    from empirics.named import PROBLEMS
    from empirics.problems.catalogue import MAKERS
    from empirics.problems.telling import LEGEND, numbers, satisfies
    from empirics.summary import table

    lines = [f"constants: {LEGEND}"]
    for group in dict.fromkeys(one.group for one in MAKERS.values()):
        rows = []
        for text, problem in found:
            if MAKERS[text].group == group:
                where = "" if problem.region is None else f"; where {problem.region.words}"
                rows.append(
                    (text, f"dim {problem.dim}", ", ".join(satisfies(problem)),
                     numbers(problem) + where)
                )  # fmt: skip
        lines += ["", f"{group}:", *(f"  {line}" for line in table(rows))]
    others = [(text, PROBLEMS.about(text)) for text in PROBLEMS.table if text not in MAKERS]
    return [*lines, "", "made of others:", *(f"  {line}" for line in table(others))]


def _page(text: str, problem: Problem) -> list[str]:
    from empirics.problems.telling import page

    about = _about(text)
    words = about["words"] or problem.name
    return [f"{text}: {words}", *([about["doc"]] if about["doc"] else []), *page(problem)]


def _plain(text: str, problem: Problem) -> dict[str, Any]:
    from empirics.problems.telling import of_problem

    return {"name": text, **_about(text), **of_problem(problem)}


def _about(text: str) -> dict[str, Any]:
    """What is known of a name: its group, its words unless it has other numbers than usual, and
    the first paragraph of the docstring of what makes it.
    """
    from empirics import named
    from empirics.problems.catalogue import MAKERS

    name, _, other = text.partition(":")
    name = name.strip().replace("_", "-")
    entry = MAKERS.get(name)
    maker = named.PROBLEMS.table.get(name)
    doc = None if maker is None else inspect.getdoc(getattr(maker, "func", maker))
    return {
        "group": None if entry is None else entry.group,
        "words": "" if entry is None or other else entry.words,
        "doc": " ".join((doc or "").split("\n\n")[0].split()),
    }
