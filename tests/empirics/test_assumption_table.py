"""The table of assumptions, the limits of expected coherence, and what the command prints."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from empirics import assumption_table, compare, problems, schedules, simulate, steps_for
from empirics.measure import coherence, coherence_limits, expected_margin
from empirics.problems.base import Constant
from theory.results import dai2019, lian2015

NOISY = problems.quadratic(spectrum=[0.3, 1.0], sigma=0.5, noise="gaussian", start=[2.0, 1.0])
FULL = {
    "noise": True,
    "smoothness": True,
    "measures": ("squared gradient", "gap", "squared gradient at read points", "direction"),
}


def table(theorem=lian2015.nonconvex, problem=NOISY, delay=2, constants=None, **more):
    schedule = schedules.Constant(delay)
    rule = steps_for(theorem, problem, schedule, steps=60, mu=0.5)
    runs = simulate(problem, schedule, step=rule, steps=60, **{**FULL, "window": delay + 1, **more})
    if constants:
        runs = replace(runs, constants={**runs.constants, **constants})
    return assumption_table(compare(theorem, runs, mu=0.5), runs), runs


def marks(found):
    return {row.assumption: row.mark for row in found.rows}


def test_rows_are_the_checks_of_the_verdict():
    found, runs = table()
    verdict = compare(lian2015.nonconvex, runs, mu=0.5)
    assert [row.assumption for row in found.rows] == [c.assumption for c in verdict.checks]
    assert [row.evidence for row in found.rows] == [c.words for c in verdict.checks]
    assert set(marks(found).values()) == {"pass"}
    assert found.met


@pytest.mark.parametrize(
    ("provenance", "value", "mark"),
    [("exact", 1.0, "pass"), ("estimate", 1.0, "estimated"), ("bound", 0.9, "fail")],
)
def test_every_mark_has_a_run_that_deserves_it(provenance, value, mark):
    L = Constant(value=value, provenance=provenance, why="a guess")
    found, _ = table(constants={"L": L})
    assert marks(found)["smooth"] == mark
    assert found.met == (mark == "pass")


def test_what_was_not_measured_is_unknown_and_says_what_to_ask_for():
    found, _ = table(dai2019.sharp, window=0, noise=False, smoothness=False, measures=())
    assert marks(found)["gradient coherence"] == "unknown"
    along = dict(found.along)
    assert along["noise"] == "not measured; simulate with noise=True"
    assert along["smoothness"] == "not measured; simulate with smoothness=True"
    assert along["coherence"] == "not measured; simulate with window=s"
    assert 'measures=("direction", ...)' in along["direction"]


def test_along_the_runs_stands_what_the_statistics_hold():
    found, runs = table(dai2019.sharp)
    along, s = dict(found.along), runs.statistics
    assert along["concurrency"].startswith(f"at most {runs.reads.flying} gradients")
    assert f"{np.nanmax(s.smoothness):.6g} over the pairs" in along["smoothness"]
    assert along["noise"].startswith("E|xi|^2 <= 0.25 ")
    assert along["exogeneity"] == "the schedule does not look at the noise"
    assert along["coherence, expected"].startswith(f"{coherence(runs).expected.min():.4g} at t = ")
    assert along["coherence, pathwise"].startswith(f"{np.nanmin(s.coherence_min):.4g} at t = ")
    assert f"{np.sqrt(s.squared_norm.mean.max()):.4g}, at most" in along["gradients"]


def test_lost_replicas_are_named_and_leave_no_limit():
    theorem = lian2015.nonconvex
    runs = simulate(NOISY, schedules.Constant(2), step=20.0, steps=400, window=3, **FULL)
    found = assumption_table(compare(theorem, runs), runs)
    along = dict(found.along)
    assert along["divergence"].startswith(runs.divergence)
    assert along["coherence, expected"] == "not defined, replicas are lost"
    assert along["gradients"] == "no limit, replicas are lost"
    assert "until some are lost" in along["coherence, pathwise"]
    assert not found.met


def test_text_fits_a_page_and_holds_every_word():
    found, _ = table(dai2019.sharp)
    lines = found.lines()
    assert max(map(len, lines)) <= 100
    words = " ".join(" ".join(lines).split())
    for row in found.rows:
        assert row.evidence in words
        assert f"{row.assumption} " in words
    for name, evidence in found.along:
        assert f"{name} {evidence}" in words
    assert json.loads(json.dumps(found.to_dict()))["rows"][0]["mark"] == "pass"


# ------------------------------------------------------------------ limits of coherence


def some(**more):
    options = {"step": 0.6, "steps": 12, "window": 3, "replicas": 64, **more}
    return simulate(NOISY, schedules.Constant(2), **options)


def test_limits_are_where_the_margin_can_no_longer_be_zero():
    """Fieller's limits solve what `expected_margin` says of each level, time and lag."""
    runs = some()
    found = coherence_limits(runs, alpha=0.05)
    q = -stats.t.ppf(0.05 / 39, df=63)
    for level, sign in ((found.lower, 1), (found.upper, -1)):
        margin = expected_margin(runs, level)
        with np.errstate(invalid="ignore", divide="ignore"):
            t = sign * margin.mean / margin.standard_error
        t = t[1:, 1:]  # x_0 is not random, a gradient agrees with itself
        if sign == 1:
            assert t.min() == pytest.approx(q, rel=1e-6)
        else:
            assert t.max() == pytest.approx(q, rel=1e-6)
    assert found.estimate == coherence(runs).expected.min()
    assert found.lower < found.estimate < found.upper


