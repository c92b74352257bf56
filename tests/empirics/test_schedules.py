"""What every schedule of the package promises, whatever it is made of.

The classes are looked for in the package: one that is new has to be added to the table below.
"""

import importlib
import inspect
import itertools
import json
import pickle
import pkgutil
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empirics import problems, schedules, simulate
from empirics.moments import Moments
from empirics.schedules import (
    Adversarial,
    Asynchronous,
    Barrier,
    BoundedStaleness,
    Caches,
    Deterministic,
    Exponential,
    Lognormal,
    Messages,
    ParetoService,
    Pausing,
    Topology,
    Trace,
    Workers,
)
from empirics.schedules.base import OwnCaches, Schedule, SharedIterate
from empirics.schedules.messages import MessageTrace
from empirics.tile import LOOK

UPDATES = 40  # what fixed schedules below last for
TAUS = np.random.default_rng(5).integers(0, 5, UPDATES)
DELAYS = np.minimum(TAUS, np.arange(UPDATES))

RANDOM = [
    schedules.Uniform(4),
    schedules.Geometric(mean=2.0, tau_max=9),
    schedules.Poisson(mean=2.0, tau_max=9),
    schedules.Zipf(mean=2.0, tau_max=9),
    schedules.Pareto(shape=1.5, mean=2.0, tau_max=9),
    schedules.Pmf([0.5, 0.0, 0.2, 0.3]),
    Workers(4),
    Workers(service=[Exponential(), Lognormal(), Pausing(Exponential(), chance=0.1, length=5.0)]),
    Workers(3, ParetoService(1.5), rule=BoundedStaleness(2)),
    Workers(4, Exponential(), rule=Barrier(), buffer=2),
    Workers(5, Exponential(), buffer=3),
    Workers(5, Exponential(), oldest=3),
    Caches(2, schedules.Uniform(3)),
    Caches(3, schedules.Zipf(mean=1.0, tau_max=5), destinations="shared", own="immediate"),
    Caches(
        3,
        [schedules.Constant(0), schedules.Constant(1), schedules.Uniform(3)],
        evaluate="mean",
        topology=schedules.ring(3),
    ),
]
FIXED = [
    schedules.Constant(3),
    schedules.Cyclic([0, 1, 4, 2]),
    Adversarial(
        delays=TAUS[::-1].clip(max=np.arange(UPDATES)).tolist(),
        tau_max=5,
        goal="gap",
        value=2.0,
        constants=[1.0] * 6,
    ),
    Trace(DELAYS),
    Trace(DELAYS[:7], repeat=True, label="seven"),
    Trace(np.column_stack([DELAYS, TAUS[::-1].clip(max=np.arange(UPDATES))])),
    schedules.history(Workers(3, ParetoService(1.5)), UPDATES).replay(),
    Workers(service=[Deterministic(), Deterministic(2.5)], rule=Asynchronous()),
    Caches(2, schedules.Constant(2)),
    schedules.messages(Caches(2, schedules.Uniform(2)), UPDATES).replay(),
]
EXAMPLES = [*RANDOM, *FIXED]
NAMES = [f"{i}-{type(schedule).__name__}" for i, schedule in enumerate(EXAMPLES)]
every = pytest.mark.parametrize("schedule", EXAMPLES, ids=NAMES)
ONE_OF_EACH = list({type(schedule): schedule for schedule in EXAMPLES}.values())


def classes():
    """Every schedule that the package can make, wherever in it."""
    found = set()
    for module in pkgutil.walk_packages(schedules.__path__, "empirics.schedules."):
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(kind, Schedule) and not inspect.isabstract(kind):
                found.add(kind)
    return found - {Schedule}


def test_every_schedule_of_the_package_is_in_the_table():
    assert classes() == {type(schedule) for schedule in EXAMPLES}
    exported = {getattr(schedules, name) for name in schedules.__all__}
    assert classes() - exported == {MessageTrace}  # which Messages.replay makes


# ---- what a schedule does, apart from any problem ----


def told(schedule, *, seed=0, cuts=(), lanes=6, steps=UPDATES):
    """All that a course says of its first updates, asked for in blocks that end at `cuts`."""
    course = schedule.course(np.random.Generator(np.random.SFC64(seed)), lanes)
    edges = [0, *sorted(cuts), steps]
    blocks = [course.draw(b - a) for a, b in itertools.pairwise(edges) if b > a]
    if isinstance(schedule, OwnCaches):
        return {"extra": np.concatenate(blocks)}
    begins = np.cumsum([0, *[len(block.delays) for block in blocks]])
    said = {}
    for name in ("delays", "workers", "times", "discarded"):
        columns = [getattr(block, name) for block in blocks]
        if columns[0] is not None:
            said[name] = np.concatenate(columns)
    starts = [block.starts for block in blocks]
    if starts[0] is not None:
        before = [part.before + begin for part, begin in zip(starts, begins, strict=False)]
        said["before"] = np.concatenate(before)
        for name in ("worker", "lane", "times"):
            columns = [getattr(part, name) for part in starts]
            if columns[0] is not None:
                said[f"start {name}"] = np.concatenate(columns)
    return said


