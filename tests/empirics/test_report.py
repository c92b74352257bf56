"""Pages: they hold what the results hold, need nothing from outside, and cannot be made to run."""

import base64
import json
import re
import shlex
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from empirics import named, optimisers, plots, problems, schedules, simulate, stepsizes
from empirics.cli import main
from empirics.report import Page, report
from empirics.report.again import check_command, simulate_command, study_file
from empirics.report.checked import remembered
from empirics.runs import Runs
from empirics.sweep import Study, sweep

EVIL = "<script>alert(1)</script>"


class Read(HTMLParser):
    """Tags with their attributes, and all text outside of styles."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.words, self.inside = [], [], ""
        self.feed(page)
        self.text = " ".join(self.words)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.inside = tag

    def handle_data(self, data):
        if self.inside != "style":
            self.words.append(data)

    def figures(self):
        sources = [a["src"] for tag, a in self.tags if tag == "img"]
        head = "data:image/svg+xml;base64,"
        assert all(source.startswith(head) for source in sources)
        return [base64.b64decode(source[len(head) :]).decode() for source in sources]


def whole(page):
    """What holds of every page."""
    read = Read(page)
    names = {tag for tag, _ in read.tags}
    assert "script" not in names
    assert not names & {"link", "iframe", "object", "base", "form"}
    for tag, attributes in read.tags:
        assert not any(name.startswith("on") for name in attributes), tag
        assert "href" not in attributes
    assert not re.search(r"@import|url\(", page[: page.index("</style>")])
    policy = next(a for t, a in read.tags if t == "meta" and "http-equiv" in a)
    assert policy["content"].startswith("default-src 'none'")
    for svg in read.figures():
        assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
        assert "<script" not in svg
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert any(a.get("name") == "viewport" for _, a in read.tags)
    assert "Versions" in read.text
    assert "How to do it again" in read.text
    return read


def command(*arguments):
    with pytest.raises(SystemExit) as left:
        main([str(a) for a in arguments])
    return left.value.code


@pytest.fixture(scope="module")
def runs():
    problem = problems.quadratic(dim=2, mu=0.5, L=1.0, sigma=0.3)
    return simulate(
        problem,
        schedules.Uniform(3),
        step=0.1,
        steps=40,
        replicas=8,
        window=2,
        record=4,
        seed=5,
        optimiser=optimisers.Momentum(0.5),
        measures=["gap", "squared distance"],
    )


# ------------------------------------------------------------------ the page itself


def test_nothing_becomes_markup():
    page = Page(EVIL)
    page.heading(EVIL)
    page.say(EVIL, kind=f'"{EVIL}')
    page.code(EVIL + "\x00\x1b")
    page.table([(EVIL, "b"), (EVIL, f'"> {EVIL}')], marked=1)
    page.figure(plots.new_figure(), f'" onload="alert(1)" {EVIL}')
    html = page.html()
    read = Read(html)
    assert "script" not in {tag for tag, _ in read.tags}
    assert read.text.count(EVIL) == 9  # as text, it is all there
    assert "\x00" not in html
    assert "\x1b" not in html
    (image,) = [a for tag, a in read.tags if tag == "img"]
    assert set(image) == {"src", "alt"}


def test_a_page_is_repeatable(runs, tmp_path):
    runs.save(tmp_path / "a.nc")
    assert report(tmp_path / "a.nc") == report(tmp_path / "a.nc")


# ------------------------------------------------------------------ runs


def test_runs_have_a_page(runs, tmp_path):
    runs.save(tmp_path / "a.nc")
    read = whole(report(tmp_path / "a.nc"))
    assert "Runs: a.nc" in read.text
    assert len(read.figures()) == 3  # measures, delays, coherence
    assert simulate_command(runs) in read.text
    assert json.dumps(runs.settings["problem"]) in read.text
    assert runs.settings["versions"]["numpy"] in read.text
    assert f"{runs.statistics.gap.mean[-1]:.4g}" in read.text
    assert "diverged by" not in read.text


def test_the_command_gives_the_very_same_runs(runs, tmp_path):
    words = shlex.split(simulate_command(runs))
    out = tmp_path / "again.nc"
    assert words[0] == "staleness"
    assert command(*words[1:], "--out", out, "--json") == 0
    again = Runs.load(out)
    assert again.settings == runs.settings
    assert np.array_equal(again.statistics.gap.mean, runs.statistics.gap.mean)


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({}, ""),
        ({"step": stepsizes.inverse_sqrt(0.2)}, "--step inverse_sqrt:eta=0.2"),
        ({"record": ("random", 7)}, "--record random:7"),
        ({"reuse": True, "noise": True, "each": True}, "--reuse --noise --each"),
        ({"measures": ["squared gradient"]}, "--measure squared-gradient"),
        ({"correction": optimisers.ScaledByDelay()}, "--correction scaled_by_delay"),
    ],
)
def test_every_option_is_in_the_command(more, wanted, tmp_path):
    problem = problems.quadratic(dim=2, mu=0.5, L=1.0, sigma=0.3)
    options = {"step": 0.1, "steps": 30, "replicas": 4} | more
    found = simulate(problem, schedules.Constant(2), **options)
    text = simulate_command(found)
    assert wanted in text
    assert command(*shlex.split(text)[1:], "--out", tmp_path / "again.nc", "--json") == 0
    again = Runs.load(tmp_path / "again.nc")
    assert again.settings == json.loads(json.dumps(found.settings))


@pytest.mark.parametrize(
    "problem",
    [
        "ratings:users=6,items=5,noise=0.5",
        "diabetes-robust:loss=tukey",
        "digits-perceptron:depth=0",
    ],
)
def test_problems_of_data_have_a_command(problem):
    made = named.problem(problem)
    found = simulate(made, schedules.Constant(1), step=0.1, steps=2, replicas=1)
    words = shlex.split(simulate_command(found))
    assert words[2].partition(":")[0] == problem.partition(":")[0]
    assert named.problem(words[2]).settings == made.settings


def test_what_has_no_words_has_no_command():
    problem = problems.quadratic(spectrum=[0.3, 1.0])
    steps = np.linspace(0.1, 0.2, 20)
    found = simulate(problem, schedules.Constant(0), step=steps, steps=20)
    assert simulate_command(found) is None


def test_diverged_replicas_are_listed_and_their_means_called_infinite(tmp_path):
    problem = problems.quadratic(dim=2, mu=0.5, L=1.0, sigma=0.3)
    lost = simulate(problem, schedules.Constant(4), step=2.0, steps=2000, replicas=30)
    assert (lost.lost_at >= 0).all()
    lost.save(tmp_path / "lost.nc")
    read = whole(report(tmp_path / "lost.nc"))
    assert lost.divergence in read.text
    assert "infinite" in read.text
    assert "And 10 more." in read.text
    assert str(lost.lost_at.min()) in read.text
    assert "Replicas that left" not in read.text  # a bowl has no region


def test_replicas_that_left_their_region_are_listed(tmp_path):
    problem = problems.double_well(radius=1.2, sigma=2.0)
    runs = simulate(problem, schedules.Constant(4), step=0.05, steps=60, replicas=300)
    runs.save(tmp_path / "left.nc")
    text = whole(report(tmp_path / "left.nc")).text
    assert "Replicas that left |x| <= 1.2" in text
    assert f"{runs.departure}. The constants of the problem hold in this region only." in text
    assert f"And {(runs.left_at >= 0).sum() - 20} more." in text
    simulate(problem, schedules.Constant(4), step=1e-4, steps=9, replicas=3).save(
        tmp_path / "stays.nc"
    )
    assert "Replicas that left |x| <= 1.2 None." in whole(report(tmp_path / "stays.nc")).text


# ------------------------------------------------------------------ checks


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    out = tmp_path_factory.mktemp("check") / "out"
    options = ("--staleness", "1,3", "--steps", 40, "--replicas", 64, "--problem", "quadratic")
    assert command("check", "lian2015.nonconvex", *options, "--out", out, "--json") in (0, 3)
    return out


def test_a_check_has_a_page(checked):
    summary = json.loads((checked / "summary.json").read_text())
    read = whole(report(checked))
    for verdict in summary["verdicts"]:
        assert verdict["outcome"] in read.text
        assert verdict["reason"] in read.text
        assert f"{verdict['slack']:.3g}" in read.text
        for found in verdict["checks"]:
            assert found["words"] in read.text
    assert check_command(summary["request"]) in read.text
    assert len(read.figures()) == 2


def test_the_command_of_a_check_asks_for_the_same(checked, tmp_path):
    before = json.loads((checked / "summary.json").read_text())
    words = shlex.split(check_command(before["request"]))
    command(*words[1:], "--out", tmp_path, "--json")
    after = json.loads((tmp_path / "summary.json").read_text())
    assert after["request"] == before["request"]
    assert [v["at"] for v in after["verdicts"]] == [v["at"] for v in before["verdicts"]]


def test_verdicts_are_drawn_as_they_were_written_down(checked):
    written = json.loads((checked / "summary.json").read_text())["verdicts"][1]
    found = remembered(written)
    assert found.bound.tolist() == written["at"]["bound"]
    at = plots.slack(found).lines[0]
    ratio = np.array(written["at"]["bound"]) / written["at"]["mean"]
    assert np.array_equal(at.get_ydata(), ratio)
    lost = json.loads(json.dumps(written))
    lost["at"]["mean"][-1] = lost["at"]["upper"][-1] = None  # not finite
    odd = remembered(lost)
    assert np.isinf(odd.mean[-1])
    assert [line.get_gid() for line in plots.slack(odd).lines].count("infinite") == 1


def test_a_check_cannot_smuggle_markup(checked, tmp_path):
    summary = json.loads((checked / "summary.json").read_text())
    summary["verdicts"][0]["theorem"] = EVIL
    summary["verdicts"][0]["outcome"] = EVIL
    summary["request"]["problem"] = EVIL
    (tmp_path / EVIL.replace("/", "")).mkdir()
    folder = tmp_path / EVIL.replace("/", "")
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "runs.nc").write_bytes((checked / "lian2015.nonconvex-s1.nc").read_bytes())
    read = whole(report(folder))
    assert EVIL in read.text


def test_a_check_that_was_interrupted_says_so(checked, tmp_path):
    summary = json.loads((checked / "summary.json").read_text()) | {"complete": False}
    (tmp_path / "summary.json").write_text(json.dumps(summary | {"verdicts": []}))
    text = Read(report(tmp_path)).text
    assert "Interrupted: not all verdicts are here." in text
    assert "Interrupted" not in Read(report(checked)).text


# ------------------------------------------------------------------ sweeps

AXES = {
    "problem": ["quadratic:dim=2,mu=0.5,sigma=0.1"],
    "schedule": ["constant:{s}", "uniform:{s}"],
    "s": [0, 4],
    "step": [0.05, 0.2, 30.0],
}


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    study = Study(axes=AXES, steps=250, replicas=8, reuse=True)
    return study, sweep(study, folder), folder


def test_a_sweep_has_a_page(swept):
    _, table, folder = swept
    read = whole(report(folder))
    assert "12 of 12 cells are finished: 1 problem x 2 schedule x 2 s x 3 step." in read.text
    assert len(read.figures()) == 3  # all curves, and a map for each schedule
    lost = int((table["lost"] > 0).sum())
    assert lost
    assert f"In {lost} cells" in read.text


def test_the_study_can_be_run_again(swept):
    study, _, folder = swept
    first = Runs.load(next((folder / "cells").glob("*.nc")))
    text = study_file({axis: list(values) for axis, values in AXES.items()}, first.settings)
    assert text in Read(report(folder)).text
    path = folder / "again.toml"
    path.write_text(text)
    again = Study.load(path)
    assert [cell.key for cell in again.cells] == [cell.key for cell in study.cells]
    assert tomllib.loads(text)["reuse"] is True


def test_a_sweep_that_is_not_finished_says_so(swept, tmp_path):
    study, _, _ = swept

    def stop(cell, kept):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(study, tmp_path, progress=stop)
    read = whole(report(tmp_path))
    assert "1 of 12 cells are finished" in read.text


# ------------------------------------------------------------------ the command


def test_the_command_writes_the_page(runs, tmp_path, capsys):
    runs.save(tmp_path / "a.nc")
    out = tmp_path / "new" / "page.html"
    assert command("report", tmp_path / "a.nc", "--out", out, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"file": str(out), "bytes": out.stat().st_size}
    assert out.read_text(encoding="utf-8") == report(tmp_path / "a.nc")


def bad(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.nc").write_text("no")
    for name, content in (("broken", "{"), ("other", "{}"), ("list", "[]")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "summary.json").write_text(content)
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "sweep.nc").write_text("no")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("missing", "report needs a file of runs or a folder of results, got"),
        ("empty", "with neither; for runs, name the file"),
        ("text.nc", "runs need a netCDF file written by Runs.save, got"),
        ("broken", "report needs the summary.json of `staleness check`, got"),
        ("other", "which fails with KeyError: 'complete'"),
        ("list", "which fails with TypeError"),
        ("odd", "report needs the sweep.nc of `staleness sweep`, got"),
    ],
)
def test_bad_input_gets_one_sentence(source, message, tmp_path, capsys):
    bad(tmp_path)
    assert command("report", tmp_path / source, "--out", tmp_path / "page.html") == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.startswith("staleness: ")
    assert said.count("\n") == 1
    assert not Path(tmp_path / "page.html").exists()


def test_a_page_needs_a_name_of_its_own(tmp_path, capsys):
    assert command("report", tmp_path, "--out", tmp_path / "page.pdf") == 2
    assert "--out needs a file name that ends in .html" in capsys.readouterr().err
