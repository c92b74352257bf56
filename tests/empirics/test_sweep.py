"""Studies are checked before they run, survive being killed, and do not care who runs them."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray

from empirics import named, schedules, simulate
from empirics.report import report
from empirics.runs import Runs
from empirics.sweep import Study, sweep

ROOT = Path(__file__).parents[2]
CODE = "import sys; from empirics.cli import main; sys.argv[0] = 'staleness'; main()"
AXES = {
    "problem": ["quadratic:dim=3,mu=0.1,sigma=0.5"],
    "schedule": ["constant:{s}", "uniform:{s}"],
    "s": [0, 3],
    "optimiser": ["sgd", "momentum:0.5"],
    "step": [0.1, 0.2],
    "seed": [0, 1],
}
TOML = """
# what delays do
steps = 60
replicas = 8

problem = "quadratic:dim=3,mu=0.1,sigma=0.5"
schedule = ["constant:{s}", "uniform:{s}"]
s = [0, 3]
step = [0.1, 0.2]
"""


def study(**changes):
    return Study(**{"axes": AXES, "steps": 60, "replicas": 8, **changes})


def command(*arguments, **more):
    return subprocess.run(
        [sys.executable, "-c", CODE, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        **more,
    )


def same(one, other):
    xarray.testing.assert_identical(one, other)


# ---- results ----


def test_a_cell_is_what_simulate_gives(tmp_path):
    table = sweep(study(), tmp_path)
    place = {"schedule": "uniform:{s}", "s": 3, "optimiser": "momentum:0.5", "step": 0.2, "seed": 1}
    runs = simulate(
        named.problem(AXES["problem"][0]),
        named.schedule("uniform:3"),
        step=0.2,
        steps=60,
        replicas=8,
        seed=1,
        optimiser=named.optimiser("momentum:0.5"),
        record="log",
    )
    here = table.sel(place).isel(problem=0)
    np.testing.assert_array_equal(here["gap_mean"], runs.statistics.gap.mean)
    np.testing.assert_array_equal(here["gap_error"], runs.statistics.gap.standard_error)
    np.testing.assert_array_equal(here["time"], runs.times)
    assert float(here["mean_delay"]) == runs.reads.mean
    assert float(here["lost"]) == 0
    other = table.sel({**place, "seed": 0}).isel(problem=0)
    assert (other["gap_mean"] != here["gap_mean"]).any()
    assert dict(table.sizes)["seed"] == 2
    assert np.isfinite(table["gap_mean"]).all()


def test_every_axis_changes_something(tmp_path):
    table = sweep(study(), tmp_path)["gap_mean"].isel(time=-1, problem=0)
    for axis in ("s", "optimiser", "step", "seed"):
        assert (table.isel({axis: 0}) != table.isel({axis: 1})).all()
    uniform, constant = (table.sel(schedule=f"{law}:{{s}}", s=3) for law in ("uniform", "constant"))
    assert (uniform != constant).all()
    at_zero = [table.sel(schedule=f"{law}:{{s}}", s=0) for law in ("uniform", "constant")]
    np.testing.assert_array_equal(*at_zero)  # negative control: no delay is no delay


def test_delays_may_be_called_tau(tmp_path):
    axes = {**AXES, "schedule": ["constant:{tau}"], "tau": [0, 3]}
    del axes["s"]
    assert sweep(study(axes=axes), tmp_path)["gap_mean"].sizes["tau"] == 2


def test_the_files_hold_the_table(tmp_path):
    table = sweep(study(), tmp_path)
    with xarray.open_dataset(tmp_path / "sweep.nc", engine="scipy") as again:
        np.testing.assert_array_equal(again["gap_mean"], table["gap_mean"])
        assert [
            v.decode() if isinstance(v, bytes) else v for v in again["schedule"].values
        ] == list(AXES["schedule"])
    rows = (tmp_path / "sweep.csv").read_text().splitlines()
    assert rows[0].split(",")[:4] == ["problem", "schedule", "s", "optimiser"]
    assert len(rows) == 1 + 2 * len(study().cells)
    assert not list(tmp_path.glob("part-*"))


def test_processes_leave_no_trace(tmp_path):
    one = sweep(study(), tmp_path / "one")
    two = sweep(study(), tmp_path / "two", processes=2)
    same(one, two)


def test_finished_cells_are_not_run_again(tmp_path):
    there = []
    whole = sweep(study(), tmp_path, progress=lambda cell, kept: there.append(kept))
    assert there == [False] * 32
    there.clear()
    same(sweep(study(), tmp_path, progress=lambda cell, kept: there.append(kept)), whole)
    assert there == [True] * 32
    files = sorted((tmp_path / "cells").glob("*.nc"))
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:100])  # damaged
    there.clear()
    same(sweep(study(), tmp_path, progress=lambda cell, kept: there.append(kept)), whole)
    assert there.count(False) == 2
    there.clear()
    sweep(study(steps=61), tmp_path, progress=lambda cell, kept: there.append(kept))
    assert there == [False] * 32  # other settings are other cells


def test_an_interrupt_keeps_what_is_finished(tmp_path):
    def stop(cell, kept):
        if len(list((tmp_path / "cells").glob("*.nc"))) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(study(), tmp_path, progress=stop)
    with xarray.open_dataset(tmp_path / "sweep.nc", engine="scipy") as part:
        assert int(np.isfinite(part["lost"]).sum()) == 5
    fresh = sweep(study(), tmp_path / "fresh")
    same(sweep(study(), tmp_path), fresh)


def test_diverged_replicas_are_counted_and_infinite(tmp_path):
    axes = {**AXES, "step": [0.1, 50.0], "optimiser": ["sgd"]}
    table = sweep(study(axes=axes, steps=300), tmp_path)
    wild = table.sel(step=50.0)
    assert (wild["lost"] == 8).all()
    assert np.isinf(wild["gap_mean"].isel(time=-1)).all()
    assert (table.sel(step=0.1)["lost"] == 0).all()


def test_replicas_that_left_their_region_are_counted(tmp_path):
    axes = {**AXES, "problem": ["double_well:radius=1.2,sigma=2"], "step": [0.001, 0.05]}
    axes |= {"schedule": ["constant:{s}"], "optimiser": ["sgd"], "seed": [0]}
    table = sweep(study(axes=axes), tmp_path).squeeze()
    assert (table["left"].sel(step=0.001) == 0).all()
    assert (table["left"].sel(step=0.05) > 0).all()
    runs = simulate(
        named.problem(axes["problem"][0]), schedules.Constant(3), step=0.05, steps=60, replicas=8
    )
    assert float(table["left"].sel(step=0.05, s=3)) == (runs.left_at >= 0).sum()
    with (tmp_path / "sweep.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert {(float(line["step"]) > 0.01) == (float(line["left"]) > 0) for line in lines} == {True}
    page = report(tmp_path)
    assert "Replicas that left the region of their problem" in page
    assert "In 2 cells; the constants of the problem hold in it only." in page


# ---- being killed ----


def test_kill_at_any_moment_costs_the_cells_in_flight(tmp_path):
    """SIGKILL to the whole group, twice at odd moments; the same command then finishes."""
    path = tmp_path / "study.toml"
    path.write_text(TOML.replace("steps = 60", "steps = 5000") + "seed = [0, 1]\n")
    out, arguments = tmp_path / "out", ("sweep", path, "--processes", 2)
    counts = []
    for wanted in (1, 4):
        running = subprocess.Popen(
            [sys.executable, "-c", CODE, *map(str, arguments), "--out", str(out)],
            cwd=ROOT,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        finished = 0
        for _ in range(3000):
            finished = len(list((out / "cells").glob("[!p]*.nc")))
            if finished >= wanted or running.poll() is not None:
                break
            time.sleep(0.02)
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        counts.append(len(list((out / "cells").glob("[!p]*.nc"))))
    assert counts[1] >= counts[0] >= 1
    for file in (out / "cells").glob("[!p]*.nc"):
        Runs.load(file)  # whole
    done = command(*arguments, "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    page = json.loads(done.stdout)
    assert page["kept"] >= counts[1]
    assert page["kept"] + page["ran"] == page["cells"] == 16
    fresh = command(*arguments, "--out", tmp_path / "fresh", "--json")
    assert json.loads(fresh.stdout)["kept"] == 0
    with (
        xarray.open_dataset(out / "sweep.nc", engine="scipy") as one,
        xarray.open_dataset(tmp_path / "fresh" / "sweep.nc", engine="scipy") as other,
    ):
        same(one, other)


def test_a_process_that_dies_costs_nothing(tmp_path):
    """One of our own processes is killed in the middle; the sweep hands its cells out again."""
    import multiprocessing

    killed = []

    def kill(cell, kept):
        if not killed and (children := multiprocessing.active_children()):
            killed.append(children[0].pid)
            os.kill(children[0].pid, signal.SIGKILL)

    table = sweep(study(steps=2000), tmp_path / "hit", processes=2, progress=kill)
    assert killed
    same(table, sweep(study(steps=2000), tmp_path / "fresh"))


def test_a_cluster_gives_the_same_and_survives_the_death_of_a_worker(tmp_path):
    """A real local cluster of separate processes, one of which is killed in the middle."""
    distributed = pytest.importorskip("distributed")
    script = tmp_path / "cluster.py"
    axes = {**AXES, "seed": [0], "optimiser": ["sgd"]}
    script.write_text(
        f"""
