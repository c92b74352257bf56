"""A history says what was done, and a replay does it again, to the last bit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empirics import problems, schedules, simulate
from empirics.schedules import History, Trace, Workers, history

LAWS = [
    schedules.Constant(0),
    schedules.Constant(3),
    schedules.Uniform(4),
    schedules.Geometric(p=0.4, tau_max=6),
    schedules.Cyclic([0, 2, 5]),
    schedules.Pmf([0.5, 0.0, 0.0, 0.5]),
]


EXPONENTIAL, FIXED = schedules.Exponential(), schedules.Deterministic()
SLOW = [schedules.Lognormal(mean=m, cv=0.5) for m in (1, 1, 1, 4)]
BUSY = [
    Workers(1),
    Workers(4),
    Workers(3, FIXED),
    Workers(3, buffer=2),
    Workers(6, oldest=4),
    Workers(5, buffer=3, oldest=1),
    Workers(service=[FIXED, FIXED, schedules.Deterministic(7.5)], oldest=3),
]
WAITING = [
    Workers(service=SLOW, rule=schedules.BoundedStaleness(1)),
    Workers(service=SLOW, rule=schedules.Barrier(), buffer=4),
    Workers(4, rule=schedules.Barrier(), buffer=2),
]
SAME = [*LAWS[:2], LAWS[4], BUSY[0], BUSY[2], BUSY[6], *WAITING[1:]]  # delays in all replicas


def small(lanes=5, dim=3):
    problem = problems.quadratic(dim=dim, mu=0.1, L=1.0, sigma=0.5)
    return replace(problem, lanes=lanes, tile=np.tile(problem.spectrum, (lanes, 1)))


# ---- a history is what the simulator does ----


@pytest.mark.parametrize("replica", [0, 3, 7])
@pytest.mark.parametrize("schedule", [*LAWS, *BUSY, *WAITING], ids=repr)
def test_a_replay_gives_the_iterates_of_its_replica(schedule, replica, iterates):
    problem, eta, seed = small(), [0.2] * 300, 11
    tile, lane = divmod(replica, problem.lanes)
    past = history(schedule, 300, seed=seed, replica=replica, lanes=problem.lanes)
    again = iterates(problem, past.replay(), eta, seed=seed, tile=tile)[:, lane]
    first = iterates(problem, schedule, eta, seed=seed, tile=tile)[:, lane]
    np.testing.assert_array_equal(again, first)
    if schedule not in SAME:
        other = history(schedule, 300, seed=seed, replica=replica + 1, lanes=problem.lanes)
        different = iterates(problem, other.replay(), eta, seed=seed, tile=tile)[:, lane]
        assert abs(different - first).max() > 1e-3


@pytest.mark.parametrize("schedule", [*BUSY, *WAITING], ids=repr)
def test_what_is_measured_of_a_replay_is_what_was_measured(schedule):
    problem = small()
    arguments = {"step": 0.2, "steps": 150, "replicas": 1, "seed": 3, "measures": ["time", "gap"]}
    past = history(schedule, 150, seed=3, lanes=problem.lanes)
    first, again = (simulate(problem, s, **arguments) for s in (schedule, past.replay()))
    for name in ("time", "gap"):
        one, other = (getattr(runs.statistics, name).mean for runs in (first, again))
        np.testing.assert_array_equal(one, other)
    assert first.reads.counts.tolist() == again.reads.counts.tolist()
    assert first.reads.discarded == (past.applied < 0).sum()


@pytest.mark.parametrize("schedule", [*BUSY, *WAITING], ids=repr)
def test_workers_do_one_thing_at_a_time(schedule):
    past = history(schedule, 200)
    assert past.workers == schedule.count
    assert past.updates == 200
    waited = 0.0
    for w in range(schedule.count):
        mine = np.flatnonzero(past.worker == w)
        idle = past.begun[mine[1:]] - past.ended[mine[:-1]]
        assert past.begun[mine[0]] == 0
        assert (idle >= 0).all()
        waited += idle.sum()
    assert (waited > 0) == (schedule in WAITING)
    assert (np.diff(past.ended) >= 0).all()
    if schedule.oldest is None:
        assert (past.applied >= 0).all()
    else:
        assert (past.applied < 0).sum() > 10
        assert past.delays.max() <= schedule.oldest
    if FIXED not in schedule.laws:  # no two at the same time
        came = past.ended[past.applied >= 0].reshape(200, -1)[:, -1]  # x_1, x_2, ...
        latest = np.searchsorted(came, past.begun, side="right")
        np.testing.assert_array_equal(past.read, latest)


@pytest.mark.parametrize("schedule", [BUSY[2], BUSY[6]], ids=repr)
def test_without_randomness_all_replicas_have_one_history(schedule):
    one, other = history(schedule, 50), history(schedule, 50, seed=3, replica=9)
    assert same(one, other)


def test_steps_cut_a_history_short_and_nothing_else():
    for schedule in (schedules.Uniform(4), Workers(4, buffer=2, oldest=3)):
        long, short = history(schedule, 700, lanes=8), history(schedule, 300, lanes=8)
        n = len(short.read) if schedule.workers else 300
        for name in ("read", "applied", "begun", "ended"):
            np.testing.assert_array_equal(getattr(long, name)[:n], getattr(short, name))


def test_seeds_replicas_and_lanes_change_the_history():
    draw = {}
    for name, given_ in {
        "first": {}, "seed": {"seed": 1}, "replica": {"replica": 1}, "lanes": {"lanes": 8},
        "tile": {"replica": 256},
    }.items():  # fmt: skip
        draw[name] = tuple(history(schedules.Uniform(9), 50, **given_).delays.tolist())
    assert len(set(draw.values())) == len(draw)
    assert history(schedules.Uniform(9), 50).delays.tolist() == list(draw["first"])


# ---- delays alone: rows for gradients in flight ----


@settings(max_examples=60, deadline=None)
@given(raw=st.lists(st.integers(0, 6), min_size=1, max_size=40))
def test_rows_never_overlap_and_are_as_few_as_gradients_in_flight(raw):
    past = history(schedules.Cyclic(raw), len(raw))
    flying = [
        sum(r <= j <= t for r, t in zip(past.read, past.applied, strict=True))
        for j in range(len(raw))
    ]
    assert past.workers == max(flying)
    assert sorted(set(past.worker.tolist())) == list(range(past.workers))
    for w in range(past.workers):
        mine = np.flatnonzero(past.worker == w)
        order = mine[np.argsort(past.read[mine])]
        assert (past.read[order[1:]] > past.applied[order[:-1]]).all()
    np.testing.assert_array_equal(past.begun, past.read)
    np.testing.assert_array_equal(past.ended, past.applied + 1)


def test_a_constant_delay_takes_turns():
    past = history(schedules.Constant(3), 9)
    assert past.workers == 4
    assert past.read.tolist() == [0, 0, 0, 0, 1, 2, 3, 4, 5]
    assert past.worker.tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0]


# ---- files ----


def same(one, other):
    for name in ("worker", "read", "applied", "begun", "ended"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    return (one.gradients, one.workers, one.label) == (
        other.gradients, other.workers, other.label,
    )  # fmt: skip


@pytest.mark.parametrize("schedule", [schedules.Uniform(3), *BUSY, *WAITING], ids=repr)
def test_a_file_keeps_every_bit(schedule, tmp_path):
    past = history(schedule, 60)
    past.save(tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    K, W = past.gradients, past.workers
    assert lines[0].startswith(f"# staleness history 1 gradients={K} workers={W} label=")
    assert lines[1] == "worker,read,applied,begun,ended"
    assert len(lines) == 2 + len(past.read)
    assert same(History.load(tmp_path / "a.csv"), past)
    assert not same(History.load(tmp_path / "a.csv"), replace(past, label="other"))


GOOD = [
    "# staleness history 1 gradients=2 workers=3",
    "worker,read,applied,begun,ended",
    "0,0,0,0.0,1.5",
    "# a remark",
    "1,0,-1,0.0,1.75",
    "2,0,0,0.0,2.0",
    "0,0,1,1.5,2.5",
    "2,1,1,2.0,3.25",
]


def test_a_file_written_by_hand(tmp_path):
    path = tmp_path / "hand.csv"
    path.write_text("\n".join(GOOD))
    past = History.load(path)
    assert past.delays.tolist() == [0, 0, 1, 0]
    assert past.replay().delays.tolist() == [[0, 0], [1, 0]]
    assert past.replay().times.tolist() == [[1.5, 2.0], [2.5, 3.25]]
    assert (past.updates, past.gradients, past.workers, past.label) == (2, 2, 3, "history")


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (1, "# staleness history 2 gradients=2 workers=3", "line 1: history needs a first line"),
        (1, "# staleness history 1 gradients=0 workers=3", "line 1: history needs a first line"),
        (1, "# staleness history 1 workers=3", "line 1: history needs a first line"),
        (2, "worker,read,applied", "line 2: history needs the header worker,read,applied,begun"),
        (3, "0,0,0,0.0", "line 3: history needs 3 whole numbers and 2 times, got '0,0,0,0.0'"),
        (3, "0,0,0,0.0,1.5,1", "line 3: history needs 3 whole numbers and 2 times"),
        (3, "0,0.5,0,0.0,1.5", "line 3: history needs 3 whole numbers and 2 times"),
        (3, "99999999999999999999,0,0,0.0,1.5", "line 3: history needs 3 whole numbers"),
        (3, "", "line 3: history needs 3 whole numbers and 2 times, got ''"),
        (3, "0,0,0,nan,1.5", "line 3: history needs finite times begun >= 0, got begun = nan"),
        (3, "0,0,0,0.0,inf", "line 3: history needs finite times ended >= begun, got ended = inf"),
        (3, "0,0,0,2.0,1.5", "line 3: history needs finite times ended >= begun, got ended = 1.5"),
        (3, "0,0,0,-1.0,1.5", "line 3: history needs finite times begun >= 0, got begun = -1.0"),
        (5, "3,0,-1,0.0,1.75", "line 5: history needs workers 0, ..., 2, got worker = 3"),
        (5, "-1,0,-1,0.0,1.75", "line 5: history needs workers 0, ..., 2, got worker = -1"),
        (5, "1,-2,-1,0.0,1.75", "line 5: history needs iterates read >= 0, got read = -2"),
        (5, "1,0,-3,0.0,1.75", "line 5: history needs updates applied >= 0, or -1 for never, got"),
        (6, "2,1,0,0.0,2.0", "line 6: history needs every gradient applied after it is read"),
        (6, "2,0,1,0.0,2.0", "line 6: history needs updates in order, 2 gradients each, got app"),
        (8, "2,1,2,2.0,3.25", "line 8: history needs updates in order, 2 gradients each, got ap"),
        (8, "2,1,-1,2.0,3.25", "line 9: history needs updates of 2 gradients each, got 1 in the"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_with_its_line(line, text, message, tmp_path):
    path = tmp_path / "damaged.csv"
    path.write_text("\n".join([*GOOD[: line - 1], text, *GOOD[line:]]) + "\n")
    with pytest.raises(ValueError, match=message) as caught:
        History.load(path)
    assert str(path) in str(caught.value)


def test_notes_are_for_the_reader(tmp_path):
    past, path = rows(), tmp_path / "noted.csv"
    past.save(path, ["made by hand", "twice"])
    first, *notes, header = path.read_text().splitlines()[:4]
    assert first.startswith("# staleness history 1 ")
    assert notes == ["# made by hand", "# twice"]
    assert header == "worker,read,applied,begun,ended"
    np.testing.assert_array_equal(History.load(path).read, past.read)
    for bad in (["two\nlines"], [3]):
        with pytest.raises(ValueError, match="history needs notes of one line each, got "):
            past.save(path, bad)


def test_files_that_are_no_histories(tmp_path):
    with pytest.raises(ValueError, match=r"history needs a readable file, got .*nowhere.csv"):
        History.load(tmp_path / "nowhere.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ValueError, match="line 1: history needs a first line"):
        History.load(tmp_path / "empty.csv")
    (tmp_path / "binary.csv").write_bytes(bytes(range(128, 256)))
    with pytest.raises(ValueError, match="history needs a readable file"):
        History.load(tmp_path / "binary.csv")
    (tmp_path / "none.csv").write_text("\n".join(GOOD[:2]))
    with pytest.raises(ValueError, match="line 3: history needs at least one gradient, got none"):
        History.load(tmp_path / "none.csv")


# ---- bad input ----


def rows(**changes):
    given_ = {
        "worker": [0, 0], "read": [0, 1], "applied": [0, 1], "begun": [0.0, 1.0],
        "ended": [1.0, 2.0], "gradients": 1, "workers": 1,
    }  # fmt: skip
    given_.update(changes)
    arrays = {k: np.array(v) if isinstance(v, list) else v for k, v in given_.items()}
    return History(**arrays)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gradients": 0}, "history needs a whole number gradients >= 1, got 0"),
        ({"workers": 1.5}, "history needs a whole number workers >= 1, got 1.5"),
        ({"label": "a\nb"}, "history needs a label of one line, got 'a"),
        ({"read": [0, 1, 2]}, r"history needs whole numbers read of shape \(2,\), got int64 of"),
        ({"read": [0.0, 1.0]}, r"history needs whole numbers read of shape \(2,\), got float64"),
        ({"ended": [[1.0], [2.0]]}, r"history needs numbers ended of shape \(2,\), got float64"),
        ({"ended": [1.0, np.nan]}, "history needs finite times ended >= begun in row 1, got"),
        ({"read": [0, 2]}, "history needs every gradient applied after it is read.*row 1"),
        ({"applied": [0, 2]}, "history needs updates in order, 1 gradients each in row 1"),
        ({"applied": [-1, -1]}, "history needs updates of 1 gradients each in row 2, got no upda"),
        ({n: [] for n in ("worker", "read", "applied")}, "history needs whole numbers worker of"),
    ],
)
def test_a_record_that_cannot_be(changes, message):
    rows()
    with pytest.raises(ValueError, match=message):
        rows(**changes)


def test_a_record_is_not_changed_from_outside():
    read = np.array([0, 1])
    past = rows(read=read)
    read[1] = 0
    assert past.delays.tolist() == [0, 0]
    with pytest.raises(ValueError, match="read-only"):
        past.read[0] = 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"schedule": 3}, "history needs a schedule of one iterate, got 3; see messages"),
        ({"steps": 0}, "history needs a whole number steps >= 1, got 0"),
        ({"seed": -1}, "history needs a whole number seed >= 0, got -1"),
        ({"replica": 0.5}, "history needs a whole number replica >= 0, got 0.5"),
        ({"lanes": 0}, "history needs a whole number lanes >= 1, got 0"),
    ],
)
def test_arguments_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        history(**{"schedule": schedules.Constant(1), "steps": 3, **arguments})


# ---- a replay ends ----


def test_a_replay_has_no_more_updates_than_its_history():
    replay = history(schedules.Uniform(3), 40).replay()
    problem = small()
    simulate(problem, replay, step=0.1, steps=40, replicas=2)
    with pytest.raises(ValueError, match=r"Uniform\(tau_max=3\) needs at most its 40 updates, got"):
        simulate(problem, replay, step=0.1, steps=10**6, replicas=10**6)  # at once


def test_a_repeated_replay_starts_over(iterates):
    past = history(schedules.Uniform(3), 40)
    replay = past.replay(repeat=True)
    twice = iterates(small(), replay, [0.1] * 90)
    pattern = iterates(small(), schedules.Cyclic(past.delays.tolist()), [0.1] * 90)
    np.testing.assert_array_equal(twice, pattern)
    assert past.replay().timed
    assert not replay.timed


def test_a_replay_is_rebuilt_from_its_settings(iterates):
    replay = history(Workers(4, buffer=2), 30).replay()
    given_ = dict(replay.settings)
    assert given_.pop("kind") == "Trace"
    again = Trace(**given_)
    np.testing.assert_array_equal(again.delays, replay.delays)
    np.testing.assert_array_equal(again.times, replay.times)


def test_what_a_replayed_history_did_is_that_history():
    past = schedules.history(schedules.Workers(4, oldest=2), steps=60, seed=3)
    assert (past.applied < 0).any()
    assert past.timed
    again = schedules.history(past.replay(), steps=60)
    for name in ("worker", "read", "applied", "begun", "ended"):
        assert np.array_equal(getattr(again, name), getattr(past, name)), name
    shorter = schedules.history(past.replay(), steps=40)
    whole = schedules.history(schedules.Workers(4, oldest=2), steps=40, seed=3)
    for name in ("worker", "read", "applied", "begun", "ended"):
        assert np.array_equal(getattr(shorter, name), getattr(whole, name)), name
    # over and over, there are no workers and no times
    repeated = schedules.history(past.replay(repeat=True), steps=100)
    assert not repeated.timed
    assert repeated.delays[60:].tolist() == past.delays[:40].tolist()


def test_histories_are_cut_within_their_updates():
    past = schedules.history(schedules.Workers(4, buffer=2), steps=10)
    assert past.until(7).updates == 7
    assert not schedules.history(schedules.Uniform(3), steps=10).timed
    with pytest.raises(ValueError, match="history needs at most its 10 updates, got 11"):
        past.until(11)
    with pytest.raises(ValueError, match="whole number of updates >= 1, got 0"):
        past.until(0)
    for ends in (past.replay(), schedules.Trace([0] * 10)):
        with pytest.raises(ValueError, match="needs at most its 10 updates, got 300; ask for few"):
            schedules.history(ends, steps=300)
