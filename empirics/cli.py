"""The command `staleness`: a thin layer over the packages.

Exit codes: 0 consistent (or proved), 1 violated (or not proved), 2 usage, 3 not applicable or
inconclusive, 130 interrupted.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

app = typer.Typer(
    name="staleness",
    help="Stale SGD, on paper and in practice: theorems with checked proofs, runs, verdicts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

CONSISTENT, VIOLATED, USAGE, UNDECIDED, INTERRUPTED = 0, 1, 2, 3, 130
FLAGSHIP = ("dai2019.sharp", "dai2019.single_use", "dai2019.constant_step")
FLAGSHIP_LEVELS, FLAGSHIP_STEPS = "1,2,4,8,16", 500

Levels = Annotated[
    str | None,
    typer.Option(
        "--staleness",
        help="Windows s, such as 1,4,16: one of the last s iterates is read; 1 is synchronous, "
        "the largest delay is s - 1.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def main() -> None:
    """Run the command; one sentence and exit code 2 for what cannot be done."""
    try:
        app()
    except (ValueError, OSError) as error:
        fail(str(error))


def fail(sentence: str) -> NoReturn:
    """Say what is wrong and leave with the code for wrong usage."""
    typer.echo(f"staleness: {sentence}", err=True)
    raise SystemExit(USAGE)


# ------------------------------------------------------------------ theorems


@app.command()
def theorems(json_: Json = False) -> None:
    """List the theorems with their status, which is computed now."""
    from theory import results

    table = results.theorems()
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
        str | None, typer.Argument(help="Its name, as `staleness theorems` lists it.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="The whole catalogue, a line each.")] = False,
    json_: Json = False,
) -> None:
    """Replay a proof and print it as a page; exit code 1 if there is none that holds."""
    from theory import results

    if all_ == (theorem is not None):
        fail("prove needs the name of one theorem, or --all")
    if theorem is None:
        _prove_all(list(results.theorems().values()), json_)
    else:
        _prove_one(results.find(theorem), json_)


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


def _prove_all(table: list[Any], json_: bool) -> None:
    """Replay everything; a proof or a counterexample that fails makes the exit code 1."""
    from theory.kernel import StepError, steps

    rows: list[dict[str, Any]] = []
    with Bar(len(table), "replaying proofs", show=not json_) as bar:
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
    if json_:
        typer.echo(json.dumps(rows, indent=2))
    else:
        width = max(len(row["theorem"]) for row in rows)
        for row in rows:
            line = f"{row['theorem']:<{width}}  {row['status']:<8} {row['steps'] or '':>5} steps"
            line = line if row["steps"] else line.removesuffix(" steps") + " " * 6
            typer.echo(f"{line} {row['seconds']:7.2f} s" + (f"  {row['why']}" * bool(row["why"])))
        count = {a: sum(r["status"] == a for r in rows) for a in ("proved", "refuted", "stated")}
        total = sum(row["seconds"] for row in rows)
        said = ", ".join(f"{number} {status}" for status, number in count.items())
        typer.echo(f"{len(rows)} theorems: {said} ({total:.1f} s)")
    if any(row["status"] == "fails" for row in rows):
        raise typer.Exit(VIOLATED)


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

    if all_ == (theorem is not None):
        fail("latex needs the name of one theorem, or --all")
    if theorem is None:
        typer.echo(pages.tex.catalogue(results.theorems().values(), proofs=proofs))
    else:
        typer.echo(results.find(theorem).latex())


@app.command()
def pages(
    out: Annotated[Path, typer.Option(help="Folder for the pages.")] = Path("docs/catalogue"),
) -> None:
    """Write the catalogue as Markdown: an index, and a page for each paper."""
    from theory import results
    from theory.pages import markdown

    out.mkdir(parents=True, exist_ok=True)
    with Bar(len(results.PAPERS) + 1, "writing pages", show=True) as bar:
        for module in results.PAPERS:
            name = module.__name__.rsplit(".", 1)[-1]
            (out / f"{name}.md").write_text(markdown.paper(module))
            bar.advance(name)
        (out / "README.md").write_text(markdown.index(results.PAPERS))
        bar.advance("index")
    typer.echo(f"{len(results.PAPERS) + 1} pages in {out}")


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


# ------------------------------------------------------------------ check


@app.command()
def check(
    theorem: Annotated[
        str | None, typer.Argument(help="A theorem; without one, the tour: proofs, runs, figures.")
    ] = None,
    problem: Annotated[
        str | None,
        typer.Option(
            help="digits, digits-multinomial, breast-cancer, quadratic, witness (the theorem's "
            "exact counterexample) or reuse-counterexample."
        ),
    ] = None,
    staleness: Levels = None,
    delay: Annotated[
        str, typer.Option(help="constant, uniform, geometric or cyclic, up to s - 1.")
    ] = "constant",
    mu: Annotated[
        float | None,
        typer.Option(
            help="Coherence level of the step sizes, for theorems that ask for coherence; searched "
            "if not given."
        ),
    ] = None,
    eta: Annotated[
        float | None,
        typer.Option(help="Constant step, where it is free; the largest allowed if not given."),
    ] = None,
    choose: Annotated[
        list[str] | None,
        typer.Option(help="A constant that the step sizes leave open, as in --choose alpha=0.5."),
    ] = None,
    reuse: Annotated[
        bool | None,
        typer.Option("--reuse/--fresh-noise", help="Apply a sample again when its iterate is."),
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Updates of each run.")] = None,
    replicas: Annotated[int, typer.Option(help="Independent runs behind every mean.")] = 256,
    seed: Annotated[int, typer.Option(help="One integer behind all random numbers.")] = 0,
    alpha: Annotated[float, typer.Option(help="Chance of a wrong limit anywhere.")] = 1e-6,
    out: Annotated[Path, typer.Option(help="Folder for runs, figures and summary.")] = Path(
        "staleness-out"
    ),
    json_: Json = False,
) -> None:
    """Hold theorems against simulated runs: one verdict a theorem and level of staleness.

    Runs that are already in the output folder, made with the same settings and code, are kept.
    """
    from empirics import tour
    from empirics.interruption import Interruption

    begun = time.monotonic()

    def say(words: str) -> None:
        if not json_:
            typer.echo(words)

    request = tour.Request(
        theorem=theorem,
        problem=problem,
        levels=_levels(staleness or ("1" if theorem else FLAGSHIP_LEVELS)),
        delay=delay,
        mu=mu,
        eta=eta,
        chosen=dict(map(_choice, choose or [])),
        reuse=reuse,
        steps=steps if steps is not None else FLAGSHIP_STEPS,
        replicas=replicas,
        seed=seed,
        alpha=alpha,
    )
    if reason := tour.why_not(theorem):
        page = {"theorem": theorem, "outcome": "inconclusive", "reason": reason}
        typer.echo(json.dumps(page, indent=2) if json_ else reason)
        raise typer.Exit(UNDECIDED)
    cells = tour.cells(request, FLAGSHIP)
    if theorem is None:
        say(_proofs(quiet=json_))
    say(tour.describe(cells[0].problem))
    results: list[Any] = []
    interruption = Interruption()
    with interruption:  # writing what is finished is not interrupted, unless by a second Ctrl-C
        with Bar(len(cells), "simulating", show=not json_) as bar, suppress(KeyboardInterrupt):
            from empirics.check import check as go_through

            with interruption.raised():
                for result in go_through(cells, out):
                    results.append(result)
                    for verdict in result.verdicts if not json_ else ():
                        bar.say(tour.line(result, verdict))
                    bar.advance(result.cell.name)
                    interruption.check()
        summary = tour.write(results, request, out, complete=len(results) == len(cells))
    if json_:
        typer.echo(json.dumps(summary, indent=2))
    else:
        files = [name for name in summary["files"] if not name.endswith(".nc")]
        runs = len(summary["files"]) - len(files)
        say(f"wrote {', '.join(files)} and {runs} runs (.nc) to {out}/")
        say(f"{time.monotonic() - begun:.0f} s")
    if interruption.asked:
        typer.echo(
            f"staleness: interrupted after {len(results)} of {len(cells)} cells; the same command "
            "goes on from there",
            err=True,
        )
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(tour.exit_code(results, request))


def _levels(text: str) -> tuple[int, ...]:
    try:
        levels = tuple(int(part) for part in text.split(","))
    except ValueError:
        levels = ()
    if not levels or min(levels) < 1:
        fail(f"--staleness needs whole numbers >= 1 such as 1,4,16, got {text!r}")
    return levels


def _choice(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    try:
        return name, float(number)
    except ValueError:
        fail(f"--choose needs a name and a number such as alpha=0.5, got {text!r}")


def _proofs(*, quiet: bool) -> str:
    """Replay all proofs; one line about them."""
    from theory import results

    begun = time.monotonic()
    table = results.theorems()
    count: dict[str, int] = {}
    with Bar(len(table), "replaying proofs", show=not quiet) as bar:
        for theorem in table.values():
            count[theorem.status] = count.get(theorem.status, 0) + 1
            bar.advance(theorem.name)
    words = ", ".join(f"{number} {status}" for status, number in sorted(count.items()))
    return f"theory: {words} ({time.monotonic() - begun:.1f} s)"


class Bar:
    """A progress bar on a terminal, nothing elsewhere; lines printed through it stay whole."""

    def __init__(self, total: int, what: str, *, show: bool) -> None:
        self._what, self._bar, self._task = what, None, None
        here = next((stream for stream in (sys.stdout, sys.stderr) if stream.isatty()), None)
        if not show or here is None:
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._on_stdout = here is sys.stdout
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(file=here),
            transient=True,
        )
        self._task = self._bar.add_task(what, total=total)

    def advance(self, name: str) -> None:
        """One more is done."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, description=f"{self._what}: {name}")

    def say(self, words: str) -> None:
        """Print a line above the bar."""
        if self._bar is not None and self._on_stdout:
            self._bar.console.print(words, soft_wrap=True, highlight=False, markup=False)
        else:
            typer.echo(words)

    def __enter__(self) -> Bar:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
