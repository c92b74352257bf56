"""Proximal and projected steps: the maps, the runs, their least values, and theorems on them."""

import json
import re
import shlex
from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize
from sympy import Rational

from empirics import (
    compare,
    correction_for,
    exact,
    measures_for,
    named,
    problems,
    record,
    schedules,
    simulate,
    steps_for,
)
from empirics.exact import exact_runs
from empirics.optimisers import Adam, DelayedProximal
from empirics.problems import on_ball, on_box, on_simplex, with_l1
from empirics.problems.penalties import L1, Projection, Simplex, rebuilt
from empirics.problems.regions import ball, box
from empirics.problems.telling import of_problem, page
from empirics.report.again import simulate_command
from theory import results
from theory.latex import shown

BOWL = problems.quadratic(spectrum=[0.5, 1.0, 2.0], sigma=0.3, start=[1.0, -2.0, 0.5])
FIT = problems.regression(batch=4)
SETS = {
    "ball": Projection(onto=ball([0.5, 0.0, -1.0], 0.8)),
    "box": Projection(onto=box([-0.5, 0.2, 1.0], [0.5, 0.3, 1.0])),
    "simplex": Projection(onto=Simplex(total=2.0, dim=3)),
}
PENALTIES = {**SETS, "l1": L1(weight=0.7)}
COMPOSITE = {
    "ball": on_ball(BOWL, 0.4, [0.5, 0.0, -1.0]),
    "box": on_box(BOWL, [-1, 0.2, 0.3], 1.0),
    "simplex": on_simplex(BOWL, 2.0),
    "l1": with_l1(problems.sparse_quadratic(5, sigma=0.2, start=np.arange(5.0)), 0.2),
    "lasso": problems.lasso(weight=0.15, batch=4),
    "tight fit": on_ball(FIT, 0.3),
    "flat": on_simplex(problems.huber(spectrum=[1.0, 2.0], width=0.1)),
    "cornered": on_box(problems.quadratic(dim=2, mu=0.5), 0.1, [0.4, 2.0]),
}
penalties = pytest.mark.parametrize("name", PENALTIES)
composites = pytest.mark.parametrize("name", COMPOSITE)


def points(number, dim=3, scale=2.0, seed=0):
    return scale * np.random.default_rng(seed).standard_normal((number, dim))


def proximal(penalty, x, eta):
    z = x.copy()
    penalty.proximal(z, eta)
    return z


@penalties
def test_proximal_points_are_the_least(name):
    """By what characterises them: h(y) >= h(z) + <x - z, y - z>/eta at all y."""
    penalty, eta = PENALTIES[name], 0.6
    x = points(300)
    z = proximal(penalty, x, eta)
    assert np.isfinite(penalty.value(z)).all()
    others = proximal(penalty, points(300, seed=1), eta) if name != "l1" else points(300, seed=1)
    around = z[:, None] + 0.01 * points(20, seed=2) if name == "l1" else others[None, :20]
    for y in (others[:, None], around):
        slope = ((x - z)[:, None] * (y.reshape(-1, *y.shape[1:]) - z[:, None])).sum(-1) / eta
        assert (penalty.value(y + 0 * z[:, None]) >= penalty.value(z)[:, None] + slope - 1e-9).all()
    assert (abs(z - x) > 1e-6).any()
    far = proximal(penalty, x, 2 * eta)
    assert (far == z).all() == (name != "l1")


@penalties
def test_rows_are_for_themselves_and_what_is_lost_stays_lost(name):
    penalty, x = PENALTIES[name], points(6)
    z = proximal(penalty, x, 0.3)
    x[2] = np.nan
    again = proximal(penalty, x, 0.3)
    assert np.isnan(again[2]).all()
    np.testing.assert_array_equal(np.delete(again, 2, 0), np.delete(z, 2, 0))
    np.testing.assert_array_equal(proximal(penalty, x[:1], 0.3)[0], z[0])
    json.dumps(penalty.settings)
    assert rebuilt(penalty.settings).words == penalty.words
    np.testing.assert_array_equal(proximal(rebuilt(penalty.settings), x[:1], 0.3)[0], z[0])


@pytest.mark.parametrize("name", SETS)
def test_projections_return_to_the_set_and_leave_it_alone(name):
    penalty = SETS[name]
    z = proximal(penalty, points(200), 1.0)
    np.testing.assert_allclose(proximal(penalty, z, 1.0), z, atol=1e-12)
    assert not penalty.value(z).any()
    assert np.isposinf(penalty.value(z + np.array([9.0, 9.0, 9.0]))).all()
    apart = np.linalg.norm(z[:, None] - z, axis=-1)
    assert 0.7 * penalty.span < apart.max() <= penalty.span * (1 + 1e-12)
    with pytest.raises(ValueError, match="there is no penalty with settings"):
        rebuilt({"kind": "hull"})


