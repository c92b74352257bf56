"""The command as a user types it: output, files, exit codes, interruption."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from empirics.cli import main
from empirics.runs import Runs

ROOT = Path(__file__).parents[2]
CODE = "import sys; from empirics.cli import main; sys.argv[0] = 'staleness'; main()"


@dataclass(frozen=True)
class Done:
    """A command that has ended: its exit code and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def staleness(*arguments):
    """The command, in this process: a new one would spend seconds on imports each time."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as left:
            code = left.code or 0
    return Done(code, out.getvalue(), err.getvalue())


def small(out, *more):
    return ("check", "dai2019.sharp", "--problem", "quadratic", "--steps", 40, "--out", out, *more)


def test_theorems_with_their_status():
    done = staleness("theorems", "dai2019", "--json")
    assert done.returncode == 0
    status = {t["name"]: t["status"] for t in json.loads(done.stdout)}
    assert status["dai2019.published"] == "refuted"
    assert status["dai2019.sharp"] == status["dai2019.reuse"] == "proved"
    plain = staleness("theorems", "dai2019").stdout.splitlines()
    assert len(plain) == len(status) == 14


def test_prove_the_whole_catalogue():
    done = staleness("prove", "--all", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    theorems = [row for row in rows if "theorem" in row]
    assert {row["status"] for row in theorems} == {"proved", "refuted", "stated"}
    assert all(row["steps"] > 5 for row in theorems if row["status"] == "proved")
    assert all(row["why"] for row in theorems if row["status"] == "stated")
    formulas = [row for row in rows if "formula" in row]
    assert {row["status"] for row in formulas} == {"proved", "checked", "stated"}
    for row in formulas:
        assert row["steps"] > 1 or row["status"] == "stated"
        assert row["why"] or row["status"] == "proved"


def test_exact_formulas_are_listed_and_proved():
    done = staleness("theorems", "constant_delay", "--json")
    names = [row["name"] for row in json.loads(done.stdout)]
    assert "constant_delay.stability_limit" in names
    lines = staleness("theorems", "constant_delay").stdout.splitlines()
    assert lines[0].startswith("constant_delay.stability_limit")
    assert "proved" in lines[0]
    rows = staleness("prove", "constant_delay").stdout.splitlines()
    assert rows[-1].startswith(f"{len(lines)} formulas: ")
    page = staleness("prove", "constant_delay.stability_limit")
    assert page.returncode == 0
    assert "[stability test, tau = 0, ..., 8]" in page.stdout
    assert "Textbook: roots move continuously" in page.stdout
    assert r"\begin{proof}" in staleness("latex", "constant_delay.largest_delay").stdout
    plain = json.loads(staleness("prove", "constant_delay.stability_limit", "--json").stdout)
    assert plain["status"] == "proved"
    assert len(plain["steps"]) > 10


def test_a_formula_that_fails_is_exit_code_one(monkeypatch):
    from theory import linear

    found = linear.find("constant_delay.stability_limit")
    wrong = found.changed(limit=found["limit"] * 2)
    monkeypatch.setattr(linear, "formulas", lambda: {found.name: wrong})
    page = staleness("prove", found.name)
    assert page.returncode == 1
    assert "Not proved: constant_delay.stability_limit, step 9" in page.stdout
    assert json.loads(staleness("prove", found.name, "--json").stdout)["status"] == "fails"


def test_a_page_of_latex_for_the_whole_catalogue_needs_no_name():
    for command in ("prove", "latex"):
        both = staleness(command, "dai2019.sharp", "--all")
        assert both.returncode == 2
        assert f"{command} needs the name of one theorem, or --all" in both.stderr


def test_prove_prints_the_page():
    done = staleness("prove", "dai2019.sharp")
    assert done.returncode == 0
    assert "one coherent step" in done.stdout
    assert "Axioms:" in done.stdout
    assert "unbiased: E<xi_k, v> = 0" in done.stdout


def test_prove_a_false_theorem():
    done = staleness("prove", "dai2019.published")
    assert done.returncode == 1
    assert "the statement is false: for F = x^2/2" in done.stdout
    assert "True where: 2*mu^2 <= s (dai2019.published_if_stale)" in done.stdout
    page = json.loads(staleness("prove", "dai2019.published", "--json").stdout)
    assert page["proved"] is False


def test_latex_is_a_document():
    done = staleness("latex", "dai2019.constant_step")
    assert done.returncode == 0
    assert done.stdout.startswith(r"\documentclass")
    assert r"\end{document}" in done.stdout


def test_the_map_of_the_assumptions(tmp_path):
    done = staleness("assumptions", "--figure", tmp_path / "map.png")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    (there,) = (a for a in lines if a.startswith("gradient coherence ") and "sufficient" in a)
    (back,) = (a for a in lines if a.startswith("sufficient direction ") and "coherence" in a)
    assert " => " in there
    assert there.endswith(" steps")
    assert " =/=> " in back
    assert back.endswith("witness: x^2/2, step 3/2, delays 0, 0, 2")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    rows = json.loads(staleness("assumptions", "--json").stdout)
    assert len(rows) == sum(not a.startswith(" ") for a in lines)
    assert {row["status"] for row in rows} == {"implied", "not implied"}
    assert all(row["steps"] > 0 for row in rows if row["because"].endswith(" steps"))


def test_check_writes_runs_figures_and_summary(tmp_path):
    done = staleness(*small(tmp_path / "o", "--staleness", "1,3"))
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("sharp")]
    assert len(lines) == 2
    assert all("consistent" in line for line in lines)
    names = {p.name for p in (tmp_path / "o").iterdir()}
    assert {"bound_and_runs.png", "bound_and_runs.pdf", "coherence.png", "summary.json"} <= names
    summary = json.loads((tmp_path / "o" / "summary.json").read_text())
    assert summary["complete"] is True
    assert [v["outcome"] for v in summary["verdicts"]] == ["consistent"] * 2
    runs = Runs.load(tmp_path / "o" / "dai2019.sharp-s3.nc")
    assert runs.settings["seed"] == 0
    assert runs.settings["versions"]["numpy"]


def test_problems_may_have_other_numbers(tmp_path):
    done = staleness(*small(tmp_path, "--problem", "quadratic:dim=3,L=2"))
    assert done.returncode == 0, done.stderr
    assert "problem: quadratic, dim 3, L = 2 (exact)" in done.stdout


def test_the_published_bound_is_caught_on_its_witness(tmp_path):
    done = staleness(
        "check", "dai2019.published", "--staleness", 1, "--steps", 1, "--out", tmp_path
    )
    assert done.returncode == 1
    assert "violated: at T = 2 the quantity is 1, at least 1.131 times the bound" in done.stdout


def test_the_exit_code_tells_the_outcome(tmp_path):
    fast = staleness(
        "check", "dai2019.single_use", "--problem", "quadratic", "--staleness", 6, "--mu", 1,
        "--steps", 60, "--out", tmp_path,
    )  # fmt: skip
    assert fast.returncode == 3
    assert "not applicable" in fast.stdout


@pytest.mark.parametrize(
    ("theorem", "options", "quantity"),
    [
        ("lian2015.nonconvex", (), "(1/T) sum over t = 0..T-1 of E|grad F(x_t)|^2"),
        ("free_staleness.convex", (), "min over t = 0..n of E|grad F(x_t)|^2"),
        ("langford2009.stochastic", ("--eta", 0.1), "E F(x_(t - tau_t)) - inf F"),
        ("huo2018.tuned_step", ("--choose", "e_0=1.4"), "(1/T) sum over t = 0..T-1"),
    ],
)
def test_theorems_that_count_from_zero(theorem, options, quantity, tmp_path):
    done = staleness(
        "check", theorem, "--problem", "quadratic", "--staleness", "1,4", "--steps", 60,
        "--out", tmp_path, "--json", *options,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = json.loads(done.stdout)
    assert [v["outcome"] for v in page["verdicts"]] == ["consistent"] * 2
    assert all(quantity in v["quantity"] for v in page["verdicts"])
    assert [v["mu"] for v in page["verdicts"]] == [None, None]
    assert "coherence.png" not in page["files"]


def test_what_cannot_be_run_is_said_plainly(tmp_path):
    sentence = "ho2013.best_step cannot be held against runs yet: there is no check of clock updat"
    done = staleness("check", "ho2013.best_step", "--out", tmp_path)
    assert done.returncode == 3
    assert done.stdout.startswith(sentence)
    page = json.loads(staleness("check", "ho2013.best_step", "--json", "--out", tmp_path).stdout)
    assert page["outcome"] == "inconclusive"
    assert page["reason"].startswith(sentence)


def test_replicas_are_as_many_as_decide(tmp_path):
    asked = (*small(tmp_path, "--mu", 0.5, "--replicas", "auto"), "--budget", 1000)
    done = staleness(*asked)
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("sharp")]
    assert line.endswith("alpha = 1e-06 over 1 theorem x 3 looks, 256 replicas")
    page = json.loads(staleness(*asked, "--json").stdout)
    assert page["verdicts"][0]["kept"]
    assert page["verdicts"][0]["replicas"] == 256
    assert page["verdicts"][0]["family"]["looks"] == 3
    assert page["request"]["budget"] == 1000


def test_json_and_nothing_else(tmp_path):
    done = staleness(*small(tmp_path, "--json"))
    assert json.loads(done.stdout)["exit"] == 0
    assert done.stderr == ""


def test_settings_change_what_they_should(tmp_path):
    base = json.loads(staleness(*small(tmp_path / "a", "--json", "--mu", 0.5)).stdout)
    mean = base["verdicts"][0]["at"]["mean"]
    for option, value in (("--seed", 1), ("--replicas", 100), ("--mu", 0.4), ("--staleness", 2)):
        other = json.loads(
            staleness(*small(tmp_path / "b", "--json", "--mu", 0.5, option, value)).stdout
        )
        assert other["verdicts"][0]["at"]["mean"] != mean, option
        assert not other["verdicts"][0]["kept"], option


def test_finished_cells_are_kept_and_damaged_ones_are_not(tmp_path):
    first = json.loads(staleness(*small(tmp_path, "--json", "--staleness", "1,2")).stdout)
    (tmp_path / "dai2019.sharp-s2.nc").write_bytes(b"CDF\x02 not all of it")
    again = json.loads(staleness(*small(tmp_path, "--json", "--staleness", "1,2")).stdout)
    assert [v["kept"] for v in again["verdicts"]] == [True, False]
    for one, other in zip(first["verdicts"], again["verdicts"], strict=True):
        assert one["at"] == other["at"]


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a signal")
def test_an_interrupted_check_keeps_what_is_finished(tmp_path):
    levels = ",".join(map(str, range(1, 41)))
    command = [sys.executable, "-c", CODE, *map(str, small(tmp_path, "--staleness", levels))]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    waited = time.monotonic()
    while not (tmp_path / "dai2019.sharp-s3.json").exists():
        assert time.monotonic() - waited < 120, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "the same command goes on from there" in errors
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["complete"] is False
    finished = len(summary["verdicts"])
    assert 2 <= finished < 40
    resumed = staleness(*small(tmp_path, "--json", "--staleness", "1,2"))
    assert [v["kept"] for v in json.loads(resumed.stdout)["verdicts"]] == [True, True]


UNHEARD = """
import signal
import empirics.tour
from empirics.runs import Runs

