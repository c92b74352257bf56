"""The command `staleness check`: theorems against simulated runs."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from empirics.cli.bar import Bar
from empirics.cli.base import INTERRUPTED, UNDECIDED, Json, app, fail
from empirics.cli.tables import show

FLAGSHIP = ("dai2019.sharp", "dai2019.single_use", "dai2019.constant_step")
FLAGSHIP_LEVELS, FLAGSHIP_STEPS = "1,2,4,8,16", 500
AUTO = 256  # replicas that coherence is looked for on where verdicts say how many they need

Levels = Annotated[
    str | None,
    typer.Option(
        "--staleness",
        help="Windows s, such as 1,4,16: one of the last s iterates is read; 1 is synchronous, "
        "the largest delay is s - 1.",
    ),
]


@app.command()
def check(
    theorem: Annotated[
        str | None, typer.Argument(help="A theorem; without one, the tour: proofs, runs, figures.")
    ] = None,
    problem: Annotated[
        str | None,
        typer.Option(
            help="As for simulate (digits, quadratic:dim=50, ...), or witness (the theorem's "
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
    replicas: Annotated[
        str,
        typer.Option(
            help="Independent runs behind every mean; auto: as many as decide, up to --budget."
        ),
    ] = "256",
    budget: Annotated[int, typer.Option(help="Replicas at most, with --replicas auto.")] = 2**14,
    seed: Annotated[int, typer.Option(help="One integer behind all random numbers.")] = 0,
    alpha: Annotated[float, typer.Option(help="Chance of a wrong limit anywhere.")] = 1e-6,
    assumptions: Annotated[
        bool,
        typer.Option(
            "--assumptions", help="Measure what theorems assume along the runs, and print a table."
        ),
    ] = False,
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
    from empirics.problems import describe

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
        replicas=AUTO if replicas == "auto" else _count(replicas),
        seed=seed,
        alpha=alpha,
        assumptions=assumptions,
        budget=budget if replicas == "auto" else None,
    )
    if reason := tour.refusal(theorem):
        page = {"theorem": theorem, "outcome": "inconclusive", "reason": reason}
        typer.echo(json.dumps(page, indent=2) if json_ else reason)
        raise typer.Exit(UNDECIDED)
    cells = tour.cells(request, FLAGSHIP)
    if theorem is None:
        say(_proofs(quiet=json_))
    say(f"problem: {describe(cells[0].problem)}")
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
        for table in (table for result in results for table in result.assumptions):
            show(table)
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


def _count(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        fail(f"--replicas needs a whole number or auto, got {text!r}")


def _choice(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    try:
        return name, float(number)
    except ValueError:
        fail(f"--choose needs a name and a number such as alpha=0.5, got {text!r}")


def _proofs(*, quiet: bool) -> str:
    """Replay the proofs of the tour's paper; one line about them."""
    from theory.results import dai2019

    begun = time.monotonic()
    count: dict[str, int] = {}
    with Bar(len(dai2019.THEOREMS), "replaying proofs", show=not quiet) as bar:
        for theorem in dai2019.THEOREMS:
            count[theorem.status] = count.get(theorem.status, 0) + 1
            bar.advance(theorem.name)
    words = ", ".join(f"{number} {status}" for status, number in sorted(count.items()))
    return f"theory, dai2019: {words} ({time.monotonic() - begun:.1f} s)"