def assert_same_story(one, other):
    assert one.keys() == other.keys()
    for name, column in one.items():
        np.testing.assert_array_equal(column, other[name], name)


def same_story(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)


def rebuilt(given):
    """What settings say, made again; a few records need to be told how."""
    if isinstance(given, list):
        return [rebuilt(value) for value in given]
    if not isinstance(given, dict):
        return given
    values = {name: rebuilt(value) for name, value in given.items()}
    kind = values.pop("kind", "Topology")
    if kind == "MessageTrace":
        extra, repeat = np.array(values.pop("extra")), values.pop("repeat")
        t, p, q = np.indices(extra.shape).reshape(3, -1)
        arrives = t + 1 + extra.ravel()
        return Messages(sent=t, source=p, destination=q, arrives=arrives, **values).replay(
            repeat=repeat
        )
    return Topology(**values) if kind == "Topology" else getattr(schedules, kind)(**values)


@every
def test_it_is_rebuilt_from_its_settings(schedule):
    written = json.dumps(schedule.settings, allow_nan=False)
    again = rebuilt(json.loads(written))
    assert type(again) is type(schedule)
    assert again.settings == schedule.settings
    assert (again.tau_max, again.exogenous) == (schedule.tau_max, schedule.exogenous)
    assert_same_story(told(again), told(schedule))
    travelled = pickle.loads(pickle.dumps(schedule))
    assert travelled.settings == schedule.settings
    assert_same_story(told(travelled), told(schedule))


def test_no_two_of_them_have_the_same_settings():
    written = [json.dumps(schedule.settings) for schedule in EXAMPLES]
    assert len(set(written)) == len(EXAMPLES)


@every
@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(0, UPDATES), max_size=6), lanes=st.sampled_from([1, 2, 7]))
def test_blocks_do_not_matter(schedule, cuts, lanes):
    whole = told(schedule, lanes=lanes)
    assert_same_story(told(schedule, lanes=lanes, cuts=cuts), whole)
    assert not same_story(told(schedule, lanes=lanes, steps=UPDATES - 1), whole)


@every
def test_delays_are_possible(schedule):
    said = told(schedule)
    if isinstance(schedule, OwnCaches):
        assert said["extra"].shape == (UPDATES, 6, schedule.workers, schedule.workers)
        assert 0 <= said["extra"].min() <= said["extra"].max() <= schedule.longest
        assert said["extra"].max() > 0
        return
    assert isinstance(schedule, SharedIterate)
    delays = said["delays"].reshape(UPDATES * schedule.gradients, -1)
    update = np.arange(len(delays))[:, None] // schedule.gradients
    assert delays.dtype.kind == "i"
    assert (delays >= 0).all()
    assert (delays <= update).all()
    assert delays.max() > 0
    if schedule.tau_max is not None:
        assert delays.max() <= schedule.tau_max
    if schedule.workers:
        assert set(said["workers"].ravel()) <= set(range(schedule.workers))
        assert (np.diff(said["times"].reshape(len(delays), -1), axis=0) >= 0).all()
        assert (np.diff(said["before"]) >= 0).all()
    assert schedule.timed == ("times" in said)


@every
def test_the_seed_changes_what_is_random_and_nothing_else(schedule):
    assert_same_story(told(schedule, seed=3), told(schedule, seed=3))
    fixed = any(schedule is one for one in FIXED)
    assert same_story(told(schedule, seed=3), told(schedule, seed=4)) == fixed


# ---- in `simulate` ----


def problem(noise="two-point", lanes=4):
    oval = problems.quadratic(dim=3, mu=0.1, L=1.0, sigma=0.5, noise=noise)
    return replace(oval, lanes=lanes, tile=np.tile(oval.spectrum, (lanes, 1)))


def run(schedule, **options):
    given = {"step": 0.1, "steps": UPDATES, "replicas": 10, "window": 2, **options}
    return simulate(given.pop("problem", problem()), schedule, **given)


