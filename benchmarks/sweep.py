"""Sweeps: how much two processes gain over one, and what a cell costs beside its simulation.

OPENBLAS_NUM_THREADS=1 python benchmarks/sweep.py [--rounds 3]
"""

from __future__ import annotations

import argparse
import tempfile
import time

from side_by_side import Contestant, machine, rates

from empirics.sweep import Study, sweep


def study(steps: int, cells: int, replicas: int) -> Study:
    """Cells of one problem, an eighth of them at each of eight step sizes."""
    return Study(
        axes={
            "problem": ["quadratic:dim=10,mu=0.1,sigma=0.5,noise=gaussian"],
            "schedule": ["uniform:9"],
            "step": [0.01 * k for k in range(1, 9)],
            "seed": list(range(cells // 8)),
        },
        steps=steps,
        replicas=replicas,
        record=steps,
    )


def once(grid: Study, processes: int) -> None:
    """Into a folder that nobody has written to."""
    with tempfile.TemporaryDirectory() as folder:
        sweep(grid, folder, processes=processes)


def throughput(rounds: int) -> None:
    print("\ntwo processes beside one, from the start of the pool to the last file")
    for name, grid in (
        ("64 cells of 2000 updates", study(2000, 64, 256)),
        ("16 cells of 20000 updates", study(20000, 16, 256)),
    ):
        seen = rates(
            [
                Contestant(
                    name=str(number),
                    call=lambda grid=grid, number=number: once(grid, number),
                    updates=len(grid.cells),
                )
                for number in (1, 2)
            ],
            rounds,
        )
        print(f"   {name:30} {seen['2'] / seen['1']:6.2f} times as fast (1.8)")


def overhead() -> None:
    """A cell that does next to nothing, beside the simulation that is in it."""
    grid = study(1, 64, 1)
    begun = time.perf_counter()
    for cell in grid.cells:
        cell.run()
    alone = time.perf_counter() - begun
    begun = time.perf_counter()
    once(grid, 1)
    whole = time.perf_counter() - begun
    print("\na cell beside its simulation: checked, hashed, stored, put into the table")
    print(f"   {1e3 * (whole - alone) / len(grid.cells):.1f} ms a cell")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    machine()
    overhead()
    throughput(arguments.rounds)


if __name__ == "__main__":
    main()
