"""Constants that are measured: right where they can be, on the safe side of what they say."""

import json

import numpy as np
import pytest

from empirics import compare, problems, schedules, simulate, steps_for
from empirics.problems import Constant, estimate_constants, from_functions, with_constants
from theory import results

H = np.array([0.5, 1.0, 4.0])


def noisy(x, rng):
    return H * x + rng.standard_normal(3) * np.array([0.1, 0.2, 0.2])


def bowl(stochastic_gradient=noisy, **more):
    return from_functions(
        lambda x: (H * x) @ x / 2, lambda x: H * x, stochastic_gradient, start=[1.0, 1, 1], **more
    )


@pytest.fixture(scope="module")
def found():
    return estimate_constants(bowl(), alpha=1e-6)


def test_curvatures_of_a_quadratic_are_found(found):
    for key, value in (("L", 4.0), ("mu_sc", 0.5), ("sharpness", 4.0)):
        assert found.constants[key].value == pytest.approx(value, rel=1e-4)
    assert found.found["L"].upper == np.inf
    assert found.found["mu_sc"].lower == -np.inf
    sharp = found.found["sharpness"]
    assert sharp.lower - 1e-9 <= 4.0 <= sharp.upper + 1e-9
    assert found.constants["infimum"].value == pytest.approx(0.0, abs=1e-9)
    assert found.found["infimum"].lower == -np.inf


def test_the_variance_lies_between_its_limits(found):
    sigma = found.found["sigma"]
    assert sigma.lower < 0.3 < sigma.constant.value  # 0.1^2 + 0.2^2 + 0.2^2 = 0.3^2
    assert sigma.constant.value < 1.4 * 0.3
    assert f"mean {0.09:.1g}"[:9] in sigma.constant.why
    narrow = estimate_constants(bowl(), samples=8000, alpha=1e-6).found["sigma"]
    assert narrow.constant.value - narrow.lower < 0.5 * (sigma.constant.value - sigma.lower)
    loose = estimate_constants(bowl(), alpha=0.3).found["sigma"]
    assert loose.constant.value < sigma.constant.value


def test_all_are_labelled_and_say_why(found):
    for key, estimate in found.found.items():
        assert estimate.constant.provenance == "estimate"
        assert estimate.lower <= estimate.constant.value <= estimate.upper, key
    assert set(found.found) == {
        "L", "mu_sc", "sharpness", "sigma", "second_moment", "noise_bound", "gradient_bound",
        "infimum",
    }  # fmt: skip
    json.dumps(found.settings)
    lines = str(found).splitlines()
    assert lines[0] == f"own: estimated at {found.points} points of runs"
    assert len(lines) == 9
    start = np.linalg.norm(H)
    assert found.constants["gradient_bound"].value == pytest.approx(start, rel=0.2)
    assert found.constants["second_moment"].value > found.constants["gradient_bound"].value ** 2


@pytest.mark.parametrize(
    "make",
    [
        problems.double_well,
        problems.scalar_factorisation,
        problems.matrix_factorisation,
        lambda: problems.quadratic(20, condition=50, sigma=0.3),
    ],
    ids=["wells", "scalar", "matrix", "quadratic"],
)
def test_no_estimate_contradicts_what_is_proved(make):
    problem = make()
    estimates = estimate_constants(problem, schedules.Constant(1))
    for key, constant in problem.constants.items():
        if key in estimates.found and key != "sharpness":
            estimate = estimates.found[key]
            slack = 1e-6 * (1 + abs(constant.value))
            assert estimate.lower <= constant.value + slack, key
            if key in ("mu_sc", "infimum"):
                assert constant.value <= estimate.upper + slack, key


@pytest.mark.parametrize(
    "make",
    [
        lambda: problems.with_l1(problems.quadratic(3, condition=4.0, sigma=0.1), 0.1),
        lambda: problems.on_simplex(problems.quadratic(3, condition=4.0, sigma=0.1)),
        lambda: problems.on_box(problems.quadratic(3, condition=4.0), 0.2, 1.0),
    ],
    ids=["l1", "simplex", "box"],
)
def test_with_a_penalty_the_least_value_is_that_of_the_sum(make):
    problem = make()
    estimates = estimate_constants(problem)
    least = estimates.constants["infimum"].value
    assert problem.infimum - 1e-9 <= least <= problem.infimum + 1e-6  # without it 0 was lower
    assert "sharpness" not in estimates.found