def by_hand(problem, tau, eta, samples):
    """Projected stale SGD in a few lines."""
    x = [problem.start]
    for t, sample in enumerate(samples):
        g = np.empty((1, problem.dim))
        problem.stochastic_gradient(x[max(t - tau, 0)][None], sample, g)
        new = x[t] - eta[t] * g[0]
        problem.penalty.proximal(new, eta[t])
        x.append(new)
    return np.array(x)


@pytest.mark.parametrize("name", ["ball", "box", "simplex", "l1"])
def test_runs_take_the_step_after_every_update(name, iterates):
    problem, eta = COMPOSITE[name], 0.3 / np.sqrt(np.arange(1, 21))
    quiet = problems.noiseless(problem)
    got = iterates(quiet, schedules.Constant(2), eta)[:, 0]
    want = by_hand(quiet, 2, eta, [np.empty((1, 0))] * 20)
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)
    late = by_hand(quiet, 3, eta, [np.empty((1, 0))] * 20)
    assert abs(got - late).max() > 1e-3
    free = replace(quiet, penalty=None)
    assert abs(got - iterates(free, schedules.Constant(2), eta)[:, 0]).max() > 1e-2
    adam = iterates(quiet, schedules.Constant(2), eta, optimiser=Adam())[:, 0]
    assert np.isfinite(problem.penalty.value(adam)).all()


def test_a_set_that_is_large_enough_changes_no_bit():
    options = {"step": 0.2, "steps": 30, "replicas": 8, "window": 2, "noise": True}
    own = simulate(BOWL, schedules.Uniform(3), **options)
    same = simulate(on_ball(BOWL, 1e3), schedules.Uniform(3), **options)
    for name in ("squared_norm", "gap", "inner"):
        np.testing.assert_array_equal(
            getattr(own.statistics, name).mean, getattr(same.statistics, name).mean
        )
    assert same.constants["infimum"] == own.constants["infimum"]
    assert same.constants["R"].value == own.constants["R"].value


@composites
def test_least_values_agree_with_a_general_method_and_stand_an_audit(name):
    problem = COMPOSITE[name]
    F = float(problem.objective(problem.minimiser))
    assert 0 <= F - problem.infimum < 1e-9
    assert problem.gap == pytest.approx(float(problem.objective(problem.start)) - F, abs=1e-9)
    step = 1 / problem.L
    z = problem.minimiser - step * problem.gradient(problem.minimiser)
    problem.penalty.proximal(z, step)
    np.testing.assert_allclose(z, problem.minimiser, atol=1e-7)
    x = points(3000, problem.dim, 1.0)
    for _ in range(300):
        problem.penalty.proximal(x, step)
        values = problem.objective(x)
        assert values.min() >= problem.infimum
        x -= step * problem.gradient(x)
        x = x[:50]
    problem.penalty.proximal(x, step)
    assert problem.objective(x).min() < problem.infimum + 1e-4
    found = problem.audit(points=64, starts=2, samples=32)
    assert not [str(f) for f in found.findings if f.outcome == "refuted"]


def test_an_audit_finds_a_least_value_that_is_wrong():
    problem = COMPOSITE["lasso"]
    high = replace(problem.constants["infimum"], value=problem.infimum + 1e-3)
    wrong = replace(problem, constants={**problem.constants, "infimum": high})
    found = wrong.audit(points=64, starts=2, samples=32)
    assert [f.key for f in found.findings if f.outcome == "refuted"] == ["infimum"]
    free = replace(problem.constants["infimum"], value=FIT.infimum)  # of f, not of F
    assert problem.infimum > free.value + 0.05


def test_the_lasso_is_that_of_scikit_learn():
    from sklearn.linear_model import Lasso

    problem = COMPOSITE["lasso"]
    machine = Lasso(alpha=0.15, fit_intercept=False, tol=1e-12, max_iter=10**6)
    w = machine.fit(problem.loss.X, problem.loss.y).coef_
    np.testing.assert_allclose(problem.minimiser, w, atol=1e-7)
    assert np.linalg.norm(w - problem.minimiser) < 1e-6
    assert ((abs(w) < 1e-12) == (abs(problem.minimiser) < 1e-12)).all()
    assert problem.within < 1e-9


