"""Every table of speed, one after the other in one run: one core first, then sweeps.

    OPENBLAS_NUM_THREADS=1 python benchmarks/all.py [--rounds 5]

Tables of one core are best run alone, with `taskset -c 1`, as their own files say.
"""

from __future__ import annotations

import argparse

import caches
import exact
import learned
import references
import regions
import simulator
import sweep
from side_by_side import machine


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    machine()
    for module in (simulator, learned, references, caches, exact, regions):
        print(f"\n==== {(module.__doc__ or '').splitlines()[0]}")
        for table in module.TABLES.values():
            table(rounds)
    sweep.overhead()
    sweep.throughput(min(rounds, 3))


if __name__ == "__main__":
    main()