def test_limits_hold_the_true_level_as_often_as_they_say():
    true = coherence_limits(some(replicas=40_000), alpha=0.5).estimate
    several = [coherence_limits(some(seed=seed), alpha=0.2) for seed in range(200)]
    most = stats.binom.ppf(1 - 1e-6, 200, 0.2)
    assert sum(a.lower > true for a in several) <= most
    assert sum(a.upper < true for a in several) <= most
    assert sum(a.estimate > true for a in several) + sum(a.estimate < true for a in several) > most


def test_limits_are_wider_with_more_asked_and_less_seen():
    runs = some()
    wide, narrow = coherence_limits(runs, 1e-6), coherence_limits(runs, 0.1)
    assert wide.lower < narrow.lower
    assert narrow.upper < wide.upper
    assert coherence_limits(runs, 0.1, window=1).estimate == 1.0
    alone = coherence_limits(some(replicas=1), 0.1)
    assert (alone.lower, alone.upper) == (-np.inf, np.inf)
    quiet = simulate(problems.noiseless(NOISY), schedules.Constant(2), step=0.6, steps=9, window=3)
    exact = coherence_limits(quiet, 0.1)
    assert exact.lower == exact.upper == exact.estimate


@pytest.mark.parametrize("problem", [NOISY, problems.noiseless(NOISY)])
def test_lost_replicas_leave_no_limit(problem):
    runs = simulate(problem, schedules.Constant(2), step=20.0, steps=400, window=3)
    found = coherence_limits(runs, 0.1)
    assert np.isnan(found.estimate)
    assert (found.lower, found.upper) == (-np.inf, np.inf)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"alpha": 0.0}, "0 < alpha < 1"),
        ({"alpha": 0.1, "window": 4}, "a window in 1, ..., 3, got 4"),
        ({"alpha": 0.1, "window": 0}, "got 0"),
    ],
)
def test_no_limits(more, words):
    with pytest.raises(ValueError, match=words):
        coherence_limits(some(), **more)


def test_no_window_no_limits():
    with pytest.raises(ValueError, match="coherence limits needs runs with a window"):
        coherence_limits(some(window=0), 0.1)


# ------------------------------------------------------------------ the command


def staleness(*arguments):
    code = "from empirics.cli import main; main()"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_prints_the_table(tmp_path):
    asked = [
        "check", "dai2019.sharp", "--problem", "quadratic", "--staleness", 2, "--mu", 0.5,
        "--steps", 30, "--out", tmp_path, "--assumptions",
    ]  # fmt: skip
    done = staleness(*asked)
    assert done.returncode == 0, done.stderr
    assert "assumptions of dai2019.sharp on " in done.stdout
    assert "gradient coherence  " in done.stdout
    assert "limits " in done.stdout
    words = " ".join(done.stdout.split())
    assert "over the pairs visited at t = " in words
    assert "not measured" not in words
    page = json.loads(staleness(*asked, "--json").stdout)["verdicts"][0]
    assert page["kept"]
    assert {row["mark"] for row in page["assumptions"]["rows"]} == {"pass"}
    assert "pairs visited" in page["assumptions"]["along"]["smoothness"]
    silent = staleness(*asked[:-1])
    assert "assumptions of" not in silent.stdout


def test_a_terminal_gets_a_drawn_table(monkeypatch, capsys):
    from empirics.cli import tables

    found, _ = table()
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    tables.show(found)
    drawn = capsys.readouterr().out
    assert "finding" in drawn
    assert "pass" in drawn
    assert "─" in drawn
