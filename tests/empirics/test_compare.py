"""Verdicts: each outcome is produced by a run that deserves it, and by no other."""

from dataclasses import replace

import numpy as np
import pytest
from sympy import Rational

from empirics import compare, problems, schedules, simulate, steps_for, stepsizes
from empirics.compare.numbers import Numbers, last_horizon
from empirics.problems.base import Constant
from empirics.statistics import Family
from theory.assumptions import Assumed, StepLimit
from theory.latex import shown
from theory.results import dai2019, lian2015

SHARP = dai2019.sharp


@pytest.fixture(scope="module")
def problem():
    return problems.quadratic(dim=10, mu=0.1, L=1.0, sigma=0.5)


def runs_of(theorem, problem, delay, *, mu=0.8, steps=200, **more):
    schedule = schedules.Constant(delay)
    rule = steps_for(theorem, problem, schedule, steps=steps, mu=mu)
    window = delay + 1 if delay else 0
    return simulate(problem, schedule, step=rule, steps=steps, **{"window": window, **more})


@pytest.fixture(scope="module")
def runs(problem):
    return runs_of(SHARP, problem, 3)


# ------------------------------------------------------------------ numbers


@pytest.mark.parametrize(
    "theorem", [t for t in dai2019.THEOREMS if t.name != "dai2019.any_constant_step"]
)
def test_bounds_in_floating_point_equal_the_exact_ones(theorem):
    values = {"L": 2.0, "mu": 0.75, "m": 3, "s": 3, "sigma": 0.5, "Delta": 1.5}
    exact = {
        name: Rational(str(value)) for name, value in values.items() if name in theorem.constants
    }
    horizons = np.array([1, 2, 3, 7, 20])
    floats = Numbers(values=values).at(theorem.bound.expression, theorem.horizon, horizons)
    for value, at in zip(floats, horizons, strict=True):
        asked = {
            a: b
            for a, b in exact.items()
            if a in {str(x) for x in theorem.bound.expression.free_symbols}
        }
        assert value == pytest.approx(
            float(theorem.evaluate(**asked, **{theorem.horizon.name: int(at)})), rel=1e-12
        )


def test_step_sizes_in_floating_point_equal_the_exact_ones(problem):
    for theorem in (SHARP, dai2019.single_use, dai2019.reuse, dai2019.constant_step):
        rule = steps_for(theorem, problem, schedules.Constant(3), steps=50, mu=0.5, multiplicity=2)
        names = {str(a) for a in theorem.step.expression.free_symbols} - {"k"}
        constants = {"mu": Rational(1, 2), "L": 1, "m": 2, "s": 4, "sigma": Rational(1, 2)}
        constants |= {"Delta": problem.gap, theorem.horizon.name: last_horizon(theorem, 50)}
        for k, eta in enumerate(rule(50)[:5], start=1):
            exact = theorem.step_size(k, **{a: constants[a] for a in names})
            assert eta == pytest.approx(float(exact), rel=1e-12)


def test_horizons_count_iterates(problem):
    # n steps have n + 1 iterates; T iterates take T - 1 steps; T + 1 iterates take T steps
    assert last_horizon(SHARP, 50) == 50
    assert last_horizon(dai2019.published, 50) == 51
    assert last_horizon(dai2019.published_from_zero, 50) == 50
    verdict = compare(dai2019.published, runs_of(dai2019.published, problem, 0, steps=5))
    assert verdict.horizons.tolist() == [1, 2, 3, 4, 5, 6]
    assert verdict.iterates.tolist() == [1, 2, 3, 4, 5, 6]
    verdict = compare(SHARP, runs_of(SHARP, problem, 0, steps=5))
    assert verdict.horizons.tolist() == [0, 1, 2, 3, 4, 5]


# ------------------------------------------------------------------ the four outcomes


def test_consistent(runs):
    verdict = compare(SHARP, runs)
    assert verdict.outcome == "consistent"
    assert verdict.holds
    assert not verdict.heuristic
    assert str(verdict).startswith("consistent: bound / mean >= ")
    assert verdict.slack == pytest.approx(np.min(verdict.bound / verdict.mean))
    assert verdict.power >= verdict.slack


