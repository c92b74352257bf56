"""Noise of one's choice: unbiased, of the stated variance, chunk-invariant; what it satisfies."""

import json

import numpy as np
import pytest
from scipy import stats

from empirics import (
    compare,
    exact,
    measures_for,
    named,
    problems,
    schedules,
    simulate,
    steps_for,
    summary,
)
from empirics.compare.measured import second_moment
from empirics.problems import noise as noises
from empirics.problems import satisfied, with_noise
from theory import results

BOWL = problems.quadratic(dim=3, mu=0.5, L=2.0)
HUBER = problems.huber(spectrum=[3.0, 4.0], width=0.5, start=[0.2, 0.2])
LIMIT = stats.norm.isf(5e-7)
KINDS = {
    "two-point": {"noise": "two-point", "sigma": 0.6},
    "gaussian": {"noise": "gaussian", "sigma": 0.6},
    "student": {"noise": "student:9", "sigma": 0.6},
    "multiplicative": {"noise": "gaussian", "relative": 2.0},
    "by coordinates": {"noise": "gaussian", "relative": 2.0, "coordinatewise": True},
    "both": {"noise": "two-point", "sigma": 0.6, "relative": 0.5},
    "all of it": {"noise": "student:9", "sigma": 1, "relative": 0.5, "coordinatewise": True},
}
kinds = pytest.mark.parametrize("name", KINDS)
SIZES = {"multiplicative": 1, "both": 4, "all of it": 6}


def drawn(problem, x, number, seed=0):
    """The noise of so many stochastic gradients at x, (number, dim)."""
    sample = problem.draw(np.random.Generator(np.random.SFC64(seed)), 1, number)[0]
    out = np.empty((number, problem.dim))
    problem.stochastic_gradient(np.tile(x, (number, 1)), sample, out)
    return out - problem.gradient(x)


def close(values, mean):
    """Whether the mean of values can be this."""
    spread = values.std(axis=0) / np.sqrt(len(values))
    return bool((abs(values.mean(axis=0) - mean) <= LIMIT * spread + 1e-12).all())


@kinds
def test_noise_is_unbiased_with_the_stated_variance(name):
    problem = with_noise(BOWL, **KINDS[name])
    x = np.array([1.0, -2.0, 0.5])
    xi = drawn(problem, x, 20000)
    stated = float(problem.noise_variance(x))
    g = BOWL.gradient(x)
    assert stated == pytest.approx(
        KINDS[name].get("sigma", 0) ** 2 + KINDS[name].get("relative", 0) * float(g @ g)
    )
    assert close(xi, 0)
    squares = (xi**2).sum(axis=1)
    if squares.std() < 1e-12:  # every sample alike
        assert squares[0] == pytest.approx(stated)
    else:
        assert close(squares, stated)
        assert not close(squares, 1.2 * stated)  # the same samples refute another variance
    assert not close(xi, 0.1 * g)
    assert problem.sample_size == SIZES.get(name, 3)


