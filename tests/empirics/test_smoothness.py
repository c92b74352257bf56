"""The measured L: what it is by a slow loop, what it leaves out, and what a theorem says of it."""

from dataclasses import replace

import numpy as np
import pytest

from empirics import Runs, compare, problems, schedules, simulate, steps_for
from empirics.problems.base import Constant
from empirics.smoothness import ratios
from theory.results import lian2015

LOGISTIC = problems.logistic(batch=1)
DIP = problems.piecewise_quadratic([(-1.0, -1.0), (0.0, 0.5), (1.0, 0.2)], left=1, right=1, start=2)


def run(problem, schedule, **more):
    options = {"step": 0.5, "steps": 30, "replicas": 3, "smoothness": True, **more}
    return simulate(problem, schedule, **options)


def slow(problem, iterates, delays, times):
    """One replica: its iterates, (T + 1, dim), shared delays, recorded times."""
    found, before = [], None
    grad = problem.gradient
    for t in times:
        pairs = [] if before is None else [before]
        if t < len(delays) and delays[t]:
            pairs.append(t - delays[t])
        x = iterates[t]
        slopes = [
            np.linalg.norm(grad(x) - grad(iterates[u])) / np.linalg.norm(x - iterates[u])
            for u in pairs
        ]
        found.append(max(slopes, default=np.nan))
        before = t
    return np.array(found)


def descent(problem, delays, step):
    iterates = [problem.start]
    for t, delay in enumerate(delays):
        iterates.append(iterates[-1] - step * problem.gradient(iterates[t - delay]))
    return np.array(iterates)


@pytest.mark.parametrize("record", ["all", 7, [3, 4, 20]])
def test_it_is_the_largest_slope_of_visited_pairs(record):
    problem = problems.noiseless(problems.quadratic(spectrum=[0.1, 0.5, 1.0], start=[3, 2, 1]))
    runs = run(problem, schedules.Cyclic([0, 3, 1]), record=record, step=0.3)
    asked = slow(problem, descent(problem, runs.delays, 0.3), runs.delays, runs.times)
    assert np.allclose(runs.statistics.smoothness, asked, rtol=1e-9, equal_nan=True)
    assert np.nanmax(asked) <= 1.0 + 1e-12


def test_the_point_read_counts_where_no_iterate_was_recorded_between():
    quiet = problems.quadratic(dim=1, L=1.0)
    read = run(quiet, schedules.Constant(2), record=[5], step=0.1).statistics.smoothness
    fresh = run(quiet, schedules.Constant(0), record=[5], step=0.1).statistics.smoothness
    assert read[0] == pytest.approx(1.0, rel=1e-9)
    assert np.isnan(fresh[0])  # x_5 alone is no pair


def test_it_is_the_largest_of_all_replicas_and_never_of_the_surplus():
    noisy = problems.quadratic(spectrum=[0.1, 1.0], sigma=1.0, noise="gaussian", start=[1, 1])
    few, many = (run(noisy, schedules.Uniform(2), replicas=n).statistics for n in (2, 700))
    seen = ~np.isnan(few.smoothness)
    assert (many.smoothness[seen] >= few.smoothness[seen]).all()
    assert (many.smoothness[seen] > few.smoothness[seen]).any()
    two = run(noisy, schedules.Uniform(2), replicas=700, processes=2, block=3).statistics
    assert (two.smoothness[1:] == many.smoothness[1:]).all()


def test_it_is_measured_only_when_asked_and_changes_nothing_else():
    asked, silent = (run(LOGISTIC, schedules.Constant(1), smoothness=a) for a in (True, False))
    assert np.isnan(silent.statistics.smoothness).all()
    assert not np.isnan(asked.statistics.smoothness[1:]).any()
    assert (asked.statistics.gap.mean == silent.statistics.gap.mean).all()
    assert (asked.settings["smoothness"], silent.settings["smoothness"]) == (True, False)


