"""A run that leaves the region of its problem: noticed at every update, said where it matters."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
import xarray

from empirics import (
    Runs,
    assumption_table,
    compare,
    problems,
    schedules,
    simulate,
    steps_for,
    until_decided,
)
from empirics.compare.checks.region import leaning
from empirics.labelled import FORMAT
from empirics.problems import Constant
from empirics.problems.additive import Additive
from empirics.summary import lines, of_runs
from theory import results

LIAN, STICH = results.lian2015.nonconvex, results.stich2020.convex
EVERYWHERE = {"L": 1, "mu_sc": 1, "sigma": 1, "infimum": 0, "Delta": 1, "R": 1}


def two_wells(dim=2, radius=1.3, sigma=2.0, **more):
    return problems.double_well(dim, radius=radius, sigma=sigma, **more)


def run(problem, schedule=None, step=0.05, steps=150, replicas=40, **more):
    schedule = schedules.Constant(3) if schedule is None else schedule
    return simulate(problem, schedule, step=step, steps=steps, replicas=replicas, **more)


def by_hand(problem, tau, step, steps, replicas, seed=0):
    """The first t with x_t outside: a plain loop, which looks at every iterate by itself."""
    stream = np.random.SeedSequence(seed, spawn_key=(0,)).spawn(2)[0]
    draw = np.random.Generator(np.random.SFC64(stream))
    path = [np.tile(problem.start, (problem.lanes, 1))]
    for t, sample in enumerate(problem.draw(draw, steps, problem.lanes)):
        g = np.empty_like(path[0])
        problem.stochastic_gradient(path[max(t - tau, 0)], sample, g)
        path.append(path[t] - step * g)
    outside = np.array([[np.linalg.norm(x) > problem.region.radius for x in xs] for xs in path])
    first = np.where(outside.any(axis=0), outside.argmax(axis=0), -1)
    return first[:replicas]


@pytest.mark.parametrize(
    ("dim", "tau", "step", "steps"), [(2, 3, 0.05, 150), (1, 0, 0.1, 64), (3, 90, 0.03, 131)]
)
def test_the_first_iterate_outside_is_found_whenever_it_comes_back(dim, tau, step, steps):
    problem = two_wells(dim)
    expected = by_hand(problem, tau, step, steps, 40)
    runs = run(problem, schedules.Constant(tau), step=step, steps=steps, record=[0])
    np.testing.assert_array_equal(runs.left_at, expected)
    assert (expected >= 0).any()
    assert (expected < 0).any()
    some = np.setdiff1d(expected, np.arange(0, steps + 1, 10))
    assert some.size  # at times that a record of every tenth would not have shown
    assert runs.region == problem.region.words


def test_wide_problems_are_looked_at_in_short_blocks():
    """The ring is then not as long as the time between two looks at divergence."""
    problem = two_wells(300, sigma=4.0)
    expected = by_hand(problem, 1, 0.1, 130, 20)
    runs = run(problem, schedules.Constant(1), step=0.1, steps=130, replicas=20)
    np.testing.assert_array_equal(runs.left_at, expected)
    assert (expected >= 0).any()


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.Constant(3),
        schedules.Uniform(5),
        schedules.Workers(count=3),
        schedules.Caches(3),
    ],
    ids=["constant", "uniform", "workers", "caches"],
)
def test_nothing_depends_on_how_it_runs_and_no_number_changes(schedule):
    problem = two_wells()
    runs = run(problem, schedule, step=0.1, replicas=300)
    again = run(problem, schedule, step=0.1, replicas=300, block=7, record=[0, 3])
    few = run(problem, schedule, step=0.1, replicas=5)
    np.testing.assert_array_equal(runs.left_at, again.left_at)
    np.testing.assert_array_equal(runs.left_at[:5], few.left_at)
    assert len(set(runs.left_at)) > 10
    bare = run(replace(problem, region=None), schedule, step=0.1, replicas=300)
    assert (bare.left_at == -1).all()
    assert bare.region is None
    assert bare.departure is None
    for one, other in ((runs, bare), (again, run(problem, schedule, step=0.1, replicas=300))):
        at = other.times if one is runs else one.times
        np.testing.assert_array_equal(
            one.statistics.squared_norm.mean, other.statistics.squared_norm.mean[at]
        )


def test_processes_give_the_same():
    problem = two_wells()
    one, two = (run(problem, replicas=300, processes=n) for n in (1, 2))
    np.testing.assert_array_equal(one.left_at, two.left_at)


def test_of_caches_every_one_counts_and_not_their_mean_alone():
    """Messages that take long: each cache moves by itself, and leaves by itself."""
    bowl = problems.quadratic(spectrum=[1.0], start=[0.0], sigma=1.0)
    problem = replace(bowl, region=problems.ball([0.0], 0.3))
    schedule = schedules.Caches(4, schedules.Constant(10), own="immediate", evaluate="mean")
    runs = run(problem, schedule, step=0.05, steps=40, replicas=64, measures="gap", each=True)
    farthest = np.sqrt(2 * runs.each["gap"].max(axis=0))  # of the mean of the caches
    assert ((runs.left_at >= 0) & (farthest < 0.3)).any()
    assert ((runs.left_at >= 0) | (farthest <= 0.3)).all()  # the ball is convex


def test_a_replica_that_diverges_has_left():
    problem = two_wells(dim=1)
    runs = run(problem, step=2.5, steps=200)
    assert (runs.lost_at > 0).all()
    assert (runs.left_at > 0).all()
    assert (runs.left_at <= runs.lost_at).all()
    np.testing.assert_array_equal(runs.left_at, run(problem, step=2.5, steps=200, block=9).left_at)


def test_a_start_outside_is_outside_from_the_start():
    """A landscape refuses it; a problem of somebody else's may have it."""
    problem = replace(two_wells(), region=problems.ball([5.0, 5.0], 1.0))
    assert (run(problem, steps=3).left_at == 0).all()


