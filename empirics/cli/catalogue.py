"""The commands about theorems: list, prove, write pages, draw the map of the assumptions."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from empirics.cli import formulas
from empirics.cli.bar import Bar
from empirics.cli.base import VIOLATED, Json, app, fail


@app.command()
def theorems(
    paper: Annotated[
        str | None,
        typer.Argument(
            help="Only those of this paper, such as lian2015; linear: exact formulas on quadratics."
        ),
    ] = None,
    json_: Json = False,
) -> None:
    """List the theorems with their status, which is computed now."""
    from theory import results

    exact = None if paper is None else formulas.asked(paper)
    if exact is not None:
        formulas.listed(exact, json_)
        return
    table = results.theorems()
    if paper is not None:
        table = {name: theorem for name, theorem in table.items() if name.startswith(f"{paper}.")}
    if not table:
        papers = ", ".join(module.__name__.rsplit(".", 1)[-1] for module in results.PAPERS)
        fail(f"there is no paper {paper!r}; there are {papers}")
    rows = []
    with Bar(len(table), "replaying proofs", show=not json_) as bar:
        for theorem in table.values():
            rows.append((theorem, theorem.status))
            bar.advance(theorem.name)
    if json_:
        typer.echo(json.dumps([_plain(theorem, status) for theorem, status in rows], indent=2))
        return
    width = max(len(theorem.name) for theorem, _ in rows)
    for theorem, status in rows:
        typer.echo(f"{theorem.name:<{width}}  {status:<8}  {theorem.title}")


def _plain(theorem: Any, status: str) -> dict[str, Any]:
    return {
        "name": theorem.name,
        "status": status,
        "title": theorem.title,
        "source": theorem.provenance,
        "quantity": theorem.quantity.words,
        "bound": str(theorem.bound),
        "step": str(theorem.step),
        "assumptions": [str(a) for a in theorem.assumptions],
        "conditions": [str(c) for c in theorem.restrictions],
        "holds_when": [t.name for t in theorem.holds_when],
        "remark": theorem.remark,
    }


@app.command()
def prove(
    theorem: Annotated[
        str | None,
        typer.Argument(
            help="Its name, as `staleness theorems` lists it, or that of an exact formula; "
            "linear: all of these."
        ),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="The whole catalogue, a line each.")] = False,
    json_: Json = False,
) -> None:
    """Replay a proof and print it as a page; exit code 1 if there is none that holds."""
    from theory import results

    if all_ == (theorem is not None):
        fail("prove needs the name of one theorem, or --all")
    if theorem is None:
        exact = formulas.asked(formulas.ALL) or []
        _prove_all(list(results.theorems().values()), exact, json_)
    elif theorem in results.theorems() or not (exact := formulas.asked(theorem) or []):
        _prove_one(results.find(theorem), json_)
    elif len(exact) == 1:
        formulas.prove_one(exact[0], json_)
    else:
        _prove_all([], exact, json_)


def _prove_one(found: Any, json_: bool) -> None:
    from theory.kernel import StepError

    try:
        report = found.verify()
    except StepError as error:
        if json_:
            typer.echo(json.dumps({"theorem": found.name, "proved": False, "why": str(error)}))
        else:
            typer.echo(f"{found.statement}\n\nNot proved: {error}")
            for valid in found.holds_when:
                typer.echo(f"True where: {', '.join(map(str, valid.conditions))} ({valid.name})")
        raise typer.Exit(VIOLATED) from None
    if json_:
        typer.echo(
            json.dumps({"theorem": found.name, "proved": True, **report.to_dict()}, indent=2)
        )
        return
    typer.echo(f"{found.statement}\n\n{report}")


def _prove_all(table: list[Any], exact: list[Any], json_: bool) -> None:
    """Replay everything; a proof or a counterexample that fails makes the exit code 1."""
    from theory.kernel import StepError, steps

    rows: list[dict[str, Any]] = []
    with Bar(len(table) + len(exact), "replaying proofs", show=not json_) as bar:
        for theorem in table:
            begun = time.perf_counter()
            row: dict[str, Any] = {"theorem": theorem.name, "steps": 0, "why": ""}
            try:
                row["status"] = theorem.status
                if row["status"] == "proved":
                    row["steps"] = len(steps(theorem.proof()))
                row["why"] = theorem.lacks
            except StepError as error:
                row |= {"status": "fails", "why": str(error)}
            row["seconds"] = round(time.perf_counter() - begun, 3)
            rows.append(row)
            bar.advance(theorem.name)
        rows += formulas.rows(exact, bar)
    if json_:
        typer.echo(json.dumps(rows, indent=2))
    else:
        _print_rows(rows)
    if any(row["status"] == "fails" for row in rows):
        raise typer.Exit(VIOLATED)


def _print_rows(rows: list[dict[str, Any]]) -> None:
    """A line for each theorem and formula, and one that counts."""
    names = [row.get("theorem") or row["formula"] for row in rows]
    width = max(map(len, names))
    for name, row in zip(names, rows, strict=True):
        line = f"{name:<{width}}  {row['status']:<8} {row['steps'] or '':>5} steps"
        line = line if row["steps"] else line.removesuffix(" steps") + " " * 6
        typer.echo(f"{line} {row['seconds']:7.2f} s" + (f"  {row['why']}" * bool(row["why"])))
    for kind, statuses in (
        ("theorem", ("proved", "refuted", "stated")),
        ("formula", ("proved", "checked", "stated")),
    ):
        own = [row for row in rows if kind in row]
        said = ", ".join(f"{sum(r['status'] == a for r in own)} {a}" for a in statuses)
        total = sum(row["seconds"] for row in own)
        if own:
            typer.echo(f"{len(own)} {kind}s: {said} ({total:.1f} s)")


@app.command()
def latex(
    theorem: Annotated[
        str | None, typer.Argument(help="Its name, as `staleness theorems` lists it.")
    ] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="The whole catalogue: a table, then every statement.")
    ] = False,
    proofs: Annotated[bool, typer.Option(help="With --all: every proof too.")] = False,
) -> None:
    """Print a LaTeX document with the statement and the proof, step by step."""
    from theory import pages, results
    from theory.linear import pages as exact

    if all_ == (theorem is not None):
        fail("latex needs the name of one theorem, or --all")
    if theorem is None:
        typer.echo(pages.tex.catalogue(results.theorems().values(), proofs=proofs))
    elif theorem not in results.theorems() and (chosen := formulas.asked(theorem)):
        typer.echo(exact.document(chosen))
    else:
        typer.echo(results.find(theorem).latex())


@app.command()
def pages(
    out: Annotated[Path, typer.Option(help="Folder for the pages.")] = Path("docs/catalogue"),
) -> None:
    """Write the catalogue as Markdown: an index, and a page for each paper."""
    from theory import linear, results
    from theory.linear import pages as exact
    from theory.pages import markdown

    out.mkdir(parents=True, exist_ok=True)
    with Bar(len(results.PAPERS) + 2, "writing pages", show=True) as bar:
        for module in results.PAPERS:
            name = module.__name__.rsplit(".", 1)[-1]
            (out / f"{name}.md").write_text(markdown.paper(module))
            bar.advance(name)
        (out / "README.md").write_text(markdown.index(results.PAPERS))
        bar.advance("index")
        (out / "linear.md").write_text(exact.markdown(linear.topics()))
        bar.advance("linear")
    typer.echo(f"{len(results.PAPERS) + 2} pages in {out}")


@app.command()
def assumptions(
    figure: Annotated[
        Path | None,
        typer.Option(help="Draw the map to this file: .png, .pdf or .svg."),
    ] = None,
    json_: Json = False,
) -> None:
    """Which assumption implies which, by proof, and which does not, by witness."""
    from empirics.compare import assumptions as known
    from theory.implications import ARROWS

    with Bar(len(ARROWS), "replaying the map", show=not json_) as bar:
        for arrow in ARROWS:
            bar.advance(f"{arrow}, {arrow.status}")
    if figure is not None:
        from empirics.maps import new_map

        drawing = new_map()
        known.assumption_map(drawing.axes[0])
        drawing.savefig(figure, dpi=120)
    typer.echo(json.dumps(known.plain(), indent=2) if json_ else "\n".join(known.table()))
