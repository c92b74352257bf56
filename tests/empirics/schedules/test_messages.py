"""Messages between caches are written down, and a replay sends them again, to the last bit."""

from dataclasses import replace

import numpy as np
import pytest

from empirics import problems, schedules, simulate
from empirics.cache_tile import CacheTile
from empirics.optimisers import SGD
from empirics.schedules import Caches, Constant, Messages, Uniform, messages
from empirics.tile import Plan

RANDOM = [
    Caches(3, Uniform(4)),
    Caches(3, Uniform(4), destinations="shared"),
    Caches(2, [Constant(1), Uniform(9)], evaluate="mean"),
    Caches(4, Uniform(1), topology=schedules.ring(4), own="immediate"),
]
FIXED = [Caches(1), Caches(3, Constant(2)), Caches(4, topology=schedules.star(4))]


def small(lanes=6, dim=3):
    problem = problems.quadratic(dim=dim, mu=0.1, L=1.0, sigma=0.5)
    return replace(problem, lanes=lanes, tile=np.tile(problem.spectrum, (lanes, 1)))


def caches_of(problem, schedule, steps, seed=0, tile=0):
    """x_p^t of all lanes and workers, (T + 1, lanes, P, dim), from the simulator's own loop."""
    plan = Plan(
        problem=problem,
        schedule=schedule,
        optimiser=SGD(),
        correction=None,
        eta=np.full(steps, 0.1),
        replicas=10**6,
        seed=seed,
        reuse=False,
        times=np.arange(steps + 1),
        measures=("squared gradient",),
        window=0,
        noise=False,
        each=False,
        block=7,
    )
    walk = CacheTile(plan, tile)
    return np.array([walk.caches.copy() for _ in walk.run()])


@pytest.mark.parametrize("replica", [0, 5, 8])
@pytest.mark.parametrize("schedule", [*RANDOM, *FIXED], ids=repr)
def test_a_replay_gives_the_caches_of_its_replica(schedule, replica):
    problem, seed = small(), 5
    tile, lane = divmod(replica, problem.lanes)
    sent = messages(schedule, 100, seed=seed, replica=replica, lanes=problem.lanes)
    first = caches_of(problem, schedule, 100, seed, tile)[:, lane]
    again = caches_of(problem, sent.replay(), 100, seed, tile)[:, lane]
    np.testing.assert_array_equal(again, first)
    other = messages(schedule, 100, seed=seed, replica=replica + 1, lanes=problem.lanes)
    changed = caches_of(problem, other.replay(), 100, seed, tile)[:, lane]
    assert (abs(changed - first).max() > 1e-3) == (schedule in RANDOM)


@pytest.mark.parametrize("schedule", RANDOM, ids=repr)
def test_what_is_measured_of_a_replay_is_what_was_measured(schedule):
    problem = small()
    options = {"step": 0.1, "steps": 60, "replicas": 1, "measures": ["gap", "disagreement"]}
    sent = messages(schedule, 60, lanes=problem.lanes)
    one, other = (simulate(problem, s, **options) for s in (schedule, sent.replay()))
    for name in ("gap", "disagreement"):
        first, again = (getattr(runs.statistics, name).mean for runs in (one, other))
        np.testing.assert_array_equal(first, again)
    counts = np.bincount(sent.extra.ravel(), minlength=schedule.longest + 1)
    assert one.deliveries.counts.tolist() == counts.tolist()
    assert other.deliveries.counts.tolist() == counts.tolist()


def test_a_replay_has_tiles_of_the_same_width():
    """Even if the longest delay has not occurred: other tiles would be other runs."""
    rare = schedules.Pmf([1 - 1e-9, *[0] * 199, 1e-9])
    schedule = Caches(8, rare)
    sent = messages(schedule, 3)
    assert sent.extra.max() == 0
    for dim in (3, 30, 300):
        assert sent.replay().width(256, dim) == schedule.width(256, dim)
    assert schedule.width(256, 30) < Caches(8, Constant(0)).width(256, 30)


def test_every_message_has_its_row():
    sent = messages(Caches(3, Uniform(4), topology=schedules.ring(3)), 20, seed=2)
    assert (sent.steps, sent.workers, sent.longest) == (20, 3, 4)
    for row in range(len(sent.sent)):
        t, p, q = sent.sent[row], sent.source[row], sent.destination[row]
        assert sent.arrives[row] == t + 1 + sent.extra[t, p, q]
    assert len({*zip(sent.sent, sent.source, sent.destination, strict=True)}) == 20 * 9


def test_fixed_delays_are_hops():
    hops = np.array([[0, 1, 2, 1], [1, 0, 1, 2], [2, 1, 0, 1], [1, 2, 1, 0]])
    sent = messages(Caches(4, topology=schedules.ring(4)), 2)
    np.testing.assert_array_equal(sent.extra, [np.maximum(hops - 1, 0)] * 2)


def test_seeds_replicas_and_lanes_change_messages_and_steps_do_not():
    schedule = Caches(3, Uniform(9))
    drawn = [
        messages(schedule, 100, **given)
        for given in ({}, {"seed": 1}, {"replica": 1}, {"lanes": 8}, {"replica": 256})
    ]
    assert len({tuple(m.arrives.tolist()) for m in drawn}) == 5
    short = messages(schedule, 30)
    assert short.arrives.tolist() == drawn[0].arrives[: 30 * 9].tolist()


