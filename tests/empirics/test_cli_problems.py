"""`staleness problems`, and one's own functions wherever a problem has a name."""

import json

import pytest

from empirics import named, problems, tour
from empirics.cli import main
from empirics.problems import from_functions
from empirics.problems.catalogue import MAKERS
from empirics.problems.telling import numbers, satisfies
from empirics.runs import Runs
from empirics.sweep import Study

KEPT = ("breast-cancer", "quadratic", "double-well", "saddle")
SMALL = ("--points", 60, "--starts", 1, "--samples", 64)
MINE = """
import numpy as np

start, L, infimum = [1.0, -1.0], 3.0, 0.0
H = np.diag([1.0, 3.0])


def value(x):
    return x @ H @ x / 2


def gradient(x):
    return H @ x
"""


@pytest.fixture
def staleness(capsys):
    """The command, in this process: its exit code and what it prints."""

    class Done:
        def __init__(self, *arguments):
            with pytest.raises(SystemExit) as left:
                main([str(a) for a in arguments])
            self.code = left.value.code or 0
            self.out, self.err = capsys.readouterr()

    return Done


@pytest.fixture
def few(monkeypatch):
    for name in [name for name in MAKERS if name not in KEPT]:
        monkeypatch.delitem(MAKERS, name)


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return path


def test_all_are_listed_by_group_with_their_constants(staleness, few):
    done = staleness("problems")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "constants: = exact, <= or >= a bound, ~ an estimate"
    assert lines.index("convex:") < lines.index("nonconvex:") < lines.index("made of others:")
    for name in KEPT:
        problem = named.problem(name)
        (line,) = [a for a in lines if a.strip().startswith(f"{name} ")]
        assert f"dim {problem.dim}" in line
        assert numbers(problem) in line
        assert ", ".join(satisfies(problem)) in line
        below = lines[: lines.index(line)]
        assert MAKERS[name].group == [a for a in below if a.endswith(":")][-1][:-1]
    (line,) = [a for a in lines if a.strip().startswith("double-well ")]
    assert line.endswith("; where |x| <= 2")
    assert "L = 3.33, mu_sc >= 0.01, sigma <= 0.8513" in done.out


def test_json_holds_the_same(staleness, few):
    pages = json.loads(staleness("problems", "--json").out)
    assert [page["name"] for page in pages] == [name for name in MAKERS if name in KEPT]
    page = next(page for page in pages if page["name"] == "double-well")
    assert page["group"] == "nonconvex"
    own = named.problem("double-well").constants["gradient_bound"]
    told = page["constants"]["gradient_bound"]
    assert (told["value"], told["provenance"], told["why"]) == (own.value, own.provenance, own.why)
    assert page["region"] == {"kind": "ball", "centre": [0.0], "radius": 2.0}
    assert page["satisfies"][:2] == ["smooth", "not convex"]
    assert page["settings"] == dict(named.problem("double-well").settings)
    alone = json.loads(staleness("problems", "double-well", "--json").out)
    assert alone == page


def test_one_in_full(staleness):
    done = staleness("problems", "quadratic:dim=50,condition=7")
    lines = done.out.splitlines()
    assert lines[0] == "quadratic:dim=50,condition=7: quadratic"  # not the words of the usual one
    assert "A quadratic in 10 dimensions" in lines[1]
    assert lines[2] == "dim 50, minimiser known"
    assert "mu_sc = 0.142857" in done.out
    assert "smallest entry of the spectrum" in done.out
    assert '"condition"' not in done.out
    composite = staleness("problems", "on-ball:[quadratic:dim=2,condition=3],0.5").out
    assert "every update is followed by a projection onto |x| <= 0.5" in composite
    spectrum = staleness("problems", "quadratic:spectrum=[1,2,3,4,5,6,7,8,9,10]").out
    assert '8.0, "... 2 more"]' in spectrum


