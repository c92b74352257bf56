"""What is predicted from fresh gradients, against exact limits and simulated ones."""

import json
from pathlib import Path

import numpy as np
import pytest

from empirics import named, problems, schedules, sharpness, simulate, slack_law, tolerance
from empirics.complexity.limits import near, returns
from empirics.exact import largest_delay, stability_limit
from empirics.tolerance import LONGEST, WITHIN, Range


def grows(problem, schedule, step, steps=3000):
    """Whether a start near the minimum is left, or returned to."""
    gap = simulate(problem, schedule, step=step, steps=steps, replicas=1, record=[0, steps])
    first, last = gap.statistics.gap.mean
    return bool(last > first)


@pytest.mark.parametrize(
    "make",
    [
        lambda start: problems.deep_linear_chain(2, 2.0, start=start),
        lambda start: problems.deep_linear_chain(5, 0.4, start=start),
        lambda start: problems.deep_linear_network(3, [1.0, 0.5], start=start),
    ],
    ids=["chain of 2", "chain of 5", "network of 3"],
)
@pytest.mark.parametrize("share", [0.05, 0.2])
def test_the_largest_constant_delay_is_the_simulated_one(make, share):
    """From 2 % off the minimum it returns up to the delay that is said, and no further."""
    at = make(None).minimiser
    problem = make(at * (1 + 0.002 * np.random.default_rng(0).standard_normal(at.size)))
    step = 2 * share / problem.constants["sharpness"].value
    found = tolerance(problem, step, updates=2000)
    most = found.largest()
    assert most.low == most.high == most.value == largest_delay(2 * share)
    assert not grows(problem, schedules.Constant(int(most.value)), step)
    assert grows(problem, schedules.Constant(int(most.value) + 1), step)