def test_quadratics_in_a_box_and_a_penalised_origin_are_exact():
    cornered = COMPOSITE["cornered"]
    assert cornered.constants["infimum"].provenance == "exact"
    assert cornered.minimiser.tolist() == [0.1, 0.1]
    assert cornered.infimum == pytest.approx(0.5 * 0.01 * 1.5)
    sparse = with_l1(BOWL, 0.5)
    assert (sparse.infimum, sparse.within) == (0.0, 0.0)
    assert sparse.constants["infimum"].provenance == "exact"


def test_what_has_no_smooth_convex_function_has_the_bound_of_its_function():
    machine = problems.hinge((points(30), np.arange(30) % 2), l2=0.1)
    tight = on_ball(machine, 0.1)
    assert tight.minimiser is None
    assert tight.infimum == machine.infimum
    roomy = on_ball(machine, 10.0)
    assert roomy.minimiser is machine.minimiser
    valley = with_l1(problems.double_well(), 0.1)
    assert valley.minimiser is None
    assert valley.constants["infimum"].provenance == "bound"


def test_bounds_that_a_set_makes_possible_hold_on_it():
    problem = COMPOSITE["tight fit"]
    assert "relative_noise" not in problem.constants
    x = points(2000, problem.dim, 1.0)
    problem.penalty.proximal(x, 1.0)
    assert problem.region.contains(x).all()
    G = problem.constants["gradient_bound"].value
    lengths = np.linalg.norm(problem.gradient(x), axis=1)
    assert 0.3 * G < lengths.max() <= G
    assert (problem.noise_variance(x) <= problem.sigma**2).all()
    assert problem.constants["second_moment"].value == pytest.approx(G**2 + problem.sigma**2)
    at, far = problem.start.copy(), 0.0
    for start in x[:8]:  # uphill to the largest variance, of which the bound is sharp
        at = start.copy()
        for _ in range(200):
            slope = optimize.approx_fprime(at, lambda w: float(problem.noise_variance(w)), 1e-6)
            at += 0.3 * slope / np.linalg.norm(slope)
            problem.penalty.proximal(at, 1.0)
        far = max(far, float(problem.noise_variance(at)))
    assert far == pytest.approx(problem.sigma**2, rel=2e-3)
    runs = simulate(
        problem, schedules.Constant(1), step=0.5, steps=100, replicas=64, noise=True
    )  # the step is longer than 2/L: without the ball it would diverge
    assert (runs.left_at == -1).all()
    assert np.nanmax(runs.statistics.noise_max) <= problem.sigma**2
    assert np.isfinite(runs.statistics.gap.mean).all()


@pytest.mark.parametrize("wrap", [lambda p: p, problems.noiseless], ids=["noisy", "quiet"])
def test_gradients_of_a_support_vector_machine_are_bounded_in_a_ball(wrap):
    machine = wrap(problems.hinge((points(60), np.arange(60) % 2), l2=0.5))
    assert "gradient_bound" not in machine.constants
    tight = on_ball(machine, 2.0, [1.0, 0.0, 0.0, 0.0])
    x = points(4000, 4)
    tight.penalty.proximal(x, 1.0)
    lengths = np.linalg.norm(tight.gradient(x), axis=1)
    G = tight.constants["gradient_bound"].value
    assert 0.5 * G < lengths.max() <= G


def test_the_mapping_vanishes_where_the_gradient_does_not():
    measures = ("squared gradient mapping", "gap")
    quiet = problems.noiseless(COMPOSITE["ball"])
    runs = simulate(
        quiet, schedules.Constant(1), step=0.3, steps=300, replicas=1, measures=measures
    )
    mapping, norm = runs.statistics.mapping.mean, runs.statistics.squared_norm.mean
    assert mapping[-1] < 1e-20 < 1e-2 < norm[-1]
    assert runs.statistics.gap.mean[-1] < 1e-10
    x = quiet.start - quiet.gradient(quiet.start) / 2.0
    quiet.penalty.proximal(x, 0.5)
    assert mapping[0] == pytest.approx(4 * np.sum((quiet.start - x) ** 2))
    free = simulate(BOWL, schedules.Constant(1), step=0.1, steps=5, replicas=4, measures=measures)
    np.testing.assert_array_equal(free.statistics.mapping.mean, free.statistics.squared_norm.mean)
    quiet = problems.quadratic(spectrum=[0.5, 1.0], start=[1.0, -2.0])
    told = exact_runs(quiet, schedules.Constant(1), step=0.1, steps=5, measures=measures)
    ran = simulate(quiet, schedules.Constant(1), step=0.1, steps=5, replicas=1, measures=measures)
    np.testing.assert_allclose(told.statistics.mapping.mean, ran.statistics.mapping.mean)
    with pytest.raises(ValueError, match="simulate needs L for the squared gradient mapping"):
        simulate(
            problems.hinge((points(30), np.arange(30) % 2)),
            schedules.Constant(0),
            step=1,
            steps=1,
            measures=measures,
        )


