"""Real workers: what is true of all they did is exact, whatever the machine made of the timing."""

import json
import multiprocessing
import os
import signal
import struct
import threading
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from empirics import problems, record, simulate
from empirics.live import WAYS
from empirics.live.crew import Crew, Member, Stopped
from empirics.schedules import History

NOISY = problems.quadratic(dim=6, mu=0.1, L=1.0, sigma=0.5)
SIZES = [(1, 40), (2, 60), (4, 150), (7, 150), (6, 3), (3, 1)]  # workers, updates


@pytest.fixture(autouse=True)
def _nobody_is_left():
    yield
    assert multiprocessing.active_children() == []


@pytest.fixture(scope="module", params=WAYS)
def over(request):
    return request.param


@pytest.fixture(scope="module")
def recordings(over):
    return {
        (W, T): record(W, T, problem=NOISY, step=0.1, over=over, gradient_time=2e-4)
        for W, T in SIZES
    }


def twin(recording, problem, eta, seed=0):
    """All iterates, from who read what: sample j of worker w goes into its j-th gradient."""
    past = recording.history
    streams = np.random.SeedSequence(seed).spawn(past.workers)
    generators = [np.random.Generator(np.random.SFC64(stream)) for stream in streams]
    xs, g = [problem.start], np.empty((1, problem.dim))
    for t, (w, read) in enumerate(zip(past.worker, past.read, strict=True)):
        sample = problem.draw(generators[w], 1, 1)[0]
        problem.stochastic_gradient(xs[read][None], sample, g)
        xs.append(xs[t] - eta[t] * g[0])
    return np.array(xs)


# ---- exact facts ----


@pytest.mark.parametrize(("workers", "updates"), SIZES)
def test_every_update_is_there_once_and_reads_what_was_there(recordings, workers, updates):
    recording = recordings[workers, updates]
    past = recording.history
    assert recording.complete
    assert (past.workers, past.updates) == (workers, updates)
    assert past.applied.tolist() == list(range(updates))
    assert (past.read <= past.applied).all()
    assert recording.shares.sum() == pytest.approx(1)
    assert len(recording.computing) == updates
    assert (recording.computing > 0).all()


@pytest.mark.parametrize(("workers", "updates"), SIZES)
def test_workers_begin_at_the_start_and_go_on_after_their_own_update(
    recordings, over, workers, updates
):
    past = recordings[workers, updates].history
    for w in range(workers):
        mine = past.worker == w
        read, applied = past.read[mine], past.applied[mine]
        if len(read):
            assert read[0] == 0
        if over == "pipes":
            np.testing.assert_array_equal(read[1:], applied[:-1] + 1)
        else:
            assert (read[1:] >= applied[:-1] + 1).all()
        assert (past.begun[mine][1:] >= past.ended[mine][:-1]).all()


@pytest.mark.parametrize(("workers", "updates"), SIZES)
def test_delays_and_ages_add_up(recordings, over, workers, updates):
    """sum(tau) + sum(age in flight) == (W - 1) T: nobody is ever idle, or it is counted."""
    recording = recordings[workers, updates]
    flying = recording.flying
    assert (flying < updates).all()
    assert (flying >= 0).sum() >= workers - 1 or over == "shared memory"
    ages = (updates - flying[flying >= 0]).sum()
    if over == "pipes":
        assert not recording.idle.any()
    assert recording.history.delays.sum() + ages + recording.idle.sum() == (workers - 1) * updates


@pytest.mark.parametrize(("workers", "updates"), SIZES)
def test_time_runs_forward(recordings, workers, updates):
    past = recordings[workers, updates].history
    assert past.begun.min() >= 0
    assert (np.diff(past.ended) >= 0).all()
    assert (past.ended >= past.begun).all()
    came = np.concatenate([[0], past.ended])  # when x_t came to be
    assert (past.begun >= came[past.read] - 1e-6).all()  # times are rounded
    later = past.read + 1 <= past.updates - 1
    assert (past.begun[later] <= came[past.read[later] + 1] + 1e-6).all()


@pytest.mark.parametrize(("workers", "updates"), SIZES)
def test_the_iterate_is_what_the_history_says(recordings, workers, updates):
    """Every gradient has its worker, its sample and its version, or the last bit would differ."""
    recording = recordings[workers, updates]
    xs = twin(recording, NOISY, np.full(updates, 0.1))
    np.testing.assert_array_equal(recording.iterate, xs[-1])
    assert recording.value == NOISY.value(xs[-1])
    other = twin(recording, NOISY, np.full(updates, 0.1), seed=1)
    assert not np.array_equal(recording.iterate, other[-1])