class Deaf:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)  # Python prints what is raised here, and goes on

def interrupting(function, when):
    def wrapped(*arguments, **more):
        if when(*arguments):
            Deaf()
        return function(*arguments, **more)
    return wrapped

"""


@pytest.mark.parametrize(
    ("where", "finished"),
    [
        ("Runs.save = interrupting(Runs.save, lambda runs, path: path.name.endswith('s2.nc'))", 2),
        ("empirics.tour.write = interrupting(empirics.tour.write, lambda *_: True)", 3),
    ],
    ids=["in a destructor", "while files are written"],
)
def test_an_interrupt_that_nobody_hears_is_not_lost(where, finished, tmp_path):
    code = f"{UNHEARD}{where}\n{CODE}"
    command = [sys.executable, "-c", code, *map(str, small(tmp_path, "--staleness", "1,2,3"))]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert done.returncode == 130
    assert f"interrupted after {finished} of 3 cells" in done.stderr
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert len(summary["verdicts"]) == finished
    assert summary["complete"] is (finished == 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("prove", "dai2019.nothing"), "there is no theorem 'dai2019.nothing'"),
        (("theorems", "nobody1999"), "there is no paper 'nobody1999'; there are dai2019"),
        (("latex", "x"), "there is no theorem 'x'"),
        (("assumptions", "--figure", "map.words"), "not supported"),
        (("check", "x"), "there is no theorem 'x'"),
        (("check", "dai2019.sharp", "--staleness", "0"), "--staleness needs whole numbers >= 1"),
        (("check", "dai2019.sharp", "--staleness", "a"), "--staleness needs whole numbers >= 1"),
        (("check", "dai2019.sharp", "--problem", "x"), "there is no problem 'x'"),
        (("check", "dai2019.sharp", "--problem", "digits-perceptron"), "need L, which perceptron"),
        (("check", "dai2019.sharp", "--problem", "witness"), "no exact counterexample at s = 1"),
        (("check", "dai2019.sharp", "--delay", "x"), "--delay needs constant, uniform"),
        (("check", "dai2019.sharp", "--mu", "0"), "need 0 < mu <= 1, got 0.0"),
        (("check", "dai2019.sharp", "--mu", "nan"), "need 0 < mu <= 1, got nan"),
        (("check", "dai2019.sharp", "--steps", "0"), "steps >= 1, got 0"),
        (("check", "dai2019.sharp", "--replicas", "0"), "replicas >= 1, got 0"),
        (("check", "dai2019.sharp", "--replicas", "many"), "a whole number or auto, got 'many'"),
        (("check", "dai2019.sharp", "--replicas", "auto", "--budget", "1"), "budget >= 2, got 1"),
        (("check", "dai2019.sharp", "--seed", "-1"), "seed >= 0, got -1"),
        (("check", "dai2019.sharp", "--alpha", "2"), "0 < alpha < 1, got 2"),
        (("check", "huo2018.fixed_step"), "are free; they need a constant step eta"),
        (("check", "huo2018.tuned_step"), "need e_0, which quadratic does not give; choose them"),
        (("check", "huo2018.tuned_step", "--choose", "e_0"), "--choose needs a name and a number"),
    ],
)
def test_wrong_usage_gets_one_sentence_and_code_two(arguments, message, tmp_path, capsys):
    more = ("--problem", "quadratic") if "--problem" not in arguments else ()
    out = ("--out", tmp_path, *more) if arguments[0] == "check" else ()
    with pytest.raises(SystemExit) as left:  # here, as a process for each would take a minute
        main([*map(str, arguments), *map(str, out)])
    assert left.value.code == 2
    assert message in capsys.readouterr().err


def test_unknown_options_are_usage():
    assert staleness("check", "--colour").returncode == 2
    assert staleness("prove").returncode == 2


def test_an_output_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    done = staleness(*small(tmp_path / "file" / "inside"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_help_is_quick():
    best = min(_seconds("--help") for _ in range(3))
    assert best < 1.5  # a loaded machine; half a second on an idle one


def _seconds(*arguments):
    begun = time.perf_counter()
    assert staleness(*arguments).returncode == 0
    return time.perf_counter() - begun