def test_it_is_saved_and_files_without_it_are_read(tmp_path):
    runs = run(LOGISTIC, schedules.Constant(1))
    runs.save(tmp_path / "a.nc")
    again = Runs.load(tmp_path / "a.nc").statistics.smoothness
    assert np.array_equal(again, runs.statistics.smoothness, equal_nan=True)
    import xarray

    with xarray.open_dataset(tmp_path / "a.nc") as opened:
        opened.load().drop_vars("smoothness").to_netcdf(
            tmp_path / "b.nc", engine="scipy", format="NETCDF3_64BIT"
        )
    assert np.isnan(Runs.load(tmp_path / "b.nc").statistics.smoothness).all()


# ------------------------------------------------------------------ rounding and lost replicas


def test_pairs_that_are_rounding_are_left_out():
    x = np.array([[1.0], [1.0], [0.0], [1.0], [np.nan], [1e200]])
    y = np.array([[1.0 + 1e-9], [1.0], [1e-160], [2.0], [1.0], [-1e200]])
    g = np.array([[5.0], [0.0], [3.0], [1.0], [1.0], [1.0]])
    h = np.array([[0.0], [7.0], [0.0], [1.0 + 1e-9], [2.0], [-1.0]])
    assert np.isnan(ratios(x, y, g, h)).all()
    assert ratios(x[:1], y[:1] + 1e-3, g[:1], h[:1])[0] > 4000  # and no others


def test_a_lost_replica_is_left_out_once_it_is_lost_and_no_steeper_before():
    runs = run(problems.quadratic(dim=2, mu=0.5, L=1.0), schedules.Constant(2), step=40, steps=400)
    assert runs.divergence is not None
    seen = runs.statistics.smoothness
    assert np.isnan(seen[-1])
    assert np.nanmax(seen) <= 1 + 1e-9
    assert np.isfinite(seen[1:20]).all()


def test_runs_to_the_last_digit_show_no_more_than_L():
    """Converged for a thousand updates: differences of nothing but rounding."""
    problem = problems.noiseless(LOGISTIC)
    runs = run(problem, schedules.Constant(3), step=1 / problem.L, steps=3000, replicas=1)
    assert np.nanmax(runs.statistics.smoothness) <= problem.L * (1 + 1e-6)


# ------------------------------------------------------------------ what a theorem says of it


def verdict(problem, **more):
    schedule, theorem = schedules.Constant(2), lian2015.nonconvex
    rule = steps_for(theorem, problem, schedule, steps=40)
    runs = run(problem, schedule, step=rule, steps=40, **more)
    return runs, compare(theorem, runs)


def finding(found):
    return next(c for c in found.checks if c.assumption == "smooth")


def test_a_run_that_shows_more_than_L_fails_the_assumption():
    steep = problems.quadratic(spectrum=[0.5, 2.0], start=[1.0, 1.0], sigma=0.1)
    runs, honest = verdict(steep)
    assert finding(honest).finding == "holds"
    assert "at most 1.999 over the pairs visited" in finding(honest).words
    for provenance in ("exact", "estimate"):  # seen is seen, however L was come by
        small = Constant(value=1.9, provenance=provenance, why="a guess")
        wrong = compare(lian2015.nonconvex, replace(runs, constants={**runs.constants, "L": small}))
        assert wrong.outcome == "not applicable"
        assert finding(wrong).finding == "fails"
        assert "> L = 1.9 at t = " in finding(wrong).words
    slightly = Constant(value=float(np.nanmax(runs.statistics.smoothness)), **vars_of("a hair"))
    same = replace(runs, constants={**runs.constants, "L": slightly})
    assert finding(compare(lian2015.nonconvex, same)).finding == "holds"


def vars_of(why):
    return {"provenance": "bound", "why": why}


def test_an_estimate_that_no_run_contradicts_stays_an_estimate():
    runs, _ = verdict(problems.quadratic(spectrum=[0.5, 2.0], start=[1.0, 1.0], sigma=0.1))
    guess = Constant(value=2.1, provenance="estimate", why="seen")
    found = compare(lian2015.nonconvex, replace(runs, constants={**runs.constants, "L": guess}))
    assert finding(found).finding == "estimated"
    assert found.heuristic


def test_unasked_nothing_is_said_of_slopes():
    _, found = verdict(DIP, smoothness=False)
    assert "pairs visited" not in finding(found).words