def test_a_gradient_of_another_worker_would_be_noticed(recordings):
    recording = recordings[4, 150]
    past = recording.history
    swapped = replace(past, worker=(past.worker + 1) % 4)
    wrong = twin(type("Swapped", (), {"history": swapped}), NOISY, np.full(150, 0.1))
    assert not np.array_equal(recording.iterate, wrong[-1])


def rows(count):
    """A small table of two classes."""
    X = np.random.default_rng(5).standard_normal((count, 3))
    return X, (X.sum(axis=1) > 0).astype(int)


@pytest.mark.parametrize("name", ["quadratic", "logistic"])
def test_without_noise_the_simulator_does_the_same_again(over, iterates, name):
    problem = {
        "quadratic": lambda: problems.quadratic(dim=20, mu=0.1, L=1.0),
        "logistic": lambda: problems.noiseless(problems.logistic(rows(30))),
    }[name]()
    eta = 0.3 / problem.L / np.sqrt(np.arange(1, 121))
    recording = record(4, 120, problem=problem, step=eta, over=over, straggler=3)
    past = recording.history
    again = iterates(problem, past.replay(), eta)
    assert again.shape[0] == 121
    if name == "quadratic":
        np.testing.assert_array_equal(again[-1, 0], recording.iterate)
    else:  # BLAS rounds a tile and a row in different ways
        np.testing.assert_allclose(again[-1, 0], recording.iterate, rtol=1e-9, atol=1e-12)
    read = past.read.copy()
    read[np.flatnonzero(read)[-1]] -= 1  # one reading of an earlier iterate
    wrong = iterates(problem, replace(past, read=read).replay(), eta)
    assert np.abs(wrong[-1, 0] - recording.iterate).max() > 1e-7
    runs = simulate(problem, past.replay(), step=eta, steps=120, replicas=3, record=[120])
    np.testing.assert_array_equal(runs.delays, past.delays)
    assert runs.tau_max == past.delays.max()
    value = runs.statistics.gap.mean[-1] + problem.infimum
    assert value == pytest.approx(recording.value, rel=1e-9)


def test_a_written_history_comes_back(recordings, tmp_path):
    for (workers, updates), recording in recordings.items():
        path = tmp_path / f"{workers}-{updates}.csv"
        recording.save(path)
        again = History.load(path)
        for column in ("worker", "read", "applied", "begun", "ended"):
            expected = getattr(recording.history, column)
            np.testing.assert_array_equal(getattr(again, column), expected)
        head = path.read_text().splitlines()
        assert f"recorded by {workers} processes over {recording.settings['over']}" in head[1]
        assert "NumPy" in head[3]
        assert head[5] == "worker,read,applied,begun,ended"


def test_the_summary_is_ready_for_json(recordings):
    recording = recordings[4, 150]
    summary = json.loads(json.dumps(recording.summary()))
    delays = np.sort(recording.history.delays)
    assert summary["mean_delay"] == pytest.approx(delays.mean())
    assert (summary["median_delay"], summary["max_delay"]) == (delays[74], delays[-1])
    assert summary["p99_delay"] == delays[148]
    assert summary["updates_per_second"] * summary["seconds"] == pytest.approx(150)
    assert set(summary["settings"]["machine"]) == {
        "cores",
        "load",
        "system",
        "Python",
        "NumPy",
        "start method",
    }


# ---- options ----


def test_one_worker_is_a_five_line_loop(over):
    recording = record(1, 50, problem=NOISY, step=0.1, over=over, gradient_time=0, seed=3)
    stream = np.random.SeedSequence(3).spawn(1)[0]
    noise = NOISY.draw(np.random.Generator(np.random.SFC64(stream)), 50, 1)[:, 0]
    x = NOISY.start.copy()
    for xi in noise:
        x = x - 0.1 * (NOISY.spectrum * x + xi)
    np.testing.assert_array_equal(recording.iterate, x)
    assert not recording.history.delays.any()


def test_step_and_seed_change_the_iterate():
    def end(**more):
        return record(1, 20, problem=NOISY, gradient_time=0, **more).iterate.tolist()

    assert end(step=0.1) == end(step=0.1) == end(step=np.full(20, 0.1))
    assert end(step=0.1) != end(step=0.2)
    assert end(step=0.1) != end(step=0.1, seed=1)
    assert end() == end(step=1 / 2)  # 1/(2 L W)


def test_a_straggler_computes_longer_and_delivers_less(over):
    slow = record(4, 300, problem=NOISY, step=0.1, over=over, straggler=8, gradient_time=1e-3)
    took = [slow.computing[slow.history.worker == w] for w in range(4)]
    assert all(len(seconds) for seconds in took[1:])
    others = min(seconds.min() for seconds in took[1:])
    assert (
        slow.shares[0] < 0.15
    )  # 1/25 were every worker given as much of the machine, 1/4 if equal
    assert not len(took[0]) or took[0].min() > 3 * others