@kinds
def test_blocks_do_not_matter(name):
    problem = with_noise(BOWL, **KINDS[name])
    whole = problem.draw(np.random.Generator(np.random.SFC64(4)), 9, 5)
    stream = np.random.Generator(np.random.SFC64(4))
    parts = [problem.draw(stream, steps, 5) for steps in (1, 6, 2)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_one_factor_turns_no_gradient_and_one_each_does():
    x = np.array([1.0, -2.0, 0.5])
    g = BOWL.gradient(x)
    along = drawn(with_noise(BOWL, "gaussian", relative=1), x, 50) / g
    np.testing.assert_allclose(along, along[:, :1] * np.ones(3), rtol=1e-9)
    each = drawn(with_noise(BOWL, "gaussian", relative=1, coordinatewise=True), x, 50) / g
    assert (each.std(axis=1) > 1e-3).all()


def test_students_law_is_scaled_to_its_variance_and_keeps_its_tails():
    draws = noises.draw("student:5", 2.0, np.random.default_rng(1), 1, (20000,))[0]
    assert stats.kstest(draws / 2 * np.sqrt(5 / 3), stats.t(5).cdf).pvalue > 1e-6
    assert stats.kstest(draws / 2, stats.norm.cdf).pvalue < 1e-6
    raw = noises.draw("student:1.5", 2.0, np.random.default_rng(1), 1, (20000,))[0]
    assert stats.kstest(raw / 2, stats.t(1.5).cdf).pvalue > 1e-6
    assert abs(raw).max() > 100


def value(problem, name):
    return problem.constants[name].value


def test_what_each_kind_satisfies():
    two, normal = (with_noise(HUBER, law, sigma=2.0) for law in ("two-point", "gaussian"))
    assert satisfied(two) == (
        "bounded variance",
        "bounded second moment",
        "bounded almost surely",
    )
    assert satisfied(normal) == ("bounded variance", "bounded second moment")
    assert value(two, "second_moment") == 2.5**2 + 4
    assert value(two, "noise_bound") == 2.0
    heavy = with_noise(HUBER, "student:2", sigma=1.0, relative=1.0)
    assert satisfied(heavy) == ()
    assert np.isposinf(heavy.noise_variance(np.ones((2, 2)))).all()
    assert not with_noise(HUBER, "student:2", relative=1.0).noise_variance(np.zeros(2))
    both = with_noise(HUBER, "two-point", sigma=1.0, relative=4.0)
    assert satisfied(both) == (
        "variance bounded relative to |grad f|^2",
        "bounded second moment",
        "bounded almost surely",
    )
    far = np.array([10.0, -10.0])
    assert value(both, "second_moment") == pytest.approx(5 * 2.5**2 + 1)
    lengths = np.linalg.norm(drawn(both, far, 1000), axis=1)
    assert 0.9 * value(both, "noise_bound") < lengths.max() <= value(both, "noise_bound")
    assert satisfied(with_noise(BOWL, relative=1.0)) == ("variance bounded relative to |grad f|^2",)


def test_nothing_is_left_of_the_problems_own_noise():
    own = problems.regression(batch=2)
    mine = with_noise(own, "two-point", sigma=0.25)
    assert mine.noise_variance(own.start) == 0.0625
    assert (mine.sigma, value(mine, "noise_bound")) == (0.25, 0.25)
    assert "relative_noise" not in mine.constants
    quiet, none = problems.noiseless(own), with_noise(own)
    for problem in (quiet, none):
        assert (problem.sigma, value(problem, "noise_bound")) == (0, 0)
        assert "relative_noise" not in problem.constants
        assert not problem.sample_size
    still = problems.noiseless(problems.huber(spectrum=[3.0, 4.0], width=0.5, sigma=1))
    assert value(still, "second_moment") == 2.5**2
    assert mine.infimum == own.infimum


def test_runs_on_quadratics_agree_whatever_the_law():
    """E|grad f|^2 depends on the variance only: exact by the two-point law of the quadratic."""
    quadratic = problems.quadratic(dim=3, mu=0.5, L=2.0, sigma=0.6)
    options = {"step": 0.1, "steps": 20, "replicas": 2000, "record": 20}
    own = simulate(quadratic, schedules.Constant(2), **options).statistics.squared_norm
    heavy = with_noise(BOWL, "student:9", sigma=0.6)
    found = simulate(heavy, schedules.Constant(2), **options).statistics.squared_norm
    error = np.hypot(own.standard_error[-1], found.standard_error[-1])
    assert abs(own.mean[-1] - found.mean[-1]) < LIMIT * error
    louder = with_noise(BOWL, "student:9", sigma=1.0)
    found = simulate(louder, schedules.Constant(2), **options).statistics.squared_norm
    assert abs(own.mean[-1] - found.mean[-1]) > LIMIT * error


@pytest.mark.parametrize("each", [False, True])
def test_noise_that_grows_gives_the_moments_of_the_oracle(each):
    """Exact second moments of every mode, whether modes share their factor or not."""
    growing = with_noise(BOWL, "gaussian", sigma=0.6, relative=0.8, coordinatewise=each)
    options = {"step": 0.1, "steps": 20}
    runs = simulate(growing, schedules.Constant(2), **options, replicas=4000, record=[5, 20])
    norm = runs.statistics.squared_norm
    for relative, agrees in ((0.8, True), (0.4, False)):
        told = exact.moments(
            BOWL, schedules.Constant(2), **options, variance=0.12, relative=relative
        ).squared_gradient[[5, 20]]
        z = abs(norm.mean - told) / norm.standard_error
        assert (z.max() < LIMIT) == agrees


def verdict(theorem, problem, **options):
    rule = steps_for(theorem, problem, schedules.Constant(1), steps=50, **options)
    runs = simulate(
        problem,
        schedules.Constant(1),
        step=rule,
        steps=50,
        noise=True,
        measures=measures_for(theorem),
    )
    return compare(theorem, runs, **{k: v for k, v in options.items() if k == "chosen"})


def reason(verdict, name):
    return next(c for c in verdict.checks if c.assumption == name)


def test_theorems_take_the_growth_of_the_noise_from_the_problem():
    theorem = results.stich2020.multiplicative
    growing = with_noise(BOWL, "two-point", sigma=0.3, relative=3.0)
    found = verdict(theorem, growing)
    assert found.outcome == "consistent", str(found)
    check = reason(found, "noise that may grow with the gradient")
    assert "M = 3, exact" in check.words
    assert "not exceeded along the runs" in check.words
    assert found.constants["M"].value == 3.0
    less = verdict(theorem, growing, chosen={"M": 2.0})
    assert less.outcome == "not applicable"
    assert "M = 2, and the problem has 3" in less.reason
    assert verdict(theorem, growing, chosen={"M": 4.0}).outcome == "consistent"
    plain = verdict(theorem, with_noise(BOWL, sigma=0.3))
    assert plain.constants["M"].value == 0.0
    refused = verdict(results.lian2015.nonconvex, growing)
    assert refused.outcome == "not applicable"
    assert "the noise grows with the gradient: E|xi|^2 <= 3 |grad F|^2" in refused.reason


def test_a_growth_that_is_declared_too_small_is_seen_on_the_runs():
    from dataclasses import replace

    growing = with_noise(BOWL, "two-point", sigma=0.3, relative=3.0)
    small = replace(growing.constants["relative_noise"], value=1.0)
    wrong = replace(growing, constants={**growing.constants, "relative_noise": small})
    found = verdict(results.stich2020.multiplicative, wrong)
    assert found.outcome == "not applicable"
    assert "> M |grad F|^2 + sigma^2 at t = 0" in found.reason


@pytest.mark.parametrize("noise", [True, False])
def test_noise_without_a_variance_is_no_case_of_a_theorem(noise):
    heavy = with_noise(BOWL, "student:1.5", sigma=0.1)
    runs = simulate(heavy, schedules.Constant(1), step=0.05, steps=10, replicas=8, noise=noise)
    found = compare(results.lian2015.nonconvex, runs, chosen={"sigma": 1.0})
    assert found.outcome == "not applicable"
    assert "the law student:1.5, which has no variance" in found.reason
    words = "noise E|xi|^2: infinite, it has no variance"
    assert (words in summary.lines(summary.of_runs(runs))) == noise


def test_the_second_moment_is_the_problems_where_it_knows_it_and_it_is_sharper():
    bounded = with_noise(HUBER, sigma=0.5)
    runs = simulate(bounded, schedules.Constant(1), step=0.1, steps=20, replicas=8)  # not recorded
    found = second_moment(runs, 1e-6)
    assert found["M_2"] == bounded.constants["second_moment"]
    assert found["G"].value == pytest.approx((2.5**2 + 0.25) ** 0.5)
    recorded = simulate(
        bounded,
        schedules.Constant(1),
        step=0.1,
        steps=20,
        measures=("squared gradient at read points",),
    )
    assert second_moment(recorded, 1e-6)["M_2"].value < found["M_2"].value
    rough = with_noise(BOWL, sigma=0.5, relative=1.0)
    runs = simulate(
        rough,
        schedules.Constant(1),
        step=0.01,
        steps=1,
        measures=("squared gradient at read points",),
    )
    g = BOWL.gradient(BOWL.start)
    assert second_moment(runs, 1e-6)["M_2"].value == pytest.approx(2 * float(g @ g) + 0.25)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"problem": 3}, "with_noise needs a Problem, got 3"),
        (
            {"noise": "pink"},
            "with_noise needs noise among two-point, gaussian, student:DF, got 'pi",
        ),
        ({"noise": "student"}, "needs student:DF with DF > 1 degrees of freedom, got 'student'"),
        ({"noise": "student:1"}, "needs student:DF with DF > 1 degrees of freedom"),
        ({"noise": "student:nan"}, "needs student:DF with DF > 1 degrees of freedom"),
        ({"noise": None}, "with_noise needs noise among .*, got None"),
        ({"sigma": -1}, "with_noise needs a number sigma with sigma >= 0, got -1"),
        ({"sigma": float("nan")}, "with_noise needs a number sigma with sigma >= 0, got nan"),
        ({"relative": "much"}, "with_noise needs a number relative with relative >= 0, got 'much'"),
        ({"coordinatewise": True}, "needs relative > 0 for coordinatewise = True, got 0.0"),
        ({"coordinatewise": 1}, "with_noise needs coordinatewise = True or False, got 1"),
    ],
)
def test_bad_input_gets_one_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        with_noise(**{"problem": BOWL, **arguments})


def test_it_has_a_name_and_settings():
    problem = named.problem("with-noise:problem=[huber:dim=3],noise=student:3,relative=0.5")
    assert problem.settings["with noise"]["law"] == "student:3"
    assert value(problem, "relative_noise") == 0.5
    json.dumps(problem.settings)
    with pytest.raises(ValueError, match=r"quadratic needs noise with a variance, DF > 2, got 'st"):
        named.problem("quadratic:noise=student:2")