def assert_same_runs(one, other):
    """Bit for bit, all that was measured and counted."""
    for name, a in vars(one.statistics).items():
        b = getattr(other.statistics, name)
        for x, y in ((a.mean, b.mean), (a.M2, b.M2)) if isinstance(a, Moments) else ((a, b),):
            np.testing.assert_array_equal(x, y, name)
    for what in ("reads", "deliveries"):
        a, b = getattr(one, what), getattr(other, what)
        assert (a is None) == (b is None)
        for name, value in vars(a).items() if a is not None else ():
            np.testing.assert_array_equal(value, getattr(b, name), name)
    for name in ("times", "lost_at"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.tau_max == other.tau_max


@every
def test_blocks_leave_no_trace(schedule):
    reference = run(schedule)
    for block in (1, 9, 1000):
        assert_same_runs(run(schedule, block=block), reference)
    with pytest.raises(AssertionError):
        assert_same_runs(run(schedule, seed=1), reference)


@pytest.mark.parametrize("schedule", ONE_OF_EACH, ids=lambda schedule: type(schedule).__name__)
def test_processes_leave_no_trace(schedule):
    assert_same_runs(run(schedule, processes=2), run(schedule))


@every
def test_a_replica_does_not_depend_on_the_number_of_replicas(schedule):
    whole = run(schedule, each=True).each["squared gradient"]
    assert whole.shape == (UPDATES + 1, 10)
    for replicas in (1, 4, 7):
        part = run(schedule, each=True, replicas=replicas).each["squared gradient"]
        np.testing.assert_array_equal(part, whole[:, :replicas])
    assert (whole[:, 0] != whole[:, 5]).any()  # they are of two tiles


def test_each_of_them_leads_elsewhere():
    """No two schedules give the same iterates, although samples are the same."""
    paths = [run(schedule).statistics.squared_norm.mean.tobytes() for schedule in EXAMPLES]
    plain = run(schedules.Constant(0)).statistics.squared_norm.mean.tobytes()
    assert len({*paths, plain}) == len(EXAMPLES) + 1


@every
def test_delays_do_not_look_at_the_noise(schedule):
    """Neither noise nor step size changes what is read; that is what exogenous means."""
    assert schedule.exogenous
    reference = run(schedule)
    assert reference.exogenous
    for options in ({"problem": problem("gaussian")}, {"step": 0.01}):
        other = run(schedule, **options)
        assert (other.statistics.squared_norm.mean != reference.statistics.squared_norm.mean).any()
        for what in ("reads", "deliveries"):
            a, b = getattr(reference, what), getattr(other, what)
            for name, value in vars(a).items() if a is not None else ():
                np.testing.assert_array_equal(value, getattr(b, name), name)


@every
def test_the_noise_does_not_look_at_the_delays(schedule):
    """Where f = 0 the iterates are sums of samples, under one gradient an update the same ones."""
    flat = replace(problem(), spectrum=np.zeros(3), tile=np.zeros((4, 3)))
    options = {"problem": flat, "measures": ("squared distance",), "window": 0}
    walk = run(schedule, **options).statistics.squared_distance.mean
    plain = run(schedules.Constant(0), **options).statistics.squared_distance.mean
    if isinstance(schedule, OwnCaches) or schedule.gradients > 1:
        assert (walk[1:] != plain[1:]).any()
    else:
        np.testing.assert_array_equal(walk, plain)
    other = run(schedules.Constant(0), **options, seed=1).statistics.squared_distance.mean
    assert (other[1:] != plain[1:]).any()


@every
def test_runs_say_what_they_were_made_with(schedule, tmp_path):
    runs = run(schedule, record=[UPDATES])
    runs.save(tmp_path / "runs.nc")
    again = rebuilt(type(runs).load(tmp_path / "runs.nc").settings["schedule"])
    assert_same_runs(run(again, record=[UPDATES]), runs)


def lasts(schedule, steps):
    try:
        schedule.allow(steps)
    except ValueError:
        return False
    return True


ENDLESS = [schedule for schedule in EXAMPLES if lasts(schedule, 5 * LOOK)]


def test_most_schedules_go_on_for_ever():
    ended = {type(schedule) for schedule in EXAMPLES if schedule not in ENDLESS}
    assert ended == {Adversarial, Trace, MessageTrace}
    for schedule in EXAMPLES:
        if schedule not in ENDLESS:
            with pytest.raises(ValueError, match=f"needs at most its {UPDATES} "):
                run(schedule, steps=UPDATES + 1)


@pytest.mark.parametrize("schedule", ENDLESS, ids=lambda schedule: type(schedule).__name__)
def test_delays_of_lost_replicas_are_counted_and_timed_to_the_end(schedule):
    """Nothing is computed for them any more, yet all this is as in a run that never moves."""
    timed = isinstance(schedule, SharedIterate) and schedule.timed
    options = {"steps": 5 * LOOK, "block": 50, "measures": ("time",) if timed else ()}
    lost, still = (run(schedule, step=step, **options) for step in (1e200, 0.0))
    assert (lost.lost_at >= 0).all()
    assert (still.lost_at == -1).all()
    np.testing.assert_array_equal(lost.statistics.time.mean, still.statistics.time.mean)
    assert np.isfinite(lost.statistics.time.mean).all() == timed
    for what in ("reads", "deliveries"):
        a, b = getattr(lost, what), getattr(still, what)
        for name, value in vars(a).items() if a is not None else ():
            np.testing.assert_array_equal(value, getattr(b, name), name)
    np.testing.assert_array_equal(lost.delays, still.delays)