def test_how_long_a_gradient_takes():
    short = record(1, 30, problem=NOISY, step=0.1, gradient_time=0)
    long = record(1, 30, problem=NOISY, step=0.1, gradient_time=2e-3)
    assert short.settings["repeats"] == 1 < long.settings["repeats"]
    assert long.computing.min() > 3 * short.computing.min()
    np.testing.assert_array_equal(long.iterate, short.iterate)  # the same gradient again and again


def test_a_straggler_of_two_and_a_half_computes_two_and_three_times():
    from empirics.live.worker import Gradients, Job

    calls = []

    class Counting:
        dim, draw = 2, staticmethod(lambda generator, steps, lanes: np.zeros((1, 1, 2)))

        @staticmethod
        def stochastic_gradient(x, sample, out):
            calls.append(1)
            out[:] = x

    gradients = Gradients(Job(problem=Counting, seed=np.random.SeedSequence(0), times=2.5))
    each = []
    for _ in range(6):
        calls.clear()
        gradients.at(np.ones(2))
        each.append(len(calls))
    assert each == [2, 3, 2, 3, 2, 3]


def test_progress_ends_with_all(over):
    seen = []
    record(2, 40, problem=NOISY, over=over, progress=lambda *now: seen.append(now))
    assert seen[-1] == (40, 40)
    assert seen == sorted(set(seen))


def test_points_larger_than_a_pipe_holds(over):
    wide = problems.quadratic(dim=40_000, mu=0.1, L=1.0)
    recording = record(2, 20, problem=wide, step=0.5, over=over, gradient_time=0)
    xs = twin(recording, wide, np.full(20, 0.5))
    np.testing.assert_array_equal(recording.iterate, xs[-1])


def test_divergence_is_recorded_and_said(over):
    recording = record(2, 200, problem=NOISY, step=1e4, over=over, gradient_time=0)
    assert recording.complete
    assert not np.isfinite(recording.value)
    assert recording.summary()["value"] is None
    json.dumps(recording.summary(), allow_nan=False)


# ---- what goes wrong ----


def after(updates, act):
    """Do something once when so many updates are there."""
    done = []

    def report(now, total):
        if now >= updates and not done:
            done.append(now)
            act()

    return report


def check_part(recording, total):
    past = recording.history
    assert not recording.complete
    assert 10 <= past.updates < total
    assert recording.summary()["stopped"] == recording.stopped
    np.testing.assert_array_equal(
        recording.iterate, twin(recording, NOISY, np.full(past.updates, 0.1))[-1]
    )
    flying = recording.flying
    ages = (past.updates - flying[flying >= 0]).sum()
    expected = (past.workers - 1) * past.updates
    assert past.delays.sum() + ages + recording.idle.sum() == expected
    assert "stopped early" in recording.notes()[-1]


def test_a_killed_worker_ends_it_and_loses_nothing(over):
    kill = after(10, lambda: os.kill(multiprocessing.active_children()[1].pid, signal.SIGKILL))
    recording = record(3, 10**6, problem=NOISY, step=0.1, over=over, progress=kill)
    assert recording.stopped.startswith("worker ")
    assert recording.stopped.endswith(" was killed by signal 9")
    check_part(recording, 10**6)


def test_workers_that_hang_are_given_up(over):
    def freeze():
        for child in multiprocessing.active_children():
            os.kill(child.pid, signal.SIGSTOP)

    recording = record(
        2, 10**6, problem=NOISY, step=0.1, over=over, timeout=0.3, progress=after(10, freeze)
    )
    assert recording.stopped == "no worker has finished a gradient for 0.3 s"
    check_part(recording, 10**6)


@pytest.mark.parametrize("way", ["receive", "send"])
def test_a_worker_frozen_in_the_middle_of_a_message_is_given_up(way):
    here, there = multiprocessing.Pipe()
    if way == "receive":
        os.write(there.fileno(), struct.pack("!i", 800) + bytes(80))  # a tenth of a message

    class Frozen:
        exitcode = -9
        kill = there.close

        def join(self, timeout):
            pass

    order = SimpleNamespace(timeout=0.3, interruption=SimpleNamespace(asked=False))
    group = Crew([Member(0, Frozen(), here)], order)
    over = threading.Event()
    guard = threading.Thread(target=group.guard, args=(over,))
    guard.start()
    large = bytes(10**7)  # more than a pipe holds
    act = group.messages if way == "receive" else partial(group.send, group.members[0], large)
    with pytest.raises(Stopped, match=r"no worker has finished a gradient for 0\.3 s"):
        act()
    guard.join()
    here.close()


def test_an_interrupt_ends_it_and_loses_nothing(over):
    recording = record(
        2,
        10**6,
        problem=NOISY,
        step=0.1,
        over=over,
        progress=after(10, lambda: signal.raise_signal(signal.SIGINT)),
    )
    assert recording.stopped == "interrupted"
    check_part(recording, 10**6)