# what a theorem makes of it


@dataclass(frozen=True, eq=False, kw_only=True)
class Wall(Additive):
    """f' = -1 up to x = 1, where a wall of curvature 50 begins; on |x| <= 1 any L will do."""

    def value(self, x):
        beyond = np.maximum(x[..., 0] - 1, 0)
        return 25 * np.square(beyond) - x[..., 0]

    def gradient(self, x, out=None):
        out = np.empty_like(x) if out is None else out
        out[...] = 50 * np.maximum(x - 1, 0) - 1
        return out


def wall(sigma=0.0, region=True):
    return Wall(
        name="wall",
        dim=1,
        start=np.zeros(1),
        constants={
            "L": Constant(value=1.0, provenance="bound", why="f'' = 0 for |x| <= 1"),
            "sigma": Constant(value=sigma, provenance="exact", why="it is added"),
            "infimum": Constant(value=-1.01, provenance="exact", why="at 1.02"),
        },
        settings={"kind": "wall"},
        lanes=256,
        sample_size=int(sigma > 0),
        minimiser=np.array([1.02]),
        region=problems.ball([0.0], 1.0) if region else None,
        noise="two-point",
    )


def held(problem, eta, steps):
    schedule = schedules.Constant(0)
    step = steps_for(LIAN, problem, schedule, steps=steps, eta=eta)
    runs = simulate(problem, schedule, step=step, steps=steps)
    return runs, compare(LIAN, runs)


@pytest.mark.parametrize(("eta", "otherwise"), [(0.9, "violated"), (0.03, "consistent")])
def test_who_leaves_the_region_is_no_case_of_the_theorem(eta, otherwise):
    """L = 1 allows both steps, but not beyond x = 1, where all of them arrive.

    Without the check, as the control shows, a long step would refute a theorem that says nothing
    of it, and a short one would confirm it by a constant that does not hold.
    """
    runs, verdict = held(wall(), eta, 200)
    assert verdict.outcome == "not applicable"
    first = int(np.ceil(np.nextafter(1, 2) / eta))
    assert set(runs.left_at) == {first}
    assert verdict.reason == (
        "region: replica 0 left the region |x| <= 1 on which L = 1 and sigma = 0 hold at update "
        f"{first} (256 of 256 replicas left it)"
    )
    _, unchecked = held(wall(region=False), eta, 200)
    assert unchecked.outcome == otherwise


def test_one_replica_is_enough():
    runs, verdict = held(wall(sigma=2.0), 0.03, 24)
    left = int((runs.left_at >= 0).sum())
    assert 0 < left < 128  # of 256
    assert f"({left} of 256 replicas left it)" in verdict.reason
    at = int(runs.left_at.argmax())
    alone = replace(runs, left_at=np.where(np.arange(256) == at, runs.left_at, -1))
    assert compare(LIAN, alone).outcome == "not applicable"
    none = replace(runs, left_at=np.full(256, -1))
    assert compare(LIAN, none).outcome == "consistent"