def test_an_audit_ends_with_1_where_a_constant_is_wrong(staleness, mine):
    right = staleness("problems", mine, "--audit", *SMALL)
    assert right.code == 0, right.out
    assert "audit: mine, dim 2: 6 claims tried, none refuted" in right.out
    mine.write_text(MINE.replace("3.0, 0.0", "2.5, 0.0"))
    wrong = staleness("problems", f"own:file={mine}", "--audit", *SMALL)
    assert wrong.code == 1
    (line,) = [a for a in wrong.out.splitlines() if "L = 2.5 (bound)" in a]
    assert "refuted  quotient 3 between x = (" in line
    page = staleness("problems", mine, "--audit", "--json", *SMALL)
    assert page.code == 1
    found = {a["key"]: a for a in json.loads(page.out)["audit"]["findings"]}
    assert found["L"]["outcome"] == "refuted"
    assert set(found["L"]["witness"]) == {"x", "y"}
    more = staleness("problems", mine, "--audit", "--json", *SMALL, "--points", 200, "--seed", 1)
    again = {a["key"]: a for a in json.loads(more.out)["audit"]["findings"]}
    assert again["L"]["tried"] > found["L"]["tried"]
    assert json.loads(more.out)["audit"]["settings"]["seed"] == 1


def test_all_can_be_audited(staleness, few, monkeypatch):
    done = staleness("problems", "--audit", *SMALL)
    assert done.code == 0
    assert len(done.out.splitlines()) == len(KEPT)
    assert "double-well: double well, dim 1: 12 claims tried, none refuted" in done.out
    wrong = MAKERS["saddle"]._replace(maker=lambda: problems.quadratic(2, mu=1.0))
    monkeypatch.setitem(MAKERS, "saddle", wrong)
    monkeypatch.setitem(
        named.PROBLEMS.table, "saddle", lambda: from_functions(abs, abs, start=[1.0], L=0.5)
    )
    done = staleness("problems", "--audit", *SMALL)
    assert done.code == 1
    assert "  L = 0.5 (bound): refuted; quotient" in done.out


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nothing", "staleness: there is no problem 'nothing'; there are digits, "),
        ("missing.py", "staleness: own needs an existing file, got missing.py"),
        ("own", "staleness: problem own needs file, got none; write own:file=..."),
    ],
)
def test_what_is_no_problem_is_one_sentence(staleness, name, sentence):
    done = staleness("problems", name)
    assert done.code == 2
    assert done.err.startswith(sentence)
    assert done.err.count("\n") == 1


def test_bad_budgets_are_one_sentence(staleness):
    done = staleness("problems", "saddle", "--audit", "--points", 0)
    assert (done.code, done.out) == (2, "")
    assert done.err == "staleness: audit needs a whole number points >= 8, got 0\n"


def test_two_functions_reach_every_command_that_names_a_problem(staleness, mine, tmp_path):
    done = staleness(
        "simulate", mine, "constant:2", "--step", 0.1, "--steps", 20, "--replicas", 4,
        "--out", tmp_path / "runs.nc",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.out.startswith("problem: mine, dim 2, L = 3 (bound)")
    saved = Runs.load(tmp_path / "runs.nc").settings["problem"]
    assert saved == dict(named.problem(str(mine)).settings)
    study = Study(
        axes={
            "problem": [f"own:file={mine}", str(mine)],
            "schedule": ["constant:1"],
            "step": [0.1],
        },
        steps=5,
    )
    assert len(study.cells) == 2
    request = tour.Request(
        theorem="lian2015.nonconvex", problem=str(mine), levels=(2,), delay="constant", mu=None,
        eta=None, chosen={}, reuse=None, steps=20, replicas=4, seed=0, alpha=1e-6,
        assumptions=False, budget=None,
    )  # fmt: skip
    (cell,) = tour.cells(request, ())
    assert cell.problem.L == 3.0


def test_estimates_are_marked():
    bowl = problems.quadratic(2, mu=0.5, sigma=0.1)
    dip = from_functions(lambda x: x @ x, lambda x: 2 * x, lambda x, rng: 2 * x, start=[1.0])
    known = problems.with_constants(dip, problems.estimate_constants(dip, steps=5).constants)
    assert numbers(known).startswith("L ~ 2, mu_sc ~ 2")
    assert numbers(dip) == "no constants"
    assert "bounded variance" in satisfies(bowl)
    assert "no noise" in satisfies(problems.noiseless(bowl))
    assert satisfies(dip) == []