@pytest.mark.parametrize("factor", [1.001, 1.1, 4])
def test_a_bound_divided_beyond_its_power_is_violated(runs, factor):
    honest = compare(SHARP, runs)
    divided = replace(
        SHARP, bound=shown(SHARP.bound.expression / Rational(str(honest.power * factor)))
    )
    verdict = compare(divided, runs)
    assert verdict.outcome == "violated"
    assert "times the bound" in verdict.reason
    assert verdict.slack < 1


def test_a_bound_divided_by_less_than_its_slack_is_not(runs):
    honest = compare(SHARP, runs)
    divided = replace(
        SHARP, bound=shown(SHARP.bound.expression / Rational(str(0.99 * honest.slack)))
    )
    assert compare(divided, runs).outcome in ("consistent", "inconclusive")


def test_between_slack_and_power_nothing_is_decided(problem):
    noisy = problems.quadratic(spectrum=[0.2, 1.0], sigma=0.3, noise="gaussian", start=[1, 0])
    runs = runs_of(SHARP, noisy, 0, replicas=4, steps=30)
    honest = compare(SHARP, runs)
    middle = (honest.slack * honest.power) ** 0.5
    assert honest.power > honest.slack * 1.05
    divided = replace(SHARP, bound=shown(SHARP.bound.expression / Rational(str(middle))))
    verdict = compare(divided, runs)
    assert verdict.outcome == "inconclusive"
    assert "more replicas" in verdict.reason


def test_unrecorded_iterates_forbid_a_violation(problem):
    """The least of all iterates may be one that was not recorded."""
    sparse = runs_of(SHARP, problem, 3, record=[0, 50, 100])
    divided = replace(SHARP, bound=shown(SHARP.bound.expression / 1000))
    verdict = compare(divided, sparse)
    assert verdict.outcome == "violated"  # x_0 alone decides at horizon 0
    later = runs_of(SHARP, problem, 3, record=[50, 100])
    verdict = compare(divided, later)
    assert verdict.outcome == "inconclusive"
    assert np.isnan(verdict.power)


def test_one_replica_decides_nothing(problem):
    verdict = compare(SHARP, runs_of(SHARP, problem, 0, replicas=1))
    assert verdict.outcome == "inconclusive"


def test_a_tight_bound_met_exactly_is_consistent():
    bowl = problems.quadratic(dim=1, L=1.0)
    verdict = compare(SHARP, runs_of(SHARP, bowl, 0, mu=1.0, steps=1))
    assert verdict.holds
    assert verdict.slack == pytest.approx(1.0)  # |grad|^2 = 2 L Delta at the start


# ------------------------------------------------------------------ applicability


def named(verdict, assumption):
    return next(c for c in verdict.checks if c.assumption == assumption)


def test_incoherent_runs_are_not_covered(problem):
    schedule = schedules.Constant(3)
    fast = steps_for(dai2019.single_use, problem, schedule, steps=200, mu=0.9)
    verdict = compare(
        dai2019.single_use, simulate(problem, schedule, step=fast, steps=200, window=4)
    )
    assert verdict.outcome == "not applicable"
    check = named(verdict, "gradient coherence")
    assert check.finding == "fails"
    assert "at t = " in check.words
    assert "lag" in check.words
    assert "standard errors below" in check.words


def test_coherence_that_was_not_recorded_is_unknown(problem):
    verdict = compare(SHARP, runs_of(SHARP, problem, 3, window=2))
    assert verdict.outcome == "inconclusive"
    assert "simulate with window=4" in verdict.reason


def test_coherence_may_come_from_sparser_runs(problem):
    dense = runs_of(SHARP, problem, 3, window=0)
    sparse = runs_of(SHARP, problem, 3, record="log")
    assert compare(SHARP, dense, coherence=sparse).holds


def test_a_level_above_one_is_refused_without_delay(problem):
    runs = runs_of(SHARP, problem, 0)
    assert named(compare(SHARP, runs), "gradient coherence").finding == "holds"
    assert compare(SHARP, runs, mu=1.5).outcome == "not applicable"


