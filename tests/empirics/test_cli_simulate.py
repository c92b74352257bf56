"""`staleness simulate` and `staleness schedule` as a user types them."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import empirics.keeping
from empirics import measure, named, schedules, simulate
from empirics.cli import main
from empirics.recording import recorded_times, settings_of
from empirics.runs import Runs
from empirics.schedules import History, Messages

QUADRATIC = "quadratic:dim=3,mu=0.2"


@pytest.fixture
def staleness(capsys):
    """The command, in this process: its exit code and what it prints."""

    class Done:
        def __init__(self, *arguments):
            with pytest.raises(SystemExit) as left:
                main([str(a) for a in arguments])
            self.code = left.value.code or 0
            self.out, self.err = capsys.readouterr()

        @property
        def page(self):
            assert self.code == 0, self.err
            return json.loads(self.out)

    return Done


def small(out, *more, schedule=("uniform:3",), step="0.2"):
    numbers = ("--steps", 40, "--replicas", 8, "--out", out / "runs.nc", "--overwrite")
    return ("simulate", QUADRATIC, *schedule, "--step", step, *numbers, *more)


# ------------------------------------------------------------------ simulate


def test_what_is_saved_is_what_the_function_gives(staleness, tmp_path):
    done = staleness(*small(tmp_path))
    assert done.code == 0, done.err
    assert done.err == ""
    saved = Runs.load(tmp_path / "runs.nc")
    direct = simulate(
        named.problem(QUADRATIC), schedules.Uniform(3), step=0.2, steps=40, replicas=8
    )
    assert np.array_equal(saved.statistics.gap.mean, direct.statistics.gap.mean)
    assert saved.settings["schedule"] == {"kind": "Uniform", "tau_max": 3}
    lines = done.out.splitlines()
    assert lines[0].startswith("problem: quadratic, dim 3, L = 1 (exact)")
    assert "uniform:3: 40 updates, 8 replicas" in lines
    last = direct.statistics.gap
    words = f"{last.mean[-1]:.4g} +- {last.standard_error[-1]:.2g} (t = 40)"
    assert any(a.startswith("  gap") and words in a for a in lines)
    assert any(a.startswith(f"  delays: mean {direct.reads.mean:.4g}, median") for a in lines)
    assert lines[-1].startswith(f"wrote {tmp_path}/runs.nc (")


def test_json_holds_the_same_numbers(staleness, tmp_path):
    page = staleness(*small(tmp_path, "--json")).page
    runs = Runs.load(tmp_path / "runs.nc")
    (told,) = page["runs"]
    gap = told["measures"]["gap"]
    least = int(np.argmin(runs.statistics.gap.mean))
    assert gap["least"]["t"] == runs.times[least]
    assert gap["least"]["mean"] == runs.statistics.gap.mean[least]
    assert gap["first"]["t"] == 0
    assert gap["last"]["standard error"] == runs.statistics.gap.standard_error[-1]
    assert gap["average"] == measure.average_over_time(runs, "gap")
    assert told["delays"]["mean"] == runs.reads.mean
    assert told["diverged"] == {"replicas": 0, "first": None}
    assert (page["complete"], page["figure"], told["kept"]) == (True, None, False)


@pytest.mark.parametrize(
    "option",
    [
        ("--steps", 41),
        ("--replicas", 9),
        ("--seed", 1),
        ("--optimiser", "momentum:0.5"),
        ("--correction", "polynomial_weight"),
        ("--reuse",),
        ("--record", 7),
        ("--record", "log"),
        ("--record", "random:10"),
        ("--each",),
        ("--measure", "squared-distance"),
        ("--measure", "gap,direction"),
        ("--window", 3),
        ("--noise",),
        ("--step", "inverse_sqrt:0.2"),
    ],
    ids=lambda option: " ".join(map(str, option)),
)
def test_every_option_changes_what_is_told(option, staleness, tmp_path):
    option = tuple(map(str, option))
    usual = staleness(*small(tmp_path, "--json", "--steps", 300)).page["runs"][0]
    steps = () if "--steps" in option else ("--steps", 300)
    other = staleness(*small(tmp_path, "--json", *steps, *option)).page["runs"][0]
    assert not other["kept"]  # the key knows of it
    if option[0] == "--record":
        runs = Runs.load(tmp_path / "runs.nc")
        record = {"7": 7, "random:10": ("random", 10)}.get(option[1], option[1])
        assert np.array_equal(runs.times, recorded_times(record, 300))
        assert runs.settings["record"] == settings_of(record)
    elif option == ("--each",):
        assert Runs.load(tmp_path / "runs.nc").each["gap"].shape == (301, 8)
    else:
        assert other != usual


def test_without_a_name_no_other_run_is_overwritten(staleness, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = ("simulate", QUADRATIC, "uniform:3", "constant:1", "--steps", 10, "--json")
    runs = [staleness(*asked, "--step", step).page["runs"] for step in (0.1, 0.2, 0.1)]
    assert [told["kept"] for page in runs for told in page] == [False] * 4 + [True] * 2
    names = {told["file"] for page in runs for told in page}
    assert len(names) == 4
    assert all(name.startswith("staleness-out/quadratic-dim=3-mu=0.2-") for name in names)
    assert {told["file"] for told in runs[0]} == {told["file"] for told in runs[2]}
    assert Runs.load(runs[0][1]["file"]).settings["step"]["eta"] == 0.1


def test_processes_change_nothing(staleness, tmp_path):
    one = staleness(*small(tmp_path, "--json", "--replicas", 300)).page["runs"][0]
    (tmp_path / "runs.key").unlink()
    two = staleness(*small(tmp_path, "--json", "--replicas", 300, "--processes", 2)).page
    assert two["runs"][0] == one
    again = staleness(*small(tmp_path, "--json", "--replicas", 300)).page
    assert again["runs"][0] == one | {"kept": True}


def test_one_replica_has_no_standard_error(staleness, tmp_path):
    args = small(tmp_path, "--replicas", 1)
    done = staleness(*args, "--figure", tmp_path / "a.png")
    assert done.code == 0
    assert "+-" not in done.out
    first = staleness(*args, "--json").page["runs"][0]["measures"]["gap"]["first"]
    assert first["standard error"] is None


def test_an_average_over_time_needs_a_fair_share_of_all_times(staleness, tmp_path):
    for record, there in (("all", True), ("random:5", True), ("log", False), ("3", False)):
        done = staleness(*small(tmp_path, "--record", record))
        assert ("average over t" in done.out) is there, record
    lost = small(tmp_path, "--steps", 2000, schedule=("constant:5",), step="2")
    rows = [a for a in staleness(*lost).out.splitlines() if a.startswith("  gap")]
    assert rows[0].endswith("infinite")


def test_several_schedules_share_their_noise(staleness, tmp_path):
    both = ("constant:0", "cyclic:0,0")
    page = staleness(*small(tmp_path, "--json", schedule=both)).page
    one, other = page["runs"]
    assert one["measures"] == other["measures"]  # the very same bits
    files = [one["file"], other["file"]]
    assert files == [str(tmp_path / f"runs-{a}.nc") for a in ("constant-0", "cyclic-0-0")]
    assert Runs.load(files[1]).settings["schedule"]["kind"] == "Cyclic"


def test_the_figure_is_drawn(staleness, tmp_path):
    for suffix, begins in (("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")):
        path = tmp_path / "new" / f"curves.{suffix}"
        page = staleness(*small(tmp_path, "--json", "--figure", path)).page
        assert page["figure"] == str(path)
        assert path.read_bytes().startswith(begins)
    text = path.read_text()
    assert "dc:date" not in text
    # a panel more for a measure more
    more = tmp_path / "more.svg"
    staleness(*small(tmp_path, "--figure", more, "--measure", "gap,direction"))
    assert more.read_text().count('id="axes_') == text.count('id="axes_') + 1


def test_diverging_replicas_are_reported_and_no_error(staleness, tmp_path):
    args = small(tmp_path, "--steps", 2000, "--record", 50, schedule=("constant:5",), step="2")
    done = staleness(*args)
    assert done.code == 0
    assert "8 of 8 replicas diverged, the first by update " in done.out
    assert "infinite (t = 2000)" in done.out
    told = staleness(*args, "--json", "--figure", tmp_path / "a.png").page["runs"][0]
    assert told["diverged"]["replicas"] == 8
    assert told["measures"]["gap"]["last"]["mean"] is None
    assert "NaN" not in staleness(*args, "--json").out
    grown = staleness(*small(tmp_path, schedule=("constant:5",), step="2")).out
    assert "times as large as it began: try a smaller step" in grown
    assert "as large as it began" not in staleness(*small(tmp_path)).out


def test_finished_runs_are_kept_and_damaged_ones_are_not(staleness, tmp_path):
    both = ("constant:1", "uniform:3")
    args = small(tmp_path, "--json", schedule=both)
    first = staleness(*args).page["runs"]
    assert [a["kept"] for a in first] == [False, False]
    (tmp_path / "runs-uniform-3.nc").write_bytes(b"CDF\x02 not all of it")
    again = staleness(*args).page["runs"]
    assert [a["kept"] for a in again] == [True, False]
    assert again[1] == first[1]
    assert "[kept]" in staleness(*args[:-1][:0], *small(tmp_path, schedule=both)).out


def test_a_changed_program_keeps_nothing(staleness, tmp_path, monkeypatch):
    staleness(*small(tmp_path))
    monkeypatch.setattr(empirics.keeping, "code_version", lambda: "another")
    assert not staleness(*small(tmp_path, "--json")).page["runs"][0]["kept"]


def _interrupting(monkeypatch, when):
    """Send SIGINT from within the run number `when`, as Ctrl-C does."""
    calls = []
    original = empirics.keeping.simulate

    def simulate_and_interrupt(*arguments, **more):
        calls.append(arguments)
        if len(calls) == when:

            def progress(done, asked, inner=more["progress"]):
                inner(done, asked)
                signal.raise_signal(signal.SIGINT)

            more["progress"] = progress
        return original(*arguments, **more)

    monkeypatch.setattr(empirics.keeping, "simulate", simulate_and_interrupt)


def test_an_interrupted_command_keeps_what_is_finished(staleness, tmp_path, monkeypatch):
    three = ("constant:1", "uniform:3", "constant:2")
    args = small(tmp_path, "--json", "--replicas", 600, schedule=three)
    with monkeypatch.context() as patch:
        _interrupting(patch, when=2)
        done = staleness(*args, "--figure", tmp_path / "a.png")
    assert done.code == 130
    assert "interrupted after 1 of 3 schedules; the same command goes on from there" in done.err
    page = json.loads(done.out)
    assert page["complete"] is False
    assert [a["replicas"] for a in page["runs"]] == [600, 256]  # one tile of three
    assert not Runs.load(tmp_path / "runs-uniform-3.nc").complete
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")  # of what there is
    again = staleness(*args).page
    assert again["complete"] is True
    assert [a["kept"] for a in again["runs"]] == [True, False, False]
    assert [a["replicas"] for a in again["runs"]] == [600, 600, 600]


def test_nothing_finished_is_said_too(staleness, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(empirics.keeping, "simulate", stop)
    done = staleness(*small(tmp_path))
    assert done.code == 130
    assert "interrupted after 0 of 1 schedules" in done.err
    assert "wrote nothing" in done.out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a signal")
def test_ctrl_c_from_outside(tmp_path):
    many = [f"constant:{tau}" for tau in range(40)]
    args = map(str, small(tmp_path, "--steps", 400, "--replicas", 512, schedule=many))
    code = "import sys; from empirics.cli import main; main(sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    waited = time.monotonic()
    while not (tmp_path / "runs-constant-2.key").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - waited < 120
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "the same command goes on from there" in errors
    assert "Traceback" not in errors
    marks = list(tmp_path.glob("*.key"))
    assert 3 <= len(marks) < 40
    assert all(Runs.load(mark.with_suffix(".nc")).complete for mark in marks)
    assert not list(tmp_path.glob("part-*"))
    assert "constant:1: 400 updates" in out


def test_without_arguments_it_lists_what_there_is(staleness):
    text = staleness("simulate").out
    for name in ("quadratic (dim, mu", "uniform:tau_max", "adam (beta1", "picky:radius", "cosine:"):
        assert f"  {name}" in text
    page = staleness("simulate", "--json").page
    assert set(page) == {kind.noun for kind in named.LANGUAGE.kinds}
    assert page["schedule"]["constant"].startswith("tau_t = tau")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((QUADRATIC,), "simulate needs a schedule such as constant:4"),
        ((QUADRATIC, "constant:4"), "simulate needs a step size, such as --step 0.1"),
        (("x", "constant:4", "--step", 1), "there is no problem 'x'; there are digits"),
        ((QUADRATIC, "x", "--step", 1), "there is no schedule 'x'; there are constant"),
        ((QUADRATIC, "constant", "--step", 1), "schedule constant needs tau, got none"),
        ((QUADRATIC, "constant:1", "constant:1", "--step", 1), "got 'constant:1' twice"),
        ((QUADRATIC, "constant:1", "--step", "x"), "there is no step size 'x'; there are con"),
        ((QUADRATIC, "constant:1", "--step", -1), "need finite values >= 0, got -1.0 at t = 0"),
        ((QUADRATIC, "constant:1", "--step", "nan"), "need finite values >= 0, got nan"),
        ((QUADRATIC, "constant:1", "--step", "table:1,2"), "need 40 values, one a step"),
        ((QUADRATIC, "constant:1", "--step", 1, "--steps", 0), "steps >= 1, got 0"),
        ((QUADRATIC, "constant:1", "--step", 1, "--replicas", 0), "replicas >= 1, got 0"),
        ((QUADRATIC, "constant:1", "--step", 1, "--seed", -1), "seed >= 0, got -1"),
        ((QUADRATIC, "constant:1", "--step", 1, "--processes", 0), "processes >= 1, got 0"),
        ((QUADRATIC, "constant:1", "--step", 1, "--window", 1), "a window of at least 2"),
        ((QUADRATIC, "constant:1", "--step", 1, "--record", "x"), "--record needs all, log, a who"),
        ((QUADRATIC, "constant:1", "--step", 1, "--record", "random:x"), "or random:100, got 'ra"),
        ((QUADRATIC, "constant:1", "--step", 1, "--record", "random:0"), "m in record = ("),
        ((QUADRATIC, "constant:1", "--step", 1, "--record", 0), "record >= 1, got 0"),
        ((QUADRATIC, "constant:1", "--step", 1, "--measure", "x"), "--measure needs one of squa"),
        ((QUADRATIC, "constant:1", "--step", 1, "--measure", "time"), "a schedule of workers"),
        ((QUADRATIC, "constant:1", "--step", 1, "--against", "x"), "--against needs updates or"),
        ((QUADRATIC, "constant:1", "--step", 1, "--optimiser", "x"), "there is no optimiser 'x'"),
        ((QUADRATIC, "constant:1", "--step", 1, "--correction", "x"), "there is no correction"),
        ((QUADRATIC, "constant:1", "--step", 1, "--correction", "picky"), "picky needs radius"),
        ((QUADRATIC, "constant:1", "--step", 1, "--figure", "a.txt"), "ends in .png or .pdf"),
        ((QUADRATIC, "constant:1", "--step", 1, "--out", "a.csv"), "--out needs a file name that"),
        ((QUADRATIC, "history:nowhere", "--step", 1), "history needs a readable file, got nowhere"),
    ],
)
def test_every_mistake_has_its_sentence(arguments, sentence, staleness, tmp_path):
    more = ("--steps", 40) if "--steps" not in arguments else ()
    out = ("--out", tmp_path / "runs.nc") if "--out" not in arguments else ()
    done = staleness("simulate", *arguments, *more, *out)
    assert done.code == 2
    assert sentence in done.err
    assert done.err.count("\n") == 1
    assert not list(tmp_path.glob("*.nc"))


def test_long_specifications_have_short_file_names(staleness, tmp_path):
    many = [f"cyclic:{','.join('0' * n)}" for n in (300, 301)]
    page = staleness(*small(tmp_path, "--json", schedule=many)).page
    names = [told["file"] for told in page["runs"]]
    assert len(set(names)) == 2
    assert all(Runs.load(name).settings["schedule"]["kind"] == "Cyclic" for name in names)


def test_files_are_tried_before_anything_is_computed(staleness, tmp_path, monkeypatch):
    monkeypatch.setattr(empirics.keeping, "simulate", lambda *_, **__: 1 / 0)
    (tmp_path / "file").write_text("")
    (tmp_path / "a.png").mkdir()
    for option, path, sentence in (
        ("--out", tmp_path / "file" / "runs.nc", "--out needs a folder that can be written to"),
        ("--figure", tmp_path / "file" / "a.png", "--figure needs a folder that can be"),
        ("--figure", tmp_path / "a.png", "--figure needs a file, got the folder"),
    ):
        done = staleness(*small(tmp_path, option, path))
        assert done.code == 2
        assert sentence in done.err


def test_every_schedule_is_tried_before_any_is_simulated(staleness, tmp_path):
    for schedule, more, sentence in (
        ("uniform:3", ("--measure", "time"), "a schedule of workers to measure the"),
        ("ring:3", ("--correction", "picky:1"), "a correction"),
        ("recorded:equal", ("--steps", 2001), "needs at most its 2000 updates, got 2001"),
    ):
        done = staleness(*small(tmp_path, *more, schedule=("workers:2", schedule)))
        assert done.code == 2
        assert sentence in done.err
        assert list(tmp_path.iterdir()) == []


def test_the_command_loads_nothing_before_it_knows_what_to_do():
    code = (
        "import sys, empirics.cli; "
        "print({'numpy', 'scipy', 'matplotlib', 'theory', 'xarray'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# ------------------------------------------------------------------ schedule


def test_a_table_of_schedules(staleness):
    lines = staleness("schedule", "constant:4", "cyclic:0,1,2", "--updates", 300).out.splitlines()
    assert lines[0].split() == (
        "schedule mean median p99 longest in flight reads discarded time".split()
    )
    assert lines[1].split() == "constant:4 3.967 4 4 4 4 1 0 -".split()
    assert lines[2].split() == "cyclic:0,1,2 1 1 2 2 2 3 0 -".split()


def test_options_of_schedule_change_what_they_should(staleness):
    def told(*more):
        return staleness("schedule", "uniform:9", "--updates", 200, "--json", *more).page

    assert told() == told()
    for option in (("--seed", 1), ("--replica", 3), ("--updates", 201)):
        assert told(*option) != told(), option


def test_the_replica_is_that_of_simulate(staleness, tmp_path):
    done = staleness(
        "schedule", "uniform:9", "--updates", 50, "--replica", 300, "--out", tmp_path / "h.csv"
    )
    assert done.code == 0
    saved = History.load(tmp_path / "h.csv")
    direct = schedules.history(schedules.Uniform(9), 50, replica=300)
    assert np.array_equal(saved.delays, direct.delays)


def test_what_is_saved_replays(staleness, tmp_path):
    file = tmp_path / "h.csv"
    first = staleness("schedule", "uniform:9", "--updates", 60, "--out", file, "--json").page
    assert first["files"] == [str(file)]
    again = staleness("schedule", f"history:{file}", "--updates", 60, "--json").page
    one, two = first["schedules"][0], again["schedules"][0]
    for name in ("mean", "median", "p99", "longest", "flying", "reads", "discarded"):
        assert one[name] == two[name]
    args = ("--steps", 60, "--step", 0.1, "--replicas", 1, "--json")
    law, replay = (
        staleness("simulate", QUADRATIC, text, *args, "--out", tmp_path / name).page["runs"][0]
        for text, name in (("uniform:9", "law.nc"), (f"trace:{file}", "replay.nc"))
    )
    assert law["measures"] == replay["measures"]  # replica 0, to the last bit
    too_long = staleness("schedule", f"history:{file}", "--updates", 61)
    assert too_long.code == 2
    assert "needs at most its 60 updates" in too_long.err
    assert staleness("schedule", f"history:{file},repeat=true", "--updates", 61).code == 0


def test_what_ends_is_watched_to_its_end(staleness, tmp_path):
    file = tmp_path / "h.csv"
    first = staleness("schedule", "uniform:9", "--updates", 60, "--out", file, "--json").page
    whole = staleness("schedule", f"history:{file}", "--json").page
    assert whole["schedules"][0]["mean"] == first["schedules"][0]["mean"]
    both = staleness("schedule", f"history:{file}", "uniform:9", "--json").page["schedules"]
    assert both[0]["mean"] == both[1]["mean"]  # of as many updates
    usual = staleness("schedule", "uniform:9", "--json").page
    assert usual == staleness("schedule", "uniform:9", "--json", "--updates", 1000).page


def test_several_histories_have_a_file_each(staleness, tmp_path):
    page = staleness(
        "schedule", "constant:1", "uniform:3", "--out", tmp_path / "h.csv", "--json"
    ).page
    assert page["files"] == [str(tmp_path / f"h-{a}.csv") for a in ("constant-1", "uniform-3")]
    assert History.load(page["files"][0]).delays.max() == 1


def test_workers_know_the_time_and_caches_send_messages(staleness, tmp_path):
    page = staleness(
        "schedule", "workers:4,deterministic:2", "workers:4,oldest=1", "ring:4", "--updates", 400,
        "--out", tmp_path / "h.csv", "--json",
    ).page  # fmt: skip
    equal, discarding, ring = page["schedules"]
    assert (equal["mean"], equal["flying"], equal["time_per_update"]) == (2.985, 3, 0.5)
    assert discarding["discarded"] > 0
    assert discarding["longest"] == 1
    past = History.load(page["files"][1])
    assert (past.applied < 0).sum() == discarding["discarded"]
    # 3 caches at distance 0, 1, 1 are reached after one iteration, that across after two
    assert (ring["mean"], ring["longest"], ring["flying"]) == (1.25, 2, None)
    sent = schedules.messages(named.schedule("ring:4"), 400)
    assert np.array_equal(Messages.load(page["files"][2]).arrives, sent.arrives)
    assert "ring:4" in staleness("schedule", "ring:4").out


def test_the_space_time_diagram_is_drawn(staleness, tmp_path):
    texts, path = ("workers:3", "uniform:2"), tmp_path / "st.svg"
    done = staleness("schedule", *texts, "--figure", path)
    assert f"wrote {path}" in done.out
    usual = path.read_text()
    assert usual.startswith("<?xml")
    assert usual.count('id="axes_') == 2
    staleness("schedule", *texts, "--figure", path, "--shown", "12-20")
    assert path.read_text() != usual
    staleness("schedule", "ring:4", "--figure", path, "--histogram", tmp_path / "h.svg")
    assert "iteration" in path.read_text()
    done = staleness("schedule", *texts, "--shown", "12-20")
    assert done.code == 2
    assert "--shown says what to draw of --figure" in done.err
    for shown in ("0", "5-5", "x", "10-2000", "5-4"):
        done = staleness("schedule", *texts, "--figure", path, "--shown", shown)
        assert done.code == 2
        assert f"--shown needs such as 20 or 100-130, within 0-1000, got '{shown}'" in done.err


def test_curves_against_time(staleness, tmp_path):
    both = ("workers:2", "workers:4")
    args = small(tmp_path, "--against", "time", schedule=both)
    page = staleness(*args, "--json", "--figure", tmp_path / "a.svg").page
    slow, fast = (told["delays"]["time_per_update"] for told in page["runs"])
    assert slow == pytest.approx(1 / 2, rel=0.3)
    assert fast == pytest.approx(1 / 4, rel=0.3)
    plain = staleness(*small(tmp_path, schedule=both), "--json").page
    assert plain["runs"][0]["delays"]["time_per_update"] is None
    refused = staleness(*small(tmp_path, "--against", "time", schedule=("uniform:3",)))
    assert refused.code == 2
    assert "a schedule of workers" in refused.err


def test_real_workers_that_were_recorded(staleness, tmp_path):
    page = staleness("schedule", "recorded:straggler", "--out", tmp_path / "h.csv", "--json").page
    past = schedules.recorded("straggler").until(1000)
    told = page["schedules"][0]
    assert told["mean"] == past.delays.mean()
    assert told["time_per_update"] == pytest.approx(past.ended[-1] / 1000)
    assert np.array_equal(History.load(tmp_path / "h.csv").worker, past.worker)
    done = staleness(*small(tmp_path, "--against", "time", schedule=("recorded:equal",)))
    assert done.code == 0
    none = staleness("schedule", "recorded:nobody")
    assert none.code == 2
    assert "there is no recorded history 'nobody'; there are equal, straggler" in none.err


def test_caches_and_their_disagreement(staleness, tmp_path):
    args = small(tmp_path, "--measure", "disagreement", schedule=("caches:3,uniform:2",))
    done = staleness(*args)
    assert done.code == 0
    assert "messages between caches, in iterations: mean" in done.out
    told = staleness(*args, "--json").page["runs"][0]
    assert told["measures"]["disagreement"]["last"]["mean"] > 0
    assert told["delays"]["longest"] == 3


def test_finished_runs_of_other_settings_are_not_replaced_unasked(staleness, tmp_path):
    command = tuple(a for a in small(tmp_path) if a != "--overwrite")
    assert staleness(*command).code == 0
    there = (tmp_path / "runs.nc").read_bytes()
    assert "[kept]" in staleness(*command).out  # the same again is no replacement
    refused = staleness(*command, "--seed", 1)
    assert refused.code == 2
    assert "is there and holds other runs, or none; name another file with --out" in refused.err
    assert (tmp_path / "runs.nc").read_bytes() == there
    assert staleness(*command, "--seed", 1, "--overwrite").code == 0
    assert (tmp_path / "runs.nc").read_bytes() != there
    (tmp_path / "runs.nc").write_text("not ours")
    (tmp_path / "runs.key").unlink()
    assert staleness(*command).code == 2
    assert (tmp_path / "runs.nc").read_text() == "not ours"


def test_the_worst_delays_for_this_problem_and_step(staleness, tmp_path):
    texts = ("constant:3", "adversarial:tau_max=3")
    args = ("--steps", 30, "--step", 0.7, "--replicas", 1, "--json", "--out", tmp_path / "r.nc")
    page = staleness("simulate", "noiseless:quadratic", *texts, *args).page
    usual, worst = (a["measures"]["squared gradient"]["last"]["mean"] for a in page["runs"])
    assert worst > usual


def test_the_histogram_is_drawn(staleness, tmp_path):
    path = tmp_path / "delays.svg"
    done = staleness("schedule", "constant:4", "uniform:8", "--histogram", path)
    assert f"wrote {path}" in done.out
    assert path.read_text().startswith("<?xml")


def test_without_a_schedule_it_lists_them(staleness):
    text = staleness("schedule").out
    for name in named.SCHEDULES.table:
        assert any(line.startswith(f"  {name}") for line in text.splitlines()), name
    assert "optimisers" not in text


def test_more_memory_than_there_is(staleness, monkeypatch):
    def draw(*_, **__):
        raise MemoryError("Unable to allocate 72.8 TiB")

    monkeypatch.setattr(schedules.Uniform, "draw", draw)
    done = staleness("schedule", "uniform:3")
    assert done.code == 2
    assert done.err == "staleness: there is not enough memory: Unable to allocate 72.8 TiB\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("x",), "there is no schedule 'x'; there are constant"),
        (("constant:1", "constant:1"), "every schedule is needed once, got 'constant:1' twice"),
        (("constant:1", "--updates", 0), "steps >= 1, got 0"),
        (("constant:1", "--seed", -1), "seed >= 0, got -1"),
        (("constant:1", "--replica", -1), "replica >= 0, got -1"),
        (("constant:1", "--out", "a.nc"), "--out needs a file name that ends in .csv"),
        (("constant:1", "--histogram", "a.txt"), "--histogram needs a file name that ends in"),
    ],
)
def test_mistakes_in_schedule(arguments, sentence, staleness):
    done = staleness("schedule", *arguments)
    assert done.code == 2
    assert sentence in done.err
    assert done.err.count("\n") == 1


def test_an_interrupt_while_a_schedule_is_watched_says_so(staleness, tmp_path, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("empirics.schedules.history", stopped)
    done = staleness("schedule", "workers:3", "--out", tmp_path / "h.csv")
    assert done.code == 130
    assert done.err == "staleness: interrupted; nothing was written\n"
    assert not list(tmp_path.iterdir())
