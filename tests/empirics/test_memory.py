"""Memory follows from tile, dimension and delays; a longer run has more step sizes, no more."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from empirics import problems, schedules, simulate
from empirics.schedules import BoundedStaleness, Caches, ParetoService, Workers

SHORT, LONG = 1500, 15000
EACH = 8  # bytes of a step size, or of a delay
SLACK = 30_000  # bytes, whatever the number of steps: what happens to be alive at the peak

HEAVY = ParetoService(1.1)
SCHEDULES = {
    "uniform": schedules.Uniform(5),
    "zipf": schedules.Zipf(exponent=1.5, tau_max=200),
    "workers with a heavy tail": Workers(5, HEAVY),
    "bounded staleness": Workers(5, HEAVY, rule=BoundedStaleness(3)),
    "buffer and discarding": Workers(6, HEAVY, buffer=3, oldest=4),
    "caches": Caches(3, schedules.Zipf(exponent=1.5, tau_max=50)),
}


def peak(schedule, steps, **options):
    """Bytes at most in use by a run of so many steps, and the run."""
    problem = problems.quadratic(dim=4, mu=0.1, sigma=0.5)
    problem = replace(problem, lanes=4, tile=np.tile(problem.spectrum, (4, 1)))
    options = {"step": 0.01, "replicas": 4, "block": 64, "record": [0, steps], **options}
    simulate(problem, schedule, **{**options, "steps": 70, "record": [0, 70]})  # imports are done
    tracemalloc.start()
    try:
        runs = simulate(problem, schedule, steps=steps, **options)
        return tracemalloc.get_traced_memory()[1], runs
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", SCHEDULES)
def test_ten_times_the_steps_need_the_same_memory(name):
    """But for eta_t, and for a count of every delay up to the longest that occurs."""
    short, runs = peak(SCHEDULES[name], SHORT)
    long, more = peak(SCHEDULES[name], LONG)
    counted = more.reads.longest if more.reads else 0
    assert long - short < EACH * (LONG - SHORT) + 4 * EACH * counted + SLACK
    assert len(more.step_sizes) == 10 * len(runs.step_sizes)


def test_delays_that_all_replicas_share_are_kept_too():
    """One number a step, and for a moment, at the end, two."""
    short, _ = peak(schedules.Constant(3), SHORT)
    long, runs = peak(schedules.Constant(3), LONG)
    assert len(runs.delays) == LONG
    assert long - short < 3.5 * EACH * (LONG - SHORT) + SLACK


def test_what_is_recorded_is_what_grows():
    """The negative control: of a run that records every update it would be noticed."""
    short, _ = peak(schedules.Uniform(5), SHORT, record="all")
    long, _ = peak(schedules.Uniform(5), LONG, record="all")
    assert long - short > 5 * (EACH * (LONG - SHORT) + SLACK)


def test_more_replicas_need_the_same_memory():
    """Tiles come one after the other; of each replica only the update it was lost at is kept."""
    few, _ = peak(schedules.Uniform(5), SHORT, replicas=8)
    many, _ = peak(schedules.Uniform(5), SHORT, replicas=80)
    assert many - few < SLACK