def test_progress_that_raises_leaves_nobody_behind(over):
    def fall(now, total):
        raise ArithmeticError("out of order")

    with pytest.raises(ArithmeticError, match="out of order"):
        record(2, 10**6, problem=NOISY, step=0.1, over=over, progress=fall)


FAILING = """
import time
from dataclasses import dataclass
from empirics.problems.quadratic import Quadratic

@dataclass(frozen=True, eq=False, kw_only=True)
class Failing(Quadratic):
    after: int
    seconds: float = 0.0

    def stochastic_gradient(self, x, sample, out):
        time.sleep(self.seconds)
        super().stochastic_gradient(x, sample, out)
        self.__dict__["count"] = self.__dict__.get("count", 0) + 1
        if self.count > self.after:
            raise ArithmeticError("out of luck")
"""


@pytest.fixture
def failing(tmp_path, monkeypatch):
    """Makes a problem that workers can import, and which fails after so many gradients."""
    (tmp_path / "failing_problem.py").write_text(FAILING)
    monkeypatch.syspath_prepend(tmp_path)
    from failing_problem import Failing

    fields = {name: getattr(NOISY, name) for name in NOISY.__dataclass_fields__}
    return lambda **more: Failing(**fields, **more)


def test_a_worker_that_raises_ends_it_and_loses_nothing(over, failing):
    recording = record(2, 10**6, problem=failing(after=40), step=0.1, over=over, gradient_time=0)
    assert recording.stopped.startswith("worker ")
    assert recording.stopped.endswith(" failed with ArithmeticError: out of luck")
    check_part(recording, 10**6)


def test_a_worker_that_cannot_even_begin(over, failing):
    with pytest.raises(RuntimeError, match=r"at least one update, got none: worker . failed with "):
        record(2, 10, problem=failing(after=0), step=0.1, over=over, gradient_time=0)


def test_workers_that_do_not_get_ready(over, failing):
    slow = failing(after=9, seconds=20.0)
    with pytest.raises(RuntimeError, match=r"got none: no worker has finished .* for 0\.5 s"):
        record(2, 10, problem=slow, step=0.1, over=over, gradient_time=0, timeout=0.5)


def test_an_interrupt_before_the_first_update_is_raised(over, failing):
    slow = failing(after=9, seconds=20.0)
    timer = threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        record(2, 10, problem=slow, step=0.1, over=over, gradient_time=0)
    timer.join()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"workers": 0}, r"record needs a whole number workers >= 1, got 0"),
        ({"workers": 2.0}, r"record needs a whole number workers >= 1, got 2\.0"),
        ({"updates": 0}, r"record needs a whole number updates >= 1, got 0"),
        ({"updates": True}, r"record needs a whole number updates >= 1, got True"),
        ({"seed": -1}, r"record needs a whole number seed >= 0, got -1"),
        ({"straggler": 0.5}, r"record needs a number straggler >= 1, got 0\.5"),
        ({"straggler": float("nan")}, r"record needs a number straggler >= 1, got nan"),
        ({"straggler": "slow"}, r"record needs a number straggler >= 1, got 'slow'"),
        ({"gradient_time": -1.0}, r"record needs a number gradient_time >= 0, got -1\.0"),
        ({"gradient_time": np.inf}, r"record needs a number gradient_time >= 0, got inf"),
        ({"timeout": 0}, r"record needs a number timeout >= 0\.001, got 0"),
        ({"over": "air"}, r"record needs over = 'pipes' or 'shared memory', got 'air'"),
        ({"problem": "quadratic"}, r"record needs a Problem such as quadratic\(\.\.\.\), got 'qua"),
        ({"step": -0.1}, r"step sizes eta need finite values >= 0, got -0\.1"),
        ({"step": [0.1, 0.1]}, r"step sizes table need 10 values, one a step, got shape \(2,\)"),
        ({"step": "small"}, r"step sizes need a number, an array or StepSizes, got 'small'"),
    ],
)
def test_bad_input_gets_one_sentence(more, sentence):
    with pytest.raises(ValueError, match=sentence):
        record(**{"workers": 2, "updates": 10, "problem": NOISY, **more})


def test_a_problem_that_cannot_be_sent():
    class Local(type(NOISY)):
        pass

    fields = {name: getattr(NOISY, name) for name in NOISY.__dataclass_fields__}
    with pytest.raises(ValueError, match=r"needs a problem that can be sent to a process, got qua"):
        record(2, 10, problem=Local(**fields))


def test_a_problem_without_smoothness_needs_a_step():
    bare = replace(problems.quadratic(dim=2, mu=0.5), constants={})
    with pytest.raises(ValueError, match=r"needs a step for quadratic, whose L is not known"):
        record(2, 10, problem=bare)
