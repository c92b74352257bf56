"""Traces do what they say, files of both kinds are read, and impossible rows are refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empirics import problems, schedules, simulate
from empirics.schedules import Trace, multiplicity, trace

REAL = Path(__file__).parents[4] / "shared" / "data" / "delay-data"


def small(lanes=5, dim=3):
    problem = problems.quadratic(dim=dim, mu=0.1, L=1.0, sigma=0.5)
    return replace(problem, lanes=lanes, tile=np.tile(problem.spectrum, (lanes, 1)))


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n")
    return path


# ---- the record ----


@settings(max_examples=30, deadline=None)
@given(raw=st.lists(st.integers(0, 6), min_size=1, max_size=30), block=st.integers(1, 9))
def test_a_trace_is_what_a_pattern_does(raw, block, iterates):
    problem, eta = small(), [0.2] * len(raw)
    delays = np.minimum(raw, np.arange(len(raw)))
    replayed = iterates(problem, Trace(delays), eta, block=block)
    np.testing.assert_array_equal(replayed, iterates(problem, schedules.Cyclic(raw), eta))


def test_every_update_applies_the_mean_of_its_gradients(iterates):
    problem, rng = small(), np.random.default_rng(0)
    delays = np.minimum(rng.integers(0, 5, (30, 3)), np.arange(30)[:, None])
    noise = np.random.SeedSequence(0, spawn_key=(0,)).spawn(2)[0]
    samples = problem.draw(np.random.Generator(np.random.SFC64(noise)), 90, problem.lanes)
    x = np.empty((31, problem.lanes, problem.dim))
    x[0] = problem.start
    g = np.empty_like(x[0])
    for t in range(30):
        total = np.zeros_like(g)
        for k in range(3):
            problem.stochastic_gradient(x[t - delays[t, k]], samples[3 * t + k], g)
            total += g
        x[t + 1] = x[t] - 0.2 * (total / 3)
    np.testing.assert_array_equal(iterates(problem, Trace(delays), [0.2] * 30), x)
    late = delays.copy()
    late[10, 1] = (late[10, 1] + 1) % 5
    assert abs(iterates(problem, Trace(late), [0.2] * 30) - x).max() > 1e-3


def test_cached_gradients_are_applied_until_replaced(iterates):
    """PIAG, written as it is run: a table of gradients, of which each update uses the mean."""
    problem, rng, W = small(), np.random.default_rng(1), 4
    ages = np.zeros((40, W), dtype=int)
    for t in range(1, 40):
        fresh = rng.random(W) < 0.4
        ages[t] = np.where(fresh, rng.integers(0, ages[t - 1] + 1), ages[t - 1] + 1)
    noise = np.random.SeedSequence(0, spawn_key=(0,)).spawn(2)[0]
    samples = problem.draw(np.random.Generator(np.random.SFC64(noise)), 40 * W, problem.lanes)
    x = np.empty((41, problem.lanes, problem.dim))
    x[0] = problem.start
    table = np.empty((W, problem.lanes, problem.dim))
    for t in range(40):
        for w in range(W):
            if t == 0 or ages[t, w] != ages[t - 1, w] + 1:  # w's gradient arrives
                read = t - ages[t, w]  # where w drew its own sample
                problem.stochastic_gradient(x[read], samples[read * W + w], table[w])
        total = np.zeros_like(x[0])
        for w in range(W):
            total += table[w]
        x[t + 1] = x[t] - 0.2 * (total / W)
    np.testing.assert_array_equal(iterates(problem, Trace(ages), [0.2] * 40, reuse=True), x)
    assert abs(iterates(problem, Trace(ages), [0.2] * 40) - x).max() > 1e-3


def test_what_a_trace_does_is_counted():
    delays = np.array([0, 1, 1, 3, 0, 2, 6, 1])
    runs = simulate(small(), Trace(delays), step=0.1, steps=8, replicas=2)
    assert runs.tau_max == 6
    assert runs.delays.tolist() == delays.tolist()
    assert runs.reads.mean == delays.mean()
    assert runs.reads.reads == multiplicity(delays).reads


def test_the_end_is_an_error_unless_it_repeats(iterates):
    given_ = Trace([0, 1, 2], label="mine")
    with pytest.raises(ValueError, match=r"mine needs at most its 3 updates, got 4; ask for fewer"):
        iterates(small(), given_, [0.1] * 4)
    again = iterates(small(), Trace([0, 1, 2], repeat=True), [0.1] * 20)
    np.testing.assert_array_equal(again, iterates(small(), schedules.Cyclic(range(3)), [0.1] * 20))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"delays": []}, r"trace needs whole delays of shape \(T,\) or \(T, K\), got float64 of"),
        ({"delays": 3}, r"trace needs whole delays of shape \(T,\) or \(T, K\), got int64 of sh"),
        ({"delays": [0.0, 1.0]}, "trace needs whole delays of shape .* got float64"),
        ({"delays": [True]}, "trace needs whole delays of shape .* got bool"),
        ({"delays": [[[0]]]}, r"trace needs whole delays .* got int64 of shape \(1, 1, 1\)"),
        ({"delays": [0, -1]}, "trace needs delays 0 <= tau_t <= t, got -1 at update 1"),
        ({"delays": [[0, 0], [1, 2]]}, "trace needs delays 0 <= tau_t <= t, got 2 at update 1"),
        ({"delays": [0, 1], "times": [1.0]}, r"trace needs finite times >= 0 of shape \(2,\), got"),
        ({"delays": [0], "times": [np.nan]}, "trace needs finite times >= 0 of shape .* with 0"),
        ({"delays": [0], "label": "a\nb"}, "trace needs a label of one line, got 'a"),
        ({"delays": [0], "label": 3}, "trace needs a label of one line, got 3"),
    ],
)
def test_a_trace_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        Trace(**arguments)


def test_a_trace_is_not_changed_from_outside():
    delays = np.array([0, 1, 0])
    given_ = Trace(delays)
    delays[2] = 2
    assert given_.delays.tolist() == [[0], [1], [0]]
    with pytest.raises(ValueError, match="read-only"):
        given_.delays[0] = 5


# ---- files ----


@pytest.mark.parametrize("head", [[], ["delay"], ["# measured at home", "tau"], ["\ufefftau"]])
def test_a_column_is_delays(head, tmp_path):
    path = write(tmp_path / "a.csv", *head, "0", "1.000000000000000000e+00", "0", "3.0", "", "")
    read = trace(path)
    assert read.delays.tolist() == [[0], [1], [0], [3]]
    assert (read.tau_max, read.gradients, read.updates, read.label) == (3, 1, 4, "a.csv")


@pytest.mark.parametrize("head", [[], ["first,second"]])
def test_columns_are_ages(head, tmp_path):
    read = trace(write(tmp_path / "b.csv", *head, "0,0", "1,0", " 2, 1.0", "0,2"), label="mine")
    assert read.delays.tolist() == [[0, 0], [1, 0], [2, 1], [0, 2]]
    assert (read.tau_max, read.gradients, read.label) == (2, 2, "mine")


def test_a_column_may_be_the_ages_of_one_worker(tmp_path):
    path = write(tmp_path / "c.csv", "0", "0", "2")
    assert trace(path).delays.ravel().tolist() == [0, 0, 2]
    with pytest.raises(
        ValueError, match="line 3: trace needs ages that grow by at most 1 a row, g"
    ):
        trace(path, "ages")
    assert trace(write(path, "0", "1", "2"), "ages").delays.ravel().tolist() == [0, 1, 2]


def test_conventions(tmp_path):
    path = write(tmp_path / "d.csv", "1", "2", "1", "2")
    with pytest.raises(
        ValueError, match=r"line 1: .* before the start, at most 0 in update 0, got 1"
    ):
        trace(path)
    assert trace(path, current=1).delays.ravel().tolist() == [0, 1, 0, 1]
    assert trace(path, first_index=1).delays.ravel().tolist() == [0, 1, 2, 1, 2]
    assert trace(path, first_index=1, current=1).delays.ravel().tolist() == [0, 0, 1, 0, 1]
    wide = write(tmp_path / "e.csv", "1,0", "2,1")
    assert trace(wide, first_index=1).delays.tolist() == [[0, 0], [1, 0], [2, 1]]
    assert trace(path, current=1, repeat=True).repeat


@pytest.mark.parametrize("kind", [None, "history"])
def test_a_saved_history_is_a_trace(kind, tmp_path):
    past = schedules.history(schedules.Uniform(3), 30)
    past.save(tmp_path / "past.csv")
    read = trace(tmp_path / "past.csv", kind)
    assert read.delays.ravel().tolist() == past.delays.tolist()
    assert read.times.ravel().tolist() == past.ended.tolist()
    assert read.label == "Uniform(tau_max=3)"
    assert trace(tmp_path / "past.csv", kind, label="mine").label == "mine"
    with pytest.raises(ValueError, match="trace needs first_index = current = 0 for a history"):
        trace(tmp_path / "past.csv", kind, current=1)
    headless = write(tmp_path / "cut.csv", *(tmp_path / "past.csv").read_text().splitlines()[1:])
    with pytest.raises(ValueError, match=r"cut.csv, line 1: history needs a first line"):
        trace(headless)


def test_messages_are_no_delays(tmp_path):
    schedules.messages(schedules.Caches(2), 3).save(tmp_path / "sent.csv")
    with pytest.raises(ValueError, match="line 1: trace needs delays, got messages; see Messages"):
        trace(tmp_path / "sent.csv")


@pytest.mark.parametrize(
    ("lines", "kind", "message"),
    [
        ([], None, "line 1: trace needs at least one row, got none"),
        (["# nothing"], None, "line 2: trace needs at least one row, got none"),
        (["tau"], None, "line 2: trace needs at least one row, got none"),
        (["0", "2"], None, "line 2: .* before the start, at most 1 in update 1, got 2"),
        (["# a", "tau", "0", "2"], None, "line 4: .* at most 1 in update 1, got 2"),
        (["0", "-1"], None, "line 2: trace needs whole numbers >= 0, got '-1'"),
        (["0", "nan"], None, "line 2: trace needs whole numbers >= 0, got 'nan'"),
        (["nan", "0"], None, "line 1: trace needs whole numbers >= 0, got 'nan'"),
        (["0", "inf"], None, "line 2: trace needs whole numbers >= 0, got 'inf'"),
        (["0", "0.5"], None, "line 2: trace needs whole numbers >= 0, got '0.5'"),
        (["0", "1e300"], None, "line 2: trace needs whole numbers >= 0, got '1e300'"),
        (["0", "one"], None, "line 2: trace needs whole numbers >= 0, got 'one'"),
        (["0", "", "1"], None, "line 2: trace needs whole numbers >= 0, got ''"),
        (["0,0", "1"], None, "line 2: trace needs 2 columns as in the rows before, got 1"),
        (["0,0", "1,0,0"], None, "line 2: trace needs 2 columns as in the rows before, got 3"),
        (["a,b", "0,0", "0,2"], None, "line 3: .* at most 1 in update 1, got 2"),
        (["0,0", "0,0", "2,1"], None, "line 3: .* grow by at most 1 a row, got 0 and then 2 in c"),
        (["0,0"], "delays", 'line 1: trace needs one column of delays, got 2; is its kind "ages"'),
        (["0"], "history", "line 1: history needs a first line"),
    ],
)
def test_an_impossible_file_is_refused_with_its_line(lines, kind, message, tmp_path):
    path = write(tmp_path / "bad.csv", *lines)
    with pytest.raises(ValueError, match=message) as caught:
        trace(path, kind)
    assert str(path) in str(caught.value)


def test_current_moves_the_numbers_in_the_messages(tmp_path):
    path = write(tmp_path / "bad.csv", "1", "0")
    with pytest.raises(ValueError, match=r"line 2: trace needs whole numbers >= 1, got '0'"):
        trace(path, current=1)
    with pytest.raises(ValueError, match=r"line 2: .* at most 2 in update 1, got 3"):
        trace(write(path, "1", "3"), current=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "age"}, "trace needs a kind among delays, ages, history or none, got 'age'"),
        ({"first_index": 2}, "trace needs first_index = 0 or 1, got 2"),
        ({"current": -1}, "trace needs current = 0 or 1, got -1"),
        ({"current": True}, "trace needs current = 0 or 1, got True"),
        ({"label": "a\nb"}, "trace needs a label of one line"),
    ],
)
def test_arguments_out_of_range(arguments, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        trace(write(tmp_path / "good.csv", "0", "1"), **arguments)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ValueError, match=r"trace needs a readable file, got .*nowhere.csv: "):
        trace(tmp_path / "nowhere.csv")
    (tmp_path / "binary.csv").write_bytes(bytes(range(128, 256)))
    with pytest.raises(ValueError, match="trace needs a readable file"):
        trace(tmp_path / "binary.csv")
    with pytest.raises(ValueError, match="trace needs a readable file"):
        trace(tmp_path)


# ---- measured by others: read where it is there, never copied ----


@pytest.mark.skipif(not REAL.exists(), reason="the measured delays are not here")
def test_measured_delays_of_eight_workers():
    read = trace(REAL / "BCD_Adaptive1_RCV1.csv")
    assert (read.updates, read.gradients) == (2001, 1)
    assert read.mean == pytest.approx(8 - 1, abs=0.05)
    assert read.delays[:4].ravel().tolist() == [0, 1, 2, 3]
    runs = simulate(small(), read, step=0.02, steps=2001, replicas=2, record=500)
    assert runs.tau_max == read.tau_max == 22
    assert not np.isnan(runs.statistics.gap.mean).any()
    with pytest.raises(ValueError, match=r"line 1: trace needs whole numbers >= 1, got '0.0000"):
        trace(REAL / "BCD_Adaptive1_RCV1.csv", current=1)


@pytest.mark.skipif(not REAL.exists(), reason="the measured delays are not here")
def test_measured_ages_of_eight_workers():
    read = trace(REAL / "PIAG_Adaptive1_RCV1.csv")
    assert (read.updates, read.gradients) == (1000, 8)
    assert (read.delays <= np.arange(1000)[:, None]).all()
    arrivals = (np.diff(read.delays, axis=0) != 1).sum(axis=1)
    assert arrivals.min() == 1  # every iteration waits for one
    assert arrivals.max() == 8
    assert (arrivals > 1).any()
    runs = simulate(small(), read, step=0.05, steps=1000, replicas=2, record=500, reuse=True)
    assert runs.tau_max == 14
    assert runs.reads.mean == read.mean


def test_a_ragged_trace_and_a_word_for_yes_get_one_sentence():
    with pytest.raises(ValueError, match="trace needs as many delays of each update as of the"):
        Trace([[0], [0, 1]])
    with pytest.raises(ValueError, match="trace needs repeat = True or False, got 'no'"):
        Trace([0, 1], repeat="no")