def test_uniform_delays_bear_more():
    at = problems.deep_linear_chain(3).minimiser
    problem = problems.deep_linear_chain(3, start=at * 1.001)
    step = 0.3 / problem.constants["sharpness"].value
    found = tolerance(problem, step)
    most = int(found.largest(schedules.Uniform).value)
    assert most > 2 * found.largest().value
    assert stability_limit(schedules.Uniform(most)) > found.a.value
    assert stability_limit(schedules.Uniform(most + 1)) <= found.a.value
    assert not grows(problem, schedules.Uniform(most // 2), step)
    assert grows(problem, schedules.Uniform(2 * most), step)
    caches = found.largest(lambda s: schedules.Caches(4, schedules.Uniform(s)))
    assert caches.value < most / 2  # four steps at a time


def test_the_point_is_where_fresh_gradients_lead():
    chain = problems.deep_linear_chain(4, 2.0, share=0.05)
    found = tolerance(chain, 0.01, updates=3000)
    assert found.sharpness.value == pytest.approx(chain.constants["sharpness"].value, rel=1e-6)
    early = tolerance(chain, 0.01, updates=5)
    assert early.sharpness.value < 0.5 * found.sharpness.value
    given = tolerance(chain, 0.01, point=chain.minimiser)
    assert given.updates == 0
    assert given.sharpness.value == pytest.approx(found.sharpness.value, rel=1e-6)
    assert "at the given point" in str(given)


def test_runs_with_noise_give_a_range():
    noisy = problems.deep_linear_chain(4, 1.0, sigma=0.3)
    found = tolerance(noisy, 0.02, updates=300, replicas=3)
    assert len(found.measured) == 3
    assert found.sharpness.low < found.sharpness.value < found.sharpness.high
    most, cost = found.largest(), found.slowdown(64)
    assert most.low <= most.value <= most.high
    assert cost.low < cost.value < cost.high
    again = tolerance(noisy, 0.02, updates=300, replicas=3)
    assert again.sharpness == found.sharpness
    other = tolerance(noisy, 0.02, updates=300, replicas=3, seed=1)
    assert other.sharpness != found.sharpness


def test_slowdowns_are_the_law():
    quadratic = problems.quadratic(dim=3, mu=0.1, L=2.0)
    found = tolerance(quadratic, 0.2)  # a = 0.4
    limit = 2 * np.sin(np.pi / (2 * 33))
    cost = found.slowdown(16)
    assert cost.value == pytest.approx(0.4 / limit)
    assert (cost.low, cost.high) == pytest.approx((0.4 / limit / WITHIN, 0.4 / limit * WITHIN))
    assert found.slowdown(0).value == found.slowdown(1).value == 1
    assert found.slowdown(16, schedules.Uniform).value < cost.value
    onset = np.pi / (2 * 0.4) - 0.5  # about where it begins to cost
    assert found.slowdown(int(onset) - 1).value == 1 < found.slowdown(int(onset) + 2).value
    assert slack_law(2.0, schedules.Constant(0)) == 1
    assert slack_law(0.4, schedules.Constant(16)) == cost.value


def test_ends_of_the_scale():
    steep = tolerance(problems.quadratic(dim=1), 2.5, point=[0.0])
    assert steep.largest() == Range(low=-1, value=-1, high=-1)
    assert "Not even fresh gradients are stable" in str(steep)
    dip = problems.piecewise_quadratic(
        [(-2.0, -1.0), (-1.0, 0.5), (0.0, -0.5), (1.0, 2.0)], left=1.0, right=1.0, start=0.3
    )
    hollow = tolerance(dip, 0.1, point=[-0.5])
    assert hollow.largest() == Range(low=LONGEST, value=LONGEST, high=LONGEST)
    assert hollow.slowdown(64).value == 1
    assert "stable up to a million at least" in str(hollow)
    tiny = tolerance(problems.quadratic(dim=1), 1e-9, point=[0.0])
    assert tiny.largest().value == LONGEST


def test_what_is_no_quadratic_at_the_length_of_a_step_is_said():
    """A hinge is flat but for its kinks: no second derivative sees them."""
    kinked, smooth = tolerance(problems.hinge(), 0.1), tolerance(problems.logistic(), 0.5)
    assert kinked.rough > 100
    assert "changes 1.43e+03 times as much as the sharpness explains" in str(kinked)
    assert 0.1 < smooth.rough < 1.1
    assert "explains" not in str(smooth)
    assert kinked.to_dict()["rough"] == kinked.rough


def test_a_run_that_runs_away_predicts_nothing():
    with pytest.raises(ValueError, match=r"needs runs that come to rest, got \|grad f\|\^2 = 6.1e"):
        tolerance(problems.saddle(), 0.1)


def test_projections_belong_to_the_run():
    """In a small ball the run is held on the slope between the wells, where f'' = 3/4 - 1."""
    well = problems.double_well(start=[0.2])
    held = tolerance(problems.on_ball(well, 0.5), 0.1)
    assert held.sharpness.value == pytest.approx(-0.25)
    assert tolerance(well, 0.1).sharpness.value == pytest.approx(2.0)


def test_the_readme_shows_what_the_command_prints():
    page = (Path(__file__).parents[2] / "README.md").read_text()
    printed = str(tolerance(named.problem("digits"), 0.5)).splitlines()
    for line in printed[1:5]:
        assert f"    {line}\n" in page


def test_ready_for_json():
    found = tolerance(problems.deep_linear_chain(2), 0.1, updates=10)
    told = json.loads(json.dumps(found.to_dict(staleness=(3,))))
    assert told["largest"]["constant"]["value"] == found.largest().value
    assert told["slowdown"]["uniform"] == {"3": vars(found.slowdown(3, schedules.Uniform))}
    assert told["settings"]["kind"] == "deep linear chain"
    assert told["measured"][0]["method"] == "complex step"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"problem": 3}, "tolerance needs a Problem"),
        ({"step": 0.0}, "number step with step > 0, got 0"),
        ({"step": np.nan}, "number step"),
        ({"step": 5.0}, "stable without staleness, got 5, at which a run diverges within 1000"),
        ({"point": [1.0]}, r"point of shape \(3,\)"),
        ({"updates": 0}, "whole number updates >= 1, got 0"),
        ({"replicas": 1.5}, "whole number replicas"),
        ({"seed": -1}, "whole number seed"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_bad_input_gets_one_sentence(given, message):
    asked = {"problem": problems.deep_linear_chain(3, 2.0), "step": 0.01, **given}
    with pytest.raises(ValueError, match=message) as caught:
        tolerance(asked.pop("problem"), asked.pop("step"), **asked)
    assert "\n" not in str(caught.value)


def test_bad_questions_get_one_sentence():
    found = tolerance(problems.quadratic(dim=1), 0.5, point=[0.0])
    with pytest.raises(ValueError, match="slowdown needs a whole number staleness >= 0"):
        found.slowdown(-1)
    with pytest.raises(ValueError, match="a = step times sharpness >= 0"):
        slack_law(-1.0, schedules.Constant(1))
    with pytest.raises(ValueError, match="stability limit needs a Schedule such as"):
        slack_law(1.0, "constant")


def test_the_law_is_as_good_as_its_table_says():
    """The factor that widens predictions is that of nine in ten held-out settings."""
    page = Path(__file__).parents[2] / "docs" / "slack_law.md"
    lines = page.read_text().splitlines()
    rows = [line.split("|")[1:-1] for line in lines if line.count("|") == 10]
    ratios = np.array([float(row[-1]) for row in rows[2:]])
    limits = np.array([[float(row[4]), float(row[5]), float(row[6])] for row in rows[2:]])
    assert np.allclose(np.maximum(1, limits[:, 0] / limits[:, 1]), limits[:, 2], rtol=0.02)
    off = np.maximum(ratios, 1 / ratios)
    assert len(off) >= 114
    assert np.median(off) < 1.4
    assert np.quantile(off, 0.9) <= WITHIN < off.max()


def test_the_largest_delay_of_logistic_regression_at_its_minimum():
    """Real data, no formula for the sharpness: products with the Hessian, then runs."""
    problem = near(problems.noiseless(problems.logistic("breast-cancer", l2=0.1)))
    at = sharpness(problem, problem.minimiser).value
    found = tolerance(problem, 0.3 / at, point=problem.minimiser)
    most = int(found.largest().value)
    assert most == largest_delay(0.3) == 4
    assert returns(problem, schedules.Constant(most), found.step, 1000)
    assert not returns(problem, schedules.Constant(most + 1), found.step, 1000)