def test_runs_with_a_penalty_are_saved(tmp_path):
    runs = simulate(
        COMPOSITE["l1"],
        schedules.Constant(1),
        step=0.1,
        steps=5,
        replicas=4,
        measures=("squared gradient mapping",),
    )
    runs.save(tmp_path / "runs.nc")
    again = type(runs).load(tmp_path / "runs.nc")
    np.testing.assert_array_equal(again.statistics.mapping.mean, runs.statistics.mapping.mean)
    assert again.settings["problem"]["penalty"] == {"kind": "l1", "weight": 0.2}


def held(theorem, problem, *, noisy=True, chosen=None, tau=1, steps=80, correction=None):
    """A verdict on its own steps, with the same runs against a bound that they can refute."""
    problem = problem if noisy else problems.noiseless(problem)
    chosen = chosen or {}
    rule = steps_for(theorem, problem, schedules.Constant(tau), steps=steps, chosen=chosen)
    runs = simulate(
        problem,
        schedules.Constant(tau),
        step=rule,
        steps=steps,
        correction=correction,
        replicas=64,
        measures=measures_for(theorem),
    )
    return runs, compare(theorem, runs, chosen=chosen)


AGARWAL, FEYZ = results.agarwal2011.convex, results.feyzmahdavian2016.convex
LINEAR = results.feyzmahdavian2014.delayed_proximal_gradient


@pytest.mark.parametrize(
    ("theorem", "name", "chosen"),
    [
        (AGARWAL, "ball", {"eta": 0.1}),
        (AGARWAL, "tight fit", {"eta": 0.01}),
        (results.agarwal2011.tuned_step, "simplex", {}),
        (FEYZ, "ball", {"beta": 5.0}),
        (FEYZ, "l1", {"beta": 5.0}),
        (results.feyzmahdavian2016.tuned_step, "l1", {}),
    ],
    ids=lambda value: getattr(value, "name", None) or str(value),
)
def test_theorems_on_such_steps_hold_on_runs(theorem, name, chosen):
    runs, verdict = held(theorem, COMPOSITE[name], chosen=chosen)
    assert verdict.outcome == "consistent", str(verdict)
    method = verdict.checks[0].words
    assert COMPOSITE[name].penalty.words in method
    scale = Rational(str(1.001 * verdict.power))
    small = replace(theorem, bound=shown(theorem.bound.expression / scale))
    assert compare(small, runs, chosen=chosen).outcome == "violated"


def test_other_theorems_do_not_apply_to_such_runs():
    chosen = {"eta": 0.1}
    for theorem, name, words in (
        (AGARWAL, "l1", "a proximal step of 0.2 |x|_1; it takes projections only"),
        (results.lian2015.nonconvex, "ball", "a projection onto .*; it takes none"),
        (results.stich2020.convex, "box", "a projection onto .*; it takes none"),
    ):
        rule = 0.1 if theorem is AGARWAL else 0.01
        runs = simulate(COMPOSITE[name], schedules.Constant(1), step=rule, steps=20, replicas=16)
        verdict = compare(theorem, runs, chosen=chosen)
        assert verdict.outcome == "not applicable"
        assert "every update is followed by" in verdict.reason
        assert re.search(words.replace("|x|_1", r"\|x\|_1"), verdict.reason)


def test_regret_is_of_projected_points_too():
    theorem = results.langford2009.regret
    problem = problems.noiseless(COMPOSITE["ball"])
    rule = steps_for(theorem, problem, schedules.Constant(2), steps=50, chosen={"eta": 0.05})
    runs = simulate(
        problem,
        schedules.Constant(2),
        step=rule,
        steps=50,
        replicas=1,
        measures=measures_for(theorem),
    )
    verdict = compare(theorem, runs)
    assert verdict.outcome == "consistent", str(verdict)
    assert "a projection onto" in verdict.checks[0].words