def test_other_step_sizes_are_not_covered(problem, runs):
    schedule = schedules.Constant(3)
    rule = steps_for(SHARP, problem, schedule, steps=200, mu=0.8)
    for values in (lambda n: 1.01 * rule(n), lambda n: rule(n)[::-1]):
        other = stepsizes.StepSizes(label="other", values=values, constants=rule.constants)
        verdict = compare(SHARP, simulate(problem, schedule, step=other, steps=200, window=4))
        assert verdict.outcome == "not applicable"
        assert "the theorem takes" in verdict.reason


def test_a_step_tuned_to_another_horizon_is_not_covered(problem):
    schedule = schedules.Constant(0)
    longer = steps_for(dai2019.constant_step, problem, schedule, steps=4000, mu=0.8)
    runs = simulate(problem, schedule, step=longer, steps=200)
    assert compare(dai2019.constant_step, runs).outcome == "not applicable"


def test_longer_delays_are_not_covered(problem, runs):
    shorter = replace(runs, settings={**runs.settings, "step": {**runs.settings["step"], "s": 3.0}})
    verdict = compare(SHARP, shorter)
    assert named(verdict, "bounded delay").finding == "fails"
    assert verdict.outcome == "not applicable"


def test_more_reads_than_the_multiplicity_are_not_covered(problem):
    schedule = schedules.Cyclic(range(4))
    rule = steps_for(SHARP, problem, schedule, steps=100, mu=0.8, multiplicity=2)
    verdict = compare(SHARP, simulate(problem, schedule, step=rule, steps=100, window=4))
    assert named(verdict, "multiplicity").finding == "fails"
    rule = steps_for(SHARP, problem, schedule, steps=100, mu=0.8, multiplicity=4)
    assert compare(SHARP, simulate(problem, schedule, step=rule, steps=100, window=4)).holds


def test_single_use_needs_single_reads(problem):
    for schedule, finding in ((schedules.Constant(2), "holds"), (schedules.Uniform(2), "fails")):
        rule = steps_for(dai2019.single_use, problem, schedule, steps=60, mu=0.3)
        runs = simulate(problem, schedule, step=rule, steps=60, window=3)
        assert named(compare(dai2019.single_use, runs), "multiplicity").finding == finding


def test_reuse_is_a_different_algorithm(problem):
    again = runs_of(SHARP, problem, 3, reuse=True)
    verdict = compare(SHARP, again)
    assert verdict.outcome == "not applicable"
    assert "samples are applied again" in verdict.reason
    fresh = runs_of(dai2019.reuse, problem, 3)
    assert compare(dai2019.reuse, fresh).outcome == "not applicable"
    assert compare(dai2019.reuse, runs_of(dai2019.reuse, problem, 3, reuse=True)).holds
    quiet = problems.quadratic(dim=3, mu=0.2, L=1.0)
    assert compare(SHARP, runs_of(SHARP, quiet, 3, reuse=True)).holds  # without noise it is not


def test_noise_beyond_its_bound_is_not_covered(problem):
    runs = runs_of(SHARP, problem, 0, noise=True)
    assert compare(SHARP, runs).holds
    understated = {
        **runs.constants,
        "sigma": Constant(value=0.4, provenance="bound", why="a guess"),
    }
    verdict = compare(SHARP, replace(runs, constants=understated))
    assert verdict.outcome == "not applicable"
    assert "E|xi|^2 = 0.25" in verdict.reason


def test_delays_that_see_the_noise_are_not_covered(runs):
    assert compare(SHARP, replace(runs, exogenous=False)).outcome == "not applicable"


def test_an_estimated_constant_makes_the_verdict_heuristic(runs):
    seen = {**runs.constants, "sigma": Constant(value=0.5, provenance="estimate", why="seen")}
    verdict = compare(SHARP, replace(runs, constants=seen))
    assert verdict.heuristic
    assert "heuristic" in str(verdict)
    assert named(verdict, "bounded variance").finding == "estimated"