def test_the_end_is_an_error_unless_it_repeats():
    sent = messages(Caches(2, Uniform(3)), 20)
    with pytest.raises(ValueError, match="needs at most its 20 iterations, got 21; ask"):
        caches_of(small(), sent.replay(), 21)
    again = caches_of(small(), sent.replay(repeat=True), 50)
    twice = replace(
        sent,
        **{
            name: np.concatenate([getattr(sent, name) + k * shift for k in range(3)])
            for name, shift in {"sent": 20, "arrives": 20, "source": 0, "destination": 0}.items()
        },
    )
    np.testing.assert_array_equal(again, caches_of(small(), twice.replay(), 50))


# ---- files ----


@pytest.mark.parametrize("schedule", [*RANDOM, *FIXED], ids=repr)
def test_a_file_keeps_everything(schedule, tmp_path):
    sent = messages(schedule, 10)
    sent.save(tmp_path / "sent.csv", notes=["drawn at home"])
    lines = (tmp_path / "sent.csv").read_text().splitlines()
    P, s, which = schedule.workers, schedule.longest, schedule.evaluate
    first = f"# staleness messages 1 workers={P} longest={s} evaluate={which} label="
    assert lines[0] == first + repr(schedule)
    assert lines[1:3] == ["# drawn at home", "sent,source,destination,arrives"]
    read = Messages.load(tmp_path / "sent.csv")
    for name in ("sent", "source", "destination", "arrives"):
        np.testing.assert_array_equal(getattr(read, name), getattr(sent, name))
    for name in ("workers", "longest", "evaluate", "label"):
        assert getattr(read, name) == getattr(sent, name)
    assert read.replay().settings == sent.replay().settings


GOOD = [
    "# staleness messages 1 workers=2 longest=1 evaluate=mean",
    "sent,source,destination,arrives",
    "0,0,0,1",
    "0,0,1,2",
    "0,1,0,1",
    "0,1,1,1",
]


def test_a_file_written_by_hand(tmp_path):
    (tmp_path / "hand.csv").write_text("\n".join(GOOD))
    read = Messages.load(tmp_path / "hand.csv")
    assert read.extra.tolist() == [[[0, 1], [0, 0]]]
    assert (read.evaluate, read.label) == ("mean", "messages")


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (1, "# staleness history 1 workers=2", "line 1: messages needs a first line # staleness m"),
        (1, "# staleness messages 1 workers=0 longest=1 evaluate=mean", "line 1: messages needs a"),
        (1, "# staleness messages 1 workers=2 longest=1 evaluate=last", "line 1: messages needs a"),
        (1, "# staleness messages 1 workers=3 longest=1 evaluate=mean", "line 7: .* 9 messages in"),
        (1, "# staleness messages 1 workers=2 longest=0 evaluate=mean", "line 4: .* got 2"),
        (2, "sent,source", "line 2: messages needs the header sent,source,destination,arrives"),
        (3, "0,0,0", "line 3: messages needs 4 whole numbers, got '0,0,0'"),
        (3, "0,0,0,nan", "line 3: messages needs 4 whole numbers, got '0,0,0,nan'"),
        (3, "0,0,0,0", "line 3: messages needs arrivals in 1, ..., 2, got 0"),
        (4, "0,0,1,3", "line 4: messages needs arrivals in 1, ..., 2, got 3"),
        (4, "0,0,0,2", "line 4: .* in order of iterations, sources, destinations, destination = 1"),
        (5, "0,-1,0,1", "line 5: .* source = 1, got -1"),
        (6, "1,1,1,2", "line 6: .* sent = 0, got 1"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_with_its_line(line, text, message, tmp_path):
    path = tmp_path / "damaged.csv"
    path.write_text("\n".join([*GOOD[: line - 1], text, *GOOD[line:]]) + "\n")
    with pytest.raises(ValueError, match=message):
        Messages.load(path)


def test_no_file_and_no_rows(tmp_path):
    with pytest.raises(ValueError, match="messages needs a readable file"):
        Messages.load(tmp_path / "nowhere.csv")
    (tmp_path / "none.csv").write_text("\n".join(GOOD[:2]))
    with pytest.raises(ValueError, match="line 3: messages needs 4 messages in every iteration"):
        Messages.load(tmp_path / "none.csv")


# ---- bad input ----


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"workers": 0}, "messages needs a whole number of workers >= 1, got 0"),
        ({"longest": -1}, "messages needs a whole number longest >= 0, got -1"),
        ({"evaluate": "last"}, "messages needs evaluate among first, mean, got 'last'"),
        ({"label": "a\nb"}, "messages needs a label of one line"),
        ({"sent": np.zeros(3)}, r"messages needs whole numbers sent of shape \(3,\), got float64"),
        ({"arrives": np.ones(3, int)}, r"messages needs whole numbers arrives of shape \(8,\), g"),
        ({"longest": 0}, "messages needs arrivals in 1, ..., 1 in row 0, got 2"),
        (
            {"workers": 3},
            "messages needs 9 messages in every iteration in row 8, got 8 in",
        ),
    ],
)
def test_a_record_that_cannot_be(changes, message):
    good = messages(Caches(2, Constant(1)), 2)
    with pytest.raises(ValueError, match=message):
        replace(good, **changes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"schedule": Constant(1)}, "messages needs a schedule of caches, got Constant.*history"),
        ({"steps": 0}, "messages needs a whole number of steps >= 1, got 0"),
        ({"lanes": 0}, "messages needs a whole number of lanes >= 1, got 0"),
        ({"seed": -1}, "messages needs a whole number seed >= 0, got -1"),
        ({"replica": -1}, "messages needs a whole number replica >= 0, got -1"),
    ],
)
def test_arguments_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        messages(**{"schedule": Caches(2), "steps": 2, **arguments})


def test_a_history_of_caches_is_one_of_messages():
    with pytest.raises(ValueError, match=r"a schedule of one iterate, got Caches.*see messages"):
        schedules.history(Caches(2), 5)