@pytest.mark.parametrize("name", ["l1", "ball", "box"])
def test_the_iterate_can_be_delayed_as_a_whole(name, iterates):
    problem, theta = problems.noiseless(COMPOSITE[name]), 0.6
    chosen = {"theta": theta}
    correction = correction_for(LINEAR, problem, chosen=chosen)
    assert correction == DelayedProximal(theta)
    _, verdict = held(LINEAR, problem, noisy=False, chosen=chosen, tau=2, correction=correction)
    assert verdict.outcome == "consistent", str(verdict)
    _, other = held(LINEAR, problem, noisy=False, chosen=chosen, tau=2)
    assert "the gradient alone is delayed" in other.reason
    wrong = {"theta": 0.5}
    assert (
        "theta is 0.6, the theorem's 0.5"
        in held(LINEAR, problem, noisy=False, chosen=wrong, correction=correction)[1].reason
    )
    noisy = held(LINEAR, COMPOSITE[name], chosen=chosen, correction=correction)[1]
    assert "these gradients are noisy" in noisy.reason
    eta = np.full(6, 0.2)
    got = iterates(problem, schedules.Constant(2), eta, correction=correction)[:, 0]
    x = [problem.start]
    for t in range(6):
        y = x[max(t - 2, 0)]
        p = y - 0.2 * problem.gradient(y)
        problem.penalty.proximal(p, 0.2)
        x.append((1 - theta) * x[t] + theta * p)
    np.testing.assert_allclose(got, x, rtol=1e-12, atol=1e-13)


def test_what_has_no_proximal_step_refuses_one():
    tight = COMPOSITE["ball"]
    with pytest.raises(
        ValueError, match=r"schedule of one iterate for a projection onto .*, got c"
    ):
        simulate(tight, schedules.Caches(3), step=0.1, steps=2)
    with pytest.raises(ValueError, match=r"record needs a problem without a penalty, got a proj"):
        record(2, updates=5, problem=tight)
    with pytest.raises(ValueError, match=r"exact.moments needs a problem made by quadratic"):
        exact.moments(tight, schedules.Constant(1), step=0.1, steps=3)
    with pytest.raises(ValueError, match=r"adversarial needs a problem without a penalty"):
        schedules.adversarial(tight, step=0.1, steps=3, tau_max=1)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: with_l1(BOWL, 0), r"with_l1 needs a number weight with weight > 0, got 0"),
        (lambda: with_l1(BOWL, float("nan")), r"with_l1 needs a number weight"),
        (lambda: with_l1("bowl", 1), r"with_l1 needs a Problem, got 'bowl'"),
        (lambda: on_ball(COMPOSITE["l1"], 1), r"on_ball needs a problem without one, got a prox"),
        (lambda: on_ball(BOWL, -1), r"ball needs a number radius"),
        (lambda: on_ball(BOWL, 1, [0, 0]), r"on_ball needs a number or a vector of shape \(3,\)"),
        (lambda: on_ball(BOWL, 1, [np.nan] * 3), r"ball needs a finite centre"),
        (lambda: on_box(BOWL, 1, 0), r"box needs low <= high"),
        (lambda: on_box(BOWL, "low", 1), r"on_box needs a number or a vector"),
        (lambda: on_simplex(BOWL, 0), r"on_simplex needs a number total with total > 0, got 0"),
        (lambda: on_simplex(3), r"on_simplex needs a Problem, got 3"),
        (lambda: problems.lasso(weight=-1), r"with_l1 needs a number weight"),
        (lambda: DelayedProximal(0), r"delayed proximal steps needs a number theta"),
    ],
)
def test_bad_input_gets_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize(
    "name",
    [
        "lasso:weight=0.3",
        "with-l1:problem=[quadratic:dim=3],weight=0.1",
        "on-ball:problem=[least-squares:batch=2],radius=0.5",
        "on-box:problem=quadratic,low=0.1,high=1",
        "on-simplex:problem=huber",
        "with-l1:problem=[noiseless:problem=[huber:dim=3]],weight=0.1",
        "on-ball:problem=[with-noise:problem=[huber:dim=2],relative=0.5],centre=[1,0.5]",
    ],
)
def test_they_have_names(name):
    problem = named.problem(name)
    assert problem.penalty is not None
    assert np.isfinite(problem.objective(problem.start))
    json.dumps(problem.settings)
    assert f"every update is followed by {problem.penalty.words}" in page(problem)
    runs = simulate(problem, schedules.Constant(1), step=0.01, steps=2, replicas=2)
    command = shlex.split(simulate_command(runs))
    assert named.problem(command[2]).settings == problem.settings
    assert of_problem(problem)["penalty"] == problem.settings["penalty"]


def test_a_general_method_finds_no_less_on_the_ball():
    problem = COMPOSITE["ball"]
    centre, radius = problem.penalty.onto.centre, problem.penalty.onto.radius
    found = optimize.minimize(
        lambda x: float(problem.value(x)),
        centre,
        jac=problem.gradient,
        constraints={"type": "ineq", "fun": lambda x: radius**2 - np.sum((x - centre) ** 2)},
        method="SLSQP",
        options={"ftol": 1e-14},
    )
    assert found.fun == pytest.approx(problem.infimum, abs=1e-8)
