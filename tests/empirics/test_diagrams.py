"""What is drawn is what the record holds: every bar, arrow, number and step."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from empirics import diagrams, plots, problems, schedules, simulate
from empirics.diagrams.workers import HALF, ROOM
from empirics.schedules import History, history

LOGNORMAL = schedules.Lognormal(mean=1.0, cv=0.5)
SLOW = schedules.Lognormal(mean=4.0, cv=0.5)
CASES = {
    "law": schedules.Uniform(4),
    "asynchronous": schedules.Workers(4, LOGNORMAL),
    "slack": schedules.Workers(
        service=[LOGNORMAL, LOGNORMAL, SLOW], rule=schedules.BoundedStaleness(1)
    ),
    "barrier": schedules.Workers(5, LOGNORMAL, rule=schedules.Barrier(), buffer=5),
    "buffer": schedules.Workers(6, LOGNORMAL, buffer=3),
    "thrown away": schedules.Workers(service=[LOGNORMAL] * 3 + [SLOW], oldest=3),
    "eight": schedules.Workers(8, LOGNORMAL),
}


def drawn(ax, name):
    """The ends (x, y) of the stems of this kind, from the top."""
    found = [lines for lines in ax.collections if lines.get_gid() == name]
    return np.array(found[0].get_segments()) if found else np.empty((0, 2, 2))


@pytest.mark.parametrize("name", CASES)
def test_every_bar_is_a_gradient(name):
    past = history(CASES[name], 20)
    ax = diagrams.space_time(past, updates=20)
    bars = [(b.get_x(), b.get_width(), b.get_y() + b.get_height() / 2 - 1) for b in ax.patches]
    expected = np.array([past.begun, past.ended - past.begun, past.worker]).T
    np.testing.assert_allclose(sorted(bars), sorted(expected.tolist()), atol=1e-12)
    hatched = [b for b in ax.patches if b.get_hatch()]
    assert len(hatched) == (past.applied < 0).sum()
    assert bool(hatched) == (name == "thrown away")


@pytest.mark.parametrize("name", CASES)
def test_every_reading_and_arrival_is_an_arrow(name):
    past = history(CASES[name], 20)
    ax = diagrams.space_time(past, updates=20)
    used = past.applied >= 0
    for label, times, chosen in (
        ("reads", past.begun, np.ones_like(used)),
        ("writes", past.ended, used),
        ("thrown away", past.ended, ~used),
    ):
        stems = drawn(ax, label)
        heads = [(top[0], round(low[1] + HALF - 1)) for top, low in stems]
        expected = list(zip(times[chosen], past.worker[chosen].tolist(), strict=True))
        assert sorted(heads) == sorted(expected)
        assert (stems[:, 0, 1] == 0).all()  # on the line of iterates
        assert (stems[:, 0, 0] == stems[:, 1, 0]).all()


@pytest.mark.parametrize("name", CASES)
def test_the_numbers_are_the_delays(name):
    past = history(CASES[name], 12)
    ax = diagrams.space_time(past, updates=12)
    texts = [t for t in ax.texts if not t.get_text().startswith("$")]
    assert texts
    width = np.diff(ax.get_xlim())[0] / 1.04
    wide = (past.ended - past.begun >= ROOM * width) & (past.applied >= 0)
    assert len(texts) == wide.sum()
    for text in texts:
        x, y = text.get_position()
        (row,) = np.flatnonzero(
            (past.begun < x) & (x < past.ended) & (past.worker == y - 1) & (past.applied >= 0)
        )
        assert int(text.get_text()) == past.applied[row] - past.read[row]


@pytest.mark.parametrize("name", CASES)
def test_iterates_come_with_the_last_gradient_of_their_update(name):
    past = history(CASES[name], 20)
    ax = diagrams.space_time(past, updates=20)
    at = ax.lines[0].get_xdata()
    used = past.applied >= 0
    expected = [past.ended[used & (past.applied == t)].max() for t in range(20)]
    assert at.tolist() == [0.0, *expected]
    named = [t for t in ax.texts if t.get_text().startswith("$")]
    assert named[0].get_text() == "$x_{0}$"
    for text in named:
        assert text.xy == (at[int(text.get_text()[4:-2])], 0)
    for row in range(len(past.read)):  # who reads, reads the latest there is
        assert past.read[row] == np.searchsorted(at, past.begun[row], side="right") - 1


@pytest.mark.parametrize("name", CASES)
def test_who_does_not_compute_waits(name):
    past = history(CASES[name], 20)
    ax = diagrams.space_time(past, updates=20)
    handles, labels = ax.get_legend_handles_labels()
    assert ("waits" in labels) == (name in ("slack", "barrier"))
    if "waits" in labels:
        segments = np.array(handles[labels.index("waits")].get_segments())
        waited = np.diff(segments[:, :, 0]).sum()
        worked = (past.ended - past.begun).sum()
        total = sum(past.ended[past.worker == w].max() for w in range(past.workers))
        assert waited == pytest.approx(total - worked)
        assert waited > 1


def test_a_window_of_updates():
    past = history(CASES["asynchronous"], 100)
    whole, part = diagrams.space_time(past), diagrams.space_time(past, updates=(40, 60))
    assert len(whole.lines[0].get_xdata()) == 31
    first, stop = past.ended[39], past.ended[59]
    assert part.lines[0].get_xdata().tolist() == past.ended[39:60].tolist()
    np.testing.assert_allclose(np.mean(part.get_xlim()), (first + stop) / 2)
    assert part.texts[0].get_text() == "$x_{40}$"
    stems = drawn(part, "writes")
    assert len(stems) == 21  # that of x_40 itself is on the edge
    touching = (past.ended >= first) & (past.begun <= stop)
    assert len(part.patches) == touching.sum()


def test_gradients_in_flight_have_as_many_rows_as_are_needed():
    past = history(schedules.Cyclic([0] * 10 + [4] * 10), 20)
    quiet, busy = (diagrams.space_time(past, updates=w) for w in (5, (12, 20)))
    assert [t.get_text() for t in quiet.get_yticklabels()] == ["iterates", "0"]
    assert len(busy.get_yticklabels()) == 1 + past.workers == 6


def test_axes_name_what_is_drawn():
    law = diagrams.space_time(history(CASES["law"], 20))
    assert (law.get_xlabel(), law.get_ylabel()) == ("time, in updates", "in flight")
    workers = diagrams.space_time(history(CASES["asynchronous"], 20))
    assert (workers.get_xlabel(), workers.get_ylabel()) == ("time", "worker")
    assert [t.get_text() for t in workers.get_yticklabels()] == ["iterates", "0", "1", "2", "3"]
    low, high = workers.get_ylim()
    assert low > high  # workers down
    colours = {to_rgb(c) for c in plots.COLOURS[:4]}
    tints = next(c for c in workers.collections if c.get_gid() == "reads").get_colors()
    assert {tuple(tint[:3]) for tint in tints} == colours


def test_given_axes_are_used_and_no_setting_is_left_behind():
    before = dict(mpl.rcParams)
    with plots.style("slides"):
        past = history(CASES["eight"], 40)
        for draw in (diagrams.space_time, diagrams.delays, diagrams.delays_over_time):
            ax = plots.new_figure(width=8, height=5).axes[0]
            assert draw(past, ax) is ax
            ax.figure.draw_without_rendering()
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((schedules.Constant(1),), r"space_time needs a record of history"),
        ((history(schedules.Constant(1), 5), 6), r"space_time needs updates within 0, ..., 5, fi"),
        ((history(schedules.Constant(1), 5), (3, 3)), "first before stop, got"),
        (
            (history(schedules.Constant(1), 5), (-1, 3)),
            "a whole number of updates >= 0, got -1",
        ),
        ((history(schedules.Constant(1), 5), 0), "first before stop, got 0"),
        (
            (history(schedules.Constant(1), 5), 2.5),
            "a whole number of updates >= 0, got 2.5",
        ),
        ((history(schedules.Constant(1), 5), (1, 2, 3)), "space_time needs updates as a number"),
    ],
)
def test_bad_diagrams(arguments, message):
    past, *updates = arguments
    with pytest.raises(ValueError, match=message):
        diagrams.space_time(past, updates=updates[0] if updates else None)


# ---- caches ----


SENT = {
    "everyone": schedules.Caches(4, schedules.Uniform(3)),
    "ring": schedules.Caches(6, topology=schedules.ring(6)),
    "straggler": schedules.Caches(
        3, [schedules.Constant(0), schedules.Constant(0), schedules.Uniform(6)]
    ),
}


@pytest.mark.parametrize("sources", [None, [1], [0, 2]])
@pytest.mark.parametrize("name", SENT)
def test_every_message_is_an_arrow_or_a_hop(name, sources):
    sent = schedules.messages(SENT[name], 12)
    ax = diagrams.space_time(sent, updates=12, sources=sources)
    chosen = range(sent.workers) if sources is None else sources
    arrows = {a.get_gid(): a for a in ax.collections if (a.get_gid() or "").startswith("messages")}
    assert list(arrows) == [f"messages of {p}" for p in chosen]
    for p in chosen:
        away = (sent.source == p) & (sent.destination != p)
        tails, drawn_ = arrows[f"messages of {p}"].get_offsets(), arrows[f"messages of {p}"]
        assert tails[:, 0].tolist() == sent.sent[away].tolist()
        assert (tails[:, 1] == p).all()
        assert (tails[:, 0] + drawn_.U).tolist() == sent.arrives[away].tolist()
        assert (tails[:, 1] + drawn_.V).tolist() == sent.destination[away].tolist()
    late = (sent.source == sent.destination) & (sent.arrives > sent.sent + 1)
    late &= np.isin(sent.source, list(chosen))
    hops = [line for line in ax.lines if line.get_gid() == "own"]
    ends = sorted((h.get_xdata()[0], h.get_xdata()[-1], h.get_ydata()[0]) for h in hops)
    assert ends == sorted(zip(sent.sent[late], sent.arrives[late], sent.source[late], strict=True))


def test_a_window_of_iterations():
    sent = schedules.messages(SENT["everyone"], 40)
    assert np.mean(diagrams.space_time(sent).get_xlim()) == 3
    ax = diagrams.space_time(sent, updates=(20, 24), sources=[2])
    (arrows,) = ax.collections
    meanwhile = (sent.sent < 24) & (sent.arrives > 20) & (sent.source == 2)
    assert len(arrows.U) == (meanwhile & (sent.destination != 2)).sum()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("iteration", "worker")


def test_extra_delays_of_messages():
    sent = schedules.messages(SENT["everyone"], 30)
    runs = simulate(problems.quadratic(dim=2, mu=0.1), SENT["everyone"], step=0.1, steps=30)
    ax = diagrams.delays([schedules.Uniform(3), sent, runs.deliveries])
    shares = [p.get_data().values.tolist() for p in ax.patches if p.get_label()]
    counts = np.bincount(sent.extra.ravel())
    total = runs.deliveries.counts
    assert shares == [(counts / counts.sum()).tolist(), (total / total.sum()).tolist()]
    assert ax.get_xlabel() == "extra delay, in iterations"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sources": [4]}, "space_time needs sources < 4, got 4"),
        ({"sources": [-1]}, "space_time needs a whole number in sources >= 0, got -1"),
        ({"updates": 13}, "space_time needs updates within 0, ..., 12, first before stop, got 13"),
    ],
)
def test_bad_diagrams_of_caches(arguments, message):
    with pytest.raises(ValueError, match=message):
        diagrams.space_time(schedules.messages(SENT["everyone"], 12), **arguments)


def test_a_history_has_no_sources():
    with pytest.raises(ValueError, match="space_time needs messages to choose sources, got a hist"):
        diagrams.space_time(history(CASES["law"], 5), sources=[0])


# ---- how late ----


def test_shares_are_counts_and_laws_are_laws():
    law = schedules.Geometric(p=0.3, tau_max=12)
    past = history(law, 500)
    runs = simulate(
        problems.quadratic(dim=2, mu=0.1), law, step=0.1, steps=40, replicas=3, record=40
    )
    ax = diagrams.delays([law, past, past.replay(), runs.reads], labels=["law", "a", "b", "c"])
    (line,) = ax.lines
    assert line.get_ydata().tolist() == law.pmf.tolist()
    counts = np.bincount(past.delays)
    filled = [patch for patch in ax.patches if patch.get_label() in ("a", "b", "c")]
    for patch, expected in zip(filled, [counts, counts, runs.reads.counts], strict=True):
        share, edges, _ = patch.get_data()
        assert share.tolist() == (expected / expected.sum()).tolist()
        assert edges.tolist() == (np.arange(len(expected) + 1) - 0.5).tolist()
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["law", "a", "b", "c"]
    assert ax.get_yscale() == "linear"
    assert diagrams.delays(law, log=True).get_yscale() == "log"


def test_what_has_no_chance_is_no_point():
    (line,) = diagrams.delays(schedules.Pmf([0.5, 0.0, 0.5]), log=True).lines
    assert np.isnan(line.get_ydata()).tolist() == [False, True, False]


def test_labels_unless_given():
    law = schedules.Uniform(3)
    reads = schedules.multiplicity(np.array([0, 1, 1]))
    ax = diagrams.delays([law, history(law, 9), schedules.Trace([0, 1], label="mine"), reads])
    texts = [t.get_text() for t in ax.get_legend().get_texts()]
    assert texts == ["Uniform(tau_max=3)", "Uniform(tau_max=3)", "mine", "counted"]


def test_delays_over_time_are_the_delays():
    buffer = history(CASES["buffer"], 50)
    mine = schedules.Trace([0, 1, 0])
    one, other = diagrams.delays_over_time([buffer, mine]).lines
    assert one.get_ydata().tolist() == buffer.delays.tolist()
    assert one.get_xdata().tolist() == buffer.applied[buffer.applied >= 0].tolist()
    assert (other.get_xdata().tolist(), other.get_ydata().tolist()) == ([0, 1, 2], [0, 1, 0])


@pytest.mark.parametrize(
    ("draw", "things", "message"),
    [
        (diagrams.delays, [], "delays needs at least one thing to draw, got none"),
        (diagrams.delays, [3], "delays needs laws, histories, traces, messages or reads, got 3"),
        (
            diagrams.delays,
            CASES["eight"],
            "delays needs laws, histories, traces, messages or reads, got",
        ),
        (diagrams.delays_over_time, [], "delays_over_time needs at least one thing to draw, got n"),
        (diagrams.delays_over_time, CASES["law"], "delays_over_time needs histories or traces, g"),
    ],
)
def test_bad_things(draw, things, message):
    with pytest.raises(ValueError, match=message):
        draw(things)


def test_other_than_one_label_each():
    with pytest.raises(ValueError, match="delays needs 1 labels, got 2"):
        diagrams.delays(CASES["law"], labels=["a", "b"])
    assert isinstance(history(CASES["law"], 3), History)
