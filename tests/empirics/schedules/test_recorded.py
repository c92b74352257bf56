"""The histories of real workers that come with the package, and what their README says of them."""

import re
from pathlib import Path

import numpy as np
import pytest

from empirics import problems, schedules, simulate
from empirics.schedules import recorded as recorded_function
from empirics.schedules.recorded import RECORDED

FOLDER = Path(schedules.__file__).parent / "recorded"
NAMES = list(RECORDED)


def row(name):
    """The cells of its row in the table of the README."""
    text = (FOLDER / "README.md").read_text()
    (line,) = re.findall(rf"^\| `{name}` \|(.*)\|$", text, re.MULTILINE)
    return [cell.strip() for cell in line.split("|")]


def test_every_file_has_a_name_and_every_name_a_file():
    assert {path.stem for path in FOLDER.glob("*.csv")} == set(NAMES)
    assert recorded_function is schedules.recorded


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_small_and_says_how_it_came_to_be(name):
    path = FOLDER / f"{name}.csv"
    assert path.stat().st_size < 100_000
    past, head = schedules.recorded(name), path.read_text().split("worker,read", 1)[0]
    over = "shared memory" if name == "shared-memory" else "pipes"
    assert f"recorded by {past.workers} processes over {over}" in head
    assert ("by worker 0" in head) == (name == "straggler")
    assert re.search(r"2 cores, load \d+\.\d before it began, \w+, Python 3\.\d+\.\d+, NumPy", head)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_readme_says_is_so(name):
    past = schedules.recorded(name)
    options, load, mean, median, most, shares = row(name)
    assert f"--workers {past.workers}" in options
    assert ("--straggler 4" in options) == (name == "straggler")
    assert ("--over shared-memory" in options) == (name == "shared-memory")
    assert f"load {load} before" in (FOLDER / f"{name}.csv").read_text()
    delays = past.delays
    assert float(mean) == pytest.approx(delays.mean(), abs=5e-5)
    assert int(median) == np.percentile(delays, 50, method="inverted_cdf")
    assert int(most) == delays.max()
    counted = np.bincount(past.worker, minlength=past.workers) / past.updates * 100
    assert [int(share) for share in shares.split()] == np.round(counted).astype(int).tolist()


@pytest.mark.parametrize("name", NAMES)
def test_delays_and_ages_add_up(name):
    past = schedules.recorded(name)
    T, W = past.updates, past.workers
    assert T == 2000
    idle = ages = 0
    for w in range(W):
        mine = past.worker == w
        read, applied = past.read[mine], past.applied[mine]
        assert read[0] == 0
        idle += (read[1:] - applied[:-1] - 1).sum()
        ages += T - 1 - applied[-1]  # the gradient in flight, read at once
    assert (name == "shared-memory") == (idle > 0)
    assert past.delays.sum() + ages + idle == (W - 1) * T


def test_a_straggler_delivers_less_and_a_crowd_is_later():
    slow = schedules.recorded("straggler")
    assert (slow.worker == 0).mean() < 0.15
    means = {name: schedules.recorded(name).delays.mean() for name in NAMES}
    assert means["crowded"] > 6.9 > 3 > max(means[name] for name in NAMES if name != "crowded")


@pytest.mark.parametrize("name", NAMES)
def test_it_replays(name):
    past, problem = schedules.recorded(name), problems.quadratic(dim=2, mu=0.5, L=1.0)
    options = {"step": 0.05, "steps": 2000, "replicas": 2, "record": [0, 2000]}
    runs = simulate(problem, past.replay(), measures=("gap", "time"), **options)
    np.testing.assert_array_equal(runs.delays, past.delays)
    assert runs.statistics.time.mean[-1] == past.ended[-1]
    xs = [problem.start]  # the same by hand
    for t, tau in enumerate(past.delays):
        xs.append(xs[t] - 0.05 * (problem.spectrum * xs[t - tau]))
    assert runs.statistics.gap.mean[-1] == pytest.approx(problem.value(xs[-1]), rel=1e-12)


def test_there_is_no_other():
    sentence = "there is no recorded history 'mine'; there are equal, straggler, crowded, shared-"
    with pytest.raises(ValueError, match=sentence):
        schedules.recorded("mine")