def test_conditions_pick_their_horizons(problem):
    verdict = compare(dai2019.published_if_long, runs_of(dai2019.published, problem, 0))
    assert verdict.holds
    assert verdict.horizons[0] == 5
    verdict = compare(dai2019.published_if_stale, runs_of(dai2019.published, problem, 0))
    assert verdict.outcome == "not applicable"


def test_divergence_is_never_dropped():
    steep = problems.quadratic(dim=1, L=1.0, sigma=0.1)
    schedule = schedules.Constant(4)
    rule = stepsizes.constant(1.5)
    runs = simulate(steep, schedule, step=rule, steps=900, window=5)
    verdict = compare(dai2019.any_constant_step, runs, mu=0.5)
    assert verdict.outcome == "not applicable"
    assert "diverge" in verdict.reason


@pytest.mark.parametrize("noise", [False, True])
def test_runs_that_diverge_refute_a_bound_whose_assumptions_they_meet(noise):
    """L is said to be a fiftieth of what it is: nothing else is wrong, the noise least of all.

    Lost replicas have no noise to measure. Taking it for infinite hid the refutation.
    """
    bowl = problems.quadratic(dim=2, mu=0.5, sigma=0.5)
    lie = replace(bowl.constants["L"], value=0.02)
    liar = replace(bowl, constants={**bowl.constants, "L": lie})
    theorem, schedule = lian2015.nonconvex, schedules.Constant(1)
    runs = simulate(
        liar,
        schedule,
        step=steps_for(theorem, liar, schedule, steps=300),
        steps=300,
        noise=noise,
    )
    assert (runs.lost_at > 0).all()
    verdict = compare(theorem, runs)
    assert verdict.outcome == "violated", verdict.reason
    assert "the quantity is infinite" in verdict.reason
    check = next(check for check in verdict.checks if check.assumption == "bounded variance")
    assert check.finding == "holds"
    assert ("along the runs" in check.words) == noise


def test_an_assumption_without_a_check_is_unknown(runs):
    class NewMoon(Assumed):
        name = "moon"
        words = "the moon is new"

    more = replace(SHARP, assumptions=(*SHARP.assumptions, NewMoon()))
    verdict = compare(more, runs)
    assert verdict.outcome == "inconclusive"
    assert "moon: there is no check of it yet; it says: the moon is new" in verdict.reason


def test_a_constant_that_is_nowhere_known_leaves_the_assumption_unknown(runs):
    more = replace(SHARP, assumptions=(*SHARP.assumptions, StepLimit()))
    verdict = compare(more, runs)
    assert verdict.outcome == "inconclusive"
    assert "step limit: it needs h, which is not known here" in verdict.reason
    assert compare(more, runs, chosen={"h": 0.9}).holds
    assert compare(more, runs, chosen={"h": 0.1}).outcome == "not applicable"


# ------------------------------------------------------------------ input


def test_missing_constants_are_named(problem):
    runs = simulate(problem, schedules.Constant(0), step=0.1, steps=10)
    with pytest.raises(ValueError, match=r"compare needs mu for dai2019.sharp"):
        compare(SHARP, runs)
    with pytest.raises(ValueError, match="need 0 < mu <= 1, got 0"):
        steps_for(SHARP, problem, schedules.Constant(0), steps=5, mu=0)
    unlimited = replace(dai2019.any_constant_step, step_limit=None)
    with pytest.raises(ValueError, match="are free; they need a constant step eta"):
        steps_for(unlimited, problem, schedules.Constant(0), steps=5)


def test_a_saved_file_is_judged_like_the_runs(runs, tmp_path):
    runs.save(tmp_path / "runs.nc")
    again = compare(SHARP, type(runs).load(tmp_path / "runs.nc"))
    assert again.to_dict() == compare(SHARP, runs).to_dict()


def test_plain_data_is_json(runs):
    import json

    page = json.loads(json.dumps(compare(SHARP, runs).to_dict()))
    assert page["outcome"] == "consistent"
    assert len(page["at"]["bound"]) == len(page["at"]["horizons"])
    assert {c["assumption"] for c in page["checks"]} >= {"smooth", "gradient coherence"}


