"""Run what is missing of a study, here or elsewhere, and keep each cell as soon as it is there.

The seam is the interface of `concurrent.futures`: processes of this machine unless another executor
is given, such as that of a `dask.distributed` client. Results do not depend on which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from empirics.problems.base import whole
from empirics.processes import context, settle_down
from empirics.sweep.store import Row, Store, dataset, row, write
from empirics.sweep.study import Cell, Study

if TYPE_CHECKING:
    import xarray

AHEAD = 3  # cells handed out a process, so that none waits and few are in flight
ELSEWHERE = 200  # handed out at once to another engine, which spreads them
TRIES = 3  # of a cell whose process dies, before the sweep gives up on it


@dataclass(frozen=True, eq=False, kw_only=True)
class Done:
    """A finished cell, as it comes back: its row of the table, and its file."""

    row: Row
    file: bytes


def sweep(
    study: Study,
    out: str | PathLike[str],
    *,
    processes: int = 1,
    executor: Executor | Any | None = None,
    progress: Callable[[Cell, bool], None] | None = None,
) -> xarray.Dataset:
    """Run all cells of a study and return one table of them, written to `out` as well.

    Parameters: study; out, a folder: cells that are finished there, with the same settings and
    code, are not run again, so the same call goes on after any interruption; processes, on this
    machine; executor, another engine with the interface of concurrent.futures, or a
    dask.distributed Client; progress, called after every cell with it and whether it was there.
    KeyboardInterrupt is passed on after the finished cells are in the table. A process that dies
    costs what it was at: its cells are handed out again, at most three times.

    >>> import tempfile
    >>> from empirics.sweep import Study
    >>> axes = {"problem": ["quadratic"], "schedule": ["constant:{s}"], "s": [0, 4], "step": [0.1]}
    >>> study = Study(axes=axes, steps=100, replicas=16)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = sweep(study, folder)
    >>> table["gap_mean"].sel(s=4).isel(time=-1).dims
    ('problem', 'schedule', 'step')
    """
    store = Store(Path(out))
    count = whole("sweep", "processes", processes, 1)
    engine = executor
    if engine is not None and not isinstance(engine, Executor):
        if not hasattr(engine, "get_executor"):
            raise ValueError(
                "sweep needs an executor of concurrent.futures or a dask.distributed Client, got "
                f"{executor!r}"
            )
        engine = engine.get_executor()
    results: dict[str, Row] = {}
    missing: list[Cell] = []
    for cell in {cell.key: cell for cell in study.cells}.values():  # two places may ask the same
        found = store.load(cell)
        if found is None:
            missing.append(cell)
            continue
        results[cell.key] = found
        if progress is not None:
            progress(cell, True)
    try:
        for cell, done in _run(missing, count, engine):
            store.save(cell, done.file)
            results[cell.key] = done.row
            if progress is not None:
                progress(cell, False)
    finally:
        table = dataset(study, results)
        write(table, store.folder)
    return table


def _run(
    cells: Sequence[Cell], processes: int, engine: Executor | None
) -> Iterator[tuple[Cell, Done]]:
    """The cells with their runs, as they are finished."""
    if engine is not None:
        yield from _through(cells, engine, ELSEWHERE)
        return
    if min(processes, len(cells)) <= 1:
        for cell in cells:
            yield cell, _of(cell)
        return
    tries = {id(cell): 0 for cell in cells}
    left = list(cells)
    while left:
        pool = _pool(min(processes, len(left)))
        try:
            for cell, done in _through(left, pool, AHEAD * processes):
                left = [other for other in left if other is not cell]
                yield cell, done
        except BrokenExecutor:
            for cell in left[: AHEAD * processes]:  # one of these was at it
                tries[id(cell)] += 1
                if tries[id(cell)] == TRIES:
                    raise RuntimeError(
                        f"a process died {TRIES} times at or near the cell {cell.name}; it may "
                        "need more memory than there is"
                    ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _through(cells: Sequence[Cell], engine: Executor, ahead: int) -> Iterator[tuple[Cell, Done]]:
    """Hand the cells out, a few ahead, and give back what is finished."""
    flying: dict[Future[Done], Cell] = {}
    waiting = iter(cells)
    try:
        while True:
            for cell in waiting:
                flying[engine.submit(_of, cell)] = cell
                if len(flying) >= ahead:
                    break
            if not flying:
                return
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in done:
                cell = flying.pop(future)
                yield cell, future.result()
    finally:
        for future in flying:
            future.cancel()


def _of(cell: Cell) -> Done:
    """The file is made where the runs are: it takes as long as a short simulation."""
    runs = cell.run()
    if not runs.complete:  # cut short by Ctrl-C: no cell
        raise KeyboardInterrupt
    return Done(row=row(runs), file=runs.to_bytes())


def _pool(processes: int) -> Executor:
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor(processes, context(__name__), initializer=settle_down)