import os, signal, sys
sys.path.insert(0, {str(ROOT)!r})
from distributed import Client, LocalCluster
from empirics.sweep import Study, sweep

def main():
    study = Study(axes={axes!r}, steps=2000, replicas=8)
    killed = []
    options = {{"threads_per_worker": 1, "processes": True, "dashboard_address": None}}
    cluster = LocalCluster(n_workers=2, **options)
    with cluster, Client(cluster) as client:
        def kill(cell, kept):
            if not killed:
                killed.append(next(iter(client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)
        sweep(study, {str(tmp_path / "there")!r}, executor=client, progress=kill)
    print("killed", len(killed))

if __name__ == "__main__":
    main()
"""
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=300, cwd=tmp_path
    )
    assert "killed 1" in done.stdout, done.stderr[-2000:]
    here = sweep(study(axes=axes, steps=2000), tmp_path / "here")
    with xarray.open_dataset(tmp_path / "there" / "sweep.nc", engine="scipy") as there:
        np.testing.assert_array_equal(there["gap_mean"], here["gap_mean"])
    assert distributed.__version__


# ---- the file ----


def test_a_file_is_a_study(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(TOML)
    found = Study.load(path)
    assert found.shape == (1, 2, 2, 2)
    assert found.cells[3].asked == {
        "problem": "quadratic:dim=3,mu=0.1,sigma=0.5",
        "schedule": "constant:3",
        "step": 0.2,
    }


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("replicas = 8", "copies = 8", r"a study has no use for copies \(line 4\): it is not"),
        ("s = [0, 3]", "", r"a study needs an axis s, which schedule speaks of \(line 7\)"),
        ("s = [0, 3]", "s = []", r"a list of values for s, got \[\] \(line 8\)"),
        ("s = [0, 3]", "s = [0, 0]", r"different values for s, got \[0, 0\] \(line 8\)"),
        ("s = [0, 3]", "s = [0, -3]", r"the cell .* s = -3, .* cannot run: .* got -3"),
        ("s = [0, 3]", "s = [[0], 3]", r"a study needs words or numbers for s, got \[0\] \(line 8"),
        ("steps = 60", "steps = 0", r"cannot run: simulate needs a whole number steps >= 1, got 0"),
        ("steps = 60\n", "", r"a study needs steps, the updates of every run, got none"),
        ("step = [0.1, 0.2]", "step = [nan]", r"cannot run: step sizes .* \(line 9\)"),
        ("step = [0.1, 0.2]", "", r"a study needs the axes problem, schedule, step, got no step"),
        ("uniform:{s}", "normal:{s}", r"cannot run: there is no schedule 'normal'; .* \(line 7\)"),
        ('"quadratic:', '"cubic:', r"cannot run: there is no problem 'cubic'; .* \(line 6\)"),
        ("steps = 60", "steps = 60\nrecord = 'often'", r"a study needs record = .*\(line 4\)"),
        ("steps = 60", "steps = 60\ntime = [1]", r"cannot have an axis 'time' \(line 4\)"),
        ("steps = 60", "steps = 60\nlost = [1]", r"cannot have an axis 'lost' \(line 4\)"),
        ("steps = 60", "steps = 60\nleft = [1]", r"cannot have an axis 'left' \(line 4\)"),
        ("steps = 60", "steps = 60\nreuse = 'no'", r"reuse = True or False, got 'no'"),
        ("steps = 60", "steps = 60\n[more]\na = 1", r"a study needs no sections, got \[more\]"),
        ("steps = 60", "steps = = 60", r"study.toml is not TOML: .*line 3"),
        (
            "steps = 60",
            "steps = 60\nreuse = true\ncorrection = 'picky:-1'",
            r"cannot run: .*picky",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line_before_anything_runs(old, new, sentence, tmp_path):
    path = tmp_path / "study.toml"
    assert old in TOML
    path.write_text(TOML.replace(old, new))
    with pytest.raises(ValueError, match=sentence):
        Study.load(path)
    done = command("sweep", path, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_no_file_and_no_text(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a study needs an existing file, got .*none.toml"):
        Study.load(tmp_path / "none.toml")
    (tmp_path / "raw.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"a study needs a readable text file"):
        Study.load(tmp_path / "raw.toml")
    with pytest.raises(
        ValueError, match=r"sweep needs an executor of concurrent.futures or a dask"
    ):
        sweep(study(), tmp_path, executor="cluster")
    with pytest.raises(ValueError, match=r"sweep needs a whole number processes >= 1, got 0"):
        sweep(study(), tmp_path, processes=0)


def test_the_command(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(TOML)
    dry = command("sweep", path, "--dry")
    assert dry.stdout.strip() == "8 cells can run: 1 problem x 2 schedule x 2 s x 2 step"
    done = command("sweep", path)
    assert done.returncode == 0, done.stderr
    assert "8 cells ran, 0 were there; replicas diverged in 0" in done.stdout
    assert (tmp_path / "study-sweep" / "sweep.nc").exists()
    again = json.loads(command("sweep", path, "--json").stdout)
    assert (again["ran"], again["kept"], again["complete"]) == (0, 8, True)
    nowhere = command("sweep", path, "--cluster", "tcp://127.0.0.1:9", "--out", tmp_path / "x")
    assert nowhere.returncode == 2
    assert "sweep finds no scheduler at tcp://127.0.0.1:9" in nowhere.stderr