# ------------------------------------------------------------------ families, and kinds of limits


@pytest.fixture(scope="module")
def every():
    """Noisy runs with all values kept."""
    noisy = problems.quadratic(spectrum=[0.2, 1.0], sigma=1.0, noise="gaussian", start=[9, 9])
    return runs_of(SHARP, noisy, 0, steps=30, each=True)


def test_a_family_makes_limits_wider_and_is_named(every):
    alone = compare(SHARP, every, alpha=0.01)
    family = Family(theorems=(SHARP.name, "dai2019.reuse"), cells=3)
    among = compare(SHARP, every, alpha=0.01, family=family)
    same = compare(SHARP, every, alpha=0.01 / 6)
    assert (among.lower == same.lower).all()
    assert (among.lower < alone.lower)[1:].any()
    assert among.alpha == 0.01
    assert "alpha = 1e-02 over 2 theorems x 3 cells" in str(among)
    plain = among.to_dict()["family"]
    assert plain["words"] == "31 recorded times x 2 theorems x 3 cells"
    assert plain["theorems"] == list(family.theorems)
    assert "over" not in str(alone)
    assert "31 recorded times x 1 theorem together" in alone.statistics


def test_the_limits_are_chosen_by_what_is_known_of_the_tails(every):
    found = compare(SHARP, every, alpha=0.05)
    assert found.method == "bootstrap"
    assert "bootstrap limits: replicas have skewness up to" in str(found)
    assert compare(SHARP, every, alpha=0.05, method="student").method == "student"
    unknown = compare(SHARP, replace(every, each={}), alpha=0.05)
    assert (unknown.method, unknown.tails) == ("student", "the tails are not known")
    most = max(values.max() for values in every.each.values())
    ranged = compare(SHARP, every, alpha=0.05, within=2 * most)
    assert ranged.method == "bernstein"
    assert ranged.to_dict()["limits"]["why"].startswith("values are known to lie in [0, ")
    assert compare(SHARP, every, alpha=1e-6).method == "student"


def test_what_is_not_random_has_no_error():
    quiet = problems.quadratic(dim=2, mu=0.1, L=1.0)
    found = compare(SHARP, runs_of(SHARP, quiet, 0, steps=5))
    assert found.method == "exact"
    assert (found.lower == found.upper).all()


@pytest.mark.parametrize("method", ["student", "bootstrap", "bernstein"])
def test_a_lost_replica_is_never_dropped_by_any_method(method, every):
    values = {name: a.copy() for name, a in every.each.items()}
    values["squared gradient"][-1, 3] = np.inf
    norm = every.statistics.squared_norm
    broken = replace(
        every,
        each=values,
        statistics=replace(
            every.statistics,
            squared_norm=norm.where(np.arange(len(norm.mean)) < len(norm.mean) - 1, np.inf),
        ),
    )
    last = replace(SHARP, quantity=replace(SHARP.quantity, summary="last"))
    found = compare(last, broken, alpha=0.05, method=method, within=1e3)
    assert found.method == method
    assert found.lower[-1] == found.upper[-1] == np.inf
    assert found.outcome == "violated"
    assert np.isfinite(found.upper[:-1]).all()


def test_more_replicas_are_wanted_only_where_they_could_help(problem):
    one = compare(SHARP, runs_of(SHARP, problem, 0, replicas=1))
    assert one.wants_more
    assert not compare(SHARP, runs_of(SHARP, problem, 3)).wants_more
    assert not compare(SHARP, runs_of(SHARP, problem, 3, window=0)).wants_more


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"family": Family(theorems=("other",))}, "a theorem of its family, other, got dai2019"),
        ({"alpha": 2.0, "family": Family(theorems=(SHARP.name,), cells=4)}, "0 < alpha < 1"),
        ({"method": "median"}, "a method among"),
        ({"method": "bernstein"}, "a range of the values"),
        ({"within": -1.0}, "within > 0"),
    ],
)
def test_limits_that_cannot_be_had_are_refused(more, words, runs):
    with pytest.raises(ValueError, match=words):
        compare(SHARP, runs, **more)
