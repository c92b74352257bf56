"""`staleness record` as a user types it: what it prints, writes, refuses, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from empirics.cli import main
from empirics.schedules import History

ROOT = Path(__file__).parents[2]
CODE = "import sys; from empirics.cli import main; sys.argv[0] = 'staleness'; main()"
SHORT = ("--updates", 60, "--workers", 3, "--dim", 5, "--gradient-time", 0)
LONG = ("--updates", 10**6, "--workers", 3, "--dim", 5)


def command(*arguments):
    return [sys.executable, "-c", CODE, "record", *map(str, arguments)]


def staleness(*arguments, cwd=None):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        cwd=cwd or ROOT,
        env=environment,
        timeout=60,
    )


@pytest.fixture
def begin():
    """Starts the command in a session of its own; nothing of it is left after the test."""
    started = []

    def _begin(*arguments):
        process = subprocess.Popen(
            command(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield _begin
    for process in started:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.communicate()


def alive(session):
    """Processes of the session that are not zombies: parent, and ticks computed so far."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found[int(stat.parent.name)] = int(fields[1]), int(fields[11])
    return found


def workers_of(process):
    """Ticks computed so far by each worker: a child of the server of forks, itself a child."""
    found = alive(process.pid)
    return {
        pid: ticks
        for pid, (parent, ticks) in found.items()
        if parent in found and parent != process.pid
    }


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_it_writes_a_history_and_says_what_is_in_it(tmp_path):
    path = tmp_path / "new" / "folder" / "trace.csv"
    done = staleness(*SHORT, "--out", path)
    assert done.returncode == 0, done.stderr
    past = History.load(path)
    assert (past.workers, past.updates) == (3, 60)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("60 updates by 3 workers over pipes in ")
    assert lines[1].startswith(f"delay: mean {past.delays.mean():.4f}, median ")
    assert lines[2].endswith(f"/updates = {past.delays.mean():.4f}")
    assert lines[3].startswith("share of the updates: worker 0 ")
    assert lines[-1] == f"wrote {path}"
    assert sorted(tmp_path.rglob("*.csv")) == [path]


def test_json_and_nothing_else(tmp_path):
    path = tmp_path / "trace.csv"
    options = ("--over", "shared-memory", "--straggler", 2.5, "--json", "--out", path)
    done = staleness(*SHORT, *options)
    page = json.loads(done.stdout)
    assert page["file"] == str(path)
    assert page["mean_delay"] == pytest.approx(History.load(path).delays.mean())
    asked = page["settings"]
    assert (asked["over"], asked["straggler"], asked["workers"]) == ("shared memory", 2.5, 3)
    text = path.read_text() + done.stdout
    assert os.uname().nodename not in text
    assert str(ROOT) not in text


def test_a_problem_by_name(tmp_path):
    options = ("--problem", "breast-cancer", "--step", 0.01, "--updates", 20, "--workers", 2)
    done = staleness(*options, "--json", "--out", tmp_path / "trace.csv")
    settings = json.loads(done.stdout)["settings"]
    assert settings["problem"]["data"] == "breast-cancer"
    assert settings["step"] == {"label": "eta", "eta": 0.01}


def test_without_a_name_no_file_is_replaced(tmp_path):
    for _ in range(2):
        assert staleness(*SHORT, cwd=tmp_path).returncode == 0
    names = sorted(path.name for path in (tmp_path / "staleness-out").iterdir())
    assert names == ["record-1.csv", "record-2.csv"]


def test_a_file_is_replaced_only_if_asked(tmp_path):
    path = tmp_path / "trace.csv"
    path.write_text("precious")
    refused = staleness(*SHORT, "--out", path)
    assert refused.returncode == 2
    assert "--out needs a new file, got " in refused.stderr
    assert "give --overwrite to replace it" in refused.stderr
    assert path.read_text() == "precious"
    assert staleness(*SHORT, "--out", path, "--overwrite").returncode == 0
    assert History.load(path).updates == 60


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--workers", 0), "record needs a whole number workers >= 1, got 0"),
        (("--updates", 0), "record needs a whole number updates >= 1, got 0"),
        (("--straggler", 0.2), "record needs a number straggler >= 1, got 0.2"),
        (("--over", "air"), "record needs over = 'pipes' or 'shared memory', got 'air'"),
        (("--problem", "mnist"), "there is no problem 'mnist'; there are digits, "),
        (("--problem", "digits", "--dim", 3), "--dim is for the quadratic that is taken without"),
        (("--step", "nan"), "step sizes eta need finite values >= 0, got nan"),
        (("--timeout", 0), "record needs a number timeout >= 0.001, got 0.0"),
        (("--out", "trace.txt"), "--out needs a file name that ends in .csv, got trace.txt"),
        (("--out", "pyproject.toml/trace.csv"), "--out needs a folder that can be written to, got"),
    ],
)
def test_one_sentence_for_what_cannot_be_done(options, sentence, tmp_path, capsys):
    out = () if "--out" in options else ("--out", tmp_path / "trace.csv")
    with pytest.raises(SystemExit) as left:
        main(["record", *map(str, options), *map(str, out)])
    assert left.value.code == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"staleness: {sentence}")
    assert len(said.err.splitlines()) == 1
    assert not said.out
    assert not (tmp_path / "trace.csv").exists()


linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")


def computing(process):
    """Whether its workers are at it: each has computed for a while."""
    busy = workers_of(process).values()
    return len(busy) == 3 and min(busy) >= 40


@linux
@pytest.mark.parametrize("over", ["pipes", "shared-memory"])
def test_ctrl_c_writes_what_there_is(begin, over, tmp_path):
    path = tmp_path / "trace.csv"
    process = begin(*LONG, "--over", over, "--out", path)
    wait_for(lambda: computing(process))
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    past = History.load(path)
    assert 0 < past.updates < 10**6
    assert errors == f"staleness: interrupted after {past.updates} of 1000000 updates\n"
    assert f"{past.updates} updates by 3 workers" in output
    assert "# stopped early: interrupted" in path.read_text()
    wait_for(lambda: not alive(process.pid))


@linux
def test_ctrl_c_before_the_first_update_writes_nothing(begin, tmp_path):
    path = tmp_path / "trace.csv"
    process = begin(*LONG, "--gradient-time", 30, "--out", path)
    wait_for(lambda: len(workers_of(process)) == 3)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.endswith("staleness: interrupted after 0 of 1000000 updates\n")
    assert not path.exists()
    wait_for(lambda: not alive(process.pid))


@linux
@pytest.mark.parametrize("over", ["pipes", "shared-memory"])
def test_a_killed_worker_leaves_a_file(begin, over, tmp_path):
    path = tmp_path / "trace.csv"
    process = begin(*LONG, "--over", over, "--out", path)
    wait_for(lambda: computing(process))
    os.kill(min(workers_of(process)), signal.SIGKILL)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 3
    past = History.load(path)
    assert f"stopped after {past.updates} of 1000000 updates, which are in {path}: " in errors
    assert errors.endswith("was killed by signal 9\n")
    assert past.updates > 0


@linux
@pytest.mark.parametrize("over", ["pipes", "shared-memory"])
def test_workers_do_not_outlive_the_command(begin, over, tmp_path):
    process = begin(*LONG, "--over", over, "--out", tmp_path / "trace.csv")
    wait_for(lambda: computing(process))
    assert len(alive(process.pid)) >= 4
    process.kill()
    wait_for(lambda: not alive(process.pid))