def test_runs_are_those_that_are_asked_for():
    base = {"steps": 30, "replicas": 4, "samples": 16}
    one = estimate_constants(bowl(), **base)
    assert one.constants == estimate_constants(bowl(), **base).constants
    for other in (
        {"step": 0.3},
        {"steps": 31},
        {"replicas": 5},
        {"samples": 17},
        {"seed": 1},
        {"schedule": schedules.Constant(2), "step": 0.1},
    ):
        changed = estimate_constants(bowl(), **{**base, **other})
        assert changed.constants != one.constants, other
    exact = estimate_constants(problems.quadratic(2, mu=0.5, sigma=0.4), **base)
    assert exact.constants["sigma"].value == pytest.approx(0.4)
    assert "exact variance" in exact.constants["sigma"].why
    assert estimate_constants(bowl(None), **base).constants["sigma"].value == 0


def test_a_verdict_that_leans_on_estimates_says_so():
    problem = bowl(infimum=0.0)
    theorem, schedule = results.find("lian2015.nonconvex"), schedules.Constant(1)
    estimates = estimate_constants(problem)
    known = with_constants(problem, estimates.constants)
    assert known.constants["infimum"].why == "declared by the user"  # its own stay
    assert known.constants["L"] is estimates.constants["L"]
    assert known.settings != problem.settings
    json.dumps(known.settings)
    rule = steps_for(theorem, known, schedule, steps=40)
    numbers = {"step": rule, "steps": 40, "replicas": 64}
    verdict = compare(theorem, simulate(known, schedule, **numbers))
    assert verdict.heuristic
    assert "it leans on an estimate" in str(verdict)
    told = {key: 4.0 if key == "L" else 0.3 for key in ("L", "sigma")}
    sure = bowl(infimum=0.0, **told)
    assert not compare(theorem, simulate(sure, schedule, **numbers)).heuristic
    bare = compare(theorem, simulate(problem, schedule, **numbers))
    assert bare.outcome == "inconclusive"  # nobody knows L


def test_constants_can_be_put_instead():
    problem = bowl(L=9.0)
    four = {"L": Constant(value=4.0, provenance="estimate", why="seen")}
    assert with_constants(problem, four) is not problem
    assert with_constants(problem, four).L == 9.0
    assert with_constants(problem, four, instead=True).L == 4.0
    assert with_constants(problem, four).settings == problem.settings
    added = problems.quadratic(2, mu=0.5, sigma=0.4)
    sigma = {"sigma": Constant(value=0.1, provenance="estimate", why="seen")}
    assert with_constants(added, sigma).sigma == 0.4
    with pytest.raises(ValueError, match=r"quadratic makes its noise with its sigma = 0.4, which"):
        with_constants(added, sigma, instead=True)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"step": 0}, r"estimate_constants needs a number step with step > 0, got 0"),
        ({"step": 10.0}, r"needs runs that do not diverge, got none at step = 10; take a smaller"),
        ({"steps": 0}, r"estimate_constants needs a whole number steps >= 1, got 0"),
        ({"replicas": 10**6}, r"estimate_constants needs a whole number replicas <= 32, got"),
        ({"samples": 2}, r"estimate_constants needs a whole number samples >= 16, got 2"),
        ({"alpha": 1}, r"estimate_constants needs a number alpha with 0 < alpha < 1, got 1"),
        ({"seed": -1}, r"needs a whole number seed >= 0, got -1"),
        ({"schedule": schedules.Caches(2)}, r"needs a schedule of one iterate, got Caches"),
        ({"schedule": 3}, r"needs a schedule of one iterate, got 3"),
    ],
    ids=range(9),
)
def test_bad_input(more, sentence):
    with pytest.raises(ValueError, match=sentence):
        estimate_constants(bowl(), **{"steps": 400, **more})


def test_bad_problems_and_constants():
    with pytest.raises(ValueError, match="estimate_constants needs a Problem, got 3"):
        estimate_constants(3)
    with pytest.raises(ValueError, match="with_constants needs a Problem, got 3"):
        with_constants(3, {})
    for wrong in (3, {"L": 4.0}):
        with pytest.raises(
            ValueError, match="with_constants needs a dictionary of constants, such"
        ):
            with_constants(bowl(), wrong)
    with pytest.raises(ValueError, match="own needs constants among"):
        with_constants(bowl(), {"K": Constant(value=1.0, provenance="exact", why="none")})