def test_who_stays_is_judged_as_ever():
    runs, verdict = held(wall(sigma=0.1), 0.03, 20)
    assert runs.departure is None
    assert verdict.outcome == "consistent"
    check = next(check for check in verdict.checks if check.assumption == "region")
    assert check.finding == "holds"
    assert check.words == "no replica left |x| <= 1, on which L = 1 and sigma = 0.1 hold"
    rows = {row.assumption: row for row in assumption_table(verdict, runs).rows}
    assert (rows["region"].mark, rows["region"].evidence) == ("pass", check.words)
    _, bare = held(wall(sigma=0.1, region=False), 0.03, 20)
    assert all(check.assumption != "region" for check in bare.checks)
    np.testing.assert_array_equal(bare.bound, verdict.bound)


def test_other_runs_with_the_window_must_stay_too():
    stays, verdict = held(wall(), 0.03, 20)
    leaves, _ = held(wall(), 0.9, 20)
    assert verdict.outcome == "consistent"
    assert compare(LIAN, stays, coherence=leaves).outcome == "not applicable"


def test_which_constants_a_theorem_leans_on():
    assert leaning(LIAN, set(EVERYWHERE)) == ["L", "sigma"]
    assert "mu_sc" in leaning(STICH, set(EVERYWHERE))  # convexity, though no letter says so
    bounds = {"second_moment", "gradient_bound", "relative_noise"}
    assert set(leaning(results.agarwal2011.convex, bounds)) == bounds - {"relative_noise"}
    assert leaning(results.stich2020.multiplicative, bounds) == ["relative_noise"]
    assert leaning(LIAN, bounds) == []
    assert leaning(LIAN, {"Delta", "R", "infimum", "mu_sc"}) == []
    for theorem in results.theorems().values():
        assert not {"infimum", "Delta", "R"} & set(leaning(theorem, set(EVERYWHERE)))


def test_until_decided_stops_at_who_left():
    problem, schedule = wall(sigma=2.0), schedules.Constant(0)
    step = steps_for(LIAN, problem, schedule, steps=100, eta=0.03)
    found = until_decided(LIAN, problem, schedule, step=step, steps=100, budget=1024)
    assert found.runs.replicas == 256
    assert found.verdicts[0].outcome == "not applicable"


# what is kept, and said


def test_files_keep_it(tmp_path):
    runs = run(two_wells())
    runs.save(tmp_path / "runs.nc")
    again = Runs.load(tmp_path / "runs.nc")
    np.testing.assert_array_equal(again.left_at, runs.left_at)
    assert (again.region, again.departure) == (runs.region, runs.departure)
    assert json.loads(xarray.open_dataset(tmp_path / "runs.nc").attrs["facts"])["format"] == FORMAT


def test_a_file_from_before_there_were_regions_is_read(tmp_path):
    dataset = run(problems.quadratic(spectrum=[1.0])).to_dataset().drop_vars("left_at")
    facts = json.loads(dataset.attrs["facts"])
    del facts["region"]
    dataset.attrs["facts"] = json.dumps({**facts, "format": 4})
    dataset.to_netcdf(tmp_path / "old.nc", engine="scipy")
    again = Runs.load(tmp_path / "old.nc")
    assert (again.left_at == -1).all()
    assert again.left_at.shape == (40,)
    assert again.region is None
    dataset.attrs["facts"] = json.dumps({**facts, "format": 3})
    dataset.to_netcdf(tmp_path / "older.nc", engine="scipy")
    with pytest.raises(ValueError, match="format 3 is not format"):
        Runs.load(tmp_path / "older.nc")


def test_the_summary_says_it():
    runs = run(two_wells())
    told = of_runs(runs)
    left = runs.left_at[runs.left_at >= 0]
    assert told["region"] == {"words": "|x| <= 1.3", "left": len(left), "first": left.min()}
    sentence = (
        f"{len(left)} of 40 replicas left the region |x| <= 1.3, on which the constants hold, "
        f"the first at update {left.min()}"
    )
    assert sentence in lines(told)
    stays = of_runs(run(two_wells(sigma=0.0)))
    assert "no replica left the region |x| <= 1.3, on which the constants hold" in lines(stays)
    json.dumps(told)
    assert "region" not in of_runs(run(problems.quadratic(spectrum=[1.0])))


@pytest.mark.parametrize(
    ("left_at", "sentence"),
    [
        ([-1, -1], None),
        ([-1, 7], "replica 1 left the region |x| <= 1.3 at update 7 (1 of 2 replicas left it)"),
        ([9, 7], "replica 1 left the region |x| <= 1.3 at update 7 (2 of 2 replicas left it)"),
        ([7], "replica 0 left the region |x| <= 1.3 at update 7 (1 of 1 replica left it)"),
    ],
)
def test_the_sentence(left_at, sentence):
    runs = replace(run(two_wells(), steps=2, replicas=len(left_at)), left_at=np.array(left_at))
    assert runs.departure == sentence
