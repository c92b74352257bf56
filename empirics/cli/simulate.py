"""The command `staleness simulate`: a problem under one or more schedules."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from empirics.cli import files
from empirics.cli.bar import Bar
from empirics.cli.base import INTERRUPTED, Json, app, fail
from empirics.cli.names import listing

FOLDER = Path("staleness-out")


@app.command()
def simulate(
    problem: Annotated[
        str | None, typer.Argument(help="Such as quadratic, quadratic:dim=50,sigma=0 or digits.")
    ] = None,
    schedule: Annotated[
        list[str] | None,
        typer.Argument(help="Such as constant:4 or workers:8; several share one seed."),
    ] = None,
    step: Annotated[
        str | None, typer.Option(help="Step size: a number, or such as inverse_sqrt:0.1.")
    ] = None,
    steps: Annotated[int, typer.Option(help="Updates of each run.")] = 500,
    replicas: Annotated[int, typer.Option(help="Independent runs behind every mean.")] = 256,
    seed: Annotated[int, typer.Option(help="One integer behind all random numbers.")] = 0,
    optimiser: Annotated[str, typer.Option(help="What makes a step of a gradient.")] = "sgd",
    correction: Annotated[
        str | None, typer.Option(help="What is done to a gradient because it is stale.")
    ] = None,
    reuse: Annotated[
        bool,
        typer.Option(
            "--reuse/--fresh-noise", help="Apply the same sample again when its iterate is."
        ),
    ] = False,
    record: Annotated[
        str,
        typer.Option(
            help="When to measure: all, log (about 200 times), every so many, or random:100 for a "
            "random time in each 100."
        ),
    ] = "all",
    measure: Annotated[
        list[str] | None,
        typer.Option(
            help="What, more than once or with commas: squared-gradient (always), gap, "
            "squared-distance, each of these with -at-read-points, direction, time, disagreement."
        ),
    ] = None,
    window: Annotated[
        int, typer.Option(help="Measure coherence over so many gradients, 0 for not at all.")
    ] = 0,
    noise: Annotated[
        bool, typer.Option("--noise", help="Measure the variance of the noise.")
    ] = False,
    each: Annotated[
        bool, typer.Option("--each", help="Keep every replica's measures in the file, too.")
    ] = False,
    processes: Annotated[int, typer.Option(help="How many work at it; changes no number.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File for the runs (.nc), with several schedules one each beside it. If not "
            "given, files in staleness-out/ of which no other settings have the name."
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file of --out if it is of other runs.")
    ] = False,
    figure: Annotated[
        Path | None, typer.Option(help="Draw the curves to this file: .png, .pdf or .svg.")
    ] = None,
    against: Annotated[
        str, typer.Option(help="What to draw them against: updates or time.")
    ] = "updates",
    json_: Json = False,
) -> None:
    """Simulate stale SGD on a problem under one or more schedules, and say what happened.

    Without arguments: what there is to choose from, and how it is written.

    Runs are saved as soon as they are done; the same command goes on where it was interrupted.

    Replicas that diverge are reported, which is no error.
    """
    from empirics import named
    from empirics.keeping import digest, foreign, run_settings
    from empirics.planning import planned

    if problem is None:
        typer.echo(listing(named.LANGUAGE.kinds, json_=json_))
        return
    if not schedule:
        fail(f"simulate needs a schedule such as constant:4 after the problem {problem}")
    if step is None:
        fail("simulate needs a step size, such as --step 0.1")
    if against not in ("updates", "time"):
        fail(f"--against needs updates or time, got {against!r}")
    files.different(schedule)
    files.writable("--out", out, ".nc")
    files.writable("--figure", figure, *files.FIGURES)
    measures = _measures(measure, against)
    made, eta = named.problem(problem), named.step(step)
    schedules = [named.schedule(text, problem=made, step=eta, steps=steps) for text in schedule]
    settings: dict[str, Any] = {
        "step": eta,
        "steps": steps,
        "replicas": replicas,
        "seed": seed,
        "optimiser": named.optimiser(optimiser),
        "correction": None if correction is None else named.correction(correction),
        "reuse": reuse,
        "record": _record(record),
        "measures": measures,
        "window": window,
        "noise": noise,
        "each": each,
    }
    for one in schedules:  # before any of them is simulated
        planned(made, one, **settings)
    if out is None:
        hashes = [digest(run_settings(made, one, **settings))[:8] for one in schedules]
        names = [
            f"{files.plainly(problem)}-{files.plainly(text)}-{number}.nc"
            for text, number in zip(schedule, hashes, strict=True)
        ]
        paths = [FOLDER / name for name in names]
        files.writable("--out", paths[0], ".nc")
    else:
        paths = files.each(out, schedule)
        for path, one in zip(paths, schedules, strict=True):
            if not overwrite and foreign(path, run_settings(made, one, **settings)):
                fail(
                    f"{path} is there and holds other runs, or none; name another file with --out, "
                    "or add --overwrite"
                )
    settings["processes"] = processes
    asked = [Asked(*one) for one in zip(schedule, schedules, paths, strict=True)]
    _run(made, asked, settings, figure, against, json_)


@dataclass(frozen=True)
class Asked:
    """A schedule as it was written, as it is, and where its runs go."""

    text: str
    schedule: Any
    path: Path


def _run(
    problem: Any,
    several: list[Asked],
    settings: dict[str, Any],
    figure: Path | None,
    against: str,
    json_: bool,
) -> None:
    """Simulate one after the other; tell, save and draw what is finished."""
    from empirics.interruption import Interruption
    from empirics.keeping import simulate_once
    from empirics.problems import describe
    from empirics.summary import lines, of_runs

    begun = time.monotonic()
    told: list[dict[str, Any]] = []
    finished: dict[str, Any] = {}
    total = settings["replicas"] * len(several)
    interruption = Interruption()
    if not json_:
        typer.echo(f"problem: {describe(problem)}")
    with interruption:  # drawing what is finished is not interrupted, unless by a second Ctrl-C
        with Bar(total, "simulating", show=not json_) as bar, suppress(KeyboardInterrupt):
            for asked in several:
                text, before = asked.text, 0

                def progress(done: int, _: int, text: str = text) -> None:
                    nonlocal before
                    bar.advance(text, done - before)
                    before = done

                bar.advance(text, 0)
                with interruption.raised():
                    once = simulate_once(
                        asked.path, problem, asked.schedule, progress=progress, **settings
                    )
                if once.kept:
                    bar.advance(text, settings["replicas"])
                finished[text] = once.runs
                told.append(
                    {"schedule": text, "file": str(asked.path), "kept": once.kept}
                    | of_runs(once.runs)
                )
                if not json_:
                    _say(bar, told[-1], lines(told[-1]))
                interruption.check()
        if figure is not None and finished:
            _draw(finished, figure, against, settings["measures"])
    complete = len(finished) == len(several) and all(r.complete for r in finished.values())
    drawn = str(figure) if figure is not None and finished else None
    if json_:
        page = {"complete": complete, "figure": drawn, "runs": told}
        typer.echo(json.dumps(page, indent=2))
    else:
        names = [row["file"] for row in told] + ([drawn] if drawn else [])
        typer.echo(f"wrote {', '.join(names) or 'nothing'} ({time.monotonic() - begun:.1f} s)")
    if interruption.asked or not complete:
        whole = sum(r.complete for r in finished.values())
        typer.echo(
            f"staleness: interrupted after {whole} of {len(several)} schedules; the same command "
            "goes on from there",
            err=True,
        )
        raise typer.Exit(INTERRUPTED)


def _say(bar: Bar, told: dict[str, Any], lines: list[str]) -> None:
    """The paragraph about one schedule."""
    from empirics.summary import count

    kept = " [kept]" if told["kept"] else ""
    part = "" if told["complete"] else " (interrupted: not all that were asked for)"
    bar.say(
        f"\n{told['schedule']}: {count(told['updates'], 'update')}, "
        f"{count(told['replicas'], 'replica')}{part}{kept}"
    )
    for line in lines:
        bar.say(f"  {line}")


def _draw(finished: dict[str, Any], path: Path, against: str, measures: tuple[str, ...]) -> None:
    """A panel a measure, a curve a schedule."""
    from empirics import plots

    shown = [name for name in plots.LETTERS if name in {*measures, "squared gradient"}]
    if against == "time":
        shown.remove("time")
    with plots.style("paper"):
        figure = plots.new_figure(len(shown), sharey=False)
        for ax, name in zip(figure.axes, shown, strict=True):
            plots.runs(
                list(finished.values()), ax, measure=name, against=against, labels=list(finished)
            )
        files.save_figure(figure, path)


def _measures(asked: list[str] | None, against: str) -> tuple[str, ...]:
    from empirics.moments import MEASURES

    texts = ["squared gradient", "gap"] if asked is None else ",".join(asked).split(",")
    names = [text.strip().replace("-", " ").replace("_", " ") for text in texts]
    for name in names:
        if name not in MEASURES:
            known = ", ".join(a.replace(" ", "-") for a in MEASURES)
            fail(f"--measure needs one of {known}, got {name!r}")
    if against == "time":
        names.append("time")
    return tuple(dict.fromkeys(names))


def _record(text: str) -> str | int | tuple[str, int]:
    if text in ("all", "log"):
        return text
    kind, _, number = text.rpartition(":")
    try:
        if kind == "random":
            return kind, int(number)
        return int(text)
    except ValueError:
        fail(f"--record needs all, log, a whole number or random:100, got {text!r}")
