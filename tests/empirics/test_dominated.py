"""Linear rates without convexity: a theorem that asks for pl has it from the problem."""

from dataclasses import replace

import pytest

from empirics import compare, measures_for, problems, schedules, simulate, steps_for
from empirics.problems import Constant
from theory import results

RATES = [results.linear_rates.gradient_descent, results.linear_rates.adaptive]
SGD = results.linear_rates.sgd
NONCONVEX = {
    "cosine": problems.cosine(radius=2.5, sigma=0.05),
    "many wells": problems.many_wells(amplitude=0.75, frequency=2.0, sigma=0.05),
    "rosenbrock": problems.rosenbrock(b=1.0),
}


def held(theorem, problem, **chosen):
    schedule = schedules.Constant(2)
    step = steps_for(theorem, problem, schedule, steps=300)
    runs = simulate(
        problem, schedule, step=step, steps=300, replicas=64, measures=measures_for(theorem)
    )
    return compare(theorem, runs, chosen=chosen)


@pytest.mark.parametrize("name", NONCONVEX)
@pytest.mark.parametrize("theorem", [SGD, *RATES], ids=lambda theorem: theorem.name)
def test_gradients_that_dominate_give_a_linear_rate(name, theorem):
    problem = NONCONVEX[name]
    assert problem.mu_sc < 0
    if theorem is not SGD:
        problem = problems.noiseless(problem)
    verdict = held(theorem, problem)
    assert verdict.outcome == "consistent", str(verdict)
    pl = problem.constants["pl"]
    assert verdict.constants["mu_sc"].value == pl.value
    check = next(c for c in verdict.checks if c.assumption == "Polyak-Lojasiewicz")
    assert (check.finding, pl.why in check.words) == ("holds", True)


def with_pl(problem, value, provenance="exact"):
    pl = Constant(value=value, provenance=provenance, why="said so")
    return replace(problem, constants={**problem.constants, "pl": pl})


def test_a_pl_that_is_too_large_is_refuted_by_runs():
    """Negative control: from near the top of the hill the gap does not shrink so fast."""
    problem = problems.cosine(radius=3.1, start=[3.0])
    theorem = results.linear_rates.gradient_descent
    assert held(theorem, problem).outcome == "consistent"
    assert held(theorem, with_pl(problem, 0.5)).outcome == "violated"


def test_without_it_a_nonconvex_function_is_not_known_to_have_it():
    theorem, problem = results.linear_rates.gradient_descent, problems.cosine(radius=2.5)
    constants = {name: c for name, c in problem.constants.items() if name != "pl"}
    bare = replace(problem, constants=constants)
    runs = simulate(bare, schedules.Constant(2), step=0.1, steps=50, measures=measures_for(theorem))
    verdict = compare(theorem, runs)
    check = next(c for c in verdict.checks if c.assumption == "Polyak-Lojasiewicz")
    assert check.finding == "unknown"
    assert verdict.outcome == "not applicable"  # no step is short enough for mu_sc < 0


def test_steps_that_are_built_on_curvature_are_refused_where_it_is_below_0():
    """Without pl, that is; who gives a constant step or another mu_sc knows better."""
    well, schedule = problems.double_well(), schedules.Constant(2)
    sentence = (
        "step sizes of linear_rates.sgd need mu_sc >= 0, got -1 of double well, which is not "
        "convex; take another theorem, or choose mu_sc"
    )
    with pytest.raises(ValueError, match=sentence):
        steps_for(SGD, well, schedule, steps=10)
    with pytest.raises(ValueError, match=r"step sizes of mania2017.* need mu_sc >= 0, got -1"):
        steps_for(results.mania2017.last_iterate, well, schedule, steps=10)
    assert steps_for(SGD, well, schedule, steps=10, eta=0.1)(2).tolist() == [0.1, 0.1]
    assert (steps_for(SGD, well, schedule, steps=10, chosen={"mu_sc": 0.5})(2) > 0).all()


def test_an_estimate_makes_the_verdict_heuristic_and_a_smaller_exact_one_fails():
    theorem, problem = results.linear_rates.gradient_descent, problems.cosine(radius=2.5)
    assert held(theorem, with_pl(problem, 0.09, "estimate")).heuristic
    verdict = held(theorem, problem, mu_sc=0.2)
    assert verdict.outcome == "not applicable"
    assert "pl = 0.0994282, exact" in verdict.reason
    assert "the theorem takes 0.2" in verdict.reason


def test_of_a_strongly_convex_function_the_better_one_serves():
    bowl = problems.quadratic(dim=2, mu=0.1)
    theorem = results.linear_rates.gradient_descent
    assert held(theorem, bowl).constants["mu_sc"].value == 0.1
    assert held(theorem, with_pl(bowl, 0.05)).constants["mu_sc"].value == 0.1
    assert held(theorem, with_pl(bowl, 0.1)).outcome == "consistent"


def test_theorems_that_ask_for_curvature_do_not_take_it():
    theorem = results.stich2020.strong_gap
    verdict = held(theorem, with_pl(problems.quadratic(dim=2, mu=0.1), 0.5))
    assert verdict.constants["mu_sc"].value == 0.1
