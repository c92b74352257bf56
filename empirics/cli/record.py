"""The command `staleness record`: real asynchronous workers on this machine, and their history."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from empirics.cli import files
from empirics.cli.bar import Bar
from empirics.cli.base import INTERRUPTED, UNDECIDED, Json, app, fail

if TYPE_CHECKING:
    from empirics.live import Recording
    from empirics.problems import Problem


@app.command()
def record(
    workers: Annotated[int, typer.Option(help="Processes that compute gradients.")] = 4,
    updates: Annotated[int, typer.Option(help="Updates to record.")] = 20_000,
    straggler: Annotated[
        float | None,
        typer.Option(help="Make worker 0 so many times slower: it computes as often again."),
    ] = None,
    over: Annotated[
        str,
        typer.Option(
            help="pipes (a server applies what arrives) or shared-memory (workers write the "
            "iterate themselves, under a lock)."
        ),
    ] = "pipes",
    problem: Annotated[
        str | None,
        typer.Option(
            help="As for simulate, such as digits or quadratic:dim=50; if not given, a quadratic "
            "of --dim."
        ),
    ] = None,
    dim: Annotated[int | None, typer.Option(help="Dimensions of the quadratic, 100.")] = None,
    step: Annotated[
        float | None, typer.Option(help="Constant step, 1/(2 L workers) if not given.")
    ] = None,
    gradient_time: Annotated[
        float,
        typer.Option(
            help="Seconds a gradient takes about: it is computed again and again; 0 for once."
        ),
    ] = 1e-3,
    seed: Annotated[int, typer.Option(help="Of the samples; the timing is the machine's.")] = 0,
    timeout: Annotated[
        float, typer.Option(help="Seconds without any gradient after which to give up.")
    ] = 60.0,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write; if not given, a new staleness-out/record-N.csv."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
    json_: Json = False,
) -> None:
    """Run real asynchronous workers, log every read and write, write a trace to replay.

    Ctrl-C, or a worker that is lost, ends it; what was recorded is written. Exit code 3 if a
    worker was lost.
    """
    from empirics.interruption import Interruption

    path = _new(out, overwrite)
    found = None
    with Interruption() as interruption:  # also while the file is written
        found = _run(
            path,
            json_,
            workers=workers,
            updates=updates,
            straggler=straggler,
            over=over.replace("-", " "),
            problem=_problem(problem, dim),
            step=step,
            gradient_time=gradient_time,
            seed=seed,
            timeout=timeout,
        )
    if found is None or interruption.asked or found.stopped == "interrupted":
        done = 0 if found is None else found.history.updates
        typer.echo(f"staleness: interrupted after {done} of {updates} updates", err=True)
        raise typer.Exit(INTERRUPTED)
    if found.stopped:
        typer.echo(
            f"staleness: stopped after {found.history.updates} of {updates} updates, which are in "
            f"{path}: {found.stopped}",
            err=True,
        )
        raise typer.Exit(UNDECIDED)


def _run(path: Path, quiet: bool, **asked: object) -> Recording | None:
    """Record, write, print; None if it is interrupted before the first update."""
    from empirics.live import record as run

    done = 0
    try:
        with Bar(int(str(asked["updates"])), "recording", show=not quiet) as bar:

            def report(now: int, total: int) -> None:
                nonlocal done
                bar.advance(f"{asked['workers']} workers", now - done)
                done = now

            found = run(progress=report, **asked)  # type: ignore[arg-type]  # checked there
    except KeyboardInterrupt:
        return None
    except RuntimeError as error:
        fail(str(error))
    found.save(path)
    if quiet:
        typer.echo(json.dumps({**found.summary(), "file": str(path)}, indent=2))
    else:
        typer.echo("\n".join([*_words(found), f"wrote {path}"]))
    return found


def _words(found: Recording) -> list[str]:
    """The summary in a few lines."""
    s = found.summary()
    W, T = s["workers"], s["updates"]
    idle = int(found.idle.sum())
    rate = s["updates_per_second"]
    ages = int((T - found.flying[found.flying >= 0]).sum())
    return [
        f"{T} update{'s' * (T > 1)} by {W} worker{'s' * (W > 1)} over "
        f"{found.settings['over']} in {s['seconds']:.2f} s"
        + (f": {rate:.0f} a second" if rate else "")
        + f", a gradient takes {1e3 * s['seconds_of_computing']:.2g} ms",
        f"delay: mean {s['mean_delay']:.4f}, median {s['median_delay']}, 99 % at most "
        f"{s['p99_delay']}, largest {s['max_delay']}",
        f"mean = (workers - 1) - (gradients in flight: {ages}"
        + (f", between write and read: {idle}" if idle else "")
        + f")/updates = {W - 1 - (ages + idle) / T:.4f}",
        "share of the updates: "
        + ", ".join(f"worker {w} {share:.1%}" for w, share in enumerate(s["shares"])),
        f"f = {found.value:.6g} at the end, of {found.settings['problem']['kind']}, "
        f"dim = {len(found.iterate)}",
    ]


def _problem(name: str | None, dim: int | None) -> Problem:
    from empirics import named, problems

    if name is not None and dim is not None:
        fail(f"--dim is for the quadratic that is taken without --problem, got --problem {name}")
    if name is not None:
        return named.problem(name)
    return problems.quadratic(dim=100 if dim is None else dim, condition=10, sigma=0.5)


def _new(out: Path | None, overwrite: bool) -> Path:
    """The file to write; found out before anything is recorded."""
    folder = Path("staleness-out")
    path = out or next(p for n in count(1) if not (p := folder / f"record-{n}.csv").exists())
    files.writable("--out", path, ".csv")
    if path.exists() and not overwrite:
        fail(f"--out needs a new file, got {path}, which is there; give --overwrite to replace it")
    return path
