"""Looks at ever more replicas: the same runs, an alpha that is kept, and what ends it."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from empirics import compare, problems, schedules, simulate, steps_for, until_decided
from empirics.check import Cell, check
from empirics.compare.until import planned_looks
from empirics.statistics import Family
from theory.latex import shown
from theory.results import dai2019, lian2015
from theory.symbols import sigma

SHARP, NONCONVEX = dai2019.sharp, lian2015.nonconvex
NOW = schedules.Constant(0)
# x_{t+1} = x_t - (x_t + xi_t): E|grad f(x_t)|^2 is sigma^2 = 1 at every t, from the start
MET = replace(
    problems.quadratic(spectrum=[1.0] * 50, sigma=1.0, noise="gaussian", start=[1.0] + [0.0] * 49),
    lanes=8,
)
BARE = replace(
    NONCONVEX,
    assumptions=(),
    bound=shown(sigma**2),
    quantity=replace(NONCONVEX.quantity, summary="last"),
)


def bounded_by(factor):
    return replace(BARE, bound=shown(factor * sigma**2))


def until(theorem=BARE, **more):
    options = {"step": 1.0, "steps": 2, "record": [1], "budget": 64, "alpha": 0.2, **more}
    return until_decided(theorem, MET, NOW, **options)


# ------------------------------------------------------------------ exact facts


def test_looks_double_from_one_tile_to_the_budget():
    assert planned_looks(MET, NOW, 64) == (8, 16, 32, 64)
    assert planned_looks(MET, NOW, 50) == (8, 16, 32, 50)
    assert planned_looks(MET, NOW, 8) == (8,)
    assert planned_looks(MET, NOW, 5) == (5,)


def test_the_runs_are_those_of_as_many_replicas():
    found = until(bounded_by(1.05), budget=4096, alpha=0.01)
    assert found.decided
    assert 3 < len(found.looked) < len(found.planned)
    assert found.runs.replicas == found.looked[-1]
    plain = simulate(
        MET, NOW, step=1.0, steps=2, record=[1], replicas=found.looked[-1],
        measures=found.runs.settings["measures"],
    )  # fmt: skip
    assert found.runs.settings == plain.settings
    assert found.runs.complete
    assert found.runs.statistics.squared_norm.mean == plain.statistics.squared_norm.mean
    assert found.runs.statistics.squared_norm.M2 == plain.statistics.squared_norm.M2
    two = until(bounded_by(1.05), budget=4096, alpha=0.01, processes=2)
    assert two.looked == found.looked
    assert two.runs.statistics.squared_norm.mean == plain.statistics.squared_norm.mean


def test_every_look_has_its_share_of_alpha_whether_taken_or_not():
    found = until(bounded_by(1.2), budget=4096, alpha=0.01)
    verdict, looks = found.verdicts[0], len(found.planned)
    assert looks == 10
    assert verdict.family.looks == looks
    assert verdict.lower == compare(bounded_by(1.2), found.runs, alpha=0.01 / looks).lower
    assert f"over 1 theorem x {looks} looks" in str(verdict)
    family = Family(theorems=(BARE.name, "other"), cells=3)
    among = until(family=family).verdicts[0].family
    assert (among.theorems, among.cells, among.looks) == (family.theorems, 3, 4)


def test_it_ends_where_it_is_decided_and_not_before():
    violated = until(bounded_by(0.5), budget=4096, alpha=1e-3)
    assert violated.verdicts[0].outcome == "violated"
    earlier = violated.looked[:-1]
    looks = len(violated.planned)
    for n in earlier:
        runs = simulate(MET, NOW, step=1.0, steps=2, record=[1], replicas=n)
        assert compare(bounded_by(0.5), runs, alpha=1e-3 / looks).wants_more
    open_ = until(BARE, alpha=1e-6)
    assert open_.looked == open_.planned
    assert not open_.decided
    assert str(open_) == "not decided within the budget at 64 replicas (look 4 of 4)"


def test_a_budget_decides_more_the_larger_it_is():
    assert not until(bounded_by(1.1), budget=32, alpha=1e-6).decided
    assert until(bounded_by(1.1), budget=2**13, alpha=1e-6).decided


def test_several_theorems_wait_for_the_last():
    easy, hard = bounded_by(4), replace(bounded_by(1.2), name="dai2019.hard")
    alone = until(easy, budget=4096, alpha=0.01)
    both = until([easy, hard], budget=4096, alpha=0.01)
    assert len(both.looked) > len(alone.looked)
    assert [verdict.outcome for verdict in both.verdicts] == ["consistent"] * 2
    assert both.verdicts[0].family.theorems == (easy.name, hard.name)


def test_what_no_replica_can_decide_is_not_waited_for():
    found = until(SHARP, budget=4096, chosen={"mu": 0.5})
    assert found.verdicts[0].outcome == "not applicable"
    assert len(found.looked) == 1
    average = until_decided(NONCONVEX, MET, NOW, step=0.5, steps=9, record=[3, 9], budget=512)
    assert average.verdicts[0].outcome == "inconclusive"
    assert len(average.looked) == 1


def test_lost_replicas_are_in_every_look():
    """Half of the replicas would do: the other half is lost, and no look forgets it."""
    blown = until_decided(
        replace(BARE, bound=shown(10**9 * sigma**2)), MET, NOW, step=90.0, steps=120, budget=64
    )
    assert blown.runs.divergence is not None
    assert blown.verdicts[0].upper[-1] == np.inf
    assert blown.verdicts[0].outcome != "consistent"


def test_coherence_is_measured_where_a_theorem_asks_for_it():
    problem = problems.quadratic(dim=10, mu=0.1, L=1.0, sigma=0.5)
    schedule = schedules.Constant(2)
    rule = steps_for(SHARP, problem, schedule, steps=30, mu=0.5)
    found = until_decided(SHARP, problem, schedule, step=rule, steps=30, budget=512)
    assert len(found.runs.lags) == 3
    assert found.verdicts[0].outcome == "consistent"


# ------------------------------------------------------------------ errors


def rejections(alpha, seeds=300):
    """How often a bound that is met with equality is called violated."""
    return sum(until(seed=seed, alpha=alpha).verdicts[0].outcome == "violated" for seed in seeds)


def test_false_violations_are_at_most_alpha_over_all_looks_and_not_without_shares():
    seeds, alpha = range(300), 0.2
    most = stats.binom.ppf(1 - 1e-6, len(seeds), alpha)
    assert 0 < rejections(alpha, seeds) <= most
    assert rejections(4 * alpha, seeds) > most  # alpha at each of the four looks


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"budget": 1}, "budget >= 2, got 1"),
        ({"replicas": 9}, "a budget in place of replicas"),
        ({"family": Family(theorems=(BARE.name,), looks=2)}, "a family without looks, got 2"),
        ({"family": Family(theorems=("other",))}, "a theorem of its family"),
        ({"alpha": 0.0}, "0 < alpha < 1"),
        ({"theorem": ()}, "at least one theorem"),
        ({"theorem": "dai2019.sharp"}, "at least one theorem"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(more, words):
    with pytest.raises(ValueError, match=words):
        until(**more)


def test_an_interruption_goes_through():
    def stop(done, asked):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        until(progress=stop)


# ------------------------------------------------------------------ cells of a check


def test_cells_share_alpha_when_it_is_decided_how_many_replicas_they_get(tmp_path, monkeypatch):
    families = []

    def watched(*arguments, **options):
        families.append(options["family"])
        return until_decided(*arguments, **options)

    monkeypatch.setattr(sys.modules["empirics.check"], "until_decided", watched)
    problem = problems.quadratic(dim=10, mu=0.1, L=1.0, sigma=0.5)
    one = Cell(
        name="a", rule=NONCONVEX, theorems=(NONCONVEX,), problem=problem,
        schedule=NOW, steps=9, replicas=256, seed=0, budget=512,
    )  # fmt: skip
    done = list(check([one, replace(one, name="b", seed=1)], tmp_path))
    assert [family.cells for family in families] == [2, 2]
    assert [result.verdicts[0].family.size for result in done] == [4, 4]


def test_a_kept_cell_has_the_verdicts_it_had(tmp_path):
    problem = problems.quadratic(dim=10, mu=0.1, L=1.0, sigma=0.5)
    cell = Cell(
        name="a", rule=NONCONVEX, theorems=(NONCONVEX,), problem=problem,
        schedule=schedules.Constant(2), steps=40, replicas=256, seed=0, budget=1024,
    )  # fmt: skip
    (first,), (again,) = list(check([cell], tmp_path)), list(check([cell], tmp_path))
    assert again.kept
    assert not first.kept
    assert first.verdicts[0].family.looks == 3
    assert again.verdicts[0].to_dict() == first.verdicts[0].to_dict()
    assert first.runs.replicas == 256
    (other,) = check([replace(cell, budget=512)], tmp_path)
    assert not other.kept
