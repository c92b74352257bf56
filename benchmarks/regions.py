"""What it costs to look at every iterate whether it has left the region of its problem.

    OPENBLAS_NUM_THREADS=1 taskset -c 1 python benchmarks/regions.py [--rounds 7]

The same runs with the region and without, in turn. Only ratios travel from one machine to another.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from side_by_side import Contestant, rates, show

from empirics import problems, schedules, simulate
from empirics.problems.base import Problem
from empirics.schedules.base import Schedule

STEP, SIGMA = 1e-3, 0.1  # nobody leaves: whoever has left is looked at no more


def run(name: str, problem: Problem, schedule: Schedule, steps: int) -> Contestant:
    """One tile, nothing recorded but the start."""
    lanes = schedule.width(problem.lanes, problem.dim)
    return Contestant(
        name=name,
        call=lambda: simulate(
            problem, schedule, step=STEP, steps=steps, replicas=lanes, record=[0]
        ),
        updates=steps * lanes,
    )


def regions(rounds: int) -> None:
    bowl = problems.quadratic(10, mu=0.1, sigma=SIGMA)
    cases: list[Problem] = [
        problems.double_well(2, sigma=SIGMA),
        problems.scalar_factorisation(sigma=SIGMA),
        problems.rosenbrock(b=1.0, sigma=SIGMA),
        problems.matrix_factorisation(sigma=SIGMA),
        replace(bowl, region=problems.ball(np.zeros(10), 1e3)),
        problems.double_well(100, sigma=SIGMA),
    ]
    print("\ntime with the region to time without    constant   uniform    caches")
    for problem in cases:
        found = []
        for schedule, steps in (
            (schedules.Constant(4), 3000),
            (schedules.Uniform(4), 3000),
            (schedules.Caches(4), 400),
        ):
            bare = run("bare", replace(problem, region=None), schedule, steps)
            seen = rates([bare, run("watched", problem, schedule, steps)], rounds)
            found.append(seen["bare"] / seen["watched"])
        print(
            f"   {problem.name:22} dim {problem.dim:3} " + " ".join(f"{one:9.2f}" for one in found)
        )


TABLES = {"regions": regions}

if __name__ == "__main__":
    show(__doc__ or "", TABLES)
